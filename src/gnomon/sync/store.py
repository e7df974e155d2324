"""What a transport must be able to do: six calls, over names that Gnomon made.

Always true: a write is whole or not there; writing a name again is harmless, since equal names have equal bytes (all but
`record.toml`, which is made once). A listing may be stale: it may show less than there is, or what was deleted.
`open_store` finds the transport of a URL. Why these calls: docs/internals/sync.md, "Transports".
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from gnomon.errors import RemoteError, UnknownRemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gnomon.env import Env

T = TypeVar("T")

PIECE = 1 << 20  # bytes that are read at once
MOST_NAMES = 500_000  # in one listing; a remote that goes on is not asked further
KINDS = "a folder, s3://, gs://, az://, ssh://HOST/PATH, git+NAME or git+URL"


class Found(NamedTuple):
    """A name in a remote, and how many bytes it has."""

    path: str
    size: int


class Store(Protocol):
    """A remote, as sync sees it. Every call raises RemoteError where the remote refuses or cannot be reached."""

    url: str  # as people may see it: without secrets
    at_once: int  # how many reads or writes are worth having in flight
    takes_objects: bool  # whether packs go there

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield what is below a folder (`heads/`), at any depth; a folder that is missing is empty."""

    def read(self, path: str, first: int = 0, size: int | None = None) -> bytes:
        """Return (part of) a file; fewer bytes only at its end. Raises FileNotFoundError."""

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes in order. Raises FileNotFoundError."""

    def write(self, path: str, source: bytes | str, *, once: bool = False) -> bool:
        """Write a file whole: its bytes, or those of the local file `source`.

        With `once`, only where there is none, as far as the remote can promise it; returns whether it was written.
        """

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files; those that are gone already are no error."""

    def finish(self) -> None:
        """Bring to the remote what was written since the last call, where that is a step of its own (Git)."""

    def close(self) -> None:
        """Let go of connections."""


def open_store(url: str, env: Env, near: str | None = None) -> Store:
    """Return the transport for a URL, which need not hold a record yet.

    `near`: a folder in the repository whose `origin` `git+origin` means; otherwise the working folder.
    Raises UnknownRemoteError, RemoteError, MissingExtraError.
    """
    _require_address(url)
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    if url.startswith("git+"):
        from gnomon.sync.git import GitStore

        return GitStore(env, url, near)
    if scheme in ("s3", "gs", "az"):
        from gnomon.sync.bucket import BucketStore

        return BucketStore(url, env)
    if scheme == "ssh":
        from gnomon.sync.ssh import SshStore

        return SshStore(url, env)
    if scheme in ("", "file"):
        from gnomon.sync.folder import FolderStore

        return FolderStore(env, os.path.abspath(os.path.expanduser(url.removeprefix("file://"))))
    raise UnknownRemoteError(f"`{url}` is no remote that Gnomon knows", hint=f"a remote is {KINDS}")


def _require_address(url: str) -> None:
    """Raise UnknownRemoteError for what cannot be meant as a folder: nothing, `git@host:path`, `s3:/bucket`."""
    if not url.strip():
        raise UnknownRemoteError("a remote without an address", hint=f"a remote is {KINDS}")
    mistyped = re.match(r"([\w.-]+@)?([\w.-]+):(?!//)/*", url)
    if mistyped is not None and not os.path.exists(url):
        rest = url[mistyped.end() :]
        meant = f"git+ssh://{mistyped[1]}{mistyped[2]}/{rest}" if mistyped[1] else f"{mistyped[2]}://{rest}"
        raise UnknownRemoteError(
            f"`{url}` is no address of a remote", hint=f"is `{meant}` meant? A remote is {KINDS}"
        )


def listed(store: Store, prefix: str) -> Iterator[Found]:
    """Yield what a remote shows below a folder. Raises RemoteError where that does not end."""
    for count, found in enumerate(store.list(prefix)):
        if count >= MOST_NAMES:
            raise RemoteError(
                f"`{store.url}` lists more than {MOST_NAMES:,} files in `{prefix}`, which no team makes",
                hint="look what lies there, and who put it there",
            )
        yield found


def absolute(url: str) -> str:
    """Return the URL with a path of this machine in full, so that it means the same from every working folder."""
    kind = "git+" if url.startswith("git+") else ""
    rest = url.removeprefix(kind)
    is_path = "://" not in rest and (
        not kind or (re.match(r"[^/]*:", rest) is None and ("/" in rest or rest.startswith("~")))
    )
    return kind + os.path.abspath(os.path.expanduser(rest)) if is_path else url


def each(store: Store, do: Callable[[T], None], items: list[T]) -> None:
    """Call `do` for each item, as many at once as are worth it; the first error ends it."""
    if store.at_once < 2 or len(items) < 2:
        for item in items:
            do(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(store.at_once) as pool:
        waiting = [pool.submit(do, item) for item in items]
        try:
            for one in waiting:
                one.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
