"""What stands in `{{ … }}` and behind links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import BadExpressionError
from gnomon.team.prose.asked import read, read_part, terms_of
from gnomon.team.references import parse


@pytest.mark.parametrize(
    ("text", "shown", "form"),
    [
        ("metrics.auc of run:ab12", "metrics.auc of run:ab12", ""),
        ("  metrics.auc   of run:ab12|.3f", "metrics.auc of run:ab12", ".3f"),
        ("metrics.val/auc at best of run:@1 | .1%", "metrics.val/auc at best of run:@1", ".1%"),
        ("metrics.auc at step 300 of run:a", "metrics.auc at step 300 of run:a", ""),
        ("metrics.auc at step=300 of run:a", "metrics.auc at step 300 of run:a", ""),
        ("metrics.auc at first of run:a", "metrics.auc at first of run:a", ""),
        ("mean metrics.auc of group:depth-6", "mean metrics.auc of group:depth-6", ""),
        ("rows of data:credit@v3 | ,d", "rows of data:credit@v3", ",d"),
        ('metrics.auc of run:"two words"', 'metrics.auc of run:"two words"', ""),
        ('metrics."val loss" of run:a', "metrics.val loss of run:a", ""),
        ("metrics.a of run:a - metrics.a of run:b", "metrics.a of run:a - metrics.a of run:b", ""),
        ("metrics.a of run:a − metrics.a of run:b", "metrics.a of run:a - metrics.a of run:b", ""),
        ("metrics.a of run:a / metrics.a of run:b - 1", "(metrics.a of run:a / metrics.a of run:b) - 1", ""),
        ("(seed of run:a - 1) * 100", "(seed of run:a - 1) * 100", ""),
        ("metrics.a-b of run:c-d", "metrics.a-b of run:c-d", ""),
    ],
)  # fmt: skip
def test_it_is_read(text, shown, form):
    asked, found = read(text)
    assert (str(asked), found) == (shown, form)


@pytest.mark.parametrize(
    "text",
    ["", "auc", "metrics.auc of", "metrics.auc of ab12", "metrics.auc of nothing:1", "metrics.auc of run:a -",
     "of run:a", "1 +", "(1",
     "metrics.auc at noon of run:a", "metrics.auc of run:a x", "(" * 60, "metrics.a of run:a and b", "a" * 2_000],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_that_says_where(text):
    with pytest.raises(BadExpressionError):
        read(text)


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("run:ab12#metrics.auc", "metrics.auc of run:ab12"),
        ("run:ab12#metrics.auc@best", "metrics.auc at best of run:ab12"),
        ("run:ab12#metrics.auc@step=300", "metrics.auc at step 300 of run:ab12"),
        ("run:ab12#metrics.recall@10", "metrics.recall@10 of run:ab12"),
        ("run:ab12#metrics.recall@10@best", "metrics.recall@10 at best of run:ab12"),
        ("group:d#spread.metrics.auc", "spread metrics.auc of group:d"),
        ("data:c@v3#rows", "rows of data:c@v3"),
    ],
)
def test_the_part_of_a_link_is_read(reference, shown):
    assert str(read_part(parse(reference))) == shown


def test_a_reference_without_a_part_asks_nothing():
    assert read_part(parse("run:ab12")) is None


@given(st.text(alphabet='metrics.auc of run:ab -/()|12"at best', max_size=120))
def test_no_text_makes_it_fail_otherwise(text):
    try:
        asked, _ = read(text)
    except BadExpressionError:
        return
    assert all(term.of.kind for term in terms_of(asked))
