"""What goes wrong with a query, in words that help: what DuckDB says, where in the text, what may be meant, the next step."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from gnomon.errors import BadQueryError
from gnomon.runs.sql.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.runs.sql.statement import Path, Statement
    from gnomon.runs.sql.tables import Tables

_KIND = re.compile(r"^(?:[A-Z]\w+ )+Error: ")
_CANDIDATES = re.compile(
    r"\n+(?:Candidate \w+:|Did you mean|Possible solutions:|LINE \d+: .{0,20}_nothing).*", re.DOTALL
)
_GROUP = re.compile(r'(?<![."\w])group(?!\s+by\b)(?!["\w])', re.IGNORECASE)
_UNKNOWN = re.compile(r'(?:column|table) "([^"]+)" (?:not found|does not exist)', re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_FIELDS = {
    "runs": ("params", "metrics"),
    "groups": ("params", "mean"),
}  # families of the tables that have fields
_MAX_MESSAGE = 2000
_MAX_LINE = 200
_FIGURES = {
    "min": "metrics_min",
    "max": "metrics_max",
    "count": "metrics_count",
    "step": "metrics_step",
    "last": "metrics",
}
_WHAT = {
    "params": "parameter", "metrics": "metric", "metrics_min": "metric", "metrics_max": "metric", "metrics_count": "metric",
    "metrics_step": "metric", "mean": "metric", "spread": "metric", "package": "package", "env": "variable",
}  # fmt: skip


def said_by(error: BaseException, text: str = "") -> BadQueryError:
    """Return what DuckDB said of a query as an error of ours."""
    message = _KIND.sub("", str(error).removeprefix("C Data interface error: ")).strip()
    if len(message) > _MAX_MESSAGE:
        message = message[: _MAX_MESSAGE - 1] + "…"
    hint = None
    if "syntax error" in message and _GROUP.search(text):
        hint = '`group` is a word of SQL: where it names the column, write `"group"` or `runs.group`'
    return BadQueryError(message, hint=hint)


def explained(error: BaseException, statement: Statement, tables: Tables) -> BadQueryError:
    """Return what DuckDB said, with what is known here: which field no run has, which columns there are."""
    said = said_by(error, statement.text)
    unknown = _UNKNOWN.search(said.message)
    if unknown is None or not statement.tables:
        return said
    field = next(_unknown_fields(statement, tables), None)
    if field is not None:
        return _no_such_field(*field, statement, tables)
    word = unknown[1].rpartition(".")[2]
    known = [column.name for table in sorted(statement.tables) for column in TABLES[table].columns]
    shown = " or ".join(f"`gnomon sql --schema {table}`" for table in sorted(statement.tables))
    message = _CANDIDATES.sub("", said.message)
    if "LINE " not in message:
        message += pointed(statement.text, word)
    meant = _field_called(word, statement, tables) or near(word, known)
    return BadQueryError(message, hint=f"{meant}{shown} lists the columns")


def _field_called(word: str, statement: Statement, tables: Tables) -> str:
    """Return a question at the parameters and metrics with a name that was taken for a column, with a blank behind it."""
    families = [family for table, of in _FIELDS.items() if table in statement.tables for family in of]
    found = [
        written(family, name)
        for family in dict.fromkeys(families)
        for name in tables.names(family)
        if word.lower() in (name.lower(), *name.lower().split("/"))
    ]
    return f"write {' or '.join(f'`{one}`' for one in found[:3])}; " if found else ""


def written(family: str, name: str) -> str:
    """Return how a field is written in SQL: its name in quotes, unless it is a plain word.

    >>> written("metrics", "val/acc"), written("params", "lr"), written("params", "net.depth")
    ('metrics."val/acc"', 'params.lr', 'params.net.depth')
    """
    plain = all(_WORD.match(part) for part in name.split("."))
    return f"{family}.{name}" if plain else f'{family}."{name.replace(chr(34), chr(34) * 2)}"'


def _unknown_fields(statement: Statement, tables: Tables) -> Iterator[tuple[str, Path]]:
    """Yield (family, path) of the fields that a statement names and nothing has."""
    if statement.tables.isdisjoint(("runs", "groups")):
        return
    for family, paths in sorted(statement.paths.items()):
        if family in _WHAT:
            known = [name.lower() for name in tables.names(family)]
            for path in sorted(paths):
                name = ".".join(path).lower()
                if not any(one == name or one.startswith(name + ".") or not name for one in known):
                    yield family, path


def _no_such_field(family: str, path: Path, statement: Statement, tables: Tables) -> BadQueryError:
    name, what, known = ".".join(path), _WHAT[family], tables.names(family)
    if not name:
        return BadQueryError(f"no run has any {what}{pointed(statement.text, family)}")
    series, _, figure = name.rpartition(".")
    where = pointed(statement.text, path[-1])
    if family == "metrics" and figure in _FIGURES and series in known:
        hint = f'`{_FIGURES[figure]}."{series}"` is it; `metrics."{series}"` is the last value'
        return BadQueryError(
            f"`{name}` is no metric, but a figure of the metric `{series}`{where}", hint=hint
        )
    divided = [one for one in known if name.lower() in one.lower().split("/")]
    if divided:  # `metrics.val/acc` is `metrics.val` divided by `acc`
        divided = [one for one in divided if one.lower() in statement.text.lower()] or divided
        shown = " or ".join(f"`{written(family, one)}`" for one in divided[:4])
        return BadQueryError(
            f"no run has the {what} `{name}`{where}",
            hint=f"write {shown}: `/` divides, unless the name stands in double quotes",
        )
    listed = ", ".join(f"`{one}`" for one in known[:6]) + (", …" if len(known) > 6 else "")
    hint = (
        f"{near(name, known)}there {'is' if len(known) == 1 else 'are'} {listed}"
        if known
        else f"no run has any {what}"
    )
    return BadQueryError(f"no run has the {what} `{name}`{where}", hint=hint)


def pointed(text: str, word: str) -> str:
    """Return the line of a query in which a word stands, and a mark below it; empty where it is not found or the line is long."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
    if found is None:
        return ""
    number, start = text.count("\n", 0, found.start()) + 1, text.rfind("\n", 0, found.start()) + 1
    line = text[start:].partition("\n")[0]
    if len(line) > _MAX_LINE:
        return ""
    head = f"LINE {number}: "
    return f"\n\n{head}{line}\n{' ' * (len(head) + found.start() - start)}{'^' * len(found[0])}"


def near(name: str, known: Iterable[str]) -> str:
    """Return a question at the names that are nearest, with a blank behind it; nothing where none is near."""
    lowered = {one.lower(): one for one in known}
    found = get_close_matches(name.lower(), list(lowered), n=3)
    return f"did you mean {' or '.join(f'`{lowered[one]}`' for one in found)}? " if found else ""
