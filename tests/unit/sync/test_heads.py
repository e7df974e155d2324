"""Heads: what is read is what a device signed, or it is refused by name."""

from __future__ import annotations

import json

import pytest

from gnomon.errors import DamagedFileError
from gnomon.record.keys import DeviceKey
from gnomon.sync.heads import HeadName, head_name, is_replaced, make_head, read_head, that_count

KEY, OTHER = DeviceKey(bytes(32)), DeviceKey(b"\1" * 32)
RECORD = "ab" * 16
BUNDLE = f"log/{KEY.writer}/{'c' * 32}.bundle.jsonl"


def head(serial=1, *, key=KEY, lane="1" * 16, files=((BUNDLE, 10),), over=(), record=RECORD):
    return make_head(key, record, lane=lane, serial=serial, files=files, over=over, seen=(), time_us=serial)


def test_what_was_made_is_read():
    made = head(3, over=["d" * 32])
    assert read_head(made.name.path, made.data, RECORD) == made
    assert head_name(made.name.path) == made.name


def test_the_bytes_of_the_format():
    """Golden: a head of this key, in the bytes that docs/internals/record-format.md describes."""
    made = head()
    assert made.name.path == (f"heads/{KEY.writer}/1111111111111111-0000000001-{made.name.hash}.head")
    assert json.loads(made.data)["head"] == {
        "files": [[BUNDLE, 10]], "gone": [], "lane": "1" * 16, "over": [], "record": RECORD, "seen": [], "serial": 1,
        "time_us": 1, "v": 1, "writer": KEY.writer,
    }  # fmt: skip
    assert made.name.hash == "445df4556a0df5390890869d1996efd5"


def test_every_flipped_bit_is_found():
    made = head()
    for at in range(len(made.data)):
        data = bytearray(made.data)
        data[at] ^= 1 << (at % 8)
        with pytest.raises(DamagedFileError, match="do not match its name"):
            read_head(made.name.path, bytes(data), RECORD)


def renamed(data, name):
    """Return the path under which these bytes have a true hash."""
    from gnomon.record.hashing import derive_id

    return HeadName(name.writer, name.lane, name.serial, derive_id("head", data)).path


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"serial":1', b'"serial":2', "canonical form"),
        (BUNDLE.encode(), b"log/../../../etc/passwd" + b"x" * 53, "which no head may"),
        (BUNDLE.encode(), b"/etc/passwd", "which no head may"),
        (b",10]", b",-1]", "which no head may"),
        (b'"v":1', b'"v":2', "version is 2"),
        (b'"over":[]', b'"over":[],"x":1', "form of a head"),
        (b'"time_us":1', b'"time_us":2', "not signed by its writer"),
        (b'"seen":[]', b'"seen": []', "canonical form"),
    ],
)
def test_what_a_hostile_remote_makes_up_is_refused(old, new, why):
    made = head()
    data = made.data.replace(old, new)
    assert data != made.data
    with pytest.raises(DamagedFileError, match=why):
        read_head(renamed(data, made.name), data, RECORD)


def test_a_head_of_another_key_under_this_writers_name_is_refused():
    made = head()
    theirs = head(key=OTHER, files=((BUNDLE, 99),))
    with pytest.raises(DamagedFileError, match=r"canonical form|not signed"):
        read_head(renamed(theirs.data, made.name), theirs.data, RECORD)
    data = made.data.replace(KEY.public.hex().encode(), OTHER.public.hex().encode())
    with pytest.raises(DamagedFileError, match="not signed by its writer"):
        read_head(renamed(data, made.name), data, RECORD)


def test_a_head_of_another_record_is_refused():
    made = head(record="cd" * 16)
    with pytest.raises(DamagedFileError, match="another record"):
        read_head(made.name.path, made.data, RECORD)


@pytest.mark.parametrize(
    "path",
    [
        "heads/../x", f"heads/{'a' * 32}/x.head", f"heads/{'A' * 32}/{'1' * 16}-0000000001-{'a' * 32}.head",
        f"heads/{'a' * 32}/{'1' * 16}-1-{'a' * 32}.head", f"x/heads/{'a' * 32}/{'1' * 16}-0000000001-{'a' * 32}.head",
        f"heads/{'a' * 32}/{'1' * 16}-0000000001-{'a' * 32}.head\n",
    ],
)  # fmt: skip
def test_other_names_are_no_heads(path):
    assert head_name(path) is None


def test_a_head_replaces_those_that_it_names_and_those_far_below_in_its_lane():
    first, second = head(1), head(2)
    assert not is_replaced(first.name, [second])  # two histories of one lane: not named
    assert is_replaced(first.name, [head(2, over=[first.name.hash])])
    assert not is_replaced(first.name, [head(17)])
    assert is_replaced(first.name, [head(18)])
    assert not is_replaced(first.name, [head(18, lane="2" * 16)])
    assert not is_replaced(first.name, [head(18, key=OTHER)])
    third = head(3, over=[second.name.hash])
    assert [one.name.serial for one in that_count([first, second, third])] == [1, 3]
