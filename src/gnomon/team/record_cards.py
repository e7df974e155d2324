"""Cards of versions of data, checks, groups of seeds and members."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from gnomon import text
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.team.cards import AMBIGUOUS, ERASED, MISSING, Card

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.checks.views import Check
    from gnomon.data.views import DataVersion
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.references import Reference

_MOST_METRICS = 6
_MOST_RUNS = 100  # that an address names


def data_cards(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return the cards of these references to versions of data."""
    return _each(references, lambda name: _data_card(record.data(name)))


def check_cards(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return the cards of these references to checks, by id or by name (the newest)."""
    from gnomon.checks.views import check_called

    return _each(references, lambda name: _check_card(check_called(record, name)))


def group_cards(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return the cards of these references to groups of seeds. The groups are formed once, however many are named."""
    from gnomon.runs.groups.definition import find_group, seed_groups

    groups = seed_groups(record)
    return _each(references, lambda name: _group_card(record, find_group(groups, name)))


def member_cards(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return the cards of these references to members."""
    from gnomon.team.people.views import people

    members = people(record)
    return _each(references, lambda name: _member_card(members.called(name)))


def _each(references: Sequence[Reference], made: Callable[[str], Card]) -> list[Card]:
    """Return one card a reference; one for a name that is not there, or means several."""
    found: dict[str, Card] = {}
    for name in dict.fromkeys(one.name for one in references):
        try:
            found[name] = made(name)
        except AmbiguousIdError as error:
            found[name] = Card(name, error.message, state=AMBIGUOUS)
        except (UnknownSubjectError, BadArgumentError) as error:
            found[name] = Card(name, error.message, state=MISSING)
    return [found[one.name] for one in references]


def _data_card(version: DataVersion) -> Card:
    facts = []
    rows = version.state["profile"].get("rows")
    if rows is not None:
        facts.append(text.count(rows, "row"))
    if version.object is not None:
        facts.append(text.size(version.size))
    facts += version.tags
    if version.mark is not None:
        facts.append(version.mark)
    which = version.label.rpartition("@")[2]
    return Card(
        version.label,
        version.message or version.file_name,
        tuple(facts),
        f"/data/{quote(version.name, safe='')}/{quote(which, safe='')}",
        f"data:{version.id}",
        ERASED if version.erased is not None else "found",
    )


def _check_card(one: Check) -> Card:
    facts = (one.verdict, one.sentence.partition(": ")[2])
    return Card(one.label, one.name, facts, f"/check/{one.id}", f"check:{one.id}")


def _group_card(record: Record, group: SeedGroup) -> Card:
    from gnomon.runs.columns import by_use
    from gnomon.runs.groups.spread import Spread
    from gnomon.runs.groups.table import cells_of

    facts = [text.count(group.count.seeds, "seed")]
    facts += [f"{number} {what}" for what, number in group.apart.items()]
    keys = [
        key for key in record.replica.index.keys("run") if key.startswith("metrics.") and "system/" not in key
    ]
    for key in by_use(keys, {})[:_MOST_METRICS]:
        (cell,) = cells_of(record, [group], key)
        if isinstance(cell, Spread) and cell.n:
            facts.append(f"{key.partition('.')[2]} {cell}")
            break
    return Card(group.name, "group of seeds", tuple(facts), _group_path(group))


def _group_path(group: SeedGroup) -> str:
    """Return where a group is shown: among those of its label, or else as the curves of its runs."""
    from gnomon.runs.news import quoted

    if group.label is not None:
        return f"/runs?{urlencode({'by': 'group', 'where': f'group = {quoted(group.label)}'})}"
    return f"/compare?{urlencode([('run', run) for run in group.runs[:_MOST_RUNS]])}"


def _member_card(person: Person) -> Card:
    return Card(person.name, "member", subject=f"member:{person.id}")
