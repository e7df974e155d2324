"""Read all bytes of versions and check them against their digests; name what is damaged, by version and file.

Always true: an object that several versions share is read once; each damaged or missing file is named under each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.profiling import facts_of
from gnomon.errors import MissingObjectError, RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.data.views import DataVersion
    from gnomon.objects.store import ObjectStore


class Fault(NamedTuple):
    """A file of a version whose bytes are not as they were."""

    version: str
    path: str
    what: str


class Checked(NamedTuple):
    """What was read, and what is wrong. `unchecked` are references: their bytes are not in the record."""

    versions: int
    objects: int
    bytes: int
    faults: list[Fault]
    unchecked: list[str]


def verify(versions: Sequence[DataVersion], *, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Check versions of one record."""
    store = versions[0].record.replica.objects()
    known: dict[str, str | None] = {}
    faults: list[Fault] = []
    unchecked: list[str] = []
    total, done = sum([one.size for one in versions]), 0
    read = 0
    for version in versions:
        if version.reference is not None or version.object is None:
            unchecked.append(version.label)
            continue
        facts = facts_of(version)
        fault = _look_up(store, facts.object, known) if facts is not None else None
        if fault:
            faults.append(Fault(version.label, "(its profile)", fault))
        if version.is_tree:
            fault = _look_up(store, version.object, known)
            if fault:
                faults.append(Fault(version.label, "(the list of its files)", fault))
                continue
        for file in version.files():
            if file.object not in known:
                read += file.size
            fault = _look_up(store, file.object, known)
            if fault:
                faults.append(Fault(version.label, file.path, fault))
            done += file.size
            if progress is not None:
                progress(done, total)
    return Checked(len(versions) - len(unchecked), len(known), read, faults, unchecked)


def _look_up(store: ObjectStore, object_id: str, known: dict[str, str | None]) -> str | None:
    if object_id not in known:
        known[object_id] = _fault_of(store, object_id)
    return known[object_id]


def _fault_of(store: ObjectStore, object_id: str) -> str | None:
    """Return what is wrong with an object; None where it is whole."""
    try:
        for _ in store.stream(object_id):
            pass
    except MissingObjectError:
        return "it is not in this replica"
    except RecordError as error:
        return error.message
    return None
