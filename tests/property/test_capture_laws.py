"""Fold laws of runs, processes and rich values: any order of entries and any body gives one state, and nothing raises."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.record.body import encode_body
from gnomon.record.fold import LiveEntry
from gnomon.runs import entries
from gnomon.runs import state as runs
from gnomon.runs.capture import state as processes
from gnomon.runs.values import state as values

pytestmark = pytest.mark.slow

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("ab" * 32)
FIELDS = {
    "run": "name label params seed group parent rank world_size launcher forked continues step status error traceback "
    "lost_rows last_step tags text object size files removed".split(),
    "process": "parts pending withheld objects files pieces skipped_bytes is_tail nth cell source status started_us "
    "duration_s outputs code signal cpu_s peak_memory_bytes command python packages machine cpus environment".split(),
    "values": "values series step rank kind meta parts notes caption".split(),
}
KINDS = {
    "run": sorted(entries.KINDS),
    "process": [entries.CAPTURED, entries.CONSOLE, entries.CELL, entries.EXITED],
    "values": [entries.LOGGED],
}
FEATURES = {"run": runs.FEATURE, "process": processes.FEATURE, "values": values.FEATURE}


def bodies(type_name):
    names = st.sampled_from(FIELDS[type_name]) | st.text(max_size=2)
    nested = st.recursive(
        plain, lambda one: st.lists(one, max_size=4) | st.dictionaries(names, one, max_size=4), max_leaves=8
    )
    return st.dictionaries(names, nested, max_size=8)


def live_entries(type_name):
    ids = st.sampled_from([b"a" * 16, b"b" * 16])
    one = st.builds(
        lambda digest, kind, writer, log, seq, time_us, body: LiveEntry(
            digest.to_bytes(32, "big"), kind, None, writer, log, seq, time_us, encode_body(body)
        ),
        st.integers(0, 2**32), st.sampled_from(KINDS[type_name]), ids, ids, st.integers(0, 3), st.integers(0, 3),
        bodies(type_name),
    )  # fmt: skip
    return st.lists(one, max_size=8, unique_by=lambda entry: entry.digest)


def is_plain(value):
    return value is None or value.__class__ in (bool, int, float, str)


@pytest.mark.parametrize("type_name", FEATURES)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_any_order_and_any_body_give_one_state(type_name, data, chance: random.Random):
    feature, live = FEATURES[type_name], data.draw(live_entries(type_name))
    state = feature.fold(live)
    for _ in range(3):
        chance.shuffle(live)
        assert encode_body(feature.fold(live)) == encode_body(state)
    row = feature.cells("x", state, None)
    assert all(
        is_plain(item) for cell in row.values() for item in (cell if isinstance(cell, list) else [cell])
    )
    assert all(field.__class__ is str and text.__class__ is str for field, text in feature.texts(state))


def test_of_two_tails_the_last_in_the_log_counts():
    def printed(seq, text, **more):
        body = encode_body({"pieces": [["out", text]], **more})
        return LiveEntry(bytes([seq]) * 32, entries.CONSOLE, None, b"w" * 16, b"l" * 16, seq, 9 - seq, body)

    live = [printed(1, "head"), printed(2, "old", is_tail=True), printed(3, "new", is_tail=True)]
    for order in (live, live[::-1]):
        found = processes.fold_process(order)["console"]
        assert [piece["pieces"][0][1] for piece in found] == ["head", "new"]


def test_a_nest_that_is_too_deep_is_a_text():
    body = b'{"params":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}"
    live = [LiveEntry(b"d" * 32, entries.CREATED, None, b"w" * 16, b"l" * 16, 0, 0, body)]
    state = runs.fold_run(live)
    assert all(is_plain(cell) or isinstance(cell, list) for cell in runs.cells("x", state, None).values())
