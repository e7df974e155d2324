"""From points to lines: every spike, every axis, groups."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.runs.plot import lines
from gnomon.runs.plot.lines import GRID, MOST_BUCKETS
from gnomon.runs.plot.picture import FineDetail, plot


def only_line(plot):
    ((line,),) = (panel.lines for panel in plot.panels)
    return line


def test_no_spike_is_lost_however_many_points_there_are(log):
    ys = [0.0] * 20_000
    ys[7_777], ys[12_345] = 50.0, -3.0
    run = log("a", loss=ys)
    line = only_line(gnomon.open().plot(run, "loss"))
    assert len(line.ys) <= 4 * MOST_BUCKETS and line.points == 20_000
    assert line.ys[list(line.xs).index(7_777)] == 50 and line.ys[list(line.xs).index(12_345)] == -3
    log_x = only_line(gnomon.open().plot(run, "loss", log_x=True))
    assert max(log_x.ys) == 50 and min(log_x.ys) == -3


def test_what_has_no_place_is_counted(log):
    run = log("a", loss=[math.nan, math.inf, -math.inf, 0.0, -1.0, 5.0, 10**400, 2**60 + 1])
    plot = gnomon.open().plot(run, "loss", log=True)
    line = only_line(plot)
    assert {why: count for count, why in line.left_out} == {"NaN": 1, "infinite": 3, "not above 0": 2}
    assert [y for y in line.ys if y == y] == [5.0, float(2**60 + 1)]
    assert "Not drawn: 1 NaN, 3 infinite, 2 not above 0." in plot.caption
    assert "with `step` not above 0" in gnomon.open().plot(run, "loss", log_x=True).caption


def test_the_raw_line_stays_beside_the_smoothed_one(log):
    run = log("a", loss=[1.0, 3.0, 5.0])
    line = only_line(gnomon.open().plot(run, "loss", smooth=0.5))
    assert line.raw is not None and list(line.raw[1]) == [1, 3, 5]
    assert list(line.ys) == pytest.approx([1, 3.5 / 1.5, 6.75 / 1.75])
    assert "weight 0.5" in gnomon.open().plot(run, "loss", smooth=0.5).caption


def test_smoothing_sees_every_point_not_only_the_drawn_ones(log):
    ys = [float(step % 2) for step in range(20_000)]
    run = log("a", loss=ys)
    line = only_line(gnomon.open().plot(run, "loss", smooth=0.99))
    assert all(0.4 < y < 0.6 for y in line.ys[len(line.ys) // 2 :])


def test_any_series_is_an_axis_and_there_x_may_go_back(log):
    run = log("a", loss=[1.0, 2.0, 3.0], angle=[5.0, 1.0, 4.0])
    line = only_line(gnomon.open().plot(run, "loss", x="angle"))
    assert (list(line.xs), list(line.ys)) == ([5, 1, 4], [1, 2, 3])
    with pytest.raises(UnknownSubjectError, match="no run has both `loss` and a series `angel`") as caught:
        gnomon.open().plot(run, "loss", x="angel")
    assert "`angle`" in str(caught.value)


def test_time_is_an_axis(project):
    with gnomon.run("a") as run:
        for step in range(3):
            run.log({"loss": 1.0}, step=step)
    view = gnomon.open().run(run.id)
    moments, since = (only_line(view.plot("loss", x=x)).xs for x in ("time", "relative"))
    assert [a - b for a, b in zip(moments, since, strict=True)] == pytest.approx([view.created] * 3, abs=1e-5)
    assert 0 <= since[0] < 60 and since == sorted(since)
    with pytest.raises(BadArgumentError, match="got a time, '5min'"):
        view.plot("loss", smooth="5min")


def test_steps_that_were_logged_out_of_order_are_drawn_in_order(project):
    with gnomon.run("a") as run:
        for step in (5, 1, 3):
            run.log({"loss": float(step)}, step=step)
    line = only_line(gnomon.open().plot(run.id, "loss"))
    assert list(line.xs) == [1, 3, 5] == list(line.ys)


def test_seeds_become_a_mean_with_an_interval(log):
    for seed, values in enumerate(([1.0, 1.0, 1.0], [2.0, 2.0], [3.0, 3.0])):
        log("a", loss=values, seed=seed, group="g", params={"lr": 1})
    plot = gnomon.open().plot(metrics="loss", groups=True)
    line = only_line(plot)
    assert list(line.ys) == [2, 2, 1] and list(line.counts) == [3, 3, 1]
    assert line.highs[0] - 2 == pytest.approx(2.4841377) and math.isnan(line.highs[2])
    assert plot.caption.startswith("Mean of 1 to 3 of 3 seeds; band: 95 % t interval of the mean at each x")


def test_how_many_seeds_have_a_value_is_said_with_how_many_there_are(log):
    for seed in range(5):
        log("a", loss=[1.0, math.nan if seed < 2 else 2.0], seed=seed, group="g", params={"lr": 1})
    plot = gnomon.open().plot(metrics="loss", groups=True)
    line = only_line(plot)
    assert list(line.counts) == [5, 3] and line.seeds == 5
    assert plot.caption.startswith("Mean of 3 to 5 of 5 seeds;")
    assert plot.to_dict()["lines"][0]["seeds"] == 5
    for seed in range(3):
        log("b", loss=[1.0], seed=seed, group="h", params={"lr": 2})
    both = gnomon.open().plot(metrics="loss", groups=True)
    assert both.caption.startswith("Mean of 3 to 5 of 3 to 5 seeds;")


def test_a_groups_mean_keeps_the_spike_of_one_seed(log):
    for seed in range(3):
        ys = [0.0] * (GRID + 500)
        ys[1234] = 9.0 if seed == 1 else 0.0
        log("a", loss=ys, seed=seed, group="g", params={"lr": 1})
    line = only_line(gnomon.open().plot(metrics="loss", groups=True))
    assert max(line.ys) == 3.0 and len(line.xs) < GRID


def test_a_band_that_reaches_zero_goes_to_the_bottom_of_a_log_axis(log):
    for seed, value in enumerate((1.0, 10.0)):
        log("a", loss=[value, value], seed=seed, group="g", params={"lr": 1})
    plot = gnomon.open().plot(metrics="loss", groups=True, log=True)
    assert list(only_line(plot).lows) == [0, 0]
    assert "gn-band" in plot.svg() and "nan" not in plot.svg().lower().replace("nanny", "")


def test_runs_are_called_so_that_they_can_be_told_apart(log):
    log("alone", loss=[1.0])
    log("same", loss=[1.0], seed=1)
    log("same", loss=[1.0], seed=2)
    twins = [log("twin", loss=[1.0], seed=1) for _ in range(2)]
    keys = gnomon.open().plot(metrics="loss").keys
    assert set(keys) == {"alone", "same, seed 1", "same, seed 2", *(f"twin {run[:8]}" for run in twins)}


def test_each_metric_has_its_own_axes_unless_they_are_put_together(log):
    run = log("a", loss=[1.0], acc=[0.5], lr=[0.1])
    assert [panel.title for panel in gnomon.open().plot(run, ["loss", "acc"]).panels] == ["loss", "acc"]
    (panel,) = gnomon.open().plot(run, ["loss", "acc"], together=True).panels
    assert [line.label for line in panel.lines] == ["loss", "acc"]
    assert [panel.title for panel in gnomon.open().plot(run, "l*").panels] == ["loss", "lr"]


def test_runs_without_the_metric_are_named(log):
    log("has", loss=[1.0])
    log("lacks", acc=[1.0])
    assert gnomon.open().plot(["has", "lacks"], "loss").notes == ("not drawn, without `loss`: lacks",)
    both = gnomon.open().plot(["has", "lacks"], ["loss", "acc"]).notes
    assert both == ("not drawn, without `loss`: lacks", "not drawn, without `acc`: has")
    log("more", loss=[1.0], acc=[1.0], auc=[1.0])
    notes = gnomon.open().plot(["lacks", "more"], ["loss", "auc", "acc"]).notes
    assert notes == ("not drawn, without `loss` or `auc`: lacks",)


def test_where_nobody_names_runs_the_newest_are_drawn_that_have_the_metric(log):
    for number in range(12):
        log(f"has-{number}", loss=[1.0])
    for number in range(12):
        log(f"lacks-{number}", acc=[1.0])
    record = gnomon.open()
    made = record.plot(metrics="loss")
    assert made.keys == tuple(f"has-{number}" for number in range(2, 12))
    assert made.notes == ("the newest 10 of 12 runs with `loss`; `--last N` or `--where` chooses others",)
    assert record.plot(metrics="loss", last=2).keys == ("has-10", "has-11")
    made = record.plot(metrics="l*ss", where="name like '%-1'")
    assert (made.keys, made.notes) == (("has-1",), ("1 of the 2 runs that match are without `l*ss`",))
    with pytest.raises(UnknownSubjectError, match="no metric `loss`"):
        record.plot(metrics="loss", where="name = 'lacks-1'")


def test_the_lowest_rank_is_drawn_unless_one_is_asked_for(project):
    with gnomon.run("a", rank=2) as run:
        run.log({"loss": 1.0}, step=0)
    assert list(only_line(gnomon.open().plot(run.id, "loss")).ys) == [1.0]
    with pytest.raises(UnknownSubjectError, match="no process of rank 0 logged `loss`"):
        gnomon.open().plot(run.id, "loss", rank=0)


def test_a_hidden_run_is_drawn_only_by_its_id(log):
    kept, hidden = log("run", loss=[1.0], group="g"), log("run", loss=[2.0], group="g")
    gnomon.open().remove(hidden)
    for words in ("run", "g", None):
        assert only_line(gnomon.open().plot(words, "loss")).runs == (kept,)
    assert only_line(gnomon.open().plot(hidden, "loss")).runs == (hidden,)


def test_wrong_questions(log):
    run = log("a", loss=[1.0])
    record = gnomon.open()
    for last in (0, -1, "2", True):
        with pytest.raises(BadArgumentError, match="`last` of `plot"):
            record.plot(last=last)
    with pytest.raises(BadArgumentError, match="runs or `where`, not both"):
        record.plot(run, "loss", where="seed = 1")
    with pytest.raises(UnknownSubjectError, match="no run matches"):
        record.plot(metrics="loss", where="seed = 77")
    with pytest.raises(UnknownSubjectError, match=r"has no metric `los`[^`]*\n.*`loss`"):
        record.plot(run, "los")
    with pytest.raises(BadArgumentError, match=r"\.svg, \.html or \.png; `a\.gif`"):
        record.plot(run, "loss", out="a.gif")
    with pytest.raises(BadArgumentError, match="cannot be written"):
        record.plot(run, "loss", out="no/such/folder.svg")


def test_an_id_that_several_runs_begin_with_is_ambiguous(log):
    ids = [log(f"run-{n}", loss=[1.0]) for n in range(17)]
    first = next(run[0] for run in ids if sum(other[0] == run[0] for other in ids) > 1)
    with pytest.raises(AmbiguousIdError):
        gnomon.open().plot(first, "loss")


def test_a_plot_shows_itself_in_a_notebook_and_saves_itself(log, project):
    run = log("a", loss=[1.0, 2.0])
    plot = gnomon.open().run(run).plot("loss")
    assert plot._repr_svg_().startswith("<svg") and plot._repr_svg_() in plot._repr_html_()
    plot.save("a.SVG")
    plot.save(project / "a.html")
    assert (project / "a.SVG").read_text() == plot.svg()
    assert (project / "a.html").read_text() == plot.html()
    assert repr(plot) == "<Plot of 'loss': 1 line>"


def test_runs_that_repeat_a_seed_count_once_in_a_mean(log):
    for value, seed in [(1.0, 0), (3.0, 0), (4.0, 1)]:
        log("a", loss=[value], seed=seed, group="g")
    plot = gnomon.open().plot(metrics="loss", groups=True)
    line = only_line(plot)
    assert list(line.ys) == [3.0] and list(line.counts) == [2] and len(line.runs) == 3
    assert plot.notes == ("g: 2 seeds, 3 runs (seed 0 twice); runs of one seed are averaged first",)


@pytest.mark.slow
@pytest.mark.parametrize("ends", [(None, None), (100.5, 200), (100.5, 300), (2_990, 9_000), (-50, -10)])
@pytest.mark.parametrize("order", ["forward", "back in the middle", "resumed"])
def test_points_that_need_nothing_done_make_the_line_that_the_long_way_makes(log, monkeypatch, ends, order):
    steps = [*range(3_000)] if order != "back in the middle" else [*range(1_500), *range(1_000, 2_500)]
    with gnomon.run() as run:
        for at, step in enumerate(steps):
            run.log(loss=math.sin(at) * (at % 97), step=step)
    if order == "resumed":  # by another process, whose points are in a WAL of their own
        code = (
            f"import gnomon\nwith gnomon.run(resume={run.id!r}, resume_step=250) as run:\n"
            "    for step in range(250, 400): run.log(loss=float(step), step=step)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    record = gnomon.open()

    def drawn() -> tuple:
        fine = FineDetail(buckets=100, long=10_000, low_x=ends[0], high_x=ends[1])
        line = only_line(plot(record, run.id, ["loss"], fine=fine))
        return list(map(float, line.xs)), list(line.ys), line.points

    quick = drawn()
    monkeypatch.setattr(lines, "_as_it_is", lambda *_: None)
    assert quick == drawn()
    whole = record.run(run.id).series("loss")
    assert quick[2] == len(whole)
