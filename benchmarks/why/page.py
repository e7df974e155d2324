"""The figures of `gnomon why`, as a part of its page."""

from __future__ import annotations

import math

from benchmarks.checks.fairness import table
from benchmarks.why.cases import KINDS
from benchmarks.why.figures import COUNTS, KNOWN, TRUTH_SEEDS, UP_TO, USUAL

STRENGTHS = ("0–0.5", "0.5–1", "1–2", "2–4", "over 4")
WORDS = {
    "one": "one cause", "two": "two causes", "three": "three causes", "together": "two that act together",
    "noisy": "noisy: 1–3 causes, 40–60 rows, 30 tested",
}  # fmt: skip


def percent(tally, part, whole):
    found = tally.share(part, whole)
    return "–" if math.isnan(found) else f"{found:.1f}"


def text(figures, numbers):
    """Return the lines of the page."""
    caused, none = figures.of("caused"), figures.of("none")
    return [
        f"{caused['cases']:,} cases with planted causes (numbers {numbers.start:,} to {numbers.stop - 1:,})",
        f"and {none['cases']:,} without one. A planted cause counts where {len(TRUTH_SEEDS)} other seeds tell its share from 0",
        f"({KNOWN} standard errors): {caused['caused']:,} cases have one or more.",
        f"Shares and difference agree to {figures.largest_rest:.0e}, seed by seed",
        "(of the largest value of the metric, where that is over 1).",
        "",
        f"**By kind**, {USUAL} seeds, in percent:",
        "",
        *_by_kind(figures),
        "",
        "**By the number of seeds**, in percent; *runs* is a mean over all cases with planted causes:",
        "",
        *_by_seeds(figures),
        "",
        f"**By the size of the difference**, counted in its standard deviation between seeds ({USUAL} seeds):",
        "",
        *_by_strength(figures),
        "",
        f"**By the size of a share**, counted in its own standard deviation between seeds ({USUAL} seeds):",
        "",
        *table(
            ["size of the share", "causes", "named, %"],
            [
                [
                    label,
                    f"{figures.factors[label]['factors']:,}",
                    percent(figures.factors[label], "named", "factors"),
                ]
                for label in STRENGTHS
                if label in figures.factors
            ],
        ),
        "",
        f"**Sampled**, {USUAL} seeds, the cases of three factors or more: one pair of orders a seed, beside all mixtures:",
        "",
        *_sampled(figures),
        "",
        *_rest(figures),
    ]


def _by_kind(figures):
    rows = []
    for kind in (*KINDS, "caused"):
        one = figures.of(kind)
        name = WORDS.get(kind, "**all with a cause**")
        rows.append(
            [
                name,
                f"{one['caused']:,}",
                percent(one, "named", "caused"),
                percent(one, "top-1", "named"),
                percent(one, "top-1 tied", "named"),
                percent(one, "top-3", "named"),
                percent(one, "top-1", "caused"),
                percent(one, "no cause above noise", "caused"),
                percent(one, "cannot tell", "caused"),
                percent(one, "false alarm", "cases"),
            ]
        )
    none = figures.of("none")
    rows.append(["**no cause**", *["–"] * 8, percent(none, "false alarm", "cases")])
    head = [
        "planted", "cases", "a cause named", "… first is the largest", "… or within 10 % of it", "… largest among first three",
        "first is the largest, of all", "said: no cause", "said: cannot tell which", "false alarm",
    ]  # fmt: skip
    return table(head, rows)


def _by_seeds(figures):
    rows = []
    for seeds in (*COUNTS, *(f"up to {most}" for most in UP_TO)):
        one, none = figures.of("caused", seeds), figures.of("none", seeds)
        rows.append(
            [
                seeds,
                percent(one, "named", "caused"),
                percent(one, "real named", "real"),
                percent(one, "top-1", "named"),
                percent(one, "top-1", "caused"),
                percent(none, "false alarm", "cases"),
                percent(one, "false alarm", "cases"),
                percent(one, "intervals that hold", "intervals"),
                percent(one, "all hold", "cases with intervals"),
                f"{one['runs'] / one['cases']:.0f}",
            ]
        )
    head = [
        "seeds", "a cause named", "of all causes, named", "first is the largest, where named", "first is the largest, of all",
        "false alarm, no cause", "false alarm, beside causes", "an interval holds", "all of an answer hold", "runs",
    ]  # fmt: skip
    return table(head, rows)


def _by_strength(figures):
    found = [(label, figures.strength[label]) for label in STRENGTHS if label in figures.strength]
    rows = [
        [
            label,
            f"{one['caused']:,}",
            percent(one, "named", "caused"),
            percent(one, "top-1", "named"),
            percent(one, "top-1", "caused"),
        ]
        for label, one in found
    ]
    head = [
        "size of the difference",
        "cases",
        "a cause named, %",
        "first is the largest, where named, %",
        "of all, %",
    ]
    return table(head, rows)


def _sampled(figures):
    rows = []
    for label in ("exact beside", "sampled"):
        one, none = figures.of("caused", label), figures.of("none", label)
        rows.append(
            [
                "all mixtures" if label == "exact beside" else "one pair of orders",
                f"{one['caused']:,}",
                percent(one, "named", "caused"),
                percent(one, "top-1", "named"),
                percent(one, "real named", "real"),
                percent(none, "false alarm", "cases"),
                percent(one, "false alarm", "cases"),
                f"{one['runs'] / one['cases']:.0f}",
            ]
        )
    head = [
        "", "cases", "a cause named", "… first is the largest", "of all causes, named", "false alarm, no cause",
        "false alarm, beside causes", "runs",
    ]  # fmt: skip
    return table(head, rows)


def _rest(figures):
    caused, advice = figures.of("caused"), figures.of("advice")
    idle, ranked = percent(caused, "pairs false", "cases"), percent(caused, "ranked first", "ranked")
    wrong, found = percent(caused, "wrong way", "named"), percent(caused, "pairs found", "pairs")
    settled = percent(advice, "settled", "advised")
    return [
        f"- A cause named with the wrong sign: in {wrong} % of the cases in which one is named.",
        f"- Pairs that act together ({len(TRUTH_SEEDS)} seeds tell so): {caused['pairs']:,}. Reported: {found} %.",
        f"- Answers that report a pair with a factor that does nothing: {idle} %.",
        f"- Advice on further seeds: given in {advice['advised']:,} cases, and settled {settled} % of them.",
        f"- The largest share of all that were computed, named or not, is the largest cause or within 10 % of it: {ranked} %.",
    ]
