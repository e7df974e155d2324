"""Serves the pages of one replica on this machine, until interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from gnomon.web.app import App

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
    try:
        server.run(sockets=sockets)
    except KeyboardInterrupt:
        pass  # it is how one ends this
    finally:
        app.close()


class _Server(uvicorn.Server):
    def __init__(self, app: App, started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app.gate, log_level="warning", access_log=False, server_header=False, date_header=False, lifespan="off",
            limit_concurrency=300, timeout_keep_alive=20, ws="none", h11_max_incomplete_event_size=64 * 1024,
            timeout_graceful_shutdown=1, proxy_headers=False,
        )  # fmt: skip
        super().__init__(config)
        self._app, self._started = app, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.live.end()
        await super().shutdown(sockets)
