"""A version of data as a row of a table: plain values, and where its page is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data.names import parse

if TYPE_CHECKING:
    from gnomon.data.views import DataVersion

DEVICE_DIGITS = 8


def path_of(version: DataVersion) -> str:
    """Return the path of a version's page: by its number, or by its id where two have this number."""
    return f"/data/{version.name}/{which_of(version)}"


def which_of(version: DataVersion) -> str:
    """Return what stands behind the `@` of a version: `v3`, or its id where two have this number."""
    which = parse(version.label)
    return f"v{which.number}" if which.number is not None else version.id


def by_words(author: str | None, writer: str | None) -> str:
    """Return who did something: a member, or a device before the record has members."""
    return author or (f"device {writer[:DEVICE_DIGITS]}" if writer else "")


def row_of(version: DataVersion, used: int) -> dict[str, Any]:
    """Return what lists show of a version that `used` runs used."""
    profile = version.state["profile"]
    has_bytes = version.object is not None
    return {
        "label": version.label, "which": which_of(version), "path": path_of(version), "id": version.id, "name": version.name,
        "tags": version.tags, "message": version.message or "", "size": version.size if has_bytes else None,
        "files": version.file_count if has_bytes else None, "rows": profile.get("rows"), "columns": profile.get("columns"),
        "created": version.created, "by": by_words(version.author, version.writer), "used": used, "mark": version.mark or "",
        "verdict": version.checks[0]["verdict"] if version.checks else "", **_described(version),
    }  # fmt: skip


def _described(version: DataVersion) -> dict[str, str]:
    from gnomon.data.entries import DESCRIBED

    return {field: version.described.get(field, "") for field in DESCRIBED}
