"""The pages about data and lineage in a browser: filtering, choosing, tags, the drawing; by mouse, by keys alone, dark, small."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.session import close_all
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two versions of `credit`, pictures, and the way from the data to a report."""
    folder = tmp_path_factory.mktemp("data-lineage")
    with pytest.MonkeyPatch.context() as patch:
        for word in ("CONFIG", "CACHE"):
            patch.setenv(f"XDG_{word}_HOME", str(folder / word))
        patch.setenv("GNOMON_CAPTURE", "off")
        patch.chdir(folder)
        for shift in (0, 9):
            rows = [f"{at},{20 + shift + at % 40},{'Oslo' if at % 3 else 'Lima'}" for at in range(400)]
            (folder / "credit.csv").write_text("\n".join(["row,age,city", *rows]))
            gnomon.add_data("credit.csv", message=f"shifted by {shift}", origin="bank", pointer=False)
        (folder / "texts").mkdir()
        for at in range(30):
            (folder / "texts" / f"part-{at:02}.txt").write_text(f"text {at}")
        gnomon.add_data("texts", pointer=False)
        with gnomon.run("train") as run:
            run.use("credit@v1")
            (folder / "model.bin").write_text("weights")
            run.keep("model.bin")
        for seed in range(14):
            with gnomon.run("report", seed=seed) as run:
                run.use("model.bin")
        close_all()
        started = Pages(folder)
    yield started
    started.close()


def test_data_is_found_opened_and_its_columns_unfold_by_keys_alone(page, pages):
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(f"{pages.base}/data")
    screenshot(page, "data")
    page.keyboard.press("/")
    page.keyboard.type("cred")
    expect(page.locator("#sets tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{pages.base}/data/credit")
    screenshot(page, "data-set")
    page.get_by_role("link", name="v2", exact=True).press("Enter")
    page.wait_for_url(f"{pages.base}/data/credit/v2")
    page.locator("summary", has_text="age").press("Enter")
    expect(page.locator(".large svg").nth(1)).to_be_visible()
    screenshot(page, "data-version")
    assert page.errors == []


def test_two_versions_are_chosen_and_their_difference_is_shown(page, pages):
    page.goto(f"{pages.base}/data/credit")
    page.get_by_label("From v1").check()
    page.get_by_role("button", name="Show the difference").click()
    expect(page.locator("h1")).to_have_text("credit@v1 → credit@v2")
    expect(page.locator("table.profile")).to_contain_text("distribution moved by")
    assert page.locator("svg.histogram rect.before").count() > 5
    expect(page.get_by_role("button", name="Compare rows")).to_be_visible()
    page.get_by_role("button", name="Compare rows").click()
    expect(page.locator("#rows")).to_contain_text("400 changed")
    screenshot(page, "data-difference")
    assert page.errors == []


def test_a_tag_is_given_and_taken_back(page, pages):
    page.goto(f"{pages.base}/data/credit/v1")
    page.get_by_label("A tag for this version").fill("gold")
    page.keyboard.press("Enter")
    expect(page.locator(".taglist .pill")).to_have_text("gold×")
    page.goto(f"{pages.base}/data/credit/gold")
    expect(page.locator("h1")).to_have_text("credit@v1")
    page.get_by_label("Take the tag gold back").click()
    expect(page.locator(".taglist")).to_have_text("no tags")
    assert page.errors == []


def test_files_are_filtered_while_typing_and_open_on_the_other_origin(page, pages):
    page.goto(f"{pages.base}/data/texts/v1")
    page.get_by_label("Name").fill("part-07")
    expect(page.locator("#filelist tbody tr")).to_have_count(1)
    with page.context.expect_page() as opened:
        page.locator("#filelist").get_by_role("link", name="part-07.txt", exact=True).click()
    opened.value.wait_for_load_state()
    assert opened.value.url.startswith(pages.base.replace("127.0.0.1", "localhost"))
    assert opened.value.inner_text("body") == "text 7"
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download part-07.txt").click()
    assert saved.value.suggested_filename == "part-07.txt"
    assert page.errors == []


def test_a_command_is_copied(browser, pages):
    page = new_page(browser, pages, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{pages.base}/data/credit/v2")
    page.get_by_label("Copy gnomon data get credit@v2 --to DIR").click()
    expect(page.locator("#toast")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == "gnomon data get credit@v2 --to DIR"
    assert page.errors == []
    page.context.close()


def test_a_lineage_is_asked_for_drawn_zoomed_and_walked(page, pages):
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url(f"{pages.base}/lineage")
    expect(page.locator("input[name=of]")).to_be_focused()
    page.keyboard.type("credit@v")
    expect(page.locator("#lineage-names option").first).to_have_attribute("value", "credit@v2")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator(".box.asked")).to_contain_text("credit@v1")
    svg = page.locator(".canvas svg")
    before = int(svg.get_attribute("width"))
    page.locator(".canvas").focus()
    page.keyboard.press("+")
    expect(svg).not_to_have_attribute("width", str(before))
    page.keyboard.press("1")
    expect(svg).to_have_attribute("width", svg.get_attribute("data-width"))
    page.get_by_role("button", name="Fit").click()
    assert int(svg.get_attribute("width")) <= page.locator(".canvas").bounding_box()["width"]
    screenshot(page, "lineage")
    train = page.locator("a.box", has_text="train")
    train.focus()
    expect(page.locator(".curves path.lit")).to_have_count(2)
    expect(page.locator(".box.more")).to_contain_text("6 runs more")
    page.locator("a.box.more").press("Enter")
    expect(page.locator(".box", has_text="report")).to_have_count(14)
    page.locator("a.box", has_text="train").press("Enter")
    page.wait_for_url(f"{pages.base}/run/*")


def test_a_reach_says_whom_to_tell_and_can_be_copied(browser, pages):
    page = new_page(browser, pages, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{pages.base}/lineage/reach?of=credit")
    expect(page.locator(".sums")).to_contain_text("15 runs, 1 file")
    page.get_by_text("As text, to send on").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#toast")).to_have_text("copied")
    assert "reached: 15 runs, 1 file" in page.evaluate("navigator.clipboard.readText()")
    screenshot(page, "reach")
    assert page.errors == []
    page.context.close()


PATHS = [
    "/data", "/data/credit", "/data/credit/v2", "/data/texts/v1", "/data/credit/diff", "/lineage", "/lineage?of=credit@v1",
    "/lineage/reach?of=credit",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options"),
    [("small", {"viewport": {"width": 360, "height": 740}}), ("dark", {"color_scheme": "dark"})],
)
def test_every_page_fits_a_phone_and_the_dark(browser, pages, name, options):
    page = new_page(browser, pages, **options)
    for path in PATHS:
        page.goto(f"{pages.base}{path}")
        page.wait_for_selector("h1")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        screenshot(page, f"{name}-{path.split('?')[0].strip('/').replace('/', '-')}")
    assert page.errors == []
    page.context.close()


def test_all_of_it_works_without_script(browser, pages):
    entered = new_page(browser, pages)
    page = browser.new_context(
        java_script_enabled=False, storage_state=entered.context.storage_state()
    ).new_page()
    page.goto(f"{pages.base}/data?q=cred")
    assert page.locator("#sets tbody tr").count() == 1
    page.goto(f"{pages.base}/data/credit/v2")
    page.fill("input[name=tag]", "plain")
    page.click("text=Add the tag")
    assert page.locator(".taglist").inner_text().startswith("plain")
    page.click("button[aria-label='Take the tag plain back']")
    page.goto(f"{pages.base}/lineage")
    page.fill("input[name=of]", "credit@v1")
    page.click("text=Show the lineage")
    assert page.locator(".box.asked").count() == 1
    for one in (page.context, entered.context):
        one.close()
