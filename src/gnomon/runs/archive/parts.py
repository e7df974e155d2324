"""What goes along with exported runs besides what is theirs: a feature's own part, such as the versions of data that they used.

A feature says so itself: `Feature.export` names a function that takes a `Request` and gives a `Part`, or None where nothing
goes along. So the next feature is in exports without a change here.

Always true: entries go along by their subject; an object goes along where a part cites it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gnomon.record import kinds
from gnomon.record.index_query import type_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record


class Cited(NamedTuple):
    """An object that something of a run, or of a part, names: a tree of files that go along, or bytes."""

    object: str
    is_tree: bool
    what: str


class Request(NamedTuple):
    """The export that is being made: of these runs; `is_all` where the whole record is meant; with or without bytes of data."""

    record: Record
    runs: Mapping[str, RunView]
    is_all: bool
    with_bytes: bool


class Part(Protocol):
    """What a feature adds to an export."""

    @property
    def subjects(self) -> list[str]:
        """The subjects whose entries go along: `data:<id>`."""

    @property
    def listed(self) -> list[str]:
        """What goes along, as people call it: `credit@v3`."""

    @property
    def folders(self) -> Mapping[str, str]:
        """Where each stands in the export, by the id of its subject."""

    @property
    def size(self) -> int:
        """How many bytes the files have that `write` will write."""

    @property
    def announcement(self) -> str:
        """What is said before anything is written: what goes along, and how much it is."""

    @property
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        """What README.md says: rows of (what, where), and lines of a section of its own."""

    def cited(self) -> Iterator[tuple[str, Cited]]:
        """Yield the objects that go along, each with the name of what cites it."""

    def write(self, files: ObjectFiles) -> None:
        """Write its plain files. Raises OSError."""


def parts_of(request: Request) -> list[Part]:
    """Return what the features of the subjects in a record add to an export, by the name of the subject's type."""
    found = []
    for name in request.record.replica.index.ask(type_names):
        feature = kinds.find(name)
        if feature is not None and feature.export is not None:
            module, _, function = feature.export.partition(":")
            part = getattr(import_module(module), function)(request)
            if part is not None:
                found.append(part)
    return found
