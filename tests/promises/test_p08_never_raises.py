"""P8: a failing disk never raises into user code, at whichever call it fails; and nothing acknowledged is lost by it.

The fault loop: every call that Gnomon makes of the outside world has a number. For n = 1, 2, 3, … the n-th call fails,
until a whole training passes without reaching the n-th call. No random luck, complete coverage.
"""

from __future__ import annotations

import errno

import pytest
from faults.faulty_env import FaultyEnv
from wal_truth import all_rows

from gnomon.points.rows import RunPoints
from gnomon.record.lines import parse_line
from gnomon.session import Session

STEPS = 40
MANY = {f"m{k:03d}": 0.5 for k in range(300)}  # large rows, so that the WAL has to grow


def train(path, env):
    """Write entries and rows as a run does; return (acknowledged entries, rows lost by count)."""
    session = Session(str(path), env)
    acknowledged = []
    points = RunPoints(session, "ab" * 10, 0)
    for step in range(STEPS):
        if step % 10 == 0:
            entry = session.append(
                "run.noted", "run:" + "ab" * 10, {"text": f"note {step} " * (STEPS - step)}
            )
            if entry:
                acknowledged.append(entry)
        points.log({**MANY, "loss": float(step), f"series {step // 10}": 1.0}, step=step)
        if step % 13 == 12:
            session.sync()
    lost = session.losses()[0]
    session.close()
    return acknowledged, lost, session


def whole_lines(project):
    """Return the lines of all logs but an incomplete last one, which readers ignore."""
    for path in project.glob(".gnomon/log/*/*.jsonl"):
        yield from path.read_bytes().split(b"\n")[:-1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["EIO", "ENOSPC", "EACCES"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_every_call_may_fail(tmp_path, kind, lasting, caplog):
    reached = 0
    for n in range(1, 1000):
        env = FaultyEnv(tmp_path / "home", fail_at=n, error=getattr(errno, kind), lasting=lasting)
        project = tmp_path / f"{kind}-{lasting}-{n}"
        project.mkdir()
        acknowledged, lost, session = train(project / ".gnomon", env)
        if not env.fired:
            break
        reached = n
        rows = all_rows(project)
        # What was counted as lost is lost, and nothing else is.
        assert len(rows) + lost == STEPS, f"call {n}: {env.fired}"
        written = [parse_line(line).hash for line in whole_lines(project)]
        assert set(acknowledged) <= set(written), f"call {n}: {env.fired}"
        if not lasting:
            # One fault is survived: what was said is written, now or a little later.
            assert session.lost_entries == 0, f"call {n}: {env.fired}"
    assert reached > 30


def test_a_read_only_place_is_said_once_and_training_goes_on(tmp_path, caplog):
    env = FaultyEnv(tmp_path / "home", fail_at=1, error=errno.EROFS, lasting=True)
    _, lost, _ = train(tmp_path / "nowhere" / ".gnomon", env)
    assert lost == STEPS
    assert sum("training goes on" in record.message for record in caplog.records) == 2  # the record; the rows
