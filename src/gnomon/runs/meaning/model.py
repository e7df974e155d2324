"""Texts as vectors: the mean of the static vectors of their tokens, with the model that the package `wordllama` ships.

The model is a table of 32,000 tokens by 256 dimensions, made for this use (WordLlama, "l2 supercat"). It is read from the
installed package's own files; nothing of that package is run, and nothing is fetched.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from gnomon.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

NAME = "wordllama l2_supercat_256"
DIMENSIONS = 256
LONGEST = 4_000  # characters of a text that are looked at
_WEIGHTS = ("weights", "l2_supercat_256.safetensors")
_TOKENS = ("tokenizers", "l2_supercat_tokenizer_config.json")


class Model:
    """Turns texts into vectors. Loading it takes about half a second and 50 MB."""

    def __init__(self, table: NDArray[np.float32], tokenizer: Any) -> None:
        self._table = table
        self._tokenizer = tokenizer

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a vector of length 1 for each text, one row each; zeros for a text without any token."""
        import numpy as np

        found = np.zeros((len(texts), DIMENSIONS), np.float32)
        cut = [text[:LONGEST] for text in texts]
        for row, encoded in enumerate(self._tokenizer.encode_batch(cut, add_special_tokens=False)):
            if encoded.ids:
                found[row] = self._table[encoded.ids].mean(axis=0)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        found /= lengths
        return found


def load() -> Model:
    """Return the model. Raises MissingExtraError where it is not installed."""
    spec = find_spec("wordllama")
    folder = os.path.dirname(spec.origin) if spec is not None and spec.origin else None
    try:
        import numpy as np
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer
    except ImportError:
        folder = None
    paths = [os.path.join(folder, *parts) for parts in (_WEIGHTS, _TOKENS)] if folder is not None else []
    if not paths or not all(map(os.path.isfile, paths)):
        raise MissingExtraError(
            "search by meaning needs a model that is not installed",
            hint="`pip install 'gnomon[meaning]'` brings one of 19 MB; words are searched without it",
        )
    table = load_file(paths[0])["embedding.weight"].astype(np.float32)
    return Model(table, Tokenizer.from_file(paths[1]))
