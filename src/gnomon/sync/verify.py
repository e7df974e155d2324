"""Checking the heads of a replica: names, forms, signatures, and whether what they list is here.

Always true: nothing is changed; every flipped bit of a head is found and its file named.
"""

from __future__ import annotations

import os
import re
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError
from gnomon.record.hashing import derive_id
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN, Problem
from gnomon.sync.heads import Head, files_of, head_name, read_head, that_count
from gnomon.sync.names import HEADS, sealed_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.record.home import Home


_RECORD = re.compile(rb'"record":"([0-9a-f]{32})"')
_VERSION = re.compile(rb'"v":([0-9]{1,9}),"writer":')


def verify_heads(
    home: Home, parts: Iterable[str], own: frozenset[tuple[str, str]], went: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Yield what is wrong with the heads here.

    `parts` ('log', 'points', 'objects') is what this replica fetches; `own` are its lanes, as (writer, lane); `went` are
    files that went on purpose: copies that were made for remotes only, what was joined, deleted as garbage or erased.
    """
    heads: list[Head] = []
    for writer in home.writers(HEADS):
        for name, state in home.env.list_folder(os.path.join(home.path, HEADS, writer)):
            path = f"{HEADS}/{writer}/{name}"
            if name.startswith(".") or not name.endswith(".head") or not stat_module.S_ISREG(state.st_mode):
                continue
            named = head_name(path)
            if named is None:
                yield Problem(
                    path, "", "this is no name of a head", "look who put it there; no reader uses it", NOTICE
                )
                continue
            try:
                data = home.env.read_file(os.path.join(home.path, path))
                heads.append(read_head(path, data, home.record_id if home.is_intact else _record_of(data)))
            except DamagedFileError as error:
                is_newer = _is_newer(data) and derive_id("head", data) == named.hash
                advice = "install a newer Gnomon" if is_newer else "delete it: the next sync fetches it"
                yield Problem(path, "", error.message, advice, UNKNOWN if is_newer else DAMAGE)
            except FileNotFoundError:
                continue  # replaced since it was listed
            except OSError as error:
                what = f"it cannot be read: {error.strerror}"
                yield Problem(path, "", what, "check the disk and the rights", DAMAGE)
    yield from _not_here(home, heads, frozenset(parts), own, went)
    yield from _two_histories(heads)


def _record_of(data: bytes) -> str:
    """Return the record that a head names: where record.toml is damaged, nobody knows whether it is this one."""
    found = _RECORD.search(data)
    return found[1].decode() if found is not None else ""


def _is_newer(data: bytes) -> bool:
    version = _VERSION.search(data)
    return version is not None and version[1] != b"1"


def _not_here(
    home: Home,
    heads: list[Head],
    parts: frozenset[str],
    own: frozenset[tuple[str, str]],
    went: frozenset[str],
) -> Iterator[Problem]:
    held = {file.path for file, _ in sealed_files(home)}
    counting = that_count(heads)
    lacking = [path for path in sorted(files_of(counting).keys() - held) if path.split("/")[0] in parts]
    published = files_of([head for head in counting if head.name[:2] in own])
    waiting: dict[str, int] = {}
    for path in lacking:
        if path not in published:
            folder = path.rpartition("/")[0]
            waiting[folder] = waiting.get(folder, 0) + 1
        elif path not in went:
            yield Problem(
                path,
                "",
                "this device published it, and it is not here any more",
                "`gnomon sync` fetches it from a remote that has it",
                DAMAGE,
            )
    for folder, count in sorted(waiting.items()):
        yield Problem(
            folder,
            "",
            f"{count:,} {'file' if count == 1 else 'files'} of it that heads list {'is' if count == 1 else 'are'} not here",
            "`gnomon sync` fetches what a remote has (a Git remote has no kept files and no data)",
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
