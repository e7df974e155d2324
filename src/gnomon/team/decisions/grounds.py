"""What became of the evidence of a decision: what each ground was, what it is now, why, since when and by what."""

from __future__ import annotations

from typing import NamedTuple

from gnomon.team.decisions.contradiction import CHANGED, INTACT, UNKNOWN, WEAKENED

_ORDER = (CHANGED, UNKNOWN, WEAKENED, INTACT)


class By(NamedTuple):
    """What changed it: the subject (`run:<id>`, `data:<id>`, …), when, and the device and entry where one says so."""

    subject: str
    time: float | None
    writer: str | None = None
    hash: str | None = None


class Ground(NamedTuple):
    """One piece of evidence or one condition, and what became of it. `since` is seconds since 1970 UTC."""

    reference: str
    verdict: str
    was: str
    now: str
    why: str = ""
    since: float | None = None
    by: tuple[By, ...] = ()
    is_condition: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        from gnomon.runs.table import iso_time

        return {
            "reference": self.reference, "is_condition": self.is_condition, "verdict": self.verdict, "was": self.was,
            "now": self.now, "why": self.why, "since": iso_time(self.since) if self.since is not None else None,
            "by": [
                {"subject": one.subject, "time": iso_time(one.time) if one.time is not None else None,
                 "writer": one.writer, "entry": one.hash}
                for one in self.by
            ],
        }  # fmt: skip


class Standing(NamedTuple):
    """How the evidence of a decision stands; `grounds` are its evidence, then its conditions."""

    grounds: tuple[Ground, ...]

    @property
    def verdict(self) -> str:
        """changed, cannot tell, weakened or intact: the first of these that is true of any ground."""
        found = {one.verdict for one in self.grounds}
        return next((one for one in _ORDER if one in found), INTACT)

    @property
    def has_evidence(self) -> bool:
        """Whether it rests on anything: a condition that would reopen it is no evidence."""
        return any(not one.is_condition for one in self.grounds)

    @property
    def is_changed(self) -> bool:
        """Whether the decision says *evidence changed*."""
        return self.verdict == CHANGED

    @property
    def changed(self) -> list[Ground]:
        """The grounds that changed."""
        return [one for one in self.grounds if one.verdict == CHANGED]

    @property
    def since(self) -> float | None:
        """Since when it is changed, seconds since 1970 UTC; None where it is not, or the record does not say."""
        return min((one.since for one in self.changed if one.since is not None), default=None)

    @property
    def sentence(self) -> str:
        """What is the matter, in a line; of several grounds the first."""
        worst = [one for one in self.grounds if one.verdict == self.verdict and self.verdict != INTACT]
        if not worst:
            return INTACT
        more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
        return f"{worst[0].reference}: {worst[0].why}{more}"

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        from gnomon.runs.table import iso_time

        return {
            "verdict": self.verdict, "since": iso_time(self.since) if self.since is not None else None,
            "grounds": [one.to_dict() for one in self.grounds],
        }  # fmt: skip
