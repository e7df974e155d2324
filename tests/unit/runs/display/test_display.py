"""What notebooks show: readable, bounded, and nothing that a record holds becomes markup."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

import gnomon
from gnomon.runs.display.markdown import rendered
from gnomon.runs.display.markup import Html, joined, tag
from gnomon.runs.display.shorten import short
from gnomon.runs.display.sparkline import Whiskers, sparkline
from gnomon.runs.run_view import Note

EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>\x1b[31m\u202e\x00"
BOUND = 150_000
TAGS = frozenset(
    "div style b i p a ul ol li pre code span details summary table thead tbody tr th td svg path circle".split()
)
ATTRIBUTES = frozenset(
    "class open title href rel viewbox width height d x y cx cy r role start aria-hidden".split()
)  # as the parser has them: in small letters


class Checked(HTMLParser):
    """Fails on what we never write; keeps the text that a reader sees."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.links, self.open, self.rows = "", list[str](), list[str](), 0
        self.feed(markup)
        self.close()
        assert not self.open, "every element is closed"
        assert len(markup) < BOUND
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", markup)
        style = re.search(r"<style>(.*?)</style>", markup)
        assert style is None or not re.search(r"url\(|@import|https?:|(^|\})(?!\.gnomon)[^{}]", style[1])

    def handle_starttag(self, name, attributes):
        assert name in TAGS
        for key, value in attributes:
            assert key in ATTRIBUTES
            if key == "href":
                assert value.startswith(("https://", "http://"))
                self.links.append(value)
        self.open.append(name)
        self.rows += name == "tr"

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, text):
        if self.open and self.open[-1] != "style":
            self.text += text

    def handle_comment(self, text):
        raise AssertionError("no comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


def seen(shown) -> Checked:
    return Checked(shown._repr_html_())


def make(name="one", *, seed=None, group=None, params=None, losses=(3.0, 2.0, 1.0), **more) -> str:
    with gnomon.run(name, seed=seed, group=group, params=params) as run:
        for step, loss in enumerate(losses):
            run.log({"loss": loss, **more}, step=step)
    return run.id


# ---------------------------------------------------------------- a run


def test_a_run_shows_what_it_is(project):
    with gnomon.run(
        "first", params={"lr": 0.1, "opt": {"name": "adam"}}, seed=7, group="g", tags=["café"]
    ) as run:
        for step in range(50):
            run.log({"loss": 1 / (step + 1), "auc": 0.5}, step=step)
        run.note("Flat after **40** steps.")
        (project / "model.bin").write_bytes(b"x" * 1234)
        run.keep("model.bin")
    shown = seen(gnomon.open().run(run.id))
    for text in ("first", run.id[:8], "finished", "group g", "seed 7", "café", "lr", "0.1", "opt.name", "adam", "0.02", "50",
                 "Flat after 40 steps.", "model.bin", "1.2 kB"):  # fmt: skip
        assert text in shown.text
    assert gnomon.open().run(run.id)._repr_html_().count("<svg") == 2


def test_a_run_that_failed_shows_why(monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "python")
    with pytest.raises(ZeroDivisionError), gnomon.run() as run:
        run.log(loss=1)
        1 / 0
    shown = seen(gnomon.open().run(run.id))
    assert "failed" in shown.text and "ZeroDivisionError: division by zero" in shown.text


def test_nothing_of_a_hostile_run_becomes_markup():
    with gnomon.run(EVIL, params={EVIL: EVIL, "x": [{EVIL: EVIL}]}, group=EVIL, tags=[EVIL]) as run:
        run.log({EVIL: 1.0, "loss": 2.0})
        run.log({EVIL: 2.0, "loss": 2.0})
        run.note(EVIL + f"\n# {EVIL}\n- {EVIL}\n> {EVIL}\n```\n{EVIL}\n```\n[{EVIL}](javascript:alert(3))")
    record = gnomon.open()
    view = record.run(run.id)
    for shown in (view, record.runs(), view.notes[0], view.series(EVIL), view.stats[EVIL, 0], record.groups(), record.groups()[0],
                  record.compare(run.id, make("two"))):  # fmt: skip
        page = seen(shown)
        assert page.text
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", repr(shown)), "nor does it touch a terminal"
    assert "<img src=x" in seen(view).text, "it is shown as it was written"


@pytest.mark.slow
def test_a_huge_run_is_bounded():
    long = "x" * 1_000_000
    with gnomon.run(
        long, params={**{f"p{n}": n for n in range(10_000)}, "long": long}, tags=[f"t{n}" for n in range(500)]
    ) as run:
        run.log({f"m{n}": n for n in range(500)})
        for n in range(50):
            run.note(f"{n} {long[:30_000]}")
    record = gnomon.open()
    shown = seen(record.run(run.id))
    assert "10,001 parameters" in shown.text and "and 9,971 more parameters" in shown.text
    assert "500 metrics" in shown.text and "and 470 more metrics" in shown.text
    assert "45 earlier notes" in shown.text
    assert "and" in seen(record.runs()).text
    assert len(repr(record.run(run.id))) < 200


@pytest.mark.parametrize(
    "values",
    [
        [math.nan] * 3,
        [math.nan, 1.0, math.inf, 2.0, -math.inf],
        [1e308, -1e308, 1e308],
        [2**2000, 1, 2**2000],
        [0.0, 0.0, 0.0],
    ],
)
def test_odd_numbers_are_shown(values):
    made = make(losses=values)
    view = gnomon.open().run(made)
    assert "loss" in seen(view).text
    seen(view.series("loss"))
    seen(view.stats["loss", 0])


def test_a_run_without_anything_is_shown():
    with gnomon.run() as run:
        pass
    view = gnomon.open().run(run.id)
    assert "(no name)" in seen(view).text or view.name in seen(view).text


def test_the_run_that_is_made_is_shown_as_it_stands():
    run = gnomon.run("live", seed=3)
    before = seen(run)
    assert "live" in before.text and "running" in before.text and "nothing is logged yet" in before.text
    run.log(loss=1)
    run.log(loss=2)
    after = seen(run)
    assert "loss" in after.text and "running" in after.text and "1 metric" in after.text
    run.finish()
    assert "finished" in seen(run).text


def test_a_run_whose_record_cannot_be_read_is_shown_by_its_name(project, monkeypatch):
    run = gnomon.run("lost")
    run.log(loss=1)

    def fail(*_, **__):
        raise OSError("no disk")

    monkeypatch.setattr("gnomon.runs.views.open", fail)
    assert "lost" in seen(run).text and "step 0" in seen(run).text


# ---------------------------------------------------------------- tables


def test_a_table_says_how_many_of_how_many_and_what_varies():
    for seed in range(60):
        make("trees", seed=seed, params={"depth": seed % 3, "lr": 0.1})
    record = gnomon.open()
    shown = seen(record.runs())
    assert "50 of 60 runs" in shown.text and shown.rows == 51
    assert "depth" in shown.text and "lr" not in shown.text, "what is the same in all tells nothing"
    assert "7 of 60 runs" in seen(record.runs(limit=7)).text
    assert repr(record.runs(limit=7)).startswith("<RunTable of 7 of 60 runs")
    assert "no run" in seen(record.runs("metrics.loss > 100")).text


def test_of_many_runs_only_those_that_are_shown_are_read(monkeypatch):
    for seed in range(60):
        make("trees", seed=seed, params={"depth": seed % 3, "first": seed == 0})
    monkeypatch.setattr("gnomon.runs.display.runs.MANY", 55)
    record = gnomon.open()
    table = record.runs()
    monkeypatch.setattr(table, "_read", None)  # reads all
    shown = seen(table)
    assert "50 of 60 runs" in shown.text and shown.rows == 51
    assert "depth" in shown.text and "first" not in shown.text
    again = record.runs()
    assert again.head(3).to_pylist() == again.to_pylist()[:3] == again.head(3).to_pylist()


def test_numbers_stand_to_the_right_and_times_can_be_read():
    make(params={"depth": 3})
    markup = gnomon.open().runs()._repr_html_()
    assert re.search(r'<th class="n">loss</th>', markup) and re.search(
        r'<td class="n">(<span class="t">)?1(</span>)?</td>', markup
    )
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", markup) and not re.search(r">1\d{9}", markup)


def test_a_name_that_two_columns_share_is_told_apart():
    make(params={"lr": 0.1}, lr=0.2)
    text = seen(gnomon.open().runs()).text
    assert "params.lr" in text and "metrics.lr" in text
    text = seen(gnomon.open().groups()).text
    assert "params.lr" in text and "metrics.lr" in text


def test_an_unknown_column_is_said():
    make()
    assert "no run has `metrics.lss`" in seen(gnomon.open().runs("metrics.lss > 1 or metrics.loss > 0")).text


# ---------------------------------------------------------------- groups and comparisons


@pytest.fixture
def seeds():
    for depth, centre in ((2, 1.0), (4, 5.0)):
        for seed in range(4):
            make("trees", seed=seed, group="g", params={"depth": depth}, losses=[9.0, centre + 0.01 * seed])
    return gnomon.open()


def test_groups_show_mean_and_spread(seeds):
    shown = seen(seeds.groups())
    assert "5.015 ± 0.013" in shown.text and "2 groups" in shown.text
    assert "seeds 0, 1, 2, 3" in seen(seeds.groups()[0]).text


def test_a_contest_shows_its_sentence_and_its_intervals(seeds):
    found = seeds.compare_groups("loss")
    shown = seen(found)
    assert found.sentence in shown.text and "worse" in shown.text and "best mean" in shown.text
    assert found._repr_html_().count("<svg") == 2


def test_a_comparison_shows_what_differs_and_by_how_much(seeds):
    one, *_, other = seeds.runs().ids
    found = seeds.compare(one, other)
    shown = seen(found)
    assert found.sentence[1:] in shown.text and "depth" in shown.text
    assert "-4.03" in shown.text or "+4.03" in shown.text


def test_a_series_is_shown_with_its_curve():
    made = make(losses=[3.0, 1.0, 2.0])
    view = gnomon.open().run(made)
    shown = seen(view.series("loss"))
    for text in ("loss", view.id[:8], "3 points", "last 2", "min 1", "max 3", "steps 0 to 2"):
        assert text in shown.text
    assert "loss over lr" in seen(gnomon.open().run(make(lr=0.1)).series("loss", x="lr")).text


# ---------------------------------------------------------------- Markdown


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a **b** *c* _d_ `e*f*`", "<p>a <b>b</b> <i>c</i> <i>d</i> <code>e*f*</code>\n</p>"),
        ("# Head #", "<p><b>Head</b></p>"),
        ("a\nb\n\nc", "<p>a\nb\n</p><p>c\n</p>"),
        ("- a\n- b\n  more", "<ul><li>a\n</li><li>b\nmore\n</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a\n</li><li>b\n</li></ol>'),
        ("```py\n<b> *x*\n```\nz", "<pre>&lt;b&gt; *x*\n</pre><p>z\n</p>"),
        ("snake_case_name and 2*3*4", "<p>snake_case_name and 2*3*4\n</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;\n</p>"),
        ("[t](javascript:alert(1))", "<p>[t](javascript:alert(1))\n</p>"),
        ("```\nnever closed", "<pre>never closed\n</pre>"),
    ],
)
def test_markdown_of_notes(text, markup):
    assert rendered(text).markup == markup


def test_links_lead_to_the_web_and_pictures_are_not_fetched():
    shown = Checked(
        rendered("see https://a.example/x. and [b](http://b.example) ![c](https://c.example/p.png)").markup
    )
    assert shown.links == ["https://a.example/x", "http://b.example", "https://c.example/p.png"]
    assert shown.text == "see https://a.example/x. and b c\n"


def test_an_erased_note_is_shown_as_such():
    assert "(erased)" in seen(Note(None, 0.0, None, "x")).text


@pytest.mark.parametrize(
    "text",
    ["*" * 20_000, "_a" * 10_000, "[" * 20_000, "`" * 19_999, "- " * 9_000, "> " * 9_000, "\n" * 20_000],
)
def test_markdown_takes_time_in_proportion(text):
    Checked(rendered(text).markup)


# ---------------------------------------------------------------- markup and curves


def test_the_writer_escapes_what_it_is_given():
    assert (
        tag("td", "<b>", tag("i", "&"), None, ["x"], class_='"').markup
        == '<td class="&quot;">&lt;b&gt;<i>&amp;</i>x</td>'
    )
    assert tag("a", "t", href="JavaScript:alert(1)").markup == "<a>t</a>"
    assert joined("\x1b[31m\u202e").markup == r"\x1b[31m\u202e"
    with pytest.raises(ValueError, match="onclick"):
        tag("td", onclick="x")


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, ["x" * 300] * 20, {"k" * 300: ["v" * 300] * 20}, [[[[[[1]]]]]], 1 << 20_000],
    ids=["text", "list", "dict", "deep", "number"],
)
def test_a_value_of_any_size_is_short(value):
    assert 0 < len(short(value)) <= 201 and len(short(value, exact=True)) <= 201


def test_a_long_curve_has_few_corners():
    ys = [math.sin(x / 1000) for x in range(200_000)]
    assert len(sparkline(range(200_000), ys).markup) < 6_000


def test_a_curve_leaves_a_gap_where_there_is_no_number():
    drawn = sparkline([0, 1, 2, 3, 4], [1.0, 2.0, math.nan, 2.0, 1.0]).markup
    assert re.search(r'd="([^"]*)"', drawn)[1].count("M") == 2
    assert isinstance(sparkline([0], [1.0]), Html) and not sparkline([0], [1.0])


def test_one_wide_interval_does_not_squeeze_the_others():
    spans = [(0.9, 1.0, 1.1), (1.9, 2.0, 2.1), (-1e9, 1.5, 1e9)]
    places = [float(re.search(r'cx="([\d.]+)"', Whiskers(spans).drawn(*one).markup)[1]) for one in spans]
    assert places[1] - places[0] > 20


# ---------------------------------------------------------------- in a notebook


@pytest.mark.slow
def test_a_notebook_shows_them(project):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cells = [
        "import gnomon\nrun = gnomon.run('from-a-cell')\nrun.log(loss=2); run.log(loss=1)\nrun",
        "run.finish()\nrecord = gnomon.open()\nrecord.runs()",
        "record.run(run.id)",
        "record.run(run.id).series('loss')",
    ]
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(document, timeout=60, resources={"metadata": {"path": str(project)}}).execute()
    for cell in document.cells:
        (output,) = cell.outputs
        assert {"text/html", "text/plain"} <= set(output.data)
        assert "loss" in Checked(output.data["text/html"]).text


def test_a_contest_shows_seeds_that_failed_and_groups_that_are_not_judged(seeds):
    for seed in range(4):
        with gnomon.run(f"odd-{seed}", seed=seed, group="odd", params={"depth": 99}) as run:
            run.log({"loss": float("nan") if seed > 1 else 0.001 * seed}, step=1)
    with gnomon.run("single", seed=1, group="single", params={"depth": 100}) as run:
        run.log({"loss": 0.0001}, step=1)
    text = seen(seeds.compare_groups("loss")).text
    assert "2 of 4 finite" in text and "2 of 4 seeds of `odd`" in text
    assert "not judged" in text and "single" in text and "run it with 4 more seeds" in text
    assert "(2 of 4)" in seen(seeds.groups()).text and "failed by this metric" in seen(seeds.groups()).text


def test_what_a_search_found_is_a_table_with_the_words_in_bold(project):
    with gnomon.run(f"{EVIL} one") as run:
        run.note(f"{EVIL[:-1]} the loss diverged")
    found = gnomon.open().search("diverged")
    page = Checked(found._repr_html_())
    assert run.id[:8] in page.text and "the loss diverged" in page.text
    assert "<b>diverged</b>" in found._repr_html_()
    assert "no run holds" in Checked(gnomon.open().search("unheard")._repr_html_()).text


def test_a_record_shows_its_name_and_its_newest_runs(project):
    for number in range(12):
        with gnomon.run(f"{EVIL} {number}"):
            pass
    page = Checked(gnomon.open()._repr_html_())
    assert gnomon.open().name in page.text and "10 of 12 runs" in page.text
