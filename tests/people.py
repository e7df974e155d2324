"""People with a device and a replica each, who meet through a remote; in one process and without the command line."""

from __future__ import annotations

import os

from gnomon.env import Env
from gnomon.points.rows import RunPoints
from gnomon.record.home import make_record, open_home
from gnomon.record.index_place import place_for
from gnomon.replica import Replica
from gnomon.session import Session
from gnomon.sync.folder import FolderStore
from gnomon.sync.state import Remote, StateFile
from gnomon.syncing import clone, sync

RECORD = "credit"


class DeviceEnv(Env):
    """The world as one device sees it: its own key, configuration and cache."""

    def __init__(self, folder):
        self.folder = str(folder)

    def config_folder(self):
        return os.path.join(self.folder, "config")

    def cache_folder(self):
        return os.path.join(self.folder, "cache")


class Person:
    """A device with a replica. `env` may be another world (one with faults)."""

    def __init__(self, root, name, env=None):
        self.name = name
        self.folder = root / name
        self.folder.mkdir(exist_ok=True)
        self.env = env or DeviceEnv(self.folder)
        self.path = str(self.folder / ".gnomon")

    def found(self):
        """Make the record."""
        make_record(self.path, self.env, name=RECORD)
        return self

    @property
    def home(self):
        return open_home(self.path, self.env)

    def session(self):
        return Session(self.path, self.env)

    def run(self, run, *, points=5, close=True, notes=1):
        """Write what a short run writes, as a process of its own; return the session."""
        session = self.session()
        session.append("run.created", f"run:{run}", {"name": run})
        for note in range(notes):
            session.append("run.noted", f"run:{run}", {"text": f"note {note} of {self.name}"})
        log = RunPoints(session, run, 0)
        for step in range(points):
            log.log({"loss": 1.0 / (step + 1)}, step=step)
        session.test_points = log
        if close:
            session.close()
        else:
            session.sync()
        return session

    def keep(self, data):
        """Store an object and name it in an entry; return its id."""
        session = self.session()
        with session.objects() as store:
            name = store.put_bytes(data)
        session.append("run.kept", "run:" + "0" * 20, {"name": "file", "object": name, "size": len(data)})
        session.close()
        return name

    def sync(self, url, **options):
        file = StateFile(self.home, place_for(self.home, self.env))
        remote = file.load().remotes.get(str(url)) or Remote(str(url))
        store = options.pop("store", None) or FolderStore(self.env, str(url))
        return sync(self.home, str(url), remote, store=store, **options)

    def clone(self, url, **options):
        return clone(str(url), self.path, env=self.env, **options)

    def state(self):
        """Return the canonical state: the index's own export."""
        with Replica.open(self.path, self.env) as replica:
            replica.update()
            return replica.index.export()

    def series(self, run, name="loss"):
        with Replica.open(self.path, self.env) as replica:
            replica.update()
            return replica.series(run, name).value.tolist()

    def damage(self):
        with Replica.open(self.path, self.env) as replica:
            return [problem for problem in replica.verify(deep=True) if problem.severity == "damage"]

    def files(self):
        return tree_of(self.path)


def tree_of(folder):
    """Return {path: bytes} of all files below a folder but temporary ones."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            if not name.startswith(".") and not name.endswith(".tmp"):
                path = os.path.join(base, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found
