"""Gnomon, by its public calls alone."""

from pathlib import Path

from benchmarks.peers.base import Log, Peer
from benchmarks.peers.site import Site
from benchmarks.seed_groups import SeedRun

PROJECT = Path(__file__).resolve().parents[2]


class Gnomon(Peer):
    """This project, installed from this working tree."""

    name = environment = distribution = "gnomon"
    requirements = (str(PROJECT), "numpy>=2")  # NumPy to read series; it is no part of the base install
    hello = """
import gnomon
with gnomon.run("hello", params={"lr": 0.1}) as run:
    for step in range(10):
        run.log({"loss": 1.0}, step=step)
        first_metric()
"""
    site = Site(("{bin}/gnomon", "ui", "--no-open", "--port", "{port}"))

    def load(self) -> str:
        import gnomon

        self.gnomon = gnomon
        return gnomon.__version__

    def start(self, name: str, params: dict[str, float]) -> Log:
        self.run = self.gnomon.run(name, params=params, dir=self.store)
        return self.run.log

    def finish(self) -> None:
        self.run.finish()

    def make_seed_run(self, run: SeedRun) -> None:
        tags = [run.tag] if run.tag else []
        made = self.gnomon.run(run.name, params=run.params, seed=run.seed, tags=tags, dir=self.store)
        with made:
            for step, row in enumerate(run.rows):
                made.log(row, step=step)
            print(run.printed, end="")
            if run.note:
                made.note(run.note)

    def note(self, text: str) -> None:
        self.run.note(text)

    def keep(self, path: Path) -> None:
        self.run.keep(path)

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        found = self.gnomon.open(self.store).run(self.ids()[run]).series(metric)
        return found.step.tolist(), found.value.tolist()

    def ids(self) -> dict[str, str]:
        """The id of each run by its name; read once, so ask after the writing is over."""
        if not hasattr(self, "_ids"):
            rows = self.gnomon.open(self.store).runs().to_pylist()
            self._ids = {row["name"]: row["id"] for row in rows}
        return self._ids

    def page(self, where: str, above: float, sort: str, limit: int) -> int:
        found = self.gnomon.open(self.store).runs(
            f"metrics.{where} > {above}", sort=f"metrics.{sort}", limit=limit
        )
        return len(found.to_pylist())

    def means(self, metric: str, param: str) -> dict[str, float]:
        query = f"select params.{param} as of, avg(metrics.{metric}) as mean from runs group by 1"
        return {row["of"]: row["mean"] for row in self.gnomon.open(self.store).sql(query)}

    def find_word(self, word: str) -> int:
        return len(self.gnomon.open(self.store).search(word, limit=1000))

    def table(self, sort: str) -> int:
        return len(self.gnomon.open(self.store).runs(sort=f"metrics.{sort}").to_pylist())


class GnomonPages(Gnomon):
    """The same with what it needs for its pages: the extra `ui`."""

    name = environment = "gnomon-pages"
    requirements = (
        *Gnomon.requirements,
        "jinja2>=3.1",
        "markdown-it-py>=3",
        "starlette>=0.40",
        "uvicorn>=0.30",
    )


class GnomonBucket(Gnomon):
    """The same with what it needs for buckets, and a server that speaks S3."""

    name = environment = "gnomon-bucket"
    requirements = (str(PROJECT), "obstore>=0.12", "localbucket>=1.2")
