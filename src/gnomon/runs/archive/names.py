"""Names that every disk takes, made from names that anybody may have given.

Always true: a name that is returned is one part of a path, has at most so many bytes, and is refused or changed by no
file system of Linux, macOS or Windows; two names from one `Names` differ also where upper and lower case are one.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
# Written into an export they would change what Git or Gnomon do there.
_RESERVED = frozenset({".git", ".gnomon", ".gitmodules", ".gitattributes"})
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,12}\Z")


def safe_name(text: str, longest: int = LONGEST, *, may_be_hidden: bool = False) -> str:
    """Return a name like `text` that every disk takes; the same text where it is one already.

    >>> safe_name("lr=0.1/../x"), safe_name("con.txt"), safe_name("  "), safe_name("réseau 3")
    ('lr=0.1_.._x', '_con.txt', 'unnamed', 'réseau 3')
    """
    plain = unicodedata.normalize("NFC", text)
    plain = "".join(
        char if char.isprintable() and char not in _FORBIDDEN and char < "\U00010000" else "_"
        for char in plain
    )
    plain = (plain.strip(" ") if may_be_hidden else plain.lstrip(" .-~")).rstrip(" .")
    plain = _cut(plain, longest) or "unnamed"
    if plain.partition(".")[0].rstrip().casefold() in _DEVICES or plain.casefold() in _RESERVED:
        plain = _cut(f"_{plain}", longest)
    return plain


def _cut(name: str, longest: int) -> str:
    """Return a name of at most so many bytes; its ending stays."""
    data = name.encode("utf-8")
    if len(data) <= longest:
        return name
    ending = found[0] if (found := _ENDING.search(name)) else ""
    room = longest - len(ending)
    return data[:room].decode("utf-8", "ignore").rstrip(" .") + ending


def is_safe(name: str) -> bool:
    """Return whether a name can be kept as it is."""
    return safe_name(name, 255, may_be_hidden=True) == name


class Names:
    """The names that are taken in one folder."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, longest: int = LONGEST, *, may_be_hidden: bool = False) -> str:
        """Return a safe name that nothing else in this folder has."""
        safe = safe_name(name, longest, may_be_hidden=may_be_hidden)
        stem, ending = safe, ""
        if (found := _ENDING.search(safe)) and found.start() > 0:
            stem, ending = safe[: found.start()], found[0]
        number = 1
        while _folded(safe) in self._taken:
            number += 1
            mark = f"-{number}{ending}"
            safe = _cut(stem, longest - len(mark)) + mark
        self._taken.add(_folded(safe))
        return safe


class Folders:
    """The names in a tree of folders: each path is given one that is safe, part by part, and the same one again."""

    def __init__(self) -> None:
        self._folders: dict[str, tuple[str, Names]] = {"": ("", Names())}

    def take(self, path: str) -> str:
        """Return a safe path for a file of the tree."""
        parent, _, name = path.rpartition("/")
        shown, names = self._folder(parent)
        taken = names.take(name, 200, may_be_hidden=True)
        return f"{shown}/{taken}" if shown else taken

    def _folder(self, path: str) -> tuple[str, Names]:
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = (self.take(path), Names())
        return known


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
