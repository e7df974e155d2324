"""The page that `gnomon plot --out x.html` writes, in a browser: values, zoom, lines that come and go, and its walls."""

from __future__ import annotations

import pytest

import gnomon
from tests.browser import chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PATH is None, reason="needs Chromium"),
]
BOX = "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.gn-hit').getBoundingClientRect())"
TIP = "document.querySelector('.gn-tip').hidden ? null : document.querySelector('.gn-tip').innerText"
TICKS = "document.querySelector('.gn-axes').textContent"
HIDDEN = "document.querySelectorAll('.gn-line.gn-hidden').length"


@pytest.fixture
def page(project, tmp_path):
    for number, name in enumerate(("first", "<img src=x onerror=alert(1)>")):
        with gnomon.run(name) as run:
            for step in range(11):
                run.log({"loss": 10.0 * number + step * 0.5}, step=step * 10)
    path = tmp_path / "plot.html"
    gnomon.open().plot(metrics="loss").save(str(path))
    opened = chromium.Page(tmp_path / "profile")
    try:
        opened.open(path)
        yield opened
    finally:
        opened.close()


def test_values_show_under_the_pointer_zoom_goes_in_and_back_and_lines_come_and_go(page):
    left, top, width, height = page.js(BOX)
    before = page.js(TICKS)
    page.mouse("mouseMoved", left + width * 0.4, top + height * 0.5)
    tip = page.js(TIP)
    assert "step 40" in tip and "2" in tip.split() and "12" in tip.split()
    assert "<img src=x onerror=alert(1)>" in tip and page.js("document.images.length") == 0

    page.mouse("mousePressed", left + width * 0.2, top + height / 2, button="left", clickCount=1)
    page.mouse("mouseMoved", left + width * 0.4, top + height / 2, button="left", buttons=1)
    page.mouse("mouseReleased", left + width * 0.4, top + height / 2, button="left", clickCount=1)
    assert page.js(TICKS) != before and page.js("document.getElementById('gn-reset').hidden") is False
    page.click(left + width / 2, top + height / 2, times=2)
    assert page.js(TICKS) == before and page.js("document.getElementById('gn-reset').hidden") is True

    x, y = page.js(
        "(r => [r.left + r.width / 2, r.top + r.height / 2])(document.querySelector('.gn-key').getBoundingClientRect())"
    )
    page.click(x, y)
    assert (
        page.js(HIDDEN) == 1
        and page.js("document.querySelector('.gn-key').getAttribute('aria-pressed')") == "false"
    )
    page.click(x, y)
    assert page.js(HIDDEN) == 0


def test_no_other_script_runs_and_no_request_leaves(page):
    page.js(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 1'}),"
        " Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'})); 0"
    )
    page.js("fetch('http://127.0.0.1:9/y').then(() => { window.broken = 2 }, () => 0)")
    assert page.js("typeof window.broken") == "undefined"
    refused = [event for event in page.events if event.get("method") == "Log.entryAdded"]
    assert sum("Content Security Policy" in event["params"]["entry"]["text"] for event in refused) >= 2
    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    answered = [event for event in page.events if event.get("method") == "Network.responseReceived"]
    assert all(url.startswith("file:") for url in asked if not url.startswith("http://127.0.0.1:9/"))
    assert all(event["params"]["response"]["url"].startswith("file:") for event in answered)


def test_an_interval_at_one_x_alone_stays_a_bar_when_it_is_drawn_anew(project, tmp_path):
    for seed, value in enumerate((1.0, 2.0, 3.0)):
        with gnomon.run("a", params={"lr": 1}, seed=seed, group="g") as run:
            run.log({"loss": value}, step=5)
        with gnomon.run("b", params={"lr": 2}, seed=seed, group="h") as run:
            for step in range(10):
                run.log({"loss": 10 * value}, step=step)
    path = tmp_path / "plot.html"
    gnomon.open().plot(metrics="loss", groups=True).save(str(path))
    page = chromium.Page(tmp_path / "profile")
    try:
        page.open(path)
        height = "document.querySelector('[data-of=whiskers]').getBBox().height"
        before = page.js(height)
        page.js("document.querySelectorAll('.gn-key')[1].dispatchEvent(new MouseEvent('click')); 0")
        assert page.js(HIDDEN) == 1 and page.js(height) > 2 * before > 0
    finally:
        page.close()
