"""What a review is of: the parts with their anchors, the differences, where comments stand, and all of it on the page."""

from __future__ import annotations

import random
import sys
import time
from html.parser import HTMLParser

import pytest

import gnomon
from gnomon.errors import MissingExtraError
from gnomon.session import close_all
from gnomon.team.knowledge import pages
from gnomon.team.people import actions as people
from gnomon.team.reviews import actions
from gnomon.team.reviews.aligned import Cell, Output, aligned
from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME
from gnomon.team.reviews.placed import GONE, NOT_SHOWN, placed
from gnomon.team.reviews.shown import shown
from gnomon.team.writing import actions as writing
from tests.browser.hostile_record import PAYLOADS
from tests.unit.team.reviews.notebooks import keep_notebook, printed
from tests.unit.web.asking import Client

LOAD = ("load", "import pandas as pd\nframe = pd.read_csv('credit.csv')", [])
SPLIT = ("split", "train, test = split(frame, by='row')", [])
FIT = ("fit", "model = fit(train)\nprint(auc(model, test))", [printed("0.914\n")])
OURS = set(
    "a article bdi br button code dd details div dl dt em form h1 h2 h3 h4 h5 h6 hr i b input kbd label li main nav ol p pre "
    "section small span strong summary table tbody td textarea th thead time tr ul blockquote del s figure".split()
)
BETTER = [
    LOAD,
    ("split", "train, test = split(frame, by='customer')", []),
    ("check", "assert not set(train.id) & set(test.id)", []),
    ("fit", "model = fit(train)\nprint(auc(model, test))", [printed("0.861\n")]),
]


@pytest.fixture
def path(project):
    return project / ".gnomon"


@pytest.fixture
def record(path):
    with gnomon.run("made", dir=path, params={"lr": 0.1}) as run:
        run.log(auc=0.9)
    with gnomon.open(path) as found:
        yield found
    close_all()


def asked(record, of, **options):
    ana = people.become(record, "Ana").person
    return actions.request(record, of, [ana], **options)


def anchors(found):
    return [part.anchor for part in found.parts]


def part(found, anchor):
    return next(one for one in found.parts if one.anchor == anchor)


def signed(one):
    return [line.text for line in one.lines]


class Elements(HTMLParser):
    """The names of all elements and attributes of a text, and where they lead."""

    def __init__(self, text):
        super().__init__()
        self.names, self.attributes, self.targets = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value for name, value in attrs if name in ("href", "src", "action")]


# ---------------------------------------------------------------- what it is of


def test_a_run_with_a_notebook_is_shown_cell_by_cell(path, record):
    run = keep_notebook(path, [LOAD, SPLIT, FIT], lr=0.1)
    found = shown(asked(record, f"run:{run[:8]}"))
    assert anchors(found)[0] == "params"
    assert [one for one in anchors(found) if one[0] in "co"] == ["cell:1", "cell:2", "cell:3", "output:3"]
    assert signed(part(found, "cell:1")) == LOAD[1].split("\n")
    assert [line.anchor for line in part(found, "cell:1").lines] == ["cell:1:1", "cell:1:2"]
    assert signed(part(found, "output:3")) == ["0.914"]
    assert "notebook n.ipynb: run once each, from top to bottom" in found.notes


def test_a_cell_that_was_run_twice_is_one_part_and_one_that_is_in_no_file_is_named_by_its_run(path, record):
    again = ("split", "train, test = split(frame, by='customer')", [])
    run = keep_notebook(path, [LOAD, SPLIT, again, ("gone", "1 + 1", [])], ids=["load", "split"])
    found = shown(asked(record, f"run:{run[:8]}"))
    assert [one for one in anchors(found) if one.startswith("cell")] == ["cell:1", "cell:2", "cell:in-4"]
    assert signed(part(found, "cell:2")) == ["train, test = split(frame, by='customer')"]
    assert part(found, "cell:2").facts == ("run 2 times; as it was run last",)


def test_a_run_without_a_notebook_is_its_configuration(record):
    found = shown(asked(record, "run:@1"))
    assert [line.anchor for line in part(found, "params").lines] == ["params.lr"]
    assert signed(part(found, "metrics")) == ["auc: 0.9"]


def test_a_run_against_another_is_what_differs(path, record):
    with gnomon.run("deeper", dir=path, params={"lr": 0.01}) as run:
        run.log(auc=0.95)
    found = shown(asked(record, "run:@1", against="run:@2"))
    assert signed(part(found, "params")) == ["- lr: 0.1", "+ lr: 0.01"]
    assert part(found, "params").lines[1].anchor == "params.lr"
    assert signed(part(found, "metrics")) == ["- auc: 0.9", "+ auc: 0.95"]


def test_notebooks_are_compared_by_cells_and_outputs(path, record):
    before = keep_notebook(path, [LOAD, SPLIT, FIT, ("old", "frame.head()", [])])
    after = keep_notebook(path, BETTER)
    found = shown(asked(record, f"run:{after[:8]}", against=f"run:{before[:8]}"))
    whats = {one.anchor: one.what for one in found.parts if one.kind in ("cell", "output")}
    assert whats == {
        "cell:1": SAME, "cell:2": CHANGED, "cell:3": ADDED, "cell:4": SAME, "was:output:4": REMOVED, "output:4": ADDED,
        "was:cell:4": REMOVED,
    }  # fmt: skip
    assert signed(part(found, "cell:2")) == [
        "-train, test = split(frame, by='row')",
        "+train, test = split(frame, by='customer')",
    ]
    assert [line.anchor for line in part(found, "cell:2").lines] == ["", "cell:2:1"]
    assert signed(part(found, "was:cell:4")) == ["-frame.head()"]


@pytest.mark.slow
def test_versions_of_data_are_compared_by_files_and_columns(record, project):
    table = project / "credit.csv"
    for rows in (20, 30):
        table.write_text("age,region\n" + "".join(f"{20 + n},north\n" for n in range(rows)))
        record.add_data(str(table), name="credit")
    one = shown(asked(record, "data:credit@v1"))
    assert {"data", "files", "columns"} <= set(anchors(one))
    assert [line.anchor for line in part(one, "columns").lines] == ["column:age", "column:region"]
    both = shown(asked(record, "data:credit@v2", against="data:credit@v1"))
    assert "1 changed" in part(both, "files").title
    assert part(both, "columns").title == "columns: 20 → 30 rows"


def test_texts_are_compared_line_by_line(record):
    pages.write(record, "old", "Load it.\n\nSplit by row.\nFit.")
    pages.write(record, "new", "Load it.\n\nSplit by customer.\nFit.\n\nCheck it.")
    whole = shown(asked(record, "page:new"))
    assert anchors(whole) == ["line:1", "line:3", "line:6"]
    both = shown(asked(record, "page:new", against="page:old"))
    assert signed(part(both, "line:3")) == ["-Split by row.", "+Split by customer.", " Fit.", "+"]
    assert [one.what for one in both.parts] == [SAME, CHANGED, ADDED]


def test_kept_code_is_shown_by_file_and_line(record, monkeypatch):
    patch = b"diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -10,3 +11,3 @@ def x():\n a\n-b\n+c\n d\n"
    kept = {"diff": patch, "files/new.py": b"first\nsecond\n"}
    monkeypatch.setattr("gnomon.runs.capture.views.Captured.code_files", lambda _: kept)
    found = shown(asked(record, "run:@1"))
    lines = part(found, "code:train.py").lines
    assert [(line.text, line.anchor) for line in lines[1:]] == [
        (" a", "code:train.py:11"), ("-b", ""), ("+c", "code:train.py:12"), (" d", "code:train.py:13"),
    ]  # fmt: skip
    assert [line.anchor for line in part(found, "code:new.py").lines] == ["code:new.py:1", "code:new.py:2"]


def test_what_is_not_there_any_more_becomes_a_note(record):
    ana = people.become(record, "Ana").person
    fields = {"of": "run:x", "subject": f"run:{'0' * 20}", "hours": 8}
    made = writing.open_writing(record, "review", "Review", "", to=[ana.id], fields=fields)
    assert "cannot be shown" in shown(made).notes[0]
    odd = writing.open_writing(record, "review", "Review", "", to=[ana.id], fields={"subject": ["run"]})
    assert "does not say which subject" in shown(odd).notes[0]


# ---------------------------------------------------------------- bounds, and what is missing


def big(count, lines, ids):
    chance = random.Random(f"{count}{ids}")
    return tuple(
        Cell(
            f"{ids}{n}" if ids else "",
            "\n".join(f"v{chance.random()} = {chance.random()}" for _ in range(lines)),
            (Output("stream", "out", "\n".join(str(chance.random()) for _ in range(20)), ()),),
        )
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("count", "lines", "ids"), [(60, 20, ""), (1_000, 20, "x"), (1_000, 1, ""), (1, 4_000, "x")]
)
def test_comparing_is_bounded_whatever_the_notebooks_hold(count, lines, ids):
    before, after = (
        big(count, lines, ids),
        tuple(cell._replace(source=cell.source + "1") for cell in big(count, lines, ids)),
    )
    changed = tuple(cell._replace(source=cell.source[::-1]) for cell in after)
    aligned(before[:1], after[:1])  # what is imported is not counted
    begun = time.process_time()
    found = aligned(before, changed)
    assert time.process_time() - begun < 15
    assert sorted(pair.before for pair in found.pairs if pair.before is not None) == list(range(count))
    assert sorted(pair.after for pair in found.pairs if pair.after is not None) == list(range(count))
    assert found.unaligned == (0 if ids else 2 * count)


def test_cells_keep_their_order_where_some_were_moved():
    cells = [Cell(name, f"{name} = '{name * 40}'", ()) for name in "abcdef"]
    moved = [cells[place] for place in (3, 0, 1, 4, 2, 5)]
    found = aligned(tuple(cells), tuple(moved))
    both = [(pair.before, pair.after) for pair in found.pairs if None not in (pair.before, pair.after)]
    assert both == sorted(both) and len(both) == 4
    assert all(pair.is_same for pair in found.pairs if (pair.before, pair.after) in both)
    assert sorted(pair.after for pair in found.pairs if pair.after is not None) == list(range(6))


def test_a_huge_notebook_is_cut_and_says_so(path, record):
    cells = [(f"c{n}", f"x = {n}\n" * (2_000 if n == 0 else 1), []) for n in range(1_100)]
    run = keep_notebook(path, cells)
    review = asked(record, f"run:{run[:8]}")
    found = shown(review)
    assert part(found, "cell:1").left_out == 1_601  # its last line is empty
    assert len([one for one in found.parts if one.kind == "cell"]) == 1_000
    assert any(note.endswith("100 more cells not shown") for note in found.notes)
    late = writing.say(review, "here", part="cell:1:1500")
    commented = placed(writing.refreshed(review), found)
    assert [one.id for one in commented.parts[anchors(found).index("cell:1")].comments] == [late.id]


@pytest.mark.slow
def test_without_nbdime_the_message_says_what_to_install_and_the_page_shows_the_whole(
    path, record, monkeypatch
):
    aligned.cache_clear()
    monkeypatch.setitem(sys.modules, "nbdime", None)
    before = keep_notebook(path, [LOAD, SPLIT])
    after = keep_notebook(path, BETTER)
    review = asked(record, f"run:{after[:8]}", against=f"run:{before[:8]}")
    with pytest.raises(MissingExtraError) as caught:
        shown(review)
    assert caught.value.hint == "pip install 'gnomon[review]'"
    client = Client(path)
    try:
        text = client.get(f"/review/{review.id}").text
    finally:
        client.close()
    assert "notebooks are compared with the library nbdime" in text and "gnomon[review]" in text
    assert "by=&#39;customer&#39;" in text


# ---------------------------------------------------------------- comments


def test_comments_stand_at_their_part_or_line_and_answers_beside_them(path, record):
    run = keep_notebook(path, [LOAD, SPLIT, FIT])
    review = asked(record, f"run:{run[:8]}")
    first = writing.say(review, "which file?", part="cell:1:2")
    answer = writing.say(writing.refreshed(review), "that of data:credit@v3", reply_to=first.id)
    whole = writing.say(review, "this leaks", part="cell:2")
    free = writing.say(review, "well done", part="the introduction")
    gone = writing.say(review, "?", part="cell:9")
    review = writing.refreshed(review)
    found = shown(review)
    commented = placed(review, found)
    by_anchor = {one.part.anchor: one for one in commented.parts}
    (before, after) = by_anchor["cell:1"].pieces[0], by_anchor["cell:1"].comments
    assert [one.id for one in before.comments] == [first.id, answer.id] and not after
    assert [one.id for one in by_anchor["cell:2"].comments] == [whole.id]
    assert {said.id: why for said, why in commented.others} == {free.id: "", gone.id: GONE}
    cut = placed(review, found._replace(left_out=3))
    assert {said.id: why for said, why in cut.others}[gone.id] == NOT_SHOWN


@pytest.mark.slow
def test_a_comment_on_a_part_that_the_next_round_has_not_is_said_to_be_gone(path, record):
    before = keep_notebook(path, [LOAD, SPLIT, FIT])
    review = asked(record, f"run:{before[:8]}")
    said = writing.say(review, "needed?", part="cell:3")
    after = keep_notebook(path, [LOAD, ("split", "train, test = split(frame, by='customer')", [])])
    ana = people.become(record, "Ana").person
    review = actions.ask_again(writing.refreshed(review), ana, "without it", of=f"run:{after[:8]}")
    found = shown(review)
    assert (found.target.of, found.target.against) == (f"run:{after[:8]}", f"run:{before[:8]}")
    assert part(found, "cell:2").what == CHANGED and part(found, "was:cell:3").what == REMOVED
    assert [(one.id, why) for one, why in placed(review, found).others] == [(said.id, GONE)]
    assert not placed(review, shown(review, 1)).others
    client = Client(path)
    try:
        assert GONE in client.get(f"/review/{review.id}").text
    finally:
        client.close()


# ---------------------------------------------------------------- the page


@pytest.mark.slow
def test_the_page_shows_the_parts_with_a_form_each_that_comments_on_it(path, record):
    run = keep_notebook(path, [LOAD, SPLIT, FIT])
    review = asked(record, f"run:{run[:8]}")
    client = Client(path)
    try:
        text = client.get(f"/review/{review.id}").text
        assert 'name="part" value="cell:2"' in text and 'name="part" value="output:3"' in text
        sent = client.post(
            f"/writing/review/{review.id}/say", part="cell:2:1", text="this **leaks** the label"
        )
        assert sent.status == 303
        text = client.get(f"/review/{review.id}").text
        at = text.index("this <strong>leaks</strong> the label")
        assert (
            text.index("split(frame, by=") < at < text.index('value="cell:2"') < text.index('value="cell:3"')
        )
        assert text.count("this <strong>leaks</strong> the label") == 1
    finally:
        client.close()


@pytest.mark.slow
def test_a_long_notebook_has_several_pages_that_count_their_comments(path, record):
    run = keep_notebook(path, [(f"c{n}", f"x{n} = {n}", []) for n in range(130)])
    review = asked(record, f"run:{run[:8]}")
    writing.say(review, "here", part="cell:100")
    client = Client(path)
    try:
        first = client.get(f"/review/{review.id}").text
        assert "x10 = 10" in first and "x99 = 99" not in first
        assert f'href="/review/{review.id}?from=60#parts">61 to 120 (1 comment)' in first
        assert "x99 = 99" in client.get(f"/review/{review.id}?from=60").text
    finally:
        client.close()


@pytest.mark.slow
def test_a_hostile_notebook_becomes_no_element(path, record):
    cells = [("a", "\n".join(PAYLOADS), [printed("\n".join(PAYLOADS))])]
    before = keep_notebook(
        path, [("a", "\n".join(reversed(PAYLOADS)), []), ("b", "1", [])], name="<svg onload=pwned()>.ipynb"
    )
    run = keep_notebook(path, cells, name="<svg onload=pwned()>.ipynb")
    one = asked(record, f"run:{run[:8]}")
    two = asked(record, f"run:{run[:8]}", against=f"run:{before[:8]}")
    writing.say(one, "\n\n".join(PAYLOADS), part=f"cell:1:<svg onload={'x' * 20}>")
    client = Client(path)
    try:
        for review in (one, two):
            text = client.get(f"/review/{review.id}").text
            assert "cell:1" in text
            elements = Elements(text[text.index("<main") : text.index("</main>")])
            assert elements.names <= OURS
            assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]
            assert not [to for to in elements.targets if not to.startswith(("/", "#", "http"))]
    finally:
        client.close()
