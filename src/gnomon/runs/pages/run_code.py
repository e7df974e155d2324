"""`/run/{run}/code`: the commit that ran, what differed from it line by line, and files that no commit holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError, UnknownSubjectError
from gnomon.page import Binary, Redirect
from gnomon.runs import checked
from gnomon.runs.compare.patch import parts_of
from gnomon.runs.pages.run_parts import address, opened, shown
from gnomon.text import clean, clean_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.page import Answer, Ask, ObjectLink
    from gnomon.runs.run_view import RunView

LINES, OF_ONE_FILE, FILES, CHANGED = 3_000, 1_000, 300, 300
LONGEST_LINE, LONGEST_TEXT = 1_000, 20_000
FACTS = ("commit", "branch", "remote", "is_dirty", "fingerprint")
DIFF, KEPT = "diff", "files/"


class Changed(NamedTuple):
    """What the diff says of one file: lines as (class, text), and how many of them are not shown."""

    path: str
    added: int
    taken: int
    lines: list[tuple[str, str]]
    left_out: int


class Untracked(NamedTuple):
    """A file that no commit holds. `to` is its address where it is an object; `text` what it holds where the entry has it."""

    path: str
    size: int | None
    is_kept: bool
    why_not: str
    to: str
    text: str


def code(ask: Ask) -> Answer:
    """Show the state of the code."""
    run = opened(ask, "code")
    if isinstance(run, Redirect):
        return run
    facts, kept, problem = run.code, {}, ""
    try:
        kept = run.captured.code_files()
    except (GnomonError, OSError) as error:
        problem = getattr(error, "message", str(error))
    diff = kept.get(DIFF, b"")
    untracked = checked.objects(facts.get("untracked"))
    changed = checked.texts(facts.get("changed"))
    parts = parts_of(diff)
    values = {
        "facts": {name: facts.get(name) for name in FACTS} if facts else None, "problem": problem, "changed": changed[:CHANGED],
        "more_changed": max(0, (checked.whole(facts.get("changed_count")) or 0) - len(changed[:CHANGED])),
        "files": _shown(diff), "diff_size": len(diff), "more_files": max(0, len(parts) - FILES),
        "diff_address": address(run.id, "code", "diff"),
        "untracked": [_untracked(ask.link, run, kept, file) for file in untracked[:FILES]],
        "more_untracked": max(0, (checked.whole(facts.get("untracked_count")) or 0) - len(untracked[:FILES])),
        "loaded": _loaded(run), "is_git": facts.get("kind") == "git", "notes": checked.texts(facts.get("notes")),
    }  # fmt: skip
    return shown(ask, run, "code", "runs/run_code.html", values)


def diff(ask: Ask) -> Answer:
    """Give the whole diff as a file."""
    run = opened(ask, "code")
    if isinstance(run, Redirect):
        return run
    found = run.captured.code_files().get(DIFF)
    if found is None:
        raise UnknownSubjectError(
            f"run {run.id[:8]} has no diff", hint="its code was as the commit has it, or was not looked at"
        )
    return Binary([found], "text/plain; charset=utf-8", f"{run.id[:8]}.diff")


def _loaded(run: RunView) -> list[str]:
    """Return the files of the project that the process loaded; of those that changed meanwhile it says so."""
    found = run.captured.part("loaded")
    unknown = [f"{path} (written after the run began)" for path in checked.texts(found.get("unknown"))]
    return [str(path) for path, _ in found.get("files", ())] + unknown


def _untracked(
    link: ObjectLink | None, run: RunView, kept: Mapping[str, bytes], file: Mapping[str, object]
) -> Untracked:
    path, why_not = checked.text(file.get("path")) or "?", checked.text(file.get("why_not")) or ""
    data, tree = kept.get(KEPT + path), run.captured.code_object
    to = text = ""
    if data is not None and tree is not None and link is not None:
        to = link(tree, KEPT + path, "text/plain", is_tree=True)
    elif data is not None:
        text = "\n".join(clean_lines(data[:LONGEST_TEXT].decode("utf-8", "backslashreplace")))
    return Untracked(path, checked.whole(file.get("size")), data is not None, why_not, to, text)


def _shown(diff: bytes) -> list[Changed]:
    """Return the diff by file, with at most so many lines in all."""
    found, room = [], LINES
    for part in list(parts_of(diff).values())[:FILES]:
        raw = part.raw.decode("utf-8", "backslashreplace")
        start = raw.find("\n@@")
        body = raw[start + 1 :] if start >= 0 else "\n".join(raw.split("\n")[1:])
        lines = body.removesuffix("\n").split("\n")
        added = sum(line.startswith("+") for line in lines) if start >= 0 else 0
        taken = sum(line.startswith("-") for line in lines) if start >= 0 else 0
        most = max(0, min(room, OF_ONE_FILE))
        room -= min(most, len(lines))
        found.append(
            Changed(
                part.path, added, taken, [_line(line) for line in lines[:most]], max(0, len(lines) - most)
            )
        )
    return found


def _line(line: str) -> tuple[str, str]:
    kind = {"+": "add", "-": "del", "@": "at"}.get(line[:1], "")
    cut = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " …"
    return kind, clean(cut.expandtabs(4))
