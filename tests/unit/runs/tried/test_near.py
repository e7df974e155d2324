"""Which runs lie near: pruning by columns finds what looking at every run finds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.packed import packed
from gnomon.runs.tried import near as near_module
from gnomon.runs.tried.near import ListedColumns, Near, Scales
from gnomon.runs.tried.scale import apart, scale_of

NAMES = ("lr", "depth", "optimizer", "amp", "decay", "note", "seed")
value = st.one_of(
    st.sampled_from(
        [0.1, 0.11, 0.2, 0.01, 1e-4, 0, 1, 2, 3, 8, True, False, "adam", "sgd", math.nan, math.inf]
    ),
    st.none(),
)
rows = st.lists(st.dictionaries(st.sampled_from(NAMES), value), min_size=1, max_size=12)


class PackedColumns(ListedColumns):
    """The same, packed as those of an index are."""

    def column(self, name):
        return packed(super().column(name))


def near(listed, asked, within, whole):
    columns = PackedColumns(listed)
    return Near(columns, Scales(columns, asked), asked, within=within, whole=whole).apart


def by_hand(listed, asked, within, whole):
    found = {}
    for place, row in enumerate(listed):
        names = {*asked, *(row if whole else ())}
        total = 0.0
        for name in names:
            if name in asked or not is_seed_like(name):
                known = scale_of([one.get(name) for one in listed], asked.get(name))
                total += apart(row.get(name), asked.get(name), known)
        if total <= within:
            found[place] = total
    return found


@pytest.mark.slow
@pytest.mark.parametrize("many", [1, 20_000])
@pytest.mark.parametrize("within", [0.25, 1.25])
@pytest.mark.parametrize("whole", [False, True])
def test_it_finds_what_looking_at_each_run_finds(monkeypatch, many, within, whole):
    monkeypatch.setattr(near_module, "MANY", many)  # all at once, or row by row

    @given(rows, st.dictionaries(st.sampled_from(NAMES[:-1]), value.filter(lambda one: one is not None)))
    def law(listed, asked):
        listed = [{name: one for name, one in row.items() if one is not None} for row in listed]
        assert near(listed, asked, within, whole) == pytest.approx(by_hand(listed, asked, within, whole))

    law()


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("many", [1, 20_000])
def test_true_is_no_number_although_it_equals_one(monkeypatch, many, whole):
    monkeypatch.setattr(near_module, "MANY", many)
    listed = [{"decay": 1}, {"decay": True}, {"decay": 0}, {"decay": False}]
    assert near(listed, {"decay": 0.11}, 1.25, whole) == pytest.approx(
        by_hand(listed, {"decay": 0.11}, 1.25, whole)
    )


@given(rows, st.randoms())
def test_a_run_is_nearest_to_itself_and_seeds_do_not_matter(listed, chance):
    listed = [{name: one for name, one in row.items() if one is not None} for row in listed]
    own = {name: one for name, one in chance.choice(listed).items() if name != "seed"}
    found = near(listed, own, 0.25, True)
    assert min(found.values()) == 0
    reseeded = [{**row, "seed": chance.random()} for row in listed]
    assert near(reseeded, own, 0.25, True) == found


@pytest.mark.slow
def test_many_runs_at_once_are_as_each_by_itself():
    chance = random.Random(7)

    def row():
        return {
            "optimizer": chance.choice("abc"), "amp": chance.random() < 0.5, "depth": chance.choice([2, 4, 6, 8, 10]),
            "lr": 10 ** chance.uniform(-4, -1), "dropout": chance.uniform(0.1, 0.6),
        }  # fmt: skip

    listed = [row() for _ in range(3_000)]
    listed += [{**one, "optimizer": "z"} for one in listed[:50]]  # one whole difference
    for _ in range(5):
        asked = chance.choice(listed[:50])
        scales = {name: scale_of([one[name] for one in listed], asked[name]) for name in asked}
        by_itself = [sum(apart(one[name], asked[name], scales[name]) for name in asked) for one in listed]
        for within in (0.25, 1.25):
            expected = {place: one for place, one in enumerate(by_itself) if one <= within}
            assert near(listed, asked, within, True) == pytest.approx(expected) and len(expected) > (
                within > 1
            )
