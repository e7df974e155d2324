"""Facts of several runs side by side: which differ, how many agree, and which were not recorded.

Always true: numbers are equal where they are the same number (1 and 1.0), and NaN equals NaN; true is no number.
"""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.record.body import encode_body
from gnomon.runs import checked
from gnomon.runs.groups.configuration import SEED_WORDS, is_seed_like
from gnomon.runs.notebook.words import is_notebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.capture.views import Captured
    from gnomon.runs.run_view import RunView, Use

# Variables that name a job or a process: they differ between any two, and change no training.
_OF_JOB = re.compile(
    r".*(JOB_ID|RUN_ID|BUILD_ID|BUILDID|BUILD_NUMBER|BUILD_NUM|PIPELINE_ID|TASK_ID|RUN_ATTEMPT|RESTART_COUNT)|MASTER_PORT|"
    r"GNOMON_\w+|(SLURM_|GROUP_|LOCAL_|NODE_)?(RANK|PROCID|LOCALID|NODEID)"
)


class Differences(NamedTuple):
    """Facts by name: those that `differ` with the value of each run (None: it has none), and how many `agree`.

    `same` are the values of those that agree.
    """

    differ: dict[str, list[object]]
    agree: int
    same: Mapping[str, object] = MappingProxyType({})

    def __bool__(self) -> bool:
        return bool(self.differ)

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {"differ": self.differ, "agree": self.agree}


def data_of(uses: Sequence[Sequence[Use]]) -> list[dict[str, object]]:
    """Return the data that each run used, by name: its version, else the beginning of its digest.

    Equal bytes are equal data, whatever the versions are called; where two have one label, a short digest stands behind it.
    """
    called = _labels_of_bytes(use for of_run in uses for use in of_run)
    found: list[dict[str, object]] = []
    for of_run in uses:
        by_name: dict[str, list[str]] = {}
        for use in of_run:
            label = use.label or (use.object or "?")[:12]
            by_name.setdefault(use.name, []).append(called[use.object] if use.object else label)
        found.append({name: ", ".join(sorted(set(labels))) for name, labels in by_name.items()})
    return found


def _labels_of_bytes(uses: Iterable[Use]) -> dict[str, str]:
    """Return how bytes are called, by digest: each as it was first used."""
    called: dict[str, str] = {}
    for use in uses:
        if use.object:
            called.setdefault(use.object, use.label or use.object[:12])
    often = Counter(called.values())
    return {one: label if often[label] == 1 else f"{label} ({one[:8]})" for one, label in called.items()}


def differences(facts: Sequence[Mapping[str, object]]) -> Differences:
    """Return which facts differ between some runs."""
    differ: dict[str, list[object]] = {}
    same: dict[str, object] = {}
    names = dict.fromkeys(name for one in facts for name in one)
    for name in names:
        values = [one.get(name) for one in facts]
        if all(is_same(values[0], value) for value in values[1:]):
            same[name] = values[0]
        else:
            differ[name] = values
    return Differences(differ, len(same), same)


def is_same(a: object, b: object) -> bool:
    """Return whether two values are one and the same.

    >>> is_same(1, 1.0), is_same(True, 1), is_same(float("nan"), float("nan")), is_same([1], [2])
    (True, False, True, False)
    """
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or (a != a and b != b)
    return encode_body({"": a}) == encode_body({"": b})


def flat(value: object, prefix: str = "") -> dict[str, object]:
    """Return nested parameters by dotted name, as `--where` and `--columns` name them."""
    if isinstance(value, dict) and value:
        start = f"{prefix}." if prefix else ""
        found: dict[str, object] = {}
        for key, item in value.items():
            found.update(flat(item, f"{start}{key}"))
        return found
    return {prefix: value} if prefix else {}


def params_of(params: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return (parameters, those that are seeds) by dotted name."""
    found = flat(checked.shallow(dict(params)))
    seeds = {name: value for name, value in found.items() if is_seed_like(name)}
    return {name: value for name, value in found.items() if name not in seeds}, seeds


def environment_of(captured: Captured) -> dict[str, dict[str, object]]:
    """Return what was recorded of the surroundings of a run, by part: Python, packages, machine, variables."""
    python, machine = captured.part("python"), captured.part("machine")
    found: dict[str, dict[str, object]] = {}
    if python:
        found["python"] = {"python": python.get("version"), "implementation": python.get("implementation")}
        if (packages := python.get("packages")) is not None:
            found["package"] = {str(name): version for name, version in checked.fields(packages).items()}
    if machine:
        gpus = ", ".join(str(one.get("name")) for one in checked.objects(machine.get("gpus")))
        names = ("system", "cpu", "cpus", "memory_bytes")
        found["machine"] = {**{name: machine.get(name) for name in names}, "gpus": gpus or None}
    if variables := captured.part("environment"):
        found["env"] = {name: value for name, value in variables.items() if isinstance(value, str)}
    return {
        part: {name: one for name, one in facts.items() if one is not None} for part, facts in found.items()
    }


def is_of_job(variable: str) -> bool:
    """Return whether a variable of the environment names a job or a process.

    >>> is_of_job("SLURM_JOB_ID"), is_of_job("LOCAL_RANK"), is_of_job("OMP_NUM_THREADS")
    (True, True, False)
    """
    return _OF_JOB.fullmatch(variable) is not None


def command_of(captured: Captured) -> str | None:
    """Return the command line of a run; of a notebook only that it is one: how a kernel was started says nothing."""
    command = captured.part("command")
    if is_notebook(checked.texts(command.get("argv"))):
        return "notebook"
    return checked.text(command.get("text"))


def cells_of(runs: Sequence[RunView]) -> list[str | None]:
    """Return what is said of the cells of notebooks beside those of the first one; None for what is none."""
    found: list[str | None] = []
    first: list[str] | None = None
    for run in runs:
        is_one = is_notebook(checked.texts(run.captured.part("command").get("argv")))
        cells = [cell.source for cell in run.cells] if is_one else []
        if not cells:
            found.append(None)
            continue
        said = f"{len(cells):,} cells" if len(cells) > 1 else "1 cell"
        if first is None:
            first = cells
        if cells != first:
            others = sum(one not in first for one in cells)
            said += f", {others:,} of them not in the first" if others else ", others or in another order"
        found.append(said)
    return found


def without_seeds(command: Any) -> str | None:
    """Return a command without the words that give a seed.

    >>> without_seeds("python train.py --lr 0.1 --seed 3 random_state=4")
    'python train.py --lr 0.1'
    """
    return " ".join(SEED_WORDS.sub("", command).split()) if isinstance(command, str) else None
