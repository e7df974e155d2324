"""What happened in a record since a moment."""

from __future__ import annotations

import time

import pytest

import gnomon
from gnomon.runs.failures import failures
from gnomon.runs.news import MOST_LINES, moment, news, quoted
from gnomon.session import close_all


def train(name, *, group=None, **metrics):
    with gnomon.run(name, group=group) as run:
        run.log(metrics, step=0)
    return run.id


@pytest.fixture
def record(project):
    def opened():
        close_all()
        return gnomon.open()

    return opened


def test_a_record_in_which_nothing_happened_has_no_news(record):
    train("early", loss=1.0)
    assert news(record(), time.time() + 60).is_empty


def test_a_sweep_is_one_line_with_its_best_run(record):
    ids = [train(f"trial-{at}", group="sweep-a", auc=at / 8) for at in range(8)]
    found = news(record(), time.time() - 60)
    (line,) = found.lines
    assert (line.name, dict(line.statuses), line.run) == ("sweep-a", {"finished": 8}, None)
    assert line.best == ("auc", 0.875, ids[7])
    assert found.runs == 8


def test_the_best_of_a_loss_is_the_lowest_and_nan_is_none(record):
    train("try-1", group="g", loss=float("nan"))
    best = train("try-2", group="g", loss=0.1)
    train("try-3", group="g", loss=0.2)
    assert news(record(), time.time() - 60).lines[0].best == ("loss", 0.1, best)


def test_runs_without_a_group_stand_together_when_only_a_number_tells_them_apart(record):
    for name in ("mlp-1", "mlp-2", "trees 10"):
        train(name, loss=1.0)
    lines = {line.name: line for line in news(record(), time.time() - 60).lines}
    assert {name: len(line.ids) for name, line in lines.items()} == {"mlp": 2, "trees": 1}
    assert lines["trees"].first == "trees 10"


@pytest.mark.parametrize("name", ["it's", "back\\slash", "نموذج 🚀", "a*b", "%"])
def test_the_filter_of_a_line_finds_its_runs(record, name):
    for number in (1, 2):
        train(f"{name}-{number}", loss=1.0)
        train("in a group", group=name, loss=1.0)
    opened = record()
    for line in news(opened, time.time() - 60).lines:
        assert set(opened.runs(line.where).ids) == set(line.ids)


def test_lines_are_bounded_and_counted(record):
    for at in range(MOST_LINES + 3):
        train(chr(ord("a") + at), loss=1.0)
    found = news(record(), time.time() - 60)
    assert (len(found.lines), found.more_lines, found.runs) == (MOST_LINES, 3, MOST_LINES + 3)


def test_notes_tags_and_names_are_told_once_for_all_runs_that_got_them(record):
    first, second = train("a", loss=1.0), train("b", loss=2.0)
    opened = gnomon.open()
    opened.add_note(first, "diverged\nafter step 4")
    opened.tag(first, add=["keep"])
    opened.tag(second, add=["keep"])
    opened.rename(second, "better")
    changes = {change.kind: change for change in news(record(), time.time() - 60).changes}
    assert changes["note"].text == "diverged after step 4"
    assert [run for run, _ in changes["tags"].runs] == [second, first]
    assert changes["name"].runs == [(second, "better")]


def test_what_was_changed_before_is_no_news(record):
    run = train("a", loss=1.0)
    gnomon.open().add_note(run, "old")
    since = time.time()
    gnomon.open().add_note(run, "new")
    assert [change.text for change in news(record(), since).changes] == ["new"]


@pytest.mark.slow
def test_a_version_of_data_is_told_with_its_message(record, project):
    train("a", loss=1.0)
    (project / "rows.csv").write_text("a,b\n1,2\n")
    gnomon.open().add_data(project / "rows.csv", name="credit", message="first cut")
    (one,) = news(record(), time.time() - 60).data
    assert (one.label, one.message) == ("credit@v1", "first cut")


def test_runs_that_failed_alike_are_one_failure(record, monkeypatch):
    monkeypatch.delenv("GNOMON_CAPTURE")
    for at in range(3):
        with pytest.raises(ValueError, match="too large"), gnomon.run(f"try-{at}"):
            raise ValueError("the step is too large")
    with pytest.raises(KeyError), gnomon.run("other"):
        raise KeyError("age")
    found, total = failures(record())
    assert total == 4
    assert [(one.error, one.said, len(one.runs)) for one in found] == [
        ("KeyError", "'age'", 1), ("ValueError", "the step is too large", 3)
    ]  # fmt: skip


def test_moments_and_texts_are_written_as_filters_take_them():
    assert moment(0.25) == "'1970-01-01T00:00:00.250000Z'"
    assert quoted("it's \\") == r"'it\'s \\'"
