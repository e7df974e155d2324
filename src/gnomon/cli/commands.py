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
        "ui": Listed("gnomon.web.cli:ui", "show the record in a browser, and change it there"),
        "runs": Listed("gnomon.runs.cli:runs", "list runs: filter, sort, choose columns, JSON or CSV"),
        "views": Listed("gnomon.runs.saved.cli:ls", "saved views: tables of runs with a name; save, rm"),
        "show": Listed("gnomon.runs.cli_show:show", "show everything about one run, with its curve"),
        "compare": Listed(
            "gnomon.runs.compare.cli:compare", "what differs between runs; which group of seeds is better"
        ),
        "importance": Listed(
            "gnomon.runs.importance.cli:importance",
            "which parameters matter for a metric, and which cannot be told",
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
    "Data": {
        "lineage": Listed("gnomon.lineage.cli:lineage", "what something came from, and what came of it"),
        "reach": Listed("gnomon.lineage.cli_reach:reach", "all that something touched, and whom to tell"),
        "data": Listed("gnomon.data.cli:ls", "version data: add, status, log, diff, get, checkout, …"),
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
        "gc": Listed("gnomon.cli.gc:gc", "delete stored bytes that nothing names any more"),
        "doctor": Listed(
            "gnomon.cli.doctor:doctor", "check what is around the record: disk, key, cache, libraries"
        ),
    },
    "Team": {
        "sync": Listed("gnomon.cli.sync:sync", "exchange with a remote what the other side lacks"),
        "remote": Listed("gnomon.cli.remote:ls", "where this record meets others: add, ls, rm, test"),
        "repair": Listed("gnomon.cli.repair:repair", "put back from a remote what is damaged here"),
        "clone": Listed("gnomon.cli.sync:clone", "make a replica of the record at a remote"),
    },
    "Helpers": {
        "new-id": Listed("gnomon.cli.start:new_id", "make a run id, for processes that share one run"),
        "completion": Listed(
            "gnomon.cli.complete:completion", "print a script that completes commands in your shell"
        ),
    },
}

FAMILIES: dict[str, dict[str, Listed]] = {
    "views": {
        "ls": Listed("gnomon.runs.saved.cli:list_", "list the saved views, as `gnomon views` alone does"),
        "save": Listed("gnomon.runs.saved.cli:save", "give a table of runs a name, or change a named one"),
        "rm": Listed("gnomon.runs.saved.cli:rm", "remove a saved view; its runs stay"),
    },
    "lineage": {
        "export": Listed("gnomon.lineage.cli_export:export", "write runs as OpenLineage events"),
    },
    "data": {
        "add": Listed("gnomon.data.cli:add", "keep a file or folder as the next version"),
        "status": Listed("gnomon.data.cli:status", "what changed since the version that belongs here"),
        "ls": Listed("gnomon.data.cli:list_", "list the data sets, as `gnomon data` alone does"),
        "log": Listed("gnomon.data.cli_look:log", "list the versions of a data set"),
        "show": Listed("gnomon.data.cli_look:show", "show everything about a version, and who used it"),
        "diff": Listed("gnomon.data.cli_look:diff", "what differs between two versions"),
        "profile": Listed(
            "gnomon.data.cli_profile:profile", "what is in a version: rows, types, distributions"
        ),
        "tag": Listed("gnomon.data.cli_look:tag", "give a version a tag such as `gold`, or take it back"),
        "check": Listed("gnomon.data.cli_contract:check", "whether data is what its contract says"),
        "contract": Listed("gnomon.data.cli_contract:contract", "draft a contract that a version meets"),
        "croissant": Listed(
            "gnomon.data.cli_croissant:croissant", "describe a version for others, in Croissant"
        ),
        "get": Listed("gnomon.data.cli_files:get", "write a version to a new place"),
        "checkout": Listed("gnomon.data.cli_files:checkout", "bring the data that pointer files name"),
        "verify": Listed("gnomon.data.cli_files:verify", "check every byte of versions"),
        "erase": Listed("gnomon.data.cli_erase:erase", "take the bytes of versions out for good"),
    },
    "remote": {
        "add": Listed("gnomon.cli.remote:add", "add a folder, a bucket, a machine or a Git remote"),
        "ls": Listed("gnomon.cli.remote:list_", "list the remotes, as `gnomon remote` alone does"),
        "rm": Listed("gnomon.cli.remote:rm", "forget a remote; nothing is deleted there"),
        "test": Listed("gnomon.cli.remote:test", "try a remote, and say what it can promise"),
    },
}
"""Commands of two words, by the first: `gnomon data add`."""
TAKES_A_WORD = frozenset({"lineage"})
"""First words that also take a word of their own: `gnomon lineage credit@v3`."""


_LIST = "`gnomon runs` lists the runs, `gnomon data` the data sets"
_HIDE = "`gnomon rm` hides runs from lists, and `gnomon restore` brings them back; nothing is deleted"
_PAGES = "`gnomon ui` shows the record in a browser"
_HISTORY = "`gnomon runs` lists the runs, `gnomon show RUN` shows one"
CALLED_ELSEWHERE = {
    "list": _LIST, "ls": _LIST, "ps": _LIST, "status": _LIST, "log": _HISTORY, "history": _HISTORY, "info": _HISTORY,
    "delete": _HIDE, "remove": _HIDE, "del": _HIDE, "up": _PAGES, "server": _PAGES,
    "serve": _PAGES, "dashboard": _PAGES, "view": _PAGES, "open": _PAGES,
    "diff": "`gnomon compare A B` says what differs, `--code` shows the diff of the code",
    "query": "`gnomon sql \"select …\"` asks in SQL", "find": "`gnomon search WORDS` finds runs by words",
    "grep": "`gnomon search WORDS` finds runs by words", "logs": "`gnomon console RUN` prints what a run printed",
    "exec": "`gnomon run -- COMMAND` runs a command and records it", "params": "`gnomon runs --help` says how to list them",
    "metrics": "`gnomon runs` lists last values, `gnomon plot METRIC` draws curves",
    "undo": "`gnomon restore RUN` brings hidden runs back", "download": "`gnomon get` writes a kept file to the disk",
}  # fmt: skip
"""What people type who know another tool, and what to type here."""


def built_in() -> dict[str, Listed]:
    """Return all commands that come with Gnomon and are shown, those of two words after their first."""
    found: dict[str, Listed] = {}
    for group in GROUPS.values():
        for name, listed in group.items():
            found[name] = listed
            found.update({f"{name} {second}": of for second, of in FAMILIES.get(name, {}).items()})
    return found


def split(words: list[str]) -> tuple[str, list[str]]:
    """Return the command that these words begin with, which may be two of them, and the others."""
    name, *rest = words
    if rest and rest[0] in FAMILIES.get(name, {}):
        return f"{name} {rest[0]}", rest[1:]
    return name, rest


def find(name: str) -> str | None:
    """Return "module:function" of a command, searching the plug-ins for an unknown one."""
    listed = built_in().get(name)
    if listed is not None:
        return listed.target
    from gnomon.record.kinds import find_command

    return find_command(name)
