"""The writing side of the record: bodies, entries, logs, keys, homes."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from thorough import one_in

from gnomon.env import REAL, Env
from gnomon.errors import DamagedEntryError, KeyFileError, NoRecordError, UnknownFormatError
from gnomon.record.body import MAX_TEXT_BYTES, decode_body, encode_body
from gnomon.record.bundle import PARTS_TO_BUNDLE, bundle_small_files
from gnomon.record.entries import make_entry
from gnomon.record.hashing import derive_hex
from gnomon.record.home import find_record, make_record, open_home, place_for_new_record
from gnomon.record.keys import load_device_key
from gnomon.record.lines import parse_line, without_body
from gnomon.record.log import LogWriter
from gnomon.record.verify import LogVerifier, verify_record_file

WRITER, LOG, PREV = "a" * 32, "b" * 32, "c" * 64
texts = st.text(max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def bits(value):
    """Return a value with its floats as bit patterns, so that NaNs and zeros compare exactly."""
    if isinstance(value, float):
        return struct.pack(">d", value)
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return [bits(item) for item in value] if isinstance(value, list) else value


def entry_line(body=b'{"text":"x"}', **changes):
    fields = {
        "kind": "run.noted", "subject": "run:1", "salt": bytes(16), "author": None, "writer": WRITER, "log": LOG,
        "seq": 1, "prev": PREV, "over": (), "time_us": 5,
    }  # fmt: skip
    return make_entry(body=body, **{**fields, **changes})


@pytest.mark.slow
@given(st.dictionaries(texts, values, max_size=5))
def test_a_body_gives_every_value_back_bit_for_bit(body):
    assert bits(decode_body(encode_body(body))) == bits(body)


@pytest.mark.parametrize(
    "pattern", ["7ff8000000000000", "7ff8000000000001", "fff8000000000123", "7ff0000000000000"]
)
def test_nan_payloads_and_infinities_survive(pattern):
    value = struct.unpack(">d", bytes.fromhex(pattern))[0]
    back = decode_body(encode_body({"x": value}))["x"]
    assert struct.pack(">d", back).hex() == pattern


def test_odd_values_become_texts_instead_of_errors():
    class Rude:
        def __str__(self):
            raise RuntimeError("no")

    body = decode_body(
        encode_body({"path": os.fsencode, "rude": Rude(), "set": {2, 1}, "pair": (1, 2), 3: "\ud800"})
    )
    assert "fsencode" in body["path"]
    assert "RuntimeError" in body["rude"]
    assert body["set"] == [1, 2]
    assert body["pair"] == [1, 2]
    assert body["3"] == "\\ud800"


def test_a_text_of_a_megabyte_is_kept_whole_and_one_of_five_is_cut_and_says_so():
    assert decode_body(encode_body({"x": "é" * 500_000}))["x"] == "é" * 500_000
    cut = encode_body({"x": "y" * (MAX_TEXT_BYTES + 1)})
    assert b'"size":4194305' in cut
    assert decode_body(cut)["x"] == "y" * (MAX_TEXT_BYTES // 4)


def test_entry_bytes_do_not_change():
    """Old copies must stay readable: if this fails, add a format version."""
    name, line = entry_line(over=["f" * 64, "e" * 64])
    assert name == "a5179357a50be084dc1d79ffa6fda1961cf758ca91bfd67aa927c71cf320d229"
    assert line == (
        b'{"entry":"a5179357a50be084dc1d79ffa6fda1961cf758ca91bfd67aa927c71cf320d229","head":{"author":null,"body":"94314a25c5638d8008fff5707914773cfb54f4997a6aff2a7226103839d9287a","kind":"run.noted","log":"' + b"b" * 32  # noqa: E501
        + b'","over":["' + b"e" * 64 + b'","' + b"f" * 64 + b'"],"prev":"' + b"c" * 64
        + b'","seq":1,"size":12,"subject":"run:1","time_us":5,"v":1,"writer":"' + b"a" * 32
        + b'"},"salt":"00000000000000000000000000000000","body":{"text":"x"}}\n'
    )  # fmt: skip


def test_every_flipped_bit_of_a_line_is_found():
    _, line = entry_line()
    for bit in range(8 * len(line)):
        flipped = bytearray(line)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises((DamagedEntryError, UnknownFormatError)):
            parse_line(bytes(flipped))


def test_without_its_body_it_is_the_same_entry():
    name, line = entry_line()
    bare = parse_line(without_body(line))
    assert bare.hash == name
    assert bare.body == {}
    assert not bare.has_body
    assert parse_line(line).body == {"text": "x"}


def test_a_newer_entry_is_refused_by_name():
    _, line = entry_line()
    head = line[83 : line.find(b"}") + 1].replace(b'"v":1', b'"v":2')
    newer = b'{"entry":"%s","head":%s}\n' % (derive_hex("entry", head).encode(), head)
    with pytest.raises(UnknownFormatError, match="format version 2"):
        parse_line(newer)


@pytest.mark.parametrize("has_body", [True, False])
@pytest.mark.parametrize(
    "commitment",
    [b"F" * 64, b"g" * 64, b'","body":"' + b"f" * 55, b"\\u0066" + b"f" * 58, b"\xff" * 64, b"\n" * 64],
)
def test_a_hash_that_is_none_makes_no_entry_however_well_it_is_named(commitment, has_body):
    _, line = entry_line()
    head_end = line.find(b"}") + 1
    head = re.sub(rb'"body":"[0-9a-f]{64}"', lambda _: b'"body":"' + commitment + b'"', line[83:head_end])
    rest = line[head_end:] if has_body else b"}\n"
    with pytest.raises(DamagedEntryError, match="does not have the form of an entry"):
        parse_line(b'{"entry":"%s","head":%s%s' % (derive_hex("entry", head).encode(), head, rest))


@pytest.mark.parametrize("name", [b"F" * 64, b'"' * 64, b"\xff" * 64])
def test_an_entry_whose_name_is_no_hash_is_none(name):
    _, line = entry_line()
    with pytest.raises(DamagedEntryError, match="does not have the form of an entry"):
        parse_line(line[:10] + name + line[74:])


@pytest.mark.parametrize("kind", ["", "run noted", 'run"', "Run", "run\n", "é"])
def test_a_head_takes_no_text_of_a_person(kind):
    with pytest.raises(ValueError, match="cannot stand in a head"):
        entry_line(kind=kind)


# --- logs


@pytest.fixture
def home(project):
    return make_record(str(project / ".gnomon"), REAL)


@pytest.fixture
def key():
    return load_device_key(REAL)


def problems_of(home):
    verifier = LogVerifier(home)
    return [problem for path, _ in home.log_files() for problem in verifier.verify(path)]


def test_a_closed_log_verifies_and_says_nothing(home, key):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    log.close()
    assert problems_of(home) == []
    assert list(verify_record_file(home)) == []


def test_a_log_is_never_resumed(home, key):
    names = set()
    for _ in range(3):
        log = LogWriter(home, key)
        log.append("run.noted", "run:1", {"text": "a"})
        names.add(log.path)
        log.close()
    assert len(names) == 3
    assert len(home.log_files()) == 3


@pytest.mark.slow
def test_an_interrupted_log_has_an_incomplete_last_line_at_most(home, key):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    whole = read(log.path)
    for cut in range(1, len(whole)):
        with open(log.path, "wb") as file:
            file.write(whole[:cut])
        assert {problem.severity for problem in problems_of(home)} <= {"notice"}


@pytest.mark.slow
def test_every_flipped_bit_of_a_log_is_named(home, key):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    path = log.path
    log.close()
    whole = read(path)
    for bit in range(0, 8 * len(whole), 3 * one_in(3)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with open(path, "wb") as file:
            file.write(flipped)
        found = problems_of(home)
        assert found, f"bit {bit}"
        assert found[0].file.endswith(os.path.basename(path))


@pytest.mark.slow
def test_every_flipped_bit_of_record_toml_is_named(home):
    path = os.path.join(home.path, "record.toml")
    whole = read(path)
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with open(path, "wb") as file:
            file.write(flipped)
        try:
            found = list(verify_record_file(open_home(home.path, REAL)))
        except UnknownFormatError as error:
            assert "record.toml" in str(error)  # noqa: PT017
        else:
            assert found, f"bit {bit}"


def test_an_entry_forged_after_the_close_mark_is_found(home, key):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    path, log_name = log.path, log.id
    log.close()
    last = parse_line(read(path).splitlines()[-1])
    _, line = entry_line(writer=key.writer, log=log_name, seq=last.seq + 1, prev=last.hash)
    with open(path, "ab") as file:
        file.write(line)
    assert any("follows the close mark" in problem.what for problem in problems_of(home))


def test_a_log_without_the_writers_key_is_found(home, key):
    log = LogWriter(home, key)
    log.open()
    forged, log_name = "d" * 32, log.id
    with open(log.path, "rb") as file:
        first = parse_line(file.read())
    _, line = make_entry(
        kind="log.opened", subject=f"log:{log_name}", body=first.body_raw, salt=bytes(16), author=None, writer=forged,
        log=log_name, seq=0, prev=None, over=(), time_us=1,
    )  # fmt: skip
    folder = home.folder("log", forged)
    os.makedirs(folder)
    with open(os.path.join(folder, f"{log_name}.jsonl"), "wb") as file:
        file.write(line)
    assert any("certificate" in problem.what for problem in problems_of(home))


def test_two_histories_under_one_log_id_are_named(home, key, tmp_path):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    before = read(log.path)
    last = parse_line(before.splitlines()[-1])
    log.append("run.noted", "run:1", {"text": "this history"})
    _, other = entry_line(writer=key.writer, log=log.id, seq=last.seq + 1, prev=last.hash)
    folder = os.path.dirname(log.path)
    with open(os.path.join(folder, "0" * 32 + ".bundle.jsonl"), "wb") as file:
        file.write(before + other)
    assert any("two histories" in problem.what for problem in problems_of(home))


class PartialEnv(Env):
    """A disk that takes two thirds of one write and then refuses."""

    refuse = False

    def pwrite(self, fd, data, offset):
        if self.refuse:
            super().pwrite(fd, data[: 2 * len(data) // 3], offset)
            raise OSError(28, "No space left on device")
        super().pwrite(fd, data, offset)


def test_an_entry_that_did_not_fit_leaves_no_trace(project, key):
    env = PartialEnv()
    home = make_record(str(project / ".gnomon"), env)
    log = LogWriter(home, key)
    log.open()
    env.refuse = True
    with pytest.raises(OSError, match="No space"):
        log.append("run.noted", "run:1", {"text": "long " * 500})
    env.refuse = False
    log.append("run.noted", "run:1", {"text": "short"})
    log.close()
    assert problems_of(home) == []


# --- bundles


def closed_logs(home, key, count):
    for number in range(count):
        log = LogWriter(home, key)
        log.append("run.noted", f"run:{number}", {"text": "a"})
        log.close()


def entries_of(home):
    found = set()
    for path, _ in home.log_files():
        found |= {parse_line(line).hash for line in read(os.path.join(home.path, path)).splitlines()}
    return found


def test_many_small_logs_become_one_file_with_the_same_entries(home, key):
    closed_logs(home, key, PARTS_TO_BUNDLE)
    before = entries_of(home)
    gone = bundle_small_files(home, key.writer)
    assert len(gone) == PARTS_TO_BUNDLE
    assert len(home.log_files()) == 1
    assert entries_of(home) == before
    assert problems_of(home) == []


def test_a_live_log_is_not_bundled(home, key):
    live = LogWriter(home, key)
    live.append("run.noted", "run:live", {"text": "a"})
    closed_logs(home, key, PARTS_TO_BUNDLE)
    bundle_small_files(home, key.writer)
    assert os.path.exists(live.path)
    live.close()


class ElsewhereEnv(Env):
    """Another machine, or the same one after a restart."""

    def boot_id(self):
        return b"another boot id!"


def test_a_log_without_close_mark_is_deleted_only_by_proof(home, key):
    dead = LogWriter(home, key)
    dead.append("run.noted", "run:dead", {"text": "a"})
    path = dead.path
    dead.abandon()  # as a process that was killed: the lock is free, there is no close mark
    closed_logs(home, key, PARTS_TO_BUNDLE)
    elsewhere = open_home(home.path, ElsewhereEnv())
    bundle_small_files(elsewhere, key.writer)
    assert os.path.exists(path), "another boot proves nothing"
    closed_logs(home, key, PARTS_TO_BUNDLE)
    bundle_small_files(home, key.writer)
    assert not os.path.exists(path), "same boot, lock obtained"
    assert problems_of(home) == []


@pytest.mark.slow
def test_a_flipped_bit_in_a_bundle_is_named(home, key):
    closed_logs(home, key, PARTS_TO_BUNDLE)
    bundle_small_files(home, key.writer)
    ((path, _),) = home.log_files()
    full = os.path.join(home.path, path)
    whole = read(full)
    for bit in range(0, 8 * len(whole), 8 * 997 + 5):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with open(full, "wb") as file:
            file.write(flipped)
        assert any(problem.file == path for problem in problems_of(home))


# --- keys and homes


def test_the_key_is_made_once_and_only_its_user_reads_it(key, tmp_path):
    assert load_device_key(REAL).writer == key.writer
    (path,) = (tmp_path / "config" / "gnomon" / "keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


class OtherMachine(Env):
    def machine_name(self):
        return "another machine"


def test_a_copied_or_shared_home_gives_each_machine_its_own_key(key):
    assert load_device_key(OtherMachine()).writer != key.writer
    assert load_device_key(REAL).writer == key.writer


@pytest.mark.slow
def test_many_processes_agree_on_one_key():
    code = "from gnomon.record.keys import load_device_key; from gnomon.env import REAL; print(load_device_key(REAL).writer)"
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert len({child.communicate()[0] for child in children}) == 1


def test_a_damaged_key_file_is_named(key, tmp_path):
    (path,) = (tmp_path / "config" / "gnomon" / "keys").iterdir()
    path.write_text("gnomon device key v1\nnot hex\n")
    with pytest.raises(KeyFileError, match=str(path)):
        load_device_key(REAL)


def test_a_record_is_found_upward_and_made_at_the_root_of_the_work_tree(project, monkeypatch):
    inner = project / "src" / "deep"
    inner.mkdir(parents=True)
    assert find_record(str(inner), REAL) is None
    assert place_for_new_record(str(inner), REAL) == str(inner / ".gnomon")
    (project / ".git").mkdir()
    assert place_for_new_record(str(inner), REAL) == str(project / ".gnomon")
    make_record(str(project / ".gnomon"), REAL)
    assert find_record(str(inner), REAL) == str(project / ".gnomon")
    monkeypatch.setenv("GNOMON_DIR", str(project / "elsewhere"))
    assert find_record(str(inner), REAL) is None
    assert place_for_new_record(str(inner), REAL) == str(project / "elsewhere" / ".gnomon")


def test_git_ignores_the_record(home):
    assert read(os.path.join(home.path, ".gitignore")) == b"*\n"


def test_a_newer_record_is_refused_by_name(home):
    path = os.path.join(home.path, "record.toml")
    with open(path, "r+b") as file:
        text = file.read().replace(b"format = 1", b"format = 7")
        file.seek(0)
        file.write(text)
    with pytest.raises(UnknownFormatError, match="format 7"):
        open_home(home.path, REAL)


def test_no_record_says_how_to_make_one(project):
    with pytest.raises(NoRecordError, match="gnomon init"):
        open_home(str(project / ".gnomon"), REAL)


@pytest.mark.slow
def test_processes_that_make_a_record_at_once_end_with_one(project):
    code = "from gnomon.record.home import make_record; from gnomon.env import REAL; print(make_record('x/.gnomon', REAL).record_id)"  # noqa: E501
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=project)
        for _ in range(6)
    ]
    assert len({child.communicate()[0] for child in children}) == 1
    assert os.listdir(project / "x") == [".gnomon"]


def test_nothing_in_the_record_is_readable_by_others(home, key):
    log = LogWriter(home, key)
    log.append("run.noted", "run:1", {"text": "a"})
    log.close()
    for folder, _, files in os.walk(home.path):
        assert os.stat(folder).st_mode & 0o077 == 0
        assert all(os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0 for name in files)


def test_a_record_in_the_home_folder_does_not_swallow_the_projects_below(tmp_path, monkeypatch):
    home = tmp_path / "home"
    inner = home / "project"
    inner.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    make_record(str(home / ".gnomon"), REAL)
    assert find_record(str(home), REAL) == str(home / ".gnomon")
    assert find_record(str(inner), REAL) is None
    make_record(str(inner / ".gnomon"), REAL)
    assert find_record(str(inner), REAL) == str(inner / ".gnomon")
