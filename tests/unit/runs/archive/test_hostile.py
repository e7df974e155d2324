"""Archives that somebody made with bad intent: refused by name, and nothing is written outside or left inside."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest

import gnomon
from gnomon.errors import BadArgumentError, DamagedFileError, GnomonError, MissingFileError
from gnomon.runs.archive import unpack
from gnomon.runs.archive.take_in import make_if_missing
from gnomon.session import close_all

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture
def good(project, tmp_path):
    with gnomon.run("one") as run:
        run.log({"loss": 1.0})
        (project / "kept.txt").write_text("kept")
        run.keep("kept.txt")
    close_all()
    gnomon.open().archive(tmp_path / "good.zip")
    return tmp_path / "good.zip"


@pytest.fixture
def there(tmp_path):
    make_if_missing(str(tmp_path / "there"))
    return gnomon.open(tmp_path / "there")


def remade(good: Path, change) -> Path:
    """Write the archive again; `change(members)` gets and gives {name: (ZipInfo, bytes)}."""
    with zipfile.ZipFile(good) as archive:
        members = {info.filename: (info, archive.read(info)) for info in archive.infolist()}
    target = good.with_name("hostile.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for info, data in change(members):
            archive.writestr(info, data)
    return target


def refuse(there, path: Path, match: str, error=DamagedFileError) -> None:
    before = sorted(Path(there.path).rglob("*"))
    around = sorted(path.parent.rglob("*"))
    with pytest.raises(error, match=match):
        there.import_(path)
    assert sorted(Path(there.path).rglob("*")) == before
    assert sorted(path.parent.rglob("*")) == around


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt", "x/record/../../../evil.txt", "/evil.txt", "x/../../evil", "x\\..\\evil", "C:/evil", "x/record/./log",
        "x/record//log",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(good, there, name):
    path = remade(good, lambda members: [*members.values(), (zipfile.ZipInfo(name), b"evil")])
    refuse(there, path, "is refused")


def test_a_symbolic_link_is_refused(good, there):
    info = zipfile.ZipInfo("x/record/objects")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    path = remade(good, lambda members: [*members.values(), (info, b"/etc")])
    refuse(there, path, "no plain file")


def test_a_bomb_is_refused_by_its_ratio(good, there):
    def change(members):
        for name, (info, data) in members.items():
            if name.endswith(".bundle.jsonl"):
                info.compress_type = zipfile.ZIP_DEFLATED
                data += b" " * (300 << 20)
            yield info, data

    refuse(there, remade(good, change), "bomb")


def test_a_bomb_of_many_small_parts_is_refused(good, there):
    def change(members):
        yield from members.values()
        for number in range(300):
            info = zipfile.ZipInfo(f"x/record/objects/{'0' * 32}/{number:032x}.pack")
            info.compress_type = zipfile.ZIP_DEFLATED
            yield info, bytes(1 << 20)

    refuse(there, remade(good, change), "bomb")


@pytest.mark.parametrize("said", [10, 1 << 40])
def test_a_size_that_is_not_true_is_refused(good, there, said):
    data = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        [info] = [one for one in archive.infolist() if one.filename.endswith(".pack")]
    at = data.rindex(info.filename.encode()) - 46  # its place in the central directory
    assert data[at : at + 4] == b"PK\1\2"
    data[at + 24 : at + 28] = struct.pack("<I", said & 0xFFFFFFFF)
    path = good.with_name("hostile.zip")
    path.write_bytes(data)
    refuse(there, path, "states|damaged|bomb")


def test_bytes_that_are_not_those_of_the_hash_are_refused(good, there):
    def change(members):
        for name, (info, data) in members.items():
            yield info, data[:-1] + bytes([data[-1] ^ 1]) if name.endswith(".pack") else data

    refuse(there, remade(good, change), r"\.pack")


def test_an_entry_that_was_changed_is_refused(good, there):
    def change(members):
        for name, (info, data) in members.items():
            yield info, data.replace(b'"name":"one"', b'"name":"two"') if name.endswith(".jsonl") else data

    refuse(there, remade(good, change), "bundle.jsonl")


def test_a_file_that_stands_twice_is_refused(good, there):
    def change(members):
        twice = next(one for name, one in members.items() if name.endswith("record.toml"))
        other = zipfile.ZipInfo("y/record/record.toml")
        return [*members.values(), (other, twice[1])]

    refuse(there, remade(good, change), "twice")


def test_files_that_no_record_of_an_export_has_are_not_unpacked(good, there):
    strange = ["x/record/log/evil.jsonl", "x/record/keys/key", "x/record/erased/all", "x/run.py"]
    path = remade(
        good, lambda members: [*members.values(), *((zipfile.ZipInfo(name), b"x") for name in strange)]
    )
    assert there.import_(path).new_runs
    assert not [
        one for one in Path(there.path).rglob("*") if one.name in ("evil.jsonl", "key", "all", "run.py")
    ]


def test_a_packing_that_is_not_read_is_said(good, there):
    def change(members):
        for info, data in members.values():
            info.compress_type = zipfile.ZIP_BZIP2
            yield info, data

    refuse(there, remade(good, change), "packed in a way", GnomonError)


@pytest.mark.parametrize("size", [0, 3, 100, -1, -30])
def test_an_archive_that_was_cut_is_refused(good, there, size):
    path = good.with_name("cut.zip")
    path.write_bytes(good.read_bytes()[:size])
    refuse(there, path, "damaged|no ZIP file", GnomonError)


def test_what_is_no_export_is_said(good, there, tmp_path):
    refuse(there, tmp_path / "nothing", "does not exist", MissingFileError)
    (tmp_path / "folder").mkdir()
    refuse(there, tmp_path / "folder", "holds no", BadArgumentError)
    refuse(there, tmp_path / "project", "holds no", BadArgumentError)
    refuse(there, tmp_path / "project" / ".gnomon", "record in use", BadArgumentError)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    refuse(there, tmp_path / "other.zip", "holds no", BadArgumentError)


def test_links_in_a_folder_are_not_followed(good, there, tmp_path):
    gnomon.open().export(tmp_path / "out")
    record = tmp_path / "out" / "record"
    os.symlink("/etc", record / "log" / ("a" * 32))
    [pack] = record.rglob("*.pack")
    pack.rename(tmp_path / "pack")
    os.symlink(tmp_path / "pack", pack)
    got = there.import_(tmp_path / "out")
    assert got.objects == 0
    (tmp_path / "out" / "record").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", tmp_path / "out" / "record")
    refuse(there, tmp_path / "out", "symbolic link", BadArgumentError)


def test_a_bundle_that_is_larger_than_any_is_not_read(good, there, tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MOST_BUNDLE_BYTES", 100)
    refuse(there, good, "larger than any bundle")
