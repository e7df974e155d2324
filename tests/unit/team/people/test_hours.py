"""Hours and days: one text for the same hours, and a reason for what cannot be read."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.people.hours import days_text, hours_text, read_days, read_hours


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("09:00-17:00", "09:00-17:00"),
        ("9-17", "09:00-17:00"),
        (" 14:00-18:00 , 9:00 – 12:00 ", "09:00-12:00,14:00-18:00"),
        ("22:00-06:00", "22:00-06:00"),
        ("22-0", "22:00-24:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("06:00-14:00,22:00-02:30", "06:00-14:00,22:00-02:30"),
        ("09:00-12:00,12:00-13:00", "09:00-12:00,12:00-13:00"),
    ],
)
def test_hours_have_one_text(typed, kept):
    assert hours_text(read_hours(typed)) == kept
    assert read_hours(kept) == read_hours(typed)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "spans such as"),
        ("nine to five", "spans such as"),
        ("09:00", "spans such as"),
        ("09:00-17:00-18:00", "spans such as"),
        ("09:60-17:00", "from 00:00 to 24:00"),
        ("24:00-25:00", "from 00:00 to 24:00"),
        ("09:00-24:30", "from 00:00 to 24:00"),
        ("09:00-09:00", "no length"),
        ("09:00-12:00,11:00-14:00", "overlap"),
        ("22:00-06:00,05:00-07:00", "reaches into the first of the next day"),
        ("٠٩:٠٠-١٧:٠٠", "spans such as"),
        (",".join(["09:00-09:01"] * 20), "at most 12 spans"),
        ("9" * 300, "at most 12 spans"),
    ],
)
def test_hours_that_cannot_be_read_say_why(typed, why):
    with pytest.raises(BadArgumentError, match=why):
        read_hours(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mon-fri", "mon-fri"),
        ("Sun-Thu", "sun-thu"),
        ("monday, wednesday,fri", "mon,wed,fri"),
        ("sat,sun", "sat,sun"),
        ("fri-mon", "fri-mon"),
        ("mon-sun", "mon-sun"),
        ("sun-sat", "mon-sun"),
        ("tue-wed,thu", "tue-thu"),
        ("mon-mon", "mon"),
    ],
)
def test_days_have_one_text(typed, kept):
    assert days_text(read_days(typed)) == kept
    assert read_days(kept) == read_days(typed)


@pytest.mark.parametrize("typed", ["", "mo-fr", "weekdays", "mon-", "mon,,fri", "mon;fri"])
def test_days_that_cannot_be_read_say_how_they_are_written(typed):
    with pytest.raises(BadArgumentError, match="mon-fri"):
        read_days(typed)


def test_every_set_of_days_comes_back_from_its_text():
    for number in range(1, 128):
        days = frozenset(day for day in range(7) if number >> day & 1)
        assert read_days(days_text(days)) == days
