"""What is new about what people wrote, and what of it waits for the reader: one pass over a few columns of a kind.

Only what is shown is read whole, so the pass costs the same whether ten writings are new or a hundred thousand.
"""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.catchup.news import Item, Part
from gnomon.team.catchup.told import NOTHING, Telling, Told
from gnomon.team.reviews.views import has_verdict
from gnomon.team.writing import views
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.catchup.position import Position
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Row

_COLUMNS = ("number", "changes", "open", "to", "writer")


class Reader(NamedTuple):
    """Who looks: the member, None for one whom the record does not know; their devices; how far they have read."""

    person: Person | None
    writers: Collection[str]
    position: Position


class _New(NamedTuple):
    """A writing of which something is new: its place in the index, since when, and who did it."""

    kind: str
    place: int
    at: float
    whose: tuple[str, ...]


class WritingNews:
    """What one pass over all kinds finds. `rest` counts, by kind, what is new and in no part; `seen` is as in `RunNews`."""

    def __init__(self, record: Record, reader: Reader, members: People) -> None:
        self.rest: dict[str, int] = {}
        self.seen: dict[str, float] = {}
        self.waiting: dict[str, list[Item]] = {"accept": [], "asked": [], "blocked": []}
        self._record, self._reader, self._members = record, reader, members
        self._yours: list[_New] = []
        self._decided: list[_New] = []
        for kind in KINDS:
            self._look_at(kind)

    def parts(self, most: int) -> list[Part]:
        """Return the answers to the reader and the decisions: the latest first, and how many more there are."""
        found = []
        for name, news in (("yours", self._yours), ("decided", self._decided)):
            latest = nlargest(most, news, key=lambda one: one.at)
            if latest:
                found.append(Part(name, self._items(latest), len(news) - len(latest)))
        return found

    def _look_at(self, kind: str) -> None:
        index = self._record.replica.index
        if kind not in index.types():
            return
        table = index.columns(kind, _COLUMNS)
        reader, rest = self._reader, 0
        waiting: dict[int, bool] = {}
        for place, (number, changes, is_open, to, writer) in enumerate(
            zip(*(table[key] for key in _COLUMNS), strict=True)
        ):
            if number is None:
                continue
            new = self._new(changes)
            if is_open and to and reader.person is not None and reader.person.id in to:
                waiting[place] = new is not None
            elif new is None:
                continue
            elif writer in reader.writers:
                self._yours.append(_New(kind, place, *new))
            elif kind == "decision":
                self._decided.append(_New(kind, place, *new))
            else:
                rest += 1
        self.rest[kind] = rest + self._wait(kind, waiting)

    def _new(self, changes: object) -> tuple[float, tuple[str, ...]] | None:
        """Return since when something of a writing is new, and by whom, others than the reader; None for nothing.

        Takes note of the times of all who changed it.
        """
        if not isinstance(changes, list):
            return None
        seen, mine, position = self.seen, self._reader.writers, self._reader.position
        whose: tuple[str, ...] = ()
        latest = 0.0
        for writer, time_us in zip(changes[::2], changes[1::2], strict=False):
            at = time_us / 1e6
            if at > seen.get(writer, 0.0):
                seen[writer] = at
            if writer not in mine and position.is_new(writer, at):
                whose += (writer,)
                latest = max(latest, at)
        return (latest, whose) if whose else None

    def _wait(self, kind: str, waiting: dict[int, bool]) -> int:
        """Sort what waits into its parts; return how many are new and do not wait: reviews that have the reader's verdict."""
        person, rest = self._reader.person, 0
        rows = views.rows_at(self._record.replica.index, kind, list(waiting)) if waiting else []
        telling = Telling(self._record, self._reader.position, self._members, rows)
        for row, is_new in zip(rows, waiting.values(), strict=True):
            part = "accept"
            if kind != "handoff":
                writing = views.Writing(self._record, row.kind, row.id, row.label)
                part = "blocked" if writing.fields.get("blocks") else "asked"
                if kind == "review" and person is not None and has_verdict(writing, person):
                    rest += is_new
                    continue
            told = telling.of_waiting(row)
            self.waiting[part].append(_item(row, self._members, [row.writer], is_new=is_new, told=told))
        return rest

    def _items(self, news: Sequence[_New]) -> list[Item]:
        """Return new writings as items, in their order."""
        by_kind: dict[str, list[int]] = {}
        for one in news:
            by_kind.setdefault(one.kind, []).append(one.place)
        index = self._record.replica.index
        rows = {
            (kind, place): row
            for kind, places in by_kind.items()
            for place, row in zip(places, views.rows_at(index, kind, places), strict=True)
        }
        tell = Telling(self._record, self._reader.position, self._members, list(rows.values())).of
        return [
            _item(row, self._members, one.whose, told=tell(row, one.whose))
            for one in news
            if (row := rows[one.kind, one.place])
        ]


def _item(
    row: Row, members: People, whose: Iterable[str], *, is_new: bool = True, told: Told = NOTHING
) -> Item:
    names = ", ".join(dict.fromkeys(views.who(members, one, row.author) for one in whose))
    return Item(
        row.label, f"{row.title}{told.text}", names, row.changed, is_new, row.due, f"/{row.kind.type}/{row.id}",
        told.is_told,
    )  # fmt: skip
