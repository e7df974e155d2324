"""`gnomon run --watch-files`: what a command reads and writes, by digest; and what was not heard, honestly."""

from __future__ import annotations

import builtins
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

import gnomon
from gnomon.runs.capture.watch import hearsay, listener, watching

pytestmark = pytest.mark.slow  # each starts a few processes


@pytest.fixture
def watched(project):
    """Run a script with `--watch-files`, and return the run's view."""

    def run(script: str, *, words: list[str] | None = None, env: dict | None = None):
        (project / "train.py").write_text(script)
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "run", "--watch-files", "--", *(words or [sys.executable, "train.py"])],
            capture_output=True, text=True, cwd=project, env={**os.environ, **(env or {})}, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found = gnomon.open().run("@1")
        found.said = done.stderr
        return found

    return run


def inputs(run) -> dict[str, str | None]:
    return {use.name: use.label or use.object or use.note for use in run.uses}


def outputs(run) -> dict[str, str | None]:
    return {file["name"]: file["object"] for one in run.watched for file in one["wrote"]}


def digest(path: Path) -> str:
    return blake3(path.read_bytes()).hexdigest()


def test_what_is_read_and_written_is_recorded_by_digest(watched, project):
    (project / "raw.csv").write_text("a,b\n1,2\n")
    run = watched(
        "import os, pathlib\n"
        "text = open('raw.csv').read()\n"
        "pathlib.Path('sub').mkdir()\n"
        "pathlib.Path('sub/out.txt').write_text(text * 2)\n"
        "open('half.tmp', 'w').write('x'); os.replace('half.tmp', 'whole.txt')\n"
        "open('sub/out.txt').read(); open('gone.txt', 'w').close(); os.remove('gone.txt')\n"
        "try: open('missing.txt')\nexcept FileNotFoundError: pass\n"
    )
    assert inputs(run) == {"raw.csv": digest(project / "raw.csv")}
    assert outputs(run) == {
        "sub/out.txt": digest(project / "sub" / "out.txt"), "whole.txt": digest(project / "whole.txt")
    }  # fmt: skip
    assert run.watched[0]["not_heard"] == []
    assert run.record.replica.index.columns("run", ["inputs"])["inputs"] == ["watched"]
    assert "read raw.csv; wrote sub/out.txt, whole.txt; hashed" in run.said
    assert {node.label for node in gnomon.open().lineage("@1").nodes()} >= {"raw.csv", "whole.txt"}


def test_bytes_of_a_known_version_are_that_version(watched, project):
    (project / "credit.csv").write_text("a\n1\n")
    gnomon.add_data("credit.csv", name="credit")
    (project / "copy.csv").write_text("a\n1\n")
    folder = project / "images"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(str(number))
    gnomon.add_data("images", name="images")
    (folder / "4.txt").write_text("another")
    run = watched("open('copy.csv').read(); [open(f'images/{n}.txt').read() for n in (0, 1, 4)]")
    assert inputs(run) == {
        "credit": "credit@v1",
        "images": "images@v1",
        "images/4.txt": digest(folder / "4.txt"),
    }
    (images,) = [use for use in run.uses if use.name == "images"]
    assert images.note == "2 of its 5 files were read"


def test_a_file_that_changes_after_it_was_opened_has_no_digest(watched, project):
    (project / "state.txt").write_text("before")
    run = watched("text = open('state.txt').read(); open('state.txt', 'w').write('after')")
    assert inputs(run) == {"state.txt": hearsay.CHANGED}
    assert outputs(run) == {"state.txt": digest(project / "state.txt")}
    assert run.record.replica.index.columns("run", ["inputs"])["inputs"] == ["not pinned"]


def test_secrets_are_neither_read_nor_named(watched, project):
    (project / ".env").write_text("PASSWORD=hunter2hunter2")
    (project / "id_rsa").write_text("key")
    run = watched("open('.env').read(); open('id_rsa').read(); open('secrets.json', 'w').write('{}')")
    assert inputs(run) == outputs(run) == {}
    assert run.watched[0]["left_out"] == {"files whose name says that they hold a secret": 3}
    for path in (project / ".gnomon").rglob("*"):
        if path.is_file():
            assert b"id_rsa" not in path.read_bytes() and b"secrets.json" not in path.read_bytes()


def test_what_belongs_to_the_environment_is_no_input(watched, project, tmp_path):
    (project / "helper.py").write_text("x = 1")
    (project / ".git").mkdir()
    (project / ".git" / "config").write_text("x")
    (tmp_path / "elsewhere.csv").write_text("x")
    run = watched(
        "import json, helper, tempfile\n"
        f"open('.git/config').read(); open({str(tmp_path / 'elsewhere.csv')!r}).read()\n"
        "open(json.__file__).read(); open('/proc/self/status').read(); open('helper.py').read()\n"
        "tempfile.TemporaryFile().write(b'x')\n"
    )
    assert inputs(run) == outputs(run) == {}
    assert run.watched[0]["left_out"] == {
        "files of caches and environments": 1, "files of caches, of the system and temporary ones": 1
    }  # fmt: skip


def test_processes_that_the_command_starts_are_heard_where_they_are_python(watched, project):
    for name in "abcd":
        (project / name).write_text(name)
    run = watched(
        "import subprocess, sys, os, multiprocessing\n"
        "open('a').read()\n"
        "subprocess.run([sys.executable, '-c', \"open('b').read()\"])\n"
        "pid = os.fork()\n"
        "if not pid: open('c').read(); os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "subprocess.run(['cat', 'd'], stdout=subprocess.DEVNULL); subprocess.run(['uname'], stdout=subprocess.DEVNULL)\n"
    )
    assert set(inputs(run)) == {"a", "b", "c"}
    assert run.watched[0]["not_heard"] == ["`cat`, a program that it started"]
    assert "not heard: `cat`, a program that it started" in run.said


def test_a_command_that_is_no_python_says_what_was_not_heard(watched, project):
    (project / "a").write_text("a")
    run = watched("open('a').read()", words=["sh", "-c", f"{sys.executable} train.py"])
    assert set(inputs(run)) == {"a"}
    assert run.watched[0]["not_heard"] == ["`sh` itself, which is no Python"]
    run = watched("", words=["cat", "a"])
    assert run.watched[0]["not_heard"] == ["anything: no Python that can be listened to was started"]
    run = watched("open('a').read()", words=[sys.executable, "-I", "train.py"])
    assert run.watched[0]["not_heard"] == ["anything: no Python that can be listened to was started"]


READERS = {
    "polars": ("p.read_csv('a.csv'); p.scan_csv('b*.csv').collect().write_parquet('o')", "a b1 b2", "o"),
    "pandas": ("p.read_csv('a.csv').to_parquet('o'); p.read_parquet('o')", "a", "o"),
    "duckdb": (
        """p.sql("select * from 'a.csv'").fetchall()
p.connect().execute("copy (select * from read_csv('b1.csv')) to 'o'")""",
        "a b1",
        "o",
    ),
    "pyarrow": (
        "import pyarrow.csv as c, pyarrow.parquet as q; q.write_table(c.read_csv('a.csv'), 'o'); q.read_table('o')",
        "a",
        "o",
    ),
    "numpy": ("p.save('o.npy', p.loadtxt('a.csv', delimiter=',')); p.fromfile('b1.csv')", "a b1", "o.npy"),
    "sqlite3": (
        "c = p.connect('o'); c.execute('create table t (x)'); c.commit(); open('a.csv').read()",
        "a",
        "o",
    ),
}
"""Of each library: a script, in which it is called `p`; what it reads; what it writes."""


@pytest.mark.parametrize("library", READERS)
def test_readers_that_open_files_in_c_or_rust_are_heard(watched, project, library):
    script, read, wrote = READERS[library]
    pytest.importorskip(library)
    for number, name in enumerate(("a", "b1", "b2")):
        (project / f"{name}.csv").write_text(f"7,8\n{number},3\n")
    run = watched(f"import {library} as p\n{script}")
    assert set(inputs(run)) == {f"{name}.csv" for name in read.split()}
    assert set(outputs(run)) == {wrote}
    assert run.watched[0]["not_heard"] == []


def test_a_library_that_cannot_be_heard_is_named(watched, project):
    (project / "xgboost.py").write_text("")
    run = watched("import xgboost")
    assert run.watched[0]["not_heard"] == ["what XGBoost opens itself"]
    assert run.record.replica.index.columns("run", ["inputs"])["inputs"] == ["watched in part"]


def test_very_many_files_of_a_folder_are_one_input(watched, project):
    (project / "many").mkdir()
    for number in range(30):
        (project / "many" / f"{number}.txt").write_text(str(number))
    run = watched("import glob; [open(path).read() for path in glob.glob('many/*')]")
    (use,) = run.uses
    assert (use.name, use.files, use.label) == ("many/", 30, None)
    gnomon.add_data("many", name="many")
    assert gnomon.open().data("many").object == use.object, "the same name that a version of the folder gets"
    assert "many@v1" in [node.label for node in gnomon.open().lineage("@1", up=True).nodes()]


def test_the_environments_own_sitecustomize_runs_as_it_did(watched, project):
    (project / "site").mkdir()
    (project / "site" / "sitecustomize.py").write_text("import sys; sys.own_site = __file__")
    (project / "a").write_text("a")
    path = f"{project / 'site'}{os.pathsep}{os.environ['PYTHONPATH']}"
    run = watched(
        "import sys, os; assert sys.own_site.endswith('site/sitecustomize.py'); open('a').read()\n"
        "assert not any('injected' in one for one in sys.path), sys.path\n"
        "assert sys.modules['sitecustomize'].__file__ == sys.own_site",
        env={"PYTHONPATH": path},
    )
    assert set(inputs(run)) == {"a"}


def test_odd_names_and_secrets_in_names_are_recorded_as_what_they_may_be(watched, project):
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2"
    (project / f"of-{token}.csv").write_text("x")
    (project / "größe.csv").write_text("y")
    run = watched(
        "import glob, os; [open(path).read() for path in glob.glob('*.csv')]\n"
        "os.write(os.open(b'bin\\xff.txt', os.O_CREAT | os.O_WRONLY), b'z'); open('two\\nlines', 'w').write('w')"
    )
    assert sorted(inputs(run)) == ["größe.csv", "of-[withheld: github-token].csv"]
    assert set(outputs(run)) == {"bin\\xff.txt", "two\nlines"}
    assert not any(
        token.encode() in path.read_bytes() for path in (project / ".gnomon").rglob("*") if path.is_file()
    )


def test_a_file_that_was_only_read_is_no_column_of_the_table(watched, project):
    """Else seeds of one configuration would be no group any more, for a file that one of them happened to open."""
    (project / "credit.csv").write_text("a")
    gnomon.add_data("credit.csv", name="credit")
    (project / "other.txt").write_text("b")
    run = watched("open('credit.csv').read(); open('other.txt').read()")
    assert set(inputs(run)) == {"credit", "other.txt"}
    assert [key for key in gnomon.open().column_keys() if key.startswith("data.")] == ["data.credit"]


def test_without_room_for_what_is_heard_the_command_runs_all_the_same(project, monkeypatch, capfd):
    """In a process of its own, whose temporary folder cannot be made."""
    script = (
        "import sys, tempfile\n"
        "from gnomon.cli.main import main\n"
        "make = tempfile.mkdtemp\n"
        "def refuse(*args, prefix='', **named):\n"
        "    if 'watch' in prefix: raise OSError(28, 'No space left on device')\n"
        "    return make(*args, prefix=prefix, **named)\n"
        "tempfile.mkdtemp = refuse\n"
        "sys.exit(main(['run', '--watch-files', '--', sys.executable, '-c', 'print(\\'done\\')']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=project, check=False
    )
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert "files cannot be watched: [Errno 28] No space left on device" in done.stderr
    assert gnomon.open().run("@1").watched == []


def test_a_command_that_fails_is_recorded_with_its_own_exit_code(project):
    (project / "a").write_text("a")
    (project / "train.py").write_text("open('a').read(); open('b', 'w').write('b'); raise SystemExit(3)")
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", "run", "--watch-files", "--", sys.executable, "train.py"], cwd=project, check=False
    )  # fmt: skip
    run = gnomon.open().run("@1")
    assert (done.returncode, run.status, set(inputs(run)), set(outputs(run))) == (3, "failed", {"a"}, {"b"})


def test_what_was_killed_is_heard_up_to_its_death(watched, project):
    (project / "a").write_text("a")
    run = watched(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"import os; open('a').read(); os.kill(os.getpid(), 9)\"])"
    )
    assert set(inputs(run)) == {"a"}


def test_nothing_is_left_behind(watched, project, tmp_path):
    (tmp_path / "tmp").mkdir()
    watched("open('x', 'w').write('x')", env={"TMPDIR": str(tmp_path / "tmp")})
    assert list((tmp_path / "tmp").iterdir()) == []


# ---------------------------------------------------------------- in this process


def test_a_run_hears_its_own_process_from_its_start_to_its_end(project):
    (project / "a").write_text("a")
    (project / "before").write_text("b")
    Path("before").read_text()
    plain = builtins.open, io.open, os.open, os.replace
    with gnomon.run("own", watch_files=True) as run:
        Path("a").read_text()
        Path("out").write_text("out")
        os.close(os.open("low", os.O_WRONLY | os.O_CREAT))
    assert (builtins.open, io.open, os.open, os.replace) == plain
    Path("before").read_text()
    found = gnomon.open().run(run.id)
    assert set(inputs(found)) == {"a"} and set(outputs(found)) == {"out", "low"}
    assert found.watched[0]["is_of_command"] is False


def test_what_stands_for_open_is_in_nobodys_way(tmp_path):
    """It is no function, which would become a method in a class; it passes on all arguments, results and errors."""
    heard = listener.Listener(str(tmp_path))
    heard.start()
    try:

        class Keeps:
            opener = open

        (tmp_path / "a").write_text("text")
        with Keeps().opener(tmp_path / "a", encoding="utf-8") as file:
            assert file.read() == "text"
        with pytest.raises(FileNotFoundError):
            open(tmp_path / "none")  # noqa: SIM115
        with pytest.raises(TypeError):
            open()  # noqa: SIM115
        with pytest.raises(ValueError, match="mode"):
            open(tmp_path / "a", "q")  # noqa: SIM115
        fd = os.open(tmp_path / "a", os.O_RDONLY)
        with open(fd) as file:
            assert file.read() == "text"
        assert repr(open) == "<built-in function open>"
        import pickle

        assert pickle.loads(pickle.dumps(open)) is open
    finally:
        heard.stop()


def test_only_the_first_opening_of_a_file_is_written_down(tmp_path, project):
    heard = listener.Listener(str(tmp_path))
    (project / "data.txt").write_text("x")
    for _ in range(1000):
        heard.note(listener.READ, __file__)  # the code is none
        heard.note(listener.READ, "data.txt")
        heard.note(listener.WROTE, "x")
    (report,) = tmp_path.glob("*.heard")
    assert report.read_bytes().count(b"\0") == 2


def test_a_report_that_was_cut_off_or_written_by_a_stranger_is_read_as_far_as_it_goes(tmp_path):
    folder = tmp_path / "heard"
    folder.mkdir()
    (folder / "1-1.heard").write_bytes(
        b"read\x1f2\x1f1\x1f1\x1f1\x1f1\x1f/a\0nonsense\0read\x1fx\x1f1\x1f1\x1f1\x1f1\x1f/b\0wrote\x1f3\x1f0\x1f0\x1f0\x1f0\x1f/c"
    )
    found = watching._gathered(str(folder), None)
    assert (found.read, found.wrote) == ({"/a": (1, 1, 1, 1)}, [])


def test_what_a_run_made_before_it_read_it_is_no_input_across_processes(tmp_path):
    def line(kind, time, path):
        return f"{kind}\x1f{time}\x1f1\x1f1\x1f1\x1f1\x1f{path}\0".encode()

    folder = tmp_path / "heard"
    folder.mkdir()
    (folder / "1.heard").write_bytes(line("wrote", 5, "/made") + line("wrote", 9, "/later"))
    (folder / "2.heard").write_bytes(line("read", 7, "/made") + line("read", 8, "/later"))
    found = watching._gathered(str(folder), None)
    assert list(found.read) == ["/later"] and set(found.wrote) == {"/made", "/later"}


def test_more_than_is_hashed_is_not_pinned_and_says_so(project, monkeypatch):
    monkeypatch.setattr(hearsay, "MOST_BYTES", 10)
    (project / "small").write_text("x" * 8)
    (project / "big").write_text("x" * 20)
    with gnomon.run("own", watch_files=True) as run:
        Path("small").read_text()
        Path("big").read_text()
    found = gnomon.open().run(run.id)
    assert inputs(found)["small"] == digest(project / "small")
    assert inputs(found)["big"] == hearsay.TOO_MUCH


def test_too_many_inputs_are_counted_and_the_run_is_not_clean(project, monkeypatch):
    monkeypatch.setattr(hearsay, "MOST_USES", 3)
    for number in range(6):
        (project / f"f{number}").write_text(str(number))
    with gnomon.run("own", watch_files=True) as run:
        for number in range(6):
            Path(f"f{number}").read_text()
    found = gnomon.open().run(run.id)
    assert len(found.uses) == 4 and found.uses[-1].name == "3 more inputs"
    assert found.record.replica.index.columns("run", ["inputs"])["inputs"] == ["not pinned"]
