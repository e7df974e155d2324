"""What those who started this process say: rank, world size, the run that all processes share, the run that it belongs to.

Under `gnomon run -- …` the first process of each rank joins the launcher's run. It claims its rank by making a file in a
folder of the launcher's (GNOMON_CLAIMS); who comes later, or outlives the launcher, makes a run of its own, whose parent is
the launcher's. A GNOMON_RUN_ID of somebody else's is joined by every process that has it.

Not promised: claims on another machine, where the launcher's folder is not. Every process joins there.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.ids import RUN_ID_BYTES, is_hex
from gnomon.runs.notebook.words import CELLS

if TYPE_CHECKING:
    from gnomon.env import Env

_RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_WORLD_VARIABLES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")


CLAIMS_VARIABLE = "GNOMON_CLAIMS"


class Claims:
    """Where the processes of a launcher claim their ranks. As text: `RUN@MACHINE:FOLDER`."""

    __slots__ = ("folder", "machine", "run")

    def __init__(self, run: str, machine: str, folder: str) -> None:
        self.run = run  # the launcher's
        self.machine = machine
        self.folder = folder

    def __str__(self) -> str:
        return f"{self.run}@{self.machine}:{self.folder}"

    @property
    def is_gone(self) -> bool:
        """Whether the launcher has ended."""
        return self.machine == _machine() and not os.path.isdir(self.folder)

    def claim(self, rank: int) -> bool:
        """Claim a rank; return whether this process may join the launcher's run as that."""
        if self.machine != _machine():
            return True
        try:
            os.close(os.open(os.path.join(self.folder, f"rank-{rank}"), os.O_CREAT | os.O_EXCL, 0o600))
        except (FileExistsError, FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # another user's process, a full disk: what cannot be claimed is shared
            return True
        return True

    def remove(self) -> None:
        """Let nobody join any more."""
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)


def make_claims(run: str) -> Claims | None:
    """Return a place to claim ranks in; None where there can be none."""
    from tempfile import mkdtemp

    try:
        return Claims(run, _machine(), mkdtemp(prefix="gnomon-"))
    except OSError:  # every process joins then
        return None


def claims_from(env: Env) -> Claims | None:
    """Return where processes of the launcher above us claim their ranks; None where there is none."""
    run, at, place = (env.getenv(CLAIMS_VARIABLE) or "").partition("@")
    machine, colon, folder = place.partition(":")
    return Claims(run, machine, folder) if at and colon and is_hex(run, 2 * RUN_ID_BYTES) else None


def checked_run_id(env: Env) -> str | None:
    """Return GNOMON_RUN_ID. Raises BadArgumentError where it is none."""
    text = env.getenv("GNOMON_RUN_ID")
    if text is not None and not is_hex(text, 2 * RUN_ID_BYTES):
        raise BadArgumentError(
            f"`GNOMON_RUN_ID` must be {2 * RUN_ID_BYTES} hex digits; got {text!r}",
            hint="make one with `gnomon new-id`",
        )
    return text


def _machine() -> str:
    return os.uname().nodename


class Launch:
    """This process's place among those that train together."""

    __slots__ = ("rank", "run_id", "script", "world_size")

    def __init__(self, rank: int, world_size: int, run_id: str | None, script: str | None = None) -> None:
        self.rank = rank
        self.world_size = world_size
        self.run_id = run_id
        self.script = script  # its name: what a run without a name is called


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
    if name == CELLS:
        return _notebook_name()
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
