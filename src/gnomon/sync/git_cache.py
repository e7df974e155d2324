"""A bare repository of our own, in the user's cache folder, through which Git's own commands meet a remote.

The user's repository is only asked for an address and for how to sign in there: nothing is written to it, so its index,
working tree, branches and reflogs cannot change, and no hook of it runs.

Always true: it may be deleted at any time; one process at a time works in it.
Every commit has no parent, and the file `shallow` lists those that are known. Git then leaves out of a transfer what their
trees hold (as for any shallow clone), in both directions; without it every push would send all blobs again.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from typing import IO, TYPE_CHECKING, NamedTuple

from gnomon.errors import RemoteError
from gnomon.record.hashing import derive_id
from gnomon.sync.git_address import Address, environment, failure, first_complaint, no_git
from gnomon.sync.store import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.env import Env

REFS = "refs/gnomon"
_ALL = f"+{REFS}/*:{REFS}/*"
_LOCK_PAUSE_S = 0.1
_MOST_TREE_BYTES = 64 << 20
_MOST_FILES = 200_000  # of a tree
_DEEPEST = 3  # folders in a tree
_ROOM_LEFT = 64 << 20  # bytes of the disk that are not taken
_TOO_LARGE = re.compile(r"died of signal 25|File too large|file size limit", re.IGNORECASE)  # 25: SIGXFSZ
_OURS = (
    "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "push.gpgSign=false",
    "-c", "push.followTags=false", "-c", "push.recurseSubmodules=no", "-c", "fetch.fsckObjects=true",
    "-c", "core.logAllRefUpdates=false", "-c", "core.bigFileThreshold=32m",
)  # fmt: skip
_DAMAGED = re.compile(
    r"is corrupt|is empty|bad object|missing blob|unable to read (?:tree|[0-9a-f]{40})|not our ref"
)


class Refused(NamedTuple):
    """A ref that a push did not set. `is_race`: somebody else set it meanwhile."""

    ref: str
    why: str
    is_race: bool


# ---------------------------------------------------------------- the repository


class GitCache:
    """The repository for one remote of one replica; held from `open` to `close`."""

    def __init__(self, env: Env, url: str, address: Address, near: str) -> None:
        self._env = env
        self._url = url
        self._address = address
        key = derive_id(
            "record.toml", f"git {address.fetch}\0{address.push}\0{os.path.realpath(near)}".encode()
        )
        self._folder = os.path.join(env.cache_folder(), "git")
        self.path = os.path.join(self._folder, f"{key}.git")
        self._held = contextlib.ExitStack()
        self._readers: dict[str, subprocess.Popen[bytes]] = {}

    def open(self) -> None:
        """Wait for other processes, and make the repository where there is none."""
        env = self._env
        env.make_folder(self._folder)
        while not self._held.enter_context(env.held_lock(f"{self.path}.lock")):
            self._held.close()
            time.sleep(_LOCK_PAUSE_S)
        if not os.path.isdir(os.path.join(self.path, "refs")):
            shutil.rmtree(self.path, ignore_errors=True)  # an interrupted beginning
            self._make()

    def _make(self) -> None:
        self._env.make_folder(self.path)
        try:
            subprocess.run(
                ["git", "init", "--quiet", "--bare", "--template=", self.path],
                env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=True,
            )  # fmt: skip
        except FileNotFoundError:
            raise no_git() from None
        except subprocess.CalledProcessError as error:
            raise RemoteError(
                f"`{self.path}` could not be made: {first_complaint(error.stderr.decode('utf-8', 'replace'))}",
                hint="it is in the cache folder, which `XDG_CACHE_HOME` moves",
            ) from None

    def close(self) -> None:
        """Let others in."""
        self._stop_reading()
        self._held.close()

    # --- the remote

    def fetch(self) -> dict[str, str]:
        """Take in what the remote has under `refs/gnomon/`; return its refs and their commits."""
        done = self._fetch()
        if done.returncode != 0 and _DAMAGED.search(_text(done.stderr)):
            self._stop_reading()
            shutil.rmtree(self.path)
            self._make()
            done = self._fetch()
        if done.returncode != 0 and _TOO_LARGE.search(_text(done.stderr)):
            self._run("prune", "--expire=now")  # what had come of it
            raise RemoteError(
                f"`{self._url}` sends more than the disk of `{self.path}` can take",
                hint="make room, or look who pushed what there: `git ls-remote`",
            )
        if done.returncode != 0:
            raise failure(self._url, "read it", _text(done.stderr), self._address)
        return self._refs()

    def _fetch(self) -> subprocess.CompletedProcess[bytes]:
        room = max(0, shutil.disk_usage(self.path).free - _ROOM_LEFT)
        return self._run(
            "fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", self._address.fetch, _ALL,
            before=["sh", "-c", 'ulimit -f "$1"; shift; exec "$@"', "sh", str(room // 512)],
        )  # fmt: skip

    def push(self, new: Mapping[str, str | None], old: Mapping[str, str]) -> list[Refused]:
        """Set refs at the remote (None: delete), each only where it is still as in `old`; return those that were not set."""
        leases = [f"--force-with-lease={ref}:{old.get(ref, '')}" for ref in new]
        wanted = [
            f"{commit or ''}:{ref}" for ref, commit in new.items()
        ]  # no `+`: it would go over the lease
        done = self._run("push", "--porcelain", "--no-verify", *leases, self._address.push, *wanted)
        refused, were_told = [], set()
        for line in _text(done.stdout).splitlines():
            flag, _, rest = line.partition("\t")
            names, _, why = rest.partition("\t")
            ref = names.rpartition(":")[2]
            if len(flag) == 1 and ref in new:
                were_told.add(ref)
                if flag == "!":
                    refused.append(
                        Refused(ref, _with_words(why, _text(done.stderr)), _is_race(why, _text(done.stderr)))
                    )
        if done.returncode != 0 and were_told != new.keys():
            raise failure(self._url, "push", _text(done.stderr), self._address)
        failed = {one.ref for one in refused}
        self._set_refs({ref: commit for ref, commit in new.items() if ref not in failed})
        return refused

    def complain(self, refused: Refused) -> RemoteError:
        """Return the error for a ref that the host does not take."""
        return failure(self._url, f"set `{refused.ref}`", refused.why, self._address)

    def _refs(self) -> dict[str, str]:
        done = self._run("for-each-ref", "--format=%(objectname) %(refname)", REFS)
        pairs = (line.split(" ", 1) for line in _text(done.stdout).splitlines())
        refs = {ref: commit for commit, ref in pairs}
        self._write_shallow(refs.values())
        return refs

    def _set_refs(self, refs: Mapping[str, str | None]) -> None:
        lines = [f"update {ref} {commit}\n" if commit else f"delete {ref}\n" for ref, commit in refs.items()]
        self._run("update-ref", "--stdin", data="".join(lines).encode(), must=True)
        self._refs()

    def _write_shallow(self, commits: Iterable[str]) -> None:
        path = os.path.join(self.path, "shallow")
        text = "".join(f"{commit}\n" for commit in sorted(set(commits)))
        with contextlib.suppress(FileNotFoundError):
            if self._env.read_file(path).decode("ascii", "replace") == text:
                return
        self._stop_reading()  # it read the old list
        if not text:
            with contextlib.suppress(FileNotFoundError):
                self._env.unlink(path)
            return
        temporary = f"{path}.new"
        with contextlib.suppress(FileNotFoundError):
            self._env.unlink(temporary)
        fd = self._env.create(temporary)
        try:
            self._env.write(fd, text.encode())
        finally:
            self._env.close(fd)
        self._env.replace(temporary, path)

    def tidy(self) -> None:
        """Delete what no ref holds any more, once there is much of it."""
        self._stop_reading()
        self._run(
            "-c",
            "gc.auto=500",
            "-c",
            "gc.pruneExpire=now",
            "-c",
            "gc.autoDetach=false",
            "gc",
            "--auto",
            "--quiet",
        )

    # --- objects

    def add_blob(self, source: bytes | str) -> str:
        """Store bytes, or those of a file; return their name."""
        if isinstance(source, bytes):
            done = self._run("hash-object", "-w", "--stdin", data=source, must=True)
        else:
            done = self._run("hash-object", "-w", "--no-filters", "--", source, must=True)
        return _text(done.stdout).strip()

    def add_commit(self, files: Mapping[str, str], message: str, time_s: int) -> str:
        """Make a commit without parents whose tree holds these files (path to blob); the same files give the same commit."""
        index = os.path.join(self.path, f"index-{os.getpid()}")
        lines = "".join(f"100644 {blob} 0\t{path}\n" for path, blob in sorted(files.items()))
        extra = {"GIT_INDEX_FILE": index}
        try:
            self._run("update-index", "--index-info", data=lines.encode(), must=True, extra=extra)
            tree = _text(self._run("write-tree", must=True, extra=extra).stdout).strip()
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._env.unlink(index)
        who = f"Gnomon <gnomon@localhost> {time_s} +0000"
        data = f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}\n".encode()
        return _text(
            self._run("hash-object", "-t", "commit", "-w", "--stdin", data=data, must=True).stdout
        ).strip()

    def tree_of(self, commit: str) -> str | None:
        """Return the tree of a commit; None where it is not one."""
        kind, data = self._object(commit)
        match = re.match(rb"tree ([0-9a-f]{40,64})\n", data)
        return match.group(1).decode() if kind == "commit" and match else None

    def files_in(self, tree: str, *, only: str = "") -> Iterator[tuple[str, str]]:
        """Yield (path, blob) of the plain files of a tree; `only`: those below this folder at its top."""
        waiting, left = [("", tree)], _MOST_FILES
        while waiting:
            folder, name = waiting.pop()
            for mode, path, digest in self._entries(name, folder):
                left -= 1
                if left < 0:  # trees in trees in trees: a small push that unfolds without end
                    raise RemoteError(
                        f"`{self._url}` has a tree of more than {_MOST_FILES:,} files, which no replica makes",
                        hint="look who pushed there",
                    )
                if mode in (b"100644", b"100755"):
                    yield path, digest
                elif mode == b"40000" and path.count("/") < _DEEPEST and only in ("", path.partition("/")[0]):
                    waiting.append((f"{path}/", digest))

    def _entries(self, tree: str, folder: str) -> Iterator[tuple[bytes, str, str]]:
        kind, data = self._object(tree)
        size, at = len(tree) // 2, 0
        while kind == "tree" and at < len(data):
            end = data.index(b"\0", at)
            mode, _, name = data[at:end].partition(b" ")
            yield mode, f"{folder}{name.decode('utf-8', 'replace')}", data[end + 1 : end + 1 + size].hex()
            at = end + 1 + size

    def size_of(self, blob: str) -> int:
        """Return the length of a blob; 0 where it is not here."""
        words = self._line_about("--batch-check", blob)
        return int(words[2]) if len(words) == 3 else 0

    def pieces(self, blob: str) -> Iterator[bytes]:
        """Yield the bytes of a blob."""
        with subprocess.Popen(
            ["git", *_OURS, "--git-dir", self.path, "cat-file", "blob", blob],
            env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stdout is not None  # noqa: S101 - for the type checker
            try:
                while piece := process.stdout.read(PIECE):
                    yield piece
            finally:
                process.stdout.close()
        if process.returncode not in (0, -13, 141):  # 141, SIGPIPE: nobody wanted the rest
            raise RemoteError(
                f"`{self._url}`: the copy in `{self.path}` is damaged",
                hint="delete that folder; then sync again",
            )

    def _object(self, name: str) -> tuple[str, bytes]:
        """Return kind and bytes of an object."""
        words = self._line_about("--batch", name)
        if len(words) != 3:
            return "missing", b""
        size = int(words[2])
        if size > _MOST_TREE_BYTES:
            self._stop_reading()
            raise RemoteError(
                f"`{self._url}` has a tree of {size:,} bytes, which no replica makes",
                hint="look who pushed there",
            )
        return words[1], _pipes(self._readers["--batch"])[1].read(size + 1)[:size]

    def _line_about(self, how: str, name: str) -> list[str]:
        """Return what `git cat-file` says of an object: one process for all questions of a kind."""
        if how not in self._readers:
            self._readers[how] = subprocess.Popen(
                ["git", *_OURS, "--git-dir", self.path, "cat-file", how],
                env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        asked, answer = _pipes(self._readers[how])
        asked.write(f"{name}\n".encode())
        asked.flush()
        return answer.readline().decode("ascii", "replace").split()

    def _stop_reading(self) -> None:
        while self._readers:
            _, reader = self._readers.popitem()
            for pipe in _pipes(reader):
                pipe.close()
            reader.wait()

    def _run(
        self,
        *arguments: str,
        data: bytes | None = None,
        must: bool = False,
        extra: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*before, "git", *_OURS, "--git-dir", self.path, *arguments],
            env={**environment(self._address.settings), **(extra or {})},
            input=b"" if data is None else data,
            capture_output=True,
            check=False,
        )
        if must and done.returncode != 0:
            raise RemoteError(
                f"`git {arguments[0]}` in `{self.path}`: {first_complaint(_text(done.stderr))}",
                hint="is the disk full? That folder is a cache: it may be deleted; then sync again",
            )
        return done


def _is_race(why: str, said: str) -> bool:
    """Return whether a refusal means that another push came between."""
    return bool(
        re.search(
            r"stale info|fetch first|failed to update ref|failed to lock|cannot lock ref|incorrect old value",
            f"{why}\n{said}",
        )
    )


def _with_words(why: str, said: str) -> str:
    """Return why a ref was refused, with what the host had to say about it."""
    words = [line.removeprefix("remote:").strip() for line in said.splitlines() if line.startswith("remote:")]
    return f"{why}: {next((word for word in words if word), '')}".rstrip(": ")


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 - for the type checker
    return process.stdin, process.stdout


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
