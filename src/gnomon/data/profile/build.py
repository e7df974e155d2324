"""Make the profile of a file or a folder.

Files of one kind and one schema are one table. What cannot be read as what its name says is profiled as text or bytes, and a
note says why; only a path that is not there, or cannot be read at all, is an error.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.data.profile import kinds
from gnomon.data.profile.columns import columns_of
from gnomon.data.profile.engine import engine
from gnomon.data.profile.images import images_of
from gnomon.data.profile.profile import (
    FORMAT,
    MAX_COLUMNS,
    MAX_NOTES,
    MAX_TABLES,
    VERSION,
    Profile,
    Suffix,
    Table,
)
from gnomon.data.profile.source import source_of
from gnomon.data.profile.texts import texts_of
from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.data.profile.engine import Engine

MAX_SUFFIXES = 32
_SKIPPED = (".git", ".gnomon", "__pycache__")


def profile_of(
    path: str | Path, *, progress: Callable[[int, int], None] | None = None, keep_values: bool = True
) -> Profile:
    """Return the profile of a file or folder.

    `progress(done, total)` is called now and then, in bytes. With `keep_values=False` the profile holds names, types and
    counts only: no value, range, distribution or sketch. Raises MissingFileError, BadArgumentError.
    """
    root = Path(path)
    files = list(_files(root))
    total = sum(size for _, size, _ in files)
    by_kind: dict[str, list[Path]] = {}
    for file, size, _ in files:
        by_kind.setdefault(
            kinds.kind_of(file) if size else kinds.suffix_of(file) and _empty(file), []
        ).append(file)
    notes: list[str] = []
    tables, failed = _tables(root, by_kind, notes, keep_values=keep_values, progress=_share(progress, total))
    images = by_kind.get(kinds.IMAGE)
    texts, more_notes = (
        texts_of([*by_kind.get(kinds.TEXT, ()), *failed]) if by_kind.get(kinds.TEXT) or failed else (None, [])
    )
    notes += more_notes
    if progress is not None:
        progress(total, total)
    made = Profile(
        format=FORMAT,
        version=VERSION,
        kind="",
        files=len(files),
        bytes=total,
        suffixes=_suffixes(files),
        tables=tuple(tables),
        images=images_of(images) if images else None,
        texts=texts,
        notes=tuple(note[:300] for note in notes[:MAX_NOTES]),
    )
    import msgspec

    return msgspec.structs.replace(made, kind=kind_of_profile(made))


def kind_of_profile(profile: Profile) -> str:
    """Return the one word for what a profile holds most of."""
    found = [
        word
        for word, is_there in (
            ("table" if len(profile.tables) == 1 else "tables", bool(profile.tables)),
            ("images", profile.images is not None),
            ("text", profile.texts is not None),
        )
        if is_there
    ]
    if not profile.files or (not profile.bytes and not found):
        return "empty"
    return found[0] if len(found) == 1 else "mixed" if found else "files"


def _empty(path: Path) -> str:
    """Return the kind of a file of no bytes: only a CSV or JSON lines may be an empty table."""
    kind = kinds.kind_of(path)
    return kind if kind in (kinds.CSV, kinds.JSONL, kinds.TEXT) else kinds.OTHER


def _share(progress: Callable[[int, int], None] | None, total: int) -> Callable[[float], None]:
    def report(share: float) -> None:
        if progress is not None:
            progress(min(int(share * total), total), total)

    return report


# --- files


def _files(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Yield regular files with their size and suffix, in the order of their names."""
    try:
        found = root.stat()
    except (OSError, ValueError) as error:
        raise MissingFileError(f"there is no data at `{root}`: {error}", hint="check the path") from error
    if stat.S_ISREG(found.st_mode):
        yield root, found.st_size, kinds.suffix_of(root)
        return
    if not stat.S_ISDIR(found.st_mode):
        raise BadArgumentError(f"`{root}` is neither a file nor a folder, so it has no profile")
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _SKIPPED)
        for name in sorted(files):
            path = Path(folder, name)
            held = path.lstat()
            if stat.S_ISREG(held.st_mode):
                yield path, held.st_size, kinds.suffix_of(path)


def _suffixes(files: list[tuple[Path, int, str]]) -> dict[str, Suffix]:
    found: dict[str, tuple[int, int]] = {}
    for _, size, suffix in files:
        name = suffix[:20].encode(errors="replace").decode()
        held = found.get(name, (0, 0))
        found[name] = held[0] + 1, held[1] + size
    most = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    kept = {name: Suffix(*sizes) for name, sizes in most[:MAX_SUFFIXES]}
    if len(most) > MAX_SUFFIXES:
        rest = [sizes for _, sizes in most[MAX_SUFFIXES:]]
        kept["other"] = Suffix(sum(one for one, _ in rest), sum(two for _, two in rest))
    return kept


# --- tables


def _tables(
    root: Path,
    by_kind: dict[str, list[Path]],
    notes: list[str],
    *,
    keep_values: bool,
    progress: Callable[[float], None],
) -> tuple[list[Table], list[Path]]:
    """Return the tables, and the files that turned out to be none."""
    groups = _groups(by_kind)
    if len(groups) > MAX_TABLES:
        notes.append(f"{len(groups):,} tables with different columns; the first {MAX_TABLES} are described")
    tables: list[Table] = []
    failed: list[Path] = []
    groups = groups[:MAX_TABLES]
    for number, (kind, paths) in enumerate(groups):
        name = _name(root, paths) if len(groups) > 1 else ""
        first = number

        def report(share: float, first: int = first) -> None:
            progress((first + share) / len(groups))

        try:
            tables.append(_table(paths, kind, name, keep_values=keep_values, progress=report))
        except DamagedFileError as error:
            notes.append(f"not read as {kind}: {error.message}")
            failed += [path for path in paths if kind in (kinds.CSV, kinds.JSON, kinds.JSONL)]
    return tables, failed


def tables_at(path: Path) -> list[tuple[str, list[Path]]]:
    """Return the tables at a path, each as its kind and its files. Raises MissingFileError, BadArgumentError."""
    by_kind: dict[str, list[Path]] = {}
    for file, _, _ in _files(path):
        by_kind.setdefault(kinds.kind_of(file), []).append(file)
    return _groups(by_kind)


def _groups(by_kind: dict[str, list[Path]]) -> list[tuple[str, list[Path]]]:
    return [
        (kind, paths) for kind in kinds.TABLES for paths in _by_schema(kind, by_kind.get(kind, [])).values()
    ]


def _by_schema(kind: str, paths: list[Path]) -> dict[object, list[Path]]:
    """Return files by what their columns seem to be called, so that each group is one table."""
    groups: dict[object, list[Path]] = {}
    for path in paths:
        groups.setdefault(_schema(kind, path) if len(paths) > 1 else "", []).append(path)
    return groups


def _schema(kind: str, path: Path) -> object:
    packing = kinds.packing_of(path)
    if kind == kinds.CSV:
        from gnomon.data.profile.dialect import dialect_of

        dialect = dialect_of(kinds.head_of(path, 1 << 16), suffix=kinds.suffix_of(path))
        return (packing, dialect)
    if kind == kinds.PARQUET:
        from arro3.io import read_parquet

        try:
            with path.open("rb") as file:
                return tuple(read_parquet(file).schema.names)
        except Exception:  # noqa: BLE001 - the reader raises bare exceptions; what is wrong is said when the table is read
            return str(path)
    if kind in (kinds.JSON, kinds.JSONL):
        import msgspec

        line = kinds.head_of(path, 1 << 16).split(b"\n", 1)[0]
        try:
            first = msgspec.json.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return (packing, "")
        return (packing, "object" if isinstance(first, dict) else "")
    return path.parent


def _name(root: Path, paths: list[Path]) -> str:
    """Return what a table of several is called: its file, or the folder that its files share."""
    if len(paths) == 1:
        held = paths[0].relative_to(root) if paths[0] != root else Path(paths[0].name)
    else:
        held = Path(os.path.commonpath([str(path.parent) for path in paths])).relative_to(root)
    return held.as_posix().encode(errors="replace").decode()[:200]


def _table(
    paths: list[Path], kind: str, name: str, *, keep_values: bool, progress: Callable[[float], None]
) -> Table:
    """Return the table of files of one schema. Raises DamagedFileError."""
    import duckdb

    try:
        with engine() as opened:
            return _read(opened, paths, kind, name, keep_values=keep_values, progress=progress)
    except duckdb.Error as error:
        if kind != kinds.CSV:
            raise DamagedFileError(_said(error)) from error
    except kinds.unpacking_errors() as error:
        raise DamagedFileError(f"{paths[0].name}: {error}"[:300]) from error
    except Exception as error:  # what arro3 raises has no class of its own
        if type(error) is not Exception:
            raise
        raise DamagedFileError(f"{paths[0].name}: {error}"[:300]) from error
    try:
        with engine() as opened:
            return _read(
                opened, paths, kind, name, keep_values=keep_values, progress=progress, is_tolerant=True
            )
    except duckdb.Error as error:
        raise DamagedFileError(_said(error)) from error


def _said(error: Exception) -> str:
    """Return what DuckDB says, without its advice and without the lines of the data that it shows."""
    first = str(error).split("\n", 1)[0]
    return first.split(" Original Line")[0][:240]


def _read(
    opened: Engine,
    paths: list[Path],
    kind: str,
    name: str,
    *,
    keep_values: bool,
    progress: Callable[[float], None],
    is_tolerant: bool = False,
) -> Table:
    source = source_of(opened, paths, kind, is_tolerant=is_tolerant)
    rows, columns = columns_of(opened, source, keep_values=keep_values, progress=progress)
    if not rows and (is_tolerant or source.unread_rows):
        raise DamagedFileError(f"{paths[0].name}: not one record can be read")
    return Table(
        name=name,
        format=kind,
        files=len(paths),
        rows=rows,
        unread_rows=source.unread_rows,
        dialect=source.dialect.shown() if source.dialect is not None else {},
        columns=tuple(columns),
        more_columns=max(len(source.names) - MAX_COLUMNS, 0),
    )
