"""What a reference stands for now, whatever its kind and whatever became of what it names."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.data.actions import tag
from gnomon.errors import GnomonError
from gnomon.record.index import Index
from gnomon.runs.called import run_called
from gnomon.team.cards import card, cards
from gnomon.team.references import KINDS, Reference, parse
from gnomon.team.run_cards import RunNames


def train(name="net", *, status="finished", **settings):
    values = settings.pop("values", {"val/auc": 0.914, "loss": 0.3})
    run = gnomon.run(name, **settings)
    run.log(values)
    run.finish(status)
    return run.id


def card_of(text):
    reference = parse(text)
    assert reference is not None
    return card(gnomon.open(), reference)


def test_a_run_says_its_name_status_and_its_most_useful_metric(project):
    run = train("trees")
    found = card_of(f"run:{run[:8]}")
    assert found == (
        "trees",
        f"run {run[:8]}",
        ("finished", "val/auc 0.914"),
        f"/run/{run}",
        f"run:{run}",
        "found",
    )
    assert card_of("run:trees") == card_of("run:@1") == found


def test_a_part_chooses_the_metric_or_the_parameter(project):
    train("trees", params={"lr": 0.1})
    assert card_of("run:trees#metrics.loss").facts == ("finished", "loss 0.3")
    assert card_of("run:trees#params.lr").facts == ("finished", "lr 0.1")


def test_a_run_without_a_name_and_values_goes_by_its_id(project):
    run = gnomon.run(None)
    run.finish("failed")
    found = card_of("run:@1")
    assert (found.title, found.subject) == (f"run {run.id[:8]}", f"run:{run.id}")
    assert found.facts == ("failed",)


def test_names_that_mean_nothing_or_several_are_cards_that_say_so(project):
    train("twice")
    train("twice")
    assert card_of("run:nothing")[1:] == (
        "no run has this name or an id that begins with `nothing`",
        (),
        None,
        None,
        "missing",
    )
    assert card_of("run:twice")[1:] == ("2 runs are called `twice`", (), None, None, "ambiguous")
    assert card_of("run:@9").state == "missing"
    assert card_of("data:none").state == card_of("data:a/b").state == card_of("group:none").state == "missing"


def test_a_hidden_run_says_that_it_is(project):
    run = train("gone")
    gnomon.open().remove(run)
    assert card_of(f"run:{run}").facts[0] == "hidden"


def test_a_word_means_the_run_that_every_command_takes_for_it(project):
    ids = [train(name) for name in ("a", "ab", "twice", "twice", "net-1", "4f1d", "b")]
    gnomon.open().remove(ids[2])
    record = gnomon.open()
    record.replica.update()
    words = [
        "a",
        "ab",
        "twice",
        "net-1",
        "4f1d",
        "b",
        "@1",
        "@2",
        "@7",
        "x",
        "",
        *(run[:n] for run in ids for n in (1, 3, 4, 9, 20)),
    ]
    names = RunNames(record, words)
    for word in words:
        assert outcome(names.id_of, word) == outcome(lambda one: run_called(record, one), word), word


def outcome(function, word):
    try:
        return function(word)
    except GnomonError as error:
        return type(error)


@pytest.mark.slow
def test_a_version_of_data_says_its_size_and_tags(project):
    (project / "credit.csv").write_text("a,b\n1,2\n3,4\n")
    version = gnomon.add_data("credit.csv", message="cleaned")
    tag(gnomon.open(), version, ["gold"])
    found = card_of("data:credit@gold")
    assert found == (
        "credit@v1",
        "cleaned",
        ("2 rows", "12 B", "gold"),
        "/data/credit/v1",
        f"data:{version.id}",
        "found",
    )


def test_a_group_says_its_seeds_and_mean(project):
    for seed, loss in enumerate((1.0, 2.0, 3.0)):
        train(f"net-{seed}", group="depth-6", seed=seed, values={"loss": loss})
    found = card_of("group:depth-6")
    assert found[:3] == ("depth-6", "group of seeds", ("3 seeds", "loss 2.0 ± 1.0"))
    assert found.href is not None and found.href.startswith("/runs?by=group&where=group")


def test_many_are_told_in_the_order_of_the_index_with_few_questions(project, monkeypatch):
    ids = [train(f"net-{number}") for number in range(6)]
    record = gnomon.open()
    record.replica.update()
    asked = []
    columns = Index.columns
    monkeypatch.setattr(Index, "columns", lambda self, *of: asked.append(of) or columns(self, *of))
    first = cards(record, [Reference("run", "net-0")])
    few = len(asked)
    every = cards(record, [Reference("run", one) for one in ["net-0", *ids, "net-5", "net-4", "nothing"]])
    assert len(asked) - few <= few
    assert (
        every[Reference("run", "net-0")]
        == first[Reference("run", "net-0")]
        == every[Reference("run", ids[0])]
    )
    assert [every[Reference("run", one)].label for one in ids] == [f"net-{number}" for number in range(6)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_somebody_who_answers(project, kind):
    train()
    assert card_of(f"{kind}:nothing-of-this-name").state == "missing"
