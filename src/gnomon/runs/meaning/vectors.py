"""The vectors of a replica's texts: a file in the user's cache folder, beside the index.

A text of several paragraphs has a vector for each stretch of about `STRETCH` characters, so that a long one is found by any of
its parts. Vectors are kept by the digest of their text: what was there stays when the record grows.

Always true: the file may be deleted, damaged or replaced at any time; it is then made again. It is read without running anything.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

from blake3 import blake3

from gnomon.record.files import replace_file
from gnomon.record.index_place import place_for
from gnomon.record.index_texts import texts_at, texts_of_fields
from gnomon.runs.meaning.model import DIMENSIONS, NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from gnomon.runs.meaning.model import Model
    from gnomon.runs.views import Record

FIELDS = ("name", "note", "comment", "message")
STRETCH = 600  # characters
MOST_STRETCHES = 40  # of one text
AT_ONCE = 512
_FILE = "meaning.npz"
_DIGEST = 16


class Vectors(NamedTuple):
    """The vectors of all stretches: a row of `values` for each. `rows` are their texts' in the index's table of words, `nth` says
    which stretch of its text each is.
    """

    rows: NDArray[np.int64]
    nth: NDArray[np.uint8]
    values: NDArray[np.float16]


class _Kept(NamedTuple):
    """What the file holds: of which moment of the index it is, and the digest of each stretch."""

    moment: str
    digests: NDArray[np.uint8]
    vectors: Vectors


def vectors_of(record: Record, model: Model, progress: Callable[[int, int], None] | None = None) -> Vectors:
    """Return the vectors of all texts that are searched by meaning; those that were not there before are made and kept."""
    import numpy as np

    moment = _moment(record)
    kept = _read(record)
    if kept is not None and moment is not None and kept.moment == moment:
        return kept.vectors
    texts = record.replica.index.ask(lambda database: list(texts_of_fields(database, FIELDS)))
    stretches = [(row, nth, part) for row, _, text in texts for nth, part in enumerate(parts_of(text))]
    digests = [blake3(part.encode("utf-8", "surrogatepass")).digest(_DIGEST) for _, _, part in stretches]
    known = dict(zip(map(bytes, kept.digests), kept.vectors.values, strict=True)) if kept is not None else {}
    text_of = {one: part for one, (_, _, part) in zip(digests, stretches, strict=True) if one not in known}
    missing = list(text_of)
    for at in range(0, len(missing), AT_ONCE):
        some = missing[at : at + AT_ONCE]
        made = model.vectors([text_of[one] for one in some]).astype(np.float16)
        known.update(zip(some, made, strict=True))
        if progress is not None:
            progress(at + len(some), len(missing))
    found = Vectors(
        np.array([row for row, _, _ in stretches], np.int64),
        np.array([nth for _, nth, _ in stretches], np.uint8),
        np.array([known[one] for one in digests], np.float16).reshape(len(digests), DIMENSIONS),
    )
    as_bytes = np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), _DIGEST)
    _keep(record, _Kept(moment or "", as_bytes, found))
    return found


def stretches_at(record: Record, places: Sequence[tuple[int, int]]) -> list[tuple[int, str, str]]:
    """Return (row, field, what it says) of stretches, given as (row, nth), in their order; those that are gone are left out."""
    rows = sorted({row for row, _ in places})
    found = record.replica.index.ask(lambda database: texts_at(database, rows))
    parts = {row: list(parts_of(text)) for row, (_, text) in found.items()}
    return [(row, found[row][0], parts[row][nth]) for row, nth in places if nth < len(parts.get(row, ()))]


def _moment(record: Record) -> str | None:
    """Return what is another text whenever a text of the index may be another; None while news lies over it in memory."""
    number, overlay = record.replica.index.generation
    return None if overlay else str(number)


def parts_of(text: str) -> Iterator[str]:
    """Yield a text in stretches, cut between paragraphs where it has some.

    >>> list(parts_of("a\\n\\nb")), [len(one) for one in parts_of("x" * 1500)]
    (['a\\n\\nb'], [600, 600, 300])
    """
    count = 0
    stretch = ""
    for paragraph in text.split("\n\n"):
        while len(stretch) + len(paragraph) + 2 > STRETCH:
            if not stretch:
                stretch, paragraph = paragraph[:STRETCH], paragraph[STRETCH:]  # noqa: PLW2901  the rest of it goes on
            if stretch.strip():
                yield stretch
                count += 1
                if count == MOST_STRETCHES:
                    return
            stretch = ""
        stretch = f"{stretch}\n\n{paragraph}" if stretch else paragraph
    if stretch.strip():
        yield stretch


# ---------------------------------------------------------------- the file


def _path(record: Record) -> str | None:
    place = place_for(record.home, record.home.env)
    return os.path.join(place.folder, _FILE) if place is not None else None


def _read(record: Record) -> _Kept | None:
    """Return what was kept; None where the file is not there, damaged, or of another model."""
    import numpy as np

    path = _path(record)
    if path is None:
        return None
    try:
        with np.load(io.BytesIO(record.home.env.read_file(path)), allow_pickle=False) as file:
            name, moment, digests = str(file["model"]), str(file["moment"]), file["digests"]
            found = Vectors(file["rows"], file["nth"], file["values"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, IndexError, BadZipFile):
        return None
    count = len(digests)
    shapes = (digests.shape, found.rows.shape, found.nth.shape, found.values.shape)
    types = (digests.dtype, found.rows.dtype, found.nth.dtype, found.values.dtype)
    is_sound = (
        name == NAME
        and shapes == ((count, _DIGEST), (count,), (count,), (count, DIMENSIONS))
        and types == tuple(map(np.dtype, (np.uint8, np.int64, np.uint8, np.float16)))
    )
    return _Kept(moment, digests, found) if is_sound else None


def _keep(record: Record, kept: _Kept) -> None:
    """Keep vectors for the next time; a cache that cannot be written costs only that."""
    import numpy as np

    path = _path(record)
    if path is None:
        return
    out = io.BytesIO()
    found = kept.vectors
    np.savez(
        out, model=np.array(NAME), moment=np.array(kept.moment), digests=kept.digests, rows=found.rows, nth=found.nth,
        values=found.values,
    )  # fmt: skip
    try:
        replace_file(record.home.env, path, out.getvalue())
    except OSError:
        pass  # a full or read-only disk: they are made again
