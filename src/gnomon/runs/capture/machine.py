"""The machine that a run ran on, as far as it explains the run.

Always true: no name of a host or a person, no address, no serial number; no process is started, nothing is imported that
a fresh interpreter lacks; what is not known is left out; nothing raises. A few milliseconds at most.
macOS: by `sysctl`, as in `gnomon.env`; that half has never run on a Mac of ours.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gnomon.runs.capture.cgroups import cpu_quota, memory_limit
from gnomon.runs.capture.environment import environment_facts
from gnomon.runs.capture.gpus import gpu_facts
from gnomon.runs.capture.small_files import fields_of, is_there, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["environment_facts", "machine_facts"]

_MAX_CHARACTERS = 200
_CONTAINER_FILES = (
    (".dockerenv", "docker"),
    ("run/.containerenv", "podman"),
    (".singularity.d", "apptainer"),
)
_CONTAINER_MARKS = (
    ("kubepods", "kubernetes"),
    ("/docker/", "docker"),
    ("/docker-", "docker"),
    ("libpod", "podman"),
)
# Each is a number given by the scheduler; `123.host.name` of PBS is cut at the first dot.
_SCHEDULER_VARIABLES = (
    ("slurm_job", "SLURM_JOB_ID"), ("slurm_array_job", "SLURM_ARRAY_JOB_ID"), ("slurm_array_task", "SLURM_ARRAY_TASK_ID"),
    ("slurm_nodes", "SLURM_JOB_NUM_NODES"), ("slurm_tasks", "SLURM_NTASKS"), ("slurm_cpus_per_task", "SLURM_CPUS_PER_TASK"),
    ("pbs_job", "PBS_JOBID"), ("lsf_job", "LSB_JOBID"), ("ray_job", "RAY_JOB_ID"),
)  # fmt: skip


def machine_facts(root: str = "/", environ: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return system, processor, memory, GPUs, container and scheduler, those that are known.

    `cpus` counts logical processors of the machine; `cpus_usable` what affinity and control groups leave of them (may be
    a fraction). `memory_limit_bytes` is there only where it is below `memory_bytes`. `root` and `environ` are for tests.
    """
    env = os.environ if environ is None else environ
    questions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("system", _system),
        ("distribution", lambda: _distribution(root)),
        ("architecture", lambda: os.uname().machine),
        ("cpu", lambda: _cpu(root)),
        ("cpus", os.cpu_count),
        ("cpus_usable", lambda: _cpus_usable(root)),
        ("memory_bytes", _memory_bytes),
        ("memory_limit_bytes", lambda: _memory_limit_bytes(root)),
        ("container", lambda: _container(root, env)),
        ("gpus", lambda: gpu_facts(root)),
        ("scheduler", lambda: _scheduler(env)),
    )
    facts: dict[str, object] = {}
    for name, ask in questions:
        try:
            answer = ask()
        except Exception:  # noqa: BLE001, S112 - one odd machine must not stop a training; the fact is missing then
            continue
        if isinstance(answer, str):
            answer = answer[:_MAX_CHARACTERS]
        if answer:
            facts[name] = answer
    return facts


def _system() -> str:
    about = os.uname()
    return f"{about.sysname} {about.release}"


def _distribution(root: str) -> str:
    if sys.platform == "darwin":
        version = _sysctl_text("kern.osproductversion")
        return f"macOS {version}" if version else ""
    about = fields_of(text_of(root, "etc/os-release") or text_of(root, "usr/lib/os-release"), "=")
    return about.get("PRETTY_NAME") or about.get("NAME", "")


def _cpu(root: str) -> str:
    if sys.platform == "darwin":
        return _sysctl_text("machdep.cpu.brand_string")
    about = fields_of(text_of(root, "proc/cpuinfo", 4096), ":")
    named = about.get("model name") or about.get("Model") or about.get("cpu")
    if named:
        return named
    board = text_of(root, "sys/firmware/devicetree/base/model", 256).rstrip("\0")
    if board:
        return board
    maker, part = about.get("CPU implementer", ""), about.get("CPU part", "")
    return f"ARM implementer {maker} part {part}" if maker else ""


def _cpus_usable(root: str) -> float:
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    quota = cpu_quota(root)
    if quota is None or quota >= cpus:
        return cpus
    return int(quota) if quota == int(quota) else round(quota, 2)


def _memory_bytes() -> int:
    if sys.platform == "darwin":
        return _sysctl_number("hw.memsize")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _memory_limit_bytes(root: str) -> int | None:
    limit = memory_limit(root)
    return limit.limit_bytes if limit is not None and limit.limit_bytes < _memory_bytes() else None


def _container(root: str, env: Mapping[str, str]) -> str | None:
    if env.get("KUBERNETES_SERVICE_HOST") or is_there(root, "var/run/secrets/kubernetes.io"):
        return "kubernetes"
    if env.get("APPTAINER_CONTAINER") or env.get("SINGULARITY_CONTAINER"):
        return "apptainer"
    for path, kind in _CONTAINER_FILES:
        if is_there(root, path):
            return kind
    groups = text_of(root, "proc/1/cgroup")
    for mark, kind in _CONTAINER_MARKS:
        if mark in groups:
            return kind
    named = env.get("container", "")
    return named if named in ("podman", "docker", "lxc", "systemd-nspawn", "oci") else None


def _scheduler(env: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, variable in _SCHEDULER_VARIABLES:
        value = env.get(variable, "").partition(".")[0]
        if value and value.isascii() and len(value) <= 64:
            found[name] = value
    return found


# --- macOS


def _sysctl_text(name: str) -> str:
    return _sysctl(name).split(b"\0")[0].decode("utf-8", "replace").strip()


def _sysctl_number(name: str) -> int:
    return int.from_bytes(_sysctl(name)[:8], sys.byteorder)


def _sysctl(name: str) -> bytes:
    """Return what macOS's sysctl says of a name; empty elsewhere and where it says nothing."""
    if sys.platform != "darwin":
        return b""
    import ctypes

    libc = ctypes.CDLL(None)
    size = ctypes.c_size_t(256)
    value = ctypes.create_string_buffer(256)
    if libc.sysctlbyname(name.encode(), value, ctypes.byref(size), None, ctypes.c_size_t(0)) != 0:
        return b""
    return value.raw[: size.value]
