"""Records with objects that entries name, and others that none does: for tests of what may be deleted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gnomon.env import REAL, Env
from gnomon.features import declare_features
from gnomon.objects.collect import Garbage
from gnomon.objects.store import ObjectStore
from gnomon.record.home import make_record, open_home
from gnomon.record.keys import load_device_key
from gnomon.record.log import LogWriter

DAY_NS = 86_400 * 10**9


class World(Env):
    """A machine with a device key of its own; its clock can be put forward."""

    def __init__(self, folder, ahead_days: int = 0):
        self.folder, self.ahead_ns = str(folder), ahead_days * DAY_NS

    def time_ns(self):
        return REAL.time_ns() + self.ahead_ns

    def _base(self, variable, under_home):
        return os.path.join(self.folder, under_home)


class Replica:
    """A replica that one device writes to: objects first, entries when they are asked for."""

    def __init__(self, path: Path, world: Env) -> None:
        declare_features()
        self.path, self.world = Path(path), world
        self.home = make_record(str(path), world)
        self.key = load_device_key(world)
        self.writer = self.key.writer

    @property
    def objects(self) -> str:
        return f"{self.path}/objects"

    def store(self) -> ObjectStore:
        return ObjectStore(self.world, self.objects, self.writer)

    def name(self, kind: str, subject: str, body: dict) -> str:
        """Write an entry, in a log of its own that is closed."""
        log = LogWriter(self.home, self.key)
        entry = log.append(kind, subject, body)
        log.close()
        return entry

    def keep(self, object_id: str, subject: str = "thing:1") -> str:
        """Have an entry of an unknown kind name an object."""
        return self.name("thing.made", subject, {"of": {"nested": [f"blake3:{object_id}"]}})

    def garbage(self, **options) -> Garbage:
        options.setdefault("older_than_ns", 0)
        return Garbage(open_home(str(self.path), self.world), self.writer, **options)

    def collect(self, **options):
        return self.garbage(**options).delete()

    def here(self) -> dict[str, bytes]:
        """Return all objects that can be read."""
        store = ObjectStore(REAL, self.objects)
        return {one: store.read(one) for one in store.objects()}

    def copied(self, path: Path, world: Env) -> Replica:
        """Return a copy, as another device has it."""
        shutil.copytree(self.path, path)
        return Replica(path, world)


def take_over(source: Replica, target: Replica) -> None:
    """Copy the files that the target lacks, as any program that copies files would."""
    for file in sorted(source.path.rglob("*")):
        place = target.path / file.relative_to(source.path)
        if file.is_file() and not place.exists() and not file.name.startswith("."):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)
