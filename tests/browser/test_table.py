"""The table of runs in a browser: typing, clicking and keys; what is selected stays; what is new comes in without a jump."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import gnomon
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
MANY = 230
FILTER = ".filter input[type=search]"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    for number in range(MANY):
        params = {"lr": 0.1 if number % 2 else 0.01, **{f"p{place}": number + place for place in range(20)}}
        with gnomon.run(f"run-{number:03}", params=params, seed=number % 3, dir=folder / ".gnomon") as run:
            run.log({"auc": number / MANY, **{f"m{place}": number * place for place in range(20)}})
    started = Pages(folder)
    yield started
    started.close()


@pytest.fixture
def page(browser, pages):
    found = new_page(browser, pages)
    found.goto(f"{pages.base}/runs")
    yield found
    found.context.close()


def row(page, name):
    return page.locator("#rows > tr").filter(has_text=name)


def test_a_filter_is_typed_and_a_head_sorts(page):
    page.keyboard.press("/")
    page.keyboard.type("params.lr < 0.05 and seed = 1")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("38 runs match")
    page.get_by_role("link", name="auc").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("auc")
    expect(page.locator("#rows > tr").first).to_contain_text("run-226")
    page.get_by_role("link", name="auc").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("auc")
    assert "where=" in page.url
    assert page.errors == []


def test_a_wrong_filter_is_said_in_place(page):
    page.fill(FILTER, "sed = 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("did you mean `seed`?")
    expect(page.locator(FILTER)).to_have_value("sed = 1")
    assert page.errors == []


def test_keys_alone_move_select_open_and_compare(page, pages):
    for key in ("j", "j", "x", "j", "j", "X"):
        page.keyboard.press(key)
    expect(page.locator("#tray .count")).to_have_text("3 selected")
    expect(row(page, "run-226")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#tray .count")).to_have_text("2 selected")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/run/[0-9a-f]{20}"))
    page.go_back()
    expect(page.locator("#tray .count")).to_have_text("2 selected")
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/compare\?run=[0-9a-f]{20}&run=[0-9a-f]{20}$"))


def test_the_selection_stays_over_filters_orders_and_reloads(page, pages):
    row(page, "run-229").locator(".pick input").check()
    row(page, "run-225").locator(".pick input").click(modifiers=["Shift"])
    expect(page.locator("#tray .count")).to_have_text("5 selected")
    page.goto(f"{pages.base}/runs?where=seed+%3D+0")
    expect(page.locator("#tray .count")).to_have_text("5 selected")
    expect(page.locator("#rows > tr.selected")).to_have_count(2)
    page.reload()
    expect(page.locator("#rows > tr.selected")).to_have_count(2)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#tray")).to_be_hidden()
    assert page.errors == []


def test_the_next_hundred_come_when_the_end_is_near(page):
    expect(page.locator("#rows > tr[data-run]")).to_have_count(100)
    left = page.locator("#table-scroll").evaluate(
        "box => { box.scrollTo(300, box.scrollHeight); return box.scrollLeft }"
    )
    expect(page.locator("#rows > tr[data-run]")).to_have_count(200)
    page.locator("#table-scroll").evaluate("box => box.scrollTo(300, box.scrollHeight)")
    expect(page.locator("#rows > tr[data-run]")).to_have_count(MANY)
    expect(page.locator("#more")).to_have_count(0)
    assert left > 0
    name, pick = page.locator("tbody th.name").last, page.locator("tbody .pick").last
    assert name.bounding_box()["x"] >= pick.bounding_box()["x"] + pick.bounding_box()["width"] - 1
    assert name.evaluate("cell => getComputedStyle(cell).backgroundColor").startswith("rgb(")
    assert page.errors == []


def test_columns_are_found_pinned_and_put_in_order(page):
    page.click("#columns-menu summary")
    page.keyboard.type("m7")
    expect(page.locator("#columns-menu .column:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    page.fill("#columns-search", "")
    page.locator("#columns-shown .column[data-key='metrics.auc'] input[name=pin]").check()
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url(re.compile("pin=metrics.auc"))
    expect(page.locator("thead th").nth(2)).to_contain_text("auc")
    expect(page.locator("thead")).to_contain_text("m7")
    page.locator("#table-scroll").evaluate("box => box.scrollTo(500, 0)")
    pinned, name = (
        page.locator("tbody td.pin-1").first.bounding_box(),
        page.locator("tbody th.name").first.bounding_box(),
    )
    assert abs(pinned["x"] - (name["x"] + name["width"])) < 1.5
    assert page.errors == []


def test_a_view_is_saved_and_is_a_tab_for_all(page, pages):
    page.goto(f"{pages.base}/runs?where=seed+%3D+2&sort=metrics.auc%3Aasc")
    page.click("#view-menu summary")
    expect(page.locator("#view-menu input[name=name]")).to_be_focused()
    page.keyboard.type("second seeds")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("view=[0-9a-f]{20}"))
    expect(page.locator(".tabs a[aria-current]")).to_have_text("second seeds")
    page.click(".tabs >> text=All")
    expect(page.locator("#total")).to_contain_text("runs")
    page.click(".tabs >> text=second seeds")
    expect(page.locator(FILTER)).to_have_value("seed = 2")
    page.click("#view-menu summary")
    page.get_by_role("button", name="Remove this view").click()
    expect(page.locator(".tabs")).to_have_count(0)
    assert page.errors == []


def test_what_another_process_makes_comes_in_and_nothing_moves(page, pages):
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("#table-scroll").evaluate("box => box.scrollTo(200, 90)")
    with gnomon.run("arrived-later", dir=pages.folder / ".gnomon"):
        pass
    expect(row(page, "arrived-later")).to_have_count(1, timeout=15_000)
    assert page.locator("#table-scroll").evaluate("box => box.scrollLeft") == 200
    expect(row(page, "run-228")).to_be_focused()
    expect(row(page, "run-228")).to_have_class("selected")
    page.get_by_role("button", name="Hide").click()
    expect(row(page, "run-228")).to_have_count(0, timeout=15_000)
    page.goto(f"{pages.base}/runs?removed=1")
    row(page, "run-228").locator(".pick input").check()
    page.get_by_role("button", name="Bring back").click()
    expect(page.locator("#table-region")).to_contain_text("No run is hidden", timeout=15_000)
    assert page.errors == []


def test_tags_are_given_in_the_tray(page):
    row(page, "run-220").locator(".pick input").check()
    page.get_by_text("Tag…").click()
    page.fill("#tray input[name=tags]", "paper")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("1 run got the tag paper")
    page.fill(FILTER, "'paper' in tags")
    page.locator(FILTER).press("Enter")
    expect(page.locator("#total")).to_have_text("1 run matches")
    assert page.errors == []


def test_it_works_without_script(browser, pages):
    entered = new_page(browser, pages)
    state = entered.context.storage_state()
    entered.context.close()
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(f"{pages.base}/runs?sort=name")
    page.locator("#rows .pick input").nth(3).check()
    page.locator("#tray summary").click()
    page.fill("#tray input[name=tags]", "no-script")
    page.get_by_role("button", name="Add").click()
    assert page.url == f"{pages.base}/runs?sort=name"
    page.fill(FILTER, "'no-script' in tags")
    page.click("text=Filter >> nth=-1")
    assert page.locator("#total").inner_text() == "1 run matches"
    page.goto(f"{pages.base}/runs?sort=name&where=seed+%3E%3D+0")
    page.locator("#more a").click()
    assert page.locator("#rows > tr[data-run]").first.inner_text().strip().startswith("run-100")
    context.close()


def test_dark_and_on_a_phone(browser, pages):
    page = new_page(browser, pages, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto(f"{pages.base}/runs")
    screenshot(page, "runs-phone-dark")
    for menu in ("#columns-menu", "#view-menu"):
        page.click(f"{menu} summary")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.keyboard.press("Escape")
    page.goto(f"{pages.base}/runs?by=group")
    screenshot(page, "runs-groups-phone-dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.errors == []
    page.context.close()
