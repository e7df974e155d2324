"""What came of a check: each expectation with its count, and a verdict for all."""

from __future__ import annotations

from typing import Any, NamedTuple

PASS, FAIL, WARN, UNKNOWN = "pass", "fail", "warn", "cannot tell"
MOST_ROWS = 5  # numbers of rows that are named for one expectation
MOST_KEPT = 100  # expectations that an entry names; all are counted


class Outcome(NamedTuple):
    """One expectation. `failing` is how many rows break it, `rows` are the first of them, counted from 1 without a header."""

    what: str
    column: str | None
    outcome: str
    failing: int = 0
    rows: tuple[str, ...] = ()
    note: str = ""


class Verdict(NamedTuple):
    """All expectations of a contract, met with a table."""

    rows: int
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """pass, fail, or cannot tell."""
        found = {one.outcome for one in self.outcomes}
        return FAIL if FAIL in found else UNKNOWN if UNKNOWN in found or not found else PASS

    @property
    def failed(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.outcome == FAIL]

    @property
    def told(self) -> str:
        """What is not met, the first three in words."""
        unmet = [one for one in self.outcomes if one.outcome in (FAIL, UNKNOWN)]
        named = [f"{one.what} ({one.failing:,} rows)" if one.failing else one.what for one in unmet[:3]]
        return "; ".join(named) + (f" and {len(unmet) - 3:,} more" if len(unmet) > 3 else "")

    @property
    def sentence(self) -> str:
        """The whole in words.

        >>> Verdict(5, (Outcome("rows", None, PASS), Outcome("age is never missing", "age", FAIL, 2))).sentence
        'fail: 1 of 2 expectations broken, in 5 rows'
        """
        total, failed = len(self.outcomes), len(self.failed)
        unknown = sum(one.outcome == UNKNOWN for one in self.outcomes)
        said = (
            f"{failed:,} of {total:,} expectations broken"
            if failed
            else f"{total - unknown:,} of {total:,} expectations met"
        )
        unsaid = f", {unknown:,} could not be told" if unknown else ""
        return f"{self.verdict}: {said}{unsaid}, in {self.rows:,} rows"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "verdict": self.verdict, "rows": self.rows, "expectations": len(self.outcomes), "failed": len(self.failed),
            "outcomes": [{**one._asdict(), "rows": list(one.rows)} for one in self.outcomes], "notes": list(self.notes),
        }  # fmt: skip

    def to_body(self) -> dict[str, Any]:
        """Return what an entry says of it: bounded, what failed first."""
        order = {FAIL: 0, UNKNOWN: 1, WARN: 2, PASS: 3}
        told = sorted(self.outcomes, key=lambda one: order[one.outcome])[:MOST_KEPT]
        return {
            **self.to_dict(),
            "outcomes": [
                {key: list(value) if isinstance(value, tuple) else value for key, value in one._asdict().items() if value}
                for one in told
            ],
        }  # fmt: skip
