"""Publishing: sending what a remote lacks, and the head that lists it.

Order: files, then the head in this replica, then the head at the remote, then what the head makes superfluous is deleted.

Always true: a head at the remote lists files that were sent before; a serial of a lane is never given to two heads here.
Why: docs/internals/sync.md.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.sync.dissolved import dissolved
from gnomon.sync.heads import (
    Head,
    HeadName,
    files_of,
    head_name,
    is_replaced,
    make_head,
    that_count,
)
from gnomon.sync.names import HEADS, is_true, sealed_files
from gnomon.sync.published import delete_replaced, write_head
from gnomon.sync.store import each, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.record.home import Home
    from gnomon.record.keys import DeviceKey
    from gnomon.sync.copies import Copies
    from gnomon.sync.state import Remote, SyncState
    from gnomon.sync.store import Store

    Told = Callable[[int, int], None]

REMEMBERED = 64  # hashes in `over`: the heads before in this lane, and those of other lanes that it replaced
_FEW = 4  # files; for more it is worth one listing to see what an interrupted push sent already


class Plan:
    """What is to be sent. `sources`: path to the local file, for each file that the remote lacks."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}  # what this replica's head lists
        self.gone: list[str] = []  # files that heads of others list and that an erasure replaced
        self.forwarded: list[Head] = []  # heads of others that the remote lacks
        self.sources: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.is_news = False  # whether the remote lacks this replica's head
        self.damaged: list[str] = []  # files here that are not what their names say: they are not sent
        self.lost: list[str] = []  # copies that the remote lacks and that are not here any more

    def add(self, path: str, source: str, size: int) -> None:
        """Have a file sent."""
        self.sources[path], self.sizes[path] = source, size

    @property
    def bytes(self) -> int:
        """How many bytes are to be sent."""
        return sum(self.sizes.values())


class Pushed:
    """What a push did."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.bytes = 0
        self.head: Head | None = None
        self.forwarded: list[Head] = []
        self.deleted = 0


def plan(
    home: Home,
    store: Store,
    key: DeviceKey,
    state: SyncState,
    here: list[Head],
    shown: set[HeadName],
    copies: Copies,
    *,
    found_there: dict[str, int] | None = None,
) -> Plan:
    """Return what the remote lacks; `shown` are the heads that it has, as far as it tells.

    `found_there`: path to size of all that a listing of the whole remote found; without it the heads are believed.
    """
    made = Plan()
    own = (key.writer, state.lane)
    others = [head for head in that_count(here) if head.name[:2] != own]
    at_remote = that_count([head for head in here if head.name in shown])
    listed = files_of(others)
    held: dict[str, int] = {}
    for file, size in sealed_files(home):
        held[file.path] = size
        if file.writer == key.writer or file.path not in listed:
            made.files[file.path] = size
    made.files.update({path: size for path, (size, _) in copies.files.items()})
    made.gone = sorted(path for path in state.gone if any(path in head.files for head in others))

    there = files_of([head for head in here if head.name in shown])
    if found_there is not None:
        there = {path: size for path, size in there.items() if found_there.get(path) == size}
    gone = frozenset(made.gone).union(*(head.gone for head in here))

    def lacks(path: str) -> bool:
        is_sent = store.takes_objects or not path.startswith("objects/")
        return is_sent and path not in there and path not in gone

    def is_sound(path: str, source: str) -> bool:
        if is_true(home, path, source):
            return True
        made.damaged.append(path)
        return False

    sources = {path: os.path.join(home.path, path) for path in made.files}
    sources.update({path: source for path, (_, source) in copies.files.items()})
    for path in [path for path in made.files if lacks(path) and sources[path]]:
        if not is_sound(path, sources[path]):
            del made.files[path]
    last = newest(here, own)
    if last is not None:
        made.is_news = last.files != made.files or last.gone != set(made.gone) or last.name not in shown
    else:  # another head of this writer may list all of it: that of a twin, or of a replica that this one is a copy of
        told = frozenset[str]().union(*(head.gone for head in at_remote))
        made.is_news = not (told >= set(made.gone) and files_of(at_remote).keys() >= made.files.keys())
    if made.is_news or found_there is not None:
        for path, size in made.files.items():
            if lacks(path) and sources[path]:
                made.add(path, sources[path], size)
            elif lacks(path):
                made.lost.append(path)
    for head in others:
        lacking = [path for path in head.files if lacks(path)]
        if head.name in shown or is_replaced(head.name, at_remote):
            lacking = [path for path in lacking if found_there is not None and path in held]
            lacking = [path for path in lacking if is_sound(path, os.path.join(home.path, path))]
        elif all(path in held and is_sound(path, os.path.join(home.path, path)) for path in lacking):
            made.forwarded.append(head)
        else:
            continue  # not all of it is here
        for path in lacking:
            made.add(path, os.path.join(home.path, path), held[path])
    return made


def newest(here: list[Head], lane: tuple[str, str]) -> Head | None:
    """Return the head of a lane with the highest serial."""
    of_lane = [head for head in here if head.name[:2] == lane]
    return max(of_lane, key=lambda head: head.name.serial, default=None)


def push(
    home: Home,
    store: Store,
    key: DeviceKey,
    state: SyncState,
    remote: Remote,
    here: list[Head],
    wanted: Plan,
    *,
    save: Callable[[], None],
    told: Told | None = None,
) -> Pushed:
    """Send what was planned; `here` and `state` are brought up to date, `save` is called when `state` must be on the disk.

    Raises RemoteError, OSError; doing it again goes on from there.
    """
    done = Pushed()
    _send(store, wanted, done, told)
    own = (key.writer, state.lane)
    before = newest(here, own)
    if wanted.is_news:
        head = before
        if head is None or head.files != wanted.files or head.gone != set(wanted.gone):
            head = _next_head(home, key, state, remote, here, wanted)
            of_other_lanes = sorted(head.over.difference(state.line))
            state.line = [*of_other_lanes, *state.line, head.name.hash][-REMEMBERED:]
            save()
            write_head(home, head)
            here.append(head)
        store.write(head.name.path, head.data)
        done.head = head
    for other in wanted.forwarded:
        store.write(other.name.path, other.data)
        done.forwarded.append(other)
    store.finish()
    if done.head is not None:
        went = {*dissolved(home), *state.copied, *state.gone}
        done.deleted = _tidy(store, key.writer, done.head, here, went)
        store.finish()
    here[:] = delete_replaced(home, here)
    return done


def _send(store: Store, wanted: Plan, done: Pushed, told: Told | None) -> None:
    sources = dict(wanted.sources)
    if len(sources) > _FEW:  # an interrupted push may have sent some
        for folder in sorted({path.rpartition("/")[0] for path in sources}):
            for found in listed(store, f"{folder}/"):
                if wanted.sizes.get(found.path) == found.size:
                    sources.pop(found.path, None)
    total = sum(wanted.sizes[path] for path in sources)

    def send(path: str) -> None:
        store.write(path, sources[path])
        done.files.append(path)
        done.bytes += wanted.sizes[path]
        if told is not None:
            told(done.bytes, total)

    each(store, send, sorted(sources))


def _next_head(
    home: Home, key: DeviceKey, state: SyncState, remote: Remote, here: list[Head], wanted: Plan
) -> Head:
    own = (key.writer, state.lane)
    last = newest(here, own)
    serial = max(last.name.serial if last is not None else 0, remote.shown.get(f"{own[0]}/{own[1]}", 0)) + 1
    over = set(state.line)
    for head in here:
        if (
            head.name.writer == key.writer
            and head.name.lane != state.lane
            and wanted.files.keys() >= head.files.keys()
        ):
            over |= {head.name.hash, *head.over}
    return make_head(
        key,
        home.record_id,
        lane=state.lane,
        serial=serial,
        files=wanted.files.items(),
        gone=wanted.gone,
        over=over,
        seen=[head.name for head in that_count(here) if head.name.writer != key.writer],
        time_us=home.env.time_ns() // 1000,
    )


def _tidy(store: Store, writer: str, head: Head, here: list[Head], went: set[str]) -> int:
    """Delete at the remote the heads that `head` replaces, and those of this writer's files that no head lists any more.

    Only those that `went` here on purpose: of the others nobody knows where their content is.
    """
    replaced = [one for one in here if one.name.writer == writer and is_replaced(one.name, [head])]
    names = {one.name.path for one in replaced}
    for found in listed(store, f"{HEADS}/{writer}/"):
        name = head_name(found.path)
        if name is not None and name.hash in head.over:
            names.add(found.path)
    counting = files_of(that_count(here))
    loose = {path for one in replaced for path in one.files if path not in counting}
    own = sorted(path for path in loose if path in went and path.split("/")[1] == writer)
    own += [path for path in sorted(head.gone) if path not in own]
    store.delete(sorted(names))
    store.delete(own)
    return len(own)
