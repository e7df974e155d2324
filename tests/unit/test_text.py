"""What people read: escaping, widths, numbers, times, sizes."""

from __future__ import annotations

import doctest
import math
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon import text


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(text).failed == 0


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain", "plain"),
        ("Größe 大 🜁", "Größe 大 🜁"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb\rc\td", "a\\nb\\rc d"),
        ("bell\x07 back\x08 del\x7f nul\x00", "bell\\x07 back\\x08 del\\x7f nul\\x00"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\u2066isolate", "\\u2066isolate"),
        ("line\u2028separator", "line\\u2028separator"),
        ("half \udc80", "half \\udc80"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("no\u00a0break", "no break"),
        ("family 👨\u200d👩", "family 👨\u200d👩"),
    ],
)
def test_what_could_touch_the_terminal_is_written_out(hostile, shown):
    assert text.clean(hostile) == shown


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_holds_nothing_that_moves_a_cursor(anything):
    shown = text.clean(anything)
    assert all(char.isprintable() or char in "\u200c\u200d\u3000" for char in shown)
    assert text.clean(shown) == shown


def test_lines_of_a_note_stay_lines():
    assert text.clean_lines("one\r\n\ttwo\x1b[H\n") == ["one", "    two\\x1b[H", ""]


@pytest.mark.parametrize(
    ("shown", "columns"),
    [
        ("abc", 3),
        ("", 0),
        ("größe", 5),
        ("e\u0301", 1),
        ("大事", 4),
        ("ｆｕｌｌ", 8),
        ("👍", 2),
        ("a\u200db", 2),
    ],
)
def test_width_is_counted_in_columns(shown, columns):
    assert text.width(shown) == columns


def test_a_cut_text_says_so_and_fits():
    assert text.cut("baseline", 8) == "baseline"
    assert text.cut("baseline-2", 8) == "baselin…"
    assert text.cut("baseline-2", 8, "..") == "baseli.."
    assert text.cut("大大大大", 5) == "大大…"
    assert text.cut("cafe\u0301 noir", 5) == "cafe\u0301…"


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_is_never_wider_than_asked(anything, columns):
    assert text.width(text.cut(text.clean(anything), columns)) <= columns


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (0.1, "0.1"), (0.30000000000000004, "0.3"),
        (0.912345678, "0.912346"), (1e-05, "1e-05"), (123456.789, "123457"), (987654321.9, "987654322"),
        (1e9, "1e+09"), (1e300, "1e+300"), (-2.5, "-2.5"), (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"),
        (2**40, "1099511627776"), (10**20, "1e+20"), (10**400, "2^1328…"), (-(10**400), "-2^1328…"),
        (True, "true"), (False, "false"),
    ],
)  # fmt: skip
def test_numbers_have_six_digits_that_count(value, shown):
    assert text.number(value) == shown


def test_exact_numbers_keep_every_digit():
    assert text.exact(0.30000000000000004) == "0.30000000000000004"
    assert text.exact(10**20 + 1) == "100000000000000000001"
    assert text.exact(math.nan) == "nan"
    assert text.exact(1 << 100_000) == "2^100000…"
    assert text.exact(True) == "true"


def test_values_of_any_kind_stand_on_one_line():
    assert text.any_value(None) == "-"
    assert text.any_value(["a", 1, 0.5]) == "a, 1, 0.5"
    assert text.any_value({"a\n": {"b": [True]}}) == "{a\\n: {b: true}}"
    assert text.any_value(datetime(2026, 1, 2, tzinfo=UTC)).startswith("2026-01-02")


@pytest.fixture
def zone(monkeypatch):
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_a_time_is_local_and_names_its_zone(zone):
    moment = datetime(2026, 11, 23, 17, 54, 2, tzinfo=UTC).timestamp()
    zone("UTC")
    assert text.timestamp(moment) == "2026-11-23 17:54Z"
    assert text.timestamp(moment, with_seconds=True) == "2026-11-23 17:54:02Z"
    zone("Europe/Berlin")
    assert text.timestamp(moment) == "2026-11-23 18:54+01:00"
    zone("Asia/Kolkata")
    assert text.timestamp(datetime(2026, 11, 23, 17, 54, tzinfo=UTC)) == "2026-11-23 23:24+05:30"
    zone("America/St_Johns")
    assert text.timestamp(moment) == "2026-11-23 14:24-03:30"


def test_a_clock_that_was_far_off_is_shown_as_it_is():
    assert text.timestamp(1e18) == "1000000000000000000 s after 1970"
    assert text.timestamp(None) == "-"
    assert text.utc(1e18) is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"), (0.0004, "0 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"),
        (3599.4, "59 min 59 s"), (3599.6, "1 h 00 min"), (86_399, "1 d 00 h"), (-3, "-3.0 s"), (math.nan, "-"), ("3", "-"),
    ],
)  # fmt: skip
def test_durations_have_two_units_at_most(seconds, shown):
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "1 B"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5e9, "5.0 GB"),
        (7e15, "7000.0 TB"),
        (None, "-"),
    ],
)
def test_sizes_are_decimal(count, shown):
    assert text.size(count) == shown


def test_counts_agree_with_their_noun():
    assert text.count(1, "run") == "1 run"
    assert text.count(1000, "run") == "1,000 runs"
    assert text.count(2, "index", "indexes") == "2 indexes"


@pytest.mark.parametrize(
    ("name", "room", "cut"),
    [
        ("mlp-32-lr0.001-sgd 0c6d9fa9", 27, "mlp-32-lr0.001-sgd 0c6d9fa9"),
        ("mlp-32-lr0.001-sgd 0c6d9fa9", 16, "mlp-32… 0c6d9fa9"),
        ("mlp-32-lr0.001-wd0.0001-sgd 0c6d9fa9 · val/acc", 32, "mlp-32-lr0.0… 0c6d9fa9 · val/acc"),
        ("mlp-32-lr0.001-wd0.0001-sgd, seed 3", 20, "mlp-32-lr0.0… seed 3"),
        ("a" * 20 + "b" * 20, 12, "aaaaaaaa…bbb"),
        ("short", 2, "s…"),
    ],
)
def test_a_name_is_cut_so_that_the_words_at_its_end_stay_whole(name, room, cut):
    assert text.cut_middle(name, room) == cut and text.width(cut) <= room
