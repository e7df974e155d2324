"""`/data/{name}/{version}`: everything about one version, its tags, and its description in Croissant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gnomon.data.pages import columns
from gnomon.data.pages.row import by_words, path_of, row_of, which_of
from gnomon.data.profiling import profile_or_note
from gnomon.data.views import DataVersion, labels, rows
from gnomon.errors import BadArgumentError, GnomonError
from gnomon.page import Binary, Redirect, Shown

if TYPE_CHECKING:
    from gnomon.objects.tree import TreeFile
    from gnomon.page import Answer, Ask
    from gnomon.runs.views import Record

MOST_FILES, MOST_RUNS, MOST_PICTURES = 100, 20, 24
MANY_FILES = 20_000  # from here on they are listed when they are asked for
MOST_DESCRIBED = 500_000_000  # bytes that a description in Croissant reads, from here
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp")


def version(ask: Ask) -> Shown:
    """Show one version."""
    found = _found(ask)
    runs = found.used_by[::-1]
    most = ask.query.whole("runs", MOST_RUNS, low=1, high=10_000)
    return Shown(
        "data/version.html",
        found.label,
        {
            **row_of(found, len(runs)), **_facts(ask.record, found), **_profile(ask, found), **_files(ask, found),
            "runs": [_run(ask.record, run) for run in runs[:most]], "runs_where": _where(ask.record, found, len(runs)),
            "checks": [_check(one) for one in found.checks],
        },
    )  # fmt: skip


def tags(ask: Ask) -> Answer:
    """Give the version tags, or take tags back; as `gnomon data tag` does."""
    from gnomon.data import actions

    found = _found(ask)
    add, remove = ask.form.listed("tag"), ask.form.listed("remove")
    if not (add or remove):
        raise BadArgumentError("no tag was given", hint="a tag is written like a name, for instance `gold`")
    actions.tag(ask.record, found, add, remove)
    return Redirect(_address(path_of(found)))


def croissant(ask: Ask) -> Binary:
    """Return its description in Croissant 1.1, as `gnomon data croissant` makes it."""
    from gnomon.data.croissant import make

    found = _found(ask)
    if not _is_described(found):
        raise BadArgumentError(
            f"`{found.label}` is not described here: its bytes are elsewhere, or too many to be read at once",
            hint=f"`gnomon data croissant {found.label} -o croissant.json` does it",
        )
    text = json.dumps(make(found).description, indent=2, ensure_ascii=False)
    name = f"{found.name}-{which_of(found)}.croissant.json"
    return Binary([text.encode()], "application/json", name)


def _found(ask: Ask) -> DataVersion:
    return ask.record.data(f"{ask.path['name']}@{ask.path['version']}")


def _address(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/@:")


def _is_described(found: DataVersion) -> bool:
    return found.reference is None and found.erased is None and found.size <= MOST_DESCRIBED


# ---------------------------------------------------------------- facts


def _facts(record: Record, found: DataVersion) -> dict[str, Any]:
    every = rows(record.replica.index, found.name)
    called = labels(every)
    near = {row.id: {"label": called[row.id], "path": path_of(DataVersion(record, row.id, called[row.id]))}
            for row in every if row.id in found.parents or found.id in row.parents}  # fmt: skip
    return {
        "page_path": path_of(found), "object": found.object or "",
        "is_tree": found.is_tree, "file_name": found.file_name, "notes": found.notes,
        "reference": found.reference, "erased_words": found.erased_words or "", "conflicts": found.conflicts,
        "before": [near.get(one, {"label": one[:8], "path": ""}) for one in found.parents],
        "after": [near[row.id] for row in every if found.id in row.parents],
        "is_described": _is_described(found), "author": found.author or "", "writer": found.writer or "",
    }  # fmt: skip


def _run(record: Record, id: str) -> dict[str, Any]:
    run = record.run(id)
    return {"id": id, "name": run.name, "status": run.status, "created": run.created}


def _where(record: Record, found: DataVersion, used: int) -> str:
    """Return the filter of the runs table for the runs that used it; empty where it would show others, too."""
    where = f"data.\"{found.name}\" = '{which_of(found)}'"
    try:
        return where if used and record.runs(where, columns=["id"], limit=0).total == used else ""
    except GnomonError:
        return ""


def _check(one: dict[str, Any]) -> dict[str, Any]:
    order = {"fail": 0, "cannot tell": 1, "warn": 2, "pass": 3}
    outcomes = sorted(one["outcomes"], key=lambda outcome: order[outcome["outcome"]])
    return {
        **one,
        "outcomes": outcomes,
        "at": one["time_us"] / 1e6,
        "by": by_words(one["author"], one["writer"]),
    }


# ---------------------------------------------------------------- profile and files


def _profile(ask: Ask, found: DataVersion) -> dict[str, Any]:
    profile, note = profile_or_note(found)
    asked = ask.query.text("column")
    limit = ask.query.whole("columns", columns.MOST, low=1, high=5_000)
    values: dict[str, Any] = {
        "has_profile": profile is not None,
        "profile_note": note or "",
        "asked_column": asked,
    }
    if profile is None:
        return {**values, "tables": [], "sentences": [], "counted": [], "suffixes": [], "profile_notes": ()}
    return {
        **values, "tables": columns.tables(profile, asked, limit), "sentences": columns.sentences(profile),
        "counted": columns.counts(profile), "suffixes": columns.suffixes(profile), "profile_notes": profile.notes,
    }  # fmt: skip


def _files(ask: Ask, found: DataVersion) -> dict[str, Any]:
    asked = ask.query.text("find")
    limit = ask.query.whole("limit", MOST_FILES, low=1, high=20_000)
    values: dict[str, Any] = {
        "asked_file": asked,
        "files_note": "",
        "file_rows": [],
        "file_total": 0,
        "pictures": [],
        "has_pictures": False,
    }
    if found.file_count > MANY_FILES and "find" not in ask.query:
        return {**values, "files_note": "many"}
    try:
        every = found.files()
    except GnomonError as error:
        return {**values, "files_note": error.message}
    fitting = [file for file in every if asked.casefold() in file.path.casefold()] if asked else every
    pictures = [file for file in fitting if file.path.lower().endswith(_PICTURES)]
    looks = ask.query.flag("look") and found.reference is None
    return {
        **values, "file_rows": [_file(ask, found, file) for file in fitting[:limit]], "file_total": len(fitting),
        "has_pictures": bool(pictures) and found.reference is None,
        "pictures": [_file(ask, found, file) for file in pictures[:MOST_PICTURES]] if looks else [],
    }  # fmt: skip


def _file(ask: Ask, found: DataVersion, file: TreeFile) -> dict[str, Any]:
    """Return a file with its addresses on the other origin; none where the record does not hold its bytes."""
    link = ask.link if found.reference is None else None
    return {
        "path": file.path, "size": file.size, "digest": file.object,
        "show": link(file.object, file.path) if link is not None else "",
        "download": link(file.object, file.path, is_download=True) if link is not None else "",
    }  # fmt: skip
