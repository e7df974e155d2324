"""The command itself: finding commands, exit codes, what is said where."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

import gnomon
from gnomon.cli import commands
from gnomon.cli import main as main_module
from gnomon.errors import NotStoredError


def test_help_lists_every_command_in_plain_words(ask):
    for words in (["--help"], ["-h"], ["help"]):
        answer = ask(*words)
        assert (answer.code, answer.err) == (0, "")
        for name, listed in (pair for group in commands.GROUPS.values() for pair in group.items()):
            assert f"\n  {name} " in answer.out
            assert listed.help in " ".join(answer.out.split())
        assert "examples:" in answer.out


def test_no_command_is_answered_with_help_as_talk(ask):
    answer = ask()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("usage: gnomon")


@pytest.mark.parametrize("name", sorted(commands.built_in()))
def test_help_of_a_command(ask, name):
    asked = ask(*name.split(), "--help")
    assert asked.code == 0
    assert asked.out.startswith(f"usage: gnomon {name}")
    assert ask("help", *name.split()).out == asked.out
    assert max(map(len, asked.lines)) <= 110


def test_version(ask):
    answer = ask("--version")
    assert answer.code == 0
    assert answer.out.startswith(f"gnomon {gnomon.__version__} (Python {sys.version_info.major}.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rusn"], "error: there is no command `rusn` (GN100)\nhint: did you mean `run` or `runs`?\n"),
        (["xyzzy"], "error: there is no command `xyzzy` (GN100)\nhint: `gnomon --help` lists all commands\n"),
        (
            ["help", "xyzzy"],
            "error: there is no command `xyzzy` (GN100)\nhint: `gnomon --help` lists all commands\n",
        ),
        (
            ["--recrod", "x"],
            "error: `gnomon` has no option `--recrod` (GN100)\nhint: did you mean `--record`?\n",
        ),
        (["-C"], "error: `-C` needs a path (GN100)\nhint: for instance `gnomon --record project runs`\n"),
        (["show"], "error: `gnomon show` needs RUN (GN100)\nhint: see `gnomon show --help`\n"),
        (
            ["runs", "extra"],
            "error: `gnomon runs` takes no further argument; got `extra` (GN100)\nhint: see `gnomon runs --help`\n",
        ),
        (
            ["\x1b[31m"],
            "error: there is no command `\\x1b[31m` (GN100)\nhint: `gnomon --help` lists all commands\n",
        ),
    ],
)
def test_a_wrong_command_ends_with_2_and_says_what_is_wrong(ask, words, said):
    answer = ask(*words)
    assert answer == (2, "", said)


def test_without_a_record_the_way_to_one_is_shown(ask, project):
    for words in (["runs"], ["show", "4f1d"], ["verify"]):
        answer = ask(*words)
        assert (answer.code, answer.out) == (2, "")
        assert f"there is no record at `{project}/.gnomon` (GN107)" in answer.err
        assert "`gnomon init`" in answer.err


def test_a_record_of_a_newer_format_ends_with_3(ask, project):
    (project / ".gnomon").mkdir()
    (project / ".gnomon/record.toml").write_text('format = 2\nrecord = "00"\nname = "x"\n')
    answer = ask("runs")
    assert (answer.code, answer.out) == (3, "")
    assert "has format 2; this Gnomon reads format 1 (GN201)" in answer.err


class Raising:
    """A command that fails in a way of its own."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __call__(self, parser):
        """Fail."""

        def run(arguments, terminal):
            terminal.write("half of it")
            raise self.error

        return run


@pytest.fixture
def failing(monkeypatch):
    def make(error: BaseException) -> None:
        monkeypatch.setattr(main_module, "declaration", lambda name: Raising(error))

    return make


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NotStoredError("the disk took no more"), 1, "error: the disk took no more (GN301)\n"),
        (PermissionError(13, "Permission denied", "/x/\x1by"), 1, "error: `/x/\\x1by`: Permission denied\n"),
        (OSError("odd"), 1, "error: the system refused: odd\n"),
        (MemoryError(), 1, "error: there is not enough memory for this\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_codes_of_what_can_go_wrong(ask, failing, error, code, said):
    failing(error)
    answer = ask("runs")
    assert (answer.code, answer.out) == (code, "half of it\n")
    assert answer.err.startswith(said)


def test_a_bug_shows_its_trace_cleaned_and_ends_with_1(ask, failing):
    failing(ValueError("\x1b[31mboom"))
    answer = ask("runs")
    assert answer.code == 1
    assert "Traceback (most recent call last)" in answer.err
    assert "ValueError: \\x1b[31mboom" in answer.err
    assert answer.err.splitlines()[-2] == "error: Gnomon has a bug: ValueError"


def test_messages_of_several_lines_keep_them(ask, failing):
    failing(gnomon.GnomonError("one\n  two", hint="three\nfour"))
    assert ask("runs").err == "error: one\n  two (GN000)\nhint: three\n      four\n"


@pytest.mark.parametrize("words", [["-m", "gnomon"], ["-m", "gnomon.cli.main"]])
def test_it_can_be_run_as_a_module(words, project):
    done = subprocess.run([sys.executable, *words, "new-id"], capture_output=True, text=True, check=True)
    assert len(done.stdout.strip()) == 20
    assert done.stderr == ""


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it_quietly(start, project):
    script = f"{sys.executable} -m gnomon --help | head -c 5; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=project)
    assert done.stderr == ""
    assert done.stdout in ("usage0\n", "usage141\n"), "0 where the pipe took all before `head` left"


@pytest.mark.slow
def test_a_reader_that_left_before_ends_it_quietly(project):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", "--help"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_an_output_that_is_full_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the system refused: [Errno 28]")
    assert "Traceback" not in done.stderr


def test_an_interrupt_ends_it_with_130(project):
    script = (
        "import sys, time\n"
        "from gnomon.cli import main\n"
        "def run(*rest):\n"
        "    print('up', flush=True)\n"
        "    while True: time.sleep(0.05)\n"  # short: a signal just before a sleep does not cut it short
        "main.declaration = lambda name: lambda parser: run\n"
        "sys.exit(main.main(['runs']))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (130, "interrupted\n")


def test_only_what_a_command_needs_is_imported(start):
    script = (
        "import sys\nfrom gnomon.cli.main import main\nmain(['runs', '--help'])\n"
        "heavy = {'numpy', 'duckdb', 'arro3', 'nacl', 'inspect', 'dataclasses', 'asyncio', 'rich', 'shutil'}\n"
        "before = set(sys.argv[1:])\nprint(sorted(heavy & set(sys.modules) - before), file=sys.stderr)\n"
    )
    already = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    done = subprocess.run(
        [sys.executable, "-c", script, *already], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


PLUGIN = '''
from gnomon.record.kinds import Feature

def greet(parser):
    """Say hello.

    To someone.
    """
    parser.option("who", metavar="WHO", help="whom to greet")
    parser.example("gnomon greet you", "hello")
    def run(arguments, terminal):
        terminal.write(f"hello {terminal.clean(arguments.who)}")
        return 7
    return run

FEATURE = Feature("greeting", fold=lambda live: None, kinds={"greeting.said": "hello"}, commands={"greet": "plug_in:greet"})
'''


@pytest.mark.slow
def test_a_plug_in_adds_a_command(tmp_path, start):
    packages = tmp_path / "packages"
    (packages / "plug_in-1.dist-info").mkdir(parents=True)
    (packages / "plug_in.py").write_text(PLUGIN)
    (packages / "plug_in-1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: plug-in\nVersion: 1\n"
    )
    (packages / "plug_in-1.dist-info/entry_points.txt").write_text(
        "[gnomon.features]\ngreeting = plug_in:FEATURE\n"
    )
    env = {"PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(packages)])}
    assert start("greet", "\x1b[1m", env=env) == (7, "hello \\x1b[1m\n", "")
    assert "Plug-ins:\n  greet       from plug_in\n" in start("--help", env=env).out
    assert start("greet", "--help", env=env).out.startswith(
        "usage: gnomon greet WHO [options]\n\nSay hello.\n\nTo someone."
    )
    assert start("__complete", "words", "gre", env=env).out == "greet\n"
    assert start("gret", env=env).code == 2


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("list", "`gnomon runs`"),
        ("ls", "`gnomon runs`"),
        ("delete", "`gnomon rm`"),
        ("diff", "compare"),
    ],
)
def test_what_other_tools_call_a_command_leads_to_ours(ask, word, said):
    answer = ask(word)
    assert answer.code == 2 and f"there is no command `{word}`" in answer.err and said in answer.err


def test_hints_for_words_of_other_tools_name_commands_that_exist():
    from gnomon.cli.commands import CALLED_ELSEWHERE, built_in

    assert not set(CALLED_ELSEWHERE) & set(built_in())
    for hint in CALLED_ELSEWHERE.values():
        named = re.findall(r"`gnomon ([a-z-]+)", hint)
        assert named and set(named) <= set(built_in())


def test_a_run_that_is_called_like_an_option_can_be_named_after_two_dashes(ask, project):
    with gnomon.run("--weird"):
        pass
    assert "--weird" in ask("show", "--", "--weird").lines[0]
    assert ask("rename", "--", "--weird", "-n").code == 0
    assert "-n" in ask("show", "--json", "--", "-n").json()["name"]
    answer = ask("runs", "--", "--all")
    assert answer.code == 2 and "`--all`" in answer.err
