"""Two versions that people made apart may have one label: runs on them are no seeds of one configuration."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.runs.compare.comparison import compare
from gnomon.runs.groups.definition import seed_groups
from gnomon.runs.groups.siblings import siblings
from gnomon.session import session_for

OURS, THEIRS = "ab" * 32, "cd" * 32


def train(seed: int, digest: str, *, version: str, number: int = 3) -> str:
    run = gnomon.run("net", params={"lr": 0.1}, seed=seed)
    body = {
        "name": "credit", "dataset": "credit", "number": number, "version": version * 10, "object": digest, "how": "restored",
    }  # fmt: skip
    session_for().append("run.used", f"run:{run.id}", body)
    run.log({"auc": 0.5 + seed / 100})
    run.finish()
    return run.id


@pytest.fixture
def apart(project):
    """Two runs on our `credit@v3`, two on theirs."""
    return [train(seed, digest, version=digest[:2]) for digest in (OURS, THEIRS) for seed in (1, 2)]


def test_they_are_two_groups_told_apart_by_a_digest(apart):
    found = {one.params["data:credit"]: one.runs for one in seed_groups(gnomon.open())}
    assert found == {"v3 (abababab)": tuple(apart[:2]), "v3 (cdcdcdcd)": tuple(apart[2:])}
    assert {one.name for one in seed_groups(gnomon.open())} == {
        "net data:credit=v3 (abababab)", "net data:credit=v3 (cdcdcdcd)"
    }  # fmt: skip


def test_the_seeds_of_a_run_are_those_on_its_bytes(apart):
    group = siblings(gnomon.open(), apart[0])
    assert (group.runs, group.params) == (tuple(apart[:2]), {"lr": 0.1, "data:credit": "v3"})


def test_comparing_says_that_the_data_differs(apart):
    found = compare(gnomon.open(), [apart[0], apart[2]])
    assert found.data.differ == {"credit": ["credit@v3 (abababab)", "credit@v3 (cdcdcdcd)"]}
    assert "data" in found.differs_in


def test_the_table_of_runs_tells_them_apart(apart):
    table = gnomon.open().runs(sort="created:asc")
    assert table.column("data.credit") == ["v3 (abababab)"] * 2 + ["v3 (cdcdcdcd)"] * 2
    assert "data.credit" in table.default_columns()
    assert len(gnomon.open().runs("data.credit = 'v3'")) == 4


def test_equal_bytes_are_one_configuration_whatever_the_versions_are_called(project):
    ids = [train(1, OURS, version="ab"), train(2, OURS, version="cd", number=1)]
    assert [one.runs for one in seed_groups(gnomon.open())] == [tuple(ids)]
    assert siblings(gnomon.open(), ids[0]).runs == tuple(ids)
