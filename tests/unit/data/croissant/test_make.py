"""Croissant out: `mlcroissant`, the reference implementation, finds no error and loads the rows that were added."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import warnings

import polars
import pytest
from PIL import Image

import gnomon
from gnomon.data.croissant import make, read, validated
from gnomon.data.croissant.vocabulary import CONTEXT
from gnomon.errors import BadArgumentError, MissingExtraError

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

ROWS = {
    "id": [1, 2, 3], "x": [1.5, None, 2.0], "name": ["a", "b,c", None], "n": [1, None, 3], "ok": [True, False, True],
}  # fmt: skip
FACTS = {
    "licence": "CC-BY-4.0", "origin": "https://example.org/credit", "sensitivity": "personal", "legal_basis": "consent",
    "retention": "2030-01-01", "message": "as it came",
}  # fmt: skip


@pytest.fixture
def credit(project):
    folder = project / "credit"
    (folder / "parts").mkdir(parents=True)
    (folder / "img").mkdir()
    frame = polars.DataFrame(ROWS)
    frame.write_csv(folder / "train.csv")
    frame.write_ndjson(folder / "lines.jsonl")
    frame.with_columns(more=polars.lit("z")).write_parquet(folder / "all.parquet")
    for nth in range(3):
        polars.DataFrame({"k": [nth, nth + 10]}).write_csv(folder / "parts" / f"{nth}.csv")
        Image.new("RGB", (4, 3), (nth, 0, 0)).save(folder / "img" / f"{nth} a.png")
    return folder


def loaded(folder, description) -> dict[str, list[dict[str, object]]]:
    """Return what mlcroissant reads of each record set, by the names of fields."""
    import mlcroissant

    path = folder / "croissant.json"
    path.write_text(json.dumps(description))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        found = mlcroissant.Dataset(str(path))
        sets = {}
        for record_set in found.metadata.record_sets:
            names = {field.id: field.name for field in record_set.fields}
            sets[record_set.name] = [
                {names[key]: plain(value) for key, value in row.items()}
                for row in found.records(record_set.id)
            ]
    path.unlink()
    return sets


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    return None if isinstance(value, float) and math.isnan(value) else value


def test_mlcroissant_loads_the_rows_that_were_added(credit):
    version = gnomon.add_data("credit", **FACTS)
    made = make(version, creator="Ann Lee", cite="@misc{credit}")
    assert made.missing == []
    assert made.notes == []
    assert validated(made.description) == ([], [])
    sets = loaded(credit, made.description)
    rows = polars.DataFrame(ROWS).to_dicts()
    assert sets["train.csv"] == rows
    assert sets["lines.jsonl"] == rows
    assert sets["all.parquet"] == [{**row, "more": "z"} for row in rows]
    assert sorted(row["k"] for row in sets["parts"]) == [0, 1, 2, 10, 11, 12]
    assert sorted(row["file"] for row in sets["images"]) == ["img/0 a.png", "img/1 a.png", "img/2 a.png"]
    assert {row["content"].size for row in sets["images"]} == {(4, 3)}


def test_a_single_file_and_odd_names(project):
    polars.DataFrame({"größe (cm)": [1, 2], "a b": ["x", "y"], "a-b": ["u", "v"]}).write_csv(
        project / "my data.csv"
    )
    made = make(gnomon.add_data("my data.csv", **FACTS), creator="A")
    assert validated(made.description).errors == []
    assert loaded(project, made.description) == {
        "my-data": [{"größe (cm)": 1, "a b": "x", "a-b": "u"}, {"größe (cm)": 2, "a b": "y", "a-b": "v"}]
    }


def test_what_was_said_stands_in_the_description(credit):
    description = make(gnomon.add_data("credit", **FACTS), creator="Ann Lee").description
    assert description["@context"] is CONTEXT
    assert description["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert description["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert (description["url"], description["version"], description["name"]) == (
        FACTS["origin"],
        "1.0.0",
        "credit",
    )
    assert description["rai:personalSensitiveInformation"] == "personal"
    files = {one["@id"]: one for one in description["distribution"] if one["@type"] == "cr:FileObject"}
    data = (credit / "train.csv").read_bytes()
    assert files["train.csv"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert files["train.csv"]["contentSize"] == f"{len(data)} B"
    assert files["img/0%20a.png"]["contentUrl"] == "img/0 a.png"


def test_a_base_url_stands_before_the_paths(credit):
    description = make(gnomon.add_data("credit", **FACTS), base_url="https://example.org/d/").description
    urls = {one["contentUrl"] for one in description["distribution"] if "contentUrl" in one}
    assert "https://example.org/d/img/0%20a.png" in urls


def test_what_nobody_said_is_missing_and_not_made_up(project):
    (project / "x.csv").write_text("a;b\n1;2\n")
    made = make(gnomon.add_data("x.csv"))
    assert [text.split("`")[1] for text in made.missing] == ["license", "creator", "url"]
    assert "license" not in made.description
    assert made.notes == ["no record set for x.csv: Croissant cannot say that its delimiter is a semicolon"]
    (project / "y.csv").write_text("a,b\n1,2\n")
    assert "has no profile" in make(gnomon.add_data("y.csv", profile=False)).notes[0]


def test_columns_without_a_type_of_croissant_are_named(project):
    gnomon.add_data([{"a": 1}], name="t")
    version = gnomon.add_data(polars.DataFrame({"a": [1], "l": [[1]]}), name="t")
    made = make(version)
    assert made.notes == ["no field for column `l` of t: Croissant has no type for nested values"]
    assert [field["name"] for field in made.description["recordSet"][0]["field"]] == ["a"]


def test_a_wrong_description_is_not_valid(credit):
    description = make(gnomon.add_data("credit", **FACTS)).description
    description = {
        **description,
        "recordSet": [{**description["recordSet"][0], "field": [{"@type": "cr:Field", "@id": "x"}]}],
    }
    assert validated(description).errors
    assert validated({**description, "name": ""}).errors


def test_without_mlcroissant_the_extra_is_named_and_the_description_made(credit, monkeypatch):
    made = make(gnomon.add_data("credit", **FACTS))
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    assert make(gnomon.open().data("credit")).description == made.description
    with pytest.raises(MissingExtraError, match=r"gnomon\[croissant\]"):
        validated(made.description)


def test_references_are_described_where_they_lie(credit):
    version = gnomon.add_data("credit", name="there", by_reference=True)
    assert len(make(version).description["distribution"]) >= 9
    (credit / "train.csv").write_text("other")
    with pytest.raises(BadArgumentError, match="has other bytes"):
        make(version)


def test_in_and_out_again_says_the_same(credit, project):
    made = make(gnomon.add_data("credit", **FACTS), creator="Ann Lee")
    (project / "croissant.json").write_text(json.dumps(made.description))
    found = read("croissant.json")
    assert (found.name, found.description, found.version) == ("credit", "as it came", "1.0.0")
    assert found.facts == {key: text for key, text in FACTS.items() if key != "message"}
    assert ("train.csv", 5) in found.record_sets
    assert {file.path for file in found.files} == {
        str(path.relative_to(credit)) for path in credit.rglob("*") if path.is_file()
    }
