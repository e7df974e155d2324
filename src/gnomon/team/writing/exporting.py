"""What people wrote to each other, as it goes along with an export of the whole record; nothing of it with chosen runs.

`decisions.json`, `questions.json`, … say what each writing is, as `gnomon read --json` does; the entries go along, so an import
has them. One function for each kind, by its name: that is how features name their parts.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.texts import json_bytes
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import writings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.parts import Cited, Request
    from gnomon.team.writing.views import Writing


def _part_of(kind: str, request: Request) -> WritingsPart | None:
    """Return the writings of a kind that go along; None where there are none, or where only some runs were chosen."""
    found = writings(request.record, kind) if request.is_all else []
    return WritingsPart(kind, found) if found else None


decision = partial(_part_of, "decision")
question = partial(_part_of, "question")
handoff = partial(_part_of, "handoff")
update = partial(_part_of, "update")
review = partial(_part_of, "review")
page = partial(_part_of, "page")
problem = partial(_part_of, "problem")


class WritingsPart:
    """Writings of one kind as a part of an export. See `runs.archive.parts.Part`."""

    def __init__(self, kind: str, found: Sequence[Writing]) -> None:
        self._kind, self._writings = KINDS[kind], found
        self._file = f"{self._kind.plural.replace('-', '')}.json"

    @property
    def subjects(self) -> list[str]:
        return [f"{self._kind.type}:{one.id}" for one in self._writings]

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
        return f"with the record: {text.count(len(self._writings), self._kind.noun, self._kind.plural)}"

    @property
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        return [(f"{self._kind.plural} of the team, with what was said about them", f"`{self._file}`")], []

    def cited(self) -> Iterator[tuple[str, Cited]]:
        yield from ()

    def write(self, files: ObjectFiles) -> None:
        files.files.write(self._file, json_bytes([one.to_dict() for one in self._writings]))
