"""Take out of packs what no entry keeps, and what was erased.

A pack that goes as a whole is deleted. Of one that holds other objects too, these are written to a new pack first, which is
on the disk and read again before the old one goes. So a crash at any call leaves the old, both, or the new. How a process
that adds meanwhile stays safe: `gnomon.objects.lease`.

Always true: an object that an entry keeps is in the replica before, during and after.
Design: docs/internals/objects.md, "Garbage".
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import IncompleteRecordError, RecordError
from gnomon.objects import lease
from gnomon.objects.reach import Reach
from gnomon.objects.rewrite import rewrite
from gnomon.objects.store import ObjectStore
from gnomon.objects.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from gnomon.env import Env
    from gnomon.objects.frames import Stored
    from gnomon.objects.pack import Pack
    from gnomon.record.home import Home

    Progress = Callable[[int, int], None]

AGE_NS = 90 * 86_400 * 10**9
# A pack is written anew only for this share of its bytes: otherwise little garbage would cost much writing.
WORTH = 10
_SHOWN_GAPS = 3


class Loss(NamedTuple):
    """A pack out of which something goes."""

    pack: Pack
    size: int  # of its file
    written_ns: int
    going: tuple[Stored, ...]
    freed: int  # bytes, about

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it stays."""
        return len(self.going) == len(self.pack.objects)


class Plan(NamedTuple):
    """What would go out of the packs of this device, and what stays though nothing names it."""

    losses: list[Loss]
    young: list[Loss]  # written too lately
    slight: list[Loss]  # not worth the writing
    others: int  # bytes in packs of other devices
    erased: list[Loss]  # of any device: what was erased, and is here all the same

    @property
    def going(self) -> list[Loss]:
        """All packs out of which something goes, the largest first."""
        by_path = {loss.pack.path: loss for loss in (*self.losses, *self.erased)}
        return sorted(by_path.values(), key=lambda loss: (-loss.freed, loss.pack.name))


class Done(NamedTuple):
    """What went. `holders` are processes for whose sake `left` stayed; `failed` could not be written anew, and why."""

    gone: list[Loss]
    left: list[Loss]
    holders: list[lease.Holder]
    failed: list[tuple[Loss, str]]

    @property
    def freed(self) -> int:
        """Bytes that the disk has again, about."""
        return sum(loss.freed for loss in self.gone)

    def joined(self, other: Done) -> Done:
        """Return this and another, as one."""
        who = [*self.holders, *(one for one in other.holders if one not in self.holders)]
        return Done([*self.gone, *other.gone], [*self.left, *other.left], who, [*self.failed, *other.failed])


def store_of(home: Home, writer: str | None = None) -> ObjectStore:
    """Return the objects of a replica."""
    return ObjectStore(home.env, f"{home.path}/objects", writer)


def require_complete(reach: Reach) -> None:
    """Raise IncompleteRecordError where something could not be read that may name objects."""
    if reach.gaps:
        shown = "; ".join(f"{gap.place}: {gap.what}" for gap in reach.gaps[:_SHOWN_GAPS])
        more = f"; and {len(reach.gaps) - _SHOWN_GAPS:,} more" if len(reach.gaps) > _SHOWN_GAPS else ""
        raise IncompleteRecordError(
            f"what may be deleted cannot be told, so nothing was: {shown}{more}",
            hint="`gnomon verify` says what to mend; where it is lost for good, `--although-incomplete` goes on without it",
        )


class Garbage:
    """What no entry of a replica keeps. Nothing is changed until `delete`. Features must have been declared."""

    def __init__(
        self,
        home: Home,
        writer: str,
        *,
        older_than_ns: int = AGE_NS,
        although_incomplete: bool = False,
        progress: Progress | None = None,
    ) -> None:
        """Look at all entries and packs. Raises IncompleteRecordError, unless it is asked to go on; OSError, StorageError."""
        self._home = home
        self._writer = writer
        self._is_strict = not although_incomplete
        self._tombstones = Tombstones(home.env, home.path)
        store = store_of(home)
        self._reach = Reach(home, store, erased=self._tombstones.subjects)
        self._reach.follow(progress)
        if self._is_strict:
            require_complete(self._reach)
        self.plan = _plan(home, writer, self._reach, store, older_than_ns)
        self.plan.erased.extend(erased(home, self._reach, store, self._tombstones))

    def delete(self, progress: Progress | None = None) -> Done:
        """Delete it. Raises OSError; what went until then is gone, and all else is where it was."""
        home, reach, writer, strict = self._home, self._reach, self._writer, self._is_strict
        named = {loss.pack.path for loss in self.plan.losses}
        rest = [loss for loss in self.plan.erased if loss.pack.path not in named]
        unnamed = take_out(
            home,
            writer,
            reach,
            self.plan.losses,
            lambda one: not reach.keeps(one),
            progress,
            is_strict=strict,
        )
        erased = is_erased(reach, self._tombstones)
        done = unnamed.joined(take_out(home, writer, reach, rest, erased, progress, is_strict=strict))
        _tidy(home, writer, done)
        return done


def _plan(home: Home, writer: str, reach: Reach, store: ObjectStore, older_than_ns: int) -> Plan:
    now = home.env.time_ns()
    found = Plan([], [], [], 0, [])
    others = 0
    for loss in _losses(home.env, store.packs(), lambda one: not reach.keeps(one)):
        if not loss.pack.path.startswith(f"{home.path}/objects/{writer}/"):
            others += loss.freed
        elif now - loss.written_ns < older_than_ns:
            found.young.append(loss)
        elif loss.is_whole or loss.freed * WORTH >= loss.size:
            found.losses.append(loss)
        else:
            found.slight.append(loss)
    return found._replace(others=others)


def erased(home: Home, reach: Reach, store: ObjectStore, tombstones: Tombstones) -> list[Loss]:
    """Return what was erased and is here all the same, by pack, whoever wrote it."""
    return list(_losses(home.env, store.packs(), is_erased(reach, tombstones)))


def is_erased(reach: Reach, tombstones: Tombstones) -> Callable[[str], bool]:
    """Return what says whether an object was erased and nothing else keeps it."""
    return lambda one: not reach.keeps(one) and (reach.is_dead(one) or tombstones.names(one))


def _losses(env: Env, packs: Iterable[Pack], goes: Callable[[str], bool]) -> Iterable[Loss]:
    for pack in packs:
        going = tuple(stored for stored in pack.in_order() if goes(stored.object))
        if not going:
            continue
        try:
            state = env.stat(pack.path)
        except FileNotFoundError:  # merged into another since we looked
            continue
        is_whole = len(going) == len(pack.objects)
        freed = state.st_size if is_whole else sum(map(_share, going))
        yield Loss(pack, state.st_size, state.st_mtime_ns, going, freed)


def _share(stored: Stored) -> int:
    """Return the bytes of the file that an object takes, its line of the index included."""
    share = (
        stored.stored
        if stored.is_alone or stored.is_list
        else stored.stored * stored.size // max(1, stored.frame_size)
    )
    return share + 48


def take_out(
    home: Home,
    writer: str,
    reach: Reach,
    losses: list[Loss],
    goes: Callable[[str], bool],
    progress: Progress | None = None,
    *,
    is_strict: bool = False,
) -> Done:
    """Take objects out of packs; `goes` is asked again for each, after all entries that came meanwhile were read.

    Where another process is at it, all of them are left. Raises OSError, and where it `is_strict` IncompleteRecordError;
    what went until then is gone, and all else is where it was.
    """
    done = Done([], [], [], [])
    if not losses:
        return done
    env, folder = home.env, f"{home.path}/objects"
    with lease.alone(env, folder) as is_ours:
        if not is_ours:
            done.left.extend(losses)
            return done
        marked = [(loss, lease.mark(env, folder, loss.pack.name)) for loss in losses]
        # In this order: whoever relied on a pack before it was marked holds a lease now, or has written its entries.
        holders = lease.holders(env, folder)
        reach.follow()
        if is_strict and reach.gaps:
            for loss, _ in marked:
                lease.unmark(env, folder, loss.pack.name)
            require_complete(reach)
        for at, (loss, since_ns) in enumerate(marked):
            in_the_way = [one for one in holders if one.since_ns <= since_ns + lease.CLOCK_NS]
            if in_the_way:
                done.left.append(loss)
                done.holders.extend(one for one in in_the_way if one not in done.holders)
                if not loss.is_whole:  # nobody need store its other objects twice
                    lease.unmark(env, folder, loss.pack.name)
                continue
            if not loss.going or any(goes(stored.object) for stored in loss.going):
                _take_out_of(home, writer, loss, goes, done)
            lease.unmark(env, folder, loss.pack.name)
            if progress is not None:
                progress(at + 1, len(marked))
    return done


def _take_out_of(home: Home, writer: str, loss: Loss, goes: Callable[[str], bool], done: Done) -> None:
    env, pack = home.env, loss.pack
    going = {stored.object for stored in loss.going if goes(stored.object)}
    try:
        if len(going) < len(pack.objects):
            own = home.folder("objects", writer)
            env.make_folder(own)
            fresh = rewrite(env, pack, own, lambda one: one not in going)
            if fresh is not None and fresh.path == pack.path:
                return
    except RecordError as error:
        done.failed.append((loss, error.message))
        return
    except FileNotFoundError:  # merged into another meanwhile: its successor is looked at the next time
        return
    with contextlib.suppress(FileNotFoundError):
        env.unlink(pack.path)
        env.sync_folder(pack.path.rpartition("/")[0])
    done.gone.append(loss)


def follow_owners(home: Home, writer: str, paths: Container[str], progress: Progress | None = None) -> Done:
    """Let go of packs (by their paths within the record) that their owners have deleted as garbage.

    What an entry of this replica keeps of them is written to a pack of this device first: who names an object holds its
    bytes. Where something cannot be read, nothing goes. Features must have been declared. Raises OSError, StorageError.
    """
    store = store_of(home)
    reach = Reach(home, store, erased=Tombstones(home.env, home.path).subjects)
    reach.follow(progress)
    leaving = [pack for pack in store.packs() if pack.path.removeprefix(f"{home.path}/") in paths]
    if reach.gaps:
        return Done([], [], [], [])

    def goes(one: str) -> bool:
        return not reach.keeps(one)

    going = [tuple(stored for stored in pack.in_order() if goes(stored.object)) for pack in leaving]
    losses = [Loss(pack, 0, 0, gone, 0) for pack, gone in zip(leaving, going, strict=True)]
    return take_out(home, writer, reach, losses, goes, progress, is_strict=True)


def _tidy(home: Home, writer: str, done: Done) -> None:
    """Remove leases that have ended, and marks of packs that are not here any more or stay after all."""
    env, folder = home.env, f"{home.path}/objects"
    lease.holders(env, folder)  # removes those that have ended
    waiting = {loss.pack.name for loss in done.left}
    theirs = {pack.name for pack in store_of(home).packs() if not pack.path.startswith(f"{folder}/{writer}/")}
    old = lease.stale_marks(env, folder)
    for name in sorted(old | (lease.marked(env, folder) - waiting - theirs)):
        lease.unmark(env, folder, name)
