"""OpenLineage events, held against the schemas that OpenLineage publishes (see openlineage/README.md)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from referencing import Registry, Resource

import gnomon
from gnomon.cli.main import main
from gnomon.lineage.openlineage import events, run_uuid
from tests.unit.lineage.made import data, digest, run, run_id

FOLDER = Path(__file__).parent / "openlineage"
SCHEMAS = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
REGISTRY = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS)
FACETS = {schema["$id"]: schema for schema in SCHEMAS}


def check(event: dict) -> int:
    """Check an event and each of its facets; return how many facets a published schema knows."""
    from jsonschema import Draft202012Validator, FormatChecker  # two seconds, and no other test needs it

    schema = {"$ref": event["schemaURL"]}
    Draft202012Validator(schema, registry=REGISTRY, format_checker=FormatChecker()).validate(event)
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    known = 0
    for facets in _facets(event):
        for name, facet in facets.items():
            published = FACETS.get(facet["_schemaURL"])
            if published is not None:
                assert list(published["properties"]) == [name]
                Draft202012Validator(published, registry=REGISTRY).validate({name: facet})
                known += 1
            else:
                assert name in ("gnomon_run", "gnomon_data")
    return known


def _facets(value: object):
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("facets", "inputFacets", "outputFacets"):
                yield one
            yield from _facets(one)
    elif isinstance(value, list):
        for one in value:
            yield from _facets(one)


@pytest.mark.slow
def test_the_checks_find_what_is_wrong(project):
    run("one")
    event = next(iter(events(gnomon.open(), [run_id("one")])))
    for wrong in (
        {"eventType": "DONE"},
        {"run": {"runId": "not a uuid"}},
        {"eventTime": "yesterday"},
        {"job": {"name": "x"}},
    ):
        with pytest.raises(Exception, match=r"is not one of|is not a|required|isoformat"):
            check({**event, **wrong})


@pytest.mark.slow
def test_a_run_is_a_start_and_an_end_with_what_it_read_and_made(project, monkeypatch):
    data("credit", origin="bank", author="ann", licence="CC0-1.0")
    run("sweep")
    run(
        "train",
        uses=["credit"],
        reads=["loose"],
        keeps=["model"],
        watched=[],
        wrote=["log.txt"],
        parent="sweep",
        unpinned=True,
    )
    start, end = events(gnomon.open(), [run_id("train")])
    assert check(start) + check(end) >= 10
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == end["run"]["runId"] == run_uuid(run_id("train"))
    assert [one["name"] for one in end["inputs"]] == [
        "credit",
        f"object/{digest('loose')}",
        "unpinned/stream",
    ]
    assert [one["name"] for one in end["outputs"]] == [
        f"object/{digest('model')}",
        f"object/{digest('log.txt')}",
    ]
    credit = end["inputs"][0]["facets"]
    assert credit["version"]["datasetVersion"] == "v1"
    assert credit["ownership"]["owners"] == [{"name": "ann"}]
    assert credit["gnomon_data"]["licence"] == "CC0-1.0"
    assert credit["symlinks"]["identifiers"][0]["name"] == f"object/{digest('credit')}"
    assert end["run"]["facets"]["parent"]["run"]["runId"] == run_uuid(run_id("sweep"))


def test_what_one_run_kept_and_another_read_is_one_data_set(project):
    run("a", keeps=["features"])
    run("b", reads=["features"])
    record = gnomon.open()
    (_, first), (_, second) = events(record, [run_id("a")]), events(record, [run_id("b")])
    same = [(one["namespace"], one["name"]) for one in (first["outputs"][0], second["inputs"][0])]
    assert same[0] == same[1]


@pytest.mark.slow
def test_each_end_has_its_event(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    with pytest.raises(ZeroDivisionError), gnomon.run("fails", id="01" * 10):
        1 / 0
    gnomon.run("stops", id="02" * 10).finish("stopped")
    going = gnomon.run("goes on", id="03" * 10)
    kinds = {}
    for event in events(gnomon.open(), ["01" * 10, "02" * 10, "03" * 10]):
        check(event)
        kinds.setdefault(event["run"]["facets"]["gnomon_run"]["name"], []).append(event["eventType"])
    going.finish()
    assert kinds == {"fails": ["START", "FAIL"], "stops": ["START", "ABORT"], "goes on": ["START", "RUNNING"]}


@pytest.mark.slow
def test_the_command_writes_one_event_a_line(project, capsys):
    for name in ("one", "two", "three"):
        run(name, keeps=[name])
    capsys.readouterr()
    assert main(["lineage", "export", "--openlineage"]) == 0
    out, err = capsys.readouterr()
    assert [check(json.loads(line)) for line in out.splitlines()] and len(out.splitlines()) == 6
    assert "6 events of 3 runs" in err
    assert main(["lineage", "export", "two", "-o", "x.jsonl"]) == 0
    assert len((project / "x.jsonl").read_text().splitlines()) == 2
    assert main(["lineage", "export", "--where", "name = 'three'"]) == 0
    assert "three" in capsys.readouterr().out
