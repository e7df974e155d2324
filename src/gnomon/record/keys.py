"""The device key: who writes.

One Ed25519 key for each device, in the user's configuration folder, never inside a record. Its file is named by the
machine, so a home that several machines share, or that was copied to another one, gives each its own key. Where
machines cannot be told apart (a cloned container), they share a key and still write different logs, since a log is
never resumed.

Always true: a key file is complete or absent (link after write), and readable by its user only.
Format: docs/internals/record-format.md, "Hashes and keys".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from gnomon.errors import KeyFileError
from gnomon.record.hashing import derive_id

if TYPE_CHECKING:
    from gnomon.env import Env

CERTIFICATE_LABEL = b"gnomon v1 certificate\0"
CLOSE_LABEL = b"gnomon v1 close\0"
_FILE_HEAD = "gnomon device key v1\n"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


class DeviceKey:
    """The right to write as one device. `is_kept` is False where no key file could be written."""

    __slots__ = ("_secret", "is_kept", "public", "writer")

    def __init__(self, seed: bytes, *, is_kept: bool = True) -> None:
        self.public, self._secret = crypto_sign_seed_keypair(seed)
        self.writer = writer_id(self.public)
        self.is_kept = is_kept

    def __repr__(self) -> str:
        return f"DeviceKey(writer={self.writer!r})"

    def sign(self, label: bytes, data: bytes) -> str:
        """Return the signature of `label || data` as 128 hex digits."""
        return crypto_sign(label + data, self._secret)[:_SIGNATURE_BYTES].hex()


def writer_id(public: bytes) -> str:
    """Return the id of the writer that a public key names."""
    return derive_id("writer", public)


def log_id(public: bytes, nonce: bytes) -> str:
    """Return the id of the log that this writer opens with this nonce."""
    return derive_id("log", public + nonce)


def is_signed(public: bytes, signature_hex: str, label: bytes, data: bytes) -> bool:
    """Return whether `signature_hex` is this key's signature of `label || data`.

    By the rule of libsodium, which the format names: a key that not one signer holds, but that any signature fits
    (a point of small order), signs nothing, and of each number there is one way to write it.
    """
    try:
        signature = bytes.fromhex(signature_hex)
    except ValueError:
        return False
    if len(public) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + label + data, public)
    except BadSignatureError:
        return False
    return True


def load_device_key(env: Env) -> DeviceKey:
    """Return this device's key, making it on first use.

    Where the configuration folder cannot be written (a read-only home), the key lives as long as the process.
    Raises KeyFileError where a key file is there but is not one.
    """
    folder = os.path.join(env.config_folder(), "keys")
    path = os.path.join(folder, f"{_device_name(env)}.key")
    try:
        return DeviceKey(_read_seed(env, path))
    except FileNotFoundError:
        pass
    seed = env.random_bytes(32)
    try:
        env.make_folder(folder)
        _write_once(env, folder, path, seed)
        return DeviceKey(_read_seed(env, path))
    except OSError:
        return DeviceKey(seed, is_kept=False)


def own_writer(env: Env) -> str | None:
    """Return the id under which this device writes; None before its key is made. Raises KeyFileError for a damaged one."""
    path = os.path.join(env.config_folder(), "keys", f"{_device_name(env)}.key")
    try:
        return DeviceKey(_read_seed(env, path)).writer
    except OSError:
        return None


def _device_name(env: Env) -> str:
    return derive_id("writer", b"device name\0" + env.machine_name().encode("utf-8", "surrogateescape"))[:16]


def _read_seed(env: Env, path: str) -> bytes:
    text = env.read_file(path).decode("ascii", "replace")
    try:
        seed = bytes.fromhex(text.removeprefix(_FILE_HEAD).strip())
    except ValueError:
        seed = b""
    if not text.startswith(_FILE_HEAD) or len(seed) != 32:
        raise KeyFileError(
            f"device key `{path}` is not a key of this format",
            hint="move the file away: Gnomon makes a new key, and entries that the old one wrote stay valid",
        )
    return seed


def _write_once(env: Env, folder: str, path: str, seed: bytes) -> None:
    temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}.tmp")
    fd = env.create(temporary)
    try:
        env.write(fd, f"{_FILE_HEAD}{seed.hex()}\n".encode("ascii"))
        env.sync_data(fd)
    finally:
        env.close(fd)
    try:
        env.link(temporary, path)
    except FileExistsError:
        pass  # another process was first; its key is read
    finally:
        env.unlink(temporary)
    env.sync_folder(folder)
