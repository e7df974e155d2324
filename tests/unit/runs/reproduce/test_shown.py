"""What came of a repeat, and why a run differs, on its page and in the terminal."""

from __future__ import annotations

import re

import gnomon
from gnomon.page import Ask
from gnomon.runs import entries
from gnomon.runs.actions import write
from gnomon.runs.pages.run import overview
from tests.unit.runs.pages.showing import link, rendered, rows_of, words_of


def page_of(run):
    return rendered(overview(Ask(gnomon.open(), path={"run": run}, link=link)))


def two():
    for seed in (1, 2):
        with gnomon.run("net", params={"lr": 0.1 * seed}, seed=seed) as run:
            run.log(score=seed / 10, step=0)
        yield run.id


def test_a_replication_is_shown_with_what_moved():
    one, other = two()
    record = gnomon.open()
    row = ["score", 0.1, 0.2, 0.05, 0.15, 4, "outside"]
    body = {"verdict": "differs", "by": other, "metrics": [row], "gaps": ["environment: <b>Python 9</b>"]}
    write(record, one, entries.REPLICATED, body)
    html = page_of(one)
    words = words_of(html)
    assert "Made again" in words
    assert "score: 0.1 → 0.2 (one more of 4 seeds: 0.05 to 0.15)" in words
    assert "1 thing not as it was" in words
    assert "<b>Python 9</b>" not in html
    assert f"/run/{other}" in html
    assert "Made again" not in words_of(page_of(other))


def test_an_explanation_stands_on_both_runs():
    one, other = two()
    record = gnomon.open()
    body = {
        "a": one, "b": other, "metric": "score", "verdict": "causes", "difference": [0.1, 0.05, 0.15], "seeds": 5,
        "shares": [
            ["params.lr", "0.1 → 0.2", 0.09, 0.05, 0.13, 0.01, True], ["code", "<i>train.py</i>", 0.01, -0.01, 0.03, 0.4, False],
        ],
    }  # fmt: skip
    for run in (one, other):
        write(record, run, entries.EXPLAINED, body)
    first, second = page_of(one), page_of(other)
    assert f"score to run {other[:8]}: +0.1, 0.05 to 0.15 over 5 seeds" in words_of(first)
    assert f"score from run {one[:8]}" in words_of(second)
    assert "<i>train.py</i>" not in first
    assert ["params.lr 0.1 → 0.2", "+0.09", "", "cause"] in rows_of(first)
    assert ["code <i>train.py</i>", "+0.01", "", "not told from noise"] in rows_of(first)
    assert len(re.findall(r'<path [^>]*class="bar"', first)) == 2  # each interval is drawn
