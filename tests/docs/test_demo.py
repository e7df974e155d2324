"""`make demo` works, and works twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples/adult/demo.sh"


@pytest.mark.slow
def test_the_demo_ends_with_runs_a_curve_a_whole_record_and_three_commands_that_work(tmp_path: Path) -> None:
    """A few epochs of two models; `make demo` does the same with all of them."""
    bin_folder = Path(sys.executable).parent
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GNOMON_", "XDG_"))}
    environment = {**kept, "HOME": str(home)}

    for time in (1, 2):
        done = subprocess.run(
            [str(DEMO), str(bin_folder), "demo", "--quick"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        shown = done.stdout
        table = shown.partition("$ gnomon runs")[2].partition("$ gnomon show")[0]
        assert table.count("trees-8-1 ") == time
        for step in ("\nauc (3 points)\n", "$ gnomon verify", "\nthe record is whole\n"):
            assert step in shown
        # The model fails the fairness check, is made fairer, and both are compared: what was gained, what it cost.
        assert "\nfairness of income by sex, race: fail," in shown
        mitigated = shown.partition("$ gnomon checks show 'mitigation")[2].partition(
            "$ gnomon checks compare"
        )[0]
        assert "gap change" in mitigated and "accuracy change" in mitigated and "Who pays" in mitigated
        assert "no longer do" in shown.partition("$ gnomon checks compare")[2]

    offered = [
        line.strip() for line in shown.partition("The record is in")[2].splitlines() if "  gnomon " in line
    ]
    assert len(offered) == 3
    environment["PATH"] = os.pathsep.join([str(bin_folder), os.environ.get("PATH", "")])
    for command in offered:
        if command.startswith("gnomon ui"):
            assert_pages_open(command, tmp_path / "demo", environment)
            continue
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path / "demo", env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, command + "\n" + done.stderr
    assert (tmp_path / "demo/best.skops").stat().st_size > 1000


def assert_pages_open(command: str, folder: Path, environment: dict[str, str]) -> None:
    """The pages go on until interrupted: they are ended once they have said where they are."""
    pages = subprocess.Popen(
        ["bash", "-c", f"exec {command.partition('#')[0]} --no-open"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert pages.stdout is not None
    address = pages.stdout.readline()
    pages.send_signal(signal.SIGINT)
    said = pages.communicate(timeout=20)[1]
    assert address.startswith("http://127.0.0.1:") and "/enter#code=" in address, said
    assert pages.returncode == 0, said
