"""The reference pages say what the code does: commands, options, error codes, public names."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import gnomon
from gnomon.cli import commands, reference
from gnomon.cli.main import declaration
from gnomon.cli.parser import build

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ERRORS = DOCS / "errors"
NAMES = sorted(commands.built_in())
CODE = re.compile(r"GN\d{3}")


def codes_in_the_source() -> dict[str, str]:
    """Return every error code that a class of Gnomon has, with the class."""
    found: dict[str, str] = {}
    for path in (ROOT / "src/gnomon").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name, code in re.findall(
            r'^class (\w+)\b[^\n]*\n(?:(?!^class ).*\n)*?    code = "(GN\d{3})"', text, re.MULTILINE
        ):
            assert code not in found, f"{code} belongs to {found[code]} and {name}"
            found[code] = name
    return found


def test_the_page_of_the_command_line_is_made_from_this_code():
    written = (DOCS / "reference/cli.md").read_text(encoding="utf-8")
    assert written == reference.page(), "the page is stale: run `make docs`"


@pytest.mark.slow
def test_the_page_is_printed_by_the_command_that_make_docs_runs():
    done = subprocess.run(
        [sys.executable, "-m", "gnomon.cli.reference"], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == reference.page()
    assert done.stderr == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name):
    parser, _ = build(name, declaration(name))
    assert commands.built_in()[name].help
    first, _, _ = (parser.description or "").partition("\n")
    assert first.rstrip().endswith((".", "digits."))
    assert parser.examples, f"`gnomon {name}` has no example"


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_help(name):
    parser, _ = build(name, declaration(name))
    assert [action.dest for action in parser._actions if not action.help] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_can_be_read(name):
    """Its command exists, and the parser of that command takes its words."""
    for example, _ in build(name, declaration(name))[0].examples:
        inner = re.search(r"\$\((gnomon [^)]*)\)", example)
        words = shlex.split(inner.group(1) if inner else example)
        ends = [place for place, word in enumerate(words) if word in ("<", ">", "|")]
        words = words[1 : ends[0] if ends else None]
        if words[0] == "--record":
            words = words[2:]
        command, rest = commands.split(words)
        _read_expressions(build(command, declaration(command))[0].parse(rest))


def _read_expressions(arguments):
    """Read the filters, orders and queries of a command line with the parsers that the command has for them."""
    from gnomon.runs.where import parse, parse_sort

    if getattr(arguments, "where", None):
        parse(arguments.where)
    if getattr(arguments, "sort", None):
        parse_sort(arguments.sort)
    query = getattr(arguments, "query", None)
    if isinstance(query, str) and query != "-":
        import duckdb

        from gnomon.runs.sql.statement import read

        with duckdb.connect() as connection:
            read(connection, query)


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_in_the_help_of_an_option_can_be_read(name):
    from gnomon.runs.where import parse

    for action in build(name, declaration(name))[0].declared():
        if "--where" in action.option_strings:
            for example in re.findall(r'"([^"]+)"', action.help):
                parse(example)


def test_every_command_is_listed_once_and_can_be_imported():
    targets = [listed.target for listed in commands.built_in().values()]
    assert len(targets) == len(set(targets))
    for target in targets:
        module, _, function = target.partition(":")
        assert callable(getattr(import_module(module), function))


@pytest.mark.slow
def test_every_error_code_has_a_page_that_names_its_class():
    for code, name in codes_in_the_source().items():
        page = ERRORS / f"{code}.md"
        assert page.exists(), f"docs/errors/{code}.md is missing ({name})"
        assert page.read_text(encoding="utf-8").startswith(f"# {code}: {name}\n")


def test_every_error_page_belongs_to_a_code_that_exists():
    known = set(codes_in_the_source())
    for page in ERRORS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert set(CODE.findall(text)) <= known, page.name
        assert page.stem in known | {"README"}


@pytest.mark.slow
def test_every_error_is_in_the_list_of_errors():
    listed = set(re.findall(r"\[(GN\d{3})\]\(\1\.md\)", (ERRORS / "README.md").read_text(encoding="utf-8")))
    assert set(codes_in_the_source()) - {"GN000"} == listed


def test_every_public_name_is_in_the_reference_of_python():
    text = (DOCS / "reference/python-api.md").read_text(encoding="utf-8")
    missing = [name for name in gnomon.__all__ if f"gnomon.{name}" not in text]
    assert missing == []


def test_pages_show_only_commands_that_exist():
    pattern = re.compile(r"(?:^\$ |^ *|`|\$\()gnomon (?:--record \S+ )?([a-z][a-z-]+)\b", re.MULTILINE)
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        shown = set(pattern.findall(page.read_text(encoding="utf-8")))
        assert shown <= {*NAMES, "help"}, page.name
