"""A process beside a training that takes in what the index lacks, and looks up what was tried.

`python -m gnomon.runs.tried.elsewhere` reads the question from stdin as JSON and prints the line, or nothing. It goes on at
low priority; who asked ends it.

Always true: the training's own process builds no index and waits for none. Not promised: an answer where there is more to
take in than `MOST_BYTES`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

MOST_BYTES = 64 << 20  # of logs that the index may lack: some seconds
LONGEST_S = 60.0
LOOK_S = 0.1
NICE = 10  # a tenth of a core that a training wants, too: a second or two


def ask(question: Mapping[str, Any], stop: threading.Event) -> str | None:
    """Return the line for a question; None where there is none to say, or `stop` was set. Raises OSError where it fails."""
    # -P: no module of the folder that the training runs in takes the place of one of Python's own.
    words = [sys.executable, "-P", "-m", "gnomon.runs.tried.elsewhere"]
    environment = {
        key: value for key, value in os.environ.items() if key not in ("GNOMON_RUN_ID", "GNOMON_GIVEN")
    }
    child = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment, start_new_session=True,
    )  # fmt: skip
    with child:
        try:
            said = _heard(child, json.dumps(question, default=str), stop)
        finally:
            if child.poll() is None:
                child.kill()
    return said.strip() or None


def _heard(child: subprocess.Popen[str], text: str, stop: threading.Event) -> str:
    given: str | None = text
    for _ in range(int(LONGEST_S / LOOK_S)):
        if stop.is_set():
            break
        try:
            said, trouble = child.communicate(given, timeout=LOOK_S)
        except subprocess.TimeoutExpired:
            given = None  # it goes on where it was
            continue
        if child.returncode:
            raise ChildProcessError(f"it ended with {child.returncode}: {trouble[-500:]}")
        return said
    return ""


def main() -> int:
    """Answer the question on stdin."""
    from gnomon.env import REAL
    from gnomon.runs.tried.at_start import Expected, Here, line_of

    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICE)
    asked = json.loads(sys.stdin.buffer.read())
    expected = Expected(asked["run"], asked["params"], asked["seed"], print, False)
    here = Here(asked["code"], asked["folder"], asked["imported"], asked["command"], asked["packages"])
    line = line_of(asked["place"], REAL, expected, here, lambda: None, most_new=MOST_BYTES)
    if line is not None:
        sys.stdout.buffer.write(line.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
