"""What `gnomon why` says of metrics that are drawn: false alarms in hard settings, and what a number of seeds finds.

Faster than trainings, so that a level of 5 % is known to half a percent. The shares are those of `attribute`, computed for many
cases at once; what is said of them is said by its own code (`told.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.checks.fairness import percent, table
from benchmarks.why.figures import LEVEL, weights
from gnomon.runs.groups import student
from gnomon.runs.groups.noise import common, drawn, measured
from gnomon.runs.why.mixtures import subsets
from gnomon.runs.why.told import Evidence, behind, decided, evidence

SEEDS = (3, 5, 8)
POOLED_SEEDS = (3, 5)
CASES = 5_000
HUGE = 50.0  # standard deviations of a single run: the gate is always passed


@dataclass(frozen=True)
class Setting:
    """What each of some factors does. The noise of one run has a standard deviation of 1."""

    said: str
    effects: tuple[float, ...]
    keeps: tuple[
        int, ...
    ] = ()  # factors that change no random number: with and without them the noise is the same
    varies: tuple[float, ...] = ()  # standard deviation, over seeds, of what each factor does
    times: float = 1.0  # the noise, where the first factor is there
    tails: str = "normal"
    step: float = 0.0  # values are multiples of it


SETTINGS = (
    Setting("nothing does anything", (0, 0, 0, 0)),
    Setting("one cause", (HUGE, 0, 0, 0)),
    Setting("one cause that quadruples the noise", (HUGE, 0, 0, 0), times=4),
    Setting("one cause, five times the noise in what it does", (HUGE, 0, 0, 0), varies=(5, 0, 0, 0)),
    Setting("one cause, heavy tails (t, 3)", (HUGE, 0, 0, 0), tails="t3"),
    Setting("one cause, skewed noise (lognormal)", (HUGE, 0, 0, 0), tails="lognormal"),
    Setting("one cause, values in steps of one deviation", (HUGE, 0, 0), step=1.0),
    Setting("three quiet causes, what does nothing is loud", (HUGE, HUGE, HUGE, 0), keeps=(0, 1, 2), varies=(0.2, 0.2, 0.2, 0)),
    Setting("skewed effects of which the mean is 0", (HUGE, 0, 0), keeps=(0, 1, 2), varies=(0.5, 1, 1), tails="lognormal"),
)  # fmt: skip
FOUND = ((1, 0, 0), (2, 0, 0), (3, 0, 0), (2, 2, 0))


def draws(chance, tails, shape):
    """Return numbers with mean 0 and a standard deviation of 1."""
    if tails == "t3":
        return chance.standard_t(3, shape) / math.sqrt(3)
    if tails == "lognormal":
        return (np.exp(chance.standard_normal(shape)) - math.exp(0.5)) / math.sqrt((math.e - 1) * math.e)
    return chance.standard_normal(shape)


def values(setting, seeds, cases, chance):
    """Return the metric; shape (cases, mixtures, seeds)."""
    k = len(setting.effects)
    mixtures = [{int(name) for name in mixture} for mixture in subsets(map(str, range(k)))]
    programs = [frozenset(mixture - set(setting.keeps)) for mixture in mixtures]
    index = {program: place for place, program in enumerate(dict.fromkeys(programs))}
    noise = draws(chance, setting.tails, (cases, len(index), seeds))
    own = draws(chance, setting.tails, (cases, k, seeds))
    found = []
    for mixture, program in zip(mixtures, programs, strict=True):
        one = noise[:, index[program]] * (setting.times if 0 in mixture else 1)
        for i in sorted(mixture):
            one = one + setting.effects[i] + (setting.varies[i] * own[:, i] if setting.varies else 0)
        found.append(one)
    found = np.stack(found, axis=1)
    return np.round(found / setting.step) * setting.step if setting.step else found


def named(setting, seeds, cases, *, is_pooled=False):
    """Yield for each case the factors that are said to be causes."""
    found = values(setting, seeds, cases, np.random.default_rng([seeds, cases, len(setting.said)]))
    shares = np.einsum("km,cms->cks", weights(len(setting.effects))[0], found)
    for case in range(cases):
        of = behind(found[case].tolist())
        ends = evidence((found[case, -1] - found[case, 0]).tolist(), of)
        if ends.chance > LEVEL:
            yield set()
            continue
        evidences = {i: evidence(one.tolist(), of) for i, one in enumerate(shares[case])}
        if is_pooled:
            evidences = pooled(evidences, shares[case])
        decisions = decided(evidences, LEVEL, one_is_real=True)
        yield {i for i, decision in decisions.items() if decision.is_told}


def pooled(evidences, shares):
    """Return the same evidence with variances drawn towards the common one, as `judge` does for groups."""
    noises = {i: measured(shares[i].tolist()) for i, one in evidences.items() if one.error}
    together = common(list(noises.values()))
    found = dict(evidences)
    for i, noise in noises.items():
        one = drawn(noise, together)
        error = math.sqrt(one.variance / evidences[i].n)
        chance = student.two_sided(evidences[i].mean / error, one.df)
        found[i] = Evidence(evidences[i].mean, error, evidences[i].n, chance, evidences[i].behind)
    return found


def alarms(setting, seeds, **options):
    """Return the part of cases in which a factor that does nothing is named."""
    idle = {i for i, effect in enumerate(setting.effects) if effect == 0}
    return sum(bool(idle & said) for said in named(setting, seeds, CASES, **options)) / CASES


def level_lines():
    """Return the table of false alarms."""
    head = ["simulated", *(f"{n} seeds" for n in SEEDS), *(f"pooled, {n} seeds" for n in POOLED_SEEDS)]
    rows = [
        [
            setting.said,
            *(percent(alarms(setting, n)) for n in SEEDS),
            *(percent(alarms(setting, n, is_pooled=True)) for n in POOLED_SEEDS),
        ]
        for setting in SETTINGS
    ]
    error = 100 * math.sqrt(LEVEL * (1 - LEVEL) / CASES)
    return [
        *table(head, rows),
        "",
        f"{CASES:,} cases for each figure; one standard error near 5 is {error:.1f}.",
    ]


def power_lines():
    """Return the table of what is found."""
    rows = []
    for seeds in (3, 4, 5, 6, 8):
        cells = []
        for effects in FOUND:
            real = {i for i, effect in enumerate(effects) if effect}
            hits = sum(len(said & real) for said in named(Setting("found", effects), seeds, CASES))
            cells.append(percent(hits / CASES / len(real)))
        rows.append([seeds, 8 * seeds, *cells])
    return table(["seeds", "runs", "one of 1", "one of 2", "one of 3", "two of 2, each"], rows)
