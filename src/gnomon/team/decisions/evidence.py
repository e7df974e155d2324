"""Evidence as it is kept: what was true on the day of the decision. Plain values in the entry; here they get names.

Always true: reading never raises, whatever an entry holds; what cannot be read is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.ids import is_hex
from gnomon.runs import checked
from gnomon.team.decisions.claims import COMPARISON, DATA, DECISION, MEAN, MOST, RUN, VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = (RUN, VALUE, MEAN, COMPARISON, DATA, DECISION)
MOST_RUNS = 800
_IDS = re.compile(r"(?:[0-9a-f]{20}(?: |\Z))*")
_SUBJECTS = ("run", "data", "decision")


class Side(NamedTuple):
    """A group of seeds as it was: its runs, their values (as `written` writes them), mean and spread over `n` seeds.

    The spread is the standard deviation between seeds. Runs and values are one text each in the entry: there may be
    many.
    """

    group: str
    runs: tuple[str, ...]
    values: str
    n: int
    mean: float | None
    spread: float | None

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as the entry has them."""
        return {
            "group": self.group, "runs": " ".join(self.runs), "values": self.values, "n": self.n, "mean": self.mean,
            "spread": self.spread,
        }  # fmt: skip


class Evidence(NamedTuple):
    """One piece of evidence as it was. Times are seconds since 1970 UTC.

    `sides` are the seeds of the run (a value), of the group (a mean), or the two groups (a comparison). `difference`
    is the first mean minus the second, with its interval. `verdict` says whether the comparison held: better, worse,
    cannot tell. `data` are the versions of data behind it, each with the contracts that it failed already and whether
    it was erased.
    """

    kind: str
    reference: str
    subjects: tuple[str, ...]  # `run:<id>`, `data:<id>`, `decision:<id>`
    what: str | None
    value: object
    time: float
    sides: tuple[Side, ...] = ()
    order: str | None = None
    verdict: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    data: tuple[tuple[str, tuple[str, ...], bool], ...] = ()

    @property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        """The runs whose values it rests on: one, or those of each group; not the seeds beside a single run."""
        if self.kind in (MEAN, COMPARISON):
            return tuple([side.runs for side in self.sides])
        own = tuple([one.partition(":")[2] for one in self.subjects if one.startswith("run:")])
        return (own,) if own else ()

    @property
    def was(self) -> str:
        """What was seen that day, in words."""
        if self.kind == COMPARISON:
            return comparison_words(self.difference, self.low, self.high, self.verdict)
        if self.kind == MEAN and self.sides:
            return side_words(self.sides[0])
        if self.kind == VALUE:
            beside = self.sides[0] if self.sides else None
            seeds = f" ({side_words(beside)})" if beside is not None and beside.n > 1 else ""
            return f"{shown(self.value)}{seeds}"
        return shown(self.value) if self.value is not None else "was there"

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as the entry has them."""
        found: dict[str, object] = {
            "is": self.kind, "reference": self.reference, "subjects": list(self.subjects),
            "time_us": round(self.time * 1e6),
        }  # fmt: skip
        for key in ("what", "value", "order", "verdict", "difference", "low", "high"):
            if getattr(self, key) is not None:
                found[key] = getattr(self, key)
        if self.sides:
            found["sides"] = [side.to_dict() for side in self.sides]
        if self.data:
            found["data"] = [
                {"id": version, "failing": list(failing), "erased": erased}
                for version, failing, erased in self.data
            ]
        return found


# ---------------------------------------------------------------- reading


def evidence_of(fields: Mapping[str, Any]) -> list[Evidence]:
    """Return the evidence that the fields of a decision hold."""
    every = [_evidence(one) for one in checked.objects(fields.get("evidence"))[:MOST]]
    return [one for one in every if one is not None]


def _evidence(one: Mapping[str, Any]) -> Evidence | None:
    kind = one.get("is")
    subjects = tuple([subject for subject in checked.texts(one.get("subjects")) if _is_subject(subject)])
    sides = tuple([_side(side) for side in checked.objects(one.get("sides"))[:2]])
    if kind not in KINDS or (kind == COMPARISON and len(sides) != 2) or (kind == MEAN and len(sides) != 1):
        return None
    if kind in (RUN, VALUE, DATA, DECISION) and not (
        subjects and subjects[0].startswith(f"{'run' if kind == VALUE else kind}:")
    ):
        return None
    what = checked.text(one.get("what"))
    if what is None and kind in (VALUE, MEAN, COMPARISON):
        return None
    order = one.get("order")
    return Evidence(
        str(kind), checked.text(one.get("reference")) or str(kind), subjects, what, _scalar(one.get("value")),
        (checked.whole(one.get("time_us")) or 0) / 1e6, sides, order if order in ("<", ">") else None,
        checked.text(one.get("verdict")), checked.finite(one.get("difference")), checked.finite(one.get("low")),
        checked.finite(one.get("high")), _data(one.get("data")),
    )  # fmt: skip


def _is_subject(text: str) -> bool:
    kind, _, digits = text.partition(":")
    return kind in _SUBJECTS and is_hex(digits, 20)


def _side(one: Mapping[str, Any]) -> Side:
    runs = checked.text(one.get("runs")) or ""
    return Side(
        checked.text(one.get("group")) or "", tuple(runs.split()[:MOST_RUNS]) if _IDS.fullmatch(runs) else (),
        checked.text(one.get("values")) or "", checked.whole(one.get("n")) or 0, checked.finite(one.get("mean")),
        checked.finite(one.get("spread")),
    )  # fmt: skip


def written(values: Sequence[float | None]) -> str:
    """Return the values of runs as evidence holds them, every digit of them; `-` where there is none.

    >>> written((0.914, None, 3))
    '0.914 - 3'
    """
    return " ".join(["-" if one is None else repr(one) for one in values])


def _data(value: object) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    return tuple(
        [
            (one["id"], tuple(checked.texts(one.get("failing"))), one.get("erased") is True)
            for one in checked.objects(value)
            if is_hex(one.get("id"), 20)
        ]
    )


def _scalar(value: object) -> object:
    return value if value is None or isinstance(value, (int, float, str)) else None


# ---------------------------------------------------------------- words


def shown(value: object) -> str:
    """Return a value with its digits, six at most of a number."""
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def side_words(side: Side | None) -> str:
    """Return a group of seeds in words.

    >>> side_words(Side("a", (), "", 3, 0.9125, 0.0021))
    '3 seeds: 0.9125 ± 0.0021'
    """
    from gnomon.runs.groups.spread import shown as with_spread

    if side is None or side.mean is None:
        return "no value"
    seeds = f"{side.n:,} seed{'' if side.n == 1 else 's'}"
    mean = f"{side.mean:.6g}" if side.spread is None else with_spread(side.mean, side.spread)
    return f"{seeds}: {mean}"


def comparison_words(
    difference: float | None, low: float | None, high: float | None, verdict: str | None
) -> str:
    """Return a difference of two groups in words.

    >>> comparison_words(0.03, 0.01, 0.05, "better"), comparison_words(None, None, None, "cannot tell")
    ('by 0.03 [0.01, 0.05]', 'cannot tell')
    """
    if difference is None:
        return verdict or "cannot tell"
    between = f" [{low:.4g}, {high:.4g}]" if low is not None and high is not None else ""
    told = "" if verdict == "better" else ", the other way round" if verdict == "worse" else ", cannot tell"
    return f"by {difference:.4g}{between}{told}"


def stored(every: Sequence[Evidence]) -> list[dict[str, object]]:
    """Return evidence as the field of a decision holds it."""
    return [one.to_dict() for one in every]
