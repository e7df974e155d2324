"""What is around every page: entering, the palette, keys, light and dark, and that nothing complains."""

from __future__ import annotations

import pytest

import gnomon
from tests.browser.pages import Pages, screenshot

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frame")
    for seed in range(3):
        with gnomon.run("baseline", params={"lr": 0.1}, seed=seed, dir=folder / ".gnomon") as run:
            run.log(loss=1.0 - seed / 10)
    started = Pages(folder)
    yield started
    started.close()


def test_a_code_counts_once_and_is_gone_from_the_address(browser, pages):
    code = pages.code()
    first, second = browser.new_context().new_page(), browser.new_context().new_page()
    first.goto(f"{pages.base}/enter#code={code}")
    first.wait_for_url(f"{pages.base}/")
    assert code not in first.url
    second.goto(f"{pages.base}/enter#code={code}")
    second.wait_for_selector("text=That code is wrong, or was used already.")
    second.goto(f"{pages.base}/")
    assert second.locator("input[name=code]").count() == 1
    first.context.close()
    second.context.close()


def test_a_page_that_was_asked_for_before_entering_is_shown_after_it(browser, pages):
    page = browser.new_context().new_page()
    page.goto(f"{pages.base}/help")
    page.fill("input[name=code]", pages.code())
    page.click("text=Enter >> nth=-1")
    page.wait_for_url(f"{pages.base}/help")
    page.context.close()


def test_the_palette_finds_pages_and_runs_by_keyboard_alone(page, pages):
    page.keyboard.press("Control+k")
    page.keyboard.type("help")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{pages.base}/help")
    page.keyboard.press(":")
    page.keyboard.type("baseline")
    page.wait_for_selector("#palette li:has-text('baseline')")
    page.keyboard.press("Escape")
    page.wait_for_selector("#palette", state="hidden")
    assert page.errors == []


def test_keys_go_to_pages_and_change_the_colours(page, pages):
    page.keyboard.press("?")
    page.wait_for_url(f"{pages.base}/help")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(paper)
    page.keyboard.press("T")
    page.keyboard.press("T")
    assert page.evaluate(paper) != before
    screenshot(page, "help-dark")
    page.keyboard.press("T")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(f"{pages.base}/")
    assert page.errors == []


def test_a_page_follows_what_another_process_logs(page, pages):
    with gnomon.run("arrived-later", dir=pages.folder / ".gnomon") as run:
        run.log(loss=0.5)
    page.wait_for_selector("text=arrived-later", timeout=10_000)
    assert page.errors == []
