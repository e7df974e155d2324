"""What the launcher of a distributed training says: rank, world size, and the run that all processes share."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.env import Env

_RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_WORLD_VARIABLES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")


class Launch(NamedTuple):
    """This process's place among those that train together."""

    rank: int
    world_size: int
    run_id: str | None
    script: str | None = None  # its name: what a run without a name is called


def launch_from(env: Env, rank: int | None = None) -> Launch:
    """Return what `rank` and the environment say; rank 0 of 1 where they say nothing."""
    if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool) or not 0 <= rank < 2**31):
        raise BadArgumentError(f"`rank` must be a whole number from 0; got {rank!r}")
    found = rank if rank is not None else _number(env, _RANK_VARIABLES, 0)
    world_size = max(_number(env, _WORLD_VARIABLES, 1), 1)
    return Launch(found, world_size, env.getenv("GNOMON_RUN_ID"), _script_name())


def _script_name() -> str | None:
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(path, str):
        return _notebook_name()
    name = os.path.basename(path)
    return (
        os.path.basename(os.path.dirname(path)) if name == "__main__.py" else name
    )  # of `python -m package`


def _notebook_name() -> str | None:
    if "IPython" not in sys.modules:
        return None
    from gnomon.runs.notebook.file import notebook_name

    return notebook_name()


def _number(env: Env, names: tuple[str, ...], default: int) -> int:
    for name in names:
        text = env.getenv(name)
        if text is not None and text.isdecimal():
            return int(text)
    return default
