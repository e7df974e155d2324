"""Names in an export: every disk takes them, whatever people called their runs and files."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.archive.names import Folders, Names, is_safe, safe_name

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..", ".", "", " ", "con", "CON.txt", "com1", "LPT9.log", "nul ", "a/b", "a\\b",
    "C:x", "x\0y", "x\x1b[2Jy", "\u202etxt.exe", "name.", "name ", "-rf", "~root", ".git", ".GNOMON", "a" * 5000, "é" * 200,
    "\ud800", "file:ads", "a?b*c", "\N{FULLWIDTH SOLIDUS}", "aux .x", "a\nb",
]  # fmt: skip


def check(name: str) -> None:
    assert name not in ("", ".", "..")
    assert len(name.encode("utf-8")) <= 255
    assert name.isprintable()
    assert not set('<>:"/\\|?*') & set(name)
    assert name == name.rstrip(" .")
    assert name.partition(".")[0].rstrip().lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")
    assert name.lower() not in (".git", ".gnomon")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("may_be_hidden", [True, False])
def test_hostile_names_become_plain_ones(text, may_be_hidden, tmp_path):
    name = safe_name(text, may_be_hidden=may_be_hidden)
    check(name)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / name).write_text("x")
    assert os.listdir(tmp_path / "there") == [name]


@pytest.mark.slow
@given(st.text(max_size=300), st.booleans())
def test_any_text_becomes_a_name_that_stays_as_it_is(text, may_be_hidden):
    name = safe_name(text, may_be_hidden=may_be_hidden)
    check(name)
    assert safe_name(name, may_be_hidden=may_be_hidden) == name


@pytest.mark.parametrize(
    "name", ["model.skops", "a b.txt", "réseau", ".env", "__init__.py", "x=0.1,y", "v1.2"]
)
def test_names_that_every_disk_takes_stay(name):
    assert is_safe(name)
    assert safe_name(name, may_be_hidden=True) == name


@given(
    st.lists(
        st.sampled_from(["A", "a", "a.txt", "A.TXT", "a-2.txt", "é", "e\u0301", "x" * 300, "x" * 301]),
        max_size=12,
    )
)
def test_names_in_one_folder_differ_on_every_disk(texts):
    names = Names()
    taken = [names.take(text) for text in texts]
    assert len({name.casefold() for name in taken}) == len(texts)
    for name in taken:
        check(name)


def test_a_long_name_keeps_its_ending():
    assert safe_name("x" * 500 + ".parquet", 60).endswith("x.parquet")
    assert len(safe_name("x" * 500 + ".parquet", 60)) == 60


def test_a_tree_keeps_its_folders_and_tells_clashes_apart():
    folders = Folders()
    found = [folders.take(path) for path in ("a/x", "A/x", "a/X", "a/con/y", "a/con/z")]
    assert found == ["a/x", "A-2/x", "a/X-2", "a/_con/y", "a/_con/z"]
