"""What Gnomon reads for itself while a run is watched is no input of the run."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gnomon

pytestmark = pytest.mark.slow


@pytest.fixture
def watched(project, monkeypatch):
    """Run a script that watches itself, in a Git folder with a file that Git does not know; return the names of its inputs."""
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    (project / "notes.json").write_text('{"a": 1}')
    (project / "in.csv").write_text("a\n1\n")

    def run(body: str) -> list[str]:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (project / "train.py").write_text(
            f"import gnomon\nwith gnomon.run(watch_files=True) as run:\n{lines}"
        )
        # The end of the process waits for the look at the code.
        subprocess.run([sys.executable, "train.py"], cwd=project, check=True, timeout=120)
        found = gnomon.open().run("@1")
        assert "files/notes.json" in found.captured.code_files(), "Gnomon did read it"
        return [use.name for use in found.uses]

    return run


WAIT = "import time\nuntil = time.monotonic() + 1.5\nwhile time.monotonic() < until: time.sleep(0.05)"


def test_what_the_look_at_the_code_opens_is_no_input(watched):
    assert watched(f"{WAIT}\nopen('in.csv').read()") == ["in.csv"]


def test_what_gnomon_hashes_or_keeps_is_no_input(watched):
    assert watched("run.keep('in.csv')\ngnomon.add_data('in.csv')\n" + WAIT) == []


def test_what_the_program_reads_after_gnomon_did_is_one(watched):
    assert watched("run.keep('in.csv')\nopen('in.csv').read()\n" + WAIT + "\nopen('notes.json').read()") == [
        "in.csv", "notes.json"
    ]  # fmt: skip


def test_a_library_that_another_thread_is_importing_is_waited_for(project):
    """Else it is not wrapped; and of `subprocess`, which Gnomon's look at the code imports, the run died."""
    (project / "h5py.py").write_text(
        "import time\ntime.sleep(1)\nclass File:\n    def __init__(self, name, mode='r'): pass\n"
    )
    (project / "train.py").write_text(
        "import sys, threading, time, gnomon\n"
        "threading.Thread(target=__import__, args=('h5py',)).start()\n"
        "while 'h5py' not in sys.modules: time.sleep(0.01)\n"
        "with gnomon.run(watch_files=True):\n"
        "    import h5py\n"
        "    h5py.File('in.h5')\n"
    )
    (project / "in.h5").write_text("x")
    subprocess.run([sys.executable, "train.py"], cwd=project, check=True, timeout=120)
    assert [use.name for use in gnomon.open().run("@1").uses] == ["in.h5"]
