"""`gnomon lineage export`: runs as OpenLineage events, one JSON object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal


def export(parser: Parser) -> Run:
    """Write runs as OpenLineage events, for the catalogues that read them: one JSON object a line.

    Nothing is sent: the lines go to a file or to the output, and whoever runs a catalogue posts them there.
    """
    parser.option("runs", metavar="RUN", nargs="*", complete="run", help="these runs; all unless given")
    parser.option(
        "--openlineage",
        action="store_true",
        help="OpenLineage 2-0-2; the one format so far, so it may be left out",
    )
    parser.option(
        "--where",
        metavar="FILTER",
        complete="column",
        help="only runs for which this holds, as in `gnomon runs`",
    )
    parser.option("--out", "-o", metavar="FILE", complete="files", help="write to a file")
    parser.example("gnomon lineage export --openlineage -o events.jsonl", "all runs")
    parser.example(
        "gnomon lineage export --where \"status = 'finished'\" @1", "the newest run, if it is finished"
    )
    return _export


def _export(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.lineage.openlineage import events

    record = open_record(arguments, terminal)
    runs = [record.run(word).id for word in arguments.runs]
    if not runs or arguments.where:
        matching = [str(run) for run in record.runs(arguments.where, sort="created:asc", columns=["id"]).ids]
        runs = [run for run in runs if run in set(matching)] if runs else matching
    count = 0
    if arguments.out is None:
        for event in events(record, runs):
            terminal.write(json.dumps(event, separators=(",", ":")))
            count += 1
    else:
        with open(arguments.out, "w", encoding="utf-8", newline="\n") as file:
            for event in events(record, runs):
                file.write(json.dumps(event, separators=(",", ":")) + "\n")
                count += 1
    terminal.say(f"{terminal.count(count, 'event')} of {terminal.count(len(runs), 'run')}")
    return 0
