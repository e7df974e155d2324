"""Take the bytes of versions out of the record, here and wherever the record is merged into.

Always true: bytes that another version, or a kept file of a run, has too stay, and it is said which. What was recorded stays:
the version, who used it, and from now on who erased it. Doing it again finishes what was interrupted.
Not reached: files outside the record (a working copy, what somebody restored), and replicas that never meet this one again.
Order of writes: docs/internals/objects.md, "Erasing one object".
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import entries, keepers
from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.objects import collect
from gnomon.objects.erase import Erasure
from gnomon.session import session_for
from gnomon.sync.dissolved import noting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.data.views import DataVersion
    from gnomon.env import Env
    from gnomon.objects.collect import Done
    from gnomon.objects.erase import Stays
    from gnomon.runs.views import Record

    Progress = Callable[[int, int], None]

LEFTOVER_S = 86_400


class Prepared(NamedTuple):
    """What erasing versions would do: how many objects and bytes go, and what stays since something else keeps it."""

    versions: list[DataVersion]
    erasure: Erasure
    objects: int
    bytes: int  # in packs
    stays: list[Stays]

    @property
    def stays_in_runs(self) -> list[Stays]:
        """What stays because of something that is no version of data: a run, its captured source."""
        return [one for one in self.stays if not keepers.is_version(one.keeper)]


def prepare(
    record: Record,
    versions: Sequence[DataVersion],
    *,
    although_incomplete: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Return what erasing these versions would do; nothing is changed.

    Raises BadArgumentError for references to bytes that the record never held, IncompleteRecordError where it cannot be told
    what else keeps the bytes.
    """
    for version in versions:
        if version.object is None:
            raise BadArgumentError(
                f"`{version.label}` is a reference: the record does not hold its bytes",
                hint="erase them where they lie",
            )
    erasure = Erasure(record.replica.home, [entries.data_subject(one.id) for one in versions], progress)
    if not although_incomplete:
        collect.require_complete(erasure.reach)
    size = sum(loss.freed for loss in erasure.losses)
    return Prepared(list(versions), erasure, len(erasure.going), size, erasure.stays())


def erase(prepared: Prepared, *, reason: str | None = None, progress: Progress | None = None) -> Done:
    """Erase what was prepared. Raises OSError, StorageError; the same call again goes on."""
    record = prepared.versions[0].record
    session = session_for(record.path)
    tombstone = prepared.erasure.bury()
    body: dict[str, object] = {
        "tombstone": tombstone, "objects": prepared.objects, "bytes": prepared.bytes, "stays": len(prepared.stays),
        **({"reason": reason} if reason else {}),
    }  # fmt: skip
    for version in prepared.versions:
        if version.erased is None:
            session.append(entries.ERASED, entries.data_subject(version.id), body, strict=True)
    if not session.sync():
        raise NotStoredError(
            f"who erased it could not be brought to the disk of `{record.path}`",
            hint="give the command again",
        )
    with noting(record.replica.home, session.writer):  # a sync would take what is not here any more for lost
        done = prepared.erasure.take_out(progress)
    _clear_cache(record.replica.home.env, prepared.erasure.going)
    record.replica.update()
    return done


def _clear_cache(env: Env, objects: Sequence[str]) -> None:
    """Remove copies in the user's cache, and what a killed process left there of others."""
    cache = os.path.join(env.cache_folder(), "data")
    for one in objects:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(os.path.join(cache, one[:2], one[2:]))
    for name, state in env.list_folder(cache):
        if name.startswith(".lent-") and env.time_ns() / 1e9 - state.st_mtime > LEFTOVER_S:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(os.path.join(cache, name))
