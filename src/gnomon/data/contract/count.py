"""Meet a contract with a table: count the rows that break each expectation, and name the first.

One pass counts everything; only where something is broken does a second one, in the order of the rows, say which rows these are.
Uniqueness takes a pass of its own. Memory is bounded by the engine's, whatever the size of the data: see `data.profile.engine`.
Always true: the rows of a file are numbered from 1, without its header. Nothing of a cell is kept.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.contract.conditions import Cell, broken, cell_of, is_wrong_type, misfit, words_of
from gnomon.data.contract.verdict import FAIL, MOST_ROWS, PASS, WARN, Outcome, Verdict
from gnomon.data.profile import kinds
from gnomon.data.profile.engine import engine, literal
from gnomon.data.profile.source import source_of
from gnomon.errors import BadArgumentError, DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.data.contract.terms import Column, Contract
    from gnomon.data.profile.engine import Engine
    from gnomon.data.profile.source import Source

AT_ONCE = 200  # conditions in one pass


class _Asked(NamedTuple):
    """An expectation that is counted row by row: broken where `condition` is true."""

    what: str
    column: str
    condition: str
    only_warns: bool = False


def check(path: str, contract: Contract) -> Verdict:
    """Return the verdict of a contract on the file or folder at `path`.

    Raises BadArgumentError where there is no table, or several and the contract names none; DamagedFileError.
    """
    kind, paths = table_of(path, contract.file)
    import duckdb

    try:
        return _check(paths, kind, contract, is_tolerant=False)
    except duckdb.Error as error:
        if kind != kinds.CSV or _is_about_contract(error):
            raise said_of(error, paths[0]) from None
    try:
        return _check(paths, kind, contract, is_tolerant=True)
    except duckdb.Error as error:
        raise said_of(error, paths[0]) from None


def table_of(path: str, file: str | None) -> tuple[str, list[Path]]:
    """Return the kind and the files of the one table at a path that is meant."""
    from gnomon.data.profile.build import tables_at

    root = Path(path)
    groups = tables_at(root)
    if file is not None and root.is_dir():
        every = [one for _, paths in groups for one in paths]
        wanted = {one for one in every if fnmatchcase(one.relative_to(root).as_posix(), file)}
        groups = [(kind, kept) for kind, paths in groups if (kept := [one for one in paths if one in wanted])]
        if not groups:
            raise BadArgumentError(
                f"no table in `{path}` is called `{file}`, which the contract names in `file`"
            )
    if not groups:
        raise BadArgumentError(
            f"`{path}` holds no table that a contract could be about",
            hint="a contract is about CSV, Parquet, Arrow or JSON lines",
        )
    if len(groups) > 1:
        names = ", ".join(f"`{paths[0].relative_to(root)}`" for _, paths in groups[:4])
        raise BadArgumentError(
            f"`{path}` holds {len(groups)} tables with different columns ({names}, …)",
            hint='say in the contract which one is meant, for instance `file = "train.csv"`',
        )
    return groups[0]


def _is_about_contract(error: Exception) -> bool:
    return "regex" in str(error).lower() or "invalid perl operator" in str(error).lower()


def said_of(error: Exception, path: Path) -> BadArgumentError | DamagedFileError:
    first = str(error).split("\n", 1)[0].split(" Original Line")[0][:240]
    if _is_about_contract(error):
        return BadArgumentError(
            f"a pattern of the contract is none that the engine knows: {first}",
            hint="it knows those of RE2: no look-ahead, look-behind or back reference",
        )
    return DamagedFileError(f"`{path.name}` cannot be read: {first}")


# ---------------------------------------------------------------- the passes


def _check(paths: Sequence[Path], kind: str, contract: Contract, *, is_tolerant: bool) -> Verdict:
    notes = list(contract.notes)
    with engine() as opened:
        source = source_of(opened, paths, kind, is_tolerant=is_tolerant)
        meant = _named(opened, contract, source)
        cells = _cells(contract, source, meant)
        outcomes, asked = _plan(contract, cells, source, meant)
        rows, failing = _counts(opened, source, [one.condition for one in asked])
        named = iter(
            _first_rows(
                opened,
                source,
                paths,
                [one.condition for one, count in zip(asked, failing, strict=True) if count],
            )
        )
        for one, count in zip(asked, failing, strict=True):
            outcome = PASS if not count else WARN if one.only_warns else FAIL
            outcomes.append(Outcome(one.what, one.column, outcome, count, next(named) if count else ()))
        outcomes += _of_table(opened, source, paths, contract, cells, rows)
    if source.is_text or source.unread_rows:
        unread = source.unread_rows
        outcomes.append(
            Outcome("every record has the columns of the table", None, FAIL if unread else PASS, unread)
        )
        if unread:
            notes.append("numbers of rows leave out the records that could not be read")
    return Verdict(rows, tuple(outcomes), tuple(notes))


def _named(opened: Engine, contract: Contract, source: Source) -> dict[str, list[str]]:
    """Return which columns of a table each column of the contract means, by its name.

    A pattern is matched by the engine, whose patterns take linear time: a contract may come from anybody.
    """
    found: dict[str, list[str]] = {}
    for column in contract.columns:
        if not column.is_pattern:
            found[column.name] = [column.name] if column.name in source.names else []
            continue
        pattern = literal(f"^(?:{column.name})")
        wanted = ", ".join(f"regexp_matches({literal(name)}, {pattern})" for name in source.names)
        fits = opened.rows(f"SELECT {wanted}")[0] if source.names else ()
        found[column.name] = [name for name, is_one in zip(source.names, fits, strict=True) if is_one]
    return found


def _cells(contract: Contract, source: Source, named: dict[str, list[str]]) -> dict[str, Cell]:
    """Return the columns of a table by name, as the contract wants them read."""
    texts = {
        name
        for column in contract.columns
        if column.kind is not None and column.kind.word in ("text", "any")
        for name in named[column.name]
    }
    return {
        name: cell_of(place, stored, is_text=source.is_text, holds_text=name in texts)
        for place, (name, stored) in enumerate(zip(source.names, source.types, strict=True))
    }


def _plan(
    contract: Contract, cells: dict[str, Cell], source: Source, named: dict[str, list[str]]
) -> tuple[list[Outcome], list[_Asked]]:
    """Return what can be told from the names and types of the columns, and what has to be counted."""
    outcomes: list[Outcome] = []
    asked: list[_Asked] = []
    told: set[str] = set()
    for column in contract.columns:
        present = named[column.name]
        told.update(present)
        if column.required:
            what = (
                f"there is a column like `{column.name}`"
                if column.is_pattern
                else f"there is a column `{column.name}`"
            )
            outcomes.append(Outcome(what, column.name, PASS if present else FAIL))
        for name in present:
            found, more = _of_column(column, name, cells[name])
            outcomes += found
            asked += more
    for check in contract.checks:
        for name, cell in cells.items():
            condition = f"NOT {cell.missing} AND {broken(cell, None, check)}"
            asked.append(_Asked(f"`{name}` {words_of(check)}", name, condition, check.only_warns))
    if contract.strict:
        others = [name for name in source.names if name not in told]
        note = (
            f"there {'is' if len(others) == 1 else 'are'} {', '.join(f'`{name}`' for name in others[:5])}"
            if others
            else ""
        )
        outcomes.append(Outcome("there are no other columns", None, FAIL if others else PASS, note=note))
    if contract.ordered:
        wanted = [column.name for column in contract.columns if column.name in cells]
        is_right = [name for name in source.names if name in wanted] == wanted
        outcomes.append(
            Outcome("the columns stand in the order of the contract", None, PASS if is_right else FAIL)
        )
    return outcomes, asked


def _of_column(column: Column, name: str, cell: Cell) -> tuple[list[Outcome], list[_Asked]]:
    outcomes: list[Outcome] = []
    asked: list[_Asked] = []
    if column.kind is not None:
        what = f"`{name}` is {column.dtype}"
        if is_wrong_type(cell, column.kind) and not column.coerce:
            outcomes.append(Outcome(what, name, FAIL, note=f"the file stores it as {cell.stored_as}"))
            # What else is said of it cannot be met by another type.
            return outcomes, asked
        asked.append(
            _Asked(what, name, f"NOT {cell.missing} AND {misfit(cell, column.kind, coerce=column.coerce)}")
        )
    if not column.nullable:
        asked.append(_Asked(f"`{name}` is never missing", name, cell.missing))
    for check in column.checks:
        if check.name == "unique_values_eq":
            continue
        condition = broken(cell, column, check)
        condition = (
            f"NOT {cell.missing} AND {condition}"
            if check.ignores_missing
            else f"({cell.missing} OR {condition})"
        )
        asked.append(_Asked(f"`{name}` {words_of(check)}", name, condition, check.only_warns))
    return outcomes, asked


def _counts(opened: Engine, source: Source, conditions: list[str]) -> tuple[int, list[int]]:
    rows = 0
    counts: list[int] = []
    for start in range(0, max(len(conditions), 1), AT_ONCE):
        part = conditions[start : start + AT_ONCE]
        wanted = ", ".join(["count(*)", *(f"count(*) FILTER (WHERE {one})" for one in part)])
        rows, *found = opened.rows(f"SELECT {wanted} FROM {source.relation}")[0]
        counts += found
    return rows, counts


def _first_rows(
    opened: Engine, source: Source, paths: Sequence[Path], conditions: list[str]
) -> list[tuple[str, ...]]:
    """Return the numbers of the first rows in which each condition is true."""
    if not conditions:
        return []
    numbers: list[tuple[str, ...]] = []
    files = _lengths(opened, source, paths)
    opened.rows("SET preserve_insertion_order = true")
    for start in range(0, len(conditions), AT_ONCE):
        part = conditions[start : start + AT_ONCE]
        wanted = ", ".join(f"min(row, {MOST_ROWS}) FILTER (WHERE {one})" for one in part)
        numbered = f"(SELECT row_number() OVER () AS row, * FROM {source.relation})"
        for found in opened.rows(f"SELECT {wanted} FROM {numbered}")[0]:
            numbers.append(tuple(_place(row, files) for row in found or ()))
    opened.rows("SET preserve_insertion_order = false")
    return numbers


def _lengths(opened: Engine, source: Source, paths: Sequence[Path]) -> list[tuple[str, int]]:
    """Return the files of a table with their rows, where it has several."""
    if len(paths) < 2:
        return []
    return [
        (
            path.name,
            opened.rows(f"SELECT count(*) FROM {source_of(opened, [path], source.format).relation}")[0][0],
        )
        for path in paths
    ]


def _place(row: int, files: list[tuple[str, int]]) -> str:
    for name, length in files:
        if row <= length:
            return f"{name}:{row}"
        row -= length
    return str(row)


# ---------------------------------------------------------------- what concerns all rows together


def _of_table(
    opened: Engine,
    source: Source,
    paths: Sequence[Path],
    contract: Contract,
    cells: dict[str, Cell],
    rows: int,
) -> Iterator[Outcome]:
    low, high = contract.rows
    if low is not None:
        yield Outcome(
            f"there are at least {low:,} rows",
            None,
            PASS if rows >= low else FAIL,
            note=f"there are {rows:,}",
        )
    if high is not None:
        yield Outcome(
            f"there are at most {high:,} rows",
            None,
            PASS if rows <= high else FAIL,
            note=f"there are {rows:,}",
        )
    alone = [(column.name,) for column in contract.columns if column.unique and column.name in cells]
    for names in dict.fromkeys([*alone, *contract.unique]):
        yield unique(opened, source, paths, cells, names)
    for column in contract.columns:
        for one in column.checks:
            if one.name == "unique_values_eq" and column.name in cells:
                yield _exactly(opened, source, column, cells[column.name], one)


def unique(
    opened: Engine, source: Source, paths: Sequence[Path], cells: dict[str, Cell], names: tuple[str, ...]
) -> Outcome:
    called = " and ".join(f"`{name}`" for name in names)
    what = f"{called} {'is' if len(names) == 1 else 'are together'} unique"
    column = names[0] if len(names) == 1 else None
    missing = [name for name in names if name not in cells]
    if missing:
        return Outcome(what, column, FAIL, note=f"there is no column `{missing[0]}`")
    keys = ", ".join(cells[name].raw for name in names)
    twice = f"SELECT {keys} FROM {source.relation} GROUP BY ALL HAVING count(*) > 1"
    ((failing,),) = opened.rows(
        f"SELECT coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM {source.relation} GROUP BY {keys} HAVING n > 1)"
    )
    if not failing:
        return Outcome(what, column, PASS)
    same = " AND ".join(
        f"here.{cells[name].raw} IS NOT DISTINCT FROM twice.{cells[name].raw}" for name in names
    )
    condition = f"EXISTS (SELECT 1 FROM ({twice}) AS twice WHERE {same})"
    opened.rows("SET preserve_insertion_order = true")
    numbered = f"(SELECT row_number() OVER () AS row, {keys} FROM {source.relation}) AS here"
    ((found,),) = opened.rows(f"SELECT min(row, {MOST_ROWS}) FROM {numbered} WHERE {condition}")
    opened.rows("SET preserve_insertion_order = false")
    files = _lengths(opened, source, paths)
    return Outcome(what, column, FAIL, failing, tuple(_place(row, files) for row in found or ()))


def _exactly(opened: Engine, source: Source, column: Column, cell: Cell, check: Any) -> Outcome:
    """Return whether a column holds each of these values and no other."""
    (values,) = check.arguments.values()
    wanted = check._replace(name="isin", arguments={"allowed_values": values})
    seen = [check._replace(name="isin", arguments={"allowed_values": [value]}) for value in values[:AT_ONCE]]
    conditions = [f"NOT {cell.missing} AND {broken(cell, column, wanted)}"]
    conditions += [f"NOT {cell.missing} AND NOT ({broken(cell, column, one)})" for one in seen]
    _, (others, *found) = _counts(opened, source, conditions)
    absent = sum(not count for count in found)
    note = f"{absent:,} of its values {'does' if absent == 1 else 'do'} not occur" if absent else ""
    outcome = PASS if not others and not absent else WARN if check.only_warns else FAIL
    return Outcome(f"`{column.name}` {words_of(check)}", column.name, outcome, others, note=note)
