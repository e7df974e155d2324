"""Completion: the answers, and the scripts in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

import gnomon
from gnomon.cli.complete import is_plain, split
from gnomon.cli.shells import SCRIPTS


@pytest.fixture
def offered(ask):
    """Return what is offered for the last of these words, without what it is."""

    def offer(*words: str) -> list[str]:
        answer = ask("__complete", "words", *words)
        assert (answer.code, answer.err) == (0, "")
        return [line.split("\t")[0] for line in answer.lines]

    return offer


def test_commands_and_options(offered):
    assert offered("ver") == ["verify"]
    assert offered("ren") == ["rename"]
    assert {"rename", "restore", "reach"} <= set(offered("re"))
    assert {"runs", "show", "verify"} <= set(offered(""))
    assert "__complete" not in offered("")
    assert offered("--v") == ["--version"]
    assert offered("help", "sh") == ["show"]
    assert offered("help", "show", "") == []
    assert "--where" in offered("runs", "--")
    assert offered("runs", "--js") == ["--json"]
    assert offered("-C", "x", "ver") == ["verify"]
    assert offered("completion", "") == ["bash", "fish", "zsh"]
    assert offered("nonsense", "") == []


def test_commands_of_two_words_and_versions_of_data(offered, project):
    assert offered("da") == ["data"]
    assert offered("data", "s") == ["status", "show"]
    assert "--gitignore" in offered("data", "add", "--")
    assert offered("data", "add", "") == [":files"]
    assert offered("data", "show", "") == [], "no record here"
    (project / "credit").write_text("x")
    gnomon.add_data("credit", pointer=False)
    assert offered("data", "show", "cr") == ["credit"]
    assert offered("data", "show", "credit@") == ["credit@v1"]
    assert offered("data", "log", "") == ["credit"]


def test_paths_are_left_to_the_shell(offered):
    assert offered("-C", "") == [":folders"]
    assert offered("runs", "--record", "x") == [":folders"]
    assert offered("runs", "--record=x") == [":folders"]
    assert offered("get", "4f1d", "model", "--to", "") == [":files"]


def test_without_a_record_the_fields_of_all_runs_are_offered_and_nothing_is_said(offered):
    assert offered("runs", "--sort", "cre") == ["created"]
    assert offered("runs", "--sort=cre") == ["--sort=created"]
    assert offered("runs", "--columns", "name,see") == ["name,seed"]
    assert offered("show", "") == []


def test_runs_columns_series_and_tags_of_the_record(offered, ask, three_runs, project):
    newest = three_runs[-1]
    assert set(offered("show", "")) == {run[:8] for run in three_runs}
    assert offered("show", newest[:4]) == [newest[:8]]
    assert offered("show", newest[:12]) == [newest[:12]]
    assert newest[:8] not in offered("rm", newest[:8], "")
    assert offered("restore", "") == []
    assert offered("runs", "--sort", "metrics.l") == ["metrics.loss"]
    assert offered("runs", "--sort", "-metrics.l") == ["-metrics.loss"]
    assert offered("runs", "--columns", "name,metrics.") == ["name,metrics.auc", "name,metrics.loss"]
    assert offered("show", newest, "--metric", "") == ["auc", "loss"]
    ask("tag", newest, "good", "two words")
    assert offered("tag", newest, "--remove", "") == ["good"], "what needs quotes is not offered"
    ask("rm", newest)
    assert offered("restore", "") == [newest[:8]]
    elsewhere = offered("-C", str(project), "show", "")
    assert set(elsewhere) == {run[:8] for run in three_runs[:2]}
    described = ask("__complete", "words", "show", three_runs[0][:8]).out
    assert described == f"{three_runs[0][:8]}\tline-1 finished\n"


def test_where_a_metric_or_a_group_may_stand_both_are_offered(offered, project):
    shown = set()
    for seed in (1, 2):
        with gnomon.run("line", seed=seed, group="line") as run:
            run.log({"loss": 1.0, "auc": 0.5}, step=1)
        shown.add(run.id[:8])
    assert offered("plot", "")[:2] == ["auc", "loss"] and set(offered("plot", "")[2:]) == shown
    assert offered("plot", "l") == ["loss"]
    assert offered("plot", "loss", "l") == [], "what is given is not offered again"
    assert offered("plot", "--metric", "a") == ["auc"]
    assert set(offered("compare", "")) == {*shown, "line"}
    assert offered("compare", "--groups", "") == ["auc", "loss"]
    assert offered("compare", "--metric", "lo") == ["loss"]
    assert offered("compare", "--groups", "loss", "--baseline", "") == ["line"]
    assert offered("sql", "") == [] and offered("search", "") == []
    assert offered("export", "--to", "") == [":files"]
    assert set(offered("export", "--to", "x", "")) == shown


def test_whatever_goes_wrong_the_shell_hears_nothing(ask, project):
    (project / ".gnomon").mkdir()
    (project / ".gnomon/record.toml").write_text("nonsense")
    for words in (["show", ""], ["runs", "--sort", "metrics."], ["get", "x", ""]):
        answer = ask("__complete", "words", *words)
        assert (answer.code, answer.err) == (0, "")
    assert ask("__complete").code == 0
    assert ask("__complete", "line").code == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gnomon ru", ["gnomon", "ru"]),
        ("gnomon runs ", ["gnomon", "runs", ""]),
        ('gnomon runs --where "a b', ["gnomon", "runs", "--where", "a b"]),
        ("gnomon note 'it'\"'s\" x\\ y", ["gnomon", "note", "it's", "x y"]),
        ("gnomon '' ", ["gnomon", "", ""]),
        ("a\\", ["a"]),
        ("", [""]),
    ],
)
def test_the_beginning_of_a_line_is_split_as_a_shell_does(line, words):
    assert split(line) == words


def test_what_a_shell_would_expand_is_not_offered():
    assert is_plain("metrics.selection_rate/Male")
    assert is_plain("größe")
    for hostile in (
        "$(rm -rf)",
        "`x`",
        "a b",
        "a;b",
        "a\nb",
        "a\x1b",
        "*",
        "~x",
        "a'b",
        'a"b',
        "",
        "a\\b",
        "!x",
        "#x",
    ):
        assert not is_plain(hostile)


# --- in the shells

TRY_BASH = r"""
eval "$(gnomon completion bash)"
offered() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    # as readline breaks words: at blanks, and at `=` and `:`
    read -ra COMP_WORDS <<< "$(sed 's/[=:]/ & /g' <<< "$1")"
    [[ $1 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    compopt() { COMPREPLY+=("compopt:$2"); }
    _gnomon_complete
    echo "${COMPREPLY[*]}"
}
complete -p gnomon
"""
TRY_ZSH = r"""
compdef() { : }
_describe() { echo "${(@P)@[-1]%%:*}" }
_files() { echo "files $*" }
eval "$(gnomon completion zsh)"
offered() { words=(${(z)1}); [[ $1 == *" " ]] && words+=(""); CURRENT=${#words}; _gnomon; [[ -n $found ]] || echo }
"""
TRY_FISH = r"""
gnomon completion fish | source
function offered; complete -C "$argv[1]" | string split -f1 \t | string join ' '; true; end
"""


@pytest.fixture
def in_shell(tmp_path, project):
    """Run a script in a shell in which `gnomon` is this one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "gnomon"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gnomon "$@"\n')
    command.chmod(0o755)

    def run(words: list[str]) -> str:
        path = os.pathsep.join([str(folder), os.environ["PATH"]])
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=project, timeout=60, check=False,
            env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout

    return run


LINES = [
    "gnomon ver",
    "gnomon runs --sort metrics.l",
    "gnomon runs --sort=metrics.l",
    "gnomon completion ",
    "gnomon show zz",
]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash(in_shell, three_runs):
    script = TRY_BASH + "".join(f"offered '{line}'\n" for line in [*LINES, "gnomon get a b --to "])
    first, *shown = in_shell(["bash", "--norc", "-c", script]).splitlines()
    assert first.endswith("-F _gnomon_complete gnomon")
    assert shown == ["verify", "metrics.loss", "metrics.loss", "bash fish zsh", "", "compopt:default"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh(in_shell, three_runs):
    script = TRY_ZSH + "".join(f"offered '{line}'\n" for line in [*LINES, "gnomon get a b --to "])
    shown = in_shell(["zsh", "-f", "-c", script]).split("\n")
    assert "verify" in shown
    assert "metrics.loss" in shown
    assert "--sort=metrics.loss" in shown
    assert "bash fish zsh" in shown
    assert any(line.startswith("files") for line in shown)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(in_shell, three_runs):
    script = TRY_FISH + "".join(f"offered '{line}'\n" for line in LINES)
    shown = in_shell(["fish", "--no-config", "-c", script]).splitlines()
    assert shown == ["verify", "metrics.loss", "--sort=metrics.loss", "bash fish zsh"]


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_the_scripts_are_printed_as_they_are(ask, shell):
    answer = ask("completion", shell)
    assert answer == (0, SCRIPTS[shell], "")
    assert answer.out.isascii()


def test_another_shell_is_refused(ask):
    answer = ask("completion", "ksh")
    assert answer.code == 2
    assert "must be one of bash, fish, zsh; got `ksh`" in answer.err
