"""A remote that is a Git remote: the record lives beside the code, under `refs/gnomon/`, which no clone or pull takes along.

    refs/gnomon/record            record.toml
    refs/gnomon/<writer>/<lane>   the newest head of a lane, and the files that it lists (packs left out)
    refs/gnomon/file/<path>       any other file

Each is one commit without parents, so nothing keeps what was replaced; its tree has the layout of a record. A push sets a ref
only where it is still as it was seen, so nobody's head is overwritten; refs of different lanes never meet.

Always true: a head is at the remote together with its files, or not at all.
Not promised: that what was deleted is gone. Hosts keep commits that no ref names, many of them for months.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.errors import BadArgumentError, RemoteError
from gnomon.sync.git_address import address_of
from gnomon.sync.git_cache import REFS, GitCache
from gnomon.sync.heads import ANCESTORS, MAX_BYTES, HeadName, head_name
from gnomon.sync.names import HEADS, sealed_file
from gnomon.sync.store import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.env import Env

MOST_BYTES = 50_000_000  # of a file; hosts warn at 50 and refuse at 100 MB
RECORD = "record.toml"
_TRIES = 6
_PAUSE_S = 0.2
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*").fullmatch
_LATEST_S = 4_000_000_000  # Git's dates


class _Body(msgspec.Struct):
    """What is looked at of a head; it is checked where it is taken in."""

    files: list[tuple[str, int]]
    over: frozenset[str]
    time_us: int
    gone: frozenset[str] = frozenset()


class _Line(msgspec.Struct):
    head: _Body


class _Staged(NamedTuple):
    name: HeadName
    body: _Body
    blob: str


class GitStore:
    """A Git remote. See `sync.store.Store` for the calls; what is written and deleted goes there with `finish`."""

    at_once = 1
    takes_objects = False

    def __init__(self, env: Env, url: str, near: str | None = None) -> None:
        near = near or os.getcwd()
        self.url = re.sub(r"(://)[^/\s@]*:[^/\s@]*@", r"\1", url)
        self._cache = GitCache(env, self.url, address_of(url.removeprefix("git+"), near), near)
        self._is_open = self._is_fresh = self._has_changed = False
        self._refs: dict[str, str] | None = None  # as the remote showed them last
        self._in_commit: dict[str, dict[str, str]] = {}  # path to blob, of the commits that were looked into
        self._blobs: dict[str, str] = {}  # written, not sent yet
        self._heads: list[_Staged] = []
        self._files: dict[str, str] = {}  # ref to commit
        self._gone: set[str] = set()  # paths that are to go

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield what is below a folder; a listing of all heads asks the remote again."""
        folder = prefix.rstrip("/")
        if folder == HEADS and not self._is_fresh:
            self._refs = None
        refs = self._seen()
        if folder == HEADS:
            self._is_fresh = False
        told: set[str] = set()
        for commit in sorted(set(refs.values())):
            for path, blob in self._paths(commit, folder.partition("/")[0]):
                if path.startswith(f"{folder}/" if folder else "") and path not in told:
                    told.add(path)
                    yield Found(path, self._cache.size_of(blob))

    def read(self, path: str, first: int = 0, size: int | None = None) -> bytes:
        """Return (part of) a file."""
        found = bytearray()
        last = None if size is None else first + size
        for piece in self.pieces(path):
            found += piece
            if last is not None and len(found) >= last:
                break
        return bytes(found[first:last])

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes."""
        blob = self._blobs.get(path) or self._blob(path)
        if blob is None:
            raise FileNotFoundError(path)
        yield from self._cache.pieces(blob)

    def write(self, path: str, source: bytes | str, *, once: bool = False) -> bool:
        """Keep a file for the next push; with `once` it is pushed now, only where there is none."""
        size = len(source) if isinstance(source, bytes) else os.stat(source).st_size
        if size > MOST_BYTES:
            raise RemoteError(
                f"`{path}` has {size / 1e6:,.0f} MB; to a Git remote go files of at most {MOST_BYTES / 1e6:.0f} MB",
                hint="use a folder, a bucket or a machine as the remote of this record: `gnomon remote add --help`",
            )
        self._open()
        blob = self._cache.add_blob(source)
        name = head_name(path)
        if name is not None:
            data = source if isinstance(source, bytes) else b"".join(self._cache.pieces(blob))
            self._heads.append(_Staged(name, _body(path, data), blob))
        elif sealed_file(path) is None:
            ref = _ref_of(path)
            commit = self._cache.add_commit({path: blob}, path, 0)
            if once:
                return self._set({ref: commit}, {})
            self._files[ref] = commit
        self._blobs[path] = blob
        return True

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files with the next push; those that only a replaced head listed went with it."""
        self._gone.update(paths)

    def finish(self) -> None:
        """Push what was written and deleted since the last call: one push, unless another one came between."""
        if not (self._blobs or self._gone):
            return
        for attempt in range(_TRIES):
            if self._set(self._wanted(), self._seen()):
                self._heads, self._files, self._blobs, self._gone = [], {}, {}, set()
                return
            time.sleep(_PAUSE_S * attempt)
        raise RemoteError(
            f"`{self.url}`: others pushed at the same moment, {_TRIES} times",
            hint="sync again; nothing is lost",
        )

    def close(self) -> None:
        """Let go of the cache."""
        if self._is_open:
            if self._has_changed:
                self._cache.tidy()
            self._cache.close()
            self._is_open, self._refs = False, None

    # ------------------------------------------------------------ refs and trees

    def _open(self) -> None:
        if not self._is_open:
            self._cache.open()
            self._is_open = True

    def _seen(self) -> dict[str, str]:
        """Return the refs of the remote as they were seen last, looking if they were not."""
        if self._refs is None:
            self._open()
            self._refs = self._cache.fetch()
            self._is_fresh = self._has_changed = True
        return self._refs

    def _set(self, new: dict[str, str | None], old: dict[str, str]) -> bool:
        """Push; return whether all of it is there. Raises RemoteError where the host refuses."""
        if not new:
            return True
        refused = self._cache.push(new, old)
        for one in refused:
            if not one.is_race:
                raise self._cache.complain(one)
        if refused or self._refs is None:
            self._refs = None
        else:
            self._refs = {ref: commit for ref, commit in {**self._refs, **new}.items() if commit is not None}
        self._has_changed = True
        return not refused

    def _wanted(self) -> dict[str, str | None]:
        """Return the refs that are to be set, and the commits (None: to be deleted)."""
        refs = self._seen()
        new: dict[str, str | None] = {**self._new_heads(refs)}
        new.update({ref: commit for ref, commit in self._files.items() if refs.get(ref) != commit})
        for ref, commit in refs.items():
            if ref in new or not (self._gone or self._blobs):
                continue
            tree = self._tree(commit)
            left = {path: blob for path, blob in tree.items() if path not in self._gone}
            heads = [path for path in left if head_name(path) is not None]
            if left != tree and not heads:
                new[ref] = None  # the head went, or the single file
                continue
            if not self._blobs.keys() <= tree.keys():  # a file that a head here lists and that was missing
                for head in filter(None, (self._head_at(path, commit) for path in heads)):
                    listed = {path for path, _ in head.body.files}
                    left.update({path: blob for path, blob in self._blobs.items() if path in listed})
            if left != tree:
                new[ref] = self._cache.add_commit(left, "files of a head", 0)
        return new

    def _new_heads(self, refs: dict[str, str]) -> dict[str, str]:
        """Return the refs to be set for the heads that were written, and their commits."""
        new: dict[str, str] = {}
        for staged in self._heads:
            name, ref = staged.name, f"{REFS}/{staged.name.writer}/{staged.name.lane}"
            if ref in refs:
                paths = [path for path in self._tree(refs[ref]) if head_name(path) is not None]
                heads = [self._head_at(path, refs[ref]) for path in paths]
                if any(other is not None and _replaces(other, name) for other in heads):
                    continue
                if not all(other is not None and _replaces(staged, other.name) for other in heads):
                    ref = f"{ref}-{name.hash}"  # another history of this lane: both stay
            if ref in new:
                ref = f"{REFS}/{name.writer}/{name.lane}-{name.hash}"
            if ref not in refs or name.path not in self._tree(refs[ref]):
                new[ref] = self._commit(staged)
        return new

    def _commit(self, staged: _Staged) -> str:
        files = {staged.name.path: staged.blob}
        for path, _ in staged.body.files:
            if path.startswith("objects/") or path in self._gone:
                continue
            blob = self._blobs.get(path) or self._blob(path)
            if blob is not None:
                files[path] = blob
            elif not self._is_gone(path):
                raise RemoteError(
                    f"`{self.url}` had `{path}` a moment ago and has it no more",
                    hint="sync again: then it is sent anew",
                )
        time_s = staged.body.time_us // 1_000_000
        return self._cache.add_commit(
            files, f"head {staged.name.serial}", time_s if 0 <= time_s <= _LATEST_S else 0
        )

    def _is_gone(self, path: str) -> bool:
        """Return whether a head says that this file was erased."""
        if any(path in staged.body.gone for staged in self._heads):
            return True
        for commit in self._seen().values():
            for place in self._tree(commit):
                head = self._head_at(place, commit) if head_name(place) is not None else None
                if head is not None and path in head.body.gone:
                    return True
        return False

    def _head_at(self, path: str, commit: str) -> _Staged | None:
        name, blob = head_name(path), self._tree(commit)[path]
        if name is None or self._cache.size_of(blob) > MAX_BYTES:
            return None
        try:
            return _Staged(name, _body(path, b"".join(self._cache.pieces(blob))), blob)
        except RemoteError:
            return None  # not a head, whatever it is; it is left where it is

    def _blob(self, path: str) -> str | None:
        refs = self._seen()
        name = head_name(path)
        file = sealed_file(path)
        if name is None and file is None:
            ref = _ref_of(path)
            return self._tree(refs[ref]).get(path) if ref in refs else None
        writer = name.writer if name is not None else file.writer if file is not None else ""
        own = f"{REFS}/{writer}/"
        for ref in sorted(refs, key=lambda ref: not ref.startswith(own)):  # a file's own writer first
            blob = self._tree(refs[ref]).get(path)
            if blob is not None:
                return blob
        return None

    def _tree(self, commit: str) -> dict[str, str]:
        found = self._in_commit.get(commit)
        if found is None:
            found = self._in_commit[commit] = dict(self._paths(commit, ""))
        return found

    def _paths(self, commit: str, folder: str) -> Iterator[tuple[str, str]]:
        if commit in self._in_commit:
            yield from self._in_commit[commit].items()
            return
        tree = self._cache.tree_of(commit)
        if tree is not None:
            yield from self._cache.files_in(tree, only=folder)


def _body(path: str, data: bytes) -> _Body:
    try:
        return msgspec.json.decode(data, type=_Line).head
    except msgspec.DecodeError as error:
        raise RemoteError(
            f"`{path}` is no head: {error}", hint="`gnomon verify` looks at those that are here"
        ) from None


def _replaces(head: _Staged, name: HeadName) -> bool:
    """Return whether this head stands for the head of that name, or is it."""
    return (
        head.name == name
        or name.hash in head.body.over
        or (head.name[:2] == name[:2] and head.name.serial > name.serial + ANCESTORS)
    )


def _ref_of(path: str) -> str:
    if path == RECORD:
        return f"{REFS}/record"
    if _PATH(path) is None or path.endswith(".lock"):
        raise BadArgumentError(f"`{path}` cannot be the name of a file in a Git remote")
    return f"{REFS}/file/{path}"
