"""The verdict on each number of a text, and why."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thorough import examples

import gnomon
from gnomon.data.actions import tag
from gnomon.team.prose.check import check
from gnomon.team.prose.markup import marked


def train(name="net", values=None, **options):
    run = gnomon.run(name, **options)
    run.log(values or {"auc": 0.914})
    run.finish()
    return run.id


def findings(text, **options):
    return list(check(gnomon.open(), text, **options).findings)


def verdicts(text, **options):
    return [one.verdict for one in findings(text, **options)]


def verdict(written, values=None, what="metrics.auc", **options):
    """Return the verdict on one written number of a run with these values."""
    train("net", values, **options)
    (found,) = findings(f"It is [{written}](run:net#{what}).")
    return found.verdict


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0.914", "ok"), ("0.91", "ok"), ("0.9140", "ok"), ("91.4 %", "ok"), ("91 %", "ok"), ("0,914", "ok"),
        ("~0.91", "ok"),
        ("**0.914**", "ok"), ("`0.914`", "ok"), ("an AUC of 0.914", "ok"), ("> 0.9", "ok"), ("< 0.92", "ok"),
        ("0.91–0.92", "ok"),
        ("0.941", "wrong"), ("0.913", "wrong"), ("0.92", "wrong"), ("-0.914", "wrong"), ("> 0.92", "wrong"),
        ("0.80–0.90", "wrong"),
        ("91.4", "unit changed"), ("0.914 %", "unit changed"), ("914", "unit changed"), ("9140 %", "unit changed"),
    ],
)  # fmt: skip
def test_a_share(project, written, expected):
    assert verdict(written) == expected


@pytest.mark.parametrize(
    ("value", "written", "expected"),
    [
        (0.9996, "1", "rounded away"), (0.9996, "1.00", "rounded away"), (0.9996, "100 %", "rounded away"),
        (0.9996, "1.000", "rounded away"),
        (0.9996, "0.9996", "ok"), (0.9996, "99.96 %", "ok"), (0.0004, "0", "rounded away"),
        (0.0004, "0.00", "rounded away"),
        (0.0004, "0.0004", "ok"), (0.0004, "0.04 %", "ok"), (0.0004, "4e-4", "ok"), (0.0004, "4×10⁻⁴", "ok"),
        (-0.9996, "-1", "rounded away"),
        (0.0, "0", "ok"), (1.0, "1", "ok"), (1.0004, "1", "ok"), (0.06, "0.1", "rounded away"),
        (0.9145, "0.914", "ok"), (0.9145, "0.915", "ok"),
        (0.1 + 0.2, "0.3", "ok"), (99.97, "100 %", "rounded away"), (98.2, "98.2 %", "ok"),
        (98.2, "0.982", "unit changed"),
        (12345.678, "12,346", "ok"), (12345.678, "12,300", "ok"), (12345.678, "12.3k", "ok"),
        (12345.678, "10,000", "wrong"),
        (12345678, "12.3M", "ok"), (12345678, "12.3 million", "ok"), (12345678, "12.3k", "unit changed"),
        (-0.25, "−0.25", "ok"),
        (1e-7, "1e-7", "ok"), (float("nan"), "0.5", "wrong"), (float("inf"), "0.5", "wrong"),
        (2**60, "1152921504606846976", "ok"),
    ],
)  # fmt: skip
def test_a_metric_of_no_known_unit(project, value, written, expected):
    assert verdict(written, {"auc": value}) == expected


@pytest.mark.parametrize(
    ("what", "value", "written", "expected"),
    [
        ("time_s", 412.3, "412 s", "ok"), ("time_s", 412.3, "412", "ok"), ("time_s", 412.3, "6.9 min", "ok"),
        ("time_s", 412.3, "6 min 52 s", "ok"),
        ("time_s", 412.3, "6:52", "ok"), ("time_s", 412.3, "0.115 h", "ok"), ("time_s", 412.3, "412,300 ms", "ok"),
        ("time_s", 412.3, "412 ms", "unit changed"), ("time_s", 412.3, "412 min", "unit changed"),
        ("time_s", 412.3, "6.87 s", "unit changed"),
        ("time_s", 412.3, "7 min 52 s", "wrong"), ("time_s", 412.3, "421 s", "wrong"),
        ("time_s", 412.3, "12 MB", "unit changed"),
        ("lat_ms", 12.3, "12.3 ms", "ok"), ("lat_ms", 12.3, "0.0123 s", "ok"),
        ("lat_ms", 12.3, "12.3 s", "unit changed"),
        ("size_mb", 12.3, "12.3 MB", "ok"), ("size_mb", 12.3, "11.7 MiB", "ok"),
        ("size_mb", 12.3, "11.7 MB", "unit changed"),
        ("acc_pct", 91.4, "91.4 %", "ok"), ("acc_pct", 91.4, "91.4", "ok"), ("acc_pct", 0.8, "0.8 %", "ok"),
        ("acc_pct", 91.4, "0.914", "unit changed"),
        ("latency", 0.0123, "12.3 ms", "ok"), ("latency", 12.3, "12.3 ms", "ok"),
    ],
)  # fmt: skip
def test_a_metric_whose_name_says_its_unit(project, what, value, written, expected):
    assert verdict(written, {what: value}, f"metrics.{what}") == expected


@pytest.mark.parametrize(
    ("what", "written", "expected"),
    [
        ("params.lr", "0.0005", "ok"), ("params.lr", "5e-4", "ok"), ("params.lr", "0.05 %", "ok"),
        ("params.lr", "0.001", "rounded away"),
        ("params.n.deep", "256", "ok"), ("params.n.deep", "250", "wrong"), ("params.n.deep", "300", "wrong"),
        ("seed", "7", "ok"), ("seed", "8", "wrong"),
        ("params.opt", "3", "wrong"), ("params.none", "3", "not found"), ("rows", "3", "not found"),
        ("duration", "5 days", "wrong"),
        ("metrics.none", "3", "not found"), ("nonsense", "3", "not found"), ("seed@best", "7", "not found"),
        ("mean.metrics.auc", "0.9", "not found"),
        ("metrics.auc@best", "0.914", "ok"), ("metrics.auc@area", "0.914", "ok"), ("metrics.auc.count", "1", "ok"),
        ("metrics.auc.max", "0.914", "ok"),
    ],
)  # fmt: skip
def test_other_things_of_a_run(project, what, written, expected):
    assert (
        verdict(written, None, what, params={"lr": 0.0005, "n": {"deep": 256}, "opt": "adam"}, seed=7)
        == expected
    )


def test_places_in_a_series(project):
    with gnomon.run("net") as run:
        for step, loss in ((0, 0.9), (100, 0.2), (200, 0.4)):
            run.log({"loss": loss}, step=step)
    text = (
        "[0.4](run:net#metrics.loss) [0.2](run:net#metrics.loss@best) "
        "[0.9](run:net#metrics.loss@first) [0.2](run:net#metrics.loss@step=150) "
        "[0.4](<metrics.loss at last of run:net>) [0.9](run:net#metrics.loss.max) [200](run:net#metrics.loss.step)"
    )
    assert verdicts(text) == ["ok"] * 7
    assert verdicts("[0.4](run:net#metrics.loss@best) [0.9](run:net#metrics.loss@step=-1)") == [
        "wrong",
        "not found",
    ]


def test_which_way_is_better_is_not_guessed_where_the_name_does_not_say(project):
    train("net", {"thing": 3.0})
    (found,) = findings("[3](run:net#metrics.thing@best)")
    assert (found.verdict, found.hint) == ("not found", "write `metrics.thing.min` or `metrics.thing.max`")


def test_numbers_that_are_worked_out(project):
    train("a", {"auc": 0.914, "time_s": 300.0})
    train("b", {"auc": 0.902, "time_s": 120.0})
    text = (
        "[+0.012](<metrics.auc of run:a - metrics.auc of run:b>) [1.2 pp](<metrics.auc of run:a - metrics.auc of run:b>) "
        "[2.5×](<metrics.time_s of run:a / metrics.time_s of run:b>) "
        "[3 min](<metrics.time_s of run:a - metrics.time_s of run:b>) "
        "[60 %](<1 - metrics.time_s of run:b / metrics.time_s of run:a>)"
    )
    assert verdicts(text) == ["ok"] * 5
    assert verdicts(
        "[0.02](<metrics.auc of run:a - metrics.auc of run:b>) [2](<metrics.auc of run:a / 0>)"
    ) == ["wrong", "not found"]
    assert verdicts("[0.00](<metrics.auc of run:a - metrics.auc of run:b>)") == ["wrong"]


# ---------------------------------------------------------------- groups and data


def test_a_group_has_a_mean_a_spread_and_an_interval(project):
    # mean 0.915, s 0.005 (n - 1), 95 % interval of the mean 0.9025 to 0.9275: t(2) · 0.005 / √3 = 0.01242, and a little wider
    for seed, auc in enumerate((0.91, 0.915, 0.92)):
        train(f"net-{seed}", {"auc": auc}, group="depth-6", seed=seed)
    text = (
        "[0.915 ± 0.005](group:depth-6#metrics.auc) [0.915](group:depth-6#metrics.auc) ± 0.005, "
        "[91.5 ± 0.5 %](group:depth-6#metrics.auc) "
        "[0.9150](group:depth-6#mean.metrics.auc) [0.0050](group:depth-6#spread.metrics.auc) "
        "[0.9025–0.9275](group:depth-6#metrics.auc) "
        "[[0.9025, 0.9275]](group:depth-6#metrics.auc) [0.9025](<low metrics.auc of group:depth-6>) "
        "[3](group:depth-6#seeds) seeds"
    )
    assert [(one.verdict, one.written) for one in findings(text) if one.verdict != "ok"] == []
    assert verdicts("[0.915 ± 0.004](group:depth-6#metrics.auc)") == ["wrong"]
    assert verdicts("[0.915](group:depth-6#metrics.auc) ± 0.004") == ["wrong"]
    assert verdicts("[0.91–0.93](group:depth-6#metrics.auc)") == ["wrong"]
    assert verdicts("[0.91 ± 0.01](group:nothing#metrics.auc)") == ["not found"]


def test_a_spread_is_checked_only_where_the_reference_is_a_group(project):
    train("net")
    assert [(one.verdict, one.written) for one in findings("[0.914 ± 0.002](run:net#metrics.auc)")] == [
        ("ok", "0.914 ± 0.002"), ("not bound", "0.914 ± 0.002"),
    ]  # fmt: skip


@pytest.mark.slow
def test_data_has_rows_columns_files_and_a_size(project):
    (project / "credit.csv").write_text("a,b\n" + "1,2\n" * 12_345)  # 49,384 bytes
    gnomon.add_data("credit.csv")
    text = (
        "[12,345](data:credit#rows) rows, [12k](data:credit@v1#rows), [2](data:credit#columns), [1](data:credit#files), "
        "[49.4 kB](data:credit#size), [48.2 KiB](data:credit#size), [49384 bytes](data:credit#size), [49,384](data:credit#size)"
    )
    assert verdicts(text) == ["ok"] * 8
    assert verdicts("[12,354](data:credit#rows) [48.2 kB](data:credit#size) [9](data:credit@v9#rows) [9](data:credit#price)") == [
        "wrong", "unit changed", "not found", "not found",
    ]  # fmt: skip


def test_the_unit_may_stand_behind_the_link(project):
    train("net", {"acc": 0.914, "time_s": 412.0})
    assert (
        verdicts(
            "[91.4](run:net#metrics.acc) %, [**91.4**](run:net#metrics.acc)%, **[91.4](run:net#metrics.acc)** %"
        )
        == ["ok"] * 3
    )
    assert verdicts("[6.9](run:net#metrics.time_s) min or [412](run:net#metrics.time_s) ms") == [
        "ok",
        "unit changed",
    ]


# ---------------------------------------------------------------- what moved on


def moment():
    time.sleep(0.01)
    now = time.time()
    time.sleep(0.01)
    return now


def test_a_run_that_went_on(project):
    run = gnomon.run("net")
    run.log({"auc": 0.8}, step=0)
    then = moment()
    run.log({"auc": 0.9}, step=100)
    run.finish()
    text = "[0.8](run:net#metrics.auc)"
    (found,) = findings(text, written_at=then)
    assert (found.verdict, found.value) == ("stale", "0.9")
    assert "at step N" in found.hint
    assert verdicts(text) == ["wrong"]
    assert verdicts("[0.7](run:net#metrics.auc) [0.9](run:net#metrics.auc)", written_at=then) == [
        "wrong",
        "ok",
    ]
    assert verdicts("[0.8](run:net#metrics.auc@best) [0.8](run:net#metrics.auc.max)", written_at=then) == [
        "stale",
        "stale",
    ]
    assert verdicts("[0.8](run:net#metrics.auc@step=50)", written_at=then) == ["ok"]


@pytest.mark.slow
def test_a_tag_that_moved_and_a_newer_version(project):
    for rows in (100, 200):
        (project / "credit.csv").write_text("a\n" + "1\n" * rows)
        version = gnomon.add_data("credit.csv")
        if rows == 100:
            tag(gnomon.open(), version, ["gold"])
            then = moment()
    record = gnomon.open()
    tag(record, record.data("credit@v1"), [], ["gold"])
    tag(record, record.data("credit@v2"), ["gold"])
    assert verdicts("[100](data:credit@gold#rows) [100](data:credit#rows)", written_at=then) == [
        "stale",
        "stale",
    ]
    (found, _) = findings("[100](data:credit@gold#rows) [100](data:credit@v1#rows)", written_at=then)
    assert (
        f"it meant data:{record.data('credit@v1').id}, and now data:{record.data('credit@v2').id}"
        in found.why
    )
    assert verdicts("[100](data:credit@v2#rows) [150](data:credit@gold#rows)", written_at=then) == [
        "wrong",
        "wrong",
    ]
    assert verdicts("[100](data:credit@gold#rows)") == ["wrong"]


def test_a_run_that_was_renamed(project):
    first = train("baseline", {"auc": 0.8})
    then = moment()
    gnomon.open().rename(first, "baseline-old")
    (found,) = findings("[0.8](run:baseline#metrics.auc)", written_at=then)
    assert (found.verdict, found.hint) == ("stale", f"write `run:{first}`")
    assert verdicts("[0.7](run:baseline#metrics.auc)", written_at=then) == ["not found"]
    assert verdicts("[0.8](run:baseline#metrics.auc)") == ["not found"]
    train("baseline", {"auc": 0.9})
    (found,) = findings("[0.8](run:baseline#metrics.auc)", written_at=then)
    assert (found.verdict, found.value) == ("stale", "0.9")


def test_a_run_that_was_renamed_twice_and_the_newest_run(project):
    first = train("one", {"auc": 0.8})
    gnomon.open().rename(first, "two")
    then = moment()
    gnomon.open().rename(first, "three")
    train("newer", {"auc": 0.5})
    assert verdicts("[0.8](run:two#metrics.auc) [0.8](run:@1#metrics.auc)", written_at=then) == [
        "stale",
        "stale",
    ]
    assert verdicts("[0.8](run:one#metrics.auc)", written_at=then) == ["not found"]


def test_a_group_that_grew_and_parameters_that_were_added(project):
    for seed, auc in enumerate((0.8, 0.82)):
        train(f"net-{seed}", {"auc": auc}, group="g", seed=seed)
    then = moment()
    train("net-2", {"auc": 0.9}, group="g", seed=2)
    assert verdicts("[0.810](group:g#metrics.auc) [2](group:g#seeds)", written_at=then) == ["stale", "stale"]
    assert verdicts("[0.840](group:g#metrics.auc) [3](group:g#seeds)", written_at=then) == ["ok", "ok"]


def test_a_run_that_goes_on_has_no_duration_yet(project):
    run = gnomon.run("net")
    run.log(auc=1.0)
    assert verdicts("[3 s](run:net#duration)") == ["not found"]
    run.finish()


# ---------------------------------------------------------------- why


def test_swapped_numbers_say_whose_they_are(project):
    train("a", {"auc": 0.914})
    train("b", {"auc": 0.876})
    found = findings("[0.876](run:a#metrics.auc) before, [0.914](run:b#metrics.auc) now")
    assert [one.verdict for one in found] == ["wrong", "wrong"]
    assert found[0].why == "it is that of `metrics.auc of run:b`, which this text names too"


def test_two_that_differ_and_are_written_as_the_same(project):
    for name, auc in (("a", 0.9139), ("b", 0.9061), ("c", 0.9138)):
        train(name, {"auc": auc})
    assert verdicts("[0.91](run:a#metrics.auc) and [0.91](run:b#metrics.auc)") == ["rounded away"] * 2
    assert verdicts("[0.91](run:a#metrics.auc) and [0.91](run:c#metrics.auc)") == ["ok"] * 2
    assert verdicts("[0.914](run:a#metrics.auc) and [0.906](run:b#metrics.auc)") == ["ok"] * 2
    assert verdicts("[0.91](run:a#metrics.auc).\n\n[0.91](run:b#metrics.auc)") == ["ok"] * 2
    assert verdicts("[0.91](run:a#metrics.auc).\r\n\r\n[0.91](run:b#metrics.auc)") == ["ok"] * 2


def test_a_finding_says_where_it_is_and_what_the_record_has(project):
    train("net")
    (found,) = findings("# Title\r\n\r\nIt is **[0.941](run:net#metrics.auc)**.\r\n")
    assert (found.line, found.column, found.written, found.reference, found.value) == (
        3,
        10,
        "0.941",
        "metrics.auc of run:net",
        "0.914",
    )
    assert (found.why, found.hint) == (
        "no rounding of the value gives it",
        "with as many digits it is `0.914`",
    )
    assert found.to_dict()["verdict"] == "wrong"


def test_what_is_suggested_keeps_the_unit_that_was_written(project):
    train("quick", {"took": 0.00867})
    (found,) = findings("It takes [12 s](run:quick#metrics.took).")
    assert found.hint == "with as many digits it is `0.00867 s`"
    (found,) = findings("It is [88.1 %](run:quick#metrics.took) of it.")
    assert found.hint == "with as many digits it is `0.9 %`"


def test_a_name_that_several_runs_have_is_not_found(project):
    train("twice")
    train("twice")
    (found,) = findings("[0.914](run:twice#metrics.auc)")
    assert (found.verdict, found.why) == ("not found", "2 runs are called `twice`")


# ---------------------------------------------------------------- hard texts

HARD = {
    "a table": "| run | AUC |\n|---|---|\n| net | [0.914](run:net#metrics.auc) |\n| net | [0.941](run:net#metrics.auc) |",
    "a list in a quote": "> - [0.914](run:net#metrics.auc)\n>   - [0.941](run:net#metrics.auc)",
    "nested emphasis": "***[_0.914_](run:net#metrics.auc)*** and _**[`0.941`](run:net#metrics.auc)**_",
    "a footnote": "As said[^1] [0.914](run:net#metrics.auc).\n\n[^1]: it was [0.941](run:net#metrics.auc).",
    "windows line ends": "[0.914](run:net#metrics.auc)\r\n\r\n- [0.941](run:net#metrics.auc)\r\n",
    "right to left": "\u202bהתוצאה [0.914](run:net#metrics.auc) או [0.941](run:net#metrics.auc)\u202c",
    "arabic digits": "[٠٫٩١٤](run:net#metrics.auc) [٠٫٩٤١](run:net#metrics.auc)",
    "by label": "[0.914][auc], [0.941][ AUC ]\n\n[auc]: run:net#metrics.auc\n",
    "by its own label": "[0.914][] [0.941][auc]\n\n[0.914]: run:net#metrics.auc\n[auc]: <run:net#metrics.auc>\n",
    "with a title": '[0.914](run:net#metrics.auc "the AUC") [0.941](<run:net#metrics.auc> "it")',
    "in brackets": "([0.914](run:net#metrics.auc)) [[0.941](run:net#metrics.auc)]",
    "side by side": "[0.914](run:net#metrics.auc)[0.941](run:net#metrics.auc)",
    "behind code": "`[0.5](run:net#metrics.auc)` [0.914](run:net#metrics.auc) ``a`b`` [0.941](run:net#metrics.auc)",
    "behind a fence": "```\n[0.5](run:net#metrics.auc) {{ x }} 7\n```\n[0.914](run:net#metrics.auc) [0.941](run:net#metrics.auc)",
    "behind a comment": "<!-- [0.5](run:net#metrics.auc) 7 -->[0.914](run:net#metrics.auc)\n<b>[0.941](run:net#metrics.auc)</b>",
    "behind front matter": "---\nversion: 12\ndate: 7\n---\n[0.914](run:net#metrics.auc) [0.941](run:net#metrics.auc)",
    "old line ends": "[0.914](run:net#metrics.auc)\r\r[0.941](run:net#metrics.auc)",
    "over two lines": "[0.914](run:net#metrics.auc) [an AUC\nof 0.941](run:net#metrics.auc)",
    "a picture beside it": "![7](plot.png) [0.914](run:net#metrics.auc) [7](https://x.org/7) [0.941](run:net#metrics.auc)",
    "open brackets": "[ [ [0.914](run:net#metrics.auc) [ [0.941](run:net#metrics.auc) ] (",
    "escaped brackets": r"\[7\] is no link; \[ [0.914](run:net#metrics.auc) [0.941](run:net#metrics.auc)".replace(
        "7", "a"
    ),
    "wide letters": "結果は[0.914](run:net#metrics.auc)でした。[0.941](run:net#metrics.auc)。",
    "odd spaces": "[\u00a00.914\u2009](run:net#metrics.auc)\u00a0[0.941\u00a0](run:net#metrics.auc)",
}


@pytest.mark.parametrize("name", HARD)
def test_hard_texts(project, name):
    train("net")
    assert verdicts(HARD[name]) == ["ok", "wrong"]


@pytest.mark.parametrize(
    "text",
    ["", "\n", "no numbers", "[see](run:net)", "[7](run:net)", "run:net and run:@1", "[the AUC](run:net#metrics.auc)",
     "![0.5](run:net#metrics.auc)",
     "[0.5](https://x.org/run:net#metrics.auc)", "\ufeff", "`{{ x }}`", "{ { x } }"],
)  # fmt: skip
def test_texts_without_a_number_of_the_record(project, text):
    train("net")
    assert verdicts(text) == []


def test_a_link_with_words_to_what_is_not_there_is_not_found(project):
    train("net")
    assert (
        verdicts(
            "[the AUC](run:net#metrics.f1) {{ metrics.f1 of run:net }} {{ nonsense }} {{ metrics.auc of run:net | odd }}"
        )
        == ["not found"] * 4
    )


def test_other_numbers_in_the_brackets_are_listed(project):
    train("net")
    assert [(one.verdict, one.written) for one in findings("[12 runs gave 0.914](run:net#metrics.auc)")] == [
        ("not bound", "12"), ("ok", "0.914"),
    ]  # fmt: skip


def test_where_none_in_the_brackets_is_right_the_nearest_is_wrong(project):
    train("net")
    assert [
        (one.verdict, one.written) for one in findings("[at step 300 it was 0.941](run:net#metrics.auc)")
    ] == [("wrong", "0.941")]


@pytest.mark.slow
@given(st.text(alphabet="[](){}<>0.914run:net#metrics.auc|`\\\n\r*_ -%±", max_size=150))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60)
)
def test_no_text_makes_it_fail(project, text):
    for one in check(gnomon_record(), text + "[0.914](run:net#metrics.auc)").findings:
        assert one.line >= 1 and one.column >= 1


def gnomon_record():
    try:
        return gnomon.open()
    except gnomon.GnomonError:
        train("net")
        return gnomon.open()


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "]",
        "[0.9](",
        "{{ ",
        "[a](b) ",
        "](run:a#b) ",
        "<!-- ",
        "[x]: run:a#b\n",
        "[^1] ",
        "---\n",
        "[0.9][a] ",
        "\\[",
        "[[]",
        "<a",
    ],
)
def test_finding_bindings_takes_time_in_proportion_to_the_text(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        started = time.process_time()
        marked(text)
        return time.process_time() - started

    seconds(1_000)
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.005)
