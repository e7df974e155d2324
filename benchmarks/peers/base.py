"""What the harness asks of a tracker.

The same class serves two sides. The driver, in plain Python, reads the class attributes. A worker, in a
fresh process of the tracker's own environment, makes an instance and calls its methods; only `load`
and what follows may import the tracker.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from benchmarks.peers.site import Site
    from benchmarks.seed_groups import SeedRun

Log = Callable[..., object]  # log({"loss": 0.5}, step=3)


class Peer:
    """A tracker that keeps its runs in the folder `store`."""

    name: ClassVar[str]
    environment: ClassVar[str]
    """The name of its virtual environment: two peers may share one."""
    requirements: ClassVar[tuple[str, ...]] = ()
    distribution: ClassVar[str]
    """The package whose installed size, with all it requires, counts."""
    environ: ClassVar[dict[str, str]] = {}
    """Environment variables of each of its processes; `{store}` and `{home}` are replaced."""
    hello: ClassVar[str]
    """A trivial run as a user would write it; `first_metric()` stands where its first metric is logged."""
    site: "ClassVar[Site | None]" = None
    """The pages that it serves on one's own machine, where it has such."""
    why_no_site: ClassVar[str] = ""

    def __init__(self, store: Path) -> None:
        self.store = store

    def load(self) -> str:
        """Import the tracker; return its version."""
        raise NotImplementedError

    def start(self, name: str, params: dict[str, float]) -> Log:
        """Open a run and return its `log(metrics, step=…)`: the tracker's own where the call fits."""
        raise NotImplementedError

    def finish(self) -> None:
        """Close the run that `start` opened."""
        raise NotImplementedError

    def prepare_reading(self) -> None:
        """Whatever a user must do between writing and reading."""

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        """Return the steps and values of a series, whole, by public calls where there are any."""
        raise NotImplementedError

    def table(self, sort: str) -> int:
        """Read every run with its params and last metrics, sorted by one metric; return how many."""
        raise NotImplementedError

    def page(self, where: str, above: float, sort: str, limit: int) -> int:
        """Read the first `limit` runs by the metric `sort`, of those in which the metric `where` is above a value."""
        raise NotImplementedError

    def means(self, metric: str, param: str) -> dict[str, float]:
        """Return the mean of the last values of a metric for each value of a parameter."""
        raise NotImplementedError

    def find_word(self, word: str) -> int | None:
        """Return how many runs have a word in their note or description; None where there is no such search."""
        return None

    def make_seed_run(self, run: "SeedRun") -> None:
        """Make one run of a group of seeds; what a tracker has no call for is left out."""
        log = self.start(run.name, {**run.params, "seed": run.seed})
        for step, row in enumerate(run.rows):
            log(row, step=step)
        if run.note:
            self.describe(run.note)
        self.finish()

    def describe(self, text: str) -> None:
        """Give the open run a note or description, where the tracker has such a thing."""

    def write_series(self, run: str, metric: str, values: Iterable[float], deadline: float) -> int:
        """Log one series the fastest way there is; return how many points were written by the deadline.

        The deadline is a time of `perf_counter`.
        """
        log = self.start(run, {})
        count = 0
        for count, value in enumerate(values, 1):
            log({metric: value}, step=count - 1)
            if count % 1000 == 0 and perf_counter() > deadline:
                break
        self.finish()
        return count
