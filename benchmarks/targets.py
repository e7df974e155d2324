"""The figures that Gnomon promises, each with its limit and how it is taken from the rows of a run.

A figure that is repeated is judged by its median round; the best round is shown beside it. A figure without rows was
not measured: it neither passes nor fails.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.bench import Row
from benchmarks.peers import TRACKERS

Rows = list[Row]
Rounds = Callable[[Rows], list[float]]
PEERS = tuple(name for name in TRACKERS if name != "gnomon")


@dataclass(frozen=True)
class Target:
    """A limit, and how to find the value of each round."""

    case: str
    says: str
    limit: float
    unit: str
    rounds: Rounds
    at_least: bool = False

    def value(self, rows: Rows) -> float | None:
        return middle(self.rounds(rows))

    def best(self, rows: Rows) -> float | None:
        return (max if self.at_least else min)(self.rounds(rows), default=None)

    def passes(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def bound(self) -> str:
        limit = f"{self.limit:,.0f}" if self.limit >= 100 else f"{self.limit:.3g}"
        return f"{'≥' if self.at_least else '≤'} {limit} {self.unit}".strip()


def pick(rows: Rows, case: str, peer: str = "gnomon", **wanted: object) -> Rows:
    """Return the rows of one case and peer in which these fields have these values; failed ones left out."""
    return [
        row
        for row in rows
        if row.get("case") == case
        and row.get("peer") == peer
        and "error" not in row
        and all(row.get(key) == value for key, value in wanted.items())
    ]


def middle(values: Iterable[float]) -> float | None:
    """The median; None where there is nothing."""
    found = list(values)
    return median(found) if found else None


def to_floor(
    rows: Rows, case: str, figure: str, floor: str, key: str = "cpu_us", peer: str = "gnomon"
) -> list[float]:
    """The ratio of each round to the floor around it."""
    return [row[key] / row["floors"][floor][key] for row in pick(rows, case, peer, figure=figure)]


def without_conversion(rows: Rows, shape: str) -> list[float]:
    """Processor time of a call with 20 scalars of a shape, conversion apart, as ratio to a flushed JSON line."""
    return [
        (row["cpu_us"] - row["conversion_cpu_us"]) / row["floors"]["jsonl-flush"]["cpu_us"]
        for row in pick(rows, "log-20", figure=shape)
    ]


def to_plain(rows: Rows, shape: str) -> list[float]:
    """The same as ratio to 20 Python floats under fixed keys, both first held against their own floors."""
    plain = middle(without_conversion(rows, "floats"))
    return [value / plain for value in without_conversion(rows, shape)] if plain else []


def behind_fastest(rows: Rows) -> list[float]:
    """p50 of the fastest peer as a multiple of Gnomon's, both first held against the floors around them."""

    def p50(peer: str) -> list[float]:
        return to_floor(rows, "log-1", "log_timed", "jsonl-flush", "p50_us", peer)

    theirs = [median(values) for values in map(p50, PEERS) if values]
    return [min(theirs) / ours for ours in p50("gnomon")] if theirs else []


def lost(rows: Rows, speed: str) -> list[float]:
    found = pick(rows, "kill", figure="kill", speed=speed)
    return [sum(row["lost"] + row["wrong"] for row in found)] if found else []


def field(case: str, figure: str, key: str, **wanted: object) -> Rounds:
    """One field of each round, the round that warms up left out."""
    first = (
        1
        if case in ("ask", "pages", "team")
        else {("runs", "table"): 1, ("scale", "page"): 1}.get((case, figure), 0)
    )

    def rounds(rows: Rows) -> list[float]:
        found = pick(rows, case, figure=figure, **wanted)
        return [row[key] for row in found if row.get("round", first) >= first]

    return rounds


def beside(peer: str, kind: str, figure: str) -> Rounds:
    """What a step with versions of data takes another tool, as a multiple of Gnomon's; each is first held against `b3sum`."""

    def rounds(rows: Rows) -> list[float]:
        theirs = middle(row["to_hash"] for row in pick(rows, "data", peer, kind=kind, figure=figure))
        ours = [row["to_hash"] for row in pick(rows, "data", kind=kind, figure=figure)]
        return [theirs / one for one in ours] if theirs is not None else []

    return rounds


def unnoticed(rows: Rows) -> list[float]:
    return [row["trials"] - row["noticed"] for row in pick(rows, "data", figure="flips")]


def peak_mb(rows: Rows) -> list[float]:
    return [row["peak_mb"] for row in pick(rows, "data") if "peak_mb" in row]


def pages_mb(rows: Rows) -> list[float]:
    """The most memory that the server of the pages had, for each record that it showed."""
    return [row["peak_mb"] for row in pick(rows, "pages", figure="memory")]


def late_frames(rows: Rows) -> list[float]:
    """Frames that came more than one too late while all charts were scrolled through for the first time."""
    return [row["scroll_late"] for row in pick(rows, "pages", figure="many, scrolled")]


_SHAPES = {
    "float64": "NumPy float64 scalars, their conversion apart",
    "float32": "NumPy float32 scalars, their conversion apart",
    "tensor": "torch scalars, their conversion apart",
    "alternating": "two sets of keys in turn",
    "subset": "a random 20 of 100 keys in each call",
    "rotating": "19 fixed keys, one of 1,000",
}


def _shape_targets() -> list[Target]:
    found = []
    for shape, says in _SHAPES.items():
        of_json = Target(
            "log-20",
            f"20 scalars, {says}: to a flushed JSON line",
            2 / 6,
            "×",
            lambda rows, shape=shape: without_conversion(rows, shape),
        )
        of_plain = Target(
            "log-20",
            f"… to 20 floats under fixed keys ({shape})",
            2,
            "×",
            lambda rows, shape=shape: to_plain(rows, shape),
        )
        found += [of_json, of_plain]
    return found


ASKED = {
    "filter and sort": 300,
    "compare groups": 2_000,
    "search: a rare word": 200,
    "search: a word of all runs": 200,
    "search: two words of all runs": 200,
    "search: two words": 200,
    "search: a beginning": 200,
    "search: a parameter": 200,
    "search: no hit": 200,
    "sql: all last values": 1_000,
}
"""Questions of the case `ask`, and in how many ms each is to be answered."""

TARGETS: tuple[Target, ...] = (
    Target(
        "log-1",
        "log of one scalar: processor time, to an append to a list",
        3,
        "×",
        lambda rows: to_floor(rows, "log-1", "log_one", "memory"),
    ),
    Target(
        "log-1", "p50 of one scalar: the fastest peer's, to Gnomon's", 5, "×", behind_fastest, at_least=True
    ),
    Target(
        "log-20",
        "log of 20 scalars: processor time, to a flushed JSON line",
        1 / 6,
        "×",
        lambda rows: to_floor(rows, "log-20", "floats", "jsonl-flush"),
    ),
    *_shape_targets(),
    Target(
        "cold",
        "first metric, more than `python -c pass`",
        60,
        "ms",
        field("cold", "hello", "first_metric_more_ms"),
    ),
    Target(
        "cold",
        "a trivial run, more than `python -c pass`",
        150,
        "ms",
        field("cold", "hello", "whole_more_ms"),
    ),
    Target(
        "cold",
        "heavy libraries that `import gnomon` loads",
        0,
        "",
        lambda rows: [len(row["heavy"]) for row in pick(rows, "cold", figure="import")],
    ),
    *(
        Target(
            "kill",
            f"acknowledged points lost or wrong, {speed}",
            0,
            "",
            lambda rows, speed=speed: lost(rows, speed),
        )
        for speed in ("10 a second", "100 a second", "full speed")
    ),
    Target(
        "runs", "a run of 10 params and 20 metrics × 10 steps", 10, "ms", field("runs", "make", "ms_per_run")
    ),
    Target(
        "runs",
        "table of 1,000 runs by the command, more than bare Python",
        150,
        "ms",
        field("runs", "table", "more_ms", way="command"),
    ),
    Target(
        "runs",
        "table of 1,000 runs in Python, more than bare Python",
        150,
        "ms",
        field("runs", "table", "more_ms", way="python"),
    ),
    *(
        Target(
            "tried",
            f"100,000 runs ({kind}): {figure}",
            200,
            "ms of processor",
            field("tried", figure, "cpu_ms", kind=kind),
        )
        for kind in ("grid", "random")
        for figure in ("equal", "close", "a few parameters")
    ),
    *(
        Target(
            "sweep",
            f"a trial of a sweep ({sampler}), {parallel} at a time, beyond `gnomon run`",
            50,
            "ms of processor",
            field("sweep", "trial", "more_ms", sampler=sampler, parallel=parallel),
        )
        for sampler in ("grid", "random")
        for parallel in (1, 2)
    ),
    Target(
        "reproduce",
        "making a run again, code and environment cached, beyond the run",
        2,
        "s",
        field("reproduce", "again", "more_s"),
    ),
    Target("scale", "first page of the table of 100,000 runs", 300, "ms", field("scale", "page", "ms")),
    Target("scale", "files of 100,000 runs, as made", 500, "", field("scale", "files made", "files")),
    Target(
        "scale", "files of 100,000 runs, after the table", 500, "", field("scale", "files after", "files")
    ),
    *(
        Target("ask", f"100,000 runs: {figure}, by the command", limit, "ms", field("ask", figure, "ms"))
        for figure, limit in ASKED.items()
    ),
    Target(
        "ask",
        "100,000,000 points of one series in 1,000 buckets, more than bare Python",
        500,
        "ms",
        field("ask", "long series: 1,000 buckets", "more_ms"),
    ),
    *(
        Target(
            "series",
            f"a series of 1,000,000 points, {what}, more than Python with NumPy",
            300,
            "ms",
            field("series", "read", "more_ms", kind="float32", sealed=sealed),
        )
        for what, sealed in (("not sealed yet", False), ("sealed", True))
    ),
    Target(
        "series",
        "bytes a point, sealed, float32 precision",
        10,
        "",
        field("series", "size", "bytes_per_point", kind="float32", sealed=True),
    ),
    Target(
        "index",
        "entries of runs indexed again, a second",
        50_000,
        "",
        field("index", "rebuild runs", "per_second"),
        at_least=True,
    ),
    Target(
        "index",
        "notes indexed again, a second",
        15_000,
        "",
        field("index", "rebuild notes", "per_second"),
        at_least=True,
    ),
    *(
        Target(
            "verify",
            f"verify, {what}",
            limit,
            "MB/s",
            field("verify", f"verify {what}", "mb_per_s"),
            at_least=True,
        )
        for what, limit in (("packs", 300), ("segments", 300), ("logs", 100))
    ),
    *(
        Target("objects", f"{figure}, {says}", limit, unit, field("objects", figure, key))
        for figure, says, limit, unit, key in (
            ("add csv", "× BLAKE3", 18, "×", "to_hash"),
            ("add csv", "share that is stored", 0.5, "", "stored_share"),
            ("add csv, version 2", "× BLAKE3", 3.5, "×", "to_hash"),
            ("add csv, version 2", "share that is stored", 0.012, "", "stored_share"),
            ("verify csv", "× BLAKE3", 4, "×", "to_hash"),
        )
    ),
    *(
        Target(
            "parquet",
            f"Parquet {how}, {version}: share that is new",
            0.1,
            "",
            field("parquet", f"{how}: {version}", "new_share"),
        )
        for how in ("normalised", "from a table")
        for version in ("rows inserted", "rows inserted, 100 places edited")
    ),
    *(
        Target("data", f"{kind}: {says}", limit, "×", field("data", figure, key, kind=kind))
        for kind, figure, says, limit, key in (
            ("csv", "add", "add, × b3sum", 18, "to_hash"),
            ("csv", "add version 2", "add version 2, × b3sum", 3.5, "to_hash"),
            ("csv", "verify", "verify, × b3sum", 4, "to_hash"),
            ("small", "status", "status, × find", 3, "to_find"),
            ("small", "restore", "restore, × cp -r", 2, "to_copy"),
        )
    ),
    Target("data", "csv: share that is stored", 0.5, "", field("data", "add", "stored_share", kind="csv")),
    Target(
        "data",
        "csv: share that version 2 adds",
        0.012,
        "",
        field("data", "add version 2", "stored_share", kind="csv"),
    ),
    Target("data", "small: add, DVC's, to Gnomon's", 4, "×", beside("dvc", "small", "add"), at_least=True),
    Target(
        "data", "csv: restore, DVC's, to Gnomon's", 3, "×", beside("dvc", "csv", "restore"), at_least=True
    ),
    Target(
        "data", "the most memory", 200, "MB", lambda rows: [max(found)] if (found := peak_mb(rows)) else []
    ),
    Target("data", "flipped bits that `gnomon data verify` does not notice", 0, "", unnoticed),
    Target("data", "flipped bits that are handed out", 0, "", field("data", "flips", "handed_out")),
    *(
        Target("sync", says, limit, unit, field("sync", figure, key, peer="gnomon-bucket"))
        for says, limit, unit, figure, key in (
            ("nothing new on a folder, whole process", 300, "ms", "folder: nothing new", "wall_ms"),
            ("nothing new on a folder, processor time", 300, "ms", "folder: nothing new", "cpu_ms"),
            ("nothing new on a bucket, requests", 5, "", "bucket: nothing new", "requests"),
            *(
                (
                    f"{place}: {what}, more than a sync without news, {time}, × {floor}",
                    2,
                    "×",
                    f"{place}: {what}",
                    key,
                )
                for place, floor in (("folder", "rsync -a"), ("bucket", "the quickest client"))
                for what in ("first sync, sealed", "clone")
                for time, key in (
                    ("processor time", "more_cpu_to_floor"),
                    ("time that passed", "more_wall_to_floor"),
                )
            ),
        )
    ),
    *(
        Target("pages", says, limit, "ms", field("pages", figure, key))
        for says, limit, figure, key in (
            (
                "100,000 runs: filter, sort and first page at the server, p95",
                200,
                "table at the server",
                "p95_ms",
            ),
            ("100,000 runs: `gnomon ui` to the first page", 700, "start", "ms"),
            ("100,000 runs: table in the browser, until a key stands in its filter", 1_000, "table", "ms"),
        )
    ),
    Target(
        "pages",
        "the most memory of the server",
        200,
        "MB",
        lambda rows: [max(found)] if (found := pages_mb(rows)) else [],
    ),
    *(
        Target("pages", f"{says}, {what}", limit, "ms", field("pages", figure, "ms", sealed=sealed))
        for sealed, what in ((False, "as logged"), (True, "sealed"))
        for says, limit, figure in (
            ("a chart of ten series of 1,000,000 points, from click to drawn", 500, "long"),
            ("20 charts of 100 runs of 1,000 points, all in sight, until drawn", 1_000, "many"),
        )
    ),
    Target("pages", "late frames while scrolling through the 20 charts", 0, "", late_frames),
    *(
        Target(
            "team",
            f"100,000 writings: {says}, at the server, p95",
            limit,
            "ms",
            field("team", figure, "p95_ms"),
        )
        for figure, says, limit in (
            ("search", "search", 150),
            ("search, common words", "search for words that nearly all of them hold", 150),
            ("catch-up", "catching up when all of them are new", 500),
            ("list", "a list", 150),
            ("cards", "a page with 200 references to runs", 150),
            ("waiting", "what waits for the reader", 150),
        )
    ),
    Target("size", "installed megabytes", 150, "MB", field("size", "size", "mb")),
    Target("size", "installed packages", 25, "", field("size", "size", "packages")),
)
