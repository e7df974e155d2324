"""A record and two devices that write to it, without the command line: runs, data, and what people do with them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gnomon.env import Env
from gnomon.ids import process_subject
from gnomon.points.rows import RunPoints
from gnomon.record.home import make_record, open_home
from gnomon.record.index_place import place_for
from gnomon.runs.views import Record
from gnomon.runs.views import open as open_record
from gnomon.session import Session, close_all
from gnomon.sync.folder import FolderStore
from gnomon.sync.state import Remote, StateFile
from gnomon.syncing import clone, sync

CODE, OTHER_CODE = "a" * 40, "b" * 40


class DeviceEnv(Env):
    """The world as one device sees it: its own key, configuration and cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def config_folder(self) -> str:
        return os.path.join(self.folder, "config")

    def cache_folder(self) -> str:
        return os.path.join(self.folder, "cache")


class Device:
    """A replica on a device. Runs are written by one process for each state of the code."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.env = DeviceEnv(folder)
        self.path = str(folder / ".gnomon")
        self._sessions: dict[str, Session] = {}

    def session(self, code: str = CODE) -> Session:
        if code not in self._sessions:
            session = self._sessions[code] = Session(self.path, self.env)
            session.ready()
            body = {"parts": {"code": {"commit": code, "fingerprint": code[:16]}}}
            session.append("process.captured", process_subject(session.log_id), body)
        return self._sessions[code]

    def close(self) -> None:
        """Bring all to the disk."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def run(
        self,
        group: str,
        value: float,
        *,
        seed: int,
        params: dict[str, object] | None = None,
        code: str = CODE,
        status: str | None = "finished",
        data: str | None = None,
    ) -> str:
        """Write a run with one value of `auc`; `data` is the id of a version that it used. Return its id."""
        session, run = self.session(code), secrets.token_hex(10)
        body = {"name": f"{group}-{seed}", "group": group, "seed": seed, "params": params or {"depth": 6}}
        session.append("run.created", f"run:{run}", body)
        if data is not None:
            used = {
                "name": "credit",
                "dataset": "credit",
                "version": data,
                "object": data * 3 + "0000",
                "number": 1,
            }
            session.append("run.used", f"run:{run}", {**used, "how": "declared"})
        points = RunPoints(session, run, 0)
        points.log({"auc": value}, step=0)
        points.end()
        if status is not None:
            session.append("run.ended", f"run:{run}", {"status": status})
        return run

    def go_on(self, run: str, value: float) -> None:
        """Continue a run and log another value."""
        session = Session(self.path, self.env)
        session.append("run.joined", f"run:{run}", {"rank": 0})
        points = RunPoints(session, run, 0)
        points.log({"auc": value}, step=1)
        points.end()
        session.append("run.ended", f"run:{run}", {"status": "finished"})
        session.close()

    def say(self, kind: str, subject: str, body: dict[str, object], over: tuple[str, ...] = ()) -> str:
        """Write any entry; return its hash."""
        written = self.session().append(kind, subject, body, over=over)
        assert written is not None
        return written

    def add_data(self, name: str, number: int, parents: tuple[str, ...] = ()) -> str:
        """Write a version of data; return its id."""
        version = secrets.token_hex(10)
        body = {"name": name, "number": number, "object": version * 3 + "0000", "size": 1, "files": 1}
        self.say("data.added", f"data:{version}", {**body, "parents": list(parents)})
        return version

    def meet(self, url: Path) -> None:
        """Exchange all with the other device."""
        self.close()
        home = open_home(self.path, self.env)
        file = StateFile(home, place_for(home, self.env))
        remote = file.load().remotes.get(str(url)) or Remote(str(url))
        sync(home, str(url), remote, store=FolderStore(self.env, str(url)))

    def record(self) -> Record:
        """Open the replica for questions."""
        return open_record(self.path, env=self.env)


class Team:
    """Two people with a replica each, who meet through a folder."""

    def __init__(self, root: Path) -> None:
        self.url = root / "remote"
        self.here, self.there = Device(root / "here"), Device(root / "there")
        make_record(self.here.path, self.here.env, name="team")

    def part(self) -> None:
        """Let the other one have all that there is so far."""
        self.here.meet(self.url)
        clone(str(self.url), self.there.path, env=self.there.env)

    def merge(self) -> None:
        """Bring together what both wrote apart."""
        self.there.meet(self.url)
        self.here.meet(self.url)

    def close(self) -> None:
        """End all sessions."""
        self.here.close()
        self.there.close()
        close_all()
