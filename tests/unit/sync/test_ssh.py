"""A machine with SSH as a remote, against an sshd that the tests start."""

from __future__ import annotations

import os
import shlex
import shutil
import time

import pytest
from store_contract import StoreContract

from gnomon.env import REAL
from gnomon.errors import BadArgumentError, RemoteError
from gnomon.sync.ssh import SshStore, parsed


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a folder with 'quotes' and $(signs)"


@pytest.fixture
def again(ssh, folder):
    yield from opener(f"{ssh}{folder}")


def opener(url):
    opened = []

    def open_it():
        opened.append(SshStore(url, REAL))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def store(again):
    return again()


@pytest.mark.slow
class TestSsh(StoreContract):
    pass


TOOLS = "cat dd find grep head ln ls mkdir mv printf rm sync tail tr wc".split()


def without_ssh(folder, path):
    """Return a command that takes what `ssh` would send to the other side, and runs it here."""
    here = folder / "no-ssh"
    here.write_text(f'#!{shutil.which("bash")}\nPATH={path}; exec sh -c "${{@: -1}}"\n')
    here.chmod(0o755)
    return here


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "mksh", "ksh"])
class TestShells(StoreContract):
    """What runs at the other side, under several shells (those that are here), and with the tools of busybox."""

    @pytest.fixture
    def again(self, shell, folder, tmp_path, monkeypatch):
        found = shutil.which(shell)
        if found is None:
            pytest.skip(f"{shell} is not installed")
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "sh").symlink_to(found)
        for tool in TOOLS if shell == "busybox" else ():
            (tools / tool).symlink_to(found)
        path = str(tools) if shell == "busybox" else f"{tools}:{os.environ['PATH']}"
        monkeypatch.setenv("GNOMON_SSH", str(without_ssh(tmp_path, path)))
        yield from opener(f"ssh://host{folder}")

    @pytest.mark.parametrize("asked", [(0, None), (0, 6), (2, 3)])
    def test_a_file_that_another_deletes_or_shortens_meanwhile_is_never_waited_for(
        self, store, again, folder, tmp_path, asked
    ):
        """What a teammate's sync does with old heads: at the worst moment, right after the bytes were counted."""
        if (tmp_path / "tools" / "wc").exists():
            pytest.skip("busybox runs its own `wc`")
        (tmp_path / "tools" / "wc").write_text(
            f'#!/bin/sh\n{shutil.which("wc")} "$@"\nif [ -e {tmp_path}/now ]; then sh {tmp_path}/now; fi\n'
        )
        (tmp_path / "tools" / "wc").chmod(0o755)
        first, size = asked
        for what, found in (("rm", b"123456"), ("truncate -s 3", b"123\0\0\0")):
            store.write("heads/x", b"123456")
            (tmp_path / "now").write_text(f"cd -- {shlex.quote(str(folder / 'heads'))} && {what} x\n")
            reader = again()
            reader.silent_s = 5.0
            assert (
                reader.read("heads/x", first, size) == found[first : None if size is None else first + size]
            )
            (tmp_path / "now").unlink()
            assert len(reader.read("heads/x")) == 3 if what != "rm" else not list(reader.list("heads/"))

    def test_no_temporary_file_is_left(self, store, folder):
        for number in range(3):
            store.write(f"heads/{number}", b"1")
        store.write("record.toml", b"1", once=True)
        store.write("record.toml", b"2", once=True)
        assert sorted(path.name for path in folder.rglob("*")) == ["0", "1", "2", "heads", "record.toml"]


# ---------------------------------------------------------------- what may go wrong


def test_no_address_becomes_an_option_or_a_command(ssh):
    for url in (
        "ssh://-oProxyCommand=touch%20x/srv/team",
        "ssh://-oProxyCommand=touch/srv/team",
        "ssh://-lroot@host/srv/team",
        "ssh://$(touch x)/srv/team",
        "ssh://`touch`/srv/team",
        "ssh://ho st/srv/team",
        "ssh://%2doProxyCommand=x@host/srv",
        "ssh://host:99999/srv/team",
        "ssh://host",
        "ssh://host/",
        "ssh:///srv/team",
        "ssh://host/srv/te%0aam",
        "ssh://host/srv/team?x",
    ):
        with pytest.raises(BadArgumentError):
            SshStore(url, REAL)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(BadArgumentError, match="password") as error:
        SshStore("ssh://ann:s3cret@host/srv/team", REAL)
    assert "s3cret" not in str(error.value)


@pytest.mark.slow
def test_no_name_leads_out_of_the_folder(store):
    for name in ("../x", "/etc/passwd", "a/../../b", "a b", "x\ny", "$(touch x)"):
        with pytest.raises(BadArgumentError):
            store.write(name, b"1")


@pytest.mark.slow
def test_a_link_is_neither_read_nor_written_through(store, folder, tmp_path):
    store.write("record.toml", b"1")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("secret")
    (folder / "log").symlink_to(outside)
    (folder / "heads").mkdir()
    (folder / "heads" / "link").symlink_to(outside / "file")
    for ask in (
        lambda: store.read("log/file"),
        lambda: store.read("heads/link"),
        lambda: store.write("log/file", b"x"),
        lambda: list(store.list("log/")),
    ):
        with pytest.raises(RemoteError, match="a link stands in the way"):
            ask()
    store.delete(["log/file"])
    assert (outside / "file").read_text() == "secret"
    assert list(store.list("heads/")) == []


@pytest.mark.slow
def test_a_write_that_breaks_off_leaves_nothing_under_its_name(store, again, folder):
    """The line drops in the middle of a file: what came so far is not taken for the file."""

    def temporary():
        return [path for path in folder.rglob(".*.tmp") if path.stat().st_size]

    assert list(store.list("heads/")) == []
    talk = store._open
    talk.asked.write(f"w heads/x 1000000 {'00' * 8} -\n".encode() + b"1" * 300_000)
    talk.asked.flush()
    wait_until(temporary)
    talk.process.kill()
    talk.process.wait()
    wait_until(lambda: not temporary())
    assert os.listdir(folder / "heads") == []
    assert list(again().list("heads/")) == []


def wait_until(is_so):
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that in 30 s")


@pytest.mark.slow
def test_after_the_line_dropped_the_next_request_connects_again(store):
    store.write("record.toml", b"1")
    store._open.process.kill()
    store._open.process.wait()
    with pytest.raises(RemoteError, match=r"connection|ended|closed"):
        store.read("record.toml")
    assert store.read("record.toml") == b"1"


@pytest.mark.slow
def test_a_reader_that_has_enough_does_not_disturb_the_next_request(store):
    store.write("log/x", bytes(5 << 20))
    pieces = store.pieces("log/x")
    next(pieces)
    pieces.close()
    assert len(store.read("log/x")) == 5 << 20


@pytest.mark.slow
def test_a_refused_write_says_why(store, folder):
    store.write("record.toml", b"1")
    (folder / "heads").write_text("a file where a folder must be")
    with pytest.raises(RemoteError, match=r"write `heads/x`: .*(exists|directory)"):
        store.write("heads/x", bytes(3 << 20))
    assert store.read("record.toml") == b"1"


@pytest.mark.slow
def test_what_a_login_shell_prints_is_skipped(again, monkeypatch, tmp_path):
    noisy = tmp_path / "noisy"
    noisy.write_text(
        f'#!/bin/sh\necho "welcome to this machine"; printf "no newline"; exec {os.environ["GNOMON_SSH"]} "$@"\n'
    )
    noisy.chmod(0o755)
    monkeypatch.setenv("GNOMON_SSH", str(noisy))
    store = again()
    store.write("record.toml", b"1")
    assert store.read("record.toml") == b"1"


@pytest.mark.slow
def test_one_connection_carries_all(again, tmp_path, monkeypatch):
    counting = tmp_path / "counting"
    counting.write_text(f'#!/bin/sh\necho x >>{tmp_path}/count; exec {os.environ["GNOMON_SSH"]} "$@"\n')
    counting.chmod(0o755)
    monkeypatch.setenv("GNOMON_SSH", str(counting))
    store = again()
    for number in range(5):
        store.write(f"heads/{number}", b"1")
    assert len(list(store.list("heads/"))) == 5
    store.read("heads/3")
    store.delete(["heads/3"])
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_machine_that_does_not_let_us_in_is_named_with_what_ssh_said(ssh, monkeypatch, tmp_path):
    monkeypatch.setenv(
        "GNOMON_SSH", os.environ["GNOMON_SSH"] + " -o IdentityFile=/nonexistent -o IdentityAgent=none -F none"
    )
    with pytest.raises(RemoteError, match=r"Permission denied|Host key") as error:
        SshStore(f"{ssh}{tmp_path}/x", REAL).read("record.toml")
    assert "let you in?" in str(error.value)


def test_a_missing_ssh_is_named(monkeypatch):
    monkeypatch.setenv("GNOMON_SSH", "no-such-ssh")
    with pytest.raises(RemoteError, match="`no-such-ssh` was not found"):
        SshStore("ssh://host/srv/team", REAL).read("record.toml")


@pytest.mark.parametrize(
    ("url", "host", "options", "folder"),
    [
        ("ssh://Host.example/srv/team", "Host.example", [], "/srv/team"),
        ("ssh://ann@host:2222/srv/a%20b", "host", ["-p", "2222", "-l", "ann"], "/srv/a b"),
        ("ssh://host/~/team", "host", [], "team"),
        ("ssh://[::1]:22/srv", "::1", ["-p", "22"], "/srv"),
    ],
)
def test_what_an_address_means(url, host, options, folder):
    assert parsed(url) == (host, options, folder)
