"""Check objects where they lie: is each stored byte as it was written, and do they give what the id names?

A pack whose objects this device has held against their ids before (`gnomon.objects.proofs`) is read and hashed, no more:
if it still gives its name, all in it is as it was. What is not proved yet is unpacked and held against its id. So the first
check of what came from others costs most, and each one after it the reading.

Always true: an object that is called sound can be read to its end, unless the disk fails meanwhile; and each pack that was
looked at and does not give its name is in `damaged`, whatever it hit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.objects.frames import LIST_HEAD
from gnomon.objects.pack import LINE, gives_name
from gnomon.objects.proofs import Proofs, of_list, of_pack
from gnomon.objects.verify import verify_pack

if TYPE_CHECKING:
    from gnomon.objects.looking import Look
    from gnomon.objects.pack import Pack
    from gnomon.objects.reading import Reader
    from gnomon.record.problems import Problem


class Checker:
    """Checks objects of one replica; each pack is read once."""

    def __init__(self, look: Look, reader: Reader) -> None:
        self.damaged: dict[str, list[Problem]] = {}  # by the path of the pack
        self._look = look
        self._reader = reader
        self._env = look.env
        self._proofs = Proofs(look.env, look.folder)
        self._sound: dict[str, bool] = {}  # by the path of the pack

    def fault(self, object_id: str) -> RecordError | None:
        """Return what is wrong with an object; None where it is sound: a good copy in one pack is enough."""
        try:
            self._look.require(object_id)
            if not self._is_sound(object_id):
                self._read(object_id)
        except RecordError as error:
            return error
        return None

    def _is_sound(self, object_id: str) -> bool:
        """Return whether an object is proved to be good; looks at all packs that hold it, or a part of it."""
        holders = [pack for pack in self._look.holders(object_id) if self._is_sound_pack(pack)]
        sound = [object_id not in pack.lists or self._is_sound_list(pack, object_id) for pack in holders]
        return any(sound)

    def _is_sound_list(self, pack: Pack, object_id: str) -> bool:
        stored = pack.objects[object_id]
        listing = self._reader.listing(pack, stored)
        chunks = [
            self._is_sound_chunk(digest.hex(), size) for digest, size in LINE.iter_unpack(listing[LIST_HEAD:])
        ]
        proof = of_list(stored.object, listing[:LIST_HEAD])
        if all(chunks) and not self._proofs.has(proof):
            for _ in self._reader.pieces(pack, object_id):
                pass
            self._proofs.add([proof])
        return all(chunks)

    def _is_sound_chunk(self, chunk: str, size: int) -> bool:
        found = False
        for pack in self._look.holders(chunk):
            stored = pack.objects[chunk]
            if self._is_sound_pack(pack) and stored.size == size and not stored.is_list:
                found = True
        return found

    def _is_sound_pack(self, pack: Pack) -> bool:
        """Return whether a pack gives its name, and all in it is what its index says."""
        known = self._sound.get(pack.path)
        if known is None:
            known = self._sound[pack.path] = self._is_as_it_was(pack)
        return known

    def _is_as_it_was(self, pack: Pack) -> bool:
        is_proved = self._proofs.has(of_pack(pack.name))
        try:
            if is_proved and self._gives_name(pack):
                return True
            problems = verify_pack(self._env, pack.path)
            self._env.stat(pack.path)
        except FileNotFoundError:  # merged since we looked: what it held is in another
            return False
        if problems:
            self.damaged[pack.path] = problems
            return False
        if not is_proved:
            self._proofs.add([of_pack(pack.name)])
        return True

    def _gives_name(self, pack: Pack) -> bool:
        try:
            return gives_name(self._env, pack)
        except FileNotFoundError:
            raise
        except OSError:  # `verify_pack` meets it again, and has words for it
            return False

    def _read(self, object_id: str) -> None:
        """Read an object to its end, from whichever pack has a good copy; raises what is wrong with the first."""
        first_error: RecordError | None = None
        for pieces in self._reader.copies(object_id):
            try:
                for _ in pieces:
                    pass
            except FileNotFoundError:
                continue
            except RecordError as error:
                first_error = first_error or error
            else:
                return
        if first_error is not None:
            raise first_error
