"""Letting go of files of other writers that are not published any more: their owners joined them into larger ones.

Always true: a file goes only when files that stay, each checked against its name, hold all of it; of live files (brought by
a stick) only those with a close mark that is signed. Of a pack that its owner deleted as garbage, what an entry here keeps
is copied first. This device's own files are left to upkeep.
Format: docs/internals/record-format.md, "Deletion needs proof of coverage".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.certificates import is_closed
from gnomon.record.files import has_true_name
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.lines import parse_line, without_body
from gnomon.sync.heads import files_of
from gnomon.sync.names import LOG, OBJECTS, POINTS, SealedFile, sealed_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.home import Home
    from gnomon.sync.heads import Head


def let_go(home: Home, heads: list[Head], writer: str) -> list[str]:
    """Delete what other writers publish no more and what is covered; return the paths. A writer without a head is left alone."""
    owners = {head.name.writer for head in heads} - {writer}
    listed = files_of(heads)
    kept: dict[str, list[SealedFile]] = {LOG: [], POINTS: [], OBJECTS: []}
    loose: list[tuple[str, str, str]] = []  # part, owner, path
    for file, _ in sealed_files(home):
        is_own_copy = file.writer == writer and file.path.endswith(OPEN_BUNDLE_SUFFIX)
        if file.path in listed or (file.writer == writer and not is_own_copy):
            kept[file.part].append(file)
        elif (file.writer in owners or is_own_copy) and len(file.check) == 32:
            loose.append((file.part, file.writer, file.path))
    for part, files in ((LOG, home.log_files()), (POINTS, home.wal_files())):
        loose += [
            (part, owner, path)
            for path, _ in files
            if (owner := path.split("/")[1]) in owners and not path.endswith(BUNDLE_SUFFIX)
        ]
    gone: list[str] = []
    garbage: set[str] = set()  # packs that their owners deleted, perhaps
    for part, owner, path in loose:
        nearest = sorted(kept[part], key=lambda file: file.writer != owner)  # most likely the owner's own
        rest = [os.path.join(home.path, file.path) for file in nearest]
        try:
            if _is_covered(home, part, os.path.join(home.path, path), rest):
                home.env.unlink(os.path.join(home.path, path))
                gone.append(path)
            elif part == OBJECTS:
                garbage.add(path)
        except (RecordError, FileNotFoundError):
            continue  # damaged: `gnomon verify` names it, and nothing is proven
    if garbage:
        from gnomon.objects.collect import follow_owners

        done = follow_owners(home, writer, garbage)  # what an entry here keeps of them is copied first
        gone += sorted(loss.pack.path.removeprefix(f"{home.path}/") for loss in done.gone)
    return gone


def _is_covered(home: Home, part: str, path: str, rest: Sequence[str]) -> bool:
    if part == LOG:
        return _log_is_covered(home, path, rest)
    if part == POINTS:
        return (
            _wal_is_covered(home, path, rest)
            if path.endswith(".wal")
            else _segment_is_covered(home, path, rest)
        )
    return _pack_is_covered(home, path, rest)


def _log_is_covered(home: Home, path: str, rest: Iterable[str]) -> bool:
    lines = home.env.read_file(path).splitlines(keepends=True)
    if not path.endswith(BUNDLE_SUFFIX) and not (
        lines and is_closed(parse_line(lines[0]), parse_line(lines[-1]))
    ):
        return False  # nobody knows that it has ended
    needed = set(lines)
    # A line without its body is covered by the same entry with or without one, never the other way round.
    bare = {line for line in needed if line == without_body(line)}
    for other in rest:
        if not needed:
            break
        found = home.env.read_file(other).splitlines(keepends=True)
        held = needed.intersection(found) | bare.intersection(map(without_body, found))
        if held and has_true_name(home.env, other, "bundle"):
            needed -= held
    return not needed


def _segment_is_covered(home: Home, path: str, rest: Iterable[str]) -> bool:
    from gnomon.points.deletion import may_delete_segment
    from gnomon.points.segment import covers_of

    needed = {cover.wal for cover in covers_of(home.env, path)}
    useful = [other for other in rest if any(cover.wal in needed for cover in covers_of(home.env, other))]
    return bool(
        may_delete_segment(home.env, path, [one for one in useful if has_true_name(home.env, one, "segment")])
    )


def _wal_is_covered(home: Home, path: str, rest: Iterable[str]) -> bool:
    from gnomon.points.deletion import CLOSED as HAS_CLOSE_MARK
    from gnomon.points.deletion import life_of, may_delete
    from gnomon.points.seal import find_sealed
    from gnomon.points.segment import covers_of

    wal = os.path.basename(path).removesuffix(".wal")
    if life_of(home.env, path) != HAS_CLOSE_MARK:
        return False
    for other in rest:
        if any(cover.wal == wal for cover in covers_of(home.env, other)) and may_delete(
            home.env, path, find_sealed(home.env, other)
        ):
            return True
    return False


def _pack_is_covered(home: Home, path: str, rest: Iterable[str]) -> bool:
    from gnomon.objects.pack import read_pack

    needed = set(read_pack(home.env, path).objects)
    for other in rest:
        if not needed:
            break
        held = needed & set(read_pack(home.env, other).objects)
        if held and has_true_name(home.env, other, "pack"):
            needed -= held
    return not needed
