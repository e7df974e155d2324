"""The profile of a version: made of its bytes, kept as an object, cited by an entry of the version, and read back.

Always true: a profile is made only after bytes and version are on the disk, so whatever happens to it loses nothing. It is that
of exactly these bytes: where they changed meanwhile, none is kept. What went wrong is written down in its place, until one
is made. What a profile holds: `data.profile`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import entries, reading, restoring
from gnomon.data.scan import scan
from gnomon.errors import GnomonError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.data.profile import Profile
    from gnomon.data.views import DataVersion
    from gnomon.session import Session

    Progress = Callable[[int, int], None]

SMALL_BYTES, SMALL_FILES = 32_000_000, 5_000  # up to here it takes seconds, and `add` makes it by itself
INTERRUPTED = "interrupted"
_LONGEST_NOTE = 300
MOST_COLUMN_NAMES = 2_000


class Made(NamedTuple):
    """The version anew, and why it got no profile; None where it got one."""

    version: DataVersion
    note: str | None


class Facts(NamedTuple):
    """What the entry says of a profile, so that lists need not read it."""

    object: str
    size: int
    rows: int | None
    columns: int | None
    keeps_values: bool


def is_small(version: DataVersion) -> bool:
    """Return whether `add` makes the profile without being asked."""
    return version.size <= SMALL_BYTES and version.file_count <= SMALL_FILES


def facts_of(version: DataVersion) -> Facts | None:
    """Return what is known of the profile of a version; None where there is none."""
    found = version.state["profile"]
    return Facts(**found) if found else None


def is_here(version: DataVersion) -> bool:
    """Return whether a version has a profile and this replica holds it."""
    facts = facts_of(version)
    return facts is not None and version.record.replica.objects().contains(facts.object)


def load(version: DataVersion) -> Profile | None:
    """Return the profile of a version; None where there is none.

    Raises MissingObjectError, DamagedObjectError, and UnknownFormatError for one that a newer Gnomon made.
    """
    from gnomon.data.profile.profile import MAX_BYTES, Profile

    facts = facts_of(version)
    if facts is None:
        return None
    return Profile.from_json(version.record.replica.objects().read(facts.object, MAX_BYTES))


def profile_or_note(version: DataVersion) -> tuple[Profile | None, str | None]:
    """Return the profile of a version, or why there is none that can be read."""
    try:
        found = load(version)
    except GnomonError as error:
        return None, f"it cannot be read: {error.message}"
    return found, None if found is not None else version.state["profile_note"]


def make(
    session: Session,
    version: DataVersion,
    *,
    at: str | None = None,
    keep_values: bool = True,
    progress: Progress | None = None,
) -> Made:
    """Make the profile of a version; `at` is where its bytes lie, else they are restored.

    What went wrong becomes a note of the version, unless it has a profile already. Only an interruption is passed on, after
    that.
    """
    if version.object is None:
        return Made(version, "the bytes are not known")
    version.require_bytes()
    try:
        profile = _made(version, at, keep_values=keep_values, progress=progress)
        data = profile.to_bytes()
        with session.objects() as store:
            facts = Facts(store.put_bytes(data), len(data), *_extent(profile), keep_values)
        body = {**facts._asdict(), "column_names": _column_names(profile)}
    except Exception as error:  # noqa: BLE001  readers of other people's files fail in many ways; the version says how
        return _without(session, version, _words(error))
    except BaseException:
        _without(session, version, INTERRUPTED)
        raise
    return Made(_write(session, version, body), None)


def _made(version: DataVersion, at: str | None, *, keep_values: bool, progress: Progress | None) -> Profile:
    from gnomon.data.profile import profile_of

    at = os.path.realpath(at) if at is not None else None
    if at is not None and version.reference is None and _has_links(at):
        at = None  # a profile follows no links; a version holds what they lead to
    with restoring.lent(version, at=at) as path:
        found = profile_of(path, keep_values=keep_values, progress=progress)
        is_copy = at is None and version.reference is None
        if not is_copy and _digest(version, path) != version.object:
            raise MissingFileError("the data changed while its profile was made")
        return found


def _has_links(place: str) -> bool:
    if not os.path.isdir(place):
        return False
    with os.scandir(place) as found:
        return any(one.is_symlink() or (one.is_dir() and _has_links(one.path)) for one in found)


def _digest(version: DataVersion, path: str) -> str | None:
    record = version.record
    try:
        return reading.identify(record.replica.home.env, scan(path, record.path), record.path).object
    except MissingFileError:
        return None


def _extent(profile: Profile) -> tuple[int | None, int | None]:
    """Return the rows and columns of all tables together."""
    if not profile.tables:
        return None, None
    return profile.rows, sum(len(table.columns) + table.more_columns for table in profile.tables)


def _column_names(profile: Profile) -> list[str]:
    """Return the names of the columns of all tables, each once, as many as the entry holds: search finds data by them."""
    names = dict.fromkeys(column.name for table in profile.tables for column in table.columns)
    return list(names)[:MOST_COLUMN_NAMES]


def _words(error: Exception) -> str:
    said = error.message if isinstance(error, GnomonError) else f"{type(error).__name__}: {error}"
    return (said.split("\n", 1)[0] or type(error).__name__)[:_LONGEST_NOTE]


def _without(session: Session, version: DataVersion, note: str) -> Made:
    if facts_of(version) is not None:
        return Made(version, note)
    return Made(_write(session, version, {"note": note}), note)


def _write(session: Session, version: DataVersion, body: dict[str, object]) -> DataVersion:
    from gnomon.data.actions import write_entry
    from gnomon.data.views import DataVersion as View

    write_entry(session, entries.PROFILED, version.id, body, version.state["profile_heads"])
    version.record.replica.update()
    return View(version.record, version.id, version.label)
