"""`gnomon verify` and `gnomon doctor`."""

from __future__ import annotations

import os

import pytest

import gnomon
from gnomon.session import close_all


@pytest.fixture
def closed_run(project):
    with gnomon.run("one") as run:
        for step in range(10):
            run.log({"loss": 1 / (1 + step)}, step=step)
    close_all()
    return run.id


def test_a_whole_record_is_said_to_be_whole(ask, closed_run):
    answer = ask("verify")
    assert answer.code == 0
    assert answer.lines[-1] == "the record is whole"
    assert any(line.startswith("checked: 1 log, ") for line in answer.lines)
    assert ask("verify", "--deep").code == 0


def test_verify_as_json(ask, closed_run, project):
    found = ask("verify", "--json").json()
    assert found["record"] == f"{project}/.gnomon"
    assert (found["is_whole"], found["damaged"], found["problems"]) == (True, 0, [])
    assert found["checked"]["logs"]["files"] == 1
    assert found["entries"] > 2


def test_a_flipped_bit_ends_with_3_and_is_named(ask, closed_run, project):
    (log,) = (project / ".gnomon/log").glob("*/*.jsonl")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.chmod(0o600)
    log.write_bytes(data)
    answer = ask("verify")
    assert answer.code == 3
    assert f"damage: {log.relative_to(project / '.gnomon')}, line " in answer.out
    assert "  to do: " in answer.out
    assert "damaged" in answer.lines[-1]
    found = ask("verify", "--json")
    assert found.code == 3
    assert not found.json()["is_whole"]
    assert set(found.json()["problems"][0]) == {"severity", "file", "where", "what", "advice"}


def test_the_doctor_finds_a_fresh_machine_in_order(ask, closed_run):
    answer = ask("doctor")
    assert (answer.code, answer.err) == (0, "nothing is wrong\n")
    for name in (
        "platform",
        "sqlite",
        "libraries",
        "key",
        "cache",
        "record",
        "disk",
        "locks",
        "space",
        "files",
    ):
        assert any(line.split()[:2] == ["ok", name] for line in answer.lines), name


def test_the_doctor_works_without_a_record(ask, project):
    answer = ask("doctor")
    assert answer.code == 0
    assert any(line.startswith("note   record") and "none in" in line for line in answer.lines)


def test_the_doctor_as_json(ask, closed_run):
    checks = ask("doctor", "--json").json()
    assert {tuple(check) for check in checks} == {("name", "ok", "text", "advice")}
    assert {check["ok"] for check in checks} <= {True, None}


def wrong(answer) -> list[str]:
    return [line for line in answer.lines if line.startswith("WRONG")]


def test_a_key_that_others_can_read(ask, closed_run, tmp_path):
    (key,) = (tmp_path / "config/gnomon/keys").glob("*.key")
    key.chmod(0o644)
    answer = ask("doctor")
    assert (answer.code, answer.err) == (1, "1 thing is wrong\n")
    assert "can be read by others (mode 644)" in wrong(answer)[0]
    assert f"to do: chmod 600 {key}" in answer.out


def test_a_key_that_is_none(ask, closed_run, tmp_path):
    (key,) = (tmp_path / "config/gnomon/keys").glob("*.key")
    key.write_text("nonsense")
    assert "is no device key" in wrong(ask("doctor"))[0]


def test_keys_and_cache_inside_the_record(ask, closed_run, project, monkeypatch):
    monkeypatch.setenv("GNOMON_CONFIG_DIR", str(project / ".gnomon/config"))
    monkeypatch.setenv("GNOMON_CACHE_DIR", str(project / ".gnomon/cache"))
    found = wrong(ask("doctor"))
    assert [line.split()[1] for line in found] == ["key", "cache"]
    assert all("is inside the record" in line for line in found)


def test_a_cache_on_a_network_disk(ask, closed_run, monkeypatch):
    monkeypatch.setattr("gnomon.env.Env.filesystem", lambda self, path: "nfs4")
    answer = ask("doctor")
    assert "on a network disk (nfs4)" in wrong(answer)[0]
    assert any("a network disk: points are stored with a system call each" in line for line in answer.lines)


def test_a_damaged_index(ask, closed_run, tmp_path):
    ask("runs")
    (index,) = (tmp_path / "cache/gnomon").glob("*/index.sqlite")
    index.write_bytes(b"not a database" * 1000)
    answer = ask("doctor")
    assert "damaged: file is not a database" in wrong(answer)[0]
    assert "it is made again from the record" in answer.out


def test_little_space(ask, closed_run, monkeypatch):
    real = os.statvfs

    class Full:
        f_bavail, f_frsize = 1000, 4096

    monkeypatch.setattr("os.statvfs", lambda path: Full if ".gnomon" in str(path) else real(path))
    assert "4.1 MB are free" in wrong(ask("doctor"))[0]


def test_an_old_unfinished_file_and_an_edited_record_file(ask, closed_run, project):
    (folder,) = (project / ".gnomon/log").iterdir()
    stale = folder / ".0123.tmp"
    stale.write_text("half")
    os.utime(stale, (1, 1))
    record = project / ".gnomon/record.toml"
    record.write_text(record.read_text().replace("project", "other"))
    answer = ask("doctor")
    assert "unfinished 1 file, more than an hour old" in answer.out
    assert "record.toml does not match its own check" in wrong(answer)[0]


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(ask, closed_run, monkeypatch):
    monkeypatch.setattr("gnomon.cli.checkup.disk", lambda home: (_ for _ in ()).throw(RuntimeError("odd")))
    answer = ask("doctor")
    assert "this check failed: RuntimeError: odd" in wrong(answer)[0]
    assert any(line.split()[:2] == ["ok", "files"] for line in answer.lines)


def test_a_live_process_is_told(ask, project):
    with gnomon.run("live") as run:
        run.log(x=1.0)
        answer = ask("doctor")
    assert any("1 process is logging now" in line for line in answer.lines)
