"""Metrics are found in what programs print."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.capture.pick import Picker


def rows(text: str, *patterns: str) -> list:
    picker = Picker(patterns or ("*",))
    return [*picker.feed("out", text), *picker.end()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("loss=0.25", (None, {"loss": 0.25})),
        ("loss = 0.25, auc: 9.1e-1", (None, {"loss": 0.25, "auc": 0.91})),
        ("step=7 loss=0.5", (7, {"loss": 0.5})),
        ("[global_step: 12] val/loss: -3", (12, {"val/loss": -3.0})),
        ("Epoch 3 | train_loss: 0.1 | acc: 91.5%", (None, {"train_loss": 0.1, "acc": 91.5})),
        (
            "{'loss': 0.7, 'learning_rate': 5e-05, 'epoch': 0.1}",
            (None, {"loss": 0.7, "learning_rate": 5e-05, "epoch": 0.1}),
        ),
        ('{"step": 3, "loss": 0.5, "ok": true, "name": "x"}', (3, {"loss": 0.5})),
        ('{"val": {"loss": 0.5, "auc": 1}}', (None, {"val/loss": 0.5, "val/auc": 1.0})),
        ("loss=.5 big=1E3 neg=-.5", (None, {"loss": 0.5, "big": 1000.0, "neg": -0.5})),
        (
            "iter=2.5 loss=1",
            (None, {"loss": 1.0}),
        ),  # no whole number is no step, and none of these names is a metric
    ],
)
def test_a_line_is_a_row(line, expected):
    assert rows(line + "\n") == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "saved to /tmp/run=3/x.bin", "time: 12:30:05", "version: 1.2.3", "host=10.0.0.1:8080", "sha=3fa2", "url=http://x/?a=1b",
        "no numbers here", "loss=", "= 3", "", "a" * 1000, "date: 2026-11-25",
        "loss=1,234.5", "loss: 12,345", "loss=0,5", "mAP@0.5:0.95 = 0.31", "x = tensor(0.25, device='cuda:0')",
    ],
)  # fmt: skip
def test_what_is_no_metric_is_not_taken(line):
    assert rows(line + "\n") == []


def test_a_line_that_only_looks_like_json_is_read_as_text():
    assert rows("{'loss': 3\n") == [(None, {"loss": 3.0})]


def test_nan_and_infinities_are_numbers():
    ((_, found),) = rows("loss=nan a=inf b=-inf\n")
    assert math.isnan(found["loss"]) and found["a"] == math.inf and found["b"] == -math.inf


def test_only_wanted_names_are_taken():
    assert rows("loss=1 auc=2 val/loss=3 val/auc=4\n", "loss", "val/*") == [
        (None, {"loss": 1.0, "val/loss": 3.0, "val/auc": 4.0})
    ]


def test_a_bar_that_is_drawn_again_gives_a_row_each_time():
    assert rows("loss=3\rloss=2\rloss=1\n") == [
        (None, {"loss": 3.0}),
        (None, {"loss": 2.0}),
        (None, {"loss": 1.0}),
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ep0: 100%|####| 3/3 [00:01<00:00, 2.2it/s, loss=0.3]", {"loss": 0.3}),
        ("ep0:  33%|███▎      | 1/3 [00:00<00:01, 1.9it/s, loss=0.3, acc=91.5%]", {"loss": 0.3, "acc": 91.5}),
        ("train: 100% 3/3 [00:01<00:00, 2.2it/s, loss=0.3]", {"loss": 0.3}),
        ("ep0: 3it [00:01, 2.2it/s, loss=0.3]", {"loss": 0.3}),
        ("loss=0.3:  50%|#####     | 5/10 [00:01<00:01,  4.9it/s]", {"loss": 0.3}),
        ("acc: 91.5% | f1: 80%", {"acc": 91.5, "f1": 80.0}),
    ],
)
def test_the_text_of_a_bar_itself_is_no_metric(line, found):
    assert rows(line + "\r") == [(None, found)]


def test_a_bar_alone_gives_nothing():
    assert (
        rows("ep0:   0%|          | 0/3 [00:00<?, ?it/s]\rep0: 100%|####| 3/3 [00:01<00:00,  2.2s/it]\n")
        == []
    )


def test_nested_names_may_be_wanted_with_dots():
    line = '{"nested": {"acc": 1, "deep": {"f1": 2}}, "other": {"acc": 3}}\n'
    assert rows(line, "nested.acc") == [(None, {"nested/acc": 1.0})]
    assert rows(line, "nested.*") == [(None, {"nested/acc": 1.0, "nested/deep/f1": 2.0})]
    assert rows("val.loss=1 val/loss=2 valXloss=3\n", "val.loss") == [
        (None, {"val.loss": 1.0, "val/loss": 2.0})
    ]
    assert rows("val.loss=1 val/loss=2\n", "val/loss") == [(None, {"val/loss": 2.0})]


def test_what_was_wanted_and_never_seen_is_known():
    picker = Picker(["accuracy", "loss", "f*", "step"])
    list(picker.feed("out", "step=1 loss=1 acc=2\nacc=3 nothing\n"))
    assert picker.unmatched == ["accuracy", "f*", "step"]
    assert picker.seen == ["loss", "acc"]
    list(picker.feed("out", "f1=1"))
    assert picker.unmatched == ["accuracy", "f*", "step"]
    list(picker.end())
    assert picker.unmatched == ["accuracy", "step"]
    assert Picker(["*"]).unmatched == ["*"]


@given(st.integers(0, 30))
def test_a_line_may_come_in_pieces(cut):
    text = "step=1 loss=0.25\nstep=2 loss=0.5\n"
    picker = Picker(["*"])
    found = [*picker.feed("out", text[:cut]), *picker.feed("err", "x=9\n"), *picker.feed("out", text[cut:])]
    assert [row for row in found if row[0]] == [(1, {"loss": 0.25}), (2, {"loss": 0.5})]


@given(st.text())
def test_any_text_is_survived(text):
    for step, metrics in rows(text):
        assert step is None or isinstance(step, int)
        assert metrics and all(isinstance(value, float) for value in metrics.values())


@pytest.mark.parametrize(
    ("line", "patterns", "expected"),
    [
        ("epoch 2 val acc 0.9481", ["val acc"], [(None, {"val acc": 0.9481})]),
        ("epoch 2 val acc 0.9481", ["acc"], []),
        (
            "train acc 0.99 val acc 94.5% loss 1e-3",
            ["val acc", "loss"],
            [(None, {"val acc": 94.5, "loss": 1e-3})],
        ),
        ("step 100 loss 0.5", ["loss"], [(100, {"loss": 0.5})]),
        ("[2/10] loss 0.25 | acc 93.5%", ["loss", "acc"], [(None, {"loss": 0.25, "acc": 93.5})]),
        ("Epoch 2: acc 0.5, lr=0.1", ["acc", "lr"], [(None, {"acc": 0.5, "lr": 0.1})]),
    ],
)
def test_words_before_a_number_are_a_name_where_they_are_asked_for_whole(line, patterns, expected):
    assert rows(line + "\n", *patterns) == expected


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("took 3.5 s", "*"),
        ("took 3.5 s", "t*"),
        ("reached acc 3 times", "acc"),
        ("the loss went down to 0.5", "loss"),
        ("no loss 0.5 here", "loss"),
        ("loss 0.5ms", "loss"),
        ("loss 0.5.1", "loss"),
        ("file.loss 0.5", "loss"),
    ],
)
def test_prose_before_a_number_is_no_metric(line, pattern):
    assert rows(line + "\n", pattern) == []


def test_names_that_were_printed_without_a_sign_are_told_and_do_not_hide_others():
    picker = Picker(["acc", "val*"])
    assert list(picker.rows(["epoch 2 val acc 0.9481"])) == []
    assert picker.seen == ["val acc"] and "acc" in picker.unmatched
    assert list(picker.rows(['{"val acc": 0.5}'])) == [(None, {"val acc": 0.5})]
