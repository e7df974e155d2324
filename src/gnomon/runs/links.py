"""What a run comes from and what it makes: the links of its state, and what a lineage shows of it.

A use names the version and, beside it, the bytes: where the version is not in this replica, the bytes still are a link.
Design: docs/internals/lineage.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record.kinds import FROM, MAKES, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WATCHED, IN_PART, DECLARED, NOT_PINNED, NOT_HERE = (
    "watched",
    "watched in part",
    "declared",
    "not pinned",
    "not here",
)
"""What a run knows of its inputs, as the column `inputs` says it; nothing where it recorded none."""
UNKNOWN = "unpinned"  # of a key in a lineage: `unpinned:<time>:<name>`, an input whose bytes nobody knows
BY_WATCHING = "watched"  # in `how` of a use


def links(state: object) -> Sequence[Link]:
    """Return what a run used, what it kept and wrote, and the run that it belongs to."""
    assert isinstance(state, dict)  # `fold_run` made it  # noqa: S101
    if not (state["uses"] or state["kept"] or state["wrote"] or state["parent"]):
        return ()
    return tuple(_links(state))


def _links(state: Mapping[str, Any]) -> Iterator[Link]:
    for used in state["uses"]:
        how = "read" if used["how"] == BY_WATCHING else "used"
        if used["version"] is not None:
            yield Link(f"data:{used['version']}", how)
        if used["object"] is not None:
            yield Link(f"object:{used['object']}", how if used["version"] is None else "bytes")
        if used["version"] is None and used["object"] is None:
            # Of one name two runs may have read other bytes: the time keeps them apart.
            yield Link(f"{UNKNOWN}:{used['time_us']:x}:{used['name']}", how)
    for kept in state["kept"]:
        if is_hex(kept["object"], 64):
            yield Link(f"object:{kept['object']}", "kept", MAKES)
    for wrote in state["wrote"]:
        if wrote["object"] is not None:
            yield Link(f"object:{wrote['object']}", "wrote", MAKES)
    if is_hex(state["parent"], 20):
        yield Link(f"run:{state['parent']}", "part of", FROM)


def inputs_of(state: Mapping[str, Any]) -> str | None:
    """Return how much is known of what a run used; None where it recorded nothing."""
    if state["uses_not_here"]:
        return NOT_HERE
    if any(used["object"] is None for used in state["uses"]):
        return NOT_PINNED
    if state["watched"]:
        return IN_PART if _is_in_part(state) else WATCHED
    return DECLARED if state["uses"] else None


def _is_in_part(state: Mapping[str, Any]) -> bool:
    watched: dict[str, dict[str, Any]] = state["watched"]
    if any(one["not_heard"] for one in watched.values()):
        return True
    # A launcher hears what its command starts here; a process hears itself.
    devices = {one["writer"] for one in watched.values() if one["is_of_command"]}
    return any(
        log not in watched and process["writer"] not in devices for log, process in state["processes"].items()
    )


def about(run: str, state: object) -> dict[str, object]:
    """Return what a lineage shows of a run."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    name = state["name"] if state["name"] is not None else state["label"]
    writer = next((process["writer"] for process in state["processes"].values()), None)
    facts = [run[:8] if name else "", state["status"]]
    facts += ["hidden"] if state["removed"] else []
    facts += ["what it was is not here"] if state.get("is_withheld") else []
    return {
        "label": str(name) if name else run[:8],
        "note": ", ".join(filter(None, facts)),
        "time_us": state["created_us"],
        "author": state["author"],
        "writer": writer,
        "people": [
            [note["author"] or note["writer"], "wrote a note on", bool(note["author"])]
            for note in state["notes"]
        ],
        "inputs": inputs_of(state),
        "is_known": not state.get("is_withheld"),
        "files": {
            f"object:{one['object']}": [one["name"], one["size"]]
            for one in (*state["uses"], *state["kept"], *state["wrote"])
            if one["object"]
        },
    }
