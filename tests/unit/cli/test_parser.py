"""Reading command lines, and what is said about wrong ones."""

from __future__ import annotations

import io
import sys

import pytest

from gnomon.cli.parser import HelpWanted, build, did_you_mean, entry, wrapped
from gnomon.errors import UsageError


def declare(parser):
    """Do something.

    At length.
    """
    parser.option("run", metavar="RUN", help="a run")
    parser.option("tags", metavar="TAG", nargs="*", help="tags")
    parser.option("--sort", metavar="KEY", action="append", help="sort")
    parser.option("--limit", metavar="N", type=int, help="how many")
    parser.option("--remove", metavar="TAG", nargs="+", action="extend", help="tags to take away")
    parser.option("--shell", choices=["bash", "zsh"], help="a shell")
    parser.option("--json", action="store_true", help="for programs")
    parser.example("gnomon do 4f1d", "do it")
    parser.note("And a word more.")
    return lambda arguments, terminal: None


def parse(*words):
    parser, _ = build("do", declare)
    return parser.parse(words)


def test_options_may_stand_anywhere_between_arguments():
    for words in (
        ["R", "a", "b", "--limit", "3"],
        ["--limit", "3", "R", "a", "b"],
        ["R", "--limit=3", "a", "b"],
    ):
        found = parse(*words)
        assert (found.run, found.tags, found.limit) == ("R", ["a", "b"], 3)


def test_a_value_may_begin_with_a_minus():
    assert parse("R", "--sort", "-metrics.loss").sort == ["-metrics.loss"]
    assert parse("R", "--sort", "a", "--sort", "-b", "--json").sort == ["a", "-b"]
    assert parse("R", "--", "-text").tags == ["-text"]
    assert parse("R", "-5").tags == ["-5"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--limit", "3", "R", "--limit=4"],
            "`gnomon do`: `--limit` was given twice: `3` and `4`; one is wanted",
        ),
        (["R", "--shell", "zsh", "--shell", "bash"], "`--shell` was given twice: `zsh` and `bash`"),
        (["R", "--part", "a", "b", "--part", "c"], "`--part` was given twice: `a b` and `c`"),
        (["R", "--share", "0.5", "--share", "1"], "`--share` was given twice: `0.5` and `1`"),
    ],
)
def test_of_two_values_for_an_option_that_takes_one_none_is_dropped(words, said):
    parser, _ = build("do", declare)
    parser.option("--part", nargs="+")
    parser.option("--share", type=float)
    with pytest.raises(UsageError) as refused:
        parser.parse(words)
    assert said in refused.value.message


def test_what_may_be_given_again_is():
    assert parse("R", "--limit", "3", "--limit", "3").limit == 3, "the same says nothing else"
    assert parse("R", "--remove", "a", "--remove", "b").remove == ["a", "b"]
    assert parse("R", "-C", "here", "--record", "there").record == "there", "an alias may name a record"
    parser, _ = build("do", declare)
    parser.option("--share", type=float)
    assert parser.parse(["R", "--share", "nan"]).share != 0
    assert [parser.parse(["R", "--limit", one]).limit for one in "34"] == [3, 4], "each line is read anew"


def test_an_option_that_is_not_a_value_stays_an_option():
    with pytest.raises(UsageError, match="`--sort` needs a value"):
        parse("R", "--sort", "--json")


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ([], "`gnomon do` needs RUN", "see `gnomon do --help`"),
        (["R", "--limti", "3"], "`gnomon do` has no option `--limti`", "did you mean `--limit`?"),
        (["R", "--lim", "3"], "`gnomon do` has no option `--lim`", "did you mean `--limit`?"),
        (["R", "--qqq=3"], "`gnomon do` has no option `--qqq`", "see `gnomon do --help`"),
        (["R", "--limit", "x"], "`--limit` of `gnomon do` must be a whole number; got `x`", None),
        (["R", "--limit"], "`gnomon do`: `--limit` needs a value", "see `gnomon do --help`"),
        (["R", "--remove"], "`gnomon do`: `--remove` needs a value", "see `gnomon do --help`"),
        (
            ["R", "--shell", "bsh"],
            "`--shell` of `gnomon do` must be one of bash, zsh; got `bsh`",
            "did you mean `bash`",
        ),
        (["R", "--json=1"], "`gnomon do`: `--json` takes no value; got '1'", "see `gnomon do --help`"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong_with_it(words, said, hint):
    with pytest.raises(UsageError) as caught:
        parse(*words)
    assert caught.value.message == said
    assert (caught.value.hint or "").startswith(hint or "")


def test_help_says_all_there_is():
    parser, _ = build("do", declare)
    with pytest.raises(HelpWanted):
        parser.parse(["--help"])
    assert parser.help_text().splitlines() == [
        "usage: gnomon do RUN [TAG…] [options]",
        "",
        "Do something.",
        "",
        "At length.",
        "",
        "arguments:",
        "  RUN                       a run",
        "  TAG…                      tags",
        "",
        "options:",
        "  --sort KEY                sort",
        "  --limit N                 how many",
        "  --remove TAG…             tags to take away",
        "  --shell bash|zsh          a shell",
        "  --json                    for programs",
        "  -C, --record PATH         the record, or its project (otherwise found from here upward, or",
        "                            GNOMON_DIR)",
        "  -h, --help                show this help",
        "",
        "examples:",
        "  gnomon do 4f1d  # do it",
        "",
        "And a word more.",
    ]


def test_a_word_that_is_near_is_offered():
    assert did_you_mean("shwo", ["show", "runs"]) == "did you mean `show`?"
    assert did_you_mean("qqqq", ["show", "runs"]) is None


def test_text_is_broken_at_spaces():
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("incomprehensibilities are", 5) == ["incomprehensibilities", "are"]
    assert wrapped("", 5) == []


class Tty(io.StringIO):
    """A terminal, as far as anybody asks."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "kept_to"), [(70, 70), (60, 60), (30, 60), (99, 99), (100, 100), (200, 100)]
)
def test_help_keeps_to_a_narrow_terminal(monkeypatch, columns, kept_to):
    monkeypatch.setattr(sys, "stdout", Tty())
    monkeypatch.setenv("COLUMNS", str(columns))
    parser, _ = build("do", declare_at_length)
    lines = parser.help_text().splitlines()
    longest = max(map(len, lines))
    assert kept_to - 8 < longest <= kept_to
    assert " ".join(["word"] * 40) in " ".join(" ".join(lines).split())
    assert max(map(len, entry("x", "word " * 40))) <= kept_to
    assert max(map(len, wrapped("word " * 40, 50))) <= 50


def test_help_for_a_file_or_a_pipe_does_not_ask_how_wide_it_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    parser, _ = build("do", declare_at_length)
    text = parser.help_text()
    assert max(map(len, text.splitlines())) > 90
    assert "  gnomon do 4f1d --sort KEY --limit 3  # do it with a comment of many words\n" in text


def test_a_comment_stands_above_its_example_where_both_do_not_fit(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Tty())
    monkeypatch.setenv("COLUMNS", "60")
    parser, _ = build("do", declare_at_length)
    text = parser.help_text()
    assert "  # do it with a comment of many words\n  gnomon do 4f1d --sort KEY --limit 3\n" in text
    assert "\n  # short\n  gnomon do\n" in text


def declare_at_length(parser):
    """Do something."""
    parser.option("run", metavar="RUN", help="word " * 40)
    parser.option("--sort", metavar="KEY", help="sort")
    parser.example("gnomon do 4f1d --sort KEY --limit 3", "do it with a comment of many words")
    parser.example("gnomon do", "short")
    parser.note("word " * 40)
    return lambda arguments, terminal: 0
