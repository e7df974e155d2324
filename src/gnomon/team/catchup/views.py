"""What a person asks when they come back: what is new for them, and what waits for them.

Always true: what waits for somebody is shown until it is done, seen or not; every other line is shown once. Looking at it writes
nothing to the record. The answer is bounded: each part says how much it leaves out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.record.keys import own_writer
from gnomon.team.catchup.checks import check_news
from gnomon.team.catchup.news import TITLES, CatchUp, Item, Part
from gnomon.team.catchup.position import Position, PositionFile
from gnomon.team.catchup.runs import items, run_news
from gnomon.team.catchup.writings import Reader, WritingNews
from gnomon.team.people.views import people
from gnomon.team.writing import views
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People

MOST = 8  # items of a part
_DATA_COLUMNS = ("", "name", "number", "created", "writer", "red")


def catch_up(
    record: Record, *, position: Position | None = None, now: float | None = None
) -> tuple[CatchUp, Position]:
    """Return what is new for who speaks with this device, and the position of having seen it (`seen` keeps it).

    `position` is how far they have read: the one that was kept unless given.
    """
    now = time.time() if now is None else now
    if position is None:
        position = PositionFile(record.home).latest(now)
    members = people(record)
    reader = _reader(record, members, position)
    writings = WritingNews(record, reader, members)
    runs = run_news(record, position, frozenset(reader.writers))
    broken, added, data_seen = _data(record, position, members)
    red, made, checks_seen = check_news(record, position, members)
    parts = [_waiting(name, found) for name, found in writings.waiting.items()]
    parts += writings.parts(MOST)
    if reader.person is not None:
        parts.append(_waiting("changed", _changed(record, reader.person, now)))
    failed = items(runs.failed[:MOST], record, members) + red[:MOST] + broken[:MOST]
    more = sum(max(0, len(found) - MOST) for found in (runs.failed, red, broken))
    parts.append(Part("failed", failed, more))
    finished = items(runs.finished[:MOST], record, members)
    parts.append(Part("finished", finished, max(0, len(runs.finished) - MOST)))
    rest = {**writings.rest, "check": made, "data": added, "began": runs.began, "touched": runs.touched}
    parts.append(Part("rest", _rest(rest)))
    order = list(TITLES)
    shown = sorted((one for one in parts if one.items), key=lambda one: order.index(one.name))
    name = reader.person.name if reader.person is not None else None
    is_due = reader.person is not None and _update_is_due(record, reader.person, now)
    found = CatchUp(name, position.at, now, shown, is_due)
    return found, _moved(position, now, writings.seen, runs.seen, data_seen, checks_seen)


def _reader(record: Record, members: People, position: Position) -> Reader:
    writer = own_writer(record.home.env)
    person = members.of_writer(writer) if writer is not None else None
    if person is not None:
        return Reader(person, frozenset(person.writers), position)
    return Reader(None, frozenset([writer] if writer is not None else []), position)


def _moved(position: Position, now: float, *seen: Mapping[str, float]) -> Position:
    """Return the position of having seen all of this, too."""
    writers = dict(position.writers)
    for times in seen:
        for writer, at in times.items():
            writers[writer] = max(at, writers.get(writer, 0.0))
    return Position(now, writers, 0.0)


def seen(record: Record, position: Position) -> None:
    """Keep that the reader has seen all up to a position. Raises OSError where their folder cannot be written."""
    PositionFile(record.home).keep(position)


# ---------------------------------------------------------------- what waits


def _waiting(name: str, found: list[Item]) -> Part:
    """Return a part of what waits: what is due first, then what is new, then the latest."""
    ordered = sorted(found, key=lambda one: (one.due or float("inf"), not one.is_new, -one.time))
    return Part(name, ordered[:MOST], max(0, len(ordered) - MOST))


def _changed(record: Record, reader: Person, now: float) -> list[Item]:
    """Return the reader's decisions whose evidence changed."""
    from gnomon.team.decisions.views import changed

    return [
        Item(
            one.decision.label, f"{one.decision.title}: {one.standing.sentence}", "",
            one.standing.since or one.decision.changed_at, href=f"/decision/{one.decision.id}",
        )
        for one in changed(record, reader.writers, now=now)
        if one.standing is not None
    ]  # fmt: skip


def _update_is_due(record: Record, reader: Person, now: float) -> bool:
    from gnomon.team.updates.actions import is_due

    return is_due(record, reader, now)


# ---------------------------------------------------------------- data, and what is only counted


def _data(record: Record, position: Position, members: People) -> tuple[list[Item], int, dict[str, float]]:
    """Return the contracts that were broken lately, how many versions were added, and the latest time of each writer."""
    index = record.replica.index
    broken: list[Item] = []
    added, seen = 0, dict[str, float]()
    if "data" not in index.types():
        return broken, added, seen
    table = index.columns("data", _DATA_COLUMNS)
    for version, name, number, created, writer, red in zip(
        *(table[key] for key in _DATA_COLUMNS), strict=True
    ):
        if name is None:
            continue
        whose, at = str(writer or ""), (created or 0) / 1e6
        seen[whose] = max(at, seen.get(whose, 0.0))
        added += position.is_new(whose, at)
        for who, time_us in zip(red[::2], red[1::2], strict=False) if isinstance(red, list) else ():
            at = time_us / 1e6
            seen[who] = max(at, seen.get(who, 0.0))
            if position.is_new(who, at):
                label, by = f"data:{name}@v{number}", views.who(members, who)
                broken.append(Item(label, "breaks its contract", by, at, href=f"/data/{name}/{version}"))
    return sorted(broken, key=lambda one: -one.time), added, seen


_NOUNS = {
    "began": ("run that began", "runs that began"),
    "touched": ("run with a new note, tag or name", "runs with a new note, tag or name"),
    "data": ("new version of data", "new versions of data"),
    "check": ("new check", "new checks"),
    **{kind.type: (kind.noun, kind.plural) for kind in KINDS.values()},
}


def _rest(counts: Mapping[str, int]) -> list[Item]:
    """Return what is only counted."""
    return [
        Item(name, text.count(number, *_NOUNS[name]), "", 0.0) for name, number in counts.items() if number
    ]
