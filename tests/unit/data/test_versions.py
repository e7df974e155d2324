"""Versions from Python: how they are found, what a run that uses them gets, what the cache promises."""

from __future__ import annotations

import contextlib
import os
import stat

import pytest

import gnomon
from gnomon.data import actions, entries, stat_cache
from gnomon.data.reading import identify
from gnomon.data.scan import scan, stamp_of
from gnomon.data.stat_cache import StatCache
from gnomon.data.state import fold_version
from gnomon.data.views import rows
from gnomon.env import REAL
from gnomon.errors import (
    AmbiguousIdError,
    BadArgumentError,
    MissingFileError,
    MissingObjectError,
    UnknownSubjectError,
)
from gnomon.objects.tree import find_files
from gnomon.record.fold import LiveEntry
from gnomon.record.lines import parse_line
from gnomon.session import close_all, session_for
from tests.unit.record.made_record import MadeLog

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture
def credit(project):
    folder = project / "credit"
    folder.mkdir()
    (folder / "a.csv").write_text("a\n1\n")
    (folder / "b.csv").write_text("b\n2\n")
    return folder


def written_apart(name: str, number: int, *, object_id: str, parents=()) -> str:
    """Write a version as somebody else would have who did not know of ours."""
    session = session_for()
    version = REAL.random_bytes(10).hex()
    body = {
        "name": name,
        "number": number,
        "parents": list(parents),
        "object": object_id,
        "is_tree": True,
        "size": 1,
        "files": 1,
    }
    session.append(entries.ADDED, entries.data_subject(version), body, strict=True)
    session.sync()
    return version


# ---------------------------------------------------------------- names that mean several


def test_a_number_that_was_given_apart_is_an_error_that_offers_both(credit):
    ours = gnomon.add_data("credit")
    theirs = written_apart("credit", 1, object_id="ab" * 32)
    record = gnomon.open()
    for text in ("credit@v1", "credit"):
        with pytest.raises(AmbiguousIdError) as raised:
            record.data(text)
        assert f"credit@{ours.id[:8]}" in str(raised.value)
        assert f"credit@{theirs[:8]}" in str(raised.value)
    assert record.data(f"credit@{theirs[:8]}").id == theirs
    assert record.data(f"credit@{ours.id}").label == f"credit@{ours.id[:8]}", (
        "its number alone would not name it"
    )


def test_the_next_version_joins_those_that_were_added_apart(credit):
    ours = gnomon.add_data("credit")
    theirs = written_apart("credit", 1, object_id="ab" * 32)
    (credit / "c.csv").write_text("c")
    joined = gnomon.add_data("credit")
    assert (joined.label, sorted(joined.parents)) == ("credit@v2", sorted([ours.id, theirs]))
    assert gnomon.open().data("credit").id == joined.id
    with pytest.raises(AmbiguousIdError):
        gnomon.open().data("credit@v1"), "a number is never computed again"


def test_equal_bytes_under_one_number_are_no_choice(credit):
    ours = gnomon.add_data("credit")
    theirs = written_apart("credit", 1, object_id=str(ours.object))
    found = gnomon.open().data("credit@v1")
    assert (found.id, found.label) == (min(ours.id, theirs), "credit@v1")


def test_a_tag_that_was_given_apart_is_an_error_until_it_is_given_again(credit):
    first = gnomon.add_data("credit")
    (credit / "c.csv").write_text("c")
    second = gnomon.add_data("credit")
    session = session_for()
    for version in (first, second):
        session.append(entries.TAGGED, entries.data_subject(version.id), {"tags": ["gold"]}, strict=True)
    record = gnomon.open()
    with pytest.raises(AmbiguousIdError, match="it was given apart"):
        record.data("credit@gold")
    actions.tag(record, record.data("credit@v2"), ["gold"])
    assert gnomon.open().data("credit@gold").id == second.id


def test_parents_that_name_each_other_hide_nothing(project):
    gnomon.run("x").finish()
    first = written_apart("odd", 1, object_id="aa" * 32)
    second = written_apart("odd", 2, object_id="bb" * 32, parents=[first])
    session_for().append(
        entries.ADDED, entries.data_subject("0" * 20),
        {"name": "odd", "number": 3, "parents": [second, "0" * 20], "object": "cc" * 32}, strict=True,
    )  # fmt: skip
    assert gnomon.open().data("odd").number == 3


# ---------------------------------------------------------------- run.use


def test_a_version_is_restored_once_read_only_and_restored_again_when_touched(credit, monkeypatch):
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    gnomon.add_data("credit")
    with gnomon.run("r") as run:
        path = run.use("credit@v1")
        assert (path.name, (path / "a.csv").read_text()) == ("credit", "a\n1\n")
        assert stat.S_IMODE((path / "a.csv").stat().st_mode) == 0o444
        inode = (path / "a.csv").stat().st_ino
        assert (run.use("credit@v1"), (path / "a.csv").stat().st_ino) == (path, inode)
        (path / "a.csv").chmod(0o644)
        (path / "a.csv").write_text("a\n9\n")
        assert (run.use("credit@v1") / "a.csv").read_text() == "a\n1\n"
        (path / "extra").write_text("x")
        assert not (run.use("credit@v1") / "extra").exists()
    (use,) = gnomon.open().run(run.id).uses
    assert (use.name, use.label, use.how, use.note) == ("credit", "credit@v1", "restored", None)


def test_a_file_keeps_its_name_in_the_cache(project):
    (project / "adult.csv.gz").write_bytes(b"xyz")
    gnomon.add_data("adult.csv.gz")
    with gnomon.run("r") as run:
        path = run.use("adult")
    assert (path.name, path.read_bytes()) == ("adult.csv.gz", b"xyz")
    assert str(path) != str(project / "adult.csv.gz")


def test_a_path_is_recorded_by_the_version_that_has_its_bytes(credit):
    gnomon.add_data("credit")
    with gnomon.run("r") as run:
        assert run.use(credit) == credit
        (credit / "a.csv").write_text("changed")
        run.use(credit, name="train")
    first, second = gnomon.open().run(run.id).uses
    assert (first.label, first.how, first.note) == ("credit@v1", "working copy", None)
    assert (second.name, second.label, second.how) == ("train", None, "not versioned")
    assert "no version of data has these bytes" in second.note
    assert second.object == identify(REAL, scan(str(credit), run.path), run.path).object


def test_wrong_uses_are_told_apart(project, credit):
    gnomon.add_data("credit")
    with gnomon.run("r") as run:
        for what, error, said in [
            ("credit@v9", UnknownSubjectError, "there is no version `credit@v9`"),
            ("nothing", MissingFileError, "neither a path that exists nor a data set"),
            ("no/such/file", MissingFileError, "does not exist"),
            ("", BadArgumentError, "needs a path, or a version"),
            ("s3://a/b", BadArgumentError, "--by-reference"),
        ]:
            with pytest.raises(error) as raised:
                run.use(what)
            assert said in str(raised.value)
        with pytest.raises(BadArgumentError, match="`name` of `use"):
            run.use("credit", name=" ")
    assert gnomon.open().run(run.id).uses == []


def test_a_reference_is_used_where_it_lies_and_refused_when_it_changed(project, credit):
    gnomon.add_data("credit", by_reference=True)
    with gnomon.run("r") as run:
        assert run.use("credit@v1") == credit
        (credit / "a.csv").write_text("other")
        with pytest.raises(BadArgumentError, match="has other bytes than `credit@v1`"):
            run.use("credit@v1")
    (use,) = gnomon.open().run(run.id).uses
    assert (use.how, use.note) == ("reference", "bytes not kept")


def test_bytes_that_are_not_here_are_a_clear_error(project, credit):
    gnomon.add_data("credit")
    for pack in (project / ".gnomon" / "objects").rglob("*.pack"):
        pack.unlink()
    close_all()
    with gnomon.run("r") as run, pytest.raises(MissingObjectError):
        run.use("credit@v1")


def test_ranks_that_use_the_same_say_it_once(project, credit):
    gnomon.add_data("credit")
    with gnomon.run("r") as run:
        for _ in range(3):
            run.use("credit@v1")
    assert len(gnomon.open().run(run.id).uses) == 1
    assert gnomon.open().data("credit").used_by == [run.id]


# ---------------------------------------------------------------- the restore


def test_an_interrupted_restore_goes_on_and_keeps_only_what_is_right(project, credit):
    version = gnomon.add_data("credit")
    part = project / f".out.{version.object[:16]}.part"
    part.mkdir()
    (part / "a.csv").write_text("a\n1\n")
    inode = (part / "a.csv").stat().st_ino
    (part / "b.csv").write_text("BAD\n")
    (part / "stray.tmp").write_text("x")
    (part / "link").symlink_to(project)
    (part / "of" / "another").mkdir(parents=True)
    version.restore("out")
    assert sorted(os.listdir("out")) == ["a.csv", "b.csv"]
    assert ((project / "out/a.csv").stat().st_ino, (project / "out/b.csv").read_text()) == (inode, "b\n2\n")
    assert not part.exists()


# ---------------------------------------------------------------- the stat cache


def test_a_file_that_had_not_rested_is_read_again(project, credit, monkeypatch):
    from gnomon.data import reading

    record = session_for().path
    read = []
    real = reading._read
    monkeypatch.setattr(
        reading, "_read", lambda env, file, before: read.append(file.path) or real(env, file, before)
    )
    old = 1_600_000_000_000_000_000
    monkeypatch.setattr(stat_cache, "RACY_NS", 10**18)
    identify(REAL, scan("credit", record), record)
    identify(REAL, scan("credit", record), record)
    assert read == ["a.csv", "b.csv"] * 2, "a change in the same tick would not be seen"
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    identify(REAL, scan("credit", record), record)
    read.clear()
    identify(REAL, scan("credit", record), record)
    assert read == []
    os.utime(credit / "a.csv", ns=(old, old))
    identify(REAL, scan("credit", record), record)
    assert read == ["a.csv"]


def test_a_damaged_cache_costs_time_and_nothing_else(project, credit, monkeypatch, tmp_path):
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    record = session_for().path
    right = identify(REAL, scan("credit", record), record)
    (cache,) = (tmp_path / "cache").rglob("*.cache")
    data = cache.read_bytes()
    flipped = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), 5)]
    for damaged in (b"", b"x", data[:-1], os.urandom(len(data)), *flipped):
        cache.write_bytes(damaged)
        assert identify(REAL, scan("credit", record), record) == right


def test_an_interrupted_look_leaves_no_stale_tree(project, credit, monkeypatch):
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    record = session_for().path
    before = scan("credit", record)
    old = identify(REAL, before, record)
    cache = StatCache(REAL, before.root, record)
    assert cache.known_tree(before) == old.object
    digest = cache.digest(before.files[0])
    (credit / "a.csv").chmod(0o755)
    after = scan("credit", record).files[0]
    cache.remember(after, after.stamp, digest, read_ns=REAL.time_ns(), is_kept=False)
    cache.save()  # and no more
    assert identify(REAL, scan("credit", record), record).object != old.object


def test_a_mode_alone_makes_another_tree(project, credit, monkeypatch):
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    record = session_for().path
    before = identify(REAL, scan("credit", record), record)
    (credit / "a.csv").chmod(0o755)
    assert identify(REAL, scan("credit", record), record).object != before.object
    (credit / "a.csv").chmod(0o644)
    assert identify(REAL, scan("credit", record), record).object == before.object


def test_where_nothing_changed_no_file_is_looked_at_by_itself(project, credit, monkeypatch):
    """All facts are compared at once; each kind of change shows in them."""
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    record = session_for().path
    (credit / "deep").mkdir()
    (credit / "deep" / "x").write_text("x")
    (credit / "deep" / "stays").write_text("else the folder were empty, which needs a note")
    object_id = identify(REAL, scan("credit", record), record).object

    def whole():
        found = scan("credit", record)
        cache = StatCache(REAL, found.root, record)
        known = cache.known_tree(found)
        assert known is None or (cache._decoded is None and found._files is None)
        return known

    assert whole() == object_id
    for change in (
        lambda: (credit / "deep" / "x").write_text("y"),
        lambda: (credit / "deep" / "x").chmod(0o755),
        lambda: (credit / "deep" / "x").rename(credit / "x"),
        lambda: (credit / "new").write_text("new"),
        lambda: (credit / "new").unlink(),
        lambda: (credit / "x").rename(credit / "y"),
    ):
        change()
        assert whole() is None
        object_id = identify(REAL, scan("credit", record), record).object
        assert whole() == object_id


def test_a_disk_with_odd_numbers_is_compared_file_by_file(project, credit, monkeypatch):
    monkeypatch.setattr(stat_cache, "RACY_NS", 0)
    record = session_for().path
    first = next(path for path in credit.rglob("*") if path.is_file())
    os.utime(first, ns=(-5 * 10**18, -5 * 10**18))  # long before any disk was
    found = scan("credit", record)
    monkeypatch.setattr(found, "facts", b"")  # as of numbers beyond 63 bits
    known = identify(REAL, found, record).object
    assert identify(REAL, scan("credit", record), record).object == known


def test_the_fast_walk_finds_what_the_slow_one_finds(project, credit):
    (credit / "deep" / "er").mkdir(parents=True)
    (credit / "deep" / "er" / "x.sh").write_text("x")
    (credit / "deep" / "er" / "x.sh").chmod(0o755)
    (credit / "deep-").write_text("sorts between")
    place = str(project / ".gnomon")
    for odd in (None, "größe.csv", "bc:d", "hollow", ".git/config", "deep/.gnomon/x", "link"):
        path = credit / (odd or "train.csv")
        path.parent.mkdir(exist_ok=True)
        if odd == "hollow":
            path.mkdir()
        elif odd == "link":
            path.symlink_to("a.csv")
        else:
            path.write_text("odd")
        slow, notes = find_files(str(credit))
        found = scan("credit", place)
        assert [one[:3] for one in found.files] == [tuple(one) for one in slow]
        assert found.notes == notes
        assert all(one.stamp == stamp_of(os.stat(one.source)) for one in found.files)
        path.rmdir() if odd == "hollow" else path.unlink()
        if path.parent.name in (".git", ".gnomon"):
            path.parent.rmdir()
    (credit / "c\\d").write_text("odd")
    for walk in (lambda: find_files(str(credit)), lambda: scan("credit", place)):
        with pytest.raises(BadArgumentError, match="its name holds a backslash"):
            walk()


# ---------------------------------------------------------------- hostile entries

ODD = [
    None,
    True,
    -1,
    0,
    2**70,
    1.5,
    float("nan"),
    "",
    "x" * 100_000,
    "\x1b[31m",
    "..",
    [],
    ["a", 1],
    {},
    {"place": 1},
]


def test_hostile_bodies_harm_nobody(project, credit):
    added = gnomon.add_data("credit")
    session = session_for()
    fields = (
        "name",
        "number",
        "parents",
        "object",
        "is_tree",
        "size",
        "files",
        "file_name",
        "message",
        "notes",
        "reference",
        "licence",
    )
    for odd in ODD:
        for field in fields:
            body = {"name": "odd", "number": 1, "object": "ab" * 32, "is_tree": False, field: odd}
            session.append(
                entries.ADDED, entries.data_subject(REAL.random_bytes(10).hex()), body, strict=True
            )
        session.append(entries.TAGGED, entries.data_subject("12" * 10), {"tags": odd}, strict=True)
        session.append(
            entries.DESCRIBED_AS, entries.data_subject("12" * 10), {"field": odd, "value": odd}, strict=True
        )
        for body in (
            {"note": odd},
            {"object": odd},
            {"object": "ab" * 32, "rows": odd, "size": odd, "keeps_values": odd},
        ):
            session.append(
                entries.PROFILED, entries.data_subject(added.id), {**body, "columns": odd}, strict=True
            )
        session.append(
            "run.used",
            "run:" + "34" * 10,
            {"name": odd, "number": odd, "version": odd, "object": odd, "dataset": odd},
            strict=True,
        )
    record = gnomon.open()
    assert [one.name for one in record.data_sets()] == ["credit", "odd"]
    for row in rows(record.replica.index):
        version = record.data(f"{row.name}@{row.id}")
        version.to_dict()
        assert "/" not in version.file_name and version.file_name not in (".", "..")
    assert record.data("credit@v1").number == 1
    with contextlib.suppress(MissingObjectError):  # the latest names an object that is not here
        record.data("credit@v1").profile
    record.run("34" * 10).uses
    record.runs().to_pylist()


def test_of_two_that_say_one_version_no_clock_decides():
    """The smaller hash counts, so nobody takes a version over by a clock that is early or late."""
    earliest_counts = []
    for nth in range(12):
        logs = [MadeLog(number, time_us=number * 10_000) for number in (2 * nth + 1, 2 * nth + 2)]
        for log in logs:
            log.add(entries.ADDED, "data:" + "0" * 20, {"name": f"n{log.id[-2:]}", "number": 1})
        said = [parse_line(log.lines[1]) for log in logs]
        smaller = min(said, key=lambda entry: entry.hash)
        live = [
            LiveEntry(
                bytes.fromhex(entry.hash), entry.kind, None, bytes(16), bytes.fromhex(entry.log), 0, entry.time_us, entry.body_raw
            )
            for entry in said
        ]  # fmt: skip
        state = fold_version(live)
        assert state["created_us"] == smaller.time_us
        earliest_counts.append(smaller is said[0])
    assert set(earliest_counts) == {True, False}


def test_the_fold_of_nothing_names_nothing():
    assert fold_version([])["name"] is None
