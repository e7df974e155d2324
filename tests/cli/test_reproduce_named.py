"""`gnomon reproduce`: what the record cannot give again is named before anything starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.lab import TRAIN, Lab

pytestmark = pytest.mark.slow

LOGS = "import gnomon\nwith gnomon.run('a') as run:\n    run.log(a={value}, step=0)\n"


@pytest.fixture
def lab(project):
    lab = Lab(project)
    lab.write("ok.py", "")
    lab.commit()
    return lab


def gaps(lab, run):
    """The gaps of a plan: (what it says, whether it blocks)."""
    plan = lab.json("reproduce", run.id, "--plan", code=None)
    return [(gap["why"], gap["blocks"]) for gap in plan["gaps"]]


def blocks(lab, run, said):
    assert any(said in why and blocking for why, blocking in gaps(lab, run)), gaps(lab, run)
    again = lab.again(run.id, code=3)
    assert (again["verdict"], again["by"]) == ("cannot run", None)


@pytest.mark.parametrize("words", [[], ["-"], ["-u", "-"], ["-", "--lr", "0.1"]])
def test_a_script_from_standard_input_cannot_be_made_again(lab, words):
    subprocess.run(
        [sys.executable, *words],
        input=LOGS.format(value=1),
        text=True,
        cwd=lab.project,
        env=lab.env,
        check=True,
    )
    blocks(lab, lab.newest(), "it was typed at a prompt, or piped into `python`")


@pytest.mark.parametrize("named", ["relative", "absolute"])
def test_a_script_outside_of_the_project_runs_from_there_while_it_is_the_same(lab, named):
    script = lab.project.parent / "elsewhere" / "n.py"
    script.parent.mkdir()
    script.write_text(LOGS.format(value=1))
    lab.python("../elsewhere/n.py" if named == "relative" else str(script))
    run = lab.newest()
    again = lab.again(run.id)
    assert (again["verdict"], again["code_is_proven"]) == ("identical", True), again
    script.write_text(LOGS.format(value=2))
    blocks(lab, run, "lies outside of the project, and other bytes lie there now")
    script.unlink()
    blocks(lab, run, "lies outside of the project, and nothing lies there now")
    script.write_text(LOGS.format(value=1))
    assert lab.again(run.id, "--anyway")["verdict"] == "identical"


def test_modules_from_outside_of_the_project_are_named_where_they_changed(lab):
    helper = lab.project.parent / "elsewhere" / "helper.py"
    helper.parent.mkdir()
    helper.write_text("X = 1\n")
    lab.write(
        "a.py",
        f"import sys\nsys.path.insert(0, {str(helper.parent)!r})\nimport helper\n"
        + LOGS.format(value="helper.X"),
    )
    lab.commit()
    lab.python("a.py")
    run = lab.newest()
    assert gaps(lab, run) == []
    assert lab.again(run.id)["verdict"] == "identical"
    helper.write_text("X = 2\n")
    (said,) = [why for why, _ in gaps(lab, run)]
    assert "helper.py`, imported from outside of the project, is another one here than ran" in said
    assert lab.again(run.id, code=1)["verdict"] == "differs"
    helper.unlink()
    assert any("is another one here than ran" in why for why, _ in gaps(lab, run))


def test_what_lies_beside_a_script_outside_of_the_project_is_said_not_to_be_known(lab):
    script = lab.project.parent / "elsewhere" / "n.py"
    script.parent.mkdir()
    script.write_text(LOGS.format(value="__import__('beside').X"))
    (script.parent / "beside.py").write_text("X = 1\n")
    lab.python("../elsewhere/n.py")
    assert any("which ones it imported is not recorded" in why for why, _ in gaps(lab, lab.newest()))


def test_a_lock_file_that_cannot_be_solved_says_why(lab, tmp_path):
    lab.env |= {"PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", "UV_OFFLINE": "1"}
    lab.write("train.py", TRAIN)
    lab.write("requirements.txt", "tinydep==0.0.99\n")
    lab.commit()
    lab.python("train.py")
    done = lab.gnomon("reproduce", "@1", "--env", "lock", code=3)
    assert "requirements.txt" in done.stdout
    assert "tinydep==0.0.99" in done.stdout
    assert "mend `requirements.txt`" in done.stdout


def test_unseeded_randomness_is_named_as_a_likely_reason(lab):
    lab.write(
        "free.py",
        "import gnomon, random\nwith gnomon.run('free') as run:\n    run.log(score=random.random(), step=0)\n",
    )
    lab.commit()
    lab.python("free.py")
    said = lab.gnomon("reproduce", "@1", code=1).stdout
    assert "the run says no seed: what it draws at random is likely the reason" in said
    assert "`gnomon.run(…, seed=…)`" in said
