"""One run as plain files: facts, notes, points, console, code, kept files, rich values, notebook.

Always true: a file or folder is there under a name that every disk takes, whatever it was called; what is missing or damaged
is named and costs itself only; bytes of kept files are checked against their digest before they appear.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gnomon.errors import RecordError
from gnomon.runs.archive.chosen import process_facts
from gnomon.runs.archive.names import Folders, Names, safe_name
from gnomon.runs.archive.notebook_file import notebook_bytes
from gnomon.runs.archive.points import that_count
from gnomon.runs.archive.texts import csv_lines, json_bytes, visible
from gnomon.runs.resume import cuts
from gnomon.runs.table import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.archive.object_files import ObjectFiles
    from gnomon.runs.archive.points import ChosenPoints
    from gnomon.runs.run_view import RunView

CSV, PARQUET = "csv", "parquet"
POINT_COLUMNS = ("series", "rank", "step", "time", "value")
LONGEST_NAME = 60
_CODE_FOLDER = "files/"


def folder_name(run: RunView, digits: int) -> str:
    """Return what the folder of a run is called: its name, and as much of its id as tells it from the others."""
    short = safe_name(run.id[:digits])
    return f"{safe_name(run.name, LONGEST_NAME)}-{short}" if run.name else f"run-{short}"


class RunFolder:
    """Writes one run into a folder of an export."""

    def __init__(
        self,
        run: RunView,
        folder: str,
        objects: ObjectFiles,
        codes: set[str],
        elsewhere: Mapping[str, str],
    ) -> None:
        """Prepare; `codes` are the folders of code that other runs wrote already, `elsewhere` those of versions of data by id."""
        self._run = run
        self._folder = folder
        self._objects = objects.of(f"run {run.id[:8]}")
        self._files = objects.files
        self._told = self._objects.told
        self._codes = codes
        self._elsewhere = elsewhere

    def write(self, points: ChosenPoints, form: str) -> None:
        """Write all of it. Raises OSError."""
        run = self._run
        kept = self._kept()
        values = self._values()
        code = self._code()
        facts = {**facts_of(run), "code_folder": code, "kept": kept, "values": values, "used": self._used()}
        self._put("run.json", json_bytes(facts))
        if run.notes:
            self._put("notes.md", _notes(run))
        if run.traceback:
            self._put("traceback.txt", visible(run.traceback).encode("utf-8", "backslashreplace"))
        self._console()
        notebook = run.notebook
        if notebook is not None:
            self._put("notebook.ipynb", notebook_bytes(notebook, self._told))
        self._points(points, form)

    def _put(self, path: str, data: bytes) -> None:
        self._files.write(f"{self._folder}/{path}", data)

    def _console(self) -> None:
        pieces = [
            f"\n[… {piece.skipped_bytes:,} characters were left out here …]\n" * bool(piece.skipped_bytes)
            + piece.text
            for piece in self._run.console()
        ]
        if pieces:
            self._put("console.txt", visible("".join(pieces)).encode("utf-8", "backslashreplace"))

    # --- points

    def _points(self, points: ChosenPoints, form: str) -> None:
        found = that_count(points.of(self._run.id), cuts(self._run._state), points, self._run.id)
        if not found:
            return
        if form == PARQUET:
            from gnomon.points.segment import as_table

            table = as_table({(key, wal): part for wal, key, part in found})
            full = self._files.place(f"{self._folder}/points.parquet")
            _write_parquet(table, full)
            self._files.count_one(os.path.getsize(full))
        else:
            rows = _rows(found)
            self._files.write(f"{self._folder}/points.csv", csv_lines(POINT_COLUMNS, rows))

    # --- objects

    def _kept(self) -> list[dict[str, object]]:
        names = Names()
        said = []
        for one in self._run.kept:
            path = f"kept/{names.take(one.name, may_be_hidden=True)}"
            fact: dict[str, object] = {"name": one.name, "path": path, "size": one.size, "blake3": one.object}
            if one.is_tree:
                fact["files"] = one.files
                renamed = self._objects.tree(one.object, f"{self._folder}/{path}", f"`{one.name}`")
                if renamed:
                    fact["renamed"] = {name: f"{path}/{safe}" for name, safe in renamed.items()}
            else:
                self._objects.file(one.object, f"{self._folder}/{path}", f"`{one.name}`", one.size)
            said.append(fact)
        return said

    def _used(self) -> list[dict[str, object]]:
        """Return the data that the run used, and where it stands in the export."""
        return [
            {**use._asdict(), "folder": self._elsewhere.get(use.version) if use.version is not None else None}
            for use in self._run.uses
        ]

    def _code(self) -> str | None:
        """Write the captured code, unless a run before this one had the same; return its folder in the export."""
        captured = self._run.captured
        tree = captured.code_object
        texts = captured.code_files() if tree is None else {}
        if tree is None and not texts:
            return None
        folder = f"code/{(tree or _digest_of(texts))[:12]}"
        if folder in self._codes:
            return folder
        self._codes.add(folder)
        names = Folders()
        if tree is None:
            for path, data in texts.items():
                self._files.write(f"{folder}/{_code_path(path, names)}", data)
            return folder
        try:
            files = self._objects.store.read_tree(tree)
        except RecordError as error:
            self._told(f"captured code: {error.message}")
            return None
        for file in files:
            path = f"{folder}/{_code_path(file.path, names)}"
            self._objects.file(file.object, path, f"captured code, `{file.path}`", file.size)
        return folder

    def _values(self) -> list[dict[str, object]]:
        folders = Names()
        in_folder: dict[str, tuple[str, Names]] = {}
        said = []
        for value in self._run.values():
            if value.series not in in_folder:
                in_folder[value.series] = (folders.take(value.series), Names())
            folder, names = in_folder[value.series]
            rank = f"-rank{value.rank}" if value.rank else ""
            written = {}
            for part in value._parts:
                name = names.take(f"step{value.step:06d}{rank}-{part['name']}")
                path = f"values/{folder}/{name}"
                what = f"{value.kind} `{value.series}` of step {value.step}, {part['name']}"
                self._objects.file(part["object"], f"{self._folder}/{path}", what, part["size"])
                written[part["name"]] = path
            said.append(
                {
                    "series": value.series, "step": value.step, "rank": value.rank, "kind": value.kind,
                    "time": iso_time(value.time_s), "meta": value.meta, "notes": value.notes, "files": written,
                }
            )  # fmt: skip
        return said


def _code_path(path: str, names: Folders) -> str:
    """Return where a captured file of the code goes: the diff as a patch, untracked files under `untracked/`."""
    if path == "diff":
        return "uncommitted.patch"
    if path.startswith(_CODE_FOLDER):
        return f"untracked/{names.take(path.removeprefix(_CODE_FOLDER))}"
    return f"other/{names.take(path)}"


def _digest_of(texts: Mapping[str, bytes]) -> str:
    from blake3 import blake3

    return blake3(
        json_bytes({name: data.decode("utf-8", "replace") for name, data in sorted(texts.items())})
    ).hexdigest()


def facts_of(run: RunView) -> dict[str, object]:
    """Return what is known of a run, for `run.json`."""
    captured = run.captured
    return {
        "id": run.id, "name": run.name, "status": run.status, "group": run.group, "seed": run.seed, "tags": run.tags,
        "author": run.author, "created": iso_time(run.created), "ended": iso_time(run.ended),
        "duration_s": run.duration_s, "parent": run.parent, "hidden": run.is_removed, "params": run.params,
        "metrics": run.metrics,
        "series": [
            {
                "name": name, "rank": rank, "points": stat.count, "nan": stat.nan, "first_step": stat.first_step,
                "last_step": stat.last_step, "last": stat.last, "min": stat.min, "max": stat.max,
            }
            for (name, rank), stat in run.stats.items()
        ],
        "notes": [
            {"text": note.text, "time": iso_time(note.time_s), "author": note.author} for note in run.notes
        ],
        "processes": process_facts(run), "conflicts": run.conflicts, "command": captured.part("command"),
        "code": captured.part("code"), "python": captured.part("python"), "machine": captured.part("machine"),
        "environment": captured.part("environment"), "exit": captured.exit,
        "withheld": [one._asdict() for one in captured.withheld],
    }  # fmt: skip


def _notes(run: RunView) -> bytes:
    parts = []
    for note in run.notes:
        by = f", {note.author}" if note.author else ""
        parts.append(
            f"<!-- {iso_time(note.time_s)}{by} -->\n\n{note.text if note.text is not None else '(erased)'}\n"
        )
    return visible("\n".join(parts)).encode("utf-8", "backslashreplace")


def _rows(found: list[tuple[str, Any, Any]]) -> Iterator[tuple[object, ...]]:
    for _, key, part in found:
        exact = part.exact
        for at, (step, time_us, value) in enumerate(
            zip(part.steps.tolist(), part.times_us.tolist(), part.values.tolist(), strict=True)
        ):
            yield key.series, key.rank, step, _iso_micros(time_us), exact.get(at, value)


def _iso_micros(time_us: int) -> str:
    from datetime import UTC, datetime

    seconds, micros = divmod(time_us, 1_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a clock that was far off
        return str(time_us)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def _write_parquet(table: Any, path: str) -> None:
    from arro3.io import write_parquet

    with open(path, "xb") as file:
        write_parquet(table, file, compression="zstd(1)")
