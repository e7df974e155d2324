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
        "sweep": Listed(
            "gnomon.runs.sweep.cli:sweep", "try many configurations, each with each seed; go on after a stop"
        ),
        "sweeps": Listed("gnomon.runs.sweep.cli_look:ls", "the sweeps that there are; show"),
        "reproduce": Listed(
            "gnomon.runs.reproduce.cli:reproduce", "make a run again from the record, and say what came of it"
        ),
    },
    "Look": {
        "ui": Listed("gnomon.web.cli:ui", "show the record in a browser, and change it there"),
        "runs": Listed("gnomon.runs.cli:runs", "list runs: filter, sort, choose columns, JSON or CSV"),
        "views": Listed("gnomon.runs.saved.cli:ls", "saved views: tables of runs with a name; save, rm"),
        "show": Listed("gnomon.runs.cli_show:show", "show everything about one run, with its curve"),
        "eta": Listed("gnomon.runs.forecast.cli:eta", "when runs will end: a range, and what it rests on"),
        "compare": Listed(
            "gnomon.runs.compare.cli:compare", "what differs between runs; which group of seeds is better"
        ),
        "why": Listed(
            "gnomon.runs.why.cli:why",
            "why two runs differ: which change made the difference, by running mixtures",
        ),
        "importance": Listed(
            "gnomon.runs.importance.cli:importance",
            "which parameters matter for a metric, and which cannot be told",
        ),
        "tried": Listed(
            "gnomon.runs.tried.cli:tried",
            "whether this was tried before: equal and close runs, and their outcome",
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
    "Check": {
        "check": Listed("gnomon.checks.cli:family", "check models and data: performance, fairness, drift, …"),
        "checks": Listed("gnomon.checks.cli:ls", "the checks that were made; show, compare"),
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
        "me": Listed("gnomon.team.people.cli:me", "who you are to the team: name, time zone, working hours"),
        "team": Listed("gnomon.team.people.cli:team", "the members, and whether they work now; add, away, …"),
        "overlap": Listed(
            "gnomon.team.people.cli_time:overlap", "draw the hours that members share, in your time zone"
        ),
        "meet": Listed(
            "gnomon.team.people.cli_time:meet", "slots for a meeting that share the awkward hours fairly"
        ),
        "who": Listed("gnomon.team.explaining.cli:who", "who else can explain this: those who may be asked"),
        "catchup": Listed("gnomon.team.catchup.cli:catchup", "what is new for you since you last looked"),
        "handoff": Listed(
            "gnomon.team.handoffs.cli:handoff", "hand off what is open, drafted from the record"
        ),
        "handoffs": Listed(
            "gnomon.team.handoffs.cli:ls", "what waits to be accepted; accept, decline, withdraw"
        ),
        "decide": Listed(
            "gnomon.team.decisions.cli:decide", "write down a decision, with the evidence it rests on"
        ),
        "decisions": Listed(
            "gnomon.team.decisions.cli:ls",
            "what was decided, and where the evidence changed; check, accept, …",
        ),
        "read": Listed(
            "gnomon.team.writing.cli:read", "show what somebody wrote: a decision, question, hand-off, …"
        ),
        "say": Listed("gnomon.team.writing.cli:say", "say something about what somebody wrote"),
        "ask": Listed("gnomon.team.questions.cli:ask", "ask somebody something, due in their working hours"),
        "answer": Listed("gnomon.team.questions.cli:answer", "answer a question"),
        "questions": Listed("gnomon.team.questions.cli:ls", "what waits for an answer; withdraw"),
        "update": Listed("gnomon.team.updates.cli:update", "give your update, drafted from what you did"),
        "updates": Listed("gnomon.team.updates.cli:ls", "the updates of the last days"),
        "review": Listed("gnomon.team.reviews.cli:review", "ask members to review a run, data, a page, …"),
        "reviews": Listed(
            "gnomon.team.reviews.cli:ls", "the reviews that go on; show, verdict, again, close"
        ),
        "page": Listed(
            "gnomon.team.knowledge.cli:page", "write a page of what the team knows, or change one"
        ),
        "pages": Listed("gnomon.team.knowledge.cli:ls", "list the pages; archive"),
        "problem": Listed(
            "gnomon.team.knowledge.cli:problem", "report a problem, with steps and environment filled in"
        ),
        "problems": Listed("gnomon.team.knowledge.cli:problems_ls", "what does not work; solve, close"),
        "prose": Listed("gnomon.team.prose.cli:family", "numbers in texts: check them, show them"),
    },
    "Sync": {
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
    "team": {
        "ls": Listed("gnomon.team.people.cli:list_", "list the members, as `gnomon team` alone does"),
        "add": Listed("gnomon.team.people.cli:add", "add a teammate who has no device yet"),
        "works": Listed("gnomon.team.people.cli:works", "say when a teammate works"),
        "away": Listed("gnomon.team.people.cli:away", "note days off, or take them from a calendar file"),
        "back": Listed("gnomon.team.people.cli:back", "take days off back"),
    },
    "decisions": {
        "ls": Listed(
            "gnomon.team.decisions.cli:list_", "list the decisions, as `gnomon decisions` alone does"
        ),
        "check": Listed(
            "gnomon.team.decisions.cli:check", "whether their evidence still stands; exit code 1 where not"
        ),
        "accept": Listed("gnomon.team.decisions.cli:accept", "accept a decision that was proposed"),
        "reject": Listed("gnomon.team.decisions.cli:reject", "reject a decision, or take it back"),
        "supersede": Listed(
            "gnomon.team.decisions.cli:supersede", "write a decision that stands in the place of an older one"
        ),
    },
    "views": {
        "ls": Listed("gnomon.runs.saved.cli:list_", "list the saved views, as `gnomon views` alone does"),
        "save": Listed("gnomon.runs.saved.cli:save", "give a table of runs a name, or change a named one"),
        "rm": Listed("gnomon.runs.saved.cli:rm", "remove a saved view; its runs stay"),
    },
    "sweeps": {
        "ls": Listed("gnomon.runs.sweep.cli_look:list_", "list the sweeps, as `gnomon sweeps` alone does"),
        "show": Listed(
            "gnomon.runs.sweep.cli_look:show",
            "show a sweep: its best trials, and whether they can be told apart",
        ),
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
    "check": {
        "performance": Listed(
            "gnomon.checks.cli_make:performance", "how good a model is, and where it is weak"
        ),
        "fairness": Listed("gnomon.checks.cli_make:fairness", "whether groups of people fare alike"),
        "drift": Listed("gnomon.checks.cli_make:drift", "whether data moved"),
        "leakage": Listed("gnomon.checks.cli_make:leakage", "whether a test set says more than it should"),
        "robustness": Listed("gnomon.checks.cli_make:robustness", "how a model bears noise and gaps"),
    },
    "checks": {
        "ls": Listed("gnomon.checks.cli:list_", "list the checks, as `gnomon checks` alone does"),
        "show": Listed("gnomon.checks.cli:show", "show the findings and figures of a check"),
        "compare": Listed("gnomon.checks.cli:compare", "what changed from one check to another"),
    },
    "questions": {
        "ls": Listed(
            "gnomon.team.questions.cli:list_", "list the questions, as `gnomon questions` alone does"
        ),
        "withdraw": Listed("gnomon.team.questions.cli:withdraw", "take a question back"),
    },
    "handoffs": {
        "ls": Listed("gnomon.team.handoffs.cli:list_", "list the hand-offs, as `gnomon handoffs` alone does"),
        "accept": Listed("gnomon.team.handoffs.cli:accept", "accept a hand-off that is for you"),
        "decline": Listed("gnomon.team.handoffs.cli:decline", "decline a hand-off that is for you"),
        "withdraw": Listed("gnomon.team.handoffs.cli:withdraw", "take back a hand-off of yours"),
    },
    "reviews": {
        "ls": Listed("gnomon.team.reviews.cli:list_", "list the reviews, as `gnomon reviews` alone does"),
        "show": Listed(
            "gnomon.team.reviews.cli_show:show", "show what is reviewed, with the comments at their parts"
        ),
        "verdict": Listed("gnomon.team.reviews.cli:verdict", "approve, or say what should change"),
        "again": Listed("gnomon.team.reviews.cli:again", "ask the reviewers again: the next round"),
        "close": Listed("gnomon.team.reviews.cli:close", "close a review that you asked for"),
    },
    "updates": {
        "ls": Listed("gnomon.team.updates.cli:list_", "show the updates, as `gnomon updates` alone does"),
    },
    "pages": {
        "ls": Listed("gnomon.team.knowledge.cli:list_", "list the pages, as `gnomon pages` alone does"),
        "archive": Listed("gnomon.team.knowledge.cli:archive", "take a page out of the list"),
    },
    "problems": {
        "ls": Listed(
            "gnomon.team.knowledge.cli:problems_list", "list the problems, as `gnomon problems` alone does"
        ),
        "solve": Listed("gnomon.team.knowledge.cli:solve", "say that a problem is solved, and by what"),
        "close": Listed("gnomon.team.knowledge.cli:close", "say that nobody works on a problem any more"),
    },
    "prose": {
        "check": Listed("gnomon.team.prose.cli:check", "check the numbers of texts against the record"),
        "render": Listed("gnomon.team.prose.cli:render", "print a text with the values that it asks for"),
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
