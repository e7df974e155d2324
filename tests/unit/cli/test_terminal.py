"""Where commands write: streams, colour, JSON, CSV."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime

import pytest

from gnomon.cli.terminal import Terminal


class Tty(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams():
    return io.StringIO(), io.StringIO()


def test_data_and_talk_go_apart(streams):
    terminal = Terminal(*streams)
    terminal.write("data")
    terminal.say("talk")
    assert [stream.getvalue() for stream in streams] == ["data\n", "talk\n"]


@pytest.mark.parametrize(
    ("variables", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_who_gets_colour(monkeypatch, variables, on_terminal, in_pipe):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal(Tty(), io.StringIO())
    assert ("\x1b" in terminal.style("x", "red")) == on_terminal
    terminal = Terminal(io.StringIO(), Tty())
    assert ("\x1b" in terminal.style("x", "red")) == in_pipe


def test_a_program_gets_tables_of_any_width_and_a_person_what_fits(monkeypatch):
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("LINES", "11")
    assert Terminal(io.StringIO(), io.StringIO()).width is None
    assert (Terminal(Tty(), io.StringIO()).width, Terminal(Tty(), io.StringIO()).height) == (33, 11)
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert Terminal(Tty(), io.StringIO()).width == 80


def test_json_is_always_valid(streams):
    terminal = Terminal(*streams)
    value = {
        "nan": math.nan,
        "inf": [math.inf, -math.inf],
        "big": 10**30,
        "huge": 1 << 100_000,
        "float": 0.1,
        "truth": True,
        "time": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "tags": {"one"},
        "text": "\x1b[31m\x9b\x7f\u202e\u2028 ü 大 \udc80",
        "other": complex(1, 2),
        3: None,
    }
    terminal.json(value)
    shown = streams[0].getvalue()
    assert json.loads(shown) == {
        "nan": "NaN",
        "inf": ["Infinity", "-Infinity"],
        "big": 10**30,
        "huge": hex(1 << 100_000),
        "float": 0.1,
        "truth": True,
        "time": "2026-01-02T03:04:05.000006Z",
        "tags": ["one"],
        "text": value["text"],
        "other": "(1+2j)",
        "3": None,
    }
    assert "ü 大" in shown, "what a person can read stays readable"
    assert all(char.isprintable() or char == "\n" for char in shown), "nothing in it touches a terminal"


def test_a_json_list_has_one_value_on_each_line(streams):
    terminal = Terminal(*streams)
    terminal.json_list([])
    terminal.json_list([{"a": 1}, {"a": 2}])
    assert streams[0].getvalue() == '[]\n[\n{"a": 1},\n{"a": 2}\n]\n'


def test_csv_cannot_be_run_by_a_spreadsheet(streams):
    Terminal(*streams).csv(
        ["name", "value", "=head"],
        [
            {"name": "=cmd|'/c calc'!A0", "value": -0.1, "=head": None},
            {"name": "+1", "value": math.nan, "=head": "-5"},
            {"name": "@SUM(A1)", "value": 10**20, "=head": "\x1b[31m"},
            {"name": 'a,"b"', "value": True, "=head": "two\nlines"},
            {"name": "plain", "value": 0.30000000000000004, "=head": ["x", 1]},
        ],
    )
    assert streams[0].getvalue().split("\n", 1)[0] == "name,value,'=head"
    assert streams[0].getvalue() == (
        "name,value,'=head\n"
        "'=cmd|'/c calc'!A0,-0.1,\n"
        "'+1,nan,'-5\n"
        "'@SUM(A1),100000000000000000000,\\x1b[31m\n"
        '"a,""b""",true,"two\nlines"\n'
        'plain,0.30000000000000004,"[""x"", 1]"\n'
    )


def test_an_encoding_that_lacks_a_letter_gets_an_escape():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    terminal = Terminal(stream, io.StringIO())
    terminal.write("größe \udc80")
    stream.flush()
    assert raw.getvalue() == b"gr\\xf6\\xdfe \\udc80\n"
    assert not terminal.is_unicode
    assert terminal.cut("baseline-2", 8) == "baseli.."


def test_progress_is_shown_to_a_watching_person_only(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("gnomon.cli.terminal.monotonic", lambda: now[0])
    silent, watched = io.StringIO(), Tty()
    for err in (silent, watched):
        now[0] = 100.0
        terminal = Terminal(io.StringIO(), err)
        progress = terminal.progress("verifying")
        progress(1, 100)
        now[0] += 1
        progress(50, 100)
        terminal.write("data")
        progress.end()
    assert silent.getvalue() == ""
    assert watched.getvalue() == "\r\x1b[Kverifying … 50 %\r\x1b[K"


def test_what_was_opened_is_closed_in_reverse_and_once(streams):
    closed: list[str] = []
    terminal = Terminal(*streams)
    terminal.at_end(lambda: closed.append("first"))
    terminal.at_end(lambda: closed.append("second"))
    terminal.end()
    terminal.end()
    assert closed == ["second", "first"]
