"""Every page over records of three kinds: nothing complains, readers of screens get through, and it fits a phone."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe

from gnomon.web.finding import Found
from tests.browser import records
from tests.browser.pages import Pages, new_page, screenshot

pytestmark = pytest.mark.slow
NO_PAGE = {
    "/chart",
    "/palette",
    "/compare/columns",
    "/compare/patch",
    "/lineage/names",
}  # numbers and lists for script
ASKS = {
    "/search": {"q": "trees"}, "/sql": {"query": "select name, status from runs"}, "/lineage": {"of": "credit@v1"},
    "/lineage/reach": {"of": "credit@v1"}, "/data/{name}/diff": {"from": "v1", "to": "v2", "rows": "1"},
    "/checks/compare": {"after": "fairness of income by sex"},
    "/compare/importance": {"metric": "metrics.loss"}, "/compare/groups": {"metric": "val/auc"},
}  # fmt: skip
ABSENT = {"/run/{run}/notebook", "/run/{run}/media/points"}  # of a run that has none: said, with 404
AWAY = "/croissant", "/download", "/export", "/code/diff", "/archive"  # files, not pages


def addresses(values: dict[str, str]) -> dict[str, str]:
    """Return the address of each page of the app, by its path."""
    found = {}
    for page in Found().pages:
        if page.method == "GET" and page.path not in NO_PAGE and not page.path.endswith(AWAY):
            query = dict(ASKS.get(page.path, {}))
            if page.path.startswith("/compare") and values["runs"]:
                query["run"] = values["runs"]
            filled = page.path.format_map(_Given(values))
            found[page.path] = f"{filled}?{urlencode(query)}" if query else filled
    found |= {f"/run/{kind}": f"/run/{values[kind]}" for kind in ("trial", "repeat") if kind in values}
    return found


class _Given(dict):
    def __missing__(self, key: str) -> str:
        return "x"


@pytest.fixture(scope="module", params=["rich", "odd", "nothing"])
def seen(request, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    values = getattr(records, request.param)(folder)
    pages = Pages(folder)
    page = new_page(browser, pages)
    yield request.param, page, pages.base, addresses(values)
    page.context.close()
    pages.close()


def test_nothing_complains_and_readers_of_screens_get_through(seen):
    kind, page, base, found = seen
    axe = Axe()
    wrong = []
    for path, address in found.items():
        del page.errors[:]
        answer = page.goto(base + address)
        page.wait_for_load_state("load")
        name = path.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "home"
        screenshot(page, f"{kind}-{name}")
        status = answer.status if answer else 0
        is_there = kind == "rich" and path not in ABSENT
        expected = {200} if is_there else {200, 400, 404}
        complaints = [one for one in page.errors if "status of 4" not in one or is_there]
        if status not in expected or complaints:
            wrong.append((path, status, complaints))
        if kind == "rich":
            serious = [
                (one["id"], one["nodes"][0]["target"])
                for one in axe.run(page).response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            wrong += [(path, *one) for one in serious]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_page_fits_a_phone_in_the_dark(seen):
    kind, page, base, found = seen
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    wide = []
    for path, address in found.items():
        page.goto(base + address)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide.append((path, width))
        if kind == "rich":
            name = path.strip("/").replace("/", "-").replace("{", "").replace("}", "") or "home"
            screenshot(page, f"{kind}-{name}-phone-dark")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    assert not wide, "\n".join(map(str, wide))
