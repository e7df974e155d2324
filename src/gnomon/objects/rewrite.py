"""A pack without some of its objects: frames that stay whole are copied as they are stored, others are packed anew.

Always true: each object that is copied was checked on the way. The old pack is not touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.objects.pack import PackWriter, packed, part_of, stored_pieces, unpack_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.env import Env
    from gnomon.objects.frames import Stored
    from gnomon.objects.pack import Pack


def rewrite(env: Env, pack: Pack, folder: str, stays: Callable[[str], bool]) -> Pack | None:
    """Write the objects of a pack that stay to a new pack in `folder`, and return it; None where none stays.

    Raises RecordError where one of them is damaged, FileNotFoundError where the pack has gone, OSError.
    """
    with PackWriter(env, folder, form=pack.form) as writer:
        fd = env.open_read(pack.path)
        try:
            for held in pack.frames():
                copy_frame(env, pack, fd, held, [one for one in held if stays(one.object)], writer)
        finally:
            env.close(fd)
        name = writer.finish()
        return None if name is None else writer.pack(name)


def copy_frame(
    env: Env, pack: Pack, fd: int, held: list[Stored], wanted: list[Stored], writer: PackWriter
) -> None:
    """Copy the wanted ones of the objects that a frame holds; bytes of the others are not copied."""
    if len(wanted) <= 1:
        for stored in wanted:
            writer.add_stored(stored, stored_pieces(env, fd, stored))
        return
    kept = b"".join(stored_pieces(env, fd, held[0]))
    frame = unpack_frame(held[0], [kept], pack.path)
    datas = [part_of(stored, frame, pack.path) for stored in wanted]
    codec = held[0].codec
    if len(wanted) < len(held):
        codec, kept = packed(b"".join(datas))
    writer.add_frame(codec, kept, [(stored.object, stored.size) for stored in wanted])
