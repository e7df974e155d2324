"""Where the pages listen: loopback only, `127.0.0.1` and, where the machine has it, `::1` at the same port.

Both, so that nobody else can answer for `localhost` there. Always true: a port at which `::1` cannot be had is not used, unless
this machine has no `::1` at all.
"""

from __future__ import annotations

import errno
import os
import socket

from gnomon.errors import StorageError

PORT = 7420
TRIES = 20
TAKEN = (errno.EADDRINUSE, errno.EACCES)
NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


def bind(port: int | None) -> list[socket.socket]:
    """Return bound sockets of one port: this one, or one that is free, from `PORT` on. Raises StorageError."""
    wanted = [port] if port is not None else [*range(PORT, PORT + TRIES), *[0] * TRIES]
    for number in wanted:
        try:
            return _bind(number)
        except OSError as error:
            if error.errno not in TAKEN:
                raise StorageError(f"127.0.0.1:{number} cannot be bound: {error.strerror}") from error
    if port is None:
        raise StorageError("no port of 127.0.0.1 and ::1 is free")
    raise StorageError(
        f"port {port} of 127.0.0.1 or ::1 is taken, or may not be used",
        hint="leave `--port` out: a free one is found",
    )


def _bind(port: int) -> list[socket.socket]:
    sockets = [_bound(socket.AF_INET, "127.0.0.1", port)]
    port = sockets[0].getsockname()[1]
    try:
        sockets.append(_bound(socket.AF_INET6, "::1", port))
    except OSError as error:
        if error.errno not in NO_SUCH_ADDRESS:  # somebody else answers there as `localhost`
            sockets[0].close()
            raise
    return sockets


def _bound(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port that was used a moment ago can be used again; on POSIX it lets nobody in beside one that listens.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound
