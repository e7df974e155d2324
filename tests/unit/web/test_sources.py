"""What the sources of the pages may not hold: read as text, so that no page has to be opened to find it."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import pytest

import gnomon
from gnomon.web.finding import Found

SOURCE = Path(gnomon.__file__).parent
STATIC = SOURCE / "web/static"
TEMPLATES = sorted(SOURCE.rglob("templates/*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))
STYLES = sorted(STATIC.glob("*.css"))
MODULES = sorted({*SOURCE.glob("web/*.py"), *SOURCE.glob("*/pages.py"), *SOURCE.glob("*/pages/*.py")})

FILES = {
    "open",
    "Path",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "unlink",
    "rmtree",
    "listdir",
    "scandir",
    "glob",
}
FILES_KNOWN = {
    "web/app.py": "the files that pages are made with, all of them, before anybody asks",
    "web/browser.py": "the file that leads the person's browser here",
    "web/cli.py": "`gnomon.open` of what the command line says",
}
NETWORK = {
    "socket",
    "http.client",
    "urllib.request",
    "httpx",
    "requests",
    "aiohttp",
    "ssl",
    "smtplib",
    "ftplib",
    "obstore",
    "websockets",
}
NETWORK_KNOWN = {"web/sockets.py": {"socket"}, "web/serve.py": {"socket"}}  # the second names a type only
PARSE_OURS = {"compare.js", "run.js", "search.js", "sql.js"}
"""Scripts that parse a page of ours, which they asked for, and take a part of it: it was escaped where it was made."""
PARSE_FRAMED = {"mermaid_frame.js"}
"""Scripts that parse what a library made of what people wrote: only in a frame that can reach nothing (`web/drawing.py`)."""
MARKUP_KNOWN = {"web/templates.py": 3, "runs/pages/run.py": 1, "team/pages/markdown.py": 1}
"""Where text becomes markup: a time of a fixed form, and what `runs.display.markup.tag` made, which escapes; what a
parser of Markdown made, in which HTML is off (tests/unit/team/pages/test_markdown.py)."""


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def called(call: ast.Call) -> str:
    """Return the last word of what is called, with the module before it where that is `os` or `shutil`."""
    func = call.func
    if isinstance(func, ast.Attribute):
        owner = func.value.id if isinstance(func.value, ast.Name) else ""
        return f"{owner}.{func.attr}" if owner in ("os", "shutil") else func.attr
    return func.id if isinstance(func, ast.Name) else ""


def test_there_is_something_to_read():
    assert len(TEMPLATES) >= 20 and len(SCRIPTS) >= 5 and len(MODULES) >= 30


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_page_opens_files_programs_or_addresses(path):
    """Text of a client can become no path, no command and no address, because nothing here takes one."""
    if name(path) in FILES_KNOWN:
        return
    bad = FILES | {"Popen", "system", "popen", "urlopen", "eval", "exec", "__import__"}
    calls = [(node.lineno, called(node)) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    found = [(line, word) for line, word in calls if word in bad or word.startswith(("os.", "shutil."))]
    assert found == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_page_imports_a_client_of_the_network_or_what_runs_bytes(path):
    imported = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            imported |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    bad = {
        one
        for one in imported
        if one in NETWORK or one in ("pickle", "marshal", "yaml", "subprocess", "PIL", "ctypes")
    }
    assert bad - NETWORK_KNOWN.get(name(path), set()) == set()


def test_pictures_are_decoded_nowhere_in_the_pages():
    """A picture of a few bytes can unpack to gigabytes; only its header is read, when it is logged."""
    for path in MODULES:
        assert not re.search(
            r"\bPIL\b|png_read|picture_array|read_png|pillow", path.read_text(encoding="utf-8")
        ), path


def test_templates_are_made_in_one_place_and_text_becomes_markup_in_one():
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        made = (
            len(re.findall(r"\b(?:jinja2\.)?(?:Environment|Template|from_string)\(", text))
            if "jinja2" in text
            else 0
        )
        assert made == (name(path) == "web/templates.py"), path
        markup = len(re.findall(r"\bMarkup\(", text)) if "markupsafe" in text else 0
        assert markup <= MARKUP_KNOWN.get(name(path), 0), path
    assert "autoescape=True" in (SOURCE / "web/templates.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_turns_nothing_into_markup_and_holds_no_script_or_style(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    markup = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|include\s+[a-z_]+\s*%", text)
    assert not re.search(r"<style\b|\bstyle\s*=", markup, re.IGNORECASE)
    assert not re.search(r"\son[a-z]+\s*=|\shx-on|\sdata-hx-on|js:|javascript:|srcdoc", markup, re.IGNORECASE)
    assert all("src=" in one and one.endswith(" defer>") for one in re.findall(r"<script\b[^>]*>", markup)), (
        "only our files, deferred"
    )
    assert re.findall(r"<script\b[^>]*>\s*[^<\s]", markup) == []
    for where in re.findall(r"(?:src|href|action|hx-get|hx-post)=\"([^\"{]*)", markup):
        assert not re.match(r"[a-z]+:|//", where), f"{where}: only paths of ours"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_value_in_an_attribute_is_quoted(path):
    """Escaping does not help in an attribute without quotes."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", "VALUE", re.sub(r"\{%.*?%\}", "", text, flags=re.DOTALL), flags=re.DOTALL)
    text = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    assert re.findall(r"<[a-z][^<>]*=\s*VALUE", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_form_that_writes_holds_the_token(path):
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL | re.IGNORECASE):
        assert "ui.hidden(token)" in form or "hidden(token)" in form, form[:200]


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_our_scripts_make_no_markup_out_of_text(path):
    text = re.sub(r"(?<!:)//[^\n]*|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    bad = r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function|ContextualFragment|DOMParser|setHTML"
    assert set(re.findall(bad, text)) <= ({"DOMParser"} if path.name in PARSE_OURS | PARSE_FRAMED else set())
    assert (
        re.findall(
            r"set(?:Timeout|Interval)\(\s*[\"'`]|\.on[a-z]+\s*=\s*[\"'`]|setAttribute\(\s*[\"'`](?:on|style|srcdoc)",
            text,
        )
        == []
    )
    assert re.findall(r"[\"'`]https?://(?!www\.w3\.org/)", text) == [], "scripts ask nobody else"
    assert '"use strict"' in text


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_our_styles_ask_for_nothing(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\(\s*[\"']?(?!data:|#)|expression\(|-moz-binding", text)


def test_what_others_wrote_is_what_it_was_and_has_its_licence():
    vendor = STATIC / "vendor"
    listed = dict(
        line.split()[::-1] for line in (vendor / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    files = {path.name for path in vendor.iterdir()} - {"SHA256SUMS"}
    code = {one for one in files if not one.endswith(".LICENSE.txt")}
    assert code == set(listed)
    for one, digest in listed.items():
        assert hashlib.sha256((vendor / one).read_bytes()).hexdigest() == digest
        library, _, version = one.partition("-")
        assert re.match(r"\d+\.\d+\.\d+\.", version) and f"{library}.LICENSE.txt" in files
        assert len((vendor / f"{library}.LICENSE.txt").read_text(encoding="utf-8")) > 400


def test_each_script_and_style_that_a_template_names_is_there():
    named = {
        one
        for path in TEMPLATES
        for one in re.findall(r"/static/([\w./-]+)\?v=\{\{ instance \}\}", path.read_text(encoding="utf-8"))
    }
    plain = {
        one
        for path in TEMPLATES
        for one in re.findall(r"/static/([\w./-]+\.\w+)", path.read_text(encoding="utf-8"))
    }
    assert plain == named, "each is named with `?v=`, or an old one is taken for a new one"
    assert [one for one in sorted(named) if not (STATIC / one).is_file()] == []


def test_a_get_page_is_no_action_by_its_function():
    """A page that is only shown takes no form: what changes something is a POST."""
    import inspect
    from importlib import import_module

    for page in Found().pages:
        if page.method == "GET":
            module, _, function = page.answer.partition(":")
            assert "ask.form" not in inspect.getsource(getattr(import_module(module), function)), page
