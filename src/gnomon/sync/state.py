"""What a replica knows of its meetings: its lane, its remotes, and how far each remote was when last seen.

One JSON file in the user's configuration folder for each replica, bound to its path, inode and record like the index, so that a
copied or moved `.gnomon/` starts its own; nothing of it is inside the record.

Always true: the file is replaced whole. Lost, it costs a new lane and the list of remotes, never data.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import msgspec

from gnomon.errors import BadArgumentError, UnknownRemoteError
from gnomon.record.files import replace_file
from gnomon.record.hashing import derive_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.env import Env
    from gnomon.record.home import Home
    from gnomon.record.index_place import Place
    from gnomon.sync.arrived import FromWriter
    from gnomon.sync.heads import Head, HeadName

DEFAULT = "origin"
MOST_ARRIVALS = 50
MOST_RUNS_NAMED = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch


class Remote(msgspec.Struct):
    """A remote of this replica. `shown`: for each lane, as `writer/lane`, the highest serial that it ever showed.

    `swept`: how often its packs were looked through for what a tombstone names, by the tombstone's name. `met_us`: when it was
    last met with success, microseconds since 1970 UTC; 0 where it never was, or only by an earlier Gnomon.
    """

    url: str
    shown: dict[str, int] = {}
    holds_record: bool = False
    swept: dict[str, int] = {}
    met_us: int = 0


class Arrival(msgspec.Struct):
    """What one meeting brought: by writer how many entries of each kind, and a few of the runs, the newest last."""

    at_us: int
    remote: str
    writers: dict[str, dict[str, int]] = {}
    runs: list[str] = []


class Copy(msgspec.Struct, array_like=True):
    """The copy of a live WAL that was published last: how many rows, when, and the segment's path and size."""

    rows: int
    made_us: int
    path: str
    size: int


class SyncState(msgspec.Struct):
    """See the top of the module.

    `line`: the hashes of heads that the next one replaces, oldest first. `parts` (`log`, `points`, `objects`): what is fetched.
    `copied`: the copies that the newest head of the lane lists, which are for remotes only.
    `gone`: files that an erasure replaced here, as long as a head lists them. `arrivals`: what came lately, the oldest first.
    """

    lane: str = ""
    line: list[str] = []
    parts: list[str] = msgspec.field(default_factory=lambda: ["log", "points", "objects"])
    remotes: dict[str, Remote] = {}
    copies: dict[str, Copy] = {}
    copied: list[str] = []
    gone: list[str] = []
    arrivals: list[Arrival] = []


class StateFile:
    """The file of one replica."""

    def __init__(self, home: Home, place: Place | None) -> None:
        self._env: Env = home.env
        key = place.key if place is not None else derive_id("record.toml", home.record_id.encode())
        self.folder = os.path.join(self._env.config_folder(), "sync")
        self.path = os.path.join(self.folder, f"{key}.json")

    def load(self) -> SyncState:
        """Return what is known; a file that is missing or damaged is an empty one."""
        try:
            return msgspec.json.decode(self._env.read_file(self.path), type=SyncState)
        except (FileNotFoundError, msgspec.DecodeError):
            return SyncState()

    def save(self, state: SyncState) -> None:
        """Write all of it, whole. Raises OSError."""
        self._env.make_folder(self.folder)
        replace_file(self._env, self.path, msgspec.json.format(msgspec.json.encode(state)))


def note_meeting(state: SyncState, name: str, at_us: int, came: Mapping[str, FromWriter]) -> None:
    """Keep when a remote was met, and what came: of the newest meetings only."""
    state.remotes[name].met_us = at_us
    if came:
        runs = [
            one.partition(":")[2] for what in came.values() for one in what.subjects.get("run.created", ())
        ]
        writers = {writer: dict(sorted(what.kinds.items())) for writer, what in came.items()}
        arrival = Arrival(at_us, name, writers, runs[-MOST_RUNS_NAMED:])
        state.arrivals = [*state.arrivals[-MOST_ARRIVALS + 1 :], arrival]


def chosen_remote(
    state: SyncState, name: str | None, *, command: str = "gnomon sync NAME"
) -> tuple[str, Remote]:
    """Return the remote that a person means: by name, by URL, or the only one. Raises UnknownRemoteError.

    `command` is what the person may type to name one.
    """
    known = ", ".join(f"`{one}`" for one in sorted(state.remotes)) or "none"
    add = "add one: `gnomon remote add NAME URL`"
    if name is None:
        if len(state.remotes) == 1:
            return next(iter(state.remotes.items()))
        if DEFAULT in state.remotes:
            return DEFAULT, state.remotes[DEFAULT]
        raise UnknownRemoteError(
            "which remote? This replica has " + (f"several: {known}" if state.remotes else "none yet"),
            hint=f"name it: `{command}`" if state.remotes else add,
        )
    if name in state.remotes:
        return name, state.remotes[name]
    for one, remote in state.remotes.items():
        if remote.url == name:
            return one, remote
    raise UnknownRemoteError(f"no remote is called `{name}`; known: {known}", hint=add)


def checked_name(name: str) -> str:
    """Return the name if a remote may have it. Raises BadArgumentError."""
    if _NAME(name) is None:
        raise BadArgumentError(
            f"a remote cannot be called `{name}`",
            hint="a name has letters, digits, `.`, `_` and `-`, at most 64, such as `team`",
        )
    return name


def shown_back(
    remote: Remote, names: Iterable[HeadName], counting: Iterable[Head]
) -> list[tuple[str, int, int]]:
    """Return (writer, serial before, serial now) of the lanes of which a remote shows less than it did; note what it shows.

    Only of heads that count here: one that another replaced is gone for good reason.
    """
    names = set(names)
    now: dict[str, int] = {}
    for name in names:
        lane = f"{name.writer}/{name.lane}"
        now[lane] = max(name.serial, now.get(lane, 0))
    back = []
    for head in counting:
        lane = f"{head.name.writer}/{head.name.lane}"
        serial = head.name.serial
        if remote.shown.get(lane, 0) >= serial > now.get(lane, 0) and head.name not in names:
            back.append((head.name.writer, serial, now.get(lane, 0)))
    for lane, serial in now.items():
        remote.shown[lane] = max(serial, remote.shown.get(lane, 0))
    return back
