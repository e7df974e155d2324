"""Where a Git remote is, how to get there, and what to say where Git could not.

Only questions are asked of the user's repository: its address for a name such as `origin`, and those of its settings that
say how to reach a host (credential helpers, `core.sshCommand`, proxies), which another repository would not have.

Always true: Git asks nothing on the terminal; no message holds a password of an address.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_A_REPOSITORY = (  # what Git sets for hooks and aliases; it would lead us into the user's repository
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)  # fmt: skip
_ACCESS = re.compile(
    r"(?:credential|http|https|ssh|protocol)\..*|core\.(?:sshcommand|askpass|gitproxy)", re.DOTALL
)  # settings that say how to reach a host


class Address(NamedTuple):
    """Where a remote is, for fetching and for pushing, and the settings of the user's repository for going there."""

    fetch: str
    push: str
    settings: tuple[tuple[str, str], ...] = ()


def environment(extra: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Return the environment for Git: no repository but the one that is named, no question of Git's on the terminal.

    `ssh` asks by itself where there is a terminal, and ends where there is none. `extra` are settings that go before all others.
    """
    found = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
    found.update(LC_ALL="C", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0", GIT_PROTOCOL_FROM_USER="1")
    found.setdefault(
        "GIT_HTTP_LOW_SPEED_LIMIT", "1"
    )  # bytes a second, for so many seconds: then Git gives up
    found.setdefault("GIT_HTTP_LOW_SPEED_TIME", "60")
    count = int(found.get("GIT_CONFIG_COUNT") or 0)
    for name, value in extra:
        found[f"GIT_CONFIG_KEY_{count}"], found[f"GIT_CONFIG_VALUE_{count}"] = name, value
        count += 1
    if count:
        found["GIT_CONFIG_COUNT"] = str(count)
    return found


# ---------------------------------------------------------------- where a remote is


def address_of(text: str, near: str) -> Address:
    """Return where `git+<text>` is: the name of a remote of the repository around `near`, or an address.

    Raises RemoteError, BadArgumentError.
    """
    if not text or text.startswith("-") or any(ord(one) < 32 for one in text):
        raise BadArgumentError(
            f"`git+{text}` is not the address of a Git remote",
            hint="such as `git+origin` or `git+ssh://host/path`",
        )
    folder = near
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    if not re.search(r"[/:]", text) and not text.startswith("~"):
        top = _ask(folder, text, "rev-parse", "--show-toplevel").strip()
        fetch = _ask(folder, text, "remote", "get-url", text).strip()
        push = _ask(folder, text, "remote", "get-url", "--push", text).strip()
        return Address(_absolute(fetch, top), _absolute(push, top), _settings(folder))
    place = _absolute(text, os.getcwd())
    return Address(place, place)


def _absolute(url: str, base: str) -> str:
    """Return an address; one that is a path on this machine in full."""
    if url.startswith("-"):
        raise BadArgumentError(
            f"`{url}` is not the address of a Git remote", hint="it must not begin with `-`"
        )
    if "://" in url or re.match(r"[^/]*:", url):
        return url
    return os.path.normpath(os.path.join(base, os.path.expanduser(url)))


def _ask(folder: str, name: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise no_git() from None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    said = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in said:
        raise RemoteError(
            f"`git+{name}` means a remote of the Git repository around `{folder}`, and there is none",
            hint="give the address itself, such as `git+ssh://git@host/team/project.git`",
        )
    if "No such remote" in said:
        raise RemoteError(
            f"the Git repository around `{folder}` has no remote called `{name}`",
            hint="`git remote -v` lists them; or give the address itself: `git+ssh://git@host/team/project.git`",
        )
    raise RemoteError(
        f"`git {arguments[0]}` in `{folder}`: {first_complaint(said)}",
        hint="what does `git status` say there?",
    )


def _settings(folder: str) -> tuple[tuple[str, str], ...]:
    """Return what this repository's configuration says about reaching hosts, beyond what every repository is told."""
    here, elsewhere = _listed(["-C", folder]), Counter(_listed(["-C", "/"]))
    beyond = []
    for pair in here:
        if elsewhere[pair] > 0:
            elsewhere[pair] -= 1
        elif _ACCESS.fullmatch(pair[0]):
            beyond.append(pair)
    return tuple(beyond)


def _listed(where: list[str]) -> list[tuple[str, str]]:
    done = subprocess.run(
        ["git", *where, "config", "--list", "-z"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    pairs = []
    for one in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        name, newline, value = one.partition("\n")
        if newline:
            pairs.append((name, value))
    return pairs


# ---------------------------------------------------------------- what Git says


def first_complaint(said: str, *, secrets: Iterable[str] = ()) -> str:
    """Return the line that says why, without passwords in addresses."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    best = next(
        (
            line
            for sign in ("remote: error", "remote: fatal", "ERROR:", "fatal:", "ssh:", "error:", "")
            for line in lines
            if line.startswith(sign)
        ),
        "it said nothing",
    )
    if best.startswith("fatal: Could not read from remote repository") and len(lines) > 1:
        best = lines[0]
    for secret in secrets:
        best = best.replace(secret, "…")
    return re.sub(r"(://)[^/\s@]*@", r"\1", best)[:300]


def no_git() -> RemoteError:
    return RemoteError(
        "`git` was not found", hint="install it, or use another kind of remote: `gnomon remote add --help`"
    )


_HINTS = (
    (r"terminal prompts disabled|could not read (?:Username|Password)|Authentication failed|HTTP.* 40[13]|403 Forbidden",
     "sign in as for `git push` (a credential helper, a token, an SSH address), then sync again"),
    (r"Permission denied|publickey|Host key verification failed", "does `ssh` let you in there? `git ls-remote` shows more"),
    (r"not found|does not exist|does not appear to be a git repository|No such file",
     "look at the address: `git remote -v`; the repository must be there already"),
    (r"resolve host|Name or service|unreachable|timed out|Connection|connect to", "is the network there? Then sync again"),
)  # fmt: skip


def failure(url: str, what: str, said: str, address: Address) -> RemoteError:
    """Return the error for a Git command that failed, with the next step."""
    hint = next(
        (hint for pattern, hint in _HINTS if re.search(pattern, said)),
        "sync again; `gnomon remote test` says what the host allows",
    )
    return RemoteError(
        f"`{url}`: Git could not {what}: {first_complaint(said, secrets=_passwords(address))}", hint=hint
    )


def _passwords(address: Address) -> list[str]:
    found = re.findall(r"://[^/\s:@]*:([^/\s@]+)@", f"{address.fetch} {address.push}")
    return [one for one in found if len(one) > 3]
