"""The environment variables that change a training, and no others.

Always true: a variable is kept only where its name is on the list here, or named in GNOMON_CAPTURE_ENV (words with
commas between; `*` at the end of a word allowed); every value kept has passed the scrubber; the home folder reads `~`;
variables that hold the name of a person or a host, or an address, are not kept unless named in full.
Variables whose name says secret are shown to the scrubber, which notes their names; their values go nowhere.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CHARACTERS = 1_000
WHERE = "environment"

_PREFIXES = (
    "CUBLAS_", "CUDA_", "CUDNN_", "GNOMON_", "HF_", "HIP_", "HSA_", "JAX_", "KMP_", "MIOPEN_", "MKL_", "NCCL_", "OMP_",
    "OPENBLAS_", "PYTHON", "PYTORCH_", "RAY_", "RCCL_", "ROCR_", "TF_", "TORCH", "TRANSFORMERS_", "VECLIB_", "XLA_",
)  # fmt: skip
_NAMES = frozenset({
    "CONDA_DEFAULT_ENV", "GOTO_NUM_THREADS", "LANG", "LC_ALL", "LD_PRELOAD", "MALLOC_ARENA_MAX", "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES", "TOKENIZERS_PARALLELISM", "TZ", "VIRTUAL_ENV",
    # the launcher
    "GROUP_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT", "NODE_RANK", "OMPI_COMM_WORLD_LOCAL_RANK",
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "RANK", "WORLD_SIZE",
    # the scheduler: no accounts, users, partitions' nodes or hosts
    "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_ON_NODE", "SLURM_CPUS_PER_TASK", "SLURM_GPUS",
    "SLURM_GPUS_ON_NODE", "SLURM_GPUS_PER_NODE", "SLURM_GPUS_PER_TASK", "SLURM_JOB_ID", "SLURM_JOB_NUM_NODES",
    "SLURM_LOCALID", "SLURM_MEM_PER_CPU", "SLURM_MEM_PER_NODE", "SLURM_NNODES", "SLURM_NODEID", "SLURM_NTASKS",
    "SLURM_NTASKS_PER_NODE", "SLURM_PROCID", "SLURM_RESTART_COUNT",
    # continuous integration: which commit and which job, not who
    "BUILDKITE_BUILD_NUMBER", "BUILDKITE_COMMIT", "BUILD_BUILDID", "BUILD_NUMBER", "BUILD_SOURCEVERSION", "CI",
    "CI_COMMIT_SHA", "CI_JOB_ID", "CI_PIPELINE_ID", "CIRCLE_BUILD_NUM", "CIRCLE_SHA1", "GITHUB_JOB", "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID", "GITHUB_RUN_NUMBER", "GITHUB_SHA", "GIT_COMMIT", "TRAVIS_COMMIT",
})  # fmt: skip
_FOLDERS = frozenset({"OLDPWD", "PWD"})  # of the shell; elsewhere `pwd` says password
_LAST_PART_ONLY = frozenset({"CONDA_DEFAULT_ENV", "VIRTUAL_ENV"})
# Names under the prefixes above that mean something else (Terraform), or hold hosts, addresses or people.
_NEVER_PREFIXES = ("TF_CLI_", "TF_TOKEN_", "TF_VAR_", "TF_WORKSPACE")
_NEVER_NAMES = frozenset({"NCCL_COMM_ID", "TF_CONFIG"})
_NEVER_ENDINGS = (
    "_ADDR",
    "_ADDRESS",
    "_ADDRESSES",
    "_HOST",
    "_HOSTNAME",
    "_HOSTS",
    "_IP",
    "_USER",
    "_USERNAME",
)


class ValueScrubber(Protocol):
    """What is asked of `gnomon.scrub.scrubber.Scrubber` here."""

    def value(self, name: str, value: object, where: str, /) -> object:
        """Return the value, or a text that says what was withheld."""
        ...


def environment_facts(environ: Mapping[str, str], scrubber: ValueScrubber) -> dict[str, str]:
    """Return names and scrubbed values of the variables that change a training, by name."""
    from gnomon.scrub.names import said

    exact, beginnings = _asked_for(environ.get("GNOMON_CAPTURE_ENV", ""))
    homes = _homes(environ)
    found: dict[str, str] = {}
    for name in sorted(environ):
        is_listed = name in _NAMES or name.startswith(_PREFIXES + beginnings)
        if name in exact or (is_listed and _may_be_kept(name)):
            found[_plain(name)] = _shown(name, environ[name], homes, scrubber)
        elif name not in _FOLDERS and said(name) is not None:
            scrubber.value(name, environ[name], WHERE)  # it notes the name
    return found


def _asked_for(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    exact = frozenset(word for word in words if not word.endswith("*"))
    return exact, tuple(word[:-1] for word in words if word.endswith("*"))


def _may_be_kept(name: str) -> bool:
    return not (
        name in _NEVER_NAMES or name.startswith(_NEVER_PREFIXES) or name.upper().endswith(_NEVER_ENDINGS)
    )


def _shown(name: str, value: str, homes: tuple[str, ...], scrubber: ValueScrubber) -> str:
    if name in _LAST_PART_ONLY:
        value = value.rstrip("/").rpartition("/")[2]
    for home in homes:
        value = _with_tilde(value, home)
    # The cut comes last: half a secret might not be known as one.
    shown = _plain(str(scrubber.value(name, _plain(value), WHERE)))
    return shown if len(shown) <= MAX_CHARACTERS else shown[: MAX_CHARACTERS - 1] + "…"


def _homes(environ: Mapping[str, str]) -> tuple[str, ...]:
    named = [environ.get("HOME", ""), os.path.expanduser("~")]
    named += [os.path.realpath(home) for home in named if home.startswith("/")]
    return tuple(
        dict.fromkeys(home.rstrip("/") for home in named if len(home.rstrip("/")) > 1 and home[0] == "/")
    )


def _with_tilde(text: str, home: str) -> str:
    """Return `text` with `~` for the folder `home`, where a path of that name begins and ends."""
    parts = text.split(home)
    joined = parts[0]
    for part in parts[1:]:
        is_path = not (joined[-1:].isalnum() or joined[-1:] in ("_", "-", ".")) and not (
            part[:1].isalnum() or part[:1] in ("_", "-", ".")
        )
        joined += ("~" if is_path else home) + part
    return joined


def _plain(text: str) -> str:
    """Return text that every encoder takes: bytes that are no UTF-8 read `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")
