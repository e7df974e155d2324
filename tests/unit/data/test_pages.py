"""The pages about data: what each says of a small record, what it withholds, and that a tag is given as on the command line."""

from __future__ import annotations

import json
import re
import shutil

import pytest

import gnomon
from gnomon.data import actions
from gnomon.data.pages.columns import tables
from gnomon.data.pages.data_set import data_set
from gnomon.data.pages.data_sets import data_sets
from gnomon.data.pages.difference import difference
from gnomon.data.pages.drawn import history
from gnomon.data.pages.version import croissant, tags, version
from gnomon.data.profile import profile_of
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError, UsageError
from gnomon.page import Ask, Binary, Redirect, Shown, Values
from gnomon.session import close_all
from gnomon.web.templates import Templates
from tests.unit.data.test_versions import written_apart

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

HOSTILE = "<img src=x onerror=alert(1)>\u202e"
AROUND = {
    "navigation": [], "path": "/data", "here": "/data", "record_name": "r", "marks": "", "token": "t", "instance": "i",
}  # fmt: skip


@pytest.fixture(scope="module")
def templates():
    return Templates(["gnomon.web", "gnomon.data", "gnomon.lineage"])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two versions of `credit`: the second has more and older people; a run used the first."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        for word in ("CONFIG", "CACHE"):
            patch.setenv(f"XDG_{word}_HOME", str(place / word))
        patch.setenv("GNOMON_CAPTURE", "off")
        patch.chdir(place)
        for shift in (0, 9):
            rows = [
                f"{at},{20 + shift + at % 40},p{at}@x.org,{'Oslo' if at % 3 else 'Lima'}" for at in range(400)
            ]
            folder = place / "credit"
            folder.mkdir(exist_ok=True)
            (folder / "train.csv").write_text("\n".join(["row,age,email,city", *rows]))
            (folder / "readme.txt").write_text(f"shift {shift}")
            said = {"licence": "CC-BY-4.0", "sensitivity": "personal"}
            gnomon.add_data(folder, message=f"shifted by {shift}", pointer=False, **said)
        with gnomon.run("reader") as run:
            run.use("credit@v1")
        opened = gnomon.open()
        actions.tag(opened, opened.data("credit@v1"), ["gold"])
        close_all()
    return place / ".gnomon"


@pytest.fixture
def record(project, made):
    """A copy of it, for one test."""
    shutil.copytree(made, project / ".gnomon")
    return gnomon.open()


def asked(record, page, path=None, query=(), form=(), **more):
    return page(Ask(record, path or {}, Values(query), Values(form), link=_link, **more))


def _link(digest, name, media_type="", *, is_tree=False, is_download=False):
    return f"http://other/{digest[:8]}/{name}{'?d' if is_download else ''}"


def html(templates, shown, part=""):
    assert isinstance(shown, Shown)
    made = templates.show(shown.template, {**AROUND, **shown.values, "title": shown.title}, part)
    assert made is not None
    assert "style=" not in made
    assert not re.search(r"<script(?! src=)", made)
    return made


CREDIT = {"name": "credit"}


def test_the_data_sets_are_listed_with_their_newest_version_and_who_used_them(record, templates):
    gnomon.add_data([{"a": 1}], name="tiny")
    shown = asked(record, data_sets)
    rows = {row["name"]: row for row in shown.values["rows"]}
    assert rows["credit"]["which"] == "v2"
    assert (rows["credit"]["used"], rows["tiny"]["used"]) == (1, 0)
    assert list(rows["credit"]["all_tags"]) == ["gold"]
    page = html(templates, shown)
    assert 'href="/data/credit/v2"' in page and 'href="/data/credit/gold"' in page


@pytest.mark.parametrize(("query", "names"), [("gold", ["credit"]), ("IN", ["tiny"]), ("zzz", [])])
def test_data_sets_are_filtered_by_name_and_tag(record, templates, query, names):
    gnomon.add_data([{"a": 1}], name="tiny")
    shown = asked(record, data_sets, query=[("q", query)])
    assert [row["name"] for row in shown.values["rows"]] == names
    assert query in html(templates, shown, "sets") or names


def test_data_sets_are_sorted_by_what_the_address_says_and_by_nothing_else(record):
    gnomon.add_data([{"a": 1}], name="tiny")
    names = [row["name"] for row in asked(record, data_sets, query=[("sort", "-size")]).values["rows"]]
    assert names == ["credit", "tiny"]
    with pytest.raises(BadArgumentError, match="sort"):
        asked(record, data_sets, query=[("sort", "__class__")])


def test_a_record_without_data_says_how_to_add_some(project, templates):
    with gnomon.run("lone"):
        pass
    assert "gnomon data add" in html(templates, asked(gnomon.open(), data_sets))


def test_a_data_set_shows_its_versions_newest_first_and_what_all_say_alike_once(record, templates):
    shown = asked(record, data_set, CREDIT)
    assert [row["which"] for row in shown.values["rows"]] == ["v2", "v1"]
    assert ("licence", "CC-BY-4.0") in shown.values["same"] and "licence" not in shown.values["columns"]
    assert [one.title for one in shown.values["histories"]] == ["Rows", "Size"]
    page = html(templates, shown)
    assert page.count('name="from"') == page.count('name="to"') == 2
    assert "shifted by 9" in page


def test_a_history_needs_two_values_and_keeps_the_places_of_those_without():
    assert history("Rows", [("v1", "/1", 3.0, "3")]) is None
    drawn = history("Rows", [("v1", "/1", 3.0, "3"), ("v2", "/2", None, ""), ("v3", "/3", 6.0, "6")])
    (first, _), (last, _) = drawn.bars
    assert last.x - first.x == 2 * 34.0 and last.height == 2 * first.height == 64.0


def test_a_version_shows_its_facts_its_profile_its_files_and_its_users(record, templates):
    shown = asked(record, version, {**CREDIT, "version": "v1"})
    page = html(templates, shown)
    for text in (
        "CC-BY-4.0",
        "personal",
        "not said",
        "reader",
        "train.csv",
        "gnomon data get credit@v1 --to DIR",
        "Oslo",
    ):
        assert text in page, text
    assert 'class="histogram"' in page
    assert "http://other/" in page and "?d" in page


def test_values_that_look_like_people_are_not_shown(record, templates):
    page = html(templates, asked(record, version, {**CREDIT, "version": "v1"}))
    assert "@x.org" not in page
    assert "its name suggests people or identifiers" in page


def test_a_profile_without_values_shows_none(project, templates):
    (project / "t.csv").write_text("city\n" + "Oslo\nLima\n" * 50)
    gnomon.add_data("t.csv", keep_values=False, pointer=False)
    page = html(templates, asked(gnomon.open(), version, {"name": "t", "version": "v1"}))
    assert "Oslo" not in page and 'class="histogram"' not in page


@pytest.mark.parametrize("which", ["v1", "gold", "latest", "id", "digest"])
def test_a_version_is_found_by_number_tag_id_and_digest(record, which):
    first = record.data("credit@v1")
    text = {"id": first.id[:8], "digest": first.object}.get(which, which)
    assert asked(record, version, {**CREDIT, "version": text}).title == (
        "credit@v2" if which == "latest" else "credit@v1"
    )


def test_a_version_that_is_not_there_is_an_error_that_names_near_ones(record):
    with pytest.raises(UnknownSubjectError, match="v9"):
        asked(record, version, {**CREDIT, "version": "v9"})


def test_two_versions_of_one_number_are_told_apart_by_their_ids(record, templates):
    written_apart("credit", 2, object_id="ab" * 32)
    with pytest.raises(AmbiguousIdError):
        asked(record, version, {**CREDIT, "version": "v2"})
    page = html(templates, asked(record, data_set, CREDIT))
    ours = [one.id for one in record.data_sets()[0].newest]
    assert all(f"/data/credit/{one}" in page for one in ours)


def test_files_are_filtered_and_bounded(record, templates):
    shown = asked(record, version, {**CREDIT, "version": "v1"}, [("find", "TRAIN")])
    assert [one["path"] for one in shown.values["file_rows"]] == ["train.csv"]
    shown = asked(record, version, {**CREDIT, "version": "v1"}, [("limit", "1")])
    assert (len(shown.values["file_rows"]), shown.values["file_total"]) == (1, 2)
    assert "1 more files are left out" in html(templates, shown, "filelist")


def test_bytes_that_the_record_does_not_hold_have_no_address(project, templates):
    (project / "t.csv").write_text("a\n1\n")
    gnomon.add_data("t.csv", by_reference=True, pointer=False)
    page = html(templates, asked(gnomon.open(), version, {"name": "t", "version": "v1"}))
    assert "http://other/" not in page and "bytes not kept" in page and "/croissant" not in page


def test_tags_are_given_and_taken_back(record):
    where = {**CREDIT, "version": "v2"}
    answer = asked(record, tags, where, form=[("tag", "clean"), ("tag", "gold")])
    assert answer == Redirect("/data/credit/v2")
    assert record.data("credit@v2").tags == ["clean", "gold"]
    assert record.data("credit@v1").tags == []  # a tag is one for the data set
    asked(record, tags, where, form=[("remove", "clean")])
    assert record.data("credit@v2").tags == ["gold"]


@pytest.mark.parametrize("form", [[], [("tag", "v3")], [("tag", "a b")], [("remove", "never")]])
def test_what_cannot_be_a_tag_is_refused(record, form):
    with pytest.raises(BadArgumentError):
        asked(record, tags, {**CREDIT, "version": "v1"}, form=form)
    assert record.data("credit@v1").tags == ["gold"]


def test_croissant_is_what_the_command_writes(record):
    answer = asked(record, croissant, {**CREDIT, "version": "v1"})
    assert isinstance(answer, Binary) and answer.name == "credit-v1.croissant.json"
    assert json.loads(b"".join(answer.parts))["name"] == "credit"


def test_a_difference_says_which_files_and_columns_moved(record, templates):
    shown = asked(record, difference, CREDIT)
    assert (shown.values["before"]["which"], shown.values["after"]["which"]) == ("v1", "v2")
    (table,) = shown.values["moved"]["tables"]
    moved = {column["name"]: column for column in table["moved"]}
    assert set(moved) == {"age"} and moved["age"]["drawn"].before and moved["age"]["drawn"].bars
    page = html(templates, shown)
    assert "2 changed" in page and "distribution moved by" in page
    assert shown.values["rows"]["found"] is None
    assert "p1@x.org" not in page  # rows are shown only where that is asked for


def test_rows_are_compared_where_that_is_asked_for(record, templates):
    query = [("from", "v1"), ("to", "v2"), ("rows", "1"), ("file", "train.csv"), ("key", "row")]
    rows = asked(record, difference, CREDIT, query).values["rows"]
    assert (rows["found"]["changed"], rows["found"]["same"]) == (400, 0)
    assert "400" in html(templates, asked(record, difference, CREDIT, query))
    wrong = asked(record, difference, CREDIT, [*query[:3], ("file", "nope.csv")])
    assert "no file" in html(templates, wrong)


def test_a_first_version_alone_has_no_difference(record):
    with pytest.raises(UsageError, match="first version"):
        asked(record, difference, CREDIT, [("to", "v1")])


def test_what_people_wrote_stays_text(project, templates):
    (project / "t.csv").write_text(f'"{HOSTILE}",b\n1,2\n')
    (project / "odd").mkdir()
    (project / "odd" / HOSTILE.replace("\u202e", "")).write_text("x")
    gnomon.add_data("t.csv", message=HOSTILE, origin=HOSTILE, licence=HOSTILE, pointer=False)
    gnomon.add_data("odd", pointer=False)
    opened = gnomon.open()
    for name in ("t", "odd"):
        pages = [
            asked(opened, data_sets), asked(opened, data_set, {"name": name}),
            asked(opened, version, {"name": name, "version": "v1"}),
        ]  # fmt: skip
        for shown in pages:
            page = html(templates, shown)
            assert "<img src=x" not in page and "\u202e" not in page


def test_columns_are_filtered_and_bounded(project):
    (project / "w.csv").write_text(",".join(f"c{at}" for at in range(30)) + "\n" + ",".join("1" * 30) + "\n")
    profile = profile_of(project / "w.csv")
    (table,) = tables(profile, "", 10)
    assert (len(table.columns), table.fitting, table.total) == (10, 30, 30)
    (table,) = tables(profile, "C2", 60)
    assert [one.name for one in table.columns] == ["c2", *(f"c2{at}" for at in range(10))]


@pytest.mark.parametrize(
    ("page", "path", "part"),
    [
        (data_sets, {}, "sets"), (data_set, CREDIT, "versions"),
        *((version, {**CREDIT, "version": "v1"}, part) for part in ("tagged", "profile", "filelist", "users")),
    ],
)  # fmt: skip
def test_a_live_part_can_be_asked_for_alone(record, templates, page, path, part):
    assert f'id="{part}"' in html(templates, asked(record, page, path), part)
