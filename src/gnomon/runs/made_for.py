"""What a run was made for, where it was made by Gnomon: as a trial of a sweep, or as a repeat of another run.

Always true: the run or sweep is named whether it is here or not; a run that a person began has neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs import checked
from gnomon.runs.repeats import MIXTURE_OF

if TYPE_CHECKING:
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

SWEEP = "sweep"
MOST_SWAPPED = 12


class TrialOf(NamedTuple):
    """Which trial of which sweep. `name` is that of the sweep, None where the sweep is not in this replica."""

    sweep: str
    name: str | None
    number: int


class RepeatOf(NamedTuple):
    """Which run a run was made from. `name` is None where it has none or is not here; `swapped` are (factor, what of it)."""

    run: str
    name: str | None
    is_here: bool
    swapped: list[tuple[str, str]]
    is_mixture: bool  # one of those that `gnomon why` makes


def trial_of(run: RunView) -> TrialOf | None:
    """Return which trial of a sweep a run is; None where it is none."""
    said = run.trial
    if not said:
        return None
    sweep = str(said[SWEEP])
    state = _state(run.record, SWEEP, sweep)
    name = state.get("name") if state is not None and state.get("file") is not None else None
    return TrialOf(sweep, name, checked.whole(said.get("number")) or 0)


def repeat_of(run: RunView) -> RepeatOf | None:
    """Return what a run repeats; None where it repeats none."""
    said = run.repeats
    if not said:
        return None
    other = str(said["run"])
    state = _state(run.record, "run", other)
    swapped = [
        (str(key).removeprefix("params."), str(checked.cell(value, 200)))
        for key, value in list(checked.fields(said.get("swapped")).items())[:MOST_SWAPPED]
    ]
    name = (state.get("name") or state.get("label")) if state is not None else None
    return RepeatOf(other, name, state is not None, swapped, said.get("for") == MIXTURE_OF)


def _state(record: Record, kind: str, subject: str) -> dict[str, Any] | None:
    index = record.replica.index
    if kind not in index.types():
        return None
    try:
        state = index.state(kind, subject)
    except UnknownSubjectError:
        return None
    return state if isinstance(state, dict) else None
