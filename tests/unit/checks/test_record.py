"""Checks in the record: written down about something, found again, exported, searched, cited; and no training stops."""

from __future__ import annotations

import json
import shutil

import pytest

import gnomon
from gnomon import checks
from gnomon.checks import entries
from gnomon.checks.state import fold_check
from gnomon.checks.views import before, check_called, version_before
from gnomon.errors import (
    AmbiguousIdError,
    BadArgumentError,
    MissingObjectError,
    RunEndedError,
    UnknownSubjectError,
)
from gnomon.session import close_all, session_for
from gnomon.team.cards import card
from gnomon.team.references import parse
from tests.unit.checks import made


@pytest.fixture
def record(project):
    """A record with a run that has two versions of a check, and one of data."""
    (project / "credit.csv").write_text("age,income\n1,2\n3,4\n")
    gnomon.add_data("credit.csv")
    with gnomon.run("trees") as run:
        run.check(made.fairness(0.1, outcome="pass"))
        run.check(made.fairness(0.3))
    opened = gnomon.open()
    opened.checks.write(made.drift("fail"), about="data:credit@v1")
    return opened


@pytest.mark.slow
def test_a_check_is_listed_with_its_verdict_and_the_latest_of_a_name_stands(record):
    assert [one.verdict for one in record.checks.all()] == ["fail", "fail", "cannot tell"]
    assert [(one.name, one.verdict) for one in record.checks.all(latest=True)] == [
        ("drift of age", "fail"), ("fairness of income by sex", "fail"),
    ]  # fmt: skip
    (one,) = record.checks.about("trees")
    assert one.sentence == "fail: 1 of 2 findings failed, 1 cannot be told, over 400 rows"
    assert [each["outcome"] for each in one.findings] == ["fail", "cannot tell"]
    assert [each.kind for each in record.checks.about("credit@v1")] == ["drift"]


@pytest.mark.slow
def test_the_whole_result_comes_back(record):
    assert record.checks.about("trees")[0].result == made.fairness(0.3)


@pytest.mark.slow
def test_a_check_is_found_by_id_by_name_and_by_words(record):
    one = record.checks.about("trees")[0]
    assert check_called(record, one.id[:6]).id == check_called(record, f"check:{one.id}").id == one.id
    assert check_called(record, "fairness of income by sex").id == one.id
    (hit, *_) = record.search("fairness income")
    assert (hit.kind, hit.id, hit.name) == ("check", one.id, "fairness of income by sex")
    assert record.search("selection alike", kind="check")[0].field == "failed"
    with pytest.raises(UnknownSubjectError, match="there is no check `fairnes of income`") as error:
        check_called(record, "fairnes of income")
    assert "`fairness of income by sex`" in str(error.value)


@pytest.mark.slow
def test_an_id_that_two_checks_begin_with_is_ambiguous(record, monkeypatch):
    from gnomon.checks import actions

    ids = iter(["abcd" + "0" * 16, "abcd" + "1" * 16])
    monkeypatch.setattr(actions.secrets, "token_hex", lambda _: next(ids))
    for _ in range(2):
        record.checks.write(made.drift(), about="run:trees")
    with pytest.raises(AmbiguousIdError, match="2 checks begin with `abcd`"):
        check_called(record, "abcd")


@pytest.mark.slow
def test_a_live_card_tells_of_a_check(record):
    one = record.checks.about("trees")[0]
    shown = card(record, parse(f"check:{one.id[:8]}"))
    assert (shown.label, shown.title, shown.facts[0], shown.href) == (
        one.label,
        one.name,
        "fail",
        f"/check/{one.id}",
    )
    assert card(record, parse("check:0000aaaa")).state == "missing"


@pytest.mark.slow
def test_the_lineage_of_a_run_leads_to_its_checks(record):
    graph = record.lineage("trees", down=True)
    assert {node.label for node in graph.nodes() if node.kind == "check"} == {"fairness of income by sex"}
    assert any(edge.how == "checked" for edge in graph.edges)


@pytest.mark.slow
def test_the_one_before_is_the_newest_of_the_name_that_is_older(record):
    newest, oldest = record.checks.all(name="fairness of income by sex")
    assert before(record, newest.name, than=newest).id == oldest.id
    assert before(record, newest.name, than=oldest) is None
    assert before(record, newest.name).id == newest.id


@pytest.mark.slow
def test_two_checks_are_compared(record):
    newest, oldest = record.checks.all(name="fairness of income by sex")
    assert record.checks.compare(oldest.id, newest.id).changes[0].words == "now fails"


@pytest.mark.slow
def test_checks_go_along_with_their_run_and_come_back(record, tmp_path):
    run = record.runs().to_pylist()[0]["id"]
    record.export(tmp_path / "out", runs=run)
    told = json.loads((tmp_path / "out" / "checks.json").read_text())
    assert [one["name"] for one in told] == ["fairness of income by sex"] * 2
    close_all()
    other = tmp_path / "other"
    other.mkdir()
    with gnomon.run("mine", dir=other):
        pass
    with gnomon.open(other) as opened:
        opened.import_(tmp_path / "out")
        assert opened.checks.about(run)[0].result == made.fairness(0.3)
    record.export(tmp_path / "all")
    assert len(json.loads((tmp_path / "all" / "checks.json").read_text())) == 3


@pytest.mark.slow
def test_a_check_is_about_something(record):
    with pytest.raises(BadArgumentError, match="nothing says what"):
        from gnomon.checks.actions import write

        write(record, made.drift())
    with pytest.raises(BadArgumentError, match="must be a CheckResult; got dict"):
        record.checks.write({}, about="trees")
    with pytest.raises(UnknownSubjectError):
        record.checks.write(made.drift(), about="nothing-is-called-so")


def test_a_wrong_call_in_a_run_raises(project):
    with gnomon.run() as run:
        with pytest.raises(BadArgumentError, match="there is no check `fairnes`"):
            run.check("fairnes", {"a": [1]})
        with pytest.raises(BadArgumentError, match="a result, and tables or options beside it"):
            run.check(made.drift(), {"a": [1]})
        with pytest.raises(BadArgumentError, match="must be the name of a check or a CheckResult; got int"):
            run.check(3)
    with pytest.raises(RunEndedError):
        run.check(made.drift())


def test_a_record_that_takes_no_more_does_not_stop_a_training(project, monkeypatch, caplog):
    with gnomon.run() as run:
        session = session_for(run.path)

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(session, "objects", full)
        found = run.check(made.drift())
        assert found.verdict == "pass"
    assert "the check `drift of age` is not written down" in caplog.text


@pytest.mark.slow
def test_a_result_that_is_not_here_is_said_and_the_entry_still_tells(record):
    one = record.checks.about("trees")[0]
    close_all()
    shutil.rmtree(f"{record.path}/objects")
    with gnomon.open() as again:
        left = again.checks.called(one.id)
        assert left.findings[0]["outcome"] == "fail"
        with pytest.raises(MissingObjectError):
            _ = left.result


def test_the_findings_of_an_entry_are_bounded_and_the_worst_are_kept(project):
    many = tuple(checks.CheckResult("drift", "d", 1, ()).findings) + tuple(
        made.Finding(f"k{n}", "x" * 500, "fail" if n == 900 else "pass") for n in range(1_000)
    )
    with gnomon.run("a") as run:
        run.check(checks.CheckResult("drift", "d", 1, many))
    one = gnomon.open().checks.about("a")[0]
    assert (one.total, one.failed, len(one.findings)) == (1_000, 1, entries.MOST_FINDINGS)
    assert one.findings[0]["outcome"] == "fail" and len(one.findings[0]["what"]) == 300
    assert len(one.result.findings) == 1_000


def test_a_fold_of_nothing_is_no_check():
    assert fold_check([])["name"] is None


# ---------------------------------------------------------------- versions


@pytest.fixture
def named(project):
    """Write a check about a run with this name and group; return the subject."""

    def named(name, group=None):
        with gnomon.run(name, group=group) as run:
            run.check(made.fairness(name="one"))
        return f"run:{run.id}"

    return named


def test_another_version_is_a_run_of_the_same_group_or_else_of_the_same_name(named):
    first, other = named("a", "trees"), named("b", "trees")
    alone, again = named("solo"), named("solo")
    stranger = named("c", "forest")
    record = gnomon.open()
    newest = {one.about[0]: one.id for one in record.checks.all()}

    def earlier(subject, name="one"):
        found = version_before(record, name, subject)
        return found.id if found is not None else None

    assert earlier(first) == newest[other]  # of its group the newest
    assert earlier(alone) == newest[again]
    assert earlier(stranger) == newest[stranger]  # itself, checked before
    assert earlier("run:" + "0" * 20) is None and earlier(first, "two") is None


@pytest.mark.slow
def test_a_fairness_check_looks_at_the_version_before_by_itself(project):
    rows = {"sex": ["F", "M"] * 400, "y": [0, 1, 1, 0] * 200, "p": [0, 1, 1, 0] * 200}
    asked = {"target": "y", "prediction": "p", "groups": ["sex"]}
    with gnomon.run("nightly") as run:
        run.check("fairness", rows, **asked)
    worse = {**rows, "p": [0, 1, 0, 1] * 200}
    with gnomon.run("nightly") as run:
        run.check("fairness", worse, **asked)
    record = gnomon.open()
    newest, oldest = record.checks.all()
    assert (newest.since, oldest.since) == (oldest.id, None)
    assert any(one["key"].startswith("grew.") and one["outcome"] == "fail" for one in newest.findings)
    with gnomon.run("another") as run:
        run.check("fairness", worse, **asked)
    assert gnomon.open().checks.all()[0].since is None
    with gnomon.run("nightly") as run:
        run.check("fairness", worse, since=None, **asked)
    assert gnomon.open().checks.all()[0].since is None
    with gnomon.run("another") as run:
        run.check("fairness", worse, since=oldest, **asked)
    assert gnomon.open().checks.all()[0].since == oldest.id
