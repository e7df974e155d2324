"""trackio on its local SQLite file: no space, no server."""

import json

from benchmarks.peers.base import Log, Peer
from benchmarks.peers.site import Site, Visit


class Trackio(Peer):
    name = environment = distribution = "trackio"
    requirements = ("trackio==0.43.0",)
    environ = {
        "TRACKIO_DIR": "{store}/trackio",
        "HF_HOME": "{home}/hf",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    hello = """
import trackio
run = trackio.init(project="bench", name="hello", config={"lr": 0.1}, embed=False)
for step in range(10):
    run.log({"loss": 1.0}, step=step)
    first_metric()
trackio.finish()
"""
    site = Site(
        ("{bin}/trackio", "show", "--project", "bench"),
        {"GRADIO_SERVER_PORT": "{port}"},
        table=Visit("/runs?project=bench", "all('table.runs-table tbody tr').length > 0"),
        long=Visit("/?project=bench", "all('.plot-grid canvas').length >= N"),
        many=Visit(
            "/?project=bench",
            "all('.plot-grid canvas').length >= N",
            first_ready="all('.plot-grid canvas').length >= 4",
        ),
    )

    def load(self) -> str:
        import trackio

        self.trackio = trackio
        return trackio.__version__

    def start(self, name: str, params: dict[str, float]) -> Log:
        return self.trackio.init(project="bench", name=name, config=params, embed=False).log

    def finish(self) -> None:
        self.trackio.finish()

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        # what `trackio get metric` calls; there is no public call in Python
        from trackio.sqlite_storage import SQLiteStorage

        rows = SQLiteStorage.get_metric_values("bench", run, metric)
        return [row["step"] for row in rows], [row["value"] for row in rows]

    def table(self, sort: str) -> int:
        table = self._rows()
        table.sort(key=lambda run: run[2][sort])
        return len(table)

    def page(self, where: str, above: float, sort: str, limit: int) -> int:
        table = [row for row in self._rows() if row[2][where] > above]
        table.sort(key=lambda run: -run[2][sort])
        return len(table[:limit])

    def means(self, metric: str, param: str) -> dict[str, float]:
        values: dict[str, list[float]] = {}
        for _, params, last in self._rows():
            values.setdefault(params[param], []).append(last[metric])
        return {of: sum(several) / len(several) for of, several in values.items()}

    def _rows(self) -> list[tuple]:
        # params by `trackio.Api`, last metrics by the SQL that `trackio query` would run
        from trackio.sqlite_storage import SQLiteStorage

        sql = "SELECT run_id, metrics, max(step) AS step FROM metrics GROUP BY run_id"
        rows = SQLiteStorage.query_project("bench", sql)["rows"]
        last = {row["run_id"]: json.loads(row["metrics"]) for row in rows}
        return [(run.name, run.config, last[run.id]) for run in self.trackio.Api().runs("bench")]
