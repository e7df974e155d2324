"""The verdict on a notebook's order: faults that are proved, and what is not known; never more."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.notebook.file import code_cells, notebook_path, notebook_with
from gnomon.runs.notebook.order import order_of


def cells(*ran):
    """Cells as a state holds them: each an id, or (id, source), in the order in which they were run."""
    found = []
    for count, one in enumerate(ran, start=1):
        known, source = one if isinstance(one, tuple) else (one, f"code of {one}")
        found.append({"execution_count": count, "cell": known, "source": source})
    return found


@pytest.mark.parametrize(
    ("ran", "ids", "faults"),
    [
        ("abc", "abc", ()),
        ("ab", "abcd", ()),  # the rest may be meant for later
        ("acb", "abc", ("cell 3 ran before cell 2",)),
        ("cba", "abc", ("cells 2, 3 ran before cell 1",)),
        ("ac", "abc", ("cell 2 was never run",)),
        ("af", "abcdef", ("cells 2 to 5 were never run",)),
        ("abb", "ab", ("cell 2 was run 2 times",)),
        ("abcabc", "abc", ("cells 1 to 3 were run 2 times",)),
        ("abbb", "ab", ("cell 2 was run 3 times",)),
        ([("a", "x = 1"), "b", ("a", "x = 2")], "ab", ("cell 1 was run again after it was changed",)),
        (
            [("a", "1"), ("b", "1"), ("a", "2"), ("b", "2")],
            "ab",
            ("cells 1, 2 were run again after they were changed",),
        ),
    ],
)
def test_what_was_not_from_top_to_bottom(ran, ids, faults):
    order = order_of(cells(*ran), list(ids))
    assert (order.faults, order.unknown) == (faults, ())
    assert order.is_in_order is not bool(faults)


def test_without_places_only_what_was_run_again_is_known():
    order = order_of(cells(("a", "1"), "b", ("a", "2")))
    assert order.is_in_order is False
    assert order.faults == ("the cell of In [1], In [3] was run again after it was changed",)
    order = order_of(cells("a", "b"))
    assert order.is_in_order is None
    assert order.text == "cannot be told: where the cells stand in the notebook is not known"


def test_the_same_code_without_ids_proves_nothing():
    order = order_of(cells((None, "df.head()"), (None, "df.head()")))
    assert order.is_in_order is None and order.faults == ()
    assert "In [1], In [2] ran the same code: one cell several times, or several cells" in order.unknown


def test_a_cell_that_is_not_in_the_saved_file_is_not_called_deleted():
    order = order_of(cells("a", "new", "c"), ["a", "b", "c"])
    assert order.is_in_order is None
    assert order.faults == (), "cell 2 may be the one that is not known"
    assert order.unknown == (
        "In [2] is not in the notebook as it was saved last: that cell was deleted, or not saved yet",
    )


def test_what_ran_before_the_recording_is_not_known():
    order = order_of([{"execution_count": 4, "cell": "b", "source": "x"}], ["a", "b"])
    assert order.is_in_order is None
    assert order.unknown == ("3 cells were run before the notebook was recorded",)


def test_cells_that_were_not_kept_leave_it_open():
    assert order_of(cells("a"), ["a"], left_out=2).is_in_order is None


def test_empty_cells_do_not_count():
    assert order_of(cells("a", ("b", "  \n"), "c"), ["a", "c"]).is_in_order


def test_no_cells():
    assert order_of([]).text == "cannot be told: no cell was run"


def test_many_faults_are_bounded():
    ids = [f"c{number}" for number in range(1000)]
    order = order_of(cells(*reversed(ids)), ids)
    assert order.faults == ("cells 2 to 1000 ran before cell 1",)
    zigzag = [one for place in range(0, 1000, 2) for one in (ids[place + 1], ids[place])]
    assert len(order_of(cells(*zigzag), ids).faults) == 11
    assert order_of(cells(*zigzag), ids).faults[-1] == "and 490 more"


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda one: st.lists(one, max_size=3)
)


@pytest.mark.slow
@given(
    st.lists(st.dictionaries(st.sampled_from(["execution_count", "cell", "source"]), odd), max_size=8),
    st.lists(st.text(max_size=3), max_size=5),
)
def test_nothing_raises_whatever_the_cells_hold(hostile, ids):
    order = order_of(hostile, ids)
    assert order == order_of(hostile, ids) and order.text


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=8))
def test_in_order_means_a_beginning_of_the_notebook_each_once(ran):
    is_beginning = ran == list("abcde")[: len(ran)]
    assert order_of(cells(*ran), list("abcde")).is_in_order is is_beginning


# --- the file


def test_code_cells_of_a_file(tmp_path):
    path = tmp_path / "a.ipynb"
    found = [
        {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y"]},
        {"cell_type": "markdown", "id": "m", "source": "text"},
        {"cell_type": "code", "id": "empty", "source": " \n"},
        {"cell_type": "code", "source": "no id"},
        {"cell_type": "code", "id": "../" + "x" * 99, "source": "no good id"},
        {"cell_type": "code", "id": "a", "source": "again"},
        {"cell_type": "code", "id": "b", "source": "z", "outputs": [{"data": {"image/png": "x" * 10_000}}]},
    ]
    path.write_text(json.dumps({"nbformat": 4, "cells": found}))
    assert code_cells(str(path)) == [("a", "x = 1\ny"), ("b", "z")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"cells": 3}',
        '{"cells": [1]}',
        '{"cells": [{"id": 1}]}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x00",
    ],
)
def test_a_hostile_file_is_no_notebook(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text)
    assert code_cells(str(tmp_path / "a.ipynb")) is None
    assert notebook_with("a", str(tmp_path)) is None


def test_a_file_that_is_not_there(tmp_path):
    assert code_cells(str(tmp_path / "a.ipynb")) is None
    assert notebook_with("a", str(tmp_path / "nowhere")) is None
    assert notebook_path({"JPY_SESSION_NAME": "gone.ipynb"}, {}, str(tmp_path)) is None
    assert notebook_path({"JPY_SESSION_NAME": "\0.ipynb"}, {}, str(tmp_path)) is None


def test_who_says_where_the_notebook_is(tmp_path):
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).write_text("{}")
    a, b = str(tmp_path / "a.ipynb"), str(tmp_path / "b.ipynb")
    assert notebook_path({"JPY_SESSION_NAME": "sub/a.ipynb"}, {}, str(tmp_path)) == a
    assert notebook_path({"JPY_SESSION_NAME": a}, {"__vsc_ipynb_file__": b}, "/") == b
    assert notebook_path({"JPY_SESSION_NAME": "console"}, {"__vsc_ipynb_file__": 3}, str(tmp_path)) is None


def test_two_notebooks_with_the_cell_are_none(tmp_path):
    text = json.dumps({"cells": [{"cell_type": "code", "id": "a", "source": "x"}]})
    (tmp_path / "one.ipynb").write_text(text)
    assert notebook_with("a", str(tmp_path)) == str(tmp_path / "one.ipynb")
    (tmp_path / "two.ipynb").write_text(text)
    assert notebook_with("a", str(tmp_path)) is None
