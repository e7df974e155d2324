"""The numbers of charts: what is drawn, how fine, and in which form script gets it."""

from __future__ import annotations

import json
import math
from array import array

import pytest

import gnomon
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.page import Ask, Values
from gnomon.runs.pages.curves import chart, compare


def decoded(answer):
    data = b"".join(answer.parts)
    length = int.from_bytes(data[:4], "little")
    assert (4 + length) % 8 == 0
    head = json.loads(data[4 : 4 + length])
    numbers = array("d", data[4 + length :])
    return head, lambda place: list(numbers[place[0] : place[0] + place[1]])


def ask(*pairs: tuple[str, str]) -> Ask:
    return Ask(gnomon.open(), query=Values(pairs))


def log(name, values, *, seed=None, metric="loss", group=None):
    with gnomon.run(name, seed=seed, group=group) as run:
        for step, value in enumerate(values):
            run.log({metric: value}, step=step)
    return run.id


def test_runs_that_logged_at_the_same_steps_share_their_x():
    first, second = log("a", [3.0, 2.0, 1.0]), log("b", [5.0, 4.0, 0.1])
    head, part = decoded(chart(ask(("run", first), ("run", second), ("metric", "loss"))))
    one, two = head["panels"][0]["lines"]
    assert (one["runs"], two["runs"]) == ([first], [second])
    assert one["x"] == two["x"]
    assert part(one["x"]) == [0.0, 1.0, 2.0]
    assert part(two["y"]) == [5.0, 4.0, 0.1]
    assert not one["thinned"]


def test_several_metrics_come_in_one_answer_in_the_order_that_was_asked():
    with gnomon.run("a") as run:
        for step in range(3):
            run.log({"loss": step, "auc": -step}, step=step)
    head, part = decoded(chart(ask(("run", run.id), ("metric", "loss"), ("metric", "auc"))))
    assert [panel["metric"] for panel in head["panels"]] == ["loss", "auc"]
    assert part(head["panels"][1]["lines"][0]["y"]) == [0.0, -1.0, -2.0]


def test_a_line_is_all_of_its_points_while_a_screen_can_show_them_and_thinned_beyond():
    short = log("short", [float(step % 7) for step in range(2_000)])
    long = log("long", [math.sin(step / 50) for step in range(4_999)] + [9.0])
    head, part = decoded(chart(ask(("run", short), ("run", long), ("metric", "loss"))))
    whole, thin = head["panels"][0]["lines"]
    assert not whole["thinned"] and len(part(whole["y"])) == 2_000
    assert thin["thinned"] and thin["points"] == 5_000 and len(part(thin["y"])) <= 2_000
    assert max(part(thin["y"])) == 9.0  # the highest stays


def test_a_part_of_the_axis_is_drawn_finer_with_its_neighbours():
    run = log("long", [float(step) for step in range(10_000)])
    head, part = decoded(chart(ask(("run", run), ("metric", "loss"), ("from", "4000.5"), ("to", "4010"))))
    assert part(head["panels"][0]["lines"][0]["x"]) == [float(x) for x in range(4_000, 4_012)]


def test_smoothing_is_that_of_the_whole_line_also_where_a_part_is_drawn():
    run = log("noisy", [float(step % 2) for step in range(200)])
    query = [("run", run), ("metric", "loss"), ("smooth", "0.9")]
    head, part = decoded(chart(ask(*query)))
    whole = head["panels"][0]["lines"][0]
    smoothed = dict(zip(part(whole["x"]), part(whole["y"]), strict=True))
    assert part(whole["raw"][1])[:4] == [0.0, 1.0, 0.0, 1.0]
    head, part = decoded(chart(ask(*query, ("from", "150"), ("to", "160"))))
    line = head["panels"][0]["lines"][0]
    found = dict(zip(part(line["x"]), part(line["y"]), strict=True))
    assert found == {x: smoothed[x] for x in found} and len(found) == 13


def test_groups_of_seeds_are_a_mean_with_a_band():
    for seed in range(3):
        log("g", [1.0 + seed, 2.0 + seed], seed=seed, group="g")
    ids = gnomon.open().runs(columns=["id"]).ids
    head, part = decoded(chart(ask(*(("run", one) for one in ids), ("metric", "loss"), ("groups", "1"))))
    (line,) = head["panels"][0]["lines"]
    assert part(line["y"]) == [2.0, 3.0]
    low, high = part(line["low"]), part(line["high"])
    assert low[0] < 2.0 < high[0] and line["counts"] == [3, 3]


def test_values_that_cannot_be_drawn_are_gaps_and_counted():
    run = log("odd", [1.0, math.nan, math.inf, 2.0])
    head, part = decoded(chart(ask(("run", run), ("metric", "loss"))))
    line = head["panels"][0]["lines"][0]
    assert [y if y == y else None for y in part(line["y"])] == [1.0, None, None, 2.0]
    assert sorted(line["left_out"]) == [[1, "NaN"], [1, "infinite"]]


def test_nothing_to_draw_is_said_in_the_chart():
    run = log("a", [1.0])
    head, _ = decoded(chart(ask(("run", run), ("metric", "loss"), ("x", "epoch"))))
    assert head["panels"] == []
    assert "epoch" in head["said"]


def test_bad_questions_name_what_is_wrong():
    run = log("a", [1.0])
    with pytest.raises(BadArgumentError, match="`metric` must be given"):
        chart(ask(("run", run)))
    with pytest.raises(BadArgumentError, match="`from` must be a finite number; got 'nan'"):
        chart(ask(("run", run), ("metric", "loss"), ("from", "nan")))
    with pytest.raises(UnknownSubjectError):
        chart(ask(("run", "ffffffff"), ("metric", "loss")))


def test_the_page_lists_metrics_but_those_of_the_system_and_says_what_is_left_out():
    with gnomon.run("many") as run:
        run.log({f"train/m{number:03}": 1.0 for number in range(70)} | {"system/cpu": 1.0})
    shown = compare(ask()).values
    assert len(shown["metrics"]) == 60 and len(shown["left_out"]) == 10
    assert compare(ask(("metric", "system/*"))).values["metrics"] == ["system/cpu"]
    assert compare(ask(("where", "name = 'none'"))).values["runs"] == []
