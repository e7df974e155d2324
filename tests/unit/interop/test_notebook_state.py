"""The cells in the state of a process: pure, tolerant, the same for every order of arrival."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.record.body import encode_body
from gnomon.record.fold import LiveEntry
from gnomon.runs import entries
from gnomon.runs.capture.state import cells, fold_process, texts
from gnomon.runs.notebook.order import order_of
from gnomon.runs.notebook.views import _cell


def entry(seq, body, kind=entries.CELL):
    return LiveEntry(seq.to_bytes(32, "big"), kind, None, b"w" * 16, b"l" * 16, seq, seq, encode_body(body))


def test_what_was_said_last_of_a_cell_counts():
    start = entry(3, {"nth": 2, "source": "x", "status": "running", "started_us": 5})
    end = entry(4, {"nth": 2, "source": "x", "status": "ok", "started_us": 5, "duration_s": 0.5, "cell": "b"})
    first = entry(1, {"nth": 1, "source": "y", "status": "error", "error": "ValueError"})
    state = fold_process([end, start, first])
    assert [(one["nth"], one["status"], one["cell"]) for one in state["cells"]] == [
        (1, "error", None),
        (2, "ok", "b"),
    ]
    assert cells("l", state, None)["cells"] == 2
    assert ("cells", "y\nx") in list(texts(state))


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda one: (
        st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(["kind", "text", "objects", "name"]), one)
    ),
    max_leaves=6,
)
fields = st.sampled_from(
    ["nth", "execution_count", "cell", "source", "status", "error", "started_us", "duration_s", "outputs"]
)


@pytest.mark.slow
@given(st.lists(st.dictionaries(fields, odd, max_size=9), max_size=5), st.randoms(use_true_random=False))
def test_no_body_harms_the_fold(bodies, chance: random.Random):
    live = [entry(seq, {**body, "nth": seq % 2}) for seq, body in enumerate(bodies)]
    live += [entry(seq + 10, body) for seq, body in enumerate(bodies)]
    state = fold_process(live)
    shuffled = list(live)
    chance.shuffle(shuffled)
    assert repr(fold_process(shuffled)) == repr(state)
    assert cells("l", state, None) is not None and list(texts(state)) is not None
    assert order_of(state["cells"]).text
    for stored in state["cells"]:
        assert _cell(stored, {}, None, is_dead=True, since_us=0).outputs is not None
