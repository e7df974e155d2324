"""Count misses and false alarms."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.decisions import cases
from benchmarks.decisions.cases import BORDERLINE, CHANGED, KINDS, Case
from benchmarks.decisions.team import Team
from gnomon.errors import BadArgumentError
from gnomon.team.decisions import actions
from gnomon.team.decisions.standing import standing
from gnomon.team.decisions.views import Decision, decision_called

SPREADS = (0.002, 0.008)  # standard deviations between seeds


@dataclass
class Tally:
    """Cases of one kind, how many said *evidence changed*, and how many *weakened* or *cannot tell*."""

    truth: str
    cases: int = 0
    alarms: int = 0
    softer: int = 0
    merged: int = 0
    merged_alarms: int = 0
    refused: int = 0  # no decision: what was drawn says the opposite of the evidence

    @property
    def wrong(self) -> int:
        """Misses, or false alarms."""
        return self.cases - self.alarms if self.truth == CHANGED else self.alarms


@dataclass
class Result:
    """All tallies, by kind."""

    kinds: dict[str, Tally] = field(default_factory=dict)

    def share(self, *truths: str) -> float:
        """Return the share, in percent, of cases of these truths that are wrong."""
        found = [one for one in self.kinds.values() if one.truth in truths]
        return 100 * sum(one.wrong for one in found) / sum(one.cases for one in found)

    @property
    def misses(self) -> float:
        """Percent of contradicted decisions that do not say so."""
        return self.share(CHANGED)

    @property
    def misses_by_chance(self) -> float:
        """The same, only of the kinds in which later seeds are drawn: the others leave nothing to chance."""
        found = [one for kind, one in self.kinds.items() if one.truth == CHANGED and "later" in kind]
        return 100 * sum(one.wrong for one in found) / sum(one.cases for one in found)

    @property
    def false_alarms(self) -> float:
        """Percent of decisions whose evidence was not contradicted, borderline ones included, that say so."""
        return self.share(cases.STILL, BORDERLINE)


def count(case_range: str, rounds: int, step: Callable[[str], None] = print) -> Result:
    """Return the tallies of `rounds` records, each with one case of every kind."""
    result = Result({kind: Tally(truth) for kind, (truth, _) in KINDS.items()})
    for number in range(rounds):
        if number % 10 == 0:
            step(f"record {number} of {rounds}")
        with tempfile.TemporaryDirectory(prefix="gnomon-decisions-") as folder:
            for case, verdict in one_record(Path(folder), f"{case_range}/{number}"):
                _add(result.kinds[case.kind], case, verdict)
    return result


def _add(tally: Tally, case: Case, verdict: str | None) -> None:
    if verdict is None:
        tally.refused += 1
        return
    tally.cases += 1
    tally.alarms += verdict == "changed"
    tally.softer += verdict in ("weakened", "cannot tell")
    tally.merged += case.is_merged
    tally.merged_alarms += case.is_merged and verdict == "changed"


def one_record(folder: Path, name: str) -> Iterator[tuple[Case, str | None]]:
    """Yield one case of every kind with its verdict; None where there could be no such decision."""
    rng = random.Random(name)
    is_alike = rng.random() < 0.5
    spread = rng.uniform(*SPREADS)
    team = Team(folder)
    every = []
    for place, (kind, (truth, make)) in enumerate(KINDS.items()):
        own = random.Random(f"{name}/{kind}")
        case = Case(
            f"c{place}", kind, truth, own, team, spread if is_alike else spread * own.uniform(0.5, 2), False
        )
        make(case)
        case.is_merged = own.random() < 1 / 3
        every.append(case)
    team.part()
    record = team.here.record()
    other = actions.decide(record, "below", "x", now=cases.NOW)
    decided = {case.kind: _decide(record, case, other) for case in every}
    for case in every:
        if decided[case.kind] is not None:
            if case.then is not None:
                case.then()
            if case.supersedes_other:
                actions.decide(record, "another", "x", supersedes=[other.label], now=cases.NOW)
    team.merge()
    record.close()
    with team.here.record() as record:
        for case in every:
            decision = decided[case.kind]
            if decision is None:
                yield case, None
            else:
                again = decision_called(record, decision.id)
                yield case, standing(record, again, case.at).verdict
    team.close()


def _decide(record: object, case: Case, other: Decision) -> Decision | None:
    evidence = [one.replace("decision:OTHER", other.label) for one in case.evidence]
    try:
        return actions.decide(
            record,
            case.name,
            "because",
            evidence=evidence,
            reopen_if=case.reopen,
            now=cases.NOW,  # type: ignore[arg-type]
        )
    except BadArgumentError as error:
        if "the record says the opposite" not in error.message:
            raise
        return None
