"""`run.use` of what lies in a folder that is a version."""

from __future__ import annotations

import pytest

import gnomon

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(project):
    found = project / "d"
    (found / "sub").mkdir(parents=True)
    (found / "x.csv").write_text("a\n1\n")
    (found / "y.csv").write_text("a\n2\n")
    (found / "sub" / "z.csv").write_text("a\n3\n")
    gnomon.add_data("d")
    return found


def used(*paths: str):
    run = gnomon.run("net")
    for path in paths:
        run.use(path)
    run.finish()
    return gnomon.open().run(run.id)


def test_a_file_of_a_version_is_that_version(folder):
    run = used("d/x.csv", "d/sub")
    assert [(one.name, one.label, one.note) for one in run.uses] == [
        ("x.csv", "d@v1", "`x.csv`: 1 of its 3 files"),
        ("sub", "d@v1", "`sub`: 1 of its 3 files"),
    ]
    record = gnomon.open()
    assert run.id in record.data("d").used_by
    assert f"data:{record.data('d').id}" in record.lineage(f"run:{run.id}", up=True).keys


def test_two_files_of_one_version_are_not_the_same_data(folder):
    record = gnomon.open()
    a, b = used("d/x.csv"), used("d/y.csv")
    assert record.compare(a.id, b.id).data.differ == {"x.csv": ["d@v1", None], "y.csv": [None, "d@v1"]}


def test_a_file_that_has_other_bytes_than_the_version_is_not(folder):
    (folder / "x.csv").write_text("a\n9\n")
    (folder / "sub" / "new.csv").write_text("a\n9\n")
    assert [one.label for one in used("d/x.csv", "d/sub").uses] == [None, None]
