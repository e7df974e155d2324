"""The pages of a record, served by a process of their own, and browsers that have entered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import PATH

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
ARTEFACTS = Path(os.environ.get("GNOMON_SCREENSHOTS", ""))
"""Where screenshots are kept; nowhere unless the environment says so (`.ci/run` does)."""


class Pages:
    """`gnomon ui` over the record in a folder. `base` is its origin; `code()` lets one browser in."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gnomon", "ui", "--no-open"],
            cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            raise AssertionError(self._process.communicate()[1])
        self.base = self.address.partition("/enter")[0]
        self._code = self.address.rpartition("=")[2]

    def code(self) -> str:
        """Return a code that was not used yet: the process says the next one when the last was used."""
        if self._code:
            code, self._code = self._code, ""
            return code
        assert self._process.stderr is not None
        while True:
            line = self._process.stderr.readline()
            assert line, "the pages have ended"
            found = re.search(r"the code for another one: (\S+)", line)
            if found:
                return found[1]

    def enter(self, page: Page) -> None:
        """Let a page in."""
        page.goto(f"{self.base}/enter#code={self.code()}")
        page.wait_for_url(f"{self.base}/")

    def close(self) -> str:
        """End the pages and return what they said."""
        self._process.terminate()
        try:
            return self._process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.communicate()[1]


def new_page(browser: Browser, pages: Pages, **options) -> Page:
    """Return a page that has entered; `page.errors` are what the console and the page complain of."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    page = context.new_page()
    page.errors = []
    page.on(
        "console", lambda said: page.errors.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    pages.enter(page)
    return page


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the page, where artefacts are kept."""
    if ARTEFACTS.name:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def launch(playwright) -> Browser:
    """Start the Chromium of the system."""
    return playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
