"""Keeping files few: closed WALs become segments, small logs and packs become large ones, without anybody asking.

Whoever ends next (a training, a command) looks at how many small files its writer has; where there are many it starts
this module in a process of its own, which a training never waits for. One at a time: the others leave at once.

Always true: nothing is deleted before what replaces it is durable, and only with proof of coverage (docs/internals/
record-format.md, "Bundles"); being killed at any moment leaves a record that is whole.
The end of every training loads this module, so its top imports nothing that a training does not have.
`GNOMON_UPKEEP` says when: `background` (the default), `now` (before the process ends), `off`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from gnomon.env import REAL, Env
from gnomon.errors import RecordError, StorageError
from gnomon.record.home import BUNDLE_SUFFIX, Home, open_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.session import Session

LOGS_TO_BUNDLE = 32
WALS_TO_SEAL = 32
WAL_BYTES_TO_SEAL = 64 << 20
PACKS_TO_MERGE = 32
PACK_IS_SMALL = 1 << 20  # as in `objects.merge`, which need not be loaded to look
LOCK_FILE = "upkeep.lock"
ERASURES_FILE = "erasures.seen"
TRACE_FILE = "upkeep.failed"
PATIENCE_S, PAUSE_S = 10.0, 0.02
_children: list[int] = []  # process ids of upkeep that this process started


def is_due(home: Home, writer: str) -> bool:
    """Return whether this writer has so many small files that some should be joined."""
    env = home.env
    logs = [name for name, _ in env.list_folder(home.folder("log", writer)) if name.endswith(".jsonl")]
    if sum(not name.endswith(BUNDLE_SUFFIX) for name in logs) >= LOGS_TO_BUNDLE:
        return True
    wals = [
        state.st_size
        for name, state in env.list_folder(home.folder("points", writer))
        if name.endswith(".wal")
    ]
    if len(wals) >= WALS_TO_SEAL or sum(wals) >= WAL_BYTES_TO_SEAL:
        return True
    packs = [
        name
        for name, state in env.list_folder(home.folder("objects", writer))
        if name.endswith(".pack") and state.st_size < PACK_IS_SMALL
    ]
    return len(packs) >= PACKS_TO_MERGE or _is_erasure_due(home)


def _is_erasure_due(home: Home) -> bool:
    if not home.env.list_folder(os.path.join(home.path, "erased")):
        return False
    from gnomon.record.index_place import place_for

    place = place_for(home, home.env)
    return place is not None and has_unseen_erasures(home, place.folder)


def start_if_due(home: Home, writer: str) -> None:
    """Start upkeep in a process of its own where it is due. Never raises for the system's sake."""
    when = home.env.getenv("GNOMON_UPKEEP") or "background"
    try:
        let_go_of_ended()
        if when == "off" or not is_due(home, writer):
            return
        if when == "now":
            do_upkeep(home.path, home.env)
            return
        _start(home.path)
    except (OSError, RecordError, StorageError) as error:
        import logging

        logging.getLogger("gnomon").info("upkeep of `%s` was not done: %s", home.path, error)


def _start(path: str) -> None:
    """Start upkeep of a record as a process that nobody waits for. Raises OSError.

    By `posix_spawn`: the end of a training does not load `subprocess` for it. `-P` keeps modules of the working folder out.
    """
    command = [sys.executable, "-P", "-m", "gnomon.upkeep", path]
    quiet = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet, setsid=True)
    except NotImplementedError:  # a system without the means to begin a session of its own so
        child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _children.append(child)


def let_go_of_ended() -> None:
    """Let the system forget upkeep of this process that has ended: a notebook may see it start many times."""
    for child in list(_children):
        try:
            ended, _ = os.waitpid(child, os.WNOHANG)
        except ChildProcessError:  # the child of a process that forked this one, or waited for already
            ended = child
        if ended:
            _children.remove(child)


def do_upkeep(path: str, env: Env = REAL) -> list[str]:
    """Join what is small and seal what is closed, for this device's writer; return one line for each thing done.

    Returns at once where another process is at it. Raises OSError, StorageError, RecordError; the record is whole then too.
    """
    from gnomon.record.index_place import place_for
    from gnomon.record.keys import load_device_key
    from gnomon.sync.dissolved import noting

    home = open_home(path, env)
    place = place_for(home, env)
    if place is None:
        return []
    with env.held_lock(os.path.join(place.folder, LOCK_FILE)) as is_ours:
        if not is_ours:
            return []
        writer = load_device_key(env).writer
        with noting(home, writer):
            done = [
                *_finish_erasures(home, place.folder),
                *_count_points_first(home),
                *_seal(home, writer),
                *_merge_segments(home, writer),
                *_join_logs(home, writer),
            ]
            done += _merge_packs(home, writer)
        if done:
            _update_index(home)
        return done


@contextlib.contextmanager
def kept_off(home: Home) -> Iterator[None]:
    """Keep upkeep off while a block reads many files: what was listed stays where it is. Several such blocks may run at once.

    Waits for upkeep that is at work, `PATIENCE_S` at most. Then, or where locks do not work, the block runs all the same.
    """
    fd = _shared_lock(home)
    try:
        yield
    finally:
        if fd is not None:
            home.env.close(fd)


def _shared_lock(home: Home) -> int | None:
    """Return the open lock file of upkeep, whose lock is held if that could be had; None where there is no such file."""
    from gnomon.record.index_place import place_for

    env = home.env
    try:
        place = place_for(home, env)
        if place is None:
            return None
        fd = env.open_lock(os.path.join(place.folder, LOCK_FILE))
    except OSError:  # nowhere to write: nothing is kept up there either
        return None
    try:
        until = time.monotonic() + PATIENCE_S
        while not env.try_shared_lock(fd) and time.monotonic() < until:
            time.sleep(PAUSE_S)
    except OSError:  # a disk without locks
        pass
    except BaseException:
        env.close(fd)
        raise
    return fd


def make_sealed(home: Home, writer: str) -> None:
    """Seal every closed WAL and bundle every closed log of this writer, few as they are: a sync publishes sealed files.

    Does nothing where upkeep is at it already; what is left over is published as a copy. Raises as `do_upkeep`.
    """
    from gnomon.record.index_place import place_for
    from gnomon.session import session_for
    from gnomon.sync.dissolved import noting

    place = place_for(home, home.env)
    if place is None:
        return
    with home.env.held_lock(os.path.join(place.folder, LOCK_FILE)) as is_ours:
        if not is_ours:
            return
        with noting(home, writer):
            if home.env.list_folder(home.folder("points", writer)):
                _seal(home, writer, enough=1)
                _merge_segments(home, writer)
            session = session_for(home.path, env=home.env)
            if session.log is not None and not session.points:
                session.log.close()  # the entries of this sync need not wait for the next one
            _join_logs(home, writer, enough=1)
            _merge_packs(home, writer)


def _finish_erasures(home: Home, folder: str) -> list[str]:
    """Take out what was erased, where an old copy brought it back, or the erasing was interrupted."""
    if not has_unseen_erasures(home, folder):
        return []
    from gnomon.features import declare_features
    from gnomon.objects import erase

    declare_features()
    done = erase.finish(home)
    if done is None or done.left:
        return []  # a process writes: the next one that ends tries again
    with open(os.path.join(folder, ERASURES_FILE), "w", encoding="ascii") as file:
        file.write(_erasures(home))
    return [f"took {len(done.gone)} packs with erased objects out"] if done.gone else []


def has_unseen_erasures(home: Home, folder: str) -> bool:
    """Return whether something was erased, and packs or tombstones are here that nobody has looked at since."""
    if not home.env.list_folder(os.path.join(home.path, "erased")):
        return False
    try:
        return home.env.read_file(os.path.join(folder, ERASURES_FILE)) != _erasures(home).encode("ascii")
    except FileNotFoundError:
        return True


def _erasures(home: Home) -> str:
    from gnomon.record.hashing import derive_hex

    names = [name for name, _ in home.env.list_folder(os.path.join(home.path, "erased"))]
    return derive_hex("erased", "\n".join([*names, *(path for path, _ in home.pack_files())]).encode())


def _count_points_first(home: Home) -> list[str]:
    """Let the index read the WALs before they are sealed: it then need not read the segments."""
    _update_index(home)
    return []


def _update_index(home: Home) -> None:
    from gnomon.replica import Replica

    with Replica.open(home.path, home.env) as replica:
        replica.update()


def _seal(home: Home, writer: str, enough: int | None = None) -> list[str]:
    from gnomon.points.deletion import CLOSED, DEAD, delete_wal, life_of
    from gnomon.points.seal import seal
    from gnomon.session import session_for

    env, folder = home.env, home.folder("points", writer)
    loose = [
        os.path.join(folder, name)
        for name, _ in env.list_folder(folder)
        if name.endswith(".wal") and not name.startswith(".")
    ]
    wals = [wal for wal in loose if life_of(env, wal) in (CLOSED, DEAD)]
    if (
        len(wals) < (enough or WALS_TO_SEAL)
        and sum(env.stat(wal).st_size for wal in wals) < WAL_BYTES_TO_SEAL
    ):
        return []
    segments = seal(env, folder, wals)
    session = session_for(home.path, env=env)
    for segment in segments:
        for subject, body in segment.entries:
            session.append("points.sealed", subject, body, strict=True)
    if not session.sync():
        return []
    gone = 0
    by_wal = {cover.wal: segment for segment in segments for cover in segment.covers}
    for wal in wals:
        name = os.path.basename(wal).removesuffix(".wal")
        gone += bool(delete_wal(env, wal, by_wal.get(name)))
    return [f"sealed {len(wals)} WALs into {len(segments)} segments; {gone} WALs deleted"]


def _merge_segments(home: Home, writer: str) -> list[str]:
    from gnomon.points.deletion import may_delete_segment
    from gnomon.points.seal import merge_segments, worth_merging

    env, folder = home.env, home.folder("points", writer)
    done: list[str] = []
    while True:
        sizes = {
            os.path.join(folder, name): state.st_size
            for name, state in env.list_folder(folder)
            if name.endswith(".parquet") and not name.startswith(".")
        }
        parts = worth_merging(sizes)
        if len(parts) < 2:
            return done
        merged = [segment.path for segment in merge_segments(env, folder, parts)]
        gone = [part for part in parts if part not in merged and may_delete_segment(env, part, merged)]
        for part in gone:
            env.unlink(part)
        done.append(f"merged {len(parts)} segments into {len(merged)}; {len(gone)} deleted")
        if not gone:
            return done


def _join_logs(home: Home, writer: str, enough: int | None = None) -> list[str]:
    from gnomon.record.bundle import bundle_small_files

    gone = bundle_small_files(home, writer, enough=enough or LOGS_TO_BUNDLE)
    return [f"joined {len(gone)} logs"] if gone else []


def _merge_packs(home: Home, writer: str) -> list[str]:
    from gnomon.objects.lease import holders
    from gnomon.objects.merge import merge_packs, sweep

    folder = home.folder("objects", writer)
    joined = merge_packs(home.env, folder, small=PACK_IS_SMALL, enough=PACKS_TO_MERGE)
    holders(home.env, os.path.join(home.path, "objects"))  # removes leases that have ended
    for part in ("log", "points", "objects"):
        sweep(home.env, home.folder(part, writer))
    return [f"joined {joined} packs"] if joined else []


def end_of_session(session: Session) -> None:
    """Look after the record that a session wrote to, now that it is closed."""
    if session.home is not None and session.writer:
        start_if_due(session.home, session.writer)


def last_failure(home: Home) -> str | None:
    """Return what went wrong when upkeep was last tried in the background; None where it went well."""
    from gnomon.record.index_place import place_for

    place = place_for(home, home.env)
    try:
        return (
            home.env.read_file(os.path.join(place.folder, TRACE_FILE)).decode("utf-8", "replace")
            if place
            else None
        )
    except FileNotFoundError:
        return None


def main(path: str, env: Env = REAL) -> None:
    """Do upkeep with nobody watching: what goes wrong is left beside the index, where `gnomon doctor` finds it."""
    from gnomon.record.index_place import place_for

    place = place_for(open_home(path, env), env)
    trace = os.path.join(place.folder, TRACE_FILE) if place is not None else os.devnull
    try:
        do_upkeep(path, env)
    except Exception:  # noqa: BLE001  nobody sees it otherwise; the trace holds all of it
        import traceback

        with open(trace, "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
        sys.exit(1)
    if place is not None and os.path.exists(trace):
        env.unlink(trace)


if __name__ == "__main__":
    os.nice(10)
    os.chdir("/")  # no folder of the training's is held
    os.closerange(3, 1 << 16)  # nor any file that it left to its children
    main(sys.argv[1])
