"""Trees: what of a folder goes in, their bytes, and what a reader refuses."""

from __future__ import annotations

import json
import os
import socket

import pytest

from gnomon.errors import BadArgumentError, DamagedObjectError, UnknownFormatError
from gnomon.objects.tree import TreeFile, colliding_paths, decode_tree, encode_tree, find_files, path_fault

A, B = "a" * 64, "b" * 64


def paths_of(folder, **options):
    found, notes = find_files(os.path.realpath(folder), **options)
    return [file.path for file in found], notes


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "kept"
    made.mkdir()
    return made


# ---------------------------------------------------------------- from a folder


def test_files_come_in_order_of_their_paths(folder):
    for path in ("b.txt", "a/z.txt", "a.txt", "a/b/c.txt", "a-b.txt", "ä.txt"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    assert paths_of(folder) == (["a-b.txt", "a.txt", "a/b/c.txt", "a/z.txt", "b.txt", "ä.txt"], [])


def test_of_the_mode_only_executable_counts(folder):
    for mode in (0o600, 0o666, 0o700, 0o755):
        (folder / oct(mode)).write_text("")
        (folder / oct(mode)).chmod(mode)
    assert [file.mode for file in find_files(os.path.realpath(folder))[0]] == [0o644, 0o644, 0o755, 0o755]


def test_a_link_to_a_file_inside_is_kept_as_that_file(folder):
    (folder / "step-1").mkdir()
    (folder / "step-1" / "w.bin").write_text("x")
    (folder / "latest.bin").symlink_to("step-1/w.bin")
    (folder / "latest").symlink_to("step-1")
    assert paths_of(folder) == (["latest.bin", "latest/w.bin", "step-1/w.bin"], [])


@pytest.mark.parametrize("target", ["/etc/hostname", "../secret", "a/../../secret", "/"])
def test_a_link_that_leaves_the_folder_is_refused(folder, target):
    (folder.parent / "secret").write_text("key")
    (folder / "a").mkdir()
    (folder / "a" / "innocent.txt").symlink_to(target if target.startswith("/") else f"../{target}")
    with pytest.raises(
        BadArgumentError, match=r"`a/innocent.txt` in .* symbolic link that leaves the folder"
    ):
        find_files(os.path.realpath(folder))


def test_a_neighbour_whose_name_begins_alike_is_outside(folder):
    (folder.parent / "kept-not").mkdir()
    (folder / "link").symlink_to("../kept-not")
    with pytest.raises(BadArgumentError, match="leaves the folder"):
        find_files(os.path.realpath(folder))


def test_links_that_go_in_circles_end(folder):
    (folder / "a").mkdir()
    (folder / "a" / "file").write_text("x")
    (folder / "a" / "up").symlink_to("..")
    (folder / "a" / "self").symlink_to(".")
    (folder / "b").symlink_to("a")
    (folder / "loop").symlink_to("loop")
    found, notes = paths_of(folder)
    assert found == ["a/file", "b/file"]
    assert len(notes) == 5
    assert "the broken link `loop` is not kept" in notes


@pytest.mark.slow
def test_many_links_to_each_other_do_not_multiply(folder):
    names = [f"d{i}" for i in range(12)]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
        for other in names:
            (folder / name / f"to-{other}").symlink_to(f"../{other}")
    assert len(paths_of(folder)[0]) == 12 + 12 * 11


def test_what_is_no_file_is_left_out_with_a_note(folder):
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
    (folder / "empty").mkdir()
    (folder / "gone").symlink_to("nowhere")
    (folder / "file").write_text("x")
    found, notes = paths_of(folder)
    assert found == ["file"]
    assert sorted(notes) == [
        "`pipe` is not kept: it is neither a file nor a folder",
        "`socket` is not kept: it is neither a file nor a folder",
        "the broken link `gone` is not kept",
        "the empty folder `empty` is not kept",
    ]


def test_records_and_git_folders_are_left_out_with_a_note(folder):
    for name in (".git", ".gnomon", "sub/.git", "mine"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config").write_text("x")
    (folder / "to-git").symlink_to(".git")
    (folder / "to-config").symlink_to(".git/config")
    (folder / ".gitignore").write_text("x")
    found, notes = paths_of(folder, without={os.path.realpath(folder / "mine")})
    assert found == [".gitignore"]
    assert len(notes) == 6


@pytest.mark.parametrize(
    ("name", "why"), [(b"a\\b", "backslash"), (b"c:x", "drive letter"), (b"caf\xe9", "not valid UTF-8")]
)
def test_a_name_that_a_tree_cannot_hold_is_refused(folder, name, why):
    try:
        (folder / os.fsdecode(name)).write_text("x")
    except OSError:
        pytest.skip("this disk does not take such a name either")
    with pytest.raises(BadArgumentError, match=why) as caught:
        find_files(os.path.realpath(folder))
    str(caught.value).encode("utf-8")


# ---------------------------------------------------------------- bytes


def test_tree_bytes_do_not_change():
    """Old trees must stay readable, and the same files give the same tree for ever."""
    files = [TreeFile('b/ä\t".txt', B, 0, 0o755), TreeFile("a/b.txt", A, 12, 0o644)]
    assert (
        encode_tree(files)
        == (
            f'{{"files":[{{"mode":420,"object":"{A}","path":"a/b.txt","size":12}},'
            f'{{"mode":493,"object":"{B}","path":"b/ä\\t\\".txt","size":0}}],"v":1}}'
        ).encode()
    )
    assert encode_tree([]) == b'{"files":[],"v":1}'
    assert decode_tree(encode_tree(files), A) == sorted(files)
    assert decode_tree(encode_tree([]), A) == []


@pytest.mark.parametrize(
    "path",
    [
        *["", ".", "..", "/", "/etc/passwd", "../x", "a/../x", "a/..", "a//b", "a/", "/a", "./a", "a/./b"],
        *[
            "a\\b",
            "..\\x",
            "\\\\host\\x",
            "C:x",
            "c:/x",
            "C:\\x",
            "a\0b",
            "\ud800",
            "x" * 4097,
            "\u00e4" * 2049,
        ],
    ],
)
def test_an_unsafe_path_is_refused(path):
    assert path_fault(path)
    quoted = json.dumps(path, ensure_ascii="\ud800" in path)
    data = f'{{"files":[{{"mode":420,"object":"{A}","path":{quoted},"size":1}}],"v":1}}'.encode()
    with pytest.raises(DamagedObjectError) as caught:
        decode_tree(data, A)
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    "path", ["a", "...", "..a", "a..", ".hidden", "a b", "ab:c", "a/b:c", "1:x", "ä/ö", "a\nb", "~", "-rf"]
)
def test_an_odd_but_safe_path_is_taken(path):
    assert path_fault(path) is None
    files = [TreeFile(path, A, 1, 0o644)]
    assert decode_tree(encode_tree(files), A) == files


ONE = f'{{"mode":420,"object":"{A}","path":"a","size":1}}'.encode()
TWO = f'{{"mode":420,"object":"{A}","path":"b","size":1}}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"files":[]}',
        b'{"files":[],"v":1} ',
        b'{"files":["v":1}',
        b'{"v":1,"files":[]}',
        b'{"files":[%b,],"v":1}' % ONE,
        b'{"files":[,%b],"v":1}' % ONE,
        b'{"files":[%b%b],"v":1}' % (ONE, TWO),
        b'{"files":[%b,%b],"v":1}' % (TWO, ONE),
        b'{"files":[%b,%b],"v":1}' % (ONE, ONE),
        b'{"files":[%b, %b],"v":1}' % (ONE, TWO),
        b'{"files":[%b],"v":1}' % ONE.replace(b"420", b"0420"),
        b'{"files":[%b],"v":1}' % ONE.replace(b"420", b"512"),
        b'{"files":[%b],"v":1}' % ONE.replace(b"420", b"-1"),
        b'{"files":[%b],"v":1}' % ONE.replace(b'"size":1', b'"size":-1'),
        b'{"files":[%b],"v":1}' % ONE.replace(b'"a"', b'"\\u0061"'),
        b'{"files":[%b],"v":1}' % ONE.replace(b'"a"', b'"\xff"'),
        b'{"files":[%b],"v":1}' % ONE.replace(b'"a"', b'"\\x"'),
        b'{"files":[%b],"v":1}' % ONE.replace(b'"a"', b'"a\nb"'),
        b'{"files":[%b],"v":1}' % ONE.replace(A.encode(), A[1:].encode()),
        b'{"files":[' + b"[" * 100_000,
        b'{"files":[' + b"{}," * 100_000 + b'],"v":1}',
        b'{"files":[{"mode":420,"object":"%b","path":"%b' % (A.encode(), b"\\" * 100_001),
    ],
)
def test_json_that_is_no_canonical_tree_is_refused(data):
    with pytest.raises(DamagedObjectError):
        decode_tree(data, A)


def test_a_file_that_is_also_a_folder_is_refused():
    with pytest.raises(DamagedObjectError, match="`a` is a file and a folder"):
        decode_tree(encode_tree([TreeFile("a", A, 1, 0o644), TreeFile("a/b/c", A, 1, 0o644)]), A)
    with pytest.raises(DamagedObjectError, match="`a/b` is a file and a folder"):
        decode_tree(encode_tree([TreeFile("a/b", A, 1, 0o644), TreeFile("a/b/c", A, 1, 0o644)]), A)


def test_an_unknown_version_is_named():
    with pytest.raises(UnknownFormatError, match="has format 2; this version reads format 1"):
        decode_tree(b'{"files":[],"v":2}', A)


def test_names_that_a_disk_may_take_for_one_are_found():
    paths = ["A/x", "a/y", "b", "B", "straße", "STRASSE", "caf\u00e9", "cafe\u0301", "other/B"]
    assert sorted(colliding_paths(paths)) == [
        ("A", "a"),
        ("B", "b"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "caf\u00e9"),
    ]
    assert colliding_paths(["a/b", "a/c", "a"]) == []
