"""Restoring: whole files or none, and never outside the target."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gnomon.env import REAL, Env
from gnomon.errors import BadArgumentError, DamagedObjectError, MissingObjectError
from gnomon.objects.store import ObjectStore
from gnomon.objects.tree import TreeFile, encode_tree


@pytest.fixture
def tree(store, tmp_path):
    """The id of a kept folder with two files."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("alpha")
    (folder / "sub" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "sub" / "run.sh").chmod(0o755)
    return store.keep(folder).object


def content(folder):
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


WHOLE = {"a.txt": b"alpha", "sub/run.sh": b"#!/bin/sh\n"}


def put_tree(store, *files):
    return store.put_bytes(
        encode_tree([TreeFile(path, store.put_bytes(data), len(data), 0o644) for path, data in files])
    )


def test_a_file_comes_back(store, tmp_path):
    name = store.put_bytes(b"data")
    assert store.restore(name, tmp_path / "new" / "file") == 1
    assert (tmp_path / "new" / "file").read_bytes() == b"data"
    assert os.listdir(tmp_path / "new") == ["file"]


def test_a_file_that_exists_is_replaced_only_when_asked(store, tmp_path):
    name = store.put_bytes(b"new")
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(BadArgumentError, match="exists already") as caught:
        store.restore(name, tmp_path / "file")
    assert "overwrite=True" in str(caught.value)
    assert (tmp_path / "file").read_bytes() == b"old"
    store.restore(name, tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_bytes() == b"new"
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadArgumentError, match="is a folder"):
        store.restore(name, tmp_path / "folder", overwrite=True)


def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(store, tmp_path):
    (tmp_path / "outside").write_bytes(b"mine")
    (tmp_path / "file").symlink_to("outside")
    store.restore(store.put_bytes(b"new"), tmp_path / "file", overwrite=True)
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert not (tmp_path / "file").is_symlink()


def test_a_tree_comes_back(store, tree, tmp_path):
    assert store.restore(tree, tmp_path / "back") == 2
    assert content(tmp_path / "back") == WHOLE
    assert os.access(tmp_path / "back" / "sub" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "back" / "a.txt", os.X_OK)
    assert store.keep(tmp_path / "back").object == tree


def test_the_umask_decides_who_may_read(store, tree, tmp_path):
    old = os.umask(0o077)
    try:
        store.restore(tree, tmp_path / "back")
    finally:
        os.umask(old)
    assert (tmp_path / "back" / "a.txt").stat().st_mode & 0o777 == 0o600


def test_a_tree_goes_into_an_empty_folder_and_into_a_full_one_only_when_asked(store, tree, tmp_path):
    target = tmp_path / "back"
    target.mkdir()
    store.restore(tree, target)
    assert content(target) == WHOLE
    (target / "a.txt").write_text("changed")
    (target / "mine.txt").write_text("mine")
    with pytest.raises(BadArgumentError, match="exists already"):
        store.restore(tree, target)
    store.restore(tree, target, overwrite=True)
    assert content(target) == {**WHOLE, "mine.txt": b"mine"}
    (tmp_path / "file").touch()
    with pytest.raises(BadArgumentError, match="is not a folder"):
        store.restore(tree, tmp_path / "file", overwrite=True)


def test_a_link_in_the_target_is_not_followed_outside(store, tree, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "victim").write_bytes(b"mine")
    target = tmp_path / "back"
    target.mkdir()
    (target / "a.txt").symlink_to("../victim")
    (target / "sub").symlink_to("../outside")
    with pytest.raises(
        BadArgumentError, match=r"`.*/back/sub` is a link or a file, in the tree it is a folder"
    ):
        store.restore(tree, target, overwrite=True)
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert os.listdir(tmp_path / "outside") == []


def test_a_folder_in_the_place_of_a_file_is_not_touched(store, tree, tmp_path):
    (tmp_path / "back" / "a.txt").mkdir(parents=True)
    with pytest.raises(BadArgumentError, match="is a folder, in the tree it is a file"):
        store.restore(tree, tmp_path / "back", overwrite=True)


def test_a_tree_with_an_unsafe_path_writes_nothing(store, tmp_path):
    part = store.put_bytes(b"evil")
    for path in ("../evil", "/tmp/evil", "a/../../evil"):
        data = f'{{"files":[{{"mode":420,"object":"{part}","path":"{path}","size":4}}],"v":1}}'.encode()
        name = store.put_bytes(data)
        with pytest.raises(DamagedObjectError, match="is refused"):
            store.restore(name, tmp_path / "back", is_tree=True)
    assert not (tmp_path / "back").exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("path", [".git/hooks/pre-commit", "sub/.GIT/config", ".gnomon/record.toml", ".git"])
def test_a_tree_that_would_change_what_git_does_writes_nothing(store, tmp_path, path):
    name = put_tree(store, ("a", b"a"), (path, b"evil"))
    with pytest.raises(DamagedObjectError, match="would change what Git or Gnomon do"):
        store.restore(name, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_tree_that_lies_about_a_size_writes_nothing(store, tmp_path):
    name = store.put_bytes(encode_tree([TreeFile("a", store.put_bytes(b"abc"), 2, 0o644)]))
    with pytest.raises(DamagedObjectError, match="states 2 bytes for `a`, its object has 3"):
        store.restore(name, tmp_path / "back")


def test_a_tree_with_missing_files_writes_nothing(store, tmp_path):
    name = store.put_bytes(
        encode_tree([TreeFile("a", store.put_bytes(b"a"), 1, 0o644), TreeFile("b", "0" * 64, 1, 0o644)])
    )
    with pytest.raises(MissingObjectError, match=r"1 of the 2 files .* `b` among them"):
        store.restore(name, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_hostile_mode_gives_no_more_than_executable(store, tmp_path):
    part = store.put_bytes(b"x")
    store.restore(store.put_bytes(encode_tree([TreeFile("a", part, 1, 0o777)])), tmp_path / "back")
    assert (tmp_path / "back" / "a").stat().st_mode & 0o7022 == 0


@pytest.mark.parametrize("is_there", [False, True])
def test_two_paths_that_the_disk_takes_for_one_are_refused(store, tmp_path, monkeypatch, is_there):
    """A disk that ignores case, played by one that sees `B` where `b` is asked for."""

    class CaseBlind(Env):
        def close(self, fd):
            super().close(fd)
            if os.path.exists(first := f"{self.target}/B") and not os.path.exists(f"{self.target}/b"):
                os.link(first, f"{self.target}/b")

        def replace(self, source, target):
            super().replace(source, target)
            if target.endswith("/B"):
                os.link(target, target[:-1] + "b")

        @property
        def target(self):
            return next(tmp_path.glob(".*.tmp"), "nowhere")

    blind = ObjectStore(CaseBlind(), store._look.folder, store._own)
    name = put_tree(store, ("B", b"1"), ("b", b"2"))
    if is_there:
        (tmp_path / "back").mkdir()
    with pytest.raises(BadArgumentError, match="takes `B` and `b` of the tree for one name"):
        blind.restore(name, tmp_path / "back", overwrite=is_there)
    assert is_there or not (tmp_path / "back").exists()
    assert list(tmp_path.glob(".*.tmp")) == []


def test_a_file_that_reads_as_a_tree_is_restored_as_the_entry_says(store, tree, tmp_path):
    store.restore(tree, tmp_path / "file", is_tree=False)
    assert (tmp_path / "file").read_bytes() == store.read(tree)


def test_a_fault_at_every_call_leaves_the_target_whole(store, tree, objects, tmp_path, faulty):
    faulty_env, _ = faulty
    at, ended = 0, False
    while not ended:
        at += 1
        target = tmp_path / f"to-{at}" / "back"
        env = faulty_env(at)
        try:
            ObjectStore(env, objects, store._own).restore(tree, target)
            ended = env.calls < at
        except OSError:
            pass
        assert not target.exists() or content(target) == WHOLE
        assert os.listdir(target.parent) in ([], ["back"]) if target.parent.exists() else True
    assert content(target) == WHOLE
    assert at > 15


def test_restoring_does_not_depend_on_the_working_folder(store, tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store.restore(tree, "here")
    store.restore(store.put_bytes(b"x"), "file")
    assert content("here") == WHOLE
    assert REAL.read_file("file") == b"x"
