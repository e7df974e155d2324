"""What people wrote as markup: references become cards, numbers are shown, and nothing that was typed becomes an element."""

from __future__ import annotations

import re

import pytest

import gnomon
from gnomon.team.pages.markdown import shown
from gnomon.team.writing import actions
from tests.browser.hostile_record import PAYLOADS


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("markdown") / ".gnomon"
    with gnomon.run("first <run>", dir=folder) as run:
        run.log(auc=0.914)
    found = gnomon.open(folder)
    found.test_run = run.id
    actions.open_writing(found, "decision", "Use <b>depth</b> 6", "x")
    return found


def markup(record, text):
    return str(shown(record, text.replace("RUN", f"run:{record.test_run[:8]}")))


@pytest.mark.slow
def test_a_reference_is_a_link_to_its_page_with_a_few_words(record):
    html = markup(record, "See RUN and decision:1.")
    assert f'href="/run/{record.test_run}"' in html
    assert 'class="card"' in html
    assert "Use &lt;b&gt;depth&lt;/b&gt; 6" in html
    assert "<b>depth</b>" not in html


def test_a_reference_that_means_nothing_is_no_link_and_says_so(record):
    html = markup(record, "See decision:99 and run:ffffffff.")
    assert html.count('class="card gone"') == 2
    assert "href" not in html
    assert html.count("missing") >= 2


def test_bound_numbers_are_shown_and_written_ones_link_to_their_run(record):
    html = markup(record, "{{ metrics.auc of RUN }} is [0.914](RUN#metrics.auc)")
    assert "{{" not in html
    assert html.count("0.914") == 2
    assert f'<a href="/run/{record.test_run}"' in html


def test_code_holds_no_reference(record):
    assert "href" not in markup(record, "`RUN` and\n\n```\nRUN\n```")


def test_tables_lists_and_headings_are_drawn(record):
    html = markup(record, "# a\n\n| b | c |\n|---|---|\n| d | e |\n\n- f\n- ~~g~~")
    for element in ("<h1>", "<table>", "<td>d</td>", "<li>", "<s>g</s>"):
        assert element in html


def test_a_picture_is_a_link_and_fetches_nothing(record):
    html = markup(record, "![a cat](https://example.org/cat.png) ![x](data:image/png;base64,AAAA)")
    assert "<img" not in html
    assert '<a href="https://example.org/cat.png"' in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "//evil.org", "/run/x"]
)
def test_a_link_leads_to_the_web_or_to_a_reference(record, target):
    assert "href" not in markup(record, f"[x]({target}) <{target}>")


@pytest.mark.slow
def test_nothing_that_is_typed_becomes_an_element_of_its_own(record):
    known = re.compile(
        r"</?(?:p|a|b|h[1-6]|em|strong|s|code|pre|ul|ol|li|blockquote|hr|br|small|table|thead|tbody|tr|th|td)\b[^<>]*>"
    )
    for payload in PAYLOADS:
        for text in (payload, f"[{payload}](https://x.org)", f"# {payload}\n- {payload}", f"RUN{payload}"):
            html = markup(record, text)
            left = known.sub("", html)
            assert "<" not in left, (payload, html)
            assert not re.search(r"<[^>]*\son\w+=", html), (payload, html)
            assert not re.search(r'(?:href|src)="(?!https?://|/)', html), (payload, html)


DRAWN = "flowchart LR\n\ta --> b{{RUN}}\n"


def test_a_mermaid_text_is_a_place_for_its_drawing_with_the_text_below(record):
    html = markup(record, f"```mermaid\n{DRAWN}```\n")
    assert re.search(r'<figure class="drawing" id="drawing-[0-9a-f]{12}-1" data-drawing hx-morph-skip>', html)
    assert "<details open><summary>as text</summary>" in html
    assert f"a --&gt; b{{{{run:{record.test_run[:8]}}}}}\n</code>" in html, (
        "bound to nothing, linked to nothing"
    )
    assert "href" not in html


def test_two_drawings_of_one_text_have_names_of_their_own_and_another_text_another_name(record):
    fence = f"```mermaid\n{DRAWN}```\n\n"
    first, second = re.findall(r'id="drawing-([^"]+)"', markup(record, fence * 2))
    assert first != second and first[:12] == second[:12]
    (other,) = re.findall(r'id="drawing-([^"]+)"', markup(record, fence.replace("a -->", "c -->")))
    assert other[:12] != first[:12]


@pytest.mark.parametrize("word", ["python", "", "mermaid2", "xmermaid", "svg"])
def test_code_in_another_language_is_code(record, word):
    html = markup(record, f"```{word}\n{DRAWN}```")
    assert "<figure" not in html and "<pre><code" in html


def test_a_mermaid_text_that_is_too_large_is_code_and_that_is_said(record):
    html = markup(record, "```mermaid\n" + "é" * 10_001 + "\n```")
    assert "<figure" not in html and "more than 20,000 bytes is not drawn" in html
    assert "<figure" in markup(record, "```mermaid\n" + "é" * 9_999 + "\n```")


def test_nothing_in_a_mermaid_text_becomes_an_element_or_an_attribute(record):
    for payload in PAYLOADS:
        html = markup(record, f"~~~mermaid {payload}\n{payload}\n~~~")
        known = re.sub(
            r'</?(?:details|summary|pre|code|figure)(?: (?:open|data-drawing|hx-morph-skip|tabindex="0"|class="drawing"'
            r'|id="drawing-[0-9a-f]{12}-1"))*>',
            "",
            html,
        )
        assert "<" not in known.replace("<p>", "").replace("</p>", "") or "<figure" not in html, (
            payload,
            html,
        )
