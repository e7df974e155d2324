"""The saved views that go along with an export: all of them where the whole record is meant, none with chosen runs.

`views.json` says what each asks, as `gnomon views --json` does; the entries go along as those of the runs do, so an import
has the views, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.texts import json_bytes
from gnomon.runs.saved.entries import view_subject
from gnomon.runs.saved.views import views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.parts import Cited, Request
    from gnomon.runs.saved.views import SavedView

FILE = "views.json"


def part_of(request: Request) -> ViewsPart | None:
    """Return the views that go along; None where there are none, or where only some runs were chosen."""
    found = views(request.record) if request.is_all else []
    return ViewsPart(found) if found else None


class ViewsPart:
    """Saved views as a part of an export. See `runs.archive.parts.Part`."""

    def __init__(self, found: Sequence[SavedView]) -> None:
        self._views = found

    @property
    def subjects(self) -> list[str]:
        return [view_subject(one.id) for one in self._views]

    @property
    def listed(self) -> list[str]:
        return []  # what is listed are versions of data

    @property
    def folders(self) -> Mapping[str, str]:
        return {}

    @property
    def size(self) -> int:
        return 0

    @property
    def announcement(self) -> str:
        return f"with the record: {text.count(len(self._views), 'saved view')}"

    @property
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        return [("saved views: what tables of runs ask, by name", f"`{FILE}`")], []

    def cited(self) -> Iterator[tuple[str, Cited]]:
        yield from ()

    def write(self, files: ObjectFiles) -> None:
        files.files.write(FILE, json_bytes([one.to_dict() for one in self._views]))
