"""Facts of the machine and of the environment: real ones against other sources, rare ones from made trees of files."""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.runs.capture.cgroups import cpu_quota, memory_limit, memory_used
from gnomon.runs.capture.gpus import gpu_facts
from gnomon.runs.capture.machine import environment_facts, machine_facts

MIB = 1 << 20


@pytest.fixture
def tree(tmp_path):
    """Make files under a root of our own, by a dict of paths and texts."""
    root = tmp_path / "root"
    root.mkdir()

    def make(files):
        for path, text in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return str(root)

    return make


# --- the real machine


@pytest.mark.skipif(sys.platform != "linux", reason="compares with files of Linux")
def test_facts_of_this_machine_agree_with_other_sources():
    facts = machine_facts()
    assert facts["system"] == f"{platform.system()} {platform.release()}"
    assert facts["architecture"] == platform.machine()
    assert facts["distribution"] == platform.freedesktop_os_release()["PRETTY_NAME"]
    assert facts["cpus"] == os.cpu_count()
    assert 0 < facts["cpus_usable"] <= len(os.sched_getaffinity(0))
    (total,) = [
        line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")
    ]
    assert facts["memory_bytes"] == int(total.split()[1]) * 1024
    assert facts.get("memory_limit_bytes", 1) < facts["memory_bytes"]


def test_facts_name_no_host_no_person_and_no_home():
    text = json.dumps(machine_facts(environ={"PBS_JOBID": f"123.{socket.gethostname()}"}))
    assert socket.gethostname() not in text or len(socket.gethostname()) < 4
    assert os.path.expanduser("~") not in text
    assert f'"{getpass.getuser()}"' not in text
    assert '"123"' in text


def test_facts_of_a_fresh_process_load_no_slow_module():
    code = (
        "import gnomon; from gnomon.runs.capture.machine import machine_facts\n"
        "from gnomon.runs.capture.python import python_facts\n"
        "import sys; machine_facts(); python_facts()\n"
        "print(sorted({'platform', 'importlib.metadata', 'psutil', 'pynvml', 'email', 'subprocess', 'json'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"


def test_affinity_is_seen():
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from gnomon.runs.capture.machine import machine_facts; print(machine_facts()['cpus_usable'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(found.stdout) == 1


def test_an_empty_root_gives_what_needs_no_file(tree):
    facts = machine_facts(tree({}), {})
    assert {"system", "architecture", "cpus", "cpus_usable", "memory_bytes"} == set(facts) - {
        "distribution",
        "cpu",
    }


def test_a_system_call_that_fails_leaves_its_fact_out(monkeypatch):
    def refuse(*_):
        raise OSError("no")

    for name in ("uname", "sysconf", "sched_getaffinity", "open", "listdir"):
        monkeypatch.setattr(os, name, refuse, raising=False)
    facts = machine_facts("/", {})
    assert "system" not in facts
    assert "memory_bytes" not in facts
    assert facts["cpus"] == os.cpu_count()


@pytest.mark.parametrize("text", ["\0\xff", "", "model name\n:", "a" * 100_000, "PRETTY_NAME=" + "a" * 9_000])
def test_odd_files_do_not_raise(tree, text):
    names = ("etc/os-release", "proc/cpuinfo", "proc/self/cgroup", "proc/1/cgroup", "proc/driver/nvidia/version",
             "proc/driver/nvidia/gpus/0/information", "sys/class/drm/card0/device/vendor")  # fmt: skip
    facts = machine_facts(tree(dict.fromkeys(names, text)), {})
    assert "gpus" not in facts
    assert all(len(str(value)) < 500 for value in facts.values())


# --- control groups


def test_the_tightest_limit_of_version_2_counts(tree):
    root = tree(
        {
            "proc/self/cgroup": "0::/slurm/job_7/step_0\n",
            "sys/fs/cgroup/slurm/memory.max": f"{900 * MIB}\n",
            "sys/fs/cgroup/slurm/job_7/memory.max": f"{512 * MIB}\n",
            "sys/fs/cgroup/slurm/job_7/memory.current": f"{300 * MIB}\n",
            "sys/fs/cgroup/slurm/job_7/memory.stat": f"anon 5\ninactive_file {100 * MIB}\n",
            "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
            "sys/fs/cgroup/slurm/cpu.max": "50000 100000\n",
            "sys/fs/cgroup/slurm/job_7/cpu.max": "max 100000\n",
        }
    )
    limit = memory_limit(root)
    assert limit.limit_bytes == 512 * MIB
    assert memory_used(limit, root) == 200 * MIB
    assert cpu_quota(root) == 0.5
    facts = machine_facts(root, {})
    assert facts["memory_limit_bytes"] == 512 * MIB
    assert facts["cpus_usable"] == 0.5


def test_limits_of_version_1_are_read_where_the_path_is_the_hosts(tree):
    root = tree(
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{256 * MIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{100 * MIB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {40 * MIB}\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        }
    )
    limit = memory_limit(root)
    assert (limit.limit_bytes, memory_used(limit, root)) == (256 * MIB, 60 * MIB)
    assert machine_facts(root, {})["cpus_usable"] == 1


def test_no_limit_is_none(tree):
    root = tree(
        {
            "proc/self/cgroup": "4:memory:/\n1:cpu:/\n0::/../../other\n",
            "sys/other/memory.max": "1000\n",  # outside of the mount
            "sys/fs/cgroup/keep": "",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        }
    )
    assert memory_limit(root) is None
    assert cpu_quota(root) is None
    assert "memory_limit_bytes" not in machine_facts(root, {})


def test_a_limit_above_the_machines_memory_is_none(tree):
    root = tree({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{1 << 50}\n"})
    assert memory_limit(root).limit_bytes == 1 << 50
    assert "memory_limit_bytes" not in machine_facts(root, {})


# --- containers and schedulers


@pytest.mark.parametrize(
    ("files", "environ", "kind"),
    [
        ({".dockerenv": ""}, {}, "docker"),
        ({".dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({"run/.containerenv": ""}, {}, "podman"),
        ({"proc/1/cgroup": "0::/kubepods/burstable/pod1\n"}, {}, "kubernetes"),
        ({"proc/1/cgroup": "4:memory:/docker/0123\n"}, {}, "docker"),
        ({}, {"container": "lxc"}, "lxc"),
        ({}, {"container": "alices-box"}, None),
        ({"proc/1/cgroup": "0::/init.scope\n"}, {}, None),
    ],
)
def test_a_container_is_known(tree, files, environ, kind):
    assert machine_facts(tree(files), environ).get("container") == kind


def test_the_scheduler_tells_numbers_and_no_names():
    environ = {
        "SLURM_JOB_ID": "42",
        "SLURM_NTASKS": "8",
        "SLURM_JOB_USER": "alice",
        "SLURM_JOB_NODELIST": "gpu[1-4]",
    }
    assert machine_facts(environ=environ)["scheduler"] == {"slurm_job": "42", "slurm_tasks": "8"}


# --- GPUs


def test_nvidia_gpus_are_read_from_the_drivers_files(tree):
    about = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 90\nGPU UUID: \t GPU-1234\nBus Location: 0000:01:00.0\n"
    root = tree(
        {
            "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC\n",
            "proc/driver/nvidia/gpus/0000:01:00.0/information": about,
            "proc/driver/nvidia/gpus/0000:02:00.0/information": about,
        }
    )
    assert gpu_facts(root) == [{"name": "NVIDIA H100 80GB HBM3", "driver": "550.54.15"}] * 2


def test_amd_gpus_are_read_from_their_cards(tree):
    files = {"sys/module/amdgpu/version": "6.7.0\n", "sys/class/drm/card0-DP-1/device/vendor": "0x1002\n"}
    for number, name in ((2, "Instinct MI300X"), (10, "")):
        device = f"sys/class/drm/card{number}/device"
        files |= {
            f"{device}/vendor": "0x1002\n",
            f"{device}/device": "0x74a1\n",
            f"{device}/mem_info_vram_total": "206141652992\n",
        }
        files |= {f"{device}/product_name": f"{name}\n"}
    files |= {"sys/class/drm/card0/device/vendor": "0x8086\n"}
    assert gpu_facts(tree(files)) == [
        {"name": "Instinct MI300X", "memory_bytes": 206141652992, "driver": "6.7.0"},
        {"name": "AMD GPU 0x74a1", "memory_bytes": 206141652992, "driver": "6.7.0"},
    ]


def test_amd_gpus_are_read_from_the_compute_driver_where_no_card_is_seen(tree):
    nodes = "sys/class/kfd/kfd/topology/nodes"
    root = tree(
        {
            f"{nodes}/0/properties": "cpu_cores_count 64\nsimd_count 0\n",
            f"{nodes}/1/properties": "cpu_cores_count 0\nsimd_count 1216\n",
            f"{nodes}/1/name": "gfx942\n",
            f"{nodes}/1/mem_banks/0/properties": "heap_type 1\nsize_in_bytes 1000\n",
        }
    )
    assert gpu_facts(root) == [{"name": "gfx942", "memory_bytes": 1000}]


# --- the environment


class Notes:
    """Stands in for the scrubber where a test asks what was shown to it."""

    def __init__(self):
        self.seen = {}

    def value(self, name, value, where):
        self.seen[name] = (value, where)
        return "[withheld: token]" if "TOKEN" in name else value


def test_variables_that_change_a_training_are_kept():
    environ = {
        "CUDA_VISIBLE_DEVICES": "0,1", "OMP_NUM_THREADS": "4", "TORCH_COMPILE_DEBUG": "1", "HF_HOME": "/data/hf", "RANK": "3",
        "PYTHONHASHSEED": "0", "SLURM_JOB_ID": "9", "GITHUB_SHA": "abc", "GNOMON_RUN_ID": "x", "TZ": "UTC", "LANG": "C",
    }  # fmt: skip
    assert environment_facts(environ, Notes()) == environ


def test_no_other_variable_is_kept():
    environ = {
        "PATH": "/bin", "PWD": "/x/y", "USER": "alice", "LOGNAME": "alice", "HOSTNAME": "box",
        "SSH_CLIENT": "1.2.3.4 5 22", "EDITOR": "vi",
        "SLURM_JOB_USER": "alice", "SLURM_JOB_NODELIST": "gpu1", "SLURM_JOB_ACCOUNT": "lab", "GITHUB_ACTOR": "alice",
        "MASTER_ADDR": "10.0.0.1", "RAY_ADDRESS": "10.0.0.1:6379", "TF_CONFIG": "{}", "TF_VAR_region": "x", "HF_USER": "alice",
        "NCCL_COMM_ID": "10.0.0.1:1", "LD_LIBRARY_PATH": "/x",
    }  # fmt: skip
    seen = Notes()
    assert environment_facts(environ, seen) == {}
    assert seen.seen == {}


def test_more_variables_may_be_asked_for():
    environ = {"GNOMON_CAPTURE_ENV": "MY_*, ONE,,RAY_ADDRESS", "MY_A": "1", "MY_HOST": "box", "ONE": "2", "ONE_MORE": "3",
               "RAY_ADDRESS": "local"}  # fmt: skip
    found = environment_facts(environ, Notes())
    assert found == {
        "GNOMON_CAPTURE_ENV": environ["GNOMON_CAPTURE_ENV"],
        "MY_A": "1",
        "ONE": "2",
        "RAY_ADDRESS": "local",
    }


def test_values_are_cut_show_no_home_and_survive_odd_bytes():
    environ = {
        "HOME": "/home/alice", "PYTHONPATH": "/home/alice/src:/home/alice:/home/alicent/x:/mnt/home/alice",
        "XLA_FLAGS": "x" * 5000,
        "VIRTUAL_ENV": "/home/alice/job/.venv/", "CONDA_DEFAULT_ENV": "/home/alice/envs/ml", "TZ": os.fsdecode(b"\xff"),
    }  # fmt: skip
    found = environment_facts(environ, Notes())
    assert found["PYTHONPATH"] == "~/src:~:/home/alicent/x:/mnt/home/alice"
    assert len(found["XLA_FLAGS"]) == 1000
    assert found["XLA_FLAGS"].endswith("x…")
    assert (found["VIRTUAL_ENV"], found["CONDA_DEFAULT_ENV"]) == (".venv", "ml")
    assert found["TZ"].encode() == b"?"


def test_names_that_say_secret_are_shown_to_the_scrubber_and_kept_nowhere():
    environ = {
        "AWS_SECRET_ACCESS_KEY": "wJalr",
        "WANDB_API_KEY": "abc",
        "HF_TOKEN": "hf_x",
        "NUM_TOKENS": "5",
    }
    seen = Notes()
    found = environment_facts(environ, seen)
    assert found == {"HF_TOKEN": "[withheld: token]"}
    assert seen.seen == {name: (environ[name], "environment") for name in environ if name != "NUM_TOKENS"}
    assert "NUM_TOKENS" not in seen.seen


def test_planted_secrets_are_withheld_by_the_real_scrubber():
    scrubber = pytest.importorskip("gnomon.scrub.scrubber")
    token = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ2bC4fG6h"
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz82kLmQpT"
    environ = {
        "HOME": "/home/alice", "HF_TOKEN": token, "AWS_SECRET_ACCESS_KEY": key, "DB_PASSWORD": "hunter2-long",
        "HF_ENDPOINT": "https://alice:s3cr3tpassw0rd@hub.example.com/x", "PYTHONPATH": f"/opt/{token}/lib",
        "RAY_NOTE": f"t={token}",
        "GNOMON_CAPTURE_ENV": "AWS_*,DB_PASSWORD", "XLA_FLAGS": "y" * 990 + token,
    }  # fmt: skip
    judge = scrubber.Scrubber(environ=environ, home="/home/alice")
    found = json.dumps(environment_facts(environ, judge))
    for secret in (token, token[:12], key, key[:12], "hunter2-long", "s3cr3tpassw0rd"):
        assert secret not in found
    told = json.dumps([[*one] for one in judge.withheld])
    for name in ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"):
        assert name in told
    assert key not in told
