"""Home: what is new, what runs, what failed; and what the palette finds."""

from __future__ import annotations

import time

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.page import Ask, Values
from gnomon.runs.pages.home import home, palette
from gnomon.runs.progress import progress_of
from gnomon.session import close_all
from gnomon.team.catchup.position import last_look
from gnomon.team.pages.catchup_page import seen
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


def ask(*, part: str = "", form=(), **query: str) -> Ask:
    return Ask(gnomon.open(), query=Values(query.items()), form=Values(form), part=part, now=time.time())


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


@pytest.mark.slow
def test_an_empty_record_says_what_to_type(project):
    with gnomon.run("only to make the record") as run:
        pass
    gnomon.open().remove(run.id)
    close_all()
    html = shown(ask())
    assert "gnomon run -- python train.py" in html and "import gnomon" in html
    assert "Running now" not in html


@pytest.mark.slow
def test_what_was_seen_when_catching_up_is_not_new_at_home_and_looking_changes_nothing(project):
    train("first", loss=1.0)
    close_all()
    html = shown(ask())
    assert "The last 7 days" in html and "first" in html and 'href="/catchup"' in html
    assert last_look(gnomon.open().home) is None
    made = time.time()
    train("meanwhile", loss=1.0)
    close_all()
    assert seen(ask(form=[("until", str(made))])).to == "/catchup"
    html = shown(ask(part="news"))
    assert "Since you last caught up" in html
    assert "meanwhile" in html and ">first<" not in html


@pytest.mark.slow
def test_what_the_command_showed_is_not_new_at_home(project):
    train("first", loss=1.0)
    close_all()
    assert main(["catchup", "--keep-unread"]) == 0
    assert "first" in shown(ask(part="news"))
    assert main(["catchup"]) == 0
    assert "Nothing new since you last caught up" in shown(ask(part="news"))


def test_nobody_has_seen_the_future(project):
    train("first", loss=1.0)
    asked = ask(form=[("until", "1e12")])
    seen(asked)
    assert last_look(asked.record.home) == asked.now


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


@pytest.mark.slow
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
