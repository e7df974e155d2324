"""MLflow without a server: its default SQLite store, and the older file store."""

import time
from collections.abc import Iterable
from time import perf_counter

from benchmarks.peers.base import Log, Peer
from benchmarks.peers.site import Site, Visit

# Charts that have axes and lines.
_DRAWN = "all('.js-plotly-plot').filter((one) => one.querySelector('.scatterlayer .trace'))"


class MlflowSqlite(Peer):
    name = "mlflow-sqlite"
    environment = distribution = "mlflow"
    requirements = ("mlflow==3.17.2",)
    environ = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"}
    hello = """
import mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
with mlflow.start_run(run_name="hello"):
    mlflow.log_param("lr", 0.1)
    for step in range(10):
        mlflow.log_metric("loss", 1.0, step=step)
        first_metric()
"""
    site = Site(
        ("{bin}/mlflow", "server", "--backend-store-uri", "sqlite:///{store}/mlflow.db", "--port", "{port}"),
        table=Visit("/#/experiments/1/runs", "all('.ag-center-cols-container .ag-row').length > 0"),
        # It draws the first ten runs; a chart only where it is in sight.
        long=Visit("/#/experiments/1/runs?compareRunsMode=CHART", f"{_DRAWN}.length >= N"),
        many=Visit(
            "/#/experiments/1/runs?compareRunsMode=CHART",
            f"{_DRAWN}.length >= N",
            first_ready=f"{_DRAWN}.length >= 2",
        ),
    )

    def uri(self) -> str:
        return f"sqlite:///{self.store / 'mlflow.db'}"

    def load(self) -> str:
        import mlflow

        self.mlflow = mlflow
        return mlflow.__version__

    def connect(self) -> None:
        if hasattr(self, "client"):
            return
        self.mlflow.set_tracking_uri(self.uri())
        self.client = self.mlflow.MlflowClient()
        found = self.client.get_experiment_by_name("bench")
        self.experiment = found.experiment_id if found else self.client.create_experiment("bench")

    def start(self, name: str, params: dict[str, float]) -> Log:
        from mlflow.entities import Metric, Param

        self.connect()
        client = self.client
        self.run = run = client.create_run(self.experiment, run_name=name).info.run_id
        if params:
            client.log_batch(run, params=[Param(key, str(value)) for key, value in params.items()])

        def log(metrics: dict[str, float], step: int) -> None:
            if len(metrics) == 1:
                ((key, value),) = metrics.items()
                client.log_metric(run, key, value, step=step)
            else:
                now = int(time.time() * 1000)
                client.log_batch(run, metrics=[Metric(k, v, now, step) for k, v in metrics.items()])

        return log

    def finish(self) -> None:
        self.client.set_terminated(self.run)

    def write_series(self, run: str, metric: str, values: Iterable[float], deadline: float) -> int:
        """1,000 points a call: the most that `log_batch` takes."""
        from mlflow.entities import Metric

        self.start(run, {})
        written, now = 0, int(time.time() * 1000)
        batch = []
        for step, value in enumerate(values):
            batch.append(Metric(metric, value, now, step))
            if len(batch) == 1000:
                self.client.log_batch(self.run, metrics=batch)
                written, batch = written + 1000, []
                if perf_counter() > deadline:
                    break
        if batch:
            self.client.log_batch(self.run, metrics=batch)
        self.finish()
        return written + len(batch)

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        self.connect()
        found = self.client.search_runs([self.experiment], f"attributes.run_name = '{run}'")[0]
        points = self.client.get_metric_history(found.info.run_id, metric)
        return [p.step for p in points], [p.value for p in points]

    def table(self, sort: str) -> int:
        self.connect()
        order = [f"metrics.`{sort}` ASC"]
        return len(self.mlflow.search_runs([self.experiment], max_results=50_000, order_by=order))

    def page(self, where: str, above: float, sort: str, limit: int) -> int:
        self.connect()
        found = self.client.search_runs(
            [self.experiment],
            f"metrics.{where} > {above}",
            order_by=[f"metrics.{sort} DESC"],
            max_results=limit,
        )
        return len([(run.info.run_name, run.data.params, run.data.metrics) for run in found])

    def means(self, metric: str, param: str) -> dict[str, float]:
        self.connect()
        found = self.mlflow.search_runs([self.experiment], max_results=50_000)
        return found.groupby(f"params.{param}")[f"metrics.{metric}"].mean().to_dict()

    def describe(self, text: str) -> None:
        self.client.set_tag(self.run, "mlflow.note.content", text)

    def find_word(self, word: str) -> int:
        self.connect()
        found = self.client.search_runs(
            [self.experiment], f"tags.`mlflow.note.content` LIKE '%{word}%'", max_results=1000
        )
        return len(found)


class MlflowFile(MlflowSqlite):
    """The folder `mlruns`, which version 3 opens only when told to."""

    name = "mlflow-file"
    environ = {**MlflowSqlite.environ, "MLFLOW_ALLOW_FILE_STORE": "true"}
    hello = MlflowSqlite.hello.replace('"sqlite:///mlflow.db"', '"mlruns"')

    def uri(self) -> str:
        return str(self.store / "mlruns")
