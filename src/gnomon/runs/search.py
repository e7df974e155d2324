"""Full-text search over runs: names, tags, notes, parameters that are text, commands, consoles, captions.

Always true: a hit names a run that is shown in lists (not a hidden one); the best match of each run comes first.
The words and their ranking are the index's: see `record.index_texts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.record.index import Index

MORE = 4  # so many texts are asked for each hit that is wanted: several may be of one run
MOST = 10_000


class Hit(NamedTuple):
    """A run that holds all words: where (`field` is 'name', 'note', 'console', …), and the text around the first one."""

    run: str
    name: str | None
    field: str
    excerpt: str


def search(index: Index, words: str, limit: int = 20) -> list[Hit]:
    """Return the runs with a text that holds all `words`, the best first; `word*` means words that begin so.

    Raises BadArgumentError where there is no word, or for a limit below 1.
    """
    if not any(map(str.isalnum, words)):
        raise BadArgumentError(f"`search()` needs at least one word; got {words!r}")
    if not isinstance(limit, int) or limit < 1:
        raise BadArgumentError(f"`limit` of `search()` must be a whole number from 1; got {limit!r}")
    found = index.search(words, limit=min(MORE * limit, MOST))
    runs = _Runs(index)
    hits: dict[str, Hit] = {}
    for type_name, subject_id, field, excerpt in found:
        for run in runs.behind(type_name, subject_id):
            if run not in hits and not runs.is_hidden(run):
                hits[run] = Hit(run, runs.name(run), field, excerpt)
        if len(hits) >= limit:
            break
    return list(hits.values())[:limit]


class _Runs:
    """The runs of a record, as far as hits ask for them."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._rows: dict[str, int] | None = None
        self._cells: dict[str, list[object]] = {}
        self._by_process: dict[str, list[str]] | None = None

    def behind(self, type_name: str, subject_id: str) -> list[str]:
        """Return the runs that a subject belongs to."""
        if type_name in ("run", "values"):
            return [subject_id]
        return self._of_process(subject_id) if type_name == "process" else []

    def name(self, run: str) -> str | None:
        """Return what a run is called."""
        name = self._cell("name", run)
        return str(name) if name is not None else None

    def is_hidden(self, run: str) -> bool:
        """Whether a run is hidden from lists, or unknown."""
        return self._row(run) is None or bool(self._cell("removed", run))

    def _row(self, run: str) -> int | None:
        if self._rows is None:
            self._rows = {run: row for row, run in enumerate(self._index.ids("run"))}
            self._cells = self._index.columns("run", ["name", "removed"])
        return self._rows.get(run)

    def _cell(self, column: str, run: str) -> object:
        row = self._row(run)
        return None if row is None else self._cells[column][row]

    def _of_process(self, log: str) -> list[str]:
        if self._by_process is None:
            self._by_process = {}
            logs = self._index.columns("run", ["processes"])["processes"]
            for run, processes in zip(self._index.ids("run"), logs, strict=True):
                for one in processes if isinstance(processes, list) else ():
                    self._by_process.setdefault(str(one), []).append(run)
        return self._by_process.get(log, [])
