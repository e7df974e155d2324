"""The commands that come with Gnomon: name, where each is declared, and one line of help.

A table of text, so that `gnomon --help` and the completion of command names import no command. What a plug-in adds is
looked up only when a command is unknown, and for the whole list (`gnomon --help`).
"""

from __future__ import annotations

from typing import NamedTuple


class Listed(NamedTuple):
    """A command before it is imported."""

    target: str  # "module:function"
    help: str


GROUPS: dict[str, dict[str, Listed]] = {
    "Train": {
        "run": Listed(
            "gnomon.runs.cli_run:run", "run a command and record all that it was: code, console, resources"
        ),
    },
    "Look": {
        "runs": Listed("gnomon.runs.cli:runs", "list runs: filter, sort, choose columns, JSON or CSV"),
        "show": Listed("gnomon.runs.cli_show:show", "show everything about one run, with its curve"),
        "compare": Listed(
            "gnomon.runs.compare.cli:compare", "what differs between runs; which group of seeds is better"
        ),
        "plot": Listed(
            "gnomon.runs.plot.cli:plot", "draw curves of runs: in the terminal, as SVG, HTML or PNG"
        ),
        "search": Listed(
            "gnomon.runs.cli_search:search", "find runs by words: notes, parameters, what was printed"
        ),
        "sql": Listed(
            "gnomon.runs.sql.cli:sql", "ask in SQL: read-only, over runs, points, groups and all else"
        ),
        "console": Listed(
            "gnomon.runs.cli_console:console", "print what a run printed; --follow while it runs"
        ),
    },
    "Change": {
        "note": Listed("gnomon.runs.cli_change:note", "write a note about a run"),
        "tag": Listed("gnomon.runs.cli_change:tag", "add tags to a run, or take them away"),
        "rename": Listed("gnomon.runs.cli_change:rename", "give a run another name"),
        "rm": Listed("gnomon.runs.cli_change:rm", "hide runs (nothing is deleted)"),
        "restore": Listed("gnomon.runs.cli_change:restore", "bring hidden runs back"),
    },
    "Files": {
        "get": Listed("gnomon.runs.cli_change:get", "write a kept file or folder of a run to the disk"),
        "export": Listed(
            "gnomon.runs.archive.cli:export", "write runs as plain files, with all that was kept"
        ),
        "archive": Listed("gnomon.runs.archive.cli:archive", "write runs into one ZIP file"),
        "import": Listed("gnomon.runs.archive.cli:import_", "take in runs that were exported or archived"),
    },
    "The record": {
        "init": Listed("gnomon.cli.start:init", "make a record here (the first run would, too)"),
        "verify": Listed("gnomon.cli.verify:verify", "check every byte of the record against its hashes"),
        "doctor": Listed(
            "gnomon.cli.doctor:doctor", "check what is around the record: disk, key, cache, libraries"
        ),
    },
    "Helpers": {
        "new-id": Listed("gnomon.cli.start:new_id", "make a run id, for processes that share one run"),
        "completion": Listed(
            "gnomon.cli.complete:completion", "print a script that completes commands in your shell"
        ),
    },
}


def built_in() -> dict[str, Listed]:
    """Return all commands that come with Gnomon and are shown."""
    return {name: listed for group in GROUPS.values() for name, listed in group.items()}


def find(name: str) -> str | None:
    """Return "module:function" of a command, searching the plug-ins for an unknown one."""
    listed = built_in().get(name)
    if listed is not None:
        return listed.target
    from gnomon.record.kinds import find_command

    return find_command(name)
