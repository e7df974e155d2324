"""The server on real sockets: broken requests, clients that hold a connection by doing nothing, and an honest one beside them."""

from __future__ import annotations

import contextlib
import http.client
import re
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time

import pytest

import gnomon

pytestmark = pytest.mark.slow
SHORT = """
import sys
from gnomon.web import connections, gate
connections.ASK_S, connections.READ_S, gate.BODY_S = {ask}, {read}, {body}
from gnomon.__main__ import main
sys.exit(main(["ui", "--no-open"]))
"""


class Served:
    """`gnomon ui` in a process of its own."""

    def __init__(self, folder, ask=20.0, read=60.0, body=30.0) -> None:
        code = SHORT.format(ask=ask, read=read, body=body)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/enter#code=(\S+)\n", line)
        self.port, self.code = int(found[1]), found[2]
        self.host = f"127.0.0.1:{self.port}"

    def raw(self, data: bytes, *, wait_s: float = 5) -> bytes:
        """Send bytes and return what comes back until the end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as connection:
            connection.sendall(data)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while piece := connection.recv(65_536):
                    got += piece
            return got

    def enter(self) -> str:
        """Return a cookie."""
        answer = self.ask("POST", "/enter", f"code={self.code}&next=/", {"Origin": f"http://{self.host}"})
        assert answer.status == 303
        return answer.getheader("set-cookie").partition(";")[0]

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        known = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, {**known, **(headers or {})})
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        return answer

    def close(self) -> str:
        self.process.terminate()
        return self.process.communicate(timeout=15)[1]


@pytest.fixture
def record(project):
    with gnomon.run("r", params={"lr": 0.1}) as run:
        run.log(loss=0.5)
    from gnomon.session import close_all

    close_all()
    return project


@pytest.fixture
def served(record):
    started = Served(record, ask=1.0, read=1.0, body=1.0)
    yield started
    started.close()


def test_broken_requests_get_a_short_refusal_and_no_page(served):
    host = served.host.encode()
    cases = {
        b"GET / HTTP/1.1\r\n\r\n": b"400",  # no host
        b"GET / HTTP/1.0\r\n\r\n": b"421",
        b"GET / HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n" % (host, host): b"400",
        b"GET / HTTP/1.1\r\nHost: %s\r\nHost: evil.example\r\n\r\n" % host: b"400",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n x: %s\r\n\r\n" % host: b"4",  # a folded line
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: %s\r\n\r\n" % host: b"421",
        b"GET / HTTP/1.1\r\nHost : %s\r\n\r\n" % host: b"400",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: %s\r\n\r\n" % host: b"400",
        b"GET http://%s/ HTTP/1.1\r\nHost: evil.example\r\n\r\n" % host: b"421",
        b"OPTIONS * HTTP/1.1\r\nHost: %s\r\n\r\n" % host: b"405",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: %s\r\n\r\n" % host: b"405",
        b"GET /\r\n": b"400",  # HTTP/0.9
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": b"400",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": b"421",
        b"GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (b"a" * 70_000, host): b"4",
        b"GET /?%s HTTP/1.1\r\nHost: %s\r\n\r\n" % (b"q" * 1_000_000, host): b"400",
        b"GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (host, b"X: y\r\n" * 100_000): b"400",
        b"GET / HTTP/1.1\r\nHost: %s\r\nX: %s\r\n\r\n" % (host, b"y" * 200_000): b"400",
        b"POST /enter HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % host: b"40",
        b"POST /enter HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello" % host: b"400",
        b"POST /enter HTTP/1.1\r\nHost: %s\r\nContent-Length: -1\r\n\r\n" % host: b"400",
        b"GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n" % host: b"401",
        b"GET /events HTTP/1.1\r\nHost: %s\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" % host: b"401",
    }  # fmt: skip
    for sent, status in cases.items():
        got = served.raw(sent, wait_s=1.5)
        # Some are cut off while they are still being sent: that is a refusal too.
        assert got == b"" or re.match(rb"HTTP/1\.1 " + status, got), (sent[:80], got[:200])
        assert (
            b"access-control" not in got.lower() and b"Traceback" not in got and b"server:" not in got.lower()
        )
        assert sent[:5] in (b"GET /", b"POST ") or got, sent[:80]
    assert served.ask("GET", "/static/app.js").status == 200


def test_requests_that_follow_each_other_at_once_are_each_judged(served):
    host = served.host.encode()
    good = b"GET /static/tokens.css HTTP/1.1\r\nHost: %s\r\n\r\n" % host
    evil = b"GET /static/tokens.css HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    got = served.raw(good + evil + good + evil, wait_s=2)
    assert re.findall(rb"HTTP/1\.1 (\d+)", got) == [b"200", b"421", b"200", b"421"]


def test_who_does_not_finish_asking_or_sending_is_cut_off(served):
    host = served.host.encode()
    for start in (
        b"", b"GET", b"GET / HTTP/1.1\r\nHost: " + host, b"GET / HTTP/1.1\r\nHost: %s\r\nX: " % host,
        b"POST /enter HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Length: 100\r\n\r\ncode=" % (host, host),
        b"GET /static/tokens.css HTTP/1.1\r\nHost: %s\r\n\r\nGET" % host,
    ):  # fmt: skip
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
            connection.sendall(start)
            with contextlib.suppress(ConnectionError):
                while time.monotonic() - started < 8:
                    connection.settimeout(0.2)
                    try:
                        if not connection.recv(65_536):
                            break
                    except TimeoutError:
                        if b"POST" in start or b"X: " in start:
                            connection.sendall(b"a")  # a little of it, again and again
            took = time.monotonic() - started
        assert took < 5, start
    assert served.ask("GET", "/static/app.js").status == 200


def test_who_does_not_read_the_answer_is_cut_off(served):
    """Many answers are asked for at once, and none is taken: what waits for the reader is bounded, and ends."""
    ask = b"GET /static/vendor/htmx-4.0.1.min.js HTTP/1.1\r\nHost: %s\r\n\r\n" % served.host.encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", served.port))
        connection.settimeout(0.5)
        ended = time.monotonic() + 10
        with pytest.raises(ConnectionError):
            while time.monotonic() < ended:
                try:
                    connection.sendall(ask * 20)
                except TimeoutError:
                    continue


def test_no_secret_is_said_anywhere(record):
    served = Served(record)
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert served.code not in shown
    cookie = served.enter()
    session = cookie.partition("=")[2]
    token = re.search(
        rb'name="gnomon-token" content="([0-9a-f]{64})"',
        served.ask("GET", "/", headers={"Cookie": cookie}).text,
    )[1].decode()
    answers = [
        served.ask(method, path, body, {
            "Cookie": cookie, "Accept": "text/html", "X-Gnomon-Token": token, "Origin": f"http://{served.host}",
        })
        for method, path, body in [
            ("GET", "/nothing", None), ("GET", "/run/nothing", None), ("POST", "/nothing", "code=x"),
            ("POST", "/runs/tag", "run=zzz&tag=x"),
            ("GET", f"/?code={served.code}", None), ("GET", "/runs?where=((", None),
        ]
    ]  # fmt: skip
    served.raw(f"GET /{token} HTTP/1.1\r\nbroken\r\n\r\n".encode(), wait_s=1)
    said = served.close()
    assert all(answer.status >= 200 for answer in answers)
    for secret in (session, token):
        assert secret not in said
    assert not any(session.encode() in answer.text for answer in answers)
    assert served.code not in said and "Traceback" not in said


def test_a_thousand_that_wait_do_not_keep_an_honest_one_out(record):
    """A thousand connections that say nothing, and 64 pages that listen: each is let in, and nobody waits for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3_000:
        pytest.skip("too few files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
    served = Served(record)
    streams, idle = [], []
    try:
        cookie = served.enter()

        def p99() -> float:
            times = []
            for _ in range(120):
                started = time.monotonic()
                assert served.ask("GET", "/help", headers={"Cookie": cookie}).status == 200
                times.append(time.monotonic() - started)
            return statistics.quantiles(times, n=100)[-1]

        p99()
        alone = p99()
        for _ in range(70):
            stream = socket.create_connection(("127.0.0.1", served.port), timeout=10)
            stream.sendall(
                f"GET /events HTTP/1.1\r\nHost: {served.host}\r\nCookie: {cookie}\r\n\r\n".encode()
            )
            streams.append(stream)
        began = [stream.recv(1_000) for stream in streams]
        assert sum(b" 200 " in one for one in began) == 64 and sum(b" 503 " in one for one in began) == 6
        stop = threading.Event()
        for _ in range(1_000):
            idle.append(socket.create_connection(("127.0.0.1", served.port), timeout=10))
        beside = min(p99() for _ in range(5))  # the machine may be busy with something else
        stop.set()
        assert beside < 2 * alone + 0.05, (alone, beside)
        assert (
            streams[0].fileno() >= 0 and served.ask("GET", "/help", headers={"Cookie": cookie}).status == 200
        )
    finally:
        for one in [*streams, *idle]:
            one.close()
        said = served.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert said.count("\n") < 6, said


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_it_answers_for_no_other_name_on_either_address(served, family, address):
    for host in ("evil.example", f"[::1]:{served.port}", f"evil.example:{served.port}"):
        with socket.socket(family) as connection:
            try:
                connection.connect((address, served.port))
            except OSError:
                pytest.skip(f"this machine has no {address}")
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 421 ")
