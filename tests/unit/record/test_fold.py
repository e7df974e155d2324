"""Helpers for folds: what drops out, registers, observed-remove sets, reports by process, bodies."""

from __future__ import annotations

import itertools
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.record import fold
from gnomon.record.body import decode_body, encode_body
from gnomon.record.fold import LiveEntry
from gnomon.record.lines import parse_line
from tests.unit.record.made_record import MadeLog


def entries(*logs: MadeLog) -> list:
    return [parse_line(line) for log in logs for line in log.lines[1:]]


def live(body: bytes | None, **changes) -> LiveEntry:
    fields = {
        "digest": bytes(32),
        "kind": "toy.said",
        "author": None,
        "writer_raw": bytes(16),
        "log_raw": bytes(16),
        "seq": 0,
        "time_us": 0,
        "body_raw": body,
    }
    return LiveEntry(**{**fields, **changes})


# ---------------------------------------------------------------- what drops out


def test_a_covered_entry_drops_out_in_any_order_and_however_often_it_comes():
    log = MadeLog(1)
    a = log.add("toy.said", "toy:1")
    b = log.add("toy.said", "toy:1", over=[a])
    c = log.add("toy.said", "toy:1", over=[a])
    all_of_them = entries(log)
    for order in itertools.permutations(all_of_them + all_of_them[:1]):
        assert {entry.hash for entry in fold.uncovered(order)} == {b, c}


def test_a_covered_entry_still_covers_what_it_names():
    log = MadeLog(1)
    a = log.add("toy.said", "toy:1")
    b = log.add("toy.said", "toy:1", over=[a])
    c = log.add("toy.said", "toy:1", over=[b])
    assert [entry.hash for entry in fold.uncovered(entries(log))] == [c]


def test_an_entry_cannot_cover_one_of_another_subject():
    log = MadeLog(1)
    a = log.add("toy.said", "toy:1")
    b = log.add("toy.said", "toy:2", over=[a])
    assert {entry.hash for entry in fold.uncovered(entries(log))} == {a, b}


def test_what_stands_is_given_by_time_and_then_by_hash():
    log = MadeLog(1)
    late = log.add("toy.said", "toy:1", time_us=9)
    early = [log.add("toy.said", "toy:1", {"n": n}, time_us=5) for n in range(3)]
    assert [entry.hash for entry in fold.uncovered(entries(log))] == [*sorted(early), late]


# ---------------------------------------------------------------- registers


def register_of(*logs: MadeLog):
    return fold.register(fold.uncovered(entries(*logs)), "toy.named", "name", default="unnamed")


def test_a_register_that_nobody_set_has_its_default():
    register = register_of(MadeLog(1))
    assert (register.value, register.values, register.hashes, register.is_settled) == (
        "unnamed",
        (),
        (),
        True,
    )


def test_two_who_choose_apart_leave_two_heads_and_the_next_choice_settles_it():
    one, other = MadeLog(1), MadeLog(2)
    first = one.add("toy.named", "toy:1", {"name": "a"}, time_us=1)
    left = one.add("toy.named", "toy:1", {"name": "b"}, over=[first], time_us=2)
    right = other.add("toy.named", "toy:1", {"name": "c"}, over=[first], time_us=3)
    apart = register_of(one, other)
    assert (apart.values, apart.value, apart.is_settled) == (("b", "c"), "c", False)
    assert apart.hashes == (left, right)
    one.add("toy.named", "toy:1", {"name": "d"}, over=apart.hashes)
    settled = register_of(one, other)
    assert (settled.values, settled.is_settled) == (("d",), True)


def test_two_who_choose_the_same_agree():
    one, other = MadeLog(1), MadeLog(2)
    one.add("toy.named", "toy:1", {"name": "a"}, time_us=1)
    other.add("toy.named", "toy:1", {"name": "a"}, time_us=2)
    register = register_of(one, other)
    assert (register.values, register.is_settled, len(register.heads)) == (("a",), True, 2)


def test_one_and_one_point_zero_and_true_are_three_values():
    log = MadeLog(1)
    for at, value in enumerate((1, 1.0, True)):
        log.add("toy.named", "toy:1", {"name": value}, time_us=at)
    assert [repr(value) for value in register_of(log).values] == ["1", "1.0", "True"]


def test_a_head_whose_body_was_erased_has_no_value_but_is_covered_by_the_next_choice():
    head = live(None, kind="toy.named", digest=b"\1" * 32)
    register = fold.register([head], "toy.named", "name")
    assert (register.value, register.values, register.hashes) == (None, (), ("01" * 32,))


# ---------------------------------------------------------------- sets and reports


def test_a_removal_takes_what_it_saw_and_leaves_what_was_added_elsewhere():
    here, there = MadeLog(1), MadeLog(2)
    seen = here.add("toy.tagged", "toy:1", {"tag": "x"})
    there.add("toy.tagged", "toy:1", {"tag": "x"})
    here.add("toy.tagged", "toy:1", {"tag": ["y", "z"]})
    here.add("toy.untagged", "toy:1", {"tag": "x"}, over=[seen])
    tags = fold.observed(fold.uncovered(entries(here, there)), "toy.tagged", "tag")
    assert list(tags) == ["x", "y", "z"]
    assert len(tags["x"]) == 1


def test_what_is_no_text_is_no_member_of_a_set():
    assert fold.observed([live(b'{"tag":[1,null,"ok",{"a":1}]}', kind="t")], "t", "tag").keys() == {"ok"}


def test_the_last_report_of_a_process_is_the_one_that_comes_last_in_its_log_whatever_its_clock_says():
    log = MadeLog(1)
    log.add("toy.ended", "toy:1", {"n": 1}, time_us=100)
    last = log.add("toy.ended", "toy:1", {"n": 2}, time_us=50)
    assert {key: entry.hash for key, entry in fold.latest_by_process(entries(log), "toy.ended").items()} == {
        log.id: last
    }


def test_accumulated_objects_are_joined_and_the_later_entry_counts():
    log = MadeLog(1)
    log.add("toy.params", "toy:1", {"params": {"a": 1, "b": 1}}, time_us=1)
    log.add("toy.params", "toy:1", {"params": {"b": 2}}, time_us=2)
    log.add("toy.params", "toy:1", {"params": "odd"}, time_us=3)
    assert fold.accumulated(entries(log), "toy.params", "params") == {"a": 1, "b": 2}


# ---------------------------------------------------------------- bodies

floats = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | floats | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.just("$float"), inner, max_size=3)
    ),
    max_leaves=8,
)


def bits(value: object) -> object:
    """The value with floats as their bits, so that NaN and the sign of zero count."""
    if isinstance(value, float):
        return ("f64", "nan" if math.isnan(value) else struct.pack("<d", value))
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return [bits(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


@pytest.mark.slow
@settings(deadline=None, max_examples=4 * settings.default.max_examples)
@given(st.dictionaries(st.text(max_size=4) | st.just("$x"), values, max_size=4))
def test_a_body_gives_every_value_back_exactly(body):
    """The quick decoder and the plain one must agree, bit for bit."""
    raw = encode_body(body)
    assert bits(live(raw).body) == bits(decode_body(raw)) == bits(body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"3",
        b"nothing",
        b"{",
        b'{"a":}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":"\xff"}',
        b'{"$float":1}x',
    ],
)
def test_a_body_that_is_no_json_object_says_nothing(raw):
    assert live(raw).body == {}


def test_half_a_surrogate_pair_in_a_body_does_not_raise():
    assert live(b'{"a":"\\ud800"}').body == {"a": "\ud800"}


def test_a_body_that_is_not_here_is_empty():
    assert live(None).body == {}
    assert not live(None).has_body


def test_ids_are_given_as_hex():
    entry = live(b"{}", digest=b"\xab" * 32, writer_raw=b"\xcd" * 16, log_raw=b"\xef" * 16)
    assert (entry.hash, entry.writer, entry.log) == ("ab" * 32, "cd" * 16, "ef" * 16)


@pytest.mark.parametrize("bits", ["00", "", "zz", "7ff80000000000000000"])
def test_a_tagged_float_that_is_none_says_nothing_and_stops_nobody(bits):
    entry = live(b'{"name":{"$float":"%s"}}' % bits.encode())
    assert entry.body == {}
    with pytest.raises(ValueError):
        decode_body(entry.body_raw)
