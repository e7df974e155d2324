"""Two notebooks compared by nbdime: which cell of one is which of the other, and how their lines and outputs differ.

nbdime knows what is content: numbers of executions and metadata do not count, a cell that moved on by one is no change. It has
no bounds of its own, and 50 cells that all differ can take it minutes: so cells that have the same id or the same code are
paired before, nbdime is asked about each pair and about each gap between pairs. Of what would be too much work, pairs are
compared line by line without it, and gaps are shown as removed and added (`unaligned`).

Always true: the work is bounded by `MOST_WORK`, whatever the notebooks hold. Needs `pip install 'gnomon[review]'`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import MissingExtraError
from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_WORK = 60_000_000  # pairs of characters that nbdime may compare: about two seconds
MOST_LINE_PAIRS = 2_000_000  # that may be compared without it
_OF_LINE = 40  # the work of comparing two lines
_ORDER = ("removerange", "addrange", "patch")  # in which nbdime's operations at one place are shown

Rows = tuple[tuple[str, str], ...]  # ('', 'add' or 'del', text) of each line


class Output(NamedTuple):
    """An output. `forms` are (media type, digest or size); `media` those that are stored; `cut` are characters left out."""

    kind: str
    stream: str
    text: str
    forms: tuple[tuple[str, str], ...]
    media: tuple[tuple[str, str], ...] = ()
    cut: int = 0


class Cell(NamedTuple):
    """A cell; `id` is empty where it has none. `kind` is code, markdown or raw."""

    id: str
    source: str
    outputs: tuple[Output, ...]
    kind: str = "code"


class OutputPair(NamedTuple):
    """An output of a cell that both have, or that one has; `output` is the later one."""

    what: str
    output: Output
    rows: Rows


class Pair(NamedTuple):
    """A cell of both notebooks, or of one: `before` and `after` are places, `source` and `outputs` how one of both differs."""

    before: int | None
    after: int | None
    source: Rows = ()
    outputs: tuple[OutputPair, ...] = ()

    @property
    def is_same_source(self) -> bool:
        """Whether its code is the same."""
        return all(not kind for kind, _ in self.source)

    @property
    def is_same(self) -> bool:
        """Whether nothing of it differs."""
        is_in_both = self.before is not None and self.after is not None
        return is_in_both and self.is_same_source and all(one.what == SAME for one in self.outputs)

    @property
    def what(self) -> str:
        """Same or changed."""
        return SAME if self.is_same else CHANGED


class Aligned(NamedTuple):
    """All cells of two notebooks, in order. `unaligned` counts those that were too much work to be aligned."""

    pairs: tuple[Pair, ...]
    unaligned: int

    @property
    def is_same(self) -> bool:
        """Whether the notebooks are the same."""
        return all(pair.is_same for pair in self.pairs)


@lru_cache(maxsize=8)
def aligned(before: tuple[Cell, ...], after: tuple[Cell, ...]) -> Aligned:
    """Return how two notebooks differ. Raises MissingExtraError where nbdime is not installed."""
    _require()
    work = _Work()
    pairs: list[Pair] = []
    for start, end, first, last, is_known in _pieces(before, after):
        if not is_known:
            pairs += work.gap(before[start:end], after[first:last], start, first)
        elif before[start] == after[first]:
            pairs.append(_same(start, first, after[first]))
        else:
            pairs.append(work.pair(before[start], after[first], start, first))
    return Aligned(tuple(pairs), work.unaligned)


def _pieces(before: Sequence[Cell], after: Sequence[Cell]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yield (start, end, first, last, is_known): cells that are known to be one, and the gaps between them."""
    at = place = 0
    for start, first in [*_known(before, after), (len(before), len(after))]:
        if start > at or first > place:
            yield at, start, place, first, False
        if start < len(before) and first < len(after):
            yield start, start + 1, first, first + 1, True
        at, place = start + 1, first + 1


def _known(before: Sequence[Cell], after: Sequence[Cell]) -> list[tuple[int, int]]:
    """Return the places of cells that are one, by their id or by code that no other has: as many as keep their order."""
    shared = {(one.kind, one.id) for one in before if one.id} & {(one.kind, one.id) for one in after}
    keys = [
        [(one.kind, one.id if (one.kind, one.id) in shared else f"\0{one.source}") for one in cells]
        for cells in (before, after)
    ]
    counts = [Counter(one) for one in keys]
    places = {key: place for place, key in enumerate(keys[1]) if counts[1][key] == 1}
    wanted = [(at, places[key]) for at, key in enumerate(keys[0]) if counts[0][key] == 1 and key in places]
    ends: list[int] = []  # of the longest rising row of each length: its last place, which is the least
    links: list[tuple[int, int, int]] = []  # (at, place, link to the one before)
    heads: list[int] = []
    for at, place in wanted:
        length = bisect_left(ends, place)
        links.append((at, place, heads[length - 1] if length else -1))
        ends[length : length + 1], heads[length : length + 1] = [place], [len(links) - 1]
    found = []
    link = heads[-1] if heads else -1
    while link >= 0:
        at, place, link = links[link]
        found.append((at, place))
    return found[::-1]


def _same(before: int, after: int, cell: Cell) -> Pair:
    outputs = tuple(OutputPair(SAME, one, _all(one.text, "")) for one in cell.outputs)
    return Pair(before, after, _all(cell.source, ""), outputs)


def _all(text: str, kind: str) -> Rows:
    return tuple((kind, line) for line in text.removesuffix("\n").split("\n")) if text else ()


# ---------------------------------------------------------------- nbdime


def _require() -> Any:
    """Return nbdime's function that compares notebooks. Raises MissingExtraError."""
    try:
        from nbdime import diff_notebooks
    except ImportError as error:
        raise MissingExtraError(
            "notebooks are compared with the library nbdime", hint="pip install 'gnomon[review]'"
        ) from error
    return diff_notebooks


class _Work:
    """What may still be asked of nbdime."""

    def __init__(self) -> None:
        self.left, self.left_lines = MOST_WORK, MOST_LINE_PAIRS
        self.unaligned = 0

    def gap(self, old: Sequence[Cell], new: Sequence[Cell], start: int, first: int) -> list[Pair]:
        """Return some cells of both as pairs; `start` and `first` are the places of the first ones."""
        if not old or not new:
            return _one_by_one(len(old), len(new), start, first)
        if not self._may(old, new):
            self.unaligned += len(old) + len(new)
            return _one_by_one(len(old), len(new), start, first)
        found: list[Pair] = []
        for at, place, changes in _walk(len(old), len(new), _cell_changes(old, new, is_known=False)):
            both = _differing(old[at], new[place], changes) if at is not None and place is not None else ()
            now = first + place if place is not None else None
            found.append(Pair(start + at if at is not None else None, now, *both))
        return found

    def pair(self, old: Cell, new: Cell, at: int, place: int) -> Pair:
        """Return how a cell differs that both have; line by line without nbdime where that would be too much."""
        if not self._may([old], [new]):
            return Pair(at, place, *self._plainly(old, new))
        changes = _cell_changes([old], [new], is_known=True)
        return Pair(at, place, *_differing(old, new, changes[0]["diff"] if changes else []))

    def _may(self, old: Sequence[Cell], new: Sequence[Cell]) -> bool:
        """Return whether there is work left for these, and take it."""
        wanted = _work(old, new)
        is_enough = wanted <= self.left
        self.left -= wanted if is_enough else 0
        return is_enough

    def _plainly(self, old: Cell, new: Cell) -> tuple[Rows, tuple[OutputPair, ...]]:
        outputs = []
        for was, now in zip_longest(old.outputs, new.outputs):
            if was == now:
                outputs.append(OutputPair(SAME, now, _all(now.text, "")))
                continue
            outputs += [OutputPair(REMOVED, was, _all(was.text, "del"))] if was is not None else []
            outputs += [OutputPair(ADDED, now, _all(now.text, "add"))] if now is not None else []
        return self._lines(old.source, new.source), tuple(outputs)

    def _lines(self, old: str, new: str) -> Rows:
        olds, news = _all(old, "del"), _all(new, "add")
        if len(olds) * len(news) > min(self.left_lines, MOST_LINE_PAIRS // 8):
            return (*olds, *news)
        self.left_lines -= len(olds) * len(news)
        found: list[tuple[str, str]] = []
        matcher = SequenceMatcher(None, [text for _, text in olds], [text for _, text in news])
        for what, start, end, first, last in matcher.get_opcodes():
            found += (
                [("", text) for _, text in news[first:last]]
                if what == "equal"
                else [*olds[start:end], *news[first:last]]
            )
        return tuple(found)


def _cell_changes(old: Sequence[Cell], new: Sequence[Cell], *, is_known: bool) -> Sequence[Mapping[str, Any]]:
    """Return nbdime's operations on the cells of a notebook."""
    found = _require()(_notebook(old, is_known=is_known), _notebook(new, is_known=is_known))
    cells: Sequence[Mapping[str, Any]] = next((one["diff"] for one in found if one["key"] == "cells"), [])
    return cells


def _one_by_one(old: int, new: int, start: int, first: int) -> list[Pair]:
    return [Pair(start + at, None) for at in range(old)] + [Pair(None, first + at) for at in range(new)]


def _work(old: Sequence[Cell], new: Sequence[Cell]) -> int:
    """Return how much it may be to compare these: pairs of characters, of code, of outputs, and of lines of all."""
    found = 3 * sum(len(one.source) for one in old) * sum(len(one.source) for one in new)
    texts = [[one.text for cell in cells for one in cell.outputs] for cells in (old, new)]
    found += 2 * sum(map(len, texts[0])) * sum(map(len, texts[1]))
    lines = [
        sum(cell.source.count("\n") + 1 for cell in cells) + sum(text.count("\n") + 1 for text in shown)
        for cells, shown in ((old, texts[0]), (new, texts[1]))
    ]
    return found + _OF_LINE * lines[0] * lines[1]


def _notebook(cells: Sequence[Cell], *, is_known: bool) -> Any:
    """Return cells as nbdime takes them, without ids: cells of which both notebooks have the id were paired before."""
    from nbformat import from_dict

    shown: list[dict[str, Any]] = [
        {
            "cell_type": one.kind, "metadata": {}, "source": one.source, **({"id": "one"} if is_known else {}),
            **(
                {"execution_count": None, "outputs": [_as_nbformat(output) for output in one.outputs]}
                if one.kind == "code" else {}
            ),
        }
        for one in cells
    ]  # fmt: skip
    made: Any = from_dict  # it has no types
    return made({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": shown})


def _as_nbformat(output: Output) -> dict[str, Any]:
    if output.kind == "stream":
        return {"output_type": "stream", "name": output.stream, "text": output.text}
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": output.text, **dict(output.forms)},
    }


def _walk(
    old: int, new: int, ops: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[int | None, int | None, Any]]:
    """Yield (place before, place after, what changed in it) for each item of two lists, from nbdime's operations on them."""
    at = place = 0
    for op in sorted(ops, key=lambda one: (one["key"], _ORDER.index(one["op"]))):
        while at < op["key"]:
            yield at, place, []
            at, place = at + 1, place + 1
        if op["op"] == "addrange":
            for _ in op["valuelist"]:
                yield None, place, []
                place += 1
        elif op["op"] == "removerange":
            for _ in range(op["length"]):
                yield at, None, []
                at += 1
        else:
            yield at, place, op["diff"]
            at, place = at + 1, place + 1
    while at < old and place < new:
        yield at, place, []
        at, place = at + 1, place + 1


def _differing(
    old: Cell, new: Cell, changes: Sequence[Mapping[str, Any]]
) -> tuple[Rows, tuple[OutputPair, ...]]:
    """Return how the code and the outputs of a cell differ."""
    by_key = {one["key"]: one["diff"] for one in changes if one["op"] == "patch"}
    source = _rows(old.source, new.source, by_key.get("source"))
    outputs = []
    for at, place, more in _walk(len(old.outputs), len(new.outputs), by_key.get("outputs", [])):
        if place is None and at is not None:
            outputs.append(OutputPair(REMOVED, old.outputs[at], _all(old.outputs[at].text, "del")))
        elif at is None and place is not None:
            outputs.append(OutputPair(ADDED, new.outputs[place], _all(new.outputs[place].text, "add")))
        elif at is not None and place is not None:
            was, now = old.outputs[at], new.outputs[place]
            what = SAME if (was.text, was.forms) == (now.text, now.forms) else CHANGED
            outputs.append(OutputPair(what, now, _rows(was.text, now.text, _text_changes(more))))
    return source, tuple(outputs)


def _text_changes(changes: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]] | None:
    """Return nbdime's operations on the text of an output; None where there are none."""
    for one in changes:
        if one["op"] == "patch" and one["key"] == "data":
            return _text_changes(one["diff"])
        if one["op"] == "patch" and one["key"] in ("text", "text/plain"):
            found: Sequence[Mapping[str, Any]] = one["diff"]
            return found
    return None


def _rows(old: str, new: str, ops: Sequence[Mapping[str, Any]] | None) -> Rows:
    """Return the lines of two texts, from nbdime's operations on the lines of the first."""
    if old == new or ops is None:
        return _all(new, "") if old == new else (*_all(old, "del"), *_all(new, "add"))
    olds, news = old.splitlines(), new.splitlines()
    found: list[tuple[str, str]] = []
    added: list[tuple[str, str]] = []
    for at, place, changes in _walk(len(olds), len(news), ops):
        if at is None and place is not None:
            added.append(("add", news[place]))
            continue
        is_other = (
            at is None or place is None or (changes and olds[at] != news[place])
        )  # not only its line feed
        if at is not None and is_other:
            found.append(("del", olds[at]))
            if place is not None:
                added.append(("add", news[place]))
            continue
        found += added
        added = []
        if place is not None:
            found.append(("", news[place]))
    return (*found, *added)
