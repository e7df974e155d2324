"""Commands that know nothing of Gnomon: their options are the parameters, and runs are made again as people really start them."""

from __future__ import annotations

import sys

import pytest

from tests.lab import Lab

pytestmark = pytest.mark.slow

PLAIN = """
import argparse, os, random
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out")
args = parser.parse_args()
random.seed(f"{args.seed} {args.lr}")
print(f"score={GAIN * args.lr + random.gauss(0, 0.01)}")
if args.out:
    open(args.out, "w").write("made by the run")
"""


@pytest.fixture
def lab(project):
    lab = Lab(project)
    lab.write("plain.py", PLAIN.replace("GAIN", "10"))
    lab.commit()
    return lab


def run(lab, *words, name=None):
    called = ["--name", name] if name else []
    lab.gnomon("run", "--pick", "score", *called, "--", sys.executable, *words)
    return lab.newest()


def test_the_options_of_a_command_are_its_parameters(lab):
    made = run(lab, "plain.py", "--lr", "0.2", "--seed", "3")
    assert (made.params, made.seed) == ({"lr": 0.2}, 3)
    assert "lr" in lab.gnomon("runs", "--columns", "params.lr,seed").stdout
    assert f"{made.id[:8]}" in lab.gnomon("tried", "lr=0.2").stdout


def test_a_script_that_says_its_own_parameters_says_all(lab):
    lab.write(
        "own.py",
        "import gnomon\nwith gnomon.run(params={'rate': 0.5}, seed=9) as run:\n    run.log(score=1, step=0)\n",
    )
    made = run(lab, "own.py", "--lr", "0.2", "--seed", "3")
    assert (made.params, made.seed) == ({"rate": 0.5}, 9)


def test_what_was_told_to_the_launcher_goes_first(lab):
    lab.gnomon(
        "run",
        "--param",
        "lr=0.7",
        "--pick",
        "score",
        "--",
        "python",
        "plain.py",
        "--lr",
        "0.2",
        "--seed",
        "4",
    )
    assert (lab.newest().params, lab.newest().seed) == ({"lr": 0.7}, 4)


def test_an_option_is_changed_and_the_repeat_says_so(lab):
    made = run(lab, "plain.py", "--lr", "0.2", "--seed", "3", name="m1")
    again = lab.again(made.id, "--on-changed", "lr=0.4")
    repeat = lab.record.run(again["by"])
    assert (repeat.params, repeat.seed, repeat.name) == ({"lr": 0.4}, 3, "m1 lr=0.4")
    assert again["metrics"][0]["after"] == pytest.approx(4, abs=0.1)


def test_with_a_parameter_that_the_launcher_was_told(lab):
    lab.gnomon("run", "--param", "lr=0.2", "--pick", "score", "--", sys.executable, "plain.py", "--lr", "0.2")
    again = lab.again(lab.newest().id, "--on-changed", "lr=0.4")
    assert lab.record.run(again["by"]).params == {"lr": 0.4}


def test_an_option_that_neither_the_command_nor_the_script_has(lab):
    made = run(lab, "plain.py", "--lr", "0.2")
    again = lab.again(made.id, "--on-changed", "rate=0.4", code=3)
    assert again["by"] is None
    assert "nothing is called `rate`" in again["why"]


def test_a_seed_that_is_a_default_of_the_script(lab):
    made = run(lab, "plain.py", "--lr", "0.2")
    again = lab.again(made.id, "--on-changed", "seed=5")
    repeat = lab.record.run(again["by"])
    assert repeat.command.endswith("--seed 5")
    assert repeat.seed == 5
    assert again["metrics"][0]["outcome"] != "same"


def test_a_seed_that_nothing_takes(lab):
    lab.write("deaf.py", "print('score=1')\n")
    lab.commit()
    again = lab.again(run(lab, "deaf.py").id, "--on-changed", "seed=5", code=3)
    assert "no word of the command gives `seed`" in again["why"]


def test_a_plain_repeat_is_in_no_list_and_takes_no_name(lab):
    made = run(lab, "plain.py", name="w1")
    lab.again(made.id)
    assert lab.record.runs(limit=None).ids == [made.id]
    assert lab.newest().id == made.id
    assert lab.record.run("w1").id == made.id
    lab.again("w1", "--on-changed", "lr=0.5")  # an experiment of its own: it is listed, under another name
    assert [one.name for one in map(lab.newest, (0, 1))] == ["w1 lr=0.5", "w1"]


def test_an_absolute_path_below_the_project_is_meant_in_the_rebuilt_code(lab):
    out = lab.project / "o.txt"
    made = run(lab, str(lab.project / "plain.py"), "--lr", "0.2", "--out", str(out))
    lab.write("plain.py", PLAIN.replace("GAIN", "99"))  # what lies here now is not what ran
    out.write_text("mine")
    again = lab.again(made.id)
    assert again["verdict"] == "identical"
    assert out.read_text() == "mine"


def test_a_script_outside_of_the_project_cannot_be_made_again(lab, tmp_path):
    other = tmp_path / "elsewhere.py"
    other.write_text("print('score=1')\n")
    made = run(lab, str(other))
    plan = lab.json("reproduce", made.id, "--plan", code=3)
    assert "lies outside of the project" in plan["gaps"][0]["why"]


def test_a_file_that_the_command_names_and_git_ignores(lab):
    lab.write(".gitignore", ".gnomon/\nbig/\n")
    lab.write("big/d.csv", "1\n2\n")
    lab.write("read.py", "import sys\nprint(f'score={len(open(sys.argv[1]).readlines())}')\n")
    lab.commit()
    made = run(lab, "read.py", "big/d.csv")
    plan = lab.json("reproduce", made.id, "--plan")
    (gap,) = plan["gaps"]
    assert "`big/d.csv` lies here, and neither a commit nor the record has it" in gap["why"]
    assert gap["next"] == "`--with big/d.csv` takes it from here"
    assert lab.again(made.id, "--with", "big/d.csv")["verdict"] == "identical"


def test_what_a_run_writes_is_none_of_its_code(lab):
    # Written at once, while its code is looked at, and before it ends.
    lab.write(
        "write.py",
        "import os, time\nos.makedirs('results')\nopen('results/m.json', 'w').write(str(time.time()))\n"
        "time.sleep(1.5)\nprint('score=1')\n",
    )
    lab.commit()
    first = run(lab, "write.py")
    assert [(one["path"], one["why_not"]) for one in first.captured.part("code")["untracked"]] == [
        ("results/m.json", "written by the run")
    ]
    assert lab.again(first.id)["verdict"] == "identical"  # `os.makedirs` finds no folder
    (lab.project / "results/m.json").unlink()
    (lab.project / "results").rmdir()
    second = run(lab, "write.py")
    prints = [one.captured.part("code")["fingerprint"] for one in (first, second)]
    assert prints[0] == prints[1]


def why(lab, *words, code=0):
    return lab.json("why", "@2", "@1", "-m", "score", "--parallel", "2", *words, code=code)


def test_why_uses_the_seed_of_the_command(lab):
    lab.write("plain.py", PLAIN.replace("GAIN", "0"))  # lr does nothing but draw other noise
    lab.commit()
    run(lab, "plain.py", "--lr", "0.1", "--seed", "1")
    run(lab, "plain.py", "--lr", "0.2", "--seed", "1")
    found = why(lab, code=3)
    assert found["seeds"] == [1, 0, 2, 3, 4]
    assert found["runs_there"] == 2
    assert found["answer"]["verdict"] == "no cause above noise"


def test_why_without_any_chance_cannot_tell(lab):
    lab.write("exact.py", "import sys\nprint(f'score={10 * float(sys.argv[2])}')\n")
    lab.commit()
    run(lab, "exact.py", "--gain", "1")
    run(lab, "exact.py", "--gain", "2")
    found = why(lab, code=3)
    assert found["answer"]["verdict"] == "cannot tell"
    (share,) = found["answer"]["shares"]
    assert (share["share"], share["low"], share["is_cause"]) == (10.0, None, False)
    assert "of others nothing is known" in found["answer"]["notes"][-1]
    assert "take no seed" in lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "1,2", code=2).stderr


def test_runs_that_nobody_calls_seeds_are_no_spread(lab):
    lab.write("free.py", "import random\nprint(f'score={random.gauss(0, 1)}')\n")
    lab.commit()
    for _ in range(4):
        made = run(lab, "free.py")
    again = lab.again(made.id, code=1)
    assert again["verdict"] == "differs"
    assert any("3 are needed" in note for note in again["notes"])


def test_watched_data_is_put_where_it_was(lab):
    lab.write(".gitignore", ".gnomon/\nbig/\n")
    lab.write("big/d.csv", "1\n2\n")
    lab.write("read.py", "print(f'score={len(open(\"big/d.csv\").readlines())}')\n")
    lab.commit()
    lab.gnomon("data", "add", "big/d.csv", "--name", "d")
    lab.gnomon("run", "--watch-files", "--pick", "score", "--", sys.executable, "read.py")
    made = lab.newest()
    (lab.project / "big/d.csv").unlink()
    assert lab.again(made.id)["verdict"] == "identical"
