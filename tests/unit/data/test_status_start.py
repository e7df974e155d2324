"""`data status` of what did not change: what it loads, and that a shorter way gives no other answer."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import gnomon
from gnomon.data import newer, pointer
from gnomon.data.status import status
from gnomon.env import REAL
from gnomon.errors import DamagedFileError
from gnomon.record.index import Index


@pytest.fixture
def credit(project):
    (project / "credit.csv").write_text("a\n1\n")
    gnomon.add_data("credit.csv", name="credit")
    return project / "credit.csv"


def the_status():
    with gnomon.open() as record:
        (found,) = status(record, "credit.csv")
    return found


@pytest.mark.slow
def test_a_second_look_asks_no_index(credit, monkeypatch):
    first = the_status()
    monkeypatch.setattr(Index, "update", lambda *_: pytest.fail("the index was asked"))
    assert the_status() == first
    assert first.state == "unchanged"


@pytest.mark.slow
def test_a_second_look_loads_neither_sqlite_nor_msgspec(project):
    (project / "letters").mkdir()
    (project / "letters" / "a.txt").write_text("a")
    gnomon.add_data("letters", name="letters")
    code = (
        "import sys; from gnomon.cli.main import main; from gnomon.data import stat_cache; "
        "stat_cache.RACY_NS = -(10**18); "  # else what was written a moment ago is read again
        "assert main(['data', 'status', 'letters']) == 0; "
        "print({'sqlite3', 'msgspec', 'tomllib', 'gnomon.points', 'gnomon.runs.where'} & set(sys.modules))"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert "unchanged" in outputs[-1]
    assert outputs[-1].endswith("set()\n")


@pytest.mark.slow
def test_a_version_that_came_since_the_last_look_is_told(credit):
    old = (credit.parent / "credit.gnomon").read_bytes()
    assert the_status().newer == ()
    credit.write_text("a\n2\n")
    gnomon.add_data("credit.csv", name="credit")
    (credit.parent / "credit.gnomon").write_bytes(old)
    for _ in range(2):  # asked, then known
        assert the_status().newer == ("credit@v2",)


@pytest.mark.slow
def test_a_damaged_note_of_what_is_newer_costs_time_and_nothing_else(credit):
    first = the_status()
    folder = os.path.join(REAL.cache_folder(), newer.FOLDER)
    (name,) = os.listdir(folder)
    data = bytearray(REAL.read_file(os.path.join(folder, name)))
    for place in (3, len(data) - 3):
        other = bytearray(data)
        other[place] ^= 1
        with open(os.path.join(folder, name), "wb") as file:
            file.write(other)
        assert the_status() == first


@pytest.mark.slow
def test_a_plain_pointer_says_the_same_to_both_readers(credit):
    data = (credit.parent / "credit.gnomon").read_bytes()
    assert pointer._plain_fields(data) == pointer._fields(data, "credit.gnomon")


@pytest.mark.parametrize(
    "line",
    [
        b'name = "a\\tb"',
        'name = "\u00e9"'.encode(),
        b"size = 01",
        b'name = "a" # more',
        b"name = 'a'",
        b"[name]",
        b'name = "a"\nname = "b"',
    ],
)
def test_what_is_not_plain_is_left_to_the_reader_of_toml(line):
    assert pointer._plain_fields(line + b"\n") is None


@pytest.mark.slow
def test_a_pointer_with_a_field_twice_is_refused(credit):
    path = credit.parent / "credit.gnomon"
    path.write_bytes(path.read_bytes() + b'name = "other"\n')
    with pytest.raises(DamagedFileError, match=r"credit\.gnomon"):
        pointer.read(REAL, str(path))
