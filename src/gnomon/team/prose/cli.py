"""`gnomon prose check`, `prose render`: the numbers of texts. No logic of them is here; see `prose.check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gnomon.errors import MissingFileError, UsageError
from gnomon.runs.cli import open_record
from gnomon.team.prose.sources import Text, text_of
from gnomon.team.references import parse

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.prose.check import Checked, Finding

LIST, FAIL, IGNORE = "list", "fail", "ignore"
_STYLES = {"ok": "green", "not bound": "yellow"}
_STANDARD_INPUT = "-"
_LARGEST = 64 << 20  # bytes of a file


def family(parser: Parser) -> Run:
    """Numbers in texts, bound to the record: the commands below check them, and show them.

    A text binds a number as `[0.914](run:ab12#metrics.auc)`, or has it shown as `{{ metrics.auc of run:ab12 | .3f }}`.
    """
    parser.example("gnomon prose check REPORT.md", "are its numbers those of the record?")
    return _family


def _family(arguments: Namespace, terminal: Terminal) -> int:  # noqa: ARG001  the shape of every command
    raise UsageError(
        "`gnomon prose` needs to know what to do",
        hint="`gnomon prose check TEXT`, `gnomon prose render TEXT`",
    )


def check(parser: Parser) -> Run:
    """Check the numbers of texts against the record. Exit code 1 where one fails.

    A number fails that no rounding of the value gives (wrong), that was right when the text was written (stale), whose rounding
    hides what matters, that is off by a factor of a unit, or whose reference means nothing. Numbers without a binding are
    listed; what they mean is not guessed. TEXT is a file in Markdown, `-` for standard input, or `run:ab12` for its notes.
    """
    parser.option(
        "texts",
        metavar="TEXT",
        nargs="+",
        complete="files",
        help="files, `-`, or what is recorded: `run:ab12`",
    )
    parser.option(
        "--as-of", metavar="TIME",
        help="when the text was written, as 2026-11-23 or 2026-11-23T17:54Z (default: when the file was changed)",
    )  # fmt: skip
    parser.option(
        "--unbound", choices=[LIST, FAIL, IGNORE], default=LIST,
        help="numbers without a binding: list them (default), fail, or leave them out",
    )  # fmt: skip
    parser.option("--all", action="store_true", help="also list the numbers that are right")
    parser.option(
        "--format", choices=["text", "lines"], default="text",
        help="lines: `FILE:LINE:COLUMN: …`, one a finding, for editors and continuous integration",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON: one object a text")
    parser.example("gnomon prose check REPORT.md", "are its numbers those of the record?")
    parser.example("gnomon prose check --unbound fail --format lines docs/*.md", "in continuous integration")
    parser.example("gnomon prose check run:4f1d", "the notes of a run")
    return _check


def render(parser: Parser) -> Run:
    """Print a text with the value in the place of each `{{ … }}`. Exit code 1 where one cannot be told: it stays, marked.

    `{{ metrics.auc of run:ab12 | .3f }}`: what is behind the bar is a format, such as `.3f`, `.1%`, `,d`, `.1f min`.
    """
    parser.option(
        "text", metavar="TEXT", complete="files", help="a file, `-`, or what is recorded: `run:ab12`"
    )
    parser.example("gnomon prose render REPORT.md > report-shown.md", "with the numbers of today")
    return _render


def _check(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.prose.check import check

    record = open_record(arguments, terminal)
    as_of = _moment(arguments.as_of) if arguments.as_of else None
    found: list[tuple[str, Checked]] = []
    for name in arguments.texts:
        for one in _texts(record, name):
            written_at = as_of if as_of is not None else (one.written_at or None)
            found.append((one.name, check(record, one.text, written_at=written_at)))
    if arguments.json:
        terminal.json_list([{"text": name, **_chosen(checked, arguments.unbound)} for name, checked in found])
    elif arguments.format == "lines":
        _write_lines(found, arguments, terminal)
    else:
        _write(found, arguments, terminal)
    fails = any(checked.failed or (arguments.unbound == FAIL and checked.unbound) for _, checked in found)
    return 1 if fails else 0


def _chosen(checked: Checked, unbound: str) -> dict[str, object]:
    """Return what JSON has of a text."""
    found = checked.to_dict()
    if unbound == IGNORE:
        found["findings"] = [one.to_dict() for one in checked.findings if one.verdict != "not bound"]
    return found


def _listed(checked: Checked, arguments: Namespace) -> list[Finding]:
    hidden = set() if arguments.all else {"ok"}
    if arguments.unbound == IGNORE:
        hidden.add("not bound")
    return [one for one in checked.findings if one.verdict not in hidden]


def _write_lines(found: Sequence[tuple[str, Checked]], arguments: Namespace, terminal: Terminal) -> None:
    for name, checked in found:
        for one in _listed(checked, arguments):
            parts = [f"{one.verdict}: `{one.written}`"]
            parts += [f"{one.reference} is {one.value}"] if one.reference and one.value else []
            parts += [part for part in (one.why, one.hint) if part]
            terminal.write(terminal.clean(f"{name}:{one.line}:{one.column}: {'; '.join(parts)}"))


def _write(found: Sequence[tuple[str, Checked]], arguments: Namespace, terminal: Terminal) -> None:
    for name, checked in found:
        for one in _listed(checked, arguments):
            verdict = terminal.style(one.verdict, _STYLES.get(one.verdict, "red"))
            terminal.write(
                f"{terminal.clean(name)}:{one.line}:{one.column}: {verdict}: `{terminal.clean(one.written)}`"
            )
            if one.reference is not None:
                terminal.write(
                    terminal.clean(f"    {one.reference}: {one.value if one.value is not None else '-'}")
                )
            for line in (one.why, one.hint):
                if line:
                    terminal.write(f"    {terminal.clean(line)}")
        counts = [f"{len(checked.right)} right", f"{len(checked.failed)} failed"]
        if arguments.unbound != IGNORE:
            counts.append(f"{len(checked.unbound)} not bound")
        terminal.say(f"{terminal.clean(name)}: {', '.join(counts)}")


def _render(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.prose.render import rendered

    record = open_record(arguments, terminal)
    code = 0
    for one in _texts(record, arguments.text):
        shown = rendered(record, one.text)
        terminal.write("\n".join(terminal.clean_lines(shown.text.removesuffix("\n"))))
        for source, why in shown.unknown:
            terminal.say(f"not found: {terminal.clean(source)}: {terminal.clean(why)}")
            code = 1
    return code


def _texts(record: Record, name: str) -> list[Text]:
    """Return the texts that a word means: a file, standard input, what is recorded. Raises MissingFileError, UsageError."""
    import os

    if name == _STANDARD_INPUT:
        return [Text("-", sys.stdin.read(), 0.0)]
    reference = parse(name)
    if reference is not None and not os.path.exists(name):
        found = text_of(record, reference)
        if not found:
            raise UsageError(f"`{name}` has no text", hint="`gnomon note RUN` writes a note")
        return found
    try:
        with open(name, "rb") as file:
            data, changed = file.read(_LARGEST + 1), os.fstat(file.fileno()).st_mtime
    except OSError as error:
        raise MissingFileError(
            f"cannot read `{name}`: {error.strerror}", hint="a file in Markdown, `-`, or `run:…`"
        ) from None
    if len(data) > _LARGEST:
        raise UsageError(f"`{name}` has more than {_LARGEST >> 20} MiB, so it is no text to check")
    try:
        return [Text(name, data.decode("utf-8-sig"), changed)]
    except UnicodeDecodeError as error:
        raise UsageError(f"`{name}` is not UTF-8: byte {error.start} cannot be read") from None


def _moment(text: str) -> float:
    """Return a time in seconds since 1970: a date counts to its end, a time without a zone is that of this machine."""
    from datetime import datetime, timedelta

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"`--as-of` must be a date or a time; got {text!r}",
            hint="for instance 2026-11-23 or 2026-11-23T17:54Z",
        ) from None
    is_date = len(text) <= len("2026-11-23")
    return (moment + timedelta(days=1) if is_date else moment).astimezone().timestamp()
