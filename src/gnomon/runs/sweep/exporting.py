"""Sweeps and trials that go along with an export: all with the whole record, else those of the runs that were chosen.

`sweeps.json` and `trials.json` say what they are; the entries go along, so an import can go on with a sweep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.listed_part import ListedPart
from gnomon.runs.sweep.entries import sweep_subject, trial_subject
from gnomon.runs.sweep.views import RUN_TYPE, sweeps

if TYPE_CHECKING:
    from gnomon.runs.archive.parts import Request


def sweeps_of(request: Request) -> ListedPart | None:
    """Return the sweeps that go along; None where there are none."""
    wanted = {sweep for _, sweep in _trials(request)}
    found = [one for one in sweeps(request.record) if request.is_all or one.id in wanted]
    if not found:
        return None
    rows = [{"id": one.id, "name": one.name, "author": one.author, "file": one.file} for one in found]
    return ListedPart(
        "sweeps.json", [sweep_subject(one.id) for one in found], rows, text.count(len(found), "sweep"),
        "sweeps over parameters: what each tries",
    )  # fmt: skip


def trials_of(request: Request) -> ListedPart | None:
    """Return what is said of runs as parts of sweeps; None where none of them is one."""
    found = _trials(request)
    if not found:
        return None
    rows = [{"run": run, "sweep": sweep} for run, sweep in found]
    return ListedPart(
        "trials.json", [trial_subject(run) for run, _ in found], rows, text.count(len(found), "run of a sweep", "runs of sweeps"),
        "which runs belong to which sweep",
    )  # fmt: skip


def _trials(request: Request) -> list[tuple[str, str]]:
    index = request.record.replica.index
    if RUN_TYPE not in index.types():
        return []
    table = index.columns(RUN_TYPE, ["", "sweep"])
    return [
        (str(run), str(sweep))
        for run, sweep in zip(table[""], table["sweep"], strict=True)
        if sweep is not None and (request.is_all or run in request.runs)
    ]
