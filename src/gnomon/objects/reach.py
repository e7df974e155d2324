"""Which objects the entries of a replica keep: what may be deleted is only what none of them reaches.

The kernel knows no feature, so it does not know which words of a body are objects. Every 64 hex digits of a body that name an
object of this replica count, in entries of unknown kinds too; a hash that happens to look like one costs nothing. From there
on: lists to their chunks, in each pack that holds one; trees to their files; any other JSON that an entry names is searched
like a body. An entry that only cites (`Feature.cites`) keeps nothing, nor does one about a subject that was erased.

Always true: what an entry keeps is in `live`, or `gaps` says what could not be read.
Design: docs/internals/objects.md, "Garbage".
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import RecordError, StorageError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.objects.tree import MAX_TREE_SIZE, looks_like_tree
from gnomon.record import kinds
from gnomon.record.body import decode_body, encode_body
from gnomon.record.index_lines import LineFile
from gnomon.record.lines import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from gnomon.objects.store import ObjectStore
    from gnomon.record.home import Home
    from gnomon.record.lines import Entry

    Progress = Callable[[int, int], None]

_DIGITS = re.compile(rb"[0-9a-f]{64,}")
_ESCAPED = re.compile(rb"\\u00[2-6]")  # a digit or letter that need not be escaped, and that hides a name
_JSON = (b"{", b"[")
_NAME = 64  # digits of a name
_LONG_AT_ONCE = 64 << 20
_ATTEMPTS = 3
ASKED = ""  # stands for the subject where an entry is of an erased subject that is asked of


class Gap(NamedTuple):
    """What could not be read, so that nobody knows which objects it names."""

    place: str
    what: str


class Reach:
    """What the entries of a replica keep. `erased` are subjects whose entries keep nothing any more, `asked` those of them of
    which `reached` is wanted.
    """

    def __init__(
        self, home: Home, store: ObjectStore, *, erased: Container[str] = (), asked: Container[str] = ()
    ) -> None:
        self.gaps: list[Gap] = []
        self.dead: set[str] = set()  # what entries of erased subjects reach
        self.reached: set[str] = set()  # what entries of the asked subjects reach
        self.cited: set[str] = set()  # what they name by themselves, here or not
        self.live: set[int] = set()  # the first 8 bytes of each id: two that share them are both kept
        self.keepers: dict[str, str] = {}  # of what both reach: a subject that keeps it
        self._home = home
        self._store = store
        self._erased = erased
        self._asked = asked
        self._read_to: dict[str, int] = {}
        self._named: dict[str, str] = {}  # by entries that keep: object, and a subject that names it
        self._named_erased: set[str] = set()
        self._named_asked: set[str] = set()
        self._long: list[tuple[bytes, str | None]] = []  # digits that go on: each 64 of them may be a name
        self._long_size = 0
        self._trees: dict[str, tuple[str, str]] = {}  # what entries say is a tree: the entry, its kind
        self._searched: dict[bool, set[str]] = {
            True: set(),
            False: set(),
        }  # whether it is for `live`: what was

    def follow(self, progress: Progress | None = None) -> None:
        """Read the entries, and follow what they name. Done again, only what is new is read.

        Raises OSError, and StorageError where logs are joined faster than they can be read.
        """
        self._read_logs(progress)
        self._look_at_long()  # after the entries: what one names was stored before it was written
        with self._store.kept_open():
            for one in sorted(self._named_erased):
                self._mark(one, None)
            self._reach_asked()
            for one, (entry, kind) in sorted(self._trees.items()):
                if not self._store.was_seen(one):
                    self._gap(
                        f"entry {entry[:12]}", f"the tree {one[:12]} that it names (`{kind}`) is not here"
                    )
            for at, (one, subject) in enumerate(sorted(self._named.items())):
                self._mark(one, subject)
                if progress is not None:
                    progress(at, len(self._named))
        for error in self._store.unusable:
            self._gap("objects/", error.message)
        self._named, self._named_erased, self._named_asked, self._trees = {}, set(), set(), {}

    def keeps(self, object_id: str) -> bool:
        """Return whether an entry keeps an object, by itself or through a list or a tree."""
        return _short(object_id) in self.live

    def is_dead(self, object_id: str) -> bool:
        """Return whether entries of erased subjects reach an object, and no other entry keeps it."""
        return object_id in self.dead and not self.keeps(object_id)

    # --- entries

    def _read_logs(self, progress: Progress | None) -> None:
        for _ in range(_ATTEMPTS):
            is_complete = True
            files = self._home.log_files()
            total = sum(state.st_size for _, state in files)
            done = 0
            for path, state in files:
                try:
                    self._read_log(path)
                except FileNotFoundError:  # joined into a bundle since it was listed
                    is_complete = False
                done += state.st_size
                if progress is not None:
                    progress(done, total)
            if is_complete:
                return
        raise StorageError(
            f"the logs of `{self._home.path}` were joined again and again while they were read",
            hint="give the command again; nothing was deleted",
        )

    def _read_log(self, path: str) -> None:
        with LineFile(self._home.env, os.path.join(self._home.path, path)) as file:
            for offset, line in file.lines(self._read_to.get(path, 0)):
                if line is None:
                    self._gap(f"{path}, byte {offset}", "a line is longer than any entry can be")
                else:
                    self._read_line(path, offset, line)
            self._read_to[path] = file.read_to

    def _read_line(self, path: str, offset: int, line: bytes) -> None:
        try:
            entry = parse_line(line)
        except UnknownFormatError:  # kept and carried: all of it counts
            self._name(line, "an entry of a newer format")
            return
        except RecordError as error:
            self._gap(f"{path}, byte {offset}", error.message)
            return
        if entry.subject.partition(":")[0] not in kinds.KERNEL_TYPES:
            self._read_entry(entry)

    def _read_entry(self, entry: Entry) -> None:
        is_erased = entry.subject in self._erased
        if entry.body_raw is None:
            if not is_erased and not _only_cites(entry):
                self._gap(f"entry {entry.hash[:12]}", f"its body (`{entry.kind}`) is not here")
            return
        if _only_cites(entry):
            return
        mark = None if entry.subject not in self._asked else ASKED
        self._name(entry.body_raw, mark if is_erased else entry.subject)
        if not is_erased and (b'"is_tree":true' in entry.body_raw or b'"objects":{' in entry.body_raw):
            for one in _trees_in(_decoded(entry.body_raw)):
                self._trees.setdefault(one, (entry.hash, entry.kind))

    def _name(self, text: bytes, subject: str | None) -> None:
        """Note the names in a text; `subject` is None for one of an erased subject, `ASKED` for one that is asked of."""
        for digits in _digits_in(text):
            if len(digits) > _NAME:
                self._long.append((digits, subject))
                self._long_size += len(digits)
            else:
                self._note_name(digits.decode("ascii"), subject)
        if self._long_size > _LONG_AT_ONCE:
            self._look_at_long()

    def _note_name(self, name: str, subject: str | None) -> None:
        if subject:
            self._named.setdefault(name, subject)
            return
        self._named_erased.add(name)
        if subject == ASKED:
            self._named_asked.add(name)
            self.cited.add(name)

    def _look_at_long(self) -> None:
        """Look which names of objects stand in long runs of digits: too many to note them all."""
        self._store.refresh()
        for digits, subject in self._long:
            for name in _names_of_digits(digits):
                if self._store.was_seen(name):
                    self._note_name(name, subject)
        self._long, self._long_size = [], 0

    # --- objects

    def _mark(self, object_id: str, subject: str | None) -> None:
        """Mark an object that an entry names, and all that it leads to. `subject` is None for one of an erased subject."""
        searched = self._searched[subject is not None]
        todo = [object_id]
        while todo:
            one = todo.pop()
            if not self._store.was_seen(one):
                continue
            self._note(one, subject)
            if one in searched:
                continue
            searched.add(one)
            for named, is_file in self._names_of(one, subject):
                if self._store.was_seen(named):
                    if is_file:
                        self._note(named, subject)
                    elif named not in searched:
                        todo.append(named)

    def _reach_asked(self) -> None:
        """Follow what the asked subjects name; what cannot be read was said when it was marked."""
        todo = sorted(self._named_asked)
        while todo:
            one = todo.pop()
            if one in self.reached or not self._store.was_seen(one):
                continue
            self.reached.add(one)
            for named, is_file in self._names_of(one, None):
                if is_file:
                    self._reach(named)
                else:
                    todo.append(named)
            self._reach(one)

    def _reach(self, object_id: str) -> None:
        if self._store.was_seen(object_id):
            self.reached.add(object_id)
            with suppress(RecordError):  # as above
                self.reached.update(self._store.all_chunks(object_id))

    def _note(self, object_id: str, subject: str | None) -> None:
        if not self._add(object_id, subject):
            return
        try:
            for chunk in self._store.all_chunks(object_id):
                self._add(chunk, subject)
        except RecordError as error:
            self._gap_of(object_id, error, subject)

    def _add(self, object_id: str, subject: str | None) -> bool:
        """Mark one object; return whether it was not yet."""
        if subject is None:
            is_new = object_id not in self.dead
            self.dead.add(object_id)
            return is_new
        if object_id in self.dead:
            self.keepers.setdefault(object_id, subject)
        name = _short(object_id)
        is_new = name not in self.live
        self.live.add(name)
        return is_new

    def _names_of(self, object_id: str, subject: str | None) -> Iterator[tuple[str, bool]]:
        """Yield what an object names, and whether that is a file of a tree."""
        store = self._store
        try:
            if store.size(object_id) > MAX_TREE_SIZE:
                return
            if not next(store.stream(object_id), b"").lstrip()[:1].startswith(_JSON):
                return
            data = store.read(object_id, MAX_TREE_SIZE)
        except RecordError as error:
            self._gap_of(object_id, error, subject)
            return
        # Its bytes are what its id names, so a tree is as it was written. Names come one by one: there may be a million.
        is_tree = looks_like_tree(data)
        for digits in _digits_in(data):
            yield from ((name, is_tree) for name in _names_of_digits(digits))

    def _gap_of(self, object_id: str, error: RecordError, subject: str | None) -> None:
        if subject is not None:  # of what was erased, little may be left
            self._gap(f"object {object_id[:12]}, named by `{subject}`", error.message)

    def _gap(self, place: str, what: str) -> None:
        if Gap(place, what) not in self.gaps:
            self.gaps.append(Gap(place, what))


def _short(object_id: str) -> int:
    return int(object_id[:16], 16)


def _digits_in(text: bytes) -> Iterator[bytes]:
    """Yield all runs of at least 64 hex digits in a text."""
    if _ESCAPED.search(text):
        try:
            text = encode_body(decode_body(text))
        except (ValueError, RecursionError):  # no JSON: searched as it is
            pass
    return (match[0] for match in _DIGITS.finditer(text))


def _names_of_digits(digits: bytes) -> Iterator[str]:
    text = digits.decode("ascii")
    return (text[at : at + _NAME] for at in range(len(text) - _NAME + 1))


def _decoded(body: bytes) -> object:
    try:
        return decode_body(body)
    except (ValueError, RecursionError):
        return None


def _trees_in(value: object) -> Iterator[str]:
    """Yield what a body says are trees: `object` beside `"is_tree":true`, and the values of an `objects`."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            todo += one.values()
            named = [one.get("object")] if one.get("is_tree") is True else []
            parts = one.get("objects")
            named += parts.values() if isinstance(parts, dict) else ()
            yield from (tree for tree in named if isinstance(tree, str) and is_hex(tree, 64))


def _only_cites(entry: Entry) -> bool:
    feature = kinds.find(entry.subject.partition(":")[0])
    return feature is not None and entry.kind in feature.cites
