"""What a version of data comes from: the links of its state, and what a lineage shows of it.

Design: docs/internals/lineage.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.record.kinds import IS, Link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAID, NOT_PINNED = "said", "not pinned"
"""What a version knows of where it is from, as the column `inputs` says it; nothing where nobody said it."""


def links(state: object) -> tuple[Link, ...]:
    """Return where a version is from, who added it, the versions before it, and its bytes."""
    assert isinstance(state, dict)  # `fold_version` made it  # noqa: S101
    return tuple(_links(state)) if state["name"] is not None else ()


def _links(state: Mapping[str, Any]) -> Iterator[Link]:
    if state["origin"]:
        yield Link(f"source:{state['origin']}", "origin of")
    reference = state["reference"]
    if reference is not None and reference["kind"] == "url" and reference["place"] != state["origin"]:
        yield Link(f"source:{reference['place']}", "holds")
    if state["author"]:
        yield Link(f"person:{state['author']}", "added")
    for parent in state["parents"]:
        yield Link(f"data:{parent}", "before")
    if state["object"]:
        yield Link(f"object:{state['object']}", "is", IS)


def inputs_of(state: Mapping[str, Any]) -> str | None:
    """Return whether it is known where a version is from; None where nobody said it."""
    if state["object"] is None:
        return NOT_PINNED
    return SAID if state["origin"] else None


def about(version: str, state: object) -> dict[str, object]:
    """Return what a lineage shows of a version."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    if state["name"] is None:
        return {"label": version[:8], "note": "what it was is not here", "is_known": False}
    from gnomon.text import size

    amount = f"{state['files']:,} files, {size(state['size'])}" if state["is_tree"] else size(state["size"])
    facts = [
        "erased" if state.get("erased") else None,
        amount if state["object"] else "bytes not pinned",
        state["licence"],
        *sorted(state["tags"]),
    ]
    return {
        "label": f"{state['name']}@v{state['number']}",
        "note": ", ".join(str(fact) for fact in facts if fact),
        "time_us": state["created_us"],
        "author": state["author"],
        "writer": state["writer"],
        "people": [],
        "inputs": inputs_of(state),
        "is_known": True,
        "data_set": state["name"],
        "files": {f"object:{state['object']}": [state["file_name"] or state["name"], state["size"]]}
        if state["object"]
        else {},
    }
