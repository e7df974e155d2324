"""Opens the pages in the person's own browser, without showing the code to other users of the machine."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.env import Env


def open_browser(env: Env, address: str) -> bool:
    """Open an address that holds a code in the person's browser; return whether one was found.

    The browser is given a file that only they can read and that leads there: what a process is started with, all users can see.
    The code in it counts once, so that it is worth nothing when the browser has entered.
    """
    import hashlib
    import html
    import pathlib
    import webbrowser

    folder = os.path.join(env.cache_folder(), "pages")
    env.make_folder(folder)
    path = os.path.join(
        folder, f"open-{hashlib.sha256(address.partition('#')[0].encode()).hexdigest()[:8]}.html"
    )
    shown = html.escape(address)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of an earlier start at this port: its mode and its owner would stay
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={shown}">'
            f'<title>Gnomon</title><p><a href="{shown}">Open the pages</a>'
        )
    try:
        return webbrowser.open(pathlib.Path(path).as_uri())
    except webbrowser.Error:
        return False


def is_far(env: Env) -> bool:
    """Return whether the person sits at another machine, or this one has no screen."""
    if env.getenv("SSH_CONNECTION"):
        return True
    return sys.platform.startswith("linux") and not (env.getenv("DISPLAY") or env.getenv("WAYLAND_DISPLAY"))
