"""Chromium without a window, driven over a pipe by its DevTools protocol: nothing but the standard library."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WAIT_S = 30


class Page:
    """One page. `events` are all that the browser told of it."""

    def __init__(self, folder) -> None:
        (asked, ask), (hear, told) = os.pipe(), os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (asked, told)]
        self._process = subprocess.Popen(
            [
                PATH, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--window-size=1000,800", "--remote-debugging-pipe",
                f"--user-data-dir={folder}", "about:blank",
            ],
            preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)),  # its pipes
            pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for end in (asked, told, *ends):
            os.close(end)
        self._ask, self._hear, self._rest, self._no = ask, hear, b"", 0
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._ask)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._hear)

    def call(self, method: str, **params) -> dict:
        self._no += 1
        message = {"id": self._no, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._ask, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + WAIT_S
        while True:
            answer = self._next(end)
            if answer.get("id") == self._no:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self, end: float) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._hear], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self._hear, 1 << 16)
            assert data, "the browser is gone"
            self._rest += data
        first, _, self._rest = self._rest.partition(b"\0")
        return json.loads(first)

    def open(self, path) -> None:
        self.call("Page.navigate", url=path.as_uri())
        end = time.monotonic() + WAIT_S
        while self.js("document.readyState") != "complete" or "plot.html" not in self.js("location.href"):
            assert time.monotonic() < end
            time.sleep(0.05)

    def js(self, expression: str):
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float, times: int = 1) -> None:
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.mouse(kind, x, y, button="left", clickCount=count)
