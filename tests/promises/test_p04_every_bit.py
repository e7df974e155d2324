"""P4 and P5: every flipped bit of a small record is found and its file named; it costs only what it hits; nothing raises."""

from __future__ import annotations

import os

import pytest
from thorough import one_in

import gnomon
from gnomon.env import REAL
from gnomon.errors import GnomonError
from gnomon.points.seal import seal
from gnomon.replica import Replica
from gnomon.session import close_all


@pytest.fixture
def small_record(project):
    """A record with every kind of file: record.toml, a log, a WAL, a segment, a pack."""
    (project / "model.bin").write_bytes(b"weights " * 20)
    for name in ("one", "two"):
        with gnomon.run(name, params={"lr": 0.1}) as run:
            for step in range(4):
                run.log({"loss": 1.0 / (step + 1), "auc": 0.5}, step=step)
            run.note("a note")
            run.keep("model.bin")
        close_all()
    wal = next((project / ".gnomon").glob("points/*/*.wal"))
    seal(REAL, str(wal.parent), [str(wal)])
    wal.unlink()
    return project / ".gnomon"


def damaged_files(path):
    try:
        return {problem.file for problem in Replica.open(str(path)).verify() if problem.severity == "damage"}
    except GnomonError as error:  # a record.toml that names another format is refused by name
        return {"record.toml"} if "record" in str(error) else set()


def read_all(path):
    """Ask everything; return what was read."""
    record = gnomon.open(path)
    found = {}
    for row in record.runs().to_pylist():
        run = record.run(row["id"])
        for name in run.series_names:
            series = run.series(name)
            found[row["id"], name] = list(zip(series.steps(), series.values(), strict=True))
    return found


@pytest.mark.slow
def test_every_flipped_bit_is_found_and_invents_nothing(small_record):
    truth = read_all(small_record)
    assert damaged_files(small_record) == set()
    checked = 0
    for path in sorted(small_record.rglob("*")):
        name = str(path.relative_to(small_record))
        if not path.is_file() or name == ".gitignore":
            continue
        whole = path.read_bytes()
        # Every bit of the small files and headers is tried in the unit tests; here, through the whole program, each 61st.
        step = 61 * one_in(2)
        for bit in range(checked % step, 8 * len(whole), step):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            os.utime(path, ns=(bit * 1_000_000, bit * 1_000_000))
            found = damaged_files(small_record)
            assert found == {name}, f"bit {bit} of {name}"
            if bit % 7 == 0:
                try:
                    read = read_all(small_record)
                except GnomonError:
                    assert name == "record.toml"
                else:
                    for series, points in read.items():
                        assert points == truth[series][: len(points)], f"bit {bit} of {name}"
            checked += 1
        path.write_bytes(whole)
    assert damaged_files(small_record) == set()
    assert checked > 500 // one_in(2)
