"""`gnomon data check`, `data contract`: whether data is what its contract says, and a first draft of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gnomon.data.cli_look import VERSION_HELP
from gnomon.errors import BadArgumentError, MissingObjectError, UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.views import DataVersion
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

BROKEN = 1
CONTRACT_HELP = "a contract: `.toml`, `.json`, pandera's `.yaml`, or code that is run, `FILE.py:NAME`"
_STYLES = {"pass": "green", "fail": "red", "warn": "yellow", "cannot tell": "yellow"}
_MARKS = {"pass": "✓", "fail": "✗", "warn": "!", "cannot tell": "?"}
_PLAIN_MARKS = {"pass": "ok", "fail": "FAIL", "warn": "warn", "cannot tell": "?"}


def check(parser: Parser) -> Run:
    """Say whether data is what its contract says: a version, or a file or folder that is none yet.

    Counts the rows that break each expectation and names the first. Values of the data are neither shown nor recorded. What came
    of a version is written down, and `gnomon data show` shows it. Without --contract, it is the contract that lies beside the
    data, else the one that the data set was last checked by.
    """
    parser.option("what", metavar="VERSION|PATH", complete="version", help=f"{VERSION_HELP}; or a path")
    parser.option("--contract", metavar="FILE", complete="files", help=CONTRACT_HELP)
    parser.option("--no-record", action="store_true", help="write no verdict down")
    parser.option("--all", action="store_true", help="list what is met, too")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data check credit@v3 --contract credit.contract.toml", "a version, in CI")
    parser.example("gnomon data check data/credit.csv", "a file, by the contract beside it")
    parser.example(
        "gnomon data check credit --contract contract.py:schema", "a schema of pandera's that is code"
    )
    parser.note("Exit code 1: the contract is broken, or it cannot be told whether it is met.")
    return _check


def _check(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data.contract import recording

    what = arguments.what
    is_path = os.path.lexists(what) and "@" not in what
    if is_path:
        contract = arguments.contract or recording.beside(_env(), what)
        if contract is None:
            raise UsageError(
                f"no contract lies beside `{what}`",
                hint="name one with `--contract FILE`, or draft it: `gnomon data contract`",
            )
        verdict = recording.check_at(what, contract).verdict
        label = terminal.clean(what)
    else:
        record = open_record(arguments, terminal)
        version = record.data(what)
        checked, version = _checked(record, version, arguments)
        verdict, contract, label = checked.verdict, checked.contract, version.label
    if arguments.json:
        terminal.json({"of": label, "contract": contract, **verdict.to_dict()})
    else:
        write_verdict(
            f"{label}, {terminal.clean(contract)}", verdict.to_dict(), terminal, with_all=arguments.all
        )
    return 0 if verdict.verdict == "pass" else BROKEN


def _env() -> Any:
    from gnomon.env import REAL

    return REAL


def _checked(record: Record, version: DataVersion, arguments: Namespace) -> tuple[Any, DataVersion]:
    """Check a version, by a copy of its bytes that is removed afterwards, and write down what came of it."""
    from gnomon.data import restoring
    from gnomon.data.contract import recording
    from gnomon.session import session_for

    if version.object is None or (version.reference or {}).get("kind") == "url":
        raise MissingObjectError(
            f"the bytes of `{version.label}` are not here: it refers to a URL",
            hint=f"`gnomon data get {version.label} --to FILE`, then `gnomon data check FILE --contract …`",
        )
    contract = arguments.contract or _beside_pointer(version)
    known = _of_record(version) if contract is None else None
    with restoring.lent(version) as path:
        if contract is not None:
            checked = recording.check_at(path, contract)
        else:
            assert known is not None  # one of both is there, or it was an error  # noqa: S101
            checked = recording.check_by(path, *known)
    if not arguments.no_record:
        version = recording.write(session_for(record.path), version, checked)
    return checked, version


def _beside_pointer(version: DataVersion) -> str | None:
    """Return the contract that lies beside the pointer of a data set, below the working folder."""
    from gnomon.data import pointer as pointers
    from gnomon.data.contract import recording

    env = version.record.replica.home.env
    for file in pointers.find_pointers(env, "."):
        found = pointers.read(env, file)
        if found.name == version.name:
            return recording.beside(env, found.target, version.name)
    return recording.beside(env, version.name, version.name)


def _of_record(version: DataVersion) -> tuple[bytes, str]:
    """Return the contract by which the data set was last checked, and its name. Code is not taken."""
    from gnomon.data.contract.terms import MAX_BYTES
    from gnomon.data.views import versions

    every = [version, *(one for one in versions(version.record, version.name)[::-1] if one.id != version.id)]
    for one in every:
        for checked in one.checks:
            if checked["contract"] is not None and not checked["is_code"]:
                data = version.record.replica.objects().read(checked["contract"], MAX_BYTES)
                return data, os.path.basename(checked["contract_name"])
    raise UsageError(
        f"`{version.label}` has no contract: none lies beside it, and it was never checked",
        hint=f"`gnomon data contract {version.label} -o {version.name}.contract.toml` drafts one; or `--contract FILE`",
    )


def write_verdict(title: str, found: dict[str, Any], terminal: Terminal, *, with_all: bool = False) -> None:
    """Write what came of a contract: what is broken first, with counts and numbers of rows."""
    verdict = found["verdict"]
    rows, total, failed = found["rows"], found["expectations"], found["failed"]
    said = f"{failed:,} of {total:,} expectations broken" if failed else f"{total:,} expectations"
    terminal.write(
        f"{title}: {terminal.style(verdict, _STYLES[verdict])}, {said}, {terminal.count(rows, 'row')}"
    )
    write_outcomes(found["outcomes"], terminal, with_all=with_all)
    for note in found["notes"]:
        terminal.write(f"  note: {terminal.clean(note)}")


def write_outcomes(outcomes: list[dict[str, Any]], terminal: Terminal, *, with_all: bool = False) -> None:
    """Write expectations, one a line: those that are not met, and with `with_all` the others."""
    order = {"fail": 0, "cannot tell": 1, "warn": 2, "pass": 3}
    marks = _MARKS if terminal.is_unicode else _PLAIN_MARKS
    for one in sorted(outcomes, key=lambda one: order[one["outcome"]]):
        outcome = one["outcome"]
        if outcome == "pass" and not with_all:
            continue
        parts = [
            f"{terminal.count(one['failing'], 'row')}" if one["failing"] else "",
            terminal.clean(one.get("note") or ""),
        ]
        if one["rows"]:
            more = ", …" if one["failing"] > len(one["rows"]) else ""
            parts.append(f"first in {', '.join(map(terminal.clean, one['rows']))}{more}")
        told = "; ".join(part for part in parts if part)
        line = f"  {terminal.style(marks[outcome], _STYLES[outcome])} {terminal.clean(one['what'])}"
        terminal.write(f"{line}: {told}" if told else line)


# ---------------------------------------------------------------- drafting


def contract(parser: Parser) -> Run:
    """Draft a contract that a version meets, from its profile: types, missing values, ranges, lists of values.

    A draft says what the data is today. Loosen what may change and tighten what must not, then keep it beside the data, where
    `gnomon data add` finds it by itself.
    """
    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("--out", "-o", metavar="FILE", complete="files", help="write it here, not to the terminal")
    parser.option("--file", metavar="PATH", help="which file of a folder")
    parser.option("--force", action="store_true", help="write over a file that is there")
    parser.example("gnomon data contract credit -o credit.contract.toml", "a draft")
    return _contract


def _contract(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import profiling
    from gnomon.data.contract.draft import draft
    from gnomon.session import session_for

    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    out = arguments.out
    if out is not None and os.path.lexists(out) and not arguments.force:
        raise BadArgumentError(f"`{out}` exists already", hint="name another file, or give `--force`")
    if not profiling.is_here(version):
        progress = terminal.progress("profiling")
        version, note = profiling.make(session_for(record.path), version, progress=progress)
        progress.end()
        if note is not None:
            terminal.say(f"no profile of {version.label} was made: {terminal.clean(note)}")
            return BROKEN
    found = version.profile
    assert found is not None  # it was there, or was made just now  # noqa: S101
    text = draft(found, name=version.name, label=version.label, file=arguments.file)
    if out is None:
        terminal.write(text.rstrip("\n"))
        return 0
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)
    terminal.say(
        f"drafted from {version.label}; `gnomon data check {version.label}` checks by it where it lies beside the data"
    )
    terminal.write(terminal.clean(out))
    return 0
