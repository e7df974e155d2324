"""The hot path: from `log({...})` to bytes in the WAL.

Always true: when `log` returns, the row is in the WAL (it survives `kill -9`) or is counted as lost; no value raises,
unless the run is strict; a wrong call raises at once and changes nothing.

How it is quick. `marshal` packs a list of floats as `[`, a count, and `g` + 8 bytes for each: exactly the row payload of
the format, in one C call, and `payload[5::9] == b"ggg…"` proves that every value was a float (tests/golden pins it).
Anything else takes the slow path, where values are converted one by one.

How it is safe. Another thread, or a signal handler of this one, may log in the middle of a `log`: each gets its own row,
because the state is read again if it changed before the row was committed. Between that last look, the commit and the
store there is no bytecode boundary at which CPython changes threads or runs a handler (it does so after calls and at
jumps backward only), so no lock is taken. Whoever closes a WAL first sets its `limit` to 0 and gives it a new `state`.
Where there is no global interpreter lock, `log_locked` takes the session's. Everything rarer is done under that lock. A handler
that interrupts a definition (new series, a new file) has its row written as soon as that is done.
"""

from __future__ import annotations

import struct
import sys
from marshal import dumps
from operator import index
from typing import TYPE_CHECKING
from zlib import crc32

from gnomon.errors import BadArgumentError, NotStoredError, RunEndedError
from gnomon.points import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gnomon.points.wal import WalWriter
    from gnomon.session import Session

MARSHAL_VERSION = 2
MAX_CACHED_COLUMNS = 1024
MAX_ODD_SAID = 20  # series of a run about which something is said
MAX_NAME_BYTES = 4096
MAX_EXACT_BYTES = 1024  # of a whole number: readers refuse longer ones
_one_float = struct.Struct("<IIqqcIcd").pack
_put_one_float = struct.Struct(f"<{layout.SMALLEST_ROW - layout.CRC.size}sI").pack_into
HAS_GIL = getattr(sys, "_is_gil_enabled", bool)() or not hasattr(sys, "_is_gil_enabled")
_INT64 = range(-(2**63), 2**63)


class Columns:
    """A set of series that were logged together, and how their rows are packed."""

    __slots__ = ("names", "number", "pack", "put", "size", "tags", "wal")

    def __init__(self, names: list[str] | None, number: int, wal: WalWriter | None) -> None:
        self.wal = wal  # in which they have this number
        self.names = names
        self.number = number
        self.tags, self.size, self.pack, self.put = _packing(len(names) if names is not None else 0)


_packings: dict[int, tuple[bytes, int, Callable[..., bytes], Callable[..., None]]] = {}


def _packing(count: int) -> tuple[bytes, int, Callable[..., bytes], Callable[..., None]]:
    """Return what rows of `count` floats need: tags, record size, function that joins head and payload, function that
    stores that and its CRC.
    """
    packing = _packings.get(count)
    if packing is None:
        size = layout.RECORD_OVERHEAD + layout.ROW_PREFIX.size + 9 * count
        pack = struct.Struct(f"{layout.PREFIX.format}{size - layout.RECORD_OVERHEAD}s").pack
        put = struct.Struct(f"<{size - layout.CRC.size}sI").pack_into
        packing = _packings[count] = (layout.FLOAT_TAG * count, size, pack, put)
    return packing


_wide_packings: dict[int, tuple[bytes, int, Callable[..., bytes], Callable[..., None]]] = {}


def _wide_packing(count: int) -> tuple[bytes, int, Callable[..., bytes], Callable[..., None]]:
    """As `_packing`, for rows that name their series."""
    payload = layout.ROW_PREFIX.size + 9 * count
    pack = struct.Struct(f"{layout.PREFIX.format}{count + 1}I{payload}s")
    put = struct.Struct(f"<{pack.size}sI")
    packing = _wide_packings[count] = (layout.FLOAT_TAG * count, put.size, pack.pack, put.pack_into)
    return packing


class Prepared:
    """A rich value that is encoded, or `why` it cannot be."""

    __slots__ = ("encoded", "why")

    def __init__(self, encoded: object, why: str | None = None) -> None:
        self.encoded = encoded
        self.why = why


NO_COLUMNS = Columns(None, 0, None)  # equals no list of names: the next call takes the slow path


class RunPoints:
    """The points that this process logs to one run, as one rank."""

    __slots__ = (
        "_columns",
        "_known",
        "_lock",
        "_odd_said",
        "_on_new_wal",
        "_on_rich",
        "_prepare",
        "_run_key",
        "_session",
        "_step",
        "_time_ns",
        "_wal",
        "is_ended",
        "rank",
        "run",
        "strict",
        "unusable",
    )

    def __init__(
        self,
        session: Session,
        run: str,
        rank: int,
        *,
        next_step: int = 0,
        strict: bool = False,
        on_new_wal: Callable[[], None] | None = None,
        prepare: Callable[[object], Prepared | None] | None = None,
        on_rich: Callable[[str, Prepared, int], str | None] | None = None,
    ) -> None:
        """Get ready to log.

        `prepare(value)` encodes an image, a table or the like, and returns None for anything else; `on_rich(series, prepared,
        step)` takes what it returned, or says why not.
        """
        self._prepare = prepare
        self._on_rich = on_rich
        self._odd_said: set[str] = set()
        self._session = session
        self._lock = session.lock
        self._time_ns = session.time_ns
        self._on_new_wal = on_new_wal
        self._wal: WalWriter | None = None
        self._columns = NO_COLUMNS
        self._known: dict[tuple[str, ...], Columns] = {}
        self._step = next_step - 1
        self.run = run
        self.rank = rank
        self._run_key = run, rank
        self.strict = strict
        self.is_ended = False
        self.unusable = 0

    @property
    def last_step(self) -> int:
        """The step of the last row; -1 before the first."""
        return self._step

    def log(
        self, metrics: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object
    ) -> None:
        """Log one row; see `Run.log`."""
        if named or metrics.__class__ is not dict:
            metrics = _as_dict(metrics, named)
        if step is None:
            step = self._step + 1
        if step.__class__ is int:
            names = [*metrics]
            columns = self._columns
            if names != columns.names:
                columns = self._known.get((*names,), NO_COLUMNS)
            if columns.names is not None:
                if columns.size == layout.SMALLEST_ROW and self._log_one(columns, metrics, step):  # type: ignore[arg-type]
                    return
                values = [*metrics.values()]
                try:
                    payload = dumps(values, MARSHAL_VERSION)
                except ValueError:
                    payload = b""
                if payload[5::9] != columns.tags:
                    payload = _payload_of_numbers(values)
                if payload[5::9] == columns.tags:
                    wal: WalWriter = columns.wal  # type: ignore[assignment]
                    size = columns.size
                    while True:
                        state = wal.state
                        offset, crc, rows = state
                        end = offset + size
                        if end > wal.limit:
                            break
                        try:
                            row = columns.pack(size, columns.number, step, self._time_ns(), payload)
                        except struct.error:  # a step beyond 64 bits
                            break
                        crc = crc32(row, crc)
                        after = (end, crc, rows + 1)
                        if wal.state is state:
                            # Nothing may come between these two: see "How it is safe".
                            wal.state = after; columns.put(wal.map, offset, row, crc)  # noqa: E702  # fmt: skip
                            self._step = step
                            self._columns = columns
                            return
            elif len(self._known) >= MAX_CACHED_COLUMNS and self._log_wide(names, metrics, step):  # type: ignore[arg-type]
                return
            self._log_otherwise(names, metrics, step)
        else:
            self._log_otherwise([], metrics, step)

    def _log_one(self, columns: Columns, metrics: dict[str, float], step: int) -> bool:
        """Log a row of one float, the commonest of all; return whether it was one and is stored. As in `log`."""
        (value,) = metrics.values()
        if value.__class__ is not float:
            return False
        wal: WalWriter = columns.wal  # type: ignore[assignment]
        while True:
            state = wal.state
            offset, crc, rows = state
            end = offset + layout.SMALLEST_ROW
            if end > wal.limit:
                return False
            try:
                row = _one_float(
                    layout.SMALLEST_ROW, columns.number, step, self._time_ns(), b"[", 1, b"g", value
                )
            except struct.error:  # a step beyond 64 bits
                return False
            crc = crc32(row, crc)
            after = (end, crc, rows + 1)
            if wal.state is state:
                # Nothing may come between these two: see "How it is safe".
                wal.state = after; _put_one_float(wal.map, offset, row, crc)  # type: ignore[arg-type]  # noqa: E702  # fmt: skip
                self._step = step
                self._columns = columns
                return True

    def log_locked(
        self, metrics: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object
    ) -> None:
        """Log one row where Python has no global lock that keeps threads apart."""
        with self._lock:
            self.log(metrics, step=step, **named)

    # --- everything that is not the common case

    def _log_otherwise(self, names: list[str], metrics: dict[str, object], step: object) -> None:
        """Log a row whose set of series is new, or that needs care."""
        with self._lock:
            if names and len(self._known) < MAX_CACHED_COLUMNS and (*names,) not in self._known:
                defined = self._define(names)
                if defined is not None:
                    self._columns = defined
                    self.log(metrics, step=step)  # type: ignore[arg-type]
                    return
        metrics = self._prepared(metrics)  # may take long, so not under the lock
        with self._lock:
            self._log_slowly(metrics, step)

    def _prepared(self, metrics: dict[str, object]) -> dict[str, object]:
        """Return the row with its rich values encoded."""
        prepare = self._prepare
        if prepare is None:
            return metrics
        found = {
            key: prepared
            for key, value in metrics.items()
            if value.__class__ not in _PLAIN and (prepared := prepare(value)) is not None
        }
        return {**metrics, **found} if found else metrics

    def _log_slowly(self, metrics: dict[str, object], step: object) -> None:
        session = self._session
        if session.is_defining:
            session.interrupting.append((self, metrics, step))
            return
        session.is_defining = True
        try:
            self._log_with_care(metrics, step)
        finally:
            session.end_defining()

    def _log_with_care(self, metrics: dict[str, object], step: object) -> None:
        if self.is_ended:
            raise RunEndedError(
                f"run {self.run[:8]} has ended; nothing more can be logged to it in this process",
                hint=f'continue it with `gnomon.run(resume="{self.run}")`',
            )
        number, metrics = self._usable_step(step, metrics)
        names = [*metrics]
        payload = _payload_of_numbers([*metrics.values()])
        if not payload or not _are_storable(names):
            names, payload, has_rich = self._packed(metrics, number)
            if has_rich and not names:
                self._step = number
        if not names:
            return
        if self._store(names, number, payload):
            self._step = number
            return
        if self.strict:
            raise NotStoredError(
                f"run {self.run[:8]}: the disk took no more at step {number}",
                hint="free some space; without `strict=True` training goes on and the loss is counted",
            )

    def _store(self, names: list[str], step: int, payload: bytes) -> bool:
        """Write one row, opening or changing the WAL where needed; count it as lost where that fails."""
        wal = self._session.wal_for_row()
        if wal is not self._wal:
            self._wal = wal
            self._columns = NO_COLUMNS
            self._known = {}
            if wal is not None and self._on_new_wal is not None:
                self._on_new_wal()
        if wal is None:
            self._session.count_lost(len(names))
            return False
        if self._append(wal, names, step, payload):
            return True
        if wal.needs_successor(len(payload)) and self._session.open_next_wal(wal):
            return self._store(names, step, payload)
        wal.count_lost(len(names))
        self._session.note_loss()
        return False

    def _append(self, wal: WalWriter, names: list[str], step: int, payload: bytes) -> bool:
        if len(self._known) >= MAX_CACHED_COLUMNS and (*names,) not in self._known:
            # Keys that change with every call: the row says itself which series it holds.
            return wal.append_wide(self.run, self.rank, names, step, self._time_ns(), payload)
        columns = self._columns_of(wal, names)
        if columns is None or not wal.append(columns.number, step, self._time_ns(), payload):
            return False
        self._columns = columns
        return True

    def _columns_of(self, wal: WalWriter, names: list[str]) -> Columns | None:
        """Return the columns for these series in this WAL, defining them where needed; None if the disk is full."""
        key = tuple(names)
        columns = self._known.get(key)
        if columns is None:
            number = wal.define_columns(self.run, self.rank, names)
            if number is None:
                return None
            columns = self._known[key] = Columns(names, number, wal)
        return columns

    def _log_wide(self, names: list[str], metrics: dict[str, float], step: int) -> bool:
        """Log a row of floats that names its own series, all of which are defined; return whether it was one and is stored.

        Keys that change with every call would otherwise define columns with every call. As in `log`.
        """
        wal = self._wal
        values = [*metrics.values()]
        packing = _wide_packings.get(len(values)) or _wide_packing(len(values))
        tags, size, pack, put = packing
        try:
            payload = dumps(values, MARSHAL_VERSION)
        except ValueError:
            payload = b""
        if payload[5::9] != tags:
            payload = _payload_of_numbers(values)  # type: ignore[arg-type]
            if payload[5::9] != tags:
                return False
        if wal is None:
            return False
        try:
            numbers = map(wal.series_numbers.__getitem__, names)
            start = pack(
                size,
                layout.WIDE_ROW,
                step,
                self._time_ns(),
                wal.run_numbers[self._run_key],
                *numbers,
                payload,
            )
        except (KeyError, struct.error):  # a series that is new; a step beyond 64 bits
            return False
        while True:
            state = wal.state
            offset, crc, rows = state
            end = offset + size
            if end > wal.limit:
                return False
            crc = crc32(start, crc)
            after = (end, crc, rows + 1)
            if wal.state is state:
                # Nothing may come between these two: see "How it is safe".
                wal.state = after; put(wal.map, offset, start, crc)  # noqa: E702  # fmt: skip
                self._step = step
                return True

    def _define(self, names: list[str]) -> Columns | None:
        """Return new columns for a call with these keys, or None where the call must go the slow way."""
        wal = self._wal
        session = self._session
        if wal is None or wal.is_closed or session.is_defining:
            return None
        if not _are_storable(names):
            return None
        session.is_defining = True
        try:
            return self._columns_of(wal, names)
        finally:
            session.end_defining()

    def after_fork(self) -> None:
        """Take over what the forked child's session made anew."""
        self._lock = self._session.lock

    def end(self) -> None:
        """Make every later call of `log` raise RunEndedError."""
        self.is_ended = True
        self._columns = NO_COLUMNS
        self._known = {}
        self._wal = None

    def _usable_step(self, step: object, metrics: dict[str, object]) -> tuple[int, dict[str, object]]:
        if step is None:
            return self._step + 1, metrics
        try:
            number = index(step)  # type: ignore[arg-type]
        except TypeError:
            pass
        else:
            if number in _INT64:
                return number, metrics
            self._odd(f"step {number} needs more than 64 bits; the next step was used instead", 0)
            return self._step + 1, metrics
        try:
            real = float(step)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise BadArgumentError(
                f"`step` of `log()` must be a whole number; got {step!r}",
                hint="log other axes as series of their own (`epoch`, `tokens`): any series can be the x-axis",
            ) from error
        if real.is_integer() and int(real) in _INT64:
            return int(real), metrics
        self._odd(f"step {real!r} is not a whole number; it was kept as the series `step`", 0)
        return self._step + 1, {"step": real, **metrics}

    def _packed(self, metrics: dict[str, object], step: int) -> tuple[list[str], bytes, bool]:
        """Return the names and the payload of the numbers that can be stored, and whether there were rich values."""
        parts: dict[str, bytes] = {}
        has_rich = False
        for key, value in metrics.items():
            if value.__class__ is Prepared and self._on_rich is not None:
                why = value.why or self._on_rich(_name(key), value, step)
                if why is None:
                    has_rich = True
                else:
                    self._odd(f"`{key}`: {why}", 1, _name(key))
                continue
            packed = _pack_value(value)
            if packed is None:
                self._odd(f"`{key}` is {_described(value)}, not a number that can be stored", 1, _name(key))
                continue
            name = _name(key)
            if name in parts:
                self._odd(f"two keys of one call become the series `{name}`; the last one was stored", 1)
            parts[name] = packed
        names = [*parts]
        payload = layout.ROW_PREFIX.pack(layout.ROW_TAG, len(names)) + b"".join(parts.values())
        return names, payload, has_rich

    def _odd(self, text: str, values: int, what: str = "") -> None:
        """Count what cannot be stored and say it, once for each `what` of a run, and not for very many."""
        self.unusable += values
        if self.strict:
            raise NotStoredError(
                f"run {self.run[:8]}: {text}", hint="drop `strict=True` to count such values instead"
            )
        said = self._odd_said
        if what not in said and len(said) < MAX_ODD_SAID:
            said.add(what)
            self._session.warn_once(
                ("odd", self.run, what), f"run {self.run[:8]}: {text} (said once; all are counted)"
            )


_PLAIN = frozenset({float, int, bool, str, type(None)})
_float_like: set[type] = {float}
_exact_in_float: set[type] = {float, int, bool}
_tensors: set[type] = set()


def _payload_of_numbers(values: list[object]) -> bytes:
    """Return the payload of values that all become floats without loss; empty bytes where that is not certain."""
    types = {*map(type, values)}
    if not types.isdisjoint(_tensors):
        # One number of a tensor costs what `item` costs; asking for `__index__` first would raise inside the library.
        try:
            if types <= _tensors:
                values = [value.item() for value in values]  # type: ignore[attr-defined]
            else:
                values = [value.item() if value.__class__ in _tensors else value for value in values]  # type: ignore[attr-defined]
            payload = dumps(values, MARSHAL_VERSION)
        except Exception:  # noqa: BLE001  a tensor of several numbers; the caller looks at each value
            return b""
        if payload[5::9] == layout.FLOAT_TAG * len(values):
            return payload
        types = {*map(type, values)}
    if types <= _float_like:
        return dumps([*map(float, values)], MARSHAL_VERSION)  # type: ignore[arg-type]
    if types <= _exact_in_float:
        try:
            floats = [*map(float, values)]  # type: ignore[arg-type]
        except OverflowError:
            return b""
        return dumps(floats, MARSHAL_VERSION) if floats == values else b""
    for kind in types - _exact_in_float - _float_like:
        if kind.__module__.partition(".")[0] in ("torch", "jaxlib", "jax", "tensorflow") and hasattr(
            kind, "item"
        ):
            _tensors.add(kind)
            return _payload_of_numbers(values)
        # Real numbers that are no whole numbers, such as NumPy's float32: they have no `__index__`.
        if kind.__module__ == "numpy" and hasattr(kind, "is_integer") and not hasattr(kind, "__index__"):
            _float_like.add(kind)
    return dumps([*map(float, values)], MARSHAL_VERSION) if types <= _float_like else b""  # type: ignore[arg-type]


def _are_storable(names: list[str]) -> bool:
    """Return whether all names can stand in the WAL as they are."""
    return bool(names) and {*map(type, names)} == {str} and len(max(names, key=len)) <= MAX_NAME_BYTES // 4


def _as_dict(metrics: object, named: dict[str, object]) -> dict[str, object]:
    """Return all that was passed as one dict. Raises BadArgumentError for a wrong call."""
    if metrics is None:
        if not named:
            raise BadArgumentError("`log()` needs metrics; got none", hint='write `run.log({"loss": 0.5})`')
        return named
    keys = getattr(metrics, "keys", None)
    if not callable(keys) or not hasattr(metrics, "__getitem__"):
        raise BadArgumentError(
            f"`log()` takes a dict of names and numbers; got {_described(metrics)}",
            hint='write `run.log({"loss": 0.5}, step=1)` or `run.log(loss=0.5)`',
        )
    return {**{key: metrics[key] for key in keys()}, **named}


def _name(key: object) -> str:
    name = key if key.__class__ is str else str(key)
    if len(name) > MAX_NAME_BYTES // 4:
        return name.encode("utf-8", "backslashreplace")[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    return name


def _pack_value(value: object) -> bytes | None:
    """Return a tag and bytes for a number; None for what is not one."""
    if value.__class__ is float:
        return struct.pack("<cd", b"g", value)
    if value.__class__ is str or value is None:
        return None
    if value.__class__ is int:
        return _pack_whole(value)
    try:
        number = index(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  a stranger's conversion may raise anything; it is tried as a float next
        number = None
    if number is not None:
        return _pack_whole(number)
    try:
        return struct.pack("<cd", b"g", float(value))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  as above; the caller counts the value and says so
        return None


def _pack_whole(number: int) -> bytes | None:
    """Return a whole number as a float where that is exact, else in two's complement; None if it is too long."""
    try:
        real = float(number)
    except OverflowError:
        real = 0.0
    if real == number:
        return struct.pack("<cd", b"g", real)
    length = number.bit_length() // 8 + 1
    if length > MAX_EXACT_BYTES:
        return None
    return struct.pack("<cI", b"Z", length) + number.to_bytes(length, "little", signed=True)


def _described(value: object) -> str:
    """Return the kind of a value, never its text, which may be a secret."""
    return "None" if value is None else f"a {type(value).__qualname__}"
