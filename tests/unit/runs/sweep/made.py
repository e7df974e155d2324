"""Sweeps as the record has them, without running any."""

from __future__ import annotations

import gnomon
from gnomon.runs.sweep import actions
from gnomon.runs.sweep.file import plan_of
from gnomon.runs.sweep.trials import Attempt
from gnomon.session import session_for

TABLE = {
    "name": "lr", "command": "train --lr {lr}", "metric": "auc", "goal": "maximize", "seeds": [1, 2], "params": {"lr": [0.1, 0.2]}
}  # fmt: skip


def write(table=TABLE, *, values=(0.1, 0.2, 0.3, 0.4)):
    """Write down a sweep whose runs gave these values; return its id and its runs."""
    session = session_for()
    sweep = actions.make(session, plan_of(table, "x"))
    runs = []
    for place, value in enumerate(values):
        number, seed = divmod(place, 2)
        with gnomon.run(group=f"lr {number}", seed=seed + 1) as run:
            run.log(auc=value)
        one = Attempt(run.id, number, {"lr": (0.1, 0.2)[number]}, seed + 1)
        one = one._replace(heads=(actions.begin(session, sweep, one),))
        if value is not None:
            actions.end(session, sweep, one._replace(status="finished", value=value, duration_s=1.0))
        runs.append(run.id)
    return sweep, runs
