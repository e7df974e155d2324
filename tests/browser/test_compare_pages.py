"""Differences, seed groups and media in a browser: by keyboard, dark, on a narrow screen, and one slider for all panels."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import expect

import gnomon
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
LONG = "a name that is a good deal longer than any column of a table can be, with an end that counts"


def picture(step, seed):
    return gnomon.Image([[(8 * x + 16 * y + step + 40 * seed) % 256 for x in range(24)] for y in range(24)])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    for name, height in (("small", 0.3), ("large", 0.1), (LONG, 0.2), ("نموذج-🌲", 0.5)):
        for seed in range(3):
            options = {
                "params": {"height": height, "model": {"name": name}},
                "seed": seed,
                "dir": folder / ".gnomon",
            }
            with gnomon.run(name, **options) as run:
                for step in range(21):
                    value = math.exp(-step / 9) + height + seed / 100
                    run.log(loss=math.nan if (name, seed, step) == ("small", 2, 20) else value)
                    if step % 10 == 0:
                        run.log(
                            {"sample": picture(step, seed), "said": gnomon.Text(f"**{name}** at {step}"),
                             "weights": gnomon.Histogram([math.sin(one + seed) for one in range(200)], bins=20)},
                            step=step,
                        )  # fmt: skip
    started = Pages(folder)
    yield started
    started.close()


@pytest.fixture(scope="module")
def ids(pages):
    """Run ids by name and seed."""
    table = gnomon.open(pages.folder).runs(columns=["id", "name", "seed"])
    return {(row["name"], row["seed"]): row["id"] for row in table.to_pylist()}


def of(path, *ids, **more):
    pairs = [*(f"run={one}" for one in ids), *(f"{name}={value}" for name, value in more.items())]
    return f"{path}?{'&'.join(pairs)}"


def fits(page):
    """Assert that nothing makes the page itself wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_differences_are_asked_for_by_keyboard_and_another_baseline_by_a_click(page, pages, ids):
    a, b = ids["small", 0], ids["large", 0]
    page.goto(pages.base + of("/compare/differences", a, b))
    expect(page.locator("tr", has_text="model.name").locator("td").first).to_have_text("small")
    expect(page.locator(".difference.better")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("lo*")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"metrics=lo[^&]*$"))  # what is empty is not in the address
    page.click("text=as baseline")
    page.wait_for_url(re.compile(f"baseline={b}"))
    expect(page.locator("tr", has_text="model.name").locator("td").first).to_have_text("large")
    expect(page.locator(".difference.worse")).to_have_count(1)
    screenshot(page, "differences")
    assert page.errors == []


def test_the_first_column_stays_when_the_table_is_scrolled(page, pages, ids):
    page.goto(pages.base + of("/compare/differences", *ids.values()))
    scroll = page.locator(".scroll:has(.compared)")
    before = page.locator(".compared tbody th.stick >> nth=1").bounding_box()
    scroll.evaluate("(one) => one.scrollTo(600, 0)")
    assert page.locator(".compared tbody th.stick >> nth=1").bounding_box()["x"] == before["x"]
    fits(page)


def test_the_verdict_follows_the_form(page, pages):
    page.goto(f"{pages.base}/compare/groups")
    expect(page.locator(".verdict")).to_contain_text("loss (lower is better)")
    expect(page.locator("circle.seed")).to_have_count(11)  # of twelve seeds one has no finite value
    page.select_option("select[name=baseline]", "large")
    page.click("button:has-text('Compare')")
    page.wait_for_url(re.compile("baseline=large"))
    expect(page.locator(".verdict")).to_contain_text("against the baseline large")
    page.click("summary:has-text('More')")
    page.check("label:has-text('small') input")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("group=small"))
    expect(page.locator(".said.bad")).to_contain_text("there is no group of seeds", ignore_case=True)
    page.errors.clear()  # the answer to that was a 404, which the console says
    page.go_back()
    screenshot(page, "groups")
    assert page.errors == []


def test_one_slider_and_the_arrows_move_all_panels(page, pages, ids):
    page.goto(pages.base + of("/compare/media", ids["small", 0], ids["large", 1]))
    expect(page.locator("#panels img")).to_have_count(2)
    assert page.evaluate(
        "[...document.querySelectorAll('#panels img')].every((one) => one.naturalWidth === 24 || !one.complete)"
    )
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panels[data-step]")).not_to_have_attribute("data-step", "")
    first = page.locator("#panels").get_attribute("data-step")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panels")).not_to_have_attribute("data-step", first)
    page.focus(".step-slider")
    page.keyboard.press("Home")
    expect(page.locator("#panels")).to_have_attribute("data-step", "0")
    expect(page.locator("#panels")).to_contain_text("large at 0")
    assert page.url.endswith("step=0")
    page.click(".step-after")
    expect(page.locator("#panels")).not_to_have_attribute("data-step", "0")
    page.reload()
    expect(page.locator("#panels")).not_to_have_attribute("data-step", "0")
    screenshot(page, "compare-media")
    assert page.errors == []


def test_media_works_as_links_without_script(browser, pages, ids):
    context = browser.new_context()
    entered = context.new_page()
    pages.enter(entered)
    kept = context.storage_state()
    context.close()
    context = browser.new_context(java_script_enabled=False, storage_state=kept)
    page = context.new_page()
    page.goto(pages.base + of("/compare/media", ids["small", 0], step=0))
    expect(page.locator("#panels")).to_contain_text("small at 0")
    page.click(".step-after")
    expect(page.locator("#panels")).not_to_have_attribute("data-step", "0")
    context.close()


def test_the_verdict_follows_runs_that_finish(page, pages):
    page.goto(f"{pages.base}/compare/groups")
    expect(page.locator(".verdict")).to_be_visible()
    for seed in range(3):
        with gnomon.run("late", params={"height": 9}, seed=seed, dir=pages.folder / ".gnomon") as run:
            run.log(loss=9 + seed / 100)
    expect(page.locator("#contest .contest").first).to_contain_text("late", timeout=20_000)
    assert page.errors == []


@pytest.mark.parametrize("path", ["/compare/differences", "/compare/groups", "/compare/media"])
def test_pages_fit_a_narrow_screen_in_the_dark(browser, pages, path):
    page = new_page(browser, pages, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto(pages.base + path)
    expect(page.locator(".scroll").first).to_be_visible()
    fits(page)
    screenshot(page, f"narrow{path.replace('/', '-')}")
    assert page.errors == []
    page.context.close()
