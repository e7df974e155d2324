"""Small records that pages are looked at over: one with something of everything, one with nothing, one that is odd."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import gnomon
from gnomon.runs import entries
from gnomon.runs.actions import write
from gnomon.runs.given import Given
from tests.browser.sweep_record import add_sweep, given_run
from tests.browser.team_record import add_team
from tests.unit.checks import made


def rich(folder: Path) -> dict[str, str]:
    """Make a record with groups, notes, tags, files, pictures, data, a failure; return what its addresses need."""
    place = folder / ".gnomon"
    table = folder / "credit.csv"
    table.write_text("age,income\n" + "".join(f"{20 + n},{1000 * n}\n" for n in range(50)))
    gnomon.add_data(str(table), name="credit", dir=place)
    ids = []
    for depth in (2, 8):
        for seed in range(3):
            params = {"depth": depth, "lr": 0.1 / depth, "optimizer": "adam"}
            with gnomon.run(
                f"trees-{depth}", params=params, seed=seed, group=f"trees-{depth}", dir=place
            ) as run:
                run.use("credit@v1")
                for step in range(20):
                    run.log(
                        {
                            "loss": math.exp(-step / depth) + seed / 50,
                            "val/auc": 0.7 + depth / 50 + seed / 100,
                        },
                        step=step,
                    )
                run.tag("baseline")
            ids.append(run.id)
    kept = folder / "report.md"
    kept.write_text("# Report\n\nAll is well.\n")
    with gnomon.run("kept", dir=place) as run:
        run.keep(str(kept))
        run.note("Plateaus after **3** epochs; next: smaller depth.")
        run.log(picture=gnomon.Histogram([1.0, 2.0, 2.5, 3.0]), step=0)
        run.log(loss=0.5)
    ids.append(run.id)
    with contextlib.suppress(ValueError), gnomon.run("fails", dir=place) as run:
        run.log(loss=math.nan)
        raise ValueError("the loss is not a number")
    ids.append(run.id)
    table.write_text(table.read_text() + "99,1\n")
    gnomon.add_data(str(table), name="credit", dir=place)
    add_team(folder, ids[6])
    sweep, trials = add_sweep(place)
    swapped = {"params.lr": "0.05 → 0.2"}
    with given_run(
        Given(repeats={"run": ids[0], "for": "replication", "swapped": swapped}),
        dir=place,
        params={"lr": 0.2},
    ) as run:
        run.log(loss=0.4)
    with gnomon.open(place) as record:
        record.checks.write(made.fairness(0.1, outcome="pass"), about=f"run:{ids[5]}")
        check = record.checks.write(made.fairness(0.3), about=f"run:{ids[6]}").id
        record.checks.write(made.drift(), about="data:credit@v2")
        _told(record, ids[6], ids[0], run.id)
    return {
        "run": ids[6], "runs": ",".join(ids), "name": "credit", "version": "v1", "word": "1", "kind": "question", "check": check,
        "sweep": sweep, "trial": trials[0], "repeat": run.id,
    }  # fmt: skip


def _told(record: gnomon.Record, run: str, other: str, repeat: str) -> None:
    """Write on a run that it was made again, and why it differs from another."""
    shares = [
        ["params.lr", "0.05 → 0.2", 0.4, 0.3, 0.5, 0.01, True],
        ["code", "of 31fa6f2f", 0.1, -0.1, 0.3, 1.0, False],
    ]
    answer = {
        "a": other, "b": run, "metric": "loss", "verdict": "causes", "difference": [0.5, 0.4, 0.6], "shares": shares, "seeds": 3,
        "notes": ["3 seeds were run"],
    }  # fmt: skip
    write(record, run, entries.EXPLAINED, answer)
    metrics = [["loss", 0.5, 0.4, 0.45, 0.55, 3, "outside"]]
    said = {"by": repeat, "verdict": entries.DIFFERS, "gaps": ["no lock file"], "metrics": metrics}
    write(record, run, entries.REPLICATED, said)
    write(record, run, entries.REPLICATED, {"verdict": entries.CANNOT_RUN, "why": "the data is gone"})


def odd(folder: Path) -> dict[str, str]:
    """Make a record with 10,000 metrics in a run, series that are NaN alone, names from right to left and in pictures."""
    place = folder / ".gnomon"
    with gnomon.run("ten-thousand", params={f"p{n:03}": n * 0.1 for n in range(150)}, dir=place) as run:
        for step in range(2):
            run.log({f"layer{n // 100:03}/grad_{n % 100:02}": n + step for n in range(10_000)}, step=step)
    many = run.id
    with gnomon.run("nan alone", dir=place) as run:
        for step in range(5):
            run.log(loss=math.nan, step=step)
    with gnomon.run("مرحبا بالعالم", params={"اسم": "قيمة"}, group="مجموعة", seed=1, dir=place) as run:
        run.log({"خسارة": 1.0, "loss": 2.0})
        run.note("ملاحظة **مهمة**")
    with gnomon.run(
        "👩‍🔬🧪 " + "long " * 60, tags=["🔥", "w" * 90], params={"text": "lorem " * 80}, dir=place
    ) as run:
        run.log(loss=math.inf)
    return {"run": many, "runs": ",".join([many, run.id]), "name": "none", "version": "v1"}


def nothing(folder: Path) -> dict[str, str]:
    """Make a record in which nothing is."""
    with gnomon.run("gone", dir=folder / ".gnomon") as run:
        pass
    gnomon.open(folder).remove(run.id)
    return {"run": run.id, "runs": "", "name": "none", "version": "v1"}
