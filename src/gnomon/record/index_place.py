"""Where the index of a replica lives: a folder of the user's cache, never inside the record.

The folder's name is made from the replica's real path, its device and inode, and the record's id, so a copied, moved or
replaced `.gnomon/` gets an index of its own. A file `where` names the replica, so that indexes of replicas that are gone
can be found (`stale_places`); a file `stamp` tells whether the index is as its last writer left it. On a network disk,
where SQLite's locks cannot be trusted, a private folder for temporary files is taken instead; where that fails too,
`place_for` returns None and the index lives in memory.

Always true: a folder that others could write is never used.
"""

from __future__ import annotations

import json
import os
import stat as stat_module
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from gnomon.env import Env
    from gnomon.record.home import Home

INDEX_FILE = "index.sqlite"
LOCK_FILE = "lock"
WHERE_FILE = "where"
STAMP_FILE = "stamp"
NETWORK_DISKS = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fhgfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2",
        "smb3", "smbfs", "virtiofs", "wekafs",
    }
)  # fmt: skip


class Place:
    """The folder of one index. `key` stands inside the index too: a file from elsewhere does not have it."""

    __slots__ = ("folder", "key", "lock", "notice", "path", "stamp")

    def __init__(self, folder: str, key: str, notice: str | None) -> None:
        self.folder = folder
        self.key = key
        self.path = os.path.join(folder, INDEX_FILE)
        self.lock = os.path.join(folder, LOCK_FILE)
        self.stamp = os.path.join(folder, STAMP_FILE)
        self.notice = notice


def place_for(home: Home, env: Env) -> Place | None:
    """Return the place of this replica's index, made if missing; None where only memory is left."""
    real = os.path.realpath(home.path)
    state = env.stat(real)
    where = {"device": state.st_dev, "inode": state.st_ino, "record": home.record_id, "replica": real}
    text = json.dumps(where, sort_keys=True).encode("ascii")
    key = blake3(text).hexdigest()[:32]
    cache = env.cache_folder()
    for base, notice in (
        (cache, None),
        (_temporary_folder(env), f"`{cache}` cannot hold the index; a temporary folder does"),
    ):
        folder = os.path.join(base, key)
        try:
            env.make_folder(folder)
            if not _is_private(folder, env) or env.filesystem(folder) in NETWORK_DISKS:
                continue
            _write_small(os.path.join(folder, WHERE_FILE), text, env)
        except OSError:
            continue
        return Place(folder, key, notice)
    return None


def stale_places(env: Env) -> list[tuple[str, str]]:
    """Return (folder, replica path) of the indexes whose replica is not there any more, or is another one."""
    stale = []
    for base in (env.cache_folder(), _temporary_folder(env)):
        for name, state in env.list_folder(base):
            folder = os.path.join(base, name)
            if stat_module.S_ISDIR(state.st_mode):
                replica = _gone_replica(folder, name, env)
                if replica is not None:
                    stale.append((folder, replica))
    return stale


def _gone_replica(folder: str, name: str, env: Env) -> str | None:
    """Return the replica that an index folder names, if that replica is gone; None if it is not an index folder."""
    try:
        text = env.read_file(os.path.join(folder, WHERE_FILE))
        where = json.loads(text)
    except (OSError, ValueError):
        return None
    if blake3(text).hexdigest()[:32] != name:
        return None
    try:
        state = env.stat(where["replica"])
    except OSError:
        return str(where["replica"])
    same = (state.st_dev, state.st_ino) == (where["device"], where["inode"])
    return None if same else str(where["replica"])


def _temporary_folder(env: Env) -> str:
    user = os.getuid() if hasattr(os, "getuid") else 0
    return os.path.join(env.getenv("TMPDIR") or "/tmp", f"gnomon-{user}")  # noqa: S108  private: see `_is_private`


def _is_private(folder: str, env: Env) -> bool:
    """Return whether this folder and the one above are real folders of this user that nobody else may write."""
    for path in (folder, os.path.dirname(folder)):
        state = env.stat(path)
        if not stat_module.S_ISDIR(state.st_mode) or (hasattr(os, "getuid") and state.st_uid != os.getuid()):
            return False
        if state.st_mode & 0o022:
            return False
    return True


def write_stamp(place: Place, env: Env) -> None:
    """Note how the index file is now. Its writer does so whenever it changed the file, while it holds the lock."""
    try:
        _write_small(place.stamp, _stamp(env.stat(place.path)), env)
    except OSError:
        pass  # then the stamp does not fit, and the index is built again


def is_as_stamped(place: Place, env: Env) -> bool:
    """Return whether the index file is as its last writer left it.

    SQLite keeps no checksums: without this, a file that something else wrote into could give wrong answers. While a
    writer is at work the stamp may not fit.
    """
    try:
        return env.read_file(place.stamp) == _stamp(env.stat(place.path))
    except OSError:
        return False


def _stamp(state: os.stat_result) -> bytes:
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ino}\n".encode("ascii")


def _write_small(path: str, text: bytes, env: Env) -> None:
    try:
        if env.read_file(path) == text:
            return
    except FileNotFoundError:
        pass
    fd = env.open_lock(path)
    try:
        env.truncate(fd, 0)
        env.pwrite(fd, text, 0)
    finally:
        env.close(fd)
