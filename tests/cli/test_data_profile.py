"""The profile of a version: made by `gnomon data add`, shown, compared, and never in the way of the bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

import gnomon
from gnomon.data import entries, profiling, row_changes
from gnomon.data.profile import Profile
from gnomon.data.state import fold_version
from gnomon.env import REAL
from gnomon.errors import BadArgumentError
from gnomon.record.fold import LiveEntry
from gnomon.session import close_all, session_for

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


def table(rows: range, *, shift: int = 0, column: str = "age") -> str:
    return f"id,{column},region\n" + "".join(
        f"{row},{20 + row % 40 + shift},{'north' if row % 3 else 'south'}\n" for row in rows
    )


@pytest.fixture
def credit(project):
    """A folder with two tables of one schema, and a text."""
    folder = project / "credit"
    folder.mkdir()
    (folder / "train.csv").write_text(table(range(200)))
    (folder / "test.csv").write_text(table(range(200, 240)))
    (folder / "notes.txt").write_text("as it came\n")
    return folder


def add(ask, *words: str) -> str:
    answer = ask("data", "add", *words)
    assert answer.code == 0, answer.err
    return answer.err


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


# ---------------------------------------------------------------- add


def test_add_makes_the_profile_and_show_prints_it(ask, credit):
    assert "profile: 240 rows, 3 columns" in add(ask, "credit")
    shown = ask("data", "show", "credit").out
    assert "240 rows, 3 columns (csv" in shown
    assert "region" in shown
    found = ask("data", "show", "credit", "--json").json()
    assert [column["name"] for column in found["profile"]["tables"][0]["columns"]] == ["id", "age", "region"]
    assert found["profiled"]["rows"] == 240
    assert Profile.from_json(found["profile"]).rows == 240
    assert ask("data", "log", "credit").lines[1].split()[-1] == "240", "the log says how many rows"


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("a.jsonl", b'{"a":1}\n{"a":2}\n', 2),
        ("a.csv", b"a\n1\n2\n3\n", 3),
        ("a.txt", b"words\n", None),
        ("a.bin", b"\x00\xff\x00", None),
    ],
)
def test_every_kind_of_file_has_a_profile_that_python_gives(project, name, data, rows):
    (project / name).write_bytes(data)
    version = gnomon.add_data(name)
    assert version.profile is not None
    assert (version.profile.rows, version.profile.bytes) == (rows, len(data))


def test_large_data_wait_until_they_are_asked_for(ask, credit, monkeypatch):
    monkeypatch.setattr(profiling, "SMALL_BYTES", 100)
    said = add(ask, "credit")
    assert "`gnomon data profile credit@v1` makes it, or add with `--profile`" in said
    assert gnomon.open().data("credit").profile is None
    assert "none yet; `gnomon data profile credit@v1` makes it" in ask("data", "show", "credit").out
    assert "profile: 240 rows" in add(ask, "credit", "--profile"), "though nothing changed"
    assert gnomon.open().data("credit").profile.rows == 240


def test_many_files_wait_too(ask, credit, monkeypatch):
    monkeypatch.setattr(profiling, "SMALL_FILES", 2)
    assert "no profile yet" in add(ask, "credit")


def test_without_a_profile_none_is_made_until_later(ask, credit):
    assert "profile" not in add(ask, "credit", "--no-profile")
    assert gnomon.open().data("credit").profile is None
    answer = ask("data", "profile", "credit")
    assert (answer.code, "240 rows, 3 columns" in answer.out) == (0, True)
    assert gnomon.open().data("credit").profile.rows == 240
    assert ask("data", "profile", "credit", "--json").json()["kind"] == "mixed"


def test_what_was_left_out_is_made_by_adding_again(ask, credit):
    add(ask, "credit", "--no-profile")
    said = add(ask, "credit")
    assert "nothing changed: credit@v1" in said
    assert "profile: 240 rows" in said
    assert "profile:" not in add(ask, "credit"), "once is enough"


def test_no_values_keeps_counts_and_types_only(ask, project):
    (project / "a.csv").write_text(table(range(100)))
    add(ask, "a.csv", "--no-values")
    shown = json.dumps(ask("data", "show", "a", "--json").json()["profile"])
    assert '"type": "integer"' in shown
    assert "north" not in shown
    assert '"cells"' not in shown
    add(ask, "a.csv")
    assert "north" not in ask("data", "show", "a").out


def test_a_profile_with_values_is_never_taken_for_one_without(ask, project):
    (project / "a.csv").write_text(table(range(100)))
    add(ask, "a.csv")
    assert "has a profile with values already" in add(ask, "a.csv", "--no-values")
    assert "has a profile with values already" in ask("data", "profile", "a", "--no-values").err
    assert "north" in ask("data", "profile", "a").out
    assert "north" not in ask("data", "profile", "a", "--again", "--no-values").out
    assert "north" not in ask("data", "show", "a").out, "the latest counts"


# ---------------------------------------------------------------- what goes wrong


def test_a_profile_that_fails_leaves_the_version_and_a_note(ask, credit, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise ValueError("no\nsense")

    with monkeypatch.context() as broken:
        broken.setattr("gnomon.data.profile.profile_of", fails)
        answer = ask("data", "add", "credit")
    assert (answer.code, answer.out) == (0, "credit@v1\n")
    assert "no profile: ValueError: no; `gnomon data profile credit@v1` tries again" in answer.err
    assert "none: ValueError: no" in ask("data", "show", "credit").out
    assert ask("data", "get", "credit", "--to", "back").code == 0
    assert ask("data", "profile", "credit").code == 0
    found = ask("data", "show", "credit", "--json").json()
    assert (found["profile"]["files"], found["profile_note"]) == (3, None), "the note is gone with its reason"


def test_an_interrupted_profile_leaves_the_version_and_its_pointer(ask, project, credit, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("gnomon.data.profile.profile_of", interrupted)
        answer = ask("data", "add", "credit")
    assert (answer.code, answer.out) == (130, "credit@v1\n")
    assert "credit@v1 is kept, without a profile" in answer.err
    assert (project / "credit.gnomon").exists()
    assert "none: interrupted" in ask("data", "show", "credit").out
    assert "profile: 240 rows" in add(ask, "credit")


def test_python_passes_an_interruption_on(credit, monkeypatch):
    monkeypatch.setattr("gnomon.data.profile.profile_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        gnomon.add_data("credit")
    assert gnomon.open().data("credit@v1").state["profile_note"] == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_a_profile_leaves_the_version(project, sent):
    with (project / "big.csv").open("w") as file:
        file.write("a,b,c\n")
        file.writelines(f"{row},{row * 0.37},{row % 7}\n" for row in range(3_000_000))
    words = [sys.executable, "-m", "gnomon", "data", "add", "big.csv", "--profile"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=project
    ) as process:
        assert process.stdout.readline() == "big@v1\n"
        time.sleep(0.7)  # DuckDB is at work, and takes the signal for itself
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)
    version = gnomon.open().data("big")
    assert version.profile is None
    assert (project / "big.gnomon").exists()
    if sent == signal.SIGINT:
        assert process.returncode == 130, said
        assert "big@v1 is kept, without a profile" in said
        assert version.state["profile_note"] == "interrupted"
    assert version.verify().faults == []


def test_data_that_change_meanwhile_get_no_profile_of_others(ask, credit, monkeypatch):
    from gnomon.data.profile import profile_of

    def meanwhile(path: str, **settings: object) -> Profile:
        (credit / "train.csv").write_text(table(range(300)))
        return profile_of(path, **settings)

    with monkeypatch.context() as changing:
        changing.setattr("gnomon.data.profile.profile_of", meanwhile)
        assert "the data changed while its profile was made" in add(ask, "credit")
    assert "240 rows" in ask("data", "profile", "credit@v1").out, "made of the bytes that are kept"


def test_a_damaged_profile_is_named(ask, credit, project):
    add(ask, "credit")
    (credit / "train.csv").write_text(table(range(210)))
    add(ask, "credit", "--no-profile")
    version = gnomon.open().data("credit@v1")
    facts = profiling.facts_of(version)
    (pack,) = [one for one in version.record.replica.objects().packs() if facts.object in one.objects]
    data = bytearray(REAL.read_file(pack.path))
    data[pack.objects[facts.object].offset + 8] ^= 0x40
    (project / pack.path).chmod(0o644)
    (project / pack.path).write_bytes(data)
    checked = ask("data", "verify", "credit@v1")
    assert (checked.code, "credit@v1  (its profile)" in checked.out) == (3, True)
    assert "none: it cannot be read" in ask("data", "show", "credit@v1").out
    assert (
        "what moved is not known: no profile of credit@v1 and credit@v2" in ask("data", "diff", "credit").err
    )


def test_a_profile_that_is_not_in_this_replica_is_made_again(ask, credit, project):
    add(ask, "credit")
    for pack in (project / ".gnomon" / "objects").rglob("*.pack"):
        pack.unlink()
    close_all()  # another process
    assert "none: it cannot be read" in ask("data", "show", "credit").out
    answer = ask("data", "profile", "credit")
    assert (answer.code, "no profile of credit@v1 was made" in answer.err) == (3, True), "nor are the bytes"
    add(ask, "credit")
    assert gnomon.open().data("credit").profile.rows == 240


def test_a_profile_made_anew_in_vain_leaves_the_one_that_is_there(ask, credit, monkeypatch):
    add(ask, "credit")
    with monkeypatch.context() as broken:
        broken.setattr("gnomon.data.profile.profile_of", interrupted)
        assert ask("data", "profile", "credit", "--again").code == 130
        broken.setattr("gnomon.data.profile.profile_of", lambda *_, **__: 1 / 0)
        answer = ask("data", "profile", "credit", "--again")
    assert (answer.code, "ZeroDivisionError" in answer.err) == (3, True)
    assert gnomon.open().data("credit").profile.rows == 240


def said_apart(*bodies: dict[str, object]) -> dict[str, object]:
    """The state of a version of which people who did not know each other said this, one after the other."""
    return fold_version(
        [
            LiveEntry(
                bytes([9 - nth] * 32), entries.PROFILED, None, bytes(16), bytes(16), 0, nth, json.dumps(body).encode()
            )
            for nth, body in enumerate(bodies)
        ]
    )  # fmt: skip


def test_of_profiles_made_apart_the_latest_counts_and_none_gives_way_to_a_note():
    first, second = {"object": "ab" * 32, "rows": 1}, {"object": "cd" * 32, "rows": 2}
    state = said_apart(first, second, {"note": "interrupted"})
    assert (state["profile"]["object"], state["profile_note"]) == ("cd" * 32, None)
    assert len(state["profile_heads"]) == 3, "the next one covers them all"
    assert said_apart(second, first)["profile"]["object"] == "ab" * 32
    assert said_apart({"note": "one"}, {"note": "two"})["profile_note"] == "two"


def test_an_entry_that_cites_no_profile_harms_nobody(ask, credit):
    add(ask, "credit")
    (credit / "train.csv").write_text("x" * 70_000_000)
    version = gnomon.add_data("credit", profile=False)
    for file in version.files():
        body = {"object": file.object, "rows": 10**9, "columns": -1}
        session_for().append(entries.PROFILED, entries.data_subject(version.id), body, strict=True)
        session_for().sync()
        assert "none: it cannot be read" in ask("data", "show", "credit").out
        assert "what moved is not known: no profile of credit@v2" in ask("data", "diff", "credit").err


def test_links_inside_a_folder_count_as_what_they_lead_to(project, credit):
    (credit / "more.csv").symlink_to("train.csv")
    version = gnomon.add_data("credit")
    assert version.profile.rows == 440


def test_a_reference_has_a_profile_and_a_url_has_none(ask, credit):
    add(ask, "credit", "--name", "far", "--by-reference")
    assert "240 rows" in ask("data", "show", "far").out
    assert "240 rows" in ask("data", "profile", "far", "--again").out
    assert "profile" not in add(ask, "s3://bank/2026", "--name", "bank", "--by-reference")
    answer = ask("data", "profile", "bank")
    assert (answer.code, "the bytes are not known" in answer.err) == (3, True)


# ---------------------------------------------------------------- differences


def test_diff_says_what_moved_after_the_files(ask, credit):
    add(ask, "credit")
    (credit / "train.csv").write_text(table(range(400), shift=30, column="years"))
    (credit / "test.csv").write_text(table(range(400, 440), shift=30, column="years"))
    add(ask, "credit")
    lines = ask("data", "diff", "credit@v1", "credit@v2").lines
    assert lines[0] == "credit@v1 → credit@v2: 2 changed; 1 the same"
    after = lines[lines.index("profile") :]
    assert "  240 → 440 rows (+200)" in after
    assert any("years" in line for line in after)
    found = ask("data", "diff", "credit", "--json").json()
    assert found["profile"]["tables"][0]["added"] == ["years"]
    assert found["rows"] is None


def test_diff_tells_who_has_no_profile(ask, credit):
    add(ask, "credit", "--no-profile")
    (credit / "train.csv").write_text(table(range(201)))
    add(ask, "credit")
    answer = ask("data", "diff", "credit")
    assert (answer.code, "profile" in answer.out) == (0, False)
    assert "what moved is not known: no profile of credit@v1;" in answer.err


def test_rows_are_compared_of_a_file_and_of_a_file_of_a_folder(ask, project, credit):
    add(ask, "credit")
    add(ask, "credit/train.csv", "--name", "train", "--no-pointer")
    text = table(range(205)).replace("\n7,27,", "\n7,99,")
    (credit / "train.csv").write_text(text)
    add(ask, "credit")
    add(ask, "credit/train.csv", "--name", "train", "--no-pointer")
    expected = "  rows: 5 added, 0 removed, 1 changed, 199 the same (by id)"
    assert expected in ask("data", "diff", "train", "--rows").lines
    of_file = ask("data", "diff", "credit", "--rows", "--file", "train.csv", "--key", "id")
    assert expected in of_file.lines
    assert "  ~ id 7  age: 27 → 99" in of_file.lines
    assert ask("data", "diff", "train", "--rows", "--json").json()["rows"]["changed"] == 1
    record = gnomon.open()
    found = record.data("credit@v1").rows_diff(record.data("credit@v2"), file="train.csv")
    assert (found.added, found.changed) == (5, 1)
    cache = REAL.cache_folder()
    left = [str(one) for one in (project / cache / "data").rglob("*.csv")]
    assert left == [], "the copies that were read are gone"


def test_rows_need_a_table_a_file_that_is_there_and_a_key(ask, credit, monkeypatch):
    add(ask, "credit")
    (credit / "train.csv").write_text(table(range(201)))
    add(ask, "credit")
    said = ask("data", "diff", "credit", "--rows", "--file", "trian.csv").err
    assert "`credit@v1` has no file `trian.csv`" in said
    assert "did you mean `train.csv`" in said
    assert (
        "`credit@v1: notes.txt` holds no table"
        in ask("data", "diff", "credit", "--rows", "--file", "notes.txt").err
    )
    assert "`key` region is not unique" in ask("data", "diff", "credit", "--rows", "--key", "region").err
    assert "give `--rows` with them" in ask("data", "diff", "credit", "--key", "id").err
    monkeypatch.setattr(row_changes, "MOST_BYTES", 1_000)
    refused = ask("data", "diff", "credit", "--rows")
    assert (refused.code, "together; rows are compared up to 1.0 kB" in refused.err) == (2, True)
    with pytest.raises(BadArgumentError, match="rows are compared up to"):
        gnomon.open().data("credit@v1").rows_diff(gnomon.open().data("credit@v2"))


def test_rows_of_several_tables_ask_for_one(ask, credit):
    (credit / "other.csv").write_text("x,y\n1,2\n")
    add(ask, "credit")
    (credit / "other.csv").write_text("x,y\n1,3\n")
    add(ask, "credit")
    said = ask("data", "diff", "credit", "--rows").err
    assert "`credit@v1` holds 2 tables with different columns" in said
    assert "name one file of the folder with `--file PATH`" in said


def test_a_reference_whose_bytes_are_gone_says_so(ask, credit):
    add(ask, "credit", "--name", "far", "--by-reference", "--no-profile")
    (credit / "train.csv").write_text(table(range(10)))
    answer = ask("data", "profile", "far")
    assert (answer.code, "has other bytes than `far@v1`" in answer.err) == (3, True)
