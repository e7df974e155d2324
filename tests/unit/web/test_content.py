"""What people made, on its own origin: each type, each way to ask for less, and each way to ask for what one may not have."""

from __future__ import annotations

import json
import random
import resource
import time
from urllib.parse import quote

import pytest

import gnomon
from gnomon.data import erasing
from gnomon.session import close_all
from gnomon.web import content as content_module
from gnomon.web.content import SHOWN
from gnomon.web.sessions import LINK_S
from tests.unit.web.asking import CONTENT, PAGES, Client

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
TREE = {
    "plain.txt": b"plain", "a/b c.csv": b"x,y\n1,2\n", "a/\xe4 #?%2e&.html": b"<script>alert(1)</script>",
    "..hidden": b"dots", "a..b/..c/d": b"more dots",
}  # fmt: skip
LARGE = 96 << 20


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    data = random.Random(1).randbytes(1 << 20)
    (folder / "large.bin").write_bytes(b"".join(bytes([n]) * 16 + data[16:] for n in range(LARGE >> 20)))
    for path, content in TREE.items():
        (folder / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / path).write_bytes(content)
    kept = {}
    with gnomon.run("r", dir=folder / ".gnomon") as run:
        for name, content in (("empty", b""), ("svg", SVG), ("digits", b"0123456789")):
            (folder / name).write_bytes(content)
            kept[name] = run.keep(folder / name)
        kept["tree"], kept["large"] = run.keep(folder / "tree"), run.keep(folder / "large.bin")
    client = Client(folder / ".gnomon")
    yield client, kept
    client.close()


@pytest.fixture
def client(made):
    return made[0]


@pytest.fixture
def kept(made):
    return made[1]


@pytest.fixture
def link(client):
    return content_module.object_link(client.app.sessions, f"http://{CONTENT}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [*sorted(SHOWN), "application/x-evil", "text/javascript", "application/pdf", ""]
)
def test_every_type_is_shut_in(client, kept, link, kind):
    got = client.content(link(kept["svg"], "x.svgx", kind))
    assert got.status == 200 and got.body == SVG
    policy = got.header("content-security-policy")
    assert (
        policy.startswith("sandbox; default-src 'none';")
        and "script" not in policy
        and "allow-" not in policy
    )
    assert policy.endswith(f"frame-ancestors http://{PAGES}")
    assert (
        got.header("x-content-type-options") == "nosniff" and got.header("referrer-policy") == "no-referrer"
    )
    names = [name for name, _ in got.headers]
    assert "set-cookie" not in names and not any(name.startswith("access-control") for name in names)
    # Either would keep it from being shown, or from being opened in a tab of its own.
    assert "x-frame-options" not in names and "cross-origin-opener-policy" not in names
    disposition = "inline" if kind in SHOWN else "attachment"
    assert got.header("content-disposition") == f"{disposition}; filename*=UTF-8''x.svgx"
    assert kind in SHOWN or got.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("text/csv", "text/plain; charset=utf-8"), ("application/json", "text/plain; charset=utf-8"),
        ("IMAGE/PNG", "image/png"), ("text/html; charset=utf-16", "text/html; charset=utf-8"),
        ("text/html\r\nset-cookie: a=b", "application/octet-stream"), ("image/é", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"), ("text/xml", "application/octet-stream"),
        ("multipart/x-mixed-replace", "application/octet-stream"), ("*/*", "application/octet-stream"),
    ],
)  # fmt: skip
def test_what_people_said_of_a_type_is_only_looked_up(client, kept, link, said, sent):
    got = client.content(link(kept["svg"], "x", said))
    assert (got.status, got.header("content-type")) == (200, sent)


@pytest.mark.parametrize(
    "name", ["a\r\nset-cookie: x=1", 'a"; b', "\ud800\udcff", "日本.png", "..", "", "a" * 5_000, "x/../../y"]
)
def test_a_file_name_is_only_a_name(client, kept, link, name):
    got = client.content(link(kept["digits"], name, "text/plain"))
    assert got.status == 200 and got.body == b"0123456789"
    assert got.header("content-disposition").isascii() and "\n" not in got.header("content-disposition")
    assert "set-cookie" not in dict(got.headers)


def test_files_of_a_tree_are_found_by_their_whole_path_only(client, kept, link):
    for path, content in TREE.items():
        assert client.content(link(kept["tree"], path, is_tree=True)).body == content
    for path in (
        "",
        "a",
        "a/",
        "/plain.txt",
        "./plain.txt",
        "a/../plain.txt",
        "../plain.txt",
        "PLAIN.TXT",
        "plain.txt\0",
    ):
        assert client.content(link(kept["tree"], path, is_tree=True)).status == 404


def test_the_address_says_nothing_that_the_signature_does_not(client, kept, link):
    address = link(kept["digits"], "x.txt", "text/plain")
    stem = address.rpartition("/")[0]
    for name in ("y.html", "..%2f..%2fetc%2fpasswd", "x.txt?as=text/html", "%00", ""):
        got = client.content(f"{stem}/{name}")
        assert got.status in (200, 404)
        if got.status == 200:
            assert got.header("content-type") == "text/plain; charset=utf-8" and got.body == b"0123456789"
            assert got.header("content-disposition") == "inline; filename*=UTF-8''x.txt"


@pytest.mark.slow
def test_no_address_can_be_made_up_changed_or_used_late(client, kept, link, monkeypatch):
    address = link(kept["digits"], "x.txt", "text/plain")
    signed = address.split("/")[-2]
    body, _, signature = signed.partition(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [
        f"{body[:at]}{letters[(letters.index(body[at]) + 1) % 64]}{body[at + 1 :]}.{signature}"
        for at in range(len(body))
    ]
    changed += [
        f"{body}.{signature[:at]}{letters[(letters.index(signature[at]) + 32) % 64]}{signature[at + 1 :]}"
        for at in range(len(signature))
    ]
    changed += [
        body,
        f"{body}.",
        f".{signature}",
        ".",
        "",
        "..",
        f"{signed}.x",
        "é.é",
        "e30.e30",
        quote(kept["digits"]),
    ]
    for one in changed:
        assert client.content(f"http://{CONTENT}/o/{quote(one)}/x.txt").status == 404
    for path in (
        "/o",
        "/o/",
        "/o/x",
        f"/x/{signed}/x.txt",
        f"/o/{signed}",
        f"/o/{signed}/a/b",
        f"//o/{signed}/x",
        "/enter",
    ):
        assert client.content(f"http://{CONTENT}{path}").status == 404
    other = content_module.object_link(type(client.app.sessions)(), f"http://{CONTENT}")
    assert client.content(other(kept["digits"], "x.txt")).status == 404
    now = time.time()
    monkeypatch.setattr("gnomon.web.sessions.time.time", lambda: now + LINK_S - 3601)
    assert client.content(address).status == 200
    monkeypatch.setattr("gnomon.web.sessions.time.time", lambda: now + LINK_S + 1)
    assert client.content(address).status == 404


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"), ("bytes=5-", 206, b"56789"), ("bytes=-3", 206, b"789"), ("bytes=9-9", 206, b"9"),
        ("bytes=0-999999", 206, b"0123456789"), ("bytes=-999999", 206, b"0123456789"), ("bytes= 2 - 4 ", 206, b"234"),
        ("bytes=10-", 416, b""), ("bytes=-0", 416, b""), ("bytes=5-2", 416, b""), ("bytes=99999999999-", 416, b""),
        ("bytes=0-1,3-4", 200, None), ("bytes=-", 200, None), ("bytes=--5", 200, None), ("bytes=a-b", 200, None),
        ("items=0-3", 200, None), ("bytes", 200, None), ("bytes=1-" + "9" * 5_000, 200, None), ("bytes=٣-٤", 200, None),
    ],
)  # fmt: skip
def test_a_part_is_that_part_and_nonsense_is_the_whole(client, kept, link, asked, status, body):
    more = ("range", asked.encode().decode("latin-1"))
    got = client.content(link(kept["digits"], "x.bin"), more)
    assert (got.status, got.body) == (status, b"0123456789" if body is None else body)
    if status == 206:
        assert got.header("content-length") == str(len(got.body))
        first = b"0123456789".index(got.body)
        assert got.header("content-range") == f"bytes {first}-{first + len(got.body) - 1}/10"
    if status == 416:
        assert got.header("content-range") == "bytes */10"


def test_nothing_is_an_object_too(client, kept, link):
    address = link(kept["empty"], "x.txt")
    assert client.content(address)[::2] == (200, b"")
    assert client.content(address, method="HEAD").header("content-length") == "0"
    for asked in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        assert client.content(address, ("range", asked)).status == 416


def test_head_tells_the_size_and_sends_nothing(client, kept, link):
    got = client.content(link(kept["large"], "x"), method="HEAD")
    assert (got.status, got.header("content-length"), got.body) == (200, str(LARGE), b"")


@pytest.mark.slow
def test_a_large_object_is_never_in_memory(client, kept, link):
    taken = 0

    async def take():
        nonlocal taken
        from tests.unit.web.asking import scope_of

        path = link(kept["large"], "x").partition("localhost:7420")[2]

        async def receive():
            import asyncio

            await asyncio.Event().wait()

        async def send(message):
            nonlocal taken
            taken += len(message.get("body", b""))

        await client.app.gate(scope_of("GET", path, [("host", CONTENT)]), receive, send)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.runner.run(take())
    assert taken == LARGE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < (LARGE >> 10) // 2


def test_whoever_reads_slowly_keeps_no_record_from_the_pages(client, kept, link):
    """Four are open at most: were one held by each download, four would stop the pages."""
    from gnomon.web.records import MOST

    waiting = [content_module._pieces(_store(client), kept["large"], 0, LARGE) for _ in range(3 * MOST)]
    assert [len(next(one)) for one in waiting]
    assert client.get("/help").status == 200
    for one in waiting:
        one.close()


def _store(client):
    with client.app.records.one() as record:
        return record.replica.objects()


def test_a_damaged_object_ends_early(tmp_path, capsys):
    folder, whole = tmp_path / ".gnomon", random.Random(2).randbytes(200_000)
    (tmp_path / "x.bin").write_bytes(whole)
    with gnomon.run("r", dir=folder) as run:
        digest = run.keep(tmp_path / "x.bin")
    (pack,) = (path for path in (folder / "objects").rglob("*.pack"))
    data = bytearray(pack.read_bytes())
    data[100_000] ^= 1
    pack.write_bytes(data)
    own = Client(folder)
    got = own.content(content_module.object_link(own.app.sessions, f"http://{CONTENT}")(digest, "x"))
    own.close()
    assert got.header("content-length") == "200000" and len(got.body) < 200_000
    assert "is damaged" in capsys.readouterr().err


def test_what_is_not_here_is_said(client, link):
    missing = "ab" * 32
    for is_tree in (False, True):
        got = client.content(link(missing, "x", is_tree=is_tree))
        assert got.status == 404 and missing[:12] in got.text and "Traceback" not in got.text


@pytest.mark.slow
def test_what_was_erased_is_not_served(tmp_path):
    folder = tmp_path / "erased" / ".gnomon"
    (tmp_path / "people.csv").write_text("name\nAda\n")
    with gnomon.run("r", dir=folder):
        pass
    with gnomon.open(folder) as record:
        version = record.add_data(str(tmp_path / "people.csv"), name="people")
        client = Client(folder)
        sign = content_module.object_link(client.app.sessions, f"http://{CONTENT}")
        address = sign(str(version.object), "people.csv", is_tree=bool(version.is_tree))
        assert client.content(address).body == b"name\nAda\n"
        close_all()  # a process that writes keeps its packs for a while
        assert erasing.erase(erasing.prepare(record, [version])).left == []
        got = client.content(address)
        client.close()
    assert got.status == 404 and b"Ada" not in got.body


def test_only_reading_is_answered(client, kept, link):
    address = link(kept["digits"], "x")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        assert client.content(address, method=method).status == 405
    assert json.loads(client.content(f"http://{CONTENT}/", method="POST").body)["error"]["code"] == "GN100"
    assert client.content(f"http://{CONTENT}/").header("location") == f"http://{PAGES}/"


def test_no_page_is_on_this_origin(client):
    for path in ("/runs", "/help", "/enter", "/static/app.js", "/events", "/palette", "/leave"):
        got = client.content(f"http://{CONTENT}{path}")
        assert got.status == 404 and "sandbox" in got.header("content-security-policy")
