"""Hold the objects that are stored as lists of chunks against their ids.

The list vouches for its chunks, and each chunk is checked in its own pack; that they give the object together is only known
when they were joined once. What was joined on this device before (`gnomon.objects.proofs`) is not joined again.

Always true: no more than `most` bytes are joined, however much the lists say that they stand for; nothing raises but the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.errors import RecordError
from gnomon.objects.frames import LIST_HEAD, SHARED_LIMIT
from gnomon.objects.looking import Look
from gnomon.objects.pack import LINE
from gnomon.objects.proofs import Proofs, of_list
from gnomon.objects.reading import LastFrame, OpenPacks, Reader
from gnomon.record.problems import DAMAGE, NOTICE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.env import Env
    from gnomon.objects.frames import Stored
    from gnomon.objects.pack import Pack

MOST_BYTES = 1 << 40  # that one list may stand for
_FREELY = 64 << 30  # bytes that are joined in any case
_TIMES = 16  # how often what is stored may be joined
_ADVICE = "copy the object from a replica where it is sound, and ask who wrote this pack"


class _Wrong(Exception):
    """What is wrong with a list, and how bad it is."""

    def __init__(self, what: str, severity: str = DAMAGE) -> None:
        super().__init__(what)
        self.what, self.severity = what, severity


def verify_lists(env: Env, objects_folder: str, *, most: int | None = None) -> Iterator[Problem]:
    """Yield the objects whose chunks are not what they should be, or not here; `most`: bytes to join at most."""
    look = Look(env, objects_folder, None)
    look.refresh()
    if most is None:
        most = max(_FREELY, _TIMES * sum(env.stat(pack.path).st_size for pack in look.packs))
    joining = _Joining(look, Proofs(env, objects_folder), most)
    for pack in look.packs:
        incomplete = 0
        for object_id in sorted(pack.lists):
            try:
                joining.check(pack, pack.objects[object_id])
            except _Wrong as wrong:
                if wrong.severity == NOTICE:
                    incomplete += 1
                else:
                    yield Problem(pack.path, f"object {object_id}", wrong.what, _ADVICE, DAMAGE)
            except (RecordError, FileNotFoundError):
                continue  # told by the look at the pack; or it was merged since
        if incomplete:
            what = f"{incomplete:,} objects that are lists of chunks lack chunks here, so they cannot be read or checked"
            yield Problem(pack.path, "", what, "`gnomon sync` fetches what other replicas have", NOTICE)
    if joining.left_out:
        what = f"{joining.left_out:,} objects were not joined from their chunks: they say that they are of very many bytes"
        yield Problem("objects", "", what, "whoever reads such an object checks it then", NOTICE)


class _Joining:
    """Joins lists, as far as the bytes allowed reach."""

    def __init__(self, look: Look, proofs: Proofs, most: int) -> None:
        self.left_out = 0
        self._look = look
        self._reader = Reader(look)
        self._last = LastFrame()
        self._proofs = proofs
        self._most = most

    def check(self, pack: Pack, stored: Stored) -> None:
        """Raise _Wrong where a list and its chunks do not give the object."""
        if stored.size > MOST_BYTES:
            raise _Wrong(
                f"its list of chunks stands for {stored.size:,} bytes; at most {MOST_BYTES:,} are allowed"
            )
        listing = self._reader.listing(pack, stored)
        lines = list(LINE.iter_unpack(listing[LIST_HEAD:]))
        for digest, size in lines:
            self._require(digest.hex(), size)
        proof = of_list(stored.object, listing[:LIST_HEAD])
        if self._proofs.has(proof):
            return
        if stored.size > self._most:
            self.left_out += 1
            return
        self._most -= stored.size
        whole = blake3()
        with OpenPacks(self._look, self._last) as opened:
            for digest, size in lines:
                whole.update(self._chunk(opened, digest.hex(), size))
        if whole.hexdigest() != stored.object:
            raise _Wrong("its chunks together are not what its id names")
        self._proofs.add([proof])

    def _require(self, chunk: str, size: int) -> None:
        """Raise unless a chunk is here, and may be one."""
        if size > SHARED_LIMIT:
            raise _Wrong(f"its chunk {chunk[:12]} has {size:,} bytes; at most {SHARED_LIMIT:,} are allowed")
        held = [pack.objects[chunk] for pack in self._look.holders(chunk)]
        if not held:
            raise _Wrong(f"its chunk {chunk[:12]} is not here", NOTICE)
        if all(one.is_list for one in held):
            raise _Wrong(f"its chunk {chunk[:12]} is a list itself")
        if not any(one.size == size for one in held):
            raise _Wrong(f"its chunk {chunk[:12]} has another size than the list states")

    def _chunk(self, opened: OpenPacks, chunk: str, size: int) -> bytes:
        for pack in self._look.holders(chunk):
            stored = pack.objects[chunk]
            if not stored.is_list and stored.size == size:
                try:
                    return opened.at_once(pack, stored)
                except (RecordError, FileNotFoundError):
                    continue  # damaged there, and told there
        raise _Wrong(f"its chunk {chunk[:12]} is damaged", NOTICE)
