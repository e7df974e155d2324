"""`gnomon search`: which run was that?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record, shown_digits

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal


def search(parser: Parser) -> Run:
    """Search all runs for words: names, tags, notes, parameters, commands, what was printed, captions.

    A run is found where one of its texts holds all the words; case and accents make no difference. The best match comes first.
    """
    parser.option("words", metavar="WORD", nargs="+", help="words; `word*` stands for all that begin so")
    parser.option("--limit", metavar="N", type=int, default=20, help="at most so many runs (default: 20)")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon search plateau", "in notes, and anywhere else")
    parser.example("gnomon search out of memory", "who ran out of it?")
    parser.example('gnomon search "resnet*"', "words that begin so")
    return _search


def _search(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    hits = record.search(" ".join(arguments.words), limit=arguments.limit)
    if arguments.json:
        terminal.json_list([hit._asdict() for hit in hits])
        return 0
    if not hits:
        terminal.say("no run holds all of these words in one text")
        return 0
    digits = shown_digits(record, [hit.run for hit in hits])
    rows = [
        {
            "id": hit.run[:digits],
            "name": hit.name or "",
            "where": hit.field,
            "text": terminal.clean(" ".join(hit.excerpt.split())),
        }
        for hit in hits
    ]
    terminal.table(
        ["id", "name", "where", "text"],
        rows,
        styles={"id": lambda _: "bold", "where": lambda _: "dim"},
        importance=["id", "text", "where", "name"],
    )
    return 0
