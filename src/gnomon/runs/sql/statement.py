"""Reading a statement before it is run: is it one question, and what does it name?

DuckDB parses it and gives the tree as JSON. From that come the tables, the columns and the fields (`params.lr`) that it
names, so that only these are loaded.

Always true: what is let through is one SELECT (WITH, VALUES, FROM, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN of one included) whose
tables are ours or its own, whose table functions are among `TABLE_FUNCTIONS`, and which changes nothing. This is the first
of two walls; the other is DuckDB's own (`engine`).
Not promised: that nothing more is named than is needed: a word that stands for something else may load a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadQueryError
from gnomon.runs.sql.advice import near, said_by
from gnomon.runs.sql.schema import FAMILIES, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE_FUNCTIONS = frozenset(
    {
        "range",
        "generate_series",
        "unnest",
        "json_each",
        "json_tree",
        "duckdb_functions",
        "duckdb_types",
        "duckdb_keywords",
    }
)
REFUSED_FUNCTIONS = frozenset({"getenv", "current_setting", "getvariable", "write_log", "nextval", "currval"})
READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_EXTRACTIONS = frozenset({"STRUCT_EXTRACT", "ARRAY_EXTRACT"})
_EXTRACTORS = frozenset({"struct_extract", "array_extract", "list_extract", "element_at"})
_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*explain(?:\s+analyze\b)?(?:\s*\([^)]*\))?\s+", re.IGNORECASE | re.DOTALL
)
_SCHEMAS = frozenset({"", "main"})
_CATALOGS = frozenset({"", "memory"})
MAX_LENGTH = 1 << 20

Path = tuple[str, ...]


class Place(NamedTuple):
    """Where in the text something stands."""

    start: int
    length: int


@dataclass
class Statement:
    """One question, and what it names: names in lower case, fields by family (`params`) as paths; () is the whole."""

    text: str
    question: str = ""  # the text without the semicolon that ends it
    tables: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    paths: dict[str, set[Path]] = field(default_factory=dict)
    has_star: bool = False
    is_about_tables: bool = False
    is_explain: bool = False

    def wants(self, column: str, *, by_name: bool = False) -> bool:
        """Return whether a column may be needed."""
        return column in self.names or (self.has_star and not by_name)

    def fields(self, family: str, *, by_name: bool = False) -> set[Path]:
        """Return the paths of a family of fields that may be needed."""
        found = self.paths.get(family, set())
        return {*found, ()} if self.has_star and not by_name else found


def read(connection: Any, text: str) -> Statement:
    """Return what a statement is. Raises BadQueryError for what cannot be read, or would do more than ask."""
    if not isinstance(text, str) or not text.strip():
        raise BadQueryError(
            "the query is empty",
            hint="for instance `select name, status from runs`; `gnomon sql --schema` lists the tables",
        )
    if "\0" in text or len(text) > MAX_LENGTH:
        raise BadQueryError(
            "the query has a NUL character"
            if "\0" in text
            else "the query has more than 1,048,576 characters"
        )
    import duckdb

    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise said_by(error, text) from None
    if len(statements) != 1:
        what = "is empty" if not statements else f"has {len(statements)} statements; it must be one"
        raise BadQueryError(
            f"the query {what}",
            hint="ask one question at a time; `with a as (…) select …` joins several steps",
        )
    kind = statements[0].type
    statement = Statement(
        text, _without_end(connection, text), is_explain=kind == duckdb.StatementType.EXPLAIN
    )
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise _not_a_question(text, str(kind).rpartition(".")[2])
    question = text
    if statement.is_explain:
        found = _EXPLAIN.match(text)
        question = text[found.end() :] if found else text
    tree = _tree(connection, question)
    _Walk(statement, _own_names(tree)).walk(tree)
    return statement


def _without_end(connection: Any, text: str) -> str:
    """Return a statement without the semicolon that ends it, and what comes after that."""
    import duckdb

    at = text.rfind(";")
    while at >= 0:
        try:
            if (
                not connection.extract_statements(text[at + 1 :])
                and len(connection.extract_statements(text[:at])) == 1
            ):
                return text[:at]
        except duckdb.Error:
            pass  # this one stands in a text or in a comment
        at = text.rfind(";", 0, at)
    return text


def _not_a_question(text: str, kind: str) -> BadQueryError:
    if text.lstrip(" \t\n(").lower().startswith("pivot"):
        return BadQueryError(
            "this form of PIVOT makes a type before it asks, so it is not a pure question",
            hint="name the columns: `from (select run, name, last from metrics) pivot (first(last) for name in ('loss'))`; "
            "often `select metrics.loss, metrics.auc from runs` is all that is needed",
        )
    return BadQueryError(
        f"a query may only ask; this is {kind}",
        hint="SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN may be used; `--out FILE` writes a result",
    )


def _tree(connection: Any, text: str) -> dict[str, Any]:
    import json

    import duckdb

    try:
        (answer,) = connection.execute("SELECT json_serialize_sql(?)", [text]).fetchall()[0]
    except duckdb.Error as error:
        raise said_by(error, text) from None
    try:
        tree: dict[str, Any] = json.loads(answer)
    except RecursionError as error:
        raise BadQueryError("the query is nested too deeply") from error
    if tree.get("error"):
        raise BadQueryError(f"the query cannot be read: {tree.get('error_message', 'no reason was given')}")
    if len(tree.get("statements", ())) != 1:
        raise BadQueryError("the query must be one statement")
    return tree


def _own_names(tree: object) -> set[str]:
    """Return the names that the query itself gives to tables: those of WITH."""
    found: set[str] = set()
    for node in _nodes(tree):
        for entry in (node.get("cte_map") or {}).get("map", ()):
            found.add(str(entry["key"]).lower())
        for key in ("cte_name", "ctename"):
            if isinstance(node.get(key), str):
                found.add(node[key].lower())
    return found


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


class _Walk:
    """Takes down what a tree names, and refuses what is no question."""

    def __init__(self, statement: Statement, own: set[str]) -> None:
        self._statement = statement
        self._own = own
        self._aliases: set[str] = set()
        self._alone: set[str] = set()  # names without a dot

    def walk(self, tree: object) -> None:
        """Look at every node of a tree."""
        waiting = [tree]
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting.extend(one)
            elif isinstance(one, dict):
                path = _path_of(one)
                if path is not None:
                    self._note_path(path)
                    continue
                self._look_at(one)
                waiting.extend(one.values())
        if not self._alone.isdisjoint(self._aliases):  # `select r from runs r` is a whole row
            self._statement.has_star = True

    def _look_at(self, node: dict[str, Any]) -> None:
        kind = node.get("type")
        if isinstance(kind, str):
            if kind.endswith("_NODE") and kind not in READING_NODES:
                what = kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")
                raise BadQueryError(
                    f"a query may only ask; this one holds {what}",
                    hint="`--out FILE` writes a result to a file",
                )
            if kind == "BASE_TABLE":
                self._note_table(node)
            elif kind == "SHOW_REF":
                self._note_show(node)
            elif kind == "STAR":
                self._statement.has_star = True
            elif kind == "TABLE_FUNCTION":
                name = str((node.get("function") or {}).get("function_name", "")).lower()
                if name not in TABLE_FUNCTIONS:
                    raise _no_such_function(name)
            elif kind == "FUNCTION" and str(node.get("function_name")).lower() in REFUSED_FUNCTIONS:
                name = str(node["function_name"]).lower()
                raise BadQueryError(
                    f"the function `{name}` is not available here",
                    hint="it tells of the machine, not of the record",
                )
        for name in node.get("using_columns") or ():
            self._statement.names.add(str(name).lower())
        if node.get("ref_type") == "NATURAL":
            self._statement.has_star = True

    def _note_path(self, path: Path) -> None:
        lowered = [part.lower() for part in path]
        self._statement.names.update(lowered)
        if len(lowered) == 1:
            self._alone.add(lowered[0])
        for at, part in enumerate(lowered):
            if part in FAMILIES:
                self._statement.paths.setdefault(part, set()).add(path[at + 1 :])

    def _note_table(self, node: dict[str, Any]) -> None:
        schema, catalog = (
            str(node.get("schema_name") or "").lower(),
            str(node.get("catalog_name") or "").lower(),
        )
        name = str(node.get("table_name") or "")
        lowered = name.lower()
        if schema == "information_schema":
            self._statement.is_about_tables = True
            return
        if schema in _SCHEMAS and catalog in _CATALOGS:
            self._aliases.update((lowered, str(node.get("alias") or lowered).lower()))
            if lowered in TABLES:  # also where WITH gives the name anew: that may still read the table
                self._statement.tables.add(lowered)
                return
            if lowered in self._own:
                return
        raise _no_such_table(name, self._own)

    def _note_show(self, node: dict[str, Any]) -> None:
        if node.get("show_type") == "SHOW_SPECIAL":
            self._statement.is_about_tables = True


def _path_of(node: dict[str, Any]) -> Path | None:
    """Return the names in `a.b`, `a['b']`, `(a).b` or `struct_extract(a, 'b')`; None for anything else."""
    kind = str(node.get("type"))  # of a constant in DuckDB 1, an object
    if kind == "COLUMN_REF":
        return tuple(map(str, node.get("column_names") or ()))
    children: list[Any] = []
    if kind in _EXTRACTIONS:
        children = node.get("children") or []
    elif kind == "FUNCTION" and str(node.get("function_name")).lower() in _EXTRACTORS:
        children = node.get("children") or [one.get("expression") for one in node.get("arguments") or ()]
    if len(children) != 2 or not isinstance(children[0], dict):
        return None
    before, name = _path_of(children[0]), _text_of(children[1])
    return (*before, name) if before is not None and name is not None else None


def _text_of(node: object) -> str | None:
    """Return the text of a constant; None for anything else. DuckDB 2 and 1 write it in two ways."""
    if not isinstance(node, dict) or node.get("class") != "CONSTANT":
        return None
    literal = node.get("literal")
    if isinstance(literal, dict):
        return str(literal["text"]) if literal.get("kind") == "STRING" else None
    value = node.get("value")
    inner = value.get("value") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else None


def _no_such_table(name: str, own: set[str]) -> BadQueryError:
    meant = near(name, [*TABLES, *own])
    return BadQueryError(
        f"there is no table `{name}`",
        hint=f"{meant}the tables are {', '.join(TABLES)}; `gnomon sql --schema` tells more. A query reads no files",
    )


def _no_such_function(name: str) -> BadQueryError:
    return BadQueryError(
        f"the table function `{name}` is not available here: a query reads the record and nothing else",
        hint=f"{near(name, TABLE_FUNCTIONS)}available are {', '.join(sorted(TABLE_FUNCTIONS))}",
    )
