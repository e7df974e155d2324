"""What is near in meaning: the stretches of texts whose vectors are nearest to that of the question.

Always true: each run, version of data or writing is named once, with its nearest stretch; hidden runs are left out. Nearness is
no proof: the list is in order of it, and ends where it is low.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.meaning.model import load
from gnomon.runs.meaning.vectors import stretches_at, vectors_of
from gnomon.runs.search import Found, subjects_of_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.runs.meaning.model import Model
    from gnomon.runs.views import Record

LEAST = 0.15  # nearness (cosine); below it texts have little to do with each other
MOST_LOOKED_AT = 500  # stretches
_kept: list[Model] = []  # loaded once in the life of a process


def model() -> Model:
    """Return the model, loaded with the first question. Raises MissingExtraError."""
    if not _kept:
        _kept.append(load())
    return _kept[0]


def find_by_meaning(
    record: Record,
    question: str,
    limit: int = 20,
    kind: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Return what is nearest in meaning to a question, at most `limit`, of one `kind` if given.

    Raises BadArgumentError where nothing is asked, MissingExtraError without the model.
    """
    import numpy as np

    if not isinstance(question, str) or not question.strip():
        raise BadArgumentError(f"a search by meaning needs some text; got {question!r}")
    if not isinstance(limit, int) or limit < 1:
        raise BadArgumentError(f"`limit` must be a whole number from 1; got {limit!r}")
    known = model()
    record.replica.update(record.progress)
    found = vectors_of(record, known, progress)
    count = min(len(found.rows), MOST_LOOKED_AT)
    if not count:
        return Found([], False, {})
    near = found.values.astype(np.float32) @ known.vectors([question])[0]
    order = np.argpartition(-near, count - 1)[:count]
    order = order[np.lexsort((order, -near[order]))]
    places = [(int(found.rows[at]), int(found.nth[at])) for at in order if near[at] >= LEAST]
    return subjects_of_texts(record.replica.index, stretches_at(record, places), limit, kind)
