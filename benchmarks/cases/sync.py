"""A record of 10,000 runs meets a folder and a bucket: first sync, sync without news, one new run, clone.

The floor for a folder is `rsync -a` of the bytes that were sent; for a bucket it is the quickest of the clients that are there
(obstore, rclone), each copying the same files to the same server. Requests are lines in the server's log. Figures
are of whole processes; what a sync takes more than one without news is the part that grows with the bytes.
"""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.processes import (
    FailedError,
    Seat,
    Timing,
    reap_orphans,
    run_task,
    servers,
    start_task,
    time_command,
)

PROCESSES, RUNS_PER_PROCESS, STEPS = 100, 100, 10
ROUNDS = 5
PORT = 18_431
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench-bench", "AWS_REGION": "us-east-1"}
OBSTORE = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from obstore.store import S3Store
way, folder, bucket, prefix, url = sys.argv[1:]
store = S3Store(bucket, endpoint=url, client_options={"allow_http": True}, virtual_hosted_style_request=False, prefix=prefix)
def put(path):
    store.put(str(path.relative_to(folder)), path)
def get(found):
    path = Path(folder, found["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(store.get(found["path"]).bytes())
with ThreadPoolExecutor(8) as pool:
    if way == "put":
        list(pool.map(put, [path for path in Path(folder).rglob("*") if path.is_file()]))
    else:
        list(pool.map(get, [one for page in store.list() for one in page]))
"""


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "sync")
    _make(seat, bench.amount(PROCESSES, 4), bench.amount(RUNS_PER_PROCESS, 5))
    runs = bench.amount(PROCESSES, 4) * bench.amount(RUNS_PER_PROCESS, 5)
    folder = _Folder(seat)
    first = folder.meet("first")
    yield {
        "figure": "folder: first sync, as the trainings left it",
        "runs": runs,
        **_times(first),
        **folder.sent(),
    }
    for number in range(bench.amount(ROUNDS, 2)):
        yield from ({**row, "runs": runs, "round": number} for row in _round(folder, f"f{number}"))
    yield {**_one_run(folder, runs), "runs": runs}
    with _server(seat) as bucket:
        for number in range(bench.amount(ROUNDS, 2)):
            yield from ({**row, "runs": runs, "round": number} for row in _round(bucket, f"b{number}"))
        yield {**_one_run(bucket, runs + 1), "runs": runs}


CASE = Case("sync", "10,000 runs to a folder and a bucket, and back", ("gnomon-bucket",), measure)


@dataclass
class _Folder:
    """Remotes that are folders, and what copies to them."""

    seat: Seat
    kind: str = "folder"

    def url(self, name: str) -> str:
        return str(self.seat.folder / "remotes" / name)

    def run(self, *command: str | Path, cwd: Path | None = None) -> Timing:
        return time_command(["env", *self.variables(), *command], self.seat, cwd=cwd)

    def variables(self) -> list[str]:
        return []

    def gnomon(self, *command: str) -> Timing:
        return self.run(self.seat.python.with_name("gnomon"), *command)

    def meet(self, name: str) -> Timing:
        self.gnomon("remote", "add", name, self.url(name))
        return self.again(name)

    def again(self, name: str) -> Timing:
        return self.gnomon("sync", name, "--json")

    def sent(self) -> Row:
        """Return what the last sync said that it sent."""
        said = json.loads((self.seat.folder / "output.txt").read_text())
        return {"files": said["sent"]["files"], "bytes": said["sent"]["bytes"]}

    def floors(self, name: str) -> dict[str, Callable[[], Timing]]:
        """The other ways to copy the same bytes there."""
        return {"rsync -a": lambda: self.run("rsync", "-a", f"{self.url(name)}/", f"{self.url(name)}-copy/")}

    def floors_back(self, name: str) -> dict[str, Callable[[], Timing]]:
        return {
            "rsync -a": lambda: self.run(
                "rsync", "-a", f"{self.url(name)}/", str(self.seat.folder / f"back-{name}")
            )
        }

    def requests(self) -> int | None:
        return None

    def clean(self, name: str) -> None:
        for path in (self.url(name), f"{self.url(name)}-copy", self.seat.folder / f"back-{name}"):
            shutil.rmtree(path, ignore_errors=True)


@dataclass
class _Bucket(_Folder):
    """Remotes that are folders of one bucket of a server on this machine."""

    kind: str = "bucket"

    @property
    def log(self) -> Path:
        return self.seat.folder / "server.txt"

    def url(self, name: str) -> str:
        return f"s3://bench/{name}"

    def variables(self) -> list[str]:
        own = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}", "AWS_ALLOW_HTTP": "true"}
        rclone = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": own["AWS_ENDPOINT_URL"], "ENV_AUTH": "true"}
        own |= {f"RCLONE_CONFIG_B_{key}": value for key, value in rclone.items()}
        return [f"{key}={value}" for key, value in own.items()]

    def floors(self, name: str) -> dict[str, Callable[[], Timing]]:
        here = self.seat.folder / "remotes" / "first"  # the same files, in a folder
        return self._clients("put", here, f"{name}-copy", [str(here), f"b:bench/{name}-copy-2"])

    def floors_back(self, name: str) -> dict[str, Callable[[], Timing]]:
        back = self.seat.folder / f"back-{name}"
        return self._clients("get", back / "one", name, [f"b:bench/{name}", str(back / "two")])

    def _clients(
        self, way: str, folder: Path, prefix: str, places: list[str]
    ) -> dict[str, Callable[[], Timing]]:
        script = [self.seat.python, "-c", OBSTORE, way, folder, "bench", prefix, f"http://127.0.0.1:{PORT}"]
        found: dict[str, Callable[[], Timing]] = {"obstore": lambda: self.run(*script)}
        if shutil.which("rclone"):
            found["rclone"] = lambda: self.run("rclone", "copy", "--transfers", "8", *places)
        return found

    def requests(self) -> int | None:
        return sum(" HTTP/1." in line for line in self.log.read_text().splitlines())

    def clean(self, name: str) -> None:
        for path in ("", "-copy", "-copy-2"):
            shutil.rmtree(self.seat.folder / "buckets" / "bench" / f"{name}{path}", ignore_errors=True)
        shutil.rmtree(self.seat.folder / f"back-{name}", ignore_errors=True)


def _round(place: _Folder, name: str) -> Iterator[Row]:
    """A new remote: all to it, nothing to it, all from it; each beside the others that copy the same bytes."""
    sent = _counted(place, lambda: place.meet(name))
    size = place.sent()
    idle = _counted(place, lambda: place.again(name))
    floors = {way: _times(copy()) for way, copy in place.floors(name).items()}
    yield {"figure": f"{place.kind}: first sync, sealed", **sent, **size, **_ratios(sent, idle, floors)}
    yield {"figure": f"{place.kind}: nothing new", **idle}
    target = place.seat.folder / "clones" / name
    target.parent.mkdir(exist_ok=True)
    came = _counted(place, lambda: place.gnomon("clone", place.url(name), str(target)))
    floors = {way: _times(copy()) for way, copy in place.floors_back(name).items()}
    yield {"figure": f"{place.kind}: clone", **came, **size, **_ratios(came, idle, floors)}
    shutil.rmtree(target)
    place.gnomon("remote", "rm", name)
    place.clean(name)


def _one_run(place: _Folder, number: int) -> Row:
    """What one new run costs that was logged after a sync."""
    name = f"{place.kind}-news"
    place.meet(name)
    run_task(place.seat, "make_runs", runs=1, first=number, rows=STEPS, limit_s=60.0)
    row = _counted(place, lambda: place.again(name))
    return {"figure": f"{place.kind}: one new run", **row, **place.sent()}


def _counted(place: _Folder, do: Callable[[], Timing]) -> Row:
    before = place.requests()
    row = _times(do())
    after = place.requests()
    return row if before is None or after is None else {**row, "requests": after - before}


def _times(took: Timing) -> Row:
    return {"cpu_ms": 1e3 * took.cpu_s, "wall_ms": 1e3 * took.wall_s}


def _ratios(row: Row, idle: Row, floors: dict[str, Row]) -> Row:
    """Return the figures as ratios to the quickest floor: of the whole, and of what is more than a sync without news."""
    found: Row = {"floors": floors}
    for key, name in (("cpu_ms", "cpu"), ("wall_ms", "wall")):
        floor = min(one[key] for one in floors.values())
        found[f"{name}_to_floor"] = row[key] / floor
        found[f"more_{name}_to_floor"] = (row[key] - idle[key]) / floor
    return found


def _make(seat: Seat, processes: int, runs: int) -> None:
    """Have the runs made, two processes at a time; the first one alone, since it makes the record."""
    shares = [{"runs": runs, "first": at * runs, "rows": STEPS, "limit_s": 600.0} for at in range(processes)]
    run_task(seat, "make_runs", **shares[0])
    for at in range(1, processes, 2):
        for task in [start_task(seat, "make_runs", **share) for share in shares[at : at + 2]]:
            task.wait()
    reap_orphans()
    if not size_of(seat.store / ".gnomon")[0]:
        raise FailedError("gnomon: no record was made")


class _server:
    """A server that speaks S3, over a folder."""

    def __init__(self, seat: Seat) -> None:
        self.place = _Bucket(seat)

    def __enter__(self) -> _Bucket:
        folder = self.place.seat.folder / "buckets"
        (folder / "bench").mkdir(parents=True)
        with self.place.log.open("w") as log:
            self._process = subprocess.Popen(
                [self.place.seat.python, "-m", "localbucket", str(folder), "--port", str(PORT)],
                stdout=log,
                stderr=log,
            )
        servers.add(self._process.pid)
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).close()
                return self.place
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise FailedError("localbucket did not start")

    def __exit__(self, *_: object) -> None:
        servers.discard(self._process.pid)
        self._process.terminate()
        self._process.wait()
