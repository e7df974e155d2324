"""A remote that is a folder on a machine with SSH: the person's own `ssh` here, `sh` and what POSIX names there.

One connection carries a whole sync: a small script at the other side reads requests line by line and answers in frames. Keys,
jump hosts, agents and questions are `ssh`'s own business.

Always true: a file gets its name when all of it is on that machine's disk and was counted; no link is followed below the
folder; what a login shell prints is skipped. The folder's name goes there as an argument, never as text of a command, and the
others are made by us.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from gnomon.errors import BadArgumentError, RemoteError
from gnomon.sync.store import MOST_NAMES, PIECE, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.env import Env

COMMAND = "GNOMON_SSH"
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?").fullmatch
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+\\-]*").fullmatch
_PATH = re.compile(r"[A-Za-z0-9._/-]+").fullmatch
_COUNT = re.compile(r"[0-9]{1,18}").fullmatch
_MOST_LINE = 1 << 16
_DELETES_AT_ONCE = 200  # requests that are sent before the answers are read: they must fit into the pipes

# What runs there. $1: the folder; $2: a word that begins each answer, which nothing else there can know.
# A request is a line, `read` takes it byte by byte; for a write its bytes follow, and `dd` takes exactly those: a block may
# come short, never long. After a failed write nobody knows how many came, so the script ends.
# A read opens the file before it promises a number of bytes, since another may delete it in between; where fewer come (the disk
# fails), zeros follow, and whoever reads finds that the digest is wrong instead of waiting.
# One line without `!`, since the login shell that takes it as an argument may be any.
_SCRIPT = " ".join(
    line.strip()
    for line in r"""
    r=$1; k=$2; t=; b=;
    say() { printf "%s %s\n" "$k" "$*"; };
    no() { say no "$1" "$(printf "%s" "$2" | tr "\n" " ")"; };
    within() { [ "$1" = . ] || [ "$(cd -- "$1" 2>/dev/null && pwd -P)" = "${b%/}/$1" ]; };
    above() { d=${p%/*}; if [ "$d" = "$p" ]; then d=.; fi; };
    drop() { if [ -n "$t" ]; then rm -f -- "$t"; fi; };
    trap drop EXIT; trap "exit 1" HUP INT TERM PIPE;
    say hello;
    while read -r op p x y z; do
      if [ -z "$b" ] && cd -- "$r" 2>/dev/null; then b=$(pwd -P); fi;
      if [ "$op" = w ]; then
        if [ -z "$b" ]; then
          e=$(mkdir -p -- "$r" 2>&1) || { no failed "$e"; exit 1; };
          cd -- "$r" || { no failed "it cannot be entered"; exit 1; }; b=$(pwd -P);
        fi;
        above; e=$(mkdir -p -- "$d" 2>&1) || { no failed "$e"; exit 1; };
        within "$d" || { no link; exit 1; };
        t=$d/.$y.tmp; n=0; e=$( { : >"$t"; } 2>&1 ) || { no failed "$e"; exit 1; };
        while [ "$n" -lt "$x" ]; do
          s=$((x - n)); c=1; if [ "$s" -ge 65536 ]; then c=$((s / 65536)); s=65536; fi;
          e=$( { dd bs=$s count=$c >>"$t"; } 2>&1 ) || { no failed "$(printf "%s" "$e" | grep "^dd" | tail -n 1)"; exit 1; };
          m=$(($(wc -c <"$t"))); [ "$m" -gt "$n" ] || exit 1; n=$m;
        done;
        sync "$t" 2>/dev/null || sync;
        if [ "$z" = once ] && e=$(ln -- "$t" "$p" 2>&1); then drop; say ok;
        elif [ "$z" = once ]; then drop; if [ -e "$p" ]; then say taken; else no failed "$e"; fi;
        elif e=$(mv -f -- "$t" "$p" 2>&1); then say ok;
        else drop; no failed "$e"; fi;
        t=; sync "$d" "$d/.." 2>/dev/null || sync;
      elif [ -z "$b" ]; then
        if [ "$op" = l ]; then say end; elif [ "$op" = d ]; then say ok; else no missing; fi;
      elif [ "$op" = l ]; then
        if [ -d "$p" ]; then
          if within "$p"; then find "$p" -type f -exec ls -ln -- {} + 2>/dev/null; say end; else no link; fi;
        else say end; fi;
      elif [ "$op" = r ]; then
        above;
        if [ -L "$p" ]; then no link; elif [ -f "$p" ]; then
          if within "$d"; then
            o=; {
              o=1; n=$(($(wc -c <&3) - x)); if [ "$n" -lt 0 ]; then n=0; fi;
              if [ "$y" -ge 0 ] && [ "$n" -gt "$y" ]; then n=$y; fi;
              say ok "$n";
              [ "$n" -eq 0 ] || { tail -c "+$((x + 1))" <&4; head -c "$n" /dev/zero; } | head -c "$n";
            } 3<"$p" 4<"$p";
            if [ -n "$o" ]; then :; elif [ -e "$p" ]; then no failed "$( { : <"$p"; } 2>&1 )"; else no missing; fi;
          else no link; fi;
        else no missing; fi;
      elif [ "$op" = x ]; then
        find "$b" -depth -type d -exec rmdir -- {} + 2>/dev/null; say ok;
      elif [ "$op" = d ]; then
        above;
        if [ -d "$d" ] && within "$d"; then if e=$(rm -f -- "$p" 2>&1); then say ok; else no failed "$e"; fi; else say ok; fi;
      fi;
    done
    """.splitlines()
    if line.strip()
)


class _Connection(NamedTuple):
    """A running `ssh` whose other end runs the script."""

    process: subprocess.Popen[bytes]
    asked: IO[bytes]
    answer: IO[bytes]
    said: IO[bytes]  # what ssh and the other side say to people
    word: bytes


class SshStore:
    """A folder on another machine. See `sync.store.Store` for the calls."""

    at_once = 1
    takes_objects = True
    silent_s = 300.0  # the other side says nothing for so long, in the middle of a request: given up

    def __init__(self, url: str, env: Env) -> None:
        self.url = url
        self._env = env
        self._host, self._options, self._root = parsed(url)
        self._command = shlex.split(env.getenv(COMMAND) or "ssh")
        self._open: _Connection | None = None
        self._heard_s: float | None = None  # when something went or came last, during a request
        self._was_silent = False

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield what is below a folder."""
        folder = prefix.rstrip("/") or "."
        found: list[Found] = []
        with self._talking(f"list `{prefix}`") as talk:
            _ask(talk, "l", _safe(folder))
            while (answer := _line(talk)) is not None and not answer.startswith(talk.word):
                self._heard_s = time.monotonic()
                words = answer.decode("utf-8", "replace").rstrip("\n").split(None, 8)
                if len(words) == 9 and _COUNT(words[4]):
                    path = words[8].removeprefix("./")
                    if not any(part.startswith(".") for part in path.split("/")):
                        found.append(Found(path, int(words[4])))
                if len(found) > MOST_NAMES:
                    break  # not understood as an end: the connection is given up
            self._understood(answer, talk, "end", f"list `{prefix}`")
        yield from found

    def read(self, path: str, first: int = 0, size: int | None = None) -> bytes:
        """Return (part of) a file."""
        return b"".join(self._bytes(path, first, -1 if size is None else size))

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes."""
        yield from self._bytes(path, 0, -1)

    def _bytes(self, path: str, first: int, most: int) -> Iterator[bytes]:
        what = f"read `{path}`"
        with self._talking(what) as talk:
            _ask(talk, "r", _safe(path), str(first), str(most))
            told = self._understood(_line(talk), talk, "ok", what, path) or ""
            if _COUNT(told) is None or (0 <= most < int(told)):
                raise RemoteError(
                    f"`{self.url}`: {what}: the other side promises {told[:40]!r} bytes",
                    hint="it does not run what Gnomon sent it: look at that account's shell",
                )
            left = int(told)
            while left > 0:
                piece = talk.answer.read(min(PIECE, left))
                if not piece:
                    raise self._ended(what)
                left -= len(piece)
                self._heard_s = None  # whoever takes the piece may take its time
                yield piece
                self._heard_s = time.monotonic()

    def write(self, path: str, source: bytes | str, *, once: bool = False) -> bool:
        """Write a file under a temporary name, count it, bring it to the disk, rename it."""
        size = len(source) if isinstance(source, bytes) else os.stat(source).st_size
        what = f"write `{path}`"
        with self._talking(what) as talk:
            try:
                _ask(
                    talk,
                    "w",
                    _safe(path),
                    str(size),
                    self._env.random_bytes(8).hex(),
                    "once" if once else "-",
                )
                for piece in [source] if isinstance(source, bytes) else _local(source, size):
                    talk.asked.write(piece)
                    self._heard_s = time.monotonic()
                talk.asked.flush()
            except BrokenPipeError:
                pass  # it ended; what it said last is read now
            return self._understood(_line(talk), talk, "ok", what, path) != "taken"

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files."""
        waiting = [_safe(path) for path in paths]
        for first in range(0, len(waiting), _DELETES_AT_ONCE):
            some = waiting[first : first + _DELETES_AT_ONCE]
            with self._talking("delete files") as talk:
                talk.asked.write("".join(f"d {path}\n" for path in some).encode())
                talk.asked.flush()
                answers = [_line(talk) for _ in some]
                for path, answer in zip(some, answers, strict=True):
                    self._understood(answer, talk, "ok", f"delete `{path}`")

    def remove_folders(self) -> None:
        """Remove the folders that are empty, and the folder itself if it is."""
        with self._talking("remove folders") as talk:
            _ask(talk, "x", ".")
            self._understood(_line(talk), talk, "ok", "remove folders")

    def finish(self) -> None:
        """Do nothing: every write is there already."""

    def close(self) -> None:
        """End the connection."""
        if self._open is not None:
            talk, self._open = self._open, None
            with contextlib.suppress(BrokenPipeError):
                talk.asked.close()
            talk.answer.close()
            if talk.process.poll() is None:
                talk.process.terminate()
            talk.process.wait()
            talk.said.close()

    # ------------------------------------------------------------ the conversation

    @contextlib.contextmanager
    def _talking(self, what: str) -> Iterator[_Connection]:
        """Yield the connection; one that was left in the middle of an answer is ended, and the next request makes another."""
        if self._open is None:
            self._open = self._connected()
            threading.Thread(target=self._watch, args=(self._open,), name="gnomon-ssh", daemon=True).start()
        self._heard_s = time.monotonic()
        try:
            yield self._open
        except FileNotFoundError:
            raise  # a whole answer
        except BrokenPipeError:
            raise self._ended(what) from None
        except BaseException:
            self.close()
            raise
        finally:
            self._heard_s = None

    def _watch(self, talk: _Connection) -> None:
        """End the connection where a request waits for too long; whoever waits sees its end."""
        while talk.process.poll() is None and self._open is talk:
            heard_s = self._heard_s
            if heard_s is not None and time.monotonic() - heard_s > self.silent_s:
                self._was_silent = True
                talk.process.kill()
            time.sleep(min(1.0, self.silent_s / 4))

    def _connected(self) -> _Connection:
        word = f"gnomon-{self._env.random_bytes(8).hex()}"
        is_alone = not (sys.stdin is not None and sys.stdin.isatty())
        said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the connection
        try:
            process = subprocess.Popen(
                [
                    *self._command, "-T", "-x", *(["-o", "BatchMode=yes"] if is_alone else []),
                    "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "ServerAliveInterval=20",
                    *self._options, "--", self._host,
                    f"exec sh -c {shlex.quote(_SCRIPT)} gnomon {shlex.quote(self._root)} {word}",
                ],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            )  # fmt: skip
        except FileNotFoundError:
            said.close()
            raise RemoteError(
                f"`{self._command[0]}` was not found",
                hint=f"install OpenSSH's client, or name yours in `{COMMAND}`",
            ) from None
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both are pipes")
        self._open = talk = _Connection(process, process.stdin, process.stdout, said, word.encode())
        for _ in range(_MOST_LINE):  # lines of a login shell
            line = _line(talk)
            if line is None:
                raise self._ended("connect")
            if line.endswith(talk.word + b" hello\n"):
                return talk
        self.close()
        raise RemoteError(
            f"`{self.url}`: the login shell there prints without end",
            hint="it should print nothing when nobody looks: see its rc files",
        )

    def _understood(
        self, answer: bytes | None, talk: _Connection, good: str, what: str, path: str | None = None
    ) -> str | None:
        """Return what an answer says beyond `good`. Raises FileNotFoundError, RemoteError."""
        if answer is None:
            raise self._ended(what)
        word, _, rest = answer.partition(b" ")
        kind, _, more = rest.decode("utf-8", "replace").strip().partition(" ")
        if word == talk.word and kind in (good, "taken"):
            return more if kind == good else kind
        reason, _, message = more.partition(" ")
        if word == talk.word and kind == "no" and reason == "missing":
            raise FileNotFoundError(path)
        if word == talk.word and kind == "no" and reason == "link":
            raise RemoteError(
                f"`{self.url}`: {what}: a link stands in the way; nothing is read or written through it",
                hint="look who put it there, and move it away",
            )
        if word == talk.word and kind == "no":
            raise RemoteError(
                f"`{self.url}`: {what}: {message.strip()[:300] or 'it failed'}",
                hint="check that the folder is there, has room and may be written; then sync again",
            )
        raise RemoteError(
            f"`{self.url}`: {what}: the other side answered {answer[:80]!r}",
            hint="sync again; what was sent stays",
        )

    def _ended(self, what: str) -> RemoteError:
        """End the connection; return the error that says why it ended."""
        why = "the connection ended"
        if self._open is not None:
            self._open.process.wait()
            self._open.said.seek(0)
            lines = self._open.said.read(_MOST_LINE).decode("utf-8", "replace").splitlines()
            said = [
                line.strip() for line in lines if line.strip() and not line.startswith(("Warning:", "**"))
            ]
            why = said[-1][:300] if said else why
        if self._was_silent:
            why, self._was_silent = f"nothing came for {self.silent_s:g} s", False
        self.close()
        return RemoteError(
            f"`{self.url}`: {what}: {why}",
            hint=f"does `{shlex.join([*self._command, *self._options, self._host])}` let you in? Then sync again",
        )


def _ask(talk: _Connection, *words: str) -> None:
    talk.asked.write(" ".join(words).encode() + b"\n")
    talk.asked.flush()


def _line(talk: _Connection) -> bytes | None:
    """Return the next line of the other side; None at its end."""
    line = talk.answer.readline(_MOST_LINE)
    return line if line.endswith(b"\n") else None


def _local(path: str, size: int) -> Iterator[bytes]:
    """Yield the bytes of a local file: as many as were announced."""
    left = size
    with open(path, "rb") as file:
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
    if left:
        raise RemoteError(f"`{path}` became shorter while it was sent", hint="sync again")


def parsed(url: str) -> tuple[str, list[str], str]:
    """Return host (with user), options for `ssh`, and the folder. Raises BadArgumentError."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    host, user, path = parts.hostname or "", parts.username, unquote(parts.path)
    host = (
        parts.netloc.rpartition("@")[2].partition(":")[0] if host and "[" not in parts.netloc else host
    )  # keep its case
    why = None
    if not _HOST(host):
        why = f"the host `{host}` has characters that no host has" if host else "it names no host"
    elif user is not None and not _USER(unquote(user)):
        why = f"the user `{unquote(user)}` has characters that no user has"
    elif parts.password is not None:
        why = "it holds a password: `ssh` asks for it, or better, takes a key"
    elif port == -1 or port == 0:
        why = "its port is no number between 1 and 65535"
    elif path in ("", "/", "/~", "/~/"):
        why = "it names no folder"
    elif any(ord(one) < 32 or ord(one) == 127 for one in path):
        why = "its folder has control characters"
    elif parts.query or parts.fragment:
        why = "`?` and `#` in a folder's name are written `%3F` and `%23`"
    if why is not None:
        shown = url if parts.password is None else f"ssh://{parts.hostname}{parts.path}"
        raise BadArgumentError(
            f"`{shown}` cannot be reached by SSH: {why}",
            hint="such as `ssh://host/srv/team` or `ssh://me@host:2222/~/team`",
        )
    options = [] if port is None else ["-p", str(port)]
    if user is not None:
        options += ["-l", unquote(user)]
    return host, options, path[3:] if path.startswith("/~/") else path


def _safe(path: str) -> str:
    if _PATH(path) is None or path.startswith("/") or ".." in path.split("/"):
        raise BadArgumentError(f"`{path}` cannot be the name of a file in a remote")
    return path
