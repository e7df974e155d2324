"""Whether the trees of a model that was read from a file hold only places that they have.

scikit-learn follows the children and the columns that a tree names without looking whether they exist, so a crafted file could
read foreign memory or never come to an end. Always true: what passes `require_sound` leads from the root to a leaf in as many
steps as there are nodes at most, and reads only columns that the model takes.
Not promised: that a damaged tree still predicts well. The digest of the file says whether it is the one that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import DamagedFileError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_DEPTH = 200  # of objects within objects; skops cannot read more either


def require_sound(model: object, path: str) -> None:
    """Look at every tree in a model. Raises DamagedFileError, which names the file and what is wrong."""
    wrong = _wrong(model, None, set(), 0)
    if wrong:
        raise DamagedFileError(
            f"`{path}` holds a tree that is not sound: {wrong}",
            hint="the file is damaged or was made to do harm; get it again from where the model was trained",
        )


def _wrong(value: Any, owner: Any, seen: set[int], depth: int) -> str:
    """Return what is wrong with the trees in a value, '' where nothing is. `owner` is the nearest estimator around it."""
    if isinstance(value, (str, bytes, bytearray, int, float, bool, type(None))) or id(value) in seen:
        return ""
    if depth > _DEPTH:
        return "it lies deeper than any model does"
    seen.add(id(value))
    kind = type(value).__name__
    if kind == "Tree" and hasattr(value, "children_left"):
        return _wrong_tree(value, owner)
    if kind == "TreePredictor" and hasattr(value, "nodes"):
        return _wrong_predictor(value, owner)
    if wrong := _wrong_forest(value):
        return wrong
    own = value if hasattr(value, "predict") or hasattr(value, "n_features_in_") else owner
    for part in _parts(value):
        if wrong := _wrong(part, own, seen, depth + 1):
            return wrong
    return ""


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if getattr(getattr(value, "dtype", None), "kind", "") == "O":
        return list(value.ravel())
    return list(getattr(value, "__dict__", {}).values())


def _wrong_tree(tree: Any, owner: Any) -> str:
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = left != -1
    if (right[~inner] != -1).any():
        return "a leaf has a child"
    columns = min(int(tree.n_features), _columns_of(owner))
    return _wrong_places(left[inner], right[inner], feature[inner], inner, columns)


def _wrong_predictor(predictor: Any, owner: Any) -> str:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    kept = nodes[inner]
    wrong = _wrong_places(kept["left"], kept["right"], kept["feature_idx"], inner, _columns_of(owner))
    is_category = kept["is_categorical"] != 0
    if wrong or not is_category.any():
        return wrong
    sets = predictor.raw_left_cat_bitsets
    if sets.ndim != 2 or sets.shape[1] != 8 or (kept["bitset_idx"][is_category] >= len(sets)).any():
        return "a node names a set of categories that is not there"
    known = getattr(owner, "is_categorical_", None)
    if known is None or not known[kept["feature_idx"][is_category]].all():
        return "a node splits a column by category that has none"
    return ""


def _wrong_places(left: Array, right: Array, feature: Array, inner: Array, columns: int) -> str:
    """Return what is wrong with inner nodes. Children come after their parent, as all of scikit-learn's builders place them."""
    import numpy as np

    own = np.flatnonzero(inner)
    if not len(inner):
        return "it has no node"
    for child in (left.astype(np.int64), right.astype(np.int64)):
        if (child >= len(inner)).any() or (child <= own).any():
            return "a node names a child that is not there, or one before it"
    if (feature < 0).any() or (feature.astype(np.int64) >= columns).any():
        return f"a node names a column beyond the {columns} that the model takes"
    return ""


def _wrong_forest(value: Any) -> str:
    """A forest checks the table against its own number of columns, and its trees not again."""
    parts = getattr(value, "__dict__", {}).get("estimators_")
    kinds = {one.__name__ for one in type(value).__mro__}
    if parts is None or not kinds & {"BaseForest", "BaseGradientBoosting"}:
        return ""
    found = {getattr(one, "n_features_in_", None) for one in _parts_flat(parts)}
    is_sound = found <= {getattr(value, "n_features_in_", None)}
    return "" if is_sound else "its trees take another number of columns"


def _parts_flat(parts: Any) -> list[Any]:
    return list(parts.ravel()) if hasattr(parts, "ravel") else list(parts)


def _columns_of(owner: Any) -> int:
    found = getattr(owner, "__dict__", {}).get("n_features_in_")
    return int(found) if isinstance(found, int) else 0
