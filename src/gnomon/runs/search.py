"""Full-text search over runs, data and what people wrote: names, tags, notes, parameters, commands, consoles, columns, texts.

First come those that have a text with all the words, then those whose texts have them together. Of the former, those where the
words follow each other come first; then names before tags, groups, notes, parameters, captions, commands, cells and
consoles; then what bm25 ranks higher; then the newer one. `lr=0.01` is no word: it asks for a parameter's value.

Always true: a hit names a run that is shown in lists (not a hidden one), data, or a writing; each once, with its best text;
the order depends on the record alone. The words and their texts are the index's: see `record.index_texts`.

Places. Here a place below the number of runs is that of a run in the index; those after it are versions of data, then writings
of each kind.
"""

from __future__ import annotations

import re
from collections import defaultdict
from heapq import nsmallest
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.record import index_texts as texts
from gnomon.record.index_query import find_type, place_of, subject_of
from gnomon.record.index_tables import TEXT_SHIFT, TYPE_SHIFT
from gnomon.runs.capture.views import PrintedTexts
from gnomon.team.writing.kinds import KINDS as WRITINGS
from gnomon.text import exact

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from gnomon.record.index import Index

    _Row = tuple[int, Sequence[int]]  # a text, and the places of what it is of, newest first

_PLACE = (1 << TYPE_SHIFT) - 1
LONGEST_EXCERPT = 400
MOST_TOLD_APART = (
    20  # runs of one process that had begun, the newest first, of which it is looked at whose a text is
)
CLOCK_US = 1_000_000  # so much later a run may be said to have begun than what it printed
_BEFORE_MATCH = 60
_PARAMETER = re.compile(r"([^=\s]+)=([^=\s]+)\Z")
_MARKS = re.compile(f"([{texts.MARK}{texts.UNMARK}])")
_PLAIN_FIELDS = ("seed", "group")
RUN, DATA, CHECK = "run", "data", "check"
KINDS = (RUN, DATA, CHECK, *WRITINGS)


class Hit(NamedTuple):
    """What was found: where (`field` is 'name', 'note', 'console', …), and the text around the first match.

    `kind` is 'run', 'data', 'check', or that of a writing, such as 'decision'. Of a run, `run` is its id; of a version of data,
    `data` is its id, `name` how it is called (`credit@v3`), and `run` None; of a writing or a check, `writing` is its id, and
    `name` is what it is called, a writing with its title. `marks` are the (start, end) of the words in `excerpt` that were asked
    for.
    """

    run: str | None
    name: str | None
    field: str
    excerpt: str
    marks: tuple[tuple[int, int], ...] = ()
    kind: str = RUN
    data: str | None = None
    writing: str | None = None

    @property
    def id(self) -> str:
        """The id of the run, the version of data, the check, or the writing."""
        return self.run or self.data or self.writing or ""


class Hits(list[Hit]):
    """What was found, the best first; a notebook shows it as a table."""

    def _repr_html_(self) -> str:
        from gnomon.runs.display.search import hits_html

        return hits_html(self)


class Text(NamedTuple):
    """One text that was found, and the hits that share it, newest first: one run, those of a process, or one version.

    `hits` are at most as many as were asked for, `total` is how many there are.
    """

    hits: list[Hit]
    total: int


class Found(NamedTuple):
    """The texts, the best first; whether there are more of them; and, where there are none, what may have been meant."""

    texts: list[Text]
    has_more: bool
    near: dict[str, list[str]]


def hits(found: Found, limit: int) -> Hits:
    """Return what the texts are of that were found, in their order, at most so many."""
    return Hits([hit for text in found.texts for hit in text.hits][:limit])


def find(
    index: Index,
    words: str,
    limit: int = 20,
    places: Collection[int] | None = None,
    kind: str | None = None,
) -> Found:
    """Return the texts that hold all `words`, at most `limit`; only of runs at these `places`, or of one `kind`, if given.

    `word*` means words that begin so. Raises BadArgumentError where there is no word, for a limit below 1, for another kind.
    """
    if not isinstance(words, str) or not any(map(str.isalnum, words)):
        raise BadArgumentError(f"`search()` needs at least one word; got {words!r}")
    if not isinstance(limit, int) or limit < 1:
        raise BadArgumentError(f"`limit` of `search()` must be a whole number from 1; got {limit!r}")
    _check_kind(kind)
    if kind not in (None, RUN) and places is not None:
        raise BadArgumentError(
            f"`where` of `search()` asks for runs, and `kind` for {kind}", hint="leave one of them out"
        )
    return index.ask(lambda database: _Search(index, database, words, limit, places, kind).found())


def subjects_of_texts(
    index: Index, ranked: Sequence[tuple[int, str, str]], limit: int, kind: str | None = None
) -> Found:
    """Return what texts are of, given as (row in the table of words, field, what it says) in the order in which they count.

    Each subject comes once, with the first of its texts. Raises BadArgumentError for an unknown kind.
    """
    _check_kind(kind)

    def ask(database: sqlite3.Connection) -> Found:
        subjects = _Subjects(index, database, None, kind)
        seen: set[int] = set()
        chosen: list[tuple[list[int], str, str]] = []
        for row, field, text in ranked:
            new = [place for place in subjects.behind(row) if place not in seen]
            if new:
                chosen.append((new, field, text))
                seen.update(new)
            if len(chosen) > limit:
                break
        shown = chosen[:limit]
        named = subjects.named([place for places, _, _ in shown for place in places[:limit]])
        found = []
        for places, field, text in shown:
            line = " ".join(text.split())
            excerpt = line if len(line) <= LONGEST_EXCERPT else line[: LONGEST_EXCERPT - 1] + "…"
            found.append(
                Text([named[place].hit(field, excerpt, ()) for place in places[:limit]], len(places))
            )
        return Found(found, len(chosen) > limit, {})

    return index.ask(ask)


def _check_kind(kind: str | None) -> None:
    if kind not in (None, *KINDS):
        known = ", ".join(f"'{one}'" for one in KINDS)
        raise BadArgumentError(f"`kind` of `search()` must be one of {known} or None; got {kind!r}")


class _Search:
    """One question, answered from one moment of the index."""

    def __init__(
        self,
        index: Index,
        database: sqlite3.Connection,
        words: str,
        limit: int,
        places: Collection[int] | None,
        kind: str | None,
    ) -> None:
        self._database = database
        self._limit = limit
        self._subjects = _Subjects(index, database, None if places is None else set(places), kind)
        self._typed, self._parameters = _told_apart(
            words, set(index.keys("run")) if kind in (None, RUN) else set()
        )
        self._words = texts.words_in(" ".join(self._typed))
        self._recorded = {key: self._subjects.keep_only(key, value) for key, value in self._parameters}

    def found(self) -> Found:
        if not self._words:
            return self._found_by_parameters()
        by_word: list[list[int]] | None = None
        rows = self._rows_of_one_text()
        if len(rows) <= self._limit and len(self._words) > 1:
            by_word = [texts.matches(self._database, [word]).rows for word in self._words]
            rows += self._rows_of_several_texts(by_word, {place for _, places in rows for place in places})
        near = {} if rows else self._near(by_word)
        return Found(self._texts(rows[: self._limit]), len(rows) > self._limit, near)

    # --- one text

    def _rows_of_one_text(self) -> list[_Row]:
        """Return (row, places) of texts with all words, the best first; one more than wanted shows that there are."""
        found = texts.matches(self._database, self._words)
        rows: list[_Row] = []
        seen: set[int] = set()
        for level in found.by_level():
            for row, places in self._subjects.in_order(level, found.scores):
                news = [place for place in places if place not in seen]
                if news:
                    rows.append((row, news))
                    seen.update(news)
                if len(rows) > self._limit:
                    return rows
        return rows

    # --- several texts

    def _rows_of_several_texts(self, by_word: list[list[int]], seen: set[int]) -> list[_Row]:
        """Return what has each word in some text, by the text that has the rarest word, newest first."""
        rarest, *others = sorted(by_word, key=len)
        if not rarest:
            return []
        common = set.intersection(*map(self._subjects.places_of, [rarest, *others])) - seen
        by_text: dict[int, Sequence[int]] = {}
        for row, places in self._subjects.in_order(rarest, {}):
            news = [place for place in places if place in common]
            if news:
                by_text[row] = news
                common.difference_update(news)
            if len(by_text) > self._limit:
                break
        return list(by_text.items())

    # --- parameters alone

    def _found_by_parameters(self) -> Found:
        ordered = self._subjects.newest(self._limit + 1)
        field = self._parameters[0][0].partition(".")[0] if self._parameters else ""
        found = []
        for place, named in self._subjects.named(ordered[: self._limit]).items():
            excerpt = " ".join(  # as it was recorded: `lr=0.20` finds `lr=0.2`
                f"{key.removeprefix('params.')}={_written(cells[place])}"
                for key, cells in self._recorded.items()
            )
            found.append(Text([named.hit(field, excerpt, ((0, len(excerpt)),))], 1))
        return Found(found, len(ordered) > self._limit, {})

    # --- what is shown

    def _texts(self, rows: list[_Row]) -> list[Text]:
        """Return rows with names and excerpts."""
        excerpts = texts.excerpts(self._database, self._words, [row for row, _ in rows])
        for word in self._words:  # of several texts, each holds some of the words
            lacking = [row for row, _ in rows if row not in excerpts]
            excerpts.update(texts.excerpts(self._database, [word], lacking))
        names = self._subjects.named([place for _, places in rows for place in places[: self._limit]])
        found = []
        for row, places in rows:
            field, marked = excerpts[row]
            excerpt, marks = _told(marked)
            shown_hits = [names[place].hit(field, excerpt, marks) for place in places[: self._limit]]
            found.append(Text(shown_hits, len(places)))
        return found

    def _near(self, by_word: list[list[int]] | None) -> dict[str, list[str]]:
        """Return, of each typed word that no text has, what is nearest to it."""
        if by_word is None:
            by_word = [texts.matches(self._database, [word]).rows for word in self._words]
        return {
            word: texts.near(self._database, word)
            for word, found in zip(map(texts.bare, self._words), by_word, strict=True)
            if not found
        }


class _Named(NamedTuple):
    """How a run, a version of data or a writing is called."""

    kind: str
    id: str
    name: str | None

    def hit(self, field: str, excerpt: str, marks: tuple[tuple[int, int], ...]) -> Hit:
        if self.kind == RUN:
            return Hit(self.id, self.name, field, excerpt, marks)
        if self.kind == DATA:
            return Hit(None, self.name, field, excerpt, marks, DATA, self.id)
        return Hit(None, self.name, field, excerpt, marks, self.kind, writing=self.id)


class _Range(NamedTuple):
    """The places of a type of subject that is no run: from `start` on; `no` is the type's number in the index."""

    type: str
    no: int
    start: int
    size: int


class _Subjects:
    """The runs, versions of data and writings of a record by place, as far as hits ask for them: those shown, and `wanted`."""

    def __init__(
        self, index: Index, database: sqlite3.Connection, wanted: set[int] | None, kind: str | None
    ) -> None:
        self._index = index
        self._database = database
        self._wanted = wanted
        self._run_kind = _type_number(database, RUN)
        table = index.columns(RUN, ["created", "removed"])
        self._created = _times(table["created"])
        self._runs = len(self._created)
        hidden = table["removed"]
        self._removed = {place for place, removed in enumerate(hidden) if removed} if any(hidden) else set()
        if kind not in (None, RUN):
            self._wanted = set()
        # Then no run needs to be asked whether it is shown.
        self._is_free = not self._removed and self._wanted is None
        self._others: list[_Range] = []
        if wanted is None:
            for other in KINDS[1:] if kind is None else [one for one in KINDS[1:] if one == kind]:
                self._add(other)
        self._by_process: dict[str, list[int]] | None = None
        self._printed: dict[str, PrintedTexts] = {}
        self._known: dict[int, list[int]] = {}

    def _add(self, other: str) -> None:
        """Give the subjects of a type their places. One of which only heads are here has no text, so it is never found."""
        no, start = _type_number(self._database, other), len(self._created)
        if no < 0:
            return
        self._created = self._created + _times(self._index.columns(other, ["created"])["created"])
        self._others.append(_Range(other, no, start, len(self._created) - start))
        if self._wanted is not None:
            self._wanted.update(range(start, len(self._created)))

    def keep_only(self, key: str, value: str) -> Sequence[object]:
        """Keep the runs that have this value in a column; return the column."""
        is_it = _comparison(value)
        cells = self._index.columns(RUN, [key])[key]
        having = {place for place, cell in enumerate(cells) if is_it(cell)}
        self._wanted = having if self._wanted is None else self._wanted & having
        self._is_free = False
        return cells

    def newest(self, limit: int) -> list[int]:
        """Return the places of the newest runs, the newest first."""
        places = range(self._runs) if self._wanted is None else self._wanted
        found = [(-self._created[place], place) for place in places if place not in self._removed]
        return [place for _, place in nsmallest(limit, found)]

    def in_order(self, rows: list[int], scores: Mapping[int, float]) -> Iterator[_Row]:
        """Yield texts with the places of what they are of: by score, then by the newest of these."""
        created = self._created
        found = [(row, places) for row in rows if (places := self.behind(row))]
        keys: list[Any] = [-created[places[0]] for _, places in found]
        if scores:
            keys = [(scores[row], key) for (row, _), key in zip(found, keys, strict=True)]
        order = sorted(range(len(found)), key=keys.__getitem__)
        for _, alike in groupby(order, keys.__getitem__):
            yield from self._settled([(found[at][0], self._whose(*found[at])) for at in alike])

    def _settled(self, found: list[_Row]) -> list[_Row]:
        """Return what is alike by the newest and then in order of the ids: what decides between those of one moment."""
        if len(found) < 2:
            return found
        ids = self._cells("", [places[0] for _, places in found])
        times = [-self._created[places[0]] for _, places in found]
        return [row for _, _, row in sorted(zip(times, map(str, ids), found, strict=True))]

    def _cells(self, key: str, places: Sequence[int]) -> list[object]:
        """Return one column at these places, whatever is there."""
        found: dict[int, object] = {}
        for kind, _, start, size in (_Range(RUN, self._run_kind, 0, self._runs), *self._others):
            here = [place for place in places if start <= place < start + size]
            if here:
                cells = self._index.columns(kind, [key], [place - start for place in here])[key]
                found.update(zip(here, cells, strict=True))
        return [found[place] for place in places]

    def behind(self, row: int) -> Sequence[int]:
        """Return the places of what a text is of, newest first."""
        no = row >> TEXT_SHIFT
        if no >> TYPE_SHIFT == self._run_kind:
            place = no & _PLACE
            return (place,) if self._is_free or self._is_shown(place) else ()
        found = self._of_another(no)
        return found if self._is_free else list(filter(self._is_shown, found))

    def places_of(self, rows: list[int]) -> set[int]:
        """Return the places of what these texts are of."""
        numbers = {row >> TEXT_SHIFT for row in rows}
        found = {no & _PLACE for no in numbers if no >> TYPE_SHIFT == self._run_kind}
        for no in numbers:
            if no >> TYPE_SHIFT != self._run_kind:
                found.update(self._of_another(no))
        return found if self._is_free else set(filter(self._is_shown, found))

    def _is_shown(self, place: int) -> bool:
        return place not in self._removed and (self._wanted is None or place in self._wanted)

    def named(self, places: Sequence[int]) -> dict[int, _Named]:
        """Return how those at these places are called."""
        found = {}
        kinds = {place: self._kind_at(place) for place in places}
        ids = self._cells("", places)
        of_kind: defaultdict[str, set[str]] = defaultdict(set)
        for place, one in zip(places, ids, strict=True):
            of_kind[kinds[place]].add(str(one))
        called = {kind: self._labels(kind, several) for kind, several in of_kind.items() if kind != RUN}
        for place, one, name in zip(places, ids, self._cells("name", places), strict=True):
            kind = kinds[place]
            own = None if name is None else str(name)
            found[place] = _Named(kind, str(one), own if kind == RUN else called[kind].get(str(one)))
        return found

    def _kind_at(self, place: int) -> str:
        if place < self._runs:
            return RUN
        return next(one.type for one in self._others if one.start <= place < one.start + one.size)

    def _labels(self, kind: str, ids: set[str]) -> dict[str, str]:
        """Return how these versions of data, checks, or writings of a kind, are called, by id."""
        if kind == DATA:
            from gnomon.data.views import labels, rows

            return labels(rows(self._index))
        if kind == CHECK:
            table = self._index.columns(CHECK, ["", "name"])
            return {
                str(id_): str(name) for id_, name in zip(table[""], table["name"], strict=True) if id_ in ids
            }
        from gnomon.team.writing.views import labels_of

        return labels_of(self._index, kind, ids)

    def _of_another(self, no: int) -> list[int]:
        """Return the places that a subject stands for which is no run, newest first."""
        places = self._known.get(no)
        if places is None:
            other = next((one for one in self._others if one.no == no >> TYPE_SHIFT), None)
            if other is not None:
                place = other.start + (no & _PLACE)
                places = [place] if self._is_shown(place) else []
            else:
                places = self._of_part(no)
            self._known[no] = places
        return places

    def _of_part(self, no: int) -> list[int]:
        """Return the places of the runs that a process, or rich values, belong to; none for all else."""
        kind, _, subject_id = subject_of(self._database, no).partition(":")
        if kind == "process":
            return self._of_processes().get(subject_id, [])
        if kind == "values":
            place = place_of(self._database, f"run:{subject_id}")
            return [] if place is None else [place]
        return []

    def _whose(self, row: int, places: Sequence[int]) -> Sequence[int]:
        """Return those places whose runs were open when a text of the console was printed; all, where it cannot be told."""
        if len(places) < 2 or not texts.is_of_field(row, "console"):
            return places
        log = subject_of(self._database, row >> TEXT_SHIFT).partition(":")[2]
        printed = self._printed.get(log)
        if printed is None:
            printed = self._printed[log] = PrintedTexts(self._index, log)
        nth = texts.nth_of(row)
        time_us = printed.time_us(nth)
        if time_us is None:
            return places
        begun = [place for place in places if self._created[place] <= time_us + CLOCK_US]
        near = begun[:MOST_TOLD_APART]
        own = [
            place
            for place, run in zip(near, self._cells("", near), strict=True)
            if printed.is_of(nth, str(run))
        ]
        return [*own, *(begun[len(near) :] if len(own) == len(near) else ())] or places

    def _of_processes(self) -> dict[str, list[int]]:
        """Return the places of the runs of each process, newest first."""
        if self._by_process is None:
            found: defaultdict[str, list[int]] = defaultdict(list)
            for place, logs in enumerate(self._index.columns(RUN, ["processes"])["processes"]):
                for log in logs if logs.__class__ is list else ():
                    found[log].append(place)
            for places in found.values():
                places.sort(key=self._created.__getitem__, reverse=True)
            self._by_process = found
        return self._by_process


def _type_number(database: sqlite3.Connection, name: str) -> int:
    """Return the number of a type of subject; -1 where the record has none of it."""
    found = find_type(database, name)
    return -1 if found is None else found.no


def _times(cells: list[Any]) -> list[int]:
    """Return cells that are moments; what is none is long ago."""
    return cells if set(map(type, cells)) <= {int} else [one if isinstance(one, int) else 0 for one in cells]


# ---------------------------------------------------------------- words and values


def _told_apart(words: str, keys: set[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return (words, (column, value) of words such as `lr=0.01` that name a parameter of the record)."""
    plain, parameters = [], []
    for word in words.split():
        found = _PARAMETER.match(word)
        key = found[1] if found else ""
        column = next((one for one in (f"params.{key}", key) if one in keys), None)
        if found and column is not None and (column.startswith("params.") or column in _PLAIN_FIELDS):
            parameters.append((column, found[2]))
        else:
            plain.append(word)
    return plain, parameters


def _comparison(value: str) -> Callable[[object], bool]:
    """Return what tells whether a cell is the value that was typed: as a number, as true or false, or as text."""
    folded = value.casefold()
    number: float | int | None
    try:
        number = int(value)
    except ValueError:
        try:
            number = float(value)
        except ValueError:
            number = None

    def is_it(cell: object) -> bool:
        if isinstance(cell, bool):
            return folded == str(cell).casefold()
        if isinstance(cell, (int, float)):
            return cell == number
        return isinstance(cell, str) and cell.casefold() == folded

    return is_it


def _written(cell: object) -> str:
    return exact(cell) if isinstance(cell, (int, float)) else str(cell)


def _told(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return (the excerpt on one line, where its marked words stand): of a text of several lines, those that have such words."""
    line = _telling_lines(marked)
    first = line.find(texts.MARK)
    if len(line) > LONGEST_EXCERPT and first > LONGEST_EXCERPT - _BEFORE_MATCH:
        line = "…" + line[max(0, first - _BEFORE_MATCH) :]
    excerpt, marks, start = "", [], -1
    for piece in _MARKS.split(line):
        if piece == texts.MARK:
            start = len(excerpt)
        elif piece != texts.UNMARK:
            excerpt += piece
        elif start >= 0:
            marks.append((start, min(len(excerpt), LONGEST_EXCERPT)))
            start = -1
    shown = tuple((start, end) for start, end in marks if start < end)
    return (excerpt[:LONGEST_EXCERPT] + "…" if len(excerpt) > LONGEST_EXCERPT else excerpt), shown


def _telling_lines(marked: str) -> str:
    """Return the lines with marked words as one, `/` between neighbours, `…` for what is left out."""
    lines = [line for one in marked.splitlines() if (line := " ".join(one.split()))]
    telling = [place for place, line in enumerate(lines) if texts.MARK in line]
    if not telling or any(lines[at].count(texts.MARK) != lines[at].count(texts.UNMARK) for at in telling):
        return " ".join(marked.split())  # words that follow each other over the end of a line
    told = lines[telling[0]]
    for before, place in pairwise(telling):
        told += f"{' / ' if place == before + 1 else ' … '}{lines[place]}"
    return told


def around(excerpt: str, marks: Sequence[tuple[int, int]], room: int) -> str:
    """Return an excerpt from a little before its first marked word on, where that would not stand in so much room.

    >>> around("the learning rate was too large and the loss diverged at step 400", [(44, 52)], 30)
    '…the loss diverged at step 400'
    """
    if not marks or marks[0][1] <= room - 1:
        return excerpt
    start, end = marks[0]
    earliest = max(0, end + 2 - room, min(start - room // 3, len(excerpt) + 1 - room))
    blank = excerpt.find(" ", earliest, start)
    return f"…{excerpt[blank + 1 if blank >= 0 else min(earliest, start) :]}"
