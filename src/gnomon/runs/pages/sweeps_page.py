"""`/sweeps` and `/sweep/{sweep}`: how far each sweep is, what came of each configuration, and what may be said of the best one.

Always true: a sweep whose file this Gnomon cannot read is listed and said; each list is bounded and says what it leaves out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.errors import GnomonError
from gnomon.page import Redirect, Shown
from gnomon.runs.display.markup import Html
from gnomon.runs.display.shorten import short, words
from gnomon.runs.display.sparkline import Whiskers
from gnomon.runs.liveness import RUNNING
from gnomon.runs.pages.sweep_plot import near, picture
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.sweep_view import BEST, CANNOT_TELL, WORSE, best_so_far
from gnomon.runs.sweep.trials import not_run_again
from gnomon.runs.sweep.words import number_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.page import Answer, Ask
    from gnomon.runs.sweep.sweep_view import SweepView, TrialView

MOST, MOST_TRIALS, MOST_ASKED = 50, 100, 10_000
MOST_PARAMS, MOST_SEEDS, MOST_COMPARED = 8, 8, 100
_ORDER = (entries.OPEN, entries.FINISHED, entries.FAILED, entries.TIMED_OUT, entries.PRUNED, entries.STOPPED)
_NOTES = {BEST: "best mean", CANNOT_TELL: "cannot be told from the best", WORSE: "", "": ""}


def sweeps(ask: Ask) -> Shown:
    """List the sweeps."""
    limit = ask.query.whole("limit", MOST, low=1, high=MOST_ASKED)
    every = ask.record.sweeps()
    rows = [_row(one) for one in every[:limit]]
    return Shown("runs/sweeps.html", "Sweeps", {"rows": rows, "total": len(every), "limit": limit})


def _row(view: SweepView) -> dict[str, Any]:
    found = {
        "id": view.id, "name": view.name, "created": view.created, "by": view.author or "", "error": "", "state": "", "done": 0,
        "planned": 0, "metric": "", "goal": "", "best": "", "is_told": False,
    }  # fmt: skip
    try:
        found |= {
            "state": view.state, "done": view.done, "planned": view.planned, "metric": view.metric, "goal": view.goal,
            "best": best_so_far(view), "is_told": view.is_best_told,
        }  # fmt: skip
    except GnomonError as error:
        found["error"] = error.message
    return found


def sweep(ask: Ask) -> Answer:
    """Show a sweep. Raises UnknownSubjectError, AmbiguousIdError."""
    view = ask.record.sweep(ask.path["sweep"])
    if view.id != ask.path["sweep"]:
        return Redirect(f"/sweep/{view.id}")
    by_number = ask.query.text("by") == "number"
    limit = ask.query.whole("limit", MOST_TRIALS, low=1, high=MOST_ASKED)
    values = {
        "id": view.id, "name": view.name, "created": view.created, "by": view.author or "", "where": view.where, "error": "",
        "by_number": by_number, "limit": limit,
    }  # fmt: skip
    try:
        values |= _of_plan(view) | _of_trials(ask, view, by_number=by_number, limit=limit)
    except GnomonError as error:
        values["error"] = error.message
    return Shown("runs/sweep.html", view.name or view.id[:8], values)


def _of_plan(view: SweepView) -> dict[str, Any]:
    plan = view.plan
    left = view.planned - view.done
    seeds = ", ".join(map(str, plan.seeds[:30])) + (", …" if len(plan.seeds) > 30 else "")
    pruning = plan.pruning
    asked = [
        ("command", " ".join(plan.command)),
        *((f"{one.name}", str(one)) for one in plan.space),
        ("sampler", plan.sampler),
        ("trials", f"{view.planned_trials:,}"),
        ("seeds", seeds or "none: one run for each configuration, so luck cannot be told from skill"),
        ("what counts", f"the {plan.at} value of {plan.metric}"),
        *([("pruning", pruning.kind)] if pruning is not None else []),
        ("at a time", str(plan.parallel)),
        *([("longest", text.duration(plan.timeout_s))] if plan.timeout_s is not None else []),
    ]
    return {
        "metric": view.metric, "goal": view.goal, "state": view.state, "done": view.done, "planned": view.planned, "left": left,
        "asked": [(words(name, 80), words(said, 400)) for name, said in asked[:60]], "more_asked": max(0, len(asked) - 60),
        "left_s": view.left_s if view.state == RUNNING else None, "ended_trials": view.ended_trials,
        "planned_trials": view.planned_trials, "sentence": view.sentence, "is_told": view.is_best_told,
        "metric_column": f"metrics.{view.metric}", "has_seeds": bool(plan.seeds), "best": view.best,
    }  # fmt: skip


def _of_trials(ask: Ask, view: SweepView, *, by_number: bool, limit: int) -> dict[str, Any]:
    trials = view.trials
    ordered = trials if by_number else sorted(trials, key=lambda one: _rank(one, view))
    shown = ordered[:limit]
    names = list(
        dict.fromkeys([one.name for one in view.plan.space] + [n for one in trials for n in one.params])
    )
    drawn = set(near([one.mean for one in trials if one.mean is not None], is_high=view.goal == "maximize"))
    scale = Whiskers([(one.low, one.mean, one.high) for one in trials if one.mean in drawn])
    here = set(ask.record.replica.index.ids("run")) if "run" in ask.record.replica.index.types() else set()
    best = view.best
    counts = Counter(one.status for trial in trials for one in not_run_again(trial.runs))
    return {
        "names": names[:MOST_PARAMS], "more_names": names[MOST_PARAMS:], "total": len(trials), "picture": picture(view),
        "rows": [
            {
                **_trial(one, names, here, view, best),
                "drawn": scale.drawn(one.low, one.mean, one.high) if one.mean in drawn else Html(""),
            }
            for one in shown
        ],
        "shown_names": {one.name for one in shown},
        "counts": [(status, counts[status]) for status in _ORDER if counts[status] and status != entries.FINISHED],
    }  # fmt: skip


def _rank(one: TrialView, view: SweepView) -> tuple[bool, float, int, int, str]:
    """Return what sorts trials: the best mean first, then what goes on, then what came to nothing."""
    sign = -1.0 if view.goal == "maximize" else 1.0
    mean = one.mean
    return (
        mean is None,
        0.0 if mean is None else sign * mean,
        _ORDER.index(one.status),
        one.number,
        one.name,
    )


def _trial(
    one: TrialView, names: Sequence[str], here: set[str], view: SweepView, best: TrialView | None
) -> dict[str, Any]:
    runs = [run.run for run in one.runs if run.run in here]
    theirs = [run.run for run in best.runs if run.run in here] if best is not None and best is not one else []
    status = one.status
    is_begun = any(run.status == entries.OPEN for run in one.runs)
    if status == entries.OPEN and is_begun and view.state == RUNNING:
        status = RUNNING
    return {
        "name": one.name, "status": status, "why": one.why, "mean": number_words(one.mean, one.low, one.high),
        "note": _NOTES[one.standing], "standing": one.standing, "done": one.done, "seeds": one.seeds,
        "values": [_shown(one.params, name) for name in names[:MOST_PARAMS]],
        "rest": ", ".join(
            f"{words(name, 60)}={short(one.params[name], 60)}" for name in names[MOST_PARAMS:] if name in one.params
        ),
        "runs": _seeds(one, here), "compared": [*runs, *theirs][:MOST_COMPARED] if runs else [], "with_best": bool(theirs),
    }  # fmt: skip


def _shown(params: Mapping[str, object], name: str) -> tuple[str, bool]:
    """Return a value of a configuration, and whether it is a number."""
    value = params.get(name)
    return short(value, 60), isinstance(value, (int, float)) and not isinstance(value, bool)


def _seeds(one: TrialView, here: set[str]) -> list[dict[str, object]]:
    """Return the runs of a trial, the last of each seed, with where they are seen."""
    last = {run.seed: run for run in one.runs}
    return [
        {
            "label": str(run.seed) if run.seed is not None else "the run", "run": run.run if run.run in here else "",
            "status": run.status, "said": f"{run.status}{f': {words(run.why, 200)}' if run.why else ''}",
        }
        for run in list(last.values())[:MOST_SEEDS]
    ]  # fmt: skip
