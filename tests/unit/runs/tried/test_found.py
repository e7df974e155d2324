"""What is found in a record: planted near-duplicates, what counts, and what is said of code and data that is not known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

import gnomon
from gnomon.env import REAL
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.record.home import make_record
from gnomon.runs.tried import words
from gnomon.runs.tried.command import settings as settings_of
from gnomon.session import Session, close_all
from gnomon.team.people import actions as people_actions


def train(params=None, *, name=None, seed=None, status="finished", error=None, use=None, **metrics):
    run = gnomon.run(name, params=params or {}, seed=seed)
    if use is not None:
        run.use(use)
    if metrics:
        run.log(metrics, step=1)
    run.finish(status, error=error)
    return run.id


def write(path, runs, *, command="python train.py", fingerprint=None):
    """Write runs as one process: (id, body of `run.created`)."""
    make_record(str(path), REAL)
    session = Session(str(path))
    session.ready()
    parts = {"command": {"text": command}}
    if fingerprint:
        parts["code"] = {"fingerprint": fingerprint, "commit": "c" * 40}
    session.append("process.captured", f"process:{session.log_id}", {"parts": parts, "pending": []})
    for run, body in runs:
        session.append("run.created", f"run:{run}", {"rank": 0, "world_size": 1, **body})
        session.append("run.ended", f"run:{run}", {"status": "finished"})
    session.close()


def rid(number):
    return f"{number:020x}"


@pytest.fixture
def opened(project):
    def record():
        close_all()
        return gnomon.open()

    return record


def config(chance):
    return {
        "lr": 10 ** chance.uniform(-5, -1), "depth": chance.choice([2, 4, 6, 8, 10, 12]), "batch": 2 ** chance.randint(4, 9),
        "optimizer": chance.choice(["adam", "sgd", "lion"]), "amp": chance.random() < 0.5,
        "net": {"width": chance.choice([64, 128, 256, 512, 1024]), "dropout": chance.choice([0.0, 0.1, 0.2, 0.3, 0.5])},
    }  # fmt: skip


@pytest.mark.slow
def test_planted_near_duplicates_are_found_and_nothing_else(project, opened):
    """Of each of 30 configurations: a seed apart, a small change, and a large one that must not be called close."""
    chance = random.Random(11)
    runs, near, questions = [], {}, {}
    number = 0
    for at in range(30):
        base = config(chance)
        questions[at] = base
        small = {**base, "lr": base["lr"] * chance.uniform(1.02, 1.2)}
        large = [{**base, "optimizer": "new"}, {**base, "lr": base["lr"] * 12}, {**base, "extra": 1}]
        for is_near, params in [
            (True, base),
            (True, {**base, "seed": at}),
            (True, small),
            *((False, one) for one in large),
        ]:
            if is_near:
                near.setdefault(at, set()).add(rid(number))
            runs.append((rid(number), {"params": params, "seed": number}))
            number += 1
    runs += [(rid(number + at), {"params": config(chance)}) for at in range(200)]
    chance.shuffle(runs)
    write(project / ".gnomon", runs)
    record = opened()
    right = called = 0
    for at, asked in questions.items():
        found = record.tried(asked, whole=True, limit=1000)
        close = {run.id for run in found if run.is_close}
        assert len(close) == found.close and found.runs[0].verdict == "equal"
        right += len(close & near[at])
        called += len(close)
    assert right == 90  # recall 1
    assert called == 90  # precision 1


def test_only_what_is_named_counts_unless_the_configuration_is_whole(opened):
    plain, more = train({"lr": 0.1}), train({"lr": 0.1, "dropout": 0.5})
    record = opened()
    named = record.tried({"lr": 0.1})
    assert named.equal == 2 and {run.id: dict(run.besides) for run in named} == {
        plain: {},
        more: {"dropout": 0.5},
    }
    whole = record.tried({"lr": 0.1}, whole=True)
    assert (whole.equal, whole.close) == (1, 1) and whole.runs[0].id == plain
    (difference,) = record.tried({"lr": 0.1, "dropout": 0.5, "warmup": 3}, whole=True).runs[0].differs
    assert difference[:3] == ("warmup", None, 3)


def test_the_nearest_come_first_and_it_is_said_what_differs(opened):
    for lr in (1e-5, 1e-4, 0.01, 0.1, 0.12, 0.15):
        train({"lr": lr, "opt": "adam"}, auc=lr)
    found = opened().tried({"lr": 0.12, "opt": "adam"}, metric="auc")
    assert [run.value for run in found] == [0.12, 0.1, 0.15]  # 0.08 and 0.097 of a factor of ten
    assert [run.verdict for run in found] == ["equal", "close", "close"]
    assert found.runs[1].differs[0][:3] == ("lr", 0.1, 0.12)
    assert found.best[:2] == (0.15, found.runs[2].id)
    assert found.sentence.startswith(
        "Tried before: 1 run is equal in what was asked and 2 runs are close, best auc 0.15 of a close one (run "
    )


def test_where_none_is_close_the_nearest_is_named_and_not_called_tried(opened):
    train({"lr": 0.1, "opt": "adam"})
    found = opened().tried({"lr": 0.1, "opt": "sgd"})
    assert not found and found.close == 0 and found.runs[0].verdict == "apart"
    assert "Not tried" in found.sentence and "opt (adam → sgd)" in found.sentence
    assert opened().tried({"lr": 1e-5, "opt": "sgd"}).sentence == "Not tried: no run is near."


def test_failures_count_and_are_shown_with_their_error(opened):
    failed = train({"lr": 0.1}, status="failed", error="ValueError")
    (run,) = opened().tried({"lr": 0.1})
    assert (run.id, run.status, run.error) == (failed, "failed", "ValueError")
    assert "it failed" in opened().tried({"lr": 0.1}).sentence


def test_hidden_runs_and_repeats_and_the_run_itself_do_not_count(project, opened):
    write(
        project / ".gnomon",
        [
            (rid(1), {"params": {"lr": 0.1}}),
            (
                rid(2),
                {"params": {"lr": 0.1}, "repeats": {"run": rid(1), "for": "replication", "swapped": {}}},
            ),
            (rid(3), {"params": {"lr": 0.1}}),
            (rid(4), {"params": {"lr": 0.1}}),
        ],
    )
    record = opened()
    record.remove(rid(3))
    assert {run.id for run in record.tried({"lr": 0.1})} == {rid(1), rid(4)}
    assert [run.id for run in record.tried(run=rid(4))] == [rid(1)]
    assert [run.id for run in record.tried(run=rid(1))] == []  # it was the first


def test_code_that_is_not_recorded_is_never_called_the_same(project, opened):
    path = project / ".gnomon"
    write(path, [(rid(1), {"params": {"lr": 0.1}})], fingerprint="aa" * 32)
    write(path, [(rid(2), {"params": {"lr": 0.1}})], fingerprint="ab" * 32)
    write(path, [(rid(3), {"params": {"lr": 0.1}})])
    record = opened()
    found = record.tried({"lr": 0.1}, code="aaaa")
    same, unknown = found
    assert found.close == 2 and found.runs[1].distance > 0
    assert (same.id, same.unknown, same.differs) == (rid(1), (), ())
    assert (unknown.id, unknown.unknown) == (rid(3), ("code",))
    assert "code not recorded" in words.differs(unknown, whole=False)
    write(path, [(rid(4), {"params": {"lr": 9}})], fingerprint="ab" * 32)
    other = {run.id: run for run in opened().tried({"lr": 9}, code="aaaa")}[rid(4)]
    assert (other.id, other.differs[0][:3], other.verdict) == (
        rid(4),
        ("code", "abababab", "aaaaaaaa"),
        "apart",
    )
    with pytest.raises(UnknownSubjectError, match="no run ran code"):
        record.tried({"lr": 0.1}, code="ffff")
    with pytest.raises(AmbiguousIdError, match="2 states of the code"):
        write(path, [(rid(5), {})], fingerprint="aaaa" * 16 + "00")
        opened().tried({"lr": 0.1}, code="aaaa")
    with pytest.raises(BadArgumentError, match="at least 4 digits"):
        record.tried({"lr": 0.1}, code="a")


@pytest.mark.slow
def test_other_data_is_said_and_data_that_is_not_recorded_too(project, opened):
    (project / "credit.csv").write_text("a\n1\n")
    first = gnomon.add_data("credit.csv", name="credit")
    one = train({"lr": 0.1}, use="credit@v1")
    (project / "credit.csv").write_text("a\n2\n")
    gnomon.add_data("credit.csv", name="credit")
    two = train({"lr": 0.1}, use="credit@v2")
    none = train({"lr": 0.1})
    record = opened()
    found = {run.id: run for run in record.tried({"lr": 0.1}, data="credit@v1")}
    assert found[one].verdict == "equal" and found[one].data == (first.label,)
    assert found[none].unknown == ("data",) and found[none].distance > 0
    assert two not in found  # two are close: no other is listed
    assert record.tried({"lr": 0.1}, data="credit@v2").runs[0].id == two
    (difference,) = next(run for run in record.tried(run=two) if run.differs).differs
    assert difference[:3] == ("data", "credit@v1", "credit@v2")


def test_runs_without_parameters_go_by_what_their_commands_set(project, opened):
    assert settings_of("/usr/bin/python3.11 -u -m pkg.train --lr=0.1 -v +net.depth=3 --seed 5 'a b'") == {
        "m": "pkg.train", "lr": 0.1, "v": True, "net.depth": 3, "command": "python -u a b",
    }  # fmt: skip
    for number, options in enumerate(
        ("--lr 0.1 --seed 1", "--lr 0.1 --seed 2", "--lr 0.12", "--lr 0.9", "--lr 0.1 --amp")
    ):
        write(project / ".gnomon", [(rid(number), {})], command=f"sh train.sh {options}")
    record = opened()
    write(project / ".gnomon", [(rid(9), {})], command="sh train.sh --lr 0.1 --seed 7")
    found = record.tried(run=rid(9))
    assert {run.id: run.verdict for run in found} == {rid(0): "equal", rid(1): "equal", rid(2): "close"}


def test_who_made_a_run_is_the_member_of_the_device(opened):
    train({"lr": 0.1})
    people_actions.become(opened(), "Bea")
    assert opened().tried({"lr": 0.1}).runs[0].author == "Bea"


def test_what_is_asked_must_be_something(opened):
    train({"lr": 0.1, "seed": 3})
    record = opened()
    with pytest.raises(BadArgumentError, match="`seed` is a seed"):
        record.tried({"seed": 3})
    with pytest.raises(BadArgumentError, match="either `params` or `run`; got neither"):
        record.tried()
    with pytest.raises(BadArgumentError, match="must be a dict"):
        record.tried(["lr"])
    with pytest.raises(BadArgumentError, match="`limit`"):
        record.tried({"lr": 0.1}, limit=-1)
    with pytest.raises(UnknownSubjectError, match="no run has a metric `auk`"):
        record.tried({"lr": 0.1}, metric="auk")


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None)
@given(st.data())
def test_order_of_arrival_and_seeds_do_not_matter(tmp_path_factory, data):
    chance = random.Random(data.draw(st.integers(0, 10**6)))
    made = [
        (
            rid(at),
            {"params": {"lr": chance.choice([0.1, 0.11, 0.2, 1e-3]), "opt": chance.choice("ab")}, "seed": at},
        )
        for at in range(8)
    ]
    asked = chance.choice(made)[1]["params"]
    told = []
    for nth in range(2):
        runs = list(made)
        if nth:
            chance.shuffle(runs)
            runs = [
                (run, {**body, "seed": 99, "params": {**body["params"], "seed": 5}}) for run, body in runs
            ]
        path = tmp_path_factory.mktemp("record")
        write(path / ".gnomon", runs)
        with gnomon.open(path) as record:
            found = record.tried(asked, whole=True, limit=100)
            told.append(sorted((run.id, run.distance, run.differs) for run in found))
    assert told[0] == told[1] and told[0] and min(one[1] for one in told[0]) == 0
