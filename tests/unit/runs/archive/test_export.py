"""Export, archive, import: what comes back is what was there, of the chosen runs and of no others."""

from __future__ import annotations

import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from thorough import one_in

import gnomon
from gnomon.errors import BadArgumentError, DamagedFileError, GnomonError, StorageError, UnknownSubjectError
from gnomon.record.lines import parse_line
from gnomon.runs.archive.chosen import Chosen
from gnomon.runs.archive.take_in import make_if_missing
from gnomon.session import close_all
from tests.faults.faulty_env import FaultyEnv

NAN = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))[0]
SECRET = "words-of-another-run"


@pytest.fixture
def runs(project):
    """Two runs of one process, the second with words of its own; and a run of another process."""
    files = project / "data"
    (files / "deep").mkdir(parents=True)
    (files / "deep" / "run.sh").write_text("#!/bin/sh\n")
    os.chmod(files / "deep" / "run.sh", 0o755)
    (files / "a.txt").write_bytes(b"kept " * 1000)
    ids = []
    with gnomon.run(
        "first", params={"lr": 0.1, "huge": 2**80, "=f": "=1+1"}, seed=1, group="g", tags=["t"]
    ) as run:
        for step in range(20):
            run.log(
                {"loss": -0.0 if step == 3 else 1 / (1 + step), "odd": NAN if step % 2 else 2**70 + 1 + step},
                step=step,
            )
        run.log({"table": gnomon.Table({"x": [1, 2]}), "text": gnomon.Text("hi")}, step=3)
        run.keep(files)
        run.keep(files / "a.txt")
        run.note("a **note**")
        ids.append(run.id)
    with gnomon.run(f"second {SECRET}", params={"p": SECRET}, group="h") as run:
        for step in range(5):
            run.log({"loss": 7.0, SECRET: 1.0}, step=step)
        run.note(SECRET)
        (project / "other.txt").write_text(SECRET * 100)
        run.keep(project / "other.txt")
        ids.append(run.id)
    close_all()
    with gnomon.run("third") as run:
        run.log({"loss": 1.0})
        ids.append(run.id)
    close_all()
    return ids


def empty_record(place: Path) -> gnomon.Record:
    make_if_missing(str(place))
    return gnomon.open(place)


def told_of(record, run: str) -> dict:
    """All that the index says of a run's subjects, and its points bit for bit."""
    record.replica.update()
    view = record.run(run)
    subjects = {f"run:{run}", f"values:{run}", *(f"process:{one.log}" for one in view.processes)}
    lines = [json.loads(line) for line in record.replica.index.export().splitlines()]
    points = {}
    for name in view.series_names:
        joined = view.series(name, rank=None)._joined()
        points[name] = (bytes(joined.values), bytes(joined.steps), bytes(joined.times_us), joined.exact)
    return {
        "index": [line for line in lines if line["subject"] in subjects],
        "points": points,
        "kept": {one.name: _bytes_of(record, one) for one in view.kept},
        "values": [
            (one.series, one.step, {part: one.data(part) for part in one.parts}) for one in view.values()
        ],
        "status": view.status,
        "notes": view.notes,
        "console": list(view.console()),
    }


def _bytes_of(record, one):
    objects = record.replica.objects()
    if not one.is_tree:
        return objects.read(one.object)
    return [(file.path, file.mode, objects.read(file.object)) for file in objects.read_tree(one.object)]


def all_bytes(folder: Path) -> bytes:
    """Return all files below a folder, names included; packs unpacked."""
    found = b""
    for path in sorted(Path(folder).rglob("*")):
        found += str(path.relative_to(folder)).encode() + b"\0"
        if path.is_file():
            found += path.read_bytes()
    return found


def tree_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()
    }


# ---------------------------------------------------------------- there and back


@pytest.mark.slow
def test_a_run_comes_back_as_it_was(runs, tmp_path):
    here = gnomon.open()
    done = here.export(tmp_path / "out", runs=runs[0])
    assert done.problems == []
    there = empty_record(tmp_path / "there")
    got = there.import_(tmp_path / "out")
    assert (got.runs, got.new_runs) == ([runs[0]], [runs[0]])
    assert told_of(there, runs[0]) == told_of(here, runs[0])
    assert there.runs().ids == [runs[0]]
    assert list(there.verify(deep=True)) == []
    assert there.run(runs[0]).series("odd").values()[0] == 2**70 + 1


@pytest.mark.slow
def test_all_runs_come_back_with_the_same_table(runs, tmp_path):
    here = gnomon.open()
    here.archive(tmp_path / "all.zip")
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "all.zip")
    assert repr(there.runs().records()) == repr(here.runs().records())  # NaN differs from itself
    assert [told_of(there, run) for run in runs] == [told_of(here, run) for run in runs]
    assert list(there.verify(deep=True)) == []


@pytest.mark.slow
def test_the_record_in_an_export_can_be_opened_by_itself(runs, tmp_path):
    here = gnomon.open()
    here.export(tmp_path / "out", runs=runs[0])
    inside = gnomon.open(tmp_path / "out" / "record")
    assert inside.runs().ids == [runs[0]]
    assert inside.runs(removed=True).ids == []
    assert told_of(inside, runs[0]) == told_of(here, runs[0])
    assert list(inside.verify(deep=True)) == []


def test_nothing_that_was_said_of_other_runs_is_in_an_export(runs, tmp_path):
    record = gnomon.open()
    done = record.export(tmp_path / "out", runs=runs[0])
    assert SECRET.encode() not in all_bytes(tmp_path / "out")
    inside = gnomon.open(tmp_path / "out" / "record")
    objects = inside.replica.objects()
    assert all(SECRET.encode() not in objects.read(one) for one in objects.objects())
    assert inside.replica.point_stats(runs[1]) == {}
    with pytest.raises(UnknownSubjectError, match="only the heads"):
        inside.run(runs[1])
    assert [note for note in done.notes if "heads" in note]
    # The third run stands in a log of its own: of that, nothing at all.
    assert runs[2].encode() not in all_bytes(tmp_path / "out")


def test_lines_of_the_chosen_run_are_there_byte_for_byte(runs, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "out", runs=runs[0])

    def lines(folder, ending):
        found = [line for path in Path(folder).rglob(ending) for line in path.read_bytes().splitlines()]
        return {line for line in found if parse_line(line).subject in (f"run:{runs[0]}", f"values:{runs[0]}")}

    ours = lines(".gnomon/log", "*.jsonl")
    assert ours and lines(tmp_path / "out", "*.jsonl") == ours


@pytest.mark.slow
def test_exports_of_two_runs_of_one_process_meet_and_then_the_whole_record(runs, tmp_path):
    here = gnomon.open()
    for number in (0, 1):
        here.export(tmp_path / f"out{number}", runs=runs[number])
    here.export(tmp_path / "out-all")
    for order in (("0", "1", "-all"), ("1", "-all", "0"), ("-all", "1", "0"), ("1", "0", "1")):
        place = tmp_path / f"there{''.join(order)}"
        there = empty_record(place)
        for one in order:
            there.import_(tmp_path / f"out{one}")
        for run in runs[:2]:
            assert told_of(there, run) == told_of(here, run), order
        assert list(there.verify(deep=True)) == []


@pytest.mark.slow
def test_copying_the_files_of_exports_into_a_record_is_a_merge_too(runs, tmp_path):
    here = gnomon.open()
    there = empty_record(tmp_path / "there")
    for number in (1, 0):
        here.export(tmp_path / f"out{number}", runs=runs[number])
        shutil.copytree(tmp_path / f"out{number}" / "record", there.path, dirs_exist_ok=True)
    for run in runs[:2]:
        assert told_of(there, run) == told_of(here, run)
    shutil.copytree(here.path, there.path, dirs_exist_ok=True)
    for run in runs:
        assert told_of(there, run) == told_of(here, run)


@pytest.mark.slow
def test_importing_twice_or_what_is_here_already_writes_nothing(runs, tmp_path):
    here = gnomon.open()
    here.export(tmp_path / "out")
    before = tree_of(Path(here.path))
    got = here.import_(tmp_path / "out")
    assert (got.new_runs, got.entries, got.points, got.objects) == ([], 0, 0, 0)
    assert tree_of(Path(here.path)) == before
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    before = tree_of(Path(there.path))
    there.import_(tmp_path / "out")
    assert tree_of(Path(there.path)) == before


@pytest.mark.slow
def test_an_older_export_changes_nothing_and_a_newer_one_brings_the_news(runs, tmp_path):
    here = gnomon.open()
    here.export(tmp_path / "old", runs=runs[0])
    here.rename(runs[0], "renamed")
    here.add_note(runs[0], "more")
    here.export(tmp_path / "new", runs=runs[0])
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "old")
    there.import_(tmp_path / "new")
    there.import_(tmp_path / "old")
    here.import_(tmp_path / "old")
    assert here.run(runs[0]).name == "renamed"
    assert told_of(there, runs[0]) == told_of(here, runs[0])


@pytest.mark.slow
def test_a_note_that_was_written_into_an_export_comes_along(runs, tmp_path):
    gnomon.open().export(tmp_path / "out", runs=runs[0])
    gnomon.open(tmp_path / "out" / "record").add_note(runs[0], "from a reviewer")
    close_all()
    with pytest.raises(BadArgumentError, match="in use"):
        gnomon.open().import_(tmp_path / "out")
    gnomon.open(tmp_path / "out" / "record").export(tmp_path / "again")
    record = gnomon.open()
    record.import_(tmp_path / "again")
    assert [note.text for note in record.run(runs[0]).notes] == ["a **note**", "from a reviewer"]


@pytest.mark.slow
def test_sealed_points_keep_their_commitments(runs, tmp_path, monkeypatch):
    from gnomon import upkeep

    for name in ("WALS_TO_SEAL", "LOGS_TO_BUNDLE"):
        monkeypatch.setattr(upkeep, name, 1)
    here = gnomon.open()
    upkeep.do_upkeep(here.path)
    close_all()
    assert list(Path(here.path).rglob("*.parquet")) and not list(Path(here.path).rglob("*.wal"))
    here.export(tmp_path / "out", runs=runs[0])
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert told_of(there, runs[0]) == told_of(here, runs[0])
    assert b'"commitment"' in all_bytes(tmp_path / "out" / "record" / "log")
    assert list(there.verify(deep=True)) == []


# ---------------------------------------------------------------- plain files


def test_plain_files_say_what_the_run_was(runs, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "out", runs=runs[0])
    [folder] = (tmp_path / "out" / "runs").iterdir()
    assert folder.name == f"first-{runs[0][:8]}"
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["id"], facts["params"]["huge"], facts["seed"]) == (runs[0], 2**80, 1)
    assert (folder / "kept" / "a.txt").read_bytes() == b"kept " * 1000
    assert (folder / "kept" / "data" / "deep" / "run.sh").stat().st_mode & 0o111
    assert not (folder / "kept" / "a.txt").stat().st_mode & 0o111
    assert "a **note**" in (folder / "notes.md").read_text()
    rows = (folder / "points.csv").read_text().splitlines()
    assert rows[0] == "series,rank,step,time,value"
    assert [row.rsplit(",", 1)[1] for row in rows if row.startswith("odd,")][:2] == [str(2**70 + 1), "nan"]
    assert [row.rsplit(",", 1)[1] for row in rows if row.startswith("loss,")][3] == "-0.0"
    assert (folder / "values" / "text" / "step000003-text.md").read_text() == "hi"
    assert f"runs/{folder.name}" in (tmp_path / "out" / "README.md").read_text()
    [listed] = json.loads((tmp_path / "out" / "runs.json").read_text())
    [asked] = record.runs("seed = 1").records()
    assert {key: listed[key] for key in ("id", "params", "seed")} == {
        key: asked[key] for key in ("id", "params", "seed")
    }
    assert "'=1+1" in (tmp_path / "out" / "runs.csv").read_text()


@pytest.mark.slow
def test_points_as_parquet_are_read_by_other_libraries(runs, tmp_path):
    import pyarrow.parquet

    gnomon.open().export(tmp_path / "out", runs=runs[0], points="parquet")
    [path] = (tmp_path / "out" / "runs").rglob("points.parquet")
    assert pyarrow.parquet.read_table(path).num_rows == 40


def test_names_that_some_disk_cannot_take_are_changed_and_told(project, tmp_path):
    (project / "odd").mkdir()
    for name in ("A.txt", "a.txt", "con", "xx:y"):
        (project / "odd" / name).write_text(name)
    with gnomon.run("../../up/\x1b[31mred\u202e") as run:
        run.keep(project / "odd")
    close_all()
    gnomon.open().export(tmp_path / "out")
    [folder] = (tmp_path / "out" / "runs").iterdir()
    assert sorted(path.name for path in (folder / "kept" / "odd").iterdir()) == [
        "A.txt",
        "_con",
        "a-2.txt",
        "xx_y",
    ]
    [kept] = json.loads((folder / "run.json").read_text())["kept"]
    assert kept["renamed"] == {"a.txt": "kept/odd/a-2.txt", "con": "kept/odd/_con", "xx:y": "kept/odd/xx_y"}
    for path in (tmp_path / "out").rglob("*"):
        assert path.name.isprintable()
        if path.suffix in (".md", ".csv", ".json"):
            assert "\x1b" not in path.read_text() and "\u202e" not in path.read_text()


@pytest.mark.slow
def test_only_files_and_only_the_record(runs, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "files", only="files")
    record.export(tmp_path / "record", only="record")
    assert sorted(os.listdir(tmp_path / "files")) == ["README.md", "runs", "runs.csv", "runs.json"]
    assert sorted(os.listdir(tmp_path / "record")) == ["README.md", "record"]
    there = empty_record(tmp_path / "there")
    with pytest.raises(BadArgumentError, match="holds no"):
        there.import_(tmp_path / "files")
    assert there.import_(tmp_path / "record").new_runs == there.runs(sort="created:asc").ids


# ---------------------------------------------------------------- archives


@pytest.mark.slow
def test_an_archive_holds_the_tree_of_an_export_and_the_same_bytes_each_time(runs, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "out", runs=runs[0])
    record.archive(tmp_path / "a.zip", runs=runs[0])
    os.utime(tmp_path / "out")
    record.archive(tmp_path / "b.zip", runs=[runs[0]])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.testzip() is None
        file.extractall(tmp_path / "unzipped")
    [top] = (tmp_path / "unzipped").iterdir()
    assert tree_of(top) == tree_of(tmp_path / "out")


@pytest.mark.slow
def test_an_archive_of_an_imported_run_has_the_bytes_of_the_first(runs, tmp_path):
    gnomon.open().archive(tmp_path / "a.zip", runs=runs[0])
    there = empty_record(tmp_path / "project-2" / "project")
    there.import_(tmp_path / "a.zip")
    there.export(tmp_path / "out", runs=runs[0])
    gnomon.open().export(tmp_path / "first", runs=runs[0])
    one, other = tree_of(tmp_path / "first"), tree_of(tmp_path / "out")
    assert [name for name in one if one[name] != other.get(name)] == ["record/record.toml"]


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.slow
def test_a_target_that_is_there_stays(runs, tmp_path):
    record = gnomon.open()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    (tmp_path / "a.zip").write_text("mine")
    os.symlink(tmp_path / "full", tmp_path / "link")
    for target in ("full", "link", "full/mine"):
        with pytest.raises(BadArgumentError, match="is there already"):
            record.export(tmp_path / target)
    with pytest.raises(BadArgumentError, match="is there already"):
        record.archive(tmp_path / "a.zip")
    with pytest.raises(BadArgumentError, match="must end in"):
        record.archive(tmp_path / "a.tar")
    with pytest.raises(BadArgumentError, match="in the record itself"):
        record.export(Path(record.path) / "out")
    assert (tmp_path / "full" / "mine").read_text() == "x"
    assert (tmp_path / "a.zip").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    record.export(tmp_path / "empty")
    assert (tmp_path / "empty" / "README.md").is_file()


def test_a_missing_object_is_named_and_the_rest_is_written(runs, tmp_path):
    record = gnomon.open()
    for path in Path(record.path).rglob("*.pack"):
        path.unlink()
    done = record.export(tmp_path / "out", runs=runs[0])
    assert any("`a.txt` is not in this replica" in problem for problem in done.problems)
    assert "Missing or damaged" in (tmp_path / "out" / "README.md").read_text()
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert there.run(runs[0]).metrics.keys() == record.run(runs[0]).metrics.keys()


def test_a_damaged_object_is_named_and_the_rest_is_written(runs, tmp_path):
    record = gnomon.open()
    for path in Path(record.path).rglob("*.pack"):
        data = bytearray(path.read_bytes())
        data[20] ^= 1
        path.write_bytes(data)
    done = record.export(tmp_path / "out", runs=runs[0])
    assert any("damaged" in problem for problem in done.problems)
    assert list(gnomon.open(tmp_path / "out" / "record").verify(deep=True)) == []
    assert list((tmp_path / "out").rglob("points.csv"))


@pytest.mark.slow
def test_a_damaged_segment_is_named_and_the_rest_is_written(runs, tmp_path):
    record = gnomon.open()
    there = empty_record(tmp_path / "there")
    record.export(tmp_path / "first")
    there.import_(tmp_path / "first")
    [segment] = Path(there.path).rglob("*.parquet")
    there.replica.update()
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    os.utime(segment, ns=(1, 1))
    done = gnomon.open(tmp_path / "there").export(tmp_path / "out")
    assert (tmp_path / "out" / "README.md").is_file()
    assert list(gnomon.open(tmp_path / "out" / "record").verify(deep=True)) == []
    assert done.runs


@pytest.mark.slow
def test_a_run_that_is_open_is_exported_up_to_now_and_comes_back_unknown(runs, tmp_path):
    run = gnomon.run("live")
    run.log({"loss": 1.0}, step=0)
    record = gnomon.open()
    done = record.export(tmp_path / "out", runs=run.id)
    assert [note for note in done.notes if "running" in note]
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert there.run(run.id).status == "unknown"
    run.log({"loss": 2.0}, step=1)
    run.finish()
    close_all()
    gnomon.open().export(tmp_path / "later", runs=run.id)
    there.import_(tmp_path / "later")
    assert there.run(run.id).status == "finished"
    assert there.run(run.id).series("loss").values() == [1.0, 2.0]


@pytest.mark.slow
def test_hidden_runs_are_left_out_unless_they_are_named(runs, tmp_path):
    record = gnomon.open()
    record.remove(runs[1])
    done = record.export(tmp_path / "out")
    assert runs[1] not in done.runs and any("hidden" in note for note in done.notes)
    assert SECRET.encode() not in all_bytes(tmp_path / "out")
    assert runs[1] in record.export(tmp_path / "all", removed=True).runs
    assert record.export(tmp_path / "one", runs=runs[1]).runs == [runs[1]]


def test_a_killed_export_leaves_nothing_that_looks_whole_and_the_next_one_cleans_up(runs, tmp_path):
    leftover = tmp_path / ".out.0123456789abcdef.tmp"
    leftover.mkdir()
    (leftover / "README.md").write_text("half")
    other = tmp_path / ".other.0123456789abcdef.tmp"
    other.mkdir()
    gnomon.open().export(tmp_path / "out")
    assert not leftover.exists()
    assert other.exists()


class TrueEnv(FaultyEnv):
    """The test's own folders, and faults."""

    def getenv(self, name):
        return os.environ["XDG_CACHE_HOME"] if name == "TMPDIR" else super().getenv(name)

    def _base(self, variable, under_home):
        return os.environ[variable]


@pytest.mark.slow
def test_an_export_whose_disk_fails_at_any_call_leaves_nothing_behind(runs, tmp_path):
    gnomon.open().replica.update()
    place, total, fired = tmp_path / "target", 10_000, set()
    for fail_at in range(1, total, one_in(2)):
        place.mkdir()
        env = TrueEnv("", fail_at=fail_at, error=errno.ENOSPC)
        try:
            gnomon.open(env=env).archive(place / "out.zip", runs=runs[0])
        except (GnomonError, OSError):
            assert list(place.iterdir()) == [], env.fired
        else:
            if not env.fired:
                break
            assert [path.name for path in place.iterdir()] == ["out.zip"]
        fired.add(env.fired.partition("(")[0])
        shutil.rmtree(place)
    assert fail_at > 50
    assert {"write", "pwrite", "replace", "create", "sync_data"} <= fired


@pytest.mark.slow
def test_an_import_whose_disk_fails_at_any_call_leaves_a_whole_record_and_is_finished_by_doing_it_again(
    runs, tmp_path
):
    here = gnomon.open()
    here.archive(tmp_path / "out.zip")
    expected = repr(here.runs().records())
    for fail_at in range(1, 10_000, one_in(4)):
        place = tmp_path / "there"
        empty_record(place)
        env = TrueEnv("", fail_at=fail_at, error=errno.EIO)
        try:
            gnomon.open(place, env=env).import_(tmp_path / "out.zip")
        except (GnomonError, OSError):
            pass
        is_done = not env.fired
        there = gnomon.open(place)
        assert [one for one in there.verify(deep=True) if one.severity == "damage"] == [], env.fired
        there.import_(tmp_path / "out.zip")
        assert repr(there.runs().records()) == expected, env.fired
        assert not [name for name in os.listdir(there.path) if name.endswith(".tmp")]
        there.close()
        shutil.rmtree(place)
        if is_done:
            break
    assert fail_at > 50


def test_a_full_disk_is_said_and_nothing_is_left(runs, tmp_path):
    gnomon.open().replica.update()
    env = TrueEnv("", fail_at=200, error=errno.ENOSPC, lasting=True)
    with pytest.raises(StorageError, match="No space left"):
        gnomon.open(env=env).export(tmp_path / "disk" / "out")
    assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.slow
def test_damage_is_found_before_anything_is_imported(runs, tmp_path):
    gnomon.open().export(tmp_path / "out")
    for path in sorted((tmp_path / "out" / "record").rglob("*")):
        if path.is_dir():
            continue
        there = empty_record(tmp_path / "there" / path.name)
        before = tree_of(Path(there.path))
        whole = path.read_bytes()
        for at in {len(whole) // 3, len(whole) - 30}:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(DamagedFileError, match=path.name):
                there.import_(tmp_path / "out")
            assert tree_of(Path(there.path)) == before
        path.write_bytes(whole)


def test_a_selection_that_is_empty_or_wrong_is_said(runs, tmp_path):
    record = gnomon.open()
    with pytest.raises(BadArgumentError, match="no run to export"):
        record.export(tmp_path / "out", where="name = 'nobody'")
    with pytest.raises(UnknownSubjectError):
        record.export(tmp_path / "out", runs=["ffff"])
    with pytest.raises(BadArgumentError, match="exclude each other"):
        record.export(tmp_path / "out", runs=runs[:1], where="seed = 1")
    with pytest.raises(BadArgumentError, match="must be 'csv' or 'parquet'"):
        record.export(tmp_path / "out", points="xml")
    with pytest.raises(BadArgumentError, match="must be 'files', 'record'"):
        record.export(tmp_path / "out", only="x")
    assert not (tmp_path / "out").exists()


def test_a_process_that_made_other_runs_too_goes_along_in_part(runs):
    chosen = Chosen(gnomon.open(), runs[:1])
    assert list(chosen._places.values()) == [set()]
    assert list(Chosen(gnomon.open(), runs[:2])._places.values()) == [None]


def test_code_that_runs_share_stands_in_an_export_once(project, tmp_path, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "code")
    subprocess.run(["git", "init", "-q"], check=True)
    (project / "train.py").write_text("print(1)\n")
    (project / "aux.py").write_text("print(2)\n")
    for name in ("one", "two"):
        with gnomon.run(name) as run:
            run.log({"loss": 1.0})
    close_all()
    assert gnomon.open().run(run.id).captured.code_files()
    gnomon.open().export(tmp_path / "out")
    said = {
        json.loads(path.read_text())["code_folder"] for path in (tmp_path / "out").glob("runs/*/run.json")
    }
    [folder] = said
    assert sorted(os.listdir(tmp_path / "out" / folder / "untracked")) == ["_aux.py", "train.py"]
    assert os.listdir(tmp_path / "out" / "code") == [folder.removeprefix("code/")]


@pytest.mark.slow
def test_what_a_process_printed_goes_along_only_as_far_as_it_is_of_the_chosen_run(project, tmp_path):
    script = """
import time, gnomon
for name in ("one", "two"):
    with gnomon.run(name) as run:
        print("words of", name, flush=True)
        run.log({"loss": 1.0})
        time.sleep(2.5)
    time.sleep(2.5)
"""
    environment = {**os.environ, "GNOMON_CAPTURE": "console"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True)
    record = gnomon.open()
    two, one = record.runs().ids
    record.export(tmp_path / "out", runs=one)
    there = empty_record(tmp_path / "there")
    there.import_(tmp_path / "out")
    assert told_of(there, one)["console"] == told_of(record, one)["console"]
    assert b"words of one" in all_bytes(tmp_path / "out")
    assert b"words of two" not in all_bytes(tmp_path / "out")
    assert two.encode() in all_bytes(tmp_path / "out")  # the head of its entries
