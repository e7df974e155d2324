"""Plots of runs that a test logs, and of lines that it makes up."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.runs.plot.lines import Drawing, Line
from gnomon.runs.plot.picture import Panel, Plot


@pytest.fixture
def log():
    """Log a run: `log(name, loss=[…], acc=[…], seed=1)` gives its id; lists are series, all else goes to `run()`."""

    def logged(name: str, **given) -> str:
        series = {key: values for key, values in given.items() if isinstance(values, list)}
        settings = {key: value for key, value in given.items() if key not in series}
        with gnomon.run(name, **settings) as run:
            for step in range(max((len(values) for values in series.values()), default=0)):
                run.log(
                    {key: values[step] for key, values in series.items() if step < len(values)}, step=step
                )
        return run.id

    return logged


@pytest.fixture
def made_up():
    """Make a plot of these lines: (label, xs, ys) each."""

    def plot(*lines, **how) -> Plot:
        made = tuple(
            Line(key, label, "m", (f"{key:020x}",), list(xs), list(ys), points=len(ys))
            for key, (label, xs, ys) in enumerate(lines)
        )
        return Plot((Panel("m", made),), tuple(line.label for line in made), "m", "", Drawing(**how))

    return plot
