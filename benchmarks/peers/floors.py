"""The floors: what each figure is a ratio to."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from benchmarks.peers.base import Log, Peer


class Memory(Peer):
    """Append (step, time, metrics) to a list: the least that a call of `log` could do. Keeps nothing."""

    name = "memory"

    def load(self) -> str:
        return ""

    def start(self, name: str, params: dict[str, float]) -> Log:
        self.rows: list[tuple[int | None, float, dict[str, float]]] = []
        return self.log

    def log(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.rows.append((step, time.time(), metrics))

    def finish(self) -> None:
        pass


class JsonLines(Peer):
    """A JSON line a call, one file a run, buffered: what many people write by hand."""

    name = "jsonl"
    flush_each_line = False
    hello = """
import json, time
with open("hello.jsonl", "w") as file:
    file.write(json.dumps({"params": {"lr": 0.1}}) + "\\n")
    for step in range(10):
        file.write(json.dumps({"step": step, "t": time.time(), "loss": 1.0}) + "\\n")
        first_metric()
"""

    def load(self) -> str:
        return ""

    def start(self, name: str, params: dict[str, float]) -> Log:
        self.file: IO[str] = (self.store / f"{name}.jsonl").open("w")
        self.file.write(json.dumps({"params": params}) + "\n")
        return self.log_and_flush if self.flush_each_line else self.log

    def log(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.file.write(json.dumps({"step": step, "t": time.time(), **metrics}) + "\n")

    def log_and_flush(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.file.write(json.dumps({"step": step, "t": time.time(), **metrics}) + "\n")
        self.file.flush()

    def finish(self) -> None:
        self.file.close()

    def series(self, run: str, metric: str) -> tuple[list[int], list[float]]:
        rows = [row for row in self.rows(self.store / f"{run}.jsonl") if metric in row]
        return [row["step"] for row in rows], [row[metric] for row in rows]

    def table(self, sort: str) -> int:
        table = []
        for path in self.store.glob("*.jsonl"):
            run = {"name": path.stem}
            for row in self.rows(path):
                run.update(row.get("params", row))
            table.append(run)
        table.sort(key=lambda run: run[sort])
        return len(table)

    @staticmethod
    def rows(path: Path) -> Iterator[dict]:
        with path.open() as file:
            for line in file:
                if line.endswith("\n"):  # a torn last line is no row
                    yield json.loads(line)


class FlushedJsonLines(JsonLines):
    """The same, each line handed to the system before the call returns: it survives `kill -9`."""

    name = "jsonl-flush"
    flush_each_line = True
