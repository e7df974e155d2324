"""The data of a run: where it can be had now, and how it gets to where the run read it.

A run that asked for a version (`run.use("credit@v2")`) asks for it again. One that read a path gets the bytes written to that
path in the rebuilt code, from the record; or a copy of what lies here, if its digest is the one that was recorded.

Always true: what is put in place has the bytes that were recorded; where they cannot be had, that is a gap.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import reading, restoring
from gnomon.data.scan import scan
from gnomon.data.use import REFERENCE, RESTORED
from gnomon.errors import GnomonError
from gnomon.runs.links import BY_WATCHING
from gnomon.runs.rebuild.gaps import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.runs.run_view import Use
    from gnomon.runs.views import Record


class Placed(NamedTuple):
    """Data to write below the rebuilt code before a run: the path there, the use, and where it lies here if not in the record."""

    at: str
    use: Use
    here: str | None = None


class Data(NamedTuple):
    """What is to be put in place, and what cannot be had."""

    placed: tuple[Placed, ...]
    gaps: tuple[Gap, ...]


def look(record: Record, uses: Iterable[Use], root: str, below: str = ".") -> Data:
    """Return how the data of a run gets to where it was. `below` is the project's folder within the code's."""
    placed: list[Placed] = []
    gaps: list[Gap] = []
    for use in uses:
        try:
            found = _look(record, use, root, below)
        except GnomonError as error:
            found = Gap(
                "data",
                f"`{use.label or use.name}`: {error.message}",
                error.hint or "`gnomon sync` may bring it",
            )
        if isinstance(found, Gap):
            gaps.append(found)
        elif found is not None:
            placed.append(found)
    return Data(tuple(placed), tuple(gaps))


def _look(record: Record, use: Use, root: str, below: str) -> Placed | Gap | None:
    if use.version is not None:
        version = record.data(spec_of(use))
        if version.reference is not None:
            if version.reference.get("kind") == "url":
                return Gap(
                    "data",
                    f"`{version.label}` lies at a URL: whether its bytes are those is not known",
                    None,
                    blocks=False,
                )
            restoring.referenced(version)  # raises where other bytes lie there
            return None
        if not record.replica.objects().contains(str(version.object)):
            restoring.wanted_of(version)
            return Gap(
                "data",
                f"the bytes of `{version.label}` are not here",
                "`gnomon sync` brings them, if a remote has them",
            )
        if use.how in (
            RESTORED,
            REFERENCE,
        ):  # it is asked for by name; the version may be another one, whose bytes are kept
            return None
    if use.at is None:
        if use.how == BY_WATCHING:
            return _watched(use, root)
        where = f"`{use.label or use.name}` was read from a path that is not recorded"
        return Gap("data", where, "`--with PATH` puts a file or folder from here in its place", blocks=False)
    at = os.path.normpath(os.path.join(below, use.at))
    if _has(record, os.path.join(root, at), use):
        return None
    if use.version is not None:
        return Placed(at, use)
    here = os.path.join(os.path.dirname(os.path.realpath(record.path)), use.at)
    if _has(record, here, use):
        return Placed(at, use, here)
    found = "other bytes lie there now" if os.path.lexists(here) else "nothing lies there now"
    if use.how == BY_WATCHING:
        return _watched(use, root)
    return Gap("data", f"`{use.at}` was read, no version of data has its bytes ({str(use.object)[:12]}), and {found}",
               "bring it back, or swap it: `--on-changed data=VERSION`")  # fmt: skip


def spec_of(use: Use) -> str:
    """Return what names the version of a use, whatever its number is by now."""
    return f"{(use.label or use.name).partition('@')[0]}@{use.version}"


def _watched(use: Use, root: str) -> Gap | None:
    """Return whether a file that was read, by a path that was heard, is missing in the rebuilt code."""
    if os.path.isabs(use.name) or os.path.lexists(os.path.join(root, use.name)):
        return None
    return Gap(
        "data",
        f"`{use.name}` was read, and no version of data has it",
        "`--with PATH` takes it from here",
        blocks=False,
    )


def _has(record: Record, path: str, use: Use) -> bool:
    """Return whether a path holds the bytes that a run used."""
    if not os.path.exists(path):
        return False
    try:
        found = reading.identify(record.replica.home.env, scan(path, record.path), record.path)
    except GnomonError:  # no longer a file or folder that can be read
        return False
    return found.object == use.object


def place(record: Record, placed: Iterable[Placed], root: str) -> None:
    """Write data to where a run reads it. Raises what restoring raises."""
    for one in placed:
        target = os.path.join(root, one.at)
        if os.path.isdir(target) and not os.path.islink(target):
            shutil.rmtree(target)
        elif os.path.lexists(target):
            os.unlink(target)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if one.here is not None:
            if os.path.isdir(one.here):
                shutil.copytree(one.here, target)
            else:
                shutil.copy2(one.here, target)
            continue
        version = record.data(spec_of(one.use))
        replica = record.replica
        restoring.restore(replica.home.env, replica.objects(), restoring.wanted_of(version), target)
