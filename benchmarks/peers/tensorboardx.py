"""tensorboardX writes, tensorboard reads."""

from importlib.metadata import version

from benchmarks.peers.base import Log, Peer
from benchmarks.peers.site import Site, Visit

# Cards whose chart is drawn: its table of values is filled with it.
_CARDS = "all('scalar-card').filter((one) => one.querySelector('canvas') && one.querySelector('tb-data-table-content-cell'))"


class TensorboardX(Peer):
    name = environment = "tensorboardx"
    distribution = "tensorboardX"
    requirements = ("tensorboardX==2.6.5", "tensorboard==2.21.0")
    hello = """
from tensorboardX import SummaryWriter
writer = SummaryWriter("hello")
for step in range(10):
    writer.add_scalar("loss", 1.0, step)
    first_metric()
writer.add_hparams({"lr": 0.1}, {}, name="hparams")
writer.close()
"""
    site = Site(
        ("{bin}/tensorboard", "--logdir", "{store}", "--port", "{port}"),
        table=Visit(
            "/#hparams",
            "all('vaadin-grid-cell-content').filter((one) => /\\d/.test(one.textContent)).length > 5",
        ),
        long=Visit("/#timeseries", f"{_CARDS}.length >= N"),
        # Without a filter it opens two of the twenty charts, whatever the height of the window; with one, a page of twelve.
        many=Visit(
            "/?tagFilter=m#timeseries", f"{_CARDS}.length >= N", most=12, first_ready=f"{_CARDS}.length >= 1"
        ),
    )

    def load(self) -> str:
        import tensorboardX

        self.writer_class = tensorboardX.SummaryWriter
        return version("tensorboardX")

    def start(self, name: str, params: dict[str, float]) -> Log:
        self.params = params
        self.writer = self.writer_class(str(self.store / name))
        add_scalar = self.writer.add_scalar

        def log(metrics: dict[str, float], step: int) -> None:
            for key, value in metrics.items():
                add_scalar(key, value, step)

        return log

    def finish(self) -> None:
        if self.params:
            # A sub-run: name="." would open a file of the same name (it holds the second) in the same
            # folder, and overwrite a run that is younger than a second.
            self.writer.add_hparams(self.params, {}, name="hparams")
        self.writer.close()

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.store / run), size_guidance={"scalars": 0})
        events.Reload()
        if metric not in events.Tags()["scalars"]:
            return [], []
        scalars = events.Scalars(metric)
        return [s.step for s in scalars], [s.value for s in scalars]

    def table(self, sort: str) -> int:
        from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

        runs = EventMultiplexer(size_guidance={"scalars": 1})
        runs.AddRunsFromDirectory(str(self.store))
        runs.Reload()
        table = [
            {tag: runs.Scalars(run, tag)[-1].value for tag in tags["scalars"]}
            for run, tags in runs.Runs().items()
            if sort in tags["scalars"]
        ]
        table.sort(key=lambda last: last[sort])
        return len(table)
