"""What people do with members: say who they are and when they work, add a teammate, note days off, take them back.

Always true: when one of these returns, the entries are on the disk. Each goes over all that was seen of what it changes, so it
settles what people said apart, and leaves what it did not see. Saying the same again writes nothing. Of several things that are
said at once (`Saying`), none is written where one of them is refused.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, NotStoredError
from gnomon.session import session_for
from gnomon.team.people import entries
from gnomon.team.people.clock import local_date, local_zone
from gnomon.team.people.hours import DEFAULT_DAYS, DEFAULT_HOURS, days_text, hours_text, read_days, read_hours
from gnomon.team.people.person import Person
from gnomon.team.people.state import MAX_NAME, MAX_UID, MAX_WHY, is_date
from gnomon.team.people.views import me, people
from gnomon.team.people.zones import checked_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Away

_ME = "me"
_UID_BYTES = 8
NEW, TAKEN_OVER, RENAMED, SAME = "new", "taken over", "renamed", "same"


class Became(NamedTuple):
    """Who speaks on this device now, and how that came: NEW, TAKEN_OVER, RENAMED, or SAME where it was so already."""

    person: Person
    how: str


class _Line(NamedTuple):
    kind: str
    member: str
    body: dict[str, object]
    over: tuple[str, ...] = ()


# ---------------------------------------------------------------- several things at once


class Saying:
    """What is about to be said of one member. Each act is checked when it is added; `write` writes them all.

    `person` is the member as it is before, of a new one an id and a name; `how` is as in `Became`.
    """

    def __init__(self, record: Record, person: Person, how: str = SAME, lines: Iterable[_Line] = ()) -> None:
        self.person, self.how = person, how
        self._record, self._lines = record, list(lines)

    def works(
        self, *, zone: str | None = None, hours: str | None = None, days: str | None = None, since: date | None = None
    ) -> None:  # fmt: skip
        """Say when and where they work; see `works`."""
        record, person = self._record, self.person
        if since is not None and not is_date(since.isoformat()):
            raise BadArgumentError(
                f"a schedule begins in one of the years 1900 to 9000; got {since.isoformat()}"
            )
        if since is None and person.schedule:
            now = record.home.env.time_ns() / 1e9
            since = local_date(checked_zone(zone) if zone else local_zone(person, now), now)
        before = person.works_on(since or date.min)
        if zone is None and before is None:
            raise BadArgumentError(
                f"the time zone of {person.name} is not known", hint="`--zone Europe/Berlin` says it"
            )
        body: dict[str, object] = {
            "zone": checked_zone(zone) if zone is not None else before.zone if before is not None else None,
            "hours": hours_text(read_hours(hours))
            if hours is not None
            else before.hours
            if before is not None
            else DEFAULT_HOURS,
            "days": days_text(read_days(days))
            if days is not None
            else before.week
            if before is not None
            else DEFAULT_DAYS,
        }
        row = _row_from(record, person, since)
        if row is not None and row["choices"] == [body]:
            return
        body["from"] = since.isoformat() if since is not None else None
        heads = tuple(row["heads"]) if row is not None else ()
        self._lines.append(_Line(entries.WORKS, person.id, body, heads))

    def no_longer_works(self, since: date) -> None:
        """Take a part of the schedule back; see `no_longer_works`."""
        person = self.person
        row = _row_from(self._record, person, since)
        if row is None:
            known = ", ".join(str(one.from_ or "since ever") for one in person.schedule) or "nothing is said"
            raise BadArgumentError(
                f"no schedule of {person.name} begins on {since.isoformat()}",
                hint=f"those there are begin: {known}",
            )
        self._lines.append(_Line(entries.BACK, person.id, {}, tuple(row["heads"])))
        rest = tuple(one for one in person.schedule if one.from_ != since)
        self.person = replace(person, schedule=rest)

    def can_be_asked(self, *, is_yes: bool) -> None:
        """Say whether they may be named as somebody to ask; see `can_be_asked`."""
        person, mine = self.person, me(self._record)
        is_own = any(line.kind == entries.CLAIMED for line in self._lines)
        if not is_own and (mine is None or mine.id != person.id):
            raise BadArgumentError(
                f"only {person.name} can say whether {person.name} may be asked",
                hint="`gnomon me --can-be-asked` on a device of theirs says it",
            )
        asked, heads = [], []
        if self.how != NEW:
            state = _state(self._record, person.id)
            asked, heads = state["asked"], state["asked_heads"]
        if len(asked) == 1:
            ((writer, said),) = asked
            if writer in person.writers and said is is_yes:
                return
        self._lines.append(_Line(entries.ASKED, person.id, {"asked": is_yes}, tuple(heads)))

    def write(self) -> Person:
        """Write all of it, bring it to the disk, and return the member as it is then."""
        if not self._lines:
            return self.person
        return _written(self._record, self.person.id, self._lines)


# ---------------------------------------------------------------- who


def add(record: Record, name: str) -> Person:
    """Add a member who has no device yet. Raises BadArgumentError where somebody is called so already."""
    return adding(record, name).write()


def adding(record: Record, name: str) -> Saying:
    """Return what is said to add a member; nothing is written yet. Raises as `add`."""
    name = checked_name(name)
    known = people(record).named(name)
    if known:
        raise BadArgumentError(
            f"there is a member `{known[0].name}` already (`member:{known[0].id[:8]}`)",
            hint="a full name tells two people apart",
        )
    return _new(record, name)


def _new(record: Record, name: str, *, is_claimed: bool = False) -> Saying:
    member = secrets.token_hex(entries.MEMBER_ID_BYTES)
    lines = [_Line(entries.NAMED, member, {"name": name})]
    lines += [_Line(entries.CLAIMED, member, {})] if is_claimed else []
    return Saying(record, Person(member, name), NEW, lines)


def become(record: Record, name: str, *, new: bool = False) -> Became:
    """Say who speaks on this device: the member that it has is renamed; else one of that name is taken over, or made.

    The one member of that name for whom no device speaks is taken over. `new` makes another, whoever is called so. Raises
    BadArgumentError where somebody else is called so, AmbiguousIdError where several are whom no device speaks for.
    """
    saying = becoming(record, name, new=new)
    return Became(saying.write(), saying.how)


def becoming(record: Record, name: str, *, new: bool = False) -> Saying:
    """Return what is said to become a member; nothing is written yet. Raises as `become`."""
    name = checked_name(name)
    mine = me(record)
    namesakes = [one for one in people(record).named(name) if mine is None or one.id != mine.id]
    if new:
        return _new(record, name, is_claimed=True)
    if mine is not None:
        if namesakes:
            raise _taken(namesakes)
        return _renaming(record, mine, name)
    free = [one for one in namesakes if not one.is_claimed]
    if len(free) > 1:
        ids = ", ".join(f"`member:{one.id[:8]}`" for one in free)
        raise AmbiguousIdError(
            f"{len(free)} members are called `{name}`: {ids}",
            hint="`--as ID` says which one you are; `--new` makes another",
        )
    if free:
        claimed = speaking_for(record, free[0])
        claimed.how = TAKEN_OVER
        return claimed
    if namesakes:
        raise _taken(namesakes)
    return _new(record, name, is_claimed=True)


def _taken(namesakes: list[Person]) -> BadArgumentError:
    whom = f"member:{namesakes[0].id[:8]}"
    return BadArgumentError(
        f"there is a member `{namesakes[0].name}` already (`{whom}`)",
        hint=f"`--as {whom}` if that is you, on another device; `--new` if you have the same name",
    )


def speak_for(record: Record, person: Person) -> Person:
    """Have this device speak for a member, and for no other from now on."""
    return speaking_for(record, person).write()


def speaking_for(record: Record, person: Person) -> Saying:
    """Return what is said to speak for a member; nothing is written yet."""
    known = me(record)
    if known is not None and known.id == person.id:
        return Saying(record, known)
    return Saying(record, person, lines=[_Line(entries.CLAIMED, person.id, {})])


def rename(record: Record, person: Person, name: str) -> Became:
    """Give a member another name; it settles names that were given apart."""
    saying = _renaming(record, person, checked_name(name))
    return Became(saying.write(), saying.how)


def _renaming(record: Record, person: Person, name: str) -> Saying:
    if (person.name, person.other_names) == (name, ()):
        return Saying(record, person)
    heads = _state(record, person.id)["name_heads"]
    return Saying(record, person, RENAMED, [_Line(entries.NAMED, person.id, {"name": name}, heads)])


def checked_name(name: str) -> str:
    """Return a name as it is kept. Raises BadArgumentError for one that cannot be."""
    name = " ".join(name.split())
    if not name:
        raise BadArgumentError("a member needs a name; this one is empty")
    if len(name) > MAX_NAME:
        raise BadArgumentError(f"the name of a member has at most {MAX_NAME} characters; got {len(name):,}")
    if name.casefold() == _ME or name.startswith(f"{entries.TYPE}:") or not name.isprintable():
        raise BadArgumentError(
            f"a member cannot be called {name!r}",
            hint="`me` and `member:…` have a meaning of their own, and a name is printable text",
        )
    return name


def can_be_asked(record: Record, person: Person, *, is_yes: bool) -> Person:
    """Say whether a member may be named as somebody who can explain a thing. Only they themselves say it.

    Raises BadArgumentError on a device that does not speak for them.
    """
    saying = Saying(record, person)
    saying.can_be_asked(is_yes=is_yes)
    return saying.write()


# ---------------------------------------------------------------- when


def works(
    record: Record, person: Person, *, zone: str | None = None, hours: str | None = None, days: str | None = None,
    since: date | None = None,
) -> Person:  # fmt: skip
    """Say when and where a member works, from a local date on; what is not given stays as it was on that date.

    Without a date: from today in that zone, or since ever where nothing was said yet. Raises BadArgumentError for what cannot be
    read, and where no zone is given and none is known; MissingExtraError where this machine knows no zones.
    """
    saying = Saying(record, person)
    saying.works(zone=zone, hours=hours, days=days, since=since)
    return saying.write()


def no_longer_works(record: Record, person: Person, since: date) -> Person:
    """Take the part of a schedule back that begins on a date; the one before it holds on. Raises BadArgumentError."""
    saying = Saying(record, person)
    saying.no_longer_works(since)
    return saying.write()


def _row_from(record: Record, person: Person, since: date | None) -> dict[str, Any] | None:
    if all(one.from_ != since for one in person.schedule):
        return None
    wanted = since.isoformat() if since is not None else None
    return next((row for row in _state(record, person.id)["schedule"] if row["from"] == wanted), None)


# ---------------------------------------------------------------- days off


def away(record: Record, person: Person, first: date, last: date | None = None, *, why: str = "") -> Person:
    """Note days off: local dates of the member, both included. Raises BadArgumentError."""
    last = last or first
    why = " ".join(why.split())
    if first > last:
        raise BadArgumentError(f"days off end before they begin: {first.isoformat()} to {last.isoformat()}")
    if not (is_date(first.isoformat()) and is_date(last.isoformat())):
        raise BadArgumentError(
            f"days off are in the years 1900 to 9000; got {first.isoformat()} to {last.isoformat()}"
        )
    if len(why) > MAX_WHY:
        raise BadArgumentError(f"the reason for days off has at most {MAX_WHY} characters; got {len(why):,}")
    if any((one.first, one.last, one.why) == (first, last, why) for one in person.away):
        return person
    return _written(record, person.id, [_away_line(person, secrets.token_hex(_UID_BYTES), first, last, why)])


def _away_line(
    person: Person, uid: str, first: date, last: date, why: str, source: str = "", over: Iterable[str] = ()
) -> _Line:
    body: dict[str, object] = {"uid": uid, "first": first.isoformat(), "last": last.isoformat()}
    body |= {key: value for key, value in (("why", why), ("source", source)) if value}
    return _Line(entries.AWAY, person.id, body, tuple(over))


def take_in(record: Record, person: Person, found: Iterable[Away], *, gone: Iterable[str] = ()) -> Person:
    """Note days off that have uids of their own, as those of a calendar do; take back those with the uids in `gone`.

    What is noted so already is left; what has other dates under its uid replaces them. Raises BadArgumentError for a bad uid.
    """
    known = _away_by_uid(record, person)
    lines = []
    for one in found:
        if not 0 < len(one.uid) <= MAX_UID:
            raise BadArgumentError(f"the uid of days off has 1 to {MAX_UID} characters; got {len(one.uid)}")
        rows = known.get(one.uid, [])
        said = [(row["first"], row["last"], row["why"], row["source"]) for row in rows]
        if said != [(one.first.isoformat(), one.last.isoformat(), one.why, one.source)]:
            heads = rows[0]["heads"] if rows else ()
            lines.append(_away_line(person, one.uid, one.first, one.last, one.why, one.source, heads))
    return _written(record, person.id, [*lines, *_back_lines(person, known, gone)])


def back(record: Record, person: Person, uids: Iterable[str]) -> Person:
    """Take days off back, by their uids; those that are not there (any more) are left out."""
    return _written(record, person.id, _back_lines(person, _away_by_uid(record, person), uids))


def _away_by_uid(record: Record, person: Person) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _state(record, person.id)["away"]:
        found.setdefault(row["uid"], []).append(row)
    return found


def _back_lines(
    person: Person, known: Mapping[str, list[dict[str, Any]]], uids: Iterable[str]
) -> list[_Line]:
    heads = [head for uid in dict.fromkeys(uids) if uid in known for head in known[uid][0]["heads"]]
    return [_Line(entries.BACK, person.id, {}, tuple(heads))] if heads else []


# ---------------------------------------------------------------- writing


def _state(record: Record, member: str) -> dict[str, Any]:
    state = record.replica.index.state(entries.TYPE, member)
    assert isinstance(state, dict)  # `fold_member` made it  # noqa: S101
    return state


def _written(record: Record, member: str, lines: Iterable[_Line]) -> Person:
    """Write entries, bring them to the disk, and return the member as it is now."""
    session = session_for(record.path, env=record.home.env)
    for line in lines:
        session.append(line.kind, entries.member_subject(line.member), line.body, over=line.over, strict=True)
    if not session.sync():
        raise NotStoredError(f"entries about a member could not be brought to the disk of `{record.path}`")
    return people(record).by_id[member]
