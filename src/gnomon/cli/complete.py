"""Completion for bash, zsh and fish: the scripts, and the hidden command `__complete` that answers them.

The scripts know nothing of Gnomon: they hand over what is typed and get candidates, one a line, with what they are after
a tab; `:files` or `:folders` asks the shell to complete paths. So a new option is completed at once, in every shell.

Always true: whatever goes wrong, the shell gets no candidates and no message; a candidate needs no quoting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli import commands
from gnomon.cli.shells import SCRIPTS
from gnomon.errors import GnomonError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal

    Candidates = Iterator[tuple[str, str]]  # what is put in, what it is

MOST = 200
_SAFE = frozenset("._-/+@%:,=")
FIELDS = {
    "id": "its id", "name": "what people call it", "status": "how it ended", "group": "runs that differ in their seed",
    "seed": "its seed", "created": "when it began", "ended": "when it ended", "duration": "how long it took",
    "tags": "its tags", "parent": "the run that it belongs to", "author": "the member who made it",
}  # fmt: skip


def completion(parser: Parser) -> Run:
    """Print a script that completes commands, options, run ids and column names.

    To have it in every new shell, add the first or second example below to `~/.bashrc` or `~/.zshrc` (in zsh after
    `compinit`), or run the third once.
    """
    parser.option("shell", choices=sorted(SCRIPTS), help="the shell to complete in")
    parser.example('eval "$(gnomon completion bash)"', "bash")
    parser.example('eval "$(gnomon completion zsh)"', "zsh")
    parser.example("gnomon completion fish > ~/.config/fish/completions/gnomon.fish", "fish")
    return _print_script


def _print_script(arguments: argparse.Namespace, terminal: Terminal) -> int:
    terminal.write(SCRIPTS[arguments.shell].rstrip("\n"))
    return 0


def answer(words: list[str], terminal: Terminal) -> int:
    """Answer a shell: `line TEXT` (bash) or `words WORD…` (the others); the last word is being typed."""
    how, *rest = words or [""]
    typed = split(rest[0])[1:] if how == "line" and rest else rest
    try:
        found = [pair for pair in candidates(typed or [""]) if is_plain(pair[0])]
    except (GnomonError, OSError, ValueError):  # the shell has no place for a message
        return 0
    for value, what in found:
        terminal.write(f"{value}\t{terminal.cut(terminal.clean(what), 60)}" if what else value)
    return 0


def is_plain(value: str) -> bool:
    """Return whether a shell takes this as one word without quotes (`:files` and `:folders` included)."""
    return bool(value) and all(char.isalnum() or char in _SAFE for char in value)


def split(line: str) -> list[str]:
    """Return the words of the beginning of a command line, quotes undone; the last one is being typed."""
    words, word, quote, is_open = list[str](), "", "", False
    chars = iter(line)
    for char in chars:
        if quote:
            if char == quote:
                quote = ""
            else:
                word += next(chars, "") if char == "\\" and quote == '"' else char
        elif char in "'\"":
            quote, is_open = char, True
        elif char == "\\":
            word, is_open = word + next(chars, ""), True
        elif char.isspace():
            if is_open or word:
                words.append(word)
            word, is_open = "", False
        else:
            word += char
    return [*words, word]


def candidates(words: list[str]) -> Candidates:
    """Yield what the last of these words may become; the first is the one after `gnomon`."""
    *before, current = words
    record, name, rest = _command(before)
    if name is None:
        yield from _before_the_command(before, current)
    elif name == "help":
        yield from _command_names(current) if not rest else ()
    elif name in commands.FAMILIES and not rest and not current.startswith("-"):
        family = commands.FAMILIES[name]
        yield from _beginning(current, [(second, listed.help) for second, listed in family.items()])
    else:
        name, rest = commands.split([name, *rest])
        yield from _of_command(name, rest, current, record)


def _command(before: list[str]) -> tuple[str | None, str | None, list[str]]:
    """Return (record, command, its words) of what was typed before."""
    record = None
    rest = list(before)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word in ("-C", "--record") and rest:
            record = rest.pop(0)
        elif word.startswith("--record="):
            record = word.partition("=")[2]
    return (record, rest[0], rest[1:]) if rest else (record, None, [])


def _before_the_command(before: list[str], current: str) -> Candidates:
    if before and before[-1] in ("-C", "--record"):
        yield ":folders", ""
    elif current.startswith("-"):
        yield from _beginning(current, [("--record", "the record"), ("--help", ""), ("--version", "")])
    else:
        yield from _command_names(current)


def _command_names(current: str) -> Candidates:
    found = list(
        _beginning(
            current, [(name, listed.help) for name, listed in commands.built_in().items() if " " not in name]
        )
    )
    if not found and current:
        from gnomon.record.kinds import plugin_commands

        found = list(_beginning(current, [(name, "") for name in plugin_commands()]))
    yield from found


def _of_command(name: str, before: list[str], current: str, record: str | None) -> Candidates:
    from gnomon.cli.main import declaration
    from gnomon.cli.parser import build

    parser, _ = build(name, declaration(name))
    options = {text: action for action in parser.declared() for text in action.option_strings}
    given: list[str] = []  # arguments so far
    pending: argparse.Action | None = None  # the option whose value comes next
    for word in before:
        option = options.get(word.partition("=")[0])
        if option is not None:
            pending = option if option.nargs != 0 and "=" not in word else None
            if word.startswith("--record="):
                record = word.partition("=")[2]
        elif pending is not None:
            record = word if pending.dest == "record" else record
            pending = pending if pending.nargs in ("+", "*") else None
        else:
            given.append(word)
    option_name, is_joined, part = current.partition("=")
    if is_joined and option_name in options:
        for value, what in _values(options[option_name], part, record, given):
            yield (value if value.startswith(":") else f"{option_name}={value}"), what
    elif pending is not None and not (current.startswith("-") and current in options):
        yield from _values(pending, current, record, given)
    elif current.startswith("-"):
        yield from _beginning(
            current, [(text, options[text].help or "") for text in options if text[:2] == "--"]
        )
    else:
        arguments = [action for action in parser.declared() if not action.option_strings]
        if arguments and (len(given) < len(arguments) or arguments[-1].nargs in ("+", "*")):
            yield from _values(arguments[min(len(given), len(arguments) - 1)], current, record, given)


def _values(action: argparse.Action, current: str, record: str | None, given: list[str]) -> Candidates:
    """Yield values for an argument or option, by what `Parser.option(complete=…)` says."""
    kind = getattr(action, "complete", "")
    if action.choices is not None:
        yield from _beginning(current, [(str(choice), "") for choice in action.choices])
    elif kind in ("files", "folder"):
        yield (":files" if kind == "files" else ":folders"), ""
    elif kind in ("run", "hidden-run"):
        yield from _runs(current, record, hidden=kind == "hidden-run", given=given)
    elif kind == "check":
        yield from _beginning(current, _checks(record))
    elif kind == "remote":
        yield from _beginning(current, _remotes(record))
    elif kind in ("version", "dataset"):
        yield from _beginning(current, _data(record, with_versions=kind == "version" and "@" in current))
    elif kind == "lineage":
        yield from _beginning(current, _data(record, with_versions="@" in current))
        yield from _runs(current, record, hidden=False, given=given)
        yield ":files", ""
    elif kind in ("run-or-group", "group"):
        yield from _runs(current, record, hidden=False, given=given) if kind == "run-or-group" else ()
        yield from _beginning(current, [pair for pair in _groups(record) if pair[0] not in given])
    elif kind == "run-or-metric":
        yield from _beginning(current, [pair for pair in _metrics(record) if pair[0] not in given])
        yield from _runs(current, record, hidden=False, given=given)
    elif kind == "metric":
        yield from _beginning(current, _metrics(record))
    elif kind == "column":
        yield from _beginning(current, _columns(record))
    elif kind == "sort":
        sign = "-" if current.startswith("-") else ""
        yield from _beginning(current, [(sign + key, what) for key, what in _columns(record)])
    elif kind == "columns":
        head, comma, part = current.rpartition(",")
        chosen = set(head.split(","))
        left = [(key, what) for key, what in _columns(record) if key not in chosen]
        yield from ((head + comma + key, what) for key, what in _beginning(part, left))
    elif kind and given:
        yield from _beginning(current, _of_run(kind, record, given[0]))


def _beginning(current: str, pairs: Iterable[tuple[str, str]]) -> Candidates:
    return ((value, what) for value, what in pairs if value.startswith(current))


def _runs(current: str, record: str | None, *, hidden: bool, given: list[str]) -> Candidates:
    from gnomon.ids import SHOWN_LENGTH
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        rows = opened.runs(columns=["id", "name", "status"], limit=MOST, removed=hidden).to_pylist()
    for row in rows:
        run = str(row["id"])
        shown = run[: max(SHOWN_LENGTH, len(current))]
        if run.startswith(current) and shown not in given:
            yield shown, " ".join(str(row[key]) for key in ("name", "status") if row.get(key))


def _data(record: str | None, *, with_versions: bool) -> list[tuple[str, str]]:
    from gnomon.data.views import labels, rows
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        opened.replica.update()
        found = rows(opened.replica.index)
    if not with_versions:
        return [(name, "data set") for name in sorted({row.name for row in found})]
    tagged = [(f"{row.name}@{tag}", "tag") for row in found for tag in row.tags]
    return [*((called, "version") for called in dict.fromkeys(labels(found).values())), *tagged]


def _checks(record: str | None) -> list[tuple[str, str]]:
    from gnomon.checks.views import checks
    from gnomon.ids import SHOWN_LENGTH
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        return [(one.id[:SHOWN_LENGTH], f"{one.name}: {one.verdict}") for one in checks(opened)[:MOST]]


def _remotes(record: str | None) -> list[tuple[str, str]]:
    from gnomon.env import REAL
    from gnomon.record.home import open_home, record_path
    from gnomon.record.index_place import place_for
    from gnomon.sync.state import StateFile

    home = open_home(record_path(record, REAL), REAL)
    return [
        (name, remote.url) for name, remote in StateFile(home, place_for(home, REAL)).load().remotes.items()
    ]


def _metrics(record: str | None) -> list[tuple[str, str]]:
    """Return the names of all series of the record."""
    from gnomon.runs.plot.words import metric_names
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        opened.replica.update()
        return [(name, "metric") for name in metric_names(opened)]


def _groups(record: str | None) -> list[tuple[str, str]]:
    """Return the names of the groups of seeds, the newest first."""
    from gnomon.runs.groups.definition import seed_groups
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        found = seed_groups(opened)[:MOST]
    return [(group.name, f"group of {len(group)} runs") for group in found]


def _columns(record: str | None) -> list[tuple[str, str]]:
    from gnomon.runs.views import open as open_record

    found = dict(FIELDS)
    try:
        opened = open_record(record)
        with opened.replica:
            opened.replica.update()
            keys = [*opened.column_keys(), *opened.process_keys()]
    except GnomonError:  # no record here: its columns are unknown, the fields of every run are not
        keys = []
    for key in keys:
        family = key.partition(".")[0]
        found.setdefault(key, {"params": "parameter", "metrics": "last value"}.get(family, ""))
    return list(found.items())


def _of_run(kind: str, record: str | None, run_id: str) -> list[tuple[str, str]]:
    from gnomon.runs.views import open as open_record

    opened = open_record(record)
    with opened.replica:
        run = opened.run(run_id)
        if kind == "series":
            return [(name, "") for name in run.series_names]
        if kind == "kept":
            return [(kept.name, "folder" if kept.is_tree else "file") for kept in run.kept]
        return [(tag, "") for tag in run.tags]
