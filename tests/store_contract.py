"""What every transport must do: subclass `StoreContract` and give a `store` fixture (and `again`, which opens it anew)."""

from __future__ import annotations

import os
import random

import pytest
from people import Person

from gnomon.record.keys import load_device_key
from gnomon.sync.heads import make_head

WRITER, OTHER = "a1" * 16, "b2" * 16
TOMBSTONE = f"erased/{'e5' * 16}.tombstone.json"


def bundle(number, writer=WRITER):
    return f"log/{writer}/{number:032x}.bundle.jsonl"


class StoreContract:
    """The calls of `sync.store.Store`, one by one."""

    def test_a_remote_that_nobody_wrote_to_is_empty(self, store):
        assert list(store.list("heads/")) == []
        with pytest.raises(FileNotFoundError):
            store.read("record.toml")
        with pytest.raises(FileNotFoundError):
            list(store.pieces(bundle(1)))

    def test_what_was_written_is_read_by_another(self, store, again):
        data = bytes(range(256)) * 3
        store.write("record.toml", data)
        store.write(TOMBSTONE, b"gone\r\n\0")
        store.finish()
        other = again()
        assert other.read("record.toml") == data
        assert b"".join(other.pieces("record.toml")) == data
        assert [tuple(one) for one in other.list("erased/")] == [(TOMBSTONE, 7)]
        assert other.read(TOMBSTONE) == b"gone\r\n\0"

    def test_a_part_is_read_and_what_lies_behind_the_end_is_nothing(self, store):
        store.write("record.toml", b"0123456789")
        store.finish()
        assert store.read("record.toml", 3, 4) == b"3456"
        assert store.read("record.toml", 0, 4) == b"0123"
        assert store.read("record.toml", 8, 100) == b"89"
        assert store.read("record.toml", 10) == store.read("record.toml", 400, 3) == b""
        assert store.read("record.toml", 0, 1 << 30) == b"0123456789"

    def test_writing_again_is_harmless(self, store, again):
        for _ in range(2):
            store.write(TOMBSTONE, b"same")
            store.finish()
        assert again().read(TOMBSTONE) == b"same"

    def test_once_writes_only_where_there_is_nothing(self, store, again):
        assert store.write("record.toml", b"first", once=True)
        store.finish()
        other = again()
        assert not other.write("record.toml", b"second", once=True)
        other.finish()
        assert other.read("record.toml") == store.read("record.toml") == b"first"

    def test_deleted_is_gone_and_deleting_twice_is_no_error(self, store, again):
        store.write("record.toml", b"1")
        store.write(TOMBSTONE, b"2")
        store.finish()
        for _ in range(2):
            store.delete([TOMBSTONE, f"erased/{'0' * 32}.tombstone.json"])
            store.finish()
        other = again()
        assert list(other.list("erased/")) == []
        assert other.read("record.toml") == b"1"
        with pytest.raises(FileNotFoundError):
            other.read(TOMBSTONE)

    def test_an_empty_file_is_a_file(self, store, again):
        store.write(TOMBSTONE, b"")
        store.finish()
        assert [tuple(one) for one in again().list("erased/")] == [(TOMBSTONE, 0)]
        assert again().read(TOMBSTONE) == b""

    def test_a_folder_is_listed_without_its_neighbours(self, store, again, tmp_path):
        person = Person(tmp_path, "zoe").found()
        files = _published(person, {bundle(1): b"one", bundle(2): b"twotwo"})
        for path, data in files.items():
            store.write(path, data)
        store.finish()
        other = again()
        assert {one.path for one in other.list("heads/")} == {
            next(p for p in files if p.startswith("heads/"))
        }
        assert dict(other.list(f"log/{WRITER}/")) == {bundle(1): 3, bundle(2): 6}
        assert list(other.list(f"log/{OTHER}/")) == list(other.list("log/a1/")) == []
        assert other.read(bundle(2)) == b"twotwo"

    def test_a_second_listing_of_the_heads_shows_what_came_since(self, store, again, tmp_path):
        assert list(store.list("heads/")) == []
        files = _published(Person(tmp_path, "zoe").found(), {bundle(1): b"one"})
        other = again()
        for path, data in files.items():
            other.write(path, data)
        other.finish()
        assert [one.path for one in store.list("heads/")] == [
            path for path in files if path.startswith("heads/")
        ]
        assert store.read(bundle(1)) == b"one"

    @pytest.mark.slow
    def test_a_large_file_from_the_disk_comes_back_equal(self, store, again, tmp_path):
        source = tmp_path / "large"
        source.write_bytes(random.Random(7).randbytes((20 << 20) + 17))
        person = Person(tmp_path, "zoe").found()
        files = _published(person, {bundle(3): source.read_bytes()})
        store.write(bundle(3), str(source))
        store.write(*next(item for item in files.items() if item[0].startswith("heads/")))
        store.finish()
        size, at = source.stat().st_size, 0
        with open(source, "rb") as file:
            for piece in again().pieces(bundle(3)):
                assert len(piece) <= 16 << 20  # memory is bounded
                assert piece == file.read(len(piece))
                at += len(piece)
        assert at == size
        assert os.path.exists(source)


def _published(person, files):
    """Return a head that lists these files, and all as path to bytes, the files first."""
    key = load_device_key(person.env)
    head = make_head(
        key, person.home.record_id, lane="0" * 16, serial=1, files=[(path, len(data)) for path, data in files.items()],
        gone=[], over=[], seen=[], time_us=1_000_000,
    )  # fmt: skip
    return {**files, head.name.path: head.data}
