"""What happens to decisions: each kind of case says what is there, what the decision rests on, and what comes later.

Values are drawn: a group of seeds has a mean and a spread. *Shift* and *lead* are counted in standard deviations
between seeds, the true ones. A contradiction moves the true mean of later seeds by 8 to 30 of them; what only differs
as seeds do moves it by none, and what is borderline by up to 1.5.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.decisions.team import OTHER_CODE, Device, Team

CHANGED, STILL, BORDERLINE = "contradicted", "irrelevant or agreeing", "borderline"
FAR, NEAR = (8.0, 30.0), 1.5
NOW, LATER = 1_900_000_000.0, 1_950_000_000.0  # 2030 and 2031: no condition on time is met before


@dataclass
class Case:
    """One decision: what it rests on, and what happens afterwards."""

    name: str
    kind: str
    truth: str
    rng: random.Random
    team: Team
    spread: float
    is_merged: bool  # what comes later is written on the other device, and merged
    evidence: list[str] = field(default_factory=list)
    reopen: list[str] = field(default_factory=list)
    supersedes_other: bool = False
    then: Callable[[], None] | None = None
    at: float = NOW

    @property
    def device(self) -> Device:
        """Where what comes later is written."""
        return self.team.there if self.is_merged else self.team.here

    def seeds(
        self, where: Device, group: str, count: int, mean: float, *, first: int = 0, **options: object
    ) -> list[str]:
        """Write runs of a group whose values are drawn around a mean."""
        return [
            where.run(group, self.rng.gauss(mean, self.spread), seed=first + one, **options)  # type: ignore[arg-type]
            for one in range(count)
        ]

    def far(self) -> float:
        """Return a shift that is no noise, up or down."""
        low, high = FAR
        return (
            self.rng.choice((-1, 1)) * self.spread * math.exp(self.rng.uniform(math.log(low), math.log(high)))
        )

    def after(self, what: Callable[[], object]) -> None:
        """Have something done after the decision."""
        before = self.then

        def both() -> None:
            if before is not None:
                before()
            what()

        self.then = both


def group_of(case: Case, suffix: str = "") -> str:
    return f"{case.name}{suffix}"


# ---------------------------------------------------------------- evidence: one run, a mean, two groups


def one_run(case: Case, low: int = 2, high: int = 8) -> tuple[str, list[str], float]:
    """A group of seeds; the decision rests on one run, half of the time the best. Return (group, runs, mean)."""
    group, mean = group_of(case), case.rng.uniform(0.6, 0.95)
    values = [case.rng.gauss(mean, case.spread) for _ in range(case.rng.randint(low, high))]
    runs = [case.team.here.run(group, value, seed=seed) for seed, value in enumerate(values)]
    best = max(zip(values, runs, strict=True))[1]
    case.evidence.append(f"run:{case.rng.choice((best, case.rng.choice(runs)))}#metrics.auc")
    return group, runs, mean


def a_mean(case: Case) -> tuple[str, list[str], float]:
    group, mean = group_of(case), case.rng.uniform(0.6, 0.95)
    runs = case.seeds(case.team.here, group, case.rng.randint(3, 8), mean)
    case.evidence.append(f"group:{group}#metrics.auc")
    return group, runs, mean


def two_groups(
    case: Case, lead: tuple[float, float] = (5.0, 12.0)
) -> tuple[str, str, float, float, list[str]]:
    """Two groups, the first ahead. Return (first, second, mean of each, runs of the first)."""
    mean, ahead = case.rng.uniform(0.6, 0.95), case.rng.uniform(*lead) * case.spread
    first, second = group_of(case, "-a"), group_of(case, "-b")
    count = case.rng.randint(3, 8)
    runs = case.seeds(case.team.here, first, count, mean)
    case.seeds(case.team.here, second, count, mean - ahead, params={"depth": 4})
    case.evidence.append(f"group:{first} > group:{second} on metrics.auc")
    return first, second, mean, mean - ahead, runs


# ---------------------------------------------------------------- what contradicts


def far_off(case: Case) -> None:
    group, _, mean = one_run(case)
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(1, 4), mean + case.far(), first=50))


def far_off_alone(case: Case) -> None:
    """One run without other seeds; later ones are far off."""
    group, _, mean = one_run(case, 1, 1)
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(2, 4), mean + case.far(), first=50))


def mean_far_off(case: Case) -> None:
    group, _, mean = a_mean(case)
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(2, 6), mean + case.far(), first=50))


def turned_round(case: Case) -> None:
    first, second, high, low, _ = two_groups(case)
    count = case.rng.randint(3, 8)

    def later() -> None:
        case.seeds(case.device, first, count, low, first=50)
        case.seeds(case.device, second, count, high, first=50, params={"depth": 4})

    case.after(later)


def lead_gone(case: Case) -> None:
    first, second, _, low, _ = two_groups(case)
    count = case.rng.randint(4, 8)

    def later() -> None:
        case.seeds(case.device, first, count, low, first=50)
        case.seeds(case.device, second, count, low, first=50, params={"depth": 4})

    case.after(later)


def winner_fell(case: Case) -> None:
    first, _, _, low, _ = two_groups(case)
    case.after(
        lambda: case.seeds(case.device, first, case.rng.randint(2, 5), low - abs(case.far()), first=50)
    )


def loser_rose(case: Case) -> None:
    _, second, high, _, _ = two_groups(case)
    case.after(
        lambda: case.seeds(
            case.device, second, case.rng.randint(2, 5), high + abs(case.far()), first=50, params={"depth": 4}
        )
    )


def hidden(case: Case) -> None:
    two_groups(case) if case.rng.random() < 0.5 else one_run(case)
    run = _evidence_run(case)
    case.after(lambda: case.device.say("run.removed", f"run:{run}", {"removed": True}))


def _evidence_run(case: Case) -> str:
    """Return a run that the evidence rests on."""
    text = case.evidence[-1]
    if text.startswith("run:"):
        return text[4:24]
    record = case.team.here.record()
    name = text[len("group:") :].partition(" ")[0]
    return str(record.runs(f"group = '{name}'", columns=["id"]).ids[0])


def resumed(case: Case) -> None:
    _, _, mean = one_run(case)
    run = _evidence_run(case)
    case.after(lambda: case.device.go_on(run, mean + case.far()))


def data_erased(case: Case) -> None:
    version = _data_of(case)
    case.after(lambda: case.device.say("data.erased", f"data:{version}", {"reason": "asked for"}))


def contract_failed(case: Case) -> None:
    version = _data_of(case)
    case.after(lambda: _check(case, version, "fail"))


def _data_of(case: Case) -> str:
    """A version of data: the evidence itself, or what the run of the evidence used."""
    name = group_of(case, "-data")
    version = case.team.here.add_data(name, 1)
    if case.rng.random() < 0.5:
        case.evidence.append(f"data:{name}@v1")
    else:
        run = case.team.here.run(group_of(case), 0.9, seed=0, data=version)
        case.evidence.append(f"run:{run}#metrics.auc")
    return version


def _check(case: Case, version: str, verdict: str) -> str:
    body: dict[str, object] = {"contract_name": "ranges", "contract": "c" * 64, "verdict": verdict, "rows": 9}
    return case.device.say("data.checked", f"data:{version}", body)


def tag_moved(case: Case) -> None:
    name = group_of(case, "-data")
    here = case.team.here
    old = here.add_data(name, 1)
    new = here.add_data(name, 2, (old,))
    given = here.say("data.tagged", f"data:{old}", {"tags": ["gold"]})
    case.evidence.append(f"data:{name}@gold")

    def later() -> None:
        case.device.say("data.tagged", f"data:{old}", {"tags": []}, (given,))
        case.device.say("data.tagged", f"data:{new}", {"tags": ["gold"]})

    case.after(later)


def decision_superseded(case: Case) -> None:
    case.evidence.append("decision:OTHER")
    case.supersedes_other = True


def run_condition_met(case: Case) -> None:
    one_run(case)
    name = group_of(case, "-deep")
    case.reopen.append(f"any run where group = '{name}' and metrics.auc > 0.9")
    case.after(lambda: case.seeds(case.device, name, 1, 0.9 + 10 * case.spread, params={"depth": 8}))


def newer_data(case: Case) -> None:
    name = group_of(case, "-data")
    version = case.team.here.add_data(name, 1)
    case.reopen.append(f"data {name} has a newer version")
    case.after(lambda: case.device.add_data(name, 2, (version,)))


def time_has_come(case: Case) -> None:
    one_run(case)
    case.reopen.append("after 2030-06-01")
    case.at = LATER


# ---------------------------------------------------------------- what does not


def _any(case: Case) -> tuple[str, list[str], float]:
    """Any evidence on runs. Return (group, runs, mean)."""
    chosen = case.rng.choice((one_run, a_mean, two_groups))
    if chosen is two_groups:
        first, _, high, _, runs = two_groups(case)
        return first, runs, high
    return chosen(case)  # type: ignore[return-value]


def irrelevant_runs(case: Case) -> None:
    """Runs much like the evidence, with wild values: another label, parameter, data, code, or not finished."""
    group, _, mean = _any(case)
    options: dict[str, dict[str, object]] = {
        "label": {},
        "params": {"params": {"depth": 6, "lr": 0.1}},
        "data": {"data": "d" * 20},
        "code": {"code": OTHER_CODE},
        "failed": {"status": "failed"},
        "running": {"status": None},
    }
    chosen = case.rng.sample(sorted(options), case.rng.randint(1, 3))

    def later() -> None:
        for what in chosen:
            called = group_of(case, "-other") if what == "label" else group
            count = case.rng.randint(1, 5)
            case.seeds(case.device, called, count, mean + case.far(), first=50, **options[what])

    case.after(later)


def only_words(case: Case) -> None:
    _, runs, _ = _any(case)
    run = case.rng.choice(runs)

    def later() -> None:
        case.device.say("run.noted", f"run:{run}", {"text": "looked at it again"})
        case.device.say("run.tagged", f"run:{run}", {"tags": ["paper"]})
        case.device.say("run.renamed", f"run:{run}", {"name": "another name"})

    case.after(later)


def agreeing(case: Case) -> None:
    group, _, mean = one_run(case, 1, 8)
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(1, 6), mean, first=50))


def agreeing_mean(case: Case) -> None:
    group, _, mean = a_mean(case)
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(1, 6), mean, first=50))


def agreeing_groups(case: Case) -> None:
    first, second, high, low, _ = two_groups(case)

    def later() -> None:
        case.seeds(case.device, first, case.rng.randint(0, 6), high, first=50)
        case.seeds(case.device, second, case.rng.randint(1, 6), low, first=50, params={"depth": 4})

    case.after(later)


def hidden_elsewhere(case: Case) -> None:
    """A seed beside the run of the evidence is hidden, or a run of a group that nobody named."""
    _, runs, _ = one_run(case)
    others = [run for run in runs if run != _evidence_run(case)]
    others += case.seeds(case.team.here, group_of(case, "-other"), 2, 0.5)
    run = case.rng.choice(others)
    case.after(lambda: case.device.say("run.removed", f"run:{run}", {"removed": True}))


def conditions_not_met(case: Case) -> None:
    one_run(case)
    name, data = group_of(case, "-deep"), group_of(case, "-data")
    case.team.here.add_data(data, 1)
    other = case.team.here.add_data(f"{data}-other", 1)
    case.reopen += [
        f"any run where group = '{name}' and metrics.auc > 0.9", f"data {data} has a newer version", "after 2034-01-01",
    ]  # fmt: skip

    def later() -> None:
        case.device.run(name, 0.9 - case.spread, seed=0)
        hidden_one = case.device.run(name, 0.95, seed=1)
        case.device.say("run.removed", f"run:{hidden_one}", {"removed": True})
        case.device.run(f"{name}er", 0.95, seed=0)
        case.device.add_data(f"{data}-other", 2, (other,))

    case.after(later)


def other_data(case: Case) -> None:
    """What happens to data that the decision does not rest on, and what is good news of the data that it does."""
    version = _data_of(case)
    other = case.team.here.add_data(group_of(case, "-else"), 1)

    def later() -> None:
        case.device.say("data.erased", f"data:{other}", {"reason": "asked for"})
        _check(case, other, "fail")
        _check(case, version, "pass")
        case.device.say("data.tagged", f"data:{version}", {"tags": ["seen"]})

    case.after(later)


def nothing(case: Case) -> None:
    _any(case)


# ---------------------------------------------------------------- borderline


def slightly_off(case: Case) -> None:
    group, _, mean = one_run(case)
    shift = case.rng.choice((-1, 1)) * case.rng.uniform(0.5, NEAR) * case.spread
    case.after(lambda: case.seeds(case.device, group, case.rng.randint(1, 4), mean + shift, first=50))


def one_stray(case: Case) -> None:
    """One later seed at 2 to 2.5 standard deviations: one of thirty is."""
    group, _, mean = one_run(case, 3, 8)
    value = mean + case.rng.choice((-1, 1)) * case.rng.uniform(2, 2.5) * case.spread
    case.after(lambda: case.device.run(group, value, seed=50))


def small_lead(case: Case) -> None:
    """A small lead that later seeds show to be smaller still."""
    first, second, high, low, _ = two_groups(case, (1.0, 2.5))
    rest = case.rng.uniform(0.3, 1.0) * (high - low)

    def later() -> None:
        case.seeds(case.device, first, case.rng.randint(1, 6), low + rest, first=50)
        case.seeds(case.device, second, case.rng.randint(1, 6), low, first=50, params={"depth": 4})

    case.after(later)


KINDS: dict[str, tuple[str, Callable[[Case], None]]] = {
    "later seeds of a run far off": (CHANGED, far_off),
    "later seeds of a run that had none beside it, far off": (CHANGED, far_off_alone),
    "later seeds of a group far off its mean": (CHANGED, mean_far_off),
    "comparison turned round by later runs": (CHANGED, turned_round),
    "lead gone among later runs": (CHANGED, lead_gone),
    "later runs of the winner fell behind": (CHANGED, winner_fell),
    "later runs of the loser came ahead": (CHANGED, loser_rose),
    "run hidden": (CHANGED, hidden),
    "run went on to another value": (CHANGED, resumed),
    "data erased": (CHANGED, data_erased),
    "data failed a contract": (CHANGED, contract_failed),
    "tag moved": (CHANGED, tag_moved),
    "decision below superseded": (CHANGED, decision_superseded),
    "condition met: a run": (CHANGED, run_condition_met),
    "condition met: newer data": (CHANGED, newer_data),
    "condition met: time": (CHANGED, time_has_come),
    "runs of other label, parameters, data, code; not finished": (STILL, irrelevant_runs),
    "notes, tags, names": (STILL, only_words),
    "more seeds of a run that agree": (STILL, agreeing),
    "more seeds of a group that agree": (STILL, agreeing_mean),
    "more seeds of two groups that agree": (STILL, agreeing_groups),
    "a run outside the evidence hidden": (STILL, hidden_elsewhere),
    "conditions not met": (STILL, conditions_not_met),
    "other data erased or failing; a contract met": (STILL, other_data),
    "nothing": (STILL, nothing),
    "later seeds off by 0.5 to 1.5 standard deviations": (BORDERLINE, slightly_off),
    "one later seed off by 2 to 2.5 standard deviations": (BORDERLINE, one_stray),
    "a small lead that gets smaller": (BORDERLINE, small_lead),
}
