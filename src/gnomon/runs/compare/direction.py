"""Which way a metric is better, guessed by its name. Whoever shows a guess says that it is one.

>>> [guess(name) for name in ("val/loss", "top1_acc", "neg_log_likelihood", "recall@10", "lr")]
['lower', 'higher', 'lower', 'higher', None]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    Better = Literal["higher", "lower"]

_HIGHER = frozenset(
    "acc accuracy auc auroc auprc ap map f1 fbeta precision recall iou miou jaccard dice bleu rouge meteor r2 reward return "
    "returns score success hit hits mrr ndcg psnr ssim win wins winrate throughput sensitivity specificity mcc kappa "
    "likelihood logprob elo correlation spearman pearson em exactmatch correct passes profit purity silhouette coverage".split()
)
_LOWER = frozenset(
    "loss losses error errors err mse rmse mae mape smape rmsle nll perplexity ppl wer cer fid lpips kl divergence latency "
    "cost costs regret brier ece bpb bpc distance eer fpr fnr fdr crossentropy logloss hinge duration seconds time "
    "misclassified misclassification violations deviance residual bias".split()
)
_TURNED = frozenset({"neg", "negative", "minus"})
_WORD = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
_LONGEST = 1000


def guess(name: str) -> Better | None:
    """Return which way a metric of this name is better; None where the name does not say.

    The last word that says something counts (`auc_loss` is a loss), turned round by a `neg` before it.
    """
    found: Better | None = None
    is_turned = False
    for word in map(str.lower, _WORD.findall(name[-_LONGEST:])):
        if word in _TURNED:
            is_turned = True
            continue
        known = word if word in _HIGHER or word in _LOWER else word.rstrip("0123456789")
        if known in _HIGHER:
            found = "lower" if is_turned else "higher"
        elif known in _LOWER:
            found = "higher" if is_turned else "lower"
    return found


def checked(better: str | None, metric: str) -> tuple[Better, bool]:
    """Return (which way is better, whether that is a guess). Raises BadArgumentError where nobody can say."""
    if better == "higher":
        return "higher", False
    if better == "lower":
        return "lower", False
    if better is not None:
        raise BadArgumentError(f"`better` must be 'higher' or 'lower'; got {better!r}")
    guessed = guess(metric)
    if guessed is None:
        raise BadArgumentError(
            f"whether higher or lower is better cannot be guessed from the name `{metric}`",
            hint="say so: `--better higher` or `--better lower` (in Python `better='lower'`)",
        )
    return guessed, True
