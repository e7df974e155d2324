"""Values that a run is given from outside: put over the script's own, and in the record only if they were read."""

from __future__ import annotations

import json

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.runs import given as given_module
from gnomon.runs.given import VARIABLE, Given, Params, Reading, given_from, placed


@pytest.fixture
def give(monkeypatch):
    """Return a function that gives values to the next run of this process, as a process that just began would get them."""

    def of(**values):
        monkeypatch.setattr(given_module, "_outside", None)
        monkeypatch.setenv(VARIABLE, json.dumps(values))

    yield of
    monkeypatch.setattr(given_module, "_outside", None)


def view(run):
    return gnomon.open().run(run.id)


def test_a_given_value_that_is_read_is_used_and_recorded(give):
    give(params={"lr": 0.2}, seed=9)
    with gnomon.run("a", params={"lr": 0.1, "depth": 3}, seed=1) as run:
        assert run.params["lr"] == 0.2
        assert run.params["depth"] == 3
        assert run.seed == 9
    assert view(run).params == {"lr": 0.2, "depth": 3}
    assert view(run).seed == 9
    assert view(run).unread == []


def test_a_given_value_that_nobody_reads_is_not_in_the_record(give):
    give(params={"lr": 0.2}, seed=9)
    with gnomon.run("a", params={"lr": 0.1}, seed=1) as run:
        pass
    assert view(run).params == {"lr": 0.1}
    assert view(run).seed == 1
    assert view(run).unread == ["lr", "seed"]


def test_nested_parameters_are_given_by_dotted_name(give):
    give(params={"model.depth": 5, "model.width": 7})
    with gnomon.run("a", params={"model": {"depth": 3, "width": 4}, "lr": 0.1}) as run:
        assert run.params["model"]["depth"] == 5
    assert view(run).params == {"model": {"depth": 5, "width": 4}, "lr": 0.1}
    assert view(run).unread == ["model.width"]


def test_reading_all_of_it_reads_each(give):
    give(params={"lr": 0.2, "new": 1})
    with gnomon.run("a", params={"lr": 0.1}) as run:
        assert run.params.to_dict() == {"lr": 0.2, "new": 1}
    assert view(run).params == {"lr": 0.2, "new": 1}
    assert view(run).unread == []


def test_what_the_script_sets_later_is_its_own(give):
    give(params={"lr": 0.2})
    with gnomon.run("a", params={"lr": 0.1}) as run:
        run.set_params({"lr": 0.5})
        assert run.params["lr"] == 0.5
    assert view(run).params == {"lr": 0.5}
    assert view(run).unread == []


def test_values_are_for_one_run_of_the_process(give):
    give(params={"lr": 0.2}, nth=1)
    with gnomon.run("first", params={"lr": 0.1}) as first:
        assert first.params["lr"] == 0.1
    with gnomon.run("second", params={"lr": 0.1}) as second:
        assert second.params["lr"] == 0.2
    with gnomon.run("third", params={"lr": 0.1}) as third:
        assert third.params["lr"] == 0.1


def test_processes_below_get_nothing(give, monkeypatch):
    import os

    give(params={"lr": 0.2})
    with gnomon.run("a", params={"lr": 0.1}):
        assert VARIABLE not in os.environ


def test_each_run_of_the_process_says_that_it_is_a_repeat(give):
    original = "ab" * 10
    give(repeats={"run": original, "for": "replication"})
    with gnomon.run("first") as first:
        pass
    with gnomon.run("second") as second:
        pass
    assert view(first).repeats["run"] == view(second).repeats["run"] == original


@pytest.mark.slow
def test_data_is_given_by_its_name_in_the_run(give, project):
    for number in (1, 2):
        (project / "credit.csv").write_text(f"a\n{number}\n")
        gnomon.add_data(project / "credit.csv", name="credit", pointer=False)
    give(data={"credit": "credit@v2"})
    with gnomon.run("a") as run:
        assert run.use("credit@v1").read_text() == "a\n2\n"
    assert view(run).uses[0].label == "credit@v2"


def test_without_the_variable_params_are_the_scripts_own():
    with gnomon.run("a", params={"lr": 0.1, "model": {"depth": 3}}, seed=4) as run:
        assert dict(run.params) == {"lr": 0.1, "model": {"depth": 3}}
        assert "lr" in run.params
        assert len(run.params) == 2
        assert run.seed == 4
        with pytest.raises(KeyError):
            run.params["rate"]


def test_secrets_that_are_given_do_not_reach_the_record(give):
    secret = "sk-ant-" + "a1B2" * 24
    give(params={"api_key": secret})
    with gnomon.run("a", params={"api_key": "x"}) as run:
        assert run.params["api_key"] == secret
    assert secret not in json.dumps(view(run).params)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is no JSON"),
        ("[1]", "it is no object but list"),
        ('{"lr": 1}', "it has an unknown key 'lr'"),
        ('{"seed": "x"}', "`seed` must be a whole number; got 'x'"),
        ('{"params": 3}', "`params` must be an object; got 3"),
        ('{"nth": -1}', "`nth` must be a whole number from 0; got -1"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_why(monkeypatch, text, why):
    monkeypatch.setenv(VARIABLE, text)
    monkeypatch.setattr(given_module, "_outside", None)
    with pytest.raises(BadArgumentError, match=why.replace("[", r"\[")):
        gnomon.run("a")


def test_the_text_is_read_back():
    from gnomon.env import Env

    class Set(Env):
        def getenv(self, name):
            return text if name == VARIABLE else None

    given = Given({"lr": 1e-3}, 4, {"credit": "credit@v2"}, {"run": "ab" * 10}, {"sweep": "cd" * 10}, nth=2)
    text = given.to_text()
    back = given_from(Set())
    assert [getattr(back, name) for name in Given.__slots__] == [
        getattr(given, name) for name in Given.__slots__
    ]


def test_a_longer_name_that_stands_there_whole_goes_first():
    found, new = placed({"a.b": 1, "a": {"b": 2}}, {"a.b": 3})
    assert found == {"a.b": 3, "a": {"b": 2}}
    assert new == []


def test_reading_tells_once():
    told = []
    reading = Reading({"lr": 0.1}, Given({"lr": 0.2}), told.append)
    assert isinstance(reading.params, Params)
    assert [reading.params["lr"], reading.params["lr"]] == [0.2, 0.2]
    assert told == [{"params": {"lr": 0.2}}]
