"""Helpers for folds: from the entries of a subject to its state, whatever order they came in.

A fold is a pure function of the entries that no other entry covers. These helpers hold the three shapes that states
are made of: registers (a choice; two who chose apart leave two heads), observed-remove sets (a removal takes away what
it saw, and nothing that was added elsewhere), and reports of machines, kept apart by process.

Always true: the result does not depend on the order or the repetition of the entries. Clocks order what is shown;
they never decide what is dropped.
Not promised: that a body has the fields or the types that a good writer would give it. Folds must not raise.
Format: docs/internals/record-format.md, "Fold".
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from gnomon.record.body import decode_body, encode_body, restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.lines import Entry


class LiveEntry(msgspec.Struct, array_like=True, dict=True):
    """An entry as a fold sees it: one that nothing covers. Ids are kept as raw bytes and given as hex."""

    digest: bytes
    kind: str
    author: str | None
    writer_raw: bytes
    log_raw: bytes
    seq: int
    time_us: int
    body_raw: bytes | None

    @property
    def hash(self) -> str:
        """The entry's hash: what a later entry names in `over`."""
        return self.digest.hex()

    @property
    def writer(self) -> str:
        """The id of the writer."""
        return self.writer_raw.hex()

    @property
    def log(self) -> str:
        """The id of the log, so of the process."""
        return self.log_raw.hex()

    @property
    def has_body(self) -> bool:
        """Whether the body is here; False where it was erased or withheld."""
        return self.body_raw is not None

    @property
    def body(self) -> dict[str, object]:
        """The body as Python values, not to be changed; empty where it is not here or not a JSON object."""
        known = self.__dict__
        body: dict[str, object] | None = known.get("body")
        if body is None:
            raw = self.body_raw
            body = known["body"] = _decoded(raw) if raw is not None else {}
        return body

    def forget_body(self) -> None:
        """Decode the body anew at the next access: its bytes are others now."""
        self.__dict__.pop("body", None)


_decode_json = msgspec.json.Decoder().decode


def _decoded(data: bytes) -> dict[str, object]:
    """Return what `decode_body` returns, quicker; empty for what is not a JSON object."""
    try:
        body = _decode_json(data)
        if b'"$' in data:
            body = restored(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        try:
            body = decode_body(data)  # it takes what the other does not: half a surrogate pair, say
        except (
            ValueError,
            RecursionError,
        ):  # a hostile writer can commit to any bytes; such an entry says nothing
            return {}
    return body if isinstance(body, dict) else {}


class Register:
    """One choice that people make: the entries that hold it now, oldest first.

    `values` are the different values that stand, in order of time; `value` is the one shown, the latest; more than one
    is a conflict (`is_settled` is False) until somebody chooses again over all of `hashes`.
    """

    __slots__ = ("heads", "value", "values")

    def __init__(self, heads: Sequence[LiveEntry], values: Sequence[object], default: object) -> None:
        self.heads = tuple(heads)
        self.values = tuple(values)
        self.value = values[-1] if values else default

    def __repr__(self) -> str:
        return f"Register(values={self.values!r})"

    @property
    def is_settled(self) -> bool:
        """Whether at most one value stands."""
        return len(self.values) <= 1

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes that the next choice names in `over`."""
        return tuple(head.hash for head in self.heads)


_shown_order = attrgetter("time_us", "hash")


def uncovered(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that no entry of the same subject covers, each once, by (time, hash).

    A covered entry still covers what it names; a cover may stand before what it covers.
    """
    by_hash = {entry.hash: entry for entry in entries}
    covered = {(entry.subject, name) for entry in by_hash.values() for name in entry.over}
    live = [entry for entry in by_hash.values() if (entry.subject, entry.hash) not in covered]
    live.sort(key=_shown_order)
    return live


def in_order(entries: Iterable[LiveEntry]) -> list[LiveEntry]:
    """Return entries by (time, hash): the order in which they are shown."""
    return sorted(entries, key=_shown_order)


def of_kind(entries: Iterable[LiveEntry], kind: str) -> list[LiveEntry]:
    """Return the entries of one kind by (time, hash)."""
    found = [entry for entry in entries if entry.kind == kind]
    if len(found) > 1:
        found.sort(key=_shown_order)
    return found


def by_kind(entries: Iterable[LiveEntry]) -> dict[str, list[LiveEntry]]:
    """Return the entries of each kind by (time, hash): one pass, for a fold that looks at many kinds."""
    found: dict[str, list[LiveEntry]] = {}
    is_sorted = True
    for entry in entries:
        several = found.get(entry.kind)
        if several is None:
            found[entry.kind] = [entry]
        else:
            several.append(entry)
            is_sorted = False
    if not is_sorted:
        for several in found.values():
            several.sort(key=_shown_order)
    return found


def register(entries: Iterable[LiveEntry], kind: str, field: str, default: object = None) -> Register:
    """Return the register that entries of `kind` hold in `field`.

    Two heads with the same value agree. A head without the field (its body erased, say) counts among the heads, so
    that the next choice covers it, and has no value.
    """
    heads = of_kind(entries, kind)
    said = [head.body[field] for head in heads if field in head.body]
    return Register(heads, distinct(said) if len(said) > 1 else said, default)


def distinct(values: Iterable[object]) -> list[object]:
    """Return different values, each where it stood last. 1, 1.0 and True differ; two NaN of the same bits do not."""
    found: dict[bytes, object] = {}
    for value in values:
        key = encode_body({"": value})
        found.pop(key, None)
        found[key] = value
    return list(found.values())


def observed(entries: Iterable[LiveEntry], kind: str, field: str) -> dict[str, tuple[str, ...]]:
    """Return an observed-remove set: each text that is in it, with the hashes of the entries that added it.

    An entry of `kind` adds the text, or each text of the list, in its `field`. To take a text out, write an entry (of
    another kind) over all its hashes: what was added elsewhere meanwhile, and not seen, stays. An entry that added
    several goes as a whole; whoever takes out one of them adds the others again.
    """
    found: dict[str, list[str]] = {}
    for entry in of_kind(entries, kind):
        value = entry.body.get(field)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                found.setdefault(text, []).append(entry.hash)
    return {text: tuple(found[text]) for text in sorted(found)}


def latest_by_process(entries: Iterable[LiveEntry], kind: str) -> dict[str, LiveEntry]:
    """Return the last entry of `kind` that each process (log) wrote, by log id.

    The place in the log decides, not the clock. Where one log has two histories, the larger hash is taken.
    """
    latest: dict[str, LiveEntry] = {}
    for entry in entries:
        if entry.kind == kind:
            log = entry.log
            known = latest.get(log)
            if known is None or (entry.seq, entry.hash) > (known.seq, known.hash):
                latest[log] = entry
    return {log: latest[log] for log in sorted(latest)} if len(latest) > 1 else latest


def accumulated(entries: Iterable[LiveEntry], kind: str, field: str) -> dict[str, object]:
    """Return the union of the JSON objects in `field` of all entries of `kind`; for equal keys the later entry counts."""
    merged: dict[str, object] = {}
    for entry in of_kind(entries, kind):
        part = entry.body.get(field)
        if isinstance(part, dict):
            merged.update(part)
    return merged
