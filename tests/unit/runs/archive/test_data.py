"""Versions of data in exports: those that the runs used go along, facts and bytes, and come back as they were."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gnomon
from gnomon.data.actions import tag
from gnomon.errors import BadArgumentError, MissingObjectError
from gnomon.runs.archive.take_in import make_if_missing
from gnomon.session import close_all

pytestmark = pytest.mark.slow  # all of them together, for the quick lane
SECRET = "words-of-data-that-nobody-chose"


@pytest.fixture
def made(project):
    """Two versions of a table, a folder with odd names, a reference; two runs that used some of them."""
    table = project / "credit.csv"
    table.write_text("age,income\n30,1\n40,2\n")
    first = gnomon.add_data(table, message="as delivered", licence="CC-BY-4.0", origin="the bureau")
    table.write_text("age,income\n30,1\n40,2\n50,3\n")
    second = gnomon.add_data(table, message=SECRET)
    folder = project / "pictures"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"picture " * 1000)
    (folder / "deep" / "con").write_text("odd")
    (folder / "deep" / "run.sh").write_text("#!/bin/sh\n")
    os.chmod(folder / "deep" / "run.sh", 0o755)
    pictures = gnomon.add_data(folder)
    outside = project / "outside.csv"
    outside.write_text("x\n1\n")
    far = gnomon.add_data(outside, name="far", by_reference=True)
    record = gnomon.open()
    tag(record, record.data("credit@v1"), ["gold"])
    with gnomon.run("one") as one:
        one.use("credit@v1")
        one.use("pictures")
    with gnomon.run("two") as two:
        two.use("credit@v2")
        two.use("far")
        (project / "loose.csv").write_text("y\n1\n")
        two.use(project / "loose.csv")
    close_all()
    ids = {"one": one.id, "two": two.id}
    return ids | {"v1": first.id, "v2": second.id, "pictures": pictures.id, "far": far.id}


def empty_record(place: Path) -> gnomon.Record:
    make_if_missing(str(place))
    return gnomon.open(place)


def told_of(record, version: str) -> list:
    """All that the index says of a version, as its own export has it."""
    record.replica.update()
    lines = [json.loads(line) for line in record.replica.index.export().splitlines()]
    return [line for line in lines if line["subject"] == f"data:{version}"]


def bytes_of(version) -> list:
    objects = version.record.replica.objects()
    return [(file.path, file.mode, objects.read(file.object)) for file in version.files()]


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# ---------------------------------------------------------------- there and back


def test_the_versions_that_a_run_used_come_back_as_they_were(made, tmp_path):
    here = gnomon.open()
    done = here.export(tmp_path / "out", runs=made["one"])
    assert (done.data, done.problems) == (["credit@v1", "pictures@v1"], [])
    there = empty_record(tmp_path / "there")
    imported = there.import_(tmp_path / "out")
    assert imported.data == imported.new_data == [made["v1"], made["pictures"]]
    for name, version in (("credit@v1", "v1"), ("pictures", "pictures")):
        assert told_of(there, made[version]) == told_of(here, made[version])
        assert bytes_of(there.data(name)) == bytes_of(here.data(name))
    assert there.data("credit@gold").profile == here.data("credit@v1").profile is not None
    assert [one.label for one in there.run(made["one"]).uses] == ["credit@v1", "pictures@v1"]
    assert list(there.verify(deep=True)) == []


def test_importing_twice_is_importing_once(made, tmp_path):
    gnomon.open().export(tmp_path / "out", runs=made["one"])
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    before = sorted(str(path) for path in Path(there.path).rglob("*"))
    again = there.import_(tmp_path / "out")
    assert (again.entries, again.objects, again.new_data) == (0, 0, [])
    assert again.data == [made["v1"], made["pictures"]]
    assert sorted(str(path) for path in Path(there.path).rglob("*")) == before


def test_exports_meet_in_any_order(made, tmp_path):
    here = gnomon.open()
    here.export(tmp_path / "one", runs=made["one"])
    here.export(tmp_path / "two", runs=made["two"])
    here.archive(tmp_path / "all.zip")
    forth, back = empty_record(tmp_path / "forth"), empty_record(tmp_path / "back")
    for name in ("one", "two", "all.zip"):
        forth.import_(tmp_path / name)
    for name in ("all.zip", "two", "one"):
        back.import_(tmp_path / name)
    for version in ("v1", "v2", "pictures", "far"):
        expected = told_of(here, made[version])
        assert expected and told_of(forth, made[version]) == told_of(back, made[version]) == expected
    assert [row.versions for row in forth.data_sets()] == [row.versions for row in here.data_sets()]


def test_of_data_that_was_not_used_nothing_but_heads_goes_along(made, tmp_path):
    gnomon.open().export(tmp_path / "out", runs=made["one"])
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert {one.name for one in there.data_sets()} == {"credit", "pictures"}
    assert SECRET.encode() not in all_bytes(tmp_path / "out")
    assert b"50,3" not in all_bytes(tmp_path / "out" / "data")


def test_a_record_as_a_whole_has_all_versions(made, tmp_path):
    record = gnomon.open()
    unused = record.replica  # keeps the record open
    (Path(unused.home.path).parent / "new.csv").write_text("z\n1\n")
    gnomon.add_data("new.csv")
    close_all()
    done = record.export(tmp_path / "out")
    assert done.data == ["credit@v1", "credit@v2", "far@v1", "new@v1", "pictures@v1"]
    done = record.export(tmp_path / "selection", where="name = 'two'")
    assert done.data == ["credit@v2", "far@v1"]


def test_a_record_of_data_alone_can_be_exported(project, tmp_path):
    (project / "a.csv").write_text("x\n1\n")
    gnomon.add_data("a.csv")
    close_all()
    done = gnomon.open().archive(tmp_path / "data.zip")
    assert (done.runs, done.data) == ([], ["a@v1"])
    there = empty_record(tmp_path / "there")
    assert there.import_(tmp_path / "data.zip").new_data == [there.data("a").id]
    with pytest.raises(BadArgumentError, match="no run to export"):
        gnomon.open().export(tmp_path / "out", where="name = 'nobody'")


# ---------------------------------------------------------------- plain files


def test_files_stand_as_they_were_with_their_facts(made, tmp_path):
    gnomon.open().export(tmp_path / "out", runs=made["one"])
    folder = tmp_path / "out" / "data"
    credit, pictures = folder / "credit@v1", folder / "pictures@v1"
    assert (credit / "credit.csv").read_text() == "age,income\n30,1\n40,2\n"
    facts = json.loads((credit / "data.json").read_text())
    told = {key: facts[key] for key in ("label", "licence", "origin", "message", "tags", "path", "size")}
    assert told == {
        "label": "credit@v1", "licence": "CC-BY-4.0", "origin": "the bureau", "message": "as delivered",
        "tags": ["gold"], "path": "credit.csv", "size": 21,
    }  # fmt: skip
    profile = json.loads((credit / "profile.json").read_text())
    assert [column["name"] for column in profile["tables"][0]["columns"]] == ["age", "income"]
    assert (pictures / "pictures" / "a.txt").read_bytes() == b"picture " * 1000
    assert os.access(pictures / "pictures" / "deep" / "run.sh", os.X_OK)
    facts = json.loads((pictures / "data.json").read_text())
    assert facts["renamed"] == {"deep/con": "pictures/deep/_con"}
    head, *lines = (tmp_path / "out" / "data.csv").read_text().splitlines()
    assert head.startswith("folder,label,id,created,size,files,rows,columns,licence")
    assert [line.split(",")[:2] for line in lines] == [
        ["data/credit@v1", "credit@v1"],
        ["data/pictures@v1", "pictures@v1"],
    ]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "| `data/credit@v1` | 21 |" in readme and "data.csv" in readme


def test_a_run_says_where_its_data_stands(made, tmp_path):
    gnomon.open().export(tmp_path / "out", runs=made["two"])
    (told,) = (tmp_path / "out").glob("runs/*/run.json")
    used = json.loads(told.read_text())["used"]
    assert [(one["name"], one["label"], one["folder"]) for one in used] == [
        ("credit", "credit@v2", "data/credit@v2"),
        ("far", "far@v1", "data/far@v1"),
        ("loose.csv", None, None),
    ]


def test_a_file_that_is_called_like_the_facts_gets_another_name(project, tmp_path):
    (project / "data.json").write_text("[1]")
    gnomon.add_data("data.json", name="odd")
    close_all()
    gnomon.open().export(tmp_path / "out")
    facts = json.loads((tmp_path / "out/data/odd@v1/data.json").read_text())
    assert facts["name"] == "odd"
    assert (tmp_path / "out/data/odd@v1" / facts["path"]).read_text() == "[1]"


def test_an_archive_has_the_same_bytes_each_time(made, tmp_path):
    record = gnomon.open()
    record.archive(tmp_path / "a.zip", runs=made["one"])
    record.archive(tmp_path / "b.zip", runs=made["one"])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


# ---------------------------------------------------------------- bytes that stay behind


def test_without_bytes_the_facts_and_the_list_of_files_go_along(made, tmp_path):
    done = gnomon.open().export(tmp_path / "out", runs=made["one"], data=False)
    assert (done.data, done.problems) == (["credit@v1", "pictures@v1"], [])
    assert not list((tmp_path / "out" / "data").rglob("*.csv"))
    assert b"picture picture" not in all_bytes(tmp_path / "out")
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert told_of(there, made["pictures"]) == told_of(gnomon.open(), made["pictures"])
    assert [file.path for file in there.data("pictures").files()] == ["a.txt", "deep/con", "deep/run.sh"]
    assert there.data("credit").profile is not None
    with pytest.raises(MissingObjectError):
        there.data("credit").restore(tmp_path / "restored.csv")
    gnomon.open().export(tmp_path / "with", runs=made["one"])
    assert there.import_(tmp_path / "with").objects > 0  # the bytes may follow
    assert bytes_of(there.data("credit")) == bytes_of(gnomon.open().data("credit@v1"))


def test_a_reference_goes_along_and_its_bytes_are_not_missed(made, tmp_path):
    done = gnomon.open().export(tmp_path / "out", runs=made["two"])
    assert done.problems == []
    facts = json.loads((tmp_path / "out/data/far@v1/data.json").read_text())
    assert facts["path"] is None and facts["reference"]["place"].endswith("outside.csv")


def test_erased_data_goes_along_as_erased_and_is_not_missed(made, tmp_path):
    cli("data", "erase", "credit@v1", "--yes", "--reason", "asked for")
    done = gnomon.open().export(tmp_path / "out", runs=made["one"])
    assert (done.data, done.problems) == (["credit@v1", "pictures@v1"], [])
    facts = json.loads((tmp_path / "out/data/credit@v1/data.json").read_text())
    assert facts["erased"]["reason"] == "asked for" and facts["path"] is None
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert told_of(there, made["v1"]) == told_of(gnomon.open(), made["v1"])
    assert there.data("credit").erased is not None


def test_what_a_check_of_a_contract_left_goes_along(made, tmp_path):
    (Path.cwd() / "credit.contract.toml").write_text(cli("data", "contract", "credit@v1").stdout)
    cli("data", "check", "credit@v1", "--contract", "credit.contract.toml")
    here = gnomon.open()
    here.export(tmp_path / "out", runs=made["one"], data=False)
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert there.data("credit").state["checks"] == here.data("credit@v1").state["checks"] != []
    digests = re.findall('"([0-9a-f]{64})"', json.dumps(here.data("credit@v1").state["checks"]))
    held = [one for one in digests if here.replica.objects().contains(one)]
    assert held and all(there.replica.objects().contains(one) for one in held)


def test_bytes_that_are_not_here_are_named(made, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "light", runs=made["one"], data=False)
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "light")
    done = there.export(tmp_path / "out")
    assert any("data credit@v1: `credit.csv` is not in this replica" in problem for problem in done.problems)
    assert "## Missing or damaged" in (tmp_path / "out" / "README.md").read_text()


# ---------------------------------------------------------------- the command


def cli(*words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def test_the_size_is_said_before_anything_is_written(made, tmp_path):
    said = cli("export", made["one"], "--to", tmp_path / "out").stderr.splitlines()
    assert said[0] == "with these runs: 2 versions of data, 8.0 kB; `--no-data` leaves the bytes out"
    assert said[-1].startswith("wrote 1 run and 2 versions of data: ")
    said = cli("export", "--all", "--no-data", "--to", tmp_path / "light").stderr
    assert "with these runs: 4 versions of data, but not the bytes (8.1 kB stay here)" in said
    there = tmp_path / "there"
    said = cli("--record", there, "import", tmp_path / "out").stderr
    assert "imported 1 run, 1 of them new, 2 versions of data, 2 of them new" in said
    assert json.loads(cli("--record", there, "import", tmp_path / "out", "--json").stdout)["new_data"] == []


def test_runs_that_used_no_data_are_exported_as_ever(project, tmp_path):
    (project / "unused.csv").write_text("x\n1\n")
    gnomon.add_data("unused.csv")
    close_all()
    with gnomon.run("plain") as run:
        run.log(loss=1.0)
    close_all()
    assert "data" not in cli("export", run.id, "--to", tmp_path / "out").stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "README.md", "record", "runs", "runs.csv", "runs.json",
    ]  # fmt: skip
    assert "data.csv" not in (tmp_path / "out" / "README.md").read_text()
