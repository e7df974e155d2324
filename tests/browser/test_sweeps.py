"""The pages about sweeps in a browser: they go on by themselves, and work by keys."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.runs.sweep import actions
from gnomon.runs.sweep.trials import Attempt
from gnomon.session import session_for
from tests.browser.pages import Pages
from tests.browser.sweep_record import add_sweep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    sweep, _ = add_sweep(folder / ".gnomon")  # this process has it in hand
    started = Pages(folder)
    started.sweep = sweep
    yield started
    started.close()


def test_a_sweep_goes_on_before_the_eyes(page, pages):
    page.goto(f"{pages.base}/sweep/{pages.sweep}")
    assert page.locator("#sweep .head .status").inner_text() == "running"
    page.locator("#trials-title").scroll_into_view_if_needed()
    place = pages.folder / ".gnomon"
    session = session_for(str(place))
    params = gnomon.open(place).sweep(pages.sweep).trials[10].params
    for seed in (2, 3):
        with gnomon.run(seed=seed, dir=place) as run:
            run.log(auc=0.95)
        one = Attempt(run.id, 10, params, seed, began_us=1_790_001_000_000_000)
        one = one._replace(heads=(actions.begin(session, pages.sweep, one),), status="finished", value=0.95)
        actions.end(session, pages.sweep, one._replace(duration_s=5.0))
    page.wait_for_selector("#trial-10 .status.finished", timeout=20_000)
    assert "11 of 12 trials ended" in page.locator("#sweep .facts").inner_text()
    assert page.evaluate("document.querySelector('tbody tr').id") == "trial-10"  # the best now
    assert page.errors == []


def test_a_mark_of_the_picture_leads_to_its_row_and_keys_lead_to_the_page(page, pages):
    page.goto(f"{pages.base}/sweep/{pages.sweep}")
    page.locator(".sweep-plot a[href='#trial-4'] circle").click()
    assert page.url.endswith("#trial-4") and page.locator("#trial-4:target").count() == 1
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url(f"{pages.base}/sweeps")
    page.get_by_role("link", name="lr and depth").click()
    page.wait_for_url(f"{pages.base}/sweep/{pages.sweep}")
    assert page.errors == []
