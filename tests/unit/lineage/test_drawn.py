"""A lineage drawn: Mermaid, DOT, one page, the terminal; whatever things are called."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.lineage.drawn import dot, mermaid
from gnomon.lineage.layout import columns
from gnomon.lineage.page import page
from tests.unit.lineage.made import data, run

HOSTILE = "\"]; A --> B\n</script><script>alert(1)</script>&amp;`%%{init}%%' \\ \x1b[31m \u202e ]"


@pytest.fixture
def graph(project):
    data("credit", origin=HOSTILE)
    run(HOSTILE, uses=["credit"], keeps=[HOSTILE])
    run("after", reads=[HOSTILE])
    return gnomon.open().lineage("data:credit")


def test_mermaid_keeps_every_label_inside_its_quotes(graph):
    lines = mermaid(graph).splitlines()
    assert lines[0] == "flowchart LR"
    for line in lines[1:-2]:
        assert re.fullmatch(
            r'  n\d+(\(\[|\[\(|\[|\{\{|\(\()"[^"<>`\\\x00-\x1f]*"(\]\)|\)\]|\]|\}\}|\)\))|  n\d+ (-->|-\.->)\|"[^"<>]*"\| n\d+',
            line,
        ), line
    assert '  n4 -.->|"used, by content"| n5' in lines or any("by content" in line for line in lines)
    assert lines[-1] == "  class n0 asked"


def test_dot_keeps_every_label_inside_its_quotes(graph):
    for line in dot(graph).splitlines():
        assert re.sub(r'"(?:[^"\\\n]|\\.)*"', "", line).count('"') == 0, line
    assert "style=dashed" in dot(graph)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "href":
                self.links.append(value)
            if name == "id":
                self.ids.add(value)
            if name in ("src", "href", "xlink:href") and not value.startswith("#"):
                self.outside.append(value)
            assert not name.startswith("on")


def test_the_page_asks_nothing_of_anybody_and_runs_nothing(graph):
    text = page(graph)
    reader = _Reader()
    reader.feed(text)
    assert "script" not in reader.tags and not reader.outside
    assert "default-src 'none'; style-src 'sha256-" in text
    assert {link[1:] for link in reader.links} <= reader.ids
    assert len(reader.links) == len(graph)
    assert "\x1b" not in text and "\u202e" not in text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    from base64 import b64encode
    from hashlib import sha256

    assert b64encode(sha256(style.encode()).digest()).decode() in text


def test_what_came_first_stands_left_of_what_came_of_it_cycles_or_not(project):
    data("credit", origin="bank")
    run("copy", uses=["credit"], keeps=["credit"])
    run("train", uses=["credit"], reads=["more"], keeps=["model"])
    graph = gnomon.open().lineage("data:credit")
    place = {graph.node(key).label: at for at, column in enumerate(columns(graph)) for key in column}
    assert place["bank"] < place["credit@v1"] < place["train"] < place["model"]
    assert sorted(key for column in columns(graph) for key in column) == sorted(graph.keys)


@pytest.mark.slow
def test_each_format_is_written_and_a_large_one_is_cut_and_says_so(project, capsys):
    data("credit")
    for number in range(250):
        run(f"r{number}", uses=["credit"])
    assert main(["lineage", "data:credit", "--format", "mermaid"]) == 0
    out, err = capsys.readouterr()
    assert out.count("-->") == 199 and "200 of 251 nodes, those nearest to it; `--all` shows all" in err
    assert main(["lineage", "data:credit", "-o", "x.html"]) == 0
    assert "51 more are not drawn" in (project / "x.html").read_text()
    assert main(["lineage", "data:credit", "-o", "x.dot", "--all"]) == 0
    assert (project / "x.dot").read_text().count(" -> ") == 250
    capsys.readouterr()
    assert main(["lineage", "data:credit", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found["nodes"]), len(found["edges"]), found["edges"][0]["by_content"]) == (251, 250, False)
    assert main(["lineage", "data:credit", "-o", "x.doc"]) == 2
    assert "does not say which format" in capsys.readouterr().err


def test_the_tree_says_how_much_it_leaves_out(project, capsys):
    data("credit")
    for number in range(30):
        run(f"r{number}", uses=["credit"])
    capsys.readouterr()
    assert main(["lineage", "data:credit", "--down"]) == 0
    out = capsys.readouterr().out
    assert "└─ … 19 more" in out and "… 19 more in all, `--all` shows them" in out
    assert out.splitlines()[2].startswith("├─ used by run r29"), "the newest comes first"
    assert main(["lineage", "data:credit", "--down", "--all"]) == 0
    assert capsys.readouterr().out.count("used by run") == 30


def test_a_name_cannot_touch_the_terminal(graph, capsys):
    capsys.readouterr()
    assert main(["lineage", "data:credit"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out and "\\x1b[31m" in out
