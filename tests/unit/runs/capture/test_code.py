"""The code of a run, seen in real repositories: what is found, what is kept, and that nothing is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from thorough import one_in

from gnomon.runs.capture.code import Limits, code_state
from gnomon.runs.capture.code_files import shown

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """No configuration of the person's, nor of the machine's, takes part."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("GIT_DIR", raising=False)
    return home


@pytest.fixture
def scrubber():
    from gnomon.scrub.scrubber import Scrubber

    return Scrubber(environ={})


@pytest.fixture
def look(scrubber):
    def look(folder, **options):
        state = code_state(str(folder), scrubber=scrubber, **options)
        json.dumps(state.facts).encode("utf-8")  # no surrogates, no bytes, no tuples of our own kind
        return state

    return look


def git(folder, *words, **options):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *identity, "-c", "init.defaultBranch=main", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        **options,
    )
    return done.stdout.decode("utf-8", "replace").strip()


def make_repository(folder):
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    write(folder, {"train.py": "print(1)\n", "src/model.py": "x = 1\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def write(folder, files):
    for name, content in files.items():
        place = Path(folder) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def repository(tmp_path):
    return make_repository(tmp_path / "repo")


def untracked(state):
    return {file["path"]: file for file in state.facts["untracked"]}


def everything_in(folder):
    """Return path, bytes and time of all files, `.git` included."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            state = path.lstat()
            content = path.read_bytes() if path.is_file() and state.st_size < 1 << 20 else b""
            found[str(path)] = (state.st_mtime_ns, state.st_size, content)
    return found


# ---------------------------------------------------------------- what git knows


def test_a_clean_repository(repository, look):
    state = look(repository)
    facts = state.facts
    assert facts["kind"] == "git" and facts["root_name"] == "repo" and facts["cwd"] == "."
    assert facts["commit"] == git(repository, "rev-parse", "HEAD")
    assert facts["commit_time"] == int(git(repository, "log", "-1", "--format=%ct"))
    assert facts["branch"] == "main" and facts["is_dirty"] is False
    assert facts["changed"] == [] and facts["untracked"] == [] and facts["diff_bytes"] == 0
    assert "remote" not in facts and "notes" not in facts and "submodules" not in facts
    assert state.blobs == {}
    assert str(repository) not in json.dumps(facts)


def test_looking_twice_finds_the_same(repository, look):
    write(repository, {"train.py": "print(2)\n", "new.py": "y\n", "data.bin": "z"})
    assert look(repository) == look(repository)


def test_a_change_is_a_patch_that_git_applies(repository, look, tmp_path):
    write(repository, {"train.py": "print(2)\n"})
    state = look(repository)
    assert state.facts["is_dirty"] is True and state.facts["changed"] == ["train.py"]
    assert state.facts["changed_count"] == 1 and state.facts["diff_bytes"] == len(state.blobs["diff"])
    git(tmp_path, "clone", "-q", str(repository), "copy")
    git(tmp_path / "copy", "apply", "-", input=state.blobs["diff"])
    assert (tmp_path / "copy" / "train.py").read_text() == "print(2)\n"


def test_a_staged_change_a_new_staged_file_and_a_deleted_one(repository, look, tmp_path):
    write(repository, {"train.py": "print(2)\n", "added.py": "a = 1\n"})
    git(repository, "add", "-A")
    write(repository, {"train.py": "print(3)\n"})
    (repository / "src" / "model.py").unlink()
    state = look(repository, script="added.py")
    assert state.facts["changed"] == ["added.py", "src/model.py", "train.py"]
    assert b"+print(3)" in state.blobs["diff"] and b"+a = 1" in state.blobs["diff"]
    assert b"-x = 1" in state.blobs["diff"] and state.facts["untracked"] == []
    git(tmp_path, "clone", "-q", str(repository), "copy")
    git(tmp_path / "copy", "apply", "-", input=state.blobs["diff"])
    assert not (tmp_path / "copy" / "src").exists()


def test_the_configuration_of_a_person_does_not_change_the_patch(repository, look, own_home):
    write(repository, {"train.py": "print(2)\n"})
    before = look(repository).blobs["diff"]
    (own_home / ".gitconfig").write_text(
        "[diff]\n noprefix = true\n mnemonicPrefix = true\n context = 0\n algorithm = patience\n external = false\n"
        "[color]\n ui = always\n[core]\n quotePath = false\n[status]\n short = true\n branch = false\n"
    )
    assert look(repository).blobs["diff"] == before


def test_a_file_of_which_only_the_time_changed_is_no_change(repository, look):
    clean = look(repository)
    os.utime(repository / "train.py", (1, 1))
    assert look(repository) == clean
    write(repository, {"src/model.py": "x = 2\n"})
    assert b"train.py" not in look(repository).blobs["diff"]


def test_a_repository_without_commits(tmp_path, look):
    git(tmp_path, "init", "-q", "fresh")
    write(tmp_path / "fresh", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    git(tmp_path / "fresh", "add", "a.py")
    state = look(tmp_path / "fresh")
    assert state.facts["kind"] == "git" and state.facts["branch"] == "main" and "commit" not in state.facts
    assert b"+a = 1" in state.blobs["diff"] and state.blobs["files/b.py"] == b"b = 1\n"
    assert "notes" not in state.facts


def test_a_detached_head_has_no_branch(repository, look):
    git(repository, "checkout", "-q", "--detach")
    state = look(repository)
    assert state.facts["branch"] is None and state.facts["commit"] == git(repository, "rev-parse", "HEAD")


def test_a_subfolder_belongs_to_its_repository(repository, look):
    write(repository, {"src/new.py": "n\n", "train.py": "print(2)\n"})
    state, whole = look(repository / "src", script="model.py"), look(repository)
    assert state.facts["cwd"] == "src" and state.facts["script"] == "src/model.py"
    assert state.blobs == whole.blobs and state.facts["fingerprint"] == whole.facts["fingerprint"]
    assert set(state.blobs) == {"diff", "files/src/new.py"}


def test_a_linked_work_tree(repository, look, tmp_path):
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    write(tmp_path / "linked", {"train.py": "print(7)\n"})
    state = look(tmp_path / "linked")
    assert state.facts["kind"] == "git" and state.facts["branch"] == "side"
    assert b"+print(7)" in state.blobs["diff"] and look(repository).facts["is_dirty"] is False


def test_a_work_tree_of_a_bare_repository(repository, look, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    git(tmp_path / "bare", "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    state = look(tmp_path / "linked")
    assert state.facts["kind"] == "git" and state.facts["is_dirty"] is False


def test_the_remote_is_named_without_its_password(repository, look):
    git(repository, "remote", "add", "origin", f"https://ann:{TOKEN}@example.org/team/repo.git")
    remote = look(repository).facts["remote"]
    assert "example.org/team/repo" in remote and TOKEN not in remote


def test_variables_that_lead_git_elsewhere_are_not_followed(repository, look, tmp_path, monkeypatch):
    other = make_repository(tmp_path / "other")
    write(other, {"train.py": "print('other')\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert look(repository).facts["is_dirty"] is False
    assert not (tmp_path / "trace").exists()


@pytest.mark.slow
def test_crlf_attributes_and_a_merge_conflict(repository, look):
    git(repository, "checkout", "-q", "-b", "other")
    write(repository, {"train.py": "print('theirs')\n"})
    git(repository, "commit", "-q", "-am", "theirs")
    git(repository, "checkout", "-q", "main")
    write(repository, {"train.py": "print('ours')\n"})
    git(repository, "commit", "-q", "-am", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    state = look(repository)
    assert state.facts["changed"] == ["train.py"] and b"<<<<<<<" in state.blobs["diff"]


# ---------------------------------------------------------------- submodules


@pytest.fixture
def with_submodule(repository, tmp_path):
    inner = make_repository(tmp_path / "inner")
    git(repository, "submodule", "--quiet", "add", str(inner), "libs/inner")
    git(repository, "commit", "-q", "-am", "submodule")
    return repository


@pytest.mark.slow
def test_a_clean_submodule(with_submodule, look):
    inner = with_submodule / "libs" / "inner"
    state = look(with_submodule)
    commit = git(inner, "rev-parse", "HEAD")
    assert state.facts["submodules"] == [{"path": "libs/inner", "commit": commit, "state": "clean"}]
    assert state.facts["is_dirty"] is False and state.blobs == {}


@pytest.mark.slow
def test_a_moved_submodule(with_submodule, look):
    before = look(with_submodule)
    inner = with_submodule / "libs" / "inner"
    git(inner, "commit", "-q", "--allow-empty", "-m", "next")
    state = look(with_submodule)
    commit = git(inner, "rev-parse", "HEAD")
    assert state.facts["submodules"] == [{"path": "libs/inner", "commit": commit, "state": "moved"}]
    assert state.facts["is_dirty"] and f"+Subproject commit {commit}".encode() in state.blobs["diff"]
    assert state.facts["fingerprint"] != before.facts["fingerprint"]


@pytest.mark.slow
def test_a_dirty_submodule_is_in_the_patch(with_submodule, look):
    write(with_submodule, {"libs/inner/train.py": "print(5)\n", "libs/inner/more.py": "m\n"})
    state = look(with_submodule)
    assert state.facts["submodules"][0]["state"] == "dirty" and state.facts["changed"] == [
        "libs/inner/train.py"
    ]
    assert b"diff --git a/libs/inner/train.py b/libs/inner/train.py" in state.blobs["diff"]
    assert state.blobs["files/libs/inner/more.py"] == b"m\n"


@pytest.mark.slow
def test_a_submodule_that_is_not_checked_out(with_submodule, look, tmp_path):
    git(tmp_path, "clone", "-q", str(with_submodule), "copy")
    state = look(tmp_path / "copy")
    assert state.facts["submodules"] == [{"path": "libs/inner", "commit": None, "state": "not checked out"}]
    assert state.facts["is_dirty"] is False


def test_another_repository_inside_is_looked_at(repository, look):
    nested = make_repository(repository / "vendor" / "tool")
    write(nested, {"train.py": "print(9)\n"})
    state = look(repository)
    commit = git(nested, "rev-parse", "HEAD")
    assert state.facts["submodules"] == [
        {"path": "vendor/tool", "commit": commit, "state": "not tracked, dirty"}
    ]
    assert b"a/vendor/tool/train.py" in state.blobs["diff"]


# ---------------------------------------------------------------- files that git does not know


def test_source_is_kept_and_the_rest_is_named(repository, look):
    files = {
        "new.py": "a\n",
        "conf/x.yaml": "b: 1\n",
        "Makefile": "all:\n",
        "weights.bin": "w",
        "big.json": "1" * 200_000,
    }
    write(repository, {**files, "large.py": "#" * 1_000_001, "zero.py": b"a\0b", "small.json": "{}"})
    state = look(repository)
    found = untracked(state)
    assert {name: file["why_not"] for name, file in found.items()} == {
        "new.py": None,
        "conf/x.yaml": None,
        "Makefile": None,
        "small.json": None,
        "weights.bin": "not source code by its name",
        "big.json": "too large",
        "large.py": "too large",
        "zero.py": "binary",
    }
    from blake3 import blake3

    assert found["new.py"]["digest"] == blake3(b"a\n").hexdigest() and found["large.py"]["size"] == 1_000_001
    assert set(state.blobs) == {
        f"files/{name}" for name in ("new.py", "conf/x.yaml", "Makefile", "small.json")
    }
    assert state.facts["untracked_count"] == 8 and state.facts["kept_count"] == 4
    assert state.facts["kept_bytes"] == sum(map(len, state.blobs.values()))
    assert state.facts["is_dirty"] is False


def test_ignored_files_and_environments_are_not_looked_at(repository, look):
    write(repository, {".gitignore": "*.log\nout/\n", "a.log": "", "out/x.py": "", "venv/lib/m.py": ""})
    write(repository, {".gnomon/record.toml": "v = 1\n", "sub/.gnomon/x.py": "", "node_modules/a.js": ""})
    assert set(untracked(look(repository))) == {".gitignore"}


def test_a_record_that_git_tracks_is_no_change(repository, look):
    write(repository, {".gnomon/record.toml": "v = 1\n"})
    git(repository, "add", "-f", ".gnomon")
    git(repository, "commit", "-q", "-m", "record")
    write(repository, {".gnomon/record.toml": "v = 2\n"})
    assert look(repository).facts["changed"] == [] and look(repository).blobs == {}
    write(repository, {"train.py": "print(2)\n"})
    assert b"gnomon" not in look(repository).blobs["diff"]


def test_the_number_and_the_bytes_of_kept_files_are_bounded(repository, look):
    write(repository, {f"f{number:03}.py": f"x = {number}\n" * 10 for number in range(30)})
    state = look(repository, limits=Limits(files=10, listed=15))
    assert state.facts["kept_count"] == 10 and len(state.blobs) == 10 and state.facts["untracked_count"] == 30
    assert [file["why_not"] for file in state.facts["untracked"]] == ["over the limit"] * 15
    assert state.facts["unkept_sources"] == 20 and "fingerprint" in state.facts  # each was read, if not kept
    state = look(repository, limits=Limits(total_bytes=500))
    assert 300 < state.facts["kept_bytes"] <= 500
    assert {file["why_not"] for file in state.facts["untracked"]} == {None, "over the limit"}
    state = look(repository, limits=Limits(seen=20))
    assert state.facts["untracked_count"] == 20 and "more than 20 files" in state.facts["notes"][0]
    assert state.facts["is_cut"] and not {"fingerprint", "tree", "rest"} & state.facts.keys()


def test_the_script_is_kept_first_also_where_git_ignores_it(repository, look):
    write(
        repository,
        {
            ".gitignore": "scratch/\n",
            "scratch/try.py": "go()\n",
            "scratch/other.py": "",
            "conf.yaml": "a: 1\n",
        },
    )
    state = look(
        repository, script="scratch/try.py", argv=["--config=conf.yaml", "x"], limits=Limits(files=2)
    )
    assert set(state.blobs) == {"files/scratch/try.py", "files/conf.yaml"}
    assert state.facts["script"] == "scratch/try.py"


def test_a_script_that_the_commit_holds_is_not_kept_again(repository, look):
    state = look(repository, script=str(repository / "train.py"), argv=["src/model.py"])
    assert state.facts["script"] == "train.py" and state.blobs == {}


def test_a_script_outside_is_kept(repository, look, tmp_path):
    write(tmp_path, {"elsewhere/try.py": "go()\n"})
    state = look(repository, script=str(tmp_path / "elsewhere" / "try.py"))
    assert state.facts["script"] == "outside/try.py" and state.blobs == {"files/outside/try.py": b"go()\n"}


def test_links_pipes_and_unreadable_files_are_named(repository, look, tmp_path):
    write(tmp_path, {"secret.py": "TOP\n"})
    (repository / "link.py").symlink_to("../secret.py")
    os.mkfifo(repository / "pipe.py")
    write(repository, {"locked.py": "x\n"})
    (repository / "locked.py").chmod(0)
    state = look(repository)
    found = untracked(state)
    assert found["link.py"]["why_not"] == "a symbolic link to `../secret.py`"
    assert "pipe.py" not in found or found["pipe.py"]["why_not"] == "not a plain file"
    if os.geteuid() != 0:
        assert found["locked.py"]["why_not"] == "cannot be read: Permission denied"
    assert not any(b"TOP" in content for content in state.blobs.values())


def test_names_that_no_sane_person_gives(repository, look):
    names = [
        b"line\nbreak.py",
        b"\xff\xfe.py",
        b"-rf.py",
        b"back\\slash.py",
        b" .py",
        b":(glob)x.py",
        "ä.py".encode(),
    ]
    root = os.fsencode(repository)
    for name in names:
        Path(os.fsdecode(root + b"/" + name)).write_text("x\n")
    state = look(repository)
    assert set(state.blobs) == {f"files/{shown(name)}" for name in names}
    assert "files/%FF%FE.py" in state.blobs and "files/back%5Cslash.py" in state.blobs
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "odd")
    for name in names:
        Path(os.fsdecode(root + b"/" + name)).write_text("y\n")
    state = look(repository)
    assert state.facts["changed_count"] == len(names) == state.blobs["diff"].count(b"+y\n")
    git(repository, "stash", "-q")
    git(repository, "apply", "-", input=state.blobs["diff"])


def test_a_sparse_file_of_5_gb_costs_nothing(repository, look):
    for name in ("model.py", "model.bin"):
        with open(repository / name, "wb") as file:
            file.truncate(5_000_000_000)
    started = time.process_time()
    state = look(repository)
    assert (
        untracked(state)["model.py"]["why_not"] == "too large"
        and untracked(state)["model.bin"]["size"] == 5_000_000_000
    )
    assert time.process_time() - started < 1


@pytest.mark.slow
def test_more_unknown_files_than_are_looked_at(repository, look, monkeypatch):
    for folder in range(100):
        (repository / f"d{folder:02}").mkdir()
        for number in range(1000 // one_in(4)):
            os.close(os.open(repository / f"d{folder:02}" / f"{number}.txt", os.O_CREAT))
    asked = []
    real = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: asked.append(path) or real(path))
    state = look(repository)
    assert state.facts["untracked_count"] == 20_000 and state.facts["kept_count"] == 500
    assert len(asked) < 20_700 and len(state.facts["untracked"]) == 200
    assert state.facts["notes"] == [
        "more than 20,000 files that git does not track; program text and the first of the others were looked at"
    ]


@pytest.mark.parametrize("is_git", [True, False])
def test_program_text_is_met_and_kept_beside_any_number_of_data_files(repository, look, is_git):
    """Its folder comes after theirs, and the data end as configuration may."""
    if not is_git:
        shutil.rmtree(repository / ".git")
    write(repository, {f"data/{number:03}.json": "{}" for number in range(300)})
    write(repository, {"zsrc/helper.py": "V = 1\n", "zsrc/a.txt": "text\n"})
    state = look(repository, limits=Limits(seen=100, files=20))
    assert state.blobs["files/zsrc/helper.py"] == b"V = 1\n"
    assert state.facts["is_cut"] and "fingerprint" not in state.facts
    state = look(repository, limits=Limits(seen=1000, files=20))
    assert "files/zsrc/helper.py" in state.blobs and "fingerprint" in state.facts


def test_source_that_is_not_kept_is_marked_by_its_bytes(repository, look):
    big = "x = 1\n" * 200_000
    write(repository, {"big.py": big, "a.py": "a\n", "table.csv": "1,2\n"})
    first = look(repository).facts
    assert first["untracked"][0]["path"] == "big.py" and first["untracked"][0]["why_not"] == "too large"
    os.utime(repository / "big.py", (5, 5))  # only touched
    assert look(repository).facts["fingerprint"] == first["fingerprint"]
    write(repository, {"big.py": big.replace("1", "2")})
    other = look(repository).facts
    assert other["fingerprint"] != first["fingerprint"] and other["unkept_mark"] != first["unkept_mark"]
    assert "mark" not in other["untracked"][2] and other["untracked"][2]["path"] == "table.csv"
    few = look(repository, limits=Limits(hashed_bytes=1000)).facts["untracked"][0]["mark"]
    assert few.split()[0] == str(len(big))  # size and time, where there is too much to read


# ---------------------------------------------------------------- the fingerprint


@pytest.mark.slow
def test_every_difference_changes_the_fingerprint(repository, look):
    seen = [look(repository).facts["fingerprint"]]

    def changed(files):
        write(repository, files)
        seen.append(look(repository).facts["fingerprint"])

    changed({"train.py": "print(2)\n"})
    changed({"train.py": "print(3)\n"})
    changed({"new.py": "a"})
    changed({"new.py": "b"})
    changed({"data.bin": "1"})
    changed({"data.bin": "22"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "all")
    changed({})
    assert len(set(seen)) == len(seen)


def test_the_time_of_a_source_file_does_not_count(repository, look):
    write(repository, {"new.py": "a"})
    before = look(repository).facts["fingerprint"]
    os.utime(repository / "new.py", (1, 1))
    assert look(repository).facts["fingerprint"] == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "limits", [Limits(), Limits(diff_bytes=1000), Limits(diff_bytes=150), Limits(diff_bytes=10)]
)
def test_two_changes_of_a_binary_file_differ(repository, look, limits):
    noise = os.urandom(3000)
    write(repository, {"w.bin": b"\0" + noise})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "binary")
    fingerprints = set()
    for end in (b"a", b"b", b"c"):
        write(repository, {"w.bin": b"\0" + os.urandom(3000) + end})
        state = look(repository, limits=limits)
        assert len(state.blobs.get("diff", b"")) <= limits.diff_bytes + 100
        fingerprints.add(state.facts["fingerprint"])
    assert len(fingerprints) == 3


def test_a_long_patch_is_cut_and_said(repository, look):
    write(repository, {"train.py": "".join(f"print({number})\n" for number in range(2000))})
    state = look(repository, limits=Limits(diff_bytes=5000))
    assert 4900 < len(state.blobs["diff"]) <= 5000 and state.blobs["diff"].endswith(b"\n")
    assert "the patch ends early: it is longer than 5,000 bytes" in state.facts["notes"]
    write(repository, {"train.py": "".join(f"print({number})\n" for number in range(2001))})
    assert look(repository, limits=Limits(diff_bytes=5000)).facts["fingerprint"] != state.facts["fingerprint"]


def test_a_huge_changed_file_is_not_compared(repository, look):
    with open(repository / "train.py", "wb") as file:
        file.truncate(5_000_000_000)
    state = look(repository)
    assert "the change of `train.py` is left out: the file is too large" in state.facts["notes"]
    assert state.facts["changed"] == ["train.py"] and "diff" not in state.blobs


# ---------------------------------------------------------------- secrets


def test_secret_files_are_named_and_never_read(repository, look, scrubber):
    write(repository, {".env": f"KEY={TOKEN}\n", "id_rsa": "key\n"})
    state = look(repository)
    assert "a secret by its name" in untracked(state)[".env"]["why_not"]
    assert "a secret by its name" in untracked(state)["id_rsa"]["why_not"]
    assert state.blobs == {} and len(scrubber.withheld) == 2


@pytest.mark.parametrize("after", [f"KEY={TOKEN}\nB=2\n", None])
def test_a_tracked_secret_file_is_not_in_the_patch(repository, look, scrubber, after):
    write(repository, {".env": f"KEY={TOKEN}\n", "a.py": "a\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "oops")
    if after is None:
        (repository / ".env").unlink()
    else:
        write(repository, {".env": after})
    first = look(repository)
    write(repository, {"a.py": "b\n"})
    state = look(repository)
    assert state.facts["changed"] == [".env", "a.py"] and ".env" in state.facts["notes"][0]
    assert b"+b" in state.blobs["diff"] and b"KEY" not in state.blobs["diff"] and "diff" not in first.blobs
    assert scrubber.withheld


def test_a_token_reaches_neither_patch_nor_file(repository, look):
    write(
        repository,
        {"train.py": f"key = '{TOKEN}'\n", "new.py": f"key = '{TOKEN}'\n", "latin.py": b"# \xe4\n"},
    )
    state = look(repository)
    assert b"key = " in state.blobs["diff"] and b"key = " in state.blobs["files/new.py"]
    assert (
        TOKEN.encode() not in b"".join(state.blobs.values()) and state.blobs["files/latin.py"] == b"# \xe4\n"
    )


@pytest.mark.slow
def test_a_key_is_found_wherever_a_long_text_is_divided(repository, look):
    lines = ["QUJD" * 16 for _ in range(20)]
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    before = "x = 1  # ordinary\n"
    for length in (65_536 - 900, 65_536 - 300):
        write(repository, {"train.py": before * (length // len(before)) + key + "\n" + before * 9000})
        write(repository, {"new.py": (repository / "train.py").read_bytes()})
        state = look(repository)
        for content in (state.blobs["diff"], state.blobs["files/new.py"]):
            assert lines[0].encode() not in content and content.count(b"ordinary") > 9000


def test_a_token_in_a_file_that_git_takes_for_binary(repository, look):
    write(repository, {".gitattributes": "*.ipynb -diff\n", "n.ipynb": "{}\n", "m.ipynb": "{}\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "notebooks")
    write(repository, {"n.ipynb": f'{{"key": "{TOKEN}"}}\n' * 5, "m.ipynb": '{"a": 1}\n'})
    state = look(repository)
    assert "the change of a binary file is left out: it holds a secret" in state.facts["notes"]
    assert state.blobs["diff"].count(b"GIT binary patch") == 1 and b"m.ipynb" in state.blobs["diff"]


# ---------------------------------------------------------------- nothing is run, nothing is changed


def evil(folder, mark):
    program = folder / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    hooks = folder / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"):
        (hooks / hook).symlink_to(program)
    for name in (
        "core.fsmonitor diff.external core.pager core.sshCommand core.askPass core.editor core.gitProxy "
        "core.alternateRefsCommand credential.helper diff.e.textconv diff.e.command filter.e.clean filter.e.smudge "
        "filter.p.process gpg.program gpg.ssh.program remote.origin.uploadpack interactive.diffFilter pager.status "
        "pager.diff pager.config trailer.x.command uploadpack.packObjectsHook"
    ).split():
        git(folder, "config", name, str(program))
    for setting in (
        "core.hooksPath=" + str(hooks),
        "filter.e.required=true",
        "filter.p.required=true",
        "log.showSignature=true",
        "remote.origin.url=ext::" + str(program),
        "remote.origin.promisor=true",
        "protocol.ext.allow=always",
        "core.repositoryFormatVersion=1",
        "extensions.partialClone=origin",
        "core.untrackedCache=true",
    ):
        git(folder, "config", *setting.split("=", 1))
    return program


@pytest.mark.slow
def test_no_program_of_a_repository_is_run(repository, look, tmp_path):
    write(repository, {".gitattributes": "*.py diff=e filter=e\n*.txt filter=p\n", "a.txt": "a\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "attributes")
    mark = tmp_path / "mark"
    evil(repository, mark)
    write(repository, {"train.py": "print(2)\n", "a.txt": "b\n", "src/model.py": "x = 1\n", "new.py": "n\n"})
    os.utime(repository / "src" / "model.py", (1, 1))
    state = look(repository, script="train.py")
    assert not mark.exists()
    assert (
        state.facts["kind"] == "git"
        and b"+print(2)" in state.blobs["diff"]
        and b"+b\n" in state.blobs["diff"]
    )
    # a blob that is gone: git would fetch it from the remote, which is a program
    blob = git(repository, "rev-parse", "HEAD:train.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    look(repository, script="train.py")
    assert not mark.exists()
    subprocess.run(["git", "status"], cwd=repository, capture_output=True)
    # the trap itself works: git on its own runs it
    assert mark.exists()


@pytest.mark.slow
def test_no_program_of_a_submodule_is_run(with_submodule, look, tmp_path):
    inner = with_submodule / "libs" / "inner"
    write(inner, {".gitattributes": "*.py filter=e diff=e\n"})
    evil(inner, tmp_path / "mark")
    write(inner, {"train.py": "print(2)\n"})
    assert b"libs/inner/train.py" in look(with_submodule).blobs["diff"]
    assert not (tmp_path / "mark").exists()


def test_a_filter_that_cannot_be_switched_off(repository, look, tmp_path):
    write(repository, {".gitattributes": "*.py filter=a=b\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "attributes")
    mark = tmp_path / "mark"
    with open(repository / ".git" / "config", "a") as config:
        config.write(f'[filter "a=b"]\n clean = touch {mark}; cat\n')
    write(repository, {"train.py": "print(2)\n"})
    state = look(repository)
    assert not mark.exists() and state.facts["kind"] == "folder" and state.facts["branch"] == "main"
    assert "filters that cannot be switched off" in state.facts["notes"][0]


def test_a_work_tree_elsewhere_is_not_read(repository, look, tmp_path):
    write(tmp_path, {"private/train.py": "private\n"})
    git(repository, "config", "core.worktree", str(tmp_path / "private"))
    assert look(repository).facts["is_dirty"] is False


def test_nothing_changes(repository, look):
    write(repository, {"train.py": "print(2)\n", "new.py": "n\n"})
    os.utime(repository / "src" / "model.py", (1, 1))  # what makes git refresh its index
    before = everything_in(repository)
    look(repository, script="train.py")
    assert everything_in(repository) == before


# ---------------------------------------------------------------- where git does not help


def test_a_folder_without_git_starts_no_process(project, look, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    write(
        project,
        {
            "train.py": "go\n",
            "pkg/m.py": "m\n",
            "data.bin": "d",
            ".env": "K=1\n",
            "venv/x.py": "",
            ".h/y.py": "",
        },
    )
    write(
        project,
        {"myenv/pyvenv.cfg": "", "myenv/z.py": "", "pkg/__pycache__/m.pyc": "", ".gnomon/record.toml": ""},
    )
    state = look(project, script="train.py")
    facts = state.facts
    assert facts["kind"] == "folder" and facts["root_name"] == "project" and facts["script"] == "train.py"
    assert set(state.blobs) == {"files/train.py", "files/pkg/m.py"} and set(untracked(state)) == {
        "train.py",
        "pkg/m.py",
        "data.bin",
        ".env",
    }
    assert "commit" not in facts and "notes" not in facts and "is_dirty" not in facts
    write(project, {"pkg/m.py": "n\n"})
    assert look(project).facts["fingerprint"] != facts["fingerprint"]


def test_a_folder_is_walked_only_so_far(project, look):
    write(project, {"a/b/c/d/e/f/g.py": "deep\n", "a/b/c/d/e/x.py": "x\n"})
    assert set(look(project).blobs) == {"files/a/b/c/d/e/x.py", "files/a/b/c/d/e/f/g.py"}
    state = look(project, limits=Limits(depth=6))
    assert set(state.blobs) == {"files/a/b/c/d/e/x.py"}
    assert state.facts["notes"] == ["folders more than 6 deep were not looked at"]
    assert "fingerprint" not in state.facts
    write(project, {f"m{number}.csv": "" for number in range(50)})
    state = look(project, limits=Limits(seen=20))
    assert state.facts["untracked_count"] == 22 and "fingerprint" not in state.facts
    assert "of those that are no program text the first 20 were looked at" in state.facts["notes"][0]


def test_a_link_to_a_folder_is_not_followed(project, look, tmp_path):
    write(tmp_path, {"elsewhere/secret.py": "s\n"})
    (project / "link").symlink_to(tmp_path / "elsewhere")
    (project / "circle").symlink_to(".")
    assert look(project).blobs == {}


@pytest.mark.parametrize("place", ["home", "above", "/"])
def test_a_home_folder_is_never_walked(own_home, look, place, monkeypatch):
    write(own_home, {"train.py": "go\n", "private.py": "p\n", "conf/a.yaml": "a\n"})
    folder = {"home": own_home, "above": own_home.parent, "/": Path("/")}[place]
    monkeypatch.setattr(os, "walk", None)
    state = look(folder, script=str(own_home / "train.py"), argv=[str(own_home / "conf" / "a.yaml")])
    assert state.facts["untracked_count"] == 2 and "no project" in state.facts["notes"][0]
    assert sorted(state.blobs.values()) == [b"a\n", b"go\n"]


def test_a_home_folder_that_is_a_repository(own_home, look):
    make_repository(own_home)
    write(own_home, {"train.py": "print(2)\n", "private.py": "p\n", "inner/a.py": "a\n"})
    state = look(own_home / "inner", script="a.py")
    assert state.facts["kind"] == "git" and set(state.blobs) == {"diff", "files/inner/a.py"}
    assert "home folder" in state.facts["notes"][0]


def test_no_git_command(repository, look, tmp_path, monkeypatch):
    commit = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    state = look(repository / "src")
    assert state.facts["kind"] == "folder" and state.facts["cwd"] == "src"
    assert (
        state.facts["commit"] == commit and state.facts["branch"] == "main" and "is_dirty" not in state.facts
    )
    assert state.facts["notes"][0].startswith("git is not installed") and "files/train.py" in state.blobs


def test_a_commit_in_packed_refs_and_a_detached_one_are_read_by_hand(repository, look, monkeypatch):
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "pack-refs", "--all")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "/nonexistent")
    assert look(repository).facts["commit"] == commit
    monkeypatch.setenv("PATH", path)
    git(repository, "checkout", "-q", "--detach")
    git(repository, "worktree", "add", "-q", "-b", "side", str(repository.parent / "linked"))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert look(repository).facts["commit"] == commit and look(repository).facts["branch"] is None
    linked = look(repository.parent / "linked").facts
    assert linked["commit"] == commit and linked["branch"] == "side"


def test_a_git_in_the_working_folder_is_not_run(repository, look, monkeypatch):
    program = repository / "git"
    program.write_text(f"#!/bin/sh\ntouch {repository}/mark\n")
    program.chmod(0o755)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    look(repository)
    assert not (repository / "mark").exists()


@pytest.fixture
def hanging_git(tmp_path, monkeypatch):
    """A git that starts a child and waits for ever."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\nsleep 1000 &\necho $! > {tmp_path}/child\nsleep 1000\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path / "child"


@pytest.mark.slow
def test_a_git_that_hangs_is_ended_with_its_children(repository, look, hanging_git):
    started = time.monotonic()
    state = look(repository, limits=Limits(seconds=0.5))
    assert time.monotonic() - started < 5
    assert state.facts["kind"] == "folder" and "files/train.py" in state.blobs and "commit" in state.facts
    assert state.facts["notes"][0].startswith("git took longer than 0.5 s")
    assert has_ended(int(hanging_git.read_text()))


def has_ended(pid):
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.slow
def test_what_is_slow_is_said_and_the_rest_is_known(repository, look, tmp_path, monkeypatch):
    import shutil

    folder = tmp_path / "bin"
    folder.mkdir()
    real = shutil.which("git")
    script = f'#!/bin/sh\ncase "$*" in *ls-files*) exec sleep 1000;; esac\nexec {real} "$@"\n'
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    state = look(repository, limits=Limits(seconds=1))
    assert (
        state.facts["kind"] == "git" and state.facts["branch"] == "main" and "fingerprint" not in state.facts
    )
    assert state.facts["notes"] == [
        "git took longer than 1 s; files that git does not track were not looked at"
    ]


@pytest.mark.slow
def test_stop_ends_the_work_soon(repository, look, hanging_git):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    state = look(repository, stop=stop)
    assert time.monotonic() - started < 4
    assert "fingerprint" not in state.facts and "stopped" in " ".join(state.facts["notes"])


def test_stopped_before_it_began(repository, look):
    stop = threading.Event()
    stop.set()
    state = look(repository, stop=stop)
    assert state.blobs == {} and state.facts["notes"] and "fingerprint" not in state.facts


@pytest.mark.parametrize("harm", ["head", "index", "object", "config", "empty", "file"])
def test_a_corrupt_repository(repository, look, harm):
    place = repository / ".git"
    write(repository, {"train.py": "print(2)\n"})
    if harm == "head":
        (place / "HEAD").write_bytes(b"\xff\0nonsense")
    elif harm == "index":
        (place / "index").write_bytes(b"nonsense")
    elif harm == "config":
        (place / "config").write_text("[broken\n")
    elif harm == "object":
        commit = git(repository, "rev-parse", "HEAD")
        (place / "objects" / commit[:2] / commit[2:]).unlink()
    else:
        place.rename(repository.parent / "gone")
        place.mkdir() if harm == "empty" else place.write_text("gitdir: /nonexistent\n")
    state = look(repository)
    assert state.facts["kind"] == "folder" and "files/train.py" in state.blobs
    assert harm == "empty" or "is not known" in state.facts["notes"][0]
    assert str(repository) not in json.dumps(state.facts)


def test_an_empty_git_folder_inside_a_repository_is_passed_over(repository, look):
    (repository / "src" / ".git").mkdir()
    assert look(repository / "src").facts["kind"] == "git"


def test_a_bare_repository(repository, look, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    state = look(tmp_path / "bare")
    assert state.facts["kind"] == "folder" and state.blobs == {} and "bare" in state.facts["notes"][0]
    git(repository, "config", "core.bare", "true")
    state = look(repository)
    assert state.facts["kind"] == "folder" and "bare" in state.facts["notes"][0]


def test_a_repository_of_somebody_else(repository, look):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for place in (repository, repository / ".git"):
        os.chown(place, 12345, 12345)
    state = look(repository)
    assert state.facts["kind"] == "folder" and "safe.directory" in state.facts["notes"][0]
    assert "commit" in state.facts and "files/train.py" in state.blobs


def test_a_folder_that_is_gone_and_odd_arguments(tmp_path, look):
    assert look(tmp_path / "gone").facts["kind"] == "folder"
    assert look(f"{tmp_path}/a\0b").facts["notes"]
    state = look(tmp_path, script="x\0.py", argv=["a\0.py", "b" * 100_000 + ".py", 7, "\udcff.py"])
    assert state.facts["kind"] == "folder"


def test_a_scrubber_that_fails_keeps_nothing(repository, scrubber):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError(TOKEN)

    write(repository, {"train.py": "print(2)\n", "new.py": "n\n"})
    state = code_state(str(repository), scrubber=Broken())
    assert state.blobs == {} and state.facts["notes"] == ["looking at the code failed: RuntimeError"]
    assert state.facts["commit"] and "fingerprint" not in state.facts


# ---------------------------------------------------------------- lock files


def test_lock_files_at_the_root_and_in_the_working_folder(repository, look):
    from blake3 import blake3

    write(
        repository,
        {
            "uv.lock": "a\n",
            "requirements-dev.txt": "b\n",
            "src/requirements.txt": "c\n",
            "other/poetry.lock": "d\n",
        },
    )
    found = look(repository / "src").facts["lock_files"]
    assert found == [
        {"path": "uv.lock", "digest": blake3(b"a\n").hexdigest()},
        {"path": "requirements-dev.txt", "digest": blake3(b"b\n").hexdigest()},
        {"path": "src/requirements.txt", "digest": blake3(b"c\n").hexdigest()},
    ]
