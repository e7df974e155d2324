"""What mitigation can be asked for: its methods and constraints, and settings that make sense. Loads no library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

BEFORE, REWEIGHING, THRESHOLD, REDUCTIONS = "before", "reweighing", "threshold", "reductions"
METHODS = (REWEIGHING, THRESHOLD, REDUCTIONS)
PARITY, ODDS = "demographic_parity", "equalized_odds"
CONSTRAINTS = (PARITY, ODDS)


def require_settings(
    methods: Sequence[str], constraint: str, max_gap: float, level: float, resamples: int
) -> None:
    if isinstance(methods, str) or not methods or any(one not in METHODS for one in methods):
        raise BadArgumentError(f"`methods` must be a list of {', '.join(METHODS)}; got {methods!r}")
    if constraint not in CONSTRAINTS:
        raise BadArgumentError(f"`constraint` must be {' or '.join(CONSTRAINTS)}; got {constraint!r}")
    if isinstance(max_gap, bool) or not isinstance(max_gap, (int, float)) or not 0 <= max_gap <= 1:
        raise BadArgumentError(f"`max_gap` must be a number from 0 to 1; got {max_gap!r}")
    if not isinstance(level, float) or not 0 < level < 1:
        raise BadArgumentError(f"`level` must be a number between 0 and 1; got {level!r}")
    if not isinstance(resamples, int) or isinstance(resamples, bool) or not 100 <= resamples <= 100_000:
        raise BadArgumentError(f"`resamples` must be a whole number from 100 to 100,000; got {resamples!r}")


def require_estimator(estimator: object) -> None:
    try:
        import sklearn
    except ImportError:
        raise MissingExtraError(
            "mitigation needs the library `scikit-learn`", hint="`pip install 'gnomon[trust]'`"
        ) from None
    del sklearn
    if isinstance(estimator, type) or not all(
        hasattr(estimator, one) for one in ("fit", "predict", "get_params")
    ):
        what = (
            f"the class `{estimator.__name__}`"
            if isinstance(estimator, type)
            else f"a {type(estimator).__name__}"
        )
        raise BadArgumentError(
            f"`estimator` must be a classifier that can be cloned and fitted; got {what}",
            hint="mitigation trains models anew: give an estimator of scikit-learn's kind, with its settings",
        )


def of_fairlearn(part: str, method: str) -> Any:
    """Return a module of Fairlearn. Raises MissingExtraError."""
    from importlib import import_module

    try:
        return import_module(f"fairlearn.{part}")
    except ImportError:
        raise MissingExtraError(
            f"the method `{method}` needs the library `fairlearn`", hint="`pip install 'gnomon[trust]'`"
        ) from None
