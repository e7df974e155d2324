"""What a person asks about data: which data sets there are, one version, what is in it, who used it.

Always true: a number, a tag or a name that means several versions is an error that offers them all; nothing is guessed.
Two versions of one number that hold the same bytes are no choice: the smaller id is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data import names
from gnomon.errors import (
    AmbiguousIdError,
    ErasedObjectError,
    MissingObjectError,
    UnknownSubjectError,
    UsageError,
)
from gnomon.objects.tree import PLAIN, TreeFile
from gnomon.text import timestamp

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.data.changes import Changes
    from gnomon.data.profile import Profile, RowsDifference
    from gnomon.data.verify import Checked
    from gnomon.record.index import Index
    from gnomon.runs.views import Record

FEWEST_DIGITS = 8  # of a digest of bytes, where no id begins so
_COLUMNS = ("", "name", "number", "object", "is_tree", "parents", "tags", "erased")


class Row(NamedTuple):
    """A version as lists and searches see it."""

    id: str
    name: str
    number: int
    object: str | None
    is_tree: bool
    parents: tuple[str, ...]
    tags: tuple[str, ...]
    is_erased: bool = False

    @property
    def bytes(self) -> tuple[Any, ...]:
        """What two versions share that hold the same."""
        return (self.object, self.is_tree) if self.object is not None else (self.id,)


class DataVersion:
    """A version of a data set. Everything is read when it is asked for; `id` is its whole id."""

    def __init__(self, record: Record, id: str, label: str) -> None:
        self.record = record
        self.id = id
        self.label = label
        state = record.replica.index.state("data", id)
        self._state: dict[str, Any] = state if isinstance(state, dict) else {}

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<DataVersion {words(self.label, 120)} {self.id[:8]}>"

    @property
    def name(self) -> str:
        """The data set that it is a version of."""
        return str(self._state["name"])

    @property
    def number(self) -> int:
        """Its number: 3 of `v3`."""
        return int(self._state["number"])

    @property
    def object(self) -> str | None:
        """The digest of its file or tree; None where it is a reference to bytes that nobody could read."""
        return self._text("object")

    @property
    def is_tree(self) -> bool:
        """Whether it is a folder."""
        return bool(self._state["is_tree"])

    @property
    def size(self) -> int:
        """Bytes of all its files together."""
        return int(self._state["size"])

    @property
    def file_count(self) -> int:
        """How many files it has."""
        return int(self._state["files"])

    @property
    def file_name(self) -> str:
        """What its file or folder is called."""
        from gnomon.data.pointer import plain_name

        return plain_name(self._text("file_name")) or self.name

    @property
    def message(self) -> str | None:
        """What was said of it when it was added."""
        return self._text("message")

    @property
    def created(self) -> float:
        """When it was added, seconds since 1970 UTC."""
        return int(self._state["created_us"]) / 1e6

    @property
    def author(self) -> str | None:
        """The member who added it; None before the record has members."""
        return self._text("author")

    @property
    def writer(self) -> str | None:
        """The device that added it."""
        return self._text("writer")

    @property
    def tags(self) -> list[str]:
        """Its tags, sorted."""
        return sorted(self._state["tags"])

    @property
    def parents(self) -> list[str]:
        """The ids of the versions before it."""
        return list(self._state["parents"])

    @property
    def notes(self) -> list[str]:
        """What was noticed when it was added: left out, changed while it was read."""
        return list(self._state["notes"])

    @property
    def described(self) -> dict[str, str]:
        """Licence, origin, sensitivity, legal basis, retention: those that were said."""
        from gnomon.data.entries import DESCRIBED

        return {field: self._state[field] for field in DESCRIBED if self._state[field] is not None}

    @property
    def conflicts(self) -> dict[str, list[Any]]:
        """What people said apart, by field: all values that stand."""
        return dict(self._state["conflicts"])

    @property
    def reference(self) -> dict[str, Any] | None:
        """Where the bytes are that the record does not hold: place, kind, mtime_ns, etag; None where it holds them."""
        found = self._state["reference"]
        return dict(found) if found is not None else None

    @property
    def erased(self) -> dict[str, Any] | None:
        """Who erased its bytes, when and why: time_us, author, writer, reason, bytes; None where nobody did."""
        found = self._state["erased"]
        return dict(found) if found is not None else None

    @property
    def erased_words(self) -> str | None:
        """Who erased its bytes, when and why, as a sentence; None where nobody did."""
        erased = self.erased
        if erased is None:
            return None
        why = f": {erased['reason']}" if erased["reason"] else ""
        return (
            f"the bytes of `{self.label}` were erased on {timestamp(erased['time_us'] / 1e6)} by "
            f"{erased['author'] or 'device ' + str(erased['writer'])[:12]}{why}"
        )

    def require_bytes(self) -> None:
        """Raise ErasedObjectError where its bytes were erased."""
        words = self.erased_words
        if words is not None:
            raise ErasedObjectError(
                words,
                hint="what was recorded about it is still there: `gnomon data show` tells, and who used it",
            )

    @property
    def is_pinned(self) -> bool:
        """Whether the bytes are known by their digest, so that others would be noticed."""
        return self.object is not None

    @property
    def mark(self) -> str | None:
        """The honest mark of a version whose bytes the record does not hold; None where it holds them."""
        from gnomon.data.references import mark

        return "erased" if self.erased is not None else mark(self.reference, self.object)

    @property
    def before(self) -> DataVersion:
        """The version before it. Raises UsageError where there is none, or several."""
        if len(self.parents) != 1:
            why = "follows several versions" if self.parents else "is the first version"
            raise UsageError(f"`{self.label}` {why}", hint="name the version to compare it with")
        return version(self.record, f"{self.name}@{self.parents[0]}")

    def follows_others(self, every: Iterable[DataVersion]) -> bool:
        """Return whether it has other parents than the version of the number before it."""
        lower = [one.id for one in every if one.number == self.number - 1]
        return sorted(self.parents) != sorted(lower) or len(lower) > 1

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What came of contracts, the latest first: contract_name, verdict, rows, expectations, failed, outcomes, …"""
        return list(self._state["checks"])

    @property
    def state(self) -> dict[str, Any]:
        """All that is recorded of it, as the fold gives it."""
        return self._state

    def files(self) -> list[TreeFile]:
        """Return its files by path: (path, object, size, mode). Raises MissingObjectError, ErasedObjectError."""
        self.require_bytes()
        if self.object is None:
            raise MissingObjectError(
                f"`{self.label}` is a reference whose bytes nobody has read: which files it has is not known",
                hint=f"it lies at `{(self.reference or {}).get('place')}`",
            )
        if not self.is_tree:
            from gnomon.ids import ObjectId

            return [TreeFile(self.file_name, ObjectId(self.object), self.size, PLAIN)]
        return self.record.replica.objects().read_tree(self.object)

    def diff(self, other: DataVersion) -> Changes:
        """Return which files another version adds, removes, changes and moves."""
        from gnomon.data.changes import changes

        return changes(self.files(), other.files())

    @property
    def profile(self) -> Profile | None:
        """What is in it: rows, columns, types, distributions; None where no profile was made. Read when it is asked for.

        Raises MissingObjectError where the profile is not in this replica, DamagedObjectError, UnknownFormatError.
        """
        from gnomon.data.profiling import load

        return load(self)

    def rows_diff(
        self, other: DataVersion, *, key: str | Sequence[str] | None = None, file: str | None = None
    ) -> RowsDifference:
        """Return which rows another version adds, removes and changes; `file` is one of a folder. Reads both.

        `key` names the columns by which a row is known; else one that is unique is found. Raises BadArgumentError.
        """
        from gnomon.data.row_changes import row_changes

        return row_changes(self, other, key=key, file=file)

    def restore(
        self, to: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None
    ) -> str:
        """Write its file or folder to `to`; return the path. Goes on where an earlier call was interrupted."""
        if self.reference is not None:
            from gnomon.data.standing import bring

            return bring(self, to, progress=progress).path
        from gnomon.data.restoring import get

        return get(self, to, progress=progress)

    def verify(self, *, progress: Callable[[int, int], None] | None = None) -> Checked:
        """Read all its bytes and check them against their digests."""
        from gnomon.data.verify import verify

        return verify([self], progress=progress)

    @property
    def used_by(self) -> list[str]:
        """The ids of the runs that used it, oldest arrival first."""
        return users(self.record.replica.index).get(self.id, [])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `gnomon data show --json` prints them."""
        from gnomon.data.entries import DESCRIBED
        from gnomon.runs.table import iso_time

        return {
            "label": self.label, "name": self.name, "number": self.number, "id": self.id, "object": self.object,
            "is_tree": self.is_tree, "size": self.size, "files": self.file_count, "file_name": self.file_name,
            "created": iso_time(self.created), "author": self.author, "writer": self.writer, "message": self.message,
            "tags": self.tags, "parents": self.parents, "notes": self.notes, "reference": self.reference,
            "is_pinned": self.is_pinned, **{field: self._state[field] for field in DESCRIBED},
            "croissant": self._state["croissant"], "checks": self.checks,
            "conflicts": self.conflicts, "used_by": self.used_by, "erased": self._erased_for_json(),
            "profiled": self._state["profile"] or None, "profile_note": self._state["profile_note"],
        }  # fmt: skip

    def _erased_for_json(self) -> dict[str, Any] | None:
        from gnomon.runs.table import iso_time

        erased = self.erased
        return {"at": iso_time(erased.pop("time_us") / 1e6), **erased} if erased is not None else None

    def _text(self, key: str) -> str | None:
        value = self._state.get(key)
        return value if isinstance(value, str) else None


class DataSet(NamedTuple):
    """A data set: its name, its newest versions (several where people added apart), and how many there are."""

    name: str
    newest: tuple[DataVersion, ...]
    versions: int
    tags: dict[str, list[str]]  # tag: labels of the versions that have it


def users(index: Index) -> dict[str, list[str]]:
    """Return the ids of the runs that used each version, by its id, oldest arrival first."""
    found: dict[str, list[str]] = {}
    table = index.columns("run", ["", "uses"])
    for run, uses in zip(table[""], table["uses"], strict=True):
        for used in dict.fromkeys(uses) if isinstance(uses, list) else ():
            found.setdefault(str(used), []).append(str(run))
    return found


def users_of_sets(index: Index) -> dict[str, set[str]]:
    """Return the ids of the runs that used any version of each data set, by its name."""
    by_version, found = users(index), dict[str, set[str]]()
    for row in rows(index):
        found.setdefault(row.name, set()).update(by_version.get(row.id, ()))
    return found


# ---------------------------------------------------------------- finding


def rows(index: Index, name: str | None = None) -> list[Row]:
    """Return all versions (of a data set), by number and id."""
    table = index.columns("data", _COLUMNS)
    found = [
        Row(
            str(version_id), called, number, digest if isinstance(digest, str) else None, bool(is_tree),
            tuple(map(str, parents)) if isinstance(parents, list) else (),
            tuple(map(str, tags)) if isinstance(tags, list) else (), erased is True,
        )
        for version_id, called, number, digest, is_tree, parents, tags, erased in zip(
            *(table[key] for key in _COLUMNS), strict=True
        )
        if isinstance(called, str) and isinstance(number, int) and (name is None or called == name)
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.number, row.id))


def newest(versions: Iterable[Row]) -> list[Row]:
    """Return the versions of one data set that have no successor."""
    versions = list(versions)
    replaced = {parent for row in versions for parent in row.parents}
    # Hostile entries may name each other: then all count, and the highest number is the newest.
    return [row for row in versions if row.id not in replaced] or versions[-1:]


def labels(versions: Sequence[Row]) -> dict[str, str]:
    """Return how each version is called, by id: `credit@v3`, or by its id where two have this number."""
    taken: dict[tuple[str, int], set[tuple[Any, ...]]] = {}
    for row in versions:
        taken.setdefault((row.name, row.number), set()).add(row.bytes)
    return {
        row.id: f"{row.name}@v{row.number}"
        if len(taken[row.name, row.number]) == 1
        else f"{row.name}@{row.id[:8]}"
        for row in versions
    }


def version(record: Record, text: str) -> DataVersion:
    """Return the version that a person means by `credit@v3`, `credit@gold`, `credit@4f1d77ab` or `credit` (the newest).

    Of the digits, an id begins so, or where none does, the digest of the version's bytes.
    Raises BadArgumentError, UnknownSubjectError (names near ones), AmbiguousIdError (names them all).
    """
    record.replica.update(record.progress)
    index = record.replica.index
    spec = names.parse(text)
    of_name = rows(index, spec.name)
    if not of_name:
        raise _unknown_name(spec.name, index)
    found = _matching(spec, of_name)
    if not found:
        raise _unknown_version(spec, of_name)
    if len({row.bytes for row in found}) > 1:
        raise _ambiguous(spec, found)
    called = labels(of_name)
    chosen = min(found, key=lambda row: row.id)
    return DataVersion(record, chosen.id, called[chosen.id])


def _matching(spec: names.Spec, of_name: list[Row]) -> list[Row]:
    if spec.number is not None:
        return [row for row in of_name if row.number == spec.number]
    if spec.tag is not None:
        found = [row for row in of_name if spec.tag in row.tags]
        if found or spec.id is None:
            return found
    if spec.id is not None:
        found = [row for row in of_name if row.id.startswith(spec.id)]
        is_digest = len(spec.id) >= FEWEST_DIGITS
        return found or [row for row in of_name if is_digest and (row.object or "").startswith(spec.id)]
    return newest(of_name)


def _unknown_name(name: str, index: Index) -> UnknownSubjectError:
    from difflib import get_close_matches

    known = sorted({row.name for row in rows(index)})
    near = get_close_matches(name, known, n=3)
    if near:
        hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    elif known:
        hint = "`gnomon data` lists the data sets"
    else:
        hint = f"there is none yet; `gnomon data add PATH --name {name}` makes the first version"
    return UnknownSubjectError(f"no data set is called `{name}`", hint=hint)


def _unknown_version(spec: names.Spec, of_name: list[Row]) -> UnknownSubjectError:
    from difflib import get_close_matches

    called = labels(of_name)
    known = [*dict.fromkeys(called[row.id] for row in of_name)]
    tags = sorted({f"{spec.name}@{tag}" for row in of_name for tag in row.tags})
    near = get_close_matches(str(spec), [*known, *tags], n=3) or known[-3:]
    return UnknownSubjectError(
        f"there is no version `{spec}`",
        hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}? `gnomon data log {spec.name}` lists all",
    )


def _ambiguous(spec: names.Spec, found: Sequence[Row]) -> AmbiguousIdError:
    choices = " and ".join(f"`{spec.name}@{row.id[:8]}` (v{row.number})" for row in found[:8])
    if spec.number is not None:
        what = f"{len(found)} versions were called `{spec}` apart"
    elif spec.tag is not None:
        what = f"{len(found)} versions have the tag `{spec.tag}`: it was given apart"
    elif spec.id is not None:
        what = f"{len(found)} versions of `{spec.name}` have ids that begin with `{spec.id}`"
    else:
        what = f"`{spec.name}` has {len(found)} newest versions: they were added apart"
    return AmbiguousIdError(what, hint=f"they are {choices}; say which one is meant")


def versions(record: Record, name: str) -> list[DataVersion]:
    """Return all versions of a data set, oldest number first. Raises UnknownSubjectError."""
    record.replica.update(record.progress)
    index = record.replica.index
    of_name = rows(index, names.require_name(name))
    if not of_name:
        raise _unknown_name(name, index)
    called = labels(of_name)
    return [DataVersion(record, row.id, called[row.id]) for row in of_name]


def data_sets(record: Record) -> list[DataSet]:
    """Return all data sets by name."""
    record.replica.update(record.progress)
    by_name: dict[str, list[Row]] = {}
    for row in rows(record.replica.index):
        by_name.setdefault(row.name, []).append(row)
    found = []
    for name in sorted(by_name):
        of_name = by_name[name]
        called = labels(of_name)
        tags: dict[str, list[str]] = {}
        for row in of_name:
            for tag in row.tags:
                tags.setdefault(tag, []).append(called[row.id])
        heads = tuple(DataVersion(record, row.id, called[row.id]) for row in newest(of_name))
        found.append(DataSet(name, heads, len(of_name), dict(sorted(tags.items()))))
    return found


def version_of(
    record: Record, object_id: str, is_tree: bool, prefer: str | None = None
) -> DataVersion | None:
    """Return the version that holds exactly these bytes; of several that one of the data set `prefer`, the newest one."""
    every = rows(record.replica.index)
    found = [row for row in every if (row.object, row.is_tree) == (object_id, is_tree) and not row.is_erased]
    if not found:
        return None
    chosen = max(found, key=lambda row: (row.name == prefer, row.number, row.id))
    return DataVersion(
        record, chosen.id, labels([row for row in every if row.name == chosen.name])[chosen.id]
    )
