"""Charts in a browser: drawn, zoomed, hovered, hidden, as a table, by keyboard; and live."""

from __future__ import annotations

import math

import pytest

import gnomon
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
DRAWN = ".chart[data-drawn]"
CHART = "[...gnomon.charts.values()].find((one) => one.figure.dataset.title === 'loss')"
INK = """(() => {
  const { canvas } = CHART.plot.ctx;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const colours = [data[at], data[at + 1], data[at + 2]];
    if (data[at + 3] > 200 && Math.max(...colours) - Math.min(...colours) > 60) count += 1;
  }
  return count;
})()""".replace("CHART", CHART)

# How high that is which stands in the colour of a line, in the chart of `final`.
HEIGHT = """(() => {
  const { canvas } = [...gnomon.charts.values()].find((one) => one.figure.dataset.title === "final").plot.ctx;
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const rows = new Set();
  for (let at = 0; at < data.length; at += 4) {
    const colours = [data[at], data[at + 1], data[at + 2]];
    if (data[at + 3] > 200 && Math.max(...colours) - Math.min(...colours) > 60) rows.add(Math.floor(at / 4 / width));
  }
  return rows.size;
})()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves")
    for seed in range(3):
        with gnomon.run(f"run-{seed}", seed=seed, group="g", dir=folder / ".gnomon") as run:
            for step in range(100):
                run.log(
                    {"loss": math.exp(-step / 30) + seed / 10, "auc": step / 100, "odd": math.nan}, step=step
                )
    with gnomon.run("long", dir=folder / ".gnomon") as run:
        for step in range(6_000):
            run.log({"loss": math.sin(step / 300) / 3}, step=step)
    started = Pages(folder)
    yield started
    started.close()


def test_curves_are_drawn_with_colour_and_nothing_complains(page, pages):
    page.goto(f"{pages.base}/compare")
    page.wait_for_selector(f"{DRAWN}[data-title=loss]")
    page.wait_for_function(f"() => {INK} > 500")
    page.wait_for_selector("text=nothing to draw")  # the series that is NaN alone
    screenshot(page, "compare")
    assert page.errors == []


def test_a_group_of_one_value_each_shows_its_interval(page, pages):
    for seed in range(4):
        with gnomon.run("single", seed=seed, group="single", dir=pages.folder / ".gnomon") as run:
            run.log({"final": 0.5 + seed / 10}, step=7)
    page.goto(f"{pages.base}/compare?metric=final&groups=1")
    page.wait_for_selector(DRAWN)
    page.wait_for_function(f"() => {HEIGHT} > 60")  # a dot alone is 6 pixels high
    assert page.errors == []


def test_zoom_goes_in_asks_for_more_points_and_goes_back(page, pages):
    page.goto(f"{pages.base}/compare?metric=loss")
    page.wait_for_selector(DRAWN)
    over = page.locator(".chart .u-over").bounding_box()
    with page.expect_response(lambda response: "from=" in response.url):
        page.mouse.move(over["x"] + over["width"] * 0.4, over["y"] + 50)
        page.mouse.down()
        page.mouse.move(over["x"] + over["width"] * 0.5, over["y"] + 50, steps=4)
        page.mouse.up()
    scale = f"(({CHART}).plot.scales.x)"
    page.wait_for_function(f"() => {scale}.max - {scale}.min < 700")
    page.mouse.dblclick(over["x"] + 100, over["y"] + 60)
    page.wait_for_function(f"() => {scale}.max - {scale}.min > 5_900")
    assert page.errors == []


def test_values_stand_under_the_pointer_and_move_with_the_arrows(page, pages):
    page.goto(f"{pages.base}/compare?metric=auc")
    page.wait_for_selector(DRAWN)
    page.hover(".chart .u-over")
    page.wait_for_selector(".tip:has-text('run-0')")
    page.mouse.move(1, 1)
    page.focus(".chart")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tip:has-text('run-0')")
    before = page.locator(".tip").inner_text()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.locator(".tip").inner_text() != before
    assert page.errors == []


def test_a_key_shows_the_values_as_a_table(page, pages):
    page.goto(f"{pages.base}/compare?metric=auc")
    page.wait_for_selector(DRAWN)
    page.focus(".chart")
    page.keyboard.press("t")
    table = page.locator(".chart table")
    assert table.locator("th", has_text="run-2").count() == 1
    assert "0.99" in table.inner_text()
    page.keyboard.press("t")
    assert table.count() == 0


def test_a_run_goes_and_comes_by_the_legend(page, pages):
    page.goto(f"{pages.base}/compare?metric=loss")
    page.wait_for_selector(DRAWN)
    page.wait_for_function(f"() => {INK} > 500")
    before = page.evaluate(INK)
    page.click(".legend button:has-text('long')")
    page.wait_for_function(f"() => {INK} < {before} - 100")
    assert page.get_attribute(".legend button:has-text('long')", "aria-pressed") == "false"


def test_the_form_writes_what_is_drawn_into_the_address(page, pages):
    page.goto(f"{pages.base}/compare")
    page.check("input[name=groups]")
    page.wait_for_url("**/compare?groups=1")
    page.wait_for_selector(".notice:has-text('interval of the mean')")
    assert page.errors == []


def test_dark_and_narrow(browser, pages):
    page = new_page(browser, pages, color_scheme="dark", viewport={"width": 360, "height": 700})
    page.goto(f"{pages.base}/compare?metric=loss")
    page.wait_for_selector(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    screenshot(page, "compare-dark-narrow")
    assert page.errors == []
    page.context.close()


def test_a_curve_grows_while_another_process_logs(page, pages):
    with gnomon.run("growing", dir=pages.folder / ".gnomon") as run:
        run.log(loss=1.0, step=0)
        page.goto(f"{pages.base}/compare?metric=loss&run={run.id}")
        page.wait_for_selector(DRAWN)
        for step in range(1, 50):
            run.log(loss=1.0 / step, step=step)
        page.wait_for_function(f"() => ({CHART}).all[0].points === 50", timeout=15_000)
    assert page.errors == []
