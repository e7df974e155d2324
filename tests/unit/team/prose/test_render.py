"""Texts with their values in place, and what of them cannot be told."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.team.prose.render import render, rendered


@pytest.fixture
def record(project):
    for seed, auc in enumerate((0.91, 0.915, 0.92)):
        with gnomon.run(
            f"net-{seed}", group="depth-6", seed=seed, params={"lr": 0.0005, "opt": "adam"}
        ) as run:
            run.log({"auc": auc, "time_s": 412.3, "tokens": 12_345_678})
    (project / "credit.csv").write_text("a,b\n" + "1,2\n" * 12_345)
    gnomon.add_data("credit.csv")
    return gnomon.open()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("metrics.auc of run:net-1", "0.915"), ("metrics.auc of run:net-1 | .2f", "0.92"),
        ("metrics.auc of run:net-1|.1%", "91.5%"),
        ("metrics.auc of run:net-1 | .1f %", "91.5 %"),
        ("metrics.auc of run:net-2 - metrics.auc of run:net-0 | +.3f", "+0.010"),
        ("metrics.time_s of run:net-0", "6 min 52 s"), ("metrics.time_s of run:net-0 | .1f min", "6.9 min"),
        ("metrics.tokens of run:net-0", "12345678"),
        ("metrics.tokens of run:net-0 | ,d", "12,345,678"), ("metrics.tokens of run:net-0 | .1f M", "12.3 M"),
        ("metrics.auc of group:depth-6", "0.9150 ± 0.0050"),
        ("mean metrics.auc of group:depth-6", "0.915"), ("mean metrics.auc of group:depth-6 | .4f", "0.9150"),
        ("rows of data:credit", "12,345"),
        ("size of data:credit", "49.4 kB"), ("size of data:credit | .1f KiB", "48.2 KiB"),
        ("params.opt of run:net-0", "adam"), ("seed of run:net-2", "2"),
        ("status of run:net-0", "finished"), ("metrics.auc of run:net-1 / metrics.auc of run:net-0 | .3f ×", "1.005×"),
        ("params.lr of run:net-0 | .1e", "5.0e-04"),
    ],
)  # fmt: skip
def test_a_value_stands_in_its_place(record, asked, shown):
    assert render(record, f"It is {{{{ {asked} }}}}.") == f"It is {shown}."


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    ["metrics.auc of run:none", "nonsense", "metrics.f1 of run:net-0", "metrics.auc of run:net-0 | odd",
     "params.opt of run:net-0 | .3f", "seed of data:credit",
     "rows of data:credit | .1f min", "metrics.auc of member:bea"],
)  # fmt: skip
def test_what_cannot_be_told_stays_and_is_marked(record, asked):
    text = f"It is {{{{ {asked} }}}}."
    found = rendered(record, text)
    assert found.text == f"It is {{{{ {asked} }}}} (not found)."
    ((source, why),) = found.unknown
    assert source == f"{{{{ {asked} }}}}" and why


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "`{{ metrics.auc of run:net-0 }}`",
        "[0.9](run:net-0#metrics.auc)",
        "```\n{{ a }}\n```\r\n",
        "{ {a} }",
        "{{}}",
    ],
)
def test_all_else_stays_as_it_is(record, text):
    assert render(record, text) == text


@pytest.mark.slow
def test_line_ends_and_all_around_a_value_stay(record):
    text = "\ufeffa\r\n{{ seed of run:net-2 }}\t|{{\n  seed of\n  run:net-1 }}\r\n\r\nb"
    assert render(record, text) == "\ufeffa\r\n2\t|1\r\n\r\nb"
