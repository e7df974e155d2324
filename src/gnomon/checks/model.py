"""What a check takes for a model, and what it predicts of a table: an object with `predict`, a function of a table, or a path.

    with inputs_of("test.csv") as (table, count):
        model = model_of("model.skops", features=["age", "sex"])
        model.predict(table, target="income")       # one label, or number, a row
        model.chances(table, target="income")       # one chance a class, or None

Always true: a model gets the columns that it was fitted with, in their order, in the container that it knows (a DataFrame that
was given stays in its own library); what it raises becomes an error that names the columns. Files: `model_files`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.checks.model_columns import NUMPY, PANDAS, POLARS
from gnomon.errors import BadArgumentError, GnomonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

CLASSIFICATION, REGRESSION = "classification", "regression"


class ModelRaisedError(BadArgumentError):
    """The model raised while it predicted. `raised` is what it raised."""

    raised: Exception


class Model:
    """A model that a check asks. `name` is its class, function or file; `notes` what was warned of, in words."""

    def __init__(
        self,
        given: Any,
        *,
        features: Sequence[str] | None,
        argument: str,
        evidence: dict[str, object],
        notes: Sequence[str] = (),
    ) -> None:
        self.given = given
        self.argument = argument
        self.features = _features(features)
        self.is_function = not hasattr(given, "predict")
        self.name = str(evidence.get("path") or _name_of(given))
        self.evidence = {"role": "model", "type": _type_of(given), **evidence}
        self.notes: list[str] = list(notes)

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The labels that it knows, in the order of its chances; None where it does not say."""
        found = getattr(self.given, "classes_", None)
        if found is None or not hasattr(found, "tolist"):
            return None
        return tuple(found.tolist())

    @property
    def task(self) -> str | None:
        """`classification` or `regression`, where the model says so itself."""
        if self.classes is not None or hasattr(self.given, "predict_proba"):
            return CLASSIFICATION
        kind = getattr(self.given, "_estimator_type", None)
        if kind is None and hasattr(self.given, "__sklearn_tags__"):
            kind = getattr(self.given.__sklearn_tags__(), "estimator_type", None)
        return {"classifier": CLASSIFICATION, "regressor": REGRESSION}.get(str(kind))

    @property
    def fitted_names(self) -> tuple[str, ...] | None:
        """The names of the columns that it was fitted with; None where it was fitted without names or does not say."""
        found = getattr(self.given, "feature_names_in_", None)
        if found is None:
            return None
        names = tuple(str(name) for name in found)
        made_up = tuple(f"Column_{place}" for place in range(len(names)))  # LightGBM, fitted with an array
        return None if names == made_up else names

    @property
    def width(self) -> int | None:
        """How many columns it takes; None where it does not say."""
        found = getattr(self.given, "n_features_in_", None)
        return int(found) if isinstance(found, int) else None

    def columns(self, table: Inputs, target: str | None, leave: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the columns of a table that the model gets, in order: `features`, else those that it was fitted with, else all
        but the target and `leave`. Raises BadArgumentError where some are not there, or their number is not the model's.
        """
        wanted = self.features or self.fitted_names
        found = wanted or tuple(name for name in table.names if name != target and name not in leave)
        missing = [name for name in found if name not in table.columns]
        if missing:
            argument = "features" if self.features else self.argument
            raise BadArgumentError(
                f"`{argument}` needs columns that the table does not have: {_listed(missing)}",
                hint=f"it has: {_listed(table.names)}",
            )
        if self.width is not None and len(found) != self.width:
            raise BadArgumentError(
                f"`{self.argument}` was fitted with {self.width:,} columns and would get {len(found):,}: {_listed(found)}",
                hint="say which ones, in the order of the training: `features=[…]`",
            )
        if not found:
            raise BadArgumentError("the table has no column that the model could get, beside the target")
        return found

    def predict(self, table: Inputs, *, target: str | None = None) -> Array:
        """Return what it predicts, shape (rows,). Raises BadArgumentError for a wrong table, ModelRaisedError."""
        return self.predict_columns(table.only(self.columns(table, target)))

    def predict_columns(self, chosen: Inputs) -> Array:
        """Return the same from exactly the columns that it gets, shape (rows,)."""
        import numpy as np

        found = np.asarray(self._ask("predict", chosen))
        if found.ndim == 2 and found.shape[1] == 1:
            found = found[:, 0]
        if found.shape != (chosen.count,):
            raise BadArgumentError(
                f"`{self.argument}` must give one label or number a row; for {chosen.count:,} rows it gave {_shape(found)}",
                hint="where it gives a chance a class, wrap it: `lambda table: model(table).argmax(axis=1)`",
            )
        return found

    def chances(self, table: Inputs, *, target: str | None = None) -> Array | None:
        """Return its chances, shape (rows, classes), in the order of `classes`; None where it gives none."""
        import numpy as np

        if self.is_function or not hasattr(self.given, "predict_proba"):
            return None
        chosen = table.only(self.columns(table, target))
        try:
            found = np.asarray(self._ask("predict_proba", chosen), dtype=float)
        except ModelRaisedError as error:
            if isinstance(error.raised, (AttributeError, NotImplementedError)):
                return None  # as `SVC(probability=False)` does
            raise
        if found.ndim != 2 or len(found) != chosen.count:
            raise BadArgumentError(
                f"`{self.argument}.predict_proba` must give a row of chances a row, for {chosen.count:,} rows;"
                f" it gave {_shape(found)}"
            )
        return found

    def container(self, library: str) -> str:
        """Return what the model is given, for a table that is at home in `library`."""
        if not self.is_function and self.fitted_names is None and self.width is not None:
            return NUMPY  # fitted with an array: names would only be warned of
        if library in (PANDAS, POLARS):
            return library
        return next((one for one in (PANDAS, POLARS) if _is_installed(one)), NUMPY)

    def _ask(self, method: str, chosen: Inputs) -> Any:
        from gnomon.checks.model_files import said

        given = chosen.table(self.container(chosen.library))
        ask: Callable[[Any], Any] = self.given if self.is_function else getattr(self.given, method)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                found = ask(given)
            except GnomonError:
                raise
            except Exception as error:
                raise self._raised(error, chosen.names) from error
        self.notes += [text for text in said(heard) if text not in self.notes]
        return found

    def _raised(self, error: Exception, names: Sequence[str]) -> ModelRaisedError:
        first = str(error).strip().partition("\n")[0]
        told = ModelRaisedError(
            f"`{self.argument}` raised {type(error).__name__}{': ' + first[:300] if first else ''}; it was given the"
            f" {len(names):,} columns {_listed(names)}",
            hint="say which columns it was trained with, in their order: `features=[…]`",
        )
        told.raised = error
        return told


def model_of(
    model: object,
    *,
    features: Sequence[str] | None = None,
    trusted: Sequence[str | type] = (),
    argument: str = "model",
) -> Model:
    """Return what a check asks.

    Parameters
    ----------
    model : an object with `predict`, a function of a table, or a path to a `.skops` or `.onnx` file
    features : columns that it gets, in this order
        Where None: those that it was fitted with, else all but the target.
    trusted : full names of types, or types, that a `.skops` file may hold beside those of `model_types`.

    Raises BadArgumentError (also for pickles, and for types that are not trusted), MissingFileError, DamagedFileError,
    MissingExtraError.
    """
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, bytes, os.PathLike)):
        from gnomon.checks.model_files import loaded

        given, evidence, notes = loaded(Path(os.fsdecode(model)), trusted, argument)
    else:
        given, evidence, notes = model, {}, []
    if isinstance(given, type) or not (hasattr(given, "predict") or callable(given)):
        what = (
            f"the class `{given.__name__}`"
            if isinstance(given, type)
            else f"a {type(given).__name__}, which has no `predict`"
        )
        raise BadArgumentError(
            f"`{argument}` must be a model; got {what}",
            hint="give an object with `predict`, a function of a table, or the path of a `.skops` or `.onnx` file",
        )
    return Model(given, features=features, argument=argument, evidence=evidence, notes=notes)


def _features(features: Sequence[str] | None) -> tuple[str, ...] | None:
    if features is None:
        return None
    if isinstance(features, str) or not all(isinstance(name, str) for name in features) or not len(features):
        raise BadArgumentError(
            f"`features` must be a list of names of columns; got {features!r}",
            hint='for instance `features=["age", "sex"]`',
        )
    double = next((name for name in features if list(features).count(name) > 1), None)
    if double is not None:
        raise BadArgumentError(f"`features` names `{double}` twice")
    return tuple(features)


def _type_of(given: Any) -> str:
    kind = given if hasattr(given, "__qualname__") else type(given)
    return f"{kind.__module__}.{kind.__qualname__}"


def _name_of(given: Any) -> str:
    steps = getattr(given, "steps", None)  # of a pipeline: the model is its last step
    kind = given if hasattr(given, "__name__") else type(steps[-1][1] if steps else given)
    return str(kind.__name__)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return shown + (f", … ({len(names):,} in all)" if len(names) > 12 else "")


def _shape(found: Array) -> str:
    return "a single value" if found.ndim == 0 else " x ".join(f"{size:,}" for size in found.shape)


def _is_installed(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None
