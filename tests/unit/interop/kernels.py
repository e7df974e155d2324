"""A real IPython kernel, asked as a notebook's front end asks it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import warnings
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Iterator

LOAD = "%load_ext gnomon"
TIMEOUT_S = 60


class Front:
    """What sits in front of a kernel: runs cells, and shows what comes back."""

    def __init__(self, manager: KernelManager, client) -> None:
        self.manager = manager
        self.client = client

    def run(self, source: str, cell: str | None = None) -> str:
        """Run a cell and return 'ok' or 'error'; wait for its end."""
        return self.shown(source, cell)[0]

    def shown(self, source: str, cell: str | None = None) -> tuple[str, list[dict]]:
        """Run a cell; return its status, and the outputs that a person would see."""
        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        message = self.client.session.msg(
            "execute_request", content, metadata={"cellId": cell} if cell else {}
        )
        self.client.shell_channel.send(message)
        wanted = message["header"]["msg_id"]
        outputs = []
        while True:
            got = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if got["parent_header"].get("msg_id") != wanted:
                continue
            kind, body = got["msg_type"], got["content"]
            if kind == "status" and body["execution_state"] == "idle":
                break
            if kind in ("stream", "display_data", "execute_result", "error", "update_display_data"):
                outputs.append({"output_type": kind, **body})
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT_S)
            if reply["parent_header"].get("msg_id") == wanted:
                return reply["content"]["status"], outputs

    def send(self, source: str, cell: str | None = None) -> None:
        """Have a cell begin, and do not wait."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        self.client.shell_channel.send(
            self.client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        )


@contextlib.contextmanager
def kernel(cwd, **variables: str) -> Iterator[Front]:
    """Start a kernel in a folder, as Jupyter would, and shut it down in the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager = KernelManager(kernel_name="python3")
        world = {
            **os.environ,
            "GNOMON_CAPTURE": "on",
            "IPYTHONDIR": os.environ["XDG_CONFIG_HOME"],
            **variables,
        }
        world.pop("PYTEST_CURRENT_TEST", None)  # a kernel that sees it does not hear child processes
        manager.start_kernel(cwd=str(cwd), env=world, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=TIMEOUT_S)
            yield Front(manager, client)
        finally:
            client.stop_channels()
            with contextlib.suppress(Exception):
                manager.shutdown_kernel()
            manager.cleanup_resources()


def save(path, cells: list[tuple[str, str]], **more) -> None:
    """Write a notebook of format 4.5: cells are (id, source)."""
    found = [
        {
            "cell_type": "code",
            "id": known,
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for known, source in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found, **more}
    path.write_text(json.dumps(notebook))
