"""Repair: put back from a remote what is damaged or missing here, exactly.

A sealed file is fetched again under its own name and held against it. A damaged log or WAL that its writer no longer writes is
put aside when sealed files, fetched and checked, hold all that it can have held. What is put aside is kept beside the index.

Always true: nothing is changed that a check does not find damaged; what was repaired verifies; what cannot be is named.
Layer: joins `sync` with verification.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError, RecordError
from gnomon.record.certificates import is_closed
from gnomon.record.files import replace_file
from gnomon.record.home import BUNDLE_SUFFIX, RECORD_FILE, open_home, read_record_file
from gnomon.record.index_place import place_for
from gnomon.record.lines import parse_line
from gnomon.record.problems import DAMAGE
from gnomon.sync.heads import files_of, read_head, that_count
from gnomon.sync.names import HEADS, sealed_file
from gnomon.sync.published import heads_here
from gnomon.sync.receive import receive
from gnomon.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.record.home import Home
    from gnomon.record.problems import Problem
    from gnomon.sync.store import Store
    from gnomon.verification import Progress

ASIDE = "damaged"


class Repaired:
    """What a repair did: paths that are as they were, and what is still wrong."""

    def __init__(self) -> None:
        self.repaired: list[str] = []
        self.aside: str = ""  # the folder that damaged files were moved to; '' where there were none
        self.left: list[Problem] = []


def repair(home: Home, store: Store, *, progress: Progress | None = None) -> Repaired:
    """Put back what is damaged, from a remote that was just synced with. Raises RemoteError, OSError."""
    done = Repaired()
    damaged = _damaged(home, progress)
    if RECORD_FILE in damaged and _record_file(
        home, store
    ):  # first: without it nobody knows whose the heads are
        done.repaired.append(RECORD_FILE)
        home = open_home(home.path, home.env)
        damaged = _damaged(home, None)
    for path in sorted(damaged - {RECORD_FILE}):
        if path.startswith(f"{HEADS}/"):
            is_back = _put_aside(home, path, done)  # the sync that follows fetches it
        elif sealed_file(path) is not None:
            is_back = _sealed(home, store, path, done)
        else:
            is_back = _live(home, path) and _put_aside(home, path, done)
        if is_back:
            done.repaired.append(path)
    if damaged or done.repaired:
        done.left = [
            problem for problem in Verification(home, progress=progress) if problem.severity == DAMAGE
        ]
        left = {problem.file for problem in done.left}
        done.repaired = [path for path in done.repaired if path not in left]
    return done


def _damaged(home: Home, progress: Progress | None) -> set[str]:
    return {problem.file for problem in Verification(home, progress=progress) if problem.severity == DAMAGE}


def _record_file(home: Home, store: Store) -> bool:
    data = store.read(RECORD_FILE, 0, 1 << 16)
    theirs = read_record_file(store.url, data, home.env)
    if not theirs.is_intact or not _is_of(home, theirs.record_id):
        return False
    replace_file(home.env, os.path.join(home.path, RECORD_FILE), data)
    return True


def _is_of(home: Home, record: str) -> bool:
    """Return whether this replica is of that record, by a signed head, since its own record.toml is damaged."""
    for writer in home.writers(HEADS):
        for name, _ in home.env.list_folder(os.path.join(home.path, HEADS, writer)):
            path = f"{HEADS}/{writer}/{name}"
            with contextlib.suppress(DamagedFileError):
                read_head(path, home.env.read_file(os.path.join(home.path, path)), record)
                return True
    return home.record_id == record


def _sealed(home: Home, store: Store, path: str, done: Repaired) -> bool:
    """Fetch a sealed file again; where its owner joined it with others meanwhile, it may go."""
    file = sealed_file(path)
    assert file is not None  # the caller looked  # noqa: S101
    for place in (path, *_same_elsewhere(home, path)):
        try:
            sizes = {found.path: found.size for found in store.list(f"{place.rpartition('/')[0]}/")}
            if place not in sizes:
                continue
            _keep_copy(home, path, done)
            receive(home, file, sizes[place], store.pieces(place))
        except (FileNotFoundError, DamagedFileError):
            continue
        return True
    heads = that_count(heads_here(home))
    is_published = any(head.name.writer == file.writer for head in heads)
    return is_published and path not in files_of(heads) and _put_aside(home, path, done)


def _same_elsewhere(home: Home, path: str) -> list[str]:
    """Return where heads list a file of the same name, which has the same bytes."""
    name = path.rpartition("/")[2]
    return [
        other for other in files_of(heads_here(home)) if other.rpartition("/")[2] == name and other != path
    ]


def _live(home: Home, path: str) -> bool:
    """Return whether sealed files hold all that a damaged log or WAL can have held."""
    name = os.path.basename(path)
    if path.startswith("log/"):
        lines = home.env.read_file(os.path.join(home.path, path)).count(b"\n")
        best = _longest_copy(home, name.removesuffix(".jsonl"))
        return bool(best) and (is_closed(parse_line(best[0]), parse_line(best[-1])) or len(best) > lines)
    from gnomon.points.segment import covers_of

    covers = [
        cover
        for segment, _ in home.segment_files()
        for cover in _sound(home, segment, covers_of)
        if cover.wal == name.removesuffix(".wal")
    ]
    return any(cover.closed and cover.missing == 0 for cover in covers)


def _sound(home: Home, path: str, covers_of: object) -> Iterable:  # type: ignore[type-arg]
    with contextlib.suppress(DamagedFileError, OSError):
        return covers_of(home.env, os.path.join(home.path, path))  # type: ignore[operator,no-any-return]
    return ()


def _longest_copy(home: Home, log: str) -> list[bytes]:
    needle = f'"log":"{log}"'.encode("ascii")
    best: list[bytes] = []
    for path, _ in home.log_files():
        if not path.endswith(BUNDLE_SUFFIX):
            continue
        found: list[bytes] = []
        prev: str | None = None
        for line in home.env.read_file(os.path.join(home.path, path)).splitlines(keepends=True):
            if needle not in line:
                continue
            try:
                entry = parse_line(line)
            except RecordError:
                break
            if entry.log == log and entry.seq == len(found) and entry.prev == prev:
                found.append(line)
                prev = entry.hash
        best = max(best, found, key=len)
    return best


def _folder(home: Home, done: Repaired) -> str:
    if not done.aside:
        place = place_for(home, home.env)
        base = place.folder if place is not None else home.env.config_folder()
        done.aside = os.path.join(base, ASIDE, str(home.env.time_ns()))
    return done.aside


def _keep_copy(home: Home, path: str, done: Repaired) -> None:
    target = os.path.join(_folder(home, done), path)
    home.env.make_folder(os.path.dirname(target))
    if not os.path.exists(target):
        fd = home.env.create(target)
        try:
            home.env.write(fd, home.env.read_file(os.path.join(home.path, path)))
        finally:
            home.env.close(fd)


def _put_aside(home: Home, path: str, done: Repaired) -> bool:
    _keep_copy(home, path, done)
    home.env.unlink(os.path.join(home.path, path))
    return True
