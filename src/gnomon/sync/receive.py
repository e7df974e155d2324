"""Taking files in: under a temporary name, held against name and size, and only then under their own.

Always true: what stands under a sealed name was checked; an interrupted or lying transfer leaves nothing but a temporary file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError
from gnomon.sync.names import Checked, SealedFile, folder_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.record.home import Home


def receive(home: Home, file: SealedFile, size: int, pieces: Iterable[bytes]) -> None:
    """Store a file of a remote. Raises DamagedFileError where its bytes are not those that were promised, OSError."""
    env = home.env
    folder = folder_within(home, file.part, file.writer)
    temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}.tmp")
    checked = Checked(file)
    fd = env.create(temporary)
    try:
        try:
            for piece in pieces:
                checked.update(piece)
                if checked.size > size:
                    break  # no more of it: it is not what was promised
                env.write(fd, piece)
            if checked.size != size or not checked.is_true:
                raise _not_promised(file, size, checked)
            env.sync_data(fd)
        finally:
            env.close(fd)
        env.replace(temporary, os.path.join(folder, os.path.basename(file.path)))
    except BaseException:
        env.unlink(temporary)
        raise
    env.sync_folder(folder)


def _not_promised(file: SealedFile, size: int, checked: Checked) -> DamagedFileError:
    found = (
        f"it has other bytes than its name says ({size:,} of them)"
        if checked.size == size
        else f"it has {'more than ' if checked.size > size else ''}{min(checked.size, size):,} bytes, not {size:,}"
    )
    return DamagedFileError(
        f"`{file.path}` of the remote is damaged: {found}; nothing of it was stored",
        hint="sync again; if it stays so, a replica that has the file can send it anew: `gnomon sync --check` there",
    )
