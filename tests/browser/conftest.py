"""A Chromium for the tests of the pages, one for each file of them.

Not one for all: while it is there, an event loop runs in the thread of the tests, and processes of its own beside them.
"""

from __future__ import annotations

import pytest

from tests.browser.chromium import PATH


@pytest.fixture(scope="module")
def browser():
    if PATH is None:
        pytest.skip("there is no Chromium here: `apt-get install chromium`, as .ci/run does")
    from playwright.sync_api import sync_playwright

    from tests.browser.pages import launch

    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def page(browser, pages):
    """A page that has entered the `pages` of the test's own file."""
    from tests.browser.pages import new_page

    found = new_page(browser, pages)
    yield found
    found.context.close()
