"""What every case gets: where to work, how much to do, and the seats of the peers."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import python_of
from benchmarks.peers import peer_class
from benchmarks.processes import Seat

Row = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """One run of the harness. Stores lie under `root`, outside of this repository and of any other."""

    root: Path
    quick: bool = False
    """A look whether everything works: little work, figures that mean nothing."""
    scale: float = 1.0
    """What part of the 100,000 runs of the cases `scale`, `ask` and `pages`, and of the points of `ask`, is made."""

    def seat(self, peer: str, label: str, *, of: str | None = None, fresh: bool = True) -> Seat:
        """Return a seat for a peer, with an empty store if `fresh`; a floor sits in the environment `of` a tracker."""
        seat = Seat(peer_class(peer), python_of(of or peer), self.root / label / peer)
        if fresh:
            shutil.rmtree(seat.folder, ignore_errors=True)
        seat.store.mkdir(parents=True, exist_ok=True)
        seat.home.mkdir(parents=True, exist_ok=True)
        return seat

    def amount(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(frozen=True)
class Case:
    """A group of figures. `measure` does one peer and yields a row a figure."""

    name: str
    about: str
    peers: tuple[str, ...]
    measure: Callable[[Bench, str], Iterator[Row]]


def size_of(folder: Path) -> tuple[int, int]:
    """Return (files, bytes) below a folder."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
