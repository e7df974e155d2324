"""References in texts: what is one, where it stands, and what is none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.team.markdown_code import code_in
from gnomon.team.references import KINDS, LONGEST, Reference, parse, references_in


def found(text, **options):
    return [str(one.reference) for one in references_in(text, **options)]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("run:ab12", Reference("run", "ab12")),
        ("run:@1", Reference("run", "@1")),
        ('run:"name with spaces"', Reference("run", "name with spaces")),
        (r'run:"a \"b\" \\c"', Reference("run", r'a "b" \c')),
        ("run:name%20with%20spaces", Reference("run", "name with spaces")),
        ("data:credit@v3", Reference("data", "credit@v3")),
        ("group:depth-6", Reference("group", "depth-6")),
        ("decision:12", Reference("decision", "12")),
        ("decision:12~3fa9", Reference("decision", "12~3fa9")),
        ("page:größe", Reference("page", "größe")),
        ("run:ab12#metrics.val/loss@step=300", Reference("run", "ab12", "metrics.val/loss@step=300")),
        ('run:"a b"#metrics.auc', Reference("run", "a b", "metrics.auc")),
        ('run:ab12#"metrics.val loss"', Reference("run", "ab12", "metrics.val loss")),
    ],
)
def test_a_reference_is_read(text, reference):
    assert parse(text) == reference
    assert parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "run:",
        "run: ab12",
        "https://x.org",
        "file:ab12",
        "see run:ab12",
        "run:ab12#",
        'run:"open',
        "Run:ab12",
        "run:a b",
        f"run:{'a' * (LONGEST + 1)}",
        'run:""',
        "run:(a)",
    ],
)
def test_other_texts_are_none(text):
    assert parse(text) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_in_a_sentence(kind):
    text = f"Before ({kind}:a1), after."
    (one,) = references_in(text)
    assert (one.reference, text[one.start : one.end]) == (Reference(kind, "a1"), f"{kind}:a1")


@pytest.mark.parametrize(
    "text",
    [
        "See run:ab12.", "run:ab12, then", "**run:ab12**", "[0.9](run:ab12)", "run:ab12…", "Is it run:ab12?",
        "(run:ab12)",
        "“run:ab12”", "> run:ab12", "| run:ab12 |", "run:ab12\r\n", "run:ab12: yes", "\u202bשלום run:ab12\u202c",
        "run:ab12#.",
    ],
)  # fmt: skip
def test_what_stands_around_is_left_out(text):
    (one,) = references_in(text)
    assert text[one.start : one.end] == "run:ab12"
    assert one.reference == Reference("run", "ab12")


@pytest.mark.parametrize(
    "text",
    [
        "`run:ab12`", "``a ` run:ab12``", "```\nrun:ab12\n```", "~~~ py\nrun:ab12\n", "    run:ab12",
        "- a\n  ```\n  run:ab12\n  ```",
        "> ```\n> run:ab12\n> ```", "https://x/run:ab12", "see http://x.org/?q=run:ab12.", "www.x.org/run:ab12",
        "rerun:ab12",
        "my_run:ab12", "x/run:ab12", "a.run:ab12", "?run:ab12", "overrun:1", "1. a\n\n   ```\n   run:ab12\n   ```\n",
    ],
)  # fmt: skip
def test_code_urls_and_parts_of_words_hold_none(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "`a` run:ab12 `b`", "a ` run:ab12", "``a` run:ab12", "```\na\n```\nrun:ab12", "- a\n\n    run:ab12",
        "a `b\n\nc` run:ab12",
        "\\`run:ab12\\`", "    code\n\nrun:ab12", "`` ` `` run:ab12 ` b", "a\n    run:ab12",
    ],
)  # fmt: skip
def test_what_stands_beside_code_is_found(text):
    assert found(text) == ["run:ab12"]


def test_a_reference_behind_a_url_is_found():
    assert found("(https://x.org)[0.9](run:ab12) and <https://y.org> run:cd34") == ["run:ab12", "run:cd34"]


def test_at_most_so_many_are_found():
    assert found("run:a1 " * 5, most=2) == ["run:a1", "run:a1"]


name = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40)


@given(st.sampled_from(KINDS), name, st.none() | name)
def test_what_is_written_is_read_again(kind, called, part):
    reference = Reference(kind, called, part)
    assert parse(str(reference)) == reference


@given(st.text(alphabet='run:ab12#`~ \n\r\t>-*"()[]\\.{}', max_size=200))
def test_no_text_makes_it_fail_and_positions_are_those_of_references(text):
    code = code_in(text)
    assert all(start < end for start, end in code)
    assert all(one[1] <= other[0] for one, other in zip(code, code[1:], strict=False))
    for one in references_in(text):
        assert parse(text[one.start : one.end]) == one.reference


@pytest.mark.parametrize(
    "piece",
    ["run:", "`", "``a` ", "run:a1 ", "https://", "run:\"", "~~~\n", "    x\n\n", "run:ab#", "a" * 50, "`a\n\n", "- ",
     "\r", "%41run:a%"],
)  # fmt: skip
def test_time_is_in_proportion_to_the_text(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        started = time.process_time()
        references_in(text)
        return time.process_time() - started

    seconds(1_000)
    short = min(
        seconds(20_000) for _ in range(3)
    )  # the best of three: whatever else runs here only adds to it
    assert min(seconds(200_000) for _ in range(3)) < 40 * max(short, 0.005)
