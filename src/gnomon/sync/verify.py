"""Checking the heads of a replica: names, forms, signatures, and whether what they list is here.

Always true: nothing is changed; every flipped bit of a head is found and its file named.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError
from gnomon.record.problems import DAMAGE, NOTICE, Problem
from gnomon.sync.heads import Head, files_of, head_name, read_head, that_count
from gnomon.sync.names import HEADS, sealed_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.record.home import Home


def verify_heads(home: Home, parts: Iterable[str], own: frozenset[tuple[str, str]]) -> Iterator[Problem]:
    """Yield what is wrong with the heads here.

    `parts` ('log', 'points', 'objects') is what this replica fetches; `own` are its lanes, as (writer, lane): the copies that
    their heads list are made for remotes only.
    """
    heads: list[Head] = []
    for writer in home.writers(HEADS):
        for name, state in home.env.list_folder(os.path.join(home.path, HEADS, writer)):
            path = f"{HEADS}/{writer}/{name}"
            if name.startswith(".") or name.endswith(".tmp"):
                continue
            if head_name(path) is None:
                yield Problem(
                    path, "", "this is no name of a head", "look who put it there; no reader uses it", NOTICE
                )
                continue
            try:
                heads.append(
                    read_head(path, home.env.read_file(os.path.join(home.path, path)), home.record_id)
                )
            except DamagedFileError as error:
                yield Problem(
                    path,
                    f"{state.st_size:,} bytes",
                    error.message,
                    "delete it: the next sync fetches it",
                    DAMAGE,
                )
            except FileNotFoundError:
                continue  # replaced since it was listed
    yield from _not_here(home, heads, frozenset(parts), own)
    yield from _two_histories(heads)


def _not_here(
    home: Home, heads: list[Head], parts: frozenset[str], own: frozenset[tuple[str, str]]
) -> Iterator[Problem]:
    held = {file.path for file, _ in sealed_files(home)}
    others = [head for head in that_count(heads) if head.name[:2] not in own]
    for path in sorted(files_of(others).keys() - held):
        if path.split("/")[0] in parts:
            yield Problem(
                path,
                "",
                "a head lists it, and it is not here",
                "`gnomon sync` fetches it; a file that its owner joined with others is listed by a newer head",
                NOTICE,
            )


def _two_histories(heads: list[Head]) -> Iterator[Problem]:
    first: dict[tuple[str, str, int], Head] = {}
    for head in heads:
        other = first.setdefault(head.name[:3], head)
        if other is not head:
            yield Problem(
                head.name.path,
                "",
                f"two heads have number {head.name.serial} of one lane: a device was cloned, or its key is used elsewhere",
                "both histories are kept; give one of the devices a key of its own by moving its key file away",
                NOTICE,
            )
