"""The diff between the code of two runs: what capture keeps is enough to rebuild it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading

import pytest

from gnomon.runs.capture.code import Limits, code_state
from gnomon.runs.compare.code import Code, diff_of
from gnomon.runs.compare.patch import PatchError, applied, parts_of
from gnomon.runs.compare.repository import find_repository
from gnomon.scrub.scrubber import Scrubber

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

LONG = "".join(f"line {number}\n" for number in range(60))


def git(folder, *words, given=None):
    """Run git in this folder and nowhere else."""
    identity = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q")
    write(folder, {"train.py": LONG, "net/model.py": "class Net:\n    depth = 3\n", "old.py": "old = 1\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def write(folder, files):
    for path, content in files.items():
        place = folder / path
        if content is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


def look(folder, title, **limits):
    """Return what capture keeps of the code as it is now."""
    state = code_state(str(folder), scrubber=Scrubber(), limits=Limits(**limits))
    files = {path[6:]: data for path, data in state.blobs.items() if path.startswith("files/")}
    return Code(title, state.facts, parts_of(state.blobs.get("diff", b"")), files)


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def difference(first, other, place):
    return diff_of(
        first, other, lambda commits: find_repository([str(place)], commits, Scrubber()), Scrubber()
    )


CHANGES = {
    "a line": {"train.py": LONG.replace("line 7\n", "line seven\n")},
    "first and last": {"train.py": "new\n" + LONG + "no end"},
    "many places": {"train.py": LONG.replace("5\n", "five\n")},
    "deleted": {"old.py": None},
    "new, not added": {"tools/new.py": "x = 1\n"},
    "emptied": {"net/model.py": ""},
    "odd name": {"größe ü.py": "x = 1\n", "net/model.py": "class Net:\r\n    depth = 4\r\n"},
    "nothing": {},
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *zip(CHANGES, [*list(CHANGES)[1:], "nothing"], strict=True),
        ("nothing", "deleted"),
        ("odd name", "a line"),
    ],
)
@pytest.mark.parametrize("commits", ["one commit", "another commit"])
def test_the_diff_turns_one_state_into_the_other(repository, tmp_path, before, after, commits):
    write(repository, CHANGES[before])
    first, had = look(repository, "first"), files_of(repository)
    git(repository, "stash", "-q", "-u") if CHANGES[before] else None
    if commits == "another commit":
        write(repository, {"train.py": LONG.replace("line 40\n", "line forty\n"), "added.py": "y = 2\n"})
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "second")
    write(repository, CHANGES[after])
    other, wanted = look(repository, "other"), files_of(repository)
    found = difference(first, other, repository)
    assert found.is_whole and all(one.is_exact for one in found.files)
    assert sorted(one.path for one in found.files) == sorted(
        path for path in {**had, **wanted} if had.get(path) != wanted.get(path)
    )
    copy = tmp_path / "copy"
    write(copy, had)
    git(copy.parent, "init", "-q", "copy")
    if found.text:
        git(
            copy,
            "apply",
            "--unidiff-zero",
            "--allow-empty",
            given=found.text.replace("\tfirst\n", "\n").replace("\tother\n", "\n"),
        )
    assert files_of(copy) == wanted


def test_looking_changes_nothing(repository):
    write(repository, CHANGES["a line"])
    first = look(repository, "first")
    write(repository, CHANGES["many places"])
    other = look(repository, "other")
    before = {
        path: (os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in map(str, repository.rglob("*"))
    }
    assert len(difference(first, other, repository).files) == 1
    assert before == {
        path: (os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in map(str, repository.rglob("*"))
    }


@pytest.mark.parametrize("is_turned", [False, True])
def test_without_the_repository_the_change_of_one_run_is_exact(repository, tmp_path, is_turned):
    clean = look(repository, "clean")
    write(repository, {**CHANGES["many places"], "new.py": "n = 1\n"})
    changed = look(repository, "changed")
    shutil.rmtree(repository)
    pair = (changed, clean) if is_turned else (clean, changed)
    found = difference(*pair, tmp_path)
    assert [(one.path, one.added, one.removed) for one in found.files] == (
        [("new.py", 0, 1), ("train.py", 6, 6)] if is_turned else [("new.py", 1, 0), ("train.py", 6, 6)]
    )
    assert all(one.is_exact for one in found.files)
    sign = "-" if is_turned else "+"
    assert f"\n{sign}line five\n" in found.text


def test_without_the_repository_two_changes_of_one_file_are_compared_as_recorded(repository, tmp_path):
    write(repository, CHANGES["a line"])
    first = look(repository, "first")
    write(repository, CHANGES["many places"])
    other = look(repository, "other")
    shutil.rmtree(repository)
    found = difference(first, other, tmp_path)
    assert [(one.path, one.is_exact) for one in found.files] == [("train.py", False)]
    assert any(
        "`train.py`: both runs changed it" in note and "recorded changes differ" in note
        for note in found.notes
    )


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_change_of_one_run_on_a_commit_that_is_gone_is_not_said_to_be_of_both(
    repository, tmp_path, is_turned
):
    clean = look(repository, "clean")
    git(repository, "commit", "-q", "--allow-empty", "-m", "another")
    write(repository, CHANGES["a line"])
    changed = look(repository, "changed")
    shutil.rmtree(repository)
    found = difference(*((changed, clean) if is_turned else (clean, changed)), tmp_path)
    assert [(one.path, one.is_exact) for one in found.files] == [("train.py", False)]
    assert not any("both runs" in note for note in found.notes)
    assert any("`train.py`: changed changed it, on a commit that is not here" in note for note in found.notes)


def test_commits_that_are_not_here_are_said(repository, tmp_path):
    first = look(repository, "first")
    write(repository, CHANGES["a line"])
    git(repository, "commit", "-q", "-a", "-m", "second")
    other = look(repository, "other")
    shutil.rmtree(repository)
    found = difference(first, other, tmp_path)
    assert not found.files and not found.is_whole
    assert any("could not be compared" in note for note in found.notes)


def test_a_folder_without_git_is_compared_by_its_files(tmp_path):
    folder = tmp_path / "plain"
    write(folder, {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    first = look(folder, "first")
    write(folder, {"a.py": "a = 2\n", "b.py": None})
    found = difference(first, look(folder, "other"), folder)
    assert [(one.path, one.what, one.added, one.removed) for one in found.files] == [
        ("a.py", "changed", 1, 1),
        ("b.py", "removed", 0, 1),
    ]


def test_a_secret_in_a_commit_is_not_shown(repository):
    token = "ghp_" + "Zq3" * 12
    first = look(repository, "first")
    write(repository, {"train.py": f'{LONG}github_token = "{token}"\n'})
    git(repository, "commit", "-q", "-a", "-m", "second")
    found = difference(first, look(repository, "other"), repository)
    assert found.added == 1 and token not in found.text and "[withheld: " in found.text


def test_a_change_beside_a_withheld_line_is_rebuilt(repository):
    token = "ghp_" + "Zq3" * 12
    write(repository, {"train.py": f'github_token = "{token}"\n{LONG}'})
    git(repository, "commit", "-q", "-a", "-m", "second")
    first = look(repository, "first")
    write(repository, {"train.py": f'github_token = "{token}"\n{LONG}'.replace("line 1\n", "line one\n")})
    found = difference(first, look(repository, "other"), repository)
    assert (found.added, found.removed, found.files[0].is_exact) == (1, 1, True)
    assert token not in found.text


def test_a_hostile_commit_is_not_handed_to_git(repository):
    for commit in ("--output=/tmp/x", "HEAD", "a" * 39, "../x"):
        assert isinstance(find_repository([str(repository)], [commit], Scrubber()), str)
    found = find_repository([str(repository)], [git(repository, "rev-parse", "HEAD").strip()], Scrubber())
    assert not isinstance(found, str)
    assert not found.has("HEAD") and not found.has("main") and not found.has(None)


def test_binary_and_huge_files_are_named_without_a_diff(repository):
    first = look(repository, "first")
    write(repository, {"data.bin": b"\0\1\2" * 9, "long.txt": "x\n" * 30_000})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "second")
    found = difference(first, look(repository, "other"), repository)
    assert {one.path: (one.what, one.added) for one in found.files} == {
        "data.bin": ("binary", None),
        "long.txt": ("large", None),
    }


def test_what_was_not_kept_is_said(repository):
    first = look(repository, "first")
    write(repository, {"data.csv": "1,2\n"})
    found = difference(first, look(repository, "other"), repository)
    assert not found.files and any("`data.csv`" in note for note in found.notes)


def test_the_time_is_bounded(repository):
    ticks = iter(range(0, 10**9, 1000))
    first = look(repository, "first")
    write(repository, CHANGES["a line"])
    git(repository, "commit", "-q", "-a", "-m", "second")
    find = lambda commits: find_repository([str(repository)], commits, Scrubber())  # noqa: E731
    found = diff_of(first, look(repository, "other"), find, Scrubber(), clock=lambda: float(next(ticks)))
    assert [one.what for one in found.files] == ["large"]


def test_a_line_at_the_end_of_a_long_file_is_found():
    lines = "x = 1\n" * 15_000
    first = Code("a", {"kind": "folder"}, {}, {"a.py": lines.encode()})
    other = Code("b", {"kind": "folder"}, {}, {"a.py": (lines + "y = 2\n").encode()})
    found = diff_of(first, other, lambda _: "no", Scrubber())
    assert (found.added, found.removed) == (1, 0)
    assert "@@ -14998,3 +14998,4 @@\n" in found.text


@pytest.mark.parametrize(
    "patch",
    [
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -9 +9 @@\n-a\n+b\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-z\n+b\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ nonsense\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n?a\n+b\n",
        b"diff --git a/x b/x\nGIT binary patch\nliteral 3\n",
    ],
)
def test_a_diff_that_does_not_fit_is_refused(patch):
    with pytest.raises(PatchError):
        applied(b"a\n", parts_of(patch)["x"])


def test_nonsense_has_no_parts():
    assert parts_of(b"") == {} and parts_of(b"\xff\0@@ diff") == {}


# ---------------------------------------------------------------- what was not kept


def compared(one, other):
    return diff_of(one, other, lambda _: "no repository is here", Scrubber())


@pytest.mark.parametrize("name", ["big.py", "big.ipynb"])
def test_source_that_is_too_large_to_keep_is_said_to_differ(repository, name):
    found = []
    for value in (1, 1, 2):
        write(repository, {name: f"V = {value}\n" + "# long\n" * 300_000, "a.py": "a = 1\n"})
        found.append(look(repository, f"r{len(found)}"))
    assert compared(*found[:2]).files == ()
    (file,) = compared(found[1], found[2]).files
    assert (file.path, file.what, file.may_matter) == (name, "changed", True)
    assert "it was not kept (too large)" in file.diff


def test_source_beyond_what_is_kept_or_listed_is_said_to_differ(repository):
    write(repository, {f"gen/m{number:03}.py": f"x = {number}\n" for number in range(60)})
    before = look(repository, "r0", files=10, listed=20)
    assert compared(before, look(repository, "r1", files=10, listed=20)).files == ()
    write(repository, {"gen/m059.py": "x = 'other'\n"})
    (file,) = compared(before, look(repository, "r2", files=10, listed=20)).files
    assert (file.path, file.what) == (
        "(files that are not listed)",
        "unknown",
    ) and "50 source files" in file.diff
    (file,) = compared(look(repository, "r3", files=10, listed=200), before).files
    write(repository, {"gen/m059.py": "x = 59\n"})
    listed = look(repository, "r4", files=10)
    write(repository, {"gen/m059.py": "x = 'other'\n"})
    (file,) = compared(listed, look(repository, "r5", files=10)).files
    assert (file.path, file.what) == ("gen/m059.py", "changed")


def test_a_change_of_a_committed_file_that_is_too_large_is_said_to_differ(repository):
    write(repository, {"big.py": "x = 1\n" * 2_000_000})
    git(repository, "add", "big.py")
    git(repository, "commit", "-q", "-m", "big")
    found = []
    for value in (2, 3):
        write(repository, {"big.py": f"x = {value}\n" * 2_000_000})
        found.append(look(repository, f"r{value}"))
    assert found[0].facts["fingerprint"] != found[1].facts["fingerprint"]
    (file,) = compared(*found).files
    assert file.path == "big.py" and file.may_matter


def test_what_both_imported_and_is_not_kept_is_compared_by_its_digest(repository):
    one = look(repository, "r0")._replace(digests={"net/model.py": "1", "gone.py": "5"})
    other = one._replace(title="r1", digests={"net/model.py": "2", "new.py": "6"})
    (file,) = compared(one, other).files
    assert (file.path, file.what) == ("net/model.py", "changed") and "imported it" in file.diff
    assert compared(one, one._replace(title="r2")).files == ()


def test_files_that_one_look_did_not_come_to_are_not_said_to_be_new(repository):
    write(repository, {**{f"m{number}.py": "x = 1\n" for number in range(3)}, "old.py": "old = 2\n"})
    whole = look(repository, "whole")
    hurried = code_state(str(repository), scrubber=Scrubber(), stop=_set()).facts
    assert "fingerprint" not in hurried
    for pair in ((Code("hurried", hurried, {}, {}), whole), (whole, Code("hurried", hurried, {}, {}))):
        found = compared(*pair)
        assert found.files == ()
        said = "of hurried not all files were looked at, so these were not compared: `m0.py`, `m1.py`, `m2.py`, `old.py`"
        assert any(said in note for note in found.notes)


def _set():
    stop = threading.Event()
    stop.set()
    return stop
