"""One run of a sweep, in a process of its own: `gnomon run --` with the values of a trial.

`do` is called in a process that does nothing else. What the command prints goes into the record and nowhere else.
As a program (`python -m gnomon.runs.sweep.one`) it reads a job from its input as JSON and writes what became of it to the
descriptor that is its argument.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gnomon.errors import GnomonError
from gnomon.runs.given import VARIABLE
from gnomon.runs.sweep.workers import Done, Job, failed_job

if TYPE_CHECKING:
    import logging

MOST_SAID = 5


def do(job: Job) -> Done:
    """Run a job to its end, and close what was written."""
    from gnomon.runs.capture.launcher import launch
    from gnomon.session import close_all

    said = _hear_warnings()
    silence()
    os.environ.update({"GNOMON_RUN_ID": job["run"], VARIABLE: job["given"]})
    try:
        os.chdir(job["cwd"])
        done = launch(
            job["words"], place=job["place"], name=job["name"], group=job["group"], seed=job["seed"],
            params=job["params"], pick=job["pick"],
        )  # fmt: skip
    except GnomonError as error:
        return failed_job(job["run"], error.message, error.hint)
    except OSError as error:
        hint = (
            "the folder must be there, on each machine that runs a part of the sweep"
            if error.filename
            else None
        )
        return failed_job(
            job["run"], f"{error.strerror}: {error.filename}" if error.filename else str(error), hint
        )
    finally:
        close_all()
    return Done(
        run=job["run"], exit_code=done.ended.exit_code, duration_s=done.ended.duration_s, stopped=None, error=None, hint=None,
        unmatched=list(done.unmatched), said=said[:MOST_SAID],
    )  # fmt: skip


def silence() -> None:
    """Have nothing come in, and what goes out go nowhere: the record has it."""
    for number, how in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        nothing = os.open(os.devnull, how)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)


def _hear_warnings() -> list[str]:
    """Return a list that the warnings of this process about recording are put into."""
    import logging

    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger = logging.getLogger("gnomon")
    logger.addHandler(Listener())
    logger.propagate = False
    return said


def main() -> None:
    """Do the one job that stands on the input."""
    import json

    os.set_inheritable(int(sys.argv[1]), False)  # the command must not hold it open
    done = do(json.loads(sys.stdin.buffer.read()))
    os.write(int(sys.argv[1]), json.dumps(done).encode())


if __name__ == "__main__":
    main()
