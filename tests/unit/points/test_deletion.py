"""Deleting a WAL needs a proof: all of it is elsewhere, and its end is certain."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from zlib import crc32

import pytest

from gnomon.points.deletion import (
    ALIVE,
    DEAD,
    UNKNOWN,
    delete_wal,
    life_of,
    may_delete,
    may_delete_segment,
)
from gnomon.points.seal import Sealed, find_sealed, merge_segments, seal
from tests.unit.points.tiny_wal import BOOT, TinyWal, small_wal
from tests.unit.points.world import World, add_rows, put

HOLD_LOCK = "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "points").mkdir()
    return str(tmp_path / "points")


@pytest.fixture
def hold_lock():
    """Return a function that makes another process hold the lock of a file until the test ends."""
    processes = []

    def hold(path: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD_LOCK, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        processes.append(process)
        process.stdout.readline()
        return process

    yield hold
    for process in processes:
        if process.poll() is None:
            process.communicate(b"\n")


def sealed_of(world, folder, path) -> Sealed:
    return seal(world, folder, [path])[0]


def test_a_closed_wal_that_is_covered_may_go_on_any_machine(folder, world):
    path = put(folder, small_wal())
    sealed = sealed_of(world, folder, path)
    elsewhere = World(boot=bytes(range(16)))
    verdict = delete_wal(elsewhere, path, sealed)
    assert (verdict.is_allowed, verdict.reason) == (True, "it is closed and covered")
    assert os.listdir(folder) == [os.path.basename(sealed.path)]


def test_a_segment_that_is_found_later_proves_as_much(folder, world):
    path = put(folder, small_wal())
    sealed = sealed_of(world, folder, path)
    assert may_delete(world, path, find_sealed(world, sealed.path))


def test_a_dead_wal_of_this_boot_may_go(folder, world):
    path = put(folder, small_wal(), small_wal().open_ended())
    assert life_of(world, path) == DEAD
    assert may_delete(world, path, sealed_of(world, folder, path)).reason == "it is dead and covered"


def test_a_wal_whose_lock_another_process_holds_stays(folder, world, hold_lock):
    """Its process id says nothing: it may be that of another container, as here, where no process has it."""
    path = put(folder, small_wal(), small_wal().open_ended())
    sealed = sealed_of(world, folder, path)
    process = hold_lock(path)
    assert life_of(world, path) == ALIVE
    verdict = delete_wal(world, path, sealed)
    assert (verdict.is_allowed, verdict.reason) == (False, "its end is not certain: it is alive")
    assert os.path.exists(path)
    process.communicate(b"\n")
    assert may_delete(world, path, sealed)


@pytest.mark.parametrize("boot", [bytes(range(16)), bytes(16)], ids=["another boot", "unknown boot"])
def test_a_wal_of_another_boot_stays(folder, world, boot):
    path = put(folder, small_wal(), small_wal().open_ended())
    sealed = sealed_of(world, folder, path)
    assert life_of(World(boot), path) == UNKNOWN
    assert not delete_wal(World(boot), path, sealed)
    assert os.path.exists(path)


def test_a_wal_that_does_not_know_its_boot_stays(folder):
    wal = TinyWal(boot=bytes(16))
    wal.log({"loss": 1.0}, step=0)
    path = put(folder, wal, wal.open_ended())
    world = World(bytes(16))
    assert not delete_wal(world, path, sealed_of(world, folder, path))


def test_where_locks_do_not_work_a_wal_stays(folder, world):
    path = put(folder, small_wal(), small_wal().open_ended())
    sealed = sealed_of(world, folder, path)

    def try_lock(fd):
        raise OSError(95, "not supported")

    world.try_lock = world.is_lock_free = try_lock
    assert life_of(world, path) == UNKNOWN
    assert not delete_wal(world, path, sealed)


def test_a_writer_that_moved_to_a_new_file_of_the_same_name_is_not_dead(folder, world):
    """After a failed sync the writer renames a new file over the old one; the lock of the old one is free then."""
    wal = small_wal()
    path = put(folder, wal, wal.open_ended())
    sealed = sealed_of(world, folder, path)
    real = world.try_lock

    def try_lock(fd):
        os.rename(put(folder, TinyWal(salt=b"x" * 16), wal.open_ended()), path)
        return real(fd)

    world.try_lock = try_lock
    assert not delete_wal(world, path, sealed)
    assert os.path.exists(path)


def test_rows_that_came_after_the_sealing_keep_a_wal(folder, world):
    wal = small_wal()
    path = put(folder, wal, wal.open_ended())
    sealed = sealed_of(world, folder, path)
    wal.log({"loss": 2.0}, step=9)
    put(folder, wal)
    for proof in (sealed, find_sealed(world, sealed.path)):
        assert may_delete(world, path, proof).reason == "the segment does not hold all of its rows"


def test_as_many_rows_but_others_keep_a_wal(folder, world):
    """Two machines that went on from one snapshot write different rows under one WAL id."""
    wal = small_wal()
    path = put(folder, wal)
    sealed = sealed_of(world, folder, path)
    other = small_wal()
    del other.ends[-1]
    other.body = other.body[: other.ends[-1][0] - 1024]
    other.crc = struct.unpack("<I", other.body[-4:])[0]
    del other.rows[-1]
    other.log({"loss": 0.125, "acc": 0.7500001}, step=3)
    put(folder, other)
    for proof in (sealed, find_sealed(world, sealed.path)):
        assert not may_delete(world, path, proof)


def test_a_copy_that_is_shorter_than_what_is_sealed_may_go(folder, world):
    wal = small_wal()
    path = put(folder, wal)
    sealed = sealed_of(world, folder, path)
    short = small_wal()
    short.body = short.body[: short.ends[-2][0] - 1024]
    short.crc = struct.unpack("<I", short.body[-4:])[0]
    del short.rows[-1]
    put(folder, short)
    assert may_delete(world, path, find_sealed(world, sealed.path))


def test_a_segment_of_another_wal_or_none_proves_nothing(folder, world):
    path = put(folder, small_wal())
    other = TinyWal(salt=b"o" * 16)
    add_rows(other, 10)
    sealed = sealed_of(world, folder, put(folder, other))
    assert may_delete(world, path, sealed).reason == "the segment does not hold all of its rows"
    assert may_delete(world, path, None).reason == "no segment covers it"


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_a_segment_that_cannot_be_trusted_proves_nothing(folder, world, how, monkeypatch):
    path = put(folder, small_wal())
    sealed = sealed_of(world, folder, path)
    if how == "gone":
        os.unlink(sealed.path)
    else:
        with open(sealed.path, "r+b") as file:
            file.seek(50)
            file.write(b"?")
    assert may_delete(world, path, sealed).reason.startswith("the segment cannot be trusted")
    assert not delete_wal(world, path, sealed)
    assert os.path.exists(path)


def test_a_wal_without_a_header_stays(folder, world):
    path = put(folder, small_wal(), bytes(2000))
    assert not delete_wal(world, path, None)


def test_a_wal_that_holds_nothing_may_go_once_its_process_is_gone(folder, world, hold_lock):
    path = put(folder, TinyWal(), TinyWal().open_ended())
    process = hold_lock(path)
    assert not may_delete(world, path, None)
    process.communicate(b"\n")
    assert delete_wal(world, path, None).reason == "it is dead and holds nothing"
    assert not os.path.exists(path)


@pytest.mark.slow
def test_a_wal_that_is_longer_than_the_format_allows_stays(folder, world):
    path = put(folder, small_wal())
    sealed = sealed_of(world, folder, path)
    os.truncate(path, 1 << 40)  # sparse
    assert may_delete(world, path, sealed).reason == "it is longer than the format allows"


def test_an_empty_wal_that_lost_rows_stays_until_that_is_sealed(folder, world):
    wal = TinyWal()
    wal.lost_rows = 2
    path = put(folder, wal)
    assert not may_delete(world, path, None)
    assert may_delete(world, path, sealed_of(world, folder, path))


# ---------------------------------------------------------------- salvage


def damaged(wal: TinyWal, closed: bool) -> bytes:
    data = bytearray(wal.closed() if closed else wal.open_ended())
    data[wal.ends[-2][0] - 5] ^= 1
    return bytes(data)


@pytest.mark.parametrize("is_closed", [True, False])
def test_what_follows_the_damage_is_salvaged_before_the_wal_goes(folder, world, is_closed):
    wal = small_wal()
    data = damaged(wal, is_closed)
    path = put(folder, wal, data)
    sealed = sealed_of(world, folder, path)
    assert may_delete(world, path, sealed).reason == "what is damaged in it was not salvaged yet"
    assert delete_wal(world, path, sealed)
    assert not os.path.exists(path)
    [name] = [name for name in os.listdir(folder) if name.endswith(".salvage")]
    with open(os.path.join(folder, name), "rb") as file:
        saved = file.read()
    start = wal.ends[-3][0]
    rest = data[start:].rstrip(b"\0")
    assert saved[:-4] == b"GNMSLV1\n" + struct.pack("<QQ", start, len(rest)) + data[:1024] + rest
    assert saved[-4:] == struct.pack("<I", crc32(saved[:-4]))
    assert name == f"{wal.id.hex()}.{saved[-4:].hex()}.salvage"


def test_a_salvage_that_fails_keeps_the_wal(folder, world):
    path = put(folder, small_wal(), damaged(small_wal(), closed=True))
    sealed = sealed_of(world, folder, path)

    def create(name):
        raise OSError(28, "no space left on device")

    world.create = create
    with pytest.raises(OSError, match="no space"):
        delete_wal(world, path, sealed)
    assert os.path.exists(path)


def test_a_damaged_salvage_is_written_again(folder, world):
    path = put(folder, small_wal(), damaged(small_wal(), closed=True))
    sealed = sealed_of(world, folder, path)
    world.unlink = lambda path: None
    assert delete_wal(world, path, sealed)
    [name] = [name for name in os.listdir(folder) if name.endswith(".salvage")]
    with open(os.path.join(folder, name), "r+b") as file:
        file.write(b"?")
    assert not may_delete(world, path, sealed)
    assert delete_wal(World(), path, sealed)


def test_a_damaged_header_is_salvaged_too(folder, world):
    data = bytearray(small_wal().closed())
    data[3] ^= 1
    path = put(folder, small_wal(), bytes(data))
    assert delete_wal(world, path, sealed_of(world, folder, path))
    assert [name for name in os.listdir(folder) if name.endswith(".salvage")]


# ---------------------------------------------------------------- segments


def test_segments_may_go_once_they_are_merged(folder, world):
    wals = [small_wal(), TinyWal(salt=b"o" * 16)]
    add_rows(wals[1], 10)
    one, two = (sealed_of(world, folder, put(folder, wal)).path for wal in wals)
    assert not may_delete_segment(world, one, [one, two])
    [merged] = merge_segments(world, folder, [one, two])
    assert may_delete_segment(world, one, [merged.path])
    assert may_delete_segment(world, two, [one, merged.path])
    assert may_delete_segment(world, merged.path, [one]).reason.startswith(
        "it is the only one that covers all of WAL"
    )
    with open(merged.path, "r+b") as file:
        file.write(b"?")
    assert not may_delete_segment(world, one, [merged.path])


def test_a_segment_that_covers_more_rows_than_the_others_stays(folder, world):
    wal = small_wal()
    short = sealed_of(world, folder, put(folder, wal, wal.closed()[: wal.ends[-2][0]])).path
    whole = sealed_of(world, folder, put(folder, wal)).path
    assert not may_delete_segment(world, whole, [short])
    assert may_delete_segment(world, short, [whole])


def test_the_boot_of_the_tests_is_not_that_of_this_machine():
    assert World().boot_id() == BOOT
