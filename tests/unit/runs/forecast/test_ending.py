"""At which step a run may end."""

from gnomon.runs.forecast.ending import MOST, few, of_others, of_stated
from gnomon.runs.forecast.stated import stated_epochs, stated_steps


def weight_at(endings, total):
    return sum(one.weight for one in endings if one.total == total) / sum(one.weight for one in endings)


def test_a_run_that_states_its_steps_most_likely_does_them():
    assert weight_at(of_stated(1000, 300, [], may_stop=False), 1000) > 0.9
    assert weight_at(of_stated(1000, 300, [], may_stop=True), 1000) == 0.5


def test_where_others_stopped_early_it_may_too_but_not_before_now():
    endings = of_stated(1000, 500, [0.3, 0.7, 0.7, 1.0], may_stop=False)
    assert weight_at(endings, 300) == 0
    assert weight_at(endings, 700) > 0.2
    assert all(one.total > 500 for one in endings)


def test_a_run_that_may_stop_does_so_sooner_rather_than_later():
    """As likely between 100 and 200 as between 200 and 400."""
    endings = [one for one in of_stated(1000, 100, [], may_stop=True) if one.total < 1000]
    among = [sum(one.weight for one in endings if low < one.total <= low * 2) for low in (100, 200, 400)]
    assert max(among) <= 1.5 * min(among)
    assert all(one.total >= 50 for one in of_stated(1000, 1, [], may_stop=True))


def test_a_run_beyond_what_it_stated_has_no_ending():
    assert of_stated(1000, 1000, [1.0], may_stop=False) == []


def test_others_that_all_ended_at_one_step_tell_the_more_the_more_there_are():
    one, many = of_others(100, [500.0]), of_others(100, [500.0] * 9)
    assert 0.5 < weight_at(one, 500) < 0.8 < weight_at(many, 500)


def test_a_run_that_went_further_than_all_others_has_no_ending():
    assert of_others(501, [500.0, 300.0]) == []


def test_many_endings_become_few_of_the_same_mean():
    endings = of_others(10, [float(total) for total in range(50, 90)])
    fewer = few(endings)
    assert len(fewer) <= MOST + 1

    def mean(some):
        return sum(one.total * one.weight for one in some) / sum(one.weight for one in some)

    assert abs(mean(fewer) - mean(endings)) < 1e-6 * mean(endings)


def test_only_names_that_leave_no_doubt_state_steps():
    assert stated_steps({"train.max-steps": 100}).total == 100
    assert stated_steps({"n_steps": 100, "steps": 5}) is None
    assert stated_steps({"max_steps": -1}) is None
    assert stated_steps({"max_steps": True}) is None
    assert stated_steps({"max_steps": 100, "total_steps": 200}) is None
    assert stated_steps({"max_steps": 100, "total_steps": 100}).total == 100
    assert stated_epochs({"epochs": 3.0}).total == 3


def test_a_run_that_stops_when_it_gets_no_better_says_so():
    assert stated_steps({"max_steps": 100, "patience": 5}).may_stop
    assert not stated_steps({"max_steps": 100, "early_stopping": False}).may_stop
    assert stated_steps({"max_iter": 100}).may_stop
