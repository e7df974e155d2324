"""Who made a run again and what came of it, as the run shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.runs import entries
from gnomon.runs.reproduce.verdict import SAME
from gnomon.team.people.views import people_in

if TYPE_CHECKING:
    from gnomon.runs.run_view import RunView


class MadeAgain(NamedTuple):
    """One replication: `by` is the repeat (None where it never began), `who` the member or None, `where` the machine in words.

    `said` is the verdict with what it rests on; `is_good` where it was identical or within the spread of its seeds.
    """

    by: str | None
    verdict: str
    said: str
    who: str | None
    where: str
    time_s: float
    swapped: dict[str, str]
    gaps: list[str]
    moved: list[str]  # metrics that are not the same, before and after

    @property
    def is_good(self) -> bool:
        """Whether it came out as it did, as far as its seeds can say."""
        return self.verdict in (entries.IDENTICAL, entries.ROUNDING, entries.WITHIN)


def made_again(run: RunView) -> list[MadeAgain]:
    """Return who made a run again, the latest first."""
    found = run.replications
    if not found:
        return []
    people = people_in(run.record.replica.index)
    own = {process.writer for process in run.processes}
    again = []
    for one in reversed(found):
        member = people.of_writer(one["writer"])
        again.append(
            MadeAgain(
                one["by"],
                one["verdict"],
                _said(one),
                one["author"] or (member.name if member is not None else None),
                "on the same device" if one["writer"] in own else "on another device",
                one["time_us"] / 1e6,
                dict(one["swapped"]),
                list(one["gaps"]),
                [moved(row) for row in one["metrics"] if row[-1] != SAME],
            )
        )
    return again


def moved(row: list[Any]) -> str:
    """Return a metric before and after, and the interval that one more seed would lie in, where there is one."""
    metric, before, after, low, high, seeds, _ = row
    was = text.number(before) if isinstance(before, float) else "not logged"
    now = text.number(after) if isinstance(after, float) else "not logged"
    told = f"{metric}: {was} → {now}"
    if isinstance(low, float) and isinstance(high, float):
        told += f" (one more of {seeds} seeds: {text.number(low)} to {text.number(high)})"
    return told


def _said(one: dict[str, object]) -> str:
    verdict = str(one["verdict"])
    if one["why"]:
        verdict = f"{verdict}: {one['why']}"
    swapped = one["swapped"]
    if isinstance(swapped, dict) and swapped:
        verdict = f"with {', '.join(f'{key} {said}' for key, said in swapped.items())}: {verdict}"
    return verdict
