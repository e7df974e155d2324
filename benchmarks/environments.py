"""One virtual environment per tracker, in `benchmarks/.venvs/`, which git ignores.

An environment is made, or brought up to date, when it is asked for. Versions of the others are pinned, so that
figures can be compared; Gnomon is installed from this working tree as `pip install .` does it, again whenever
its source has changed.
"""

import functools
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.peers import peer_class
from benchmarks.peers.gnomon import PROJECT

FOLDER = Path(__file__).parent / ".venvs"


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, up to date."""
    cls = peer_class(peer)
    if not cls.requirements:  # a program of the system
        return Path(sys.executable)
    return _python_with(cls.environment, cls.requirements)


@functools.cache  # once in a run of the harness: all its figures are of one state of the source
def _python_with(environment: str, requirements: tuple[str, ...]) -> Path:
    folder = FOLDER / environment
    python = folder / "bin" / "python"
    stamp, wanted = folder / "installed", "\n".join([*requirements, _source_digest(requirements)])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print(f"making the environment {environment}", file=sys.stderr)
        venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    if str(PROJECT) in requirements:  # pip sees no difference where the version is the same
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(PROJECT)], check=True)
    stamp.write_text(wanted)
    return python


def _source_digest(requirements: tuple[str, ...]) -> str:
    """Return a digest of this project's source, or "" for an environment that does not hold it."""
    if str(PROJECT) not in requirements:
        return ""
    digest = hashlib.sha256((PROJECT / "pyproject.toml").read_bytes())
    for path in sorted((PROJECT / "src").rglob("*.*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
