"""Training and test rows for mitigation: what the estimator gets, who is positive, and who belongs to which group.

Always true: a row without a truth is in no count (but is predicted); a row without a group belongs to the group of those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.fairness.cells import joined, label
from gnomon.checks.model import Model
from gnomon.checks.model_inputs import Inputs, inputs_of
from gnomon.checks.model_labels import Labels, distinct, is_missing
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

_TRUTHS = ({0, 1}, {-1, 1}, {False, True})
MOST_GROUPS = 1_000


class People(NamedTuple):
    """Rows. `given` holds the features alone; `truth` is 1, 0, or -1 where missing; `group` a label each; shapes (rows,)."""

    given: Inputs
    truth: Array
    group: Array
    evidence: dict[str, object]

    @property
    def known(self) -> Array:
        """The places of the rows that have a truth."""
        return np.flatnonzero(self.truth >= 0)

    def take(self, rows: Array) -> People:
        return People(self.given.take(rows), self.truth[rows], self.group[rows], self.evidence)


class Asked(NamedTuple):
    """What a table is asked for: names of columns, and which value of the target is the positive one of the two."""

    target: str
    groups: tuple[str, ...]
    features: tuple[str, ...]
    classes: tuple[Any, Any]  # negative, positive
    is_rest: bool  # negative is whatever is not positive


def read(table: object, argument: str) -> Inputs:
    """Return all of a table. Raises what `rows_of` raises."""
    with inputs_of(table, argument=argument, role=argument) as (given, _):
        return given


def asked(
    train: Inputs, test: Inputs, estimator: Any, target: str, groups: Sequence[str], features: Sequence[str] | None,
    positive: object, *, keep_group: bool,
) -> tuple[Asked, list[str]]:  # fmt: skip
    """Return what is asked for, and notes. Raises BadArgumentError for columns that are missing, or a target of many classes."""
    groups = [groups] if isinstance(groups, str) else list(groups)
    if not groups:
        raise BadArgumentError("`groups` names no column", hint='for instance `groups=["sex"]`')
    for given, argument in ((train, "train"), (test, "test")):
        for column, by in ((target, "target"), *((group, "groups") for group in groups)):
            _require(given, column, by, argument)
    if target in groups:
        raise BadArgumentError("`groups` names the target")
    notes = []
    leave = [] if keep_group else groups
    model = Model(estimator, features=features, argument="estimator", evidence={})
    named = model.features or model.fitted_names or tuple(name for name in train.names if name != target)
    chosen = tuple(name for name in named if name not in leave and name != target)
    left = [name for name in named if name in leave]
    if features is not None and left:
        notes.append(f"{_listed(left)} left out of the features; `keep_group=True` keeps them")
    for given, argument in ((train, "train"), (test, "test")):
        for name in chosen:
            _require(given, name, "features", argument)
    if not chosen:
        raise BadArgumentError("no column is left for the estimator, beside the target and the groups")
    return Asked(target, tuple(dict.fromkeys(groups)), chosen, *_classes(train, target, positive)), notes


def _classes(train: Inputs, target: str, positive: object) -> tuple[tuple[Any, Any], bool]:
    values = distinct(train.array(target))
    if positive is None:
        if len(values) > 2 or (len(values) and not any(set(values) <= pair for pair in _TRUTHS)):
            shown = ", ".join(repr(value) for value in values[:6]) + (", …" if len(values) > 6 else "")
            raise BadArgumentError(
                f"`target` has the values {shown}; which one is positive is not guessed",
                hint="say it: `positive=…`",
            )
        negative = -1 if -1 in values else 0
        return (negative, 1) if not values or not isinstance(values[0], bool) else (False, True), False
    if positive not in values:
        raise BadArgumentError(
            f"`positive` is {positive!r}, which no row of the training data has in `{target}`"
        )
    others = [value for value in values if value != positive]
    if len(others) == 1:
        return (others[0], positive), False
    return (f"not {positive}", positive), True


def people(given: Inputs, asked_for: Asked) -> People:
    """Return the rows of a table as mitigation sees them."""
    truth = np.full(given.count, -1)
    values = given.array(asked_for.target)
    present = np.flatnonzero(~is_missing(values))
    negative, positive = asked_for.classes
    if len(present):
        found = _is(values[present], positive)
        wrong = (
            [] if asked_for.is_rest else [one for one in distinct(values) if one not in (negative, positive)]
        )
        if wrong:
            raise BadArgumentError(
                f"the target of `test` has the value {wrong[0]!r}, which that of `train` does not have"
            )
        truth[present] = found.astype(int)
    return People(
        given.only(asked_for.features), truth, group_of(given, asked_for.groups), dict(given.evidence)
    )


def group_of(given: Inputs, groups: Sequence[str]) -> Array:
    """Return the label of each row's group: its values in the columns of the groups, shape (rows,)."""
    columns = []
    for name in groups:
        values = given.array(name)
        gone = is_missing(values)
        columns.append(
            [label(None if missing else value) for value, missing in zip(values.tolist(), gone, strict=True)]
        )
    found = np.array([joined(row) for row in zip(*columns, strict=True)], dtype=object)
    different = len(set(found.tolist()))
    if different > MOST_GROUPS:
        raise BadArgumentError(
            f"`groups` makes {different:,} groups; mitigation takes up to {MOST_GROUPS:,}",
            hint="name columns with few values, or put numbers into classes first",
        )
    return found


def _is(values: Array, positive: Any) -> Array:
    return (
        np.asarray(Labels(values, positive=positive).codes == 1)
        if positive in distinct(values)
        else np.zeros(len(values), bool)
    )


def _require(given: Inputs, column: str, by: str, argument: str) -> None:
    if column not in given.columns:
        from difflib import get_close_matches

        near = get_close_matches(str(column), given.names, n=3) or list(given.names[:8])
        raise BadArgumentError(
            f"`{by}` names the column {column!r}, which `{argument}` does not have",
            hint=f"it has: {_listed(near)}",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:8]) + (", …" if len(names) > 8 else "")
