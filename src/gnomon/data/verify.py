"""Check all stored bytes of versions against their digests; name what is damaged, by version and file.

Always true: each pack is read once, whatever number of versions have their bytes in it; each damaged or missing file is named
under each version. What this device has unpacked before, and what still has its digest, is not unpacked again: see
`gnomon.objects.checking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.profiling import facts_of
from gnomon.errors import ErasedObjectError, MissingObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.data.views import DataVersion
    from gnomon.objects.checking import Checker


class Fault(NamedTuple):
    """A file of a version whose bytes are not as they were; `version` is empty for a pack whose damage hit none of them."""

    version: str
    path: str
    what: str


class Checked(NamedTuple):
    """What was checked, and what is wrong.

    `unchecked` are references: their bytes are not in the record. `erased` are versions whose bytes were taken out.
    """

    versions: int
    objects: int
    bytes: int
    faults: list[Fault]
    unchecked: list[str]
    erased: list[str]


def verify(versions: Sequence[DataVersion], *, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Check versions of one record."""
    checker = versions[0].record.replica.objects().checker()
    known: dict[str, str | None] = {}
    faults: list[Fault] = []
    unchecked: list[str] = []
    erased: list[str] = []
    total, done = sum([one.size for one in versions]), 0
    size = 0
    for version in versions:
        if version.erased is not None:
            erased.append(version.label)
            continue
        if version.reference is not None or version.object is None:
            unchecked.append(version.label)
            continue
        facts = facts_of(version)
        fault = _look_up(checker, facts.object, known) if facts is not None else None
        if fault:
            faults.append(Fault(version.label, "(its profile)", fault))
        if version.is_tree:
            fault = _look_up(checker, version.object, known)
            if fault:
                faults.append(Fault(version.label, "(the list of its files)", fault))
                continue
        for file in version.files():
            if file.object not in known:
                size += file.size
            fault = _look_up(checker, file.object, known)
            if fault:
                faults.append(Fault(version.label, file.path, fault))
            done += file.size
            if progress is not None:
                progress(done, total)
    if not faults:  # else they name the packs
        faults = [Fault("", path, found[0].what) for path, found in checker.damaged.items()]
    checked = len(versions) - len(unchecked) - len(erased)
    return Checked(checked, len(known), size, faults, unchecked, erased)


def _look_up(checker: Checker, object_id: str, known: dict[str, str | None]) -> str | None:
    if object_id not in known:
        fault = checker.fault(object_id)
        is_missing = isinstance(fault, MissingObjectError) and not isinstance(fault, ErasedObjectError)
        what = None if fault is None else fault.message
        known[object_id] = "it is not in this replica" if is_missing else what
    return known[object_id]
