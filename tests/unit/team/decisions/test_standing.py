"""Whether evidence still stands: each thing that changes it, with since when and by what; and what changes nothing."""

from __future__ import annotations

import shutil
import time

import pytest

import gnomon
from gnomon.data.actions import tag
from gnomon.session import close_all, session_for
from gnomon.team.decisions import contradiction, later
from gnomon.team.decisions.actions import decide
from gnomon.team.decisions.seen import Seen
from gnomon.team.decisions.standing import standings
from gnomon.team.decisions.views import Decision, decision_called

BETTER = "group:deep > group:flat on auc"


def stands(decision: Decision):
    """The verdict of each ground, asked anew."""
    (found,) = standings(gnomon.open(), [decision_called(gnomon.open(), decision.id)])
    return [one.verdict for one in found.grounds], found


def test_a_hidden_run_changes_what_rests_on_it_and_nothing_else(groups):
    deep, flat = groups
    record = gnomon.open()
    made = decide(
        record, "x", evidence=[f"run:{deep[0]}#auc", f"run:{deep[1]}", BETTER, f"run:{flat[0]}#auc"]
    )
    before = time.time()
    record.remove(deep[0])
    verdicts, found = stands(made)
    assert verdicts == ["changed", "intact", "changed", "intact"]
    assert found.verdict == "changed" and before - 1 <= found.since <= time.time() + 1
    (by,) = found.grounds[0].by
    assert (by.subject, by.writer) == (f"run:{deep[0]}", made.writer) and by.hash
    record.restore(deep[0])
    assert stands(made)[1].verdict == "intact"


def test_a_run_that_went_on_to_another_value_changes_it(groups):
    made = decide(gnomon.open(), "x", evidence=["run:deep-1#auc", "run:deep-2#auc"])
    with gnomon.run(resume=groups[0][1]) as again:
        again.log({"auc": 0.2})
    verdicts, found = stands(made)
    assert verdicts[0] == "changed" and found.grounds[0].why == "the run has 0.2 now"
    assert found.since is not None and found.grounds[0].by[0].hash


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("data.erased", {"reason": "asked for"}, "the bytes of credit@v1 were erased"),
        (
            "data.checked",
            {"contract_name": "ranges", "contract": "c" * 64, "verdict": "fail"},
            "credit@v1 fails the contract `ranges`",
        ),
        ("data.checked", {"contract_name": "ranges", "contract": "c" * 64, "verdict": "pass"}, None),
    ],
)
def test_data_that_was_erased_or_fails_a_contract_changes_what_rests_on_it(project, kind, body, why):
    (project / "credit.csv").write_text("a\n1\n")
    version = gnomon.add_data("credit.csv", name="credit")
    with gnomon.run("uses") as run:
        run.use("credit@v1")
        run.log({"auc": 0.9})
    session = session_for(gnomon.open().path)
    known = {"contract_name": "old", "contract": "d" * 64, "verdict": "fail"}
    session.append("data.checked", f"data:{version.id}", known)
    made = decide(gnomon.open(), "x", evidence=["data:credit@v1", "run:uses#auc"])
    session.append("data.checked", f"data:{version.id}", known)  # it failed that day already
    assert set(stands(made)[0]) == {"intact"}
    session.append(kind, f"data:{version.id}", body)
    verdicts, found = stands(made)
    assert verdicts == (["intact"] * 2 if why is None else ["changed"] * 2)
    if why is not None:
        assert {one.why for one in found.grounds} == {why}
        assert found.grounds[1].by[0].subject == f"data:{version.id}" and found.since is not None


@pytest.mark.slow
def test_data_whose_tag_moved_changes_it_and_newer_data_does_not(groups, project):
    (project / "credit.csv").write_text("a\n1\n")
    first = gnomon.add_data("credit.csv", name="credit")
    record = gnomon.open()
    tag(record, first, ["gold"])
    with gnomon.run("uses") as run:
        run.use("credit@v1")
        run.log({"auc": 0.9})
    made = decide(record, "x", evidence=["data:credit@v1", "data:credit@gold", "run:uses#auc", "data:credit"])
    assert stands(made)[0] == ["intact"] * len(made.evidence)
    (project / "credit.csv").write_text("a\n2\n")
    second = gnomon.add_data("credit.csv", name="credit")
    assert set(stands(made)[0]) == {"intact"}  # a newer version alone is no contradiction
    session_for(record.path).append(
        "data.tagged", f"data:{second.id}", {"tags": ["gold"]}
    )  # two have it now, apart
    assert {one.reference: one.verdict for one in stands(made)[1].grounds}["data:credit@gold"] == "changed"
    tag(gnomon.open(), gnomon.open().data("credit@v1"), [], ["gold"])
    by_reference = {one.reference: one for one in stands(made)[1].grounds}
    assert by_reference["data:credit@gold"].why == "the tag `gold` moved"
    assert by_reference["data:credit@v1"].verdict == "intact"


def test_an_earlier_decision_that_was_superseded_or_rejected_changes_it_but_not_the_one_that_superseded_it(
    groups,
):
    record = gnomon.open()
    first = decide(record, "first")
    resting = decide(record, "rests on it", evidence=["decision:1"])
    replacing = decide(record, "replaces it", evidence=["decision:1"], supersedes=[first.label])
    assert stands(resting)[0] == ["changed"] and stands(resting)[1].grounds[0].now == "superseded"
    assert stands(replacing)[0] == ["intact"]


def test_later_runs_that_contradict_a_comparison_change_it_with_the_runs_that_do(groups, train):
    made = decide(gnomon.open(), "x", evidence=[BETTER])
    new = train("flat", 4, 0.96, first=20, depth=4)
    verdicts, found = stands(made)
    assert verdicts == ["changed"]
    assert [one.subject for one in found.grounds[0].by] == [f"run:{run}" for run in new]
    assert found.since == min(one.time for one in found.grounds[0].by)


@pytest.mark.parametrize(
    ("group", "options"),
    [("deeper", {}), ("deep", {"lr": 0.1}), ("deep", {"metric": "loss"}), ("flat", {"depth": 5})],
)
def test_runs_of_another_label_configuration_or_metric_change_nothing(groups, train, group, options):
    made = decide(gnomon.open(), "x", evidence=[BETTER, "run:deep-1#auc", "group:deep#auc"])
    train(group, 4, 0.2, first=20, **options)
    assert stands(made)[0] == ["intact"] * 3


def test_runs_that_did_not_finish_and_notes_tags_and_names_change_nothing(groups, train):
    record = gnomon.open()
    made = decide(record, "x", evidence=[BETTER, "run:deep-1#auc"])
    with pytest.raises(RuntimeError), gnomon.run("deep-9", params={"depth": 6}, seed=9, group="deep") as run:
        run.log({"auc": 0.1})
        raise RuntimeError("out of memory")
    record.tag(groups[0][1], ["paper"])
    record.add_note(groups[0][1], "looked at")
    record.rename(groups[0][1], "another")
    assert stands(made)[0] == ["intact", "intact"]


@pytest.mark.slow
def test_conditions_hold_once_a_run_newer_data_or_the_time_is_there(groups, train, project):
    (project / "credit.csv").write_text("a\n1\n")
    gnomon.add_data("credit.csv", name="credit")
    record = gnomon.open()
    conditions = [
        "any run where params.depth = 8 and metrics.auc > 0.93",
        "data credit has a newer version",
        "after 2031-01-01",
    ]
    made = decide(record, "x", reopen_if=conditions)
    assert stands(made)[0] == ["intact"] * 3
    train("near", 1, 0.92, spread=0, depth=8)
    (hidden,) = train("gone", 1, 0.95, spread=0, depth=8)
    record.remove(hidden)
    assert stands(made)[0] == ["intact"] * 3
    (found,) = train("there", 1, 0.95, spread=0, depth=8)
    (project / "credit.csv").write_text("a\n2\n")
    gnomon.add_data("credit.csv", name="credit")
    verdicts, now = stands(made)
    assert verdicts == ["changed", "changed", "intact"]
    assert [one.subject for one in now.grounds[0].by] == [f"run:{found}"]
    (late,) = standings(record, [made], now=2_000_000_000.0)
    assert late.grounds[2].verdict == "changed" and late.grounds[2].since <= 2_000_000_000.0


def test_what_is_not_in_this_replica_cannot_be_told(groups, project):
    from gnomon.team.writing.actions import open_writing

    record = gnomon.open()
    gone = {
        "is": "value",
        "subjects": ["run:" + "0" * 20],
        "what": "metrics.auc",
        "value": 0.9,
        "reference": "run:0000",
    }
    made = open_writing(record, "decision", "x", "", fields={"evidence": [gone]})
    found = decision_called(record, made.id).standing
    assert (found.verdict, found.grounds[0].now) == ("cannot tell", "not here")


def test_a_replica_without_the_points_cannot_tell_and_raises_no_alarm(groups, project):
    made = decide(gnomon.open(), "x", evidence=[BETTER, "run:deep-1#auc", "group:deep#auc"])
    close_all()
    shutil.copytree(project / ".gnomon", project / "other" / ".gnomon")
    shutil.rmtree(project / "other" / ".gnomon" / "points")
    other = gnomon.open(project / "other")
    (found,) = standings(other, [decision_called(other, made.id)])
    assert [one.verdict for one in found.grounds] == ["cannot tell"] * 3


def test_a_seed_of_a_group_that_went_on_to_another_value_is_named(groups):
    made = decide(gnomon.open(), "x", evidence=[BETTER, "group:deep#auc"])
    with gnomon.run(resume=groups[0][1]) as again:
        again.log({"auc": 0.935})
    verdicts, found = stands(made)
    assert verdicts == ["intact", "changed"]
    assert [one.subject for one in found.grounds[1].by] == [f"run:{groups[0][1]}"]


def test_what_did_not_move_is_not_judged_again(groups, train, monkeypatch):
    """Many decisions over many runs are quick because of this: only columns are compared."""
    made = decide(gnomon.open(), "x", evidence=[BETTER, "run:deep-1#auc", "group:deep#auc"])
    train("elsewhere", 5, 0.5, depth=7)

    def never(*arguments):
        raise AssertionError("judged again")

    monkeypatch.setattr(contradiction, "contested", never)
    monkeypatch.setattr(contradiction, "against", never)
    monkeypatch.setattr(Seen, "seeds", never)
    assert stands(made)[0] == ["intact"] * 3


def test_later_runs_are_found_after_a_few_columns_where_none_came(groups, train, monkeypatch):
    for number in range(5):
        train(f"g{number}", 2, 0.5, **{f"p{place}": number + place / 10 for place in range(20)})
    read = []
    stored = Seen.stored
    monkeypatch.setattr(Seen, "stored", lambda seen, key: read.append(key) or stored(seen, key))
    seen = Seen(gnomon.open())
    known = [tuple(groups[0]), tuple(groups[1])]
    assert later.later_runs(seen, known) == [[], []]
    assert len({key for key in read if key.startswith("params.")}) <= 2


def test_runs_of_other_code_are_no_later_runs(project):
    """Each process captures its own code, so each of these runs is written by a session of its own."""
    from gnomon.env import REAL
    from gnomon.ids import process_subject
    from gnomon.session import Session

    ids = []
    for number, commit in enumerate("aaba"):
        session = Session(str(project / ".gnomon"), REAL)
        session.ready()
        code = {"parts": {"code": {"commit": commit * 40}}}
        session.append("process.captured", process_subject(session.log_id), code)
        ids.append(f"{number}" * 20)
        session.append("run.created", f"run:{ids[-1]}", {"group": "deep", "seed": number})
        session.append("run.ended", f"run:{ids[-1]}", {"status": "finished"})
        session.close()
    assert later.later_runs(Seen(gnomon.open()), [tuple(ids[:2])]) == [[ids[3]]]


def test_later_runs_are_those_of_the_groups_of_seeds(groups, train):
    new = train("deep", 2, 0.5, first=30)
    train("deep", 2, 0.5, first=40, lr=1)
    seen = Seen(gnomon.open())
    known = [tuple(groups[0]), tuple(groups[1]), tuple(groups[0][:2]), ("0" * 20,)]
    assert [sorted(one) for one in later.later_runs(seen, known)] == [
        sorted(new), [], sorted([*groups[0][2:], *new]), [],
    ]  # fmt: skip


def test_runs_without_label_and_parameters_go_by_their_name(project):
    ids = []
    for seed in range(4):
        with gnomon.run(f"mlp-{seed}", seed=seed) as run:
            run.log({"auc": 0.9 + seed / 1000})
        ids.append(run.id)
    with gnomon.run("other-1", seed=1) as run:
        run.log({"auc": 0.1})
    assert later.later_runs(Seen(gnomon.open()), [tuple(ids[:3])]) == [ids[3:]]
