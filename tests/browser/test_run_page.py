"""The page of one run in a browser: what is changed in place, what moves by itself, by keyboard, in the dark, on a phone."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy
import pytest
from playwright.sync_api import expect

import gnomon
from gnomon.session import close_all
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
PARTS = ("", "/charts", "/console", "/code", "/files", "/media", "/system", "/lineage")
LIVE = """
import sys, gnomon
with gnomon.run("lives") as run:
    for step, line in enumerate(sys.stdin):
        print(line, end="", flush=True)
        run.log({"loss": float(step), "words": gnomon.Text(line)})
        run.note("said " + line) if line.startswith("note") else None
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run-page")
    (folder / "kept").mkdir()
    (folder / "kept" / "read.txt").write_text("inside the file\n")
    numbers = numpy.random.default_rng(0)
    for seed in range(3):
        with gnomon.run(f"net-{seed}", params={"lr": 0.1, "a_long_name_of_a_parameter": "word " * 100}, seed=seed,
                        group="nets", tags=["baseline"], dir=folder / ".gnomon") as run:  # fmt: skip
            for step in range(12):
                row = {"train/loss": 1 / (step + 1), "odd": float("nan"), "lr": 0.1}
                if step % 4 == 0:
                    row["samples"] = gnomon.Image(numbers.random((24, 32, 3)), caption=f"picture {step}")
                    row["cloud"] = gnomon.Points3D(numbers.random((200, 3)))
                    row["answers"] = gnomon.Table({f"column {n}": ["cell"] * 3 for n in range(9)})
                run.log(row, step=step)
            run.note("a note with **bold** words")
            run.keep(folder / "kept", name="kept")
    close_all()
    started = Pages(folder)
    yield started
    started.close()


def test_name_tags_and_notes_are_changed_in_place(page, pages):
    page.goto(f"{pages.base}/run/net-0")
    assert len(page.url.rpartition("/")[2]) == 20, "the address holds the whole id"
    page.keyboard.press("r")
    page.keyboard.type("better net")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("better net")
    page.get_by_label("Add a tag").fill("paper & <b>")
    page.keyboard.press("Enter")
    expect(page.locator(".tags .pill", has_text="paper & <b>")).to_be_visible()
    page.get_by_label("Take the tag away: baseline").click()
    expect(page.locator(".tags .pill")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.keyboard.type("second *note*")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note .prose")).to_have_text(["a note with bold words", "second note"])
    expect(page.locator("#new-note")).to_have_value("")
    page.locator(".note details.edit summary").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("never saved")
    page.keyboard.press("Escape")
    expect(page.locator(".note .prose").first).to_have_text("a note with bold words")
    page.locator(".note details.edit summary").first.press("Enter")
    expect(page.locator(".note textarea").first).to_have_value("a note with **bold** words")
    page.keyboard.press("Control+a")
    page.keyboard.type("first, edited")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note .prose")).to_have_text(["first, edited", "second note"])
    with gnomon.open(pages.folder) as record:
        run = record.run("better net")
        assert (run.tags, [note.text for note in run.notes]) == (
            ["paper & <b>"],
            ["first, edited", "second *note*"],
        )
    screenshot(page, "run-page")
    assert page.errors == []


def test_an_edit_of_what_was_edited_meanwhile_is_refused_and_the_text_stays(page, pages):
    page.goto(f"{pages.base}/run/net-2")
    page.locator(".note details.edit summary").first.click()
    with gnomon.open(pages.folder) as record:
        run = record.run("net-2")
        record.edit_note(run.id, run.notes[0].hash, "edited elsewhere")
    close_all()
    page.keyboard.type(" my words")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#toast .bad")).to_contain_text("has no note")
    expect(page.locator("#toast .bad")).to_contain_text("edited meanwhile")
    expect(page.locator(".note textarea").first).to_have_value("a note with **bold** words my words")
    page.get_by_role("button", name="Cancel").last.click()
    expect(page.locator(".note .prose").first).to_have_text("edited elsewhere")
    assert all("404" in error for error in page.errors)


def test_hiding_is_taken_back_and_the_next_of_the_group_is_a_link_away(page, pages):
    page.goto(f"{pages.base}/run/net-1")
    page.get_by_role("button", name="Hide").click()
    expect(page.locator(".said.warn")).to_contain_text("hidden from lists")
    page.get_by_role("button", name="Bring back").click()
    expect(page.locator(".said.warn")).to_have_count(0)
    page.get_by_role("link", name="next ›").click()
    expect(page.locator("h1")).to_have_text("net-2")
    page.locator("summary", has_text="Compare with").click()
    page.get_by_role("link", name="all 3 of the group").click()
    page.wait_for_url("**/compare?where=*")
    assert page.errors == []


def test_it_works_without_script(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{pages.base}/run/net-2")
    page.fill("input[name=code]", pages.code())
    page.click("text=Enter >> nth=-1")
    page.fill("#new-note", "written without script")
    page.click("text=Add the note")
    expect(page.locator(".note .prose").last).to_have_text("written without script")
    page.click(".tabs >> text=Media")
    page.locator("#media-3 a[rel=prev]").click()
    expect(page.locator("#media-3 .caption")).to_have_text("picture 4")
    context.close()


GROWS = """
import sys, gnomon
with gnomon.run("grows") as run:
    for step, line in enumerate(sys.stdin):
        run.log({name: float(step) for name in line.split()}, step=step)
"""


def test_the_charts_of_a_run_that_goes_on_come_as_its_metrics_do(page, pages):
    """An empty page fills itself; on one with charts a line says how many more there are; single values renew themselves."""
    env = {**os.environ, "GNOMON_CAPTURE": "off", "GNOMON_DIR": str(pages.folder / ".gnomon")}
    with subprocess.Popen(
        [sys.executable, "-c", GROWS], stdin=subprocess.PIPE, env=env, text=True
    ) as process:

        def log(*names):
            process.stdin.write(" ".join(names) + "\n")
            process.stdin.flush()

        page.wait_for_selector("text=grows", timeout=20_000)
        page.goto(f"{pages.base}/run/grows/charts")
        expect(page.locator("#no-charts")).to_contain_text("No points were logged yet")
        log("loss")
        expect(page.locator("#singles dt")).to_have_text(["loss"], timeout=15_000)
        log("loss")
        expect(page.locator("#no-charts")).to_have_count(0, timeout=15_000)
        expect(page.locator(".charts canvas").first).to_be_visible(timeout=15_000)
        expect(page.locator("#singles dt")).to_have_count(0)
        log("loss", "val_loss")
        expect(page.locator("#singles dt")).to_have_text(["val_loss"], timeout=15_000)
        log("loss", "val_loss", "val_acc")
        expect(page.locator("#more-here")).to_have_text(
            "1 more chart since this page was loaded. Show", timeout=15_000
        )
        expect(page.locator("#singles dt")).to_have_text(["val_acc"])
        page.click("#more-here >> text=Show")
        expect(page.locator("#more-here")).to_be_hidden()
        expect(page.locator(".charts .chart")).to_have_count(2)
        process.stdin.close()
        assert process.wait(20) == 0
    assert page.errors == []


def test_the_page_follows_a_run_and_leaves_alone_what_is_being_written(page, pages):
    env = {**os.environ, "GNOMON_CAPTURE": "console", "GNOMON_DIR": str(pages.folder / ".gnomon")}
    with subprocess.Popen(
        [sys.executable, "-c", LIVE], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, text=True
    ) as process:

        def say(line):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()

        say("first line")
        page.wait_for_selector("text=lives", timeout=20_000)  # on the page of what is new
        page.goto(f"{pages.base}/run/lives")
        points = page.locator("table.metrics tbody tr", has_text="loss").locator("td").nth(5)
        expect(points).to_have_text("1", timeout=15_000)
        page.fill("#new-note", "half a sent")
        say("note of the program")
        expect(points).to_have_text("2", timeout=15_000)
        expect(page.locator("#new-note")).to_have_value("half a sent")
        page.fill("#new-note", "")
        page.locator("h1").click()
        say("note again")
        expect(page.locator(".note .prose")).to_have_count(2, timeout=15_000)
        page.click(".tabs >> text=Console")
        expect(page.locator("#console")).to_contain_text("note again", timeout=15_000)
        say("last line")
        expect(page.locator("#console")).to_contain_text("last line", timeout=15_000)
        page.click(".tabs >> text=Media")
        expect(page.locator("#more-here")).to_be_hidden()
        say("for the media")
        expect(page.locator("#more-here")).to_have_text(
            "1 more value since this page was loaded. Show", timeout=15_000
        )
        page.click("#more-here >> text=Show")
        expect(page.locator("#more-here")).to_be_hidden()
        expect(page.locator(".media-series")).to_contain_text("for the media")
        process.stdin.close()
        assert process.wait(20) == 0
    expect(page.locator(".run-head .status")).to_have_text("finished", timeout=15_000)
    assert page.errors == []


def test_a_slider_moves_through_the_steps_and_points_are_turned(page, pages):
    page.goto(f"{pages.base}/run/net-2/media")
    picture = page.locator("[data-series=samples]")
    expect(picture.locator(".caption")).to_have_text("picture 8")
    slider = picture.get_by_role("slider")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(picture.locator(".caption")).to_have_text("picture 0")
    assert picture.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth)") == 32
    expect(picture.locator(".this-step")).to_have_text("step 0")
    canvas = page.locator("canvas.space")
    drawn = "canvas => canvas.toDataURL()"
    page.wait_for_function("() => document.querySelector('canvas.space').width > 300")
    before = canvas.evaluate(drawn)
    canvas.press("ArrowRight")
    assert canvas.evaluate(drawn) != before
    assert page.errors == []


def test_a_kept_text_is_shown_in_a_frame_of_the_other_origin(page, pages):
    page.goto(f"{pages.base}/run/net-1/files")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="read.txt").click()
    expect(popup.value.locator("body")).to_contain_text("inside the file")
    assert popup.value.url.startswith("http://localhost:")
    assert page.errors == []


@pytest.mark.parametrize("options", [{"viewport": {"width": 360, "height": 740}}, {"color_scheme": "dark"}])
def test_every_part_fits_and_nothing_complains(browser, pages, options):
    page = new_page(browser, pages, **options)
    for part in PARTS:
        page.goto(f"{pages.base}/run/net-1{part}")
        expect(page.locator(".tabs a[aria-current]")).to_be_visible()
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) == 0, part
        screenshot(page, f"run{part.replace('/', '-')}-{'dark' if 'color_scheme' in options else 'phone'}")
    assert page.errors == []
    page.context.close()
