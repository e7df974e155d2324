"""`gnomon init` and `gnomon new-id`."""

from __future__ import annotations

import re

from gnomon.env import REAL
from gnomon.record.home import open_home


def test_init_makes_a_record_here_and_prints_its_path(ask, project):
    answer = ask("init")
    assert answer == (0, f"{project}/.gnomon\n", "made the record `project`\n")
    assert open_home(str(project / ".gnomon"), REAL).name == "project"


def test_init_elsewhere_with_a_name(ask, tmp_path):
    answer = ask("--record", str(tmp_path / "other"), "init", "--name", "größer \x1b[1m")
    assert answer.code == 0
    assert answer.err == "made the record `größer \\x1b[1m`\n"
    assert open_home(str(tmp_path / "other/.gnomon"), REAL).name == "größer \x1b[1m"


def test_init_goes_to_the_root_of_the_git_repository(ask, project, monkeypatch):
    (project / ".git").mkdir()
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    assert ask("init").out == f"{project}/.gnomon\n"


def test_init_twice_changes_nothing(ask, project):
    ask("init")
    before = (project / ".gnomon/record.toml").read_bytes()
    assert ask("init") == (0, f"{project}/.gnomon\n", "there is a record already: `project`\n")
    assert (project / ".gnomon/record.toml").read_bytes() == before


def test_init_gives_another_name_and_the_id_stays(ask, project):
    ask("init")
    before = open_home(str(project / ".gnomon"), REAL)
    assert ask("init", "--name", "credit").err == "the record is now called `credit`\n"
    after = open_home(str(project / ".gnomon"), REAL)
    assert (after.name, after.record_id, after.is_intact) == ("credit", before.record_id, True)


def test_init_repairs_a_damaged_record_file_where_its_id_is_there(ask, project):
    ask("init")
    file = project / ".gnomon/record.toml"
    sound = file.read_bytes()
    file.write_bytes(sound.replace(b"project", b"prjocet"))
    assert not open_home(str(project / ".gnomon"), REAL).is_intact
    assert ask("init", "--name", "project").code == 0
    assert file.read_bytes() == sound
    file.write_bytes(re.sub(rb'record = "\w+"', b'record = "?"', sound))
    answer = ask("init", "--name", "project")
    assert answer.code == 3
    assert "does not say which record this is" in answer.err


def test_a_new_id_is_one_that_runs_take(ask):
    first, second = ask("new-id"), ask("new-id")
    assert first.code == 0
    assert re.fullmatch(r"[0-9a-f]{20}\n", first.out)
    assert first.out != second.out
