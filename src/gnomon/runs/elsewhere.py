"""Runs that went on elsewhere when this replica last heard of them: on devices whose processes nobody can look at from here.

Always true: it is said as of then, never as of now. One of which nothing was heard for `DAYS` days is left out: it has ended, or
its end was never written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.run_view import RunView
from gnomon.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.views import Record

DAYS = 7.0
MOST = 200  # runs that are looked at, the newest
WHERE = "status = unknown"
_DAY_S = 86_400.0


class Elsewhere(NamedTuple):
    """A device on which runs went on: whose it is (`device ab12cd34` where nobody said), which, the latest word of them."""

    whose: str
    runs: tuple[str, ...]
    heard: float


def elsewhere(record: Record, now: float) -> list[Elsewhere]:
    """Return the devices on which runs went on when they were last heard of, the latest first; `now` in seconds since 1970."""
    from gnomon.team.people.views import people
    from gnomon.team.writing.views import who

    ids = record.runs(WHERE, columns=["id"], limit=MOST).ids
    if not ids:
        return []
    by_writer: dict[str, list[tuple[float, str]]] = {}
    for id_ in ids:
        run = RunView(record, id_)
        latest = max((stat.last_time_us / 1e6 for stat in run.stats.values()), default=0.0)
        open_ = [one for one in run.processes if one.status == "unknown"]
        heard = max(latest, run.created)
        if open_ and heard >= now - DAYS * _DAY_S:
            by_writer.setdefault(open_[-1].writer, []).append((heard, id_))
    members = people(record)
    found = [
        Elsewhere(who(members, writer), tuple(id_ for _, id_ in runs), max(heard for heard, _ in runs))
        for writer, runs in by_writer.items()
    ]
    return sorted(found, key=lambda one: (-one.heard, one.whose))


def sentence(found: Sequence[Elsewhere], when: Callable[[float], str]) -> str:
    """Return what is to be said of them; empty for none. `when` writes a moment.

    >>> sentence([Elsewhere("Ana", ("a", "b"), 0.0)], lambda _: "09:00")
    'elsewhere, 2 runs were going on when last heard of: 2 of Ana (09:00)'
    """
    if not found:
        return ""
    total = sum(len(one.runs) for one in found)
    devices = ", ".join(f"{len(one.runs)} of {one.whose} ({when(one.heard)})" for one in found)
    were = "was" if total == 1 else "were"
    return f"elsewhere, {count(total, 'run')} {were} going on when last heard of: {devices}"
