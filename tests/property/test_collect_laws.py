"""Garbage, whatever the history: what any replica's entries name is in the union, and what a replica named itself it has."""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.env import REAL
from gnomon.objects import lease
from gnomon.objects.merge import merge_packs
from gnomon.objects.store import ObjectStore
from gnomon.objects.tree import TreeFile, encode_tree
from gnomon.objects.verify import verify_objects
from tests.unit.objects.garbage import Replica, World, take_over

pytestmark = pytest.mark.slow

DATAS = [b"%d" % number * 40 * (number + 1) for number in range(6)]
who = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("name"), who, st.integers(0, 5)),
        st.tuples(st.just("tree"), who, st.integers(0, 5)),
        st.tuples(st.just("orphan"), who, st.integers(0, 5)),
        st.tuples(st.just("collect"), who, st.just(0)),
        st.tuples(st.just("merge packs"), who, st.just(0)),
        st.tuples(st.just("begin"), who, st.integers(0, 5)),
        st.tuples(st.just("end"), who, st.just(0)),
        st.tuples(st.just("meet"), who, who),
        st.tuples(st.just("objects only"), who, who),
    ),
    max_size=14,
)


class History:
    """Three replicas of one record, on three devices, and what each has named itself."""

    def __init__(self, folder: str) -> None:
        first = Replica(Path(folder, "0"), World(f"{folder}/device0"))
        others = [first.copied(Path(folder, str(n)), World(f"{folder}/device{n}")) for n in (1, 2)]
        self.replicas = [first, *others]
        self.named: list[set[str]] = [set(), set(), set()]
        self.open: list[list[tuple[lease.Lease, str]]] = [[], [], []]

    def do(self, what: str, at: int, which: int) -> None:
        replica = self.replicas[at]
        if what == "name":
            self._name(at, replica.store().put_bytes(DATAS[which]))
        elif what == "tree":
            ids = replica.store().put_many([DATAS[which], DATAS[which - 1]])
            files = [TreeFile(str(n), one, 1, 0o644) for n, one in enumerate(ids)]
            self._name(at, replica.store().put_bytes(encode_tree(files)))
            self.named[at].update(ids)
        elif what == "orphan":
            replica.store().put_many([DATAS[which], DATAS[which - 2]])
        elif what == "collect":
            replica.collect(although_incomplete=True)
        elif what == "merge packs":
            merge_packs(REAL, f"{replica.objects}/{replica.writer}", enough=2)
        elif what == "begin":  # an add that will be ended later, or never
            held = lease.Lease(replica.world, replica.objects)
            self.open[at].append((held, replica.store().put_bytes(DATAS[which])))
        elif what == "end":
            for held, one in self.open[at]:
                self._name(at, one)
                held.end()
            self.open[at] = []
        elif what == "meet":
            take_over(self.replicas[which], replica)
        elif what == "objects only":  # the copy was interrupted
            source = self.replicas[which]
            for file in sorted((source.path / "objects").rglob("*.pack"))[:1]:
                place = replica.path / file.relative_to(source.path)
                if not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(file.read_bytes())

    def _name(self, at: int, one: str) -> None:
        self.replicas[at].keep(one)
        self.named[at].add(one)

    def check(self) -> None:
        for replica, named in zip(self.replicas, self.named, strict=True):
            assert named <= set(replica.here())
            assert list(verify_objects(REAL, replica.objects)) == []
        union = self.replicas[0]
        for _ in range(2):
            for other in self.replicas[1:]:
                take_over(other, union)
        assert set().union(*self.named) <= set(union.here())
        union.collect()
        assert set().union(*self.named) <= set(ObjectStore(REAL, union.objects).objects())


@settings(max_examples=examples(60), deadline=None)
@given(steps)
def test_no_order_of_adding_meeting_and_collecting_loses_what_is_named(history):
    with tempfile.TemporaryDirectory() as folder:
        told = History(folder)
        try:
            for what, at, which in history:
                told.do(what, at, which)
            told.check()
        finally:
            for held, _ in chain(*told.open):
                held.end()


@settings(max_examples=examples(40), deadline=None)
@given(steps, who, st.integers(0, 5))
def test_what_was_erased_comes_back_in_no_order(history, eraser, which):
    """Nobody else names it; the three meet and collect in any order before and after."""
    from gnomon.objects import erase

    secret = b"a secret that only one names " * 9
    with tempfile.TemporaryDirectory() as folder:
        told = History(folder)
        try:
            one = told.replicas[which % 3].store().put_bytes(secret)
            told.replicas[which % 3].name("data.added", "data:1", {"object": one})
            half = len(history) // 2
            for what, at, of in history[:half]:
                told.do(what, at, of)
            take_over(told.replicas[which % 3], told.replicas[eraser])
            for held, _ in chain(*told.open):
                held.end()
            told.open = [[], [], []]
            erasure = erase.Erasure(told.replicas[eraser].home, ["data:1"])
            erasure.bury()
            erasure.take_out()
            for what, at, of in history[half:]:
                told.do(what, at, of)
            for at in range(3):
                told.do("end", at, 0)
            for _ in range(2):
                for left in told.replicas:
                    for right in told.replicas:
                        if left is not right:
                            take_over(left, right)
                            erase.finish(right.home)
            told.check()
            for replica in told.replicas:
                erase.finish(replica.home)
                assert one not in replica.here()
        finally:
            for held, _ in chain(*told.open):
                held.end()
