"""Checks: pure functions on tables and models that give figures, a verdict and the evidence.

    from gnomon import checks

    result = checks.fairness("test.csv", target="income", prediction="predicted", groups=["sex", "race"])
    result.verdict        # 'pass', 'fail' or 'cannot tell'
    run.check(result)     # or in one call: run.check("fairness", "test.csv", target=…)

Always true: a check changes nothing and writes nothing; the same rows, settings and seed give the same result. A verdict says
no more than the rows support: where they do not tell, it is *cannot tell*. `actions` writes results down, `views` finds them.
How-to: docs/how-to/check-models.md. Design: docs/internals/checks.md.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gnomon.checks.comparing import compare
    from gnomon.checks.kinds.drift.check import drift
    from gnomon.checks.kinds.fairness.check import fairness
    from gnomon.checks.kinds.fairness.mitigate import mitigate
    from gnomon.checks.kinds.leakage.check import leakage
    from gnomon.checks.kinds.performance.check import performance
    from gnomon.checks.kinds.robustness.check import robustness
    from gnomon.checks.result import CheckResult

__all__ = [
    "CheckResult",
    "compare",
    "drift",
    "fairness",
    "leakage",
    "mitigate",
    "performance",
    "robustness",
]

KINDS = ("performance", "fairness", "drift", "robustness", "leakage")
"""The checks, as `gnomon check` and `run.check` name them."""

_HOMES = {
    "CheckResult": "gnomon.checks.result",
    "compare": "gnomon.checks.comparing",
    "drift": "gnomon.checks.kinds.drift.check",
    "fairness": "gnomon.checks.kinds.fairness.check",
    "leakage": "gnomon.checks.kinds.leakage.check",
    "mitigate": "gnomon.checks.kinds.fairness.mitigate",
    "performance": "gnomon.checks.kinds.performance.check",
    "robustness": "gnomon.checks.kinds.robustness.check",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gnomon.checks' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
