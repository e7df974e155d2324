"""What it costs to keep bytes: a large CSV, its second version, a folder of small files; and to read them again.

Processor time is a ratio to hashing the same bytes with BLAKE3 in one thread, in the minute before: `b3sum`
without its start. A process that loads the store and does nothing is taken away from both.
"""

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.processes import Seat, time_command

ROUNDS = 3
HEAD = """
import sys
from pathlib import Path
from blake3 import blake3
from gnomon.env import REAL
from gnomon.objects.store import ObjectStore
store = ObjectStore(REAL, "objects", "a" * 32)
def files(place):
    return sorted(path for path in Path(place).rglob("*") if path.is_file()) if Path(place).is_dir() else [place]
"""
DO = {
    "nothing": "",
    "hash": """
for path in files(sys.argv[1]):
    whole = blake3()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(1 << 20):
            whole.update(data)
""",
    "add": "Path('object').write_text(store.keep(sys.argv[1]).object)",
    "restore": "store.restore(Path('object').read_text(), 'back', overwrite=True)",
    "verify": """
from gnomon.objects.verify import verify_objects
assert list(verify_objects(REAL, "objects")) == []
""",
}


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "objects")
    large, edited, small = seat.folder / "v1.csv", seat.folder / "v2.csv", seat.folder / "small"
    make_csv(large, edited, bench.amount(1_000_000_000, 8_000_000))
    make_small(small, bench.amount(20_000, 100))
    for number in range(bench.amount(ROUNDS, 1)):
        for what, source, version in (("csv", large, edited), ("small files", small, None)):
            shutil.rmtree(seat.store / "objects", ignore_errors=True)
            yield _row(seat, f"add {what}", "add", source, number)
            yield _row(seat, f"verify {what}", "verify", source, number)
            yield _row(seat, f"restore {what}", "restore", source, number)
            _remove(seat.store / "back")
            if version is not None:
                yield _row(seat, f"add {what}, version 2", "add", version, number)


CASE = Case(
    "objects", "files kept, restored and verified: processor time as ratio to BLAKE3", ("gnomon",), measure
)


def _row(seat: Seat, figure: str, what: str, source: Path, number: int) -> Row:
    least, floor = _cpu_s(seat, "nothing", source), _cpu_s(seat, "hash", source)
    before = size_of(seat.store / "objects")[1]
    took = _cpu_s(seat, what, source)
    read = size_of(source)[1] if source.is_dir() else source.stat().st_size
    return {
        "figure": figure,
        "round": number,
        "cpu_s": took,
        "to_hash": (took - least) / max(floor - least, 1e-3),
        "stored_share": (size_of(seat.store / "objects")[1] - before) / read,
    }


def _cpu_s(seat: Seat, what: str, source: Path) -> float:
    return time_command([seat.python, "-c", HEAD + DO[what], source], seat).cpu_s


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def make_csv(path: Path, edited: Path, size_bytes: int) -> None:
    """Write a table, and its second version: 1,000 rows inserted at 10 %, rows edited in 100 places."""
    chance = random.Random(1)
    rows = size_bytes // 74
    insert_at, inserted = rows // 10, min(1000, rows // 100)
    edits = {chance.randrange(rows - 100) for _ in range(100)}
    per_edit = max(1, rows // 10_000)
    until = -1
    with path.open("w") as first, edited.open("w") as second:
        for row in range(rows):
            line = _line(chance, row)
            first.write(line)
            if row == insert_at:
                second.writelines(_line(chance, rows + number) for number in range(inserted))
            until = row + per_edit if row in edits else until
            second.write(_line(chance, row) if row < until else line)


def _line(chance: random.Random, row: int) -> str:
    city = ("lisbon", "oslo", "kyoto", "quito", "nairobi")[int(chance.random() * 5)]
    numbers = ",".join(f"{chance.gauss(0, 1):.6f}" for _ in range(4))
    return f"{row},{city},{int(chance.random() * 1e6)},{numbers},{chance.random() < 0.1}\n"


def make_small(folder: Path, count: int) -> None:
    """Write files of 2 to 20 KB of JSON."""
    chance = random.Random(2)
    words = [f"w{chance.randrange(1 << 20):x}" for _ in range(4000)]
    for number in range(count):
        place = folder / f"d{number % 100:02}"
        place.mkdir(parents=True, exist_ok=True)
        rows = ",".join(
            f'"{words[int(chance.paretovariate(0.4)) % 4000]}:{chance.gauss(0, 1):.3f}"'
            for _ in range(chance.randrange(150, 1500))
        )
        (place / f"f{number:05}.json").write_text(f"[{rows}]")


if (
    __name__ == "__main__"
):  # the work alone, for peers of other kinds: python -m benchmarks.cases.objects FOLDER
    root = Path(sys.argv[1])
    make_csv(root / "v1.csv", root / "v2.csv", 1_000_000_000)
    make_small(root / "small", 20_000)
