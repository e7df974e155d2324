"""Aim on its local repository."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from benchmarks.peers.base import Log, Peer
from benchmarks.peers.site import Site, Visit

# Charts that have lines.
_DRAWN = "all('svg.Visualization').filter((one) => one.querySelector('path.Line'))"


def _metrics(query: str, chart: Sequence[str] = ()) -> str:
    """Return the address of a query, as the page itself writes it: what is asked, and what has a chart of its own."""
    off = {"color": False, "stroke": False, "chart": False}
    grouping = {
        "color": ["run.hash"],
        "stroke": [],
        "chart": list(chart),
        "row": [],
        "reverseMode": off,
        "isApplied": dict.fromkeys(off, True),
        "persistence": {"color": False, "stroke": False},
        "seed": {"color": 10, "stroke": 10},
        "paletteIndex": 0,
    }
    select = {"options": [], "query": "", "advancedMode": True, "advancedQuery": query}
    return f"/metrics?grouping={_encoded(grouping)}&select={_encoded(select)}"


def _encoded(value: object) -> str:
    text = quote(json.dumps(value, separators=(",", ":")), safe="~()*!.'-_;/?:@&=+$,#")
    return "O-" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class Aim(Peer):
    name = environment = distribution = "aim"
    requirements = ("aim==3.29.1",)
    environ = {"AIM_UI_TELEMETRY_ENABLED": "0", "AIM_TELEMETRY_ENABLED": "0"}
    hello = """
import aim
run = aim.Run(experiment="bench")
run["hparams"] = {"lr": 0.1}
for step in range(10):
    run.track(1.0, name="loss", step=step)
    first_metric()
run.close()
"""
    site = Site(
        ("{bin}/aim", "up", "--repo", "{store}", "--port", "{port}"),
        table=Visit("/runs", "all('.Table__container .Table__cell:not(.Table__cell--header)').length > 0"),
        long=Visit(_metrics("metric.name == 'loss'"), f"{_DRAWN}.length >= N"),
        many=Visit(  # all of them in one screen
            _metrics("metric.name.startswith('m')", chart=["name"]), f"{_DRAWN}.length >= N", scrolls=False
        ),
    )

    def load(self) -> str:
        import aim

        self.aim = aim
        return version("aim")

    def start(self, name: str, params: dict[str, float]) -> Log:
        from aim.sdk.repo import Repo

        if not hasattr(self, "repo"):
            self.repo = Repo.from_path(str(self.store), init=True)
        self.run = self.aim.Run(repo=self.repo, experiment="bench")
        self.run.name = name
        if params:
            self.run["hparams"] = params
        return self.run.track

    def finish(self) -> None:
        self.run.close()

    def prepare_reading(self) -> None:
        """Index the finished runs, which 3.29 leaves to `aim up`: until then readers raise KeyError."""
        tool = str(Path(sys.executable).with_name("aim"))
        subprocess.run([tool, "storage", "--repo", str(self.store), "reindex", "-y"], check=True)

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        repo = self.aim.Repo(str(self.store))
        query = f"run.name == '{run}' and metric.name == '{metric}'"
        for metrics in repo.query_metrics(query, report_mode=0).iter_runs():
            for found in metrics:
                steps, columns = found.data.numpy()  # columns: value, epoch, time
                return steps.tolist(), columns[0].tolist()
        return [], []

    def table(self, sort: str) -> int:
        table = []
        for found in self.aim.Repo(str(self.store)).query_runs("", report_mode=0).iter_runs():
            last = {metric.name: metric.values.last_value() for metric in found.run.metrics()}
            table.append((found.run.name, found.run["hparams"], last))
        table.sort(key=lambda run: run[2][sort])
        return len(table)

    def page(self, where: str, above: float, sort: str, limit: int) -> int:
        # a query of runs cannot name a metric's last value: all are read and sorted here
        table = []
        for found in self.aim.Repo(str(self.store)).query_runs("", report_mode=0).iter_runs():
            last = {metric.name: metric.values.last_value() for metric in found.run.metrics()}
            if last[where] > above:
                table.append((found.run.name, found.run["hparams"], last))
        table.sort(key=lambda run: -run[2][sort])
        return len(table[:limit])

    def means(self, metric: str, param: str) -> dict[str, float]:
        values: dict[str, list[float]] = {}
        for found in (
            self.aim.Repo(str(self.store))
            .query_metrics(f"metric.name == '{metric}'", report_mode=0)
            .iter_runs()
        ):
            for one in found:
                values.setdefault(one.run["hparams"][param], []).append(one.values.last_value())
        return {of: sum(several) / len(several) for of, several in values.items()}

    def describe(self, text: str) -> None:
        self.run.description = text

    def find_word(self, word: str) -> int:
        query = f"run.description is not None and '{word}' in run.description"
        return len(list(self.aim.Repo(str(self.store)).query_runs(query, report_mode=0).iter_runs()))
