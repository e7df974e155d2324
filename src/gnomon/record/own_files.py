"""What only the person here may know of a replica: drafts, reading positions.

Files in their configuration folder, never in the record.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from gnomon.record.home import Home


def own_path(home: Home, folder: str, name: str) -> str:
    """Return the path of a file about one replica, which its place on the disk tells from others: `reader/<place>.json`.

    `name` is what stands behind the place: an ending, or a file in a folder of the replica's own.
    """
    place = blake3(os.fsencode(os.path.realpath(home.path))).hexdigest()[:32]
    return os.path.join(home.env.config_folder(), folder, place + name)
