"""The comparison of groups of seeds as a page: the sentence, the drawn intervals, and what is said when it cannot be made."""

from __future__ import annotations

import math
import re

import pytest

import gnomon
from gnomon.runs.pages.group_contest import EDGE, WIDTH, groups, scale_of, spoken
from tests.unit.runs.pages.showing import asked, rendered, rows_of, words_of


def train(name, values, metric="loss", **params):
    for seed, value in enumerate(values):
        with gnomon.run(name, params={"of": name, **params}, seed=seed, group=name) as run:
            run.log({metric: value})
    return run.id


@pytest.fixture
def three():
    train("good", [0.10, 0.11, 0.12, 0.10, 0.11, 0.12])
    train("bad", [0.50, 0.52, 0.51, 0.50, 0.53, 0.51])
    train("single", [0.05])


def shown(*pairs):
    return rendered(groups(asked(*pairs)))


def dots(html):
    return len(re.findall(r"<circle class=\"seed\"", html))


@pytest.mark.slow
def test_the_sentence_of_the_library_stands_first_with_names_apart(three):
    html = shown(("metric", "loss"))
    found = gnomon.open().compare_groups("loss")
    assert found.winner == "good"
    assert found.sentence.replace("`", "") in re.sub(r" (?=[.,;])", "", words_of(html)).replace(" ( ", " (")
    assert '<bdi class="called">good</bdi>' in html
    assert 'class="panel verdict decided"' in html


@pytest.mark.slow
def test_each_seed_is_a_dot_and_each_judged_group_has_its_interval(three):
    html = shown(("metric", "loss"))
    assert dots(html) == 13
    assert html.count('class="interval mean best"') == 1
    assert html.count('class="interval against worse"') == 1
    assert "seed 4: 0.53" in html


def test_a_difference_is_drawn_on_its_side_of_zero(three):
    html = shown(("metric", "loss"))  # the loss of `bad` is 0.4 higher
    row = re.search(r"class=\"interval against worse\".*?</svg>", html, re.DOTALL)[0]
    zero = float(re.search(r"class=\"zero\" x1=\"([\d.]+)\"", row)[1])
    places = re.findall(r"class=\"(?:span|middle)\" (?:x1|cx)=\"([\d.]+)\"", row)
    assert len(places) == 2 and all(float(place) > zero for place in places)


def test_rows_say_mean_difference_interval_verdict_and_p(three):
    html = shown(("metric", "loss"))
    bad = next(cells for cells in rows_of(html) if cells and cells[0].startswith("bad"))
    found = gnomon.open().compare_groups("loss").rows[1].comparison
    assert bad[1].startswith("0.512 ± 0.012")
    assert bad[3].startswith(f"{found.difference:+.4g} (")
    assert bad[4] == "worse, paired p <0.001"


def test_a_group_of_one_seed_is_apart_and_said_to_be_promising(three):
    html = shown(("metric", "loss"))
    _, _, apart = html.partition("<h2>Not judged</h2>")
    assert ["single", "1", "0.05", ""] in [[*cells[:3], ""] for cells in rows_of(apart)]
    assert "looks better on its single seed" in html


def test_what_nobody_can_tell_is_said_with_the_seeds_that_would_settle_it():
    train("a", [0.50, 0.60, 0.55, 0.40])
    train("b", [0.45, 0.65, 0.35, 0.42])
    html = shown(("metric", "loss"))
    assert "cannot tell whether" in html and 'class="panel verdict open"' in html
    assert 'class="better"' not in html and 'class="worse"' not in html


def test_a_baseline_a_filter_and_chosen_groups_are_in_the_address(three):
    html = shown(("metric", "loss"), ("baseline", "bad"), ("where", "params.of != 'single'"))
    assert "against the baseline" in html and "Not judged" not in html
    assert "no baseline" in html
    html = shown(("metric", "loss"), ("group", "good"), ("group", "single"))
    assert dots(html) == 7


def test_the_groups_of_chosen_runs_are_compared(three):
    other = train("third", [0.2, 0.21, 0.22])
    run = gnomon.open().runs("group = 'good'", columns=["id"]).ids[0]
    html = shown(("metric", "loss"), ("run", run), ("run", other))
    assert dots(html) == 9 and "the groups of the chosen runs" in html


def test_without_a_metric_the_first_that_says_which_way_is_better_is_taken():
    train("a", [1.0, 2.0], metric="alpha")
    train("b", [1.0, 2.0], metric="auc")
    assert "Last values of auc" in words_of(shown())


def test_a_metric_whose_name_says_nothing_asks_which_way_is_better():
    train("a", [1.0, 2.0, 1.5], metric="odd")
    train("b", [5.0, 5.2, 5.1], metric="odd")
    answer = groups(asked(("metric", "odd")))
    assert answer.status == 400
    html = rendered(answer)
    assert "better=higher" in html and "better=lower" in html and "--better" not in html
    assert "is better than" in shown(("metric", "odd"), ("better", "higher"))


@pytest.mark.parametrize(
    ("pair", "status", "said"),
    [
        (("metric", "lsos"), 404, "no run has a series"),
        (("where", "loss <"), 400, "problem"),
        (("level", "7"), 400, "level"),
        (("at", "never"), 400, "at"),
        (("baseline", "nobody"), 404, "there is no group of seeds"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_form(three, pair, status, said):
    pairs = [("metric", "loss")] if pair[0] != "metric" else []
    answer = groups(asked(*pairs, pair))
    html = rendered(answer)
    assert answer.status == status and 'class="said bad"' in html and "<form" in html
    assert said == "problem" or said in html.lower()


def test_the_part_that_is_live_stands_alone_even_where_nothing_can_be_compared(three):
    answer = groups(asked(("metric", "loss")))
    assert rendered(answer, "contest").strip().startswith('<div id="contest"')
    answer = groups(asked(("metric", "lsos")))
    assert answer.status == 404 and "verdict" not in rendered(answer, "contest")


def test_an_empty_form_asks_what_is_asked_without_one(three):
    empty = [(name, "") for name in ("where", "at", "better", "baseline", "level")]
    assert groups(asked(("metric", "loss"), *empty)).status == 200


def test_an_empty_record_says_what_makes_a_group():
    gnomon.run("nothing").finish()
    assert "run once for each seed" in shown()


def test_names_are_text_wherever_they_stand():
    wild = "<script>`x`"
    train(wild, [0.1, 0.2, 0.3], metric=wild)
    train("b", [0.5, 0.6, 0.7], metric=wild)
    html = shown(("metric", wild), ("better", "lower"))
    assert "<script>`" not in html


def test_seeds_without_a_finite_value_have_no_dot_and_are_said():
    train("a", [0.1, math.nan, 0.2])
    train("b", [0.5, 0.6, 0.7])
    html = shown(("metric", "loss"))
    assert dots(html) == 5 and "2 of 3 finite" in html and "No finite value" in html


# --- the axis


def test_an_axis_holds_all_values_and_cuts_an_interval_that_is_far_wider_than_the_others():
    scale = scale_of([1.0, 2.0, 3.0], [0.5, 3.5, 0.6, 3.4, -500.0, 500.0])
    assert scale.low < 0.5 and scale.high > 3.5 and scale.high - scale.low < 10
    assert scale_of([5.0], []) is not None and scale_of([0.0, 0.0], []) is not None
    assert scale_of([math.nan], [1.0]) is None
    assert scale_of([1e308, -1e308], []) is None


def test_an_interval_beyond_the_axis_has_an_open_end_at_its_edge():
    train("a", [0.10, 0.10, 0.11, 0.10, 0.11])
    train("b", [0.30, 0.30, 0.31, 0.30, 0.31])
    train("wide", [0.10, 0.30])
    html = shown(("metric", "loss"))
    row = re.search(r"title=\"wide\">wide</bdi>.*?</svg>", html, re.DOTALL)[0]
    assert row.count('class="on"') == 2 and 'class="end"' not in row
    places = [float(one) for one in re.findall(r"x[12]=\"([\d.]+)\"", row)]
    assert min(places) == EDGE and max(places) == WIDTH - EDGE


def test_a_sentence_is_cut_at_its_names():
    assert spoken("no names") == [("no names", False)]
    assert spoken("`a`") == [("a", True)]


def test_many_groups_are_cut_with_the_reference_among_them():
    for number in range(9):
        train(f"g{number}", [1.0 + number, 1.1 + number])
    html = shown(("metric", "loss"), ("baseline", "g8"), ("limit", "3"))
    assert "5 more groups" in html and html.count("<tr") == 1 + 3 + 1
    assert "more groups" not in shown(("metric", "loss"))
