"""Taking in what a remote has and this replica lacks.

Order: heads are read and checked first, then the files that they list, a head is stored last. What a remote says is never
trusted: names match one pattern, heads are signed, files are held against their names.

Always true: an interrupted pull leaves whole files and no head whose files are not here; the next one goes on from there.
Why: docs/internals/sync.md, "A sync, step by step".
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError, StorageError
from gnomon.sync.heads import (
    Head,
    HeadName,
    files_of,
    head_name,
    is_replaced,
    read_head,
    that_count,
)
from gnomon.sync.names import HEADS, SealedFile, sealed_file, sealed_files
from gnomon.sync.published import delete_replaced, write_head
from gnomon.sync.receive import receive
from gnomon.sync.store import each, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.record.home import Home
    from gnomon.sync.store import Store

    Told = Callable[[int, int], None]

_LOOKS = 2  # a file that its owner joined meanwhile is found under another name at the second look
_MOST_TOGETHER = (
    20 << 20
)  # bytes of all heads: some 200,000 files, and some 450 MB of memory while they are compared
_MOST_MISSING = (
    1000  # files of a writer that the remote does not have: the others are not asked for in this look
)
_ROOM_LEFT = 64 << 20  # bytes of the disk that are not taken


class Pulled:
    """What a pull found and did."""

    def __init__(self) -> None:
        self.names: set[HeadName] = set()  # the heads that the remote shows
        self.heads: list[Head] = []  # those taken in now
        self.files: list[str] = []  # paths of the files that came
        self.bytes = 0
        self.wanted: dict[str, int] = {}  # path to size: what was lacking (all of it, in a dry run)
        self.refused: list[str] = []  # what was left out, and why
        self.waiting: list[Head] = []  # heads some of whose files the remote does not have
        self.missing: list[str] = []  # those files
        self.strangers = 0  # names in `heads/` that no head can have

    def refuse(self, why: str) -> None:
        """Note what was left out, once."""
        if why not in self.refused:
            self.refused.append(why)


def pull(
    home: Home,
    store: Store,
    here: list[Head],
    parts: Iterable[str],
    *,
    not_needed: frozenset[str] = frozenset(),
    is_dry: bool = False,
    before_files: Callable[[], None] | None = None,
    told: Told | None = None,
) -> Pulled:
    """Fetch the heads that are news and the files that they list; `here` is brought up to date.

    `not_needed`: files that heads list and that need not come: copies of this replica's own, what it joined, what was erased.
    `before_files` is called once, before the first file comes, and not at all where none does.
    Raises RemoteError, OSError, StorageError where the disk has no room.
    """
    found = Pulled()
    heads: dict[HeadName, Head] = {}
    for _ in range(_LOOKS):
        found.missing, found.waiting = [], []
        _look(home, store, here, heads, found)
        counting = that_count([*here, *heads.values()])
        wanted = _wanted(home, store, counting, frozenset(parts), not_needed, found)
        if is_dry or not wanted:
            break
        if before_files is not None:
            before_files()
            before_files = None
        if not _fetch(home, store, counting, wanted, found, told):
            break
    if is_dry:
        return found
    lacking = frozenset(found.missing)
    for head in heads.values():
        if head.name in found.names and lacking.isdisjoint(head.files):
            write_head(home, head)
            here.append(head)
            found.heads.append(head)
    here[:] = delete_replaced(home, here)
    return found


def _look(home: Home, store: Store, here: list[Head], heads: dict[HeadName, Head], found: Pulled) -> None:
    """List the heads of the remote and read those that are news."""
    known = {head.name for head in here}
    sizes: dict[HeadName, int] = {}
    found.strangers = 0
    for path, size in listed(store, f"{HEADS}/"):
        name = head_name(path)
        if name is None:
            found.strangers += 1
        else:
            sizes[name] = size
    found.names = set(sizes)
    by_writer: dict[str, list[Head]] = {}
    for head in (*here, *heads.values()):
        by_writer.setdefault(head.name.writer, []).append(head)

    def read(name: HeadName) -> None:
        try:
            data = store.read(name.path, 0, sizes[name] + 1)
            heads[name] = read_head(name.path, data, home.record_id)
        except FileNotFoundError:
            return  # replaced since it was listed: the next look shows its successor
        except DamagedFileError as error:
            found.refuse(str(error))

    news = sorted(name for name in found.names if name not in known and name not in heads)
    news = [name for name in news if not is_replaced(name, by_writer.get(name.writer, ()))]
    each(store, read, _that_fit(news, sizes, by_writer, found))


def _that_fit(
    news: list[HeadName],
    sizes: dict[HeadName, int],
    by_writer: dict[str, list[Head]],
    found: Pulled,
) -> list[HeadName]:
    """Return the heads that are read now, the smallest first: with those of others that are here, no more than fits."""
    of_writer = {writer: sum(len(head.data) for head in heads) for writer, heads in by_writer.items()}
    here = sum(of_writer.values())
    taken = 0
    fitting: list[HeadName] = []
    for name in sorted(news, key=lambda name: sizes[name]):
        if here - of_writer.get(name.writer, 0) + taken + sizes[name] > _MOST_TOGETHER:
            found.refuse(
                f"head `{name.path}` of {sizes[name]:,} bytes is left out: all heads together may have {_MOST_TOGETHER:,}"
            )
            continue
        taken += sizes[name]
        fitting.append(name)
    return fitting


def _wanted(
    home: Home,
    store: Store,
    heads: list[Head],
    parts: frozenset[str],
    not_needed: frozenset[str],
    found: Pulled,
) -> list[tuple[SealedFile, int]]:
    """Return the files, with their sizes, that these heads list and that are not here."""
    held = {file.path for file, _ in sealed_files(home)}
    lacking = {
        path: size for path, size in files_of(heads).items() if path not in held and path not in not_needed
    }
    wanted: list[tuple[SealedFile, int]] = []
    for path, size in sorted(lacking.items()):
        file = sealed_file(path)
        if file is not None and file.part in parts and (file.part != "objects" or store.takes_objects):
            wanted.append((file, size))
    found.wanted.update({file.path: size for file, size in wanted})
    return wanted


def _fetch(
    home: Home,
    store: Store,
    heads: list[Head],
    wanted: list[tuple[SealedFile, int]],
    found: Pulled,
    told: Told | None,
) -> bool:
    """Fetch files that these heads list; return whether another look may find what is missing."""
    total = sum(size for _, size in wanted)
    _check_room(home, total)
    came: list[tuple[str, int]] = []

    not_there: Counter[str] = Counter()

    def take(item: tuple[SealedFile, int]) -> None:
        file, size = item
        if not_there[file.writer] >= _MOST_MISSING:
            found.missing.append(file.path)
            return
        try:
            receive(home, file, size, store.pieces(file.path))
        except FileNotFoundError:
            not_there[file.writer] += 1
            found.missing.append(file.path)
        except DamagedFileError as error:
            found.refused.append(str(error))
            found.missing.append(file.path)
        else:
            came.append((file.path, size))
            if told is not None:
                told(sum(size for _, size in came), total)

    each(store, take, wanted)
    found.files += [path for path, _ in came]
    found.bytes += sum(size for _, size in came)
    missing = frozenset(found.missing)
    found.waiting = [head for head in heads if not missing.isdisjoint(head.files)]
    return bool(missing)


def _check_room(home: Home, size: int) -> None:
    free = shutil.disk_usage(home.path).free
    if size > free - _ROOM_LEFT:
        raise StorageError(
            f"{size / 1e9:,.1f} GB are to come, but the disk of `{home.path}` has {free / 1e9:,.1f} GB left",
            hint="make room, or fetch less: `gnomon sync --only entries`",
        )
