"""What differs between runs, as a page: the baseline, the arrows, what agrees, the diff of the code."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.runs.compare.code import CodeDiff, FileDiff
from gnomon.runs.compare.marked import MOST_WORDS, marked, shortened
from gnomon.runs.pages.differences import LINES, LONGEST, _files, cells_of, differences, lines_of, patch
from tests.unit.runs.pages.showing import asked, rendered, rows_of, words_of


def train(name="net", *, loss=0.5, odd=1.0, steps=3, seed=0, group=None, **params):
    with gnomon.run(name, params=params, seed=seed, group=group) as run:
        for step in range(steps):
            run.log({"loss": loss if step == steps - 1 else 1.0, "odd": odd}, step=step)
    return run.id


def shown(*pairs):
    return rendered(differences(asked(*pairs)))


def row(html, name):
    return next(cells for cells in rows_of(html) if cells and cells[0].split(" ")[0] == name)


@pytest.mark.slow
def test_what_differs_stands_in_the_table_and_what_agrees_is_folded():
    a, b = train(lr=0.1, depth=3), train(lr=0.2, depth=3)
    html = shown(("run", a), ("run", b))
    assert row(html, "lr") == ["lr", "0.1", "0.2"]
    table, _, rest = html.partition("</table>")
    assert "depth" not in table
    folded = re.search(r"<details class=\"panel\">.*?</details>", rest, re.DOTALL)[0]
    assert ["depth", "3"] in rows_of(folded) and "The same in all" in folded


@pytest.mark.slow
def test_the_first_run_is_the_baseline_and_another_one_can_be():
    a, b = train(lr=0.1), train(lr=0.2)
    assert row(shown(("run", a), ("run", b)), "lr") == ["lr", "0.1", "0.2"]
    assert row(shown(("run", a), ("run", b), ("baseline", b)), "lr") == ["lr", "0.2", "0.1"]
    assert row(shown(("run", a), ("run", b), ("baseline", b[:6])), "lr") == ["lr", "0.2", "0.1"]
    assert f"baseline={b}" in shown(("run", a), ("run", b))


def test_a_baseline_that_is_not_compared_is_refused():
    a, b, c = train(lr=0.1), train(lr=0.2), train(lr=0.3)
    with pytest.raises(BadArgumentError, match="none of what is compared"):
        differences(asked(("run", a), ("run", b), ("baseline", c)))


def ways(html):
    return re.findall(r"class=\"difference (better|worse)\"[^>]*>([^<]+)<", html)


def test_an_arrow_says_better_or_worse_where_the_name_of_the_metric_does():
    a, b, c = train(loss=0.5, odd=1.0), train(loss=0.4, odd=2.0), train(loss=0.75, odd=3.0)
    html = shown(("run", a), ("run", b), ("run", c))
    assert ways(html) == [("better", "-0.1"), ("worse", "+0.25")]  # nothing about `odd`
    html = shown(("run", a), ("run", b), ("run", c), ("better", "higher"))
    assert ways(html) == [("worse", "-0.1"), ("better", "+0.25"), ("better", "+1"), ("better", "+2")]


def test_values_of_different_steps_have_no_arrow_but_a_way_to_compare_at_one():
    a, b = train(loss=0.5, steps=3), train(loss=0.4, steps=5)
    html = shown(("run", a), ("run", b))
    assert ways(html) == [] and "step 4" in words_of(html)
    assert "at=step%3D2" in html and "--at" not in html
    assert ways(shown(("run", a), ("run", b), ("at", "step=2"))) == [("worse", "+0.5")]


def test_a_mean_without_failed_seeds_has_no_arrow():
    for seed, loss in enumerate((0.5, 0.6)):
        train(loss=loss, seed=seed, group="sound", lr=1)
    for seed, loss in enumerate((0.1, math.nan)):
        train(loss=loss, seed=seed, group="wild", lr=2)
    html = shown(("group", "sound"), ("group", "wild"))
    assert row(html, "loss")[2].startswith("0.1 (1 of 2)") and ways(html) == []


def test_groups_of_seeds_are_compared_by_name_beside_runs():
    for seed in range(3):
        train(seed=seed, group="trees", lr=1)
    single = train(lr=2)
    html = shown(("run", single), ("group", "trees"))
    assert row(html, "lr") == ["lr", "2", "1"]
    assert "3 seeds" in words_of(html)
    assert (
        html.count(f"/compare/media?run={single}&amp;run=") == 1
    )  # the other parts get all runs of the group


def test_names_are_text_wherever_they_stand():
    wild = "<img src=x onerror=alert(1)>\u202e"
    a, b = train(wild, **{wild: wild + "1"}), train(wild, **{wild: wild + "2"})
    html = shown(("run", a), ("run", b))
    assert "<img src=x" not in html and "\u202e" not in html


def test_one_run_is_offered_others_to_compare_with():
    a, b = train("first"), train("second")
    html = shown(("run", a))
    assert f"run={a}&amp;run={b}" in html and "second" in html


def test_without_runs_a_command_says_how_to_make_one():
    with gnomon.run("only") as run:
        pass
    assert "two runs or more" in shown(("where", "name = 'nobody'"))
    gnomon.open().remove(run.id)
    assert "gnomon run -- python" in shown()


def test_a_metric_that_nobody_has_is_said_beside_the_form():
    a, b = train(lr=0.1), train(lr=0.2)
    answer = differences(asked(("run", a), ("run", b), ("metrics", "lsos")))
    assert answer.status == 404
    html = rendered(answer)
    assert "None of these runs has a metric `lsos`" in html and 'value="lsos"' in html
    assert differences(asked(("run", a), ("run", b), ("at", "never"))).status == 400
    assert (
        differences(asked(("run", a), ("run", b), ("at", ""), ("better", ""), ("run", ""))).status == 200
    )  # an empty form


def test_no_more_runs_than_fit_are_compared_and_that_is_said():
    ids = [train(lr=number) for number in range(22)]
    html = shown(*(("run", one) for one in ids))
    assert len(row(html, "lr")) == 21
    assert "20 of 22 are compared" in html
    train(lr=-1, group="one more")
    html = shown(*(("run", one) for one in ids[:20]), ("group", "one more"))
    assert len(row(html, "lr")) == 21 and "20 of 21 are compared" in html


def test_many_parameters_are_cut_and_all_of_them_are_a_link_away():
    many = {f"p{number:03}": number for number in range(40)}
    a, b = train(**many), train(**dict.fromkeys(many, -1))
    assert "10 more differences" in shown(("run", a), ("run", b))
    html = shown(("run", a), ("run", b), ("all", "1"))
    assert "more differences" not in html and row(html, "p039") == ["p039", "39", "-1"]


# --- long values


def test_where_long_values_differ_is_marked_and_what_they_share_is_cut():
    long = (
        "python train.py --with a great many words that are the same for both of them and say nothing --lr "
    )
    first, second = cells_of([long + "0.1", long + "0.2"])
    assert [piece.text for piece in first.pieces if piece.is_other] == ["1"]
    assert [piece.text for piece in second.pieces if piece.is_other] == ["2"]
    assert sum(len(piece.text) for piece in second.pieces) <= LONGEST and second.title == long + "0.2"


def test_short_values_and_missing_ones_are_shown_as_they_are():
    first, second, third = cells_of(["adam", None, "adam"])
    assert first.pieces[0].text == "adam" and not first.title
    assert second.is_missing and third.is_same


@given(st.text(max_size=200), st.text(max_size=200))
def test_the_pieces_of_a_text_are_the_text(one, other):
    pieces = marked(one, other)
    assert "".join(piece.text for piece in pieces) == one
    assert all(piece.text in other for piece in pieces if not piece.is_other)
    assert sum(len(piece.text) for piece in shortened(pieces, 40)) <= max(
        40, len(one) if len(one) <= 40 else 40
    )


def test_texts_of_very_many_words_are_marked_between_what_they_share():
    words = "a " * (MOST_WORDS + 1)
    pieces = marked(words + "x y", words + "z y")
    assert [(piece.text, piece.is_other) for piece in pieces[1:]] == [("x", True), (" y", False)]


# --- code

SCRIPT = """
import gnomon
with gnomon.run("a") as run:
    run.log(loss={loss})
"""


@pytest.fixture
def two_scripts(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "code")
    ids = []
    for loss in (0.5, 0.25):
        (project / "train.py").write_text(
            SCRIPT.format(loss=loss) + f"print(run.id)  # {'<b>' if loss < 0.5 else ''}\n"
        )
        done = subprocess.run([sys.executable, "train.py"], capture_output=True, text=True, check=True)
        ids.append(done.stdout.split()[-1])
    return ids


@pytest.mark.slow
def test_the_diff_of_the_code_is_coloured_escaped_and_can_be_downloaded(two_scripts):
    a, b = two_scripts
    html = shown(("run", a), ("run", b))
    assert '<span class="del">-    run.log(loss=0.5)</span>' in html
    assert '<span class="add">+    run.log(loss=0.25)</span>' in html
    assert "&lt;b&gt;" in html
    answer = patch(asked(("run", a), ("run", b), ("code", b)))
    assert b"+    run.log(loss=0.25)\n" in b"".join(answer.parts) and answer.name.endswith(".patch")
    assert f"/compare/patch?run={a}&amp;run={b}&amp;code={b}" in html


@pytest.mark.slow
def test_which_of_several_diffs_is_shown_can_be_chosen(two_scripts, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "off")
    a, b = two_scripts
    third = train(lr=3)
    html = shown(("run", a), ("run", third), ("run", b))
    assert "+    run.log(loss=0.25)" in html and "cannot be compared" in html
    html = shown(("run", a), ("run", third), ("run", b), ("code", third))
    assert "+    run.log(loss=0.25)" not in html


def test_a_diff_is_bounded_by_lines_and_says_how_many_are_left_out():
    text = "--- a/x\n+++ b/x\n@@ -0,0 +1,9 @@\n" + "".join(f"+line {number}\n" for number in range(3 * LINES))
    files = _files(
        CodeDiff((FileDiff("x", "added", 3 * LINES, 0, text), FileDiff("y", "added", 3 * LINES, 0, text)), ())
    )
    assert [(len(lines), left_out) for _, lines, left_out, _ in files] == [
        (LINES // 4, 3 * LINES + 1 - LINES // 4)
    ] * 2
    assert lines_of(FileDiff("x", "added", 1, 0, text))[:2] == [("at", "@@ -0,0 +1,9 @@"), ("add", "+line 0")]
