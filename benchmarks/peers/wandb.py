"""wandb, offline. A process of its own, wandb-core, writes the file."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.base import Log, Peer


class Wandb(Peer):
    name = environment = distribution = "wandb"
    requirements = ("wandb==0.31.0",)
    environ = {
        "WANDB_MODE": "offline",
        "WANDB_DIR": "{store}",
        "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_CACHE_DIR": "{home}/cache",
        "WANDB_CONFIG_DIR": "{home}/config",
        "WANDB_DATA_DIR": "{home}/data",
    }
    why_no_site = "no pages without a server in a container of its own"
    hello = """
import wandb
run = wandb.init(project="bench", name="hello", config={"lr": 0.1})
for step in range(10):
    run.log({"loss": 1.0}, step=step)
    first_metric()
run.finish()
"""

    def load(self) -> str:
        import wandb

        self.wandb = wandb
        return wandb.__version__

    def start(self, name: str, params: dict[str, float]) -> Log:
        self.run = self.wandb.init(project="bench", name=name, id=name, config=params)
        return self.run.log

    def finish(self) -> None:
        self.run.finish()

    def files(self, run: str = "*") -> list[Path]:
        return sorted(self.store.glob(f"wandb/offline-run-*/run-{run}.wandb"))

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        """By `wandb leet inspect`: the package has no reader in Python any more."""
        (path,) = self.files(run)
        command = [str(Path(sys.executable).with_name("wandb")), "leet", "inspect", "--json", str(path)]
        lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()
        records = [json.loads(line) for line in lines]
        items = [r["history"]["item"] for r in records if r.get("type") == "history"]
        found = [item for item in items if metric in item]
        return [item["_step"] for item in found], [item[metric] for item in found]

    def table(self, sort: str) -> int:
        """One look a file: there is no bulk reader of offline runs.

        Calls wandb-core itself, since starting the command line tool costs far more.
        """
        from wandb.util import get_core_path

        core, folder, table = get_core_path(), str(self.store / "wandb"), []
        flags = ["--no-observability", "--summary", "--json"]
        for path in self.files():
            command = [core, "leet", "inspect", *flags, "--run-file", str(path), folder]
            run = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            table.append((run["name"], run["config"], run["summary"]))
        table.sort(key=lambda run: run[2][sort])
        return len(table)
