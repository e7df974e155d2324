"""`gnomon remote test`: what holds is found to hold on every transport, and each lie is found by the check for it."""

from __future__ import annotations

import os
import time

import pytest
from remotes import git

from gnomon.cli.main import main
from gnomon.env import REAL
from gnomon.errors import RemoteError
from gnomon.sync import conformance
from gnomon.sync.conformance import CHECKS, can_be_used, findings
from gnomon.sync.folder import FolderStore


def results(url, **options):
    return {one.name: one for one in findings(REAL, url, os.getcwd(), **options)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "bucket", "git", "ssh"])
def test_a_remote_that_is_as_it_should_be(kind, request, tmp_path):
    if kind == "bucket":
        request.getfixturevalue("s3")
        url = "s3://team/tried"
    elif kind == "ssh":
        url = f"{request.getfixturevalue('ssh')}{tmp_path}/tried"
    elif kind == "git":
        url = f"git+file://{request.getfixturevalue('bare')}"
    else:
        url = str(tmp_path / "tried")
    found = results(url, is_quick=kind == "ssh")
    may_not = {"git": {"forgets what is deleted"}}.get(kind, set())
    assert {name for name, one in found.items() if one.result == "fail"} == may_not
    assert can_be_used(list(found.values()))
    for name in ("read after write", "parts of a file", "whole writes", "create-only", "cleaned up"):
        assert found[name].result == "pass"
    if kind in ("folder", "ssh"):
        assert (
            not list((tmp_path / "tried").rglob("*")) if kind == "ssh" else not (tmp_path / "tried").exists()
        )
    if kind == "git":
        assert git("for-each-ref", cwd=request.getfixturevalue("bare")) == ""


# ---------------------------------------------------------------- remotes that lie


class Torn(FolderStore):
    def write(self, path, source, *, once=False):
        if "whole-" in path:
            target = os.path.join(self._root, path)
            with open(target, "wb") as file:
                file.write(source[: len(source) // 2])
                file.flush()
                time.sleep(0.2)
                file.write(source[len(source) // 2 :])
            return True
        return super().write(path, source, once=once)


class Late(FolderStore):
    """What was written is listed half a second later."""

    def list(self, prefix):
        for found in super().list(prefix):
            if (
                time.time() - os.stat(os.path.join(self._root, found.path)).st_mtime > 0.5
                or "/listed" not in found.path
            ):
                yield found


class Undead(FolderStore):
    """What was deleted stays in lists for half a second."""

    gone: dict = {}

    def delete(self, paths):
        paths = list(paths)
        self.gone.update(dict.fromkeys(paths, time.time()))
        super().delete(paths)

    def list(self, prefix):
        yield from super().list(prefix)
        for path, when in self.gone.items():
            if "/unlisted" in path and time.time() - when < 0.5:
                yield path, 1


class Overwriting(FolderStore):
    def write(self, path, source, *, once=False):
        return super().write(path, source)


class WithoutRanges(FolderStore):
    def read(self, path, first=0, size=None):
        return super().read(path, 0, size)


class Forgetful(FolderStore):
    def write(self, path, source, *, once=False):
        return "read-" in path or super().write(path, source, once=once)


class Changing(FolderStore):
    def read(self, path, first=0, size=None):
        return super().read(path, first, size).replace(b"\r\n", b"\n")


class FirstPage(FolderStore):
    def list(self, prefix):
        for number, found in enumerate(super().list(prefix)):
            if number < 1000:
                yield found


class Cut(FolderStore):
    def pieces(self, path):
        yield from list(super().pieces(path))[:-1]


class OneCase(FolderStore):
    def write(self, path, source, *, once=False):
        return super().write(path.lower(), source, once=once)

    def read(self, path, first=0, size=None):
        return super().read(path.lower(), first, size)


class OneAtATime(FolderStore):
    def write(self, path, source, *, once=False):
        if "two-1-" in path:
            raise RemoteError("database is locked")
        return super().write(path, source, once=once)


class WrongClock(FolderStore):
    def write(self, path, source, *, once=False):
        was_written = super().write(path, source, once=once)
        os.utime(os.path.join(self._root, path), (time.time() - 3600,) * 2)
        return was_written


class Keeping(FolderStore):
    def delete(self, paths):
        pass


LIES = [
    (Forgetful, "read after write"),
    (Changing, "read after write"),
    (WithoutRanges, "parts of a file"),
    (Torn, "whole writes"),
    (OneAtATime, "two writers at once"),
    pytest.param(FirstPage, "many names", marks=pytest.mark.slow),
    pytest.param(Cut, "a large file", marks=pytest.mark.slow),
    (Late, "list after write"),
    (Undead, "list after delete"),
    (Overwriting, "create-only"),
    (OneCase, "case of names"),
    (WrongClock, "clock"),
    (Keeping, "cleaned up"),
]


@pytest.mark.parametrize(("lie", "check"), LIES)
def test_a_lie_is_found_by_the_check_for_it(lie, check, tmp_path, monkeypatch):
    monkeypatch.setattr(conformance, "open_store", lambda url, env, near: lie(env, url))
    made = "create-only" if check == "cleaned up" else check  # something must have been written
    monkeypatch.setattr(conformance, "CHECKS", [one for one in CHECKS if one[0] == made])
    found = results(str(tmp_path / "tried"))
    assert found[check].result == "fail"
    assert can_be_used(list(found.values())) is not found[check].is_needed


@pytest.mark.parametrize("name", [name for name, *_ in CHECKS if name not in ("many names", "a large file")])
def test_an_honest_folder_passes_each_check_or_says_that_it_cannot_tell(name, tmp_path, monkeypatch):
    monkeypatch.setattr(conformance, "CHECKS", [one for one in CHECKS if one[0] == name])
    assert results(str(tmp_path / "tried"))[name].result == ("cannot tell" if "forgets" in name else "pass")


@pytest.mark.slow
def test_nothing_that_was_there_is_touched(tmp_path):
    share = tmp_path / "share"
    (share / "heads").mkdir(parents=True)
    (share / "heads" / "mine").write_text("mine")
    assert results(str(share), is_quick=True)["cleaned up"].result == "pass"
    assert [str(path.relative_to(share)) for path in sorted(share.rglob("*"))] == ["heads", "heads/mine"]


# ---------------------------------------------------------------- the command


def test_the_command_shows_a_table_and_exits_with_zero(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(conformance, "CHECKS", [one for one in CHECKS if one[0] in ("create-only", "clock")])
    assert main(["remote", "test", str(tmp_path / "tried")]) == 0
    out, said = capsys.readouterr()
    assert "create-only" in out
    assert "a file that is there is not written again" in out
    assert f"{tmp_path}/tried has all that sync needs" in said


def test_the_command_exits_with_one_where_something_needed_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(conformance, "open_store", lambda url, env, near: WithoutRanges(env, url))
    monkeypatch.setattr(conformance, "CHECKS", [one for one in CHECKS if one[0] == "parts of a file"])
    assert main(["remote", "test", str(tmp_path / "tried")]) == 1
    assert "cannot be used: parts of a file" in capsys.readouterr().err


def test_a_name_that_is_no_remote_is_an_error_and_makes_no_folder(tmp_path, capsys, project):
    assert main(["remote", "test", "nobody"]) == 2
    assert "no remote is called `nobody`" in capsys.readouterr().err
    assert not (project / "nobody").exists()
