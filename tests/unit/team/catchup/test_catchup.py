"""Catching up: what waits for somebody, what is new for them, each once, whatever came when."""

from __future__ import annotations

import json

import pytest

import gnomon
from gnomon.team.catchup.position import Position, PositionFile, first, last_look
from gnomon.team.catchup.views import catch_up, seen
from gnomon.team.decisions import actions as decisions
from gnomon.team.decisions.views import decision_called
from gnomon.team.handoffs import actions as handoffs
from gnomon.team.questions import actions as questions
from gnomon.team.updates import actions as updates
from gnomon.team.writing import actions, views
from tests.teams import all_meet, disband, team

ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles"}


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)
    yield members
    disband(members)


def caught_up(who, *, look=True):
    """Return what is new for somebody as {part: titles}, and have them see it."""
    found, position = catch_up(who.record, now=who.clock.now)
    if look:
        seen(who.record, position)
    return {part.name: [item.title for item in part.items] for part in found.parts}


@pytest.mark.slow
def test_what_was_seen_is_not_shown_again(world):
    ana, bea, _ = world.values()
    ana.train("depth", auc=0.9)
    ana.train("broken", status="failed", error="ValueError: boom")
    all_meet(world)
    assert caught_up(bea) == {"failed": ["broken failed: ValueError: boom"], "finished": ["depth finished"]}
    assert caught_up(bea) == {}


@pytest.mark.slow
def test_what_waits_stays_until_it_is_done_and_is_new_only_once(world):
    ana, bea, _ = world.values()
    asked = questions.ask(ana.record, "Which split?", [ana.person("bea")], now=ana.clock.now)
    blocking = questions.ask(
        ana.record, "May I?", [ana.person("bea")], blocks=["run:ab12"], now=ana.clock.now
    )
    handed = handoffs.hand_off(ana.record, ana.me, ana.person("bea"), "go on", now=ana.clock.now)
    all_meet(world)
    waiting = {"accept": ["ana to bea"], "asked": ["Which split?"], "blocked": ["May I?"]}
    assert caught_up(bea) == waiting
    found, _ = catch_up(bea.record, now=bea.clock.now)
    assert not any(item.is_new for part in found.parts for item in part.items)
    assert caught_up(bea) == waiting
    questions.answer(views.find(bea.record, asked.label), "the first")
    questions.answer(views.find(bea.record, blocking.label), "yes")
    handoffs.accept(views.find(bea.record, handed.label), bea.me)
    assert caught_up(bea) == {}


@pytest.mark.slow
def test_the_asker_hears_the_answer_and_nobody_else(world):
    ana, bea, chi = world.values()
    asked = questions.ask(ana.record, "Which split?", [ana.person("bea")], now=ana.clock.now)
    all_meet(world)
    for who in world.values():
        caught_up(who)
    questions.answer(views.find(bea.record, asked.label), "the first")
    all_meet(world)
    found, _ = catch_up(ana.record, now=ana.clock.now)
    (item,) = found.part("yours").items
    assert (item.title, item.who) == ("Which split? (answered by bea: the first)", "bea")
    assert caught_up(chi) == {"rest": ["1 question"]}
    assert caught_up(bea) == {}


@pytest.mark.slow
def test_what_a_colleague_wrote_offline_is_new_when_it_arrives_whenever_it_was_written(world):
    ana, bea, chi = world.values()
    actions.open_writing(chi.record, "decision", "Written on a plane", "x")  # not synced
    chi.clock.forward(2)
    actions.open_writing(ana.record, "decision", "Written at a desk", "x")
    ana.meet()
    bea.meet()
    assert caught_up(bea)["decided"] == ["Written at a desk"]
    bea.clock.forward(24)
    all_meet(world)
    assert caught_up(bea) == {"decided": ["Written on a plane"]}


@pytest.mark.slow
def test_a_comment_that_arrives_late_is_not_hidden_by_a_later_one(world):
    ana, bea, chi = world.values()
    decision = actions.open_writing(bea.record, "decision", "Depth 6", "x")
    all_meet(world)
    caught_up(bea)
    actions.say(views.find(chi.record, decision.label), "from the plane")
    chi.clock.forward(1)
    actions.say(views.find(ana.record, decision.label), "from the desk")
    ana.meet()
    bea.meet()
    assert caught_up(bea) == {"yours": ["Depth 6: comment of ana: from the desk"]}
    all_meet(world)
    found, _ = catch_up(bea.record, now=bea.clock.now)
    (item,) = found.part("yours").items
    assert "chi" in item.who and item.title == "Depth 6: comment of chi: from the plane"


@pytest.mark.slow
def test_what_the_reader_did_is_no_news_but_how_their_runs_ended_is(world):
    ana = world["ana"]
    actions.open_writing(ana.record, "decision", "Mine", "x")
    ana.train("mine", auc=0.9)
    assert caught_up(ana) == {"finished": ["mine finished"]}


@pytest.mark.slow
def test_runs_of_a_group_are_one_line_and_the_readers_own_come_first(world):
    ana, bea, _ = world.values()
    for seed in range(5):
        bea.train(f"sweep-{seed}", group="depth-6", seed=seed, auc=0.9)
    ana.train("mine", auc=0.9)
    all_meet(world)
    assert caught_up(ana)["finished"] == ["mine finished", "depth-6 5 finished"]


@pytest.mark.slow
def test_all_else_is_counted(world):
    ana, bea, _ = world.values()
    actions.open_writing(ana.record, "page", "Setup", "x", fields={"name": "setup"})
    actions.open_writing(ana.record, "problem", "Slow", "x")
    ana.train("going on", status=None)
    all_meet(world)
    (rest,) = (caught_up(bea)["rest"],)
    assert set(rest) == {"1 page", "1 problem", "1 run that began"}


@pytest.mark.slow
def test_an_update_is_asked_for_in_the_readers_own_morning(world):
    ana = world["ana"]
    ana.clock.now = ana.clock.now - 3_600 * 2  # 7:00 in Berlin
    assert not catch_up(ana.record, now=ana.clock.now)[0].update_is_due
    ana.clock.forward(3)
    assert catch_up(ana.record, now=ana.clock.now)[0].update_is_due
    updates.give(ana.record, ana.me, "Did: x", now=ana.clock.now)
    assert not catch_up(ana.record, now=ana.clock.now)[0].update_is_due


@pytest.mark.slow
def test_a_part_shows_the_most_important_and_how_many_more(world):
    ana, bea, _ = world.values()
    for nth in range(12):
        questions.ask(
            ana.record, f"Question {nth}", [ana.person("bea")], hours=12 - nth or 1, now=ana.clock.now
        )
    all_meet(world)
    found, _ = catch_up(bea.record, now=bea.clock.now)
    part = found.part("asked")
    assert (len(part.items), part.more) == (8, 4)
    assert [item.due for item in part.items] == sorted(item.due for item in part.items)


def test_a_reader_whom_the_record_does_not_know_is_shown_all_news(tmp_path):
    members = team(tmp_path, {"ana": "Europe/Berlin"})
    ana = members["ana"]
    ana.train("depth", auc=0.9)
    from tests.teams import Teammate

    guest = Teammate(tmp_path, "guest", ana.clock, ana.remote)
    ana.meet()
    guest.clone(ana.remote)
    found, _ = catch_up(guest.record, now=ana.clock.now)
    assert found.reader is None
    assert [item.title for item in found.part("finished").items] == ["depth finished"]
    disband(members)


# ---------------------------------------------------------------- positions


@pytest.mark.slow
def test_positions_are_kept_outside_of_the_record_and_can_be_gone_back_to(world):
    ana = world["ana"]
    before = set(ana.files())
    file = PositionFile(ana.record.home)
    for at in (1.0, 2.0, 3.0):
        file.keep(Position(at, {"w": at}))
    found = (file.latest(9.0).at, file.latest(9.0, back=1).at, file.latest(9.0, back=7))
    assert found == (3.0, 2.0, first(9.0))
    assert last_look(ana.record.home) == 3.0
    assert last_look(world["bea"].record.home) is None
    assert set(ana.files()) == before


@pytest.mark.slow
def test_a_damaged_position_file_costs_only_that_all_seems_new(world):
    ana = world["ana"]
    file = PositionFile(ana.record.home)
    file.keep(Position(1.0, {}))
    for damage in (
        b"{", b"[]", b'{"positions": 3}', b"\x00\xff", json.dumps({"positions": [{"at": "x"}]}).encode(),
        *(b'{"positions": [{"at": %s, "before": 0, "writers": {}}]}' % at for at in (b"1e999", b"NaN", b"-1", b"1e30")),
    ):  # fmt: skip
        with open(file._path, "wb") as out:
            out.write(damage)
        assert file.latest(9.0) == first(9.0)
        file.keep(Position(2.0, {}))
        assert file.latest(9.0).at == 2.0


@pytest.mark.slow
def test_a_check_that_turned_red_is_news_once_and_one_that_stays_red_is_not(project):
    from tests.unit.checks import made

    def failed(record):
        return [item.title for item in catch_up(record)[0].part("failed").items]

    with gnomon.run("trees") as run:
        run.check(made.fairness(0.1, outcome="pass"))
    record = gnomon.open()
    found, position = catch_up(record)
    assert failed(record) == []
    assert "1 new check" in [item.title for item in found.part("rest").items]
    seen(record, position)
    for _ in range(2):
        record.checks.write(made.fairness(0.3), about="run:trees")
    (title,) = failed(record)
    assert title == "fairness of income by sex fails: 1 of 2 findings failed, 1 cannot be told, over 400 rows"
    seen(record, catch_up(record)[1])
    record.checks.write(made.fairness(0.4), about="run:trees")
    assert failed(record) == []


# ---------------------------------------------------------------- who did what, and why


def titles(who, part):
    """Return what somebody who has seen nothing is told in a part."""
    found, _ = catch_up(who.record, now=who.clock.now, position=first(who.clock.now))
    return [item.title for item in found.part(part).items]


@pytest.mark.slow
def test_what_was_moved_apart_is_told_with_who_moved_it_where_and_why(world):
    ana, bea, chi = world.values()
    proposed = decisions.decide(ana.record, "Nights", "x", propose=True)
    all_meet(world)
    decisions.accept(decision_called(chi.record, proposed.id), "k")
    chi.clock.forward(1)
    decisions.reject(decision_called(bea.record, proposed.id), "b")
    all_meet(world)
    told = "not settled: accepted by chi: k; rejected by bea: b"
    assert titles(bea, "decided") == titles(chi, "decided") == [f"Nights (by ana; {told})"]
    assert titles(ana, "yours") == [f"Nights ({told})"]
    decisions.reject(decision_called(ana.record, proposed.id), "settled")
    all_meet(world)
    assert titles(bea, "decided") == ["Nights (rejected by ana: settled)"]


@pytest.mark.slow
def test_who_superseded_what_is_not_mixed_up_with_who_rejected_it(world):
    ana, bea, chi = world.values()
    decisions.decide(ana.record, "Depth 6", "x")
    all_meet(world)
    decisions.decide(bea.record, "Depth 7", "x", supersedes=["1"])
    decisions.decide(chi.record, "Depth 8", "x", supersedes=["1"])
    decisions.reject(decision_called(ana.record, "1"), "too slow")
    all_meet(world)
    (told,) = [one for one in titles(bea, "decided") + titles(bea, "yours") if one.startswith("Depth 6")]
    assert told.startswith("Depth 6 (not settled: ") and "rejected by ana: too slow" in told
    for who, title in ((bea, "Depth 7"), (chi, "Depth 8")):
        by = next(row.label for row in views.rows(bea.record, "decision") if row.title == title)
        assert f"superseded by {who.name}: by {by}" in told


@pytest.mark.slow
def test_a_comment_is_called_one_and_is_no_reason(world):
    ana, bea, chi = world.values()
    made = decisions.decide(ana.record, "First run stands", "x")
    all_meet(world)
    assert titles(bea, "decided") == ["First run stands (accepted)"]
    actions.say(views.find(chi.record, made.label), "hi\nand more")
    all_meet(world)
    assert titles(bea, "decided") == ["First run stands (accepted by ana): comment of chi: hi"]
    actions.say(views.find(bea.record, made.label), "hello")
    all_meet(world)
    assert titles(ana, "yours") == [
        "First run stands (accepted by ana): comment of bea: hello; comment of chi: hi"
    ]


@pytest.mark.slow
def test_an_answer_stands_with_who_gave_it_and_a_later_comment_beside_it(world):
    ana, bea, chi = world.values()
    asked = questions.ask(ana.record, "Which split?", [ana.person("bea")], now=ana.clock.now)
    all_meet(world)
    questions.answer(views.find(bea.record, asked.label), "the first")
    all_meet(world)
    actions.say(views.find(chi.record, asked.label), "sure?")
    all_meet(world)
    assert titles(ana, "yours") == ["Which split? (answered by bea: the first): comment of chi: sure?"]


@pytest.mark.slow
def test_everybody_is_told_where_the_evidence_of_a_decision_changed(world):
    ana, bea, _ = world.values()
    ana.train("base", auc=0.9)
    condition = "any run where metrics.auc > 0.95"
    decisions.decide(ana.record, "Keep it", "x", reopen_if=[condition])
    asked = decisions.decide(ana.record, "Keep that, too", "x", reopen_if=[condition], propose=True)
    actions.address(asked, [ana.person("bea").id])
    all_meet(world)
    assert titles(bea, "decided") == ["Keep it (accepted)"]
    ana.train("better", auc=0.99)
    all_meet(world)
    assert titles(bea, "decided") == ["Keep it (accepted; evidence changed)"]
    assert titles(bea, "asked") == ["Keep that, too (evidence changed)"]
