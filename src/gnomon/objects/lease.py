"""Who may be about to name objects, and which packs are about to go: how adding and deleting meet without waiting.

Whoever adds takes a lease before it looks which objects are here, and holds it until its entries are written: a file under
`objects/.adding/`, locked while the process lives. Whoever deletes marks the pack first, in `objects/.going/`, and then looks
for leases. So either the adder sees the mark, and stores anew what only that pack holds, or the deleter sees the lease, and
leaves the pack. Nobody waits for anybody.

Always true: a lease ends with its process; a mark without a pack means nothing, nor does one that is 30 days old. A lease of
another boot or machine, or on a disk without locks, counts as held for 30 days: nobody can prove its end.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.record.held import HeldFile

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from gnomon.env import Env

ADDING, GOING, DELETING = ".adding", ".going", ".deleting"
UNPROVEN_NS = 30 * 86_400 * 10**9
LEFTOVER_NS = 86_400 * 10**9
CLOCK_NS = 2 * 10**9  # two files made within this may have their times in the wrong order
_HOLDER = re.compile(r"([0-9a-f]{32}) ([0-9]{1,10})\n")


class Holder(NamedTuple):
    """Who holds a lease: its process id where it is on this machine, and since when."""

    process: int | None
    since_ns: int


class Lease:
    """Held from before the first look at the objects until the entries that name them are written."""

    def __init__(self, env: Env, objects_folder: str) -> None:
        """Take it. Raises OSError where the disk refuses."""
        folder = f"{objects_folder}/{ADDING}"
        env.make_folder(folder)
        self._env = env
        name = env.random_bytes(8).hex()
        # It appears whole and locked, so that one without a lock has surely ended.
        self._path: str | None = f"{folder}/.{name}.tmp"
        fd = env.create(self._path)
        self._file: HeldFile | None = HeldFile(env, self._path, fd)
        try:
            env.lock_new(fd)
            env.write(fd, f"{env.boot_id().hex()} {env.process_id()}\n".encode("ascii"))
            env.replace(self._path, f"{folder}/{name}")
            self._path = f"{folder}/{name}"
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Give it back; what cannot be removed now is removed when it is met. Does nothing the second time."""
        path, self._path = self._path, None
        if path is not None:
            with contextlib.suppress(OSError):
                self._env.unlink(path)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the open file alone: in a forked child, whose parent goes on holding the lease."""
        file, self._file = self._file, None
        self._path = None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


@contextlib.contextmanager
def held(env: Env, objects_folder: str) -> Iterator[None]:
    """Hold a lease for the length of a `with` block."""
    lease = Lease(env, objects_folder)
    try:
        yield
    finally:
        lease.end()


def holders(env: Env, objects_folder: str, *, before_ns: int | None = None) -> list[Holder]:
    """Return who holds a lease (that may be older than a mark made at `before_ns`), and remove leases that have ended."""
    folder = f"{objects_folder}/{ADDING}"
    found = []
    for name, state in env.list_folder(folder):
        path = f"{folder}/{name}"
        if name.startswith("."):  # one that is being made, or that a crash left
            if env.time_ns() - state.st_mtime_ns > LEFTOVER_NS:
                with contextlib.suppress(FileNotFoundError):
                    env.unlink(path)
            continue
        holder = _holder(env, path, state)
        if holder is None:
            with contextlib.suppress(FileNotFoundError):  # somebody else removed it
                env.unlink(path)
        elif before_ns is None or state.st_mtime_ns <= before_ns + CLOCK_NS:
            found.append(holder)
    return found


def _holder(env: Env, path: str, state: os.stat_result) -> Holder | None:
    """Return who holds a lease; None where it has ended."""
    try:
        fd = env.open_read(path)
    except FileNotFoundError:
        return None
    try:
        said = _HOLDER.fullmatch(env.read(fd, 64).decode("ascii", "replace"))
        boot = env.boot_id()
        if said is not None and said[1] == boot.hex() and any(boot):
            with contextlib.suppress(OSError):  # a disk without locks
                return None if env.is_lock_free(fd) else Holder(int(said[2]), state.st_mtime_ns)
    finally:
        env.close(fd)
    return Holder(None, state.st_mtime_ns) if env.time_ns() - state.st_mtime_ns < UNPROVEN_NS else None


# ---------------------------------------------------------------- marks


def mark(env: Env, objects_folder: str, pack: str) -> int:
    """Say that a pack (by its name) is about to go; return since when. Raises OSError."""
    folder = f"{objects_folder}/{GOING}"
    env.make_folder(folder)
    path = f"{folder}/{pack}"
    with contextlib.suppress(FileNotFoundError):
        if env.time_ns() - env.stat(path).st_mtime_ns > UNPROVEN_NS // 2:
            env.unlink(path)  # adders heed no old one; whoever looked before the new one holds a lease
    with contextlib.suppress(FileExistsError):
        env.close(env.create(path))
    return env.stat(path).st_mtime_ns


def unmark(env: Env, objects_folder: str, pack: str) -> None:
    """Take a mark back; does nothing where there is none."""
    with contextlib.suppress(FileNotFoundError):
        env.unlink(f"{objects_folder}/{GOING}/{pack}")


def marked(env: Env, objects_folder: str) -> frozenset[str]:
    """Return the names of the packs that are about to go."""
    found = env.list_folder(f"{objects_folder}/{GOING}")
    return frozenset(name for name, state in found if env.time_ns() - state.st_mtime_ns < UNPROVEN_NS)


def stale_marks(env: Env, objects_folder: str) -> frozenset[str]:
    """Return the names of the packs whose marks nobody heeds any more."""
    found = env.list_folder(f"{objects_folder}/{GOING}")
    return frozenset(name for name, _ in found) - marked(env, objects_folder)


@contextlib.contextmanager
def alone(env: Env, objects_folder: str) -> Iterator[bool]:
    """Hold the right to delete for a `with` block: yields whether nobody else had it. Who adds needs no such right."""
    env.make_folder(objects_folder)
    fd = env.open_lock(f"{objects_folder}/{DELETING}")
    try:
        is_ours = True
        with contextlib.suppress(OSError):  # a disk without locks
            is_ours = env.try_lock(fd)
        yield is_ours
    finally:
        env.close(fd)
