"""What `gnomon data add` does beside adding: a description in Croissant, Parquet that is normalised, a broken contract."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.actions import Demands
    from gnomon.data.croissant import Described
    from gnomon.errors import ContractFailedError
    from gnomon.runs.face import Terminal


def as_described(arguments: Namespace, terminal: Terminal) -> Described | None:
    """Fill in what a description says and the person did not, and return it; None where there is none. Its files are checked."""
    if arguments.croissant is None:
        if arguments.path is None:
            raise UsageError(
                "`gnomon data add` needs PATH", hint="or `--croissant FILE`, which names its files"
            )
        if arguments.fetch:
            raise UsageError(
                "`--fetch` downloads what a description names", hint="give `--croissant FILE` with it"
            )
        return None
    from gnomon.data.cli import FACTS
    from gnomon.data.croissant.adding import prepare
    from gnomon.data.names import name_from

    progress = terminal.progress("checking files")
    ready = prepare(arguments.path, arguments.croissant, may_fetch=arguments.fetch, progress=progress)
    progress.end()
    found = ready.described
    for note in ready.notes:
        terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))
    sets = [
        f"{terminal.clean(name)} ({terminal.count(fields, 'field')})"
        for name, fields in found.record_sets[:5]
    ]
    told = f"; record sets: {', '.join(sets)}" if sets else ""
    terminal.say(f"Croissant: {terminal.count(len(found.files), 'file')} as described{told}")
    arguments.path = ready.path
    arguments.name = arguments.name or (name_from(found.name) if found.name else None)
    arguments.message = arguments.message or found.description
    for field in FACTS:
        setattr(arguments, field, getattr(arguments, field) or found.facts.get(field))
    return found


def demands_of(arguments: Namespace) -> Demands:
    """Return what the options say of contracts."""
    from gnomon.data.actions import Demands

    if arguments.contract and arguments.no_contract:
        raise UsageError("`--contract` and `--no-contract` exclude each other", hint="give one of them")
    return Demands(arguments.contract, not arguments.no_contract, arguments.allow_failing)


def normalised(path: str, terminal: Terminal) -> None:
    """Write Parquet files anew, and say what became of them."""
    from gnomon.data.table import normalise

    progress = terminal.progress("normalising")
    done = normalise(path, progress=progress)
    progress.end()
    for one in done:
        sizes = f"{terminal.size(one.before)} → {terminal.size(one.after)}"
        amount = terminal.count(one.rows, "row")
        terminal.say(f"normalised {terminal.clean(os.path.relpath(one.path))}: {amount}, {sizes}")
    if not done:
        terminal.say("already normalised")


def write_broken(error: ContractFailedError, arguments: Namespace, terminal: Terminal) -> int:
    """Show what is broken; return the exit code."""
    from gnomon.data.cli_contract import BROKEN, write_verdict

    if arguments.json:
        terminal.json({"added": False, "contract": error.contract, **error.verdict.to_dict()})
        return BROKEN
    title = f"{terminal.clean(error.path)}, {terminal.clean(error.contract)}"
    write_verdict(title, error.verdict.to_dict(), terminal)
    terminal.say(f"not added ({error.code}); {error.hint}")
    return BROKEN
