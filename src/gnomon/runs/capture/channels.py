"""Pipes and terminals that stand in for descriptors 1 and 2, so that what is written to those can be heard on its way.

Always true: where ours is a terminal there is one of the same size, else a pipe; where both of ours are one, so are these, and
the order of what is written stays.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
from typing import NamedTuple


class Channel(NamedTuple):
    """One way out."""

    source: int  # what is written is read here
    sink: int  # and goes on here
    stream: str  # `out` or `err`
    is_terminal: bool


def open_channels() -> tuple[list[Channel], dict[int, int]]:
    """Return our ends, and what descriptors 1 and 2 become for whoever is heard; one that is closed stays so."""
    found: list[Channel] = []
    given: dict[int, int] = {}
    for number, stream in ((1, "out"), (2, "err")):
        if number == 2 and 1 in given and _are_one(1, 2):
            given[2] = given[1]
            break
        if not _is_open(number):
            continue  # the command finds it closed, as it would without us
        is_terminal = os.isatty(number)
        if is_terminal:
            try:
                source, theirs = os.openpty()
                _make_like(theirs, number)
            except OSError:  # none left, or none in this container
                is_terminal = False
        if not is_terminal:
            source, theirs = os.pipe()
        found.append(Channel(source, number, stream, is_terminal))
        given[number] = theirs
    return found, given


def _are_one(left: int, right: int) -> bool:
    try:
        one, other = os.fstat(left), os.fstat(right)
    except OSError:
        return False
    return (one.st_dev, one.st_ino, one.st_rdev) == (other.st_dev, other.st_ino, other.st_rdev)


def _is_open(number: int) -> bool:
    """Return whether we were given this descriptor; ours are not passed on."""
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


def _make_like(terminal: int, ours: int) -> None:
    """Give a new terminal the size and the ways of ours; what is written to it is left as it is, for ours to process."""
    with contextlib.suppress(termios.error, OSError):
        attributes = termios.tcgetattr(ours)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, terminal_size(ours))


def terminal_size(fd: int) -> bytes:
    """Return how large a terminal is, as the system says it."""
    return fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8))
