"""Files as a relation of DuckDB whose columns have their own names and types: what a check reads from a path.

A CSV is read as text and each column gets the type that all of its values have, so no sample can mislead it; cells that say
that nothing is known (empty, `NA`, `nan`, …) are NULL. Always true: at the end of the file nothing was left out.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.errors import BadArgumentError, DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile.engine import Engine


_SECOND = re.compile(r" \(\d+\)\Z")


def relation_of(opened: Engine, path: str, argument: str) -> tuple[Any, dict[str, object]]:
    """Return a relation over the one table at a path, and what the evidence says of it.

    Raises DamagedFileError, BadArgumentError.
    """
    import duckdb

    from gnomon.data.contract.count import said_of
    from gnomon.data.contract.typed import typed_columns
    from gnomon.data.profile.engine import identifier
    from gnomon.data.profile.source import source_of

    kind, paths = _table_at(path, argument)
    try:
        source = source_of(opened, paths, kind)
        if source.unread_rows:
            raise DamagedFileError(
                f"`{path}` has {text.count(source.unread_rows, 'record')} that do not fit its columns",
                hint="a check that leaves rows out says nothing; mend the file",
            )
        # The profile tells two columns of one name apart as `a` and `a (2)`; a check must not choose.
        said = [
            _SECOND.sub("", name) if _SECOND.sub("", name) in source.names else name for name in source.names
        ]
        require_different(said if source.is_text else source.names, argument)
        chosen = ", ".join(
            f"{column} AS {identifier(name)}"
            for column, name in zip(typed_columns(opened, source), source.names, strict=True)
        )
        # A table, not a view: a CSV would be parsed anew for every question.
        name = f"given_{opened.serial()}"
        form = "TABLE" if source.is_text else "VIEW"
        opened.rows(f"CREATE {form} {name} AS SELECT {chosen} FROM {source.relation}")
        relation = opened.connection.table(name) if source.is_text else opened.connection.view(name)
        return relation, {"format": source.format, **_digest(paths)}
    except duckdb.Error as error:
        raise said_of(error, paths[0]) from None


def require_different(names: Sequence[str], argument: str) -> Sequence[str]:
    """Return names of columns, each of which must be there once. Raises BadArgumentError."""
    seen = Counter(name.casefold() for name in names)  # the engine tells no case apart
    double = [name for name in names if seen[name.casefold()] > 1]
    if double:
        called = f"`{double[0]}`" if double[0] == double[1] else f"`{double[0]}` and `{double[1]}`"
        raise BadArgumentError(f"`{argument}` has two columns called {called}", hint="rename one of them")
    if not names:
        raise BadArgumentError(f"`{argument}` has no columns")
    return names


def _table_at(path: str, argument: str) -> tuple[str, list[Path]]:
    from gnomon.data.profile.build import tables_at

    groups = tables_at(Path(path))
    if not groups:
        raise BadArgumentError(
            f"`{argument}`: `{path}` holds no table",
            hint="a check reads CSV, Parquet, Arrow or JSON lines, of these CSV and JSON lines also as .gz, .zst, .xz or .bz2",
        )
    if len(groups) > 1:
        names = ", ".join(f"`{paths[0].relative_to(path)}`" for _, paths in groups[:4])
        raise BadArgumentError(
            f"`{argument}`: `{path}` holds {len(groups)} tables with different columns ({names}, …)",
            hint="name the file that is meant",
        )
    return groups[0]


def _digest(paths: Sequence[Path]) -> dict[str, object]:
    """Return the BLAKE3 of a file, so that the same bytes are known again; of several files nothing."""
    if len(paths) != 1:
        return {"files": len(paths)}
    from blake3 import blake3

    return {"digest": blake3().update_mmap(paths[0]).hexdigest(), "size": paths[0].stat().st_size}
