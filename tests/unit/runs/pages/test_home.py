"""Home: what is new, what runs, what failed; and what the palette finds."""

from __future__ import annotations

import time

import pytest

import gnomon
from gnomon.page import Ask, Values
from gnomon.runs.pages.home import home, palette, seen
from gnomon.runs.progress import progress_of
from gnomon.session import close_all
from gnomon.web.templates import Templates

AROUND = {
    "navigation": [],
    "path": "/",
    "here": "/",
    "record_name": "project",
    "marks": "",
    "token": "t",
    "instance": "i",
}


class Reader:
    """A reader who remembers in memory."""

    def __init__(self, at: float | None = None) -> None:
        self.at = at

    def looked(self, what: str) -> float | None:
        assert what == "home"
        return self.at

    def look(self, what: str, at: float) -> None:
        assert what == "home"
        self.at = at


def ask(reader: Reader | None = None, *, part: str = "", form=(), **query: str) -> Ask:
    return Ask(
        gnomon.open(), query=Values(query.items()), form=Values(form), part=part, now=time.time(), reader=reader or Reader()
    )  # fmt: skip


def shown(asked: Ask) -> str:
    answer = home(asked)
    html = Templates(["gnomon.web", "gnomon.runs"]).show(
        answer.template, {**AROUND, **answer.values, "title": "Home"}, asked.part
    )
    assert html is not None
    return html


def train(name, **metrics):
    with gnomon.run(name) as run:
        run.log(metrics, step=0)
    return run.id


def test_an_empty_record_says_what_to_type(project):
    with gnomon.run("only to make the record") as run:
        pass
    gnomon.open().remove(run.id)
    close_all()
    html = shown(ask())
    assert "gnomon run -- python train.py" in html and "import gnomon" in html
    assert "Running now" not in html


@pytest.mark.slow
def test_looking_moves_no_reading_position_and_seen_moves_it_to_what_was_shown(project):
    train("first", loss=1.0)
    close_all()
    reader = Reader()
    html = shown(ask(reader))
    assert reader.at is None and "first" in html
    made = time.time()
    train("meanwhile", loss=1.0)
    close_all()
    assert seen(ask(reader, form=[("until", str(made))])).to == "/"
    html = shown(ask(reader, part="news"))
    assert "meanwhile" in html and ">first<" not in html


def test_nobody_has_seen_the_future(project):
    train("first", loss=1.0)
    reader = Reader()
    asked = ask(reader, form=[("until", "1e12")])
    seen(asked)
    assert reader.at == asked.now


@pytest.mark.slow
@pytest.mark.parametrize("part", ["facts", "news", "running", "failed"])
def test_each_part_is_shown_alone(project, part):
    train("first", loss=1.0)
    close_all()
    html = shown(ask(part=part))
    assert html.strip().startswith("<") and "<html" not in html and f'id="{part}"' in html


@pytest.mark.slow
def test_a_run_that_goes_on_is_shown_with_its_last_values(project):
    with gnomon.run("long") as run:
        for step in range(10):
            run.log({"loss": 1.0 / (step + 1)}, step=step)
        html = shown(ask(part="running"))
        assert "step 9" in html and "<svg" in html and "0.1" in html


@pytest.mark.slow
def test_what_has_no_points_or_only_nan_is_shown_too(project):
    with gnomon.run("silent") as silent, gnomon.run("nan") as run:
        run.log(loss=float("nan"))
        found = [progress_of(gnomon.open(), one.id, time.time()) for one in (silent, run)]
        assert [(one.step, one.rate, bool(one.curve)) for one in found] == [
            (None, None, False),
            (0, None, False),
        ]
        assert "no values yet" in shown(ask(part="running"))


def test_names_are_text(project):
    train("<script>alert(1)</script>\u202eevil", loss=1.0)
    gnomon.open().add_note(gnomon.open().runs().ids[0], "<img src=x onerror=alert(1)>")
    close_all()
    html = shown(ask())
    assert "<script>alert" not in html and "<img src=x" not in html and "\u202e" not in html


@pytest.mark.slow
def test_the_palette_finds_runs_groups_data_and_texts(project):
    with gnomon.run("resnet", group="sweep-a") as run:
        run.log(loss=1.0)
    record = gnomon.open()
    record.add_note(run.id, "plateau after the warmup")
    (project / "rows.csv").write_text("a\n1\n")
    record.add_data(project / "rows.csv", name="credit")
    close_all()

    def found(words: str) -> list[str]:
        return [row["to"] for row in palette(ask(q=words)).value]

    assert found("@1") == found("resn") == found(run.id[:6]) == found("plate") == [f"/run/{run.id}"]
    assert found("sweep") == ["/runs?where=group+%3D+%27sweep-a%27", f"/run/{run.id}"]
    assert found("cred") == ["/data/credit", "/data/credit/v1"]
    assert found("") == found("\u0000(*") == []


def test_the_palette_is_bounded_and_takes_the_newest(project):
    ids = [train(f"mlp {at}", loss=1.0) for at in range(20)]
    close_all()
    rows = palette(ask(q="mlp")).value
    assert len(rows) <= 12
    assert rows[0]["to"] == f"/run/{ids[-1]}"
