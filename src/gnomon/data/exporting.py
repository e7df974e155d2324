"""The versions of data that go along with exported runs: those that the runs used; of the whole record, all.

Each has a folder: `data.json` with what is recorded of it, its profile, and its file or folder, as it was. Where the bytes
stay behind (they were not asked for, were erased, or lie elsewhere by reference), all else is there, and the list of a
folder's files too.

Always true: what entries of a version name goes along as the version does: contracts, reports, profiles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.data.entries import data_subject
from gnomon.data.views import DataVersion, labels, rows
from gnomon.errors import RecordError
from gnomon.record import kinds
from gnomon.runs.archive.names import Names, safe_name
from gnomon.runs.archive.parts import Cited
from gnomon.runs.archive.texts import csv_lines, json_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.parts import Request

FACTS, PROFILE, TABLE = "data.json", "profile.json", "data.csv"
_MOST_PROFILE = 64 << 20
_OBJECT = re.compile(rb'"([0-9a-f]{64})"')
_COLUMNS = (
    "label", "id", "created", "size", "files", "rows", "columns", "licence", "origin", "sensitivity", "legal_basis",
    "retention", "message", "object",
)  # fmt: skip


def part_of(request: Request) -> DataPart | None:
    """Return the versions that go along; None where there are none."""
    every = rows(request.record.replica.index)
    used = {use.version for run in request.runs.values() for use in run.uses}
    wanted = [row for row in every if request.is_all or row.id in used]
    if not wanted:
        return None
    called = labels(every)
    wanted.sort(key=lambda row: (row.name, row.number, row.id))
    found = [DataVersion(request.record, row.id, called[row.id]) for row in wanted]
    return DataPart(found, with_bytes=request.with_bytes)


class DataPart:
    """Versions of data as a part of an export. See `runs.archive.parts.Part`."""

    def __init__(self, versions: list[DataVersion], *, with_bytes: bool) -> None:
        self._versions = versions
        self._with_bytes = with_bytes
        names = Names()
        self._folders = {one.id: f"data/{names.take(safe_name(one.label))}" for one in versions}

    @property
    def subjects(self) -> list[str]:
        return [data_subject(one.id) for one in self._versions]

    @property
    def listed(self) -> list[str]:
        return [one.label for one in self._versions]

    @property
    def folders(self) -> Mapping[str, str]:
        return self._folders

    def _has_bytes(self, version: DataVersion) -> bool:
        """Return whether the bytes of a version go along."""
        is_kept = version.object is not None and version.reference is None and version.erased is None
        return self._with_bytes and is_kept

    @property
    def size(self) -> int:
        return sum(one.size for one in self._versions if self._has_bytes(one))

    @property
    def announcement(self) -> str:
        there = text.count(len(self._versions), "version") + " of data"
        bytes_of = sum(one.size for one in self._versions if one.reference is None and one.erased is None)
        if not self._with_bytes:
            return f"with these runs: {there}, but not the bytes ({text.size(bytes_of)} stay here)"
        return f"with these runs: {there}, {text.size(bytes_of)}; `--no-data` leaves the bytes out"

    @property
    def readme(self) -> tuple[list[tuple[str, str]], list[str]]:
        what = "facts, profile" + (
            ", and the file or folder as it was" if self._with_bytes else "; not the bytes"
        )
        table = [
            (f"versions of data: {what}", "`data/…/`; `used` in `run.json` says which"),
            ("these versions as a table", f"`{TABLE}`"),
        ]
        lines = ["## Data", "", "| folder | bytes | object |", "|---|---|---|"]
        for one in self._versions:
            there = f"{one.size:,}" if self._has_bytes(one) else "not in here"
            lines.append(f"| `{self._folders[one.id]}` | {there} | `{one.object or '-'}` |")
        return table, [*lines, ""]

    # --- objects

    def cited(self) -> Iterator[tuple[str, Cited]]:
        for one in self._versions:
            who = f"data {one.label}"
            if self._has_bytes(one):
                assert one.object is not None  # `_has_bytes` looked  # noqa: S101
                yield who, Cited(one.object, one.is_tree, f"`{one.file_name}`")
            store = one.record.replica.objects()
            for digest in self._named_by_entries(one):
                # Of a folder whose bytes stay behind, the list of its files goes along.
                if (digest != one.object or one.is_tree) and store.contains(digest):
                    yield who, Cited(digest, False, f"an object of {one.label}")

    def _named_by_entries(self, version: DataVersion) -> list[str]:
        """Return the digests that the entries of a version name to keep them."""
        feature = kinds.find("data")
        only_cites = feature.cites if feature is not None else frozenset()
        found: dict[bytes, None] = {}
        for entry in version.record.replica.index.live("data", version.id):
            if entry.body_raw is not None and entry.kind not in only_cites and version.erased is None:
                found.update(dict.fromkeys(_OBJECT.findall(entry.body_raw)))
        return [digest.decode("ascii") for digest in found]

    # --- plain files

    def write(self, files: ObjectFiles) -> None:
        table = []
        for one in self._versions:
            facts = self._write(one, self._folders[one.id], files.of(f"data {one.label}"))
            extent = {name: one.state["profile"].get(name) for name in ("rows", "columns")}
            table.append([self._folders[one.id], *({**facts, **extent}[name] for name in _COLUMNS)])
        files.files.write(TABLE, csv_lines(("folder", *_COLUMNS), table))

    def _write(self, version: DataVersion, folder: str, files: ObjectFiles) -> dict[str, Any]:
        """Write the folder of a version; return its facts."""
        names = Names()
        for taken in (FACTS, PROFILE):
            names.take(taken)
        facts: dict[str, Any] = {key: value for key, value in version.to_dict().items() if key != "used_by"}
        facts["path"] = None
        if self._has_bytes(version):
            assert version.object is not None  # noqa: S101
            path = names.take(version.file_name, may_be_hidden=True)
            facts["path"] = path
            if not version.is_tree:
                files.file(version.object, f"{folder}/{path}", f"`{version.file_name}`", version.size)
            elif renamed := files.tree(version.object, f"{folder}/{path}", f"`{version.file_name}`"):
                facts["renamed"] = {name: f"{path}/{safe}" for name, safe in renamed.items()}
        profile = version.state["profile"]
        if profile:
            try:
                data = files.store.read(profile["object"], _MOST_PROFILE)
            except RecordError as error:
                files.told(f"its profile: {error.message}")
            else:
                files.files.write(f"{folder}/{PROFILE}", data)
        files.files.write(f"{folder}/{FACTS}", json_bytes(facts))
        return facts
