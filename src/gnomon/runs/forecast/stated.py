"""What a run says itself of how long it will be: parameters whose names leave no doubt.

Always true: names that mean other things elsewhere (`n_steps`, `steps`, `n`) are not taken; where two say different
numbers, none is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS = frozenset(
    "max_steps total_steps train_steps training_steps max_train_steps num_train_steps num_training_steps total_timesteps"
    " max_iter max_iters max_iterations num_iterations n_iterations iterations n_estimators num_boost_round".split()
)
EPOCHS = frozenset(
    "epochs max_epochs num_epochs n_epochs nb_epochs total_epochs num_train_epochs train_epochs".split()
)
STOPS = ("early_stop", "patience", "n_iter_no_change")
MAY_END_BEFORE = frozenset(
    {"max_iter", "max_iters", "max_iterations"}
)  # solvers stop where nothing changes any more


class Stated(NamedTuple):
    """A parameter and its number; `may_stop`: the run also says that it may end before."""

    key: str
    total: float
    may_stop: bool


def stated_steps(params: Mapping[str, object]) -> Stated | None:
    """Return how many steps the run will do, of flat parameters; None where none says so, or several say different.

    >>> stated_steps({"trainer.max_steps": 5000, "lr": 0.1})
    Stated(key='trainer.max_steps', total=5000.0, may_stop=False)
    """
    return _stated(params, STEPS)


def stated_epochs(params: Mapping[str, object]) -> Stated | None:
    """Return the same of epochs."""
    return _stated(params, EPOCHS)


def _stated(params: Mapping[str, object], names: frozenset[str]) -> Stated | None:
    found = {key: total for key, value in params.items() if _name(key) in names and (total := _total(value))}
    if len(set(found.values())) != 1:
        return None
    key = min(found, key=len)
    return Stated(key, found[key], _name(key) in MAY_END_BEFORE or _may_stop(params))


def _name(key: str) -> str:
    return key.rpartition(".")[2].lower().replace("-", "_")


def _total(value: object) -> float | None:
    """Return a whole number above 0 (-1 stands for "not by this" in some libraries), else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value < 1e15:
        return None
    return float(value) if value == int(value) else None


def _may_stop(params: Mapping[str, object]) -> bool:
    """Return whether a parameter says that the run stops when it gets no better."""
    return any(
        _name(key).startswith(STOPS) and value not in (None, False, 0, "no", "none", "")
        for key, value in params.items()
    )
