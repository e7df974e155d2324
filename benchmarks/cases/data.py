"""Versions of data, by the command of each tool: a large CSV, 20,000 small files, and one flipped bit in what is stored.

Processor time is a ratio to what the system's own programs take for the same bytes just before and just after: `b3sum` in one
thread for what reads all, `find` for a look whether anything changed, `cp -r` for writing files. A tool's start is in
its figures: people start it each time.
"""

import filecmp
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.cases.objects import make_csv, make_small
from benchmarks.peers import VERSIONERS, peer_class
from benchmarks.peers.versioners import GnomonData, Versioner
from benchmarks.processes import FailedError, Seat, Timing, time_command

ROUNDS = 3
FLIPS = 8
LIMIT_S = 1800
REST_S = 3  # files that were changed a moment ago are looked at twice by careful tools
HASH = "find {place} -type f -print0 | xargs -0 b3sum --num-threads 1 >/dev/null"
FIND = "find {place} -type f -printf '%s %T@ %p\\n' | md5sum"
COPY = "rm -rf {to} && cp -r {place} {to}"


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    tool = _tool(peer)
    seat = bench.seat(peer, "data")
    _require_program(seat, tool)
    yield {"figure": "version", "version": _output(seat, tool.version)}
    inputs = _inputs(bench)
    # The others take minutes a round.
    rounds = bench.amount(ROUNDS if peer == "gnomon" else 1, 1) if tool.is_timed else 0
    for number in range(rounds):
        for kind in ("csv", "small"):
            place = _Place(bench.seat(peer, "data"), tool, inputs / kind)
            yield from ({**row, "round": number, "kind": kind} for row in place.measure())
    yield from _flips(bench, peer, tool)


CASE = Case(
    "data", "versions of data beside DVC, git-lfs, restic, borg, casync", ("gnomon", *VERSIONERS), measure
)


@dataclass(frozen=True)
class _Place:
    """A tool, and both versions of some data, `v1` and `v2` in the folder `inputs`."""

    seat: Seat
    tool: type[Versioner]
    inputs: Path

    def measure(self) -> Iterator[Row]:
        self.shell(self.line(self.tool.begin))
        self.bring(1)
        yield self.step("add", self.tool.add, v=1)
        if self.tool.status:
            self.shell(self.line(self.tool.status))  # what was just written may be read again, once
            yield self.step("status", self.tool.status)
        self.bring(2)
        yield self.step("add version 2", self.tool.add, v=2)
        if self.tool.share:
            yield self.step("share", self.tool.share)
        yield self.restore()
        if self.tool.verify:
            yield self.step("verify", self.tool.verify)

    def step(self, figure: str, command: str, v: int = 1) -> Row:
        before = size_of(self.seat.store / self.tool.store)[1]
        floors = self.floors()
        took = self.shell(self.line(command, v=v))
        floors = {name: min(one, self.floors()[name]) for name, one in floors.items()}
        source = self.inputs / f"v{v}"
        stored = size_of(self.seat.store / self.tool.store)[1] - before
        return {
            "figure": figure,
            "cpu_s": took.cpu_s,
            "wall_s": took.wall_s,
            "peak_mb": took.peak_mb,
            "to_hash": took.cpu_s / floors["hash"],
            "to_find": took.cpu_s / floors["find"],
            "stored_share": stored / size_of(source)[1],
        }

    def restore(self) -> Row:
        """Bring version 1 back, compare it, and say what it took: also as a ratio to a copy right before and after."""
        target = self.seat.folder / "back"
        copies = [self.copy()]
        floors = self.floors()
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        took = self.shell(self.line(self.tool.restore, to=target))
        self.shell(f"diff -r {self.inputs / 'v1'} {target / 'data'}")
        shutil.rmtree(target)
        copies.append(self.copy())
        return {
            "figure": "restore",
            "cpu_s": took.cpu_s,
            "wall_s": took.wall_s,
            "peak_mb": took.peak_mb,
            "to_hash": took.cpu_s / floors["hash"],
            "to_copy": took.cpu_s / (sum(copies) / 2),
        }

    def floors(self) -> dict[str, float]:
        place = self.inputs / "v1"
        lines = {"hash": HASH, "find": FIND}
        return {name: self.shell(line.format(place=place)).cpu_s for name, line in lines.items()}

    def copy(self) -> float:
        line = COPY.format(place=self.inputs / "v1", to=self.seat.folder / "copy")
        took = self.shell(line).cpu_s
        shutil.rmtree(self.seat.folder / "copy")
        return took

    def bring(self, v: int) -> None:
        """Put a version into the working copy; what is the same in both keeps its times."""
        source, data = self.inputs / f"v{v}", self.seat.store / "data"
        for path in source.rglob("*"):
            target = data / path.relative_to(source)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif not target.exists() or not filecmp.cmp(path, target, shallow=False):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        time.sleep(REST_S)

    def line(self, command: str, v: int = 1, to: Path | None = None) -> str:
        return command.format(v=v, to=to, bin=self.seat.python.parent)

    def shell(self, command: str) -> Timing:
        return time_command(["bash", "-c", command], self.seat, limit_s=LIMIT_S)


def _flips(bench: Bench, peer: str, tool: type[Versioner]) -> Iterator[Row]:
    """Flip one bit of what is stored, as a disk does; see whether the tool notices, and what it hands out."""
    inputs = bench.root / "data-flips"
    shutil.rmtree(inputs, ignore_errors=True)
    (inputs / "v1").mkdir(parents=True)
    (inputs / "unused").mkdir()
    make_csv(inputs / "v1" / "data.csv", inputs / "unused" / "v2.csv", 3_000_000)
    make_small(inputs / "v1" / "small", 60)
    trials = bench.amount(FLIPS, 2)
    noticed = refused = wrong = 0
    for number in range(trials):
        place = _Place(bench.seat(peer, "data-flips"), tool, inputs)
        place.shell(place.line(tool.begin))
        place.bring(1)
        for command in (tool.add, tool.share or "true"):
            place.shell(place.line(command))
        _flip(place, random.Random(number))
        noticed += bool(tool.verify) and _fails(place, place.line(tool.verify))
        target = place.seat.folder / "back"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        if _fails(place, place.line(tool.restore, to=target)):
            refused += 1
        elif _fails(place, f"diff -r {inputs / 'v1'} {target / 'data'}"):
            wrong += 1
    yield {
        "figure": "flips", "trials": trials, "has_verify": bool(tool.verify), "noticed": noticed,
        "refused": refused, "handed_out": wrong,
    }  # fmt: skip


def _flip(place: _Place, chance: random.Random) -> None:
    """Flip one bit of one stored file, wherever copies of it lie; times and modes stay."""
    first, *others = ([*place.seat.store.glob(pattern)] for pattern in place.tool.bytes_at)
    victim = chance.choice(sorted(first))
    same = [path for found in others for path in found if path.name == victim.name]
    at, bit = chance.randrange(victim.stat().st_size), 1 << chance.randrange(8)
    # Two names of one file are flipped once.
    for path in {path.stat().st_ino: path for path in (victim, *same)}.values():
        state = path.stat()
        data = bytearray(path.read_bytes())
        data[at] ^= bit
        path.chmod(0o644)
        path.write_bytes(data)
        path.chmod(state.st_mode & 0o777)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _fails(place: _Place, command: str) -> bool:
    try:
        place.shell(command)
    except FailedError:
        return True
    return False


def _tool(peer: str) -> type[Versioner]:
    return GnomonData if peer == "gnomon" else peer_class(peer)


def _require_program(seat: Seat, tool: type[Versioner]) -> None:
    program = tool.program.format(bin=seat.python.parent)
    if shutil.which(program) is None:
        raise FailedError(f"{tool.name}: `{tool.program}` is not installed; `apt install {tool.package}`")
    if shutil.which("b3sum") is None:
        raise FailedError("the floor needs `b3sum`: `apt install b3sum`")


def _output(seat: Seat, command: str) -> str:
    time_command(["bash", "-c", command.format(bin=seat.python.parent)], seat)
    return (seat.folder / "output.txt").read_text().splitlines()[0].strip()


def _inputs(bench: Bench) -> Path:
    """Return the folder of the workloads, which are made once: each has a version 1 and a version 2."""
    folder = bench.root / ("data-inputs-quick" if bench.quick else "data-inputs")
    done = folder / "done"
    if done.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    csv, small = folder / "csv", folder / "small"
    for place in (csv / "v1", csv / "v2", small):
        place.mkdir(parents=True)
    make_csv(csv / "v1" / "data.csv", csv / "v2" / "data.csv", bench.amount(1_000_000_000, 8_000_000))
    make_small(small / "v1", bench.amount(20_000, 300))
    shutil.copytree(small / "v1", small / "v2")
    edit_small(small / "v2")
    done.touch()
    return folder


def edit_small(folder: Path) -> None:
    """Write one file of a hundred anew, as long as before."""
    chance = random.Random(3)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in chance.sample(files, max(1, len(files) // 100)):
        size = path.stat().st_size
        text = ",".join(f"{chance.gauss(0, 1):.3f}" for _ in range(size // 6 + 1))
        path.write_text(f"[{text}]"[:size])
