"""What keeps bytes that were to be erased and is no version of data: which run, and under which path.

A run keeps files in two ways: those that `run.keep` was given, and the source files that were captured of its process, as
objects or, where they are few bytes, as text in the entry itself. The entry lists the digests of both, so both keep the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blake3 import blake3

from gnomon.errors import RecordError, UnknownSubjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gnomon.runs.views import Record

_FILES = "files/"  # before the paths of source files that Git did not know
_MOST_NAMED = 3


def is_version(keeper: str) -> bool:
    """Return whether a subject that keeps an object is a version of data."""
    return keeper.startswith("data:")


def called(record: Record, keeper: str, objects: Iterable[str]) -> str:
    """Return how what keeps objects is called: a version, or a run with the paths under which it has them."""
    from gnomon.data.views import labels, rows

    kind, _, one = keeper.partition(":")
    wanted = frozenset(objects)
    if kind == "data":
        every = rows(record.replica.index)
        name = next((row.name for row in every if row.id == one), None)
        return labels([row for row in every if row.name == name]).get(one, f"data {one[:8]}")
    if kind == "run":
        return f"{_run(record, one)}, kept as {_listed(_kept(record, one, wanted))}"
    if kind == "process":
        runs = [_run(record, run) for run in _runs_of(record, one)]
        paths = _listed(_captured(record, one, wanted))
        return f"{' and '.join(runs[:_MOST_NAMED]) or f'process {one[:8]}'}, captured as its source {paths}"
    return f"{kind} {one[:8]}"


def _run(record: Record, run: str) -> str:
    name = _state(record, "run", run).get("name")
    return f"run `{name}` ({run[:8]})" if isinstance(name, str) and name else f"run {run[:8]}"


def _runs_of(record: Record, process: str) -> list[str]:
    table = record.replica.index.columns("run", ["", "processes"])
    return [
        str(run)
        for run, logs in zip(table[""], table["processes"], strict=True)
        if isinstance(logs, list) and process in logs
    ]


def _kept(record: Record, run: str, wanted: frozenset[str]) -> Iterator[str]:
    for kept in _state(record, "run", run).get("kept", ()):
        if kept["object"] in wanted:
            yield str(kept["name"])
        elif kept["is_tree"]:
            yield from (f"{kept['name']}/{path}" for path in _in_tree(record, kept["object"], wanted))


def _captured(record: Record, process: str, wanted: frozenset[str]) -> Iterator[str]:
    state = _state(record, "process", process)
    for tree in state.get("objects", {}).values():
        yield from (path.removeprefix(_FILES) for path in _in_tree(record, tree, wanted))
    for path, data in _texts(state.get("files", {})):
        if blake3(data).hexdigest() in wanted:
            yield path.removeprefix(_FILES)


def _in_tree(record: Record, tree: str, wanted: frozenset[str]) -> list[str]:
    try:
        return [file.path for file in record.replica.objects().read_tree(tree) if str(file.object) in wanted]
    except (
        RecordError
    ):  # its list is not here, or damaged: `gnomon verify` says so; the run is named all the same
        return []


def _texts(files: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, bytes]]:
    for of_part in files.values():
        for path, text in of_part.items():
            yield path, text.encode("utf-8", "surrogatepass")


def _state(record: Record, kind: str, one: str) -> dict[str, Any]:
    try:
        found = record.replica.index.state(kind, one)
    except UnknownSubjectError:  # only heads of it are here
        return {}
    return found if isinstance(found, dict) else {}


def _listed(paths: Iterable[str]) -> str:
    found = sorted(set(paths))
    more = f" and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
    return (
        ", ".join(f"`{path}`" for path in found[:_MOST_NAMED]) + more
        if found
        else "a file that cannot be named here"
    )
