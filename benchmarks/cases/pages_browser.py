"""Looks at pages as a person does, in the Chromium of the system, in a process of its own: `pages_browser.py ERRAND OUT`.

The errand is a JSON file: how to enter, and the visits. Times are the browser's own (`pages_browser.js`): from the start of a
navigation, or from the click that led to it, until the frame was shown in which the page was ready. Playwright leads the way.

Always true: one browser, whose caches stay warm from visit to visit as a person's do; a page that does not get ready in time is a
row with `error`, which ends the rounds of that visit and no other.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
SCRIPT = Path(__file__).with_suffix(".js")
PIXELS_A_FRAME = 20  # some 1,200 a second
EVERY_S = 0.02

Visit = dict[str, Any]


def main() -> None:
    errand = json.loads(Path(sys.argv[1]).read_text())
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=errand["chromium"], args=ARGUMENTS)
        context = browser.new_context()
        if errand["enter"]:
            page = context.new_page()
            page.goto(errand["enter"])
            page.wait_for_url(f"{errand['base']}/")
            page.close()
        rows = [row for visit in errand["visits"] for row in rounds(context, errand["base"], visit)]
        browser.close()
    Path(sys.argv[2]).write_text(json.dumps(rows))


def rounds(context: BrowserContext, base: str, visit: Visit) -> list[Visit]:
    """Return a row for each path of a visit, its rounds; one that failed ends them."""
    rows: list[Visit] = []
    for number, path in enumerate(visit["paths"]):
        page = context.new_page()
        width, height = visit["viewport"]
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(1e3 * visit["limit_s"])
        row = {"visit": visit["name"], "round": number, "charts": visit["charts"]}
        try:
            rows.append({**row, **look(page, base, path, visit)})
        except Exception as error:  # whatever a page or Playwright raises: it is told
            rows.append({**row, "error": f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]})
            break
        finally:
            if visit["picture"]:
                page.screenshot(path=visit["picture"])
            page.close()
    return rows


def look(page: Page, base: str, path: str, visit: Visit) -> Visit:
    """Go to a page, directly or by a link, and do there what the visit says."""
    ready = (
        f"window.benchReady = (N, all, isSeen) => ({visit['ready']}); window.benchCharts = {visit['charts']};"
    )
    page.add_init_script(ready + SCRIPT.read_text())
    if visit["link_from"]:
        page.goto(base + visit["link_from"])
        page.locator(f'a[href="{path}"]').first.click(no_wait_after=True)
    else:
        page.goto(base + path, wait_until="commit")
    figures = ready_figures(page, visit["limit_s"])
    since_click_ms = figures.pop("since_click_ms")
    if visit["link_from"]:
        figures["ms"] = since_click_ms
    match visit["then"]:
        case "scroll":
            figures["scroll"] = page.evaluate("(step) => window.bench.scroll(step)", PIXELS_A_FRAME)
            figures["scroll_again"] = page.evaluate("(step) => window.bench.scroll(step)", PIXELS_A_FRAME)
        case "zoom":
            figures["zoom_ms"] = zoom(page)
        case "type":
            figures["key_ms"] = type_key(page, visit["field"])
            figures["ms"] += figures["key_ms"]
    return figures


def ready_figures(page: Page, limit_s: float) -> Visit:
    """Wait until the page says that it is ready, and return its figures."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            if found := page.evaluate("() => window.bench ? window.bench.figures() : null"):
                return found
        except Exception as error:  # the document is being left for the next one
            if "navigat" not in str(error) and "destroyed" not in str(error):
                raise
        time.sleep(EVERY_S)
    raise TimeoutError(f"not ready in {limit_s:.0f} s")


def zoom(page: Page) -> float:
    """Drag over a tenth of the first chart; return the ms from letting go until finer lines were drawn."""
    box = page.locator("figure[data-drawn] .u-over").first.bounding_box()
    assert box
    left, width, middle = box["x"], box["width"], box["y"] + box["height"] / 2
    page.evaluate("() => { window.benchLater = window.bench.zoomed(); window.benchLater.catch(() => 0); }")
    page.mouse.move(left + 0.45 * width, middle)
    page.mouse.down()
    page.mouse.move(left + 0.5 * width, middle)
    page.mouse.move(left + 0.55 * width, middle)
    page.mouse.up()
    return page.evaluate("() => window.benchLater")


def type_key(page: Page, field: str) -> float:
    """Go to the filter by its key and type another; return the ms until that one stands there."""
    page.evaluate(
        "(field) => { window.benchLater = window.bench.typed(field); window.benchLater.catch(() => 0); }",
        field,
    )
    page.keyboard.press("/")
    page.keyboard.press("m")
    return page.evaluate("() => window.benchLater")


if __name__ == "__main__":
    main()
