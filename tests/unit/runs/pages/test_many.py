"""Pictures of many runs: which runs and columns, how they are packed, and what the pages say without script."""

from __future__ import annotations

import json
import math
import random
import struct

import pytest

import gnomon
from gnomon.errors import BadArgumentError, BadExpressionError, UnknownSubjectError
from gnomon.runs.pages import many_rows
from gnomon.runs.pages.importance_page import importance
from gnomon.runs.pages.many_rows import columns, packed, useful
from gnomon.runs.pages.parallel import parallel
from gnomon.runs.pages.scatter import scatter
from tests.unit.runs.pages.showing import asked, rendered, rows_of, words_of

ODD = "تجربة 🦊 <script>alert(1)</script> \u202e`x`"


def train(name="sweep", *, seed=None, status="finished", params=None, **metrics):
    run = gnomon.run(name, params=params or {}, seed=seed)
    if metrics:
        run.log({key.replace("__", "/"): value for key, value in metrics.items()}, step=1)
    run.finish(status)
    return run.id


@pytest.fixture
def sweep(project):
    """Twenty configurations; five of them with two seeds."""
    chance = random.Random(1)
    ids = []
    for at in range(20):
        params = {
            "lr": 10 ** chance.uniform(-4, 0), "depth": chance.choice([2, 4, 8]), "optimizer": ["adam", "sgd"][at % 2],
            "amp": at % 3 == 0, "fixed": 7, "out": f"runs/{at}", "seed": at,
        }  # fmt: skip
        for seed in range(2 if at < 5 else 1):
            height = 0.8 + 0.1 * math.log10(params["lr"]) / 4
            ids.append(
                train(f"run-{at}", seed=seed, params=params, auc=height, epoch=3, train__loss=1 - height)
            )
    return ids


def unpacked(binary):
    """Return the header and the columns, as the browser reads them."""
    data = b"".join(binary.parts)
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    start = math.ceil((4 + length) / 8) * 8
    found = {}
    for one in header["columns"]:
        code = {"f4": "f", "f8": "d", "u2": "H"}[one["type"]]
        count = len(header["names"])
        found[one["key"]] = struct.unpack_from(f"<{count}{code}", data, start + one["at"])
    ids = [data[start + 10 * at : start + 10 * at + 10].hex() for at in range(header["ids"])]
    return header, found, ids


# ---------------------------------------------------------------- columns


def test_columns_come_back_as_they_were(sweep):
    header, found, ids = unpacked(
        columns(asked(("columns", "params.lr,params.optimizer,params.amp,metrics.auc")))
    )
    table = gnomon.open().runs(columns=["params.lr", "params.optimizer", "metrics.auc"])
    assert ids == table.ids and header["total"] == 25
    assert list(found["params.lr"]) == table.column("params.lr")
    assert list(found["metrics.auc"]) == table.column("metrics.auc")
    kinds = {one["key"]: one for one in header["columns"]}
    assert kinds["params.amp"]["labels"] == [False, True]
    labels = kinds["params.optimizer"]["labels"]
    assert [labels[code] for code in found["params.optimizer"]] == table.column("params.optimizer")


def test_what_is_missing_what_is_nan_and_what_has_no_float_are_told_apart():
    cells = {
        "a": [1.5, None, math.nan, math.inf], "b": [0.1, 2, 3, None], "c": [10**400, -(10**400), 1, None],
        "d": ["x", None, True, [1, 2]],
    }  # fmt: skip
    header, found, _ = unpacked(packed({"names": ["", "", "", ""], "total": 4}, ["ab" * 10] * 4, cells))
    kinds = {one["key"]: one for one in header["columns"]}
    assert (kinds["a"]["type"], kinds["b"]["type"]) == ("f4", "f8"), "float32 only where nothing is lost"
    assert kinds["a"]["nan"] == [2] and math.isnan(found["a"][1]) and found["a"][3] == math.inf
    assert found["c"][:3] == (math.inf, -math.inf, 1.0)
    assert [kinds["d"]["labels"][code] if code != 65_535 else None for code in found["d"]] == [
        "x",
        None,
        True,
        "1, 2",
    ]
    assert all(one["at"] % 8 == 0 for one in header["columns"])


def test_a_filter_a_choice_and_the_limit_say_which_runs(sweep, monkeypatch):
    header, found, ids = unpacked(columns(asked(("where", "params.depth = 2"), ("columns", "params.depth"))))
    assert set(found["params.depth"]) == {2.0} and len(ids) == header["total"] < 25
    _, _, ids = unpacked(columns(asked(("run", sweep[3]), ("run", sweep[1]), ("columns", "metrics.auc"))))
    assert ids == [sweep[3], sweep[1]]
    monkeypatch.setattr(many_rows, "MOST", 4)
    monkeypatch.setattr(many_rows.many, "__defaults__", (4,))
    header, _, ids = unpacked(columns(asked(("columns", "metrics.auc"))))
    assert len(ids) == 4 and header["total"] == 25


def test_groups_of_seeds_are_means_with_spreads(sweep):
    header, found, ids = unpacked(columns(asked(("groups", "1"), ("columns", "params.lr,metrics.auc"))))
    assert len(header["names"]) == 20 and header["members"].count(2) == 5 and sorted(ids) == sorted(sweep)
    assert len(found["metrics.auc.spread"]) == 20 and "params.lr.spread" not in found
    header, _, ids = unpacked(
        columns(asked(("groups", "1"), ("run", sweep[0]), ("run", sweep[1]), ("columns", "metrics.auc")))
    )
    assert header["members"] == [2] and set(ids) == set(sweep[:2])


def test_too_many_columns_and_a_wrong_filter_are_refused(sweep):
    many = ",".join(f"params.p{at}" for at in range(30))
    for pair in (("groups", "1"), ("groups", "0")):
        with pytest.raises(BadArgumentError, match="at most 24 columns; got 30"):
            columns(asked(pair, ("columns", many)))
    with pytest.raises(BadExpressionError):
        columns(asked(("where", "lr >"), ("columns", "metrics.auc")))


def test_useful_columns_vary_and_are_no_seeds(sweep):
    found = useful(asked())
    assert set(found.params) == {"params.lr", "params.depth", "params.optimizer", "params.amp"}
    assert found.metrics[0] == "metrics.auc" and found.metrics[-1] == "metrics.epoch"


def test_an_even_parameter_that_all_runs_have_comes_first(project):
    for at in range(24):
        params = {"z": at % 3, "a": at == 5, "m": at % 2 if at < 12 else None}
        train(params={key: value for key, value in params.items() if value is not None}, auc=at)
    assert useful(asked()).params == ["params.z", "params.m", "params.a"]


# ---------------------------------------------------------------- parallel coordinates


def test_parallel_chooses_axes_and_lists_the_runs(sweep):
    html = rendered(parallel(asked()))
    assert 'data-color="metrics.auc"' in html and 'data-better="higher"' in html
    head, *rows = rows_of(html)
    assert head[0] == "run" and head[-1] == "metrics.auc" and len(head) == 6
    assert len(rows) == 25 and rows[0][0] == "run-19"
    assert "25 runs" in words_of(html)


def test_the_axes_of_the_address_stand_in_its_order_and_unknown_ones_are_said(sweep):
    html = rendered(parallel(asked(("axes", "metrics.auc,params.lr,params.nope"), ("color", "params.no"))))
    assert rows_of(html)[0] == ["run", "metrics.auc", "params.lr"]
    assert "No run has params.nope , params.no ." in words_of(html)


@pytest.mark.parametrize("page", [parallel, scatter, importance])
def test_named_runs_stay_those_of_the_form_and_of_the_other_parts(sweep, page):
    html = rendered(page(asked(("run", sweep[0][:12]), ("run", sweep[9]))))
    assert html.count('<input type="hidden" name="run"') == 2
    assert f'href="/compare/scatter?run={sweep[0]}&amp;run={sweep[9]}"' in html
    html = rendered(page(asked(("where", "params.depth = 2"), ("sort", "name"))))
    assert 'name="where" value="params.depth = 2"' in html
    assert "where=params.depth+%3D+2" in html


def test_no_runs_and_nothing_to_tell_apart_say_what_to_do(project):
    gnomon.run("a").finish()
    assert "nothing that tells these runs apart" in rendered(parallel(asked()))
    html = rendered(parallel(asked(("where", "name = 'b'"), ("axes", "duration,created"))))
    assert "No run matches name = 'b'" in words_of(html) and 'id="parallel"' not in html


def test_names_and_values_of_strangers_stay_text(project):
    for at in range(3):
        train(ODD, params={ODD[:20]: ODD, "lr": at}, auc=float("nan") if at else 0.5)
    for answer in (parallel(asked()), scatter(asked()), importance(asked(("metric", "auc")))):
        html = rendered(answer)
        assert "<script>alert" not in html and "\u202e" not in html


# ---------------------------------------------------------------- scatter


def test_scatter_takes_the_most_useful_pair_unless_told(sweep):
    html = rendered(scatter(asked()))
    assert 'data-y="metrics.auc"' in html and 'data-x="params.' in html
    html = rendered(scatter(asked(("x", "metrics.auc"), ("y", "created"), ("log_x", "1"), ("groups", "1"))))
    assert 'data-x="metrics.auc" data-y="created"' in html and "data-log-x" in html and "groups=1" in html


def test_scatter_of_a_column_that_no_run_has_says_so(sweep):
    html = rendered(scatter(asked(("x", "params.nope"), ("y", "metrics.auc"))))
    assert "No run has params.nope" in words_of(html) and 'id="scatter"' not in html


def test_a_record_without_runs_says_what_to_do(project):
    only = gnomon.run("a")
    only.finish()
    gnomon.open().remove(only.id)
    for page in (parallel, scatter):
        assert "There are no runs yet" in words_of(rendered(page(asked())))


# ---------------------------------------------------------------- importance


def test_importance_shows_bars_verdicts_and_the_sentence_of_the_library(sweep):
    html = rendered(importance(asked(("metric", "metrics.auc"))))
    found = gnomon.open().importance("auc")
    assert found.sentence.replace("`", "") in words_of(html)
    rows = rows_of(html)
    assert rows[0][:3] == ["parameter", "verdict", "share"]
    assert [row[0] for row in rows[1:5]] == [one.name for one in found]
    assert rows[1][:3] == ["lr", "matters", f"{found.weights[0].share:.2f}"]
    assert html.count('class="interval"') == 4
    assert "out: nearly every configuration has a value of its own" in words_of(html)


def test_importance_of_chosen_runs_is_of_those_only(sweep):
    html = rendered(importance(asked(("metric", "auc"), *[("run", run) for run in sweep[:8]])))
    assert "Cannot tell which parameters matter for auc from 4 configurations (8 runs)" in words_of(html)


def test_importance_without_metrics_says_what_to_do_and_an_unknown_one_is_an_error(project):
    gnomon.run("a").finish()
    assert "No run has logged a metric yet" in words_of(rendered(importance(asked())))
    train(auc=0.5)
    with pytest.raises(UnknownSubjectError, match="auk"):
        importance(asked(("metric", "auk")))
