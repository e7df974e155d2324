"""Replicas that meet through a folder: what arrives, what is kept, what is undone by nobody."""

from __future__ import annotations

import importlib
import os
import shutil

import pytest
from people import Person, tree_of

from gnomon.env import REAL
from gnomon.errors import NoRecordError, OtherRecordError, RemoteError, UnknownRemoteError
from gnomon.session import close_all
from gnomon.sync.folder import FolderStore
from gnomon.sync.heads import head_name
from gnomon.sync.store import open_store
from gnomon.upkeep import do_upkeep

RUN = "0123456789abcdef"


def run_id(number):
    return f"{number:04d}{RUN}"


@pytest.fixture
def share(tmp_path):
    return tmp_path / "share"


@pytest.fixture
def team(tmp_path, share):
    """Ann, who founded the record and sent it, and Ben, who cloned it."""
    ann = Person(tmp_path, "ann").found()
    ann.run(run_id(1))
    ann.sync(share)
    ben = Person(tmp_path, "ben")
    ben.clone(share)
    return ann, ben


def heads_in(share):
    return sorted(path for path in tree_of(share) if path.startswith("heads/"))


@pytest.mark.slow
def test_what_one_wrote_the_other_has_after_two_syncs(team, share):
    ann, ben = team
    ben.run(run_id(2), points=50)
    kept = ben.keep(b"a model" * 1000)
    ben.sync(share)
    done = ann.sync(share)
    assert ann.state() == ben.state()
    assert ann.series(run_id(2)) == ben.series(run_id(2))
    assert len(ann.series(run_id(2))) == 50
    (what,) = done.arrived.values()
    assert what.kinds == {"run.created": 1, "run.noted": 1, "run.kept": 1}
    assert what.subjects["run.created"] == [f"run:{run_id(2)}"]
    from gnomon.replica import Replica

    with Replica.open(ann.path, ann.env) as replica:
        assert replica.objects().read(kept) == b"a model" * 1000
    assert ann.damage() == ben.damage() == []


def test_nothing_new_changes_nothing_anywhere(team, share):
    ann, ben = team
    ann.sync(share), ben.sync(share)
    before = tree_of(share), ann.files(), ben.files()
    assert not ann.sync(share).has_news
    assert not ben.sync(share).has_news
    assert (tree_of(share), ann.files(), ben.files()) == before


def test_a_remote_holds_only_files_that_never_change(team, share):
    ann, _ = team
    session = ann.run(run_id(3), close=False)
    ann.sync(share)
    assert all(
        path == "record.toml" or path.endswith((".bundle.jsonl", ".parquet", ".pack", ".head"))
        for path in tree_of(share)
    )
    session.close()


@pytest.mark.slow
def test_a_run_that_is_going_on_is_seen_as_far_as_it_is(team, share):
    ann, ben = team
    session = ann.run(run_id(3), points=10, close=False)
    ann.sync(share)
    ben.sync(share)
    assert len(ben.series(run_id(3))) == 10
    for step in range(10, 25):
        session.test_points.log({"loss": float(step)}, step=step)
    session.append("run.noted", f"run:{run_id(3)}", {"text": "later"})
    ann.sync(share)
    ben.sync(share)
    assert len(ben.series(run_id(3))) == 25
    assert ann.state() == ben.state()
    session.close()
    ann.sync(share)
    ben.sync(share)
    assert ann.state() == ben.state()
    assert ben.damage() == []
    # The copies of the live log and WAL are gone everywhere, now that the sealed files are there.
    assert not [path for path in (*tree_of(share), *ben.files()) if ".open." in path]
    assert len([path for path in tree_of(share) if path.endswith(".parquet")]) == len(
        [path for path in ann.files() if path.endswith(".parquet")]
    )


@pytest.mark.slow
def test_watching_copies_a_live_wal_again_only_when_it_grew_by_an_eighth(team, share):
    ann, _ = team
    session = ann.run(run_id(3), points=80, close=False)
    assert ann.sync(share, is_watching=True).pushed.files
    session.test_points.log({"loss": 1.0}, step=80)
    assert not ann.sync(share, is_watching=True).pushed.files
    for step in range(81, 92):
        session.test_points.log({"loss": 1.0}, step=step)
    assert ann.sync(share, is_watching=True).pushed.files
    session.close()


@pytest.mark.slow
def test_a_sync_by_hand_sends_the_last_row(team, share):
    ann, _ = team
    session = ann.run(run_id(3), points=80, close=False)
    ann.sync(share)
    session.test_points.log({"loss": 1.0}, step=80)
    assert ann.sync(share).pushed.files
    session.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "when", ["gnomon.sync.copies._rows_in", "gnomon.sync.push.is_true", "FolderStore.write"]
)
def test_what_upkeep_joins_in_the_middle_of_a_sync_is_sent_as_it_is_then(team, share, monkeypatch, when):
    """A run ends, and the upkeep that its end starts seals its WAL and joins files, each time just before they are read."""
    ann, ben = team
    for number in range(10, 13):
        ann.run(run_id(number), points=4)
    session = ann.run(run_id(3), points=10, close=False)
    joined = []

    def join():
        if not joined:
            joined.append(True)
            session.close()
            before = {path for path in ann.files() if path.startswith(("points/", "log/"))}
            monkeypatch.setattr("gnomon.upkeep.WALS_TO_SEAL", 1)
            monkeypatch.setattr("gnomon.upkeep.LOGS_TO_BUNDLE", 2)
            monkeypatch.setattr(
                "gnomon.points.seal.worth_merging", lambda sizes: list(sizes) if len(sizes) > 1 else []
            )
            do_upkeep(ann.path, ann.env)
            assert before - ann.files().keys()  # something is gone

    if when == "FolderStore.write":
        write = FolderStore.write

        def joining(self, path, source, **options):
            if path.startswith("points/") and isinstance(source, str) and source.startswith(ann.path):
                join()
            return write(self, path, source, **options)

        monkeypatch.setattr(FolderStore, "write", joining)
    else:
        module, _, name = when.rpartition(".")
        look = getattr(importlib.import_module(module), name)

        def joining(*words):
            found = (
                look(*words) if name == "_rows_in" else None
            )  # after the rows were counted, before they are read
            if name == "_rows_in" or words[1].startswith("points/"):
                join()
            return found if name == "_rows_in" else look(*words)

        monkeypatch.setattr(when, joining)
    ann.sync(share)
    assert joined
    monkeypatch.undo()
    ben.sync(share)
    assert len(ben.series(run_id(3))) == 10
    ann.sync(share)
    ben.sync(share)
    assert ann.state() == ben.state()
    assert ann.damage() == ben.damage() == []


@pytest.mark.slow
def test_small_files_are_joined_and_their_parts_go_everywhere(team, share):
    ann, ben = team
    for number in range(10, 40):
        ann.run(run_id(number), points=2)
        ann.sync(share)
        ben.sync(share)
    assert ann.state() == ben.state()
    assert len(tree_of(share)) < 45
    sealed = {path for path in ann.files() if not path.startswith("heads/")}
    assert {path for path in ben.files() if not path.startswith("heads/")} == sealed
    assert {path for path in tree_of(share) if not path.startswith("heads/")} == sealed
    assert len(heads_in(share)) == 1
    assert ben.damage() == []


@pytest.mark.slow
def test_one_remote_brings_what_another_one_has(team, share, tmp_path):
    ann, ben = team
    ben.run(run_id(2))
    other = tmp_path / "stick"
    ben.sync(share)
    ann.sync(share)
    ann.sync(other)  # forwards Ben's head
    eve = Person(tmp_path, "eve")
    eve.clone(other)
    assert eve.state() == ann.state()
    assert len(heads_in(other)) == 2


@pytest.mark.slow
def test_what_came_on_a_stick_is_sent_on(team, share, tmp_path):
    """Ben's record was copied by hand, live logs and all, into Ann's; she sends it."""
    ann, ben = team
    ben.run(run_id(2))
    close_all()
    shutil.copytree(ben.path, ann.path, dirs_exist_ok=True)
    ann.sync(share)
    eve = Person(tmp_path, "eve")
    eve.clone(share)
    assert len(eve.series(run_id(2))) == 5
    assert eve.state() == ann.state()
    ben.sync(share), ann.sync(share), ben.sync(share), eve.sync(share), ann.sync(share)
    assert ann.state() == ben.state() == eve.state()
    assert not ben.sync(share).has_news
    assert not ann.sync(share).has_news


def test_another_record_is_refused(team, share, tmp_path):
    eve = Person(tmp_path, "eve").found()
    before = tree_of(share)
    with pytest.raises(OtherRecordError, match="holds another record: `credit`"):
        eve.sync(share)
    assert tree_of(share) == before


def test_a_remote_that_was_emptied_is_not_filled_without_asking(team, share):
    ann, _ = team
    shutil.rmtree(share)
    with pytest.raises(RemoteError, match="holds no record any more"):
        ann.sync(share)
    assert not share.exists()


def test_a_folder_without_a_record_cannot_be_cloned(tmp_path):
    with pytest.raises(RemoteError, match="holds no record"):
        Person(tmp_path, "eve").clone(tmp_path / "nowhere")


def test_a_dry_run_tells_and_does_nothing(team, share):
    ann, ben = team
    ben.run(run_id(2))
    close_all()
    before = tree_of(share), ben.files()
    done = ben.sync(share, is_dry=True)
    assert done.planned.sources
    assert (tree_of(share), ben.files()) == before
    ben.sync(share)
    before = ann.files()
    assert set(ann.sync(share, is_dry=True).pulled.wanted) == {
        path
        for path in tree_of(share)
        if path not in before and path.split("/")[0] in ("log", "points", "objects")
    }
    assert ann.files() == before


@pytest.mark.slow
def test_only_entries_leaves_points_and_bytes_and_all_fetches_them_later(team, share, tmp_path):
    ann, _ = team
    ann.keep(os.urandom(100_000))
    ann.sync(share)
    eve = Person(tmp_path, "eve")
    eve.clone(share, parts=("log",))
    assert {path.split("/")[0] for path in eve.files()} == {"record.toml", "log", "heads"}
    assert not eve.sync(share).pulled.files  # it stays so
    assert eve.sync(share, parts=("log", "points", "objects")).pulled.files
    assert eve.state() == ann.state()


def test_a_partial_replica_does_not_send_heads_whose_files_it_lacks(team, share, tmp_path):
    ann, _ = team
    ann.keep(os.urandom(1000))
    ann.sync(share)
    eve = Person(tmp_path, "eve")
    eve.clone(share, parts=("log",))
    eve.run(run_id(7))
    eve.sync(tmp_path / "stick")
    assert [head_name(path).writer for path in heads_in(tmp_path / "stick")] == [
        name.name for name in (tmp_path / "stick" / "log").iterdir()
    ]


# ---------------------------------------------------------------- clones, rollbacks, losses


@pytest.mark.slow
def test_a_cloned_device_is_found_and_both_histories_stay(team, share, tmp_path):
    ann, ben = team
    close_all()
    twin_folder = tmp_path / "twin"
    shutil.copytree(ann.folder, twin_folder)
    twin = Person(tmp_path, "twin")
    # The twin has the same key and, as a cloned machine would, the same lane.
    (old,) = (ann.folder / "config" / "sync").glob("*.json")
    from gnomon.record.index_place import place_for

    new = place_for(twin.home, twin.env).key
    (twin_folder / "config" / "sync" / old.name).rename(twin_folder / "config" / "sync" / f"{new}.json")
    ann.run(run_id(5)), twin.run(run_id(6))
    close_all()
    ann.sync(share)
    assert twin.sync(share).is_clone_found
    assert not twin.sync(share).is_clone_found
    ann.sync(share), ben.sync(share)
    assert ann.state() == ben.state() == twin.state()
    assert ben.damage() == []


@pytest.mark.slow
def test_a_copied_project_of_one_device_is_another_lane(team, share, tmp_path):
    ann, ben = team
    close_all()
    shutil.copytree(ann.path, tmp_path / "copy" / ".gnomon")
    copy = Person(tmp_path, "copy", env=ann.env)
    copy.run(run_id(5)), ann.run(run_id(6))
    close_all()
    assert not copy.sync(share).is_clone_found
    assert not ann.sync(share).is_clone_found
    copy.sync(share), ben.sync(share)
    assert ann.state() == ben.state() == copy.state()


@pytest.mark.slow
def test_a_remote_that_was_set_back_is_named_and_gets_everything_again(team, share, tmp_path):
    ann, ben = team
    old = tmp_path / "backup"
    shutil.copytree(share, old)
    ann.run(run_id(5))
    ann.sync(share), ben.sync(share)
    shutil.rmtree(share)
    shutil.copytree(old, share)
    done = ben.sync(share)
    assert [(before, now) for _, before, now in done.went_back] == [(2, 1)]
    eve = Person(tmp_path, "eve")
    eve.clone(share)  # Ben had Ann's head and files, and sent them
    assert eve.state() == ann.state()


@pytest.mark.slow
def test_a_file_that_the_remote_lost_is_named_and_the_rest_goes_on(team, share, tmp_path):
    ann, _ = team
    ann.run(run_id(5), points=3)
    ann.sync(share)
    lost = next(path for path in tree_of(share) if path.endswith(".parquet"))
    os.unlink(share / lost)
    eve = Person(tmp_path, "eve")
    done = eve.clone(share)
    assert done.pulled.missing == [lost]
    assert len(done.pulled.waiting) == 1
    assert [path for path in eve.files() if path.endswith(".bundle.jsonl")]
    assert not ann.sync(share).pushed.files  # the heads say that it is there
    assert ann.sync(share, is_checking=True).pushed.files == [lost]
    assert not eve.sync(share).pulled.missing
    assert eve.state() == ann.state()


@pytest.mark.parametrize("part", ["log", "points", "objects"])
@pytest.mark.parametrize("how", ["flip", "cut", "grown"])
def test_a_damaged_file_of_the_remote_is_named_and_not_stored(team, share, tmp_path, part, how):
    ann, _ = team
    ann.keep(b"bytes")
    ann.sync(share)
    path = next(path for path in tree_of(share) if path.startswith(part))
    data = bytearray((share / path).read_bytes())
    if how == "flip":
        data[len(data) // 2] ^= 1
    elif how == "cut":
        del data[-10:]
    else:
        data += b"more"
    (share / path).write_bytes(data)
    eve = Person(tmp_path, "eve")
    done = eve.clone(share)
    assert path in done.pulled.missing
    assert path not in eve.files()
    assert any(path in line and "nothing of it was stored" in line for line in done.pulled.refused)
    assert not [name for _, _, names in os.walk(eve.path) for name in names if name.endswith(".tmp")]


@pytest.mark.parametrize("mode", [0o770, 0o2775, 0o700])
def test_a_shared_folder_stays_for_those_for_whom_it_is(team, tmp_path, mode):
    ann, _ = team
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(mode)
    ann.sync(place)
    for path in place.rglob("*"):
        assert path.stat().st_mode & 0o7777 == (mode if path.is_dir() else mode & 0o666), path


def test_a_new_folder_is_for_the_people_of_the_folder_around_but_never_for_all_to_write(team, tmp_path):
    ann, _ = team
    around = tmp_path / "around"
    around.mkdir()
    around.chmod(0o1777)
    ann.sync(around / "credit")
    assert (around / "credit").stat().st_mode & 0o7777 == 0o775


@pytest.mark.slow
def test_a_stick_whose_disk_knows_neither_links_nor_rights_will_do(team, tmp_path):
    class StickEnv(type(team[0].env)):
        def link(self, source, target):
            raise PermissionError(1, "Operation not permitted")

        def set_mode(self, path, mode):
            raise PermissionError(1, "Operation not permitted")

    ann, ben = team
    stick = tmp_path / "stick"
    ann.run(run_id(8))
    ann.sync(stick, store=FolderStore(StickEnv(ann.folder), str(stick)))
    ben.sync(stick, store=FolderStore(StickEnv(ben.folder), str(stick)))
    assert len(ben.series(run_id(8))) == 5


def test_a_damaged_record_file_of_the_remote_is_named(team, share):
    ann, _ = team
    path = share / "record.toml"
    path.write_bytes(path.read_bytes().replace(b'record = "', b'record = "f'))
    with pytest.raises(RemoteError, match="is damaged"):
        ann.sync(share)


@pytest.mark.slow
def test_verify_names_what_this_device_published_and_lost(team, share):
    ann, _ = team
    ann.keep(b"a model" * 50)
    ann.sync(share)
    assert ann.damage() == []
    lost = [path for path in ann.files() if path.split("/")[0] in ("log", "points", "objects")]
    for path in lost:
        data = ann.files()[path]
        os.unlink(os.path.join(ann.path, path))
        assert path in {problem.file for problem in ann.damage()}, path
        with open(os.path.join(ann.path, path), "wb") as file:
            file.write(data)
    assert ann.damage() == []


@pytest.mark.slow
def test_clones_of_one_device_give_no_false_alarm(tmp_path, share):
    ann = Person(tmp_path, "ann").found()
    ann.run(run_id(1))
    ann.sync(share)
    first, second = (Person(tmp_path, name, env=ann.env) for name in ("first", "second"))
    first.clone(share), second.clone(share)
    for number in range(3):
        for person in (first, second):
            person.run(run_id(10 + number + (5 if person is first else 0)))
            done = person.sync(share)
            assert (done.went_back, done.withheld, done.is_clone_found) == ([], [], False)
    done = ann.sync(share)
    assert (done.went_back, done.withheld, done.is_clone_found) == ([], [], False)


def test_a_file_that_is_damaged_at_the_remote_is_sent_again_when_asked_to_check(team, share, tmp_path):
    ann, _ = team
    path = next(path for path in tree_of(share) if path.endswith(".parquet"))
    data = tree_of(share)[path]
    (share / path).write_bytes(data[:-1] + b"x")
    assert Person(tmp_path, "eve").clone(share).pulled.missing == [path]
    assert ann.sync(share, is_checking=True).pushed.files == [path]
    assert tree_of(share)[path] == data


@pytest.mark.slow
def test_an_emptied_remote_is_filled_again_when_asked_to_check(team, share, tmp_path):
    ann, _ = team
    shutil.rmtree(share)
    ann.sync(share, is_checking=True)
    eve = Person(tmp_path, "eve")
    eve.clone(share)
    assert eve.state() == ann.state()


def test_what_came_is_told_where_nothing_can_be_sent(team, share):
    class FullStore(FolderStore):
        def write(self, path, source, *, once=False):
            raise RemoteError("no room")

    ann, ben = team
    ben.run(run_id(2))
    ben.sync(share)
    ann.run(run_id(3))
    done = ann.sync(share, store=FullStore(ann.env, str(share)))
    assert done.pulled.files
    assert done.not_sent.message == "no room"
    assert not ann.sync(share).not_sent


def test_a_replica_that_lost_its_record_file_gets_it_by_cloning(team, share):
    ann, _ = team
    before = ann.state()
    os.unlink(os.path.join(ann.path, "record.toml"))
    with pytest.raises(NoRecordError, match="nothing says which record it is"):
        _ = ann.home
    ann.clone(share)
    assert ann.state() == before


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("git@github.com:x/y.git", "git+ssh://git@github.com/x/y.git"),
        ("s3:/bucket/x", "s3://bucket/x"),
        (" ", "a folder"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url, meant):
    with pytest.raises(UnknownRemoteError) as caught:
        open_store(url, REAL)
    assert meant in str(caught.value)


@pytest.mark.slow
def test_a_partial_twin_does_not_replace_the_head_of_one_that_has_all(tmp_path, share):
    ann = Person(tmp_path, "ann").found()
    ann.run(run_id(1))
    ann.sync(share)
    twin = Person(tmp_path, "twin", env=ann.env)
    twin.clone(share, parts=("log",))  # of the same device, without the points
    twin.run(run_id(2))
    twin.sync(share)
    eve = Person(tmp_path, "eve")
    eve.clone(share)
    assert len(eve.series(run_id(1))) == len(eve.series(run_id(2))) == 5


@pytest.mark.slow
def test_what_the_disk_lost_and_the_remote_does_not_give_just_now_stays_at_the_remote(team, share):
    class BusyStore(FolderStore):
        def pieces(self, path):
            raise FileNotFoundError(path)

    ann, _ = team
    lost = next(path for path in ann.files() if path.endswith(".parquet"))
    os.unlink(os.path.join(ann.path, lost))
    ann.run(run_id(2))
    assert ann.sync(share, store=BusyStore(ann.env, str(share))).pushed.head  # it does not list the file
    assert lost in tree_of(share)
    ben = Person(share.parent, "ben")
    ben.sync(share), ann.sync(share)
    assert len(ann.series(run_id(1))) == 5


@pytest.mark.slow
def test_a_file_that_no_head_lists_stays_while_nothing_else_holds_it(team, share, tmp_path):
    ann, ben = team
    ann.run(run_id(2))
    ann.sync(tmp_path / "elsewhere")
    close_all()
    sealed = [path for path in ann.files() if path.endswith((".parquet", ".bundle.jsonl"))]
    brought = [path for path in sealed if path not in ben.files()]
    for path in brought:  # on a stick; the share knows nothing of them
        shutil.copy(os.path.join(ann.path, path), os.path.join(ben.path, path))
    assert brought
    assert ben.sync(share).let_go == []
    assert len(ben.series(run_id(2))) == 5
