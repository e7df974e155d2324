"""P16, P18: a remote that lies. Each lie is detected or does no harm; what is not detected is asserted, too.

The table in docs/reference/what-a-remote-can-do.md is made from the rows here: `make docs`.
"""

from __future__ import annotations

import shutil

import pytest
from hostile import DETECTED, HARMLESS, NOT_DETECTED, Attacker, Memory, forged, head_body, row
from people import DeviceEnv, Person

from gnomon.cli.sync import warnings_of
from gnomon.errors import OtherRecordError, RemoteError
from gnomon.record.home import record_file, take_in_record_file
from gnomon.record.index_place import place_for
from gnomon.record.keys import load_device_key
from gnomon.sync.state import StateFile

RUN = "0123456789abcdef"


def run_id(number):
    return f"{number:04d}{RUN}"


class Liar(Memory):
    """A remote whose answers a test changes, by path. `shown`: what a listing shows instead of the truth."""

    def __init__(self):
        super().__init__()
        self.lies = {}
        self.shown = None
        self.keeps_deleted = False

    def list(self, prefix):
        yield from Memory(self.files if self.shown is None else self.shown).list(prefix)

    def served(self, path):
        return self.lies.get(path, self.files[path])

    def delete(self, paths):
        if not self.keeps_deleted:
            super().delete(paths)

    def heads(self, writer=""):
        return [path for path in self.files if path.startswith(f"heads/{writer}")]


@pytest.fixture
def team(tmp_path):
    """Ann, who founded the record and sent a run and an object; Ben, who has them; and the remote."""
    remote = Liar()
    ann = Person(tmp_path, "ann").found()
    ann.run(run_id(1))
    ann.keep(b"a model" * 500)
    ann.sync("team", store=remote)
    ben = joined(tmp_path, "ben", ann)
    ben.sync("team", store=remote)
    assert ben.state() == ann.state()
    return ann, ben, remote


def joined(root, name, founder):
    """Return a person with an empty replica of the same record."""
    person = Person(root, name)
    with open(f"{founder.path}/record.toml", "rb") as file:
        take_in_record_file(person.path, person.env, file.read(), "founder")
    return person


def news(person, number, remote):
    """Have a person write a run and send it; return the paths that are new at the remote, by part."""
    before = set(remote.files)
    person.run(run_id(number))
    person.sync("team", store=remote)
    return {path.split("/")[0]: path for path in sorted(set(remote.files) - before)}


@pytest.mark.slow
@row("shows an old list", HARMLESS, "less arrives, nothing is undone; the next true list brings it")
def test_stale_list(team):
    ann, ben, remote = team
    remote.shown = dict(remote.files)
    news(ann, 2, remote)
    before = ben.state()
    ben.sync("team", store=remote)
    assert ben.state() == before
    remote.shown = None
    ben.sync("team", store=remote)
    assert ben.state() == ann.state()


@pytest.mark.slow
@row(
    "shows an old list to somebody whom it showed more",
    DETECTED,
    "the sync names the writer and both numbers; what is here stays",
)
def test_stale_list_after_more(team):
    ann, ben, remote = team
    remote.shown = dict(remote.files)
    old = dict(remote.files)
    remote.shown = None
    news(ann, 2, remote)
    ben.sync("team", store=remote)
    before = ben.state()
    remote.shown = old
    done = ben.sync("team", store=remote)
    assert [now < then for _, then, now in done.went_back] == [True]
    assert any("shows less of writer" in line for line in warnings_of(done))
    assert ben.state() == before


@pytest.mark.slow
@row("loses a delete", HARMLESS, "a file that no head lists is fetched by nobody")
def test_lost_delete(team):
    ann, ben, remote = team
    remote.keeps_deleted = True
    for number in range(10, 45):
        ann.run(run_id(number), points=1)
        ann.sync("team", store=remote)
    ben.sync("team", store=remote)
    assert ben.state() == ann.state()
    kept = {path for path in remote.files if not path.startswith(("heads/", "record"))}
    assert len(kept - ben.files().keys()) > 20
    assert ben.damage() == []


@pytest.mark.slow
@row(
    "gives back files and heads that were deleted",
    HARMLESS,
    "the heads are replaced, so nothing lists the files",
)
def test_deleted_files_come_back(team):
    ann, ben, remote = team
    old = dict(remote.files)
    for number in range(10, 45):
        ann.run(run_id(number), points=1)
        ann.sync("team", store=remote)
        old |= remote.files
    ben.sync("team", store=remote)
    before = ben.files()
    remote.files.update(old)
    done = ben.sync("team", store=remote)
    assert done.pulled.files == [] and done.pulled.heads == []
    assert ben.files() == before


@pytest.mark.slow
@pytest.mark.parametrize("part", ["log", "points", "heads"])
@row("serves half of a file", DETECTED, "refused by name, nothing is stored; the next sync asks again")
def test_truncated_file(team, part):
    ann, ben, remote = team
    path = news(ann, 2, remote)[part]
    remote.lies[path] = remote.files[path][: len(remote.files[path]) // 2]
    assert_refused_then_healed(ann, ben, remote, path)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["log", "points", "heads"])
@row("flips a bit", DETECTED, "as above")
def test_flipped_bit(team, part):
    ann, ben, remote = team
    path = news(ann, 2, remote)[part]
    data = bytearray(remote.files[path])
    data[len(data) // 2] ^= 4
    remote.lies[path] = bytes(data)
    assert_refused_then_healed(ann, ben, remote, path)


@pytest.mark.slow
@row("swaps two files of one size", DETECTED, "as above: the name is the hash of the bytes")
def test_swapped_objects(team):
    ann, ben, remote = team
    ann.keep(b"one" * 300), ann.keep(b"two" * 300)
    before = set(remote.files)
    ann.sync("team", store=remote)
    one, two = [path for path in set(remote.files) - before if path.startswith("objects/")][:2]
    remote.lies = {one: remote.files[two], two: remote.files[one]}
    done = ben.sync("team", store=remote)
    assert {one, two} <= set(done.pulled.missing)
    assert not {one, two} & ben.files().keys()
    remote.lies = {}
    ben.sync("team", store=remote)
    assert {one, two} <= ben.files().keys()


@pytest.mark.slow
@row("puts another file, sound in itself, in the place of one", DETECTED, "as above")
def test_replaced_object(team):
    ann, ben, remote = team
    ann.keep(b"the true model" * 100)
    before = set(remote.files)
    ann.sync("team", store=remote)
    (path,) = [path for path in set(remote.files) - before if path.startswith("objects/")]
    other = next(data for name, data in remote.files.items() if name.startswith("objects/") and name != path)
    remote.lies[path] = other
    assert_refused_then_healed(ann, ben, remote, path)


def assert_refused_then_healed(ann, ben, remote, path):
    before = ben.files()
    done = ben.sync("team", store=remote)
    assert any(path in line for line in done.pulled.refused)
    assert any(path in line for line in warnings_of(done))
    assert path not in ben.files()
    assert ben.files().items() >= before.items()
    remote.lies = {}
    ben.sync("team", store=remote)
    assert ben.state() == ann.state()
    assert ben.damage() == []


@pytest.mark.slow
@row(
    "is set back to an earlier day, all of it",
    DETECTED,
    "whoever had seen more is told, and sends again what is theirs and what they hold of others",
)
def test_rolled_back_bucket(team, tmp_path):
    ann, ben, remote = team
    old = dict(remote.files)
    news(ann, 2, remote), news(ben, 3, remote)
    ann.sync("team", store=remote)
    remote.files = old
    done = ann.sync("team", store=remote)
    assert {writer for writer, _, _ in done.went_back} >= {head.name.writer for head in done.pushed.forwarded}
    assert done.went_back
    eve = joined(tmp_path, "eve", ann)
    eve.sync("team", store=remote)
    assert eve.state() == ann.state()


@pytest.mark.slow
@row(
    "withholds a writer's newest head from somebody who knows of it through others",
    DETECTED,
    "the sync says how many writers",
)
def test_withheld_head(team, tmp_path):
    ann, ben, remote = team
    news(ann, 2, remote)
    ben.sync("team", store=remote)
    news(ben, 3, remote)  # its head names Ann's
    eve = joined(tmp_path, "eve", ann)
    remote.shown = {
        path: data for path, data in remote.files.items() if path not in remote.heads(writer_of(ann))
    }
    done = eve.sync("team", store=remote)
    assert done.withheld == [writer_of(ann)]
    assert any("others have seen more than this remote shows" in line for line in warnings_of(done))


@row(
    "withholds a writer altogether, or a head that nobody else has seen",
    NOT_DETECTED,
    "a fresh clone that is shown a consistent past cannot know; any replica that has seen more sends it again",
)
def test_withheld_writer(team, tmp_path):
    ann, _, remote = team
    news(ann, 2, remote)  # nobody else has seen this
    consistent = {
        path: data for path, data in remote.files.items() if path not in remote.heads(writer_of(ann))
    }
    eve = joined(tmp_path, "eve", ann)
    remote.shown = consistent
    done = eve.sync("team", store=remote)
    assert (done.withheld, done.went_back, done.pulled.refused, done.pulled.missing) == ([], [], [], [])
    assert run_id(2).encode() not in eve.state()


def writer_of(person):
    return load_device_key(person.env).writer


@pytest.mark.slow
@row(
    "serves an old head under the name of the new one", DETECTED, "the name is the hash of the head: refused"
)
def test_old_head_as_new(team):
    ann, ben, remote = team
    (old,) = remote.heads(writer_of(ann))
    kept = remote.files[old]
    path = news(ann, 2, remote)["heads"]
    remote.lies[path] = kept
    assert_refused_then_healed(ann, ben, remote, path)


@row("shows an old head again beside the new one", HARMLESS, "the new one says that it replaces it")
def test_old_head_again(team):
    ann, ben, remote = team
    (old,) = remote.heads(writer_of(ann))
    kept = remote.files[old]
    news(ann, 2, remote)
    ben.sync("team", store=remote)
    remote.files[old] = kept
    before = ben.files()
    assert not ben.sync("team", store=remote).pulled.heads
    assert ben.files() == before


@row("makes up a head in a writer's name", DETECTED, "it is not signed by its writer: refused")
def test_made_up_head(team, tmp_path):
    ann, ben, remote = team
    eve = Attacker(DeviceEnv(tmp_path / "eve"), ann.home.record_id)
    path, data = forged(eve.key, head_body(writer_of(ann), ann.home.record_id, [], serial=90), serial=90)
    path = path.replace(eve.writer, writer_of(ann))
    remote.files[path] = data
    done = ben.sync("team", store=remote)
    assert any("not signed by its writer" in line for line in done.pulled.refused)
    assert path not in ben.files()


@pytest.mark.slow
@row(
    "adds entries of a new key",
    NOT_DETECTED,
    "until there are members every writer counts: who can write to the remote can add",
)
def test_new_writer(team, tmp_path):
    ann, ben, remote = team
    eve = joined(tmp_path, "eve", ann)
    news(eve, 9, remote)
    done = ben.sync("team", store=remote)
    assert run_id(9).encode() in ben.state()
    assert done.arrived.keys() == {writer_of(eve)}  # the summary names the writer: that is all


@row(
    "holds another record than it did",
    DETECTED,
    "refused by name and id before anything else is read or written",
)
def test_another_record(team):
    ann, _, remote = team
    ann.run(run_id(2))
    remote.files["record.toml"] = record_file("cd" * 16, "another")
    before = dict(remote.files), ann.files()
    with pytest.raises(OtherRecordError, match="holds another record: `another`"):
        ann.sync("team", store=remote)
    assert (remote.files, ann.files()) == before


@row("shows no record any more", DETECTED, "a disk that is not mounted is not taken for a new remote")
def test_no_record(team):
    ann, _, remote = team
    remote.files.clear()
    with pytest.raises(RemoteError, match="holds no record any more"):
        ann.sync("team", store=remote)
    assert remote.files == {}


@row("shows a `record.toml` that is damaged", DETECTED, "refused: no id can be read")
def test_damaged_record_file(team):
    ann, _, remote = team
    remote.files["record.toml"] = b"\0" * 100
    before = dict(remote.files), ann.files()
    with pytest.raises(RemoteError, match="is damaged, or only half of it came"):
        ann.sync("team", store=remote)
    assert (remote.files, ann.files()) == before


@pytest.mark.slow
@row(
    "holds two histories of one lane (a cloned device, a copied key)",
    DETECTED,
    "both count, it is said at the first contact, and each goes on in a lane of its own",
)
def test_two_histories(team):
    ann, ben, remote = team
    shutil.copytree(ann.folder, ann.folder.parent / "twin")
    twin = Person(ann.folder.parent, "twin")
    state_file(twin).save(state_file(ann).load())  # a clone of the whole disk has it, too
    news(ann, 2, remote)
    twin.run(run_id(3))
    done = twin.sync("team", store=remote)
    assert done.is_clone_found
    assert any("another device writes under this one's key" in line for line in warnings_of(done))
    ben.sync("team", store=remote)
    assert run_id(2).encode() in ben.state() and run_id(3).encode() in ben.state()


def state_file(person):
    return StateFile(person.home, place_for(person.home, person.env))


@pytest.mark.slow
@row(
    "says that a file was written, and keeps nothing",
    DETECTED,
    "the next reader names the file; `gnomon sync --check` there sends it again",
)
def test_lost_write(team):
    ann, ben, remote = team
    path = news(ann, 2, remote)["log"]
    kept = remote.files.pop(path)
    done = ben.sync("team", store=remote)
    assert done.pulled.missing == [path]
    assert any("not at the remote" in line for line in warnings_of(done))
    assert not ann.sync("team", store=remote).pushed.files  # the head is believed
    ann.sync("team", store=remote, is_checking=True)
    assert remote.files[path] == kept
    ben.sync("team", store=remote)
    assert ben.state() == ann.state()


@row(
    "reads everything",
    NOT_DETECTED,
    "entries, points and kept files are there as they are: it is not encrypted yet",
)
def test_reads_everything(team):
    _, _, remote = team
    assert any(b"note 0 of ann" in data for data in remote.files.values())
