"""Members in a record: who they are, what two people who write apart leave, taking over, days off, exports."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.session import close_all, session_for
from gnomon.team.people import actions, entries
from gnomon.team.people.person import Away
from gnomon.team.people.views import me, people, person_called

CHRISTMAS, NEW_YEAR = date(2026, 12, 24), date(2027, 1, 1)


@pytest.fixture
def record(project):
    with gnomon.run("a"):
        pass
    return gnomon.open()


def written(record, kind, body, member="ab" * 10):
    session_for(record.path).append(kind, entries.member_subject(member), body, strict=True)


def live(record, member):
    return record.replica.index.live("member", member)


@pytest.fixture
def other_device(monkeypatch, tmp_path):
    """Do something as somebody else, on a device of their own and a copy of the record; bring the entries together."""

    def do(record, act):
        close_all()
        record.close()
        copy = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(record.path, copy / ".gnomon")
        with monkeypatch.context() as world:
            world.setenv("XDG_CONFIG_HOME", str(copy / "config"))
            with gnomon.open(copy) as theirs:
                act(theirs)
            close_all()
        return lambda: join(copy, record.path)

    def join(copy, path):
        close_all()
        for log in (copy / ".gnomon" / "log").rglob("*.jsonl"):
            mine = os.path.join(path, log.relative_to(copy / ".gnomon"))
            if not os.path.exists(mine):
                os.makedirs(os.path.dirname(mine), exist_ok=True)
                shutil.copy(log, mine)

    return do


# ---------------------------------------------------------------- who


def test_nobody_is_there_before_somebody_says_so(record):
    assert len(people(record)) == 0
    assert me(record) is None


def test_a_teammate_is_added_without_a_device(record):
    bea = actions.add(record, "  Bea   Lind ")
    assert (bea.name, bea.writers, bea.schedule, bea.away) == ("Bea Lind", (), (), ())
    assert list(people(record)) == [bea]
    assert list(people(gnomon.open())) == [bea]
    with pytest.raises(BadArgumentError, match="there is a member `Bea Lind` already"):
        actions.add(record, "bea lind")


def test_a_device_speaks_for_whom_it_says(record):
    became = actions.become(record, "Ann")
    assert became.how == actions.NEW
    ann = me(record)
    assert ann == became.person
    assert people(record).of_writer(ann.writers[0]) == ann
    assert people(record).of_writer("0" * 32) is None
    assert actions.become(record, "Ann").how == actions.SAME
    renamed = actions.become(record, "Anna")
    assert (renamed.how, renamed.person.id, renamed.person.name) == (actions.RENAMED, ann.id, "Anna")
    assert len(people(record)) == 1


def test_the_one_member_of_that_name_without_a_device_is_taken_over(record):
    bea = actions.works(record, actions.add(record, "Bea"), zone="Asia/Kolkata")
    became = actions.become(record, "bea")
    assert (became.how, became.person.id, became.person.name) == (actions.TAKEN_OVER, bea.id, "Bea")
    assert me(record).schedule == bea.schedule


def test_new_makes_another_of_the_same_name(record):
    bea = actions.add(record, "Bea")
    became = actions.become(record, "Bea", new=True)
    assert became.how == actions.NEW
    assert {one.id for one in people(record)} == {bea.id, became.person.id}
    assert [one.is_claimed for one in (people(record).by_id[bea.id], became.person)] == [False, True]


def test_two_of_one_name_without_devices_are_not_guessed_at(record):
    actions.add(record, "Bea")
    written(record, entries.NAMED, {"name": "bea"})
    with pytest.raises(AmbiguousIdError, match="2 members are called `Bea`"):
        actions.become(record, "Bea")
    assert actions.speak_for(record, person_called(record, "member:abab")).id == "ab" * 10
    assert me(record).id == "ab" * 10


def test_a_name_that_another_device_has_is_not_taken(record, other_device):
    join = other_device(record, lambda theirs: actions.become(theirs, "Bea"))
    join()
    ours = gnomon.open()
    [bea] = people(ours)
    with pytest.raises(BadArgumentError, match="`Bea` already") as error:
        actions.become(ours, "Bea")
    assert f"--as member:{bea.id[:8]}" in str(error.value)
    actions.become(ours, "Ann")
    with pytest.raises(BadArgumentError, match="`Bea` already"):  # nor by a new name
        actions.become(ours, "BEA")
    assert len(actions.speak_for(ours, bea).writers) == 2  # a second device
    assert [one.name for one in people(ours) if one.is_claimed] == ["Bea"]  # Ann's device speaks for Bea now


def test_the_latest_claim_of_a_device_holds(record):
    ann = actions.become(record, "Ann").person
    bea = actions.become(record, "Bea", new=True).person
    assert me(record).id == bea.id
    assert people(record).by_id[ann.id].writers == ()
    assert actions.speak_for(record, ann).writers == bea.writers
    count = len(live(record, ann.id))
    actions.speak_for(record, people(record).by_id[ann.id])
    assert len(live(record, ann.id)) == count


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "me", "ME", "member:12ab", "a\x1b[31mb", "\u202eabc"])
def test_a_name_that_cannot_be_is_refused(record, name):
    with pytest.raises(BadArgumentError):
        actions.add(record, name)
    with pytest.raises(BadArgumentError):
        actions.become(record, name)
    assert len(people(record)) == 0


# ---------------------------------------------------------------- whom a word means


def test_a_word_means_a_name_or_an_id(record):
    bea, ann = actions.add(record, "Bea Lind"), actions.add(record, "Ann")
    for word in (
        "bea lind",
        " Bea Lind ",
        bea.id,
        bea.id[:4],
        f"member:{bea.id}",
        f"member:{bea.id[:6]}",
        "member:bea lind",
    ):
        assert person_called(record, word) == bea
    assert person_called(record, "ANN") == ann


def test_a_name_comes_before_an_id_but_not_after_member(record):
    written(record, entries.NAMED, {"name": "Zoe"}, "beada" + "0" * 15)
    named = actions.add(record, "Bead")
    assert person_called(record, "bead") == named
    assert person_called(record, "member:bead").name == "Zoe"


def test_an_unknown_word_offers_near_names(record):
    actions.add(record, "Bea Lind")
    for word in ("bea", "lind", "Bea Lint", "beelind"):
        with pytest.raises(UnknownSubjectError, match="did you mean `Bea Lind`"):
            person_called(record, word)
    with pytest.raises(UnknownSubjectError, match="gnomon team add"):
        person_called(record, "xyz")


def test_a_word_that_means_two_offers_their_ids(record):
    for member in ("abcd1" + "0" * 15, "abcd2" + "0" * 15):
        written(record, entries.NAMED, {"name": "Bea"}, member)
    for word in ("Bea", "abcd", "member:bea"):
        with pytest.raises(AmbiguousIdError, match=r"`member:abcd1000` .*`member:abcd2000`"):
            person_called(record, word)
    assert person_called(record, "abcd1").id == "abcd1" + "0" * 15


# ---------------------------------------------------------------- when


def test_what_is_not_given_stays_as_it_was(record):
    ann = actions.works(record, actions.add(record, "Ann"), zone="Europe/Berlin")
    [first] = ann.schedule
    assert (first.from_, first.zone, first.hours, first.week) == (
        None,
        "Europe/Berlin",
        "09:00-17:00",
        "mon-fri",
    )
    ann = actions.works(record, ann, hours="10-18", since=date(2026, 12, 1))
    ann = actions.works(record, ann, zone="Asia/Tokyo", since=date(2027, 3, 1))
    ann = actions.works(record, ann, days="sun-thu", since=date(2026, 12, 1))
    assert [(one.from_, one.zone, one.hours, one.week) for one in ann.schedule] == [
        (None, "Europe/Berlin", "09:00-17:00", "mon-fri"),
        (date(2026, 12, 1), "Europe/Berlin", "10:00-18:00", "sun-thu"),
        (date(2027, 3, 1), "Asia/Tokyo", "10:00-18:00", "mon-fri"),
    ]


def test_a_change_without_a_date_holds_from_today_on(record):
    ann = actions.works(record, actions.add(record, "Ann"), zone="Pacific/Kiritimati")
    ann = actions.works(record, ann, hours="10-18")
    from gnomon.team.people.clock import local_date

    assert ann.schedule[-1].from_ == local_date("Pacific/Kiritimati", record.home.env.time_ns() / 1e9)


def test_saying_the_same_again_writes_nothing(record):
    ann = actions.works(record, actions.add(record, "Ann"), zone="Europe/Berlin")
    ann = actions.away(record, actions.works(record, ann, hours="10-18", since=NEW_YEAR), CHRISTMAS)
    count = len(live(record, ann.id))
    actions.works(record, ann, hours="10:00-18:00", zone="Europe/Berlin", since=NEW_YEAR)
    actions.away(record, ann, CHRISTMAS)
    actions.rename(record, ann, "Ann")
    assert len(live(record, ann.id)) == count


def test_a_part_of_a_schedule_can_be_taken_back(record):
    ann = actions.works(record, actions.add(record, "Ann"), zone="Europe/Berlin")
    actions.works(record, ann, zone="Asia/Tokyo", since=NEW_YEAR)
    moved = people(record).by_id[ann.id]
    assert actions.no_longer_works(record, moved, NEW_YEAR) == ann
    with pytest.raises(BadArgumentError, match="no schedule of Ann begins on 2027-01-01"):
        actions.no_longer_works(record, ann, NEW_YEAR)


def test_a_schedule_that_cannot_be_read_is_not_recorded(record):
    ann = actions.add(record, "Ann")
    for options in (
        {}, {"hours": "9-17"}, {"zone": "Mars/Olympus"}, {"zone": "UTC", "hours": "x"}, {"zone": "UTC", "days": "x"},
        {"zone": "UTC", "since": date(1, 1, 1)},
    ):  # fmt: skip
        with pytest.raises(BadArgumentError):
            actions.works(record, ann, **options)
    assert people(record).by_id[ann.id] == ann


# ---------------------------------------------------------------- days off


def test_days_off_are_noted_and_taken_back(record):
    ann = actions.away(record, actions.add(record, "Ann"), CHRISTMAS, NEW_YEAR, why=" the  holidays ")
    [off] = ann.away
    assert (off.first, off.last, off.why) == (CHRISTMAS, NEW_YEAR, "the holidays")
    assert ann.is_away(date(2026, 12, 31)) and not ann.is_away(date(2027, 1, 2))
    assert actions.back(record, ann, ["no such", off.uid]).away == ()
    with pytest.raises(BadArgumentError, match="end before they begin"):
        actions.away(record, ann, NEW_YEAR, CHRISTMAS)
    with pytest.raises(BadArgumentError, match="at most 200 characters"):
        actions.away(record, ann, CHRISTMAS, why="x" * 201)
    with pytest.raises(BadArgumentError, match="1900 to 9000"):
        actions.away(record, ann, date(1, 1, 1))


def test_what_is_taken_in_twice_is_taken_in_once(record):
    ann = actions.add(record, "Ann")
    found = [Away("ics-1", CHRISTMAS, CHRISTMAS, "", "cal"), Away("ics-2", NEW_YEAR, NEW_YEAR, "", "cal")]
    ann = actions.take_in(record, ann, found)
    before = {entry.hash for entry in live(record, ann.id)}
    assert ann.away == tuple(found)
    assert actions.take_in(record, ann, found).away == tuple(found)
    assert {entry.hash for entry in live(record, ann.id)} == before
    longer = [Away("ics-1", CHRISTMAS, NEW_YEAR, "", "cal")]
    assert actions.take_in(record, ann, longer, gone=["ics-2"]).away == tuple(longer)


# ---------------------------------------------------------------- apart


@pytest.mark.slow
def test_names_and_schedules_that_were_said_apart_stay_until_the_next(record, other_device):
    ann = actions.works(record, actions.become(record, "Ann").person, zone="Europe/Berlin", since=CHRISTMAS)

    def theirs(copy):
        person = people(copy).by_id[ann.id]
        actions.rename(copy, person, "Anna")
        actions.works(copy, person, hours="8-12", since=CHRISTMAS)
        actions.away(copy, person, NEW_YEAR, why="theirs")

    join = other_device(record, theirs)
    ours = gnomon.open()
    mine = people(ours).by_id[ann.id]
    actions.rename(ours, mine, "Annie")
    actions.works(ours, mine, hours="10-18", since=CHRISTMAS)
    actions.away(ours, mine, NEW_YEAR, why="ours")
    join()
    both = me(gnomon.open())
    assert {both.name, *both.other_names} == {"Anna", "Annie"}
    [row] = both.schedule
    assert {row.hours, *(one.hours for one in row.others)} == {"08:00-12:00", "10:00-18:00"}
    assert {off.why for off in both.away} == {"ours", "theirs"}
    for name in ("anna", "annie"):  # found by either name
        assert person_called(gnomon.open(), name) == both
    settled = gnomon.open()
    actions.rename(settled, both, both.name)
    done = actions.works(settled, both, hours=row.hours, since=CHRISTMAS)
    assert (done.other_names, done.schedule[0].others) == ((), ())
    assert done.name == both.name


def test_taking_days_off_back_leaves_what_was_not_seen(record, other_device):
    ann = actions.take_in(record, actions.become(record, "Ann").person, [Away("ics-1", CHRISTMAS, CHRISTMAS)])
    longer = [Away("ics-1", CHRISTMAS, NEW_YEAR)]
    join = other_device(record, lambda copy: actions.take_in(copy, people(copy).by_id[ann.id], longer))
    actions.back(gnomon.open(), ann, ["ics-1"])
    join()
    assert list(me(gnomon.open()).away) == longer


def test_days_off_of_one_uid_that_were_noted_apart_are_both_there(record):
    written(record, entries.NAMED, {"name": "Bea"})
    for last in ("2026-12-24", "2026-12-31"):
        written(record, entries.AWAY, {"uid": "ics-1", "first": "2026-12-24", "last": last})
    bea = person_called(record, "Bea")
    assert [off.last.day for off in bea.away] == [24, 31]
    assert actions.back(record, bea, ["ics-1"]).away == ()


# ---------------------------------------------------------------- odd bodies


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (entries.NAMED, {}),
        (entries.NAMED, {"name": 3}),
        (entries.NAMED, {"name": "  "}),
        (entries.WORKS, {}),
        (entries.WORKS, {"zone": "Europe/Berlin", "hours": "09:00-17:00"}),
        (entries.WORKS, {"zone": "../../etc", "hours": "09:00-17:00", "days": "mon-fri"}),
        (entries.WORKS, {"zone": "Europe/Berlin", "hours": "x", "days": "mon-fri"}),
        (entries.WORKS, {"zone": "Europe/Berlin", "hours": "09:00-17:00", "days": "x"}),
        (
            entries.WORKS,
            {"zone": "Europe/Berlin", "hours": "09:00-17:00", "days": "mon-fri", "from": "2026-02-30"},
        ),
        (entries.WORKS, {"zone": "Europe/Berlin", "hours": "09:00-17:00", "days": "mon-fri", "from": 3}),
        (entries.AWAY, {"first": "2026-12-24", "last": "2026-12-24"}),
        (entries.AWAY, {"uid": "", "first": "2026-12-24", "last": "2026-12-24"}),
        (entries.AWAY, {"uid": "x", "first": "2026-12-24", "last": "2026-12-23"}),
        (entries.AWAY, {"uid": "x", "first": "2026-12-24"}),
        (entries.AWAY, {"uid": "x", "first": ["2026-12-24"], "last": "2026-12-24"}),
        (entries.BACK, {"x": 1}),
    ],
)
def test_an_odd_body_is_as_if_it_had_not_been_said(record, kind, body):
    written(record, entries.NAMED, {"name": "Bea"})
    before = person_called(record, "Bea")
    written(record, kind, body)
    assert person_called(record, "Bea") == before


def test_a_member_without_a_name_is_not_listed(record):
    written(record, entries.WORKS, {"zone": "UTC", "hours": "09:00-17:00", "days": "mon-fri", "from": None})
    written(record, entries.CLAIMED, {})
    assert len(people(record)) == 0
    assert me(record) is None


def test_a_zone_that_this_machine_lacks_is_kept(record):
    """A newer database elsewhere may have it."""
    written(record, entries.NAMED, {"name": "Bea"})
    written(record, entries.WORKS, {"zone": "Mars/Olympus", "hours": "09:00-17:00", "days": "mon-fri"})
    assert person_called(record, "Bea").schedule[0].zone == "Mars/Olympus"


# ---------------------------------------------------------------- exports


def test_an_export_of_the_whole_record_holds_the_members_and_one_of_chosen_runs_does_not(record, tmp_path):
    ann = actions.away(record, actions.works(record, actions.add(record, "Ann"), zone="UTC"), CHRISTMAS)
    record.export(tmp_path / "all")
    assert json.loads((tmp_path / "all" / "members.json").read_text())[0]["name"] == "Ann"
    record.export(tmp_path / "some", where='name = "a"')
    assert not (tmp_path / "some" / "members.json").exists()
    close_all()
    with gnomon.run("other", dir=tmp_path / "elsewhere" / ".gnomon"):
        pass
    other = gnomon.open(tmp_path / "elsewhere")
    other.import_(tmp_path / "some")
    assert len(people(other)) == 0
    other.import_(tmp_path / "all")
    assert list(people(other)) == [ann]


def test_the_table_of_members_has_their_latest_schedule(record):
    ann = actions.works(record, actions.add(record, "Ann"), zone="UTC")
    actions.works(record, ann, hours="10-18", since=NEW_YEAR)
    table = record.replica.index.columns("member", ["", "name", "zone", "hours", "days"])
    assert {key: values[0] for key, values in table.items()} == {
        "": ann.id, "name": "Ann", "zone": "UTC", "hours": "10:00-18:00", "days": "mon-fri"
    }  # fmt: skip
