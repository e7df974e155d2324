"""A tree read in bulk is the tree read with care, or none."""

from __future__ import annotations

import contextlib
import random

import pytest

from gnomon.errors import GnomonError
from gnomon.objects import tree
from gnomon.objects.quick_tree import decode_sound_tree
from gnomon.objects.tree import TreeFile, encode_tree


def file(path, number=1, size=3, mode=0o644):
    return TreeFile(path, f"{number:064x}", size, mode)


def test_a_plain_tree_is_read():
    files = [file("a.csv"), file("deep/er/b", 2), file("deep/er/c.d.e", 3, 0, 0o755), file("..x/.y", 4)]
    assert decode_sound_tree(encode_tree(files)) == sorted(files)


@pytest.mark.parametrize(
    "files",
    [
        [file("../up")],
        [file("a/./b")],
        [file("/a")],
        [file("a//b")],
        [file("a/")],
        [file("a\\b")],
        [file("c:x")],
        [file("x\0y")],
        [file("a"), file("a/b", 2)],
        [file("a"), file("a", 2)],
        [file("a", mode=0o1777)],
        [file("é")],  # a plain name, but one that is looked at by itself
        [],
    ],
)
def test_any_other_is_left_to_the_careful_way(files):
    assert decode_sound_tree(encode_tree(files)) is None


@pytest.mark.slow
def test_with_any_byte_changed_both_ways_agree():
    data = encode_tree([file("a.csv"), file("deep/b", 2), file("deep/c", 3)])
    chance = random.Random(1)
    read = 0
    for at in range(len(data)):
        for value in (*b'",{}[]:/.\\0a', chance.randrange(256)):
            changed = data[:at] + bytes([value]) + data[at + 1 :]
            quickly = decode_sound_tree(changed)
            carefully = None
            with contextlib.suppress(GnomonError):
                carefully = tree._carefully_decoded(changed, "0" * 64)
            assert quickly is None or quickly == carefully, changed
            read += quickly is not None
    assert read > 100, "many changes give another sound tree"
