"""Real servers for the tests of sync: started on a free port of this machine, ended with the test session.

A server whose program is missing skips the test, with the reason.
"""

from __future__ import annotations

import contextlib
import http.server
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_START_S = 60


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port, process, log):
    for _ in range(_START_S * 20):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {Path(log).read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def running(command, folder, port, **options):
    log = folder / "server.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
    try:
        wait_for(port, process, log)
        yield process
    finally:
        process.terminate()
        process.wait()


# ---------------------------------------------------------------- buckets

S3_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
    "AWS_SECRET_ACCESS_KEY": "a-secret-that-no-message-may-hold",
    "AWS_REGION": "us-east-1",
}


@contextlib.contextmanager
def local_bucket(folder):
    """Run localbucket on `folder`; yield its address. Each folder in it is a bucket."""
    if importlib.util.find_spec("localbucket") is None:
        pytest.skip("localbucket is not installed (`make setup`)")
    port = free_port()
    with running([sys.executable, "-m", "localbucket", str(folder), "--port", str(port)], folder, port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def moto_server(folder, *, free_actions=None):
    """Run moto, which knows create-only puts; after `free_actions` requests it also checks who signed. Yield its address."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        pytest.skip("moto is not installed (`make setup`)")
    port = free_port()
    env = dict(os.environ)
    if free_actions is not None:
        env["INITIAL_NO_AUTH_ACTION_COUNT"] = str(free_actions)
    with running([sys.executable, "-m", "moto.server", "-p", str(port)], folder, port, env=env):
        yield f"http://127.0.0.1:{port}"


def ask_moto(address, service, method, path, body=None):
    """Send moto a request in the name of nobody; return the answer."""
    request = urllib.request.Request(f"{address}{path}", method=method, data=body)
    who = f"Credential=nobody/20260101/us-east-1/{service}/aws4_request"
    request.add_header("Authorization", f"AWS4-HMAC-SHA256 {who}, SignedHeaders=host, Signature=none")
    request.add_header(
        "Content-Type", "application/xml" if service == "s3" else "application/x-www-form-urlencoded"
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


class FaultyProxy:
    """A plain HTTP proxy before a server, which counts requests and answers some of them itself.

    `answers`: what to do for the next requests: None (pass on) or a status; 'cut' ends the body half-way.
    """

    def __init__(self, target):
        self.requests = []
        self.signatures = []
        self.answers = []
        outer, where = self, urlsplit(target)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.command, self.path))
                outer.signatures.append(self.headers.get("Authorization") or "")
                answer = outer.answers.pop(0) if outer.answers else None
                if isinstance(answer, int):
                    self._send(
                        answer, {}, b"<Error><Code>Made</Code><Message>made by a test</Message></Error>"
                    )
                    return
                request = urllib.request.Request(
                    f"{target}{self.path}", data=body or None, method=self.command, headers=dict(self.headers)
                )
                request.add_header("Host", where.netloc)
                try:
                    with urllib.request.urlopen(request) as got:
                        status, headers, data = got.status, dict(got.headers), got.read()
                except urllib.error.HTTPError as error:
                    status, headers, data = error.code, dict(error.headers), error.read()
                if answer == "lost":
                    self.close_connection = True  # done there, and nobody hears of it
                    return
                self._send(status, headers, data, cut=answer == "cut")

            def _send(self, status, headers, data, cut=False):
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in (
                        "content-length",
                        "transfer-encoding",
                        "connection",
                        "date",
                        "server",
                    ):
                        self.send_header(name, value)
                length = headers.get("Content-Length") if self.command == "HEAD" else str(len(data))
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data[: len(data) // 2] if cut else data)
                if cut:
                    self.close_connection = True

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


# ---------------------------------------------------------------- SSH


@contextlib.contextmanager
def ssh_server(folder):
    """Run an sshd with keys of its own; yield (`ssh` command, `ssh://host:port`)."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None or shutil.which("ssh-keygen") is None:
        pytest.skip("sshd is not installed (openssh-server)")
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    for name in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = free_port()
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/person.pub\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\n"
    )
    (folder / "ssh.conf").write_text(
        f"Host *\n IdentityFile {folder}/person\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n"
        " StrictHostKeyChecking accept-new\n"
    )
    with running([sshd, "-D", "-e", "-f", str(folder / "sshd.conf")], folder, port):
        yield f"ssh -F {folder}/ssh.conf", f"ssh://127.0.0.1:{port}"


# ---------------------------------------------------------------- Git


def git(*arguments, cwd=None, check=True):
    done = subprocess.run(
        ["git", *map(str, arguments)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode:
        raise AssertionError(f"git {arguments}: {done.stderr}")
    return done.stdout


@contextlib.contextmanager
def git_over_http(root):
    """Serve the bare repositories below `root` by Git's own CGI program; yield the address."""
    backend = Path(git("--exec-path").strip()) / "git-http-backend"
    if not backend.exists():
        pytest.skip("git-http-backend is not installed")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def log_message(self, *_):
            pass

        def _run(self):
            path, _, query = self.path.partition("?")
            length = self.headers.get("Content-Length")
            body = self.rfile.read(int(length)) if length else self._chunks()
            env = {
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "test", "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "SERVER_PROTOCOL": "HTTP/1.0",
            }  # fmt: skip
            done = subprocess.run([backend], input=body, env=env, capture_output=True, check=False)
            head, _, data = done.stdout.partition(b"\r\n\r\n")
            lines = head.decode().splitlines()
            status = next((line.split(" ", 2)[1] for line in lines if line.startswith("Status:")), "200")
            self.send_response(int(status))
            for line in lines:
                name, _, value = line.partition(": ")
                if name != "Status":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _chunks(self):
            if self.headers.get("Transfer-Encoding") != "chunked":
                return b""
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body

        do_GET = do_POST = _run

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
