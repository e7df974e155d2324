"""A process that meets an attacking remote and then uses what came, under an audit hook and a limit of memory.

`python tests/hostile_victim.py RECORD REMOTE [FOLDER …]`, with the configuration and cache of the surroundings; in the folders
it may write, too. Prints one JSON object: what was refused, the error that ended it, what happened that must not, and the peak
of memory in MB.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys

MOST_ADDRESS_SPACE = 4 << 30  # so that a failure is an error here, not the end of the machine
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MAKES = {"os.mkdir": (0,), "os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,), "os.link": (0, 1),
         "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,)}  # fmt: skip
RUNS = ("pickle.find_class", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect",
        "socket.bind", "marshal.loads", "ctypes.dlopen", "urllib.Request")  # fmt: skip


class Watch:
    """Collects what must not happen: a write outside `allowed`, and anything that runs or connects."""

    def __init__(self, allowed, may_run=()):
        self.allowed = [os.path.realpath(path) for path in allowed]
        self.may_run = may_run
        self.events = []
        self.is_on = False

    def __call__(self, event, args):
        if not self.is_on:
            return
        if event == "open" and isinstance(args[0], (str, bytes)):
            mode, flags = args[1], args[2] or 0
            if (flags & WRITES) or (mode and set(mode) & set("wax+")):
                self._outside(event, args[0])
        elif event in MAKES:
            for at in MAKES[event]:
                self._outside(event, args[at])
        elif self._runs(event, args):
            self.events.append(f"{event} {args!r}"[:200])

    def _runs(self, event, args):
        if event in ("exec", "compile"):
            return _is_text(event, args)
        return event in RUNS and event not in self.may_run and not _is_import()

    def _outside(self, event, path):
        if isinstance(path, int):
            return
        full = os.path.abspath(os.fsdecode(path))
        real = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
        if event == "open":
            real = os.path.realpath(full)
        if real == "/dev/null" or any(real == one or real.startswith(one + "/") for one in self.allowed):
            return
        self.events.append(f"{event} {real}")


BUILDERS = (
    "<frozen importlib",
    "/typing.py",
    "/dataclasses.py",
    "/collections/__init__.py",
    "/enum.py",
    "/functools.py",
)


def _is_import():
    """Return whether a module is being imported, or a class is built or asked for its types: both run our own text."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(BUILDERS[0]) or name.endswith(BUILDERS[1:]):
            return True
        frame = frame.f_back
    return False


def _is_text(event, args):
    """Return whether a text is run as a program."""
    name = getattr(args[0], "co_filename", "<") if event == "exec" else "<"
    return name.startswith("<") and not _is_import()


def _peak_mb():
    """Return the most memory that this program took (what its parent took before it began counts for `ru_maxrss`)."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20  # macOS counts bytes


def use(path, env):
    """Ask everything of a replica that a person or page asks."""
    from gnomon.errors import GnomonError
    from gnomon.replica import Replica

    said = []
    with Replica.open(path, env) as replica:
        replica.update()
        said.append(f"{len(replica.index.export())} bytes of state")
        for problem in replica.verify(deep=True):
            said.append(f"{problem.severity} {problem.file}: {problem.what}")
        store = replica.objects()
        for pack in store.packs():
            for name in list(pack.objects)[:20]:
                try:
                    store.read(name)
                except GnomonError as error:
                    said.append(str(error))
        try:
            for run, series in (("0001" + "0123456789abcdef", "loss"), ("0666" + "0123456789abcdef", "loss")):
                said.append(f"{len(replica.series(run, series))} points of {series}")
        except GnomonError as error:
            said.append(str(error))
    return said


def main(record, url, *rest):
    """Sync twice and use the replica; print what happened."""
    from gnomon.env import REAL
    from gnomon.errors import GnomonError
    from gnomon.record.home import open_home
    from gnomon.record.index_place import place_for
    from gnomon.sync.ssh import SshStore
    from gnomon.sync.state import Remote, StateFile
    from gnomon.syncing import sync

    SshStore.silent_s = 2.0
    for name in (
        "duckdb",
        "arro3.io",
        "arro3.core",
        "numpy",
        "gnomon.upkeep",
        "gnomon.objects.collect",
        "gnomon.verification",
    ):
        importlib.import_module(name)
    allowed = [
        record,
        REAL.config_folder(),
        REAL.cache_folder(),
        *(one for one in rest if one.startswith("/")),
    ]
    if "://" not in url:
        allowed.append(url)
    watch = Watch(
        allowed,
        may_run=("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec") if url.startswith("ssh") else (),
    )
    sys.addaudithook(watch)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_SPACE, MOST_ADDRESS_SPACE))
    said, error, notes = [], None, []
    watch.is_on = True
    for _ in range(2):
        home = open_home(record, REAL)
        file = StateFile(home, place_for(home, REAL))
        remote = file.load().remotes.get("evil") or Remote(url)
        store = None
        if url.startswith("evil:"):
            import hostile_stores

            store = getattr(hostile_stores, url.partition(":")[2])()
        try:
            done = sync(home, "evil", remote, store=store)
            from gnomon.cli.sync import warnings_of

            notes += [*warnings_of(done), *done.erased.refused]
        except (GnomonError, OSError) as caught:
            error = f"{type(caught).__name__}: {caught}"
    said += use(record, REAL)
    watch.is_on = False
    peak = _peak_mb()
    processor = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    print(
        json.dumps(
            {
                "notes": notes,
                "error": error,
                "said": said,
                "events": watch.events,
                "peak_mb": peak,
                "cpu_s": processor,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
