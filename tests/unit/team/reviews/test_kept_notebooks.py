"""Reviews of notebooks that a run kept as files: cells, outputs, pictures, differences, comments; and hostile ones."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zlib

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.session import close_all
from gnomon.team.people import actions as people
from gnomon.team.reviews import actions, ipynb, kept_notebooks, page
from gnomon.team.reviews.aligned import aligned
from gnomon.team.reviews.ipynb import opened
from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME
from gnomon.team.reviews.placed import GONE, placed
from gnomon.team.reviews.shown import shown
from gnomon.team.writing import actions as writing
from tests.browser.hostile_record import HTML, PAYLOADS, SVG
from tests.unit.team.reviews.test_shown import OURS, Elements
from tests.unit.web.asking import Client


def png(shade=0):
    """A picture of one pixel."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes([0, shade]))) + chunk(b"IEND", b"")
    )


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(kind="display_data", **forms):
    data = {name.replace("__", "/"): value for name, value in forms.items()}
    return {"output_type": kind, "data": data, "metadata": {}}


def code(source, *outputs, count=1, id=""):
    return {
        "cell_type": "code", "source": source, "outputs": list(outputs), "execution_count": count, "metadata": {},
        **({"id": id} if id else {}),
    }  # fmt: skip


def markdown(source, id=""):
    return {"cell_type": "markdown", "source": source, "metadata": {}, **({"id": id} if id else {})}


def notebook(*cells, nbformat=4):
    file = {"cells": list(cells), "metadata": {}, "nbformat": nbformat, "nbformat_minor": 5}
    return json.dumps(file).encode()


TITLE = markdown("# Credit\n\nWho pays back?", "title")
LOAD = code(["import pandas as pd\n", "frame = pd.read_csv('credit.csv')"], id="load")
SPLIT = code("train, test = split(frame, by='row')", count=2, id="split")
FIT = code("print(auc(fit(train), test))", stream("0.914\n"), count=3, id="fit")
BY_CUSTOMER = code("train, test = split(frame, by='customer')", count=2, id="split")


@pytest.fixture
def path(project):
    return project / ".gnomon"


@pytest.fixture
def record(path):
    with gnomon.run("first", dir=path):
        pass
    with gnomon.open(path) as found:
        yield found
    close_all()


@pytest.fixture
def keep(project, path):
    """Keep files (name -> bytes) with a run of its own; return its id."""

    def keep(**files):
        close_all()
        with gnomon.run("kept", dir=path) as run:
            for name, data in files.items():
                file = project / (name.replace("__", ".") if "." not in name else name)
                file.write_bytes(data)
                run.keep(str(file))
        close_all()
        return run.id

    return keep


def asked(record, run, **options):
    record.replica.update()
    ana = people.become(record, "Ana").person
    return actions.request(record, f"run:{run[:8]}", [ana], **options)


def cells(found):
    return [one.anchor for one in found.parts if one.kind in ("cell", "output")]


def part(found, anchor):
    return next(one for one in found.parts if one.anchor == anchor)


def texts(one):
    return [line.text for line in one.lines]


# ---------------------------------------------------------------- one notebook


def test_a_kept_notebook_is_shown_cell_by_cell(record, keep):
    found = shown(asked(record, keep(analysis__ipynb=notebook(TITLE, LOAD, SPLIT, FIT))))
    assert cells(found) == [
        "cell:analysis.ipynb:1", "cell:analysis.ipynb:2", "cell:analysis.ipynb:3", "cell:analysis.ipynb:4",
        "output:analysis.ipynb:4",
    ]  # fmt: skip
    assert part(found, "cell:analysis.ipynb:1").facts == ("Markdown",)
    load = part(found, "cell:analysis.ipynb:2")
    assert texts(load) == ["import pandas as pd", "frame = pd.read_csv('credit.csv')"]
    assert [line.anchor for line in load.lines] == ["cell:analysis.ipynb:2:1", "cell:analysis.ipynb:2:2"]
    assert texts(part(found, "output:analysis.ipynb:4")) == ["0.914"]
    assert "notebook analysis.ipynb, as it was kept: 4 cells, run from top to bottom" in found.notes


def test_it_says_whether_the_cells_were_run_and_in_which_order():
    said = opened(
        "n", notebook(code("a", count=3), code("b", count=1), code("c", count=None), code("", count=None))
    )
    assert said.notes == (
        "notebook n, as it was kept: 4 cells, run in another order than they stand in, 1 not run",
    )
    assert [one.facts for one in said.cells] == [("In [3]",), ("In [1]",), ("not run",), ("not run",)]
    assert opened("n", notebook(code("a", count=None))).notes[0].endswith("1 cell, none of them run")


def test_errors_results_and_both_streams_are_shown_as_text():
    error = {
        "output_type": "error",
        "ename": "E",
        "evalue": "x",
        "traceback": ["\x1b[31mE\x1b[0m", "at line 1"],
    }
    [cell] = opened(
        "n", notebook(code("a", error, stream("out"), stream("err", "stderr"), display("execute_result", text__plain="7")))
    ).cells  # fmt: skip
    assert [(one.kind, one.stream, one.text) for one in cell.cell.outputs] == [
        ("error", "", "E\nat line 1"), ("stream", "out", "out"), ("stream", "err", "err"), ("result", "", "7"),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_picture_stands_in_the_page_and_html_is_only_named(record, keep, path):
    shows = display(text__plain="<Figure>", image__png=base64.encodebytes(png()).decode(), text__html=HTML)
    run = keep(analysis__ipynb=notebook(code("plot()", shows)))
    review = asked(record, run)
    output = part(shown(review), "output:analysis.ipynb:1")
    assert output.pictures == {"image/png": png()}
    assert output.facts == ("image/png", "text/html, not shown")
    client = Client(path)
    try:
        text = client.get(f"/review/{review.id}").text
    finally:
        client.close()
    assert f'src="data:image/png;base64,{base64.b64encode(png()).decode()}"' in text
    assert HTML not in text and "alert" not in text


@pytest.mark.slow
def test_a_page_with_too_many_pictures_says_so(record, keep, path, monkeypatch):
    monkeypatch.setattr(page, "PICTURES_BYTES", len(png()) + 1)
    shows = [display(image__png=base64.b64encode(png(shade)).decode()) for shade in (1, 2)]
    review = asked(record, keep(analysis__ipynb=notebook(code("plot()", *shows))))
    client = Client(path)
    try:
        text = client.get(f"/review/{review.id}").text
    finally:
        client.close()
    assert text.count("data:image/png") == 1 and text.count("this page has too many pictures") == 1


def test_notebooks_in_a_kept_folder_are_named_by_their_path(record, project, path):
    (project / "books").mkdir()
    (project / "books" / "b.ipynb").write_bytes(notebook(LOAD))
    (project / "books" / "notes.txt").write_text("none")
    with gnomon.run("kept", dir=path) as run:
        run.keep(str(project / "books"))
    close_all()
    assert cells(shown(asked(record, run.id))) == ["cell:books/b.ipynb:1"]


def test_the_last_file_of_a_name_counts_and_many_are_cut(record, keep, project, path, monkeypatch):
    monkeypatch.setattr(kept_notebooks, "MOST", 1)
    with gnomon.run("kept", dir=path) as run:
        for data in (notebook(LOAD), notebook(SPLIT)):
            (project / "a.ipynb").write_bytes(data)
            run.keep(str(project / "a.ipynb"))
        (project / "b.ipynb").write_bytes(notebook(LOAD))
        run.keep(str(project / "b.ipynb"))
    close_all()
    found = shown(asked(record, run.id))
    assert cells(found) == ["cell:a.ipynb:1"]
    assert texts(part(found, "cell:a.ipynb:1")) == [SPLIT["source"]]
    assert f"1 more notebook kept by run {run.id[:8]} not shown" in found.notes


# ---------------------------------------------------------------- against another


@pytest.mark.slow
def test_two_versions_are_compared_by_cells_and_outputs(record, keep):
    before = keep(analysis__ipynb=notebook(TITLE, LOAD, SPLIT, FIT))
    after = keep(
        analysis__ipynb=notebook(
            markdown("# Credit\n\nWho pays it back?", "title"), LOAD, BY_CUSTOMER, code("check()", count=3, id="new"),
            {**FIT, "outputs": [stream("0.861\n")]},
        )
    )  # fmt: skip
    found = shown(asked(record, after, against=f"run:{before[:8]}"))
    assert (
        "the notebooks differ as shown below; beside them, nothing that is recorded differs" in found.notes[0]
    )
    name = "analysis.ipynb"
    whats = {one.anchor: one.what for one in found.parts if one.kind in ("cell", "output")}
    assert whats == {
        f"cell:{name}:1": CHANGED, f"cell:{name}:2": SAME, f"cell:{name}:3": CHANGED, f"cell:{name}:4": ADDED,
        f"cell:{name}:5": SAME, f"was:output:{name}:5": REMOVED, f"output:{name}:5": ADDED,
    }  # fmt: skip
    assert texts(part(found, f"cell:{name}:3")) == [f"-{SPLIT['source']}", f"+{BY_CUSTOMER['source']}"]
    assert texts(part(found, f"cell:{name}:1")) == [" # Credit", " ", "-Who pays back?", "+Who pays it back?"]


def test_a_cell_whose_kind_changed_is_another_one():
    before, after = (
        tuple(one.cell for one in opened("n", notebook(*cells)).cells)
        for cells in ([code("x = 1", id="a"), LOAD], [markdown("x = 1", "a"), LOAD])
    )
    found = aligned(before, after)
    assert [(pair.before, pair.after) for pair in found.pairs if pair.is_same] == [(1, 1)]
    assert len(found.pairs) == 3


def test_a_picture_that_changed_is_a_change(record, keep):
    files = [
        notebook(code("plot()", display(image__png=base64.b64encode(png(n)).decode()), id="a"))
        for n in (0, 9)
    ]
    before, after = (keep(analysis__ipynb=one) for one in files)
    output = part(shown(asked(record, after, against=f"run:{before[:8]}")), "output:analysis.ipynb:1")
    assert output.what in (CHANGED, ADDED) and output.pictures == {"image/png": png(9)}


def test_the_same_file_is_said_to_be_the_same(record, keep):
    before, after = (keep(analysis__ipynb=notebook(LOAD)) for _ in range(2))
    found = shown(asked(record, after, against=f"run:{before[:8]}"))
    assert cells(found) == []
    assert "notebook analysis.ipynb is the same in both runs, to the byte" in found.notes


@pytest.mark.slow
def test_of_two_names_the_only_ones_are_compared_and_others_shown_whole(record, keep):
    before = keep(old__ipynb=notebook(LOAD))
    after = keep(new__ipynb=notebook(LOAD, SPLIT))
    found = shown(asked(record, after, against=f"run:{before[:8]}"))
    assert [one.what for one in found.parts if one.kind == "cell"] == [SAME, ADDED]
    two = keep(new__ipynb=notebook(LOAD), more__ipynb=notebook(LOAD))
    found = shown(asked(record, two, against=f"run:{before[:8]}"))
    assert {one.what for one in found.parts if one.kind == "cell"} == {ADDED}
    assert f"run {before[:8]} kept no new.ipynb: the whole of it is shown" in found.notes
    found = shown(asked(record, before, against=f"run:{two[:8]}"))
    assert sum("kept no" in note for note in found.notes) == 3
    without = keep(plain__txt=b"x")
    found = shown(asked(record, without, against=f"run:{before[:8]}"))
    assert f"run {before[:8]} kept old.ipynb, and run {without[:8]} no notebook" in found.notes


# ---------------------------------------------------------------- comments


@pytest.mark.slow
def test_comments_stand_at_a_cell_a_line_or_an_output_of_the_file(record, keep, path):
    review = asked(record, keep(analysis__ipynb=notebook(TITLE, LOAD, SPLIT, FIT)))
    client = Client(path)
    try:
        for name, text in (
            ("cell:analysis.ipynb:2:2", "which file?"), ("output:analysis.ipynb:4", "of which split?"),
        ):  # fmt: skip
            assert client.post(f"/writing/review/{review.id}/say", part=name, text=text).status == 303
        where = f"/writing/review/{review.id}/say"
        refused = client.post(where, part="cell:analysis.ipynb:9", text="kept words")
        assert refused.status == 400 and "has no part" in refused.text and "kept words" in refused.text
        writing.say(review, "gone", part="cell:analysis.ipynb:9")  # by an older Gnomon, say
        text = client.get(f"/review/{review.id}").text
    finally:
        client.close()
    assert 'name="part" value="cell:analysis.ipynb:3"' in text
    review = writing.refreshed(review)
    commented = placed(review, shown(review))
    by_anchor = {one.part.anchor: one for one in commented.parts}
    assert [one.text for one in by_anchor["cell:analysis.ipynb:2"].pieces[0].comments] == ["which file?"]
    assert [one.text for one in by_anchor["output:analysis.ipynb:4"].comments] == ["of which split?"]
    assert [(one.text, why) for one, why in commented.others] == [("gone", GONE)]


def test_the_command_shows_the_cells(record, keep, capsys):
    review = asked(record, keep(analysis__ipynb=notebook(TITLE, FIT)))
    assert main(["reviews", "show", review.label]) == 0
    out = capsys.readouterr().out
    assert "cell:analysis.ipynb:2  analysis.ipynb, cell 2  [In [3]]" in out
    assert "output:analysis.ipynb:2" in out and "0.914" in out


# ---------------------------------------------------------------- hostile ones


@pytest.mark.slow
def test_a_hostile_notebook_becomes_no_element(record, keep, path):
    shows = display(
        text__plain="\n".join(PAYLOADS), text__html=HTML, application__javascript="pwned()",
    )  # fmt: skip
    shows["data"]["image/svg+xml"] = SVG
    cells = [
        code("\n".join(PAYLOADS), shows, stream("\n".join(PAYLOADS)), id="<svg onload=pwned()>"),
        markdown(HTML + "\n".join(PAYLOADS)), {"cell_type": PAYLOADS[0], "source": HTML},
    ]  # fmt: skip
    name = "<svg onload=pwned()>.ipynb"
    before = keep(**{name: notebook(code("1"))})
    run = keep(**{name: notebook(*cells)})
    client = Client(path)
    try:
        for review in (asked(record, run), asked(record, run, against=f"run:{before[:8]}")):
            text = client.get(f"/review/{review.id}").text
            assert f"cell:{name}".replace("<", "&lt;").replace(">", "&gt;") in text
            elements = Elements(text[text.index("<main") : text.index("</main>")])
            assert elements.names <= OURS | {"img"}
            assert not [one for one in elements.attributes if one.startswith("on") or one == "style"]
            inside = [to for to in elements.targets if not to.startswith(("/", "#", "http"))]
            assert [to.partition(",")[0] for to in inside] == [
                "data:image/svg+xml;base64"
            ]  # of an `img`: a picture
    finally:
        client.close()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no JSON that can be read"),
        (b'{"cells": [', "is no JSON that can be read"),
        (b"\xff\xfe\x00", "is no JSON that can be read"),
        (b'{"nbformat": 4, "x": ' + b"[" * 200_000, "is no JSON that can be read"),
        (b"[]", "is no notebook as nbformat 4 says: Expected `object`, got `array`"),
        (b'{"cells": []}', "is no notebook as nbformat 4 says: Object missing required field `nbformat`"),
        (b'{"nbformat": 4}', "is no notebook as nbformat 4 says: Object missing required field `cells`"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "$.cells[0].source"),
        (b'{"nbformat": 3, "worksheets": []}', "is of nbformat 3: `jupyter nbconvert"),
        (b'{"nbformat": 5, "cells": []}', "is of nbformat 5, which is newer"),
        (b'{"nbformat": 4e99, "cells": []}', "is no notebook as nbformat 4 says"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_says_why(data, why):
    found = opened("n.ipynb", data)
    assert found.cells == () and len(found.notes) == 1
    assert why in found.notes[0]


@pytest.mark.slow
def test_of_a_broken_one_the_other_parts_are_shown_and_nothing_is_compared(record, keep):
    broken = keep(analysis__ipynb=b"{")
    good = keep(analysis__ipynb=notebook(LOAD))
    found = shown(asked(record, good, against=f"run:{broken[:8]}"))
    assert cells(found) == ["cell:analysis.ipynb:1"]
    assert any("is no JSON" in note for note in found.notes)
    assert any("is no JSON" in note for note in shown(asked(record, broken)).notes)


@pytest.mark.slow
def test_a_notebook_of_a_hundred_megabytes_is_not_read(record, keep, monkeypatch):
    read = []
    monkeypatch.setattr(kept_notebooks, "opened", lambda *given: read.append(given))
    run = keep(huge__ipynb=b'{"nbformat": 4, "cells": [], "x": "' + b"a" * (100 << 20) + b'"}')
    [note] = [one for one in shown(asked(record, run)).notes if "huge" in one]
    assert note.startswith("notebook huge.ipynb has 1") and f"`gnomon get {run[:8]} huge.ipynb`" in note
    assert read == []


def test_what_is_shown_of_a_notebook_is_bounded():
    wide = code("x" * 2_000_000, stream("y" * 2_000_000), *[stream("z")] * 40)
    found = opened("n", notebook(wide, *[code("1")] * 1_200))
    first = found.cells[0]
    assert len(found.cells) == 1_000 and "201 more cells of n not shown" in found.notes
    assert len(first.cell.source) == ipynb.LONGEST_SOURCE
    assert first.facts == ("In [1]", "1,600,000 characters left out", "21 more outputs")
    assert len(first.cell.outputs) == 20
    assert len(first.cell.outputs[0].text) == 8_000 and first.cell.outputs[0].cut == 2_000_000 - 8_000


def test_pictures_are_bounded_and_have_to_be_base64(monkeypatch):
    monkeypatch.setattr(ipynb, "MOST_PICTURE_BYTES", 1_000)
    monkeypatch.setattr(ipynb, "MOST_PICTURES_BYTES", 1_500)
    pictures = [b"a" * 900, b"b" * 1_001, b"c" * 900, b"d" * 5_000]
    shows = [display(image__png=base64.b64encode(one).decode()) for one in pictures]
    found = opened("n", notebook(code("x", *shows, display(image__png='" onerror="pwned()'))))
    assert list(found.pictures.values()) == [b"a" * 900]
    said = [dict(one.forms)["image/png"] for one in found.cells[0].cell.outputs]
    assert said[1:] == ["not shown: 1.0 kB", "not shown: 900 B", "not shown: 6.7 kB", "not shown: no base64"]


HOG = """
import resource, sys
from gnomon.team.reviews.ipynb import MOST_BYTES, opened
one, before, after = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3].encode()
data = before + one * ((MOST_BYTES - len(before) - len(after)) // len(one) - 1) + one.rstrip(b",") + after
begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
opened("n", data)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        ('{"cell_type":""},', '{"nbformat":4,"cells":[', "]}"),
        ("[],", '{"nbformat":4,"cells":[],"metadata":[', "]}"),
        ('{"output_type":""},', '{"nbformat":4,"cells":[{"cell_type":"code","outputs":[', "]}]}"),
        ('"ab",', '{"nbformat":4,"cells":[{"cell_type":"code","source":[', "]}]}"),
        ("[],", '{"nbformat":4,"cells":[{"cell_type":"code","outputs":[{"output_type":"","data":{"text/html":[', "]}}]}]}"),
    ],
)  # fmt: skip
def test_the_worst_file_of_the_largest_size_takes_bounded_memory(one, before, after):
    done = subprocess.run(
        [sys.executable, "-c", HOG, one, before, after], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 600  # MB
