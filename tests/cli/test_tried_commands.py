"""`gnomon tried`, and the line at the start of a run: what they say, and what is wrong."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import psutil
import pytest
from remotes import git

import gnomon
from gnomon.runs.tried.at_start import VARIABLE
from gnomon.session import close_all

EVIL = "\x1b]0;HACK\x07\x9b\r\u202e"


def train(params, *, seed=None, status="finished", error=None, name=None, **metrics):
    run = gnomon.run(name, params=params, seed=seed)
    if metrics:
        run.log(metrics, step=1)
    run.finish(status, error=error)
    return run.id


@pytest.fixture
def some(project):
    ids = [
        train({"lr": 0.1, "depth": 6, "opt": "adam", "amp": True}, seed=1, auc=0.9),
        train({"lr": 0.12, "depth": 6, "opt": "adam", "amp": True}, seed=2, auc=0.91),
        train(
            {"lr": 0.1, "depth": 6, "opt": "adam", "amp": True}, seed=3, status="failed", error="ValueError"
        ),
        train({"lr": 1e-4, "depth": 6, "opt": "sgd", "amp": False}, seed=4, auc=0.5),
    ]
    close_all()
    return ids


def test_it_lists_the_nearest_with_what_differs_and_what_came_of_them(ask, some):
    answer = ask("tried", "lr=0.1", "depth=6")
    assert answer.code == 0
    head, *rows = answer.out.partition("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == [some[2][:8], some[0][:8], some[1][:8]]
    assert "failed: ValueError" in rows[0] and "equal in what was asked" in rows[1] and "0.9 " in rows[1]
    assert "differs in lr (0.12 → 0.1)" in rows[2] and "amp=true, opt=adam" in rows[2] and "auc" in head
    assert answer.lines[-1] == (
        "Tried before: 2 runs are equal in what was asked and 1 run is close, 1 failed, "
        f"best auc 0.91 of a close one (run {some[1][:8]})."
    )


def test_json_says_the_same(ask, some):
    found = ask("tried", "lr=0.1", "depth=6", "--limit", "1", "--json", "-m", "auc").json()
    assert (found["equal"], found["close"], found["whole"], len(found["runs"])) == (2, 3, False, 1)
    assert found["runs"][0]["id"] == some[2] and found["runs"][0]["verdict"] == "equal"
    assert found["best"] == {"value": 0.91, "run": some[1], "better": "higher"}


def test_a_run_is_compared_with_those_before_it(ask, some):
    assert ask("tried", "--run", some[0]).out == "Not tried: no run is near.\n"
    again = ask("tried", "--run", some[2])
    assert f"{some[0][:8]}  equal " in again.out and some[2][:8] not in again.out


def test_the_code_of_this_folder_can_be_asked_for(ask, some, project):
    answer = ask("tried", "lr=0.1", "--code", "here")  # capture is off: nobody recorded any
    assert "equal in what was asked; code not recorded" in answer.out


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["lr"], "a parameter must be NAME=VALUE; got `lr`", "gnomon tried lr=0.1"),
        (["=3"], "a parameter must be NAME=VALUE; got `=3`", "gnomon tried"),
        (["dept=3"], "no run has a parameter `dept`, so nothing was tried with it", "did you mean `depth`?"),
        (["zzz=3"], "no run has a parameter `zzz`", "there is `amp`, `depth`, `lr`, `opt`"),
        (["lr=fast"], "`lr` is a number in all runs that have it (0.0001 to 0.12); got `fast`, which is a text", "lr="),
        (["amp=3"], "`amp` is true or false in all runs that have it; got `3`, which is a number", "amp="),
        (["--lr", "0.1"], "has no option `--lr`", "values are named without dashes: `lr=VALUE`"),
        (["lr=1", "lr=2"], "`lr` is given twice; got `1` and `2`", ""),
        (["seed=1"], "`seed` is a seed, which does not count", ""),
        ([], "`gnomon tried` needs parameters or `--run`", "gnomon tried lr=0.1"),
        (["lr=1", "--run", "@1"], "`--run` and parameters exclude each other", "--run RUN"),
        (["lr=1", "--code", "a"], "`--code` must be `here` or at least 4 digits", "gnomon show RUN"),
        (["lr=1", "--code", "abcd"], "no run ran code whose fingerprint or commit begins with `abcd`", "--code here"),
        (["lr=1", "--data", "credit@v1"], "credit", ""),
        (["lr=1", "-m", "auk"], "no run has a metric `auk`", "did you mean `auc`?"),
        (["lr=1", "--limit", "-1"], "`limit` of `tried()` must be a whole number from 0; got -1", ""),
        ([f"{EVIL}=1"], "no run has a parameter", ""),
    ],
)  # fmt: skip
def test_bad_input_is_said_with_the_next_step(ask, some, words, error, hint):
    answer = ask("tried", *words)
    assert answer.code == 2 and error in answer.err and hint in answer.err and answer.out == ""
    assert "\x1b" not in answer.err and "\x9b" not in answer.err


def test_a_number_is_a_text_where_the_record_has_texts(ask, project):
    train({"version": "3"})
    assert "equal in what was asked" in ask("tried", "version=3").out


def test_without_runs_or_a_record_that_is_said(ask, project):
    assert ask("tried", "lr=0.1").code == 2  # there is no record
    run = train({"lr": 0.1})
    ask("rm", run)
    answer = ask("tried", "lr=0.1")
    assert (answer.code, answer.out) == (0, "") and "no runs yet" in answer.err
    assert ask("tried", "lr=0.1", "--json").json()["runs"] == []


def test_a_seed_that_is_named_is_said_not_to_count(ask, some):
    assert "`seed` is a seed: it does not count" in ask("tried", "lr=0.1", "seed=77").err


def test_nothing_that_somebody_wrote_reaches_the_terminal(ask, project):
    train({"lr": 0.1, "opt": "adam"})
    train({"lr": 0.1, EVIL: EVIL, "opt": EVIL}, name=EVIL, status="failed", error=EVIL, **{f"auc{EVIL}": 0.5})
    for words in (
        ["lr=0.1"],
        ["lr=0.1", "opt=adam"],
        ["lr=0.1", "opt=zzz"],
        ["--run", "@1"],
        ["lr=0.1", "--json"],
    ):
        answer = ask("tried", *words)
        assert answer.code == 0, answer.err
        for text in (answer.out, answer.err):
            assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(text)


# ---------------------------------------------------------------- at the start of a run

SCRIPT = """
import sys, threading, gnomon, model
seed = int(sys.argv[2]) if len(sys.argv) > 2 else None
with gnomon.run(params={"lr": float(sys.argv[1]), "depth": 3}, seed=seed) as run:
    run.log(auc=0.9)
    for thread in threading.enumerate():  # it trains on until what was tried before has been looked up
        if thread.name == "gnomon-capture":
            thread.join(50)
"""


@pytest.fixture
def script(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    (project / "train.py").write_text(SCRIPT)
    (project / "model.py").write_text("depth = 3\n")
    return [sys.executable, "train.py"]


def in_terminal(words, **environment):
    """Run a command whose stderr is a terminal; return what it said there."""
    master, terminal = pty.openpty()
    with subprocess.Popen(
        words, stderr=terminal, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as child:
        os.close(terminal)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:  # the other side is closed
            pass
        assert child.wait(60) == 0, said
    os.close(master)
    return said.decode()


@pytest.mark.slow
def test_a_script_at_a_terminal_hears_that_it_was_nearly_tried(ask, script, project):
    for _ in range(2):
        subprocess.run([*script, "0.1"], check=True)
    assert "nearly tried before: 2 runs" in in_terminal(
        [*script, "0.12"]
    )  # no index: a process of its own makes one
    (line,) = [line for line in in_terminal([*script, "0.11"]).splitlines() if "tried before" in line]
    assert line.startswith("gnomon: nearly tried before: ") and "with lr=0.1" in line and "(now 0.11)" in line
    assert "best auc 0.9 (run " in line and ", finished " in line and "gnomon tried --run " in line
    assert "tried before" not in in_terminal([*script, "0.11"], **{VARIABLE: "0"})
    done = subprocess.run([*script, "0.11"], check=True, capture_output=True, text=True)
    assert done.stderr == ""  # no terminal, no word


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["train.py", "model.py"])
def test_other_code_is_not_said_to_be_tried(ask, script, project, changed):
    subprocess.run([*script, "0.1"], check=True)
    ask("runs")
    with open(project / changed, "a") as file:
        file.write("\nprint(1)\n")
    assert "tried before" not in in_terminal([*script, "0.1"])


def at_start(script, *words):
    """The line that a script says at a terminal; nothing where it says none."""
    lines = [line for line in in_terminal([*script, *words]).splitlines() if "tried before" in line]
    return lines[0] if lines else ""


@pytest.fixture
def committed(project):
    (project / ".gitignore").write_text(".gnomon/\n__pycache__/\n")
    git("init", "-q", cwd=project)

    def commit(**files):
        for name, text in files.items():
            (project / name.replace("__", "/").replace("_", ".")).parent.mkdir(exist_ok=True)
            (project / name.replace("__", "/").replace("_", ".")).write_text(text)
        git("add", ".", cwd=project)
        git("commit", "-qm", "a state", cwd=project)

    return commit


@pytest.mark.slow
def test_code_that_changed_where_the_run_imported_nothing_is_said_to_be_that(ask, script, project, committed):
    """A repository that people work in: its fingerprint is another one each hour."""
    committed(config_yaml="a: 1\n")
    subprocess.run([*script, "0.1"], check=True)
    committed(serve_py="print('another program')\n", README_md="# Notes\n", docs__use_md="x")
    ask("runs")
    line = at_start(script, "0.1")
    assert "tried before: 1 run with the same parameters," in line
    assert (
        "; since then only Python that was not imported, or texts about the project changed; gnomon" in line
    )
    answer = ask("tried", "lr=0.1", "depth=3", "--code", "here")
    assert "equal in what was asked; code differs, only in Python that was not imported" in answer.out
    (project / "model.py").write_text("depth = 44\n")
    assert "differs in code (" in ask("tried", "lr=0.1", "depth=3", "--code", "here").out
    assert not at_start(script, "0.1")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.yaml", "prompt.md", "colorsys.py"])
def test_a_file_that_it_may_read_or_that_takes_the_place_of_another_is_other_code(
    ask, script, project, committed, name
):
    committed(config_yaml="a: 1\n", prompt_md="Say yes.")
    (project / "train.py").write_text("import colorsys\n" + SCRIPT)
    subprocess.run([*script, "0.1"], check=True)
    ask("runs")
    before = (project / name).read_text() if (project / name).exists() else ""
    (project / name).write_text(before + "# changed\n")
    if name != "colorsys.py":  # what is imported is known only where the run starts
        assert "differs in code (" in ask("tried", "lr=0.1", "depth=3", "--code", "here").out
    assert not at_start(script, "0.1")


@pytest.mark.slow
def test_an_edit_a_run_a_commit_and_a_run_are_two_runs_of_one_code(ask, script, project, committed):
    committed()
    (project / "model.py").write_text("depth = 33\n")
    (project / "late.py").write_text("new = 1\n")
    subprocess.run([*script, "0.1"], check=True)
    committed()
    ask("runs")
    assert "tried before: 1 run with the same parameters and code, best auc" in at_start(script, "0.1")
    ask("runs")
    assert "code differs" not in ask("tried", "--run", "@1").out


@pytest.mark.slow
def test_a_new_seed_of_what_was_tried_is_no_second_try(ask, script, project):
    for seed in ("1", "2"):
        subprocess.run([*script, "0.1", seed], check=True)
    ask("runs")
    (line,) = [line for line in in_terminal([*script, "0.1", "3"]).splitlines() if "best auc" in line]
    assert line.startswith(
        "gnomon: seed 3 is new: 2 runs with the same parameters and code (seeds 1, 2), best auc 0.9"
    )
    (line,) = [line for line in in_terminal([*script, "0.1", "2"]).splitlines() if "best auc" in line]
    assert line.startswith("gnomon: tried before: 3 runs with the same parameters and code, best auc")


@pytest.mark.slow
def test_other_packages_are_not_passed_over(ask, script, project, tmp_path):
    """The line says the same parameters and code; whoever reads it takes the rest for the same, too."""

    def have(version):
        for old in tmp_path.glob("lib/*.dist-info"):
            old.rename(tmp_path / f"{version}-{old.name}.gone")
        info = tmp_path / "lib" / f"tinydep-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinydep\nVersion: {version}\n")

    (project / ".gitignore").write_text(".gnomon/\n__pycache__/\n")
    path = os.pathsep.join([str(tmp_path / "lib"), *filter(None, [os.environ.get("PYTHONPATH")])])
    have("1.0")
    subprocess.run([*script, "0.1"], check=True, env={**os.environ, "PYTHONPATH": path})
    ask("runs")
    assert "other packages" not in in_terminal([*script, "0.1"], PYTHONPATH=path)
    have("2.0")
    said = in_terminal([*script, "0.1"], PYTHONPATH=path)
    assert "2 runs with the same parameters and code" in said
    assert "; with other packages: tinydep (1.0 → 2.0); gnomon tried" in said
    assert "other packages" not in in_terminal([*script, "0.1"], PYTHONPATH=path)  # one of them had these


@pytest.mark.slow
def test_gnomon_run_says_it_aside_from_the_command(start, script, project):
    (project / "work.sh").write_text(
        "echo begun; for i in $(seq ${TENTHS:-0}); do if grep -q tried ../said; then break; fi; sleep 0.1; done; echo done\n"
    )
    start("run", "--", "sh", "work.sh", "--lr", "0.1")

    def said(*options, tenths=300, **env):
        with open(project.parent / "said", "wb") as file:
            words = [sys.executable, "-m", "gnomon", "run", *options, "--", "sh", "work.sh", "--lr", "0.12"]
            env = {**os.environ, "GNOMON_CAPTURE": "on", "TENTHS": str(tenths), **env}
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=file, env=env, check=True)
        assert done.stdout == b"begun\ndone\n"
        return (project.parent / "said").read_text()

    (line,) = [line for line in said().splitlines() if "tried before" in line]
    assert line.startswith("gnomon: nearly tried before: 1 run with lr=0.1 (now 0.12)")
    assert "gnomon: tried before: 1 run with the same command and code" in said()
    assert "tried before" not in said(tenths=20, **{VARIABLE: "off"})
    assert said("--quiet", tenths=20) == ""


@pytest.mark.slow
def test_a_damaged_index_stops_no_training_and_is_not_mended_in_one(ask, script, project, tmp_path):
    subprocess.run([*script, "0.1"], check=True)
    ask("runs")
    close_all()
    (index,) = (tmp_path / "cache").rglob("index.sqlite")
    index.write_bytes(b"nonsense" * 1000)
    began = time.time()
    assert "tried before: 1 run" in in_terminal([*script, "0.1"])  # it is mended beside it
    assert not index.read_bytes().startswith(b"nonsense") and time.time() - began < 60


@pytest.mark.slow
def test_a_training_that_ends_before_the_answer_waits_for_none(script, project):
    """Whoever takes the index in at its side is ended with it, and says nothing after it."""
    subprocess.run([*script, "0.1"], check=True)
    quick = (project / "train.py").read_text().replace("thread.join(50)", "pass")
    (project / "train.py").write_text(quick)
    assert "tried before" not in in_terminal([*script, "0.1"])
    deadline = time.time() + 10
    while time.time() < deadline and (left := _beside(project)):
        time.sleep(0.1)
    assert not left


def _beside(project):
    """The processes that look up what was tried for a training in this project."""
    found = []
    for one in psutil.process_iter(["cmdline", "cwd"]):
        if "gnomon.runs.tried.elsewhere" in (one.info["cmdline"] or ()) and one.info["cwd"] == str(project):
            found.append(one.pid)
    return found
