"""A command runs as it would without us: output, signals, exit code, terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time

import pytest

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

# Runs a command as `gnomon run` does, and says on descriptor 3 what was heard and how it ended.
WRAPPER = textwrap.dedent(
    """
    import json, os, shutil, sys
    from gnomon.runs.capture.command import Command
    heard = []
    words = sys.argv[2:]
    hear = lambda stream, data: heard.append((stream, data.decode("latin-1")))
    command = Command(shutil.which(words[0]), words, os.environ, hear)
    ended = command.wait()
    with open(sys.argv[1], "w") as file:
        json.dump({"heard": heard, **ended._asdict(), "exit_code": ended.exit_code}, file)
    """
)


class Wrapped:
    def __init__(self, tmp_path, words, **options):
        self.report = tmp_path / "report.json"
        self.process = subprocess.Popen([sys.executable, "-c", WRAPPER, str(self.report), *words], **options)

    def end(self, timeout=30) -> dict:
        self.out, self.err = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, self.err
        return json.loads(self.report.read_text())


@pytest.fixture
def wrap(tmp_path):
    started = []

    def start(*words, **options):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(Wrapped(tmp_path, words, **{**pipes, **options}))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        for stream in (one.process.stdin, one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


def heard(report, stream):
    return "".join(text for name, text in report["heard"] if name == stream)


def test_both_streams_pass_unchanged_and_are_heard(wrap):
    wrapped = wrap("sh", "-c", "printf 'a\\0\\377b'; printf 'c\\n' >&2; exit 5")
    report = wrapped.end()
    assert (wrapped.out, wrapped.err) == (b"a\0\xffb", b"c\n")
    assert heard(report, "out") == "a\0\xffb" and heard(report, "err") == "c\n"
    assert (report["code"], report["signal"], report["exit_code"]) == (5, 0, 5)


def test_one_pipe_for_both_keeps_the_order(wrap):
    wrapped = wrap("sh", "-c", "for i in 1 2 3 4; do echo o$i; echo e$i >&2; done", stderr=subprocess.STDOUT)
    wrapped.end()
    assert wrapped.out == b"o1\ne1\no2\ne2\no3\ne3\no4\ne4\n"


def test_much_output_comes_whole(wrap):
    wrapped = wrap("sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x")
    report = wrapped.end()
    assert len(wrapped.out) == len(heard(report, "out")) == 5_000_000


def test_input_is_ours(wrap):
    wrapped = wrap("cat", stdin=subprocess.PIPE)
    wrapped.process.stdin.write(b"hello")
    wrapped.process.stdin.close()
    wrapped.process.stdin = None
    wrapped.end()
    assert wrapped.out == b"hello"


def test_a_death_by_signal_is_told(wrap):
    report = wrap("sh", "-c", "kill -9 $$").end()
    assert (report["signal"], report["exit_code"]) == (9, 137)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP])
def test_signals_are_passed_on(wrap, number):
    script = f"import signal, sys; signal.signal({int(number)}, lambda *a: sys.exit(42)); print('up', flush=True); signal.pause()"
    wrapped = wrap(sys.executable, "-c", script)
    assert wrapped.process.stdout.read(3) == b"up\n"
    wrapped.process.send_signal(number)
    assert wrapped.end()["code"] == 42


def test_signals_are_not_blocked_in_the_command(wrap):
    script = (
        "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(signal.SIGPIPE))"
    )
    wrapped = wrap(sys.executable, "-c", script)
    wrapped.end()
    alone = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert wrapped.out == alone.stdout


def test_what_is_left_behind_goes_on_and_keeps_its_output(wrap):
    began = time.monotonic()
    wrapped = wrap("sh", "-c", "(sleep 1; echo late; echo later) & echo now")
    wrapped.process.wait(timeout=30)
    assert time.monotonic() - began < 20
    report = json.loads(wrapped.report.read_text())
    assert report["has_left_behind"] and heard(report, "out") == "now\n"
    assert wrapped.process.stdout.read() == b"now\nlate\nlater\n"


def test_a_reader_that_goes_away_ends_the_command(wrap):
    wrapped = wrap("yes")
    wrapped.process.stdout.read(4)
    wrapped.process.stdout.close()
    assert wrapped.process.wait(timeout=30) == 0
    assert json.loads(wrapped.report.read_text())["signal"] == signal.SIGPIPE


def test_peak_memory_is_that_of_the_command(wrap):
    report = wrap(sys.executable, "-c", "x = b'x' * 300_000_000").end()
    assert 300_000_000 < report["peak_memory_bytes"] < 500_000_000


def test_a_full_disk_under_our_output_does_not_stop_the_command(wrap):
    with open("/dev/full", "wb") as full:
        report = wrap("sh", "-c", "echo one; sleep 0.2; echo two; exit 7", stdout=full).end()
    assert report["code"] == 7 and heard(report, "out") == "one\ntwo\n"


def test_a_terminal_gives_a_terminal_of_its_size(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        words = ["sh", "-c", "test -t 1 && test -t 2 && stty size <&1; printf 'a\\nb\\n'"]
        os.execv(sys.executable, [sys.executable, "-c", WRAPPER, str(tmp_path / "report.json"), *words])
    shown = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 30)
        try:
            data = os.read(terminal, 4096) if ready else b""
        except OSError:
            break
        if not data:
            break
        shown += data
    assert os.waitpid(pid, 0)[1] == 0
    assert shown == b"33 77\r\na\r\nb\r\n"
    report = json.loads((tmp_path / "report.json").read_text())
    assert heard(report, "out") == "33 77\na\nb\n"


def test_an_interrupt_from_the_keyboard_reaches_the_command_once(tmp_path):
    script = (
        "import signal, time\n"
        "count = 0\n"
        "def hit(*_):\n"
        "    global count; count += 1\n"
        "signal.signal(signal.SIGINT, hit); print('up', flush=True)\n"
        "end = time.monotonic() + 1\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
        "print('hits', count, flush=True)\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(
            sys.executable,
            [sys.executable, "-c", WRAPPER, str(tmp_path / "report.json"), sys.executable, "-c", script],
        )
    shown = b""
    while b"hits" not in shown or not shown.endswith(b"\n"):
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready
        shown += os.read(terminal, 4096)
        if shown.endswith(b"up\r\n"):
            os.write(terminal, b"\x03")
    os.waitpid(pid, 0)
    assert b"hits 1" in shown
