"""`/compare/differences`: what differs between runs or groups of seeds, their metrics side by side, the diff of their code.

The first run is the baseline unless `baseline=` names another one. What is compared, and how: `record.compare`.

Always true: an arrow stands only where the values are of the same steps, no seed failed, and `better=` or the metric's name says
which way is better; what is cut says so, and what agrees is there, folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.errors import (
    AmbiguousIdError,
    BadArgumentError,
    UnknownSubjectError,
    UsageError,
)
from gnomon.page import Binary, Shown
from gnomon.runs.compare.marked import Piece, marked, shortened
from gnomon.runs.compare.sides import FEWEST, MOST
from gnomon.runs.compare.wording import code_state, counts, no_diff, unsaid_data, without_option
from gnomon.runs.display.shorten import short, words
from gnomon.runs.groups.spread import Spread, count_of
from gnomon.runs.pages.chosen import PARTS, Chosen, chosen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.page import Ask
    from gnomon.runs.compare.code import CodeDiff, FileDiff
    from gnomon.runs.compare.comparison import Compared, Comparison
    from gnomon.runs.compare.facts import Differences
    from gnomon.runs.compare.metrics import MetricRow

ROWS = 30  # of one kind of fact, unless all are wanted
SAME, NOTES = 300, 8
LONGEST, WHOLE = 80, 4_000  # characters of a value, as it is cut and as its title has it
MARKED_FROM = 24  # characters: shorter texts are seen at a glance
FILES, LINES, OPEN_LINES = 100, 4_000, 400
SUGGESTED = 12
REFUSED = (AmbiguousIdError, BadArgumentError, UnknownSubjectError, UsageError)


class Head(NamedTuple):
    """A column: a run or a group. `others` is the address of the comparison without it, empty where too few would be left."""

    title: str
    name: str
    id: str
    key: str  # what the address calls it
    status: str
    seed: str
    runs: int
    is_group: bool


class Cell(NamedTuple):
    """A value: its pieces, marked where it differs from the baseline, and the whole text where it is cut."""

    pieces: list[Piece]
    title: str = ""
    is_missing: bool = False
    is_same: bool = False  # as the baseline has it


class Section(NamedTuple):
    """One kind of fact: what differs, what agrees, and what is said where there is nothing to show."""

    name: str
    counts: str
    rows: list[tuple[str, list[Cell], bool]]  # name, cells, whether all are numbers
    left_out: int
    same: list[tuple[str, str]]
    said: str = ""


class Measured(NamedTuple):
    """A metric of one run: its value, how it differs from that of the baseline, and which way that is."""

    value: str
    difference: str = ""
    way: str = ""  # better, worse, or nothing
    step: str = ""


class Code(NamedTuple):
    """The code of one run, and how it differs from that of the baseline."""

    head: Head
    state: str
    files: str
    added: int
    removed: int
    said: str
    is_shown: bool


def differences(ask: Ask) -> Shown:
    """Show how the chosen runs and groups differ."""
    runs, groups = _named(ask)
    names = _in_order([*runs.ids, *groups], ask.query.text("baseline"))[:MOST]
    at, better = ask.query.text("at") or "last", ask.query.text("better")
    values: dict[str, object] = {
        "parts": PARTS, "chosen": runs, "tabs": runs.query, "found": None, "problem": None, "suggested": [],
        "shown": len(names), "total": runs.total + len(groups), "most": MOST, "at": at, "better": better,
        "patterns": ", ".join(ask.query.listed("metrics")), "with_all": ask.query.flag("all"),
        "state": {  # what the links of the page keep
            "run": runs.ids, "group": groups, "at": "" if at == "last" else at, "better": better,
            "metrics": ask.query.listed("metrics"), "baseline": ask.query.text("baseline"), "code": ask.query.text("code"),
            "all": ask.query.flag("all"),
        },
    }  # fmt: skip
    if len(names) < FEWEST:
        return Shown(
            "runs/differences.html", "Compare: differences", {**values, "suggested": _suggested(ask, names)}
        )
    try:
        found = ask.record.compare(
            *names, at=at, better=better or None,
            metrics=ask.query.listed("metrics"),
        )  # fmt: skip
    except REFUSED as error:
        status = 404 if isinstance(error, UnknownSubjectError) else 400
        return Shown("runs/differences.html", "Compare: differences", {**values, "problem": error}, status)
    if groups:  # the other parts know runs only
        values["tabs"] = {"run": [run for one in found.runs for run in one.ids]}
    return Shown("runs/differences.html", "Compare: differences", {**values, **_shown(found, names, ask)})


def patch(ask: Ask) -> Binary:
    """Give the whole diff of the code of a run (`code=`, or the second) from the baseline, as a file."""
    runs, groups = _named(ask)
    names = _in_order([*runs.ids, *groups], ask.query.text("baseline"))
    other = ask.query.text("code") or (names[1] if len(names) > 1 else "")
    found = ask.record.compare(*names[:1], other)
    first, second = (one.title.replace("/", "-") for one in found.runs)
    name = f"{words(first, 40)}-to-{words(second, 40)}.patch"
    return Binary([found.code_diffs[0].text.encode("utf-8", "replace")], name=name)


# --- which


def _named(ask: Ask) -> tuple[Chosen, list[str]]:
    """Return the runs of the address and the names of its groups; the newest runs only where it names neither."""
    groups = list(dict.fromkeys(filter(None, (one.strip() for one in ask.query.all("group")))))
    if groups and "run" not in ask.query and not ask.query.text("where"):
        return Chosen([], 0, {}, is_default=False), groups
    return chosen(ask, MOST), groups


def _in_order(names: list[str], baseline: str) -> list[str]:
    """Return the names with the baseline first. Raises BadArgumentError where it is none of them."""
    if not baseline or not names:
        return names
    first = next((one for one in names if one == baseline), None) or next(
        (one for one in names if one.startswith(baseline)), None
    )
    if first is None:
        raise BadArgumentError(
            f"the baseline `{words(baseline, 60)}` is none of what is compared",
            hint="name it with `run=` too",
        )
    return [first, *(one for one in names if one != first)]


def _suggested(ask: Ask, names: Sequence[str]) -> list[dict[str, object]]:
    table = ask.record.runs(columns=["id", "name", "seed", "status", "created"], limit=SUGGESTED + len(names))
    return [row for row in table.to_pylist() if row["id"] not in names][:SUGGESTED]


# --- the table


def _shown(found: Comparison, names: Sequence[str], ask: Ask) -> dict[str, object]:
    heads = [_head(one, name) for one, name in zip(found.runs, names, strict=True)]
    with_all = ask.query.flag("all")
    sections = [
        _section(name, part, with_all=with_all)
        for name, part in (
            ("Parameters", found.params),
            ("Seed", found.seeds),
            ("Data", found.data),
            ("Environment", found.environment),
            ("Command", found.command),
            ("Kept files", _short_digests(found.kept)),
        )
    ]
    uneven = any(row.is_uneven for row in found.metrics)
    kept = [row for row in found.metrics if with_all or not row.is_same or row.is_uneven]
    return {
        "found": found, "heads": heads, "sections": [one for one in sections if one.rows or one.same or one.said],
        "metrics": [(row, _way(row), _measured(row)) for row in (kept if with_all else kept[: 4 * ROWS])],
        "notes": [without_option(one) for one in found.notes[:NOTES]],
        "metrics_left_out": 0 if with_all else max(0, len(kept) - 4 * ROWS),
        "metrics_same": [(row.name, _number(row.values[0])) for row in found.metrics if row not in kept],
        "uneven": uneven, "singles": all(one.runs == 1 for one in found.runs), **_code(found, heads, ask),
        "no_data": "" if found.data.differ or found.data.agree else unsaid_data(found),
    }  # fmt: skip


def _head(one: Compared, key: str) -> Head:
    is_group = key != one.id
    seed = str(count_of(one.seed)) if isinstance(one.seed, list) and is_group else short(one.seed, 40)
    return Head(one.title, one.name or one.title, one.id, key, one.status, seed, one.runs, is_group)


def _section(name: str, part: Differences, *, with_all: bool) -> Section:
    listed = list(part.differ.items())
    rows = [
        (words(key, 120), cells_of(values), _are_numbers(values))
        for key, values in (listed if with_all else listed[:ROWS])
    ]
    same = [(words(key, 120), _whole(value)[:WHOLE]) for key, value in list(part.same.items())[:SAME]]
    return Section(name, counts(part), rows, len(listed) - len(rows), same)


def cells_of(values: Sequence[object]) -> list[Cell]:
    """Return the cells of a fact: the first is the baseline's, and longer texts are marked where they differ from it."""
    texts = [None if value is None else _whole(value) for value in values]
    first = texts[0]
    other = next((one for one in texts[1:] if one is not None and one != first), None)
    return [
        _cell(one, other if place == 0 else first, is_same=place > 0 and one == first)
        for place, one in enumerate(texts)
    ]


def _cell(one: str | None, against: str | None, *, is_same: bool) -> Cell:
    if one is None:
        return Cell([Piece(text.MISSING, is_other=False)], is_missing=True, is_same=is_same)
    pieces = [Piece(one, is_other=False)]
    if against is not None and not is_same and min(len(one), len(against)) >= MARKED_FROM:
        pieces = marked(one[:WHOLE], against[:WHOLE])
    if len(pieces) == 1:
        pieces = [Piece(text.cut_middle(one, LONGEST), is_other=False)]
    shown = shortened(pieces, LONGEST)
    is_cut = "".join(piece.text for piece in shown) != one
    return Cell(shown, one[:WHOLE] if is_cut else "", is_same=is_same)


def _whole(value: object) -> str:
    return short(value, WHOLE, exact=True) if value != "" else '""'


def _are_numbers(values: Sequence[object]) -> bool:
    return all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    )


def _short_digests(kept: Differences) -> Differences:
    """Return kept files by the beginnings of their digests."""

    def cut(value: object) -> object:
        return str(value)[:12] if value else None

    return kept._replace(
        differ={name: [cut(one) for one in values] for name, values in kept.differ.items()},
        same={name: cut(value) for name, value in kept.same.items()},
    )


# --- metrics


def _way(row: MetricRow) -> str:
    if row.better is None:
        return ""
    return f"{row.better} is better" + (", a guess from its name" if row.is_guessed else "")


def _measured(row: MetricRow) -> list[Measured]:
    found = []
    steps = row.steps or (None,) * len(row.values)
    for value, difference, step in zip(row.values, (None, *row.differences), steps, strict=True):
        shown = "" if difference is None or difference != difference else f"{difference:+.4g}"
        is_told = shown and row.better is not None and not row.is_uneven
        is_fair = not _has_failed(value) and not _has_failed(row.values[0])
        way = _better(row, difference or 0.0) if is_told and is_fair and difference else ""
        at_step = f"{step:,}" if row.is_uneven and step is not None else ""
        found.append(Measured(_number(value), shown, way, at_step))
    return found


def _has_failed(value: object) -> bool:
    """Return whether seeds of a group have no finite value: then its mean is that of the others, and is no better one."""
    return isinstance(value, Spread) and value.failed > 0


def _better(row: MetricRow, difference: float) -> str:
    return "better" if (difference > 0) == (row.better == "higher") else "worse"


def _number(value: object) -> str:
    if isinstance(value, Spread):
        return str(value) if value.n or value.failed else text.MISSING
    return text.MISSING if value is None else short(value)


# --- code


def _code(found: Comparison, heads: Sequence[Head], ask: Ask) -> dict[str, object]:
    """Return the code of each run, and the diff of one of them: that of `code=`, or the first that differs."""
    wanted = ask.query.text("code")
    others = list(zip(heads[1:], found.code_diffs, strict=True))
    at = next(
        (place for place, (head, _) in enumerate(others) if wanted and head.key.startswith(wanted)), None
    )
    if at is None:
        at = next((place for place, (_, diff) in enumerate(others) if diff.files), 0)
    first = found.runs[0].title
    rows = [Code(heads[0], code_state(found.code[0]), "", 0, 0, "", is_shown=False)]
    for place, ((head, diff), state) in enumerate(zip(others, found.code[1:], strict=True)):
        said = "" if diff.files else no_diff(first, head.title, diff)
        files = text.count(len(diff.files), "file") if diff.files else ""
        rows.append(
            Code(head, code_state(state), files, diff.added, diff.removed, said, is_shown=place == at)
        )
    head, diff = others[at]
    return {
        "code": rows, "diff": diff, "diff_head": head, "files": _files(diff),
        "files_left_out": max(0, len(diff.files) - FILES),
        "is_recorded": any(len(one) > 1 for one in found.code),
    }  # fmt: skip


def _files(diff: CodeDiff) -> list[tuple[FileDiff, list[tuple[str, str]], int, bool]]:
    """Return the files with their lines (kind, text), how many lines are left out, and whether they are unfolded."""
    room, shown, found = LINES, 0, []
    for file in diff.files[:FILES]:
        lines = lines_of(file)
        kept = lines[: max(0, min(room, LINES // 4))]
        room -= len(kept)
        shown += len(kept)
        found.append((file, kept, len(lines) - len(kept), shown <= OPEN_LINES))
    return found


def lines_of(file: FileDiff) -> list[tuple[str, str]]:
    """Return the lines of a diff without its head: (add, del, at or nothing, text)."""
    lines = file.diff.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if lines and lines[0].startswith("--- "):
        lines = lines[2:]
    kinds: Mapping[str, str] = {"+": "add", "-": "del", "@": "at", "\\": "at"}
    return [(kinds.get(line[:1], ""), line.rstrip("\r").expandtabs(4)[:500]) for line in lines]
