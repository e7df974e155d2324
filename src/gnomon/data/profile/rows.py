"""Which rows two versions of a table do not share: added, removed, changed, with examples.

By key columns, where given, or where one column is unique and complete in both versions; else rows are compared as wholes,
each as often as it occurs, and a changed row is one removed and one added. Order never matters. Cells of CSV are compared as
they are written (`1.0` is not `1`); where one side is a CSV and the other has types, its texts are cast to them.

DuckDB does the work within a bound of memory, with temporary files in a folder that is removed. The examples are the data
itself: nothing here is stored, and what a profile may keep (`privacy`) does not hold for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gnomon.data.profile import kinds
from gnomon.data.profile.engine import engine
from gnomon.data.profile.source import source_of
from gnomon.errors import BadArgumentError, DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile.engine import Engine
    from gnomon.data.profile.source import Source

EXAMPLES = 5
_TRIED = 20  # columns, in the search for a key
_LONGEST = 200  # characters of a cell of an example


class Change(msgspec.Struct, frozen=True):
    """One row that changed: its key, and old and new value of each cell that did."""

    key: dict[str, Any]
    cells: dict[str, tuple[Any, Any]]


class RowsDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that two versions do not share. `changed` is None where rows have no key."""

    key: tuple[str, ...]
    added: int
    removed: int
    changed: int | None
    same: int
    changed_columns: tuple[tuple[str, int], ...] = ()
    added_rows: tuple[dict[str, Any], ...] = ()
    removed_rows: tuple[dict[str, Any], ...] = ()
    changed_rows: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the difference as what JSON holds."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


def rows_difference(
    old_path: str | Path,
    new_path: str | Path,
    *,
    key: str | Sequence[str] | None = None,
    examples: int = EXAMPLES,
) -> RowsDifference:
    """Return which rows two files (or folders of files of one schema) do not share.

    Raises MissingFileError, BadArgumentError (not tables, no such key column, a key that is not unique), DamagedFileError.
    """
    import duckdb

    asked = (key,) if isinstance(key, str) else tuple(key or ())
    try:
        with engine() as opened:
            pair = _Pair(opened, Path(old_path), Path(new_path))
            pair.check_key(asked)
            keys = asked or pair.found_key()
            return pair.by_key(keys, examples) if keys else pair.as_wholes(examples)
    except duckdb.Error as error:
        said = str(error).split("\n", 1)[0].split(" Original Line")[0]
        raise DamagedFileError(
            f"cannot compare the rows of `{old_path}` and `{new_path}`: {said[:240]}"
        ) from error


class _Pair:
    """Both versions as tables `old_rows` and `new_rows`, with the columns that both have as c0, c1, …"""

    def __init__(self, opened: Engine, old: Path, new: Path) -> None:
        self.engine = opened
        sides = [_source(opened, path) for path in (old, new)]
        self.names = [name for name in sides[0].names if name in sides[1].names]
        self.notes: list[str] = []
        for word, ours, theirs in (("added", sides[1], sides[0]), ("removed", sides[0], sides[1])):
            lone = [name for name in ours.names if name not in theirs.names]
            if lone:
                self.notes.append(f"columns {word}, and not compared: {', '.join(lone[:8])}")
        if not self.names:
            raise BadArgumentError(
                f"`{old}` and `{new}` have no column in common, so their rows cannot be compared"
            )
        unread = sum(side.unread_rows for side in sides)
        if unread:
            self.notes.append(f"{unread:,} lines do not fit the table and were left out")
        for view, side, other in (("old_rows", sides[0], sides[1]), ("new_rows", sides[1], sides[0])):
            cells = ", ".join(
                f"{self._cell(side, other, name)} AS c{at}" for at, name in enumerate(self.names)
            )
            opened.rows(f"CREATE TEMP TABLE {view} AS SELECT {cells} FROM {side.relation}")
        self.count = [self._one(f"SELECT count(*) FROM {view}") for view in ("old_rows", "new_rows")]

    def _cell(self, side: Source, other: Source, name: str) -> str:
        """Return a cell as SQL, of one type on both sides."""
        at, there = side.names.index(name), other.names.index(name)
        ours, theirs = side.types[at], other.types[there]
        if ours == theirs:
            return f"c{at}"
        if side.is_text:
            return f"coalesce(TRY_CAST(c{at} AS {theirs})::VARCHAR, c{at})"
        return f"c{at}::VARCHAR"

    def _one(self, sql: str) -> int:
        return int(self.engine.rows(sql)[0][0])

    def check_key(self, key: tuple[str, ...]) -> None:
        """Raise where a key that was asked for is none."""
        for name in key:
            if name not in self.names:
                raise BadArgumentError(
                    f"`key` names `{name}`, which is not a column of both versions",
                    hint=f"columns of both: {', '.join(self.names[:12])}",
                )
        if key:
            cells = ", ".join(f"c{self.names.index(name)}" for name in key)
            for view, word in (("old_rows", "old"), ("new_rows", "new")):
                twice = self.engine.rows(f"SELECT 1 FROM {view} GROUP BY {cells} HAVING count(*) > 1 LIMIT 1")
                if twice:
                    raise BadArgumentError(
                        f"`key` {', '.join(key)} is not unique: several rows of the {word} version share one",
                        hint="name more columns, or leave `key` out to compare whole rows",
                    )

    def found_key(self) -> tuple[str, ...]:
        """Return a column that is unique and complete in both versions, the first there is; none where there is none."""
        if not min(self.count):
            return ()
        for at, name in enumerate(self.names[:_TRIED]):
            about = self.engine.rows(f"SELECT approx_count_distinct(c{at}), count(c{at}) FROM new_rows")[0]
            if about[1] != self.count[1] or about[0] < 0.7 * self.count[1]:
                continue
            if all(
                self._one(f"SELECT count(*) FROM (SELECT DISTINCT c{at} FROM {view} WHERE c{at} IS NOT NULL)")
                == many
                for view, many in zip(("old_rows", "new_rows"), self.count, strict=True)
            ) and self._one(f"SELECT count(*) FROM old_rows SEMI JOIN new_rows USING (c{at})") * 2 >= min(
                self.count
            ):
                return (name,)
        return ()

    # --- by key

    def by_key(self, key: tuple[str, ...], examples: int) -> RowsDifference:
        """Return the difference where rows have a name."""
        keys = [self.names.index(name) for name in key]
        others = [at for at in range(len(self.names)) if at not in keys]
        same_key = " AND ".join(f"o.c{at} IS NOT DISTINCT FROM n.c{at}" for at in keys)
        differs = [f"o.c{at} IS DISTINCT FROM n.c{at}" for at in others]
        is_changed = f"({' OR '.join(differs)})" if differs else "false"
        both = f"old_rows o JOIN new_rows n ON {same_key}"
        asked = ", ".join(
            ["count(*)", f"count(*) FILTER ({is_changed})", *(f"count(*) FILTER ({one})" for one in differs)]
        )
        matched, changed, *by_column = self.engine.rows(f"SELECT {asked} FROM {both}")[0]
        cells = sorted(
            ((self.names[at], many) for at, many in zip(others, by_column, strict=True) if many),
            key=lambda item: -item[1],
        )
        alone = [
            f"SELECT {self._shown('a')} FROM {here} a WHERE NOT EXISTS (SELECT 1 FROM {there} b WHERE "
            + " AND ".join(f"a.c{at} IS NOT DISTINCT FROM b.c{at}" for at in keys)
            + f") ORDER BY {_order('a', keys)} LIMIT {examples}"
            for here, there in (("new_rows", "old_rows"), ("old_rows", "new_rows"))
        ]
        return RowsDifference(
            key=key,
            added=self.count[1] - matched,
            removed=self.count[0] - matched,
            changed=changed,
            same=matched - changed,
            changed_columns=tuple(cells[:50]),
            added_rows=self._examples(alone[0]) if self.count[1] > matched else (),
            removed_rows=self._examples(alone[1]) if self.count[0] > matched else (),
            changed_rows=self._changes(both, is_changed, keys, others, examples) if changed else (),
            notes=tuple(self.notes),
        )

    def _changes(
        self, both: str, is_changed: str, keys: list[int], others: list[int], examples: int
    ) -> tuple[Change, ...]:
        asked = [f"n.c{at}::VARCHAR" for at in keys]
        asked += [f"{side}.c{at}::VARCHAR" for at in others for side in "on"]
        found = self.engine.rows(
            f"SELECT {', '.join(asked)} FROM {both} WHERE {is_changed} ORDER BY {_order('n', keys)} LIMIT {examples}"
        )
        changes = []
        for row in found:
            named = {self.names[at]: _short(value) for at, value in zip(keys, row, strict=False)}
            rest = row[len(keys) :]
            pairs = zip(others, rest[::2], rest[1::2], strict=True)
            cells = {self.names[at]: (_short(old), _short(new)) for at, old, new in pairs if old != new}
            changes.append(Change(named, cells))
        return tuple(changes)

    # --- as wholes

    def as_wholes(self, examples: int) -> RowsDifference:
        """Return the difference of two bags of rows; each row stands for itself by a hash of 128 bits."""
        row = " || ".join(
            f"coalesce(length(c{at}::VARCHAR)::VARCHAR || ':' || c{at}::VARCHAR, '-')"
            for at in range(len(self.names))
        )
        for view in ("old_rows", "new_rows"):
            self.engine.rows(
                f"CREATE TEMP TABLE {view}_bag AS SELECT md5_number({row}) AS row, count(*) AS many FROM {view} GROUP BY 1"
            )
        self.engine.rows(
            "CREATE TEMP TABLE bag AS SELECT row, coalesce(n.many, 0) - coalesce(o.many, 0) AS more,"
            " least(coalesce(n.many, 0), coalesce(o.many, 0)) AS shared"
            " FROM old_rows_bag o FULL JOIN new_rows_bag n USING (row)"
        )
        added, removed, same = self.engine.rows(
            "SELECT coalesce(sum(more) FILTER (more > 0), 0), coalesce(-sum(more) FILTER (more < 0), 0),"
            " coalesce(sum(shared), 0) FROM bag"
        )[0]

        def shown(view: str, sign: str) -> tuple[dict[str, Any], ...]:
            return self._examples(
                f"SELECT {self._shown('a')} FROM {view} a WHERE md5_number({row}) IN"
                f" (SELECT row FROM bag WHERE more {sign} 0 ORDER BY row LIMIT {examples}) ORDER BY ALL LIMIT {examples}"
            )

        return RowsDifference(
            key=(),
            added=int(added),
            removed=int(removed),
            changed=None,
            same=int(same),
            added_rows=shown("new_rows", ">") if added else (),
            removed_rows=shown("old_rows", "<") if removed else (),
            notes=tuple(self.notes),
        )

    def _shown(self, table: str) -> str:
        return ", ".join(f"{table}.c{at}::VARCHAR" for at in range(len(self.names)))

    def _examples(self, sql: str) -> tuple[dict[str, Any], ...]:
        return tuple(
            {name: _short(value) for name, value in zip(self.names, row, strict=True)}
            for row in self.engine.rows(sql)
        )


def _order(table: str, keys: list[int]) -> str:
    """Return the order of examples as SQL: numbers as numbers, though a CSV holds them as texts."""
    cells = (f"{table}.c{at}::VARCHAR" for at in keys)
    return ", ".join(f"TRY_CAST({cell} AS DOUBLE), {cell}" for cell in cells)


def _short(value: Any) -> Any:
    return value[: _LONGEST - 1] + "…" if isinstance(value, str) and len(value) > _LONGEST else value


def _source(opened: Engine, path: Path) -> Source:
    """Return the one table at a path."""
    from gnomon.data.profile.build import tables_at

    groups = tables_at(path)
    if len(groups) != 1:
        found = "no table" if not groups else f"{len(groups)} tables with different columns"
        raise BadArgumentError(
            f"`{path}` holds {found}; rows can be compared where there is one",
            hint="give a CSV, Parquet, Arrow or JSON lines file, or a folder of files with the same columns",
        )
    kind, paths = groups[0]
    if kind == kinds.ARROW:
        raise BadArgumentError(
            f"`{path}` is an Arrow file, whose rows are not compared yet; write it as Parquet"
        )
    return source_of(opened, paths, kind)
