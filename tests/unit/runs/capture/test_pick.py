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
        "loss=1,234.5", "loss: 12,345", "loss=0,5", "mAP@0.5:0.95 = 0.31", "x = tensor(0.25, 0.5)", "x = tensor([1, 2])",
        "x = array(0.5 0.6)", "f = size(3)",
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


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("loss: 0.30 val loss: 0.40", {"loss": 0.3, "val loss": 0.4}),
        ("val loss: 0.40 loss: 0.30", {"loss": 0.3, "val loss": 0.4}),
        (
            "Train Loss: 0.50 | Valid Loss: 0.90 | best_loss: 0.1 | EMA loss=0.77",
            {"Train Loss": 0.5, "Valid Loss": 0.9, "best_loss": 0.1, "EMA loss": 0.77},
        ),
        ("top1 acc: 0.7, top5 acc: 0.9", {"top1 acc": 0.7, "top5 acc": 0.9}),
        ("[10]\ttraining's auc: 0.9\tvalid_1's auc: 0.8", {"training's auc": 0.9, "valid_1's auc": 0.8}),
        ("{'loss': 0.3, 'val loss': 0.4}", {"loss": 0.3, "val loss": 0.4}),
        ("batch loss: 0.2 epoch loss: 0.3", {"batch loss": 0.2, "epoch loss": 0.3}),
        ("lm loss: 7.1E+00 | loss scale: 1.0 |", {"lm loss": 7.1, "loss scale": 1.0}),
        ("the best mean val loss: 0.3", {"best mean val loss": 0.3}),
        ("val   loss: 0.3", {"val loss": 0.3}),
    ],
)
def test_the_words_before_a_name_belong_to_it(line, found):
    assert rows(line + "\n") == [(None, found)]
    for name in ("loss", "val loss"):
        exact = {name: found[name]} if name in found else {}
        assert rows(line + "\n", name) == ([(None, exact)] if exact else [])


def test_a_name_without_a_sign_and_a_longer_one_with_a_sign_are_two():
    assert rows("loss 0.3 val loss: 0.4\n", "loss") == [(None, {"loss": 0.3})]
    assert rows("val loss 0.4 loss: 0.3\n", "loss", "val loss") == [(None, {"loss": 0.3, "val loss": 0.4})]


def test_a_name_of_another_is_not_taken_and_told():
    picker = Picker(["loss"])
    assert list(picker.rows(["train loss: 0.2", "val loss: 0.3"])) == []
    assert picker.unmatched == ["loss"] and picker.seen == ["train loss", "val loss"]


@pytest.mark.parametrize(
    "line",
    [
        "epoch 3 loss: 0.3", "step 100 - loss: 0.3", "[INFO] loss: 0.3", "Epoch 1/3 loss=0.3", "train | loss: 0.3",
        "2024-01-01 12:00:00 INFO loss: 0.3", "loss: 0.3 val_loss: 0.4", "WARNING loss: 0.3", "mode=train loss: 0.3",
        "mode = train loss: 0.3", "epoch3 loss: 0.3", "[val] loss: 0.3", "finished with loss: 0.3", "took 3.5 s loss: 0.3",
        "x.py loss: 0.3", "/tmp/run loss: 0.3", "done. loss: 0.3", "train\tloss: 0.3", "train    loss: 0.3", "val, loss: 0.3",
        '{"a": "b"} "loss": 0.3', "INFO:root:loss: 0.3", "Epoch 3:  loss: 0.3",
    ],
)  # fmt: skip
def test_what_else_stands_before_a_name_is_no_part_of_it(line):
    assert rows(line + "\n", "loss") == [(None, {"loss": 0.3})]


def test_a_name_with_two_values_in_one_line_has_none():
    """Which of the two is meant cannot be known: `[train] loss: 0.2 [val] loss: 0.4`."""
    picker = Picker(["loss", "acc"])
    line = "[train] loss: 0.2 acc: 0.5 [val] loss: 0.4 acc: 0.50"
    assert list(picker.rows([line])) == [(None, {"acc": 0.5})]
    assert picker.unmatched == ["loss"] and "loss (with two values in a line)" in picker.seen
    assert rows("loss 0.3 loss: 0.2\n", "loss") == []
    assert len(rows("loss: nan loss: nan\n")) == 1


def test_a_step_may_have_a_word_before_it():
    assert rows("global step: 100 loss: 1\n") == [(100, {"loss": 1.0})]
    assert rows("total step: 900 step: 3 loss: 1\n") == [(3, {"loss": 1.0})]
    assert rows("inner step: 3 step: 4\n", "inner step") == [(4, {"inner step": 3.0})]
    assert rows("time per step: 3 loss: 1\n") == [(None, {"time per step": 3.0, "loss": 1.0})]


@pytest.mark.parametrize(
    "text",
    [
        "loss=\x1b[1;36m0.1\x1b[0m\n", "\x1b[1mloss\x1b(B\x1b[m: \x1b[32m0.1\x1b[39m\n", "\x1b]0;title\x07loss: 0.1\n",
        "\x1b]8;;http://x/?loss=3\x1b\\loss\x1b]8;;\x1b\\=0.1\n",
        "\r\x1b[2Kloss=0.1\x1b[K\r", "loss=0.1\x1b[0m", "\x1b7loss=0.1\x1b8\n",
        "\x1b[33mINFO\x1b[0m loss: 0.1\n",
    ],
)  # fmt: skip
def test_colours_hide_nothing(text):
    assert rows(text, "loss") == [(None, {"loss": 0.1})]


def test_where_the_cursor_moves_another_line_begins():
    assert rows("loss=2\x1b[1Gloss=1\x1b[A\x1b[A\n") == [(None, {"loss": 2.0}), (None, {"loss": 1.0})]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Loss      :    0.500", {"Loss": 0.5}),
        ("精度: 0.9 損失：0.2", {"精度": 0.9, "損失": 0.2}),
        ("größe=1 потери: 0.5", {"größe": 1.0, "потери": 0.5}),
        ("हानि: 0.9 cafe\u0301=1", {"हानि": 0.9, "cafe\u0301": 1.0}),
        ("средняя потеря: 0.5 потеря: 0.4", {"средняя потеря": 0.5, "потеря": 0.4}),
        ("loss=tensor(0.33, device='cuda:0')", {"loss": 0.33}),
        ("loss=tensor(0.33, device='cuda:0', grad_fn=<NllLossBackward0>) x=1", {"loss": 0.33, "x": 1.0}),
        ("a=tensor(0.33) b=np.float64(0.5) c: array(0.5)", {"a": 0.33, "b": 0.5, "c": 0.5}),
        ("{'a': Array(1e-3, dtype=float32), 'b': np.int64(3)}", {"a": 1e-3, "b": 3.0}),
    ],
)
def test_names_of_any_alphabet_and_numbers_that_libraries_wrap(line, found):
    assert rows(line + "\n") == [(None, found)]
    assert rows("精度 0.9\n", "精度") == [(None, {"精度": 0.9})]


@pytest.mark.parametrize(
    "line",
    [
        '{"step": 1, "loss": 0.5} {"step": 2, "loss": 0.4}',
        '{"step": 1, "loss": 0.5},{"step": 2, "loss": 0.4},',
        '[{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.4}]',
        ' [ {"step": 1, "loss": 0.5} ]; [{"step": 2, "loss": 0.4}]',
    ],
)
def test_each_json_object_of_a_line_is_a_row(line):
    assert rows(line + "\n", "loss") == [(1, {"loss": 0.5}), (2, {"loss": 0.4})]


@given(st.text("loss val:=.0123 \t\x1b[m{}\"',精", max_size=60))
def test_any_line_is_survived(line):
    assert all(metrics for _, metrics in rows(line + "\n", "*", "loss"))
