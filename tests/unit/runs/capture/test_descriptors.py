"""With `GNOMON_CONSOLE=descriptors`, `gnomon.run()` alone hears C code and children, and holds nothing up that prints."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap

import pytest

import gnomon

pytestmark = [
    pytest.mark.slow,  # each is a process of its own
    pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="finds the copier in /proc"),
]

BEGIN = """
import ctypes, os, signal, subprocess, sys, threading, time
import gnomon
held = ctypes.PyDLL(None)  # its calls keep the interpreter's lock
run = gnomon.run()
run.log(loss=1)

def copiers():
    mark = f"MARK={os.environ['MARK']}".encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            of = open(f"/proc/{pid}/cmdline", "rb").read(), open(f"/proc/{pid}/environ", "rb").read()
            leads = os.getsid(int(pid)) == int(pid)  # it has come to its work
        except OSError:
            continue
        if leads and b"copier.py" in of[0] and mark in of[1].split(bytes(1)):
            yield int(pid)

def kill_copier():
    (one,) = copiers()
    os.kill(one, signal.SIGKILL)
    while one in copiers():
        time.sleep(0.01)
"""


@pytest.fixture
def start(project, monkeypatch):
    """Start a script that is listened to; it has `run`."""
    monkeypatch.setenv("GNOMON_CAPTURE", "console")
    monkeypatch.setenv("GNOMON_CONSOLE", "descriptors")
    monkeypatch.setenv("MARK", str(project))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)

    def begin(lines: str, **options) -> subprocess.Popen:
        (project / "train.py").write_text(BEGIN + textwrap.dedent(lines))
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen([sys.executable, "train.py"], **streams)

    return begin


@pytest.fixture
def printed(start):
    """Run a script to its end; return what it printed to both streams, and what the record heard of each."""

    def run(lines: str, **options) -> tuple[tuple[str, str], tuple[str, str]]:
        with start(lines, **options) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return (out, err), (heard("out"), heard("err"))

    return run


def heard(stream: str) -> str:
    record = gnomon.open()
    pieces = record.run(record.runs().ids[0]).captured.console()
    return "".join(piece.text for piece in pieces if piece.stream == stream)


def test_c_code_and_children_are_heard_in_their_order(printed):
    lines = """
        print("python 1", flush=True)
        ctypes.CDLL(None).printf(b"c 2, held back by the library\\n")
        ctypes.CDLL(None).fflush(None)
        subprocess.run(["sh", "-c", "echo child 3; echo child error 1 >&2"])
        os.write(2, b"c error 2\\n")
        print("python 4", flush=True)
        print("python error 3", file=sys.stderr)
    """
    really, recorded = printed(lines)
    assert really[0].splitlines() == ["python 1", "c 2, held back by the library", "child 3", "python 4"]
    assert really[1].splitlines() == ["child error 1", "c error 2", "python error 3"]
    assert recorded == really


def test_without_it_only_what_python_prints_is_heard(printed, monkeypatch):
    monkeypatch.delenv("GNOMON_CONSOLE")
    really, recorded = printed("os.write(1, b'c\\n'); print('python')")
    assert sorted(really[0].splitlines()) == ["c", "python"]
    assert recorded == ("python\n", "")


def test_what_the_c_library_holds_back_at_the_end_is_heard(printed):
    really, recorded = printed("ctypes.CDLL(None).printf(b'held back\\n')")
    assert recorded[0] == really[0] == "held back\n"


def test_each_run_of_a_process_has_what_was_printed_while_it_was_open(start, project):
    lines = """
        run.finish()
        for seed in range(3):
            with gnomon.run(f"s{seed}") as one:
                print("python", seed)
                os.write(1, b"c %d\\n" % seed)
                one.log(a=seed)
    """
    with start(lines) as process:
        assert process.wait(60) == 0
        process.stdout.read(), process.stderr.read()
    record = gnomon.open()
    said = {
        record.run(run).name: sorted("".join(piece.text for piece in record.run(run).console()).splitlines())
        for run in record.runs().ids
    }
    assert {name: said[name] for name in ("s0", "s1", "s2")} == {
        f"s{n}": [f"c {n}", f"python {n}"] for n in range(3)
    }


def test_a_forked_child_is_heard(printed):
    lines = """
        pid = os.fork()
        if not pid:
            print("worker", flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
    """
    assert printed(lines)[1][0] == "worker\n"


def test_code_that_holds_the_lock_may_print_more_than_a_pipe_takes(printed):
    really, recorded = printed("""
        block = (b"epoch 12 loss 0.25" + b" " * 45 + b"\\n") * 8192
        sent = 0
        while sent < len(block):
            sent += held.write(1, block[sent:], len(block) - sent)
    """)
    assert len(really[0]) == 1 << 19
    assert len(recorded[0]) == 1 << 19


def test_whoever_waits_for_its_children_does_not_meet_the_copier(printed):
    lines = """
        try:
            os.wait()
        except ChildProcessError:
            print("no children")
    """
    assert printed(lines)[1][0] == "no children\n"


def test_a_copier_that_is_killed_is_replaced(printed):
    really, recorded = printed("""
        print("before", flush=True)
        time.sleep(0.5)
        kill_copier()
        print("x" * 1000 + "\\n" + 1000 * ("y" * 99 + "\\n") + "after", flush=True)
        list(copiers())
    """)
    assert really[0].splitlines() == ["before", "x" * 1000, *["y" * 99] * 1000, "after"]
    assert recorded == really


def test_after_the_last_copier_what_is_printed_still_arrives(printed):
    really, _ = printed("""
        child = subprocess.Popen(["sh", "-c", "read line; echo child; seq 1 30000"], stdin=subprocess.PIPE)
        for n in range(3):
            while not list(copiers()):
                time.sleep(0.01)
            kill_copier()
            print(n, flush=True)
        time.sleep(0.5)
        assert not list(copiers())
        print("by itself", flush=True)
        child.communicate(b"\\n")
        time.sleep(0.2)
    """)
    assert really[0].splitlines() == ["0", "1", "2", "by itself", "child", *map(str, range(1, 30_001))]


def test_a_reader_that_goes_away_is_noticed_as_without_us(start):
    lines = """
        worker = os.fork()  # as a data loader's: it has all that we have, and must hold nobody up
        if not worker:
            time.sleep(60)
            os._exit(0)
        try:
            for n in range(10**6):
                print("x" * 1000, flush=True)
        except BrokenPipeError:
            print("noticed", file=sys.stderr, flush=True)
        os.kill(worker, signal.SIGKILL)
        os._exit(3)
    """
    with start(lines) as process:
        assert process.stdout.read(1001) == "x" * 1000 + "\n"
        process.stdout.close()
        assert process.stderr.read() == "noticed\n"
        assert process.wait(60) == 3


def test_what_a_child_prints_after_our_end_arrives(start):
    lines = """
        subprocess.Popen(["sh", "-c", "echo begun; sleep 2.5; echo late"], stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        print("ended", flush=True)
    """
    with start(lines, stderr=subprocess.DEVNULL) as process:
        assert process.wait(60) == 0
        assert process.stdout.read() == "begun\nended\nlate\n"
    assert heard("out") == "begun\nended\n"


def test_a_terminal_stays_one(start):
    ours, theirs = pty.openpty()
    lines = "print(os.isatty(1), os.isatty(2), sys.stdout.isatty()); os.write(2, b'as errors\\n')"
    with start(lines, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        assert process.wait(60) == 0
        seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "True True True\r\nas errors\r\n" in seen
    assert "True True True\nas errors\n" in heard("out")


def test_the_descriptors_lead_back_where_they_led(printed):
    lines = """
        before = os.fstat(1).st_ino
        run.finish()
        gnomon.session.close_all()
        print(before == os.fstat(1).st_ino, flush=True)
        print(list(copiers()))
    """
    assert printed("import gnomon.session\n" + textwrap.dedent(lines))[0][0] == "False\n[]\n"


def test_descriptors_that_the_program_leads_elsewhere_stay_there(printed, project):
    lines = """
        os.dup2(os.open("own.txt", os.O_CREAT | os.O_WRONLY), 1)
        import gnomon.session
        gnomon.session.close_all()
        print("mine", flush=True)
    """
    assert printed(lines)[0][0] == ""
    assert (project / "own.txt").read_text() == "mine\n"


def test_a_closed_descriptor_is_not_opened(start):
    lines = """
        import gnomon.session
        os.write(2, b"error\\n")
        gnomon.session.close_all()
        try:
            os.fstat(1)
        except OSError:
            os.write(2, b"closed\\n")
    """
    with start(lines, stdout=None, preexec_fn=lambda: os.close(1)) as process:
        assert process.communicate(timeout=60)[1] == "error\nclosed\n"
    assert heard("err") == "error\n"


def test_a_full_disk_is_said_and_the_training_goes_on(start):
    with start(
        "print('x', flush=True); time.sleep(0.5)", stdout=os.open("/dev/full", os.O_WRONLY)
    ) as process:
        error = process.stderr.read()
        assert process.wait(60) == 0
    assert error.count("some of what is printed could not be written: No space left on device") == 1
    assert heard("out") == "x\n"


def test_a_child_that_stays_holds_the_end_up_for_a_moment_only(start):
    lines = """
        print("said", flush=True)
        subprocess.Popen(["sleep", "30"])
        run.finish()
        import gnomon.session
        began = time.monotonic()
        gnomon.session.close_all()
        print(time.monotonic() - began, file=sys.stderr)
        os.system("pkill -P %d sleep" % os.getpid())
    """
    with start(lines) as process:
        assert float(process.stderr.read()) < 10, "far less than the child takes"
    assert heard("out") == "said\n"


def test_a_secret_that_c_code_prints_is_withheld(printed, project):
    secret = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"
    really, recorded = printed(f"os.write(1, b'token {secret}\\n')")
    assert secret in really[0]
    assert "token" in recorded[0] and secret not in recorded[0]
    files = [path for path in project.rglob("*") if path.is_file() and path.name != "train.py"]
    assert files and not [path for path in files if secret.encode() in path.read_bytes()]


def test_a_word_that_it_does_not_know_is_said_once(printed, monkeypatch):
    monkeypatch.setenv("GNOMON_CONSOLE", "everything")
    really, recorded = printed("print('python')")
    assert recorded[0] == "python\n"
    assert "`GNOMON_CONSOLE` knows no 'everything', only `streams` and `descriptors`" in really[1]


def test_a_system_without_processes_to_give_is_said_and_the_streams_are_heard(printed, monkeypatch):
    lines = "os.write(1, b'c\\n'); print('python')"
    monkeypatch.setattr(sys.modules[__name__], "BEGIN", "import sys; sys.executable = '/none'\n" + BEGIN)
    really, recorded = printed(lines)
    assert sorted(really[0].splitlines()) == ["c", "python"]
    assert recorded[0] == "python\n"
    assert "what C code and children print is not heard" in really[1]


def test_a_slow_listener_holds_nobody_up_and_what_was_dropped_is_counted():
    import socket
    import threading

    from gnomon.runs.capture import copier

    ours, theirs = socket.socketpair()
    listener = copier.Listener(theirs.fileno())
    for _ in range(400):
        listener.add(copier.OUT, b"z" * 65536)
        listener.tell()
    ending = threading.Thread(target=lambda: (listener.end(), theirs.close()))
    ending.start()
    told = b"".join(iter(lambda: ours.recv(1 << 20), b""))
    ending.join()
    kept = dropped = 0
    while told:
        kind, count = copier.HEAD.unpack_from(told)
        told = told[copier.HEAD.size + (count if kind == copier.OUT else 0) :]
        kept += count * (kind == copier.OUT)
        dropped += count * (kind == copier.DROPPED)
    ours.close()
    assert dropped > 0
    assert kept + dropped == 400 * 65536


def test_a_script_that_closes_our_descriptors_keeps_its_own_files_and_its_console(start, project):
    process = start("""
        print("before", flush=True)
        time.sleep(0.2)
        os.closerange(3, 256)
        files = [open(f"own{number}.bin", "w+b") for number in range(30)]  # they get the numbers that were ours
        for file in files:
            file.write(b"mine")
            file.flush()
        print("after", flush=True)
        os.system("echo of a child")
        time.sleep(1.2)
        run.log(loss=2)
        for number, file in enumerate(files):
            assert os.path.samestat(os.fstat(file.fileno()), os.stat(f"own{number}.bin"))
        run.finish()
        print("the end", flush=True)
        import atexit
        @atexit.register  # after ours
        def _():
            for file in files:
                file.write(b"!")
                file.close()
    """)
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert printed == "before\nafter\nof a child\nthe end\n"
    assert "what it prints from here on is not recorded" in complaint
    assert all((project / f"own{number}.bin").read_bytes() == b"mine!" for number in range(30))
    (run,) = gnomon.open().runs().to_pylist()
    assert gnomon.open().run(run["id"]).series("loss").value.tolist() == [1, 2]
