"""`gnomon reproduce`: with a real repository, real processes, and what a person would find odd."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from gnomon.runs.groups.definition import seed_groups
from tests.lab import TRAIN, Lab

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(project):
    return Lab(project)


@pytest.fixture
def trained(lab):
    """A run of a committed script."""
    lab.write("train.py", TRAIN)
    lab.commit()
    lab.python("train.py", "--lr", "0.2", "--seed", "3")
    return lab.newest()


def test_the_same_code_gives_the_same_points(lab, trained):
    again = lab.again(trained.id)
    assert again["verdict"] == "identical"
    assert again["code_is_proven"]
    assert [(row["metric"], row["outcome"]) for row in again["metrics"]] == [("score", "same")]
    repeat = lab.record.run(again["by"])
    assert repeat.series("score").values() == trained.series("score").values()
    assert repeat.repeats["run"] == trained.id
    assert repeat.captured.part("code")["fingerprint"] == trained.captured.part("code")["fingerprint"]


def test_the_verdict_stands_on_the_run(lab, trained):
    lab.again(trained.id)
    shown = lab.gnomon("show", trained.id).stdout
    assert "made again" in shown
    assert "identical  on the same device" in shown
    assert [one["verdict"] for one in lab.record.run(trained.id).replications] == ["identical"]


def test_what_was_not_committed_comes_back(lab):
    lab.write("train.py", TRAIN)
    lab.write("old.py", "x = 1\n")
    lab.commit()
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", "from extra import SCALE"))
    lab.write("extra.py", "SCALE = 2.5\n")
    (lab.project / "old.py").unlink()
    lab.python("train.py")
    run = lab.newest()
    lab.write("train.py", "raise SystemExit('this is not what ran')\n")
    (lab.project / "extra.py").unlink()
    again = lab.again(run.id, "--keep-folder")
    assert again["verdict"] == "identical"
    assert again["code_is_proven"]
    folder = os.path.join(again["folder"], lab.project.name)
    assert (Path(folder) / "extra.py").read_text() == "SCALE = 2.5\n"
    assert not os.path.exists(os.path.join(folder, "old.py"))
    assert lab.git("worktree", "list").count("\n") == 0  # nothing was written to the repository
    assert "this is not what ran" in (lab.project / "train.py").read_text()


def test_rebuilt_code_that_somebody_changed_is_rebuilt_again(lab, trained, tmp_path):
    lab.again(trained.id)
    (kept,) = (tmp_path / "cache").glob("gnomon/rebuilt/code/*/project/train.py")
    kept.write_text(TRAIN.replace("SCALE = 1.0", "SCALE = 7.0"))
    again = lab.again(trained.id)
    assert again["verdict"] == "identical"
    assert again["code_is_proven"]


def test_a_file_beside_the_code_of_which_nothing_was_kept_is_named(lab):
    lab.write("train.py", TRAIN)
    lab.commit()
    lab.write("weights.bin", "1")
    lab.python("train.py")
    again = lab.again(lab.newest().id)
    assert (again["verdict"], again["code_is_proven"]) == ("identical", False)
    (gap,) = again["gaps"]
    assert gap["why"].startswith("that it is the same cannot be shown: `weights.bin` lay beside it")


def test_without_git_the_kept_files_are_the_code(project):
    lab = Lab(project)
    subprocess.run(["rm", "-rf", ".git"], cwd=project, check=True)
    lab.write("train.py", TRAIN)
    lab.python("train.py", "--seed", "5")
    run = lab.newest()
    lab.write("train.py", "")
    assert lab.again(run.id)["verdict"] == "identical"


def test_a_script_in_a_folder_below(lab):
    lab.write("src/train.py", TRAIN.replace("SCALE = 1.0", "SCALE = float(open('scale.txt').read())"))
    lab.write("src/scale.txt", "1.5\n")
    lab.commit()
    subprocess.run(
        [sys.executable, os.path.abspath("src/train.py"), "--seed", "2"],
        cwd=lab.project / "src",
        env=lab.env,
        check=True,
    )
    assert lab.again(lab.newest().id)["verdict"] == "identical"


def test_a_working_folder_that_git_ignores_is_made(lab):
    """What it writes there is nobody's code; the script lies beside it."""
    lab.write(".gitignore", ".gnomon/\n__pycache__/\nout/\n")
    lab.write("src/train.py", TRAIN)
    lab.write("out/notes.txt", "kept by nobody")
    lab.commit()
    subprocess.run(
        [sys.executable, "../src/train.py", "--seed", "3"], cwd=lab.project / "out", env=lab.env, check=True
    )
    again = lab.again(lab.newest().id)
    assert again["verdict"] == "identical", again
    assert not again["gaps"]


def test_a_command_under_gnomon_run_with_what_it_was_told(lab):
    lab.write(
        "plain.py",
        "import sys\nfor step in range(3):\n    print(f'step={step} loss={float(sys.argv[1]) / (step + 1)}')\n",
    )
    lab.commit()
    lab.gnomon(
        "run",
        "--pick",
        "loss",
        "--param",
        "rate=0.5",
        "--seed",
        "4",
        "--name",
        "plain",
        "--",
        "python",
        "plain.py",
        "0.5",
    )
    run = lab.newest()
    again = lab.again(run.id)
    assert again["verdict"] == "identical"
    repeat = lab.record.run(again["by"])
    assert (repeat.params, repeat.seed, repeat.name) == ({"rate": 0.5}, 4, "plain")
    assert repeat.metrics == run.metrics != {}


def test_one_of_several_runs_of_a_process(lab):
    lab.write(
        "many.py",
        "import gnomon\nfor lr in (0.1, 0.2, 0.3):\n    with gnomon.run(f'lr-{lr}', params={'lr': lr}) as run:\n"
        "        run.log(score=lr * 2, step=0)\n",
    )
    lab.commit()
    lab.python("many.py")
    second = next(one for one in (lab.newest(n) for n in range(3)) if one.name == "lr-0.2")
    again = lab.again(second.id)
    assert again["verdict"] == "identical"
    assert lab.record.run(again["by"]).name == "lr-0.2"


def noisy(lab, seeds):
    """Make runs that come out otherwise each time, whatever their seed: by how many ran before, so each time alike for us."""
    count = lab.project.parent / "count"
    drawn = f"file = open({str(count)!r}, 'a'); file.write('x'); random.seed(7 + file.tell())"
    lab.write("train.py", TRAIN.replace("random.seed(args.seed)", drawn))
    lab.commit()
    for seed in seeds:
        lab.python("train.py", "--seed", str(seed))
    return lab.newest()


def test_noise_is_within_the_spread_of_its_seeds(lab):
    again = lab.again(noisy(lab, range(5)).id)
    assert again["verdict"] == "within the spread of its seeds"
    (row,) = again["metrics"]
    assert row["low"] <= row["after"] <= row["high"]
    assert row["seeds"] == 5


def test_a_repeat_that_hangs_is_ended_for_its_time(lab):
    slow = lab.project.parent / "slow"
    lab.env["SLOW"] = str(slow)
    lab.write("train.py", "import os, time\nif os.path.exists(os.environ['SLOW']): time.sleep(120)\n" + TRAIN)
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    slow.write_text("")
    again = lab.again(run.id, "--timeout", "2", code=3)
    assert again["verdict"] == "cannot run" and "it took longer than 2.0 s, and was ended" in again["why"]
    slow.unlink()
    assert lab.again(run.id, "--timeout", "1m")["verdict"] == "identical"


def test_an_error_of_several_lines_is_compared_whole(lab):
    """The last line alone is that of many errors, such as a hint."""
    lab.write(
        "train.py",
        "import gnomon, os\nwith gnomon.run('a') as run:\n    run.log(x=1, step=0)\n"
        f"    if os.path.exists({str(lab.project / 'mark')!r}):\n"
        "        raise ValueError('cannot open the file\\nsee the manual')\n"
        "    raise MemoryError('no memory left on device\\nsee the manual')\n",
    )
    lab.write(".gitignore", ".gnomon/\nmark\n")
    lab.commit()
    lab.python("train.py", code=1)
    run = lab.newest()
    assert lab.again(run.id)["verdict"] == "identical"
    lab.write("mark", "")
    again = lab.again(run.id, code=1)
    assert again["verdict"] == "differs"
    said = lab.gnomon("reproduce", run.id, code=1).stdout
    assert "MemoryError: no memory left on device see the manual" in said
    assert "ValueError: cannot open the file see the manual" in said


def test_with_two_seeds_nothing_is_called_within(lab):
    again = lab.again(noisy(lab, range(2)).id, code=1)
    assert again["verdict"] == "differs"
    assert any("2 seeds, 3 are needed" in note for note in again["notes"])
    assert any("GNOMON_CAPTURE_ENV" in note for note in again["notes"])


def test_a_repeat_is_no_further_seed_of_the_group(lab):
    run = noisy(lab, range(4))
    lab.again(run.id)
    (group,) = lab.record.groups()
    assert len(group.runs) == 4
    assert group.apart == {"repeat": 1}


# ---------------------------------------------------------------- one thing swapped


def test_a_value_that_the_command_gives(lab, trained):
    again = lab.again(trained.id, "--on-changed", "lr=0.4")
    assert lab.record.run(again["by"]).params["lr"] == 0.4
    assert again["swapped"] == {"params.lr": "0.2 → 0.4"}
    assert again["metrics"][0]["after"] == pytest.approx(2 * trained.metrics["score"], rel=0.1)


def test_a_default_of_the_scripts_options(lab, trained):
    again = lab.again(trained.id, "--on-changed", "depth=6")
    assert lab.record.run(again["by"]).params["depth"] == 6


def test_another_seed(lab, trained):
    again = lab.again(trained.id, "--on-changed", "seed=4")
    assert lab.record.run(again["by"]).seed == 4
    assert again["verdict"] == "differs"


def test_a_script_that_reads_run_params(lab):
    lab.write(
        "train.py",
        "import gnomon\nwith gnomon.run('a', params={'lr': 0.1, 'unused': 1}, seed=2) as run:\n"
        "    run.log(score=run.params['lr'] * 10 + run.seed, step=0)\n",
    )
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert lab.again(run.id, "--on-changed", "lr=0.3", "--on-changed", "seed=5")["metrics"][0]["after"] == 8.0
    refused = lab.again(run.id, "--on-changed", "unused=3", code=3)
    assert (
        refused["why"]
        == 'the script never read `run.params["unused"]`, so `unused` could not be changed from outside'
    )
    assert lab.record.run(run.id).replications[-1]["swapped"]  # what could not be swapped left no verdict
    assert lab.record.run(refused["by"]).params["unused"] == 1


READS = """
import gnomon
with gnomon.run('a', params={'lr': 0.1, 'unused': 1}, seed=2) as run:
    path = run.use('credit@v1')
    rows = len(path.read_text().splitlines())
    run.log(score=run.params['lr'] * 10 + run.seed + 100 * rows, step=0)
"""


def test_a_repeat_that_was_given_something_is_repeated_with_it(lab):
    """Nothing in its command or code says what it was given."""
    versions(lab, 2)
    lab.write("train.py", READS)
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    swaps = [word for one in ("lr=0.3", "seed=5", "data=v2") for word in ("--on-changed", one)]
    changed = lab.again(run.id, *swaps)
    assert changed["metrics"][0]["after"] == 3 + 5 + 100 * 3
    given = lab.record.run(changed["by"]).given
    second = lab.record.data("credit@v2")
    assert given == {"params": {"lr": 0.3}, "seed": 5, "data": {"credit": f"credit@{second.id}"}}
    again = lab.again(changed["by"])
    assert (again["verdict"], again["metrics"][0]["after"]) == ("identical", 308.0)
    further = lab.again(changed["by"], "--on-changed", "lr=0.4")  # the rest stays as it was given
    assert further["metrics"][0]["after"] == 309.0
    back = lab.again(further["by"])
    assert back["verdict"] == "identical"


def test_a_trial_of_a_sweep_is_repeated_with_its_parameters(lab):
    lab.write(
        "train.py",
        "import gnomon\nwith gnomon.run('a', params={'lr': 0.1}, seed=2) as run:\n"
        "    run.log(score=run.params['lr'] * 10 + run.seed, step=0)\n",
    )
    lab.write(
        "sweep.toml",
        f'command = "{sys.executable} train.py"\nmetric = "score"\ngoal = "maximize"\nseeds = [7]\n[params]\nlr = [0.2, 0.3]\n',
    )
    lab.commit()
    lab.gnomon("sweep")
    trial = lab.newest()
    assert trial.given == {"params": {"lr": trial.params["lr"]}, "seed": 7}
    again = lab.again(trial.id)
    assert again["verdict"] == "identical", again
    other = lab.newest(1)
    why = lab.json("why", other.id, trial.id, "-m", "score", "--seeds", "2", "--plan")
    assert [one["name"] for one in why["factors"]] == ["params.lr"]
    assert why["runs_there"] == 2  # both ends are what a mixture would be


FAILS = """
import gnomon, sys
run = gnomon.run(params={'lr': 0.1, 'depth': 2}, seed=1)
lr = run.params['lr']
if lr > 0.5:
    raise ValueError('too steep')
run.log(score=lr + run.params['depth'] + run.seed, step=0)
"""


def test_a_trial_that_failed_before_it_read_everything_is_what_it_was_to_be(lab):
    """So it is found as tried, grouped with its like, and repeated as it was."""
    lab.write("train.py", FAILS)
    lab.write(
        "sweep.toml",
        f'command = "{sys.executable} train.py"\nmetric = "score"\ngoal = "maximize"\nseeds = [7, 8]\n[params]\nlr = [0.2, 0.9]\n'
        "depth = [5]\n",
    )
    lab.commit()
    lab.gnomon("sweep", code=None)
    record = lab.record
    failed = [view for view in map(record.run, record.runs(limit=None).ids) if view.status == "failed"]
    assert [(view.params, view.seed) for view in failed] == [
        ({"lr": 0.9, "depth": 5}, seed) for seed in (8, 7)
    ]
    assert "failed" in lab.gnomon("tried", "lr=0.9", "depth=5").stdout
    assert {tuple(sorted(one.params.items())) for one in seed_groups(record)} == {
        (("depth", 5), ("lr", 0.2)), (("depth", 5), ("lr", 0.9))
    }  # fmt: skip
    again = lab.again(failed[0].id, "--on-changed", "lr=0.3", code=None)
    assert lab.record.run(again["by"]).metrics["score"] == pytest.approx(0.3 + 5 + 8)


def test_a_repeat_that_did_not_use_its_change_is_no_run_of_its_own(lab):
    lab.write(
        "train.py",
        "import gnomon\nwith gnomon.run('a', params={'lr': 0.1}, seed=2) as run:\n    run.log(score=1.0, step=0)\n",
    )
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    refused = lab.again(run.id, "--on-changed", "lr=0.3", code=3)
    assert refused["verdict"] == "cannot run"
    assert lab.newest().id == run.id and len(lab.record.runs(limit=None).ids) == 1
    assert refused["by"] in lab.record.runs(limit=None, removed=True).ids


def test_the_code_of_another_run_and_of_a_commit(lab, trained):
    first = lab.git("rev-parse", "HEAD")
    lab.write("train.py", TRAIN.replace("SCALE = 1.0", "SCALE = 3.0"))
    lab.python("train.py", "--lr", "0.2", "--seed", "3")
    other = lab.newest()
    of_run = lab.again(trained.id, "--on-changed", f"code={other.id[:8]}")
    assert of_run["metrics"][0]["after"] == other.metrics["score"]
    of_commit = lab.again(other.id, "--on-changed", f"code={first[:10]}")
    assert of_commit["metrics"][0]["after"] == trained.metrics["score"]


DATA = "import gnomon\nwith gnomon.run('a') as run:\n    path = run.use({what!r})\n    run.log(rows=len({read}), step=0)\n"


def versions(lab, count):
    for number in range(1, count + 1):
        lab.write("data/credit.csv", "a\n" + "1\n" * number)
        lab.gnomon("data", "add", "data/credit.csv", "--name", "credit", "--gitignore")
    lab.commit()


def test_other_data_by_name(lab):
    versions(lab, 3)
    lab.write("train.py", DATA.format(what="credit@v1", read="path.read_text().splitlines()"))
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert lab.again(run.id)["verdict"] == "identical"
    again = lab.again(run.id, "--on-changed", "data=v3")
    assert again["metrics"][0]["after"] == 4
    assert lab.record.run(again["by"]).uses[0].label == "credit@v3"


def test_a_run_that_asked_for_the_newest_data_gets_what_was_newest_then(lab):
    versions(lab, 2)
    lab.write("train.py", DATA.format(what="credit", read="path.read_text().splitlines()"))
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert run.uses[0].label == "credit@v2"
    versions(lab, 4)
    assert lab.again(run.id)["verdict"] == "identical"
    # The code of a run that asked for another version is swapped, and not its data.
    lab.write("train.py", DATA.format(what="credit@v1", read="path.read_text().splitlines()"))
    lab.python("train.py")
    other = lab.newest()
    again = lab.again(run.id, "--on-changed", f"code={other.id}")
    assert lab.record.run(again["by"]).uses[0].label == "credit@v2" and again["metrics"][0]["after"] == 3


def test_two_versions_under_one_name_are_asked_for_as_the_script_does(lab):
    versions(lab, 2)
    lab.write(
        "train.py",
        "import gnomon, pathlib\nwith gnomon.run('a') as run:\n"
        "    sizes = [pathlib.Path(run.use(f'credit@v{n}')).stat().st_size for n in (1, 2)]\n"
        "    run.log(first=sizes[0], second=sizes[1], step=0)\n",
    )
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert len(run.uses) == 2
    assert lab.again(run.id)["verdict"] == "identical"


def test_data_at_a_path_is_put_where_it_was(lab):
    versions(lab, 2)
    lab.write("train.py", DATA.format(what="data/credit.csv", read="open('data/credit.csv').readlines()"))
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    (lab.project / "data/credit.csv").unlink()
    assert lab.again(run.id)["verdict"] == "identical"
    assert lab.again(run.id, "--on-changed", "data.credit=credit@v1")["metrics"][0]["after"] == 2


# ---------------------------------------------------------------- what cannot be had is named before anything starts


def gaps(lab, run, code=3):
    plan = lab.json("reproduce", run.id, "--plan", code=code)
    return " | ".join(gap["part"] + ": " + gap["why"] for gap in plan["gaps"])


def test_a_commit_that_is_gone(lab, trained):
    subprocess.run(["rm", "-rf", ".git"], cwd=lab.project, check=True)
    lab.git("init", "-q")
    assert "cannot be had: no git repository with these commits is here" in gaps(lab, trained)
    again = lab.again(trained.id, code=3)
    assert again["verdict"] == "cannot run"
    assert again["by"] is None
    assert lab.again(trained.id, code=3)["why"] == again["why"]
    assert len(lab.record.run(trained.id).replications) == 1  # once for the same reason


def test_data_that_no_version_has_and_that_changed(lab):
    lab.write("free.csv", "a\n1\n")
    lab.write("train.py", DATA.format(what="free.csv", read="path.read_text().splitlines()"))
    lab.write(".gitignore", ".gnomon/\nfree.csv\n")
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert lab.again(run.id)["verdict"] == "identical"  # it lies here as it was
    lab.write("free.csv", "a\n1\n2\n")
    assert "other bytes lie there now" in gaps(lab, run)
    (lab.project / "free.csv").unlink()
    assert "nothing lies there now" in gaps(lab, run)


def test_a_reference_whose_bytes_changed(lab):
    lab.write("far/big.csv", "a\n1\n")
    lab.write(".gitignore", ".gnomon/\nfar/\n")
    lab.gnomon("data", "add", "far/big.csv", "--name", "big", "--by-reference", "--no-pointer")
    lab.write("train.py", DATA.format(what="big@v1", read="path.read_text().splitlines()"))
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    assert lab.again(run.id)["verdict"] == "identical"
    lab.write("far/big.csv", "a\n9\n")
    assert "has other bytes than `big@v1`" in gaps(lab, run)
    lab.gnomon("data", "add", "far/big.csv", "--name", "big", "--no-pointer")  # its bytes are kept now, as v2
    again = lab.again(run.id, "--on-changed", "data=v2")
    assert lab.record.run(again["by"]).uses[0].label == "big@v2", again


def test_a_file_that_was_never_in_the_record_can_be_taken_from_here(lab):
    lab.write("secret.bin", "7")
    lab.write(".gitignore", ".gnomon/\nsecret.bin\n")
    lab.write(
        "train.py",
        "import gnomon\nwith gnomon.run('a') as run:\n    run.log(x=float(open('secret.bin').read()), step=0)\n",
    )
    lab.commit()
    lab.python("train.py")
    run = lab.newest()
    failed = lab.again(run.id, code=3)
    assert "FileNotFoundError" in failed["why"]
    again = lab.again(run.id, "--with", "secret.bin")
    assert again["verdict"] == "identical"
    assert any("taken from here" in gap["why"] for gap in again["gaps"])
    outside = lab.gnomon("reproduce", run.id, "--with", "/etc/hostname", code=2).stderr
    assert "lies outside of the project" in outside


def test_a_secret_in_the_command(lab):
    lab.write(
        "train.py",
        TRAIN.replace("parser.add_argument", 'parser.add_argument("--api-key")\nparser.add_argument', 1),
    )
    lab.commit()
    lab.python("train.py", "--api-key", "sk-ant-" + "a1B2" * 24)
    assert "its command holds a secret that was not recorded" in gaps(lab, lab.newest())


def test_a_run_without_capture_and_one_that_goes_on(lab):
    lab.write("train.py", TRAIN)
    lab.python("train.py", GNOMON_CAPTURE="off")
    assert "how it was started was not recorded" in gaps(lab, lab.newest())
    lab.write(
        "long.py", "import gnomon, time\nrun = gnomon.run('long')\nprint('on', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "long.py"], cwd=lab.project, env=lab.env, stdout=subprocess.PIPE
    )
    try:
        process.stdout.readline()
        assert "has not ended (running)" in lab.gnomon("reproduce", lab.newest().id, code=2).stderr
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_repeat_that_fails_says_its_last_line(lab):
    lab.write(
        "train.py",
        "import gnomon, os\nwith gnomon.run('a') as run:\n    run.log(x=1, step=0)\n    os.environ['ONLY_HERE']\n",
    )
    lab.commit()
    lab.write("ok.py", "")
    lab.python("train.py", ONLY_HERE="1")
    again = lab.again(lab.newest().id, code=3)
    assert again["why"].startswith("it ended with ")
    assert "ONLY_HERE" in again["why"]


def test_a_run_that_failed_is_made_again_where_it_fails_in_the_same_way(lab):
    """What somebody who looks for the cause of an error asks first."""
    lab.write(
        "train.py",
        "import gnomon, os, sys\nwith gnomon.run('a'):\n"
        "    if 'HEALED' in os.environ: sys.exit(0)\n"
        "    if 'OTHER' in os.environ: raise KeyError('x')\n"
        "    open(os.path.join(os.getcwd(), 'none.csv'))\n",
    )
    lab.commit()
    lab.python("train.py", code=1)
    run = lab.newest()
    same = lab.again(run.id)
    assert same["verdict"] == "identical"
    assert same["why"].startswith("it ended as the run did, with FileNotFoundError")
    shown = lab.gnomon("reproduce", run.id).stdout
    assert "identical" in shown and "it ended as the run did" in shown
    assert "identical: it ended as the run did" in lab.gnomon("show", run.id).stdout
    other = lab.again(run.id, code=1, OTHER="1")
    assert other["verdict"] == "differs"
    assert "and this time with KeyError" in other["why"]
    healed = lab.again(run.id, code=1, HEALED="1")
    assert healed["verdict"] == "differs"
    assert healed["why"].endswith("and this time it finished")


def test_bad_words(lab, trained):
    for words, said in [
        (("--on-changed", "lr"), "must be FACTOR=VALUE"),
        (("--on-changed", "rate=3"), "the run has no parameter `rate`"),
        (("--on-changed", "data=v3"), "used no data that is recorded"),
        (("--on-changed", "code=fefefefe"), "neither a run nor a commit"),
        (("--on-changed", "seed=x"), "a seed must be a whole number"),
        (("--with", "nowhere"), "there is no such file or folder"),
    ]:
        error = lab.gnomon("reproduce", trained.id, *words, code=2).stderr
        assert said in error
        assert "hint:" in error or "must be a whole number" in error


def test_code_of_another_device_is_run_only_when_asked(lab, trained, tmp_path):
    other = {"XDG_CONFIG_HOME": str(tmp_path / "other")}
    lab.python("train.py", "--seed", "8", **other)
    foreign = lab.newest()
    error = lab.gnomon("reproduce", foreign.id, code=2).stderr
    assert "was recorded on another device; it will be run here, as you" in error
    assert lab.record.run(foreign.id).replications == []
    assert lab.again(foreign.id, "--yes")["verdict"] == "identical"
    assert "identical  on another device" in lab.gnomon("show", foreign.id).stdout


def test_ctrl_c_leaves_no_verdict(lab):
    lab.write(
        "train.py",
        "import gnomon, os, time\nwith gnomon.run('a') as run:\n    run.log(x=1, step=0)\n"
        "    if os.path.exists(os.environ['SLOW']): time.sleep(60)\n",
    )
    lab.commit()
    slow = lab.project.parent / "slow"
    lab.env["SLOW"] = str(slow)
    lab.python("train.py")
    run = lab.newest()
    slow.write_text("")
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "reproduce", run.id], cwd=lab.project, env=lab.env, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(600):
        repeats = lab.record.runs(where=f"repeats = '{run.id}'", removed=True).ids
        if repeats and lab.record.run(repeats[0]).metrics:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert lab.record.run(run.id).replications == []
    assert lab.record.run(repeats[0]).status == "stopped"
    assert lab.record.run(repeats[0]).metrics == {"x": 1}


# ---------------------------------------------------------------- environments


def wheel(folder, version, name="tinydep"):
    """Write a wheel of a package that says its version."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.fixture
def installed(lab, tmp_path):
    """A run in an environment of its own, with tinydep 1.0; the wheels lie in a folder, and there is no index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        wheel(wheels, version)
        wheel(wheels, version, "otherdep")
    lab.env |= {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(wheels),
    }
    lab.write("train.py", "import tinydep\nprint(f'version={float(tinydep.VERSION)}')\n")
    lab.commit()
    return run_with(lab, tmp_path / "own", "tinydep==1.0")


def run_with(lab, own, *packages):
    """Return a run in an environment with these packages, made now."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(own)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", own / "bin/python"]
    subprocess.run([*pip, "install", "-q", *packages], env=lab.env, check=True)
    lab.gnomon("run", "--pick", "version", "--", str(own / "bin/python"), "train.py")
    return lab.newest()


def test_why_says_which_package_it_was(lab, installed, tmp_path):
    first = run_with(lab, tmp_path / "first", "tinydep==1.0", "otherdep==1.0")
    second = run_with(lab, tmp_path / "second", "tinydep==2.0", "otherdep==2.0")
    made = tmp_path / "cache" / "gnomon" / "rebuilt" / "environments"
    words = ("why", first.id, second.id, "-m", "version", "--apart", "environment")
    found = lab.json(*words, "--plan")
    assert [(one["name"], one["said"]) for one in found["factors"]] == [
        ("environment/otherdep", "1.0 → 2.0"), ("environment/tinydep", "1.0 → 2.0")
    ]  # fmt: skip
    assert len([one for one in made.iterdir() if one.is_dir()]) == 2, (
        "none is made for a mixture before it is run"
    )
    answer = lab.json(*words, code=3)["answer"]  # nothing is random here, and other seeds cannot be tried
    assert {one["name"]: one["share"] for one in answer["shares"]} == {
        "environment/otherdep": 0.0, "environment/tinydep": 1.0
    }  # fmt: skip


def test_the_recorded_versions_are_installed_once(lab, installed):
    first = lab.again(installed.id)
    assert first["verdict"] == "identical"
    assert first["environment"] == "made of 1 recorded versions"
    lab.env["PIP_FIND_LINKS"] = lab.env["UV_FIND_LINKS"] = os.devnull  # what is there is not made again
    assert lab.again(installed.id)["verdict"] == "identical"


def test_versions_that_cannot_be_had(lab, installed, tmp_path):
    (tmp_path / "wheels/tinydep-1.0-py3-none-any.whl").unlink()
    assert "cannot make it" in gaps(lab, installed)
    again = lab.again(installed.id, "--env", "here", code=3)
    assert "No module named 'tinydep'" in again["why"]
    assert any("tinydep missing instead of 1.0" in gap["why"] for gap in again["gaps"])


def test_a_lock_file_makes_the_environment(lab, installed):
    lab.write("requirements.txt", "tinydep==2.0\n")
    lab.commit()
    lab.gnomon("run", "--pick", "version", "--", "python", "-c", "print('version=2.0')")
    assert "has no uv.lock" in lab.gnomon("reproduce", installed.id, "--env", "lock", "--plan", code=3).stdout
    commit = lab.git("rev-parse", "HEAD")
    again = lab.again(installed.id, "--env", "lock", "--on-changed", f"code={commit}")
    assert again["metrics"][0]["after"] == 2.0
    lab.write("requirements.txt", "tinydep==9.0\n")
    lab.commit()
    commit = lab.git("rev-parse", "HEAD")
    refused = lab.again(installed.id, "--env", "lock", "--on-changed", f"code={commit}", code=3)
    assert "`requirements.txt`" in refused["why"]
    assert "tinydep==9.0" in refused["why"]
