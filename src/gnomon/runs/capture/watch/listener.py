"""Hear which files this process opens, and write each down once, at once: a line that survives the death of the process.

`open`, `os.open` and what starts programs are replaced by objects that note their arguments and call what they stand for.
An audit hook would hear a little more, and slows down what has nothing to do with files: `id()` alone takes fifteen times as
long with one, `copy.deepcopy` five times.

Libraries that open files in C, Rust or C++ are heard where `readers` knows them, and named where
it does not. A line holds the time, what happened, the path, and the size, times and inode of the file as it was then, so that
a later change is noticed.

What Gnomon reads for itself is no input of the program, and is not noted.

Always true: nothing here raises into the program; of a file nothing is read. Standard library only: see `watch`.
Not promised: to hear `io.FileIO(path)`, and modules that took `open` for themselves before the listening began.
Format: fields with \\x1f between them, a NUL after each line: kind, time_ns, size, mtime_ns, inode, ctime_ns, path.
"""

from __future__ import annotations

import _io
import builtins
import io
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

READ, WROTE, RAN, DEAF, MORE = "read", "wrote", "ran", "deaf", "more"
MOST_PATHS = 20_000
_CODE = (".py", ".pyc", ".pyo", ".pyi", ".so", ".pyd", ".pth", ".dist-info")
_WRITING = os.O_WRONLY | os.O_RDWR
_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_open = os.open  # before anybody stands in its place


class _Instead:
    """Stands for a function of C: notes the arguments, calls it. An object, since a function would become a method in a class."""

    def __init__(self, found: Callable[..., Any], note: Callable[..., None]) -> None:
        self._found = found
        self._note = note
        self.__doc__ = found.__doc__
        self.__name__ = self.__qualname__ = getattr(found, "__name__", "open")
        self.__module__ = getattr(found, "__module__", None) or "builtins"
        self.__wrapped__ = found

    def __call__(self, *args: Any, **named: Any) -> Any:
        self._note(*args, **named)
        return self._found(*args, **named)

    def __repr__(self) -> str:
        return repr(self._found)

    def __reduce__(self) -> str:
        return self.__name__  # as functions of C do: found again by module and name


class Listener:
    """Hears what this process opens, from `start` to `stop`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._known: dict[str, set[str]] = {READ: set(), WROTE: set(), RAN: set(), DEAF: set(), MORE: set()}
        self._fd = -1
        self._put_back: list[tuple[Any, str, Any, Any]] = []
        self._relative: set[tuple[str, str]] = (
            set()
        )  # of paths that are noted, until the working folder changes
        self.is_on = True
        self._without = _environment_folders()

    def start(self) -> None:
        """Put ourselves in the place of what opens files and starts programs."""
        ours = self._put(builtins, "open", self.opened)
        modules: list[Any] = [io, _io]  # the same function under other names
        for module in modules:
            if getattr(module, "open", None) is ours.__wrapped__:
                self._put_back.append((module, "open", ours.__wrapped__, ours))
                module.open = ours
        self._put(os, "open", self.opened_by_flags)
        for name in ("rename", "replace"):
            self._put(os, name, self.renamed)
        for name in ("execv", "execve", "posix_spawn", "posix_spawnp"):
            self._put(os, name, self.started)
        self._put(os, "system", lambda *_, **__: self.started("sh"))
        for name in ("chdir", "fchdir"):
            self._put(os, name, self.moved)

    def start_processes(self, subprocess: ModuleType) -> None:
        """Put ourselves before what `subprocess` starts; the module is loaded by whoever needs it, not by us."""
        begin = subprocess.Popen.__init__

        def started(popen: Any, *args: Any, **named: Any) -> None:
            words = args[0] if args else named.get("args")
            is_shell = named.get("shell", args[8] if len(args) > 8 else False)
            program = named.get("executable") or (
                words[0] if isinstance(words, (list, tuple)) and words else words
            )
            self.started("sh" if is_shell else program)
            begin(popen, *args, **named)

        started.__wrapped__ = begin  # type: ignore[attr-defined]
        self._put_back.append((subprocess.Popen, "__init__", begin, started))
        subprocess.Popen.__init__ = started

    def _put(self, owner: Any, name: str, note: Callable[..., None]) -> Any:
        found = getattr(owner, name, None)
        if found is None:
            return None
        ours = _Instead(found, note)
        self._put_back.append((owner, name, found, ours))
        setattr(owner, name, ours)
        return ours

    def stop(self) -> None:
        """Hear nothing any more, and put back what stood where we stand, unless somebody stands before us."""
        self.is_on = False
        for owner, name, found, ours in self._put_back:
            if getattr(owner, name, None) is ours:
                setattr(owner, name, found)
        self._put_back.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # --- what is called

    def opened(self, file: object = None, mode: Any = "r", *_: object, **__: object) -> None:
        """Note a file that `open` is about to open."""
        if not self.is_on or file.__class__ is int or mode.__class__ is not str:
            return
        if "r" in mode or "a+" in mode:
            self.note(READ, file)
        if "w" in mode or "+" in mode or "a" in mode or "x" in mode:
            self.note(WROTE, file)

    def opened_by_flags(self, path: object = None, flags: object = 0, *_: object, **__: object) -> None:
        """Note a file that `os.open` is about to open."""
        if not self.is_on or path.__class__ is int or not isinstance(flags, int):
            return
        is_written = bool(flags & _WRITING)
        if not is_written or (flags & os.O_RDWR and not flags & (os.O_TRUNC | os.O_EXCL)):
            self.note(READ, path)
        if is_written:
            self.note(WROTE, path)

    def renamed(self, src: object = None, dst: object = None, *_: object, **__: object) -> None:
        """Note that a file gets another name: what was written under the old one stands under the new one."""
        old = _absolute(src)
        if self.is_on and old is not None and old in self._known[WROTE]:
            self.note(WROTE, dst)

    def moved(self, *_: object, **__: object) -> None:
        """Forget what relative paths mean."""
        self._relative.clear()

    def started(self, path: object = None, *_: object, **__: object) -> None:
        """Note a program that is started. A Python is heard for itself."""
        name = _text(path)
        base = os.path.basename(name.split()[0]) if name and name.split() else ""
        if self.is_on and base and not base.startswith(("python", "pypy")):
            self.note(RAN, base)

    # --- what is written down

    def note(self, kind: str, path: object) -> None:
        """Write down a path, or a name, the first time that it is met; whatever goes wrong, the program goes on."""
        known = self._known[kind]
        name = path if path.__class__ is str else _text(path)
        if name is None or name in known or (kind, name) in self._relative:
            return
        try:
            self._note(kind, name, known)
        except (OSError, ValueError, RuntimeError):
            known.add(
                name
            )  # a full disk, an odd name, a folder that is gone: what cannot be noted is not asked again

    def _note(self, kind: str, name: str, known: set[str]) -> None:
        facts = (0, 0, 0, 0)
        where = name
        if kind in (READ, WROTE):
            where = os.path.abspath(name)  # by the working folder of now
            if where != name and len(self._relative) < MOST_PATHS:
                self._relative.add((kind, name))
            if where in known:
                return
            if where.endswith(_CODE) or where.startswith(self._without):
                known.add(where)
                return
            if kind == READ:
                if where in self._known[WROTE]:
                    return  # its own
                if self._is_of_gnomon():
                    return  # not known from now on: the program may read it yet
                try:
                    state = os.stat(where)
                except OSError:
                    self._relative.discard((kind, name))
                    return  # not there, or not yet
                facts = (state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)
        known.add(where)
        if len(known) > MOST_PATHS:
            if kind in self._known[MORE]:
                return
            self._known[MORE].add(kind)
            kind = MORE
        fields = [kind, str(time.time_ns()), *map(str, facts)]
        line = "\x1f".join(fields).encode() + b"\x1f" + os.fsencode(where) + b"\0"
        os.write(self._report(), line)

    def _is_of_gnomon(self) -> bool:
        """Return whether Gnomon itself opens the file: it looks at the code, hashes, keeps. The innermost frame decides that is
        neither the listening nor of the environment, so what Gnomon has a library read is its own, and what it calls of the
        program is the program's."""
        frame = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if not file.startswith(_HERE):
                name = frame.f_globals.get("__name__")
                if name.__class__ is str and (name == "gnomon" or name.startswith("gnomon.")):
                    return True
                if not file.startswith("<frozen") and not file.startswith(self._without):
                    return False
            frame = frame.f_back  # type: ignore[assignment]
        return False

    def _report(self) -> int:
        """Return the file that lines go to; a forked child appends to that of its parent."""
        if self._fd < 0:
            name = f"{os.getpid()}-{time.time_ns():x}.heard"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._fd = _open(os.path.join(self._folder, name), flags, 0o600)
        return self._fd


def listen(folder: str, readers: ModuleType) -> Listener:
    """Listen from now on, and write what is heard into a folder; `readers` is the module of that name."""
    listener = Listener(folder)
    listener._report()  # the file says that this process is heard, even where it opens nothing
    listener.start()
    readers.listen(listener)
    return listener


def _environment_folders() -> tuple[str, ...]:
    """Return the folders that hold the Python environment and the system's own files; what lies there is no input."""
    found = [
        "/proc/",
        "/sys/",
        "/dev/",
        "/etc/",
        "/usr/",
        "/lib",
        "/bin/",
        "/sbin/",
        "/run/",
        "/System/",
        "/Library/",
    ]
    for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path):
        if folder and (folder in (sys.prefix, sys.exec_prefix) or _is_of_packages(folder)):
            found.append(os.path.join(os.path.abspath(folder), ""))
    for folder in (sys.base_prefix, sys.base_exec_prefix):
        if os.path.abspath(folder) not in ("/", "/usr"):
            found.append(os.path.join(os.path.abspath(folder), "lib", ""))
    return tuple(dict.fromkeys(one for one in found if one != "/"))


def _is_of_packages(folder: str) -> bool:
    return os.path.basename(folder) in ("site-packages", "dist-packages") or folder.endswith(".zip")


def _absolute(path: object) -> str | None:
    name = _text(path)
    return os.path.abspath(name) if name is not None else None


def _text(path: Any) -> str | None:
    """Return a path as text; None where it is none."""
    if path.__class__ is str:
        return str(path)
    try:
        return os.fsdecode(path)
    except (TypeError, ValueError):
        return None
