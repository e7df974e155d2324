"""The published table of what a remote can do is the list of the tests."""

from __future__ import annotations

from pathlib import Path

from tests.docs.remote_page import page

PAGE = Path(__file__).parents[2] / "docs/reference/what-a-remote-can-do.md"


def test_the_table_is_made_from_the_tests():
    assert PAGE.read_text(encoding="utf-8") == page(), "the page is stale: run `make docs`"


def test_it_says_what_is_not_detected():
    assert page().count("**not detected**") >= 4
