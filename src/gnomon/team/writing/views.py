"""What a person asks about writings of any kind: all of a kind, or the one that a word means.

Always true: a number that two writings have is an error that offers both; nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.ids import is_hex
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gnomon.record.index import Index
    from gnomon.runs.views import Record
    from gnomon.team.cards import Card
    from gnomon.team.people.views import People
    from gnomon.team.references import Reference
    from gnomon.team.writing.earlier import Earlier
    from gnomon.team.writing.kinds import Kind

FEWEST_DIGITS = 4
_COLUMNS = (
    "", "number", "title", "state", "open", "to", "due", "writer", "author", "created", "changes", "comments", "name",
    "texts",
)  # fmt: skip


class Row(NamedTuple):
    """A writing as lists see it. Times are seconds since 1970 UTC; `to` are ids of members, `writer` is a device."""

    kind: Kind
    id: str
    label: str
    number: int
    title: str
    state: str
    is_open: bool
    to: tuple[str, ...]
    due: float | None
    writer: str
    author: str | None
    created: float
    changes: tuple[tuple[str, float], ...]  # writer, when it last said something about it; the latest first
    comments: int
    name: str | None = None  # of a page
    texts: int = 1  # more where it was changed apart and nobody settled it

    @property
    def subject(self) -> str:
        """What entries about it name: `decision:<id>`."""
        return f"{self.kind.type}:{self.id}"

    @property
    def changed(self) -> float:
        """When anything about it was said last, seconds since 1970 UTC."""
        return self.changes[0][1] if self.changes else self.created

    @property
    def changed_by(self) -> str:
        """The device that said it."""
        return self.changes[0][0] if self.changes else self.writer


class Said(NamedTuple):
    """A comment. `part` says which part of the writing or its subject it is about; `time` is when it was first said.

    `others` are what the same comment was changed to apart; `heads` are the entries that a change goes over.
    """

    id: str
    who: str
    writer: str | None
    text: str
    part: str | None
    reply_to: str | None
    time: float
    is_edited: bool
    others: tuple[str, ...]
    heads: tuple[str, ...]


class Move(NamedTuple):
    """What became of a writing: the state, why, who said so and when."""

    state: str
    why: str
    who: str
    writer: str | None
    time: float


class Mark(NamedTuple):
    """What one person put beside a writing, such as a verdict: `value` by name."""

    what: str
    value: Mapping[str, Any]
    who: str
    writer: str | None
    time: float
    hash: str


class Writing:
    """One writing. Everything is read when it is asked for; `id` is its whole id, `label` what people call it."""

    def __init__(self, record: Record, kind: Kind, id: str, label: str) -> None:
        self.record = record
        self.kind = kind
        self.id = id
        self.label = label
        state = record.replica.index.state(kind.type, id)
        self.raw: dict[str, Any] = state if isinstance(state, dict) else {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label} {self.state}>"

    @property
    def number(self) -> int:
        """Its number: 12 of `decision:12`."""
        return int(self.raw["number"])

    @property
    def _shown(self) -> Mapping[str, Any]:
        revisions = self.raw["revisions"]
        return revisions[-1] if revisions else self.raw

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self._shown["title"])

    @property
    def text(self) -> str:
        """What it says, in Markdown."""
        return str(self._shown["text"])

    @property
    def other_texts(self) -> list[tuple[str, str, str]]:
        """What it was changed to apart and nobody settled: (title, text, who) of each."""
        return [(one["title"], one["text"], self._who(one)) for one in self.raw["revisions"][:-1]]

    @property
    def first_text(self) -> tuple[str, str]:
        """What it was called and said when it was opened."""
        return str(self.raw["title"]), str(self.raw["text"])

    @property
    def is_revised(self) -> bool:
        """Whether its text is not the one that it was opened with."""
        return bool(self.raw["revisions"])

    @property
    def text_by(self) -> str:
        """Who wrote the text that is shown: not always who opened it."""
        return self._who(self._shown)

    @property
    def earlier(self) -> list[Earlier]:
        """What it said before, the oldest first: texts, comments and verdicts that others took the place of."""
        from gnomon.team.writing.earlier import earlier

        return earlier(self)

    @property
    def written(self) -> float:
        """When the text that is shown was written, seconds since 1970 UTC."""
        shown = self._shown
        return float(shown.get("time_us", self.raw["created_us"])) / 1e6

    @property
    def created(self) -> float:
        """When it was opened, seconds since 1970 UTC."""
        return float(self.raw["created_us"]) / 1e6

    @property
    def who(self) -> str:
        """Who opened it: the member's name, else the device."""
        return self._who(self.raw)

    @property
    def writer(self) -> str | None:
        """The device on which it was opened."""
        found = self.raw["writer"]
        return str(found) if found is not None else None

    @property
    def state(self) -> str:
        """What became of it: one of `kind.states`."""
        return str(self.raw["state"])

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.kind.is_open(self.state)

    @property
    def moves(self) -> list[Move]:
        """The states that stand, the shown one last; more than one means that people moved it apart."""
        return [
            Move(one["state"], one["why"], self._who(one), one["writer"], one["time_us"] / 1e6)
            for one in self.raw["states"]
        ]

    @property
    def history(self) -> list[Move]:
        """The states that it had before, the oldest first."""
        return [
            Move(one["state"], one["why"], self._who(one), one["writer"], one["time_us"] / 1e6)
            for one in self.raw["history"]
        ]

    @property
    def to(self) -> list[str]:
        """The ids of the members who must act."""
        return list(self.raw["to"])

    @property
    def for_whom(self) -> list[str]:
        """The names of the members who must act."""
        return [name_of(self.people, one) for one in self.to]

    @property
    def due(self) -> float | None:
        """Until when, seconds since 1970 UTC."""
        found = self.raw["due_us"]
        return found / 1e6 if found is not None else None

    @property
    def fields(self) -> Mapping[str, Any]:
        """What its kind keeps beside title and text."""
        found: Mapping[str, Any] = self.raw["fields"]
        return found

    @property
    def comments(self) -> list[Said]:
        """What was said about it, the oldest first."""
        return [
            Said(
                one["id"], self._who(one), one["writer"], one["text"], one["part"], one["reply_to"],
                one["since_us"] / 1e6, one["is_edited"], tuple(one["others"]), tuple(one["heads"]),
            )
            for one in self.raw["comments"]
        ]  # fmt: skip

    @property
    def marks(self) -> list[Mark]:
        """What people put beside it, the oldest first."""
        return [
            Mark(one["what"], one["value"], self._who(one), one["writer"], one["time_us"] / 1e6, one["hash"])
            for one in self.raw["marks"]
        ]

    @property
    def changed_at(self) -> float:
        """When anything about it was said last, seconds since 1970 UTC."""
        latest = max(self.raw["changes"].values(), default=self.raw["created_us"])
        return float(latest) / 1e6

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        from gnomon.runs.table import iso_time

        return {
            "id": self.id, "label": self.label, "kind": self.kind.type, "number": self.number, "title": self.title,
            "text": self.text, "text_by": self.text_by, "text_written": iso_time(self.written), "state": self.state,
            "by": self.who, "created": iso_time(self.created),
            "changed": iso_time(self.changed_at), "to": self.for_whom,
            "due": iso_time(self.due) if self.due is not None else None, "fields": dict(self.fields),
            "also_written_as": [
                {"title": title, "text": text, "by": who} for title, text, who in self.other_texts
            ],
            "moves": [
                {"state": one.state, "why": one.why, "by": one.who, "time": iso_time(one.time)} for one in self.moves
            ],
            "moved_before": [
                {"state": one.state, "why": one.why, "by": one.who, "time": iso_time(one.time)} for one in self.history
            ],
            "comments": [
                {"id": one.id, "by": one.who, "time": iso_time(one.time), "part": one.part, "reply_to": one.reply_to,
                 "text": one.text, "also_written_as": list(one.others)}
                for one in self.comments
            ],
            "marks": [
                {"what": one.what, "value": dict(one.value), "by": one.who, "time": iso_time(one.time)}
                for one in self.marks
            ],
        }  # fmt: skip

    @cached_property
    def people(self) -> People:
        """The members, as they were when it was first asked who somebody is."""
        from gnomon.team.people.views import people

        return people(self.record)

    def _who(self, said: Mapping[str, Any]) -> str:
        return who(self.people, said["writer"], said["author"])


def who(people: People, writer: str | None, author: str | None = None) -> str:
    """Return what somebody is called who wrote with a device: the member's name, else the device."""
    person = people.of_writer(writer) if writer is not None else None
    if person is not None:
        return person.name
    return author or (f"device {writer[:8]}" if writer else "nobody")


def name_of(people: People, member: str) -> str:
    """Return what the member with an id is called; the id, where nobody here says a name."""
    person = people.by_id.get(member)
    return person.name if person is not None else f"member {member[:8]}"


# ---------------------------------------------------------------- lists, and the one that a word means


def rows(record: Record, type: str) -> list[Row]:
    """Return all writings of a kind as lists see them, the newest first."""
    return rows_in(record.replica.index, type)


def labels_of(index: Index, type: str, ids: Collection[str]) -> dict[str, str]:
    """Return what some writings of a kind are called, with their titles, by id."""
    places = [place for place, one in enumerate(index.columns(type, [""])[""]) if one in ids]
    return {one.id: f"{one.label} {one.title}" for one in rows_at(index, type, places)}


def rows_at(index: Index, type: str, places: Sequence[int]) -> list[Row]:
    """Return the writings of a kind at these places of the index, in their order; those without a number are left out."""
    every = index.columns(type, ["number", "name"])
    numbers, names = Counter(every["number"]), Counter(every["name"])
    table = index.columns(type, _COLUMNS, places)
    found = [
        _row(KINDS[type], values)
        for values in zip(*(table[key] for key in _COLUMNS), strict=True)
        if values[1]
    ]
    return [one._replace(label=_label(one, numbers, names)) for one in found]


def rows_in(index: Index, type: str) -> list[Row]:
    """Return all writings of a kind of an index, the newest first."""
    kind = KINDS[type]
    if type not in index.types():
        return []
    table = index.columns(type, _COLUMNS)
    every = [
        _row(kind, values) for values in zip(*(table[key] for key in _COLUMNS), strict=True) if values[1]
    ]
    numbers, names = Counter(one.number for one in every), Counter(one.name for one in every)
    found = [one._replace(label=_label(one, numbers, names)) for one in every]
    return sorted(found, key=lambda one: (-one.created, one.id))


def _row(kind: Kind, values: Sequence[Any]) -> Row:
    (
        whole_id, number, title, state, is_open, to, due, writer, author, created, changes, comments, name, texts,
    ) = values  # fmt: skip
    pairs = zip(changes[::2], changes[1::2], strict=True) if changes else ()
    return Row(
        kind, whole_id, "", number, title or "", state, bool(is_open), tuple(to or ()), due / 1e6 if due else None,
        writer or "", author, created / 1e6, tuple((one, time / 1e6) for one, time in pairs), comments or 0, name,
        texts or 1,
    )  # fmt: skip


def _label(row: Row, numbers: Mapping[Any, int], names: Mapping[Any, int]) -> str:
    """Return what people call it: the name of a page, else its number; with a part of its id where others have that, too."""
    if row.name is not None and names[row.name] == 1:
        return f"{row.kind.type}:{row.name}"
    label = f"{row.kind.type}:{row.number}"
    return label if numbers[row.number] == 1 else f"{label}~{row.id[:FEWEST_DIGITS]}"


def writings(record: Record, type: str) -> list[Writing]:
    """Return all writings of a kind, the newest first."""
    record.replica.update(record.progress)
    return [Writing(record, one.kind, one.id, one.label) for one in rows(record, type)]


def writing_called(record: Record, type: str, word: str) -> Writing:
    """Return the writing that a word means: `12`, `decision:12`, `decision:12~3fa9`, the beginning of an id, a page's name.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    record.replica.update(record.progress)
    row = _row_with_id(record.replica.index, type, word) or row_called(rows(record, type), type, word)
    return Writing(record, row.kind, row.id, row.label)


def _row_with_id(index: Index, type: str, word: str) -> Row | None:
    """Return the writing whose whole id a word is, without looking at what the others are called; None for any other word."""
    if type not in index.types() or not is_hex(word, 20):
        return None
    ids = index.columns(type, [""])[""]
    found = rows_at(index, type, [ids.index(word)]) if word in ids else []
    return found[0] if found else None


def row_called(every: Sequence[Row], type: str, word: str) -> Row:
    """Return, of the rows of a kind, the one that a word means. Raises as `writing_called`."""
    kind = KINDS[type]
    bare = word.strip().removeprefix(f"{type}:").lstrip("#")
    found = _meant(every, bare)
    if len(found) == 1:
        return found[0]
    if found:
        offered = ", ".join(f"`{one.label}` ({one.title})" for one in found[:5])
        what = "name" if found[0].name == bare else "number"
        raise AmbiguousIdError(
            f"`{word}` is the {what} of {len(found)} {kind.plural} that were written apart: {offered}",
            hint="write one of these",
        )
    near = get_close_matches(bare, [one.name or one.label for one in every[:10_000]], n=3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    known = f"there are {len(every)}" if every else "there is none yet"
    raise UnknownSubjectError(f"there is no {kind.noun} `{word}`", hint=f"{meant}{known}")


def _meant(every: Sequence[Row], bare: str) -> list[Row]:
    number, _, digits = bare.partition("~")
    if number.isascii() and number.isdigit():
        found = [one for one in every if str(one.number) == str(int(number)) and one.id.startswith(digits)]
        if found:
            return found
    named = [one for one in every if one.name == bare]
    if named or len(bare) < FEWEST_DIGITS or not is_hex(bare):
        return named
    return [one for one in every if one.id.startswith(bare)]


def find(record: Record, word: str) -> Writing:
    """Return the writing that a whole reference means: `decision:12`, `page:setup`.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    kind, colon, _ = word.strip().partition(":")
    if not colon or kind not in KINDS:
        kinds = ", ".join(f"`{one}:…`" for one in KINDS)
        raise UnknownSubjectError(
            f"`{word}` names nothing that people wrote", hint=f"it begins with one of {kinds}"
        )
    return writing_called(record, kind, word)


def next_number(every: Iterable[Row]) -> int:
    """Return the number that the next writing of a kind gets."""
    return max((one.number for one in every), default=0) + 1


def cards_of(record: Record, references: Sequence[Reference]) -> list[Card]:
    """Return what references to writings of one kind stand for now, in their order."""
    from gnomon.team.cards import AMBIGUOUS, FOUND, MISSING, Card

    found = []
    every = rows(record, references[0].kind) if references else []
    for one in references:
        label = f"{one.kind}:{one.name}"
        try:
            row = row_called(every, one.kind, one.name)
        except AmbiguousIdError as error:
            found.append(Card(label, error.message, state=AMBIGUOUS))
        except UnknownSubjectError as error:
            found.append(Card(label, error.message, state=MISSING))
        else:
            facts = (row.title, row.state) if row.state not in ("current", "given") else (row.title,)
            found.append(Card(row.label, row.title, facts, f"/{one.kind}/{row.id}", row.subject, FOUND))
    return found
