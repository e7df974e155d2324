"""Every test has its own configuration, cache and working folder: nothing of the user's is read or written."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from thorough import THOROUGH, examples

SOURCE = Path(__file__).resolve().parent.parent / "src"

# For `make quick`: laws are tried on a fifth of the examples that `make thorough` tries them on, for `make test` on half.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("share", max_examples=examples(100), deadline=None)  # no timed tests
if not THOROUGH:
    settings.load_profile("share")


def pytest_addoption(parser):
    parser.addoption(
        "--few", action="store_true", help="of each test that is run on many values, the first and the last"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    """For `make quick`: a test of 800 values says much the same with the first and the last of them."""
    if not metafunc.config.getoption("--few"):
        return
    every = metafunc.parametrize

    def few(names, values, *rest, ids=None, **options):
        values = list(values)
        if len(values) > 2:
            values = [values[0], values[-1]]
            if ids is not None and not callable(ids):
                ids = [*ids]
                ids = [ids[0], ids[-1]]
        every(names, values, *rest, ids=ids, **options)

    metafunc.parametrize = few


def pytest_collection():
    """Collect no garbage while thousands of tests are made, all of which stay: a third of the time of collecting them."""
    gc.disable()


def pytest_collection_finish():
    """Collect garbage again, and never look through what is there already."""
    gc.enable()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else nanobind complains of what was never freed


@pytest.fixture(autouse=True)
def own_world(tmp_path, monkeypatch):
    """Point Gnomon's folders into the test's own, work in a project of its own, and end its sessions afterwards."""
    for variable in [name for name in os.environ if name.startswith(("GNOMON_", "SLURM_", "OMPI_", "PMI_"))]:
        monkeypatch.delenv(variable)
    for variable in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("GNOMON_CAPTURE", "off")  # tests of capturing turn it on
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH") or str(SOURCE))
    for name in {"fsync", "fdatasync"} & set(dir(os)):
        # Nobody waits for the disk, since no test cuts the power. That it is asked for is seen by tests with faulty worlds.
        monkeypatch.setattr(os, name, os.fstat)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    yield
    session = sys.modules.get("gnomon.session")
    if session is not None:
        session.close_all()


@pytest.fixture
def project(tmp_path):
    """The working folder, in which `.gnomon/` is made."""
    return tmp_path / "project"
