"""The headings of a decision's text."""

from __future__ import annotations

from gnomon.team.decisions.parts import finished, items, parts_of

TEXT = """# Use depth 6

## Context and Problem Statement

Which depth?

## Considered Options

- 4
- 6

## Decision Outcome

Chosen option: "6", because it is better.

### Consequences

- Good, because it is better
- Bad, because

### Confirmation

By eye.

## Evidence

-

## Reopen If

- after 2031-01-01
"""


def test_the_parts_are_told_by_their_headings():
    found = parts_of(TEXT)
    assert found.title == "Use depth 6"
    assert (found.context, found.options) == ("Which depth?", "- 4\n- 6")
    assert found.choice == 'Chosen option: "6", because it is better.'
    assert found.consequences.startswith("- Good, because it is better")
    assert items(found.evidence) == []
    assert items(found.reopen) == ["after 2031-01-01"]


def test_headings_may_stand_in_any_order_and_case_and_be_short():
    found = parts_of("## REOPEN WHEN\nx\n## options\n- a\n## Else\nno part")
    assert (found.reopen, found.options, found.title) == ("x", "- a", "")


def test_a_heading_in_code_is_none():
    assert parts_of("## Context\n```sh\n# Evidence\n## Evidence\n```\n").evidence == ""


def test_what_was_left_to_be_filled_in_is_not_kept_nor_headings_over_nothing():
    kept = finished(TEXT)
    assert "# Use depth 6" not in kept.splitlines()
    assert "Bad, because" not in kept and "## Evidence" not in kept
    assert "### Consequences\n\n- Good, because it is better" in kept
    assert kept.endswith("## Reopen If\n\n- after 2031-01-01")


def test_a_text_without_headings_is_kept_as_it_is():
    assert finished("We use depth 6.\n\n- a point") == "We use depth 6.\n\n- a point"
