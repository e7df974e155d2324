"""Mixtures of two runs, made and kept: which results exist, and how the missing ones come to be.

Always true: a result that exists, from an earlier `why` or as an ordinary run of the same recipe, is not made again; what was
made is in the record when this returns or is interrupted. A mixture that failed by itself counts as failed in the next `why`,
too, unless `retry` is asked for, or it gets something else: `take`, another `env`. One that was ended from outside is run again.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError
from gnomon.runs.rebuild import plan as planning
from gnomon.runs.rebuild.ending import SLOW_S, SLOW_TIMES, ended_by_signals
from gnomon.runs.rebuild.environment import AUTO
from gnomon.runs.rebuild.recipe import Processes, recipe_of
from gnomon.runs.rebuild.swap import may_read
from gnomon.runs.repeats import MADE_AGAIN, MIXTURE_OF
from gnomon.runs.reproduce.actions import takes_values
from gnomon.runs.tracebacks import last_line
from gnomon.runs.why.keys import key_of
from gnomon.runs.why.mixtures import Run
from gnomon.runs.why.value import value_of
from gnomon.text import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.runs.rebuild.code import Built
    from gnomon.runs.rebuild.plan import Plan, Started
    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.rebuild.swap import Mix
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record
    from gnomon.runs.why.answer import Mixture, Seed
    from gnomon.runs.why.factors import Factor

PAUSE_S = 0.02
START_S = 0.5  # what starting a run takes besides
MOST_LOOKED_AT = 3_000  # finished runs of the same script: the newest of them may be used


class Made(NamedTuple):
    """A result: the run it is from, its value (NaN: it failed, for the reason in `why`), and whether it existed before."""

    run: str
    value: float
    why: str | None = None
    was_there: bool = False


class Mixtures:
    """The mixtures of A and B: their plans, their results."""

    def __init__(
        self, record: Record, a: Recipe, b: Recipe, factors: Sequence[Factor], metric: str, *, is_seeded: bool,
        env: str = "auto", take: Sequence[str] = (), retry: bool = False, say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._retry = retry
        self._record, self._a, self._b = record, a, b
        self._factors = {one.name: one for one in factors}
        self._metric = metric
        self._is_seeded = is_seeded
        self._env, self._take, self._say = env, take, say
        self._plans: dict[Mixture, Plan] = {}
        self._keys: dict[Mixture, str | None] = {}
        self._built: dict[object, Built] = {}
        self.made: dict[Run, Made] = {}
        self.timeout_s: float | None = None  # what takes longer is ended, and failed
        known = [one.duration_s for one in (a, b) if one.duration_s is not None]
        self._slow_s = max(SLOW_S, SLOW_TIMES * max(known, default=math.inf))

    @property
    def results(self) -> dict[tuple[Mixture, Seed], float]:
        """The value of each run, NaN where it failed."""
        return {(run.mixture, run.seed): one.value for run, one in self.made.items()}

    def mix(self, mixture: Iterable[str]) -> Mix:
        """Return what is to be run for a mixture."""
        from gnomon.runs.rebuild.swap import as_it_was

        mix = as_it_was(self._a)
        for name in sorted(mixture):
            mix = self._factors[name].apply(mix)
        return mix

    def plan(self, mixture: Mixture) -> Plan:
        """Return the plan of a mixture, made once."""
        if mixture not in self._plans:
            self._plans[mixture] = planning.plan(
                self._record,
                self.mix(mixture),
                how=self._env,
                take=self._take,
                say=self._say,
                known=self._built,
            )
        return self._plans[mixture]

    def key(self, mixture: Mixture) -> str | None:
        """Return what names a mixture in the record. No environment is made for it: there may be as many as mixtures."""
        if mixture not in self._keys:
            mix = planning.coded(self._record, self.mix(mixture), self._built).mix
            self._keys[mixture] = key_of(mix.recipe, mix.params)
        return self._keys[mixture]

    # ------------------------------------------------------------ what exists

    def find(self, mixtures: Iterable[Mixture]) -> None:
        """Take the results that the record has."""
        wanted: dict[str, Mixture] = {}
        whole = frozenset(self._factors)
        for mixture in mixtures:
            if (key := self.key(mixture)) is not None:
                wanted[key] = mixture
        if (key := key_of(self._b)) is not None:
            wanted.setdefault(key, whole)
        if (key := key_of(self._a)) is not None:
            wanted.setdefault(key, frozenset())
        slots: dict[Mixture, int] = {}
        failed: list[tuple[Run, Made]] = []
        for view, key in self._candidates():
            mixture_found = wanted.get(key)
            if mixture_found is None:
                continue
            why = self._why_failed(view, mixture_found)
            if why is not None and self._counts_as_failed(view):
                failed.append((Run(mixture_found, view.repeats["seed"]), Made(view.id, math.nan, why, True)))
            if why is not None:
                continue
            slots[mixture_found] = slots.get(mixture_found, 0) + 1
            run = Run(mixture_found, view.seed if self._is_seeded else repeat(slots[mixture_found]))
            value = value_of(view, self._metric)
            if run not in self.made and value is not None and math.isfinite(value):
                self.made[run] = Made(view.id, value, None, was_there=True)
        for run, made in failed:
            self.made.setdefault(run, made)

    def _why_failed(self, view: RunView, mixture: Mixture) -> str | None:
        """Return why a run that exists gave no value; None where it gave one."""
        if view.status != "finished":
            return _how_it_ended(view, view.captured.exit.get("code"))
        if view.unread:
            coded = planning.coded(self._record, self.mix(mixture), self._built)
            if unread := _never_read(view, coded.mix, coded.source):
                return _unread_words(unread[0])
        return None if value_of(view, self._metric) is not None else f"it never logged `{self._metric}`"

    def _counts_as_failed(self, view: RunView) -> bool:
        """Whether an earlier mixture that gave no value would do so again: it got what it would get now, and ended by itself."""
        made = view.repeats
        return (
            not self._retry
            and not self._take
            and made.get("for") == MIXTURE_OF
            and made.get("env", AUTO) == self._env
            and not made.get("take")
            and isinstance(made.get("seed"), (int, str))
            and not view.captured.exit.get("signal")
        )

    def _candidates(self) -> Iterable[tuple[RunView, str]]:
        """Yield (run, key) of runs that may be mixtures: earlier ones say their key, and may have failed; others are asked."""
        record = self._record
        record.replica.update(record.progress)
        ids = record.replica.index.ids("run")
        cells = record._cells(["status", "removed", "repeats", "script", "created"], ids, None)
        scripts = set(self._record._cells(["script"], [self._a.run, self._b.run], None)["script"])
        looked, processes = 0, Processes(record)
        created = [one if isinstance(one, int) else 0 for one in cells["created"]]
        order = sorted(range(len(ids)), key=lambda at: -created[at])
        first = [at for at in order if ids[at] in (self._a.run, self._b.run)]
        for at in dict.fromkeys([*first, *order]):
            if (
                cells["status"][at] not in ("finished", *(("failed",) if cells["repeats"][at] else ()))
                or cells["removed"][at] not in (None, False, *MADE_AGAIN)
                or cells["script"][at] not in scripts
            ):
                continue
            looked += 1
            if looked > MOST_LOOKED_AT:
                return
            view = record.run_of(ids[at])
            if view.repeats:
                key = view.repeats.get("key")
                if view.repeats.get("for") == MIXTURE_OF and isinstance(key, str):
                    yield view, key
            elif (own := key_of(recipe_of(view, processes))) is not None:
                yield view, own

    # ------------------------------------------------------------ what is to be made

    def make(
        self, runs: Sequence[Run], parallel: int, tell: Callable[[Run, Made], None], *, stops_at_failure: bool = False
    ) -> None:  # fmt: skip
        """Make runs, some at a time; `tell` hears of each as it ends. Ctrl-C stops those that run, and is raised.

        `stops_at_failure`: after a run that failed none is started; who calls plans anew.
        """
        waiting = list(runs)
        active: list[tuple[Run, Started]] = []
        try:
            with ended_by_signals():
                self._make(waiting, active, parallel, tell, stops_at_failure)
        except BaseException:
            for _, started in active:
                started.stop()
            raise

    def _make(
        self, waiting: list[Run], active: list[tuple[Run, Started]], parallel: int, tell: Callable[[Run, Made], None],
        stops_at_failure: bool,
    ) -> None:  # fmt: skip
        slow: set[Run] = set()
        while waiting or active:
            while waiting and len(active) < parallel:
                run = waiting.pop(0)
                try:
                    active.append((run, self._start(run)))
                except (OSError, GnomonError) as error:
                    self._take_result(run, Made("", math.nan, str(getattr(error, "message", error))), tell)
            for pair in list(active):
                run, started = pair
                if started.process.poll() is not None:
                    active.remove(pair)
                    made = self._ended(started)
                elif self.timeout_s is not None and started.took_s > self.timeout_s:
                    active.remove(pair)
                    started.stop()
                    made = Made(
                        started.run,
                        math.nan,
                        f"it took longer than {duration(self.timeout_s)}, and was ended",
                    )
                else:
                    if self.timeout_s is None and run not in slow and started.took_s > self._slow_s:
                        slow.add(run)
                        self._say(self._slowly(run, started))
                    continue
                self._take_result(run, made, tell)
                if stops_at_failure and math.isnan(made.value):
                    waiting.clear()
            if active:
                time.sleep(PAUSE_S)

    def _slowly(self, run: Run, started: Started) -> str:
        """Return what is said of a run that takes much longer than those two did."""
        where = " + ".join(sorted(run.mixture)) or "as the first"
        known = max(one.duration_s or 0.0 for one in (self._a, self._b))
        return (
            f"{where}, seed {run.seed}, has run for {duration(started.took_s)}, and the two runs took {duration(known)} at most; "
            "Ctrl-C keeps what was made, and `--timeout` ends such a run"
        )

    def _take_result(self, run: Run, made: Made, tell: Callable[[Run, Made], None]) -> None:
        self.made[run] = made
        tell(run, made)

    def _start(self, run: Run) -> Started:
        made = self.plan(run.mixture)
        if self._is_seeded and isinstance(run.seed, int):
            made = planning.with_seed(made, run.seed)
        also = {
            "key": self.key(run.mixture),
            "seed": run.seed,
            "against": self._b.run,
            "mixture": sorted(run.mixture),
            "env": self._env,
            "take": list(self._take),
        }
        return planning.start(self._record, made, MIXTURE_OF, of=self._a.run, quiet=True, also=also)

    def _ended(self, started: Started) -> Made:
        status = started.end()
        by = planning.repeat_of(self._record, started)
        if by is None:
            return Made(started.run, math.nan, "it ended without making the run")
        view = self._record.run(by)
        return Made(by, *self._value(view, status, started))

    def _value(self, view: RunView, status: int, started: Started) -> tuple[float, str | None]:
        if view.status != "finished":
            return math.nan, _how_it_ended(self._record.run(started.run), status)
        mix: Mix = started.plan.mix
        if (mix.params or mix.seed is not None) and not takes_values(view):
            return math.nan, f"nothing takes `{next(iter(mix.params), 'seed')}` from outside"
        unread = _never_read(view, mix, started.plan.source)
        if unread:
            return math.nan, _unread_words(unread[0])
        value = value_of(view, self._metric)
        if value is None:
            return math.nan, f"it never logged `{self._metric}`"
        return value, None if math.isfinite(value) else f"`{self._metric}` is no finite number"


def _never_read(view: RunView, mix: Mix, source: str) -> list[str]:
    """Return the values that a run was given and that its script reads nowhere: swapping them says nothing.

    What it reads elsewhere, and did not in this run, changed nothing here: that is what the run says.
    """
    return [
        name
        for name in view.unread
        if (name in mix.params and not may_read(source, name)) or (name == "seed" and mix.seed is not None)
    ]


def _how_it_ended(view: RunView, status: object) -> str:
    said = last_line(view)
    return f"exit code {status if status is not None else '?'}" + (f": {said}" if said else "")


def _unread_words(name: str) -> str:
    return f"the script never reads `run.params[{name!r}]`" if name != "seed" else "it never reads `run.seed`"


def repeat(nth: int) -> str:
    """Return what stands for a seed where a run takes none."""
    return f"repeat {nth}"


def durations(runs: Sequence[RunView]) -> float | None:
    """Return how long one run takes, in seconds, its process included, by those that are there; None where nobody knows."""
    known = []
    for run in runs:
        process = run.captured.exit.get("duration_s")
        took = process if isinstance(process, (int, float)) else run.duration_s
        if took is not None:
            known.append(float(took) + START_S)
    return sum(known) / len(known) if known else None
