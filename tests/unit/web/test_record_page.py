"""The page of the record: remotes, syncs and verifications in the background, sizes, and that no address comes from a page."""

from __future__ import annotations

import os
import threading

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.env import REAL
from gnomon.errors import BadArgumentError, UnknownRemoteError
from gnomon.page import Ask, Values
from gnomon.record.home import open_home
from gnomon.record.index_place import place_for
from gnomon.runs.news import arrivals
from gnomon.session import close_all
from gnomon.sync.state import MOST_ARRIVALS, Arrival, StateFile, SyncState, note_meeting
from gnomon.web import record_jobs as jobs
from gnomon.web.record_figures import figures
from gnomon.web.record_page import record_page, shown_url, start_sync, start_verify, stop
from gnomon.web.templates import Templates

AROUND = {
    "navigation": [],
    "path": "/record",
    "here": "/record",
    "record_name": "p",
    "marks": "",
    "token": "t",
    "instance": "i",
}
WAIT_S = 60.0


@pytest.fixture(autouse=True)
def no_jobs():
    yield
    for job in list(jobs._jobs.values()):
        job.is_stopping = True
    for thread in threading.enumerate():
        if thread.name.startswith("gnomon-job-"):
            thread.join(WAIT_S)
    jobs._jobs.clear()


@pytest.fixture
def record(project):
    with gnomon.run("first") as run:
        run.log(loss=1.0)
    close_all()
    with gnomon.open() as opened:
        yield opened


def ask(record, *form, part=""):
    return Ask(record, form=Values(form), part=part)


def shown(record, part="") -> str:
    answer = record_page(ask(record, part=part))
    html = Templates(["gnomon.web"]).show(
        answer.template, {**AROUND, **answer.values, "title": "Record"}, part
    )
    assert html is not None
    return html


def ended(record, kind):
    for thread in threading.enumerate():
        if thread.name == f"gnomon-job-{kind}":
            thread.join(WAIT_S)
    job = jobs.last(record.path, kind)
    assert job is not None and not job.is_running
    return job


@pytest.mark.slow
def test_a_record_without_remotes_says_how_to_add_one(record):
    html = shown(record)
    assert "gnomon remote add team" in html and "Sync now" not in html
    assert "this device" in html


@pytest.mark.parametrize("part", ["sync", "verify", "sizes", "notices"])
def test_each_part_is_shown_alone(record, part):
    html = shown(record, part)
    assert f'id="{part}"' in html and "<html" not in html


@pytest.mark.slow
def test_a_sync_says_what_went_and_what_came(record, project, tmp_path, monkeypatch):
    assert main(["remote", "add", "team", str(tmp_path / "share")]) == 0
    assert start_sync(ask(record, ("remote", "team"))).to == "/record"
    job = ended(record, jobs.SYNC)
    assert job.is_good and job.said[0].startswith("team: sent "), job.error
    html = shown(record, "sync")
    assert "last met" in html and "nothing here changed since" in html

    # Another device sends a run; the next sync brings it and says so, here and at home.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config of another"))
    assert main(["clone", str(tmp_path / "share"), str(tmp_path / "clone")]) == 0
    with gnomon.run("from afar", dir=tmp_path / "clone" / ".gnomon") as run:
        run.log(loss=2.0)
    close_all()
    assert main(["--record", str(tmp_path / "clone"), "sync"]) == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    start_sync(ask(record, ("remote", "team")))
    job = ended(record, jobs.SYNC)
    assert job.runs == [run.id] and "1 run" in job.said[1]
    assert f'href="/run/{run.id}"' in shown(record, "sync")
    (arrival,) = arrivals(record, 0.0)
    assert (arrival.remote, arrival.runs) == ("team", [run.id])
    assert arrivals(record, arrival.at_us / 1e6) == []


def test_only_looking_changes_nothing_there(record, tmp_path):
    main(["remote", "add", "team", str(tmp_path / "share")])
    start_sync(ask(record, ("remote", "team"), ("how", "dry")))
    assert ended(record, jobs.SYNC).said[0].startswith("would receive 0 files")
    assert not os.path.exists(tmp_path / "share" / "record.toml")


def test_a_place_that_is_not_a_remote_is_not_met(record, tmp_path):
    for name in (str(tmp_path / "share"), "ssh://host/path", ""):
        with pytest.raises(UnknownRemoteError):
            start_sync(ask(record, ("remote", name)))
    assert jobs.last(record.path, jobs.SYNC) is None


def test_what_goes_wrong_in_a_sync_is_said(record, tmp_path):
    (tmp_path / "file").write_text("no folder")
    home = open_home(record.path, REAL)
    file = StateFile(home, place_for(home, REAL))
    file.save(SyncState(remotes={"team": note("file", tmp_path)}))
    start_sync(ask(record, ("remote", "team")))
    job = ended(record, jobs.SYNC)
    assert job.error is not None and not job.is_good
    assert 'class="said bad"' in shown(record, "sync")


def note(name, folder):
    from gnomon.sync.state import Remote

    return Remote(str(folder / name / "below"))


def test_a_whole_record_is_called_whole_and_a_damaged_one_is_not(record):
    start_verify(ask(record))
    assert "the record is whole" in ended(record, jobs.VERIFY).said[0]
    path, _ = record.home.log_files()[0]
    with open(os.path.join(record.path, path), "r+b") as file:
        file.seek(200)
        file.write(b"#")
    start_verify(ask(record, ("how", "deep")))
    job = ended(record, jobs.VERIFY)
    assert not job.is_good and job.problems[0].file == path
    html = shown(record, "verify")
    assert path in html and "what to do" in html


@pytest.mark.slow
def test_one_job_of_a_kind_runs_at_a_time_and_can_be_stopped(record):
    going, go_on = threading.Event(), threading.Event()

    def work(job):
        going.set()
        go_on.wait(WAIT_S)
        job.told("checking", 1, 2)

    jobs.start(record.path, jobs.Job(jobs.VERIFY, ""), work)
    going.wait(WAIT_S)
    with pytest.raises(BadArgumentError, match="a verification runs already"):
        start_verify(ask(record))
    assert "every 700ms" in shown(record, "verify")
    stop(ask(record, ("kind", "verify")))
    go_on.set()
    assert "stopped" in ended(record, jobs.VERIFY).said[0]
    assert "every 700ms" not in shown(record, "verify")


def test_a_bug_in_a_job_ends_the_job_only(record, capsys):
    def work(job):
        raise RuntimeError("secret inside")

    jobs.start(record.path, jobs.Job(jobs.VERIFY, ""), work)
    job = ended(record, jobs.VERIFY)
    assert "RuntimeError" in job.error[0] and "secret" not in job.error[0]
    assert "secret inside" in capsys.readouterr().err


def test_sizes_are_those_of_the_files(record):
    found = figures(record.home)
    assert found.bytes == sum(state.st_size for _, state in found.files)
    assert (
        sum(part.files for part in found.parts)
        == sum(device.files for device in found.devices)
        == len(found.files)
    )
    assert found.changed_since(0.0) == (len(found.files), found.bytes)
    assert found.changed_since(4e9) == (0, 0)


def test_arrivals_are_kept_for_a_while_only(record):
    from gnomon.sync.arrived import FromWriter
    from gnomon.sync.state import Remote

    state = SyncState(remotes={"team": Remote("/x")})
    came = FromWriter()
    came.kinds["run.created"] = 1
    came.subjects["run.created"] = ["run:abc"]
    for at in range(MOST_ARRIVALS + 5):
        note_meeting(state, "team", at, {"w": came})
    note_meeting(state, "team", 99, {})
    assert state.remotes["team"].met_us == 99
    assert len(state.arrivals) == MOST_ARRIVALS
    assert state.arrivals[-1] == Arrival(MOST_ARRIVALS + 4, "team", {"w": {"run.created": 1}}, ["abc"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/path?region=x", "s3://bucket/path?region=x"),
        ("git+https://me:token@host/x.git", "git+https://me:…@host/x.git"),
        ("ssh://host:22/x", "ssh://host:22/x"),
        ("http://[bad", "http://…"),
    ],
)
def test_no_password_of_an_address_is_shown(url, shown):
    assert shown_url(url) == shown
