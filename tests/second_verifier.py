"""Verify a record by `docs/internals/record-format.md` alone: no code of Gnomon takes part.

    python tests/second_verifier.py PATH/.gnomon     exit code 0: whole, 3: damaged

`problems(path)` gives (file, what is wrong) for each damage; notices are what a crash leaves behind and what
cannot be told. Always true: no file raises, and memory grows with what is there, not with what it claims.
Not checked: what is inside Parquet files (their name is the hash of their bytes), commitments to points,
what bodies mean, whether what was erased is gone, and the form of trees of more than 16 MiB.
WALs and packs are read in `second_binary.py`, text in `second_forms.py`.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import iter_unpack, unpack_from
from typing import BinaryIO
from zlib import crc32

from blake3 import blake3
from second_binary import Frame, check_frame, check_wal, read_index, unpack
from second_forms import (
    MIB,
    SHAPES,
    Chain,
    Damage,
    check_head,
    check_record_toml,
    check_tombstone,
    check_tree,
    h,
    hash_of,
    is_entry,
    must,
    read_entry,
    signed,
)

LONGEST = 32 * MIB  # of a line: a body of 16 MiB, and its head


class Verifier:
    """One pass over a replica; what is found is in `problems` and `notices`."""

    def __init__(self, root: Path) -> None:
        self.root, self.record, self.files = root, "", 0
        self.problems: list[tuple[str, str]] = []
        self.notices: list[tuple[str, str]] = []
        self.keys: dict[str, bytes] = {}  # of logs with a sound certificate
        self.entries: dict[tuple[str, int], str] = {}  # (log, seq): entry, to see two histories
        self.files_of: dict[tuple[str, str], tuple[str, str]] = {}  # (log, file): first entry, its writer
        self.bare: dict[str, tuple[str, str]] = {}  # close marks without body so far
        self.closes: list[tuple[str, str, dict]] = []
        self.lanes: dict[tuple[str, str, str], str] = {}
        self.objects: dict[bytes, tuple[str, Frame, int, int]] = {}  # sound ones, but for lists of chunks
        self.lists: list[tuple[str, Frame]] = []
        self.listed: set[bytes] = set()  # objects that are lists
        self.unpacked: dict[tuple[str, int], bytes] = {}  # the last frames that chunks were taken from

    @contextmanager
    def at(self, file: str, place: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever the bytes hold, it is named and the rest is checked
            kind = "" if isinstance(error, Damage) else f"{type(error).__name__}: "
            self.problems.append((file, f"{place}: {kind}{error}"))

    def run(self) -> "Verifier":
        with self.at("record.toml", "file"):
            self.record_toml()
        for file in self.walk():
            for pattern, check in PLACES:
                if name := re.fullmatch(pattern, file):
                    self.files += 1
                    with self.at(file, "file"), (self.root / file).open("rb") as opened:
                        check(self, file, opened, *name.groups())
                    break
        self.finish_logs()
        for file, frame in self.lists:
            with self.at(file, f"object {frame.objects[0][2].hex()}"):
                self.join_chunks(file, frame)
        return self

    def walk(self) -> Iterator[str]:
        """The files of the rooms that the page names; symbolic links are not followed."""
        for room in ("log", "points", "objects", "heads", "erased"):
            for folder, folders, names in os.walk(self.root / room):
                folders.sort()
                for name in sorted(names):
                    is_file = stat.S_ISREG(Path(folder, name).lstat().st_mode)
                    if is_file and not name.startswith(".") and not name.endswith(".tmp"):
                        yield Path(folder, name).relative_to(self.root).as_posix()

    def record_toml(self) -> None:
        with (self.root / "record.toml").open("rb") as opened:
            self.record = check_record_toml(opened.read(MIB))

    def log(self, file: str, opened: BinaryIO, writer: str, name: str, kind: str) -> None:
        """A log, or a bundle of either kind (sections 5 and 6)."""
        chain, number, is_damaged = Chain(), 0, False
        while line := opened.readline(LONGEST):
            number, was_damaged, is_damaged = number + 1, is_damaged, True
            with self.at(file, f"line {number}"):
                if not kind and not line.endswith(b"\n") and len(line) < LONGEST:
                    must(not is_entry(line[:-1] + b"\n"), "the line feed is damaged")
                    self.notices.append((file, f"line {number}: unfinished, its process died"))
                    break
                must(line.endswith(b"\n"), "has no end, or is too long")
                entry = read_entry(line)
                is_damaged = False
                must(kind or (entry["log"], entry["writer"]) == (name, writer), "of another log or writer")
                self.take(file, f"line {number}", entry)
                chain.add(entry, was_damaged)
        opened.seek(0)
        must(not kind or hash_of(opened, "bundle") == name, "the name is not the hash of the bytes")

    def take(self, file: str, place: str, entry: dict) -> None:
        """Keep of an entry what other files are held against."""
        log, kind, body = entry["log"], entry["kind"], entry["json"]
        self.files_of.setdefault((log, file), (place, entry["writer"]))
        if self.entries.setdefault((log, entry["seq"]), entry["entry"]) != entry["entry"]:
            self.problems.append((file, f"{place}: two histories of log {log} have this number"))
        if entry["seq"] == 0:
            must(
                (kind, entry["subject"]) == ("log.opened", f"log:{log}"),
                "the first entry is no `log.opened` of its log",
            )
        if kind == "log.opened" and body is not None:
            key, nonce = bytes.fromhex(body["key"]), bytes.fromhex(body["nonce"])
            must(h("writer", key)[:16].hex() == entry["writer"], "the key is not the writer's")
            must(
                len(nonce) == 16 and h("log", key + nonce)[:16].hex() == log,
                "key and nonce do not give the log id",
            )
            signed(key, bytes.fromhex(body["certificate"]), b"gnomon v1 certificate\0" + bytes.fromhex(log))
            self.keys[log] = key
        elif kind == "log.closed" and body is not None:
            self.closes.append((file, place, entry))
        elif kind == "log.closed":
            self.bare.setdefault(entry["entry"], (file, place))

    def finish_logs(self) -> None:
        """Certificates and close marks, when all files are read: another file may hold the body."""
        for file, place, entry in self.closes:
            self.bare.pop(entry["entry"], None)
            with self.at(file, place):
                if entry["log"] not in self.keys:
                    continue  # told below
                message = b"gnomon v1 close\0" + bytes.fromhex(entry["log"] + entry["prev"])
                signed(self.keys[entry["log"]], bytes.fromhex(entry["json"]["signature"]), message)
        for file, place in self.bare.values():
            self.problems.append((file, f"{place}: no file has the body of the close mark"))
        for (log, file), (place, writer) in self.files_of.items():
            key = self.keys.get(log)
            if key is None:
                self.problems.append((file, f"{place}: no file has the certificate of log {log}"))
            elif h("writer", key)[:16].hex() != writer:
                self.problems.append(
                    (file, f"{place}: another writer than that of the certificate of log {log}")
                )

    def wal(self, file: str, opened: BinaryIO, writer: str, name: str) -> None:
        data = opened.read(64 * MIB + 1)
        must(len(data) <= 64 * MIB, "larger than 64 MiB")
        problems, notices = check_wal(data, name, writer)
        self.problems += [(file, what) for what in problems]
        self.notices += [(file, what) for what in notices]

    def salvage(self, file: str, opened: BinaryIO, writer: str, name: str, crc: str) -> None:
        size, running = opened.seek(0, 2), 0
        opened.seek(0)
        head = opened.read(24)
        must(size >= 1052 and head[:8] == b"GNMSLV1\n", "too short, or another magic")
        must(size == 1052 + unpack_from("<Q", head, 16)[0], "the stated length is not that of the file")
        for at in range(0, size - 4, MIB):
            opened.seek(at)
            running = crc32(opened.read(min(MIB, size - 4 - at)), running)
        tail = opened.read(4)
        must(
            tail == running.to_bytes(4, "little") and tail.hex() == crc,
            "its CRC does not fit its bytes or name",
        )
        self.notices.append((file, f"what was damaged in WAL {name}"))

    def segment(self, file: str, opened: BinaryIO, writer: str, name: str) -> None:
        must(hash_of(opened, "segment") == name, "the name is not the hash of the bytes")
        size = opened.seek(0, 2)
        opened.seek(0)
        first = opened.read(4)
        opened.seek(max(0, size - 4))
        must(size >= 12 and first == opened.read() == b"PAR1", "is no Parquet file")

    def pack(self, file: str, opened: BinaryIO, writer: str, name: str) -> None:
        with self.at(file, "file"):
            must(hash_of(opened, "pack") == name, "the name is not the hash of the bytes")
        for frame in read_index(opened):
            with self.at(file, f"frame at {frame.offset}"):
                check_frame(frame)
                self.frame(file, opened, frame)

    def frame(self, file: str, opened: BinaryIO, frame: Frame) -> None:
        if frame.codec == "chunks":
            self.lists.append((file, frame))
            self.listed.add(frame.objects[0][2])
        elif frame.size > 16 * MIB:
            hasher, id_ = blake3(), frame.objects[0][2]
            for piece in unpack(opened, frame):
                hasher.update(piece)
            must(hasher.digest() == id_, f"object {id_.hex()} has another digest")
        else:
            data = b"".join(unpack(opened, frame))
            for start, size, id_ in frame.objects:
                with self.at(file, f"object {id_.hex()}"):
                    must(blake3(data[start : start + size]).digest() == id_, "has another digest")
                    self.objects[id_] = (file, frame, start, size)
                    self.tree(file, data[start : start + size])

    def tree(self, file: str, data: bytes) -> None:
        try:
            check_tree(data)
        except (Damage, ValueError) as error:
            self.notices.append((file, f"an object that looks like a tree is none: {error}"))

    def join_chunks(self, file: str, frame: Frame) -> None:
        """Hold an object that is stored as a list of chunks against its digest."""
        _, left, id_ = frame.objects[0]
        must(left <= 1 << 40, "a list of chunks stands for more than 1 TiB")
        lines, whole = blake3(derive_key_context="gnomon v1 chunks"), blake3()
        with (self.root / file).open("rb") as opened:
            opened.seek(frame.offset)
            told = opened.read(32)
            for at in range(32, frame.stored, 36 * 4096):
                block = opened.read(min(36 * 4096, frame.stored - at))
                lines.update(block)
                for chunk, size in iter_unpack("<32sI", block):
                    left -= size
                    must(left >= 0 and size <= 16 * MIB, "a chunk is larger than 16 MiB, or than the object")
                    must(chunk not in self.listed or chunk in self.objects, "a list names a list")
                    if chunk not in self.objects:
                        self.notices.append(
                            (file, f"object {id_.hex()}: no sound chunk {chunk.hex()} is here")
                        )
                        return
                    must(self.objects[chunk][3] == size, f"chunk {chunk.hex()} has not the stated size")
                    whole.update(self.chunk(*self.objects[chunk]))
        must(lines.digest() == told, "the list of chunks does not fit its hash")
        must(left == 0 and whole.digest() == id_, "its chunks joined have another size or digest")

    def chunk(self, file: str, frame: Frame, start: int, size: int) -> bytes:
        key = (file, frame.offset)
        if key not in self.unpacked:
            if len(self.unpacked) == 8:
                self.unpacked.pop(next(iter(self.unpacked)))
            with (self.root / file).open("rb") as opened:
                self.unpacked[key] = b"".join(unpack(opened, frame))
        return self.unpacked[key][start : start + size]

    def tombstone(self, file: str, opened: BinaryIO, name: str) -> None:
        text = opened.read(64 * MIB + 1)
        must(len(text) <= 64 * MIB, "larger than 64 MiB")
        check_tombstone(text, name)

    def head(self, file: str, opened: BinaryIO, writer: str, lane: str, serial: str, name: str) -> None:
        text = opened.read(64 * MIB + 1)
        must(len(text) <= 64 * MIB, "larger than 64 MiB")
        check_head(text, (writer, lane, serial), name, self.record)
        if self.lanes.setdefault((writer, lane, serial), name) != name:
            self.notices.append((file, "two histories of one lane"))


OWNER = f"({SHAPES['32']})"
PLACES = [
    (rf"log/{OWNER}/([^/]+?)((?:\.open)?\.bundle|)\.jsonl", Verifier.log),
    (rf"points/{OWNER}/([^/]+)\.wal", Verifier.wal),
    (rf"points/{OWNER}/([^/]+)\.parquet", Verifier.segment),
    (rf"points/{OWNER}/([^/]+)\.([^./]+)\.salvage", Verifier.salvage),
    (rf"objects/{OWNER}/([^/]+)\.pack", Verifier.pack),
    (rf"heads/{OWNER}/([0-9a-f]+)-([0-9]+)-([0-9a-f]+)\.head", Verifier.head),
    (r"erased/([^/]+)\.tombstone", Verifier.tombstone),
]


def problems(path: Path | str) -> list[tuple[str, str]]:
    return Verifier(Path(path)).run().problems


if __name__ == "__main__":
    verifier = Verifier(Path(sys.argv[1])).run()
    for file, what in verifier.problems:
        print(f"{file}: {what}")
    for file, what in verifier.notices:
        print(f"notice: {file}: {what}")
    print(f"{verifier.files} files: {len(verifier.problems)} problems, {len(verifier.notices)} notices")
    sys.exit(3 if verifier.problems else 0)
