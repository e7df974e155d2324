"""Home, search, SQL and the state of the record, as a person uses them: by keyboard, live, dark, on a phone."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.session import close_all
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api").expect
SLOW_MS = 20_000
ENDLESS = "select count(*) from range(10000000) a, range(10000000) b"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    place = folder / ".gnomon"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        patch.setenv("GNOMON_CAPTURE", "off")
        for seed in range(12):
            with gnomon.run(f"trial-{seed}", group="sweep-a", seed=seed, dir=place) as run:
                run.log(auc=0.5 + seed / 100)
        with pytest.raises(ValueError, match="too large"), gnomon.run("نموذج 🚀 diverges", dir=place):
            raise ValueError("the step is too large")
        gnomon.open(place).add_note(run.id, "a **plateau** after epoch 4")
        close_all()
        assert main(["--record", str(folder), "remote", "add", "team", str(folder / "share")]) == 0
        started = Pages(folder)
        yield started
        started.close()
        close_all()


@pytest.fixture
def phone(browser, pages):
    found = new_page(browser, pages, viewport={"width": 360, "height": 740}, color_scheme="dark")
    yield found
    found.context.close()


def test_home_tells_what_is_new_until_one_caught_up(page, pages):
    expect(page.locator("#news")).to_contain_text("12 runs of sweep-a")
    expect(page.locator("#news")).to_contain_text("best auc 0.61")
    expect(page.locator("#failed")).to_contain_text("ValueError")
    screenshot(page, "home")
    page.get_by_role("link", name="Catch up", exact=True).last.press("Enter")
    page.wait_for_url("**/catchup")
    page.get_by_role("button", name="Seen").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#news")).to_contain_text("Nothing new, and nothing waits for you")
    page.goto(f"{pages.base}/")
    expect(page.locator("#news")).to_contain_text("Nothing new since you last caught up")
    page.get_by_role("link", name="a day").press("Enter")
    expect(page.locator("#news")).to_contain_text("12 runs of sweep-a")
    page.get_by_role("link", name="12 runs of sweep-a").click()
    page.wait_for_url("**/runs?where=*")
    assert page.errors == []


def test_a_run_that_goes_on_is_followed(page, pages):
    with gnomon.run("goes on", dir=pages.folder / ".gnomon") as run:
        run.log({"val/acc": 0.25}, step=1)
        expect(page.locator("#running")).to_contain_text("0.25", timeout=SLOW_MS)
        for step in range(2, 6):
            run.log({"val/acc": 0.75}, step=step)
        expect(page.locator("#running")).to_contain_text("step 5", timeout=SLOW_MS)
        expect(page.locator("#running")).to_contain_text("0.75")
    expect(page.locator("#running")).to_contain_text("Nothing runs", timeout=SLOW_MS)
    assert page.errors == []


def test_search_finds_while_one_types_and_keys_open_what_is_found(page, pages):
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url(f"{pages.base}/search")
    page.locator("input[name=q]").focus()
    page.keyboard.type("plateau")
    expect(page.locator("#results mark")).to_have_text("plateau")
    assert page.url == f"{pages.base}/search?q=plateau"
    screenshot(page, "search")
    page.keyboard.type("x")
    expect(page.locator("#results")).to_contain_text("Nothing holds")
    page.keyboard.press("Backspace")
    expect(page.locator("#results mark")).to_have_text("plateau")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/run/*")
    assert page.errors == []


def test_search_works_without_script(browser, pages):
    entered = new_page(browser, pages)
    context = browser.new_context(java_script_enabled=False, storage_state=entered.context.storage_state())
    page = context.new_page()
    page.goto(f"{pages.base}/search")
    page.fill("input[name=q]", "plateau")
    page.keyboard.press("Enter")
    expect(page.locator("#results mark")).to_have_text("plateau")
    context.close()
    entered.context.close()


def test_a_query_is_asked_stopped_and_kept_by_keyboard_alone(page, pages):
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(f"{pages.base}/sql")
    page.locator("#query").focus()
    page.keyboard.type("select name, seed from runs where seed = 7")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer tbody tr")).to_have_text("trial-77")
    assert "query=select+name" in page.url
    screenshot(page, "sql")
    with page.expect_download() as found:
        page.get_by_role("link", name="CSV").press("Enter")
    assert found.value.suggested_filename.endswith("-query.csv")
    page.locator("#query").fill(ENDLESS)
    page.keyboard.press("Control+Enter")
    stop = page.locator("#stop-query")
    expect(stop).to_be_visible()
    stop.press("Enter")
    expect(page.locator("#answer .said.bad")).to_contain_text("stopped, as was asked", timeout=SLOW_MS)
    page.locator("#query").fill("select nam from runs")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer .said.bad")).to_contain_text("did you mean `name`")
    page.reload()
    page.locator("#history summary").press("Enter")
    page.locator("#history li button", has_text="seed = 7").press("Enter")
    expect(page.locator("#answer tbody tr")).to_have_text("trial-77")
    assert page.errors == []


def test_columns_and_examples_are_put_in_by_a_click(page, pages):
    page.goto(f"{pages.base}/sql")
    page.get_by_role("link", name="best of each metric").click()
    expect(page.locator("#answer tbody")).to_contain_text("auc")
    page.locator("#query").fill("select ")
    page.locator("[data-put='metrics.auc']").click()
    page.locator("[data-put='status']").click()
    expect(page.locator("#query")).to_have_value("select metrics.auc, status")
    assert page.errors == []


def test_the_record_is_synced_and_verified_by_a_button(page, pages):
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.wait_for_url(f"{pages.base}/record")
    page.get_by_role("button", name="Sync now").press("Enter")
    expect(page.locator("#sync .said.good")).to_contain_text("team: sent", timeout=SLOW_MS)
    expect(page.locator("#sync")).to_contain_text("last met")
    page.get_by_role("button", name="Verify", exact=True).press("Enter")
    expect(page.locator("#verify .said.good")).to_contain_text("the record is whole", timeout=SLOW_MS)
    screenshot(page, "record")
    assert page.errors == []


@pytest.mark.parametrize("path", ["/", "/search?q=trial", "/sql?query=from+runs", "/record"])
def test_each_page_fits_a_phone_in_the_dark(phone, pages, path):
    phone.goto(f"{pages.base}{path}")
    phone.wait_for_load_state()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    screenshot(phone, f"phone{path.partition('?')[0].replace('/', '-')}")
    assert phone.errors == []
