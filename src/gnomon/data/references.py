"""Data that stays where it is: a path or a URL, with what is known of its bytes.

Always true: it is marked. The record does not hold these bytes; those at a path are known by their digest, so that others are
noticed; those at a URL are not pinned, whatever its server says of them.
Nothing is asked of the network here: what a URL yields is nobody's word but its server's.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gnomon.data import reading
from gnomon.errors import BadArgumentError
from gnomon.objects.tree import encode_tree

if TYPE_CHECKING:
    from gnomon.data.reading import Bytes, Progress
    from gnomon.data.scan import Scan
    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://[^\s]+\Z")


def is_url(text: str) -> bool:
    """Return whether a text is a URL (`s3://bucket/key`), and so no path.

    >>> is_url("s3://bucket/credit.csv"), is_url("data/credit.csv")
    (True, False)
    """
    return _URL.match(text) is not None


def of_url(url: str) -> dict[str, object]:
    """Return what an entry says of data at a URL. Raises BadArgumentError for one that carries a secret."""
    from gnomon.scrub.scrubber import Scrubber

    if Scrubber(environ={}, home="").text(url, "url") != url:
        raise BadArgumentError(
            "the URL holds what looks like a password or a key; everybody who has the record would read it",
            hint="leave it out of the URL: whoever reads the data has credentials of their own",
        )
    last = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return {
        "reference": {"place": url, "kind": "url"},
        "file_name": last,
        "files": 0,
        "size": 0,
        "is_tree": False,
    }


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
