"""A day of several people, drawn for a terminal: a strip of 24 hours for each, in the reader's zone, and what they share.

Always true: it reads without colour: shared time has a sign of its own, and beside each strip stand the hours on the person's
own clock. A day of clock change has 23 or 25 hours, and its strip as many.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.team.people import clock
from gnomon.team.people.zones import is_known, zone_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from gnomon.team.people.clock import Window
    from gnomon.team.people.person import Person

_CELL_S = 1800
_SIGNS = {
    True: ("·", "▒", "█"),
    False: (".", "-", "#"),
}  # not working, working, all work; with more than ASCII, or without
_GAP = "  "


class Row(NamedTuple):
    """A person on a day: their windows of that day of the reader, and what is said beside them."""

    person: Person
    windows: Sequence[Window]
    said: str


class Day(NamedTuple):
    """A day of the reader's zone, its people, and the windows that all share who work on it: two of them at least."""

    date: date
    zone: str
    window: Window
    rows: list[Row]
    shared: list[Window]


def day_of(persons: Sequence[Person], zone: str, day: date) -> Day:
    """Return what is drawn of a day. Somebody whose zone is not known here is said to be so, and counts as not working.

    Raises BadArgumentError for a zone of the reader that is not known here, MissingExtraError where none is.
    """
    window = clock.day_window(zone, day)
    rows = []
    for one in persons:
        unknown = unknown_zone(one)
        if unknown is None:
            rows.append(Row(one, clock.windows(one, *window), _said(one, window)))
        else:
            rows.append(Row(one, [], f"zone {unknown} is not known here"))
    working = [row.person for row in rows if row.windows]
    return Day(day, zone, window, rows, clock.overlap(working, *window) if len(working) > 1 else [])


def unknown_zone(person: Person) -> str | None:
    """Return a zone of a person's schedule that this machine does not know; None where it knows all."""
    return next((works.zone for works in person.schedule if not is_known(works.zone)), None)


def shared_text(day: Day) -> str:
    """Return a sentence on the time that is shared, and by whom it is not."""
    working = [row.person for row in day.rows if row.windows]
    others = names_text(row.person for row in day.rows if not row.windows)
    without = f", without {others}" if len(working) < len(day.rows) else ""
    if len(working) < 2:
        return f"{names_text(working)} works alone{without}" if working else "nobody works"
    if not day.shared:
        return f"no time is shared{without}"
    hours = sum(one.seconds for one in day.shared) / clock.HOUR_S
    return f"shared: {spans_text(day.shared, day.zone)} ({hours:g} h){without}"


def names_text(persons: Iterable[Person]) -> str:
    """Return names as a sentence has them: `Ann, Bea and Cleo`."""
    names = [one.name for one in persons]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nobody"


def _said(person: Person, window: Window) -> str:
    """Return the hours of a person on their own clock, with its offset; or why there are none on this day of the reader."""
    if not person.schedule:
        return "has not said when"
    middle = (window.start + window.end) / 2
    zone = clock.local_zone(person, middle)
    works = person.works_on(clock.local_date(zone, middle))
    if works is not None and clock.windows(person, *window):
        what = works.hours
    else:
        what = "away" if clock.windows(person, *window, with_days_off=True) else "not working"
    return f"{what} {offset_text(zone, middle)}"


def spans_text(windows: Sequence[Window], zone: str) -> str:
    """Return windows on the clock of a zone: `09:00-12:00, 14:00-18:00`; the end of a day is 24:00."""
    return ", ".join(f"{time_text(one.start, zone)}-{_end(one.end, zone)}" for one in windows)


def time_text(instant: float, zone: str) -> str:
    """Return an instant as `09:00` on the clock of a zone."""
    return datetime.fromtimestamp(instant, zone_called(zone)).strftime("%H:%M")


def _end(instant: float, zone: str) -> str:
    shown = time_text(instant, zone)
    return "24:00" if shown == "00:00" else shown


def offset_text(zone: str, instant: float) -> str:
    """Return the offset of a zone at an instant: `+05:30`, `Z`."""
    offset = datetime.fromtimestamp(instant, zone_called(zone)).utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
    return (
        f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "Z"
    )


def when_text(instant: float, zone: str) -> str:
    """Return an instant on the clock of a zone, with the day of the week: `Mon 2026-11-30 09:00`."""
    return datetime.fromtimestamp(instant, zone_called(zone)).strftime("%a %Y-%m-%d %H:%M")


def weekday_text(instant: float, zone: str) -> str:
    """Return an instant as `Mon 09:00` on the clock of a zone."""
    return datetime.fromtimestamp(instant, zone_called(zone)).strftime("%a %H:%M")


def iso(instant: float) -> str:
    """Return an instant as programs read it: `2026-11-30T09:00:00Z`."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines_of(
    day: Day, *, width: int | None, is_unicode: bool, strong: Callable[[str], str], clean: Callable[[str], str],
) -> list[str]:  # fmt: skip
    """Return the lines of a day. `width` is the terminal's, `strong` marks shared time, `clean` makes a name harmless."""
    shown = [clean(row.person.name) for row in day.rows]
    names = max(map(text.width, shown))
    said = max(len(row.said) for row in day.rows)
    hours = round(day.window.seconds / 3600)
    per_cell = 1 if width is None or names + said + 2 * len(_GAP) + hours * 2 <= width else 2
    cell_s = _CELL_S * per_cell
    signs = _SIGNS[is_unicode]

    def strip(windows: Sequence[Window]) -> str:
        cells = []
        for start in range(int(day.window.start), int(day.window.end), cell_s):
            cell = clock.Window(start, start + cell_s)
            is_shared = _fills(day.shared, cell)
            cells.append(strong(signs[2]) if is_shared else signs[1] if _fills(windows, cell) else signs[0])
        return "".join(cells)

    lines = [" " * names + _GAP + _hours_line(day, cell_s)]
    for name, row in zip(shown, day.rows, strict=True):
        padding = " " * (names - text.width(name))
        lines.append(f"{name}{padding}{_GAP}{strip(row.windows)}{_GAP}{row.said}")
    return lines


def _fills(windows: Sequence[Window], cell: Window) -> bool:
    """Return whether windows take at least half of a cell."""
    return sum(one.seconds for one in clock.shared_windows(windows, [cell])) * 2 >= cell.seconds


def _hours_line(day: Day, cell_s: int) -> str:
    """Return every third hour of the reader's clock, above the cell in which it begins."""
    line, zone = "", zone_called(day.zone)
    for number, start in enumerate(range(int(day.window.start), int(day.window.end), cell_s)):
        local = datetime.fromtimestamp(start, zone)
        if local.hour % 3 == 0 and local.minute < cell_s // 60 and len(line) <= number:
            line = line.ljust(number) + f"{local.hour:02d}"
    return line
