"""Make a run again and write down what came of it.

Always true: nothing of the run starts before all that cannot be rebuilt was named; the verdict is written on the run that was
made again, also where it could not run; a repeat that was interrupted leaves no verdict, and what it logged stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, GnomonError
from gnomon.record.keys import own_writer
from gnomon.runs import entries
from gnomon.runs.actions import write
from gnomon.runs.compare.facts import is_same, params_of
from gnomon.runs.rebuild import plan as planning
from gnomon.runs.rebuild.ending import ended_by_signals
from gnomon.runs.rebuild.recipe import recipe_of
from gnomon.runs.rebuild.swap import as_it_was
from gnomon.runs.reproduce.changed import changed
from gnomon.runs.reproduce.verdict import Outcome, compare
from gnomon.runs.tracebacks import last_line
from gnomon.text import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.rebuild.plan import Plan
    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

REPLICATION = "replication"
MOST_METRICS, MOST_GAPS = 200, 50
UNFINISHED = frozenset({"running", "open", "unknown"})


@dataclass(frozen=True, slots=True)
class Replication:
    """What came of making a run again. `by` is the repeat, None where it never began; `why` says why it cannot run."""

    run: str
    by: str | None
    verdict: str
    why: str | None
    plan: Plan
    outcome: Outcome | None
    folder: str | None = None  # where it ran, where that is kept

    @property
    def is_swapped(self) -> bool:
        """Whether a factor was changed: it is no replication then but an experiment."""
        return bool(self.plan.mix.swapped)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `--json` prints them."""
        outcome = self.outcome
        return {
            "run": self.run, "by": self.by, "verdict": self.verdict, "why": self.why,
            "swapped": dict(self.plan.mix.swapped),
            "gaps": [{**gap._asdict()} for gap in self.plan.gaps],
            "code_is_proven": self.plan.is_proven,
            "environment": self.plan.python.how,
            "metrics": [row.to_dict() for row in outcome.metrics] if outcome else [],
            "differs": list(outcome.differs) if outcome else [],
            "notes": list(outcome.notes) if outcome else [],
            "folder": self.folder,
        }  # fmt: skip


def plan(
    record: Record,
    run: str,
    *,
    on_changed: Sequence[str] = (),
    env: str = "auto",
    take: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Return what making a run again needs, and what of it cannot be had; nothing is started or written.

    Raises UnknownSubjectError, BadArgumentError for a run that still goes on, or a factor that cannot be swapped.
    """
    record.replica.update(record.progress)
    view = record.run(run)
    if view.status in UNFINISHED:
        raise BadArgumentError(
            f"run {view.id[:8]} has not ended ({view.status}): there is nothing to hold a second one against",
            hint="wait for its end (`gnomon eta`), or stop it",
        )
    recipe = recipe_of(view)
    return planning.plan(record, changed(record, as_it_was(recipe), on_changed), how=env, take=take, say=say)


def is_foreign(record: Record, recipe: Recipe) -> bool:
    """Return whether a run was made on another device: its code is somebody else's, or from another machine of ours."""
    writer = own_writer(record.home.env)
    return writer is None or any(one != writer for one in recipe.writers)


def reproduce(
    record: Record,
    made: Plan,
    *,
    quiet: bool = False,
    keep_folder: bool = False,
    anyway: bool = False,
    timeout_s: float | None = None,
) -> Replication:
    """Run a plan, compare what came out, and write the verdict down. A gap that blocks is a verdict, too: *cannot run*.

    `anyway` runs it in spite of such gaps, if there is anything to run. What takes longer than `timeout_s` is ended.
    """
    run = made.recipe.run
    blocked = made.blocked
    has_cells = bool(made.recipe.notebook.cells)
    can_start = bool(
        made.root
        and made.python.python
        and made.recipe.is_recorded
        and (has_cells or not made.recipe.is_notebook)
    )
    if blocked and not (anyway and can_start):
        return _written(
            record, Replication(run, None, entries.CANNOT_RUN, "; ".join(map(str, blocked)), made, None)
        )
    try:
        started = planning.start(
            record, made, REPLICATION, of=run, quiet=quiet, name=name_of(record.run(run), made)
        )
    except (OSError, GnomonError) as error:
        return _written(
            record,
            Replication(run, None, entries.CANNOT_RUN, str(getattr(error, "message", error)), made, None),
        )
    try:
        with ended_by_signals():
            status = started.end_within(timeout_s, keep=keep_folder)
    except BaseException:  # Ctrl-C: what it logged stays
        started.stop()
        raise
    by = planning.repeat_of(record, started)
    folder = started.folder if keep_folder else None
    found = record.run(by) if by is not None else None
    if status is None:
        why: str | None = f"it took longer than {duration(timeout_s)}, and was ended (`--timeout`)"
    else:
        why = _why_not(started.run, found, status, made, record)
    if why is not None or found is None:
        return _written(record, Replication(run, by, entries.CANNOT_RUN, why, made, None, folder))
    outcome = compare(record, record.run(run), found)
    ended = outcome.ended.said if outcome.ended is not None else None
    return _written(record, Replication(run, found.id, outcome.verdict, ended, made, outcome, folder))


def name_of(run: RunView, made: Plan) -> str | None:
    """Return what a repeat is called: as the run is, with what was changed."""
    if run.name is None or not made.mix.swapped:
        return run.name
    changes = [
        f"{key.removeprefix('params.')}={said.rpartition(' → ')[2]}" for key, said in made.mix.swapped.items()
    ]
    return f"{run.name} {' '.join(changes)}"


def _why_not(launched: str, found: RunView | None, status: int, made: Plan, record: Record) -> str | None:
    """Return why a repeat says nothing: it failed, or never used what it was given."""
    if found is None:
        return "it ended without making the run that was to be made again"
    original = record.run(made.recipe.run)
    if found.status != "finished" and original.status == "finished":
        error = next((process.error for process in found.processes if process.error), None)
        last = last_line(record.run(launched))
        return f"it ended with {error or f'exit code {status}'}" + (f": {last}" if last else "")
    if (made.mix.params or made.mix.seed is not None) and not takes_values(found):
        name = next(iter(made.mix.params), "seed")
        return f"no word of the command gives `{name}`, and the script does not use `gnomon.run`, which could take it"
    given = [name for name in found.unread if name in {*made.mix.params, "seed"}]
    if given:
        name = given[0]
        way = "run.seed" if name == "seed" else f'run.params["{name}"]'
        return f"the script never read `{way}`, so `{name}` could not be changed from outside"
    said, _ = params_of(found.params)
    for name, value in made.mix.wanted.items():
        if not is_same(said.get(name), value):
            return f"`{name}` was to be {value!r}, and the run says that it used {said.get(name)!r}"
    return None


def takes_values(run: RunView) -> bool:
    """Return whether any process of a run uses the SDK: else nobody took what it was given."""
    return any(not process.is_launcher for process in run.processes)


def _written(record: Record, done: Replication) -> Replication:
    """Write the verdict on the run that was made again."""
    outcome = done.outcome
    if done.verdict == entries.CANNOT_RUN and (done.is_swapped or _is_known(record, done)):
        return done  # that an experiment could not be made, or once more for the same reason, says nothing of the run
    body: dict[str, Any] = {"verdict": done.verdict}
    if done.by is not None:
        body["by"] = done.by
    if done.why:
        body["why"] = done.why
    if done.plan.mix.swapped:
        body["swapped"] = dict(done.plan.mix.swapped)
    if done.plan.gaps:
        body["gaps"] = [str(gap) for gap in done.plan.gaps[:MOST_GAPS]]
    if outcome is not None:
        told = sorted(
            outcome.metrics, key=lambda row: row.outcome == "same"
        )  # what differs goes first where not all have room
        body["metrics"] = [list(row) for row in told[:MOST_METRICS]]
        if outcome.differs:
            body["differs"] = list(outcome.differs[:MOST_GAPS])
    write(record, done.run, entries.REPLICATED, body)
    record.replica.update()
    return done


def _is_known(record: Record, done: Replication) -> bool:
    """Whether the last that is known of the run is that it cannot run, for the same reason."""
    known = record.run(done.run).replications
    return bool(known) and known[-1]["verdict"] == done.verdict and known[-1]["why"] == done.why
