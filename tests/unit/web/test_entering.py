"""Entering and leaving: a code counts once, a session is nobody else's, and nothing leads away from here."""

from __future__ import annotations

import itertools
import random
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest

import gnomon
from gnomon.web.entering import safe_path
from gnomon.web.sessions import CODES, SESSIONS, Sessions
from tests.unit.web.asking import FORM, PAGES, Client

OURS = ("origin", f"http://{PAGES}")


@pytest.fixture
def client(project):
    with gnomon.run("r"):
        pass
    started = Client(project / ".gnomon")
    yield started
    started.close()


def enter(client, code, *more, where="/", session=""):
    body = f"code={quote(code)}&next={quote(where)}".encode()
    return client.ask("POST", "/enter", *(more or (OURS,)), FORM, body=body, session=session)


@pytest.mark.slow
def test_a_code_counts_once_and_gives_a_cookie_of_this_start_only(client):
    code = client.app.sessions.new_code()
    got = enter(client, code)
    assert (got.status, got.header("location")) == (303, "/")
    cookie = got.header("set-cookie")
    name, _, session = cookie.partition(";")[0].partition("=")
    assert name == f"gnomon-{client.app.sessions.instance}" and len(session) >= 40
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert flags == {"httponly", "path=/", "samesite=strict"}
    assert client.app.sessions.is_open(session)
    again = enter(client, code)
    assert again.status == 403 and not again.header("set-cookie") and code not in again.text


@pytest.mark.parametrize("code", ["", " ", "x", "é", "😀", "0" * 32, "a" * 8_000, "\x00", "' OR 1=1 --"])
def test_a_wrong_code_lets_nobody_in(client, code):
    client.app.sessions.new_code()
    got = enter(client, code)
    assert got.status == 403 and not got.header("set-cookie")


def test_nobody_else_can_have_a_browser_enter(client):
    """Else another page could put a browser into a session that it knows."""
    code = client.app.sessions.new_code()
    for more in (
        (("origin", "http://evil.example"),), (("origin", "null"),), (("sec-fetch-site", "cross-site"),),
        (("sec-fetch-site", "same-site"),), (("origin", f"http://localhost:{PAGES[-4:]}"),), (("x-other", "1"),),
    ):  # fmt: skip
        assert enter(client, code, *more).status == 403
    assert enter(client, code).status == 303


def test_a_session_is_made_by_us_and_the_old_one_ends(client):
    planted = "planted-by-somebody-else-0123456789012345678901"
    got = enter(
        client, client.app.sessions.new_code(), OURS, ("cookie", f"{client.app.sessions.cookie}={planted}")
    )
    new = got.header("set-cookie").partition(";")[0].partition("=")[2]
    assert new != planted and not client.app.sessions.is_open(planted)
    old = client.session
    got = enter(client, client.app.sessions.new_code(), OURS, session=None)
    assert got.status == 303 and not client.app.sessions.is_open(old)


def test_many_sessions_and_codes_stay_bounded_and_only_the_oldest_go():
    sessions = Sessions()
    codes = [sessions.new_code() for _ in range(CODES + 5)]
    entered = [sessions.enter(code) for code in codes]
    assert entered[:5] == [None] * 5 and None not in entered[5:]
    many = [sessions.enter(sessions.new_code()) for _ in range(SESSIONS + 10)]
    assert [sessions.is_open(one) for one in many] == [False] * 10 + [True] * SESSIONS
    assert len({sessions.token(one) for one in many}) == len(many)
    assert not sessions.is_token(many[-1], sessions.token(many[-2]))
    assert not hasattr(sessions, "__dict__") or not any(
        one in repr(vars(sessions)) for one in [*many, *codes]
    )


def test_leaving_ends_the_session_and_takes_the_cookie_away(client):
    assert client.get("/help").status == 200
    assert client.ask("POST", "/leave", OURS, FORM).status == 403  # without the token
    assert client.get("/leave").status in (404, 405)
    got = client.post("/leave")
    assert (got.status, got.header("location")) == (303, "/enter")
    assert "max-age=0" in got.header("set-cookie").lower()
    assert client.get("/help").status == 401 and client.post("/leave").status == 401


def test_who_is_in_sees_the_form_too_so_that_the_code_leaves_the_address(client):
    got = client.get("/enter")
    assert (
        got.status == 200
        and "This browser has entered already." in got.text
        and "/static/enter.js" in got.text
    )


def hostile_paths():
    seeds = [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "///evil.example", "////evil.example",
        "http://evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x", "//evil.example@127.0.0.1",
        "/%2f/evil.example", "/%5cevil.example", "/.//evil.example", "/..//evil.example", "/./\\evil.example", "/\t/evil.example",
        "/\n/evil.example", "/\r\nset-cookie: a=b", "/\x00/evil.example", " //evil.example", "\t//evil.example", "/\u2028/evil",
        "/\u00ad/evil", "/\u202eevil", "//", "/", "", "?x", "#x", ".", "..", "evil.example", "@evil.example", ":80",
        "//[::1]/", "//127.0.0.1.evil.example", "/enter", "/enter?next=//evil", "/static/x", "/events", "/x\\y", "/x?next=//evil",
        "/x#//evil", "/;//evil", "/\uff0f/evil", "\uff0f/evil", "/⁄/evil", "http:/\\evil.example", "ftp://evil",
        "/\u200b/evil", "/x?y=\r\nlocation: //evil", "/%0d%0aset-cookie:a=b", "/\ud800", "/" + "a" * 9_000,
    ]  # fmt: skip
    rest = random.Random(7)
    letters = [
        "/",
        "\\",
        "%2f",
        "%5c",
        "\t",
        "\n",
        "\r",
        "//",
        ":",
        "@",
        "#",
        "?",
        ".",
        "evil.example",
        "http:",
        " ",
        "\x00",
        "é",
    ]
    made = ["".join(rest.choices(letters, k=rest.randint(1, 6))) for _ in range(600)]
    return [*seeds, *made, *("".join(pair) for pair in itertools.product(letters, repeat=2))]


def test_what_follows_entering_is_always_a_path_of_ours():
    paths = hostile_paths()
    assert len(paths) > 900
    for path in paths:
        for text in (path, unquote(path)):
            got = safe_path(text)
            assert got.startswith("/") and got.isprintable() and "\\" not in got
            assert urlsplit(urljoin(f"http://{PAGES}/enter", got)).netloc == PAGES
            assert safe_path(got) == got


def test_the_redirect_after_entering_leads_here_and_adds_no_header(client):
    for path in hostile_paths()[:60]:
        got = enter(client, client.app.sessions.new_code(), where=path.encode("utf-8", "replace").decode())
        assert got.status == 303 and sum(name == "set-cookie" for name, _ in got.headers) == 1
        to = got.header("location")
        assert to.startswith("/") and urlsplit(urljoin(f"http://{PAGES}/enter", to)).netloc == PAGES


def test_many_fields_and_odd_bytes_are_a_wrong_code(client):
    for body in (b"&" * 8_000, b"code=%FF%FE&code=", b"\xff\xfe\x00", b"code" * 2_000, b"=" * 100):
        assert client.ask("POST", "/enter", OURS, FORM, body=body, session="").status == 403


def test_the_page_to_enter_shows_what_was_asked_for_as_text(client):
    path = "/<script>alert(1)</script>'\"&amp;?a='><img src=x onerror=alert(1)>"
    got = client.get(quote(path, safe="/<>'\"=()&;?! "), session="x")
    assert got.status == 401 and "<img" not in got.text and "<script>" not in got.text
    assert "default-src 'none'" in got.header("content-security-policy")
