"""Laws of export and import: any little record, any choice of its runs, any order gives the same runs back."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from thorough import examples

import gnomon
from gnomon import session
from gnomon.runs.archive.take_in import make_if_missing

pytestmark = pytest.mark.slow
quick = settings(
    phases=[Phase.generate, Phase.shrink], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
    max_examples=examples(40),
)  # fmt: skip

names = st.one_of(st.sampled_from(["loss", "=1+1", "a/b", "é", "\x1b[31m"]), st.text(min_size=1, max_size=8))
numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(2**70), 2**70),
    st.sampled_from([-0.0, struct.unpack(">d", bytes.fromhex("7ff8000000000123"))[0], 2**1000]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=5,
)
rows = st.lists(
    st.tuples(st.dictionaries(names, numbers, min_size=1, max_size=3), st.integers(-5, 50)), max_size=6
)
run = st.fixed_dictionaries(
    {
        "name": st.one_of(st.none(), st.text(max_size=12)),
        "params": st.dictionaries(names, values, max_size=3),
        "rows": rows,
        "notes": st.lists(st.text(min_size=1, max_size=10).filter(str.strip), max_size=2),
        "kept": st.lists(st.binary(max_size=30), max_size=2),
        "new_process": st.booleans(),
    }
)


def record_of(place: str, made: list[dict]) -> list[str]:
    """Write a record at `place` with these runs; return their ids."""
    ids = []
    for one in made:
        with gnomon.run(one["name"] or None, params=one["params"], dir=place) as run:
            for metrics, step in one["rows"]:
                run.log(metrics, step=step)
            for text in one["notes"]:
                run.note(text)
            for number, data in enumerate(one["kept"]):
                path = Path(place, f"file{number}")
                path.write_bytes(data)
                run.keep(path)
            ids.append(run.id)
        if one["new_process"]:
            session.close_all()
    session.close_all()
    return ids


def answers(record, runs) -> dict:
    record.replica.update()
    told = {}
    states = {json.loads(line)["subject"]: line for line in record.replica.index.export().splitlines()}
    objects = record.replica.objects()
    for one in runs:
        view = record.run(one)
        points = {}
        for name in view.series_names:
            joined = view.series(name, rank=None)._joined()
            points[name] = (bytes(joined.values), bytes(joined.steps), bytes(joined.times_us), joined.exact)
        told[one] = (
            states[f"run:{one}"], points, [objects.read(kept.object) for kept in view.kept],
            repr(record.table_of([one]).records()),
        )  # fmt: skip
    return told


@quick
@given(st.lists(run, min_size=1, max_size=4), st.data())
def test_any_runs_come_back_in_any_parts_and_order(made, data):
    place = tempfile.mkdtemp(prefix="gnomon-archive-")
    try:
        ids = record_of(os.path.join(place, "here"), made)
        here = gnomon.open(os.path.join(place, "here"))
        make_if_missing(os.path.join(place, "there"))
        there = gnomon.open(os.path.join(place, "there"))
        chosen: set[str] = set()
        for number in range(data.draw(st.integers(1, 3))):
            some = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
            target = os.path.join(place, f"out{number}.zip")
            done = here.archive(target, runs=some)
            assert done.problems == []
            got = there.import_(target)
            assert set(got.new_runs) == set(some) - chosen
            chosen |= set(some)
            assert not any(there.import_(target)[1:])
        assert set(there.runs().ids) == chosen
        assert answers(there, sorted(chosen)) == answers(here, sorted(chosen))
        assert list(there.verify(deep=True)) == []
        assert list(here.verify(deep=True)) == []
        table = there.runs(sort="created:asc")
        assert repr(table.records()) == repr(here.table_of(table.ids).records())
    finally:
        session.close_all()
        shutil.rmtree(place)
