"""Which files of a project a process loaded: what is one, what is not known, and that a look runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import types

import pytest

import gnomon
from gnomon.runs.capture.loaded import MOST_FILES, LoadedFiles, digest_of
from gnomon.scrub.scrubber import Scrubber


class Odd(types.ModuleType):
    """A module that runs code when it is looked at, as those do that load others late."""

    def __getattr__(self, name):
        raise AssertionError(f"it was asked for {name}")

    @property
    def __dict__(self):
        raise RuntimeError("it has none to show")


def module(name, place):
    made = types.ModuleType(name)
    made.__file__ = str(place) if place is not None else None
    return made


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    for name in ("train.py", "net/model.py", "net/__init__.py", ".venv/lib/other.py", "unused.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n")
    return root


def modules(root, **more):
    return {
        "__main__": module("__main__", root / "train.py"),
        "net": module("net", root / "net/__init__.py"),
        "net.model": module("net.model", root / "net/model.py"),
        "other": module("other", root / ".venv/lib/other.py"),
        "json": module("json", "/usr/lib/python3/json.py"),
        "builtin": module("builtin", None),
        "nothing": None,
        "odd": Odd("odd"),
        **more,
    }


def looked(root, found, since_s=None, script="train.py"):
    place = str(root / script) if script is not None else None
    loaded = LoadedFiles(str(root), place, time.time() + 10 if since_s is None else since_s)
    loaded.look(found)
    return loaded


def test_the_script_and_the_modules_of_the_project_are_known_by_their_bytes(root):
    facts = looked(root, modules(root)).facts(Scrubber())
    assert [path for path, _ in facts["files"]] == ["net/__init__.py", "net/model.py", "train.py"]
    assert dict(facts["files"])["train.py"] == digest_of(str(root / "train.py"))
    assert set(facts) == {"files", "mark", "outside"}
    again = looked(root, modules(root)).facts(Scrubber())["mark"]
    (root / "unused.py").write_text("other")
    assert looked(root, modules(root)).facts(Scrubber())["mark"] == again == facts["mark"]
    (root / "net/model.py").write_text("other")
    assert looked(root, modules(root)).facts(Scrubber())["mark"] != again


def test_what_was_loaded_first_counts_as_it_was_then(root):
    loaded = looked(root, modules(root))
    before = loaded.facts(Scrubber())
    (root / "net/model.py").write_text("edited while it trains")
    loaded.look(modules(root))
    assert loaded.facts(Scrubber()) == before


def test_a_file_that_was_written_after_the_beginning_is_not_known(root):
    since_s = time.time() - 10
    for name in ("train.py", "net/__init__.py"):
        os.utime(root / name, (since_s - 5, since_s - 5))
    facts = looked(root, modules(root), since_s).facts(Scrubber())
    assert facts["unknown"] == ["net/model.py"] and "mark" not in facts
    assert [path for path, _ in facts["files"]] == ["net/__init__.py", "train.py"]


def test_a_script_that_is_none_of_the_projects_files_says_nothing(root, tmp_path):
    for place in (None, tmp_path / "elsewhere.py"):
        found = modules(root, __main__=module("__main__", place))
        assert looked(root, found, script=place).facts(Scrubber()) == {}


@pytest.mark.slow
def test_more_files_than_are_looked_at_are_counted(root):
    many = {}
    for number in range(MOST_FILES + 5):
        (root / f"m{number}.py").write_text("")
        many[f"m{number}"] = module(f"m{number}", root / f"m{number}.py")
    facts = looked(root, {**modules(root), **many}).facts(Scrubber())
    assert len(facts["files"]) == MOST_FILES and facts["left_out"] == 8 and "mark" not in facts


@pytest.mark.slow
@pytest.mark.parametrize("has_launcher", [False, True])
def test_a_run_records_what_it_loaded(project, monkeypatch, has_launcher):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    (project / "helper.py").write_text("value = 1\n")
    (project / "late.py").write_text("value = 2\n")
    (project / "train.py").write_text(
        "import gnomon, helper\nwith gnomon.run() as run:\n    import late\n    run.log(x=1)\n"
    )
    begin = [sys.executable, "-m", "gnomon", "run", "--"] if has_launcher else []
    subprocess.run([*begin, sys.executable, "train.py"], check=True, capture_output=True)
    run = gnomon.open().run("@1")
    loaded = run.captured.part("loaded")
    assert [path for path, _ in loaded["files"]] == ["helper.py", "late.py", "train.py"]
    assert len(loaded["mark"]) == 32 and "unknown" not in loaded
    assert run.captured.loaded() == {"helper.py", "late.py", "train.py"}


@pytest.mark.slow
def test_capture_without_code_does_not_look(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "command,python")
    (project / "train.py").write_text("import gnomon\nwith gnomon.run() as run:\n    run.log(x=1)\n")
    subprocess.run([sys.executable, "train.py"], check=True, capture_output=True)
    run = gnomon.open().run("@1")
    assert run.captured.part("loaded") == {} and run.captured.loaded() is None


def test_what_was_imported_from_beside_the_project_is_named_and_what_is_installed_is_not(root, tmp_path):
    helper, late = tmp_path / "beside/helper.py", tmp_path / "beside/late.py"
    helper.parent.mkdir()
    helper.write_text("X = 1")
    late.write_text("X = 1")
    os.utime(late, (time.time() + 100,) * 2)
    more = {
        "helper": module("helper", helper),
        "late": module("late", late),
        "packed": module("packed", tmp_path / "lib/site-packages/packed.py"),
        "os": os,
        "gnomon": gnomon,
    }
    facts = looked(root, modules(root, json=None, **more)).facts(Scrubber())
    assert facts["outside"] == [[str(helper), digest_of(str(helper))], [str(late), ""]]
