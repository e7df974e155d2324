"""A tracker's pages, served by a process of their own, while a case asks for them.

Always true: the process and all that it started end with the block; what it prints goes to a file. Memory is the proportional
share (PSS) of the whole process tree, as Linux counts it, so that what several processes share counts once.
"""

import http.client
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

from benchmarks.peers.site import Site
from benchmarks.processes import FailedError, Seat, descendants, kill_tree, servers

START_S = 180.0
END_S = 5.0


class Served:
    """The pages of the store of a seat. `first_s` is the time from the command to the whole first page."""

    def __init__(self, seat: Seat, site: Site) -> None:
        self.seat, self.site, self.port = seat, site, _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.output = seat.folder / "pages.txt"
        self.first_s = 0.0
        self._code = ""

    def __enter__(self) -> "Served":
        places = {"bin": self.seat.python.parent, "store": self.seat.store, "port": self.port}
        own = {key: value.format(**places) for key, value in self.site.environ.items()}
        quiet = {"BROWSER": "true"}  # whoever wants to open one, opens nothing
        with self.output.open("w") as output:
            begin = perf_counter()
            self._process = subprocess.Popen(
                [part.format(**places) for part in self.site.command],
                cwd=self.seat.store,
                env={**self.seat.environ(), **quiet, **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        servers.add(self._process.pid)
        try:
            self._wait(begin)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        below = descendants(self._process.pid)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            pass
        for pid in (self._process.pid, *below):
            kill_tree(pid)
        self._process.wait()
        servers.discard(self._process.pid)

    def _wait(self, begin: float) -> None:
        """Ask for the first page until it is there."""
        while True:
            try:
                if self.get().status < 400:
                    self.first_s = perf_counter() - begin
                    return
            except OSError:
                pass
            if self._process.poll() is not None or perf_counter() - begin > START_S:
                said = self.output.read_text(errors="replace")[-300:].replace(str(self.seat.folder), "…")
                raise FailedError(f"{self.seat.cls.name}: its pages did not start: {said}")
            time.sleep(0.005)

    def get(self) -> "Answer":
        """Ask for the first page, as somebody who has just come."""
        with Client(self) as client:
            return client.get(self.site.first)

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    def code(self) -> str:
        """Return a code that lets one in; empty from trackers that let in everybody."""
        return ""

    def memory_mb(self) -> float:
        """Return the memory of the process and all below it, in MB."""
        return sum(_field(pid, "smaps_rollup", "Pss") for pid in (self.pid, *descendants(self.pid)))

    def peak_mb(self) -> float:
        """Return the most memory that the process itself had, files that it mapped included, in MB."""
        return _field(self.pid, "status", "VmHWM")

    def processes(self) -> int:
        """Return how many processes serve the pages."""
        return 1 + len(descendants(self.pid))


class ServedGnomon(Served):
    """Pages that one enters with a code, which the process prints: the first in the address, others as they are used up."""

    _used = 0

    def get(self) -> "Answer":
        if "#code=" not in self.output.read_text():
            raise OSError("the address is not there yet")
        with Client(self) as client:
            client.enter()
            return client.get(self.site.first)

    def code(self) -> str:
        alarm = time.monotonic() + 10
        while time.monotonic() < alarm:
            said = re.findall(r"(?:#code=|code for another one: )(\S+)", self.output.read_text())
            if len(said) > self._used:
                self._used += 1
                return said[self._used - 1]
            time.sleep(0.002)
        raise FailedError("gnomon: no code was printed")


class Answer:
    """What came, and how long it took from the request to the last byte."""

    def __init__(self, status: int, body: bytes, ms: float, location: str = "") -> None:
        self.status, self.body, self.ms, self.location = status, body, ms, location


class Client:
    """Asks for pages over one connection that stays open, as a browser's does."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
        self._headers = {"Accept": "text/html"}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def enter(self) -> None:
        """Use a code up."""
        headers = {"Origin": self._served.base, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"code": self._served.code(), "next": "/"})
        self._connection.request("POST", "/enter", body, headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != 303:
            raise FailedError(f"gnomon: the code was answered with {response.status}")
        self._headers["Cookie"] = response.headers["Set-Cookie"].partition(";")[0]

    def get(self, path: str) -> Answer:
        """Ask for a page. Raises OSError where nobody answers."""
        begin = perf_counter()
        try:
            self._connection.request("GET", path, headers=self._headers)
            response = self._connection.getresponse()
            body = response.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        ms = 1e3 * (perf_counter() - begin)
        return Answer(response.status, body, ms, response.headers.get("Location", ""))


def serve(seat: Seat) -> Served:
    """Return the pages of a seat, to be used in a `with`."""
    site = seat.cls.site
    if site is None:
        raise FailedError(f"{seat.cls.name}: it has no pages")
    return (ServedGnomon if seat.cls.name.startswith("gnomon") else Served)(seat, site)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _field(pid: int, file: str, name: str) -> float:
    """Return a field of a process in MB; 0 for one that has ended, and where there is no /proc."""
    try:
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return 0.0
