"""Which of many lines a terminal names."""

from __future__ import annotations

from gnomon.runs.plot.few import MOST, OTHERS, few


def test_few_lines_stay_as_they_are(made_up):
    plot = made_up(*((f"run-{n}", [0, 1], [0, n]) for n in range(MOST)))
    assert few(plot) is plot


def test_of_many_those_are_named_that_end_highest_and_lowest(made_up):
    plot = made_up(*((f"run-{n}", [0, 1], [9 - n, n]) for n in range(10)))
    made = few(plot)
    assert made.keys == ("run-9", "run-8", "run-7", "run-2", "run-1", "run-0")
    lines = {line.label: line.key for line in made.panels[0].lines}
    assert len(lines) == 10 and lines["run-9"] == 0 and lines["run-0"] == 5 and lines["run-5"] == OTHERS


def test_a_line_with_nothing_to_draw_is_not_named_before_others(made_up):
    nan = float("nan")
    plot = made_up(("nothing", [0], [nan]), *((f"run-{n}", [0], [n]) for n in range(8)))
    assert "nothing" not in few(plot).keys
