"""Tables: aligned, cut to the terminal, honest about what was cut."""

from __future__ import annotations

import io

import pytest

from gnomon.cli.table import Column, lay_out, lines_of
from gnomon.cli.terminal import Terminal

ROWS = [
    {
        "id": "4f1d0c2e",
        "name": "baseline",
        "params.lr": 0.1,
        "params.depth": 6,
        "metrics.loss": 0.0312,
        "tags": ["a", "b"],
    },
    {
        "id": "99ab7711",
        "name": "größer 大",
        "params.lr": 0.0003,
        "params.depth": None,
        "metrics.loss": float("nan"),
        "tags": [],
    },
    {
        "id": "c0ffee00",
        "name": None,
        "params.lr": 1e-05,
        "params.depth": 12,
        "metrics.loss": 12.5,
        "tags": ["x"],
    },
]
KEYS = ["id", "name", "params.lr", "params.depth", "metrics.loss", "tags"]


def table(keys=KEYS, rows=ROWS, width=None, **settings):
    columns, left_out = lay_out([Column(key, [row.get(key) for row in rows]) for key in keys], width)
    head, lines = lines_of(columns)
    return "\n".join([*head, *lines]), [column.key for column in left_out]


def test_a_table_by_hand():
    shown, left_out = table()
    assert shown.splitlines() == [
        "                     params         metrics",
        "id        name           lr  depth      loss  tags",
        "4f1d0c2e  baseline   0.1         6    0.0312  a, b",
        "99ab7711  größer 大  0.0003      -  nan",
        "c0ffee00  -          1e-05      12   12.5     x",
    ]
    assert left_out == []


def test_numbers_stand_with_their_points_in_one_column():
    shown, _ = table(["metrics.x"], [{"metrics.x": value} for value in (1, 0.25, -12.5, None, float("inf"))])
    assert shown.splitlines() == ["metrics", "      x", "   1", "   0.25", " -12.5", "   -", " inf"]


def test_a_narrow_terminal_shortens_texts_first():
    rows = [{"name": "a-very-long-name-of-a-run", "group": "another-long-text", "metrics.loss": 0.123456}]
    shown, left_out = table(["name", "group", "metrics.loss"], rows, 40)
    assert left_out == []
    assert max(map(len, shown.splitlines())) <= 40
    assert "…" in shown
    assert "0.123456" in shown, "a number is never cut"


def test_a_narrower_one_leaves_columns_out_and_says_which():
    keys = [f"metrics.m{number}" for number in range(10)]
    rows = [{"name": "run", **dict.fromkeys(keys, 0.123456)}]
    shown, left_out = table(["name", *keys], rows, 40)
    assert max(map(len, shown.splitlines())) <= 40
    assert left_out == keys[3:]


def test_one_column_always_stays():
    shown, left_out = table(["metrics.loss", "id"], ROWS, 1)
    assert left_out == ["id"]
    assert "12.5" in shown


def test_names_of_families_never_run_into_each_other():
    rows = [{"params.a": 1, "metrics.b": 2, "params.c": 3}]
    shown, _ = table(["params.a", "metrics.b", "params.c"], rows)
    assert shown.splitlines()[0].split() == ["params", "metrics", "params"]
    assert shown.splitlines()[1].split() == ["a", "b", "c"]


def test_hostile_cells_and_titles_are_cleaned():
    shown, _ = table(["name", "metrics.\x1b[2J"], [{"name": "\x1b]0;owned\x07", "metrics.\x1b[2J": 1}])
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_texts_among_numbers_make_a_column_of_text():
    shown, _ = table(["params.lr"], [{"params.lr": "auto"}, {"params.lr": 0.1}])
    assert [line.rstrip() for line in shown.splitlines()] == ["params", "lr", "auto", "0.1"]


@pytest.mark.parametrize("width", range(1, 80))
def test_no_line_is_wider_than_the_terminal_where_one_column_fits(width):
    shown, _ = table(width=width)
    widest = max(sum(2 if char == "大" else 1 for char in line) for line in shown.splitlines())
    assert widest <= max(width, len("4f1d0c2e"))


def test_styles_colour_a_cell_and_leave_the_layout_alone(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    Terminal(out, io.StringIO()).table(
        ["name", "seed"],
        [{"name": "a", "seed": 1}, {"name": "bb", "seed": 2}],
        styles={"name": lambda value: "red" if value == "a" else ""},
    )
    assert out.getvalue().splitlines()[1:] == ["\x1b[31ma\x1b[0m        1", "bb       2"]
