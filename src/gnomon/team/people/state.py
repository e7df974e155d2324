"""The state of a member: the fold of its entries.

Always true: the fold is pure, gives the same for every order of arrival, and never raises, whatever a body holds; an odd body is
as if it had not been said. It asks no time zone database, so it is the same on every machine. What two people said apart
stays: names in `names`, schedules of one date in `choices`, days off beside each other; the latest is shown.
Entries: `team.people.entries`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import checked
from gnomon.team.people import entries
from gnomon.team.people.hours import days_text, hours_text, read_days, read_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 2
MAX_NAME = 100
MAX_WHY = 200
MAX_UID = 200
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,3}", re.ASCII)
_MAX_ZONE = 64
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def fold_member(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a member as plain JSON-like values; its `name` is None where nobody says it."""
    of_kind = fold.by_kind(live)
    named = of_kind.get(entries.NAMED, ())
    names = _last_of_each(_name(entry.body.get("name")) for entry in named)
    return {
        "name": names[-1] if names else None,
        "names": names,
        "name_heads": [entry.hash for entry in named],
        "schedule": _schedule(of_kind.get(entries.WORKS, ())),
        "away": _away(of_kind.get(entries.AWAY, ())),
        "claims": _claims(of_kind.get(entries.CLAIMED, ())),
        "asked": _asked(of_kind.get(entries.ASKED, ())),
        "asked_heads": [entry.hash for entry in of_kind.get(entries.ASKED, ())],
    }


def _name(value: object) -> str | None:
    name = checked.text(value)
    return str(checked.cell(name.strip(), MAX_NAME)) if name is not None and name.strip() else None


def _last_of_each(values: Iterable[str | None]) -> list[str]:
    """Return different texts, each where it stood last."""
    found: dict[str, None] = {}
    for value in values:
        if value is not None:
            found.pop(value, None)
            found[value] = None
    return list(found)


def _schedule(said: Sequence[LiveEntry]) -> list[dict[str, object]]:
    """Return, for each date from which something holds, what was said of it; the earliest date first."""
    choices: dict[str, dict[tuple[str, str, str], None]] = {}
    heads: dict[str, list[str]] = {}
    for entry in said:
        since, works = entry.body.get("from"), _works(entry.body)
        if works is None or not (since is None or is_date(since)):
            continue
        key = str(since or "")
        of_date = choices.setdefault(key, {})
        of_date.pop(works, None)
        of_date[works] = None
        heads.setdefault(key, []).append(entry.hash)
    return [
        {
            "from": key or None,
            "choices": [dict(zip(("zone", "hours", "days"), works, strict=True)) for works in choices[key]],
            "heads": heads[key],
        }
        for key in sorted(choices)
    ]


def _works(body: Mapping[str, object]) -> tuple[str, str, str] | None:
    """Return (zone, hours, days), each in its one form; None for what cannot be read."""
    zone, hours, days = (checked.text(body.get(key)) for key in ("zone", "hours", "days"))
    if zone is None or hours is None or days is None or not is_zone_name(zone):
        return None
    try:
        return zone, hours_text(read_hours(hours)), days_text(read_days(days))
    except BadArgumentError:
        return None


def is_zone_name(text: str) -> bool:
    """Return whether a text can be the name of a time zone; whether there is one, only a database can tell."""
    return len(text) <= _MAX_ZONE and ZONE.fullmatch(text) is not None


def is_date(value: object) -> bool:
    """Return whether a value is a date as text, `2026-12-24`, of the years 1900 to 9000."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        return 1900 <= date.fromisoformat(value).year <= 9000
    except ValueError:
        return False


def _away(said: Sequence[LiveEntry]) -> list[dict[str, object]]:
    """Return days off by uid. What was said apart of one uid has a row each; all have the same heads."""
    rows: dict[str, dict[tuple[str, str, str, str], None]] = {}
    heads: dict[str, list[str]] = {}
    for entry in said:
        body = entry.body
        uid, first, last = (body.get(key) for key in ("uid", "first", "last"))
        if not isinstance(uid, str) or not 0 < len(uid) <= MAX_UID or not (is_date(first) and is_date(last)):
            continue
        if str(first) > str(last):
            continue
        why, source = (checked.text(body.get(key)) or "" for key in ("why", "source"))
        row = (str(first), str(last), str(checked.cell(why, MAX_WHY)), str(checked.cell(source, MAX_UID)))
        rows.setdefault(uid, {})[row] = None
        heads.setdefault(uid, []).append(entry.hash)
    keys = ("first", "last", "why", "source")
    return [
        {"uid": uid, **dict(zip(keys, row, strict=True)), "heads": heads[uid]}
        for uid in sorted(rows)
        for row in sorted(rows[uid])
    ]


def _claims(said: Sequence[LiveEntry]) -> dict[str, list[object]]:
    """Return the latest claim of each writer: [time in microseconds, hash]."""
    found: dict[str, list[object]] = {}
    for entry in said:  # by (time, hash)
        found[entry.writer] = [entry.time_us, entry.hash]
    return {writer: found[writer] for writer in sorted(found)}


def _asked(said: Sequence[LiveEntry]) -> list[list[object]]:
    """Return what stands of whether the member may be asked: [writer, true or false]. `person_from` says who counts."""
    return [
        [entry.writer, entry.body["asked"]] for entry in said if isinstance(entry.body.get("asked"), bool)
    ]


def cells(member: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a member."""
    assert isinstance(state, dict)  # `fold_member` made it  # noqa: S101
    if state["name"] is None:
        return {}
    latest = state["schedule"][-1]["choices"][-1] if state["schedule"] else {}
    return {"name": state["name"], **latest}


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a member by."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    for name in state["names"]:
        yield "name", name


FEATURE = Feature(
    entries.TYPE,
    kinds={
        entries.NAMED: "a member was given a name",
        entries.WORKS: "when and where a member works, from a date on",
        entries.AWAY: "a member has days off",
        entries.BACK: "days off, or a part of a schedule, were taken back",
        entries.CLAIMED: "a device speaks for a member",
        entries.ASKED: "a member said whether they may be named as somebody to ask",
    },
    fold=fold_member,
    cells=cells,
    texts=texts,
    export="gnomon.team.people.exporting:part_of",
    version=FOLD_VERSION,
)
