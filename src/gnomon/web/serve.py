"""Serves the pages of one replica on this machine, until interrupted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn

from gnomon.web.app import App
from gnomon.web.connections import Connection
from gnomon.web.warming import warm_later

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


def serve(
    path: str,
    sockets: list[socket.socket],
    started: Callable[[str, str], None],
    say_again: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    `started(address, code)` is called when requests are answered; `say_again(code)` when a code was used up, with the next one.
    """
    app = App(path, sockets[0].getsockname()[1], entered=lambda: say_again(app.sessions.new_code()))
    server = _Server(app, lambda: started(app.gate.page_origin, app.sessions.new_code()))
    for problem in app.problems:
        sys.stderr.write(f"{problem}\n")
    try:
        server.run(sockets=sockets)
    except KeyboardInterrupt:
        pass  # it is how one ends this
    finally:
        app.close()


class _Server(uvicorn.Server):
    def __init__(self, app: App, started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app.gate, http=Connection, ws="none", loop="asyncio", lifespan="off", proxy_headers=False,
            log_level="error", access_log=False, server_header=False, date_header=False,
            timeout_keep_alive=20, h11_max_incomplete_event_size=64 * 1024, timeout_graceful_shutdown=1,
        )  # fmt: skip
        super().__init__(config)
        self._app, self._started = app, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()
        warm_later()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.live.end()
        await super().shutdown(sockets)
