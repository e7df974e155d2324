"""Links: what subjects say of each other and of bytes, found from both ends.

A feature names the links of a state (`kinds.Link`); here they are rows whose number is that of the subject and a place, with
the target as an indexed key. So what something came from and what came from it cost what they answer, however large the
record is. The kernel knows no word of theirs: `how` and the kinds of targets are the features' own.

Always true: the links of a subject are those of its state; a subject that is folded anew has no others. In an overlay an empty
target stands for a link that is there no more.
Not promised: more than `MAX_LINKS` of one subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gnomon.ids import is_hex
from gnomon.record.index_cells import plain_text
from gnomon.record.kinds import FROM, Link

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

T = TypeVar("T")
LINK_SHIFT = 16
MAX_LINKS = 1 << LINK_SHIFT
_ASKED_AT_ONCE = 500
_GONE = b""


class Linked(NamedTuple):
    """A link as it is found from its target's end: the subject that says so, and how."""

    target: str
    subject: str
    how: str
    way: int


class LinkWriter:
    """Writes the links of subjects into the file ("main") or into an overlay ("temp")."""

    def __init__(self, database: sqlite3.Connection, target: str) -> None:
        self._database = database
        self._target = target
        self._waiting: list[tuple[int, bytes, str, int]] = []

    def write(self, subject_no: int, links: Iterable[Link], *, is_new: bool) -> None:
        """Replace the links of one subject."""
        low = subject_no << LINK_SHIFT
        if not is_new:
            self._clear(low)
        if not links:
            return
        for nth, (target, how, way) in enumerate(dict.fromkeys(links)):
            if nth >= MAX_LINKS:
                break
            self._waiting.append((low | nth, key_of(target), how, way))

    def _clear(self, low: int) -> None:
        span = (low, low + MAX_LINKS - 1)
        if self._target == "main":
            self._database.execute("DELETE FROM main.link WHERE no BETWEEN ? AND ?", span)
            return
        stored = self._database.execute("SELECT no FROM all_link WHERE no BETWEEN ? AND ?", span).fetchall()
        gone = [(no, _GONE, "", 0) for (no,) in stored]
        self._database.executemany("INSERT OR REPLACE INTO temp.link VALUES (?, ?, ?, ?)", gone)

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            insert = f"INSERT OR REPLACE INTO {self._target}.link VALUES (?, ?, ?, ?)"
            self._database.executemany(insert, self._waiting)
            self._waiting.clear()


def key_of(target: str) -> bytes:
    """Return a target as it is stored: hex digits after the colon take half the room.

    >>> key_of("object:00ff"), key_of("source:bank")
    (b'object\\x00\\x00\\xff', b'source:bank')
    """
    kind, _, rest = target.partition(":")
    if is_hex(rest) and rest and not len(rest) % 2:
        return kind.encode("utf-8", "backslashreplace") + b"\0" + bytes.fromhex(rest)
    return plain_text(target).encode("utf-8")


def target_of(key: bytes) -> str:
    """Return the target that `key_of` was given."""
    kind, nul, rest = key.partition(b"\0")
    if nul and b":" not in kind:
        return f"{kind.decode('utf-8')}:{rest.hex()}"
    return key.decode("utf-8")


# ---------------------------------------------------------------- questions


def of_subjects(database: sqlite3.Connection, subjects: Sequence[str]) -> dict[str, list[Link]]:
    """Return the links of these subjects (`run:<id>`), in their order; a subject that is not here is left out."""
    found: dict[str, list[Link]] = {}
    for some in _pieces(subjects):
        marks = ",".join("?" * len(some))
        numbers = dict(database.execute(f"SELECT no, name FROM all_subject WHERE name IN ({marks})", some))
        found.update({name: [] for name in numbers.values()})
        for no, name in numbers.items():
            low = no << LINK_SHIFT
            rows = database.execute(
                "SELECT target, how, way FROM all_link WHERE no BETWEEN ? AND ? ORDER BY no",
                (low, low + MAX_LINKS - 1),
            )
            found[name] = [Link(target_of(key), how, way) for key, how, way in rows if key != _GONE]
    return found


def to_targets(database: sqlite3.Connection, targets: Sequence[str], lowest: int = FROM) -> Iterator[Linked]:
    """Yield every link to these targets; those of subjects that arrived last come first. `lowest` MAKES leaves out FROM."""
    for some in _pieces([key_of(target) for target in targets]):
        marks = ",".join("?" * len(some))
        rows = database.execute(
            f"SELECT no, target, how, way FROM all_link WHERE target IN ({marks}) AND way >= ? ORDER BY no DESC",
            [*some, lowest],
        ).fetchall()
        for no, key, how, way in rows:
            (name,) = database.execute(
                "SELECT name FROM all_subject WHERE no = ?", (no >> LINK_SHIFT,)
            ).fetchone()
            yield Linked(target_of(key), name, how, way)


def targets_of_kind(database: sqlite3.Connection, kind: str, beginning: str = "") -> list[str]:
    """Return all targets of a kind (`source`) that begin so, each once, sorted."""
    found: set[str] = set()
    even = beginning[: len(beginning) // 2 * 2] if is_hex(beginning) else ""
    for low in (f"{kind}\0".encode() + bytes.fromhex(even), f"{kind}:{beginning}".encode()):
        rows = database.execute(
            "SELECT DISTINCT target FROM all_link WHERE target >= ? AND target < ?", (low, _after(low))
        )
        found.update(target_of(key) for (key,) in rows)
    whole = f"{kind}:{beginning}"
    return sorted(target for target in found if target.startswith(whole))


def _after(low: bytes) -> bytes:
    """Return the first key that does not begin so."""
    bare = low.rstrip(b"\xff")
    return bare[:-1] + bytes([bare[-1] + 1])


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(items), _ASKED_AT_ONCE):
        yield items[at : at + _ASKED_AT_ONCE]
