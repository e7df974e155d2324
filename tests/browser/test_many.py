"""Pictures of many runs in a browser: ranges by mouse and by keyboard, axes moved, what is chosen, and links that say it."""

from __future__ import annotations

import math
import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest

import gnomon
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow

ODD = "تجربة 🦊 " + "x" * 80


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    chance = random.Random(1)
    for at in range(60):
        params = {
            "lr": 10 ** chance.uniform(-4, 0), "depth": chance.choice([2, 4, 8]), "optimizer": ["adam", "sgd", "lion"][at % 3],
            **({"momentum": chance.random()} if at % 3 == 1 else {}),
        }  # fmt: skip
        for seed in range(2 if at < 10 else 1):
            name = ODD if at == 3 else f"run-{at}-{seed}"
            with gnomon.run(name, params=params, seed=seed, dir=folder / ".gnomon") as run:
                run.log(
                    auc=float("nan")
                    if at == 5
                    else 0.8 + math.log10(params["lr"]) / 10 + chance.gauss(0, 0.01)
                )
    started = Pages(folder)
    yield started
    started.close()


@pytest.fixture
def page(browser, pages):
    found = new_page(browser, pages)
    yield found
    assert found.errors == []
    found.context.close()


def ready(page, pages, path):
    page.goto(pages.base + path)
    page.wait_for_selector("[data-ready]")
    page.wait_for_selector("[data-drawn]")


def count(page):
    return int(re.match(r"[\d,]+", page.locator("#chosen-count").inner_text())[0].replace(",", ""))


def query(page):
    return parse_qs(urlsplit(page.url).query)


def has_ink(page, selector):
    """Return how many points of a canvas are not empty."""
    return page.evaluate(
        """(selector) => { const canvas = document.querySelector(selector);
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0; for (let at = 3; at < data.length; at += 4) if (data[at]) count++; return count; }""",
        selector,
    )


PARALLEL = "/compare/parallel?axes=params.lr,params.optimizer,params.momentum,metrics.auc&color=metrics.auc"


def test_ranges_by_keyboard_choose_and_stand_in_the_address(page, pages):
    ready(page, pages, PARALLEL)
    assert count(page) == 70 and has_ink(page, "canvas.lines") > 5000
    page.get_by_label("params.lr from").fill("0.01")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#chosen-count').textContent.includes('chosen')")
    by_rate = count(page)
    assert 0 < by_rate < 70 and query(page)["brush"] == ['["params.lr",0.01,null]']
    page.get_by_label("Values of params.optimizer").get_by_label("sgd").uncheck()
    assert count(page) < by_rate
    chosen = count(page)
    page.reload()
    page.wait_for_selector("[data-drawn]")
    assert count(page) == chosen and page.get_by_label("params.lr from").input_value() == "0.01"
    assert page.locator("#chosen tbody tr").count() == chosen
    screenshot(page, "parallel")


def test_the_filter_of_a_choice_matches_the_same_runs(page, pages):
    brush = "&brush=%5B%22params.lr%22,0.001,0.1%5D&brush=%5B%22params.optimizer%22,%5B%22adam%22%5D%5D"
    ready(page, pages, PARALLEL + brush)
    where = parse_qs(urlsplit(page.locator("#as-filter").get_attribute("href")).query)["where"][0]
    assert len(gnomon.open(pages.folder).runs(where)) == count(page) > 0
    compare = parse_qs(urlsplit(page.locator("#compare-these").get_attribute("href")).query)["run"]
    assert len(compare) == count(page)


def test_a_range_is_dragged_along_an_axis_moved_and_taken_away(page, pages):
    ready(page, pages, PARALLEL)
    box = page.locator(".parallel .plot").bounding_box()
    x = box["x"] + box["width"] / 4 * 0.5
    page.mouse.move(x, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(x, box["y"] + 160, steps=4)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#chosen-count').textContent.includes('chosen')")
    _, low, high = query(page)["brush"][0].strip("[]").split(",")
    assert float(low) < float(high) and page.get_by_label("params.lr from").input_value() != ""
    page.mouse.click(x, box["y"] + 250)
    page.wait_for_function("!document.querySelector('#chosen-count').textContent.includes('chosen')")
    assert "brush" not in query(page)


def test_axes_are_moved_by_keys_by_buttons_and_by_the_mouse(page, pages):
    ready(page, pages, PARALLEL)
    page.get_by_label("Axis params.lr; left and right arrow keys move it").focus()
    page.keyboard.press("ArrowRight")
    assert query(page)["axes"] == ["params.optimizer,params.lr,params.momentum,metrics.auc"]
    page.keyboard.press("ArrowRight")
    assert query(page)["axes"] == ["params.optimizer,params.momentum,params.lr,metrics.auc"]
    page.get_by_label("Move metrics.auc to the left").click()
    assert query(page)["axes"] == ["params.optimizer,params.momentum,metrics.auc,params.lr"]
    head = page.get_by_label("Axis params.lr; left and right arrow keys move it").bounding_box()
    page.mouse.move(head["x"] + 20, head["y"] + 8)
    page.mouse.down()
    page.mouse.move(head["x"] - 700, head["y"] + 8, steps=8)
    page.mouse.up()
    assert query(page)["axes"] == ["params.lr,params.optimizer,params.momentum,metrics.auc"]
    page.get_by_label("Logarithmic axis of params.lr").click()
    assert query(page)["linear"] == ["params.lr"]
    page.get_by_label("Colour").select_option("params.optimizer")
    page.wait_for_url(re.compile("color=params.optimizer"))
    axes = ",".join(
        query(page)["axes"]
    )  # one by one as the form sends them, until the script has joined them
    assert axes == "params.lr,params.optimizer,params.momentum,metrics.auc"
    assert query(page)["linear"] == ["params.lr"]


def test_keys_go_from_run_to_run_the_best_first_and_open_one(page, pages):
    ready(page, pages, PARALLEL)
    page.locator(".parallel .plot").focus()
    page.keyboard.press("ArrowDown")
    best = gnomon.open(pages.folder).runs(sort="metrics.auc:desc", limit=1, where="metrics.auc is not nan")
    said = page.locator(".parallel .said-of")
    assert best.to_pylist()[0]["name"] in said.inner_text() and "auc" in said.inner_text()
    assert has_ink(page, "canvas.lit") > 500
    page.keyboard.press("Enter")
    page.wait_for_url(f"{pages.base}/run/{best.ids[0]}")


def test_a_rectangle_and_typed_ranges_choose_in_a_scatter(page, pages):
    ready(page, pages, "/compare/scatter?x=params.lr&y=metrics.auc&color=params.optimizer&log_x=1")
    assert "2 runs without a place here" in page.locator("[data-legend]").inner_text()
    assert count(page) == 68 and has_ink(page, "canvas.points") > 1000
    box = page.locator(".scatter .plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#chosen-count').textContent.includes('chosen')")
    chosen = count(page)
    assert 0 < chosen < 68 and "box" in query(page)
    page.reload()
    page.wait_for_selector("[data-drawn]")
    assert count(page) == chosen
    page.get_by_role("button", name="All of them").click()
    assert count(page) == 68 and "box" not in query(page)
    page.get_by_label("params.lr from").fill("0.1")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#chosen-count').textContent.includes('chosen')")
    assert count(page) == len(gnomon.open(pages.folder).runs("params.lr >= 0.1 and metrics.auc is not nan"))
    screenshot(page, "scatter")


def test_a_lasso_chooses_and_a_point_opens(page, pages):
    ready(page, pages, "/compare/scatter?x=params.lr&y=metrics.auc&log_x=1")
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".scatter .plot").bounding_box()
    left, top, wide, tall = box["x"] + 80, box["y"] + 20, box["width"] - 100, box["height"] - 80
    page.mouse.move(left, top + tall)
    page.mouse.down()
    for x, y in ((0.5, 1), (0.5, 0), (0, 0)):
        page.mouse.move(left + x * wide, top + y * tall, steps=6)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#chosen-count').textContent.includes('chosen')")
    assert 0 < count(page) < 68 and "lasso" in query(page)
    page.locator(".scatter .plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/run/"))


def test_groups_of_seeds_are_joined(page, pages):
    ready(page, pages, "/compare/scatter?x=params.lr&y=metrics.auc&log_x=1&groups=1")
    assert page.locator("#chosen-count").inner_text() == "59 groups"
    assert "±" in page.locator("#chosen tbody").inner_text()


def test_importance_has_bars_without_script_and_says_what_it_is(browser, pages, page):
    page.goto(f"{pages.base}/compare/importance?metric=metrics.auc")
    assert page.locator(".importance li.matters .name").inner_text() == "lr"
    assert page.locator(".importance svg rect").first.bounding_box()["width"] > 100
    assert "not cause" in page.locator(".said").first.inner_text()
    screenshot(page, "importance")


@pytest.mark.parametrize("path", ["/compare/parallel", "/compare/scatter?log_x=1", "/compare/importance"])
def test_narrow_and_dark_pages_hold_together(browser, pages, path):
    page = new_page(browser, pages, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto(pages.base + path)
    page.wait_for_selector("[data-drawn], .importance svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    screenshot(page, f"many-{path.partition('?')[0].rpartition('/')[2]}-narrow-dark")
    assert page.errors == []
    page.context.close()
