"""Everything that Gnomon asks of the outside: clock, randomness, files, locks, the machine.

All kernel code reaches the world through one `Env`, so that a test can make every single call fail or crash
(tests/faults). Nothing here knows the record.

Always true: `write` and `pwrite` write everything or raise; `replace` and `create` are followed by `sync_folder` where
the name must survive a power cut; a lock belongs to the open file, so it dies with the process.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import stat as stat_module
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows: `require_supported_platform` says so before anything is written
    fcntl = None  # type: ignore[assignment]

FILE_MODE = 0o600
_READ_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
FOLDER_MODE = 0o700
# File systems on which allocated blocks stay allocated, so that a store through a map cannot raise SIGBUS.
MAPPABLE = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs"})


class Env:
    """The real world. Tests subclass it; see tests/faults/faulty_env.py."""

    is_command = False
    """Whether this process is a command of ours: large work may start another process then, which it waits for."""

    # --- clock and chance

    # The wall clock in nanoseconds since 1970 UTC; it may jump either way. Not wrapped: every `log` asks for it.
    time_ns = staticmethod(time.time_ns)

    def random_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""
        return os.urandom(count)

    # --- the machine and the process

    def getenv(self, name: str) -> str | None:
        """Return an environment variable, or None where it is unset or empty."""
        return os.environ.get(name) or None

    def process_id(self) -> int:
        """Return the process id; it says nothing across containers."""
        return os.getpid()

    def boot_id(self) -> bytes:
        """Return 16 bytes that name this boot of this machine; zeros where the system does not tell."""
        text = _first_line("/proc/sys/kernel/random/boot_id") or _sysctl("kern.bootsessionuuid")
        digits = (text or "").replace("-", "").lower()
        try:
            raw = bytes.fromhex(digits)
        except ValueError:
            return bytes(16)
        return raw if len(raw) == 16 else bytes(16)

    def machine_name(self) -> str:
        """Return a text that differs from machine to machine (also where machines share one image)."""
        machine = _first_line("/etc/machine-id") or _sysctl("kern.uuid") or ""
        return f"{machine}/{os.uname().nodename}" if hasattr(os, "uname") else machine

    def config_folder(self) -> str:
        """Return the folder for keys; never inside a record."""
        explicit = self.getenv("GNOMON_CONFIG_DIR")
        return explicit or os.path.join(self._base("XDG_CONFIG_HOME", ".config"), "gnomon")

    def cache_folder(self) -> str:
        """Return the folder for the disposable index."""
        explicit = self.getenv("GNOMON_CACHE_DIR")
        return explicit or os.path.join(self._base("XDG_CACHE_HOME", ".cache"), "gnomon")

    def _base(self, variable: str, under_home: str) -> str:
        return self.getenv(variable) or os.path.join(os.path.expanduser("~"), under_home)

    # --- files

    def create(self, path: str) -> int:
        """Create a file that must not exist yet; return its descriptor, open for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)

    def open_read(self, path: str) -> int:
        """Open a file for reading; a symbolic link is refused, and a pipe keeps nobody waiting."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | _READ_FLAGS)

    def open_write(self, path: str) -> int:
        """Open an existing file for reading and writing (locks on network disks need it)."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))

    def open_lock(self, path: str) -> int:
        """Open (or make) a file that exists only to be locked."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)

    def write(self, fd: int, data: bytes) -> None:
        """Append all of `data` at the descriptor's place."""
        done = os.write(fd, data)
        while done < len(data):
            done += os.write(fd, data[done:])

    def pwrite(self, fd: int, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`."""
        done = os.pwrite(fd, data, offset)
        while done < len(data):
            done += os.pwrite(fd, data[done:], offset + done)

    def read(self, fd: int, size: int, offset: int = 0) -> bytes:
        """Return up to `size` bytes from `offset` (fewer only at the end of the file)."""
        parts = []
        while size > 0:
            part = os.pread(fd, min(size, 1 << 26), offset)
            if not part:
                break
            parts.append(part)
            size -= len(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_file(self, path: str, offset: int = 0) -> bytes:
        """Return the bytes of a file from `offset` to its end."""
        fd = self.open_read(path)
        try:
            return self.read(fd, max(0, os.fstat(fd).st_size - offset), offset)
        finally:
            os.close(fd)

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        os.close(fd)

    def allocate(self, fd: int, offset: int, length: int) -> None:
        """Reserve disk blocks for a range, so that writing there cannot fail for want of space."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, offset, length)
        else:  # macOS: no such call; extend with real zeros
            self.pwrite(fd, bytes(length), offset)

    def truncate(self, fd: int, length: int) -> None:
        """Cut (or extend with a hole) an open file."""
        os.ftruncate(fd, length)

    def map(self, fd: int, length: int) -> mmap.mmap:
        """Map the first `length` bytes of a file for shared reading and writing."""
        return mmap.mmap(fd, length)

    def sync_data(self, fd: int) -> None:
        """Bring an open file's bytes to the disk."""
        if sys.platform == "darwin" and fcntl is not None:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(fd)

    def sync_folder(self, path: str) -> None:
        """Bring a folder's names to the disk."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network disks cannot sync a folder
                raise
        finally:
            os.close(fd)

    def replace(self, source: str, target: str) -> None:
        """Rename, replacing the target in one step."""
        os.replace(source, target)

    def set_mode(self, path: str, mode: int) -> None:
        """Set who may read and write a file or folder."""
        os.chmod(path, mode)

    def link(self, source: str, target: str) -> None:
        """Give a file a second name; fails where that name exists."""
        os.link(source, target)

    def rename_folder(self, source: str, target: str) -> None:
        """Rename a folder; fails where a folder with content has that name."""
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        """Delete a file."""
        os.unlink(path)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it, where missing."""
        if not os.path.isdir(path):
            parent = os.path.dirname(path)
            if parent not in ("", path):
                self.make_folder(parent)
            with contextlib.suppress(FileExistsError):  # another process was first
                os.mkdir(path, FOLDER_MODE)

    def make_plain_folder(self, path: str, *, levels: int = 2) -> None:
        """Make a folder within a record. Raises NotADirectoryError where a link stands for one of its last `levels`.

        A replica that came on a stick may hold such links; what is written through one lands elsewhere, and no reader finds it.
        """
        if levels > 1:
            self.make_plain_folder(os.path.dirname(path), levels=levels - 1)
        self.make_folder(path)
        if not stat_module.S_ISDIR(self.stat(path).st_mode):
            raise NotADirectoryError(
                errno.ENOTDIR, "a link stands where a folder must; nothing is written through it", path
            )

    def stat(self, path: str) -> os.stat_result:
        """Return a file's state; a symbolic link is not followed."""
        return os.lstat(path)

    def size(self, fd: int) -> int:
        """Return the length of an open file."""
        return os.fstat(fd).st_size

    def mark(self, fd: int) -> tuple[int, int]:
        """Return what tells an open file from all others: its device and its number there."""
        state = os.fstat(fd)
        return state.st_dev, state.st_ino

    def list_folder(self, path: str) -> list[tuple[str, os.stat_result]]:
        """Return (name, state) of a folder's entries by name; a folder that is missing is empty.

        Symbolic links, sockets and devices are left out: a record holds plain files and folders only.
        """
        found: list[tuple[str, os.stat_result]] = []
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                    state = entry.stat(follow_symlinks=False)
                    if stat_module.S_ISREG(state.st_mode) or stat_module.S_ISDIR(state.st_mode):
                        found.append((entry.name, state))
        found.sort(key=lambda pair: pair[0])
        return found

    # --- locks

    def try_lock(self, fd: int) -> bool:
        """Take the exclusive lock on an open file; return whether it was free. Raises OSError where locks do not work."""
        return fcntl is not None and self._take_lock(fd, fcntl.LOCK_EX)

    def try_shared_lock(self, fd: int) -> bool:
        """Take the lock of an open file as others may too who share it; return whether nobody had it for himself.

        Raises OSError where locks do not work.
        """
        if fcntl is None:
            raise OSError(errno.ENOTSUP, "this system has no such locks")
        return self._take_lock(fd, fcntl.LOCK_SH)

    def _take_lock(self, fd: int, kind: int) -> bool:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def lock_new(self, fd: int) -> bool:
        """Take the lock on a file that was just made; return whether that worked.

        Only someone who looks whether its writer lives can hold it, and for a moment. Never raises: on a disk without
        locks nobody can prove the file dead, so nobody deletes it.
        """
        for _ in range(100):
            try:
                if self.try_lock(fd):
                    return True
            except OSError:
                return False
            time.sleep(0.001)
        return False

    def is_lock_free(self, fd: int) -> bool:
        """Return whether nobody holds the lock of an open file, without keeping it. Raises OSError without locks."""
        if fcntl is None or not self.try_shared_lock(fd):
            return False
        fcntl.flock(fd, fcntl.LOCK_UN)
        return True

    @contextlib.contextmanager
    def held_lock(self, path: str) -> Iterator[bool]:
        """Hold the lock file `path` for a block, if it is free: yields whether it was."""
        fd = self.open_lock(path)
        try:
            yield self.try_lock(fd)
        finally:
            self.close(fd)

    def filesystem(self, path: str) -> str:
        """Return the type of the file system that holds `path`, '' where the system does not tell (Linux only)."""
        try:
            with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
                lines = mounts.read().splitlines()
        except OSError:
            return ""
        real = os.path.realpath(path)
        best, kind = -1, ""
        for line in lines:
            left, _, right = line.partition(" - ")
            point = left.split(" ")[4].replace("\\040", " ")
            inside = point == "/" or real == point or real.startswith(point + "/")
            if inside and len(point) >= best:
                best, kind = len(point), right.split(" ", 1)[0]
        return kind


REAL = Env()


def which(fd: int) -> tuple[int, int]:
    """Return what tells the file behind a descriptor from all others, as `Env.mark` does; of a closed one, what no file has."""
    try:
        return REAL.mark(fd)
    except OSError:
        return -1, -1


def _first_line(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readline().strip() or None
    except OSError:
        return None


def _sysctl(name: str) -> str | None:
    """Return a string of macOS's sysctl; None elsewhere."""
    if sys.platform != "darwin":
        return None
    import ctypes

    libc = ctypes.CDLL(None)
    size = ctypes.c_size_t(256)
    value = ctypes.create_string_buffer(256)
    if libc.sysctlbyname(name.encode(), value, ctypes.byref(size), None, ctypes.c_size_t(0)) != 0:
        return None
    return value.value.decode("ascii", "replace") or None
