"""`gnomon search`: which run, or which data, was that?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.record.index_scripts import has_no_blanks
from gnomon.runs.cli import open_record, shown_digits
from gnomon.runs.search import KINDS
from gnomon.text import cut_middle, width

LEAST_NAME, LEAST_TEXT = 16, 24  # columns that names and texts have, at least, in a narrow terminal

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.search import Found, Hit


def search(parser: Parser) -> Run:
    """Search runs, data and what people wrote for words: names, notes, parameters, what was printed, decisions, pages.

    Something is found where its texts hold all the words; case and accents make no difference. First come those
    that have the words in one text, one after the other; then names come before tags, notes, parameters, commands and what was
    printed; then the newer one comes first. A reference such as `decision:2` or `run:ab12` finds that thing before all. Text that
    is written without blanks between words (Chinese, Japanese, Thai) is found by any part of it.
    """
    parser.option(
        "words", metavar="WORD", nargs="+",
        help="words; `word*` stands for all that begin so, `lr=0.01` for a parameter",
    )  # fmt: skip
    parser.option(
        "--where", metavar="EXPRESSION", help='only runs for which this holds, such as "metrics.auc > 0.9"'
    )
    parser.option(
        "--kind", metavar="KIND", choices=list(KINDS),
        help="only of a kind: `run`, `data`, or what people wrote: `decision`, `question`, `page`, …",
    )  # fmt: skip
    parser.option(
        "--meaning", action="store_true",
        help="what is near in meaning, whatever its words: names, notes, what people wrote (`gnomon[meaning]`)",
    )  # fmt: skip
    parser.option("--limit", metavar="N", type=int, default=20, help="at most so many lines (default: 20)")
    parser.option("--json", action="store_true", help="print JSON: one object a run or a version of data")
    parser.example("gnomon search plateau", "in notes, and anywhere else")
    parser.example("gnomon search out of memory", "who ran out of it?")
    parser.example('gnomon search "resnet*" lr=0.01', "words that begin so, with that parameter")
    parser.example('gnomon search diverged --where "status = failed"', "only some runs")
    parser.example("gnomon search income --kind data", "data that has such a column, or is called so")
    parser.example(
        "gnomon search --meaning out of RAM", "finds `CUDA out of memory`, and what was decided about it"
    )
    return _search


def _search(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.search import around, hits

    if arguments.kind not in (None, "run") and arguments.where is not None:
        raise UsageError(
            f"`--where` asks for runs, and `--kind {arguments.kind}` for others", hint="leave one of them out"
        )
    record = open_record(arguments, terminal)
    words = " ".join(arguments.words)
    if arguments.meaning:
        if arguments.where is not None:
            raise UsageError("`--meaning` takes no `--where`", hint="`--kind run` asks for runs only")
        found = record.find_by_meaning(words, limit=arguments.limit, kind=arguments.kind)
    else:
        found = record.find_texts(words, where=arguments.where, limit=arguments.limit, kind=arguments.kind)
    if arguments.json:
        terminal.json_list([hit._asdict() for hit in hits(found, arguments.limit)])
        return 0
    if arguments.meaning and not found.texts:
        terminal.say("nothing is near in meaning")
        return 0
    if not found.texts:
        _say_nothing(found, arguments, terminal, has_data=bool(record.replica.index.ids("data")))
        return 0
    first = [text.hits[0] for text in found.texts]
    digits = shown_digits(record, [hit.run for hit in first if hit.run is not None])
    names = [_called(hit, text.total, terminal) for hit, text in zip(first, found.texts, strict=True)]
    has_data = any(hit.kind != "run" for hit in first)
    kinds = max((len(hit.kind) + 2 for hit in first), default=0) if has_data else 0
    room = _room(first, names, digits + kinds, terminal)
    rows = [
        {
            "id": hit.id[:digits],
            **({"what": hit.kind} if has_data else {}),
            "name": name,
            "where": hit.field,
            "text": terminal.clean(around(hit.excerpt, hit.marks, room) if room else hit.excerpt),
        }
        for hit, name in zip(first, names, strict=True)
    ]
    painters = {
        row["text"]: _painter(hit, row["text"], terminal) for row, hit in zip(rows, first, strict=True)
    }
    terminal.table(
        list(rows[0]),
        rows,
        styles={
            "id": lambda _: "bold",
            "what": lambda _: "dim",
            "where": lambda _: "dim",
            "text": lambda text: painters[str(text)],
        },
        importance=["id", "text", "what", "where", "name"],
    )
    if found.has_more:
        terminal.say(f"the first {arguments.limit:,}; `--limit N` shows more, more words find fewer")
    return 0


def _room(hits: list[Hit], names: list[str], digits: int, terminal: Terminal) -> int | None:
    """Return how many columns the texts have at least, beside the ids, names and fields; None where there is no end."""
    if terminal.width is None:
        return None
    name = max(len("name"), *map(width, names))
    field = max(len("where"), *(len(hit.field) for hit in hits))
    return max(LEAST_TEXT, terminal.width - digits - name - field - 3 * len("  "))


def _called(hit: Hit, runs: int, terminal: Terminal) -> str:
    """Return the name of a run or a version, and how many other runs of its process share the text."""
    name = terminal.clean(hit.name or "")
    name = name if runs == 1 else f"{name} (+{runs - 1:,})".lstrip()
    return name if terminal.width is None else cut_middle(name, max(LEAST_NAME, terminal.width // 4))


def _painter(hit: Hit, shown: str, terminal: Terminal) -> Callable[[str], str]:
    """Return what makes the words of a text bold that were asked for, however it was cut."""
    words = {terminal.clean(hit.excerpt[start:end]) for start, end in hit.marks}
    words.discard("")
    if not words or words == {shown}:
        return str
    parts = [
        re.escape(word) if has_no_blanks(word) else rf"(?<!\w){re.escape(word)}(?!\w)"
        for word in sorted(words, key=len, reverse=True)
    ]
    whole = re.compile("|".join(parts))
    return lambda cell: whole.sub(lambda word: terminal.style(word[0], "bold"), cell)


def _say_nothing(found: Found, arguments: Namespace, terminal: Terminal, *, has_data: bool) -> None:
    """Say that nothing was found, and what may have been meant."""
    both = has_data and arguments.kind is None and not arguments.where
    who = f"no {arguments.kind}" if arguments.kind else "no run and no data" if both else "no run"
    also = " and `--where`" if arguments.where else ""
    terminal.say(f"{who} holds all of these words{also}")
    for word, near in found.near.items():
        meant = " or ".join(f"`{terminal.clean(one)}`" for one in near)
        text = f"nothing holds `{terminal.clean(word)}`"
        terminal.say(f"{text}; did you mean {meant}?" if meant else text)
