"""Every page over a record of which every text is an attack: nothing runs, nothing is asked of others, our own policy holds.

Pages are those that the app has: a new one is looked at here without being named. What people made is opened too, framed and in a
tab of its own, and the honest uses of it still work.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
import socket
import threading
from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import Error
from thorough import one_in

from gnomon.web.finding import Found
from tests.browser.chromium import PATH
from tests.browser.hostile_record import EVIL, PAYLOADS, build
from tests.browser.pages import ARGUMENTS, Pages, new_page

pytestmark = pytest.mark.slow
WATCH = """
window.alert = window.confirm = window.prompt = () => pwned();
document.addEventListener("securitypolicyviolation", (event) => {
  violated(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
VISIT = """async () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (let y = 0; y < Math.min(document.body.scrollHeight, 15000); y += 700) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
  for (const chart of [...document.querySelectorAll("[tabindex='0'], [data-chart]")].slice(0, 12)) {
    chart.focus?.();
    for (const key of ["t", "ArrowRight"]) chart.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    chart.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 50, clientY: 50}));
  }
}"""
ASKED = "q query where sort columns name metric x y at better color_by baseline from to step limit kind field series level tab"
OUT_OF_PLACE = (  # elements that only an attack can have brought
    "plaintext, xmp, frameset, marquee, portal, base, object, embed, style, iframe[srcdoc], [onerror], [onload], [onfocus], "
    "[onclick], a[href^='javascript:' i], a[href^='data:' i], a[href^='vbscript:' i], a[ping], form[action^='http'], "
    "img[src*='evil'], [hx-get^='http'], main ~ main, script:not([src])"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    values = build(folder)
    pages = Pages(folder)
    yield pages, values
    pages.close()


@pytest.fixture(scope="module")
def evil():
    """A listener at which the browser finds the other host: what a policy stops never comes here."""
    listener, came = socket.create_server(("127.0.0.1", 0)), []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                asked = connection.recv(1_000)
                came.extend(
                    [asked] if asked else []
                )  # browsers connect beforehand, which no policy stops, and say nothing
                connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield listener.getsockname()[1], came
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture(scope="module")
def chromium(browser, evil):
    rule = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1:{evil[0]}"
    started = browser.browser_type.launch(executable_path=PATH, args=[*ARGUMENTS, rule])
    yield started
    started.close()


class Watched:
    """A browser that has entered, and what it saw that must not be."""

    def __init__(self, browser, pages, **options) -> None:
        self.pages, self.found, self.asked, self.came = pages, [], set(), []
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.expose_binding(
            "pwned", lambda source: self.found.append(f"ran in {source['frame'].url[:200]}")
        )
        context.expose_binding("violated", lambda source, what: self._violated(source["frame"].url, what))
        context.add_init_script(WATCH)
        context.on("request", self._asked)
        context.on("dialog", lambda dialog: (self.found.append("dialog"), dialog.dismiss()))
        self.context, self.page = context, context.new_page()
        self.page.on("pageerror", lambda error: self.found.append(f"{self.page.url[:150]}: {error}"[:400]))
        self.page.on("console", self._said)
        pages.enter(self.page)

    def _asked(self, request) -> None:
        with contextlib.suppress(Error):  # a new tab has no frame yet
            if request.frame.url.startswith(self.content):
                return  # there the browser tries, and the policy stops it
        self.asked.add(urlsplit(request.url).netloc)

    def _violated(self, url: str, what: str) -> None:
        if url.startswith(self.pages.base):
            self.found.append(f"policy: {what[:300]}")

    def _said(self, said) -> None:
        if (
            said.type == "error"
            and "Content Security Policy" in said.text
            and self.content not in said.location.get("url", "")
        ):
            self.found.append(f"console on {self.page.url[:120]}: {said.text[:300]}")

    @property
    def content(self) -> str:
        return self.pages.base.replace("127.0.0.1", "localhost")

    def look(self, address: str) -> str:
        """Open a page of ours, use it a little, and return its markup."""
        try:
            self.page.goto(self.pages.base + address, wait_until="load")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            return ""
        if self.page.evaluate("document.contentType") == "text/html":
            self.page.evaluate(VISIT)
            self.page.wait_for_load_state("load")
            for element in self.page.query_selector_all(OUT_OF_PLACE)[:3]:
                self.found.append(f"{address[:100]}: {element.evaluate('e => e.outerHTML')[:200]}")
        return self.page.content()

    def verdict(self) -> None:
        hosts = {urlsplit(self.pages.base).netloc, urlsplit(self.content).netloc, ""}
        assert not self.found, "\n".join(self.found)
        assert self.came == []
        assert self.asked <= hosts, "not sent, but tried"


@pytest.fixture
def watched(chromium, evil, made):
    found = Watched(chromium, made[0])
    found.came = evil[1]
    yield found
    found.context.close()


def addresses(values: dict[str, str]) -> list[str]:
    """Return addresses of all pages of the app: with what they need, and once with an attack in each of their values."""
    runs = values["runs"].split(",")
    useful = {
        "/compare": [("run", one) for one in runs[:12]] + [("metric", "loss")],
        "/chart": [("run", runs[1]), ("metric", "loss")],
        "/search": [("q", "pwned")],
        "/sql": [("query", "select * from runs limit 200")],
        "/palette": [("q", "pwned")],
        "/checks/compare": [("after", values.get("check", "x"))],
        "/runs": [("columns", "name,group,tags,status,error,params.x,note")],
        "/data/{name}/diff": [("from", "v1"), ("to", "v2"), ("rows", "1")],
    }
    found = []
    for page in Found().pages:
        if page.method != "GET":
            continue
        for run in (
            (values["run"], values["kept"], values["notebook"], values["made_for"])
            if "{run}" in page.path
            else ("",)
        ):
            filled = page.path.format_map({**_Any(), **values, "run": run})
            stem = "/compare" if page.path.startswith("/compare") else page.path
            query = useful.get(page.path) or useful.get(stem) or []
            found.append(f"{filled}?{urlencode(query)}" if query else filled)
        attack = [
            (name, PAYLOADS[(at * 7) % len(PAYLOADS)] + "'\"><svg onload=pwned()>")
            for at, name in enumerate(ASKED.split())
        ]
        found.append(f"{filled}?{urlencode(attack)}")
    return found


class _Any(dict):
    def __missing__(self, key):
        return "x"


def test_what_must_not_be_would_be_seen(watched):
    watched.page.goto(watched.pages.base + "/help")
    watched.page.evaluate("pwned()")
    watched.page.evaluate("alert(1)")
    watched.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'pwned()'; document.body.append(s) }"
    )
    watched.page.evaluate(
        "() => { document.body.append(Object.assign(new Image(), {src: 'http://evil.example/x'})) }"
    )
    watched.page.evaluate("address => fetch(address).catch(() => 0)", f"http://{EVIL}/y")
    watched.page.wait_for_timeout(300)
    said = "\n".join(watched.found)
    assert said.count("ran in") == 2 and "script-src" in said and "img-src" in said and "connect-src" in said
    tab = watched.context.new_page()
    with contextlib.suppress(Error):
        tab.goto(f"http://{EVIL}/")
    assert len(watched.came) >= 1
    watched.came.clear()


def test_no_page_lets_anything_run_or_leave(watched, made):
    asked = addresses(made[1])
    assert len(PAYLOADS) >= 200 and len(asked) > 50
    texts = [watched.look(address) for address in asked]
    watched.verdict()
    shown = html.unescape("".join(texts))
    unseen = [one for one in PAYLOADS if one.isprintable() and one not in shown]
    assert unseen == [], "these are in the record, and no page shows them"


def test_an_attack_in_a_path_or_a_search_is_text(watched):
    for at, payload in enumerate(PAYLOADS[:: 6 * one_in(2)]):
        watched.look(("/", "/run/", "/data/", "/data/hostile/")[at % 4] + quote(payload, safe=""))
    for payload in PAYLOADS[::20]:
        watched.look("/search?" + urlencode({"q": payload}))
        watched.look(
            "/sql?"
            + urlencode(
                {"query": f"select '{payload.replace(chr(39), chr(39) * 2)}' as x".replace("\x00", "")}
            )
        )
        watched.look("/runs?" + urlencode({"where": f"name = {json.dumps(payload)}"}))
    watched.verdict()


def content_addresses(watched, made) -> dict[str, str]:
    """Return addresses of what people made, by file name, as pages give them, those that are shown and not offered as files."""
    kept, found = made[1]["kept"], {}
    for page in ("/data/pages/v1", f"/run/{kept}/media", f"/run/{kept}/files"):
        text = html.unescape(watched.look(page))
        for address in re.findall(rf"{re.escape(watched.content)}/o/[^\s\"'<>]+", text):
            name = address.rpartition("/")[2]
            if name not in found and len(found) < 25:
                headers = watched.context.request.get(address).headers
                if headers["content-disposition"].startswith("inline"):
                    found[name] = address
    assert {"a.svg", "b.html"} <= set(found)
    return found


def test_what_people_made_runs_nothing_in_a_tab_of_its_own(watched, made):
    found = content_addresses(watched, made)
    for address in found.values():
        with watched.context.expect_page() as opened:
            watched.page.evaluate("address => { window.open(address) }", address)
        tab = opened.value
        tab.wait_for_load_state()
        assert (
            tab.url == address
            and tab.evaluate("window.origin") == "null"
            and tab.evaluate("window.opener") is None
        )
        tab.close()
    watched.verdict()


def test_what_people_made_cannot_reach_the_pages(watched, made):
    """Framed as a page would frame it, and with the scripts that its sandbox refuses called from outside."""
    found = content_addresses(watched, made)
    watched.page.goto(watched.pages.base + "/help")
    watched.page.evaluate(
        "address => new Promise(done => { const f = document.createElement('iframe'); f.setAttribute('sandbox', '');"
        " f.onload = done; f.src = address; document.body.append(f) })",
        found["b.html"],
    )
    frames = [frame for frame in watched.page.frames if frame.url.startswith(watched.content)]
    assert [frame.locator("#shown").inner_text() for frame in frames] == ["shown"]
    watched.verdict()
    for frame in frames:
        assert frame.evaluate("window.origin") == "null"
        reach = (
            "base => fetch(base + '/runs', {credentials: 'include'}).then(() => 'reached', () => 'refused')"
        )
        assert frame.evaluate(reach, watched.pages.base) == "refused"
    assert watched.came == [] and any("Refused to connect" in one for one in watched.found)


def test_no_cookie_reaches_the_other_origin_and_none_is_set_there(watched, made):
    found = content_addresses(watched, made)
    with watched.page.expect_request(lambda request: request.url == found["a.svg"]) as asked:
        watched.page.evaluate("address => { new Image().src = address }", found["a.svg"])
    request = asked.value
    assert "cookie" not in request.all_headers() and "referer" not in request.all_headers()
    assert "set-cookie" not in request.response().all_headers()
    assert {cookie["domain"] for cookie in watched.context.cookies()} == {"127.0.0.1"}


def test_pictures_sounds_and_frames_still_work(watched, made):
    found = content_addresses(watched, made)
    watched.page.goto(watched.pages.base + "/help")
    size = watched.page.evaluate(
        "address => new Promise((yes, no) => { const i = new Image(); i.onload = () => yes([i.naturalWidth, i.naturalHeight]);"
        " i.onerror = no; i.src = address; document.body.append(i) })",
        found["a.svg"],
    )
    assert size == [9, 9]
    sound = next((address for name, address in found.items() if name.endswith(".wav")), None)
    if sound is not None:
        at = watched.page.evaluate(
            "address => new Promise((yes, no) => { const a = new Audio(address); a.onerror = no; a.onloadedmetadata = () =>"
            " { a.currentTime = a.duration / 2 }; a.onseeked = () => yes(a.currentTime > 0) })",
            sound,
        )
        assert at is True
    watched.verdict()


def test_another_page_gets_nothing(browser, made, tmp_path):
    """A page of another origin in the same browser: it can only lead there, and is cut off from what it opened."""
    page = new_page(browser, made[0])
    base = made[0].base
    other = page.context.new_page()
    page.context.route(
        f"http://{EVIL}/", lambda route: route.fulfill(body="<p>hello", content_type="text/html")
    )
    other.goto(f"http://{EVIL}/")
    got = other.evaluate(
        """async base => {
          const tried = {};
          const read = async (name, what) => {
            try { tried[name] = await what(); } catch (error) { tried[name] = "refused"; }
          };
          const loads = (tag, address) => new Promise((yes, no) => {
            const element = document.createElement(tag);
            element.onload = () => yes("loaded");
            element.onerror = no;
            element.src = base + address;
            document.head.append(element);
          });
          const asks = (options) => fetch(base + "/leave", {credentials: "include", ...options}).then((answer) => answer.type);
          await read("fetch", () => asks({}));
          await read("no-cors", () => asks({mode: "no-cors"}));
          await read("post", () => asks({method: "POST", body: "x=1"}));
          await read("post no-cors", () => asks({method: "POST", mode: "no-cors", body: "x=1"}));
          await read("put", () => asks({method: "PUT"}));
          await read("script", () => loads("script", "/static/app.js"));
          await read("picture", () => loads("img", "/static/gnomon.svg"));
          await read("socket", () => new Promise((yes, no) => {
            const socket = new WebSocket(base.replace("http", "ws") + "/events");
            socket.onopen = () => yes("open");
            socket.onerror = no;
          }));
          await read("events", () => new Promise((yes, no) => {
            const stream = new EventSource(base + "/events", {withCredentials: true});
            stream.onopen = () => yes("open");
            stream.onerror = () => { stream.close(); no(); };
          }));
          return tried;
        }""",
        base,
    )
    assert set(got.values()) == {"refused"}, got
    with page.context.expect_page() as opened:
        other.evaluate("base => { window.opened = window.open(base + '/help') }", base)
    opened.value.wait_for_url(f"{base}/help")
    opened.value.wait_for_selector("h1")
    assert other.evaluate("window.opened.closed") is True  # cut off
    assert opened.value.evaluate("window.opener") is None
    assert page.goto(f"{base}/help").status == 200  # and nobody was made to leave
    page.context.close()
