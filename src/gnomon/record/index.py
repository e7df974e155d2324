"""The index: a disposable SQLite file of folds, so that a question costs what it asks and an update what is new.

It may be deleted, damaged or replaced at any time: it is then built again from the files, and the answers are the same.
One process at a time updates the file; any other lays what the file lacks over it, in memory, and answers from both.

Always true: the answers after `update` are a function of the files of the record alone: not of the order in which they
came, nor of what the index held before. A damaged line is left out and listed in `problems`.
Not promised: use by several threads at once. A thread takes its own `Index`, or a lock.
Parts: index_keeper (who updates what), index_place (where), index_tables (the schema), index_follow, index_files,
index_lines, index_ahead and index_logs (news, each entry once), index_batch (folds), index_cells, index_texts and
index_links (tables, search, links), index_query (questions), index_covered (what was said before).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from gnomon.record import index_links as links
from gnomon.record import index_query as query
from gnomon.record import index_tables as tables
from gnomon.record import kinds
from gnomon.record.index_covered import covered
from gnomon.record.index_follow import Follower
from gnomon.record.index_keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gnomon.record.fold import LiveEntry
    from gnomon.record.home import Home
    from gnomon.record.index_keeper import IndexExtension, Progress
    from gnomon.record.index_links import Linked
    from gnomon.record.kinds import Link
    from gnomon.record.problems import Problem

T = TypeVar("T")
_ATTEMPTS = 3


class Index:
    """The index of one replica. Opens its file with the first question or update."""

    def __init__(self, home: Home, *, extensions: Sequence[IndexExtension] = ()) -> None:
        self._keeper = Keeper(home, extensions)
        self._is_as_is = False

    def update(self, progress: Progress | None = None) -> None:
        """Follow the news. `progress(done, total)` is told bytes now and then; an interrupted update goes on later."""
        self._is_as_is = False
        self._keeper.update(progress)

    def open_as_is(self) -> bool:
        """Open the file as it is, for questions that may miss what is new; return False where it cannot be read at once.

        From then on nothing is updated or built again until `update` is called: where the file turns out to be damaged, a
        question raises sqlite3.DatabaseError.
        """
        self._is_as_is = self._keeper.open_as_is()
        return self._is_as_is

    def unread_bytes(self) -> int:
        """Return how many bytes of the logs the index lacks, as it was opened; all of them where it is not open."""
        return self._keeper.unread_bytes()

    def close(self) -> None:
        """Close the index; a question opens it again."""
        self._keeper.close()

    @property
    def notice(self) -> str | None:
        """Why the index is not where it should be, None where it is."""
        return self._keeper.notice

    @property
    def generation(self) -> tuple[int, int]:
        """A value that is another one whenever an answer may be another one."""
        keeper = self._keeper
        return self.ask(
            lambda database: (tables.generation(database), keeper.overlays if keeper.overlay else 0)
        )

    # --- subjects

    def types(self) -> list[str]:
        """Return the subject types that the record has, those without a feature included."""
        return self.ask(query.type_names)

    def subjects(self, type_name: str) -> list[str]:
        """Return the ids of all subjects of a type, in the order that `columns` uses."""
        return self.ask(lambda database: query.ids(database, type_name))

    ids = subjects

    def resolve(self, type_name: str, prefix: str, *, hint: str | None = None) -> str:
        """Return the one id that begins with `prefix`. Raises UnknownSubjectError, AmbiguousIdError (lists some)."""
        return self.ask(lambda database: query.resolve(database, type_name, prefix, hint))

    def live(self, type_name: str, subject_id: str) -> list[LiveEntry]:
        """Return the entries of a subject that nothing covers, by (time, hash). Raises UnknownSubjectError."""
        return self.ask(lambda database: query.live(database, type_name, subject_id))

    def state(self, type_name: str, subject_id: str) -> object:
        """Return the state of a subject; None where its type has no feature. Raises UnknownSubjectError."""
        feature = kinds.find(type_name)
        entries = self.live(type_name, subject_id)
        return None if feature is None else feature.fold(entries)

    def covered(self, type_name: str, subject_id: str) -> list[LiveEntry]:
        """Return the entries of a subject that others cover, by (time, hash). All logs are read for it."""
        live = {entry.hash for entry in self.live(type_name, subject_id)}
        home = self._keeper.home
        subject = f"{type_name}:{subject_id}"
        return self.ask(lambda database: covered(home, subject, live, self._follower(database).holds))

    def states(self, type_name: str) -> Iterator[tuple[str, object]]:
        """Yield (id, state) of all subjects of a type, in order of id."""
        feature = kinds.find(type_name)
        if feature is not None:
            for subject_id in sorted(self.subjects(type_name)):
                yield subject_id, feature.fold(self.live(type_name, subject_id))

    def stats(self, type_name: str, subject_id: str) -> dict[str, object]:
        """Return what each extension knows of a subject, by the extension's name."""
        return self.ask(lambda database: self._keeper.stats_of(database, f"{type_name}:{subject_id}"))

    # --- links

    def links(self, subjects: Sequence[str]) -> dict[str, list[Link]]:
        """Return what these subjects (`run:<id>`) say of others, by subject; one that is not here is left out."""
        return self.ask(lambda database: links.of_subjects(database, subjects))

    def linked_to(self, targets: Sequence[str], *, lowest: int = kinds.FROM) -> list[Linked]:
        """Return who names these targets: (target, subject, how, way), the subject that arrived last first.

        `lowest` is the least way that is wanted: with MAKES, only who makes a target or is the same.
        """
        return self.ask(lambda database: list(links.to_targets(database, targets, lowest)))

    def link_targets(self, kind: str, beginning: str = "") -> list[str]:
        """Return the targets of a kind that any subject names and that begin so, sorted: `source` gives `source:…`."""
        return self.ask(lambda database: links.targets_of_kind(database, kind, beginning))

    # --- tables and search

    def keys(self, type_name: str) -> list[str]:
        """Return the columns in which any subject of a type has a cell, sorted."""
        self._fold_if_new(type_name)
        return self.ask(lambda database: query.keys(database, type_name))

    def columns(
        self, type_name: str, keys: Sequence[str], places: Sequence[int] | None = None
    ) -> dict[str, list[object]]:
        """Return cells by column, None where a subject has none; the key '' is the column of ids.

        Of all subjects in the order of `subjects`, or of those at `places` in their order.
        """
        self._fold_if_new(type_name)
        return self.ask(lambda database: query.columns(database, type_name, keys, places))

    def search(
        self, words: str, *, type_name: str | None = None, limit: int = 50
    ) -> list[tuple[str, str, str, str]]:
        """Return (type, id, field, excerpt) of subjects with a text that holds all words, the best match first.

        `word*` stands for all words that begin so. Case and accents make no difference.
        """
        return self.ask(lambda database: query.search(database, words, type_name, limit))

    # --- the record as a whole

    def problems(self) -> list[Problem]:
        """Return what is wrong with files, as far as reading them shows it; `gnomon verify` finds more."""
        return self.ask(self._problems)

    def export(self) -> bytes:
        """Return all states in a canonical form: the same bytes for the same files, whatever happened before."""
        return self.ask(lambda database: b"".join(query.export(database)))

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return the answer to any question, from one moment; a damaged index is built anew first.

        The question reads from the views `all_<table>`; extensions have questions of their own.
        """
        for _ in range(0 if self._is_as_is else _ATTEMPTS - 1):
            database = self._keeper.current()
            try:
                with _one_moment(database):
                    return question(database)
            except sqlite3.DatabaseError:
                self._keeper.start_over()
        return question(self._keeper.current())

    def _problems(self, database: sqlite3.Connection) -> list[Problem]:
        keeper = self._keeper
        found = [*self._follower(database).problems(), *query.unfolded(database), *kinds.problems()]
        for extension in keeper.extensions:
            found += extension.problems(database)
        return found

    def _follower(self, database: sqlite3.Connection) -> Follower:
        """Return what knows of each log and file."""
        return self._keeper.overlay or Follower.at_rest(database, self._keeper.home)

    def _fold_if_new(self, type_name: str) -> None:
        """Search the plug-ins for the feature of a type that has none yet, and fold its subjects if one is found."""
        if kinds.known_version(type_name) is None:
            kinds.find(type_name)
            self.update()


@contextmanager
def _one_moment(database: sqlite3.Connection) -> Iterator[None]:
    """Have all that is read in the block come from one state of the file."""
    if database.in_transaction:  # an overlay keeps its own
        yield
        return
    database.execute("BEGIN")
    try:
        yield
    finally:
        database.execute("COMMIT")
