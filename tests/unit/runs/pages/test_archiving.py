"""The chosen runs as one file: it reads back equal, and what is too large is refused with the command that writes it."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.page import Ask, Values
from gnomon.runs.pages import archiving


def ask(*pairs: tuple[str, str]) -> Ask:
    return Ask(gnomon.open(), query=Values(pairs))


def made(name: str, tmp_path) -> str:
    (tmp_path / "weights.bin").write_bytes(b"w" * 5_000)
    with gnomon.run(name) as run:
        run.log(loss=0.5)
        run.keep(tmp_path / "weights.bin")
    return run.id


def test_the_archive_reads_back_in_another_record(tmp_path, monkeypatch):
    first, second, _ = (made(name, tmp_path) for name in "abc")
    answer = archiving.archive(ask(("run", f"{first},{second}")))
    assert answer.media_type == "application/zip" and answer.name.endswith("-runs.zip")
    (tmp_path / "runs.zip").write_bytes(b"".join(answer.parts))
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("GNOMON_DIR", str(tmp_path / "other/.gnomon"))
    with gnomon.run("own"):
        pass
    record = gnomon.open(tmp_path / "other")
    assert sorted(record.import_(tmp_path / "runs.zip").new_runs) == sorted([first, second])
    assert sorted(row["name"] for row in record.runs(columns=["name"])) == ["a", "b", "own"]
    assert record.run("a").metrics == {"loss": 0.5}


def test_what_is_too_large_or_names_nothing_is_refused(tmp_path, monkeypatch):
    run = made("a", tmp_path)
    with pytest.raises(BadArgumentError, match="`run` must be given"):
        archiving.archive(ask())
    monkeypatch.setattr(archiving, "LARGEST", 4_999)
    with pytest.raises(BadArgumentError, match="hands out at most") as refused:
        archiving.archive(ask(("run", run)))
    assert "gnomon archive" in str(refused.value)
