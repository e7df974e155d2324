"""Where the pages listen: on loopback only, at a port that nobody else has, in both families."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys

import pytest

from gnomon.errors import StorageError
from gnomon.web import sockets
from gnomon.web.sockets import bind

HAS_SIX = True
try:
    with socket.socket(socket.AF_INET6) as _six:
        _six.bind(("::1", 0))
except OSError:
    HAS_SIX = False
needs_six = pytest.mark.skipif(not HAS_SIX, reason="this machine has no ::1")


def listening(family: int, address: str, port: int = 0) -> socket.socket:
    found = socket.socket(family)
    found.bind((address, port))
    found.listen()
    return found


def closed(found) -> list[tuple[str, int]]:
    names = [one.getsockname()[:2] for one in found]
    for one in found:
        one.close()
    return names


def free_port() -> int:
    return closed(sockets._bind(0))[0][1]


def test_only_loopback_is_bound_and_both_families_at_one_port():
    names = closed(bind(None))
    assert names[0][0] == "127.0.0.1" and {port for _, port in names} == {names[0][1]}
    assert [address for address, _ in names[1:]] == (["::1"] if HAS_SIX else [])


def test_a_port_that_is_taken_is_passed_over(monkeypatch):
    monkeypatch.setattr(sockets, "PORT", free_port())
    with listening(socket.AF_INET, "127.0.0.1", sockets.PORT):
        assert closed(bind(None))[0][1] > sockets.PORT


@needs_six
def test_a_port_at_which_somebody_else_is_localhost_is_passed_over(monkeypatch):
    """Browsers may take `::1` for `localhost`: whoever listens there would be our other origin."""
    monkeypatch.setattr(sockets, "PORT", free_port())
    with listening(socket.AF_INET6, "::1", sockets.PORT):
        assert closed(bind(None))[0][1] > sockets.PORT
        with pytest.raises(StorageError, match="is taken"):
            bind(sockets.PORT)
    assert closed(bind(sockets.PORT))[0][1] == sockets.PORT  # nothing was left open


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0"])
def test_nobody_gets_in_beside_us(address):
    """With the options that a thief would set."""
    if address == "::1" and not HAS_SIX:
        pytest.skip("this machine has no ::1")
    ours = bind(None)
    port = ours[0].getsockname()[1]
    for option in (socket.SO_REUSEADDR, getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR)):
        thief = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        thief.setsockopt(socket.SOL_SOCKET, option, 1)
        with pytest.raises(OSError) as error:
            thief.bind((address, port))
            thief.listen()
        assert error.value.errno in (errno.EADDRINUSE, errno.EACCES)
        thief.close()
    closed(ours)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EPERM, errno.EADDRINUSE])
def test_a_six_that_is_there_and_cannot_be_had_is_no_reason_to_do_without(monkeypatch, number):
    real = sockets._bound
    made = []

    def bound(family, address, port):
        if family == socket.AF_INET6:
            raise OSError(number, "no")
        made.append(real(family, address, port))
        return made[-1]

    monkeypatch.setattr(sockets, "_bound", bound)
    with pytest.raises(StorageError):
        bind(None)
    assert all(one.fileno() == -1 for one in made)


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_a_machine_without_six_is_served_without(monkeypatch, number):
    real = sockets._bound

    def bound(family, address, port):
        if family == socket.AF_INET6:
            raise OSError(number, "no")
        return real(family, address, port)

    monkeypatch.setattr(sockets, "_bound", bound)
    assert [address for address, _ in closed(bind(None))] == ["127.0.0.1"]


@pytest.mark.slow
def test_a_port_that_was_asked_for_and_is_taken_ends_the_command(project):
    import gnomon

    with gnomon.run("r"):
        pass
    with listening(socket.AF_INET, "127.0.0.1") as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "ui", "--no-open", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1 and done.stdout == ""
    assert (
        f"port {port} of 127.0.0.1 or ::1 is taken" in done.stderr
        and "hint: leave `--port` out" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_the_file_that_opens_the_browser_is_for_its_owner_alone_and_shows_no_code_to_others(
    monkeypatch, tmp_path
):
    import stat
    import webbrowser
    from pathlib import Path
    from urllib.parse import unquote, urlsplit

    from gnomon.env import REAL
    from gnomon.web.browser import open_browser

    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert open_browser(REAL, "http://127.0.0.1:7420/enter#code=SECRET'\"<>")
    assert open_browser(REAL, "http://127.0.0.1:7421/enter#code=OTHER")
    paths = [Path(unquote(urlsplit(one).path)) for one in opened]
    assert paths[0] != paths[1], "two that start at once do not take each other's"
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    assert not any("SECRET" in one or "OTHER" in one for one in opened), (
        "what a process is started with, all can see"
    )
    assert "SECRET&#x27;&quot;&lt;&gt;" in paths[0].read_text()
    # One that somebody made readable, or put a link in the place of, is not written to.
    other = tmp_path / "other"
    other.write_text("precious")
    paths[0].unlink()
    paths[0].symlink_to(other)
    paths[1].chmod(0o644)
    assert open_browser(REAL, "http://127.0.0.1:7420/enter#code=NEW") and open_browser(
        REAL, "http://127.0.0.1:7421/enter#code=NEW"
    )
    assert other.read_text() == "precious" and not paths[0].is_symlink()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
