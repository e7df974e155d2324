"""`gnomon data …`: versions of files and folders, from the disk into the record and back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

import gnomon
from gnomon.data import stat_cache
from gnomon.session import close_all

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture
def credit(project):
    """A folder with three files, one of them empty, one in a folder of its own, one that may be executed."""
    folder = project / "credit"
    (folder / "raw").mkdir(parents=True)
    (folder / "train.csv").write_text("a,b\n1,2\n")
    (folder / "raw" / "empty").write_bytes(b"")
    (folder / "raw" / "fetch.sh").write_text("#!/bin/sh\n")
    (folder / "raw" / "fetch.sh").chmod(0o755)
    return folder


def snapshot(folder: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def add(ask, *words: str) -> str:
    answer = ask("data", "add", *words)
    assert answer.code == 0, answer.err
    return answer.out.strip()


# ---------------------------------------------------------------- versions


def test_versions_are_numbered_and_come_back_whole(ask, project, credit):
    first = snapshot(credit)
    assert add(ask, "credit", "--message", "as it came", "--licence", "CC0") == "credit@v1"
    (credit / "train.csv").write_text("a,b\n1,2\n3,4\n")
    (credit / "raw" / "empty").unlink()
    (credit / "new.csv").write_text("x\n")
    assert add(ask, "credit") == "credit@v2"
    second = snapshot(credit)
    assert ask("data", "get", "credit@v1", "--to", "old").code == 0
    assert ask("data", "get", "credit", "--to", "new").code == 0
    assert (snapshot(project / "old"), snapshot(project / "new")) == (first, second)
    lines = ask("data", "log", "credit").lines
    assert [line.split()[0] for line in lines] == ["version", "credit@v2", "credit@v1"]
    assert "as it came" in lines[2]
    shown = ask("data", "show", "credit@v2").out
    assert "CC0" in shown, "what was said of a version is taken over by the next"
    assert "credit@v1" in shown


def test_an_unchanged_add_makes_no_version_and_says_so(ask, credit):
    add(ask, "credit")
    answer = ask("data", "add", "credit")
    assert (answer.code, answer.out) == (0, "credit@v1\n")
    assert "nothing changed: credit@v1 has these bytes" in answer.err
    assert len(ask("data", "log", "credit", "--json").json()) == 1


def test_what_is_said_anew_of_an_unchanged_version_counts(ask, credit):
    add(ask, "credit", "--licence", "CC0")
    answer = ask("data", "add", "credit", "--licence", "MIT", "--legal-basis", "consent")
    assert "said anew of credit@v1: licence, legal basis" in answer.err
    assert ask("data", "show", "credit", "--json").json()["licence"] == "MIT"
    assert "said anew" not in ask("data", "add", "credit", "--licence", "MIT").err


def test_a_file_is_a_version_too(ask, project):
    (project / "adult.csv.gz").write_bytes(b"\x00\x01" * 3_000_000)
    assert add(ask, "adult.csv.gz") == "adult@v1"
    assert ask("data", "get", "adult", "--to", "copies/").code == 0
    assert (project / "copies" / "adult.csv.gz").read_bytes() == (project / "adult.csv.gz").read_bytes()
    refused = ask("data", "get", "adult", "--to", "copies/")
    assert (refused.code, "exists already" in refused.err) == (2, True)


def test_diff_names_added_removed_changed_and_moved(ask, credit):
    add(ask, "credit")
    (credit / "train.csv").write_text("a,b\n9,9\n8,8\n")
    (credit / "raw" / "fetch.sh").rename(credit / "fetch.sh")
    (credit / "raw" / "empty").unlink()
    (credit / "more.csv").write_text("m\n")
    add(ask, "credit")
    answer = ask("data", "diff", "credit@v1", "credit@v2")
    assert answer.out.partition("\n\n")[0].splitlines() == [
        "credit@v1 → credit@v2: 1 added, 1 removed, 1 changed, 1 moved; 0 the same",
        "  + more.csv  2 B",
        "  - raw/empty  0 B",
        "  ~ train.csv  8 B → 12 B",
        "  > raw/fetch.sh → fetch.sh  10 B",
    ]
    assert ask("data", "diff", "credit@v2").out == answer.out, "alone: since the version before it"
    found = ask("data", "diff", "credit@v2", "credit@v1", "--json").json()
    assert found["added"] == [{"path": "raw/empty", "size": 0}]


def test_a_tag_moves_to_the_version_that_gets_it(ask, credit):
    add(ask, "credit")
    (credit / "x").write_text("x")
    add(ask, "credit")
    assert ask("data", "tag", "credit@v1", "gold", "checked").out == "checked\ngold\n"
    assert ask("data", "show", "credit@gold").lines[0].startswith("data credit@v1")
    assert ask("data", "tag", "credit@v2", "gold").out == "gold\n"
    assert ask("data", "show", "credit@gold").lines[0].startswith("data credit@v2")
    assert ask("data", "tag", "credit@v1").out == "checked\n"
    assert ask("data", "tag", "credit@v2", "--remove", "gold").out == ""
    assert ask("data", "show", "credit@gold").code == 2
    assert "has no tag `gold`" in ask("data", "tag", "credit@v2", "--remove", "gold").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "credit@v7"], "there is no version `credit@v7`"),
        (["show", "credit@v7"], "did you mean `credit@v1`?"),
        (["show", "kredit"], "no data set is called `kredit` (GN103)\nhint: did you mean `credit`?"),
        (["show", "../credit"], "'../credit' cannot name a data set"),
        (["show", "credit@"], "hint: for instance `credit@v1`"),
        (["log", "a b"], "'a b' cannot name a data set"),
        (["tag", "credit", "v3"], "'v3' cannot be a tag"),
        (["tag", "credit", "deadbeef"], "'deadbeef' cannot be a tag"),
        (["add", "credit", "--name", "a/b"], "hint: for instance `a-b`"),
        (["add", "nothing"], "`nothing` does not exist"),
        (["add", "/dev/null", "--name", "x"], "neither a file nor a folder"),
        (["add", ".gnomon", "--name", "x", "--no-pointer"], "is the record itself"),
        (["add", "s3://bank/x"], "--by-reference"),
        (["get", "credit", "--to", "credit"], "the folder `credit` is not empty"),
        (["get", "credit", "--to", "file"], "`file` is not a folder"),
        (["diff", "credit"], "`credit@v1` is the first version"),
        (["status", "file"], "no pointer beside `file`"),
        (["status", "--against", "credit"], "`--against` needs a path"),
        (["checkout", "nothing.gnomon"], "there is no pointer `nothing.gnomon`"),
        (["frob"], "`gnomon data` has no command `frob`"),
        (["stats"], "did you mean `status`"),
    ],
)  # fmt: skip
def test_a_wrong_command_is_told_what_is_wrong(ask, project, credit, words, said):
    (project / "file").write_text("x")
    add(ask, "credit")
    answer = ask("data", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


# ---------------------------------------------------------------- odd files


def test_odd_files_are_refused_or_noted(ask, project, credit):
    (credit / "gone").symlink_to("nowhere")
    (credit / "again.csv").symlink_to("train.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(credit)
        listening.bind("socket")
        os.chdir(project)
    (credit / "hollow").mkdir()
    os.mkfifo(credit / "pipe")
    answer = ask("data", "add", "credit")
    assert answer.code == 0
    for said in (
        "the broken link `gone` is not kept",
        "`socket` is not kept",
        "`pipe` is not kept",
        "the empty folder `hollow`",
    ):
        assert said in answer.err
    files = {file["path"] for file in ask("data", "show", "credit", "--files", "--json").json()["file_list"]}
    assert files == {"train.csv", "again.csv", "raw/empty", "raw/fetch.sh"}


def test_a_link_out_of_the_folder_is_refused(ask, project, credit):
    (project / "secret").write_text("key")
    (credit / "out").symlink_to("../secret")
    answer = ask("data", "add", "credit")
    assert answer.code == 2
    assert "is a symbolic link that leaves the folder" in answer.err
    assert ask("data").out == "", "no version was made"


def test_a_name_that_is_not_utf8_is_refused(ask, project, credit):
    with open(os.fsencode(credit) + b"/\xff\xfe.csv", "wb"):
        pass
    answer = ask("data", "add", "credit")
    assert answer.code == 2
    assert r"`\udcff\udcfe.csv`" in answer.err and "is not valid UTF-8" in answer.err


def test_a_folder_without_files_and_a_broken_link_are_refused(ask, project):
    (project / "empty").mkdir()
    assert "holds no file" in ask("data", "add", "empty").err
    (project / "broken").symlink_to("nowhere")
    assert "`broken` is a link that leads nowhere, to `nowhere`" in ask("data", "add", "broken").err


def test_a_file_that_changes_while_it_is_read_is_noted(ask, project, credit, monkeypatch):
    from gnomon.env import Env

    read = Env.read_file

    def and_change(self, path, offset=0):
        data = read(self, path, offset)
        if path.endswith("train.csv"):
            with open(path, "a") as file:
                file.write("more\n")
        return data

    with monkeypatch.context() as patched:
        patched.setattr(Env, "read_file", and_change)
        answer = ask("data", "add", "credit")
    assert answer.code == 0
    assert "note: `train.csv` changed while it was read" in answer.err
    assert "changed while it was read" in ask("data", "show", "credit").out
    assert ask("data", "verify").code == 0
    assert "1 changed" in ask("data", "status").out


def test_an_interrupted_add_goes_on_where_it_was(ask, project, monkeypatch):
    from gnomon.data import reading
    from gnomon.objects.store import ObjectStore

    folder = project / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02d}").write_text(f"file {number}")
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    monkeypatch.setattr(reading, "BATCH_FILES", 10)
    put_many, batches = ObjectStore.put_many, []

    def interrupted(self, datas, **how):
        batches.append(1)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return put_many(self, datas, **how)

    monkeypatch.setattr(ObjectStore, "put_many", interrupted)
    assert ask("data", "add", "many").code == 130
    assert ask("data").out == "", "there is no half a version"
    stored: list[bytes] = []

    def counted(self, datas, **how):
        datas = list(datas)
        stored.extend(datas)
        return put_many(self, datas, **how)

    monkeypatch.setattr(ObjectStore, "put_many", counted)
    assert ask("data", "add", "many").out == "many@v1\n"
    assert len(stored) == 20, "the first two batches are not read again"
    assert ask("data", "verify").code == 0


# ---------------------------------------------------------------- status


def test_status_says_what_changed(ask, project, credit):
    add(ask, "credit")
    assert ask("data", "status").out == "credit  credit@v1  unchanged\n"
    (credit / "train.csv").write_text("a,b\n5,6\n")  # as long as before
    (credit / "new").write_text("n")
    (credit / "raw" / "fetch.sh").chmod(0o644)
    assert ask("data", "status", "credit").lines == [
        "credit  credit@v1  1 added, 2 changed", "  + new  1 B", "  ~ raw/fetch.sh  10 B", "  ~ train.csv  8 B",
    ]  # fmt: skip
    shutil.rmtree(credit)
    assert ask("data", "status", "credit.gnomon").lines == [
        "credit  credit@v1  missing; `gnomon data checkout` brings it"
    ]
    found = ask("data", "status", "--json").json()
    assert [(one["path"], one["state"]) for one in found] == [("credit", "missing")]


def test_status_against_a_version_and_of_one_that_is_not_the_newest(ask, project, credit):
    add(ask, "credit")
    (project / "credit.gnomon").rename(project / "old")
    (credit / "x").write_text("x")
    add(ask, "credit")
    assert ask("data", "status", "credit", "--against", "credit@v1").lines[0] == "credit  credit@v1  1 added"
    (project / "old").rename(project / "credit.gnomon")
    assert "credit@v1 is not the newest: credit@v2" in ask("data", "status").err


def test_status_reads_nothing_that_did_not_change(ask, credit, monkeypatch):
    from gnomon.data import reading

    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    add(ask, "credit")
    (credit / "train.csv").write_text("other")
    read = []
    real = reading._read
    monkeypatch.setattr(
        reading, "_read", lambda env, file, before: read.append(file.path) or real(env, file, before)
    )
    assert "1 changed" in ask("data", "status").out
    assert read == ["train.csv"]


# ---------------------------------------------------------------- pointers and checkout


def test_a_checkout_of_git_and_of_data_brings_both_back(ask, project, credit):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True
        )

    git("init")
    answer = ask("data", "add", "credit", "--gitignore")
    assert "Git ignores it now: .gitignore" in answer.err
    first = snapshot(credit)
    git("add", ".")
    git("commit", "-m", "v1")
    tracked = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split()
    assert tracked == [".gitignore", "credit.gnomon"]
    (credit / "train.csv").write_text("changed")
    add(ask, "credit")
    git("commit", "-am", "v2")
    git("checkout", "HEAD~")
    answer = ask("data", "checkout")
    assert (answer.code, answer.out, answer.err) == (0, "credit\n", "credit@v1 brought\n")
    assert snapshot(credit) == first
    assert "credit@v1 is there already" in ask("data", "checkout", "credit").err
    shutil.rmtree(credit)
    assert ask("data", "checkout", "credit.gnomon").code == 0
    assert snapshot(credit) == first
    assert sorted(os.listdir(project)) == [".git", ".gitignore", ".gnomon", "credit", "credit.gnomon"], (
        "nothing is left over"
    )


def test_git_is_only_told_of_when_it_would_track_the_data(ask, project, credit):
    assert "Git would track" not in ask("data", "add", "credit").err, "no work tree"
    subprocess.run(["git", "init"], check=True, capture_output=True)
    (credit / "x").write_text("x")
    assert "add `/credit` to `.gitignore`" in ask("data", "add", "credit").err
    (project / ".gitignore").write_text("credit")
    (credit / "x").write_text("y")
    assert "Git would track" not in ask("data", "add", "credit").err


def test_checkout_never_takes_what_no_version_holds(ask, project, credit):
    add(ask, "credit")
    (credit / "mine").write_text("work of a day")
    answer = ask("data", "checkout")
    assert (answer.code, (credit / "mine").read_text()) == (2, "work of a day")
    assert "`credit` has changes that no version holds" in answer.err.replace(str(project) + "/", "")
    assert ask("data", "checkout", "--force").code == 0
    assert not (credit / "mine").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('path = "../out"', "its `path` is not what it must be"),
        ('path = "/etc/passwd"', "its `path`"),
        ('path = ".git"', "its `path`"),
        ('path = "a\\u001b[31m"', "its `path`"),
        ('object = "00"', "its `object`"),
        ("format = 99", "has format 99; this version reads format 1"),
        ("size = -1", "its `size and files`"),
        ('name = "a b"', "its `name`"),
        ("= =", "cannot be read as TOML"),
    ],
)
def test_a_hostile_pointer_is_refused(ask, project, credit, line, said):
    add(ask, "credit")
    pointer = project / "credit.gnomon"
    key = line.partition(" ")[0]
    kept = [one for one in pointer.read_text().splitlines() if not one.startswith(f"{key} ")]
    pointer.write_text("\n".join([*kept, line]))
    answer = ask("data", "checkout")
    assert answer.code == 3
    assert said in answer.err
    assert "\x1b" not in answer.err


def test_one_bad_pointer_does_not_stop_the_others(ask, project, credit):
    add(ask, "credit")
    shutil.rmtree(credit)
    (project / "a.gnomon").write_text("no")
    answer = ask("data", "checkout")
    assert (answer.code, answer.out) == (1, "credit\n")
    assert "not brought: `./a.gnomon` is no pointer to data" in answer.err
    assert credit.is_dir()


def test_a_pointer_takes_no_place_of_another(ask, project, credit):
    add(ask, "credit")
    (project / "other.csv").write_text("x")
    answer = ask("data", "add", "other.csv", "--name", "credit")
    assert answer.code == 2
    assert "points to `credit` already, and not to `other.csv`" in answer.err
    assert len(ask("data", "log", "credit", "--json").json()) == 1, "nothing was recorded"
    assert add(ask, "other.csv", "--name", "credit", "--no-pointer") == "credit@v2"


# ---------------------------------------------------------------- verify


def test_a_flipped_bit_is_found_and_named_and_never_handed_out(ask, project):
    (project / "big.bin").write_bytes(os.urandom(300_000))
    add(ask, "big.bin", "--no-profile")
    assert ask("data", "verify").out == "all bytes are as they were\n"
    (pack,) = (project / ".gnomon" / "objects").rglob("*.pack")
    data = bytearray(pack.read_bytes())
    data[len(data) // 3] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(data)
    answer = ask("data", "verify", "big@v1")
    assert answer.code == 3
    assert answer.lines[0].startswith("big@v1  big.bin: ")
    assert ask("data", "get", "big", "--to", "out.bin").code == 3
    assert not (project / "out.bin").exists()


def test_missing_bytes_are_named(ask, project, credit):
    add(ask, "credit")
    for pack in (project / ".gnomon" / "objects").rglob("*.pack"):
        pack.unlink()
    answer = ask("data", "verify")
    assert answer.code == 3
    assert "credit@v1  (the list of its files): it is not in this replica" in answer.out
    close_all()  # another process
    assert add(ask, "credit") == "credit@v1"
    assert ask("data", "verify").code == 0, "adding the same bytes again brings them back"


# ---------------------------------------------------------------- by reference


def test_a_reference_leaves_the_bytes_where_they_are(ask, project, credit):
    (credit / "train.csv").write_bytes(os.urandom(100_000))
    answer = ask("data", "add", "credit", "--by-reference")
    assert "bytes not kept" in answer.err
    stored = sum(path.stat().st_size for path in (project / ".gnomon" / "objects").rglob("*.pack"))
    assert stored < 10_000
    assert not (project / "credit.gnomon").exists()
    assert "bytes not kept" in ask("data").out
    assert ask("data", "get", "credit", "--to", "x").out == "x\n"
    assert snapshot(project / "x") == snapshot(credit)
    assert "not checked: credit@v1" in ask("data", "verify").err
    assert "nothing changed" in ask("data", "add", "credit", "--by-reference").err
    (credit / "train.csv").write_text("other")
    assert add(ask, "credit", "--by-reference") == "credit@v2"
    assert "1 changed" in ask("data", "diff", "credit@v2").out


def test_a_url_is_marked_as_not_pinned_and_may_hold_no_secret(ask, project):
    assert add(ask, "s3://bank/ledger.parquet", "--by-reference", "--no-look") == "ledger@v1"
    assert "bytes not pinned" in ask("data", "show", "ledger").out
    answer = ask("data", "add", "https://me:hunter2secret@host/x.csv", "--by-reference", "--no-look")
    assert "left out of the URL, as secrets: a password" in answer.err
    assert "https://host/x.csv" in ask("data", "show", "x").out
    assert "hunter2secret" not in answer.out + answer.err
    token = "https://host/y.csv#ghp_" + "a1B2c3D4e5F6" * 3
    answer = ask("data", "add", token, "--by-reference", "--no-look")
    assert (answer.code, token in answer.err) == (2, False)


# ---------------------------------------------------------------- runs


def test_what_a_run_used_is_shown_everywhere(ask, project, credit):
    add(ask, "credit")
    (credit / "x").write_text("x")
    add(ask, "credit")
    ids = []
    for version in ("credit@v1", "credit@v2"):
        with gnomon.run("r", params={"lr": 1}) as run:
            run.use(version)
            ids.append(run.id)
    assert "credit@v1" in ask("show", ids[0]).out
    assert ask("show", ids[0], "--json").json()["uses"][0]["label"] == "credit@v1"
    compared = ask("compare", *ids).out
    assert "They differ in data (credit)" in compared
    assert ["credit", "credit@v1", "credit@v2"] in [line.split() for line in compared.splitlines()]
    assert ids[0][:8] in ask("data", "show", "credit@v1").out
    found = ask("runs", "--where", "data.credit = 'v2'", "--json").json()
    assert [one["id"] for one in found] == [ids[1]]
    assert "data.credit" in ask("runs").lines[0]


def test_runs_that_used_other_data_are_no_seeds_of_one_configuration(project, credit):
    gnomon.add_data("credit")
    (credit / "x").write_text("x")
    gnomon.add_data("credit")
    for seed, version in enumerate(["credit@v1", "credit@v1", "credit@v2", "credit@v2"]):
        with gnomon.run("r", params={"lr": 1}, seed=seed, group="g") as run:
            run.use(version)
            run.log(loss=seed)
    groups = gnomon.open().groups()
    assert [len(group) for group in groups.groups] == [2, 2]


# ---------------------------------------------------------------- hostile texts


def test_hostile_texts_cannot_touch_the_terminal(ask, project, credit):
    (credit / "a\x1b[31mred").write_text("x")
    answer = ask("data", "add", "credit", "--message", "m\x1b[2J\u202e", "--origin", "o\x07", "--no-pointer")
    assert answer.code == 0
    (credit / "a\x1b[31mred").write_text("y")
    add(ask, "credit", "--no-pointer")
    shown = [answer.out, answer.err]
    for words in (
        ["show", "credit@v1", "--files"],
        ["log", "credit"],
        ["diff", "credit@v2"],
        ["status", "credit", "--against", "credit@v1"],
        [],
    ):
        answer = ask("data", *words)
        assert answer.code == 0
        shown += [answer.out, answer.err]
    assert not any(char in "".join(shown) for char in "\x1b\x07\u202e")
