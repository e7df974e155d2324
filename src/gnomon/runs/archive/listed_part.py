"""What goes along with an export as one list: a JSON file that says what each is, and the entries, which an import takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.archive.texts import json_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.parts import Cited


class ListedPart(NamedTuple):
    """Subjects that have no files of their own, as a part of an export. See `runs.archive.parts.Part`.

    `file` is the name of the JSON file, `rows` are what it holds; `says` is what README.md says of it.
    """

    file: str
    subjects: list[str]
    rows: Sequence[Mapping[str, object]]
    announcement: str
    says: str

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
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        return [(self.says, f"`{self.file}`")], []

    def cited(self) -> Iterator[tuple[str, Cited]]:
        yield from ()

    def write(self, files: ObjectFiles) -> None:
        files.files.write(self.file, json_bytes(self.rows))
