"""Time zones by their names, from the database of the system, or of the package `tzdata`.

Always true: a zone that is not known and a database that is missing are two errors, each with its next step; nothing falls back
to UTC.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.team.people.state import is_zone_name

if TYPE_CHECKING:
    from gnomon.env import Env

_LOCAL = "/etc/localtime"
_NAME_FILE = "/etc/timezone"
_COPIES = ("right/", "posix/")  # `right/` counts leap seconds, which no clock of a computer does
_PLACES = frozenset({"localtime", "posixrules", "Factory"})  # another zone on each machine


@lru_cache(maxsize=512)
def zone_called(name: str) -> ZoneInfo:
    """Return a zone. Raises BadArgumentError for one that is not known here, MissingExtraError where no zone is."""
    zone = _zone(name) if is_zone_name(name) else None
    if zone is not None:
        return zone
    if _zone("UTC") is None:
        raise MissingExtraError(
            f"the time zone database is missing on this machine, so `{name}` cannot be looked up",
            hint="`pip install tzdata`, or install the system's package of that name",
        )
    raise BadArgumentError(f"there is no time zone `{name}` on this machine", hint=_meant(name))


def _zone(name: str) -> ZoneInfo | None:
    if name.startswith(_COPIES) or name in _PLACES:
        return None
    try:
        return ZoneInfo(name)
    except (
        OSError,
        ValueError,
        LookupError,
    ):  # a folder of the database, no name of a file, or none of its names
        return None


def is_known(name: str) -> bool:
    """Return whether this machine knows a zone. Raises MissingExtraError where it knows none."""
    try:
        zone_called(name)
    except BadArgumentError:
        return False
    return True


def checked_zone(name: str) -> str:
    """Return the name of a zone that a person typed; errors as `zone_called`."""
    return zone_called(name.strip()).key


def _meant(name: str) -> str:
    """Return a hint at zones that may be meant: the same in another case, those of a city, those spelt alike."""
    wanted = name.strip().casefold().replace(" ", "_")
    known = {zone.casefold(): zone for zone in available_timezones()}
    exact = [zone for folded, zone in sorted(known.items()) if wanted in (folded, folded.rpartition("/")[2])]
    near = exact or [known[folded] for folded in get_close_matches(wanted, known, n=3)]
    meant = f"did you mean {' or '.join(f'`{zone}`' for zone in near[:3])}? " if near else ""
    return f"{meant}zones have names such as `Europe/Berlin` and `Asia/Kolkata`"


def system_zone(env: Env) -> str | None:
    """Return the name of this machine's time zone; None where the system tells only an offset, or nothing.

    What is asked: `TZ`, then where `/etc/localtime` leads, then the name in `/etc/timezone`.
    """
    candidates = [(env.getenv("TZ") or "").removeprefix(":")]
    if not candidates[0]:
        candidates = [_below_zoneinfo(os.path.realpath(_LOCAL)), _first_line(_NAME_FILE)]
    for candidate in candidates:
        name = _below_zoneinfo(candidate) if candidate.startswith("/") else candidate
        if name and is_zone_name(name) and _zone(name) is not None:
            return name
    return None


def _below_zoneinfo(path: str) -> str:
    return path.rpartition("/zoneinfo/")[2] if "/zoneinfo/" in path else ""


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
