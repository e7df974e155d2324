"""Which files of a project a Python process loaded: its script, and the modules below the root of the project.

Two runs of a repository that changed in between ran the same program where these files are the same. Their digests are of the
bytes on the disk, so they are taken when the run begins, and at the end only for what was loaded later; a file that was
written after the run began is named as not known.

Always true: nothing is imported, and no module runs code because it is looked at; `look` does not raise. What installed
packages hold is no part of it: their versions say that.
Not promised: that an edit between an import and the first run of the process is seen; files that a program reads, commands
that it starts, or code that it makes from text.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from gnomon.runs.capture.code_files import SKIPPED, read_plain, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.scrub.scrubber import Scrubber

_ENDINGS = (".py", ".pyw", ".so", ".pyd")
_FILE_BYTES = 4 << 20  # a longer one is named as not known
MOST_FILES = 1_000
MOST_OUTSIDE = 100  # files from outside of the project that are named
_DIGITS = 32  # of a BLAKE3 digest in hex: they tell files apart, and are no proof against somebody who wants two alike


class LoadedFiles:
    """The files of one project that this process loaded so far. `root`: the real path of the project's folder.

    `script`: the file of `__main__`, which Python forgets when the script is at its end; None where there is none.
    """

    def __init__(self, root: str, script: str | None, since_s: float) -> None:
        self._inside = root.rstrip("/") + "/"
        self._seen: set[str] = set()  # names of modules
        self._since_s = since_s
        self._digests: dict[str, str | None] = {}  # by path below the root; None: not known
        self._main = os.path.abspath(script) if script is not None else None
        self._script = _below(self._main, self._inside) if self._main is not None else None
        self._left_out = 0
        self._installed = _installed()
        self._outside: dict[
            str, str
        ] = {}  # whole paths of files that are neither the project's nor installed

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the files so far, below the root."""
        return frozenset(self._digests)

    def look(self, modules: Mapping[str, object] | None = None) -> None:
        """Take in what was loaded since the last look."""
        found = dict(sys.modules if modules is None else modules)  # others may import meanwhile
        names = found.keys() - self._seen
        self._seen |= names
        places = [] if self._main is None else [self._main]
        for name in names:
            place = _file_of(found[name])
            if place is None or not place.endswith(_ENDINGS):
                continue
            if place.startswith(self._inside):
                places.append(place)
            elif len(self._outside) < MOST_OUTSIDE and self._is_outside(place):
                self._outside[place] = self._digest(place) or ""
        for place in places:
            path = _below(place, self._inside)
            if path is None or path in self._digests or not SKIPPED.isdisjoint(path.split("/")):
                continue
            if len(self._digests) < MOST_FILES:
                self._digests[path] = self._digest(place)
            else:
                self._left_out += 1

    def facts(self, scrubber: Scrubber) -> dict[str, object]:
        """Return `files` (pairs of path and digest), `unknown` (paths), and `mark`, which is equal where all files are.

        `outside` are pairs of whole path and digest ("": not known) of files that are neither the project's nor installed.

        No `mark` where some of it is not known: files that are unknown or too many, or processes that it started
        (`has_children`).

        Nothing where the script is none of the project's files: a notebook, `python -c`, a program that was installed.
        """
        if self._script is None:
            return {}
        files = [
            [scrubber.text(shown(os.fsencode(path)), "code"), digest]
            for path, digest in sorted(self._digests.items())
            if digest is not None
        ]
        unknown = sorted(path for path, digest in self._digests.items() if digest is None)
        outside = [
            [scrubber.text(shown(os.fsencode(place)), "code"), digest]
            for place, digest in sorted(self._outside.items())
        ]
        facts: dict[str, object] = {"files": files, "outside": outside}
        if unknown:
            facts["unknown"] = [scrubber.text(shown(os.fsencode(path)), "code") for path in unknown]
        if self._left_out:
            facts["left_out"] = self._left_out
        if _has_started_others():
            facts["has_children"] = True
        if not unknown and not self._left_out and "has_children" not in facts:
            facts["mark"] = mark_of((str(path), str(digest)) for path, digest in files)
        return facts

    def _is_outside(self, place: str) -> bool:
        """Return whether a file is somebody's own code beside the project: not installed, and none of Gnomon's or Python's."""
        return (
            place.startswith("/")
            and place not in self._outside
            and not place.startswith(self._installed)
            and SKIPPED.isdisjoint(place.split("/"))
        )

    def _digest(self, place: str) -> str | None:
        try:
            if os.stat(place).st_mtime > self._since_s:
                return None
        except (OSError, ValueError):
            return None
        return digest_of(place)


def _installed() -> tuple[str, ...]:
    """Return the folders whose files are installed, Python's own among them, and Gnomon's."""
    import gnomon

    own = os.path.dirname(os.path.abspath(gnomon.__file__))
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__), own}
    return tuple(sorted(f"{folder.rstrip('/')}/" for folder in folders if folder.strip("/")))


def _has_started_others() -> bool:
    """Return whether this process started others by `multiprocessing` (data loaders, pools): they load files of their own."""
    counter = getattr(sys.modules.get("multiprocessing.process"), "_process_counter", None)
    return counter is not None and repr(counter) != "count(1)"


def digest_of(place: str) -> str | None:
    """Return the digest of a file as it stands in the record; None where it cannot be read, or is long."""
    from blake3 import blake3

    try:
        content = read_plain(os.path.realpath(place), _FILE_BYTES)
    except (OSError, ValueError):
        return None
    return blake3(content).hexdigest()[:_DIGITS] if len(content) <= _FILE_BYTES else None


class FilesHere:
    """The files of a project as they are now, to compare those that a run loaded; each is read once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._digests: dict[str, str | None] = {}

    def changed(self, files: Iterable[Sequence[str]]) -> list[str]:
        """Return the paths of files, given with their digests as the record has them, that are others here, or not here."""
        return [path for path, digest in files if self._digest(path) != digest]

    def has_any(self, files: Iterable[Sequence[str]]) -> bool:
        """Return whether any of these files is here at all: else it is another project."""
        return any(self._digest(path) is not None for path, _ in files)

    def _digest(self, path: str) -> str | None:
        if path not in self._digests:
            inside = not os.path.isabs(path) and ".." not in path.split("/")
            self._digests[path] = digest_of(f"{self._root}/{path}") if inside else None
        return self._digests[path]


def mark_of(files: Iterable[tuple[str, str]]) -> str:
    """Return what stands for files and their digests, in whichever order they come.

    >>> mark_of([("b", "2"), ("a", "1")]) == mark_of([("a", "1"), ("b", "2")]) != mark_of([("a", "2"), ("b", "1")])
    True
    """
    from blake3 import blake3

    hasher = blake3(b"gnomon loaded 1")
    for part in (part for pair in sorted(files) for part in pair):
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(b"%d:" % len(data)).update(data)
    return hasher.hexdigest()[:_DIGITS]


def _file_of(module: object) -> str | None:
    """Return the file that a module came from, without asking the module: some load others when an attribute is read."""
    if type(module) is ModuleType:
        place = module.__dict__.get("__file__")
        return place if isinstance(place, str) else None
    try:
        names = object.__getattribute__(module, "__dict__")
        place = names.get("__file__") if isinstance(names, dict) else None
    except Exception:  # noqa: BLE001 - anything may stand in `sys.modules`; what has no plain dict is no module of a project
        return None
    return place if isinstance(place, str) else None


def _below(place: str, inside: str) -> str | None:
    return os.path.normpath(place.removeprefix(inside)) if place.startswith(inside) else None
