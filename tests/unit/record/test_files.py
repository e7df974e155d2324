"""Files that never change: their bytes are read back, and their names are on the disk before anybody relies on them."""

from __future__ import annotations

import pytest
from people import DeviceEnv

from gnomon.errors import DamagedFileError
from gnomon.record.files import replace_file, write_named_by_hash
from gnomon.sync.names import sealed_file
from gnomon.sync.receive import receive


class Watched(DeviceEnv):
    """Notes the calls that make bytes and names durable. `flips`: the disk gives back another bit than was written."""

    flips = False

    def __init__(self, folder):
        super().__init__(folder)
        self.calls = []

    def write(self, fd, data):
        super().write(fd, bytes([data[0] ^ 1]) + data[1:] if self.flips else data)

    def sync_data(self, fd):
        self.calls.append("bytes")
        super().sync_data(fd)

    def replace(self, source, target):
        self.calls.append("name")
        super().replace(source, target)

    def sync_folder(self, path):
        self.calls.append("folder")
        super().sync_folder(path)


@pytest.fixture
def env(tmp_path):
    return Watched(tmp_path)


def test_bytes_come_before_the_name_and_the_name_before_whoever_relies_on_it(env, tmp_path):
    write_named_by_hash(env, str(tmp_path / "log"), "bundle", ".bundle.jsonl", [b"a", b"b"])
    assert env.calls == ["bytes", "name", "folder"]
    env.calls.clear()
    replace_file(env, str(tmp_path / "small"), b"data")
    assert env.calls == ["bytes", "name", "folder"]
    assert (tmp_path / "small").read_bytes() == b"data"


def test_what_a_disk_does_not_give_back_as_it_was_written_gets_no_name(env, tmp_path):
    env.flips = True
    with pytest.raises(DamagedFileError, match="does not read back as it was written"):
        write_named_by_hash(env, str(tmp_path / "log"), "bundle", ".bundle.jsonl", [b"a", b"b"])
    assert list((tmp_path / "log").iterdir()) == []


def test_a_file_that_comes_is_durable_before_it_counts(env, tmp_path):
    from gnomon.record.home import make_record

    home = make_record(str(tmp_path / ".gnomon"), env)
    made = write_named_by_hash(env, str(tmp_path / "theirs"), "bundle", ".bundle.jsonl", [b"line\n"])
    name = made.rpartition("/")[2]
    env.calls.clear()
    receive(home, sealed_file(f"log/{'a' * 32}/{name}"), 5, [b"line\n"])
    assert env.calls == ["bytes", "name", "folder"]
