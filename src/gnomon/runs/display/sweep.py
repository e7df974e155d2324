"""A sweep as a notebook shows it: the sentence on the best trial, and the trials, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.errors import GnomonError
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import tag
from gnomon.runs.display.shorten import more, short, words
from gnomon.runs.display.sparkline import Whiskers

if TYPE_CHECKING:
    from gnomon.runs.sweep.sweep_view import SweepView

ROWS = 20
PARAMS = 8


def sweep_html(view: SweepView) -> str:
    """Return what a notebook shows of a sweep."""
    try:
        head = f"{view.state}: {view.done:,} of {text.count(view.planned, 'run')}; {view.goal} {words(view.metric, 80)}"
        trials = sorted(view.trials, key=lambda one: (one.mean is None, _sign(view) * (one.mean or 0)))
    except GnomonError as error:
        return look.framed(
            tag("div", tag("b", words(view.name)), class_="head"), look.warning(words(error.message))
        )
    shown = trials[:ROWS]
    names = list(dict.fromkeys(name for one in shown for name in one.params))
    scale = Whiskers([(one.low, one.mean, one.high) for one in shown])
    rows = [
        [
            one.name, *(short(one.params.get(name), 40) for name in names[:PARAMS]), one.status,
            text.number(one.mean) if one.mean is not None else words(one.why), scale.drawn(one.low, one.mean, one.high),
            one.standing if one.standing != "cannot tell" else "cannot be told from the best",
        ]
        for one in shown
    ]  # fmt: skip
    columns = ["trial", *names[:PARAMS], "status", view.metric, "95 % interval", ""]
    return look.framed(
        tag("div", tag("b", words(view.name)), f" {head}", class_="head"),
        tag("div", words(view.sentence, 500)),
        tables.table(columns, rows) if rows else None,
        tables.below(
            more(len(trials) - len(shown), "trial"), more(len(names) - len(names[:PARAMS]), "parameter")
        ),
    )


def _sign(view: SweepView) -> float:
    return -1.0 if view.goal == "maximize" else 1.0
