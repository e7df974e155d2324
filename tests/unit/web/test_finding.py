"""A package that is installed adds a page, with its template and its place in the navigation; a broken one costs only itself."""

from __future__ import annotations

import re

import pytest

import gnomon
from gnomon.record import kinds
from gnomon.web.finding import Found
from tests.unit.record.test_kinds import PLUGIN, in_a_new_process, install

PAGES = """
from gnomon.page import Page, Redirect, Shown

PAGES = (
    Page("/greenhouses", "greenhouse_plugin.pages:show", "Greenhouses", nav=45, key="z"),
    Page("/greenhouses/heat", "greenhouse_plugin.pages:heat", method="POST"),
)

def show(ask):
    return Shown("greenhouse_plugin/list.html", "Greenhouses", {"words": ask.query.text("words")})

def heat(ask):
    return Redirect("/greenhouses?words=heated")
"""
TEMPLATE = '{% extends "web/base.html" %}{% block main %}<h1>Greenhouses</h1><p id="words">{{ words }}</p>{% endblock %}'
ASK = """
from tests.unit.web.asking import Client
client = Client({folder!r})
got = client.get("/greenhouses?words=<b>hot</b>")
print(got.status, '<p id="words">&lt;b&gt;hot&lt;/b&gt;</p>' in got.text, "<h1>Greenhouses</h1>" in got.text)
home = client.get("/")
print(home.status, 'href="/greenhouses" data-key="z"' in home.text)
print(client.ask("GET", "/greenhouses", session="").status, client.ask("POST", "/greenhouses/heat").status)
moved = client.post("/greenhouses/heat")
print(moved.status, moved.header("location"))
print([problem for problem in client.app.problems])
help = client.get("/help")
print(help.status, "cannot be shown" in help.text)
client.close()
"""


@pytest.fixture
def site(project, tmp_path):
    with gnomon.run("r"):
        pass
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def add(site, package: str, pages: str = PAGES, template: str = TEMPLATE) -> None:
    """Install a package with pages, as pip would leave it."""
    source = PLUGIN.replace("texts=lambda", f'pages="{package}.pages", texts=lambda').replace(
        "greenhouse_plugin", package
    )
    source = source.replace('"greenhouse"', f'"{package}"')
    install(site, package, source, f"{package} = {package}:FEATURE")
    (site / f"{package}.py").unlink()
    folder = site / package
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text(source)
    (folder / "pages.py").write_text(pages.replace("greenhouse_plugin", package))
    (folder / "templates/list.html").write_text(template)


def ask(project, site) -> list[str]:
    return in_a_new_process(ASK.format(folder=str(project / ".gnomon")), site).splitlines()


@pytest.mark.slow
def test_a_package_adds_a_page_without_a_change_here(project, site):
    add(site, "greenhouse_plugin")
    assert ask(project, site) == [
        "200 True True", "200 True", "401 403", "303 /greenhouses?words=heated", "[]", "200 False",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("def f(: pass", "SyntaxError"),
        ("x = 1", "AttributeError"),
        ("PAGES = 3", "TypeError"),
        ("PAGES = ['/x']", "which is no page"),
        ("from gnomon.page import Page\nPAGES = [Page('x', 'a:b')]", "which is no page"),
        ("from gnomon.page import Page\nPAGES = [Page('/x', 'a:b', method='DELETE')]", "which is no page"),
        ("from gnomon.page import Page\nPAGES = [Page('/', 'a:b')]", "which is another page already"),
        (
            "from gnomon.page import Page\nPAGES = [Page('/ok', 'a:b'), Page('/ok', 'a:b')]",
            "which is another page already",
        ),
        (
            "from gnomon.page import Page\nPAGES = [Page('/leave', 'a:b', method='POST')]",
            "which is another page already",
        ),
        ("from gnomon.page import Page\nPAGES = [Page('/static/x', 'a:b')]", "which is another page already"),
        ("from gnomon.page import Page\nPAGES = [Page('/{a}/{a}', 'a:b')]", "ValueError"),
        ("from gnomon.page import Page\nPAGES = [Page('/{a:no}', 'a:b')]", "AssertionError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise ValueError('\\x1b[31m<b>')", "\\x1b[31m"),
    ],
)
def test_pages_that_cannot_be_used_are_said_and_cost_only_themselves(site, monkeypatch, pages, said):
    package = f"broken_{abs(hash((pages, said)))}"
    add(site, package, pages)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(kinds, "plugin_pages", lambda: [f"{package}.pages"])
    found = Found()
    (problem,) = found.problems
    assert (
        problem.startswith(f"the pages of the plug-in `{package}.pages` cannot be shown: ")
        and said in problem
    )
    assert problem.isprintable()
    assert {page.path for page in found.pages} >= {"/", "/help"} and not any(
        package in page.answer for page in found.pages
    )
    assert package not in found.packages


@pytest.mark.slow
def test_a_broken_one_is_said_in_the_terminal_and_on_the_page_of_help(project, site):
    add(site, "greenhouse_plugin", "raise RuntimeError('no licence')")
    lines = ask(project, site)
    assert lines[0].startswith("404 ") and lines[1] == "200 False" and lines[-1] == "200 True"
    assert "RuntimeError: no licence" in lines[-2]


def test_a_package_cannot_take_the_place_of_our_templates(site, monkeypatch):
    """Templates are named by the last word of the package: a second `web` would be all pages."""
    (site / "stranger").mkdir()
    (site / "stranger/__init__.py").write_text("")
    add(site / "stranger", "web")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(kinds, "plugin_pages", lambda: ["stranger.web.pages"])
    found = Found()
    assert len(found.problems) == 1 and "`web`, as that of other templates" in found.problems[0]


@pytest.mark.slow
def test_a_page_of_a_package_whose_function_or_template_is_not_there_is_one_error(project, site):
    add(site, "greenhouse_plugin", PAGES.replace("def show", "def other"), "{% broken")
    out = in_a_new_process(
        f"""
        from tests.unit.web.asking import Client
        client = Client({str(project / ".gnomon")!r})
        print(client.get("/greenhouses").status, client.get("/help").status)
        """,
        site,
    )
    assert re.fullmatch(r"500 200\n", out)
