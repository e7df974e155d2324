"""`gnomon views …` and `gnomon runs --view`: tables of runs with a name."""

from __future__ import annotations

import gnomon


def test_a_view_is_saved_listed_used_and_removed(three_runs, ask):
    assert ask("views").err == "no saved views yet; `gnomon views save NAME --where …` makes one\n"
    saved = ask(
        "views",
        "save",
        "low rates",
        "--where",
        "params.lr < 0.05",
        "--sort",
        "metrics.loss:asc",
        "--columns",
        "seed",
    )
    assert saved.code == 0
    assert saved.out.strip() == gnomon.open().views()[0].id
    assert "low rates" in ask("views", "ls").out
    assert ask("views", "--json").json()[0]["where"] == "params.lr < 0.05"
    table = ask("runs", "--view", "low rates", "--json").json()
    assert [row["seed"] for row in table] == [3, 2]
    assert set(table[0]) == {"id", "seed", "params", "metrics"}
    assert len(ask("runs", "--view", "low rates", "--where", "seed = 3", "--json").json()) == 1
    assert ask("views", "rm", "low rates").err == "removed the view `low rates`\n"
    assert ask("views", "--json").json() == []


def test_a_view_of_groups_lists_groups(three_runs, ask):
    ask("views", "save", "by group", "--groups", "--sort", "metrics.auc")
    assert "seeds" in ask("runs", "--view", "by group", "--json").json()[0]


def test_an_unknown_view_is_an_error_that_offers_the_nearest(three_runs, ask):
    ask("views", "save", "low rates", "--where", "params.lr < 0.05")
    found = ask("runs", "--view", "low rate")
    assert found.code == 2
    assert "did you mean `low rates`?" in found.err


def test_groups_and_hidden_runs_exclude_each_other(three_runs, ask):
    assert ask("views", "save", "x", "--groups", "--removed").code == 2
