"""A sync of one replica with one remote, from lock to summary: seal, pull, publish, tell what arrived.

Always true: one sync at a time in a replica; what was interrupted leaves both sides whole, and the next one finishes it.
Layer: joins `sync` with upkeep, session and index. Why and in which order: docs/internals/sync.md.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from gnomon.env import REAL, Env
from gnomon.errors import OtherRecordError, RemoteError, StorageError
from gnomon.features import declare_features
from gnomon.objects.tombstones import FOLDER
from gnomon.record.home import RECORD_FILE, Home, read_record_file
from gnomon.record.index_place import place_for
from gnomon.record.keys import load_device_key
from gnomon.sync.arrived import arrived
from gnomon.sync.copies import Copies
from gnomon.sync.dissolved import dissolved, forget
from gnomon.sync.erased import Erased, apply, exchange, still_there
from gnomon.sync.heads import files_of, that_count
from gnomon.sync.let_go import let_go
from gnomon.sync.names import Checked, sealed_file
from gnomon.sync.published import heads_here
from gnomon.sync.pull import Pulled, pull
from gnomon.sync.push import Plan, Pushed, plan, push
from gnomon.sync.state import StateFile, note_meeting, shown_back
from gnomon.sync.store import listed, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gnomon.sync.arrived import FromWriter
    from gnomon.sync.heads import Head
    from gnomon.sync.state import Remote
    from gnomon.sync.store import Store

    Told = Callable[[str, int, int], None]

LOCK_FILE = "sync.lock"
ALL_PARTS = ("log", "points", "objects")
_SWEEPS = 2
_PUSHES = 5  # of one sync, while upkeep takes away what is to be sent
_LOCK_PAUSE_S = 0.2
_LOCK_WAIT_S = 120.0


class Synced:
    """What a sync did. `went_back`: (writer, serial before, now) of lanes of which the remote shows less than it did."""

    def __init__(self, remote: str, url: str) -> None:
        self.remote = remote
        self.url = url
        self.pulled = Pulled()
        self.planned = Plan()
        self.pushed = Pushed()
        self.let_go: list[str] = []
        self.erased = Erased()
        self.arrived: dict[str, FromWriter] = {}  # by writer: what is new here
        self.went_back: list[tuple[str, int, int]] = []
        self.withheld: list[str] = []  # writers of heads that others have seen and that are not here
        self.is_clone_found = False
        self.not_sent: RemoteError | None = None  # why nothing could be sent, where something came
        self.takes_objects = True  # whether the remote holds kept bytes

    @property
    def has_news(self) -> bool:
        """Whether anything went or came."""
        return bool(self.pulled.files or self.pulled.heads or self.pushed.head or self.pushed.forwarded)


def sync(
    home: Home,
    name: str,
    remote: Remote,
    *,
    parts: Sequence[str] | None = None,
    is_dry: bool = False,
    is_watching: bool = False,
    is_checking: bool = False,
    told: Told | None = None,
    store: Store | None = None,
) -> Synced:
    """Exchange with a remote what the other lacks, both ways.

    `parts` (of 'log', 'points', 'objects'): what to fetch, otherwise what this replica fetches as a rule. `is_checking` reads the
    whole remote and sends again what it lost or what is damaged there. `told(what, done,
    total)` is told bytes. Raises RemoteError, OtherRecordError, StorageError, OSError.
    """
    declare_features()  # erasing and letting go ask them which objects an entry keeps
    file = StateFile(home, place_for(home, home.env))
    with (
        _alone(home, file),
        contextlib.closing(store or open_store(remote.url, home.env, home.path)) as open_remote,
    ):
        meeting = _Meeting(home, open_remote, file, name, remote, told)
        meeting.is_dry, meeting.is_watching, meeting.is_checking = is_dry, is_watching, is_checking
        return meeting.hold(parts)


class _Meeting:
    """One replica and one remote, while they meet: what is known of both, and what was done. In the order of `hold`."""

    def __init__(
        self, home: Home, store: Store, file: StateFile, name: str, remote: Remote, told: Told | None
    ) -> None:
        self.is_dry = self.is_watching = self.is_checking = False
        self._home = home
        self._store = store
        self._file = file
        self._state = file.load()
        self._remote = self._state.remotes.setdefault(name, remote)
        self._key = load_device_key(home.env)
        if not self._state.lane:
            self._state.lane = home.env.random_bytes(8).hex()
        self._here = heads_here(home)  # brought up to date by `pull` and `push`
        self._told = told
        self._done = Synced(name, store.url)
        self._done.takes_objects = store.takes_objects

    def hold(self, parts: Sequence[str] | None) -> Synced:
        """Exchange what the other side lacks."""
        done, state = self._done, self._state
        self._see_record()
        done.erased = exchange(self._home, self._store, is_dry=self.is_dry)
        wanted = list(parts if parts is not None else state.parts)
        if done.erased.has_unknown:
            wanted = [part for part in wanted if part != "objects"]
        self._drop_erased()
        counts = self._pull(wanted)
        if not self.is_dry:
            done.went_back = shown_back(self._remote, done.pulled.names, that_count(self._here))
            self._save()
            done.arrived = arrived(self._home, done.pulled.files, counts)
            self._drop_erased()  # an old copy may have brought it back
            done.let_go = let_go(self._home, self._here, self._key.writer)
            self._sweep()
        done.withheld = _withheld(self._here)
        try:
            self._push_what_stays()
        except RemoteError as error:
            if not (done.pulled.files or done.pulled.heads):
                raise
            done.not_sent = error  # what came is here all the same, and is told
        if not self.is_dry:
            self._remote.holds_record = True
            note_meeting(state, done.remote, self._home.env.time_ns() // 1000, done.arrived)
            self._save()
        return done

    def _see_record(self) -> None:
        """See that the remote holds this record, or make it hold it."""
        home, store = self._home, self._store
        if _is_same_record(home, store):
            return
        if self._remote.holds_record and not self.is_checking:
            raise RemoteError(
                f"`{store.url}` holds no record any more, though it did at the last sync",
                hint="is it the right disk, bucket or repository, and all there? If it was emptied: `gnomon sync --check`",
            )
        if self.is_dry:
            return
        store.write(RECORD_FILE, home.env.read_file(os.path.join(home.path, RECORD_FILE)), once=True)
        store.finish()
        _is_same_record(home, store)  # another replica may have been first, with another record

    def _drop_erased(self) -> None:
        if not self.is_dry:
            dropped = apply(self._home)
            self._done.erased.dropped += dropped
            self._state.gone = sorted({*self._state.gone, *dropped})

    def _pull(self, parts: list[str]) -> dict[str, int]:
        """Take in what is news; return how many entries of each log were here before, where any file came."""
        state, counts = self._state, dict[str, int]()
        self._done.pulled = pull(
            self._home,
            self._store,
            self._here,
            parts,
            not_needed=frozenset(state.gone) | frozenset(state.copied) | dissolved(self._home),
            is_dry=self.is_dry,
            before_files=lambda: counts.update(_log_counts(self._home)),
            told=self._telling("receiving"),
        )
        own = (self._key.writer, state.lane)
        strange = [
            head
            for head in self._done.pulled.heads
            if head.name[:2] == own and head.name.hash not in state.line
        ]
        if strange and not self.is_dry:  # a device that shares key and lane: a cloned one
            self._done.is_clone_found = True
            state.lane, state.line = self._home.env.random_bytes(8).hex(), []
        return counts

    def _sweep(self) -> None:
        """Find packs of the remote with erased bytes, whoever sent them: those that no head lists go, the others are `gone`.

        Done twice for each tombstone, since a listing may be old; not by a replica that leaves bytes at remotes.
        """
        home, store, swept = self._home, self._store, self._remote.swept
        names = {name for name, _ in home.env.list_folder(os.path.join(home.path, FOLDER))}
        if not any(swept.get(name, 0) < _SWEEPS for name in names):
            return
        if not store.takes_objects or "objects" not in self._state.parts:
            return
        found = still_there(home, store)
        if found is None:
            return
        counting = files_of(that_count(self._here))
        store.delete([path for path in found if path not in counting])
        store.finish()
        self._state.gone = sorted({*self._state.gone, *(path for path in found if path in counting)})
        for name in names:
            swept[name] = swept.get(name, 0) + 1

    def _push_what_stays(self) -> None:
        """Push; again where upkeep joined meanwhile what was about to be read: its content is in another file then."""
        here = os.path.join(self._home.path, "")
        for _ in range(_PUSHES - 1):
            try:
                self._push()
            except FileNotFoundError as error:
                if not str(error.filename or "").startswith(here):
                    raise
            else:
                return
        self._push()

    def _push(self) -> None:
        """Seal what is closed, copy what is live, and send what the remote lacks."""
        from gnomon.upkeep import make_sealed

        home, state, done = self._home, self._state, self._done
        if not self.is_dry:
            make_sealed(home, self._key.writer)
        outgoing = os.path.basename(self._file.path).removesuffix(".json")
        folder = os.path.join(self._file.folder, "outgoing", outgoing)
        _empty(home.env, folder)
        copies = Copies(home, self._key.writer, folder)
        copies.add_logs()
        sealed_rows = _sealed_rows(home)
        copies.add_points(sealed_rows, state.copies, is_watching=self.is_watching)
        found = _whole_files(self._store, self._told) if self.is_checking else None
        wanted = self._plan(copies, found)
        if wanted.lost:  # sent to another remote, not to this one
            for path in wanted.lost:
                copies.forget(path, state.copies)
            copies.add_points(sealed_rows, state.copies)
            wanted = self._plan(copies, found)
            if wanted.lost:
                raise AssertionError(
                    f"a head would list {wanted.lost[0]}, which is neither here nor at the remote"
                )
        done.planned = wanted
        if not self.is_dry:
            self._save()
            done.pushed = push(
                home,
                self._store,
                self._key,
                state,
                self._remote,
                self._here,
                wanted,
                save=self._save,
                told=self._telling("sending"),
            )
            if done.pushed.head is not None:
                state.copied = sorted(copies.files)
                name = done.pushed.head.name
                self._remote.shown[f"{name.writer}/{name.lane}"] = name.serial
            forget(home, files_of(self._here))
            state.gone = wanted.gone
        copies.delete()

    def _plan(self, copies: Copies, found_there: dict[str, int] | None) -> Plan:
        shown = self._done.pulled.names
        return plan(
            self._home,
            self._store,
            self._key,
            self._state,
            self._here,
            shown,
            copies,
            found_there=found_there,
        )

    def _telling(self, what: str) -> Callable[[int, int], None] | None:
        told = self._told
        return None if told is None else lambda at, total: told(what, at, total)

    def _save(self) -> None:
        self._file.save(self._state)


def _is_same_record(home: Home, store: Store) -> bool:
    try:
        found = read_record_file(store.url, store.read(RECORD_FILE, 0, 1 << 16), home.env)
    except FileNotFoundError:
        return False
    if not found.is_intact:
        raise RemoteError(
            f"`{RECORD_FILE}` of `{store.url}` is damaged, or only half of it came",
            hint="sync again; if it stays so, put a copy of your own `.gnomon/record.toml` there",
        )
    if found.record_id != home.record_id:
        raise OtherRecordError(
            f"`{store.url}` holds another record: `{found.name}` ({found.record_id[:8]}), this one is `{home.name}`"
            f" ({home.record_id[:8]})",
            hint="choose another place for this one, or fetch that one: `gnomon clone URL FOLDER`",
        )
    return True


@contextlib.contextmanager
def _alone(home: Home, file: StateFile) -> Iterator[None]:
    """Hold the lock of this replica's syncs, waiting for it."""
    home.env.make_folder(file.folder)
    path = f"{file.path}.lock"
    for _ in range(round(_LOCK_WAIT_S / _LOCK_PAUSE_S)):
        with home.env.held_lock(path) as is_ours:
            if is_ours:
                yield
                return
        time.sleep(_LOCK_PAUSE_S)
    raise StorageError(
        f"another sync of `{home.path}` has been at work for {_LOCK_WAIT_S:.0f} s",
        hint="wait for it, or look whether a `gnomon sync --watch` runs: it takes turns as a rule",
    )


def _log_counts(home: Home) -> dict[str, int]:
    """Return for each log how many of its entries are here, after the index followed the news."""
    if not home.log_files():
        return {}  # a clone
    from gnomon.record.index_query import log_counts
    from gnomon.replica import Replica

    with Replica.open(home.path, home.env) as replica:
        replica.update()
        return replica.index.ask(log_counts)


def _whole_files(store: Store, told: Told | None) -> dict[str, int]:
    """Return path to size of the files of a remote whose bytes are what their names say: reads all of it."""
    shown = [found for part in ALL_PARTS for found in listed(store, f"{part}/")]
    total, done = sum(found.size for found in shown), 0
    whole: dict[str, int] = {}
    for path, size in shown:
        file = sealed_file(path)
        if file is not None:
            checked = Checked(file)
            with contextlib.suppress(FileNotFoundError):
                for piece in store.pieces(path):
                    checked.update(piece)
            if checked.is_true and checked.size == size:
                whole[path] = size
        done += size
        if told is not None:
            told("checking", done, total)
    return whole


def _sealed_rows(home: Home) -> dict[str, int]:
    """Return for each WAL how many of its rows a segment here has."""
    from gnomon.points.follow import known_covers
    from gnomon.replica import Replica

    rows: dict[str, int] = {}
    if not home.wal_files():
        return rows
    with Replica.open(home.path, home.env) as replica:
        replica.update()
        for covers in replica.index.ask(known_covers).values():
            for cover in covers:
                rows[cover.wal] = max(cover.rows, rows.get(cover.wal, 0))
    return rows


def _withheld(here: list[Head]) -> list[str]:
    """Return the writers of heads that others have seen, of which nothing as new is here."""
    newest: dict[tuple[str, str], int] = {}
    latest: dict[str, int] = {}
    replaced: set[str] = set()
    for head in here:
        lane = head.name[:2]
        newest[lane] = max(head.name.serial, newest.get(lane, 0))
        latest[head.name.writer] = max(head.time_us, latest.get(head.name.writer, head.time_us))
        replaced |= head.over
    return sorted(
        {
            one.writer
            for head in here
            for one in head.seen
            if one.serial > newest.get((one.writer, one.lane), 0)
            and one.hash not in replaced
            and latest.get(one.writer, head.time_us - 1)
            < head.time_us  # it has published since, from another lane
        }
    )


def _empty(env: Env, folder: str) -> None:
    env.make_folder(folder)
    for name, _ in env.list_folder(folder):
        env.unlink(os.path.join(folder, name))


def clone(
    url: str, path: str, *, parts: Sequence[str] = ALL_PARTS, env: Env = REAL, told: Told | None = None
) -> Synced:
    """Make a replica at `path` (the `.gnomon` folder) of the record at `url`; it is called `origin` there.

    Interrupted, the same call goes on. Raises RemoteError, OtherRecordError, StorageError, OSError.
    """
    from gnomon.record.home import take_in_record_file
    from gnomon.sync.state import DEFAULT, Remote

    with contextlib.closing(open_store(url, env, path)) as store:
        try:
            data = store.read(RECORD_FILE, 0, 1 << 16)
        except FileNotFoundError:
            raise RemoteError(
                f"`{store.url}` holds no record",
                hint="look at the address: it is the folder in which `record.toml` lies",
            ) from None
        home = take_in_record_file(path, env, data, store.url)
        file = StateFile(home, place_for(home, env))
        state = file.load()
        remote = state.remotes.setdefault(DEFAULT, Remote(url))
        state.parts = list(parts)
        file.save(state)
        return sync(home, DEFAULT, remote, told=told, store=store)
