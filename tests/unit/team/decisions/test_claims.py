"""How evidence is written, on its own and in a text."""

from __future__ import annotations

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.decisions import parts
from gnomon.team.decisions.claims import COMPARISON, DATA, DECISION, MEAN, RUN, VALUE, claim, claims_in


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("run:ab12", RUN, None),
        ("run:ab12#metrics.auc", VALUE, "metrics.auc"),
        ("group:deep#auc", MEAN, "auc"),
        ("group:deep > group:flat on metrics.auc", COMPARISON, "metrics.auc"),
        ("group:deep lr=0.1 < group:flat lr=0.2 on metrics.loss.min", COMPARISON, "metrics.loss.min"),
        ("data:credit@gold", DATA, None),
        ("decision:3", DECISION, None),
    ],
)
def test_what_a_line_of_evidence_claims(text, kind, what):
    found = claim(text)
    assert (found.kind, found.what) == (kind, what)
    assert claim(str(found)) == found


def test_the_names_of_groups_may_hold_spaces_and_are_then_written_in_quotes():
    found = claim("group:deep lr=0.1 > group:flat on auc")
    assert [one.name for one in found.references] == ["deep lr=0.1", "flat"]
    assert str(found) == 'group:"deep lr=0.1" > group:flat on auc'


@pytest.mark.parametrize(
    "text", ["", "the AUC is better", "group:deep", "member:bea", "group:a > run:b on auc", "run:"]
)
def test_what_is_no_evidence_is_an_error_that_shows_how(text):
    with pytest.raises(BadArgumentError, match=r"is no evidence[\s\S]*run:ab12#metrics.auc"):
        claim(text)


def test_a_section_of_evidence_is_read_line_by_line_with_what_was_seen_left_out():
    text = (
        "## Context\n\nrun:ffff is only mentioned.\n\n## Evidence\n\n- run:ab12#metrics.auc = 0.914 (5 seeds)\n"
        "- group:a > group:b on metrics.auc = by 0.03 [0.01, 0.05]\n- The table of data:credit@v3 shows it.\n- \n"
    )
    found = claims_in(text, parts.parts_of(text).evidence)
    assert [str(one) for one in found] == [
        "run:ab12#metrics.auc",
        "group:a > group:b on metrics.auc",
        "data:credit@v3",
    ]


def test_numbers_that_are_bound_anywhere_in_a_text_are_evidence_but_for_those_in_code():
    text = (
        "AUC [0.914](run:ab12#metrics.auc), before {{ metrics.auc of run:77fe | .3f }}.\n\n"
        "```\n[0.9](run:cccc#metrics.auc)\n```\n`{{ metrics.auc of run:dddd }}` and [a page](run:eeee)"
    )
    assert [str(one) for one in claims_in(text, "")] == ["run:ab12#metrics.auc", "run:77fe#metrics.auc"]


def test_an_evidence_section_that_was_left_empty_takes_nothing_from_the_text():
    text = "AUC [0.9](run:a-b-12#metrics.auc)\n\n## Evidence\n\n-\n"
    assert [str(one) for one in claims_in(text, parts.parts_of(text).evidence)] == ["run:a-b-12#metrics.auc"]


def test_a_bound_number_in_the_section_counts_once():
    text = "## Evidence\n\n- AUC was [0.9](run:ab12#metrics.auc), see run:cd34\n"
    found = [str(one) for one in claims_in(text, parts.parts_of(text).evidence)]
    assert sorted(found) == ["run:ab12#metrics.auc", "run:cd34"]


def test_lines_that_are_made_to_be_slow_are_not():
    line = "- " + "group:a > " * 4_000 + " on " * 4_000
    claims_in(f"## Evidence\n{line}\n", line)
