"""The frame that draws: which files it is, what it may do, and that no page of ours gets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gnomon
from gnomon.team.pages.markdown import LARGEST_DRAWING
from gnomon.web.drawing import LIBRARY, SCRIPT
from tests.unit.web.asking import CONTENT, PAGES, Client

STATIC = Path(gnomon.__file__).parent / "web/static"
OPEN = """
/drawing/                          text/html; charset=utf-8
/drawing/mermaid-12.0.0.tiny.js    text/javascript; charset=utf-8
/drawing/mermaid_frame.js          text/javascript; charset=utf-8
"""
"""All that is on the origin of what people made without a signature."""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawing") / ".gnomon"
    with gnomon.run("r", dir=folder):
        pass
    started = Client(folder)
    yield started
    started.close()


def content(client, path, method="GET"):
    return client.content(f"http://{CONTENT}{path}", method=method)


@pytest.mark.parametrize(("path", "kind"), [line.split(maxsplit=1) for line in OPEN.strip().splitlines()])
def test_what_is_open_is_told_as_what_it_is_and_is_only_read(client, path, kind):
    got = content(client, path)
    assert (got.status, got.header("content-type")) == (200, kind)
    assert got.header("x-content-type-options") == "nosniff"
    names = [name for name, _ in got.headers]
    assert "set-cookie" not in names and not any(name.startswith("access-control") for name in names)
    assert [content(client, path, method).status for method in ("POST", "PUT", "OPTIONS")] == [405] * 3


def test_the_policy_of_the_frame_lets_two_files_run_and_nothing_be_asked(client):
    origin = f"http://{CONTENT}/drawing/"
    said = content(client, "/drawing/").header("content-security-policy")
    assert dict(one.strip().partition(" ")[::2] for one in said.split(";")) == {
        "sandbox": "allow-scripts",
        "default-src": "'none'",
        "script-src": f"{origin}mermaid-12.0.0.tiny.js {origin}mermaid_frame.js",
        "style-src": "'unsafe-inline'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": f"http://{PAGES}",
    }


def test_the_frame_names_our_origin_and_its_two_scripts_and_holds_no_inline_one(client):
    page = content(client, "/drawing/").text
    assert f'data-page="http://{PAGES}"' in page
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [re.sub(r"\?v=[0-9a-f]{12}", "", said) for said, _ in scripts] == [
        ' src="/drawing/mermaid-12.0.0.tiny.js"',
        ' src="/drawing/mermaid_frame.js"',
    ]
    assert [inline for _, inline in scripts] == ["", ""]


def test_a_script_opened_by_itself_is_shut_in_like_any_file(client):
    for name in (LIBRARY, SCRIPT):
        said = content(client, f"/drawing/{name.rpartition('/')[2]}").header("content-security-policy")
        assert said.startswith("sandbox; default-src 'none';") and "script" not in said


@pytest.mark.parametrize(
    "path",
    [
        "/drawing", "/drawing/x", "/drawing//", "/drawing/../static/app.js", "/drawing/app.js", "/Drawing/", "//drawing/",
        "/drawing/mermaid_frame.js/", "/static/mermaid_frame.js", "/drawing/vendor/mermaid-12.0.0.tiny.js", "/drawing/%00",
    ],
)  # fmt: skip
def test_nothing_beside_the_three_is_open(client, path):
    assert content(client, path).status == 404


def test_our_own_origin_gives_neither_script_so_no_page_can_run_the_library(client):
    for name in (LIBRARY, SCRIPT):
        assert client.get(f"/static/{name}").status == 404
    assert client.get("/static/mermaid.js").status == 200
    for path in ("/drawing/", "/drawing/mermaid_frame.js"):
        assert client.get(path).status == 404


def test_the_frame_draws_as_much_as_a_text_may_hold():
    source = (STATIC / SCRIPT).read_text(encoding="utf-8")
    assert f"const LONGEST = {LARGEST_DRAWING};" in source
