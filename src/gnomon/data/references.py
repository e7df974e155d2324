"""Data that stays where it is: a path or a URL, with what is known of its bytes.

Always true: it is marked. The record does not hold these bytes; those at a path are known by their digest, so that others are
noticed; those at a URL are not pinned, whatever its server says of them, unless they were read and hashed (`--digest`).
No password and no signature of a URL is written down. What is asked of servers: `data.remote`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gnomon.data import reading
from gnomon.errors import BadArgumentError, MissingExtraError, StorageError
from gnomon.objects.tree import encode_tree

if TYPE_CHECKING:
    from gnomon.data.reading import Bytes, Progress
    from gnomon.data.remote import Seen
    from gnomon.data.scan import Scan
    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore

_LONGEST = 1000  # characters of what a server says
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://[^\s]+\Z")


def is_url(text: str) -> bool:
    """Return whether a text is a URL (`s3://bucket/key`), and so no path.

    >>> is_url("s3://bucket/credit.csv"), is_url("data/credit.csv")
    (True, False)
    """
    return _URL.match(text) is not None


def of_url(
    url: str, *, is_asked: bool = True, with_digest: bool = False, progress: Progress | None = None
) -> dict[str, object]:
    """Return what an entry says of data at a URL: what its server says of it, and with `with_digest` the digest of its bytes.

    Passwords and signatures are left out of what is written down, with a note. `is_asked=False` asks nothing of the network.
    Where no answer comes, a note says so; with `with_digest` that is an error.
    Raises BadArgumentError for a URL that holds a secret in another way, MissingFileError, StorageError, MissingExtraError.
    """
    from gnomon.data import remote

    place, notes = _without_secrets(url)
    reference: dict[str, object] = {"place": place, "kind": "url"}
    body: dict[str, object] = {
        "reference": reference, "file_name": _last_of(place), "files": 0, "size": 0, "is_tree": False,
    }  # fmt: skip
    seen = None
    if with_digest:
        seen, body["object"], body["size"] = _digest_of(url, progress)
    elif is_asked:
        try:
            seen = remote.look(url)
        except (StorageError, MissingExtraError) as error:
            notes.append(f"nothing is known of these bytes: {error.message}")
    if seen is not None:
        told = {"etag": seen.etag, "modified": seen.modified, "version": seen.version}
        reference.update({key: text[:_LONGEST] for key, text in told.items() if text})
        body.update(size=body["size"] or seen.size or 0, files=1)
        if not with_digest and not seen.is_telling:
            notes.append("the server gives neither etag nor time of change: other bytes would not be noticed")
    return {**body, "notes": notes} if notes else body


def _without_secrets(url: str) -> tuple[str, list[str]]:
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.scrub.urls import cleaned

    place, taken = cleaned(url)
    if Scrubber(environ={}, home="").text(place, "url") != place:
        raise BadArgumentError(
            "the URL holds what looks like a password or a key; everybody who has the record would read it",
            hint="leave it out of the URL: whoever reads the data has credentials of their own",
        )
    said = ["a password" if kind == "url-password" else f"`{name}`" for kind, name in taken]
    return place, [f"left out of the URL, as secrets: {', '.join(said)}"] if said else []


def _last_of(url: str) -> str:
    from urllib.parse import unquote

    last = unquote(url.partition("://")[2].partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2])
    return last.replace("/", "-").replace("\0", "")[:200]


def _digest_of(url: str, progress: Progress | None) -> tuple[Seen, str, int]:
    from blake3 import blake3

    from gnomon.data import remote

    hasher, done = blake3(), 0
    with remote.stream(url) as (seen, pieces):
        for piece in pieces:
            hasher.update(piece)
            done += len(piece)
            if progress is not None:
                progress(done, max(seen.size or done, done))
    return seen, hasher.hexdigest(), done


def mark(reference: dict[str, object] | None, object_id: str | None) -> str | None:
    """Return the honest mark of a version whose bytes the record does not hold; None where it holds them.

    >>> mark(None, None), mark({"kind": "path"}, "ab"), mark({"kind": "url", "etag": '"1"'}, None)
    (None, 'bytes not kept', 'bytes not pinned, etag known')
    """
    if reference is None:
        return None
    if object_id is not None:
        return "bytes not kept"
    if reference.get("etag") or reference.get("version"):
        return "bytes not pinned, etag known"
    return "bytes not pinned, time of change known" if reference.get("modified") else "bytes not pinned"


def read(env: Env, store: ObjectStore, found: Scan, record: str, progress: Progress) -> Bytes:
    """Read what lies at a path and return its digest; of a folder the list of its files is stored, no file itself."""
    if not found.files:
        raise BadArgumentError(
            f"`{found.root}` holds no file", hint="there is nothing that a version could name"
        )
    known = reading.digests(env, found, record, progress, with_files=True)
    if found.is_tree:
        store.put_bytes(encode_tree(known.files.values()))
    return reading.bytes_of(found, known)


def place_of(path: str) -> str:
    """Return a path as the record holds it: `~` stands for the home folder."""
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if home != "/" and path.startswith(f"{home}/") else path


def path_at(place: str) -> str:
    """Return where a place is on this machine."""
    return os.path.expanduser(place) if place.startswith("~/") else place
