"""`/data/{name}/diff`: what one version changes, compared with another: files, columns, and rows where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data.pages.drawn import Histogram, Share, overlaid, values_of_both
from gnomon.data.pages.row import row_of, which_of
from gnomon.data.profile import difference as moved_of
from gnomon.data.profile.lines import moved_words, still
from gnomon.data.profiling import profile_or_note
from gnomon.data.views import versions
from gnomon.errors import BadArgumentError, GnomonError
from gnomon.page import Shown
from gnomon.text import any_value, size

if TYPE_CHECKING:
    from gnomon.data.profile import Profile, RowsDifference
    from gnomon.data.profile.difference import ColumnDifference, TableDifference
    from gnomon.data.profile.profile import Table
    from gnomon.data.views import DataVersion
    from gnomon.page import Ask

MOST_FILES, MOST_COLUMNS, MOST_CHOICES = 100, 60, 500
MOST_COMPARED = 200_000_000  # bytes of both versions whose rows are compared here


def difference(ask: Ask) -> Shown:
    """Show it. `from` and `to` are versions, the newest and the one before it unless given."""
    name = ask.path["name"]
    after = ask.record.data(_spec(name, ask.query.text("to")))
    before = ask.record.data(_spec(name, ask.query.text("from"))) if ask.query.text("from") else after.before
    olds, news = profile_or_note(before)[0], profile_or_note(after)[0]
    without = [one.label for one, profile in ((before, olds), (after, news)) if profile is None]
    limit = ask.query.whole("limit", MOST_FILES, low=1, high=20_000)
    return Shown(
        "data/difference.html",
        f"{before.label} → {after.label}",
        {
            "name": name, "before": row_of(before, 0), "after": row_of(after, 0), "choices": _choices(ask, name),
            "files": _files(before, after, limit), "without": without, "moved": _moved(ask, olds, news),
            "rows": _rows(ask, before, after),
        },
    )  # fmt: skip


def _spec(name: str, text: str) -> str:
    return text if "@" in text else f"{name}@{text}" if text else name


def _choices(ask: Ask, name: str) -> list[tuple[str, str]]:
    """Return the versions that may be chosen: what stands in the address, and how it is called."""
    return [(which_of(one), one.label) for one in versions(ask.record, name)[::-1][:MOST_CHOICES]]


def _files(before: DataVersion, after: DataVersion, limit: int) -> dict[str, Any]:
    try:
        found = before.diff(after)
    except GnomonError as error:
        return {"note": error.message, "hint": error.hint or ""}
    listed = [("added", file.path, size(file.size)) for file in found.added]
    listed += [("removed", file.path, size(file.size)) for file in found.removed]
    listed += [("changed", one.path, f"{size(one.before)} → {size(one.after)}") for one in found.changed]
    listed += [("moved", f"{old} → {new}", size(held)) for old, new, held in found.moved]
    return {
        "note": "",
        "sentence": found.sentence,
        "same": found.same,
        "rows": listed[:limit],
        "total": len(listed),
    }


# ---------------------------------------------------------------- columns


def _moved(ask: Ask, old: Profile | None, new: Profile | None) -> dict[str, Any] | None:
    if old is None or new is None:
        return None
    found = moved_of(old, new)
    limit = ask.query.whole("columns", MOST_COLUMNS, low=1, high=5_000)
    return {
        "is_empty": found.is_empty, "facts": found.facts, "added": found.added_tables, "removed": found.removed_tables,
        "tables": [_table(one, *_pair(one, old, new), limit) for one in found.tables],
    }  # fmt: skip


def _pair(found: TableDifference, old: Profile, new: Profile) -> tuple[Table, Table]:
    """Return the tables that were compared: the only one of each, or those of this name."""
    if len(old.tables) == len(new.tables) == 1:
        return old.tables[0], new.tables[0]
    before, after = (next(one for one in side.tables if one.name == found.name) for side in (old, new))
    return before, after


def _table(found: TableDifference, old: Table, new: Table, limit: int) -> dict[str, Any]:
    return {
        "name": found.name, "old_rows": found.old_rows, "new_rows": found.new_rows, "added": found.added[:limit],
        "removed": found.removed[:limit], "is_reordered": found.is_reordered, "total": len(found.moved),
        "moved": [_column(one, old, new) for one in found.moved[:limit]],
        "still": [([one.name for one in columns], word) for columns, word in still(found)],
    }  # fmt: skip


def _column(one: ColumnDifference, old: Table, new: Table) -> dict[str, Any]:
    before, after = old.column(one.name), new.column(one.name)
    drawn: Histogram | None = None
    values: list[Share] = []
    if before is not None and after is not None:
        drawn = overlaid(before, after)
        values = values_of_both(before, after) if drawn is None and before.top and after.top else []
    return {"name": one.name, "said": moved_words(one), "drawn": drawn, "values": values}


# ---------------------------------------------------------------- rows


def _rows(ask: Ask, before: DataVersion, after: DataVersion) -> dict[str, Any]:
    """Return which rows differ, where that is asked for (`rows=1`): as on the command line, its examples are the data itself."""
    file, key = ask.query.text("file"), ask.query.listed("key")
    asked: dict[str, Any] = {
        "file": file,
        "key": ", ".join(key),
        "note": "",
        "hint": "",
        "found": None,
        "is_possible": True,
    }
    if any(
        one.reference is not None or one.erased is not None or one.object is None for one in (before, after)
    ):
        return {**asked, "is_possible": False}
    if not ask.query.flag("rows"):
        return asked
    try:
        _require_small(before, after, file)
        return {**asked, "found": _shown(before.rows_diff(after, key=key or None, file=file or None))}
    except GnomonError as error:
        return {**asked, "note": error.message, "hint": error.hint or ""}


def _require_small(before: DataVersion, after: DataVersion, file: str) -> None:
    from gnomon.data.restoring import file_of

    total = sum(file_of(one, file).size if file else one.size for one in (before, after))
    if total > MOST_COMPARED:
        raise BadArgumentError(
            f"both have {size(total)} together; rows are compared here up to {size(MOST_COMPARED)}",
            hint=f"`gnomon data diff {before.label} {after.label} --rows` goes further",
        )


def _shown(found: RowsDifference) -> dict[str, Any]:
    columns = list(dict.fromkeys(name for row in (*found.added_rows, *found.removed_rows) for name in row))
    return {
        "added": found.added, "removed": found.removed, "changed": found.changed, "same": found.same, "by": ", ".join(found.key),
        "cells": found.changed_columns, "columns": columns, "notes": found.notes,
        "examples": [
            (word, [any_value(row.get(name)) for name in columns])
            for word, rows in (("added", found.added_rows), ("removed", found.removed_rows))
            for row in rows
        ],
        "changes": [
            (
                ", ".join(f"{name} {any_value(value)}" for name, value in one.key.items()),
                [(name, any_value(old), any_value(new)) for name, (old, new) in one.cells.items()],
            )
            for one in found.changed_rows
        ],
    }  # fmt: skip
