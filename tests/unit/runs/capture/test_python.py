"""Facts of the interpreter and its packages, against `importlib.metadata` and made folders."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import types

import pytest

from gnomon.runs.capture import packages
from gnomon.runs.capture.packages import direct, distributions, loaded, normalised
from gnomon.runs.capture.python import python_facts


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.slow
def test_packages_agree_exactly_with_importlib_metadata():
    expected = {}
    for distribution in importlib.metadata.distributions():
        expected.setdefault(canonical(distribution.metadata["Name"]), distribution.version)
    assert python_facts()["packages"] == expected
    assert list(python_facts()["packages"]) == sorted(expected)
    assert len(expected) > 20


def test_editable_agrees_with_direct_url_files():
    expected = [
        canonical(distribution.metadata["Name"])
        for distribution in importlib.metadata.distributions()
        if distribution.read_text("direct_url.json")
    ]
    assert python_facts().get("editable", []) == sorted(expected)


def test_version_and_kind_of_this_interpreter():
    facts = python_facts()
    assert facts["version"] == platform.python_version()
    assert facts["implementation"] == platform.python_implementation().lower()
    assert platform.python_compiler() in facts["build"]
    assert facts["executable_kind"] == ("venv" if sys.prefix != sys.base_prefix else facts["executable_kind"])
    assert os.path.expanduser("~") not in json.dumps(facts)


def test_options_of_the_interpreter_are_seen():
    code = "import json; from gnomon.runs.capture.python import python_facts; print(json.dumps(python_facts()['flags']))"
    found = subprocess.run(
        [sys.executable, "-OO", "-X", "dev", "-X", "pycache_prefix=/tmp/of-alice", "-c", code],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    assert json.loads(found.stdout) == ["-OO", "PYTHONHASHSEED=0", "-X dev", "-X pycache_prefix"]


def test_the_mode_for_development_is_seen_however_it_was_asked_for():
    code = "from gnomon.runs.capture.python import python_facts; print(python_facts()['flags'])"
    environ = {**os.environ, "PYTHONDEVMODE": "1"}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environ
    )
    assert found.stdout.strip() == "['-X dev']"


def test_what_is_loaded_is_named():
    assert {"pytest", "pluggy", "gnomon"} <= set(python_facts()["imported"])


@pytest.mark.slow
def test_what_a_large_library_loads_is_named_and_nothing_else():
    code = "import sklearn; from gnomon.runs.capture.python import python_facts; print(' '.join(python_facts()['imported']))"
    pytest.importorskip("sklearn")
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    names = found.stdout.split()
    assert {"scikit-learn", "numpy", "scipy", "gnomon"} <= set(names)
    assert "polars" not in names


# --- made folders


def install(folder, name, files):
    place = folder / name
    place.mkdir(parents=True)
    for path, text in files.items():
        (place / path).write_text(text)


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def test_names_and_versions_come_from_folders_and_from_metadata_where_these_do_not_say(site, tmp_path):
    install(site, "Torch_Thing-2.1.0+cu121.dist-info", {})
    install(
        site,
        "odd-1.0_1.dist-info",
        {"METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1.0-1\n\nName: not-this\n"},
    )
    install(site, "old.egg-info", {"PKG-INFO": "Name: Old.Thing\nVersion: 3\n"})
    install(site, "bare.egg-info", {"PKG-INFO": "Name: bare\n\nVersion: 7\n"})
    (site / "file-4-py3.11.egg-info").write_text("Name: file\nVersion: 4.0\n")
    install(site, "~umpy-1.0.dist-info", {})
    install(site, "broken.dist-info", {})
    other = tmp_path / "other"
    install(other, "odd-9.dist-info", {})
    found = distributions(
        [str(site), str(other), str(tmp_path / "missing"), str(site / "file-4-py3.11.egg-info"), "a\0b"]
    )
    assert {one.name: one.version for one in found} == {
        "torch-thing": "2.1.0+cu121", "odd": "1.0-1", "old-thing": "3", "file": "4.0", "bare": ""
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "is_direct"),
    [
        ('{"url": "file:///home/a/x", "dir_info": {"editable": true}}', True),
        ('{"url": "https://t0ken@github.com/a/b", "vcs_info": {"vcs": "git", "commit_id": "1"}}', True),
        ('{"url": "https://example.com/x.whl", "archive_info": {}}', True),
        ('{"url": "file:///home/a/x", "dir_info": {}}', True),
        ('{"dir_info": {}, "url": "file:///home/conda/feedstock_root/build_artifacts/x/work"}', False),
        ('{"dir_info": {}, "url": "file:///croot/x_1/work"}', False),
    ],
)
def test_what_came_from_no_index_is_named_without_its_address(site, content, is_direct):
    install(site, "thing-1.dist-info", {"direct_url.json": content})
    install(site, "plain-1.dist-info", {})
    assert direct(distributions([str(site)])) == (["thing"] if is_direct else [])


def test_loaded_ones_are_found_by_name_by_table_and_by_top_level(site):
    for name in (
        "PyYAML-6.dist-info",
        "my_pkg-1.dist-info",
        "backports.zstd-1.dist-info",
        "unused-1.dist-info",
    ):
        install(site, name, {})
    install(site, "fancy-1.dist-info", {"top_level.txt": "_private\nplain_module\n"})
    install(site, "not_here-1.dist-info", {"top_level.txt": "absent\n"})
    modules = {"yaml", "my_pkg", "backports.zstd", "plain_module", "_private"}
    assert loaded(distributions([str(site)]), modules) == ["backports-zstd", "fancy", "my-pkg", "pyyaml"]


def test_a_module_of_another_name_is_looked_for_only_where_nothing_accounts_for_it(site, monkeypatch):
    install(site, "fancy-1.dist-info", {"top_level.txt": "plain_module\n"})
    installed = distributions([str(site)])
    monkeypatch.setattr(packages, "_text", lambda path: pytest.fail(f"{path} was read"))
    assert loaded(installed) == []
    monkeypatch.undo()
    module = types.ModuleType("plain_module")
    module.__file__ = str(site / "plain_module.py")
    monkeypatch.setitem(sys.modules, "plain_module", module)
    assert loaded(installed) == ["fancy"]


@pytest.mark.parametrize("name", ["Backports.Zstd", "a__b--c..d", "x", "A-_.B"])
def test_names_are_normalised_as_pep_503_says(name):
    assert normalised(name) == canonical(name)


def test_a_folder_that_cannot_be_read_raises_nothing(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    facts = python_facts()
    assert "packages" not in facts
    assert facts["version"] == platform.python_version()
