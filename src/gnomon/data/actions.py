"""What a person does with data: add a version, give it tags, say where it comes from.

Always true: when one of these returns, bytes and entry are on the disk; the entry is written last, so there is no half a
version. Bytes that the newest version has already make no new version.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data import entries, names
from gnomon.data.views import DataVersion, Row, labels, newest, rows
from gnomon.errors import BadArgumentError, ContractFailedError, GnomonError, NotStoredError, StorageError
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gnomon.data.contract.recording import Checked
    from gnomon.data.profiling import Made
    from gnomon.data.reading import Bytes
    from gnomon.data.scan import Scan
    from gnomon.runs.views import Record
    from gnomon.session import Session

    Progress = Callable[[int, int], None]

MAX_NOTES = 20


class Added(NamedTuple):
    """What became of data that was added."""

    version: DataVersion
    is_new: bool
    pointer: str | None  # the pointer file beside it
    described: tuple[str, ...]  # facts that were said anew of a version that was there already
    checked: Checked | None = None  # what came of its contract


class Demands(NamedTuple):
    """What data must meet before it becomes a version: a contract, which one, and whether it may be broken."""

    contract: str | None = (
        None  # a file, or `FILE.py:NAME`; None: the one that lies beside the data, if there is one
    )
    finds: bool = True
    allows_failing: bool = False


def add_data(
    data: str | os.PathLike[str] | Any,
    *,
    name: str | None = None,
    message: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
    sensitivity: str | None = None,
    legal_basis: str | None = None,
    retention: str | None = None,
    by_reference: bool = False,
    digest: bool = False,
    contract: str | os.PathLike[str] | bool | None = None,
    allow_failing: bool = False,
    pointer: bool = True,
    profile: bool | None = None,
    keep_values: bool = True,
    dir: str | os.PathLike[str] | None = None,
) -> DataVersion:
    """Add a file, a folder or a table as the next version of a data set, and return the version.

    The bytes go into the record; where the newest version has them already, that one is returned. `name` is the data set, after
    the file unless given. `licence`, `origin`, `sensitivity`, `legal_basis` and `retention` are kept with it, and taken
    over from the version before unless given. `by_reference` leaves the bytes where they are: a path, or a URL, of which
    `digest=True` reads all bytes once, so that others are noticed. `pointer` writes
    `NAME.gnomon` beside the data, for Git. `profile` says whether its profile (rows, types, distributions) is made; left out, it
    is up to 32 MB and 5,000 files. `keep_values=False` has it hold counts and types only. `dir` is the project, found upward from
    the working directory unless given.

    A table is a pandas or Polars DataFrame, an Arrow table, a structured NumPy array, a list of dicts or a dict of columns. It
    becomes the file `NAME.parquet`, written so that a version with other rows in between shares most of its bytes; it needs a
    `name`, and has no pointer.

    `contract` is a contract that the data must meet; left out, it is `NAME.contract.toml` (or .json, .yaml) beside the data,
    where there is one, and with False none. With `allow_failing` data that breaks it is added, and the verdict recorded.

    Raises MissingFileError, BadArgumentError, NotStoredError, ContractFailedError.
    """
    is_named = not isinstance(contract, bool) and contract is not None
    demands = Demands(os.fspath(contract) if is_named else None, contract is not False, allow_failing)  # type: ignore[arg-type]
    described = {
        "licence": licence, "origin": origin, "sensitivity": sensitivity, "legal_basis": legal_basis, "retention": retention,
    }  # fmt: skip
    place = os.fspath(dir) if dir is not None else None
    from gnomon.data.table.write import is_table

    if is_table(data):
        if by_reference:
            raise BadArgumentError("a table that a program holds lies nowhere that could be referred to")
        return _add_table(data, name, message, described, demands, place, profile, keep_values=keep_values)
    path = os.fspath(data)
    found = add(
        path, name=name, message=message, described=described, by_reference=by_reference, with_digest=digest, pointer=pointer,
        demands=demands, place=place,
    )  # fmt: skip
    return profile_added(found, path, profile, keep_values=keep_values).version


def _add_table(
    table: object,
    name: str | None,
    message: str | None,
    described: Mapping[str, str | None],
    demands: Demands,
    place: str | None,
    profile: bool | None,
    *,
    keep_values: bool,
) -> DataVersion:
    """Add a table by way of a file in the cache folder, which is gone afterwards."""
    import tempfile

    from gnomon.data.contract.recording import beside
    from gnomon.data.stat_cache import StatCache
    from gnomon.data.table.write import write_table

    if name is None:
        raise BadArgumentError(
            "a table has no name of its own", hint='say it: `add_data(table, name="credit")`'
        )
    names.require_name(name)
    session = session_for(place)
    env = session.env
    if demands.contract is None and demands.finds:
        demands = demands._replace(contract=beside(env, f"{name}.parquet", name))
    cache = os.path.join(env.cache_folder(), "data")
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".table-", dir=cache) as folder:
        path = os.path.join(folder, f"{name}.parquet")
        write_table(table, path)
        try:
            found = add(
                path, name=name, message=message, described=described, pointer=False, demands=demands, place=place
            )  # fmt: skip
            return profile_added(found, path, profile, keep_values=keep_values).version
        except ContractFailedError as error:  # the file is nothing that the caller knows
            raise ContractFailedError(
                name, error.contract, error.verdict.told, verdict=error.verdict
            ) from None
        finally:
            StatCache(env, os.path.realpath(path), session.path).forget()


def profile_added(
    added: Added,
    path: str,
    asked: bool | None = None,
    *,
    keep_values: bool = True,
    progress: Progress | None = None,
) -> Made:
    """Make the profile of what was added, where it has none and one is asked for, or it is small."""
    from gnomon.data import profiling

    version = added.version
    is_wanted = profiling.is_small(version) if asked is None else asked
    is_elsewhere = version.reference is not None and version.reference["kind"] == "url"
    if not is_wanted or version.object is None or is_elsewhere or profiling.is_here(version):
        return profiling.Made(version, None)
    session = session_for(version.record.path)
    return profiling.make(session, version, at=path, keep_values=keep_values, progress=progress)


def add(
    path: str,
    *,
    name: str | None = None,
    message: str | None = None,
    described: Mapping[str, str | None] | None = None,
    by_reference: bool = False,
    is_asked: bool = True,
    with_digest: bool = False,
    pointer: bool = True,
    demands: Demands | None = None,
    description: bytes | None = None,
    place: str | None = None,
    progress: Progress | None = None,
) -> Added:
    """Add a version; see `add_data`. `place` is the record or its project.

    `is_asked=False` asks no server what lies at a URL. `description` is kept with the version: a file of Croissant.
    """
    from gnomon.data import pointer as pointers
    from gnomon.data.references import is_url
    from gnomon.data.scan import require_there

    session = session_for(place)
    env = session.env
    is_remote = is_url(path)
    if is_remote and not by_reference:
        raise BadArgumentError(
            f"`{path}` is a URL: its bytes are not here to be kept",
            hint="record where it lies with `--by-reference`, or download it and add the file",
        )
    if not is_remote:
        require_there(path)
    name = names.require_name(name) if name is not None else _name_for(env, path, is_remote=is_remote)
    said = {field: text for field, text in (described or {}).items() if text is not None}
    for field, text in said.items():
        if not isinstance(text, str) or not text.strip():
            raise BadArgumentError(f"`{field}` must be some text; got {text!r}")
    has_pointer = pointer and not is_remote and not by_reference
    if has_pointer:
        pointers.require_place(env, name, path)
    if with_digest and not is_remote:
        raise BadArgumentError("`digest` is for URLs; bytes at a path are always read", hint="leave it out")
    checked, before = _met(session, path, name, demands or Demands(), is_remote=is_remote, progress=progress)
    if is_remote:
        from gnomon.data.references import of_url

        body = of_url(path, is_asked=is_asked, with_digest=with_digest, progress=progress)
    else:
        body = _read(session, path, by_reference=by_reference, progress=progress)
    if before is not None:
        from gnomon.data.contract.recording import require_same
        from gnomon.data.scan import scan

        require_same(before, scan(path, session.path))
    if description is not None:
        with session.objects() as store:
            body["croissant"] = store.put_bytes(description)
    record = _open(session)
    of_name = rows(record.replica.index, name)
    known = _known(record, of_name, body)
    if known is not None:
        again = _describe_again(session, record, known, said)
        found, is_new = DataVersion(record, known, labels(of_name)[known]), False
    else:
        again = ()
        body = _with_erased(record, body)
        found, is_new = _write_version(session, record, name, of_name, body, message, said), True
    if checked is not None:
        from gnomon.data.contract import recording

        found = recording.write(session, found, checked)
    written = pointers.write(env, found, path) if has_pointer else None
    return Added(found, is_new, written, again, checked)


def _met(
    session: Session, path: str, name: str, demands: Demands, *, is_remote: bool, progress: Progress | None
) -> tuple[Checked | None, Scan | None]:
    """Meet data with its contract, if it has one; return what came of it, and what lay there before it was read."""
    from gnomon.data.contract import recording
    from gnomon.data.scan import scan

    contract = demands.contract
    if contract is None and demands.finds and not is_remote:
        contract = recording.beside(session.env, path, name)
    if contract is None:
        return None, None
    if is_remote:
        raise BadArgumentError(
            f"`{path}` is a URL: a contract is met with rows that are here",
            hint="download the file and check it with `gnomon data check PATH --contract FILE`",
        )
    before = scan(path, session.path)
    if progress is not None:
        progress(0, max(before.size, 1))  # a sign of life: a large file takes a minute
    checked = recording.check_at(path, contract)
    if checked.verdict.verdict != "pass" and not demands.allows_failing:
        raise ContractFailedError(path, contract, checked.verdict.told, verdict=checked.verdict)
    return checked, before


def _name_for(env: object, path: str, *, is_remote: bool) -> str:
    """Return the data set that a path belongs to: what its pointer says, else after its file."""
    from gnomon.data.pointer import conflict_beside, pointer_of
    from gnomon.env import Env

    assert isinstance(env, Env)  # noqa: S101
    beside = None if is_remote else pointer_of(env, path)
    if beside is not None:
        return beside.name
    conflict = None if is_remote else conflict_beside(env, path)
    if conflict is not None:
        called = {str(side.get("name")) for side in conflict[1]}
        if len(called) == 1 and names.is_name(only := called.pop()):
            return only
    last = path.rstrip("/").rpartition("/")[2] if is_remote else os.path.basename(os.path.abspath(path))
    found = names.name_of_file(last)
    if found is None:
        raise BadArgumentError(f"`{path}` gives no name for a data set", hint="give one with `--name`")
    return found


def _read(session: Session, path: str, *, by_reference: bool, progress: Progress | None) -> dict[str, object]:
    """Bring the bytes into the record, and return what the entry says of them."""
    from gnomon.data import reading, references
    from gnomon.data.scan import scan

    found = scan(path, session.path)
    show = progress or (lambda done, total: None)  # noqa: ARG005
    try:
        with session.objects() as store:
            if by_reference:
                got = references.read(session.env, store, found, session.path, show)
            else:
                got = reading.keep(session.env, store, found, session.path, show)
    except OSError as error:
        if isinstance(error, GnomonError) or (
            error.filename is not None and not os.fspath(error.filename).startswith(session.path)
        ):
            raise  # something of the person's own that cannot be read: the system's words name it
        raise NotStoredError(
            f"`{path}` could not be stored in `{session.path}`: {error}",
            hint="what was stored so far stays; the same command goes on from there",
        ) from error
    body = _as_body(got, os.path.basename(found.root))
    if by_reference:
        body["reference"] = {"place": references.place_of(found.root), "kind": "path"}
        if not found.is_tree:
            body["reference"]["mtime_ns"] = found.files[0].stamp[1]  # type: ignore[index]
    return body


def _as_body(got: Bytes, file_name: str) -> dict[str, object]:
    notes = list(got.notes[:MAX_NOTES])
    if len(got.notes) > MAX_NOTES:
        notes.append(f"and {len(got.notes) - MAX_NOTES:,} more such notes")
    body: dict[str, object] = {
        "object": got.object, "is_tree": got.is_tree, "size": got.size, "files": got.files, "file_name": file_name,
    }  # fmt: skip
    return {**body, "notes": notes} if notes else body


def _known(record: Record, of_name: list[Row], body: Mapping[str, object]) -> str | None:
    """Return the newest version where it holds these very bytes, in the same way; None where this is a new one."""
    for row in newest(of_name):
        if row.is_erased:
            continue  # whoever adds these bytes again makes a new version of them
        found = DataVersion(record, row.id, "")
        was, now = found.reference, body.get("reference")
        if (was is None) != (now is None) or (row.object, row.is_tree) != (
            body.get("object"),
            body.get("is_tree", False),
        ):
            continue
        if was is None or (
            isinstance(now, dict) and _same_reference(was, now, pinned=row.object is not None)
        ):
            return row.id
    return None


def _with_erased(record: Record, body: dict[str, object]) -> dict[str, object]:
    """Return what is said of new bytes, with a note where somebody erased these very bytes before."""
    if body.get("reference") is not None or body.get("object") is None:
        return body
    found = [
        row
        for row in rows(record.replica.index)
        if row.is_erased and (row.object, row.is_tree) == (body["object"], body.get("is_tree", False))
    ]
    if not found:
        return body
    latest = max((DataVersion(record, row.id, f"{row.name}@v{row.number}") for row in found), key=_erased_us)
    notes = body.get("notes")
    return {
        **body,
        "notes": [*(notes if isinstance(notes, list) else ()), f"{latest.erased_words}; they are back"],
    }


def _erased_us(version: DataVersion) -> int:
    return int((version.erased or {}).get("time_us", 0))


def _same_reference(was: Mapping[str, object], now: Mapping[str, object], *, pinned: bool) -> bool:
    state = ("mtime_ns", "etag", "modified", "version")
    keys = ("place", "kind") if pinned else ("place", "kind", *state)
    if not pinned and all(was.get(key) is None for key in state):
        return False  # nothing is known of its state: whoever adds it again says that it is another
    return all(was.get(key) == now.get(key) for key in keys)


def _write_version(
    session: Session,
    record: Record,
    name: str,
    of_name: list[Row],
    read: Mapping[str, object],
    message: str | None,
    said: Mapping[str, str],
) -> DataVersion:
    parents = [row.id for row in newest(of_name)]
    taken_over: dict[str, str] = {}
    for parent in parents:
        taken_over.update(DataVersion(record, parent, "").described)
    body: dict[str, object] = {
        "name": name, "number": max((row.number for row in of_name), default=0) + 1, "parents": parents, **read,
        **taken_over, **said,
    }  # fmt: skip
    if message:
        body["message"] = message
    version_id = session.env.random_bytes(entries.VERSION_ID_BYTES).hex()
    write_entry(session, entries.ADDED, version_id, body)
    record.replica.update()
    return DataVersion(record, version_id, labels(rows(record.replica.index, name))[version_id])


def _describe_again(session: Session, record: Record, id: str, said: Mapping[str, str]) -> tuple[str, ...]:
    """Write what is said anew of a version that is there already; return the fields."""
    state = DataVersion(record, id, "").state
    new = [field for field, text in said.items() if state[field] != text or field in state["conflicts"]]
    for field in new:
        heads: dict[str, list[str]] = state["described_heads"]
        write_entry(
            session, entries.DESCRIBED_AS, id, {"field": field, "value": said[field]}, heads.get(field, ())
        )
    record.replica.update()
    return tuple(new)


# ---------------------------------------------------------------- tags


def tag(record: Record, version: DataVersion, add: Iterable[str], remove: Iterable[str] = ()) -> DataVersion:
    """Give tags to a version and take tags back. A tag is one for the data set: the versions that had it lose it."""
    add, remove = [names.require_tag(text) for text in add], list(remove)
    session = session_for(record.path)
    missing = [text for text in remove if text not in version.tags]
    if missing:
        known = ", ".join(f"`{text}`" for text in version.tags) or "none"
        raise BadArgumentError(f"`{version.label}` has no tag `{missing[0]}`", hint=f"it has: {known}")
    for row in rows(record.replica.index, version.name):
        if row.id != version.id:
            _retag(session, DataVersion(record, row.id, ""), [], add)
    _retag(session, version, add, remove)
    record.replica.update()
    return DataVersion(record, version.id, version.label)


def _retag(session: Session, version: DataVersion, add: list[str], remove: list[str]) -> None:
    tags: dict[str, list[str]] = version.state["tags"]
    covered = {entry for text in remove for entry in tags.get(text, ())}
    # An entry that is covered goes as a whole: what it added beside the removed tags is added again.
    again = {text for text, hashes in tags.items() if text not in remove and covered & set(hashes)}
    wanted = sorted({*again, *(text for text in add if text not in tags)})
    if wanted or covered:
        write_entry(session, entries.TAGGED, version.id, {"tags": wanted}, covered)


# ---------------------------------------------------------------- small things


def _open(session: Session) -> Record:
    from gnomon.runs.views import open

    if not (session.ready() and session.sync()):
        raise NotStoredError(f"the record `{session.path}` cannot be written")
    record = open(session.path, env=session.env)
    record.replica.update()
    return record


def write_entry(
    session: Session, kind: str, id: str, body: dict[str, object], over: Iterable[str] = ()
) -> None:
    """Write an entry about a version, and bring it to the disk. Raises StorageError."""
    session.append(kind, entries.data_subject(id), body, over=over, strict=True)
    if not session.sync():
        raise StorageError(f"the entry `{kind}` could not be brought to the disk of `{session.path}`")
