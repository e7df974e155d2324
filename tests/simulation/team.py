"""Five people and a remote under one seed: who does what when is drawn, and the same seed gives the same story."""

from __future__ import annotations

import hashlib
import os
import pathlib
import random
import shutil
import tempfile

from gnomon.errors import GnomonError
from gnomon.objects import tombstones
from gnomon.objects.erase import Erasure
from gnomon.objects.lease import ADDING
from gnomon.points.rows import RunPoints
from gnomon.record.home import make_record, open_home, take_in_record_file
from gnomon.record.index_place import place_for
from gnomon.repairing import repair
from gnomon.replica import Replica
from gnomon.session import Session, _sessions
from gnomon.sync.state import Remote, StateFile
from gnomon.syncing import sync
from gnomon.upkeep import do_upkeep
from simulation.model import Model
from simulation.world import HOUR_NS, Clock, Crash, DeviceEnv, LyingRemote

NAMES = ("ann", "ben", "eve", "joe", "mia")
URL = "sim://remote"
MOST_ROUNDS = 8


class Device:
    """One person's device with its replica, its live runs, and what is acknowledged of them."""

    def __init__(self, root, name, clock, seed):
        self.name = name
        self.folder = root / name
        self.folder.mkdir()
        self.env = DeviceEnv(self.folder, name, clock, seed)
        self.path = str(self.folder / ".gnomon")
        self.sessions = []
        self.live = {}  # run -> (session, points, rows)

    @property
    def home(self):
        return open_home(self.path, self.env)

    def session(self):
        session = Session(self.path, self.env)
        session._start_thread = lambda: None  # nothing happens but what the seed says
        self.sessions.append(session)
        return session


class Story:
    """A simulation. `happened` counts what was done; `trace` is what it was, as a hash."""

    def __init__(self, seed, *, steps=40, lies=0.2, crashes=0.25):
        self.seed = seed
        self.chance = random.Random(f"{seed}/story")
        self.clock = Clock()
        self.remote = LyingRemote(seed)
        self.model = Model()
        self.happened = {}
        self.steps = steps
        self.lies = lies
        self.crashes = crashes
        self._trace = hashlib.sha256()
        self._root = pathlib.Path(tempfile.mkdtemp(prefix="gnomon-sim-"))
        self._runs = 0
        self._rotten = False
        self.devices = [Device(self._root, name, self.clock, seed) for name in NAMES]

    def run(self):
        """Let the story happen, then heal the world, let all meet, and return what is wrong (an empty list: nothing)."""
        tombstones._read.clear()  # a process remembers what it read; another story is another process
        try:
            self._begin()
            for _ in range(self.steps):
                self._step()
            return self._end()
        finally:
            for device in self.devices:
                self._go_down(device, count=False)
            shutil.rmtree(self._root)

    @property
    def trace(self):
        """What happened, as a hash: the same for the same seed."""
        return self._trace.hexdigest()

    @property
    def hours(self):
        """How much time passed in the story."""
        return (self.clock.now_ns - Clock().now_ns) / HOUR_NS

    # --- the story

    def _begin(self):
        ann = self.devices[0]
        make_record(ann.path, ann.env, name="credit")
        with open(os.path.join(ann.path, "record.toml"), "rb") as file:
            data = file.read()
        for device in self.devices[1:]:
            take_in_record_file(device.path, device.env, data, "ann")
        self.remote.lies = self.lies

    def _step(self):
        device = self.chance.choice(self.devices)
        self.clock.pass_ns(int(self.chance.expovariate(1 / (2 * HOUR_NS))))
        deeds = (
            (self._write, 6), (self._keep, 5), (self._go_on, 4), (self._sync, 10), (self._upkeep, 2), (self._erase, 3),
            (self._clock_jumps, 1), (self._stick, 1), (self._power_cut, 1), (self._cloned, 1), (self._lose_file, 1),
            (self._rot, 1),
        )  # fmt: skip
        deed = self.chance.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])[0]
        name = deed.__name__.strip("_")
        self._tell(f"{device.name} {name}")
        if self.chance.random() < self.crashes:
            device.env.crash_in = int(self.chance.expovariate(1 / 60))
        try:
            deed(device)
        except Crash:
            self._tell("crash")
            self._go_down(device)
        except (GnomonError, OSError) as error:
            self._tell(type(error).__name__)
        device.env.crash_in = None
        self._tell(f"{device.env.calls} {len(self.remote.trace)}")

    def _tell(self, what):
        self._trace.update(f"{what}\n".encode())
        for name in (what.split(" ")[-1],) if " " in what and not what[0].isdigit() else ():
            self.happened[name] = self.happened.get(name, 0) + 1
        if what == "crash":
            self.happened["crash"] = self.happened.get("crash", 0) + 1

    def _new_run(self):
        self._runs += 1
        return f"{self._runs:04d}{'ab' * 8}"

    def _write(self, device):
        """A process: a run with a few rows and a note, ended or going on."""
        session, run = device.session(), self._new_run()
        points = RunPoints(session, run, 0)
        device.live[run] = (session, points, 0)
        session.append("run.created", f"run:{run}", {"name": run}, strict=True)
        text = f"note of {run}"
        session.append("run.noted", f"run:{run}", {"text": text}, strict=True)
        if session.sync():
            self.model.noted(run, text)
        self._log(device, run, self.chance.randint(1, 20))
        if self.chance.random() < 0.7:
            session.close()
            del device.live[run]

    def _log(self, device, run, count):
        session, points, rows = device.live[run]
        for step in range(rows, rows + count):
            points.log({"loss": 1.0 / (step + 1)}, step=step)
            device.live[run] = (session, points, step + 1)
            self.model.logged(run, step + 1 - session.losses()[0])

    def _go_on(self, device):
        """A live run logs more, and may end."""
        if not device.live:
            return
        run = self.chance.choice(sorted(device.live))
        self._log(device, run, self.chance.randint(1, 40))
        if self.chance.random() < 0.4:
            device.live.pop(run)[0].close()

    def _keep(self, device):
        session = device.session()
        data = self.chance.randbytes(self.chance.choice((10, 1000, 20_000)))
        subject = f"data:{self.chance.randbytes(10).hex()}"
        try:
            with session.objects() as store:
                name = store.put_bytes(data)
            session.append(
                "data.added",
                subject,
                {"name": "credit", "number": 1, "object": name, "size": len(data)},
                strict=True,
            )
            if session.sync():
                self.model.kept(subject, name, data)
        finally:
            if device.env.crash_in is None or device.env.crash_in >= 0:
                session.close()

    def _sync(self, device):
        file = StateFile(device.home, place_for(device.home, device.env))
        remote = file.load().remotes.get("team") or Remote(URL)
        try:
            return sync(device.home, "team", remote, store=self.remote.store(device.env))
        finally:
            _sessions.pop(device.path, None)

    def _upkeep(self, device):
        do_upkeep(device.path, device.env)
        _sessions.pop(device.path, None)

    def _erase(self, device):
        with Replica.open(device.path, device.env) as replica:
            replica.update()
            here = set(replica.index.subjects("data"))
        subjects = [subject for subject in sorted(self.model.subjects) if subject.partition(":")[2] in here]
        subjects = [one for one in subjects if self.model.subjects[one] not in self.model.erased]
        if not subjects:
            return
        subject = self.chance.choice(subjects)
        erasure = Erasure(device.home, [subject])
        self.model.begin_to_erase(subject)
        erasure.bury()
        self.model.erase(subject)
        erasure.take_out()

    def _clock_jumps(self, device):
        device.env.skew_ns = int(self.chance.uniform(-10, 10) * 365 * 24 * HOUR_NS)

    def _stick(self, device):
        """The whole folder of another one is copied over, live files and all, as rsync or a stick would."""
        other = self.chance.choice([one for one in self.devices if one is not device])
        for base, _, names in sorted(os.walk(other.path)):
            for name in sorted(names):
                if name.startswith(".") or name.endswith(".tmp"):
                    continue
                path = os.path.join(base, name)
                target = os.path.join(device.path, os.path.relpath(path, other.path))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                is_own = device.env.name in target  # never: folders are named by writers
                if not is_own and not _is_longer(target, path):
                    shutil.copyfile(path, target)

    def _power_cut(self, device):
        self._go_down(device)

    def _cloned(self, device):
        """The disk of another device is put into this one's machine: key, lane and all."""
        if self.happened.get("cloned", 0) > 1:
            return
        other = self.chance.choice([one for one in self.devices if one is not device])
        if other.live or device.live:
            return
        (keys,) = {os.path.join(other.env.config_folder(), "keys")}
        if not os.path.isdir(keys):
            return
        device.env.name = other.env.name  # the machine's name is the image's
        shutil.rmtree(device.env.config_folder(), ignore_errors=True)
        shutil.copytree(keys, os.path.join(device.env.config_folder(), "keys"))
        theirs = StateFile(other.home, place_for(other.home, other.env)).load()
        mine = StateFile(device.home, place_for(device.home, device.env))
        theirs.copies, theirs.copied = {}, []
        mine.save(theirs)

    def _published_file(self, device):
        """Return the path of a sealed file here that a head lists and the remote has just as it is; None where there is none."""
        found = []
        heads = [data.decode() for path, data in self.remote.files.items() if path.startswith("heads/")]
        for path, data in sorted(self.remote.files.items()):
            full = os.path.join(device.path, path)
            if any(f'"{path}"' in head for head in heads) and os.path.isfile(full):
                with open(full, "rb") as file:
                    if file.read() == data:
                        found.append(full)
        return self.chance.choice(found) if found else None

    def _lose_file(self, device):
        """The disk loses a file that was sent."""
        path = self._published_file(device)
        if path is not None:
            os.unlink(path)

    def _rot(self, device):
        """A bit of a file that was sent flips on the disk."""
        path = self._published_file(device)
        if path is not None:
            with open(path, "r+b") as file:
                at = self.chance.randrange(os.path.getsize(path))
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 1 << self.chance.randrange(8)]))
            self._rotten = True

    def _go_down(self, device, *, count=True):
        """The processes of a device die, and what was not on its disk is what chance left of it."""
        device.live.clear()
        while device.sessions:
            _kill(device.sessions.pop())
        for session in [_sessions.pop(path) for path in list(_sessions) if path == device.path]:
            _kill(session)
        if count:
            device.env.crash()

    # --- the end

    def _end(self):
        self.remote.lies = 0.0
        for device in self.devices:
            device.env.skew_ns = 0
            for run in sorted(device.live):
                device.live.pop(run)[0].close()
            self._thirty_days_pass(device)
        for device in self.devices if self._rotten else ():
            self._sync(device)
            repair(device.home, self.remote.store(device.env))
        rounds = 0
        while rounds < MOST_ROUNDS:
            rounds += 1
            met = [self._sync(device) for device in self.devices]
            if not any(one.has_news or one.erased.came or one.erased.sent for one in met):
                break
        self._tell(f"end {rounds}")
        faults = [] if rounds < MOST_ROUNDS else [f"no rest after {rounds} rounds"]
        states = {}
        for device in self.devices:
            with Replica.open(device.path, device.env) as replica:
                replica.update()
                states.setdefault(replica.index.export(), []).append(device.name)
                faults += [f"{device.name}: {fault}" for fault in self.model.faults(replica)]
                faults += [
                    f"{device.name}: damage: {problem}"
                    for problem in replica.verify(deep=True)
                    if problem.severity == "damage"
                ]
        if len(states) > 1:
            faults.append(f"states differ: {sorted(states.values())}")
        self._trace.update(b"".join(sorted(hashlib.sha256(state).digest() for state in states)))
        faults += self._in_the_remote()
        return faults

    def _thirty_days_pass(self, device):
        """Let the leases of processes that died in a power cut run out; until then nothing is deleted for their sake."""
        folder = os.path.join(device.path, "objects", ADDING)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            os.utime(os.path.join(folder, name), (0, 0))

    def _in_the_remote(self):
        """Return what the remote still has of what was erased."""
        from gnomon.env import REAL
        from gnomon.objects.pack import read_pack

        found = []
        for path, data in sorted(self.remote.files.items()):
            if path.endswith(".pack"):
                copy = self._root / "pack" / os.path.basename(path)
                copy.parent.mkdir(exist_ok=True)
                copy.write_bytes(data)
                held = self.model.erased.intersection(read_pack(REAL, str(copy)).objects)
                found += [f"the remote has erased object {name[:8]}" for name in sorted(held)]
        return found


def _is_longer(target, path):
    """Return whether the file there is a longer copy of an appended one: a careful copier keeps it."""
    try:
        return os.stat(target).st_size > os.stat(path).st_size
    except FileNotFoundError:
        return False


def _kill(session):
    session._stop.set()
    if session._wal is not None:
        session._wal.abandon()
    if session.log is not None:
        session.log.abandon()
    if session._lease is not None:
        session._lease.abandon()
