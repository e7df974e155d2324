"""The draft of a hand-off: what is open for the receiver, found in the record, as a text of one screen.

Taken: runs of the giver that go on, and whether they end before the receiver's morning; runs of theirs that failed and were not
made good; checks that fail, data that breaks its contract; what waits for the receiver: decisions, questions, reviews, hand-offs;
problems that the giver reported; what the giver's runs of the day can and cannot tell; what to watch. Left out: what is settled,
and what waits for others.

Always true: each line begins with a reference, so whoever reads it can look; nothing is claimed that the record does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.checks.result import FAIL
from gnomon.errors import GnomonError
from gnomon.runs.state import OPEN
from gnomon.team.catchup.runs import FAILED, stem
from gnomon.team.people import clock
from gnomon.team.reviews.views import has_verdict
from gnomon.team.writing import views
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person

MOST_OPEN = 36  # items in all, so that it stays one screen; what is only told goes first
MOST_TOLD = 3
MOST_COMPARED = 2
LOOKS_BACK_S = 3 * 86_400.0
_COLUMNS = ("", "name", "group", "status", "created", "ended", "writer", "removed")
SECTIONS = (
    "Running",
    "Failed",
    "Waits for you",
    "Still open",
    "What was tried",
    "Watch out",
    "Not seen by you yet",
)


class OpenItem(NamedTuple):
    """One thing that is open: its reference, what to know about it, and the subject (`run:<id>`), None for what is only told."""

    what: str
    said: str
    subject: str | None = None


@dataclass
class Section:
    """A heading and its items; `more` are left out."""

    title: str
    items: list[OpenItem] = field(default_factory=list)
    more: int = 0


@dataclass
class Draft:
    """What a hand-off would say. `morning` is when the receiver next begins to work, None where they said no hours."""

    giver: Person
    receiver: Person
    since: float
    now: float
    morning: float | None
    sections: list[Section]

    @property
    def subjects(self) -> list[str]:
        """What is open, as subjects of the record (`run:<id>`), without what is only told."""
        return [item.subject for one in self.sections for item in one.items if item.subject is not None]

    def markdown(self) -> str:
        """Return it as a text: a heading for each section that holds something."""
        lines: list[str] = []
        for section in self.sections:
            if not section.items:
                continue
            lines += [f"## {section.title}", ""]
            lines += [f"- {one.what}{': ' if one.said else ''}{one.said}" for one in section.items]
            if section.more:
                lines.append(f"- and {section.more:,} more")
            lines.append("")
        return "\n".join(lines).rstrip() or "Nothing is open."


def draft(
    record: Record, giver: Person, receiver: Person, *, since: float | None = None, now: float
) -> Draft:
    """Return the draft of a hand-off. `since` is as `last_given` says."""
    record.replica.update(record.progress)
    if since is None:
        since = last_given(record, giver, receiver, now)
    morning = clock.next_morning(receiver, now)
    rows = {kind: views.rows(record, kind) for kind in KINDS}
    runs = _rows_of_runs(record)
    mine = frozenset(giver.writers)
    found = [
        Section("Running", list(_running(record, runs, mine, morning, now))),
        Section("Failed", [*_failed(record, runs, mine, since), *_failed_checks(record), *_broken(record)]),
        Section("Waits for you", list(_waiting(record, rows, receiver))),
        Section("Still open", list(_open(rows, mine))),
        Section("What was tried", list(_tried(record, runs, mine, since))),
        Section("Watch out", list(_watch(record, giver))),
        Section("Not seen by you yet", list(_unread(rows, runs, receiver, mine))),
    ]
    _cut(found)
    return Draft(giver, receiver, since, now, morning, found)


def _cut(sections: Sequence[Section]) -> None:
    """Keep it to one screen: of the longest section the last item goes, as long as there are too many."""
    for section in sections:
        if not any(item.subject is not None for item in section.items):
            section.items = section.items[:MOST_TOLD]
    while sum(len(section.items) for section in sections) > MOST_OPEN:
        longest = max(sections, key=lambda section: len(section.items))
        longest.items.pop()
        longest.more += 1


def last_given(record: Record, giver: Person, receiver: Person, now: float) -> float:
    """Return when a member last handed off to this receiver, or three days ago, whichever is later.

    What somebody else was given tells this receiver nothing, nor does a hand-off that was taken back or declined by anybody: who
    gets their first one hears of all three days.
    """
    given = [
        row.created
        for row in views.rows(record, "handoff")
        if row.writer in giver.writers and receiver.id in row.to and row.created > now - LOOKS_BACK_S
        and _still_stands(views.Writing(record, row.kind, row.id, row.label))
    ]  # fmt: skip
    return max([now - LOOKS_BACK_S, *given])


def _still_stands(handoff: views.Writing) -> bool:
    return all(one.state in ("offered", "accepted") for one in handoff.moves)


# ---------------------------------------------------------------- runs


def _rows_of_runs(record: Record) -> list[dict[str, Any]]:
    """Return the runs that are not hidden, the newest first, with what a hand-off looks at."""
    index = record.replica.index
    if "run" not in index.types():
        return []
    table = index.columns("run", _COLUMNS)
    record.tell_liveness(table, [str(run) for run in table[""]])
    rows = [
        dict(zip(_COLUMNS, values, strict=True))
        for values in zip(*(table[key] for key in _COLUMNS), strict=True)
    ]
    return sorted((row for row in rows if not row["removed"]), key=lambda row: -(row["created"] or 0))


def _running(
    record: Record, runs: Sequence[dict[str, Any]], mine: frozenset[str], morning: float | None, now: float
) -> Iterator[OpenItem]:
    """Yield the giver's runs that go on, with when they end."""
    for row in runs:
        if row["writer"] in mine and row["status"] in (OPEN, "running", "unknown"):
            said = f"{_called(row)}; {_end(record, row[''], morning, now)}"
            yield OpenItem(f"run:{row[''][:8]}", said, f"run:{row['']}")


def _end(record: Record, run: str, morning: float | None, now: float) -> str:
    """Return when a run ends, in words; or why nobody can tell."""
    from gnomon.runs.forecast.eta import eta

    found = eta(record, run, now)
    if found.low is None or found.high is None:
        return found.basis
    words = f"ends {text.timestamp(found.low)} to {text.timestamp(found.high)} ({found.level:.0%})"
    if morning is not None:
        chance = found.ends_before(morning)
        if chance is not None:
            words += f", before your morning: {chance:.0%}"
    return words


def _failed(
    record: Record, runs: Sequence[dict[str, Any]], mine: frozenset[str], since: float
) -> Iterator[OpenItem]:
    """Yield the giver's runs that failed since, unless a later one of the same group or name finished: that made it good."""
    from gnomon.runs.failures import reason
    from gnomon.runs.run_view import RunView

    made_good: set[str] = set()
    told: dict[str, list[dict[str, Any]]] = {}
    for row in runs:  # the newest first
        key = str(row["group"] or stem(row["name"]) or row[""])
        if row["status"] == "finished":
            made_good.add(key)
        elif row["status"] in FAILED and row["writer"] in mine and key not in made_good and _at(row) > since:
            told.setdefault(key, []).append(row)
    for several in told.values():
        newest = several[0]
        error, said = reason(RunView(record, newest[""]))
        why = text.cut(": ".join(filter(None, (error, said))), 100)
        more = f" ({len(several)} of its kind)" if len(several) > 1 else ""
        said = f"{_called(newest)} {newest['status']}{more}{': ' if why else ''}{why}"
        yield OpenItem(f"run:{newest[''][:8]}", said, f"run:{newest['']}")


def _at(row: dict[str, Any]) -> float:
    """Return when a run ended, or began where nobody knows, seconds since 1970 UTC."""
    return float(row["ended"] or row["created"] or 0) / 1e6


def _called(row: dict[str, Any]) -> str:
    return f"`{text.cut(text.clean(str(row['name'])), 60)}`" if row["name"] else "a run"


def _failed_checks(record: Record) -> Iterator[OpenItem]:
    """Yield the checks that fail now: of each name the newest, whatever it is about."""
    from gnomon.checks.views import checks

    newest = {one.name: one for one in reversed(checks(record))}
    for one in sorted(newest.values(), key=lambda one: -one.created):
        if one.verdict == FAIL:
            yield OpenItem(
                one.label, f"{one.name} fails: {one.sentence.partition(': ')[2]}", f"check:{one.id}"
            )


def _broken(record: Record) -> Iterator[OpenItem]:
    """Yield the newest versions of data sets that break a contract now."""
    index = record.replica.index
    if "data" not in index.types():
        return
    table = index.columns("data", ["", "name", "number", "red"])
    newest: dict[str, tuple[int, str, object]] = {}
    for version, name, number, red in zip(*table.values(), strict=True):
        if name is not None and isinstance(number, int) and number >= newest.get(str(name), (0, "", None))[0]:
            newest[str(name)] = (number, str(version), red)
    for name, (number, version, red) in sorted(newest.items()):
        if red:
            yield OpenItem(f"data:{name}@v{number}", "breaks its contract", f"data:{version}")


# ---------------------------------------------------------------- what people wrote


def _waiting(record: Record, rows: dict[str, list[views.Row]], receiver: Person) -> Iterator[OpenItem]:
    """Yield what waits for the receiver: decisions, questions, reviews, hand-offs."""
    for kind in ("question", "review", "decision", "handoff"):
        for row in rows[kind]:
            if not row.is_open or receiver.id not in row.to:
                continue
            if kind == "review" and has_verdict(views.Writing(record, row.kind, row.id, row.label), receiver):
                continue
            until = f", due {text.timestamp(row.due)}" if row.due is not None else ""
            yield OpenItem(row.label, f"{row.title}{until}", row.subject)


def _open(rows: dict[str, list[views.Row]], mine: frozenset[str]) -> Iterator[OpenItem]:
    """Yield the problems that the giver reported and nobody solved, and decisions of theirs that nobody is named to take."""
    for row in rows["problem"]:
        if row.is_open and row.writer in mine:
            yield OpenItem(row.label, row.title, row.subject)
    for row in rows["decision"]:
        if row.is_open and row.writer in mine and not row.to:
            yield OpenItem(row.label, f"{row.title} (proposed, nobody is named)", row.subject)


def _unread(
    rows: dict[str, list[views.Row]], runs: Sequence[dict[str, Any]], receiver: Person, mine: frozenset[str]
) -> Iterator[OpenItem]:
    """Yield how much the giver wrote since the receiver last did anything here. What somebody reads stays with them."""
    last = max(
        [
            at
            for several in rows.values()
            for row in several
            for who, at in row.changes
            if who in receiver.writers
        ]
        + [(row["created"] or 0) / 1e6 for row in runs if row["writer"] in receiver.writers],
        default=0.0,
    )
    if not last:
        return
    for kind, several in rows.items():
        new = [
            row for row in several if row.created > last and row.writer in mine and receiver.id not in row.to
        ]
        if new:
            shown = ", ".join(row.label for row in new[:3])
            yield OpenItem(
                text.count(len(new), kind, KINDS[kind].plural), f"{shown}{', …' if len(new) > 3 else ''}"
            )


# ---------------------------------------------------------------- what was tried


def _tried(
    record: Record, runs: Sequence[dict[str, Any]], mine: frozenset[str], since: float
) -> Iterator[OpenItem]:
    """Yield what the giver's runs since can tell, as an honest comparison of their groups says it."""
    from gnomon.runs.groups.definition import seed_groups
    from gnomon.runs.news import telling_metrics

    fresh = {row[""] for row in runs if row["writer"] in mine and (row["ended"] or 0) / 1e6 > since}
    if not fresh:
        return
    groups = [group for group in seed_groups(record) if len(group.runs) > 1 and fresh & set(group.runs)]
    metrics = telling_metrics(record)[:MOST_COMPARED] if len(groups) > 1 else []
    for key in metrics:
        metric = key.removeprefix("metrics.")
        try:
            found = record.compare_groups(metric, groups=[group.name for group in groups])
        except GnomonError:
            continue  # a metric that these groups lack, or a name that several have: there is nothing to tell
        yield OpenItem(text.count(len(groups), "group"), found.sentence)


def _watch(record: Record, giver: Person) -> Iterable[OpenItem]:
    """Return the giver's decisions whose evidence changed."""
    from gnomon.team.decisions.views import changed

    return [
        OpenItem(
            one.decision.label,
            f"{one.decision.title}: {one.standing.sentence}",
            f"decision:{one.decision.id}",
        )
        for one in changed(record, giver.writers)
        if one.standing is not None
    ]
