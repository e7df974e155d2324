"""The gate: every method, host, origin and credential, against a rule that is written here and not taken from it."""

from __future__ import annotations

import itertools
import re
import time
from urllib.parse import urljoin, urlsplit

import pytest

from gnomon.web import gate as gate_module
from gnomon.web.gate import LARGEST_BODY, Gate
from gnomon.web.sessions import Sessions
from tests.unit.web.asking import CONTENT, FORM, PAGES, PORT, asked, run, scope_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "websocket")
HOSTS = {
    "ours": (PAGES,),
    "content": (CONTENT,),
    "evil": ("evil.example",),
    "evil with our port": (f"evil.example:{PORT}",),
    "prefix": (f"127.0.0.1.evil.example:{PORT}",),
    "userinfo": (f"127.0.0.1:{PORT}@evil.example",),
    "empty": ("",),
    "missing": (),
    "twice": (PAGES, PAGES),
    "ours and evil": (PAGES, "evil.example"),
    "other port": (f"127.0.0.1:{PORT + 1}",),
    "longer port": (f"127.0.0.1:{PORT}0",),
    "no port": ("127.0.0.1",),
    "six": (f"[::1]:{PORT}",),
    "upper case": (f"LOCALHOST:{PORT}",),
    "dot": (f"localhost.:{PORT}",),
    "space": (f" {PAGES}",),
    "other spelling": (f"127.1:{PORT}",),
    "nothing": (f"0.0.0.0:{PORT}",),
}
ORIGINS = {
    "none": (),
    "ours": (f"http://{PAGES}",),
    "null": ("null",),
    "evil": ("http://evil.example",),
    "prefix": (f"http://{PAGES}.evil.example",),
    "suffix": (f"http://evil.example/http://{PAGES}",),
    "content": (f"http://{CONTENT}",),
    "secure": (f"https://{PAGES}",),
    "other port": (f"http://127.0.0.1:{PORT + 1}",),
    "twice": (f"http://{PAGES}", "http://evil.example"),
    "empty": ("",),
}
SITES = (None, "none", "same-origin", "same-site", "cross-site")
SESSIONS = ("none", "wrong", "right")
TOKENS = ("none", "wrong", "right")


def expected(method, host, origin, site, session, token) -> int | str:
    """Return the status that a script's request to a page must get, or which app must get it."""
    if method == "websocket":
        return -1008
    if host == "content":
        return "content" if method in ("GET", "HEAD") else 405
    if host != "ours":
        return 421
    if method not in ("GET", "HEAD", "POST"):
        return 405
    is_elsewhere = origin not in ("none", "ours") or site in ("same-site", "cross-site")
    says_nothing = origin == "none" and site is None and token == "none"
    if is_elsewhere or (method == "POST" and says_nothing):
        return 403
    if session != "right":
        return 401
    return 403 if method == "POST" and token != "right" else "pages"


def answering(name: str):
    async def app(scope, receive, send):
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-app", name.encode())]})
        await send({"type": "http.response.body", "body": b""})

    return app


class Asker:
    """A gate before two apps that only say that they were asked."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self.gate = Gate(answering("pages"), answering("content"), self.sessions, PORT)
        session = self.sessions.enter(self.sessions.new_code())
        assert session is not None
        self.session = session
        self.cookies = {"none": "", "wrong": "x" * 43, "right": session}
        self.tokens = {"none": "", "wrong": "0" * 64, "right": self.sessions.token(session)}

    def scope(
        self,
        method="GET",
        path="/",
        *,
        host="ours",
        origin="none",
        site=None,
        session="right",
        token="none",
        more=(),
    ):
        headers = [("host", one) for one in HOSTS[host]]
        headers += [("origin", one) for one in ORIGINS[origin]]
        headers += [("sec-fetch-site", site)] if site else []
        headers += (
            [("cookie", f"{self.sessions.cookie}={self.cookies[session]}")] if session != "none" else []
        )
        headers += [("x-gnomon-token", self.tokens[token])] if token != "none" else []
        kind = "websocket" if method == "websocket" else "http"
        return scope_of("GET" if kind == "websocket" else method, path, [*headers, *more], kind)

    async def ask(self, *args, pieces=(b"",), **kwargs):
        return await asked(self.gate, self.scope(*args, **kwargs), pieces)


@pytest.fixture
def asker():
    return Asker()


@pytest.mark.slow
def test_every_combination_is_answered_as_the_rule_says(asker):
    cases = list(itertools.product(METHODS, HOSTS, ORIGINS, SITES, SESSIONS, TOKENS))

    async def all_of_them():
        wrong = []
        for method, host, origin, site, session, token in cases:
            got = await asker.ask(
                method, "/o/x", host=host, origin=origin, site=site, session=session, token=token
            )
            names = {name for name, _ in got.headers}
            is_right = (got.header("x-app") or got.status) == expected(
                method, host, origin, site, session, token
            )
            is_safe = method == "websocket" or "content" in got.header("x-app") or "x-frame-options" in names
            if not is_right or not is_safe or any(name.startswith("access-control") for name in names):
                wrong.append((method, host, origin, site, session, token, got))
        return wrong

    assert run(all_of_them()) == []
    assert len(cases) > 100_000


def test_a_token_in_the_form_counts_as_one_in_the_header_and_only_in_a_form(asker):
    right = asker.tokens["right"].encode()

    async def post(body, kind):
        more = [("content-type", kind)] if kind else []
        return (await asker.ask("POST", origin="ours", more=more, pieces=(body,))).status

    async def statuses():
        form = FORM[1]
        return [
            await post(b"a=1&_token=" + right, form),
            await post(b"a=1&_token=" + right, form + ";charset=UTF-8"),
            await post(b"a=1&_token=" + right, "text/plain"),
            await post(b"a=1&_token=" + right, ""),
            await post(b"_token=" + right[:-1], form),
            await post(b"_token=%FF%FE", form),
            await post(b"_token=" + "é".encode(), form),
            await post(b"&" * 5_000 + b"_token=" + right, form),
        ]

    assert run(statuses()) == [200, 200, 403, 403, 403, 403, 403, 403]


def test_secrets_that_are_not_ascii_are_refused_like_others(asker):
    async def statuses():
        odd = "\xe9\xff\x80"
        header = await asker.ask("POST", origin="ours", more=[("x-gnomon-token", odd)])
        cookie = await asker.ask(session="none", more=[("cookie", f"{asker.sessions.cookie}={odd}")])
        return header.status, cookie.status

    assert run(statuses()) == (403, 401)
    sessions = asker.sessions
    for odd in ("é", "\ud800", "\x00", "日本" * 10_000):
        assert sessions.enter(odd) is None and not sessions.is_open(odd)
        assert not sessions.is_token(asker.session, odd) and not sessions.is_token(odd, "x")
        assert sessions.read(odd) is None and sessions.read(f"{odd}.{odd}") is None


def test_a_cookie_of_another_program_cannot_hide_ours(asker):
    ours = f"{asker.sessions.cookie}={asker.session}"
    cases = [
        f'a="b; {ours}', f"a[]=1,2; {ours}", f"{ours}; \xff=\xfe", f"=; {ours}",
        f"{asker.sessions.cookie}=planted; {ours}", f"{ours}; {asker.sessions.cookie}=planted",
    ]  # fmt: skip

    async def statuses():
        return [(await asker.ask(session="none", more=[("cookie", case)])).status for case in cases]

    assert run(statuses()) == [200] * len(cases)


def test_a_link_from_elsewhere_is_followed_by_our_own_page_and_nothing_else_is(asker):
    visit = [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")]

    async def answers():
        link = await asker.ask(path="/run/a?x=<b>&y='", site="cross-site", more=visit)
        frame = await asker.ask(path="/", site="cross-site", more=[("sec-fetch-dest", "iframe"), *visit[1:]])
        script = await asker.ask(
            path="/static/app.js", site="cross-site", more=[("sec-fetch-dest", "script")]
        )
        posted = await asker.ask("POST", site="cross-site", more=visit)
        return link, frame, script, posted

    link, *others = run(answers())
    assert (
        link.status == 200
        and link.header("x-app") == ""
        and "url=/run/a?x=&lt;b&gt;&amp;y=&#x27;" in link.text
    )
    assert link.header("content-security-policy").startswith("default-src 'none'")
    assert [answer.status for answer in others] == [403, 403, 403]


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "*", "", "evil.example:443", "//evil.example/x", "/\\evil.example", "/%09/evil"],
)
def test_a_target_in_another_form_never_leads_elsewhere(asker, target):
    visit = [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")]
    got = run(asker.ask(path=target, site="cross-site", more=visit))
    if target in ("http://evil.example/", "*", "", "evil.example:443"):
        assert got.status == 400
        return
    found = re.search(r'content="0;url=([^"]*)"', got.text)
    assert found is not None
    assert urlsplit(urljoin(f"http://{PAGES}/", found[1])).netloc == PAGES and found[1].isprintable()


def test_bodies_are_bounded_in_size_and_time_and_are_not_read_for_strangers(asker, monkeypatch):
    monkeypatch.setattr(gate_module, "BODY_S", 0.05)
    stated = ("content-length", str(10**30))

    async def statuses():
        whole, piece = b"x" * LARGEST_BODY, b"x" * 65_536
        right = {"origin": "ours", "token": "right"}
        return {
            "largest": (await asker.ask("POST", **right, pieces=(whole,))).status,
            "larger": (await asker.ask("POST", **right, pieces=[piece] * 17)).status,
            "stated": (await asker.ask("POST", **right, more=[stated], pieces=(None,))).status,
            "never ends": (await asker.ask("POST", **right, pieces=(b"a", None))).status,
            "tiny pieces": (await asker.ask("POST", **right, pieces=[b"x"] * 20_000)).status,
            "stranger": (await asker.ask("POST", origin="ours", session="none", pieces=(None,))).status,
            "elsewhere": (await asker.ask("POST", origin="evil", pieces=(None,))).status,
            "code": (
                await asker.ask("POST", "/enter", origin="ours", session="none", pieces=[piece] * 3)
            ).status,
        }

    started = time.monotonic()
    assert run(statuses()) == {
        "largest": 200, "larger": 413, "stated": 413, "never ends": 413, "tiny pieces": 200, "stranger": 401,
        "elsewhere": 403, "code": 413,
    }  # fmt: skip
    assert time.monotonic() - started < 5


def test_addresses_are_bounded(asker):
    async def statuses():
        return [
            (await asker.ask(path=path)).status
            for path in ("/" + "a/" * 20_000, "/?" + "q" * 10**6, "/?" + "a" * 9_000)
        ]

    assert run(statuses()) == [414, 414, 200]
