"""The pages about lineage: what is drawn, what is left out and counted, what is named unknown, and whom to tell."""

from __future__ import annotations

import re

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.lineage import bounded, naming
from gnomon.lineage.pages.drawn_graph import drawn_graph
from gnomon.lineage.pages.names import names
from gnomon.lineage.pages.reached import reached
from gnomon.lineage.placing import DOWN, HEIGHT, WIDTH, drawing
from gnomon.page import Ask, Shown, Values
from gnomon.web.templates import Templates
from tests.unit.lineage.made import data, digest, run, run_id

HOSTILE = "<svg onload=alert(1)>\"'\u202e&amp;"
AROUND = {
    "navigation": [], "path": "/lineage", "here": "/lineage", "record_name": "r", "marks": "", "token": "t", "instance": "i",
}  # fmt: skip


@pytest.fixture(scope="module")
def templates():
    return Templates(["gnomon.web", "gnomon.data", "gnomon.lineage"])


def asked(page, **query):
    return page(Ask(gnomon.open(), {}, Values([(name, str(value)) for name, value in query.items()])))


def html(templates, shown, part=""):
    assert isinstance(shown, Shown)
    made = templates.show(shown.template, {**AROUND, **shown.values, "title": shown.title}, part)
    assert made is not None
    assert "style=" not in made
    assert not re.search(r"<script(?! src=)", made)
    return made


def labels(shown):
    return [box["label"] for box in shown.values["boxes"]]


@pytest.fixture
def chain(project):
    """A source, data, a run that keeps a model, a run that reads it by its bytes alone and keeps a report."""
    data("credit", origin="bank")
    run("train", uses=["credit"], keeps=["model.bin"])
    run("report", reads=["model.bin"], keeps=["report.md"])


def test_the_start_names_what_to_begin_from(chain, templates):
    page = html(templates, asked(drawn_graph))
    assert 'href="/lineage?of=credit%40v1"' in page
    assert f'href="/lineage?of=run:{run_id("train")}"' in page.replace("%3A", ":")


def test_a_record_with_nothing_to_follow_says_what_makes_links(project, templates):
    run("lone")
    gnomon.open()
    assert "run.use(" not in html(templates, asked(drawn_graph), "recent")  # there is a run to begin from


def test_the_whole_way_is_drawn_and_each_box_leads_to_its_page(chain, templates):
    shown = asked(drawn_graph, of="run:train")
    assert set(labels(shown)) == {"bank", "credit@v1", "train", "model.bin", "report", "report.md"}
    page = html(templates, shown)
    for address in (
        f"/run/{run_id('train')}",
        f"/data/credit/{run_id('credit')}",
        f"of=object%3A{digest('model.bin')}",
        "of=source%3Abank",
    ):
        assert f'href="{address}' in page or address in page, address


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"up": 1}, {"bank", "credit@v1", "train"}),
        ({"down": 1}, {"train", "model.bin", "report", "report.md"}),
        ({"depth": 1}, {"credit@v1", "train", "model.bin"}),
        ({"find": "REPORT.MD"}, {"train", "model.bin", "report", "report.md"}),
    ],
)
def test_the_address_says_which_part_is_drawn(chain, query, kept):
    assert set(labels(asked(drawn_graph, of="run:train", **query))) == kept


def test_words_that_nothing_has_leave_what_was_asked_about(chain, templates):
    shown = asked(drawn_graph, of="run:train", find="zzz")
    assert labels(shown) == ["train"]
    assert "zzz" in html(templates, shown)


def test_links_by_content_and_unknown_links_are_told_apart(chain, templates):
    page = html(templates, asked(drawn_graph, of="run:report"))
    assert 'class="content"' in page and "by content" in page
    run("mystery")
    shown = asked(drawn_graph, of="run:mystery")
    assert labels(shown) == ["mystery", "unknown"]
    page = html(templates, shown)
    assert 'class="unknown"' in page and "it recorded no inputs" in page


def test_nothing_is_called_unknown_when_only_what_came_of_it_is_asked_for(project):
    run("mystery")
    assert labels(asked(drawn_graph, of="run:mystery", down=1)) == ["mystery"]


def test_what_is_only_not_drawn_is_not_called_unknown(chain):
    assert labels(asked(drawn_graph, of="run:report", depth=1)) == ["report", "model.bin", "report.md"]
    assert "unknown" not in labels(asked(drawn_graph, of="run:report", find="report.md"))


def test_a_version_of_known_origin_has_no_doubt(chain):
    shown = asked(drawn_graph, of="credit")
    assert all(not box["doubt"] for box in shown.values["boxes"] if box["label"] == "credit@v1")


def test_many_are_counted_in_one_box_that_leads_to_more_of_them(project, templates):
    data("credit", origin="bank")
    for at in range(30):
        run(f"r{at}", uses=["credit"])
    shown = asked(drawn_graph, of="credit")
    assert "22 runs more" in labels(shown)
    assert shown.values["left_out"] == 22
    assert "step=1" in html(templates, shown)
    assert len(labels(asked(drawn_graph, of="credit", step=1))) == 32


def test_a_part_counts_only_what_it_does_not_show(project):
    data("credit", origin="bank")
    for at in range(20):
        run(f"r{at}", uses=["credit"], keeps=[f"f{at}"])
    part = bounded.part(gnomon.open().lineage("data:credit", down=True), wide=3, most=10)
    assert len(part.graph) == 7  # the version, three runs, and what each kept
    assert {(one.key, one.many) for one in part.more} == {(f"data:{run_id('credit')}", 17)}


def points_of(path):
    """Return points along a path that is made of cubic curves."""
    start, *curves = path.removeprefix("M").split("C")
    x, y = map(float, start.split())
    for curve in curves:
        x1, y1, x2, y2, x3, y3 = map(float, curve.split())
        for at in range(33):
            t, u = at / 32, 1 - at / 32
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            yield (
                sum(weight * one for weight, one in zip(weights, (x, x1, x2, x3), strict=True)),
                sum(weight * one for weight, one in zip(weights, (y, y1, y2, y3), strict=True)),
            )
        x, y = x3, y3


def test_boxes_do_not_overlap_and_curves_pass_between_them(project):
    """A version that is used directly and through a file: the long curve has a place of its own in the column between."""
    data("credit", origin="bank")
    run("prepare", uses=["credit"], keeps=["features"])
    run("train", uses=["credit"], reads=["features"])
    found = drawing(gnomon.open().lineage("run:train", up=True))
    boxes = {box.node.label: box for box in found.boxes}
    for one in found.boxes:
        for other in found.boxes:
            assert one is other or one.x != other.x or abs(one.y - other.y) >= DOWN - 1e-6
    ends = (boxes["credit@v1"].node.key, boxes["train"].node.key)
    long = next(curve for curve in found.curves if (curve.source, curve.target) == ends)
    others = [box for box in found.boxes if box.node.key not in ends]
    for x, y in points_of(long.path):
        assert not any(box.x < x < box.x + WIDTH and box.y < y < box.y + HEIGHT for box in others)
    assert all(box.x + WIDTH <= found.width and 0 <= box.y <= found.height - HEIGHT for box in found.boxes)


def test_a_circle_is_drawn_all_the_same(project):
    data("a", parents=["b"])
    data("b", parents=["a"])
    assert len(drawing(gnomon.open().lineage("data:a")).boxes) == 2


def test_the_tree_says_the_same_in_lines(chain, templates):
    page = html(templates, asked(drawn_graph, of="run:train"))
    assert "Came from" in page and "Led to" in page and "used by" in page
    assert page.index("credit@v1") < page.index("report.md")


def test_a_file_is_found_by_the_name_that_a_run_kept_it_under_and_the_disk_is_not_looked_at(chain, project):
    (project / "elsewhere.txt").write_text("on the disk")
    assert asked(drawn_graph, of="model.bin").title == "Lineage of model.bin"
    with pytest.raises(UnknownSubjectError, match=r"elsewhere\.txt"):
        asked(drawn_graph, of="elsewhere.txt")
    with pytest.raises(UnknownSubjectError):
        asked(drawn_graph, of=str(project / "elsewhere.txt"))
    with pytest.raises(UnknownSubjectError):
        asked(reached, of=str(project / "elsewhere.txt"))


def test_one_name_of_several_files_is_an_error_that_names_them(project):
    for at in range(2):
        with gnomon.run(f"keeps-{at}") as kept:
            (project / "model.bin").write_text(str(at))
            kept.keep("model.bin")
    with pytest.raises(AmbiguousIdError) as failed:
        naming.resolve(gnomon.open(), "model.bin", reads_disk=False)
    assert failed.value.hint.count("object:") == 2


@pytest.mark.parametrize("query", [{"depth": "x"}, {"step": 9}, {"depth": -1}])
def test_numbers_that_are_none_are_refused(chain, query):
    with pytest.raises(BadArgumentError):
        asked(drawn_graph, of="run:train", **query)


def test_suggestions_are_data_runs_files_and_sources_that_have_the_words(chain, project):
    with gnomon.run("keeper") as kept:
        (project / "weights.bin").write_text("1")
        kept.keep("weights.bin")
    found = asked(names, q="").value
    assert {one["value"].partition(":")[0] for one in found} >= {"credit@v1", "run", "object", "source"}
    assert [one["note"] for one in asked(names, q="WEIGHTS").value] == ["weights.bin, file kept by keeper"]
    for one in found:
        asked(drawn_graph, of=one["value"])  # each can be asked about as it stands


def test_a_reach_has_three_parts_and_says_whom_to_tell(chain, templates):
    data("other")
    run("mystery")
    shown = asked(reached, of="credit")
    found = shown.values["found"]
    assert found["reached_words"] == "2 runs, 2 files"
    assert {one["why"] for one in found["perhaps"]} == {
        "it recorded no inputs",
        "nobody said where this data is from, and no run made it",
    }
    assert found["told"][0][0].startswith("device ")
    page = html(templates, shown)
    for text in ("train", "by content", "mystery", "made run (2)"):
        assert text in page, text
    for line in (
        "asked about",
        "  data credit@v1",
        "reached: 2 runs, 2 files",
        "perhaps reached: 2",
        "not reached: ",
    ):
        assert line in found["text"], line


def test_a_reach_of_a_source_takes_a_part_of_its_name(chain):
    assert asked(reached, origin="BAN").values["found"]["reached_count"] == 5


def test_a_long_reach_is_bounded_and_says_by_how_much(project, templates):
    data("credit", origin="bank")
    for at in range(60):
        run(f"r{at}", uses=["credit"])
    page = html(templates, asked(reached, of="credit"))
    assert "10 more" in page and "most=20000" in page


def test_what_people_wrote_stays_text(project, templates):
    data("credit", origin=HOSTILE)
    run(HOSTILE, uses=["credit"], keeps=[HOSTILE], note=HOSTILE)
    for shown in (
        asked(drawn_graph), asked(drawn_graph, of="credit"), asked(drawn_graph, of="credit", find=HOSTILE),
        asked(reached, of="credit"), asked(reached, origin=HOSTILE),
    ):  # fmt: skip
        page = html(templates, shown)
        assert "<svg onload" not in page
        assert "\u202e" not in page
