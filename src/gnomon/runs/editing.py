"""A text from the person at the terminal: from the command line, standard input, or their editor.

Always true: what was typed in an editor is not lost. It stays as a draft in the person's configuration folder until whoever asked
says that it was stored (`Draft.done`), and the next time begins with it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.record.files import replace_file
from gnomon.record.own_files import own_path

if TYPE_CHECKING:
    from gnomon.runs.views import Record

SCISSORS = "<!-- gnomon: what is below this line is left out -->"


class Draft:
    """What somebody is writing: one file in their configuration folder for each record and purpose (`name`)."""

    def __init__(self, record: Record, name: str) -> None:
        mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        file = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)[:60] + f"-{mark}"
        self._env = record.home.env
        self.path = own_path(record.home, "drafts", f"/{file}.md")

    def text(self) -> str | None:
        """Return what was typed and not stored; None where there is nothing."""
        try:
            found = self._env.read_file(self.path).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        return found.partition(SCISSORS)[0].strip("\n") or None

    def keep(self, text: str) -> None:
        """Write the file that an editor opens."""
        self._env.make_folder(os.path.dirname(self.path))
        replace_file(self._env, self.path, text.encode("utf-8", "replace"))

    def done(self) -> None:
        """Forget it: it is stored."""
        try:
            self._env.unlink(self.path)
        except FileNotFoundError:
            pass  # nothing was typed


def asked_text(
    command: str, given: str | None, draft: Draft, *, about: str, before: str = "", option: str = ""
) -> str:
    """Return a text: the one that is given, `-` for that of standard input, else the one that is left in the editor.

    The editor (VISUAL, then EDITOR) shows the draft that was left, else `before`; below the scissors line it shows `about`.
    `option` is the option that takes the text, where it is no argument. A draft in which nothing was typed is not kept.
    Raises UsageError without an editor, where it fails (what was typed is kept), and where `before` was left as it was.
    """
    if given == "-":
        return sys.stdin.read().strip("\n")
    if given is not None:
        return given.strip("\n")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not sys.stdin.isatty():
        how = f"`{option} TEXT`, or `{option} -`" if option else "give it as an argument, or `-`"
        raise UsageError(f"`{command}` needs a text", hint=f"{how} to read standard input")
    if not editor:
        raise UsageError(f"`{command}` needs a text, or an editor", hint="give a text, or set EDITOR")
    left, untouched = draft.text(), before.strip("\n")
    goes_on = "\nit begins with the draft that was left the last time" if left is not None else ""
    draft.keep(f"{left if left is not None else before}\n\n{SCISSORS}\n{about}{goes_on}\n")
    is_typed = False
    try:
        done = subprocess.run([*shlex.split(editor), draft.path], check=False)
        text = draft.text() or ""
        is_typed = bool(text) and text != untouched
    except FileNotFoundError:
        raise UsageError(f"there is no editor `{editor}`", hint="VISUAL, then EDITOR, names it") from None
    except KeyboardInterrupt:
        is_typed = (draft.text() or untouched) != untouched
        raise
    finally:
        if not is_typed:
            draft.done()
    kept = (
        f"what was typed is in `{draft.path}`, and the next time begins with it"
        if is_typed
        else "nothing was typed"
    )
    if done.returncode != 0:
        raise UsageError(
            f"the editor `{editor}` ended with {done.returncode}", hint=f"nothing was written; {kept}"
        )
    if not is_typed and before:
        raise UsageError("the text was left as it was", hint="nothing was written")
    return text
