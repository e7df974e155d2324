"""The Python that a command runs, which need not be ours: its version and packages, asked of it.

Always true: only a program that is a Python by its name is started, or the one that a script names in its first line; it gets
a few seconds, no input, and code of ours alone. Where a command is something else, nothing is claimed.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT_S = 5.0
_ASK = (
    "import json, sys; print(json.dumps({'version': sys.version.split()[0], 'implementation': sys.implementation.name, "
    "'path': sys.path, 'is_venv': sys.prefix != sys.base_prefix}))"
)


def python_of(words: Sequence[str]) -> str | None:
    """Return the path of the Python that a command runs; None where it runs none that can be told."""
    program = shutil.which(words[0]) if words else None
    if program is None:
        return None
    if _is_python(program):
        return program
    try:
        with open(program, "rb") as file:
            first = file.readline(512)
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    named = first[2:].decode("utf-8", "replace").split()
    if named and os.path.basename(named[0]) == "env":
        named = [word for word in named[1:] if not word.startswith("-")]
    found = shutil.which(named[0]) if named else None
    return found if found is not None and _is_python(found) else None


def facts_of(python: str, environ: Mapping[str, str]) -> dict[str, object]:
    """Return version, implementation and packages of another Python; empty where it does not answer."""
    import subprocess

    from gnomon.runs.capture.packages import direct, distributions

    try:
        done = subprocess.run(
            [python, "-c", _ASK], capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False, cwd="/",
            env={name: value for name, value in environ.items() if name != "PYTHONSTARTUP"},
        )  # fmt: skip
        said = json.loads(done.stdout.splitlines()[-1])
        installed = distributions([folder for folder in said["path"] if folder])
        facts: dict[str, object] = {
            "version": str(said["version"]),
            "implementation": str(said["implementation"]),
            "executable_kind": "venv" if said["is_venv"] else "other",
            "packages": {one.name: one.version for one in installed},
            "editable": direct(installed),
            "is_of_command": True,
        }
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return {}  # an odd interpreter: the part is missing, which the run shows
    return {name: fact for name, fact in facts.items() if fact}


def _is_python(path: str) -> bool:
    name = os.path.basename(path)
    return name.startswith(("python", "pypy")) and not name.removeprefix("python").removeprefix("pypy").strip(
        "0123456789.t"
    )
