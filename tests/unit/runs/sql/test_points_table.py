"""The table `points`: each point once, from whatever files hold it, sealed or live, whole or extracts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gnomon
from gnomon.env import REAL
from gnomon.points.seal import merge_segments, seal

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

TRAIN = """
import sys, gnomon
resume, first, after, plus = sys.argv[1] or None, *map(int, sys.argv[2:5])
with gnomon.run("a", resume=resume, resume_step=first if resume else None) as run:
    for step in range(first, after):
        run.log({"loss": step + plus, "auc": 1.0}, step=step)
    print(run.id)
"""
ALL = "select run, series, step, value, exact from points order by all"


def trained(folder: Path, run: str = "", first: int = 0, after: int = 10, plus: int = 0) -> str:
    """Log in a process of its own, so that its WAL is closed; return the id of the run."""
    words = [sys.executable, "-c", TRAIN, run, *map(str, (first, after, plus))]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, check=True).stdout.strip()


def wals(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob(".gnomon/points/*/*.wal")))


def segments(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob(".gnomon/points/*/*.parquet")))


def sealed(folder: Path, *, keep: bool = False) -> None:
    """Seal every WAL into a segment of its own, and merge these into one."""
    for wal in wals(folder):
        assert seal(REAL, os.path.dirname(wal), [wal])
        if not keep:
            os.unlink(wal)


def answer(folder: Path, query: str = ALL) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in gnomon.open(folder).sql(query)]


def as_the_views_say(folder: Path) -> list[tuple[object, ...]]:
    """Return the same from `RunView.series`, which reads the files in another way."""
    record = gnomon.open(folder)
    found = []
    for run in record.runs().ids:
        view = record.run(run)
        for name in view.series_names:
            series = view.series(name)
            found += [
                (run, name, step, value, None)
                for step, value in zip(series.step.tolist(), series.value.tolist(), strict=True)
            ]
    return sorted(found)


@pytest.fixture
def folder(project):
    trained(project)
    trained(project, plus=5)
    return project


def test_live_points(folder):
    assert segments(folder) == []
    assert len(answer(folder)) == 40
    assert answer(folder) == as_the_views_say(folder)


def test_sealed_points(folder):
    before = answer(folder)
    sealed(folder)
    assert wals(folder) == [] and len(segments(folder)) == 2
    assert answer(folder) == before == as_the_views_say(folder)


def test_a_segment_beside_the_wal_that_it_was_made_from(folder):
    before = answer(folder)
    sealed(folder, keep=True)
    assert len(wals(folder)) == len(segments(folder)) == 2
    assert answer(folder) == before


def test_merged_segments_beside_their_parts_and_copies_of_all(folder):
    before = answer(folder)
    sealed(folder, keep=True)
    own = os.path.dirname(segments(folder)[0])
    parts = [Path(path).read_bytes() for path in segments(folder)]
    assert merge_segments(REAL, own, segments(folder))
    elsewhere = folder / ".gnomon/points" / ("f" * 32)
    elsewhere.mkdir()
    for path in [*segments(folder), *wals(folder)]:
        shutil.copy(path, elsewhere)
    assert len(parts) == 2
    assert answer(folder) == before


def test_a_wal_that_grew_after_it_was_sealed(project):
    """The segment has its beginning; the file itself has more, and counts."""
    with gnomon.run("a") as run:
        for step in range(5):
            run.log({"loss": float(step)}, step=step)
        seal(REAL, os.path.dirname(wals(project)[0]), wals(project))
        assert [value for (value,) in answer(project, "select value from points order by 1")] == [
            0.0,
            1.0,
            2.0,
            3.0,
            4.0,
        ]
        run.log({"loss": 5.0}, step=5)
        found = answer(project, "select value from points order by 1")
    assert [value for (value,) in found] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_what_a_resumed_run_left_behind_is_left_out(project, is_sealed):
    run = trained(project)
    trained(project, run, 5, 9, 100)
    trained(project, run, 7, 8, 200)
    if is_sealed:
        sealed(project)
    found = answer(project, "select value from points where series = 'loss' order by step")
    assert [value for (value,) in found] == [0.0, 1.0, 2.0, 3.0, 4.0, 105.0, 106.0, 207.0]
    assert answer(project) == as_the_views_say(project)


def test_a_process_that_resumes_its_own_run(project):
    with gnomon.run("a") as run:
        for step in range(10):
            run.log({"loss": float(step)}, step=step)
    with gnomon.run(resume=run.id, resume_step=5) as again:
        for step in range(5, 8):
            again.log({"loss": 100.0 + step}, step=step)
    with gnomon.run(resume=run.id, resume_step=6) as again:
        again.log({"loss": 200.0}, step=6)
    assert [row[3] for row in answer(project)] == [0.0, 1.0, 2.0, 3.0, 4.0, 105.0, 200.0]
    assert answer(project) == as_the_views_say(project)


@pytest.mark.parametrize("keeps_whole", [False, True])
def test_an_extract_beside_the_whole_counts_nothing_twice_and_loses_nothing(project, tmp_path, keeps_whole):
    """An export holds segments that leave other runs out; one may meet the whole, or another extract, in one record."""
    code = (
        "import gnomon\nfor name in 'ab':\n"
        "    with gnomon.run(name) as run:\n        for step in range(5): run.log({'loss': float(step)}, step=step)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)
    sealed(project)
    before = answer(project)
    (whole,) = segments(project)
    record = gnomon.open(project)
    target = Path(whole).parent
    for number, run in enumerate(record.runs().ids):
        record.export(str(tmp_path / f"export-{number}"), runs=[run], only="record")
        extracts = list((tmp_path / f"export-{number}").rglob("*.parquet"))
        assert extracts and all(path.name != Path(whole).name for path in extracts)
        for path in extracts:
            shutil.copy(path, target)
    if not keeps_whole:
        os.unlink(whole)
    assert answer(project) == before
    assert len(before) == 10


def test_an_extract_does_not_speak_for_the_other_runs_of_its_wal(project, tmp_path):
    """It covers all rows of the WAL, but names one run only; of the other the WAL answers."""
    code = (
        "import gnomon\nfor name in 'ab':\n    with gnomon.run(name) as run: run.log({'loss': 1.0}, step=0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)
    before = answer(project)
    record = gnomon.open(project)
    record.export(str(tmp_path / "export"), runs=record.runs().ids[:1], only="record")
    (extract,) = (tmp_path / "export").rglob("*.parquet")
    shutil.copy(extract, Path(wals(project)[0]).parent)
    assert len(before) == 2
    assert answer(project) == before


def test_a_folder_whose_name_is_a_pattern(tmp_path):
    """DuckDB would take `[1]` for a pattern, and read another folder."""
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    trained(folder)
    sealed(folder)
    shutil.copytree(folder, tmp_path / "a1b")
    (tmp_path / "a1b" / ".gnomon" / "record.toml").unlink()
    assert len(answer(folder)) == 20
    (segment,) = segments(folder)
    os.rename(segment, segment + ".tmp")
    assert answer(folder) == []


def test_a_folder_with_quotes_in_its_name(tmp_path):
    folder = tmp_path / """it's "here"; drop table x --"""
    folder.mkdir()
    trained(folder)
    sealed(folder)
    assert len(answer(folder)) == 20


def test_hidden_runs_have_no_points(folder):
    sealed(folder)
    record = gnomon.open(folder)
    hidden, other = record.runs().ids
    record.remove(hidden)
    assert {row[0] for row in answer(folder)} == {other}
    assert len(record.sql("from points", with_removed=True)) == 40


def test_whole_numbers_keep_all_digits(project):
    with gnomon.run("a") as run:
        run.log({"big": 2**60 + 1}, step=0)
    assert answer(project, "select value, exact from points") == [(float(2**60 + 1), str(2**60 + 1))]


def test_only_the_segments_of_the_record_can_be_read(folder, tmp_path):
    sealed(folder)
    stranger = tmp_path / "stranger.parquet"
    shutil.copy(segments(folder)[0], stranger)
    record = gnomon.open(folder)
    assert len(record.sql("from points")) == 40
    with pytest.raises(gnomon.GnomonError):
        record.sql(f"select (select count(*) from points), (select count(*) from read_parquet('{stranger}'))")


def test_a_damaged_segment_is_left_out_and_its_wal_answers(folder):
    before = answer(folder)
    sealed(folder, keep=True)
    path = Path(segments(folder)[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    assert answer(folder) == before


@pytest.mark.parametrize("is_merged", [False, True])
def test_nan_is_found_in_sealed_points(project, is_merged):
    """Statistics of Parquet leave NaN out, and by them DuckDB took `isnan(value)` to be false of every row."""
    script = TRAIN.replace('"auc": 1.0', '"auc": float("nan") if step % 2 else 1.0')
    for _ in range(2):
        words = [sys.executable, "-c", script, "", "0", "10", "0"]
        subprocess.run(words, capture_output=True, cwd=project, check=True)
    asked = "select count(*) filter (value > 1e9), count(*) from points where isnan(value)"
    smaller = "select count(*) from points where series = 'auc' and value <= 1e9"
    assert (answer(project, asked), answer(project, smaller)) == ([(10, 10)], [(10,)])
    sealed(project)
    if is_merged:
        assert merge_segments(REAL, os.path.dirname(segments(project)[0]), segments(project))
    assert (answer(project, asked), answer(project, smaller)) == ([(10, 10)], [(10,)])
