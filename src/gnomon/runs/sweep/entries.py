"""The kinds of entry about a sweep (subject `sweep:<id>`, 20 random hex digits) and its runs (`trial:<id of the run>`).

| kind | body | folded as |
|---|---|---|
| `sweep.made` | name, file | the sweep; over the one before it where it was extended |
| `trial.begun` | sweep, number, params, seed | the run of this subject's id is for that trial and that seed |
| `trial.ended` | the same, and status, value, step, why, began_us, duration_s | what became of it; over `trial.begun` |

`file` is the table of the sweep's file, without secrets. `number` counts the configurations of a sweep from 0; `params` are by
dotted name. `status` is one of `ENDINGS`; `value` is what counts for the objective, of a pruned run its last, at `step`.

Each run has a subject of its own, so that what is new costs the same in a sweep of ten runs and of a hundred thousand.
A run that began and has not ended here was cut off, or goes on somewhere: its own entries (`run:<id>`) say which.
Two people who extend one sweep apart leave two `sweep.made`: together they have the trials and the seeds of both.
"""

from __future__ import annotations

MADE = "sweep.made"
BEGUN = "trial.begun"
ENDED = "trial.ended"
SWEEP_ID_BYTES = 10

FINISHED, FAILED, PRUNED, TIMED_OUT, STOPPED = "finished", "failed", "pruned", "timed out", "stopped"
ENDINGS = (FINISHED, FAILED, PRUNED, TIMED_OUT, STOPPED)
OPEN = "open"


def sweep_subject(sweep: str) -> str:
    """Return the subject that entries about a sweep name."""
    return f"sweep:{sweep}"


def trial_subject(run: str) -> str:
    """Return the subject that entries about a run of a sweep name."""
    return f"trial:{run}"
