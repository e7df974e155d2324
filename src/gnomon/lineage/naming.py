"""What a person means by X: a run, a version of data, an object's digest, a file, a tag, a source.

A word that could be two kinds of thing is an error that offers both; `run:baseline` and `data:credit` say which one is meant.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import names
from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.ids import is_hex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.views import Record

FEWEST_DIGITS = 8
NEWEST_RUNS = 500
_MOST_LISTED = 8


def resolve(record: Record, text: str, *, whole_set: bool = False, reads_disk: bool = True) -> list[str]:
    """Return the keys of what `text` means: one, or those that have a tag; `whole_set` takes all versions of a data set.

    A path is that of a file here, known by its bytes. With `reads_disk` False nothing of the disk is looked at, and a path is
    what one of the newest runs called a file that it kept.
    Raises UnknownSubjectError, AmbiguousIdError, MissingObjectError and what reading a file may raise.
    """
    record.replica.update(record.progress)
    kind, colon, rest = text.partition(":")
    if colon and rest:
        found = _explicit(record, kind, rest, whole_set=whole_set)
        if found is not None:
            return found
    if is_hex(text, 64):
        return [f"object:{text}"]
    if "@" in text[1:]:
        return [f"data:{record.data(text).id}"]
    if reads_disk and os.path.lexists(text) and (os.sep in text or not _is_called(record, text)):
        return [of_path(record, text)]
    meant = dict(_meanings(record, text, whole_set=whole_set))
    if len(meant) > 1:
        forms = " or ".join(f"`{form}`" for form in meant)
        raise AmbiguousIdError(f"`{text}` means more than one thing", hint=f"say which: {forms}")
    if not meant and not reads_disk:
        return [_kept_as(record, text)]
    if not meant:
        raise UnknownSubjectError(
            f"nothing here is called `{text}`: no run, no data set, no tag, no file, no digest",
            hint="`gnomon runs` lists the runs, `gnomon data` the data sets; `--origin TEXT` finds a source",
        )
    return next(iter(meant.values()))


def _is_called(record: Record, text: str) -> bool:
    """Return whether a word that is also a file here names a run or a data set."""
    try:
        return _names_one(record, text)
    except AmbiguousIdError as error:
        raise AmbiguousIdError(error.message, hint=f"{error.hint}\nor `./{text}` for the file") from None


def _names_one(record: Record, text: str) -> bool:
    return bool(_of_data(record, text, whole_set=False)) or _run(record, text) is not None


def _meanings(record: Record, text: str, *, whole_set: bool) -> Iterator[tuple[str, list[str]]]:
    of_data = _of_data(record, text, whole_set=whole_set)
    if of_data:
        yield f"data:{text}", of_data
    run = _run(record, text)
    if run is not None:
        yield f"run:{text}", [f"run:{run}"]
    if not of_data and run is None and (tagged := _tagged(record, text)):
        yield f"tag:{text}", tagged
    if is_hex(text) and len(text) >= FEWEST_DIGITS and run is None:
        objects = _objects(record, text)
        if len(objects) > 1:
            listed = ", ".join(one[:20] for one in objects[:_MOST_LISTED])
            raise AmbiguousIdError(f"{len(objects)} digests begin with `{text}`: {listed}")
        if objects:
            yield f"object:{text}", objects


def _explicit(record: Record, kind: str, rest: str, *, whole_set: bool) -> list[str] | None:
    if kind == "run":
        return [f"run:{record.run(rest).id}"]
    if kind == "data":
        found = _of_data(record, rest, whole_set=whole_set)
        return found or [f"data:{record.data(rest).id}"]
    if kind == "object":
        if is_hex(rest, 64):
            return [f"object:{rest}"]
        found = _objects(record, rest)
        if len(found) != 1:
            raise UnknownSubjectError(f"{len(found)} digests in this record begin with `{rest}`")
        return found
    if kind == "tag":
        tagged = _tagged(record, rest)
        if not tagged:
            raise UnknownSubjectError(f"no run and no version of data has the tag `{rest}`")
        return tagged
    if kind in ("source", "person", "device"):
        if f"{kind}:{rest}" not in record.replica.index.link_targets(kind):
            raise UnknownSubjectError(f"nothing in this record names the {kind} `{rest}`")
        return [f"{kind}:{rest}"]
    if kind in record.replica.index.types():
        return [f"{kind}:{record.replica.index.resolve(kind, rest)}"]
    return None


def _of_data(record: Record, text: str, *, whole_set: bool) -> list[str]:
    """Return the newest version of a data set, or all of them; empty where none is called so."""
    from gnomon.data.views import rows

    if not names.is_name(text):
        return []
    of_name = rows(record.replica.index, text)
    if not of_name:
        return []
    return [f"data:{row.id}" for row in of_name] if whole_set else [f"data:{record.data(text).id}"]


def _run(record: Record, text: str) -> str | None:
    from gnomon.runs.called import run_called

    try:
        return run_called(record, text)
    except UnknownSubjectError:
        return None


def _tagged(record: Record, tag: str) -> list[str]:
    index = record.replica.index
    found = []
    for kind in ("data", "run"):
        table = index.columns(kind, ["", "tags"])
        found += [
            f"{kind}:{subject}"
            for subject, tags in zip(table[""], table["tags"], strict=True)
            if isinstance(tags, list) and tag in tags
        ]
    return found


def _objects(record: Record, beginning: str) -> list[str]:
    return record.replica.index.link_targets("object", beginning=beginning)


class KeptFile(NamedTuple):
    """A file that a run kept: what it is called there, its bytes, and the run."""

    name: str
    digest: str
    run: str
    run_name: str


def kept_files(record: Record, most_runs: int = NEWEST_RUNS) -> Iterator[KeptFile]:
    """Yield the files that the newest runs kept, newest first."""
    index = record.replica.index
    table = record.runs(columns=["id", "name"], limit=most_runs)
    for row in table.to_pylist():
        run = str(row["id"])
        state = index.state("run", run)
        for one in state["kept"] if isinstance(state, dict) else ():
            if one["object"] and one["name"]:
                yield KeptFile(str(one["name"]), str(one["object"]), run, str(row["name"] or run[:8]))


def _kept_as(record: Record, name: str) -> str:
    """Return the bytes that one of the newest runs kept under this name. Raises UnknownSubjectError, AmbiguousIdError."""
    found = {one.digest: one for one in kept_files(record) if one.name == name}
    if not found:
        raise UnknownSubjectError(
            f"nothing here is called `{name}`: no run, no data set, no tag, no digest, no file that one of the newest "
            f"{NEWEST_RUNS} runs kept",
            hint="a file on the disk is asked about by its digest, or in a terminal: `gnomon lineage PATH`",
        )
    if len(found) > 1:
        listed = ", ".join(
            f"`object:{one.digest[:12]}` of {one.run_name}" for one in [*found.values()][:_MOST_LISTED]
        )
        raise AmbiguousIdError(
            f"{len(found)} files were kept as `{name}`", hint=f"they are {listed}; say which one is meant"
        )
    return f"object:{next(iter(found))}"


def of_path(record: Record, path: str) -> str:
    """Return the version whose bytes lie at a path, or the bytes themselves; of a pointer file, the version that it names."""
    from gnomon.data import reading
    from gnomon.data.pointer import SUFFIX, pointer_of
    from gnomon.data.pointer import read as read_pointer
    from gnomon.data.scan import scan
    from gnomon.data.views import version_of

    env = record.replica.home.env
    if path.endswith(SUFFIX) and os.path.isfile(path):
        return f"data:{read_pointer(env, path).id}"
    found = reading.identify(env, scan(path, record.path), record.path)
    pointer = pointer_of(env, path)
    version = version_of(record, found.object, found.is_tree, pointer.name if pointer is not None else None)
    return f"data:{version.id}" if version is not None else f"object:{found.object}"


def origins(record: Record, text: str) -> list[str]:
    """Return the sources that are called `text`, or else that hold it, whatever its case. Raises UnknownSubjectError."""
    record.replica.update(record.progress)
    known = record.replica.index.link_targets("source")
    if f"source:{text}" in known:
        return [f"source:{text}"]
    wanted = text.casefold()
    found = [one for one in known if wanted in one.partition(":")[2].casefold()]
    if not found:
        listed = ", ".join(f"`{one.partition(':')[2]}`" for one in known[:_MOST_LISTED]) or "none"
        raise UnknownSubjectError(
            f"no version of data has an origin that holds `{text}`", hint=f"origins that were said: {listed}"
        )
    return found
