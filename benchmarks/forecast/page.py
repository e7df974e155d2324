"""The figures of forecasts, as a part of a page."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.forecast.cases import KINDS, SHARES, STATES
from benchmarks.forecast.figures import LEVEL, RESTARTS, STATED, Key, Tally

START, END = "<!-- made by `python -m benchmarks.forecast` -->", "<!-- end of what was made -->"
HISTORY = (
    "`held-out-1` was looked at, and 83 % of its ranges held; then the method was changed for recorded trainings, and"
    " `held-out-2` was looked at once, after that."
)

HEAD = """\
{cases} simulated runs of each of {kinds} kinds, for each of three states of knowledge, asked when they had done 10, 30, 60
and 90 % of their steps: {asked:,} forecasts. 15 to 1,500 steps; in one of five cases earlier runs of the configuration ran
on a machine that was up to three times as quick or slow. The cases are drawn from the range `{case_range}` of random
numbers; the method was chosen on another range. {history} One standard error of a share near {level:.0f} % is
{error:.1f} points for a row of {row:,} forecasts, and more than that because four of them are of one run.

- **holds**: the run ended within the range, in percent of forecasts. {level:.0f} is stated.
- **sooner, later**: it ended before the range, or after it.
- **width**: of the range, over the time that was really left (median). 0.5: half an hour where an hour was left.
- **narrow**: at most a tenth as wide as the time that was left, in percent of forecasts.
- **off**: how far the middle was from the time left (median), in percent.
"""

RECORDED = """\
### Recorded trainings

{kinds} small trainings with scikit-learn and NumPy, five seeds of each, up to three at a time on two cores that others used too.
Their times are kept in `benchmarks/forecast/recorded_held_out.json`. The method was made on 16 other trainings (`recorded.json`),
of which 81 % of its ranges hold. These were looked at once, after it was finished. The method before it held in 65 % of them, at
a width of 0.84.
"""


def text(case_range: str, cases: int, simulated: dict[Key, Tally], recorded: dict[Key, Tally]) -> str:
    """Return the tables."""
    whole = simulated["all", "all", "all"]
    row = cases * len(STATES) * len(SHARES)
    head = HEAD.format(
        cases=cases, kinds=len(KINDS), asked=sum(simulated[kind, "all", "all"].asked for kind in ("all", "crash")),
        case_range=case_range, history=HISTORY, level=100 * LEVEL, error=100 * (LEVEL * (1 - LEVEL) / row) ** 0.5, row=row,
    )  # fmt: skip
    kinds = [one for kind in KINDS for one in (RESTARTS if kind == "restart" else (kind,))]
    shares = [f"{share:.0%}" for share in SHARES]
    return "\n".join(
        (
            head,
            "### Simulated runs, by kind",
            _table(("kind", *_COLUMNS), [("**all but crashes**", *_cells(whole)), *_rows(simulated, kinds)]),
            "A crash is no end that a forecast speaks of; its row says how early a range comes to nothing.\n",
            "### By what is known, and how far the run is",
            _table(
                ("known", "done", *_COLUMNS),
                [
                    (state, share, *_cells(simulated["all", state, share]))
                    for state in STATES
                    for share in ("all", *shares)
                ],
            ),
            "### `ends_before`: the chance that is said, and what came of it",
            _table(
                ("kind", *(f"{100 * chance:.0f} % said" for chance in STATED)),
                [
                    (
                        kind,
                        *(
                            f"{simulated[kind, 'all', 'all'].share(simulated[kind, 'all', 'all'].before[c]):.0f}"
                            for c in STATED
                        ),
                    )
                    for kind in ("all", *kinds)
                    if kind != "crash"
                ],
            ),
            RECORDED.format(kinds=len({kind for kind, _, _ in recorded} - {"all"})),
            _table(
                ("training", *_COLUMNS),
                [
                    ("**all**", *_cells(recorded["all", "all", "all"])),
                    *(
                        (f"all, {state}", *_cells(recorded["all", state, "all"]))
                        for state in ("no run before", "runs before")
                    ),
                    *_rows(recorded, sorted({kind for kind, _, _ in recorded} - {"all"})),
                ],
            ),
        )
    )


def put_in(page: str, made: str) -> str:
    """Return a page with what was made in its place."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{made}\n{END}{after}"


_COLUMNS = ("forecasts", "holds", "sooner", "later", "width", "narrow", "off")


def _rows(found: dict[Key, Tally], kinds: Iterable[str]) -> list[tuple[str, ...]]:
    return [(kind, *_cells(found[kind, "all", "all"])) for kind in kinds]


def _cells(tally: Tally) -> tuple[str, ...]:
    told = f"{tally.told:,}" if tally.told == tally.asked else f"{tally.told:,} of {tally.asked:,}"
    return (
        told, f"{tally.coverage:.1f}", f"{tally.share(tally.early):.1f}", f"{tally.share(tally.late):.1f}", f"{tally.width:.2f}",
        f"{tally.narrow:.0f}", f"{tally.miss:.0f}",
    )  # fmt: skip


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"\n| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"
