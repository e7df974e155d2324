"""Join small packs into larger ones, so that files stay few.

The stored bytes are copied as they are, each object is checked on the way, and a part is deleted only after
the new pack is on the disk and holds every object of it. Packs never change, so that is all the proof it
takes; two processes that merge at once leave at worst two packs that hold the same objects, which count
once.

A pack that is damaged is left where it is: its good objects may be all that is left of them.
"""

from __future__ import annotations

import contextlib
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.objects.lease import marked
from gnomon.objects.pack import Pack, PackWriter, is_pack_name, read_pack
from gnomon.objects.rewrite import copy_frame

if TYPE_CHECKING:
    from gnomon.env import Env

SMALL = 1 << 20
ENOUGH = 8
MERGED_SIZE = 1 << 26
LEFTOVER_AGE_NS = 24 * 3600 * 10**9


def merge_packs(env: Env, folder: str, *, small: int = SMALL, enough: int = ENOUGH) -> int:
    """Join a writer's packs below `small` bytes, if there are `enough`; return how many were joined.

    Only the folder's owner should call this: nobody else may delete there.
    """
    parts = _small_packs(env, folder, small)
    if len(parts) < max(enough, 2):
        return 0
    joined = 0
    while parts:
        batch, rest, total = [], [], 0
        for pack in parts:
            if total < MERGED_SIZE:
                batch.append(pack)
                total += pack.index_at
            else:
                rest.append(pack)
        if len(batch) > 1:
            joined += _join(env, folder, batch)
        parts = rest
    return joined


def sweep(env: Env, folder: str, *, older_than_ns: int = LEFTOVER_AGE_NS) -> int:
    """Delete temporary files that a crash left in a writer's folder; return how many.

    Only those that are a day old and that no process holds open: their writers hold a lock.
    """
    deleted = 0
    for name, state in env.list_folder(folder):
        is_old = env.time_ns() - state.st_mtime_ns > older_than_ns
        if not (
            name.startswith(".") and name.endswith(".tmp") and is_old and stat_module.S_ISREG(state.st_mode)
        ):
            continue
        path = f"{folder}/{name}"
        with contextlib.suppress(OSError):  # gone, or locks do not work here: then it stays
            fd = env.open_write(path)
            try:
                if env.try_lock(fd):
                    env.unlink(path)
                    deleted += 1
            finally:
                env.close(fd)
    return deleted


def _small_packs(env: Env, folder: str, small: int) -> list[Pack]:
    packs = []
    for name, state in env.list_folder(folder):
        if is_pack_name(name) and stat_module.S_ISREG(state.st_mode) and state.st_size < small:
            with contextlib.suppress(RecordError, FileNotFoundError):
                packs.append(read_pack(env, f"{folder}/{name}"))
    return packs


def _join(env: Env, folder: str, parts: list[Pack]) -> int:
    form = max(part.form for part in parts)
    with PackWriter(env, folder, form=form, going=marked(env, folder.rpartition("/")[0])) as writer:
        covered = [part for part in parts if _copy(env, part, writer)]
        if len(covered) < 2:
            return 0
        name = writer.finish()
    for part in covered:
        if part.name != name and part.objects.keys() <= writer.objects.keys():
            with contextlib.suppress(FileNotFoundError):  # another process merged it too
                env.unlink(part.path)
    return len(covered)


def _copy(env: Env, part: Pack, writer: PackWriter) -> bool:
    """Copy what the new pack lacks of a part; return whether the part may go."""
    try:
        fd = env.open_read(part.path)
    except FileNotFoundError:
        return False
    try:
        for held in part.frames():
            lacking = [stored for stored in held if stored.object not in writer.objects]
            copy_frame(env, part, fd, held, lacking, writer)
    except RecordError:
        return False
    finally:
        env.close(fd)
    return True
