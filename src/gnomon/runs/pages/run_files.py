"""`/run/{run}/files`: what a run kept, and what it was heard to write. Pictures and short texts are shown in their place.

Always true: no byte of a file is on this origin: it is named by an address on that for what people made, and a text is in a frame
that can do nothing.
"""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError
from gnomon.page import Redirect
from gnomon.runs.pages.run_parts import address, grown, matching, opened, shown

if TYPE_CHECKING:
    from gnomon.page import Answer, Ask, ObjectLink
    from gnomon.runs.run_view import Kept, RunView

FILES, MEMBERS, WROTE = 200, 500, 200
TEXT_BYTES, PICTURE_BYTES = 200_000, 20_000_000
_TEXTS = frozenset(
    "txt md rst csv tsv json jsonl yaml yml toml ini cfg log py r jl sh sql js ts css c h cpp hpp rs go java html htm xml tex "
    "svg ipynb lock diff patch".split()
)


class File(NamedTuple):
    """A file: `shape` is image, audio, video, text, or nothing where it is only offered; `to` shows it, `save` offers it."""

    name: str
    size: int
    object: str
    shape: str
    to: str
    save: str


class Entry(NamedTuple):
    """What was kept under a name; of a folder also its members. `is_earlier`: something newer has the name."""

    kept: Kept
    file: File
    members: list[File]
    left_out: int
    problem: str
    is_earlier: bool


def files(ask: Ask) -> Answer:
    """Show the kept files, the newest first."""
    run = opened(ask, "files")
    if isinstance(run, Redirect):
        return run
    wanted = ask.query.text("name")
    kept = run.kept[::-1]
    names = set(matching({one.name for one in kept}, wanted))
    newest: set[str] = set()
    entries: list[Entry] = []
    for one in kept:
        if one.name in names and len(entries) < FILES:
            entries.append(_entry(ask, run, one, is_earlier=one.name in newest))
        newest.add(one.name)
    watched = [(one, one["wrote"][:WROTE], max(0, len(one["wrote"]) - WROTE)) for one in run.watched]
    values = {
        "entries": entries, "total": len(kept), "filter": wanted, "watched": watched,
        "left_out": sum(one.name in names for one in kept) - len(entries), "path": address(run.id, "files"),
        "grown": grown(ask, len(kept) + sum(len(one["wrote"]) for one in run.watched), "file"),
    }  # fmt: skip
    return shown(ask, run, "files", "runs/run_files.html", values)


def _entry(ask: Ask, run: RunView, kept: Kept, *, is_earlier: bool) -> Entry:
    if not kept.is_tree:
        file = _file(ask.link, kept.object, kept.name, kept.size, kept.object)
        return Entry(kept, file, [], 0, "", is_earlier)
    nothing = File(kept.name, kept.size, kept.object, "", "", "")
    try:
        members = run.record.replica.objects().read_tree(kept.object)
    except (GnomonError, OSError) as error:
        return Entry(kept, nothing, [], 0, getattr(error, "message", str(error)), is_earlier)
    found = [
        _file(ask.link, kept.object, one.path, one.size, one.object, is_tree=True)
        for one in members[:MEMBERS]
    ]
    return Entry(kept, nothing, found, len(members) - len(found), "", is_earlier)


def _file(
    link: ObjectLink | None, stored: str, name: str, size: int, digest: str, *, is_tree: bool = False
) -> File:
    """Return a file with its addresses. The type is guessed by the name: it only says how the browser shows it."""
    if link is None:
        return File(name, size, digest, "", "", "")
    shape, media_type = _shape(name, size)
    to = link(stored, name, media_type, is_tree=is_tree) if shape else ""
    return File(name, size, digest, shape, to, link(stored, name, is_tree=is_tree, is_download=True))


def _shape(name: str, size: int) -> tuple[str, str]:
    media_type = mimetypes.guess_type(name)[0] or ""
    kind = media_type.partition("/")[0]
    if kind == "image" and size <= PICTURE_BYTES:
        return "image", media_type
    if kind in ("audio", "video"):
        return kind, media_type
    if name.rpartition(".")[2].lower() in _TEXTS or kind == "text" or "." not in name.rpartition("/")[2]:
        return ("text", "text/plain") if 0 < size <= TEXT_BYTES else ("", "")
    return "", ""
