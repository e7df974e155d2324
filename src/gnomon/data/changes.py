"""Which files differ between two versions, or between a version and what lies on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.objects.tree import TreeFile


class Change(NamedTuple):
    """A file that both have: its path, and its size before and after."""

    path: str
    before: int
    after: int


class Changes(NamedTuple):
    """What differs. A file that only got another name is in `moved`, (from, to, size), and in nothing else."""

    added: list[TreeFile]
    removed: list[TreeFile]
    changed: list[Change]
    moved: list[tuple[str, str, int]]
    same: int

    @property
    def is_none(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.moved)

    @property
    def sentence(self) -> str:
        """How many files, in words.

        >>> Changes([], [], [], [], 3).sentence
        'nothing changed'
        """
        counts = {
            "added": len(self.added), "removed": len(self.removed), "changed": len(self.changed), "moved": len(self.moved)
        }  # fmt: skip
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "nothing changed"

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "added": [{"path": file.path, "size": file.size} for file in self.added],
            "removed": [{"path": file.path, "size": file.size} for file in self.removed],
            "changed": [one._asdict() for one in self.changed],
            "moved": [{"from": old, "to": new, "size": size} for old, new, size in self.moved],
            "same": self.same,
        }


def changes(before: Iterable[TreeFile], after: Iterable[TreeFile]) -> Changes:
    """Return what differs between two lists of files.

    A file that may now be executed, or no longer, counts as changed.
    """
    old, new = {file.path: file for file in before}, {file.path: file for file in after}
    removed = [file for path, file in old.items() if path not in new]
    added = [file for path, file in new.items() if path not in old]
    changed = [
        Change(path, file.size, new[path].size)
        for path, file in old.items()
        if path in new and (file.object, file.mode) != (new[path].object, new[path].mode)
    ]
    gone: dict[str, list[TreeFile]] = {}
    for file in reversed(removed):
        gone.setdefault(file.object, []).append(file)
    moved: list[tuple[str, str, int]] = []
    for file in added:
        sources = gone.get(file.object)
        if sources and file.size:
            moved.append((sources.pop().path, file.path, file.size))
    left, came = {one[0] for one in moved}, {one[1] for one in moved}
    return Changes(
        [file for file in added if file.path not in came],
        [file for file in removed if file.path not in left],
        changed,
        moved,
        sum(
            [
                1
                for path, file in old.items()
                if path in new and file.object == new[path].object and file.mode == new[path].mode
            ]
        ),
    )
