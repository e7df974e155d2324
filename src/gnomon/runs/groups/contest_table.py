"""The table of a verdict: which columns fit a terminal, how names are shortened, and the drawn intervals.

Always true: a verdict and an interval are shown whole or not at all, and the verdict is always shown; two groups never have
one and the same shortened name. What goes first where a terminal is narrow: the picture, p, the difference (the interval says
more), the seeds to settle (the sentence says them), the number of seeds, the mean; of names what they have in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.groups.spread import Spread
from gnomon.runs.plot.whiskers import Whiskers
from gnomon.text import any_value, cut_middle, width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.face import Terminal
    from gnomon.runs.groups.contest import GroupComparison, Row
    from gnomon.runs.groups.judge import Standing

VERDICT_STYLES = {"better": "green", "worse": "red", "cannot tell": "yellow"}
COLUMNS = ("group", "n", "mean ± spread", "difference", "interval", "p", "verdict", "seeds to settle")
GAP = 2
WIDTHS = (24, 11)  # widths of the picture, the widest first
PAIRED = ", paired"
GOES = (
    "p",
    "difference",
    "seeds to settle",
    "n",
    PAIRED,
    "mean ± spread",
)  # where a terminal is narrow, in this order
NAME, LEAST_NAME = (
    24,
    4,
)  # columns of names that tell groups apart: so many before any of these goes, before the interval does


def write_table(found: GroupComparison, limit: int | None, terminal: Terminal) -> None:
    """Write the groups that were judged, the reference first."""
    rows = _chosen(found, limit)
    title = f"{100 * (1 - found.judgement.level):g} % interval of the mean"
    table = [{**cells_of(row, found), "group": terminal.clean(row.name), title: ""} for row in rows]
    columns = [
        key for key in COLUMNS if key in ("group", "n") or any(row[key] not in (None, "") for row in table)
    ]
    columns, size = _fitting(columns, table, len(title), terminal.width)
    spans = [(row.standing.low, row.standing.mean, row.standing.high) for row in rows]
    axis = Whiskers(spans, max(size, WIDTHS[-1]))
    if size and axis.is_drawable:
        columns.insert(columns.index("difference") if "difference" in columns else len(columns), title)
        for cells, row in zip(table, rows, strict=True):
            one = row.standing
            cells[title] = axis.drawn(one.low, one.mean, one.high, is_unicode=_is_unicode(terminal))
    _shorten(table, columns, terminal)
    first = next(
        (cells["group"] for cells, row in zip(table, rows, strict=True) if row.comparison is None), None
    )
    terminal.table(
        columns, table,
        styles={
            "group": lambda name: "bold" if name == first else "",
            "verdict": lambda verdict: VERDICT_STYLES.get(str(verdict).partition(",")[0], "dim"),
            title: lambda _: "dim",
        },
        importance=["verdict", "interval", "group", "mean ± spread"],
    )  # fmt: skip
    if len(rows) < len(found.rows):
        terminal.say(
            f"{len(rows):,} of {terminal.count(len(found.rows), 'group')}; `--all` or `--limit N` shows more"
        )


def write_unjudged(found: GroupComparison, limit: int | None, terminal: Terminal) -> None:
    """Write the groups that were compared with nothing, the one with the best value first."""
    rows = [row for row in found.unjudged if row.standing.n]
    if not rows:
        return
    shown = rows if limit is None else rows[: max(1, limit)]
    terminal.write()
    terminal.write(terminal.style("not judged: one seed says nothing about its own noise", "bold"))
    table: list[dict[str, object]] = [
        {"group": row.name, "n": _seeds(row.standing), "value": row.standing.mean} for row in shown
    ]
    columns = ["group", "n", "value"] if any(row.standing.failed for row in shown) else ["group", "value"]
    for cells in table:
        cells["group"] = terminal.clean(str(cells["group"]))
    _shorten(table, columns, terminal)
    terminal.table(columns, table, importance=["value", "group"])
    if len(shown) < len(rows):
        terminal.say(f"{len(shown):,} of {len(rows):,}; `--all` or `--limit N` shows more")


def _chosen(found: GroupComparison, limit: int | None) -> list[Row]:
    """Return the first rows, and that of the baseline wherever it stands."""
    if limit is None or len(found.rows) <= limit:
        return list(found.rows)
    rows = list(found.rows[:limit])
    named = [row for row in found.rows[limit:] if row.comparison is None and found.judgement.is_baseline]
    return [*rows[: max(0, limit - len(named))], *named]


# ---------------------------------------------------------------- cells


def reference_said(found: GroupComparison) -> str:
    """Return what stands in the place of a verdict where the others are compared with this group."""
    if found.judgement.is_baseline:
        return "baseline"
    return "best mean" if len(found.rows) > 1 else ""


def _seeds(one: Standing) -> object:
    return f"{one.n:,} of {one.n + one.failed:,} finite" if one.failed else one.n


def cells_of(row: Row, found: GroupComparison) -> dict[str, object]:
    """Return what is said of a group, by column; None for nothing."""
    one, versus = row.standing, row.comparison
    cells: dict[str, object] = {
        "group": row.name, "n": _seeds(one), "mean ± spread": str(Spread(one.n, one.mean, one.spread)),
        "difference": None, "interval": None, "p": None, "verdict": "", "seeds to settle": None,
    }  # fmt: skip
    if versus is None:
        return {**cells, "verdict": reference_said(found)}
    cells["verdict"] = versus.verdict + (", paired" if versus.is_paired else "")
    if versus.difference is not None:
        cells["difference"] = f"{versus.difference:+.4g}"
    if versus.low is not None and versus.high is not None:
        cells["interval"] = f"{versus.low:+.3g} to {versus.high:+.3g}"
    if versus.p is not None:
        cells["p"] = "<0.001" if versus.p < 0.001 else f"{versus.p:.3f}"
    if versus.more_seeds is not None:
        cells["seeds to settle"] = f"+{versus.more_seeds:,}"
    return cells


# ---------------------------------------------------------------- what fits


def _fitting(
    columns: Sequence[str], table: Sequence[dict[str, object]], title: int, available: int | None
) -> tuple[list[str], int]:
    """Return the columns that fit beside the names, and how wide the picture may be (0: there is none)."""
    columns = list(columns)
    if available is None:
        return columns, WIDTHS[0]
    longest = max((width(str(cells["group"])) for cells in table), default=0)
    for size in WIDTHS:
        if _beside(columns, table) + GAP + max(size, title) + longest <= available:
            return columns, size
    names = [str(cells["group"]) for cells in table]
    needed = min(longest, max(map(width, _without_common(names, "…")), default=0))
    for key, name in [*((key, NAME) for key in GOES), ("interval", LEAST_NAME)]:
        if _beside(columns, table) + min(needed, name) <= available:
            break
        if key in columns:
            columns.remove(key)
        elif key == PAIRED:  # the sentence says it too
            for cells in table:
                cells["verdict"] = str(cells["verdict"]).removesuffix(PAIRED)
    return columns, 0


def _beside(columns: Sequence[str], table: Sequence[Mapping[str, object]]) -> int:
    """Return what all columns but that of the names take, gaps included."""
    others = [key for key in columns if key != "group"]
    return sum(_width(key, table) + GAP for key in others)


def _width(key: str, table: Sequence[Mapping[str, object]]) -> int:
    shown = [width(any_value(cells[key])) for cells in table]
    if key == "mean ± spread":  # they are aligned at their ±
        halves = [str(cells[key]).partition("±") for cells in table]
        shown = [max(len(a) for a, _, _ in halves) + 1 + max(len(b) for _, _, b in halves)]
    return max([len(key), *shown])


def _shorten(table: Sequence[dict[str, object]], columns: Sequence[str], terminal: Terminal) -> None:
    """Shorten the names where the terminal is too narrow for them."""
    if terminal.width is None:
        return
    room = max(4, terminal.width - _beside(columns, table))
    names = [str(cells["group"]) for cells in table]
    for cells, name in zip(
        table, shortened(names, room, "…" if _is_unicode(terminal) else ".."), strict=True
    ):
        cells["group"] = name


def shortened(names: Sequence[str], room: int, ellipsis: str = "…") -> list[str]:
    """Return names that take at most so many columns and stay different: without the words that all have, else cut in the middle.

    >>> shortened(["trees lr=0.1 depth=6", "trees lr=0.2 depth=6"], 12)
    ['… lr=0.1 …', '… lr=0.2 …']
    >>> shortened(["a" * 20 + "1", "a" * 20 + "2"], 8)
    ['aaaaa…a1', 'aaaaa…a2']
    """
    names = list(names)
    if max(map(width, names), default=0) <= room:
        return names
    bare = _without_common(names, ellipsis)
    cut = [[cut_middle(name, room, ellipsis) for name in some] for some in (names, bare)]
    for tried in (bare, *cut):
        if max(map(width, tried)) <= room and len(set(tried)) == len(set(names)):
            return tried
    digits = len(str(len(names)))
    return [
        f"{cut_middle(name, max(1, room - digits - 1), ellipsis)}~{number}"
        for number, name in enumerate(names, 1)
    ]


def _without_common(names: Sequence[str], ellipsis: str) -> list[str]:
    """Return names without the words at their beginning and end that all of them have."""
    words = [name.split(" ") for name in names]
    shortest = min(map(len, words))
    before = 0
    while before < shortest - 1 and len({one[before] for one in words}) == 1:
        before += 1
    after = 0
    while after < shortest - 1 - before and len({one[-1 - after] for one in words}) == 1:
        after += 1
    return [
        " ".join(
            [*([ellipsis] if before else []), *one[before : len(one) - after], *([ellipsis] if after else [])]
        )
        for one in words
    ]


# ---------------------------------------------------------------- drawn intervals


def _is_unicode(terminal: Terminal) -> bool:
    return bool(getattr(terminal, "is_unicode", True))
