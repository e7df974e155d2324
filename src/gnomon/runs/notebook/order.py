"""Were the cells of a notebook run once each, from top to bottom? If not, what was not so, in plain words.

A notebook that was run out of order may show results that nobody gets by running it again. What is said is only what
the record proves: a fault where one is proved, "in order" where everything is known, and else what is not known.

Always true: pure; never raises, whatever the cells hold; the same answer for the same cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_SAID = 10


class NotebookOrder(NamedTuple):
    """In which order cells were run.

    `is_in_order` is True, False, or None where it cannot be told. `faults` and `unknown` are sentences. Cells are
    numbered from the top of the notebook, code cells only; where their places are not known, by their number in `In [n]`.
    """

    is_in_order: bool | None
    faults: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def text(self) -> str:
        """The verdict on one line."""
        if self.is_in_order:
            return "run once each, from top to bottom"
        if self.faults:
            return f"not from top to bottom: {'; '.join(self.faults)}"
        return f"cannot be told: {'; '.join(self.unknown)}"


class _Executed(NamedTuple):
    number: int  # in the order in which they were run, from 1
    shown: int  # of `In [n]`
    id: str | None
    source: str


def order_of(
    cells: Iterable[Mapping[str, Any]], ids: Sequence[str] = (), *, left_out: int = 0
) -> NotebookOrder:
    """Return what is known of the order in which cells were run.

    `cells` are those of a process's state, `ids` the ids of the notebook's code cells from top to bottom, as far as
    the file is known, `left_out` how many more were run than were kept.

    >>> cell = {"execution_count": 1, "cell": "a", "source": "x = 1"}
    >>> order_of([cell, {**cell, "execution_count": 2, "source": "x = 2"}], ["a"]).faults
    ('cell 1 was run again after it was changed',)
    """
    executed = _executed(cells)
    places = {one: place for place, one in enumerate(ids, start=1)}
    by_id: dict[str, list[_Executed]] = {}
    for one in executed:
        if one.id is not None:
            by_id.setdefault(one.id, []).append(one)
    first = {known: runs[0] for known, runs in by_id.items()}
    unknown = _unknown(executed, places, by_id, left_out)
    is_complete = not unknown  # else a cell that seems never run may be one of those that are not known
    faults = [
        *(_never_run(places, first) if is_complete else ()),
        *_before_others([one.id for one in first.values() if one.id in places], places),
        *_run_again(by_id, places),
    ]
    if not executed:
        return NotebookOrder(None, (), ("no cell was run",))
    in_order = False if faults else None if unknown else True
    return NotebookOrder(in_order, _bounded(faults), _bounded(unknown))


def _executed(cells: Iterable[Mapping[str, Any]]) -> list[_Executed]:
    found = []
    for number, cell in enumerate(cells, start=1):
        source, known, count = cell.get("source"), cell.get("cell"), cell.get("execution_count")
        if isinstance(source, str) and source.strip():
            shown = count if isinstance(count, int) else number
            found.append(_Executed(number, shown, known if isinstance(known, str) else None, source))
    return found


def _never_run(places: Mapping[str, int], first: Mapping[str, _Executed]) -> list[str]:
    """Of cells that stand above one that was run. Those below may be meant for later."""
    ran = {places[known] for known in first if known in places}
    missing = [place for place in range(1, max(ran, default=0)) if place not in ran]
    return [f"{_cells(missing)} {_was(missing)} never run"] if missing else []


def _before_others(ids: Sequence[str | None], places: Mapping[str, int]) -> list[str]:
    """Return which cells ran before one that stands above them: of each the topmost."""
    ordered = [places[known] for known in ids if known is not None]
    said: dict[int, list[int]] = {}
    above: list[int | None] = [None] * len(ordered)
    lowest: int | None = None
    for at in range(len(ordered) - 1, -1, -1):
        above[at] = lowest if lowest is not None and lowest < ordered[at] else None
        lowest = ordered[at] if lowest is None else min(lowest, ordered[at])
    for place, other in zip(ordered, above, strict=True):
        if other is not None:
            said.setdefault(other, []).append(place)
    return [f"{_cells(sorted(said[other]))} ran before cell {other}" for other in sorted(said)]


def _run_again(by_id: Mapping[str, Sequence[_Executed]], places: Mapping[str, int]) -> list[str]:
    changed: list[int] = []
    times: dict[int, list[int]] = {}
    unplaced = []
    for known, runs in by_id.items():
        if len(runs) < 2:
            continue
        is_changed = any(one.source != runs[0].source for one in runs)
        place = places.get(known)
        if place is None:
            what = "was run again after it was changed" if is_changed else f"was run {len(runs)} times"
            unplaced.append(f"the cell of {_ins(runs)} {what}")
        elif is_changed:
            changed.append(place)
        else:
            times.setdefault(len(runs), []).append(place)
    found = []
    if changed:
        it = "it was" if len(changed) == 1 else "they were"
        found.append(f"{_cells(sorted(changed))} {_was(changed)} run again after {it} changed")
    for count in sorted(times):
        found.append(f"{_cells(sorted(times[count]))} {_was(times[count])} run {count} times")
    return found + unplaced


def _unknown(
    executed: Sequence[_Executed],
    places: Mapping[str, int],
    by_id: Mapping[str, Sequence[_Executed]],
    left_out: int,
) -> list[str]:
    found = []
    if executed and executed[0].shown > 1:
        earlier = executed[0].shown - 1
        found.append(f"{_count(earlier)} run before the notebook was recorded")
    if left_out:
        found.append(f"{_count(left_out)} run after the last one that was kept")
    if not places:
        found.append("where the cells stand in the notebook is not known")
    else:
        strangers = [runs for known, runs in by_id.items() if known not in places]
        if strangers:
            few = len(strangers) == 1
            found.append(
                f"{_ins([one for runs in strangers for one in runs])} {'is' if few else 'are'} not in the notebook as it "
                f"was saved last: {'that cell was' if few else 'those cells were'} deleted, or not saved yet"
            )
    nameless = [one for one in executed if one.id is None]
    if places and nameless:
        found.append(f"which {'cell' if len(nameless) == 1 else 'cells'} {_ins(nameless)} came from")
    by_source: dict[str, list[_Executed]] = {}
    for one in nameless:
        by_source.setdefault(one.source, []).append(one)
    found.extend(
        f"{_ins(runs)} ran the same code: one cell several times, or several cells"
        for runs in by_source.values()
        if len(runs) > 1
    )
    return found


def _bounded(said: Sequence[str]) -> tuple[str, ...]:
    more = len(said) - MAX_SAID
    return (*said[:MAX_SAID], f"and {more} more") if more > 0 else tuple(said)


def _count(number: int) -> str:
    return "1 cell was" if number == 1 else f"{number:,} cells were"


def _was(places: Sequence[int]) -> str:
    return "was" if len(places) == 1 else "were"


def _cells(places: Sequence[int]) -> str:
    """Return `cell 3` or `cells 1 to 3, 7`."""
    return f"{'cell' if len(places) == 1 else 'cells'} {_ranges(places)}"


def _ins(runs: Sequence[_Executed]) -> str:
    return ", ".join(f"In [{one.shown}]" for one in runs[:MAX_SAID]) + (", …" if len(runs) > MAX_SAID else "")


def _ranges(places: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for place in places:
        if spans and place == spans[-1][1] + 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    shown = [
        f"{low} to {high}" if high > low + 1 else f"{low}, {high}" if high > low else str(low)
        for low, high in spans
    ]
    return ", ".join(shown[:MAX_SAID]) + (", …" if len(shown) > MAX_SAID else "")
