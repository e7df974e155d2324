"""What a remote can promise, found out by trying: `gnomon remote test URL`.

Everything is written below one name made by chance and deleted afterwards. What sync needs is told apart from what it can do
without: a list that lags only makes news arrive later, and a server that overwrites harms nobody, since equal names have equal
bytes.

Always true: a check that raised has failed, and says why; one that could not be made says `cannot tell`, never `pass`.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import RemoteError
from gnomon.sync.store import each, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env
    from gnomon.sync.store import Store

PASS, FAIL, CANNOT_TELL = "pass", "fail", "cannot tell"
NAMES = 1_500  # more than one page of any bucket's listing
LARGE = 64 << 20  # the largest pack
_TORN_BYTES = 8 << 20
_TRIES = 10
_LAG_S = 30.0  # how long a list may lag before it is given up
_MOST_SKEW_S = 300.0  # S3 refuses requests from 900 s
_TOLD_S = 0.05


class Finding(NamedTuple):
    """What one check found. `is_needed`: whether sync can do without it."""

    name: str
    result: str
    text: str
    is_needed: bool = True


class _Cannot(Exception):
    """A check cannot be made with this kind of remote; its text says why."""


class Trial:
    """A remote under test. `kind`: folder, bucket, ssh or git."""

    def __init__(self, env: Env, url: str, near: str | None) -> None:
        self.env = env
        self.url = url
        self._near = near
        self._opened: list[Store] = []
        name = f"gnomon-test-{env.random_bytes(6).hex()}"
        self.kind = _kind(url)
        self._place = url if self.kind == "git" else f"{url.rstrip('/')}/{name}"
        self.folder = name if self.kind == "git" else "heads"
        self._is_new = self.kind == "folder" and not os.path.exists(url.removeprefix("file://"))
        self.store = self.another()

    def another(self) -> Store:
        """Open it once more, as another person would."""
        self._opened.append(open_store(self._place, self.env, self._near))
        return self._opened[-1]

    def path(self, name: str) -> str:
        """Return the path of a file under test."""
        return f"{self.folder}/{name}"

    def put(self, name: str, data: bytes | str, store: Store | None = None) -> None:
        """Write a file, and push it where that is a step of its own."""
        store = store or self.store
        store.write(self.path(name), data)
        store.finish()

    def names(self, store: Store | None = None) -> dict[str, int]:
        """Return what a listing shows now, name to size."""
        store = store or self.fresh()
        return {path.rpartition("/")[2]: size for path, size in store.list(f"{self.folder}/")}

    def fresh(self) -> Store:
        """Return a store that has seen nothing yet."""
        if self.kind != "git":
            return self.store
        self.store.close()  # its next question asks the remote
        return self.store

    def clean(self) -> list[str]:
        """Delete all that was written; return what is left."""
        store = self.fresh()
        store.delete([path for path, _ in store.list(f"{self.folder}/")])
        store.finish()
        left = sorted(path for path, _ in self.fresh().list(f"{self.folder}/"))
        if self.kind == "folder" and not left:
            self._remove_folders()
        elif self.kind == "ssh":
            store.remove_folders()  # type: ignore[attr-defined]
        return left

    def _remove_folders(self) -> None:
        base = self._place.removeprefix("file://")
        for folder in (os.path.join(base, "heads"), base, *([os.path.dirname(base)] if self._is_new else [])):
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(folder)

    def close(self) -> None:
        """Close all that was opened."""
        for store in self._opened:
            store.close()


def _kind(url: str) -> str:
    if url.startswith("git+"):
        return "git"
    scheme = url.partition("://")[0] if "://" in url else ""
    return {"ssh": "ssh", "": "folder", "file": "folder"}.get(scheme, "bucket")


def findings(
    env: Env,
    url: str,
    near: str | None = None,
    *,
    is_quick: bool = False,
    told: Callable[[str], None] | None = None,
) -> Iterator[Finding]:
    """Try a remote; yield what each check found, as it ends.

    `is_quick` leaves out the checks that take long. `told` is told the name of each check that begins. Raises RemoteError
    where the remote cannot be reached at all, BadArgumentError.
    """
    told = told or (lambda _: None)
    trial = Trial(env, url, near)
    try:
        told("reaching it")
        trial.names()
        for name, is_needed, is_long, check in CHECKS:
            if not (is_quick and is_long):
                told(name)
                yield _found(trial, name, is_needed, check)
        told("cleaning up")
        yield _found(trial, "cleaned up", False, _cleaned)
    except BaseException:
        with contextlib.suppress(RemoteError, OSError):
            trial.clean()  # as far as it goes; what happened before is what is told
        raise
    finally:
        trial.close()


def _found(trial: Trial, name: str, is_needed: bool, check: Callable[[Trial], tuple[bool, str]]) -> Finding:
    try:
        is_kept, text = check(trial)
    except _Cannot as why:
        return Finding(name, CANNOT_TELL, str(why), is_needed)
    except (RemoteError, OSError) as error:
        return Finding(name, FAIL, getattr(error, "message", str(error)), is_needed)
    return Finding(name, PASS if is_kept else FAIL, text, is_needed)


def _noise(seed: int, count: int) -> bytes:
    return random.Random(seed).randbytes(count)  # noqa: S311 - bytes to be told apart, no secret


# ---------------------------------------------------------------- the checks


def _read_after_write(trial: Trial) -> tuple[bool, str]:
    for number in range(3):
        data = os.urandom(1000) + b"\0\r\n\xff"
        trial.put(f"read-{number}", data)
        try:
            if trial.fresh().read(trial.path(f"read-{number}")) != data:
                return False, "other bytes came back than were written"
        except FileNotFoundError:
            return False, "what was just written was not there"
    return True, "what was written is read back at once"


def _whole_writes(trial: Trial) -> tuple[bool, str]:
    """Look at a file while it is being written: it must be whole or not there."""
    if trial.kind == "git":
        return True, "a push sets a ref when all of it is there"
    data = _noise(3, _TORN_BYTES)
    looker, is_done, seen = trial.another(), threading.Event(), [0, 0]

    def look() -> None:
        while not is_done.is_set():
            for name, size in trial.names(looker).items():
                if name.startswith("whole-") and size != len(data):
                    seen[1] += 1
            seen[0] += 1

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            for number in range(3):
                trial.put(f"whole-{number}", data)
        finally:
            is_done.set()
        looking.result()
    if seen[1]:
        return False, f"half a file was seen {seen[1]} times: copies of it may be torn"
    if any(trial.store.read(trial.path(f"whole-{number}")) != data for number in range(3)):
        return False, "other bytes came back than were written"
    return True, f"no half file in {seen[0]} looks while 3 × {_TORN_BYTES >> 20} MB were written"


def _list_after_write(trial: Trial) -> tuple[bool, str]:
    return _lag(trial, "listed", lambda name: trial.put(name, b"1"), should_show=True)


def _list_after_delete(trial: Trial) -> tuple[bool, str]:
    def delete(name: str) -> None:
        trial.store.delete([trial.path(name)])
        trial.store.finish()

    for number in range(_TRIES // 2):
        trial.put(f"unlisted-{number}", b"1")
    return _lag(trial, "unlisted", delete, should_show=False)


def _lag(trial: Trial, stem: str, do: Callable[[str], None], *, should_show: bool) -> tuple[bool, str]:
    """Do something to a name, again and again, and see how long a listing shows the old state."""
    worst = 0.0
    for number in range(_TRIES // 2):
        name = f"{stem}-{number}"
        do(name)
        began = time.monotonic()
        is_first = True
        while (name in trial.names()) is not should_show:
            is_first = False
            if time.monotonic() - began > _LAG_S:
                return False, f"after {_LAG_S:.0f} s the list still showed the old state"
            time.sleep(_TOLD_S)
        worst = max(worst, 0.0 if is_first else time.monotonic() - began)
    if worst:
        return (
            False,
            f"the list lagged by up to {worst:.1f} s; sync then finds news that much later, and loses nothing",
        )
    return True, f"the list was right at once, {_TRIES // 2} of {_TRIES // 2} times"


def _ranges(trial: Trial) -> tuple[bool, str]:
    data = _noise(5, 300_000)
    trial.put("ranged", data)
    path = trial.path("ranged")
    store = trial.fresh()
    for first, size in ((0, 10), (100_000, 5000), (299_990, 10), (299_990, 500), (300_000, 5)):
        if store.read(path, first, size) != data[first : first + size]:
            return False, f"bytes {first:,} to {first + size:,} are not those that were written"
    return True, "parts of a file come alone"


def _many_names(trial: Trial) -> tuple[bool, str]:
    count = NAMES if trial.kind != "git" else NAMES // 10  # each is a ref there
    names = [f"many-{number:04}" for number in range(count)]
    each(trial.store, lambda name: _write(trial, name), names)
    trial.store.finish()
    found = sum(name.startswith("many-") for name in trial.names())
    return found == count, f"a list showed {found:,} of {count:,} names"


def _write(trial: Trial, name: str) -> None:
    trial.store.write(trial.path(name), b"1")


def _create_only(trial: Trial) -> tuple[bool, str]:
    if not trial.store.write(trial.path("once"), b"first", once=True):
        return False, "a file that was not there was said to be there"
    trial.store.finish()
    was_written = trial.fresh().write(trial.path("once"), b"second", once=True)
    trial.store.finish()
    if was_written or trial.fresh().read(trial.path("once")) != b"first":
        return False, "it overwrites: two who make a remote at the same moment find out afterwards"
    return True, "a file that is there is not written again"


def _large(trial: Trial) -> tuple[bool, str]:
    if trial.kind == "git":
        raise _Cannot("files of more than 50 MB are not sent to a Git remote, and no kept bytes")
    with tempfile.NamedTemporaryFile() as file:
        block = _noise(9, 1 << 20)
        for number in range(LARGE >> 20):
            file.write(number.to_bytes(4, "little") + block[4:])
        file.flush()
        began = time.monotonic()
        trial.put("large", file.name)
        middle = time.monotonic()
        file.seek(0)
        for piece in trial.fresh().pieces(trial.path("large")):
            if file.read(len(piece)) != piece:
                return False, "other bytes came back than were written"
        if file.read(1):
            return False, "it came back shorter than it was written"
    sent, got = LARGE / 1e6 / (middle - began), LARGE / 1e6 / (time.monotonic() - middle)
    return True, f"{LARGE >> 20} MB went at {sent:,.0f} MB/s and came back equal at {got:,.0f} MB/s"


def _case(trial: Trial) -> tuple[bool, str]:
    trial.put("case", b"lower")
    trial.put("CASE", b"upper")
    if (
        trial.fresh().read(trial.path("case")) == b"lower"
        and trial.store.read(trial.path("CASE")) == b"upper"
    ):
        return True, "`a` and `A` are two names"
    return False, "`a` and `A` are one name; Gnomon's names have small letters only"


def _two_writers(trial: Trial) -> tuple[bool, str]:
    if trial.kind == "git":
        raise _Cannot("one process here at a time; a push sets only refs that are as it saw them")
    stores = [trial.another(), trial.another()]

    def write(writer: int) -> None:
        store = stores[writer]
        for number in range(_TRIES):
            store.write(trial.path(f"two-{writer}-{number}"), f"{writer} {number}".encode())
            store.write(trial.path("two-same"), b"same")
        store.finish()

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(2)):
            pass
    found = sum(name.startswith("two-") for name in trial.names())
    if found != 2 * _TRIES + 1 or trial.fresh().read(trial.path("two-same")) != b"same":
        return False, f"of {2 * _TRIES + 1} files that two wrote at once {found} are there"
    return True, "what two wrote at once is all there"


def _clock(trial: Trial) -> tuple[bool, str]:
    trial.put("clock", b"1")
    now = trial.env.time_ns() / 1e9
    if trial.kind == "folder":
        there = os.stat(f"{trial.store.url}/{trial.path('clock')}").st_mtime
    elif trial.kind == "bucket":
        there = trial.store.modified_s(trial.path("clock"))  # type: ignore[attr-defined]
    else:
        raise _Cannot("it tells no times; sync needs none")
    skew = there - now
    text = f"its clock is {abs(skew):,.0f} s {'ahead of' if skew > 0 else 'behind'} this one; sync needs none"
    return abs(skew) < _MOST_SKEW_S, text + (
        "" if abs(skew) < _MOST_SKEW_S else ", but a bucket refuses requests from 15 minutes on"
    )


def _forgets(trial: Trial) -> tuple[bool, str]:
    """Whether what is deleted is gone: erasing a person's data is final only then."""
    if trial.kind == "git":
        return False, "hosts keep commits that no ref names, and their backups: erasing here is not final"
    if trial.kind != "bucket":
        raise _Cannot("snapshots and backups cannot be seen from here")
    kept = trial.store.keeps_versions(trial.path("versions"))  # type: ignore[attr-defined]
    if kept is None:
        raise _Cannot("soft delete, versions and locks of this cloud cannot be seen from here")
    if kept:
        return (
            False,
            "the bucket keeps old versions (a lock may even forbid to delete them): erasing here is not final",
        )
    return True, "the bucket keeps no old versions"


def _latency(trial: Trial) -> tuple[bool, str]:
    times: dict[str, list[float]] = {"write": [], "read": [], "list": []}
    for number in range(_TRIES // (1 if trial.kind != "git" else 3)):
        for what, do in (
            ("write", lambda number=number: trial.put(f"time-{number % 3}", b"x" * 1000 + bytes([number]))),
            ("read", lambda number=number: trial.fresh().read(trial.path(f"time-{number % 3}"))),
            ("list", trial.names),
        ):
            began = time.monotonic()
            do()
            times[what].append(time.monotonic() - began)
    return True, ", ".join(
        f"{what} {statistics.median(all_of) * 1000:,.0f} ms" for what, all_of in times.items()
    )


def _cleaned(trial: Trial) -> tuple[bool, str]:
    left = trial.clean()
    return (
        not left,
        f"{len(left)} files are left, such as `{left[0]}`" if left else "nothing of the test is left",
    )


CHECKS: tuple[tuple[str, bool, bool, Callable[[Trial], tuple[bool, str]]], ...] = (
    # name, whether sync needs it, whether it takes long, how
    ("read after write", True, False, _read_after_write),
    ("parts of a file", True, False, _ranges),
    ("whole writes", True, False, _whole_writes),
    ("two writers at once", True, False, _two_writers),
    ("many names", True, True, _many_names),
    ("a large file", True, True, _large),
    ("list after write", False, False, _list_after_write),
    ("list after delete", False, False, _list_after_delete),
    ("create-only", False, False, _create_only),
    ("case of names", False, False, _case),
    ("clock", False, False, _clock),
    ("forgets what is deleted", False, False, _forgets),
    ("time a request", False, False, _latency),
)


def can_be_used(found: list[Finding]) -> bool:
    """Return whether nothing that sync needs has failed."""
    return not any(one.is_needed and one.result == FAIL for one in found)
