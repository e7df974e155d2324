"""Data that stays where it is: what a server says of it, what is written down, and what is brought."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from blake3 import blake3

import gnomon
from gnomon.data import remote
from gnomon.data.actions import add
from gnomon.data.standing import bring, standing
from gnomon.errors import (
    BadArgumentError,
    DamagedObjectError,
    MissingFileError,
    MissingObjectError,
    StorageError,
)

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

DATA = b"a,b\n1,2\n"


class Page(NamedTuple):
    """What a server gives at a path."""

    data: bytes = DATA
    headers: tuple[tuple[str, str], ...] = (("ETag", '"1"'),)
    code: int = 200
    head_code: int = 200
    says: int | None = None  # in Content-Length


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, *, with_body):
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        page = self.server.pages.get(self.path.partition("?")[0], Page(code=404, head_code=404))
        code = page.code if with_body else page.head_code
        self.send_response(code)
        for name, value in page.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.data) if page.says is None else page.says))
        self.end_headers()
        if with_body:
            self.wfile.write(page.data)


@pytest.fixture
def server():
    found = Server()
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    found.pages["/x.csv"] = Page()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def added(url: str, **options):
    return add(url, by_reference=True, **options).version


# ---------------------------------------------------------------- adding


def test_what_the_server_says_is_written_down_without_the_bytes(server):
    server.pages["/x.csv"] = Page(
        headers=(("ETag", '"1"'), ("Last-Modified", "Thu, 26 Nov 2026 10:00:00 GMT"))
    )
    version = added(f"{server.url}/x.csv")
    assert (version.object, version.size, version.is_pinned) == (None, 8, False)
    assert version.reference == {
        "place": f"{server.url}/x.csv", "kind": "url", "mtime_ns": None, "etag": '"1"',
        "modified": "Thu, 26 Nov 2026 10:00:00 GMT", "version": None,
    }  # fmt: skip
    assert [method for method, *_ in server.asked] == ["HEAD"]


def test_a_new_etag_makes_a_new_version_and_the_same_none(server):
    first = added(f"{server.url}/x.csv")
    assert added(f"{server.url}/x.csv").id == first.id
    server.pages["/x.csv"] = Page(headers=(("ETag", '"2"'),))
    assert added(f"{server.url}/x.csv").label == "x@v2"


def test_bytes_that_were_read_once_are_pinned(server):
    version = gnomon.add_data(f"{server.url}/x.csv", by_reference=True, digest=True)
    assert (version.object, version.is_pinned) == (blake3(DATA).hexdigest(), True)
    assert version.profile is None
    server.pages["/x.csv"] = Page(headers=(("ETag", '"2"'),))
    assert added(f"{server.url}/x.csv", with_digest=True).id == version.id, "the bytes are the same"


def test_a_server_that_tells_nothing_is_noted(server):
    server.pages["/x.csv"] = Page(headers=())
    version = added(f"{server.url}/x.csv")
    assert version.notes == [
        "the server gives neither etag nor time of change: other bytes would not be noticed"
    ]
    assert standing(version).state == "cannot tell"
    assert added(f"{server.url}/x.csv").label == "x@v2", "whoever adds it again says that it is another"


@pytest.mark.parametrize(
    ("secret", "left_out"),
    [
        ("http://me:hunter2secret@{}/x.csv", "a password"),
        ("http://{}/x.csv?X-Amz-Signature=0f8fad5bd9cb469fa165708628a9b1c10f8fad5b&a=1", "`X-Amz-Signature`"),
        ("http://{}/x.csv?sv=2020&sig=0f8fad5bd9cb469fa165708628a9b1c1", "`sig`"),
    ],
)
def test_secrets_of_a_url_are_used_and_never_written(server, project, secret, left_out):
    url = secret.format(server.url.removeprefix("http://"))
    version = added(url)
    assert version.notes == [f"left out of the URL, as secrets: {left_out}"]
    assert version.reference["etag"] == '"1"'
    written = b"".join(path.read_bytes() for path in (project / ".gnomon").rglob("*") if path.is_file())
    assert b"hunter2secret" not in written
    assert b"0f8fad5bd9cb469fa165708628a9b1c1" not in written
    ((_, path, authorization),) = server.asked
    assert (authorization is not None) == ("@" in url)
    assert path == "/x.csv" or "=0f8fad5b" in path


def test_a_password_is_not_carried_to_another_host(server):
    other = Server()
    threading.Thread(target=other.serve_forever, daemon=True).start()
    other.pages["/y.csv"] = Page()
    server.pages["/x.csv"] = Page(headers=(("Location", f"{other.url}/y.csv"),), code=302, head_code=302)
    assert remote.look(server.url.replace("//", "//me:secret@") + "/x.csv").etag == '"1"'
    other.shutdown()
    other.server_close()
    assert server.asked[0][2] is not None
    assert other.asked == [("HEAD", "/y.csv", None)]


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"])
def test_a_redirect_leads_to_the_web_only(server, to):
    server.pages["/x.csv"] = Page(headers=(("Location", to),), code=302, head_code=302)
    with pytest.raises(StorageError, match=r"is no web page|is not allowed"):
        remote.look(f"{server.url}/x.csv")


@pytest.mark.parametrize("code", [403, 405, 501])
def test_a_server_that_refuses_to_be_asked_for_less_is_asked_for_all(server, code):
    server.pages["/x.csv"] = Page(head_code=code)
    assert remote.look(f"{server.url}/x.csv").etag == '"1"'


def test_what_is_not_there_is_an_error_and_no_answer_is_a_note(server, project):
    with pytest.raises(MissingFileError, match="the server says 404"):
        added(f"{server.url}/gone.csv")
    assert not (project / ".gnomon").exists()
    server.pages["/x.csv"] = Page(code=500, head_code=500)
    assert "the server says 500" in added(f"{server.url}/x.csv").notes[0]
    with pytest.raises(StorageError, match="the server says 500"):
        added(f"{server.url}/x.csv", with_digest=True)
    version = added("http://127.0.0.1:9/y.csv")
    assert "cannot be reached" in version.notes[0]
    asked = len(server.asked)
    assert added(f"{server.url}/z.csv", is_asked=False).notes == []
    assert len(server.asked) == asked
    with pytest.raises(BadArgumentError, match="nothing is known of `foo://`"):
        added("foo://a/b")
    with pytest.raises(BadArgumentError, match="names no host"):
        added("http:///x.csv")


# ---------------------------------------------------------------- later


def test_how_a_reference_stands(server):
    version = added(f"{server.url}/x.csv")
    assert standing(version)[2:] == ("unchanged", "the server says the same etag; its bytes were not read")
    server.pages["/x.csv"] = Page(b"other bytes", (("ETag", '"2"'),))
    assert standing(version)[2:] == ("changed", 'etag was "1", is "2"; size was 8, is 11')
    del server.pages["/x.csv"]
    assert standing(version).state == "missing"
    server.pages["/x.csv"] = Page(code=500, head_code=500)
    assert standing(version).state == "cannot tell"


def test_a_digest_notices_what_an_etag_does_not(server):
    version = added(f"{server.url}/x.csv", with_digest=True)
    server.pages["/x.csv"] = Page(b"a,b\n1,3\n")
    assert standing(version).state == "unchanged"
    assert standing(version, reads=True).state == "changed"
    with pytest.raises(DamagedObjectError, match="expected BLAKE3"):
        bring(version, "back.csv")


def test_bytes_are_brought_and_checked_as_far_as_they_can_be(server, project):
    pinned, loose = added(f"{server.url}/x.csv", with_digest=True), added(f"{server.url}/x.csv", name="loose")
    assert bring(pinned, "a.csv") == ("a.csv", None)
    _, note = bring(loose, "b.csv")
    assert (project / "b.csv").read_bytes() == DATA
    assert "bytes not pinned" in note and "the recorded etag" in note and blake3(DATA).hexdigest() in note
    server.pages["/x.csv"] = Page(headers=(("ETag", '"2"'),))
    with pytest.raises(BadArgumentError, match="etag was"):
        bring(loose, "c.csv")
    with pytest.raises(BadArgumentError, match="exists already"):
        loose.restore("b.csv")
    assert sorted(path.name for path in project.iterdir()) == [".gnomon", "a.csv", "b.csv"]


def test_a_server_that_breaks_off_leaves_nothing(server, project):
    version = added(f"{server.url}/x.csv")
    server.pages["/x.csv"] = Page(says=100)
    with pytest.raises((StorageError, BadArgumentError)):
        bring(version, "a.csv")
    with pytest.raises(StorageError, match=r"cut off|broke off"):
        added(f"{server.url}/x.csv", name="y", with_digest=True)
    assert [path.name for path in project.iterdir()] == [".gnomon"]


def test_nothing_is_read_from_a_url_by_the_way(server):
    version = added(f"{server.url}/x.csv", with_digest=True)
    asked = len(server.asked)
    other = gnomon.add_data([{"a": 1}], name="x2")
    with pytest.raises(MissingObjectError, match="lie at a URL"):
        version.rows_diff(other)
    with gnomon.run("r") as run:
        run.use("x")
    (use,) = gnomon.open().run(run.id).uses
    assert (use.how, use.note) == ("reference", "bytes not kept")
    assert len(server.asked) == asked


def test_a_path_is_brought_and_checked_too(project):
    (project / "d" / "e").mkdir(parents=True)
    (project / "d" / "e" / "x").write_bytes(DATA)
    (project / "d" / "run").write_bytes(b"#!")
    (project / "d" / "run").chmod(0o755)
    version = gnomon.add_data("d", by_reference=True)
    assert version.restore("back") == "back"
    assert (
        (project / "back" / "e" / "x").read_bytes(),
        (project / "back" / "run").stat().st_mode & 0o100,
    ) == (DATA, 0o100)
    assert standing(version)[2:] == ("unchanged", "its bytes have the digest that was recorded")
    (project / "d" / "run").write_bytes(b"other")
    assert standing(version).state == "changed"
    with pytest.raises(BadArgumentError, match="has other bytes"):
        version.restore("again")
    assert not (project / "again").exists()


# ---------------------------------------------------------------- buckets


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """Start a server that speaks S3; give the folder of its bucket."""
    folder = tmp_path / "buckets" / "bank"
    folder.mkdir(parents=True)
    port = _free_port()
    command = [sys.executable, "-m", "localbucket", "--port", str(port), str(folder.parent)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url)
        for name, value in {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield folder
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _await(url: str) -> None:
    for _ in range(200):
        try:
            urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no server at {url}")


def test_an_object_of_a_bucket(bucket, project):
    (bucket / "a b.csv").write_bytes(DATA)
    version = added("s3://bank/a%20b.csv", name="x")
    assert version.size == 8
    assert version.reference["etag"].startswith('"')
    assert standing(version).state == "unchanged"
    assert "bytes not pinned" in bring(version, "back.csv").note
    pinned = added("s3://bank/a%20b.csv", name="pinned", with_digest=True)
    assert pinned.object == blake3(DATA).hexdigest()
    (bucket / "a b.csv").write_bytes(b"other")
    assert standing(version).state == "changed"
    with pytest.raises(DamagedObjectError):
        bring(pinned, "again.csv")
    with pytest.raises(MissingFileError, match="the bucket has no such object"):
        added("s3://bank/gone.csv")
    with pytest.raises(BadArgumentError, match="names a bucket or a folder in it"):
        added("s3://bank/folder/")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    version = added("s3://bank/x.csv")
    assert version.notes == ["nothing is known of these bytes: reading buckets needs the library `obstore`"]
