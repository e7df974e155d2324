"""DuckDB, locked in: in memory, no files but the segments of the record, no settings, no extensions, no Python variables.

`ask` reads a statement (`statement`), fills the tables that it names (`tables`), locks the engine and gives a `Question`,
which runs it under a `Guard`. This is the second wall: it holds whatever the first one lets through.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, BadQueryError
from gnomon.runs.sql.advice import explained, said_by
from gnomon.runs.sql.fields import identifier
from gnomon.runs.sql.guard import Guard, checked_timeout, memory_for_queries, out_of_memory
from gnomon.runs.sql.statement import read
from gnomon.runs.sql.tables import Tables
from gnomon.upkeep import kept_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.views import Record

    T = TypeVar("T")

_OFF = dict.fromkeys(
    (
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "allow_community_extensions",
        "python_enable_replacements",
    ),
    False,
)
# DuckDB's types that Arrow, or Python's reading of it, does not hold: they come out as text.
_AS_TEXT = re.compile(
    r"\b(INTERVAL|TIME WITH TIME ZONE|TIME_NS|BIT|BIGNUM|VARINT|VARIANT|UHUGEINT|UNION|GEOMETRY)\b"
)
BATCH_ROWS = 100_000


def connect(memory: int) -> Any:
    """Return a connection to an empty DuckDB in memory that loads nothing by itself."""
    import duckdb

    return duckdb.connect(":memory:", config={**_OFF, "memory_limit": f"{memory}B", "temp_directory": ""})


def lock(connection: Any, files: Sequence[str]) -> None:
    """Let a connection read these files and nothing else, for good."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET allowed_paths = ?", [list(files)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def ask(
    record: Record,
    text: str,
    parameters: Sequence[object] | Mapping[str, object] | None = None,
    *,
    timeout_s: float = 60.0,
    with_removed: bool = False,
    is_own_process: bool = False,
) -> Question:
    """Return a question whose tables are filled. Raises BadQueryError, BadArgumentError.

    `is_own_process` says that this process is there for the query alone, so that it may get a hard limit of memory.
    """
    import duckdb

    timeout_s = checked_timeout(timeout_s)
    memory = memory_for_queries()
    connection = connect(memory)
    guard = Guard(connection, timeout_s=timeout_s, memory=memory, is_own_process=is_own_process)
    with contextlib.ExitStack() as held, heeding_ctrl_c():
        statement = read(connection, text)
        held.enter_context(
            kept_off(record.replica.home)
        )  # the tables name files, which are read with the answer
        record.replica.update(record.progress)
        tables = Tables(record, connection, with_removed=with_removed)
        try:
            tables.make(statement)
        except duckdb.Error as error:
            raise said_by(error) from error
        lock(connection, tables.files)
        question = Question(connection, statement, tables, _checked(parameters), guard, memory)
        question.held = held.pop_all()
    return question


@contextlib.contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt where DuckDB, at work in the main thread, makes something else of Ctrl-C."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


def _checked(parameters: object) -> object:
    if parameters is None or isinstance(parameters, (list, tuple, dict)):
        return parameters
    raise BadArgumentError(
        f"`parameters` of `sql()` must be a list (for `?`) or a dict (for `$name`); got {type(parameters).__name__}",
        hint='for instance `record.sql("select name from runs where seed = ?", [7])`',
    )


class Question:
    """A statement that is ready to run, once. `held` keeps its files where they are until it was answered."""

    def __init__(
        self,
        connection: Any,
        statement: Statement,
        tables: Tables,
        parameters: object,
        guard: Guard,
        memory: int,
    ) -> None:
        self.statement = statement
        self.guard = guard
        self._connection = connection
        self._tables = tables
        self._parameters = parameters
        self._memory = memory
        self.held = contextlib.ExitStack()

    def answer(self, use: Callable[[Any], T]) -> T:
        """Return what `use` makes of the answer, which has `__arrow_c_stream__`. Raises QueryStoppedError, BadQueryError."""
        import duckdb

        def job() -> T:
            return use(self._relation())

        try:
            with self.held:
                return self.guard.run(job)
        except duckdb.OutOfMemoryException as error:
            raise out_of_memory(self._memory) from error
        except duckdb.Error as error:
            raise explained(error, self.statement, self._tables) from error
        except MemoryError as error:
            raise out_of_memory(self._memory) from error
        except Exception as error:
            # What DuckDB says while its answer is read comes through Arrow, as a bare Exception or ValueError.
            if "C Data interface error" not in str(error) and "C Stream" not in str(error):
                raise
            if "Out of Memory Error" in str(error):
                raise out_of_memory(self._memory) from error
            raise explained(error, self.statement, self._tables) from error

    def _relation(self) -> Any:
        relation = self._connection.sql(self.statement.text, params=self._parameters)
        if relation is None:
            raise BadQueryError("the query gives no table")
        names, types = _unique(relation.columns), list(map(str, relation.types))
        if self.statement.is_explain or (
            names == list(relation.columns) and not any(map(_AS_TEXT.search, types))
        ):
            return relation
        places = [f"c{place}" for place in range(len(names))]
        chosen = ", ".join(
            f"{f'CAST({place} AS VARCHAR)' if _AS_TEXT.search(type_) else place} AS {identifier(name)}"
            for place, name, type_ in zip(places, names, types, strict=True)
        )
        # By place, since two columns may have one name.
        wrapped = f"SELECT {chosen} FROM (\n{self.statement.question}\n) AS answer({', '.join(places)})"
        return self._connection.sql(wrapped, params=self._parameters)


def batches_of(relation: Any) -> Iterator[Any]:
    """Yield the Arrow batches of an answer as they come."""
    from arro3.core import RecordBatchReader

    yield from RecordBatchReader.from_arrow(relation)


def _unique(names: Sequence[str]) -> list[str]:
    """Return names of which no two are the same, case aside."""
    seen: dict[str, None] = {}
    for name in names:
        number, other = 1, name
        while other.lower() in {one.lower() for one in seen}:
            number += 1
            other = f"{name}_{number}"
        seen[other] = None
    return list(seen)
