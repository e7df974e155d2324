"""The world of a simulation: devices whose disk, clock and chance are ours, and a remote that lies.

A crash keeps what was brought to the disk, and of the rest what chance leaves: a file's bytes since its last sync, a name
since its folder's last sync, a deletion since then. Points in a WAL are written through a map and stay (the page cache
outlives a killed process); power cuts of WALs are another test's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random

from gnomon.env import Env
from gnomon.errors import RemoteError
from gnomon.sync.store import Found

HOUR_NS = 3_600 * 10**9
CRASH_POINTS = (
    "create", "open_read", "open_write", "open_lock", "write", "pwrite", "read", "truncate", "sync_data", "sync_folder",
    "replace", "link", "unlink", "make_folder", "stat", "list_folder", "try_lock",
)  # fmt: skip


class Crash(BaseException):
    """The device went down in the middle of a call. Not an Exception: no error handling of the program may hear it."""


class Clock:
    """The true time; each device is off by its own amount."""

    def __init__(self):
        self.now_ns = 1_767_225_600 * 10**9

    def pass_ns(self, ns):
        self.now_ns += ns


class DeviceEnv(Env):
    """One device. `crash_in`: how many calls from now it goes down, None for not at all."""

    def __init__(self, folder, name, clock, seed):
        self.folder = str(folder)
        self.name = name
        self.clock = clock
        self.skew_ns = 0
        self.crash_in = None
        self.calls = 0
        self.chance = random.Random(f"{seed}/{name}")
        self._boots = 0
        self._paths = {}  # open descriptor -> path
        self._durable = {}  # path -> length that is on the disk; missing: all of it
        self._names = {}  # path -> bytes that this name had on the disk, None for no such name
        self.time_ns = self._time_ns

    # --- clock, chance, machine

    def _time_ns(self):
        self.clock.pass_ns(1000)
        return self.clock.now_ns + self.skew_ns

    def random_bytes(self, count):
        return self.chance.randbytes(count)

    def process_id(self):
        return 1

    def boot_id(self):
        return hashlib.md5(f"{self.name}/{self._boots}".encode()).digest()

    def machine_name(self):
        return self.name

    def config_folder(self):
        return os.path.join(self.folder, "config")

    def cache_folder(self):
        return os.path.join(self.folder, "cache")

    def filesystem(self, path):
        return "ext4"

    # --- the disk

    def close(self, fd):
        self._paths.pop(fd, None)
        os.close(fd)

    def _step(self):
        self.calls += 1
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                raise Crash

    def _note_fd(self, fd, path):
        self._paths[fd] = path

    def _dirty(self, fd):
        path = self._paths.get(fd)
        if path is not None and path not in self._durable and not path.endswith(".wal"):
            self._durable[path] = 0 if path.endswith(".tmp") else os.fstat(fd).st_size

    def _note_name(self, path):
        if path not in self._names and not path.endswith(".wal"):
            self._names[path] = _bytes_of(path)

    def crash(self):
        """Lose what chance takes of all that was not brought to the disk."""
        self.crash_in = None
        self._boots += 1
        for path, length in sorted(self._durable.items()):
            with contextlib.suppress(FileNotFoundError):
                size = os.stat(path).st_size
                if size > length and self.chance.random() < 0.7:
                    os.truncate(path, self.chance.randint(length, size))
        for path, before in sorted(self._names.items()):
            if self.chance.random() < 0.5:
                continue  # the name reached the disk all the same
            if before is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            elif os.path.isdir(os.path.dirname(path)):
                with open(path, "wb") as file:
                    file.write(before)
        self._durable.clear()
        self._names.clear()
        for fd, path in list(self._paths.items()):  # its processes are dead: their locks are free
            if _is_open_as(fd, path):
                self.close(fd)
        self._paths.clear()


def _is_open_as(fd, path):
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except OSError:
        return False  # closed by itself, or its file is gone


def _bytes_of(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError):
        return None


def _wrapped(name):
    real = getattr(Env, name)

    def call(self, *args, **kwargs):
        self._step()
        if name in ("replace", "link", "unlink"):
            for path in args[-1:] if name != "replace" else args:
                self._note_name(path)
        if name == "create":
            self._note_name(args[0])
        if name in ("write", "pwrite", "truncate"):
            self._dirty(args[0])
        result = real(self, *args, **kwargs)
        if name in ("create", "open_write", "open_lock"):
            self._note_fd(result, args[0])
        elif name == "replace":
            if args[0] in self._durable:
                self._durable[args[1]] = self._durable.pop(args[0])
        elif name == "sync_data":
            self._durable.pop(self._paths.get(args[0], ""), None)
        elif name == "sync_folder":
            folder = args[0].rstrip("/")
            for path in [path for path in self._names if os.path.dirname(path) == folder]:
                del self._names[path]
        return result

    return call


for _name in CRASH_POINTS:
    setattr(DeviceEnv, _name, _wrapped(_name))


class LyingRemote:
    """A bucket in memory. What goes wrong is drawn by `chance` as often as `lies` says (0 to 1)."""

    def __init__(self, seed):
        self.files = {}
        self.chance = random.Random(f"{seed}/remote")
        self.lies = 0.0
        self.trace = []
        self.counts = {}
        self._past = []  # listings of before

    def lie(self, what, rate=1.0):
        """Return whether to do something wrong now."""
        if self.chance.random() < self.lies * rate:
            self.counts[what] = self.counts.get(what, 0) + 1
            return True
        return False

    def store(self, env):
        """Return the remote as one device reaches it."""
        return RemoteStore(self, env)


class RemoteStore:
    """A transport to the remote, on which a device can go down too. See `gnomon.sync.store.Store`."""

    at_once = 1
    takes_objects = True
    url = "sim://remote"

    def __init__(self, remote, env):
        self._remote = remote
        self._env = env

    def _request(self, what, path):
        self._env._step()
        self._remote.trace.append((self._env.name, what, path))
        if self._remote.lie("503", 0.3):
            raise RemoteError("the remote answered 503: slow down")

    def list(self, prefix):
        self._request("list", prefix)
        files = self._remote.files
        if self._remote._past and self._remote.lie("stale list"):
            files = self._remote.chance.choice(self._remote._past)
        for path in sorted(files):
            if path.startswith(prefix):
                yield Found(path, len(files[path]))

    def read(self, path, first=0, size=None):
        self._request("read", path)
        data = self._served(path)
        return data[first : None if size is None else first + size]

    def pieces(self, path):
        self._request("read", path)
        data = self._served(path)
        for at in range(0, len(data), 1000):
            self._env._step()
            yield data[at : at + 1000]

    def _served(self, path):
        files, chance = self._remote.files, self._remote.chance
        data = files.get(path)
        if data is None or self._remote.lie("404 for a file that is there", 0.3):
            raise FileNotFoundError(path)
        if path == "record.toml":
            return data
        if self._remote.lie("half a file"):
            return data[: len(data) // 2]
        if self._remote.lie("another file's bytes"):
            return files[chance.choice(sorted(files))]
        if data and self._remote.lie("a flipped bit"):
            at = chance.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        return data

    def write(self, path, source, *, once=False):
        self._request("write", path)
        if isinstance(source, str):
            with open(source, "rb") as file:
                source = file.read()
        if once and path in self._remote.files:
            return False
        self._keep_past()
        self._remote.files[path] = bytes(source)
        if self._remote.lie("an answer that does not come"):
            raise RemoteError("timed out")
        self._env._step()
        return True

    def delete(self, paths):
        for path in list(paths):
            self._request("delete", path)
            if self._remote.lie("a delete that is lost"):
                continue
            self._keep_past()
            self._remote.files.pop(path, None)

    def _keep_past(self):
        self._remote._past = [*self._remote._past[-5:], dict(self._remote.files)]

    def finish(self):
        pass

    def close(self):
        pass
