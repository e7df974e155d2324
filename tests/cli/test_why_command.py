"""`gnomon why`: two real runs, mixtures of them as real processes. The statistics are tested in tests/unit/runs/why."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.lab import Lab

pytestmark = pytest.mark.slow

# The noise is drawn anew for each lr and scale, as that of a training is: mixtures of one seed are not shifted copies.
TRAIN = """
import argparse, random
import gnomon

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--tint", default="red")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
SCALE = 1.0
random.seed(f"{args.seed} {args.lr} {SCALE}")
with gnomon.run("study", params={"lr": args.lr, "tint": args.tint}, seed=args.seed) as run:
    run.log(score=10 * args.lr * SCALE + random.gauss(0, 0.01), step=0)
"""


@pytest.fixture
def lab(project):
    lab = Lab(project)
    lab.write("train.py", TRAIN)
    lab.commit()
    return lab


def why(lab, *words, code=0):
    return lab.json("why", "@2", "@1", "-m", "score", "--parallel", "2", *words, code=code)


def shares(found):
    return {one["name"]: one for one in found["answer"]["shares"]}


def test_the_planted_cause_is_named_and_what_does_nothing_is_not(lab):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.2", "--tint", "blue", "--seed", "1")
    found = why(lab)
    assert found["runs_there"] == 2
    assert (found["runs_missing"], found["runs_at_most"]) == (8, 18)
    assert found["seeds"] == found["answer"]["seeds"] == [1, 0, 2, 3, 4]
    answer = found["answer"]
    assert answer["verdict"] == "causes"
    assert [one["name"] for one in answer["shares"] if one["is_cause"]] == ["params.lr"]
    assert shares(found)["params.lr"]["share"] == pytest.approx(1.0, abs=0.05)
    assert shares(found)["params.tint"]["has_no_effect"]
    total = sum(one["share"] for one in answer["shares"])
    assert total == pytest.approx(answer["difference"]["mean"], abs=1e-9)
    assert answer["is_exact"]


def test_a_default_that_one_command_spells_out_is_no_difference(lab):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--tint", "blue", "--seed", "1")
    found = why(lab, "--plan")
    assert [one["name"] for one in found["factors"]] == ["params.tint"]
    assert found["runs_there"] == 2


def test_another_seed_is_said_among_what_differs(lab):
    lab.python("train.py", "--seed", "1")
    lab.python("train.py", "--tint", "blue", "--seed", "2")
    asked = lab.gnomon("why", "@2", "@1", "-m", "score", "--plan").stdout
    assert "seed         1 → 2: every mixture is run with the same seeds, so it is no cause here" in asked
    said = lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "2", "--parallel", "2", code=3).stdout
    assert "their seeds (1 and 2) and chance in single runs make the rest" in said
    assert lab.json("why", "@2", "@1", "-m", "score", "--plan")["seed"].startswith("1 → 2: ")
    assert any(note.startswith("seed 1 → 2") for note in lab.newest().explanations[0]["notes"])


def test_code_and_a_parameter_together(lab):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", "SCALE = 1.5"))
    lab.python("train.py", "--lr", "0.2", "--seed", "2")
    found = why(lab, "--seeds", "4")
    assert found["factors"] == [
        {"name": "code", "said": "train.py"}, {"name": "params.lr", "said": "--lr 0.1 → --lr 0.2"}
    ]  # fmt: skip
    assert shares(found)["code"]["share"] == pytest.approx(0.75, abs=0.05)  # (0.5 + 1.0) / 2
    assert shares(found)["params.lr"]["share"] == pytest.approx(1.25, abs=0.05)  # (1.0 + 1.5) / 2
    (pair,) = found["answer"]["together"]
    assert pair["more"] == pytest.approx(0.5, abs=0.1)


APART = TRAIN.replace("SCALE = 1.0", "from scale import SCALE; import tint")


def test_the_code_is_taken_apart_into_its_files(lab):
    """Two files of the code changed and one counts; a third changed that neither run loaded, and a text for people."""
    lab.write("train.py", APART)
    for name, text in {"scale.py": "SCALE = 1.0\n", "tint.py": "", "serve.py": "", "README.md": ""}.items():
        lab.write(name, text)
    lab.commit()
    lab.python("train.py", "--seed", "1")
    for name, text in {
        "scale.py": "SCALE = 2.00\n",
        "tint.py": "# red\n",
        "serve.py": "1",
        "README.md": "x",
    }.items():
        lab.write(name, text)
    lab.commit("all of them")
    lab.python("train.py", "--seed", "1")
    whole = lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "3", "--parallel", "2").stdout
    assert (
        "code  scale.py, tint.py; README.md, serve.py (imported by neither run, or texts for people)" in whole
    )
    assert "`code` +1" in whole and "`--apart code` tells which file it was" in whole
    found = why(lab, "--seeds", "3", "--apart", "code")
    assert [(one["name"], one["said"]) for one in found["factors"]] == [
        ("code/(others)", "README.md, serve.py (imported by neither run, or texts for people)"),
        ("code/scale.py", "+1 -1"), ("code/tint.py", "+1 -0"),
    ]  # fmt: skip
    assert found["runs_there"] == 6  # both ends are those of the question before
    answer = found["answer"]
    assert [one["name"] for one in answer["shares"] if one["is_cause"]] == ["code/scale.py"]
    assert shares(found)["code/tint.py"]["has_no_effect"]


def test_a_file_that_only_one_of_the_codes_has_is_a_factor_too(lab):
    """One file comes and another goes; the script looks for both."""
    scale = "import os; SCALE = 1.0 + os.path.exists('big.cfg') + 2 * (not os.path.exists('old.cfg'))"
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", scale))
    lab.write("old.cfg", "x")
    lab.commit()
    lab.python("train.py", "--seed", "1")
    lab.write("big.cfg", "x")
    (lab.project / "old.cfg").unlink()
    lab.commit("big")
    lab.python("train.py", "--seed", "1")
    found = why(lab, "--seeds", "3", "--apart", "code")
    assert {one["name"]: round(one["share"], 1) for one in found["answer"]["shares"]} == {
        "code/big.cfg": 1.0, "code/old.cfg": 2.0
    }  # fmt: skip
    assert all(one["is_cause"] for one in found["answer"]["shares"])


def test_files_that_neither_run_imported_stay_a_piece_that_can_be_left_out(lab):
    lab.write("serve.py", "")
    lab.commit()
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.write("serve.py", "print(1)")
    lab.commit("another program")
    lab.python("train.py", "--lr", "0.2", "--seed", "1")
    found = lab.json("why", "@2", "@1", "-m", "score", "--plan")
    assert [one["name"] for one in found["factors"]] == ["code", "params.lr"]
    assert any("`--without code` leaves it out" in note for note in found["notes"])
    found = lab.json("why", "@2", "@1", "-m", "score", "--plan", "--without", "code")
    assert [one["name"] for one in found["factors"]] == ["params.lr"]
    assert "left out, as asked" in found["cannot_be_swapped"]["code"]
    said = lab.gnomon("compare", "@2", "@1").stdout
    assert "serve.py  +1 -0, imported by neither" in said


@pytest.mark.parametrize("way", ["text", "pool"])
def test_a_cause_in_what_was_not_imported_is_found(lab, way):
    """A prompt in Markdown that the script reads; a module that only the processes of a pool import."""
    name, text = {"text": ("prompt.md", "1"), "pool": ("worker.py", "def gain(_): return {}\n")}[way]
    read = {
        "text": "float(open('prompt.md').read())",
        "pool": "__import__('multiprocessing').get_context('fork').Pool(1).map(late, [0])[0]",
    }[way]
    late = "def late(_):\n    import worker\n    return worker.gain(_)\n"
    lab.write("train.py", late + TRAIN.replace("SCALE = 1.0", f"SCALE = {read}"))
    lab.write(name, text.format(1.0))
    lab.commit()
    lab.python("train.py", "--seed", "1", PYTHONWARNINGS="ignore")
    lab.write(name, text.replace("1", "2", 1).format(2.25))
    lab.commit("other")
    lab.python("train.py", "--seed", "1", PYTHONWARNINGS="ignore")
    found = why(lab, "--seeds", "3", "--apart", "code")
    (cause,) = found["answer"]["shares"]
    assert cause["is_cause"] and cause["name"] == ("code/worker.py" if way == "pool" else "code/(others)")
    neither = "imported by neither" in lab.gnomon("compare", "@2", "@1").stdout
    assert not neither


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--apart", "code"], "`--apart code`: the code of"),
        (["--apart", "environment"], "`--apart environment`: the environment of"),
        (["--apart", "params"], "--apart"),
        (["--without", "cod"], "`--without cod`: nothing that differs is called `cod`"),
    ],
)
def test_what_cannot_be_taken_apart_is_said(lab, words, error):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.2", "--seed", "1")
    assert error in lab.gnomon("why", "@2", "@1", "-m", "score", *words, code=2).stderr


def test_no_cause_above_noise(lab):
    lab.python("train.py", "--seed", "1")
    lab.write(
        "train.py", TRAIN.replace("{args.lr}", "{args.lr} again")
    )  # another stream of random numbers, no other model
    lab.python("train.py", "--seed", "1")
    found = why(lab, code=3)
    assert found["answer"]["verdict"] == "no cause above noise"
    assert found["answer"]["shares"] == []
    shown = lab.gnomon("why", "@2", "@1", "-m", "score", code=3).stdout
    assert "no cause above noise" in shown


def test_it_goes_on_with_more_seeds_until_a_cause_is_told(lab):
    """The noise has a deviation of 0.01, and what `lr` does is 0.019: five seeds do not tell."""
    lab.python("train.py", "--lr", "0.1", "--seed", "0")
    lab.python("train.py", "--lr", "0.1019", "--seed", "0")
    five = lab.gnomon("why", "@2", "@1", "-m", "score", "--parallel", "2", code=3).stdout
    assert "`--up-to 20` goes on with more seeds until a cause is told" in five
    asked = lab.gnomon("why", "@2", "@1", "-m", "score", "--up-to", "20", "--plan").stdout
    assert "seeds 0, 1, 2, 3, 4, then 10 and 20 in all until a cause is told" in asked
    found = why(lab, "--up-to", "20")
    assert [one["name"] for one in found["answer"]["shares"] if one["is_cause"]] == ["params.lr"]
    assert 5 < len(found["answer"]["seeds"]) <= 20
    assert found["answer"]["level"] == 0.05
    assert "looks after 5, 10, 20 seeds" in " ".join(found["answer"]["notes"])


def test_what_was_made_is_not_made_again_and_stays_out_of_the_lists(lab):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.2", "--tint", "blue", "--seed", "1")
    assert len(lab.record.runs(limit=None).ids) == 2
    why(lab, "--seeds", "3")
    assert len(lab.record.runs(limit=None).ids) == 2
    assert len(lab.record.runs(limit=None, removed=True).ids) == 10
    again = why(lab, "--seeds", "3")
    assert again["runs_missing"] == 0
    assert len(lab.record.runs(limit=None, removed=True).ids) == 10
    (explained,) = lab.newest().explanations  # a later answer covers the earlier
    assert explained["seeds"] == 3
    assert "why it differs" in lab.gnomon("show", "@2").stdout
    hidden = lab.record.runs(limit=1, removed=True).ids[0]
    lab.gnomon("restore", hidden)
    assert hidden in lab.record.runs(limit=None).ids


def test_runs_of_other_seeds_that_exist_are_used(lab):
    for lr in ("0.1", "0.2"):
        for seed in ("4", "5", "6"):
            lab.python("train.py", "--lr", lr, "--seed", seed)
    found = lab.json("why", "@4", "@1", "-m", "score", "--seeds", "3", "--plan")
    assert (found["seeds"], found["runs_there"], found["runs_at_most"]) == ([4, 5, 6], 6, 0)


def may_hang(lab):
    """Make two runs whose mixtures hang as long as a file is there; return it, which is not there yet."""
    slow = lab.project.parent / "slow"
    lab.env["SLOW"] = str(slow)
    wait = "SCALE = 1.0\nimport os, time\nif os.path.exists(os.environ['SLOW']): time.sleep(120)"
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", wait))
    lab.commit()
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.2", "--seed", "1")
    return slow


def test_ctrl_c_stops_what_runs_and_keeps_what_was_made(lab):
    slow = may_hang(lab)
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "why", "@2", "@1", "-m", "score"], cwd=lab.project, env=lab.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def mixtures(status):
        return lab.record.runs(where=f"status = '{status}'", removed=True).ids

    def until(holds):
        for _ in range(600):
            if holds():
                return
            time.sleep(0.1)
        raise AssertionError("waited for a minute")

    until(lambda: len(mixtures("finished")) >= 2)
    slow.write_text("")
    until(lambda: mixtures("running"))
    time.sleep(1)  # one that had just passed the look at the file has ended by now
    until(lambda: mixtures("running"))
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was made is kept" in error
    assert mixtures("running") == []
    assert mixtures("stopped")
    assert lab.newest().explanations == []
    assert why(lab, "--plan")["runs_there"] >= 4


def test_a_mixture_that_hangs_is_ended_for_its_time_and_named(lab):
    slow = may_hang(lab)
    slow.write_text("")
    done = lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "2", "--timeout", "2s", code=3)
    assert "as the first, seed 0: it took longer than 2.0 s, and was ended" in done.stderr
    assert lab.record.runs(where="status = 'running'", removed=True).ids == []
    slow.unlink()
    assert [one["name"] for one in why(lab, "--seeds", "5")["answer"]["shares"] if one["is_cause"]] == [
        "params.lr"
    ]
    bad = lab.gnomon("why", "@2", "@1", "-m", "score", "--timeout", "soon", code=2).stderr
    assert "`--timeout` must be a time such as `30s`, `10m` or `2h`; got `soon`" in bad


def test_whoever_is_told_to_end_ends_what_it_started(lab):
    may_hang(lab).write_text("")
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "why", "@2", "@1", "-m", "score"], cwd=lab.project, env=lab.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def running():
        return lab.record.runs(where="status = 'running'", removed=True).ids

    end = time.monotonic() + 60
    while not running():
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert running() == []


def test_a_script_without_seeds_is_repeated(lab):
    lab.write(
        "free.py",
        "import gnomon, random, sys\nwith gnomon.run('free', params={'gain': float(sys.argv[2])}) as run:\n"
        "    run.log(score=float(sys.argv[2]) + random.gauss(0, 0.01), step=0)\n",
    )
    lab.commit()
    lab.python("free.py", "--gain", "1")
    lab.python("free.py", "--gain", "2")
    found = why(lab, "--seeds", "4")
    assert found["seeds"] == ["repeat 1", "repeat 2", "repeat 3", "repeat 4"]
    assert "other seeds cannot be tried" in found["notes"][0]
    assert [one["name"] for one in found["answer"]["shares"] if one["is_cause"]] == ["params.gain"]


def test_a_mixture_that_fails_says_why(lab):
    lab.write(
        "train.py",
        TRAIN.replace("SCALE = 1.0", "SCALE = 1.0\nassert args.lr < 0.3 or SCALE > 1, 'too steep'"),
    )
    lab.commit()
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", "SCALE = 1.5"))
    lab.python("train.py", "--lr", "0.4", "--seed", "1")
    done = lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "3", "--parallel", "2", code=3)
    assert "too steep" in done.stdout
    failed = [
        view
        for view in map(lab.record.run, lab.record.runs(limit=None, removed=True).ids)
        if view.status == "failed"
    ]
    assert (
        3 <= len(failed) <= 4
    )  # one for each seed: no other mixture of that seed is run (but beside the first)
    joined = lab.json(
        "why", "@2", "@1", "-m", "score", "--seeds", "3", "--together", "code,params.lr", code=0
    )
    assert [one["name"] for one in joined["factors"]] == ["code+params.lr"]


STEEP = TRAIN.replace("SCALE = 1.0", "SCALE = 1.0\nassert args.lr < 0.3 or SCALE > 1, 'too steep'")


def test_a_mixture_that_failed_is_not_run_again_unless_asked(lab):
    lab.write("train.py", STEEP)
    lab.commit()
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.write("train.py", STEEP.replace("SCALE = 1.0", "SCALE = 1.5"))
    lab.python("train.py", "--lr", "0.4", "--seed", "1")
    words = ("why", "@2", "@1", "-m", "score", "--seeds", "2")
    first = lab.gnomon(*words, code=3)
    made = len(lab.record.runs(limit=None, removed=True).ids)
    asked = lab.gnomon(*words, "--plan")
    assert "2 failed before: `--retry` runs them again" in asked.stdout, asked.stdout
    again = lab.gnomon(*words, code=3)
    assert len(lab.record.runs(limit=None, removed=True).ids) == made
    reason = next(line for line in first.stdout.splitlines() if "too steep" in line)
    assert reason in again.stdout, again.stdout  # the same reason as when it was run
    lab.gnomon(*words, "--retry", code=3)
    assert len(lab.record.runs(where="status = 'failed'", removed=True).ids) == 4
    taken = lab.json(*words, "--with", ".gitignore", "--plan")  # it may be what they lacked
    assert taken["runs_at_most"] > 0


def test_a_run_that_failed_is_said_to_have_failed(lab):
    lab.write("train.py", TRAIN.replace("    run.log", "    assert args.lr < 0.3, 'too steep'\n    run.log"))
    lab.commit()
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.4", "--seed", "1", code=1)
    error = lab.gnomon("why", "@2", "@1", "-m", "score", code=2).stderr
    failed = lab.newest().id[:8]
    assert f"run {failed} failed before it logged `score`: AssertionError: too steep" in error
    assert f"`gnomon console {failed}`" in error


def test_what_differs_and_cannot_be_swapped_is_not_called_unknown(lab):
    lab.write(
        "loop.py",
        "import gnomon, sys\nfor lr in (0.1, 0.2):\n    with gnomon.run(f'lr-{lr}', params={'lr': lr}, seed=1) as run:\n"
        "        run.log(score=lr, step=0)\n",
    )
    lab.commit()
    lab.python("loop.py", "--a", "1")
    lab.python("loop.py", "--a", "2")
    asked = ("why", "@3", "@2", "-m", "score")  # of two processes: `lr` and `--a`
    for option in ("--together", "--without"):
        names = "option.a,lr" if option == "--together" else "lr"
        error = lab.gnomon(*asked, option, names, code=2).stderr
        assert "`params.lr` differs, and cannot be swapped: " in error, error


def test_a_parameter_that_is_read_only_sometimes_changes_nothing_elsewhere(lab):
    """With `adam` nobody reads `mom`: that is what swapping it alone does."""
    lab.write(
        "train.py",
        """
import gnomon, random, sys
opt, mom = sys.argv[1:3]
run = gnomon.run(params={"opt": opt, "mom": float(mom)}, seed=1)
opt = run.params["opt"]
score = 1.0 if opt == "adam" else 2.0 + run.params["mom"]
run.log(score=score + random.Random(f"{run.seed} {opt}").gauss(0, 0.01), step=0)
run.finish()
""".replace("opt, mom = sys.argv[1:3]\n", "").replace(
            '"opt": opt, "mom": float(mom)', '"opt": "adam", "mom": 0.9'
        ),
    )
    lab.commit()
    lab.python("train.py")
    first = lab.newest()
    second = lab.record.run(lab.again(first.id, "--on-changed", "opt=sgd", "--on-changed", "mom=0.5")["by"])
    found = lab.json("why", first.id, second.id, "-m", "score", "--parallel", "2")
    assert {one["name"]: round(one["share"], 1) for one in found["answer"]["shares"]} == {
        "params.opt": 1.7, "params.mom": -0.2
    }  # fmt: skip
    assert found["answer"]["failed"] == []
    again = lab.json("why", first.id, second.id, "-m", "score", "--plan")
    assert again["runs_at_most"] == 0  # what was made is found, unread as it is


def test_a_parameter_that_the_script_reads_nowhere_is_said_to_be_that(lab):
    """It takes it from elsewhere: that swapping it did nothing is no proof that it does nothing."""
    lab.write(
        "train.py",
        "import gnomon, os\nlr = float(os.environ['RATE'])\n"
        "with gnomon.run('a', params={'lr': lr, 'depth': 2}, seed=1) as run:\n"
        "    run.log(score=lr * 10 + run.params['depth'] + run.seed / 1e3, step=0)\n",
    )
    lab.commit()
    lab.python("train.py", RATE="0.1")
    lab.python("train.py", RATE="0.2")
    done = lab.gnomon("why", "@2", "@1", "-m", "score", code=3, RATE="0.1")
    assert "with params.lr from" in done.stdout and "the script never reads `run.params['lr']`" in done.stdout


def test_files_that_need_each_other_are_named(lab):
    lab.write("model.py", "def loss():\n    return 1.0\n")
    lab.write("data.py", "SIZE = 1.0\n")
    lab.write(
        "train.py", TRAIN.replace("SCALE = 1.0", "import model, data\nSCALE = model.loss() * data.SIZE")
    )
    lab.commit()
    lab.python("train.py", "--seed", "1")
    lab.write("model.py", "def loss_of():\n    return 2.0\n")
    lab.write("data.py", "SIZE = 1.01\n")
    lab.write(
        "train.py", TRAIN.replace("SCALE = 1.0", "import model, data\nSCALE = model.loss_of() * data.SIZE")
    )
    lab.python("train.py", "--seed", "1")
    done = lab.gnomon("why", "@2", "@1", "-m", "score", "--seeds", "3", "--apart", "code", code=3).stdout
    assert "`--together 'code/model.py,code/train.py'`" in done, done
    assert "over 3 seeds" in done
    assert done.count("AttributeError") <= 2 and "/gnomon-" not in done  # each reason once
    joined = lab.json(
        "why",
        "@2",
        "@1",
        "-m",
        "score",
        "--seeds",
        "3",
        "--apart",
        "code",
        "--together",
        "code/model.py,code/train.py",
    )
    assert {one["name"] for one in joined["factors"]} == {"code/data.py", "code/model.py+code/train.py"}


def test_what_cannot_be_swapped_is_named(lab):
    lab.write(
        "loop.py",
        "import gnomon\nfor lr in (0.1, 0.2):\n    with gnomon.run(f'lr-{lr}', params={'lr': lr}, seed=1) as run:\n"
        "        run.log(score=lr, step=0)\n",
    )
    lab.commit()
    lab.python("loop.py")
    found = why(lab, code=3)
    assert found["factors"] == []
    assert "does not read `run.params`" in found["cannot_be_swapped"]["params.lr"]
    assert (
        "nothing that differs can be swapped" in lab.gnomon("why", "@2", "@1", "-m", "score", code=3).stdout
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("@2", "@1"), "needs the metric"),
        (("@2", "@2", "-m", "score"), "are the same run"),
        (("@2", "@1", "-m", "scor"), "never logged `scor`"),
        (("@2", "@1", "-m", "score", "--seeds", "x"), "`--seeds` must be a number"),
        (("@2", "@1", "-m", "score", "--seeds", "0"), "must be from 1 to 50; got 0"),
        (
            ("@2", "@1", "-m", "score", "--up-to", "4"),
            "must be from 5, the seeds of the first look, to 50; got 4",
        ),
        (("@2", "@1", "-m", "score", "--parallel", "0"), "must be at least 1; got 0"),
        (("@2", "@1", "-m", "score", "--together", "lr,deph"), "nothing that differs is called `deph`"),
        (("@2", "@1", "-m", "score", "--level", "2"), "must be in [0.001, 0.5]; got 2"),
    ],
)
def test_bad_words(lab, words, said):
    lab.python("train.py", "--lr", "0.1", "--seed", "1")
    lab.python("train.py", "--lr", "0.2", "--seed", "1")
    assert said in lab.gnomon("why", *words, code=2).stderr
