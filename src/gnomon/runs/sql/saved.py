"""Writing the answer of a query to a file: Parquet, Arrow, CSV or JSON, by the ending of its name.

Always true: the answer is written as it comes, so it may be larger than memory; the file is whole or not there at all, and
one that is there is replaced only where that is asked for.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.runs.sql.answer import plain_rows
from gnomon.runs.sql.engine import batches_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from gnomon.runs.sql.engine import Question

    WriteText = Callable[[TextIO, str, list[str], Iterator[dict[str, object]]], None]

ENDINGS = (".parquet", ".arrow", ".csv", ".json")


def ending_of(path: str) -> str:
    """Return the ending that says how to write. Raises BadArgumentError for another one."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in ENDINGS:
        raise BadArgumentError(
            f"`{path}` must end in one of {', '.join(ENDINGS)}",
            hint="the ending says how the answer is written",
        )
    return ending


def check_target(path: str, *, overwrite: bool) -> None:
    """Raise where a file cannot be written to, before anything is asked."""
    ending_of(path)
    if os.path.isdir(path):
        raise BadArgumentError(f"`{path}` is a folder", hint="name a file in it")
    if os.path.lexists(path) and not overwrite:
        raise BadArgumentError(f"`{path}` is there already", hint="`--overwrite` replaces it")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise MissingFileError(f"there is no folder `{folder}`", hint=f"make it: `mkdir -p {folder}`")


def save(question: Question, path: str, write_text: WriteText, *, overwrite: bool) -> None:
    """Write the answer of a question to a file; `write_text(file, ending, columns, rows)` does so for CSV and JSON."""
    check_target(path, overwrite=overwrite)
    ending, folder = ending_of(path), os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=".gnomon-", suffix=".tmp", dir=folder)
    os.close(handle)
    try:
        question.answer(lambda answer: _write(answer, temporary, ending, write_text))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _write(answer: Any, path: str, ending: str, write_text: WriteText) -> None:
    if ending == ".parquet":
        from arro3.io import write_parquet

        write_parquet(answer, path, compression="zstd(1)")
    elif ending == ".arrow":
        from arro3.io import write_ipc

        write_ipc(answer, path)
    else:
        rows = (row for batch in batches_of(answer) for row in plain_rows(batch))
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            write_text(file, ending, list(answer.columns), rows)
