"""The types that a `.skops` file may hold without being asked for, on top of those that skops itself trusts.

Reviewed one by one: each only keeps numbers and settings and computes from them; none runs what a file says, opens a file
or a socket, or imports by a name that the file gives. A type is named in full, never by a prefix, because a file may name a
*function* of the same library where it should name a class, and `FunctionTransformer` would call it.

Not here, so that `trusted=[…]` must name them: functions of a person's own, KD-trees and ball trees (they read memory at
places that the file gives, unchecked), everything of libraries that are not listed.
Trees are here, and `model_trees` checks the places that they hold, because scikit-learn does not.
LightGBM and XGBoost parse a text of their own in C++: as safe as those parsers are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TREES = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)

_SKLEARN = (
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer._RemainderColsList",  # until 1.7
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    *(
        f"sklearn.gaussian_process.kernels.{name}"
        for name in (
            "CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared", "Exponentiation", "Matern",
            "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
        )
    ),
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",  # a dict
    # Functions, called with arrays while a model is fitted, never by `predict`.
    *(
        f"sklearn.feature_selection._univariate_selection.{name}"
        for name in ("chi2", "f_classif", "f_oneway", "f_regression", "r_regression")
    ),
)  # fmt: skip

_BOOSTERS = (
    "collections.OrderedDict",
    "collections.defaultdict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRanker",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
    "xgboost.sklearn.XGBRFRegressor",
    "xgboost.sklearn.XGBRanker",
    "xgboost.sklearn.XGBRegressor",
)

_CHECKED = (
    "functools.partial",
    "sklearn.utils.validation.check_array",
)  # of HistGradientBoosting with categories


def unreviewed(asked: Iterable[str]) -> list[str]:
    """Return those of the types of a file that are not on the list, in order; names as `skops.io.get_untrusted_types` gives them.

    A partial call is on the list only beside types of scikit-learn: what it makes of a booster's constructor nobody reviewed.

    >>> unreviewed(["os.system", "sklearn.tree._tree.Tree"])
    ['os.system']
    """
    found = set(asked)
    allowed = {*TREES, *_SKLEARN, *_BOOSTERS}
    if not found & set(_BOOSTERS):
        allowed.update(_CHECKED)
    return sorted(found - allowed)
