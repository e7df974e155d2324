"""The page of performance says of every figure when, on what, and at which commit it was measured."""

from __future__ import annotations

from benchmarks import report


def machine(commit, at, processor="EPYC"):
    return {
        "figure": "machine", "processor": processor, "cores": 2, "memory_gib": 24, "system": "Linux", "python": "3.11",
        "commit": commit, "at": at, "load": 1.0,
    }  # fmt: skip


def row(case):
    return {"case": case, "peer": "gnomon", "figure": "x", "load": 0.5}


def test_each_case_stands_with_the_commit_that_it_was_measured_at():
    rows = [machine("aaa", "Monday"), row("log-1"), row("cold"), machine("bbb", "Tuesday"), row("cold")]
    machines = [one for one in rows if one["figure"] == "machine"]
    lines = list(report._machines(machines, report.last_of_each(rows)))
    assert len(lines) == 2
    assert "(`log-1`); commit aaa; Monday" in lines[0]
    assert "(`cold`); commit bbb; Tuesday" in lines[1]
