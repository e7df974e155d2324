"""A team in several zones: members with a device and a replica each, one clock, and a remote where they meet; in one process."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from gnomon.points.rows import RunPoints
from gnomon.runs.views import Record
from gnomon.session import close_all, session_for
from gnomon.team.people import actions as people_actions
from gnomon.team.people.views import me, person_called
from tests.people import DeviceEnv, Person


class Clock:
    """The time that all devices show: seconds since 1970 UTC."""

    def __init__(self, text="2026-11-23 09:00", zone="Europe/Berlin"):
        self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()

    def forward(self, hours):
        self.now += hours * 3600


class TeamEnv(DeviceEnv):
    """A device's world whose clock is that of the team; each look at it is a microsecond later."""

    def __init__(self, folder, clock):
        super().__init__(folder)
        self.clock = clock

    def boot_id(self):
        """Every device is a machine of its own."""
        return hashlib.sha256(self.folder.encode()).digest()[:16]

    def time_ns(self):
        self.clock.now += 1e-6
        return int(self.clock.now * 1e9)


class Teammate(Person):
    """A member: what they do is written with their own device."""

    def __init__(self, root, name, clock, remote):
        super().__init__(root, name, TeamEnv(root / name, clock))
        self.clock = clock
        self.remote = remote
        self.trainings = []

    @property
    def record(self):
        record = Record(self.home)
        record.replica.update()
        return record

    def introduce(self, zone, hours="09:00-17:00"):
        """Say who they are and when they work."""
        person = people_actions.become(self.record, self.name).person
        people_actions.works(self.record, person, zone=zone, hours=hours)
        return self

    @property
    def me(self):
        return me(self.record)

    def person(self, name):
        return person_called(self.record, name)

    def train(self, name, *, status="finished", group=None, seed=None, params=None, error=None, **metrics):
        """Record a run; `status` None leaves it running. Return its id."""
        session = session_for(self.path, env=self.env)
        if status is None:  # a process of its own, which goes on while this one syncs
            session = self.session()
            self.trainings.append(session)
        run = secrets.token_hex(10)
        given = {"name": name, "group": group, "seed": seed, "params": params}
        body = {key: value for key, value in given.items() if value is not None}
        session.append("run.created", f"run:{run}", body, strict=True)
        log = RunPoints(session, run, 0)
        for metric, value in metrics.items():
            log.log({metric: value}, step=0)
        if status is not None:
            ended = {"status": status, **({"error": error, "traceback": error} if error else {})}
            session.append("run.ended", f"run:{run}", ended, strict=True)
        session.sync()
        return run

    def close(self):
        """End the trainings that go on."""
        for session in self.trainings:
            session.close()
        self.trainings.clear()

    def meet(self):
        """Exchange with the others."""
        session_for(self.path, env=self.env).sync()
        self.sync(self.remote)


def team(root, zones, clock=None):
    """Return members by name, each with their own replica of one record. `zones` are zones by name."""
    clock = clock or Clock()
    remote = root / "remote"
    members = {name: Teammate(root, name, clock, remote) for name in zones}
    first = next(iter(members.values()))
    first.found()
    for member in members.values():
        if member is not first:
            first.meet()
            member.clone(remote)
        member.introduce(zones[member.name])
        member.meet()
    for member in members.values():
        member.meet()
    return members


def disband(members):
    """Close all that the members have open."""
    for member in members.values():
        member.close()
    close_all()


def all_meet(members):
    """Have everybody know what everybody wrote."""
    for _ in range(2):
        for member in members.values():
            member.meet()
