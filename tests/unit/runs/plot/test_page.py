"""The picture as a page: it runs its own script and nothing else, whatever runs are called."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import gnomon
from tests.unit.runs.plot.test_svg import HOSTILE


class Reader(HTMLParser):
    """Collects what a browser would see: elements with attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in self.inside:
            self._open = tag
            self.inside[tag].append("")

    def handle_endtag(self, tag):
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data):
        if self._open:
            self.inside[self._open][-1] += data


def read(text: str) -> Reader:
    return Reader(text)


def test_hostile_names_add_no_element_and_no_attribute(log):
    run = log(HOSTILE, loss=[1.0, 2.0], group=HOSTILE)
    log("second", loss=[1.0, 2.0])
    tame = read(gnomon.open().plot(run, "loss", title="tame").html())
    page = gnomon.open().plot(metrics="loss", title=HOSTILE).html()
    found = read(page)
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in tame.elements}
    allowed = {
        "id", "class", "href", "type", "content", "name", "charset", "lang", "hidden", "checked", "disabled", "role",
        "http-equiv", "xmlns", "viewbox", "x", "y", "d", "cx", "cy", "r", "dy", "width", "height", "fill", "stroke", "overflow",
        "aria-label", "text-anchor",
    }  # fmt: skip
    for tag, attributes in found.elements:
        for name in attributes:
            assert name in allowed or name.startswith(("data-", "font-", "fill-", "stroke-")), (tag, name)
    assert sum(tag == "script" for tag, _ in found.elements) == 2
    assert "\x1b" not in page and "\u202e" not in page
    assert not set(found.inside["script"][0]) & set(
        "<>&"
    )  # `<!--` and `</script ` mean something in there, too
    data = json.loads(found.inside["script"][0])
    assert "onerror" in data["keys"][0]


def test_the_policy_lets_only_the_own_script_and_style_run(log):
    log("a", loss=[1.0, 2.0])
    found = read(gnomon.open().plot(metrics="loss").html())
    (policy,) = [
        one["content"] for tag, one in found.elements if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    for kind, text in (("script", found.inside["script"][1]), ("style", found.inside["style"][0])):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert len(found.inside["style"]) == 1


def test_the_page_asks_nothing_of_a_network(log):
    log("a", loss=[1.0, 2.0])
    page = gnomon.open().plot(metrics="loss").html()
    assert set(re.findall(r"https?://[^\"' ]*", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href|url|fetch|import)\b *[=(]", page)


def test_the_script_gets_the_drawn_points(log):
    log("a", loss=[1.0, float("nan"), 3.0])
    data = json.loads(read(gnomon.open().plot(metrics="loss").html()).inside["script"][0])
    (line,) = data["panels"][0]["lines"]
    assert line == {"key": 0, "metric": "loss", "x": [0, 1, 2], "y": [1, None, 3]}


def test_without_a_script_there_are_the_picture_and_a_table(log):
    log("a", loss=[1.0, 2.0, 0.5])
    page = gnomon.open().plot(metrics="loss").html()
    assert "<details><summary>Lines" in page
    assert re.search(r"<td>3</td><td>0.5</td><td>0.5</td><td>2</td>", page)


def test_nothing_to_draw_is_a_page_too(log):
    log("a", loss=[float("nan")])
    page = gnomon.open().plot(metrics="loss").html()
    assert "nothing to draw: 1 NaN" in page
    assert json.loads(read(page).inside["script"][0])["x"]["name"] == "step"
