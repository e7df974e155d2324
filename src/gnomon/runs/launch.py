"""What the launcher of a distributed training says: rank, world size, and the run that all processes share."""

from __future__ import annotations

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


def launch_from(env: Env, rank: int | None = None) -> Launch:
    """Return what `rank` and the environment say; rank 0 of 1 where they say nothing."""
    if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool) or not 0 <= rank < 2**31):
        raise BadArgumentError(f"`rank` must be a whole number from 0; got {rank!r}")
    found = rank if rank is not None else _number(env, _RANK_VARIABLES, 0)
    return Launch(found, max(_number(env, _WORLD_VARIABLES, 1), 1), env.getenv("GNOMON_RUN_ID"))


def _number(env: Env, names: tuple[str, ...], default: int) -> int:
    for name in names:
        text = env.getenv(name)
        if text is not None and text.isdecimal():
            return int(text)
    return default
