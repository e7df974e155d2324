"""Writing files that never change: complete under their final name, or not there.

Always true: the bytes were synced and read back before the file got its name, and the name was synced before the caller
goes on (and deletes what the file replaces).
Format: docs/internals/record-format.md, "Bundles", order of writes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError
from gnomon.record.hashing import new_hasher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.env import Env

TEMPORARY_SUFFIX = ".tmp"


def write_named_by_hash(env: Env, folder: str, use: str, suffix: str, parts: Iterable[bytes]) -> str:
    """Write the joined parts as `<hash><suffix>` in `folder`; return the path. Raises OSError, DamagedFileError.

    Where that file is there already, it holds the same bytes and is left alone.
    """
    env.make_plain_folder(folder, levels=1)
    temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}{TEMPORARY_SUFFIX}")
    hasher = new_hasher(use)
    fd = env.create(temporary)
    try:
        for part in parts:
            env.write(fd, part)
            hasher.update(part)
        env.sync_data(fd)
        name = hasher.digest(16).hex()
        if not _holds(env, fd, use, name):
            raise DamagedFileError(
                f"`{temporary}` does not read back as it was written",
                hint="the disk or the memory of this machine is at fault: run `gnomon verify` and check the disk",
            )
        path = os.path.join(folder, name + suffix)
        env.replace(temporary, path)
    except BaseException:
        env.close(fd)
        env.unlink(temporary)
        raise
    env.close(fd)
    env.sync_folder(folder)
    return path


def replace_file(env: Env, path: str, data: bytes) -> None:
    """Write a small file whole, in place of the one that may be there; bytes and name are on the disk afterwards.

    Its folder must exist. Raises OSError; then the file is as it was, and nothing is left beside it.
    """
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}{TEMPORARY_SUFFIX}")
    fd = env.create(temporary)
    try:
        try:
            env.write(fd, data)
            env.sync_data(fd)
        finally:
            env.close(fd)
        env.replace(temporary, path)
    except BaseException:
        env.unlink(temporary)
        raise
    env.sync_folder(folder)


def _holds(env: Env, fd: int, use: str, name: str) -> bool:
    hasher, offset, size = new_hasher(use), 0, env.size(fd)
    while offset < size:
        part = env.read(fd, 1 << 24, offset)
        if not part:
            break
        hasher.update(part)
        offset += len(part)
    return hasher.digest(16).hex() == name


def has_true_name(env: Env, path: str, use: str) -> bool:
    """Return whether a file's name is the hash of its bytes. Raises OSError."""
    fd = env.open_read(path)
    try:
        return _holds(env, fd, use, os.path.basename(path).partition(".")[0])
    finally:
        env.close(fd)
