"""`gnomon who` and `gnomon me --can-be-asked`: what they say, what they refuse."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

import gnomon
from gnomon.env import Env

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=ZoneInfo("UTC"))  # a Thursday


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    """A record with a run, on a machine in Berlin; commands ask at noon UTC."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setattr(Env, "time_ns", staticmethod(lambda: int(NOON.timestamp() * 1e9)))
    with gnomon.run("depth-6"):
        pass


def test_whether_you_may_be_asked_is_said_and_taken_back(ask):
    ask("me", "--name", "Ann")
    assert "asked" not in ask("me").out
    assert ask("me", "--can-be-asked").lines[-1] == "asked     `gnomon who` may name them"
    assert ask("me", "--json").json()["can_be_asked"] is True
    assert "asked" not in ask("me", "--not-asked").out
    assert ask("me", "--json").json()["can_be_asked"] is False
    both = ask("me", "--can-be-asked", "--not-asked")
    assert (both.code, "exclude each other" in both.err) == (2, True)


def test_who_can_explain_is_told_with_reasons_and_when_they_work(ask):
    ask("me", "--name", "Ann", "--can-be-asked")
    run = gnomon.open().run("depth-6").id
    ask("note", "depth-6", "seed 3 was cut")
    said = ask("who", "run:depth-6")
    assert said.code == 0
    assert said.lines == [
        f"run depth-6 (run {run[:8]}): only Ann may be asked about it",
        "Ann  working until 17:00 on their clock",
        "  ran it, 2026-11-26 12:00Z",
        "  wrote a note on it, 2026-11-26 12:00Z",
    ]
    assert said.err == "members who did not say `gnomon me --can-be-asked` are left out, and not counted\n"


def test_who_did_not_agree_is_not_named(ask):
    ask("me", "--name", "Ann")
    said = ask("who", "run:depth-6")
    assert "Ann" not in said.out + said.err
    assert "nobody who may be asked has made it, or written about it" in said.out


def test_it_is_json_without_a_number(ask):
    ask("me", "--name", "Ann", "--can-be-asked")
    run = gnomon.open().run("depth-6").id
    found = ask("who", f"run:{run[:8]}", "--json").json()
    assert found["subject"] == f"run:{run}"
    assert found["members"][0]["reasons"] == [
        {"how": "ran it", "reference": None, "last": "2026-11-26T12:00:00Z"}
    ]
    assert gnomon.open().team.who_can_explain(f"run:{run}").to_dict()["members"] == found["members"]


def test_a_person_is_no_thing(ask):
    ask("me", "--name", "Ann", "--can-be-asked")
    refused = ask("who", "member:Ann")
    assert (refused.code, refused.out) == (2, "")
    assert "`member:Ann` is a member" in refused.err


def test_a_name_cannot_touch_the_terminal(ask):
    from gnomon.session import session_for
    from gnomon.team.people import entries
    from gnomon.team.people.views import me

    ask("me", "--name", "Ann", "--can-be-asked")
    record = gnomon.open()
    member = me(record).id
    subject, heads = (
        entries.member_subject(member),
        record.replica.index.state("member", member)["name_heads"],
    )
    session_for(record.path).append(
        entries.NAMED, subject, {"name": "\x1b[31mEve\n"}, over=heads, strict=True
    )
    said = ask("who", "run:depth-6")
    assert "Eve" in said.out
    assert "\x1b" not in said.out + said.err
