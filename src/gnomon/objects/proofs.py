"""What this device has seen for itself of packs and lists, so that a later check need not unpack them again.

A pack is named by the digest of its bytes. So whoever has once held all of its objects against their ids, by making the
pack or by unpacking it, knows it of these bytes for ever; only the disk may have changed them, and that shows in the name.
The same goes for a list of chunks: which object its chunks give together depends on nothing else.

Always true: losing this costs time and nothing else; it lies in the user's cache folder, so nobody who sends a record can
write here. What a flipped bit leaves of it proves some other pack, which there is not.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.env import Env
    from gnomon.ids import ObjectId

FOLDER = "objects-proved"
WIDTH = 16
_LIST = "gnomon v1 proof of a list"


class Proofs:
    """The proofs for the packs under one folder `objects/`."""

    def __init__(self, env: Env, objects_folder: str) -> None:
        self._env = env
        place = blake3(os.path.realpath(objects_folder).encode("utf-8", "surrogateescape")).hexdigest(16)
        self._path = os.path.join(env.cache_folder(), FOLDER, place)
        self._known: set[bytes] | None = None

    def has(self, proof: bytes) -> bool:
        """Return whether something was proved here."""
        if self._known is None:
            self._known = self._read()
        return proof in self._known

    def add(self, proofs: Iterable[bytes]) -> None:
        """Keep proofs. A disk that takes nothing costs the next check its time."""
        new = b"".join(proofs)
        if not new:
            return
        if self._known is not None:
            self._known.update(_each(new))
        with contextlib.suppress(OSError):
            self._env.make_folder(os.path.dirname(self._path))
            fd = self._env.open_lock(self._path)
            try:
                # Two processes that are here at once may write to one place: then one of them proves it again.
                self._env.pwrite(fd, new, self._env.size(fd) // WIDTH * WIDTH)
            finally:
                self._env.close(fd)

    def _read(self) -> set[bytes]:
        try:
            return _each(self._env.read_file(self._path))
        except OSError:
            return set()


def of_pack(name: str) -> bytes:
    """Return the proof that the objects of a pack are what its index says; `name` is 32 hex digits."""
    return bytes.fromhex(name)


def of_list(object_id: ObjectId, list_digest: bytes) -> bytes:
    """Return the proof that the chunks of a list give an object together."""
    return blake3(bytes.fromhex(object_id) + list_digest, derive_key_context=_LIST).digest(WIDTH)


def _each(data: bytes) -> set[bytes]:
    return {data[at : at + WIDTH] for at in range(0, len(data) // WIDTH * WIDTH, WIDTH)}
