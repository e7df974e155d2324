"""`gnomon remote`: where this replica meets others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal
    from gnomon.sync.state import StateFile


def ls(parser: Parser) -> Run:
    """List the remotes of this replica."""
    return _declare_list(parser, "gnomon remote")


def list_(parser: Parser) -> Run:
    """List the remotes of this replica."""
    return _declare_list(parser, "gnomon remote ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--json", action="store_true", help="print JSON: one object a remote")
    parser.example(command, "all remotes")
    return _ls


def _ls(arguments: argparse.Namespace, terminal: Terminal) -> int:
    remotes = sorted(_file(arguments).load().remotes.items())
    if arguments.json:
        terminal.json_list([{"name": name, "url": remote.url} for name, remote in remotes])
        return 0
    if not remotes:
        terminal.say("no remotes yet; `gnomon remote add NAME URL` adds one")
        return 0
    rows = [{"name": name, "url": remote.url} for name, remote in remotes]
    terminal.table(["name", "url"], rows, {}, styles={"name": lambda _: "bold"}, importance=["name", "url"])
    return 0


def add(parser: Parser) -> Run:
    """Add a remote: a place that a team has already. `gnomon sync` makes it a copy of the record.

    URL is a folder (`/mnt/share/credit`: a share, a synchronised folder, a stick), a bucket (`s3://bucket/path`, `gs://…`,
    `az://…`), a machine (`ssh://host/path`), or Git (`git+origin`: the project's own remote, under `refs/gnomon/`, where no
    branch and no working tree sees it). Rights are those of the folder, bucket, key or repository.
    """
    parser.option("name", metavar="NAME", help="what this replica calls it, such as `team`")
    parser.option("url", metavar="URL", complete="folder", help="where it is")
    parser.example("gnomon remote add team /mnt/share/credit", "a folder that all can reach")
    parser.example("gnomon remote add team s3://our-bucket/credit", "a bucket")
    parser.example("gnomon remote add code git+origin", "beside the code")
    return _add


def _add(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from urllib.parse import urlsplit

    from gnomon.env import REAL
    from gnomon.errors import BadArgumentError
    from gnomon.record.home import record_path
    from gnomon.sync.state import Remote, checked_name
    from gnomon.sync.store import absolute, open_store

    name, url = checked_name(arguments.name), absolute(arguments.url)
    parts = urlsplit(url.removeprefix("git+")) if "://" in url else None
    if parts is not None and parts.password:
        raise BadArgumentError(
            f"the URL of remote `{name}` holds a password, which would stand in a file as plain text",
            hint="leave it out: credentials come from the environment, the cloud's own configuration, ssh or git",
        )
    open_store(url, REAL, record_path(record_of(arguments), REAL)).close()
    file = _file(arguments)
    state = file.load()
    if name in state.remotes and state.remotes[name].url != url:
        raise BadArgumentError(
            f"remote `{name}` is there already: {state.remotes[name].url}",
            hint=f"choose another name, or take it away first: `gnomon remote rm {name}`",
        )
    state.remotes.setdefault(name, Remote(url))
    file.save(state)
    terminal.say(f"remote `{name}` is {terminal.clean(url)}; `gnomon sync {name}` meets it")
    return 0


def rm(parser: Parser) -> Run:
    """Forget a remote. What is there stays, and what came from it, too."""
    parser.option("name", metavar="NAME", complete="remote", help="the remote")
    parser.example("gnomon remote rm team", "this replica meets it no more")
    return _rm


def _rm(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.sync.state import chosen_remote

    file = _file(arguments)
    state = file.load()
    name, _ = chosen_remote(state, arguments.name, command="gnomon remote rm NAME")
    del state.remotes[name]
    file.save(state)
    terminal.say(f"forgot remote `{name}`; nothing was deleted there or here")
    return 0


def test(parser: Parser) -> Run:
    """Try a remote, and say what it can promise: whole writes, lists that do not lag, large files, many names, and so on.

    Works on a place where nothing is yet, as on one in use: all is written under one name made by chance, and deleted
    afterwards. What sync needs is marked; the rest says what to expect. Nothing of the record is sent.
    """
    parser.option(
        "url", metavar="URL", complete="remote", help="where it is, or the name of a remote of this replica"
    )
    parser.option(
        "--quick", action="store_true", help="leave out the checks that take long: 1,500 names, 64 MB"
    )
    parser.option("--json", action="store_true", help="print what was found as JSON")
    parser.example("gnomon remote test s3://our-bucket/credit", "before a team relies on it")
    parser.example("gnomon remote test team --quick", "a remote that was added")
    parser.note("Exit code 1 where it lacks something that sync needs.")
    return _test


def _test(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.env import REAL
    from gnomon.sync.conformance import can_be_used, findings

    url, near = _meant(arguments)
    progress = terminal.progress("trying")
    count = 0

    def told(_: str) -> None:
        nonlocal count
        count += 1
        progress(count, max(count, 16))

    found = []
    for one in findings(REAL, url, near, is_quick=arguments.quick, told=told):
        found.append(one)
    progress.end()
    is_good = can_be_used(found)
    if arguments.json:
        terminal.json({"url": url, "can_be_used": is_good, "checks": [one._asdict() for one in found]})
        return 0 if is_good else 1
    styles = {"pass": "green", "fail": "red", "cannot tell": "cyan"}
    rows = [
        {"check": one.name, "needed": "yes" if one.is_needed else "", "result": one.result, "seen": one.text}
        for one in found
    ]
    terminal.table(
        ["check", "needed", "result", "seen"],
        rows,
        {},
        styles={"result": lambda value: styles.get(str(value), "")},
        importance=["check", "result", "seen", "needed"],
    )
    lacks = [one.name for one in found if one.result == "fail" and one.is_needed]
    terminal.say(
        f"{terminal.clean(url)} has all that sync needs"
        if is_good
        else f"{terminal.clean(url)} cannot be used: {', '.join(lacks)}"
    )
    return 0 if is_good else 1


def _meant(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return the URL that a person means, which may be a remote's name, and the folder from which it is to be seen."""
    import os

    from gnomon.env import REAL
    from gnomon.errors import NoRecordError
    from gnomon.record.home import record_path
    from gnomon.sync.state import SyncState, chosen_remote
    from gnomon.sync.store import absolute

    url = arguments.url
    if any(sign in url for sign in "/:+.~"):
        return absolute(url), os.getcwd()
    try:
        state = _file(arguments).load()
    except NoRecordError:
        state = SyncState()
    if url not in state.remotes and os.path.isdir(url):
        return absolute(url), os.getcwd()
    return chosen_remote(state, url)[1].url, record_path(record_of(arguments), REAL)


def _file(arguments: argparse.Namespace) -> StateFile:
    from gnomon.env import REAL
    from gnomon.record.home import open_home, record_path
    from gnomon.record.index_place import place_for
    from gnomon.sync.state import StateFile

    home = open_home(record_path(record_of(arguments), REAL), REAL)
    return StateFile(home, place_for(home, REAL))
