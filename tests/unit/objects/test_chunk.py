"""Where large files are cut: the same everywhere, and only the content decides."""

from __future__ import annotations

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.objects import chunk
from gnomon.objects.chunk import COARSE, FINE, MIDDLE, Rule, cut_ends, plain_ends, rule_for

SMALL = Rule(64, 1024, 0x0000000018035100)  # the rule, with chunks of a few hundred bytes
shapes = st.one_of(
    st.binary(max_size=4000),
    st.integers(0, 9000).map(lambda size: random.Random(size).randbytes(size)),
    st.builds(lambda part, count: part * count, st.binary(min_size=1, max_size=8), st.integers(0, 1000)),
)


@pytest.fixture(autouse=True)
def _any_cutter(monkeypatch):
    monkeypatch.setattr(chunk, "_cutter", None)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [FINE, MIDDLE, pytest.param(COARSE, marks=pytest.mark.slow)])
@pytest.mark.parametrize("odd", [0, 1])
def test_the_compiled_cutter_cuts_as_the_rule_says(rule, odd):
    compiled = chunk._compiled_cutter()
    assert compiled is not None
    noise = random.Random(rule.least).randbytes(5 * rule.least + odd)
    text = b"".join(b"%d,%d\n" % (i, i * i % 977) for i in range(rule.least // 3))
    for data in (b"", b"x", noise, text, bytes(rule.most + 7), b"abc" * rule.least + noise):
        assert compiled(data, 0, rule) == plain_ends(data, 0, rule)
        assert compiled(data, len(data) // 3, rule) == plain_ends(data, len(data) // 3, rule)


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(shapes, st.integers(1025, 3000))
def test_a_file_is_cut_alike_whatever_part_of_it_is_in_memory(data, window):
    whole = plain_ends(data, 0, SMALL)
    ends, offset = [], 0
    while offset < len(data):
        seen = data[offset : offset + window]
        found = cut_ends(seen, 0, len(seen) < window, SMALL)
        ends += [offset + end for end in found]
        offset = ends[-1]
    assert ends == whole


@settings(deadline=None)
@given(shapes)
def test_chunks_fill_the_file_within_their_bounds(data):
    ends = plain_ends(data, 0, SMALL)
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    assert sum(sizes) == len(data)
    assert all(SMALL.least <= size <= SMALL.most for size in sizes[:-1])
    assert all(0 < size <= SMALL.most for size in sizes)


def test_an_insertion_changes_few_chunks():
    before = random.Random(1).randbytes(4 << 20)
    after = before[: 1 << 20] + b"a line\n" + before[1 << 20 :]
    cut = [
        {data[start:end] for start, end in zip([0, *ends], ends, strict=False)}
        for data in (before, after)
        for ends in [cut_ends(data, 0, True, FINE)]
    ]
    assert len(cut[0]) > 50
    assert len(cut[1] - cut[0]) <= 4


def test_a_cutter_that_cuts_otherwise_is_not_used(monkeypatch):
    monkeypatch.setattr(chunk, "PROOF", (1, 2, 3))
    assert chunk._compiled_cutter() is None
    data = random.Random(3).randbytes(300_000)
    assert cut_ends(data, 0, True, FINE) == plain_ends(data, 0, FINE)
    assert chunk._cutter is plain_ends


def test_without_the_compiled_cutter_the_cuts_are_the_same(monkeypatch):
    data = random.Random(4).randbytes(400_000)
    compiled = cut_ends(data, 0, True, FINE)
    monkeypatch.setattr(chunk, "_cutter", None)
    monkeypatch.setitem(sys.modules, "pyfastcdc.cy", None)
    assert cut_ends(data, 0, True, FINE) == compiled
    assert chunk._cutter is plain_ends


def test_larger_files_are_cut_coarser():
    sizes = [0, 16 << 30, (16 << 30) + 1, 256 << 30, (256 << 30) + 1, 1 << 50]
    assert [rule_for(size) for size in sizes] == [FINE, FINE, MIDDLE, MIDDLE, COARSE, COARSE]
