"""From what is known to when a run ends."""

import pytest

from gnomon.runs.forecast.predict import Earlier, Seen, predicted
from gnomon.runs.forecast.spread import Spread


def seen(steps=50, pace=2.0, silent=1.0, **more):
    marks = [(float(step), pace * step) for step in range(1, steps + 1)]
    return Seen(0.0, pace * steps + silent, marks, pace, **more)


def middle(one):
    return predicted(one).quantile(0.5)


def test_a_stated_total_and_an_even_pace():
    spread = predicted(seen(stated=100.0))
    assert spread.quantile(0.1) < 200 < spread.quantile(0.9)
    assert spread.quantile(0.5) == pytest.approx(200, abs=6)
    assert spread.quantile(0.9) - spread.quantile(0.1) < 40


def test_nothing_ends_in_the_past():
    spread = predicted(seen(steps=99, stated=100.0, silent=5.5))
    assert spread.quantile(0.0) > 99 * 2 + 5.5


def test_without_any_source_nobody_can_tell():
    assert predicted(seen()) is None
    assert predicted(Seen(0.0, 10.0)) is None


def test_twins_that_took_longer_than_the_pace_says_move_the_end():
    alone = seen(steps=10, stated=100.0)
    twins = [Earlier(100.0, 230.0 + at, 100.0, is_twin=True) for at in range(8)]
    assert middle(alone) + 10 < middle(seen(steps=10, stated=100.0, earlier=twins)) < 250


def test_twins_of_another_machine_do_not():
    twins = [Earlier(100.0, 5000.0 + at, 100.0, is_twin=True) for at in range(8)]
    assert middle(seen(stated=100.0, earlier=twins)) == pytest.approx(middle(seen(stated=100.0)), rel=0.02)


def test_a_long_silence_moves_the_end_away_and_widens_it():
    usual, silent = predicted(seen(stated=100.0)), predicted(seen(stated=100.0, silent=60.0))
    assert silent.quantile(0.5) > usual.quantile(0.5) + 60
    assert silent.quantile(0.9) - silent.quantile(0.5) > 3 * (usual.quantile(0.9) - usual.quantile(0.5))


def test_a_run_of_which_nobody_knows_whether_it_lives_is_not_moved():
    away = seen(stated=100.0, silent=10_000.0, is_surely_alive=False)
    assert middle(away) == pytest.approx(200, abs=6)


def test_a_run_that_logs_nothing_goes_by_durations():
    twins = [Earlier(0.0, 100.0), Earlier(0.0, 110.0), Earlier(0.0, 90.0)]
    spread = predicted(Seen(0.0, 20.0, earlier=twins))
    assert spread.quantile(0.1) < 100 < spread.quantile(0.9)
    assert predicted(Seen(0.0, 20.0, earlier=twins[:1])) is None
    late = predicted(Seen(0.0, 105.0, earlier=twins))
    assert late.quantile(0.0) > 105


def test_chances_are_never_certain():
    spread = Spread([(1.0, 1.0), (2.0, 1.0)])
    assert [spread.chance_below(moment) for moment in (0.5, 1.5, 9.0)] == [0.01, 0.5, 0.99]
