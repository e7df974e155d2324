"""`gnomon console --follow` shows each line once, also when a later end of the output takes the place of an earlier one."""

from __future__ import annotations

from gnomon.runs.capture.views import Printed
from gnomon.runs.cli_console import Following


def head(text: str) -> Printed:
    return Printed("out", text, 0.0, 0, "p")


def tail(text: str, skipped: int) -> Printed:
    return Printed("out", text, 0.0, skipped, "p", True)


def shown(following: Following, *pieces: Printed) -> list[tuple[str, int]]:
    return [(piece.text, piece.skipped_bytes) for piece in following.new(pieces)]


def test_pieces_that_stay_are_shown_once():
    following = Following()
    assert shown(following, head("a"), head("b")) == [("a", 0), ("b", 0)]
    assert shown(following, head("a"), head("b"), head("c")) == [("c", 0)]
    assert following.has_shown


def test_of_a_newer_tail_only_what_is_new_is_shown():
    following = Following()
    assert shown(following, head("h"), tail("0123456789", 0)) == [("h", 0), ("0123456789", 0)]
    assert shown(following, head("h"), tail("56789abc", 5)) == [("abc", 0)]
    assert shown(following, head("h"), tail("56789abc", 5)) == []


def test_a_gap_between_two_tails_is_told():
    following = Following()
    shown(following, tail("0123456789", 0))
    assert shown(following, tail("xyz", 25)) == [("xyz", 15)]


def test_nothing_was_shown():
    following = Following()
    assert shown(following) == [] and not following.has_shown
