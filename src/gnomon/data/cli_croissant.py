"""`gnomon data croissant`: a version described for others, in Croissant."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gnomon.data.cli_look import VERSION_HELP
from gnomon.errors import BadArgumentError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal

INVALID = 1


def croissant(parser: Parser) -> Run:
    """Describe a version in Croissant 1.1, for those who use it elsewhere: files with checksums, columns, licence, origin.

    Reads all bytes, for their SHA-256. Put the file beside the data (`gnomon data get`), or say with --base-url where the data
    will be published.
    """
    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("--out", "-o", metavar="FILE", complete="files", help="write it here, not to the terminal")
    parser.option("--force", action="store_true", help="write over a file that is there")
    parser.option("--base-url", metavar="URL", help="where the files will be published")
    parser.option(
        "--creator", metavar="NAME", help="who made the data set (default: the member who added the version)"
    )
    parser.option(
        "--url", metavar="URL", help="the page that presents it (default: its origin, where that is a URL)"
    )
    parser.option("--cite", metavar="TEXT", help="how to cite it, best as BibTeX")
    parser.option(
        "--validate", action="store_true", help="have `mlcroissant` check it; needs `gnomon[croissant]`"
    )
    parser.example("gnomon data croissant credit@v3 -o croissant.json", "a file beside the data")
    parser.example("gnomon data croissant credit --creator 'Ann Lee' --validate", "to the terminal, checked")
    parser.note("Exit code 1: `--validate` found errors. The other way: `gnomon data add --croissant FILE`.")
    return _croissant


def _croissant(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data.croissant import make, validated

    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    out = arguments.out
    if out is not None and os.path.lexists(out) and not arguments.force:
        raise BadArgumentError(f"`{out}` exists already", hint="name another file, or give `--force`")
    progress = terminal.progress("reading")
    made = make(
        version, creator=arguments.creator, url=arguments.url, cite=arguments.cite, base_url=arguments.base_url or "",
        progress=progress,
    )  # fmt: skip
    progress.end()
    code = 0
    for text in made.missing:
        terminal.say(terminal.style(f"Croissant wants {terminal.clean(text)}", "yellow", talk=True))
    for text in made.notes:
        terminal.say(f"note: {terminal.clean(text)}")
    if arguments.validate:
        found = validated(made.description)
        for text in found.errors:
            terminal.say(terminal.style(f"error: {terminal.clean(text)}", "red", talk=True))
        for text in found.warnings:
            terminal.say(f"mlcroissant: {terminal.clean(text)}")
        terminal.say("mlcroissant finds no error" if not found.errors else "mlcroissant cannot use it")
        code = INVALID if found.errors else 0
    text = json.dumps(made.description, indent=2, ensure_ascii=False)
    if out is None:
        terminal.write(text)
        return code
    with open(out, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    terminal.write(terminal.clean(out))
    return code
