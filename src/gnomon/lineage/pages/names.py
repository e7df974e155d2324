"""`/lineage/names?q=…`: what may be asked about, for the field of the page: data, runs, files that runs kept, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.views import labels, rows
from gnomon.lineage.naming import kept_files
from gnomon.page import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.page import Ask

MOST, MOST_OF_A_KIND = 24, 10
NEWEST_RUNS, NEWEST_WITH_FILES = 500, 100


def names(ask: Ask) -> Json:
    """Return (value, note) of what has the words in its name, the newest first."""
    words = ask.query.text("q").casefold()
    found: list[dict[str, str]] = []
    for kind in (_data, _runs, _files, _sources):
        held = 0
        for value, called, note in kind(ask):
            if words in value.casefold() or words in called.casefold():
                found.append({"value": value, "note": f"{called}, {note}" if called not in value else note})
                held += 1
                if held >= MOST_OF_A_KIND or len(found) >= MOST:
                    break
    return Json(found)


def _data(ask: Ask) -> Iterator[tuple[str, str, str]]:
    ask.record.replica.update()
    every = rows(ask.record.replica.index)
    called = labels(every)
    for row in reversed(every):
        yield called[row.id], row.name, "version of data"


def _runs(ask: Ask) -> Iterator[tuple[str, str, str]]:
    for row in ask.record.runs(columns=["id", "name", "status"], limit=NEWEST_RUNS).to_pylist():
        id_ = str(row["id"])
        yield f"run:{id_[:12]}", str(row["name"] or id_[:8]), f"run, {row['status']}"


def _files(ask: Ask) -> Iterator[tuple[str, str, str]]:
    met: set[str] = set()
    for one in kept_files(ask.record, NEWEST_WITH_FILES):
        if one.digest not in met:
            met.add(one.digest)
            yield f"object:{one.digest[:16]}", one.name, f"file kept by {one.run_name}"


def _sources(ask: Ask) -> Iterator[tuple[str, str, str]]:
    for key in ask.record.replica.index.link_targets("source"):
        yield key, key.partition(":")[2], "source"
