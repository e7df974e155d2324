"""Numbers as people write them."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.team.prose.units import UNITS, unit_in_name, unit_of
from gnomon.team.prose.written import numbers_in


def one(text):
    (found,) = numbers_in(text)
    return found


def values(text):
    return [str(reading.value.normalize().__format__("f")) for reading in one(text).readings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.914", ["0.914"]), (".914", ["0.914"]), ("-.5", ["-0.5"]), ("−0.3", ["-0.3"]), ("–3", ["-3"]),
        ("+1.2", ["1.2"]),
        ("1,234", ["1234", "1.234"]), ("1.234", ["1.234", "1234"]), ("0,914", ["0.914"]), ("12,345.6", ["12345.6"]),
        ("1.234,5", ["1234.5"]), ("1,234,567", ["1234567"]), ("1.234.567", ["1234567"]), ("12 345", ["12345"]),
        ("12\u202f345", ["12345"]), ("12\u00a0345,6", ["12345.6"]), ("1'234", ["1234"]), ("1’234’567", ["1234567"]),
        ("1_000_000", ["1000000"]), ("1,23,456", ["123456"]), ("0.914.", ["0.914"]), ("(0.914)", ["0.914"]),
        ("1e-5", ["0.00001"]), ("2.5E+3", ["2500"]), ("5×10⁻⁴", ["0.0005"]), ("5 × 10^-4", ["0.0005"]),
        ("5·10^{3}", ["5000"]),
        ("٣٫١٤", ["3.14"]), ("۱۲۳", ["123"]), ("~0.91", ["0.91"]), ("$0.914$", ["0.914"]), ("0,125", ["0.125"]),
        ("1:23:45", ["5025"]), ("23:45", ["1425", "85500"]), ("3 min 20 s", ["200"]), ("2h5m", ["7500"]),
        ("1 h, 2 min and 3 s", ["3723"]),
    ],
)  # fmt: skip
def test_a_number_is_read(text, expected):
    assert values(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "three", "resnet50", "F1", "3D", "4f1d", "v2", "x86", "run-7a", "1.2.3.4", "0x1f", "abc_12", "12th"],
)
def test_words_with_digits_are_no_numbers(text):
    assert numbers_in(text) == []


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("91.4 %", "%"), ("91.4%", "%"), ("91.4\u00a0%", "%"), ("91 percent", "%"), ("91 per cent", "%"), ("٩١٪", "%"),
        ("1.2 pp", "pp"),
        ("2 percentage points", "pp"), ("12 ms", "ms"), ("12ms", "ms"), ("12 µs", "µs"), ("12 s", "s"),
        ("3 minutes", "min"),
        ("1.5 hours", "h"), ("2 days", "d"), ("12 kB", "kB"), ("12 KB", "kB"), ("1.2 GiB", "GiB"), ("12k", "k"),
        ("1.2M", "M"),
        ("3 million", "M"), ("2.3×", "×"), ("2.3x", "×"), ("2-fold", "×"), ("12 rows", ""), ("12 s/step", ""),
        ("5 d'or", ""), ("12 sets", ""),
    ],
)  # fmt: skip
def test_the_unit_behind_it_is_read(text, unit):
    assert one(text).unit == unit
    assert unit in UNITS


def test_a_spread_a_range_and_a_bound_belong_to_their_number():
    assert one("0.914 ± 0.002").spread[0].value == Decimal("0.002")
    assert (one("(0.914 +/- 0.002) %").unit, one("(91.4±0.2) %").spread[0].value) == ("%", Decimal("0.2"))
    assert one("0.91–0.93").upper[0].value == Decimal("0.93")
    assert one("between 0.91 and 0.93").upper[0].value == Decimal("0.93")
    assert (one("10 to 20 ms").unit, one("10 to 20 ms").upper[0].value) == ("ms", 20)
    assert (one("< 0.001").compared, one("≥12").compared) == ("<", "≥")


def test_every_digit_says_how_exact_it_is():
    (first,) = one("0.9140").readings
    assert (first.last_digit, first.digits) == (Decimal("0.0001"), 4)
    assert one("1e-5").readings[0].last_digit == Decimal("1e-5")
    assert one("12.3 %").readings[0].last_digit == Decimal("0.1")


def test_units_in_names_of_metrics():
    assert unit_in_name("val/latency_ms") == UNITS["ms"]
    assert unit_in_name("time_s") == UNITS["s"]
    assert unit_in_name("size_mb") == UNITS["MB"]
    assert unit_in_name("acc_pct") == UNITS["%"]
    assert [unit_in_name(name) for name in ("loss", "ms", "top1", "params")] == [None] * 4
    assert [unit_of(word) for word in ("nonsense", "", " ")] == [""] * 3


@given(st.text(alphabet="0123456789.,'-−±%eE×^ kmsMBhin()[]<>~\u202f٣⁻⁵:_and", max_size=60))
def test_no_text_makes_it_fail_and_places_are_those_of_numbers(text):
    found = numbers_in(text)
    for number in found:
        assert text[number.start : number.end].strip() == number.text
        assert any(char.isdigit() for char in number.text)
        assert number.readings
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["1 ", "1,", "1.", "1'", "12 min ", "1:", "9", "1e", "± 1 ", "1–", "1 000 ", "(1 ", "< "]
)
def test_time_is_in_proportion_to_the_text(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        started = time.process_time()
        numbers_in(text)
        return time.process_time() - started

    seconds(1_000)
    assert min(seconds(40_000) for _ in range(3)) < 40 * max(
        seconds(4_000), 0.005
    )  # 100 times where it is squared
