"""What `record.sql(…)` answers: tables, fields, figures, points."""

from __future__ import annotations

import math
import re

import pytest

import gnomon
from gnomon.data.actions import tag
from gnomon.errors import BadArgumentError, BadQueryError


@pytest.fixture
def record(project):
    """Three seeds of two configurations, with a nested parameter and a series whose name needs quotes."""
    for lr in (0.1, 0.01):
        for seed in (1, 2, 3):
            with gnomon.run(
                f"line-{lr}",
                params={"lr": lr, "net": {"depth": 6}},
                seed=seed,
                group=f"lr-{lr}",
                tags=["a", "b"],
            ) as run:
                for step in range(10):
                    run.log(
                        {"loss": lr + 1 / (1 + step), "auc": 1 - lr + seed / 100, "val/x": 2.0}, step=step
                    )
    return gnomon.open()


def rows(record, query, *parameters, **options):
    return [tuple(row.values()) for row in record.sql(query, list(parameters) or None, **options)]


def test_what_a_person_types_first(record):
    query = "select name, params.lr, metrics.auc from runs order by metrics.auc desc limit 2"
    assert record.sql(query).columns == ["name", "lr", "auc"]
    assert rows(record, query) == [("line-0.01", 0.01, 1.02), ("line-0.01", 0.01, 1.01)]


def test_a_nested_parameter_is_written_as_it_was_given_or_as_one_name(record):
    query = """select params.net.depth, params."net.depth", params['net']['depth'], (params).net.depth,
               struct_extract(params, 'net').depth, runs.params.net.depth from runs limit 1"""
    assert rows(record, query) == [(6,) * 6]


def test_a_name_with_other_characters_is_quoted(record):
    assert rows(record, """select metrics."val/x", metrics['val/x'] from runs limit 1""") == [(2.0, 2.0)]


def test_a_struct_as_a_whole_has_every_name(record):
    (row,) = record.sql("select params, metrics from runs where params.lr = 0.1 and seed = 1")
    assert row["params"] == {"lr": 0.1, "net": {"depth": 6}}
    assert list(row["metrics"]) == ["auc", "loss", "val/x"]


def test_a_subquery_hands_fields_on(record):
    query = "with best as (select params, metrics from runs) select max(b.metrics.auc), min(b.params.net.depth) from best b"
    assert rows(record, query) == [(1.02, 6)]


@pytest.mark.slow
def test_figures_of_metrics_in_long_and_in_wide_form(record):
    long = rows(
        record,
        "select last, min, max, count, first_step, last_step from metrics where name = 'loss' order by last limit 1",
    )
    wide = rows(
        record,
        "select metrics.loss, metrics_min.loss, metrics_max.loss, metrics_count.loss, metrics_step.loss from runs"
        " order by metrics.loss limit 1",
    )
    assert long == [(0.01 + 0.1, 0.11, 1.01, 10, 0, 9)]
    assert wide == [(0.01 + 0.1, 0.11, 1.01, 10, 9)]


def test_parameters_in_long_form(record):
    query = "select name, value, number, count(*) from params where name = 'net.depth' group by all"
    assert rows(record, query) == [("net.depth", "6", 6.0, 6)]


def test_points_are_those_of_the_series(record):
    run = record.runs(limit=1).ids[0]
    found = rows(
        record, "select step, value from points where run = ? and series = 'loss' order by step", run
    )
    series = record.run(run).series("loss")
    assert found == list(zip(series.step.tolist(), series.value.tolist(), strict=True))


def test_a_series_can_be_the_x_axis_of_another(record):
    query = """select count(*), max(y.value) from points x join points y using (run, rank, wal, "row")
               where x.series = 'auc' and y.series = 'loss'"""
    assert rows(record, query) == [(60, 1.1)]


@pytest.mark.slow
def test_groups_have_mean_and_spread(record):
    query = 'select groups."group", n, seeds, mean.auc, spread.auc, params.lr from groups order by mean.auc'
    found = rows(record, query)
    assert [row[:3] for row in found] == [("lr-0.1", 3, [1, 2, 3]), ("lr-0.01", 3, [1, 2, 3])]
    assert [round(row[3], 6) for row in found] == [0.92, 1.01]
    assert [round(row[4], 6) for row in found] == [0.01, 0.01]
    assert [row[5] for row in found] == [0.1, 0.01]
    assert rows(record, "select count(distinct seed_group) from runs") == [(2,)]


@pytest.mark.slow
def test_a_query_that_names_no_column_counts_rows(record):
    assert rows(record, "select count(*) from runs") == [(6,)]
    assert rows(record, "select 1 from metrics limit 1") == [(1,)]
    assert rows(record, "select count(*) from groups") == [(2,)]


@pytest.mark.slow
def test_notes_files_processes_packages_and_entries(project, tmp_path):
    kept = tmp_path / "model.bin"
    kept.write_bytes(b"12345")
    with gnomon.run("a") as run:
        run.note("why it is flat")
        run.keep(str(kept))
    record = gnomon.open()
    record.rename(run.id, "b")
    assert rows(record, "select run, text from notes") == [(run.id, "why it is flat")]
    assert rows(record, "select run, name, size, is_tree from files") == [(run.id, "model.bin", 5, False)]
    assert rows(record, "select count(*), bool_and(log <> '') from processes") == [(1, True)]
    query = "select kind, body->>'name' from entries where subject = 'run:' || ? and kind in ('run.created', 'run.renamed')"
    assert sorted(rows(record, query, run.id)) == [("run.created", "a"), ("run.renamed", "b")]


@pytest.mark.slow
def test_hidden_runs_are_left_out_unless_they_are_asked_for(record):
    hidden = record.runs(limit=1).ids[0]
    record.remove(hidden)
    for table, name in (
        ("runs", "id"),
        ("params", "run"),
        ("metrics", "run"),
        ("points", "run"),
        ("processes", "run"),
    ):
        query = f"select count(*) from {table} where {name} = '{hidden}'"
        assert rows(record, query) == [(0,)], table
        assert rows(record, query, with_removed=True) != [(0,)], table
    assert rows(record, "select count(*) from runs where removed", with_removed=True) == [(1,)]


def test_what_a_resumed_run_left_behind_is_not_among_its_points(project):
    with gnomon.run("a") as run:
        for step in range(10):
            run.log({"loss": float(step)}, step=step)
    with gnomon.run(resume=run.id, resume_step=5) as again:
        for step in range(5, 8):
            again.log({"loss": 100.0 + step}, step=step)
    with gnomon.run(resume=run.id, resume_step=6) as again:
        again.log({"loss": 200.0}, step=6)
    record = gnomon.open()
    wanted = record.run(run.id).series("loss")
    found = rows(record, "select step, value from points order by step")
    assert found == sorted(zip(wanted.step.tolist(), wanted.value.tolist(), strict=True))
    assert [value for _, value in found] == [0.0, 1.0, 2.0, 3.0, 4.0, 105.0, 200.0]


@pytest.mark.slow
def test_odd_values_come_out_as_they_are(project):
    big = 2**60 + 1
    with gnomon.run("a", params={"mixed": "x", "flag": True, "list": [1, 2]}) as run:
        run.log({"nan": math.nan, "inf": math.inf, "big": big}, step=0)
    with gnomon.run("b", params={"mixed": 3, "big": 10**400}):
        pass
    record = gnomon.open()
    (row,) = record.sql("select metrics.nan, metrics.inf, metrics.big from runs where name = 'a'")
    assert math.isnan(row["nan"])
    assert row["inf"] == math.inf
    assert row["big"] == float(big)
    assert rows(record, "select value, exact from points where series = 'big'") == [(float(big), str(big))]
    assert rows(record, "select name, params.mixed, params.flag, params.list from runs order by name") == [
        ("a", "x", True, "[1,2]"),
        ("b", "3", None, None),
    ]
    assert rows(record, "select run is not null, number from params where name = 'mixed' order by value") == [
        (True, 3.0),
        (True, None),
    ]


@pytest.mark.slow
def test_names_that_clash_do_not_fail(project):
    with gnomon.run("a", params={"LR": 1, "lr": 2, "a": {"b": 3}, "a.b": 4, "it's": 5, 'x"y': 6}):
        pass
    with gnomon.run("b", params={"a": 7}):
        pass
    record = gnomon.open()
    assert rows(record, "select params.lr from runs where name = 'a'") == [(2,)]
    assert rows(record, "select params.\"LR\" from runs where name = 'a'") == [(1,)]
    assert rows(record, """select params."it's", params['x"y'] from runs where name = 'a'""") == [(5, 6)]
    assert len(record.sql("select * from runs")) == 2
    assert len(record.sql("select params from runs")) == 2


def test_columns_of_one_name_keep_their_own_values(record):
    """Both were called `auc`, and one stood in for the other."""
    found = record.sql(
        "select mean.auc, spread.auc, interval 3 day as wait from groups order by 1 limit 1; -- said twice"
    )
    assert found.columns == ["auc", "auc_2", "wait"]
    (row,) = found
    assert (round(row["auc"], 6), round(row["auc_2"], 6), row["wait"]) == (0.92, 0.01, "3 days")


@pytest.mark.slow
def test_parameters_of_a_query(record):
    assert rows(record, "select count(*) from runs where seed = ? and params.lr = ?", 1, 0.1) == [(1,)]
    assert record.sql("select count(*) as n from runs where seed = $seed", {"seed": 2}).column("n") == [2]
    with pytest.raises(BadArgumentError, match="`parameters` of `sql\\(\\)` must be a list"):
        record.sql("select ?", "text")


@pytest.mark.slow
def test_an_answer_is_arrow_to_whoever_asks(record):
    import pandas
    import polars
    import pyarrow

    answer = record.sql("select name, seed, created, tags, metrics.auc from runs order by metrics.auc")
    assert pyarrow.table(answer).num_rows == len(answer) == 6
    assert polars.DataFrame(answer).shape == answer.to_polars().shape == (6, 5)
    assert isinstance(answer.to_pandas(), pandas.DataFrame)
    assert list(answer.to_pandas()["seed"]) == answer.column("seed")
    assert repr(answer).startswith("<Answer of 6 rows × 5 columns: name, seed")
    assert record.sql("select sum(count) as n from metrics").to_pylist() == [{"n": 180}]


def test_a_notebook_shows_no_markup_of_strangers(project):
    with gnomon.run("<script>alert(1)</script>"):
        pass
    shown = gnomon.open().sql('select name as "<b>" from runs')._repr_html_()
    assert "<script>" not in shown and "<b>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_notebook_shows_no_control_characters_of_strangers(project):
    with gnomon.run("\x1b[31mred\u202e", tags=["\x1b[0m"]):
        pass
    answer = gnomon.open().sql("""select name, tags, 1 as "\x1b[2J" from runs""")
    shown = answer._repr_html_()
    assert "\\x1b[31mred\\u202e" in shown
    for char in "\x1b\u202e":
        assert char not in shown and char not in repr(answer)


@pytest.mark.slow
def test_an_empty_record_answers(project):
    with gnomon.run("only"):
        pass
    record = gnomon.open()
    for table in ("params", "metrics", "points", "notes", "files"):
        assert rows(record, f"select count(*) from {table}") == [(0,)], table
        assert rows(record, f"from {table}") == [], table


@pytest.mark.slow
def test_show_tables_and_describe(record):
    assert {row["name"] for row in record.sql("show tables")} == {
        "runs", "params", "metrics", "points", "groups", "notes", "files", "data", "used", "checks", "findings",
        "sweeps", "trials", "replications", "explanations", "processes", "packages",
        "entries",
    }  # fmt: skip
    assert [row["column_name"] for row in record.sql("describe metrics")][:3] == ["run", "name", "last"]
    assert len(record.sql("select * from information_schema.columns where table_name = 'runs'")) > 20
    assert len(record.sql("explain select name from runs")) == 1
    assert len(record.sql("summarize select seed from runs")) == 1


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("select params.lrr from runs", "no run has the parameter `lrr`", "did you mean `lr`"),
        ("select metrics.los from runs", "no run has the metric `los`", "did you mean `loss`"),
        ("select metrics.loss.min from runs", "a figure of the metric `loss`", 'metrics_min."loss"'),
        ("select lr from runs", 'Referenced column "lr" not found', "write `params.lr`; "),
        ("select nme from runs", 'Referenced column "nme" not found', "did you mean `name`"),
        ("from runz", "there is no table `runz`", "did you mean `runs`"),
        ("select group from runs", "syntax error", '`"group"` or `runs.group`'),
        ("selekt 1", "syntax error", None),
        ("select 1; select 2", "has 2 statements", "one question at a time"),
        ("  ", "the query is empty", "select name, status from runs"),
        ("-- nothing", "the query is empty", "one question"),
    ],
)
def test_an_error_says_what_is_meant(record, query, message, hint):
    with pytest.raises(BadQueryError) as found:
        record.sql(query)
    assert message in found.value.message
    assert hint is None or hint in str(found.value.hint)
    assert "_nothing" not in str(found.value) and "_runs" not in str(found.value)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("select metrics.val/acc from runs", 'write `metrics."val/acc"`: `/` divides'),
        ("select metrics.val from runs", 'write `metrics."val/acc"` or `metrics."val/loss"`'),
        ('select "val/acc" from runs', 'write `metrics."val/acc"`; '),
        ("select acc from runs", 'write `metrics."val/acc"`; '),
        ("select mean.val/acc from groups", 'write `mean."val/acc"`'),
    ],
)
def test_names_with_a_slash_are_shown_as_sql_takes_them(project, query, hint):
    with gnomon.run("a") as run:
        run.log({"val/acc": 0.5, "val/loss": 0.1})
    with pytest.raises(BadQueryError) as found:
        gnomon.open().sql(query)
    assert hint in str(found.value.hint)
    field = re.search("`([^`]+)`", str(found.value.hint))[1]
    table = query.rpartition(" ")[2]
    assert len(gnomon.open().sql(f"select {field} from {table}")) == 1


def test_an_error_points_at_the_place(record):
    with pytest.raises(BadQueryError) as found:
        record.sql("select name,\n  params.lrr\nfrom runs")
    assert found.value.message.splitlines()[-2:] == ["LINE 2:   params.lrr", " " * 17 + "^^^"]


def test_a_row_as_a_whole_has_all_columns(record):
    (row,) = record.sql("select r from runs r order by r.name limit 1")
    assert row["r"]["name"] == "line-0.01" and row["r"]["params"]["lr"] == 0.01


def test_a_step_of_with_may_have_the_name_of_a_table(record):
    assert rows(
        record, "with runs as (select seed from runs where seed > 1) select count(*), min(seed) from runs"
    ) == [(4, 2)]
    assert rows(record, "with metrics as (select 7 as x) select x from metrics") == [(7,)]


# ---------------------------------------------------------------- data, and what runs used


@pytest.fixture
def used(project):
    """Two versions of a table and a reference; runs that used them, and a file that no version has."""
    table = project / "credit.csv"
    table.write_text("age,income\n30,1\n40,2\n")
    first = gnomon.add_data(table, message="as delivered", licence="CC-BY-4.0", origin="the bureau")
    table.write_text("age,income,job\n30,1,a\n40,2,b\n50,3,c\n")
    second = gnomon.add_data(table, sensitivity="personal")
    far = gnomon.add_data("s3://bucket/far.csv", name="far", by_reference=True)
    loose = project / "loose.csv"
    loose.write_text("x\n1\n")
    with gnomon.run("old") as old:
        old.use("credit@v1")
    with gnomon.run("new") as new:
        new.use("credit")
        new.use(loose)
    with gnomon.run("hidden") as hidden:
        hidden.use("credit@v1")
    record = gnomon.open()
    record.remove(hidden.id)
    tag(record, record.data("credit"), ["gold"])
    return {"first": first.id, "second": second.id, "far": far.id, "old": old.id, "new": new.id}


@pytest.mark.slow
def test_versions_of_data_with_their_facts(used):
    record = gnomon.open()
    query = """select label, is_newest, size, files, file_name, rows, columns, column_names, message from data
               where name = 'credit' and erased is null order by number"""
    assert rows(record, query) == [
        ("credit@v1", False, 21, 1, "credit.csv", 2, 2, ["age", "income"], "as delivered"),
        ("credit@v2", True, 36, 1, "credit.csv", 3, 3, ["age", "income", "job"], None),
    ]
    query = "select licence, origin, sensitivity, legal_basis, retention, tags, notes from data order by name, number limit 2"
    assert rows(record, query) == [
        ("CC-BY-4.0", "the bureau", None, None, None, [], []),
        (
            "CC-BY-4.0",
            "the bureau",
            "personal",
            None,
            None,
            ["gold"],
            [],
        ),  # taken over from the version before
    ]
    assert rows(record, "select id, parents from data where number = 2") == [
        (used["second"], [used["first"]])
    ]
    assert rows(record, "select epoch(created) > 1.7e9, length(profile) from data where number = 2") == [
        (True, 64)
    ]


@pytest.mark.slow
def test_a_reference_says_where_it_lies_and_that_it_is_not_pinned(used):
    query = "select object, reference, is_pinned from data where id = ?"
    assert rows(gnomon.open(), query, used["far"]) == [(None, "s3://bucket/far.csv", False)]
    assert rows(gnomon.open(), query.replace("object", "length(object)"), used["first"]) == [(64, None, True)]


@pytest.mark.slow
def test_what_runs_used_joins_runs_and_versions(used):
    query = """select runs.name, used.name, used.number, data.rows, used.how from used
               join runs on runs.id = used.run left join data on data.id = used.version order by all"""
    assert rows(gnomon.open(), query) == [
        ("new", "credit", 2, 3, "restored"),
        ("new", "loose.csv", None, None, "not versioned"),
        ("old", "credit", 1, 2, "restored"),
    ]
    assert ("hidden",) in rows(
        gnomon.open(),
        "select runs.name from runs join used on used.run = runs.id",
        with_removed=True,
    )


@pytest.mark.slow
def test_rows_of_data_can_be_counted_and_names_of_tables_stay_free(used):
    record = gnomon.open()
    assert rows(record, "select count(*) from data") == [(3,)]
    assert rows(record, "with data as (select 1 as used) select used from data") == [(1,)]
    assert rows(record, "select * exclude (created, profile) from data where false") == []


@pytest.mark.slow
def test_a_version_of_which_only_heads_are_here_is_no_row(used, tmp_path):
    record = gnomon.open()
    record.export(tmp_path / "one", runs=used["old"])
    other = gnomon.open(tmp_path / "one" / "record")
    assert rows(other, "select label from data") == [("credit@v1",)]


# ---------------------------------------------------------------- checks


@pytest.mark.slow
def test_checks_and_their_findings(project):
    from tests.unit.checks import made

    (project / "credit.csv").write_text("age\n1\n")
    version = gnomon.add_data("credit.csv")
    with gnomon.run("trees") as run:
        run.check(made.fairness(0.1, outcome="pass"))
        run.check(made.fairness(0.3))
    record = gnomon.open()
    record.checks.write(made.drift(), about="data:credit@v1")
    columns = '"check", verdict, run, data, is_latest, failed, cannot_tell, findings, length(result)'
    query = f"select {columns} from checks order by created"
    assert rows(record, query) == [
        ("fairness", "cannot tell", run.id, None, False, 0, 1, 2, 64),
        ("fairness", "fail", run.id, None, True, 1, 1, 2, 64),
        ("drift", "pass", None, version.id, True, 0, 0, 1, 64),
    ]  # fmt: skip
    query = (
        "select key, outcome, value, limit_said from findings join checks on check_id = id"
        " where is_latest and outcome = 'fail'"
    )
    assert rows(record, query) == [("gap.selection_rate.sex", "fail", 0.3, "at most 0.1")]
    assert rows(record, "select count(*) from runs join checks on run = runs.id where verdict = 'fail'") == [
        (1,)
    ]


def test_a_record_without_checks_has_empty_tables(project):
    with gnomon.run("a"):
        pass
    assert rows(gnomon.open(), "select count(*) from checks, findings") == [(0,)]


# ---------------------------------------------------------------- sweeps, runs that were made again, and why two differ


@pytest.mark.slow
def test_sweeps_and_their_trials(project):
    from gnomon.session import close_all
    from tests.unit.runs.sweep.made import write

    sweep, runs = write(values=(0.1, 0.2, 0.3, 0.5))
    close_all()
    record = gnomon.open()
    query = "select id, name, state, metric, goal, sampler, trials, seeds, runs, done, best, command, file.params.lr from sweeps"
    (found,) = rows(record, query)
    assert found[:-1] == (
        sweep, "lr", "finished", "auc", "maximize", "grid", 2, [1, 2], 4, 4, 1, ["train", "--lr", "{lr}"],
    )  # fmt: skip
    assert found[-1].replace(" ", "") == "[0.1,0.2]"
    query = "select number, seed, state, value, params.lr::double from trials order by value"
    assert rows(record, query) == [
        (0, 1, "finished", 0.1, 0.1),
        (0, 2, "finished", 0.2, 0.1),
        (1, 1, "finished", 0.3, 0.2),
        (1, 2, "finished", 0.5, 0.2),
    ]
    joined = "select count(*) from trials join runs on run = runs.id join sweeps on sweep = sweeps.id"
    assert rows(record, joined) == [(4,)]
    record.remove(runs[0])
    assert rows(record, "select count(*) from trials") == [(3,)]
    assert rows(record, "select count(*) from trials", with_removed=True) == [(4,)]


def test_a_sweep_whose_file_cannot_be_read_is_there_without_what_it_says(project):
    from gnomon.runs.sweep import entries
    from gnomon.session import session_for

    body = {"name": "later", "file": {"name": "later", "sampler": "quantum"}}
    session_for().append(entries.MADE, entries.sweep_subject("ab" * 10), body, strict=True)
    assert rows(gnomon.open(), "select name, metric, trials, seeds, best, state, sentence from sweeps") == [
        ("later", None, None, [], None, None, None)
    ]


@pytest.mark.slow
def test_runs_that_were_made_again_and_why_two_differ(project):
    from gnomon.runs import entries
    from gnomon.runs.actions import write

    with gnomon.run("a") as a, gnomon.run("b") as b:
        pass
    record = gnomon.open()
    body = {
        "by": b.id,
        "verdict": entries.DIFFERS,
        "swapped": {"params.lr": "0.1 → 0.2"},
        "gaps": ["no lock"],
    }
    write(record, a.id, entries.REPLICATED, body)
    write(record, a.id, entries.REPLICATED, {"verdict": entries.CANNOT_RUN, "why": "no code"})
    shares = [
        ["params.lr", "0.1 → 0.2", 0.4, 0.3, 0.5, 0.01, True],
        ["code", "", 0.1, None, None, 1.0, False],
    ]
    answer = {
        "a": a.id, "b": b.id, "metric": "auc", "verdict": "causes", "difference": [0.5, 0.4, 0.6], "shares": shares, "seeds": 3,
    }  # fmt: skip
    for run in (a.id, b.id):  # as `why` writes it: on both
        write(record, run, entries.EXPLAINED, answer)
        write(
            record,
            run,
            entries.EXPLAINED,
            {**answer, "metric": "loss", "verdict": "no cause above noise", "shares": []},
        )
    query = "select run, repeat, verdict, why, swapped->>'params.lr', gaps, writer is not null from replications order by time"
    assert rows(record, query) == [
        (a.id, b.id, entries.DIFFERS, None, "0.1 → 0.2", ["no lock"], True),
        (a.id, None, entries.CANNOT_RUN, "no code", None, [], True),
    ]
    query = """select metric, verdict, difference, factor, said, share, low, p, is_cause, seeds from explanations
               where a = ? and b = ? order by metric, share desc"""
    assert rows(record, query, a.id, b.id) == [
        ("auc", "causes", 0.5, "params.lr", "0.1 → 0.2", 0.4, 0.3, 0.01, True, 3),
        ("auc", "causes", 0.5, "code", "", 0.1, None, 1.0, False, 3),
        ("loss", "no cause above noise", 0.5, None, None, None, None, None, None, 3),
    ]
    record.remove(b.id)
    assert rows(record, "select count(*) from explanations") == [(0,)]
    assert rows(record, "select count(*) from replications") == [(1,)]


def test_a_record_without_any_of_these_has_empty_tables(project):
    with gnomon.run("a"):
        pass
    query = "select count(*) from sweeps, trials, replications, explanations"
    assert rows(gnomon.open(), query) == [(0,)]
