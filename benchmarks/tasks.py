"""What a worker does with a peer: each function runs in a fresh process and returns figures."""

import ctypes
import gc
import importlib
import importlib.util
import mmap
import os
import random
import resource
from array import array
from pathlib import Path
from time import perf_counter, process_time, sleep

from benchmarks.peers.base import Peer
from benchmarks.shapes import LIBRARY, SHAPES, conversion_s
from benchmarks.values import COUNT, LONG, SHORT, curve, keys, noisy, value_at

BLOCK = 250  # calls between two looks at the clock


def log_one(peer: Peer, calls: int, limit_s: float) -> dict:
    """One scalar a call, written as users write it; no timer around the calls."""
    return _loop(peer, calls, limit_s, _blocks_of_one(calls))


def _blocks_of_one(calls: int):
    values = SHORT[:BLOCK]

    def block(log, start: int) -> None:
        for step, value in zip(range(start, start + BLOCK), values, strict=True):
            log({"loss": value}, step=step)

    return block


def log_many(peer: Peer, calls: int, limit_s: float, shape: str) -> dict:
    """20 scalars a call, the dictionaries ready before the clock starts."""
    rows = SHAPES[shape](calls)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(rows))  # never freed: that would count as the peer's time
    conversion = conversion_s(rows, 2000) / 2000 if shape in LIBRARY else 0.0

    def block(log, start: int) -> None:
        place = start % len(rows)
        for step, metrics in zip(range(start, start + BLOCK), rows[place : place + BLOCK], strict=True):
            log(metrics, step=step)

    return {**_loop(peer, calls, limit_s, block), "conversion_cpu_us": 1e6 * conversion}


def _loop(peer: Peer, calls: int, limit_s: float, block) -> dict:
    """Call `block` until `calls` are done or the time is over; processor times are of this process alone.

    `before_cpu_s` is what had been used when the run began: the driver takes it from the total.
    """
    version = peer.load()
    gc.collect()
    before = process_time()
    log = peer.start("loop", {"lr": 0.1})
    started, begin = process_time(), perf_counter()
    done = 0
    while done < calls:
        block(log, done)
        done += BLOCK
        if perf_counter() - begin > limit_s:
            break
    looped, loop_s = process_time(), perf_counter() - begin
    peer.finish()
    finished = process_time()
    return {
        "version": version,
        "calls": done,
        "before_cpu_s": before,
        "run_cpu_us": 1e6 * (finished - before) / done,
        "loop_cpu_us": 1e6 * (looped - started) / done,
        "start_cpu_ms": 1e3 * (started - before),
        "finish_cpu_ms": 1e3 * (finished - looped),
        "wall_us": 1e6 * loop_s / done,
        "finish_s": perf_counter() - begin - loop_s,
    }


def log_timed(peer: Peer, calls: int, limit_s: float, scalars: int) -> dict:
    """The time of every single call."""
    peer.load()
    names = ["loss"] if scalars == 1 else keys(scalars)
    rows = [{key: SHORT[(n + place) % COUNT] for place, key in enumerate(names)} for n in range(1000)]
    took = array("d", bytes(8 * calls))
    log = peer.start("loop", {"lr": 0.1})
    log(rows[0], step=0)  # the first call apart: it may make tables, threads, files
    alarm = perf_counter() + limit_s
    done = 0
    for step in range(1, calls):
        metrics = rows[step % 1000].copy()
        begin = perf_counter()
        log(metrics, step=step)
        end = perf_counter()
        took[done] = end - begin
        done += 1
        if end > alarm:
            break
    peer.finish()
    ordered = sorted(took[:done])
    return {
        "calls": done,
        "mean_us": 1e6 * sum(ordered) / done,
        "p50_us": 1e6 * ordered[done // 2],
        "p99_us": 1e6 * ordered[int(done * 0.99)],
        "max_us": 1e6 * ordered[-1],
    }


def log_until_killed(peer: Peer, run: str, ack: str, rate: float, calls_per_run: int) -> dict:
    """Log for ever. After each call has returned, count it in memory that is shared with the driver.

    `rate` is calls a second, 0 for full speed. With `calls_per_run` above 0 the process ends its run after so
    many calls and starts another, so that the kill also meets starts and ends.
    """
    peer.load()
    with Path(ack).open("r+b") as file:
        acknowledged = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")
    number, step, count = 0, 0, 0
    log = peer.start(f"{run}-0", {"lr": 0.1})
    begin = perf_counter()
    while True:
        log({"loss": value_at(step)}, step=step)
        count += 1
        acknowledged[0] = count  # one store of 8 bytes: never half done
        step += 1
        if step == calls_per_run:
            peer.finish()
            number, step = number + 1, 0
            log = peer.start(f"{run}-{number}", {"lr": 0.1})
        if rate:
            sleep(max(0.0, begin + count / rate - perf_counter()))


def read_after_kill(peer: Peer, runs: dict[str, int]) -> dict:
    """Compare what comes back with what was acknowledged.

    `lost` points were acknowledged and are not there; `wrong` ones have another value than was logged; `early` ones had
    not been acknowledged: at most one call a kill was in flight.
    """
    version = peer.load()
    peer.prepare_reading()
    found = lost = wrong = early = 0
    unreadable = []
    for run, acknowledged in runs.items():
        try:
            steps, values = peer.series(run, "loss")
        except Exception as error:  # whatever a peer raises on a damaged run: all of it is lost then
            unreadable.append(f"{run}: {type(error).__name__}: {error}"[:200])
            steps, values = [], []
        have = dict(zip(steps, values, strict=True))
        found += len(have)
        lost += sum(step not in have for step in range(acknowledged))
        wrong += sum(value != value_at(step) for step, value in have.items())
        wrong += len(steps) - len(have)
        early += sum(step >= acknowledged for step in have)
    result = {"version": version, "found": found, "lost": lost, "wrong": wrong, "early": early}
    return {**result, "unreadable": len(unreadable), "first_error": (unreadable or [""])[0]}


def make_runs(peer: Peer, runs: int, first: int, rows: int, limit_s: float) -> dict:
    """Small runs one after the other: 10 params, 20 metrics, `rows` calls each."""
    version = peer.load()
    names = keys(20)
    before, begin = process_time(), perf_counter()
    made = 0
    for run in range(first, first + runs):
        params = {f"p{place}": SHORT[(run * 10 + place) % COUNT] for place in range(10)}
        log = peer.start(f"run-{run:06}", params)
        for step in range(rows):
            at = run * 200 + step * 20
            log({key: SHORT[(at + place) % COUNT] for place, key in enumerate(names)}, step=step)
        peer.finish()
        made += 1
        if perf_counter() - begin > limit_s:
            break
    wall_s = perf_counter() - begin
    return {"version": version, "runs": made, "ms_per_run": 1e3 * wall_s / made, "before_cpu_s": before}


def read_table(peer: Peer, sort: str) -> dict:
    """The table of all runs."""
    begin = perf_counter()
    version = peer.load()
    import_s = perf_counter() - begin
    peer.prepare_reading()
    prepared = perf_counter()
    runs = peer.table(sort)
    table_s = perf_counter() - prepared
    return {"version": version, "runs": runs, "import_s": import_s, "table_s": table_s}


def make_seed_groups(peer: Peer, first: int, groups: int, limit_s: float) -> dict:
    """Groups of 100 seeds; with Gnomon, what is printed and noted too."""
    from benchmarks.seed_groups import runs_of

    version = peer.load()
    before, begin = process_time(), perf_counter()
    made = 0
    for group in range(first, first + groups):
        for run in runs_of(group):
            peer.make_seed_run(run)
            made += 1
            if perf_counter() - begin > limit_s:
                return {"version": version, "runs": made, "before_cpu_s": before}
    return {"version": version, "runs": made, "before_cpu_s": before}


def read_page(peer: Peer, where: str, above: float, sort: str, limit: int) -> dict:
    """The first runs by one metric, of those in which another is above a value."""
    version = peer.load()
    return {"version": version, "found": peer.page(where, above, sort, limit)}


def prepare(peer: Peer) -> dict:
    """Whatever a user must do between writing and reading."""
    version = peer.load()
    peer.prepare_reading()
    return {"version": version}


def read_means(peer: Peer, metric: str, param: str) -> dict:
    """The mean of the last values of a metric for each value of a parameter."""
    version = peer.load()
    return {"version": version, "found": len(peer.means(metric, param))}


def find_word(peer: Peer, word: str) -> dict:
    """The runs with a note that has a word; None from a peer that has no such search."""
    version = peer.load()
    return {"version": version, "found": peer.find_word(word)}


def log_curve(peer: Peer, points: int) -> dict:
    """One series by as many calls of `log`; the values are made as they are logged. Only Gnomon."""
    peer.load()
    before, begin = process_time(), perf_counter()
    log = peer.start("long", {})
    scale, values = points / 50, LONG
    for step in range(points):
        log({"loss": 2.0 / (1 + step / scale) + 0.1 * values[step * 7919 & 4095]}, step=step)
    peer.finish()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "points": points,
        "run": peer.run.id,
        "write_s": perf_counter() - begin,
        "peak_mb": peak_mb,
        "before_cpu_s": before,
    }


def write_series(peer: Peer, points: int, float32: bool, limit_s: float) -> dict:
    """One long series."""
    values = curve(points, float32=float32)
    version = peer.load()
    begin = perf_counter()
    written = peer.write_series("long", "loss", values, begin + limit_s)
    return {"version": version, "points": written, "write_s": perf_counter() - begin}


def make_curves(peer: Peer, runs: int, metrics: int, points: int, limit_s: float) -> dict:
    """Runs of curves, one after the other; a single metric the fastest way there is, with as many points as there is time for."""
    version = peer.load()
    begin, made, fewest = perf_counter(), 0, points
    for run in range(runs):
        name = f"curve-{run:03}"
        if metrics == 1:
            deadline = perf_counter() + limit_s / runs
            fewest = min(fewest, peer.write_series(name, "loss", noisy(run, points), deadline))
        else:
            log = peer.start(name, {"lr": SHORT[run % COUNT], "model": f"m{run % 7}"})
            values = [list(noisy(run * metrics + place, points)) for place in range(metrics)]
            for step, row in enumerate(zip(*values, strict=True)):
                log(dict(zip(keys(metrics), row, strict=True)), step=step)
            peer.finish()
        made += 1
        if perf_counter() - begin > limit_s:
            break
    return {
        "version": version,
        "runs": made,
        "metrics": metrics,
        "points": fewest,
        "write_s": perf_counter() - begin,
    }


def run_ids(peer: Peer, prefix: str) -> dict:
    """The ids of the runs whose names begin so. Only Gnomon."""
    peer.load()
    return {"ids": [found for name, found in sorted(peer.ids().items()) if name.startswith(prefix)]}


def write_rows(peer: Peer, rows: int) -> dict:
    """Rows of 20 random float64 values: the most bytes that a point can take."""
    chance, names = random.Random(13).random, keys(20)
    peer.load()
    log = peer.start("wide", {})
    for step in range(rows):
        log({name: chance() for name in names}, step=step)
    peer.finish()
    return {"points": 20 * rows}


def read_series(peer: Peer, run: str, metric: str) -> dict:
    """Read one series whole."""
    begin = perf_counter()
    peer.load()
    import_s = perf_counter() - begin
    peer.prepare_reading()
    prepared = perf_counter()
    steps, _ = peer.series(run, metric)
    return {
        "points": len(steps),
        "import_s": import_s,
        "prepare_s": prepared - begin - import_s,
        "read_s": perf_counter() - prepared,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def read_back(peer: Peer, run: str, metric: str) -> dict:
    """The points of a short series themselves."""
    peer.load()
    peer.prepare_reading()
    steps, values = peer.series(run, metric)
    return {"steps": steps, "values": values}


def write_notes(peer: Peer, runs: int, notes: int, note_bytes: int) -> dict:
    """Runs without points, each with notes of about `note_bytes` bytes. Only Gnomon."""
    peer.load()
    words = "loss plateaus after warm up seed depth lower rate batch data drift clip decay sweep better worse".split()
    begin = perf_counter()
    for run in range(runs):
        peer.start(f"noted-{run:06}", {"lr": SHORT[run % COUNT]})
        for note in range(notes):
            text = f"Run {run}, note {note}."
            place = run * 31 + note * 7
            while len(text) < note_bytes:
                text += f" {words[place % len(words)]} {SHORT[place % COUNT]}"
                place += 1
            peer.note(text)
        peer.finish()
    return {"runs": runs, "notes": runs * notes, "write_s": perf_counter() - begin}


def write_team(peer: Peer, writings: int) -> dict:
    """What two members wrote to each other. Only Gnomon."""
    from benchmarks.team_writings import make

    return {"version": peer.load(), **make(peer.store, writings)}


def keep_file(peer: Peer, size_bytes: int) -> dict:
    """One run that keeps a file of random bytes. Only Gnomon."""
    peer.load()
    path = peer.store / "weights.bin"
    path.write_bytes(os.urandom(size_bytes))
    begin = perf_counter()
    peer.start("keeper", {"lr": 0.1})
    peer.keep(path)
    peer.finish()
    took = perf_counter() - begin
    path.unlink()
    return {"bytes": size_bytes, "keep_s": took}


def has_torch(peer: Peer) -> dict:
    return {"torch": importlib.util.find_spec("torch") is not None}


def doing_nothing(peer: Peer, library: str | None = None) -> dict:
    """The floor of the tasks above: a worker that starts and ends; its processor time is that of ending."""
    if library is not None:
        importlib.import_module(library)
    return {"before_cpu_s": process_time()}


def weigh(peer: Peer, distribution: str) -> dict:
    """How many packages an install brings, and their size."""
    from benchmarks.weigh import closure

    sizes = closure(distribution)
    heaviest = sorted(sizes, key=lambda name: -sizes[name])[:4]
    return {
        "version": peer.load(),
        "packages": len(sizes),
        "mb": sum(sizes.values()) / 1e6,
        "heaviest": [f"{name} {sizes[name] / 1e6:.0f}" for name in heaviest],
    }


def make_tried_runs(peer: Peer, runs: int, kind: str) -> dict:
    """The runs of the case `tried`."""
    from benchmarks.tried_runs import make

    version = peer.load()
    make(".gnomon", runs, kind)
    return {"version": version}


def ask_tried(peer: Peer, question: str, nth: int) -> dict:
    """Whether the configuration of some run was tried before: processor time of the first question and of the second."""
    version = peer.load()
    import gnomon
    import gnomon.runs.tried.question
    import gnomon.team.people.views

    with gnomon.open() as record:
        ids = record.runs(columns=["id"]).ids  # brings the index up to date
        run = sorted(ids)[len(ids) // 7 * (nth % 7)]
        params = record.run(run).params
        few = {name: params[name] for name in ("lr", "model", "depth")}
        ask = {
            "equal": lambda: record.tried(params, whole=True),
            "close": lambda: record.tried({**params, "lr": 1.05 * params["lr"]}, whole=True),
            "a few parameters": lambda: record.tried(few),
            "none is close": lambda: record.tried({**params, "optimizer": "new"}, whole=True),
            "of a run": lambda: record.tried(run=run),
        }[question]
        spent = []
        for _ in range(2):
            begin = process_time()
            found = ask()
            spent.append(1e3 * (process_time() - begin))
    return {
        "version": version,
        "cpu_ms": spent[0],
        "again_cpu_ms": spent[1],
        "close": found.close,
        "listed": found.total,
    }
