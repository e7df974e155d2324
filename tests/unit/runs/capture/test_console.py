"""What is printed reaches the record decoded, scrubbed, bounded, and as a terminal would leave it standing."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.capture import console as module
from gnomon.runs.capture.console import Console
from gnomon.scrub.scrubber import Scrubber

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


@pytest.fixture
def scrubber():
    return Scrubber()


@pytest.fixture
def console(scrubber):
    return Console(scrubber, now_s=0.0)


def text_of(bodies) -> str:
    return "".join(text for body in bodies for _, text in body["pieces"])


def test_lines_come_as_they_were_printed(console):
    console.feed("out", b"one\n")
    console.feed("err", b"two\n")
    console.feed("out", b"three\n")
    (body,) = console.due(1.0)
    assert body == {"pieces": [["out", "one\n"], ["err", "two\n"], ["out", "three\n"]]}
    assert console.due(2.0) == [] and console.end() == []


def test_half_a_line_waits_and_is_not_lost(console):
    console.feed("out", b"half")
    assert console.due(1.0) == []
    console.feed("out", b" and whole\n")
    assert text_of(console.due(2.0)) == "half and whole\n"
    console.feed("out", b"the end")
    assert text_of(console.end()) == "the end\n"


def test_a_line_that_stands_still_is_shown(console):
    console.feed("out", b"name? ")
    assert console.due(1.0) == []
    assert text_of(console.due(7.0)) == "name? \n"


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (b"10%\r20%\r30%\n", "30%\n"),
        (b"dos\r\nlines\r\n", "dos\nlines\n"),
        (b"\x1b[1;31mred\x1b[0m\n", "red\n"),
        (b"\x1b]0;title\x07text\n", "text\n"),
        ("größe ✓\n".encode(), "größe ✓\n"),
        (b"caf\xe9\n", "caf\\xe9\n"),
        (b"a\tb\n", "a\tb\n"),
        (b"bell\x07\n", "bell\n"),
        (b"\x1b[1mbold\x1b(B\x1b[m \x1b7end\x1b8\n", "bold end\n"),
        (b"\n\n", "\n\n"),
    ],
)
def test_a_line_is_kept_as_it_stood_last(console, printed, kept):
    console.feed("out", printed)
    assert text_of(console.end()) == kept


def test_a_bar_may_be_drawn_in_many_pieces(console):
    for percent in range(101):
        console.feed("err", f"\r{percent}%".encode())
        console.due(percent / 100)
    console.feed("err", b"\ndone\n")
    assert text_of(console.end()) == "100%\ndone\n"


def test_bytes_that_are_no_text_are_counted(console):
    console.feed("out", bytes(range(256)) * 4)
    console.feed("out", b"text again\n")
    assert text_of(console.end()) == "[1,024 bytes that are no text]\ntext again\n"


def test_a_zero_in_a_text_costs_that_character_only(console):
    console.feed("out", b"line\n" * 50 + b"x\0y\n" + b"after \xe2\x9c\x93 half a letter \xe2")
    console.feed("out", b"\x9c\x93\n")
    assert text_of(console.end()) == "line\n" * 50 + "xy\nafter ✓ half a letter ✓\n"


def test_zeros_beside_what_is_no_text_are_none(console):
    console.feed("out", b"\x89PNG\r\n\x1a\n" + b"\xff\xd8" * 40 + b"\0")
    assert "bytes that are no text" in text_of(console.end())


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (
            b"ok line\n\x00\xff\xfe\x00bad\nloss=0.5\n",
            "ok line\n[8 bytes that are no text]\nloss=0.5\n",
        ),
        (b"ok\n\0\xff\n\xff\0\n", "ok\n[6 bytes that are no text]\n"),
        (b"\0\xff\0\xff\n\nepoch 1\nok\n\nloss=1\n", "[5 bytes that are no text]\n\nepoch 1\nok\n\nloss=1\n"),
        (b"loss=1\n\0\0\0\0\nloss=2\n\0\0\n", "loss=1\n[5 bytes that are no text]\nloss=2\n[3 bytes that are no text]\n"),
        (b"\0\xff\0\xff\n> ", "[5 bytes that are no text]\n> \n"),
        ("größe ✓\n".encode() + b"\0\xff\n" + "精度 ✓\n".encode(), "größe ✓\n[3 bytes that are no text]\n精度 ✓\n"),
        (b"caf\xe9 au lait\n\0\xff\n", "caf\\xe9 au lait\n[3 bytes that are no text]\n"),
        (b"half" + b"\0\xff" * 40, "half[80 bytes that are no text]\n"),
    ],
)  # fmt: skip
def test_lines_of_text_beside_bytes_that_are_none_are_kept(console, printed, kept):
    for part in (printed[:4], printed[4:]) if printed.startswith(b"half") else (printed,):
        console.feed("out", part)
    assert text_of(console.end()) == kept


def test_text_after_a_burst_of_bytes_is_kept(console):
    burst = random.Random(3).randbytes(100_000).replace(b"\n", b"\0")
    console.feed("out", b"before\n" + burst + b"\nafter\nloss=0.5\n")
    assert text_of(console.due(1.0)) == "before\n[100,001 bytes that are no text]\nafter\nloss=0.5\n"


def test_half_a_line_stands_before_the_bytes_that_followed_it(console):
    console.feed("out", b"name? ")
    console.feed("out", b"\0\xff" * 40)
    console.due(1.0)
    assert text_of(console.due(7.0)) == "name? [80 bytes that are no text]\n"


@given(st.lists(st.integers(0, 40), max_size=4))
def test_text_beside_bytes_may_be_cut_anywhere(cuts):
    data = "first ✓ line\n".encode() + b"\0\xff\xfe\0\xff\n" + "last ✓ line\n".encode()
    console = Console(Scrubber(), now_s=0.0)
    for since, to in itertools.pairwise([0, *sorted(cuts), len(data)]):
        console.feed("out", data[since:to])
    kept = text_of(console.end())
    assert kept.startswith("first ✓ line\n") and kept.endswith("\nlast ✓ line\n")


FLOODS = {
    "random": random.Random(1).randbytes(64 << 10),
    "records": b"abcd\n\0\1\2\xff\n" * 6_000,
    "lines": b"\0\n" * (32 << 10),
    "zeros": bytes(64 << 10),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_bytes_is_small_in_the_record(console, kind):
    for _ in range(20):
        console.feed("out", FLOODS[kind])
    console.feed("out", b"loss=0.5\n")
    kept = text_of(console.end())
    assert "bytes that are no text]\n" in kept and kept.endswith("loss=0.5\n")
    assert len(kept) < len(FLOODS[kind]) // 4


@given(st.lists(st.integers(0, 80), max_size=4))
def test_a_letter_may_be_cut_anywhere(cuts):
    data = "größe ✓ 🙂\nzweite Zeile\r\n".encode()
    console = Console(Scrubber(), now_s=0.0)
    at = 0
    for cut in sorted(cuts):
        console.feed("out", data[at : max(at, cut)])
        at = max(at, cut)
    console.feed("out", data[at:])
    assert text_of(console.end()) == "größe ✓ 🙂\nzweite Zeile\n"


@given(st.integers(0, 60))
def test_a_secret_may_be_cut_anywhere(cut):
    data = f"token is {TOKEN} there\n".encode()
    console = Console(Scrubber(), now_s=0.0)
    console.feed("out", data[:cut])
    middle = text_of(console.due(1.0))
    console.feed("out", data[cut:])
    kept = middle + text_of(console.end())
    assert TOKEN not in kept and kept.startswith("token is [withheld: ")


@pytest.mark.slow
def test_the_beginning_and_the_end_are_kept_and_what_is_between_is_counted(console, monkeypatch):
    total = 0
    found = []
    for number in range(60_000):
        line = f"line {number:06} {'x' * 40}\n"
        total += len(line)
        console.feed("out", line)
        if number % 1000 == 0:
            found += console.due(number / 1000)
    found += console.end()
    heads = [body for body in found if not body.get("is_tail")]
    tails = [body for body in found if body.get("is_tail")]
    assert text_of(heads).startswith("line 000000") and text_of(tails[-1:]).endswith(f"{'x' * 40}\n")
    assert "line 059999" in text_of(tails[-1:])
    assert len(text_of(heads)) + len(text_of(tails[-1:])) + tails[-1]["skipped_bytes"] == total
    assert len(text_of(heads)) < module.HEAD_BYTES + module.PIECE_BYTES
    assert len(text_of(tails[-1:])) <= module.TAIL_BYTES
    assert all(len(text_of([body])) <= module.LIVE_TAIL_BYTES for body in tails[:-1])


@pytest.mark.slow
def test_tails_come_more_rarely_with_time(console):
    console.feed("out", "x" * 60 + "\n")
    console.feed("out", ("y" * 99 + "\n") * (module.HEAD_BYTES // 100 + 100))
    times = []
    for second in range(0, 100_000, 10):
        console.feed("out", "more\n")
        times += [second for body in console.due(float(second)) if body.get("is_tail")]
    assert times[:2] == [30, 60] and len(times) < 120
    assert times[-1] - times[-2] > 5_000


def test_a_flood_is_not_held_up_and_shows_no_inside_of_a_key(console):
    console.feed("out", "a line\n" * (module.HEAD_BYTES // 7 + 10))
    console.due(1.0)
    begin = "-----BEGIN " + "RSA PRIVATE" + " KEY-----\n"
    body = ("MIIEpAIBAAKCAQEA" * 4 + "\n") * 10
    console.feed("out", "b line\n" * (module.FASTEST_BYTES // 7 + 10))
    console.feed("out", begin + body[: len(body) // 2])  # skipped: too much at once
    console.due(2.0)
    console.feed("out", body[len(body) // 2 :] + "-----END " + "RSA PRIVATE" + " KEY-----\nafter\n")
    kept = text_of(console.end())
    assert "MIIEpAIBAAKC" not in kept and kept.endswith("after\n")


def test_a_line_without_an_end_is_bounded(console):
    for _ in range(100):
        console.feed("out", "z" * 10_000)
    assert len(console._streams["out"]._line) <= module.LONGEST_LINE + 10_000
    assert text_of(console.end()).count("z") <= 1_000_000


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_are_survived(data, cut):
    console = Console(Scrubber(), now_s=0.0)
    console.feed("out", data[:cut])
    console.due(10.0)
    console.due(20.0)
    console.feed("out", data[cut:])
    for body in console.end():
        for _, text in body["pieces"]:
            text.encode("utf-8")
