"""A rich value as it stands in the record: what is known of it, its bytes, and the value itself again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from gnomon.replica import Replica


class RichValue:
    """An image, table, figure or the like, of one step of a run.

    Attributes: `series`, `step`, `time_s` (seconds since 1970 UTC), `rank`, `kind` ("image", "table", …), `meta` (what is known
    of it: width, caption, …), `notes` (what was changed to store it), `parts` (name -> size in bytes), `objects` (name -> digest)
    and `media_types` (name -> type), the part that is shown first.
    """

    def __init__(self, replica: Replica, stored: Mapping[str, Any]) -> None:
        self._replica = replica
        self._parts: list[dict[str, Any]] = stored["parts"]
        self.series: str = stored["series"]
        self.step: int = stored["step"]
        self.rank: int = stored["rank"]
        self.time_s: float = stored["time_us"] / 1e6
        self.kind: str = stored["kind"]
        self.meta: dict[str, object] = dict(stored["meta"])
        self.notes: list[str] = list(stored["notes"])
        self.parts: dict[str, int] = {part["name"]: part["size"] for part in self._parts}
        self.objects: dict[str, str] = {part["name"]: part["object"] for part in self._parts}
        self.media_types: dict[str, str] = {part["name"]: part["media_type"] for part in self._parts}

    def __repr__(self) -> str:
        return f"<RichValue {self.kind} {self.series!r} at step {self.step}: {', '.join(self.parts)}>"

    @property
    def media_type(self) -> str:
        """The type of the part that is shown, such as "image/png"."""
        return str(self._parts[0]["media_type"])

    def data(self, part: str | None = None) -> bytes:
        """Return the bytes of a part (the one that is shown, unless named). Raises BadArgumentError, MissingObjectError."""
        return self._replica.objects().read(str(self._part(part)["object"]))

    def read(self) -> Any:
        """Return the value: an array, a table, text, …; see docs/how-to/rich-values.md for each kind."""
        from gnomon.runs.values.read import read_value

        return read_value(self.kind, self.meta, {name: self.data(name) for name in self.parts})

    def save(self, path: str | os.PathLike[str], part: str | None = None, *, overwrite: bool = False) -> None:
        """Write a part (the one that is shown, unless named) to a file."""
        self._replica.objects().restore(
            str(self._part(part)["object"]), path, overwrite=overwrite, is_tree=False
        )

    def _part(self, name: str | None) -> dict[str, Any]:
        for part in self._parts:
            if name is None or part["name"] == name:
                return part
        raise BadArgumentError(
            f"`{self.series}` at step {self.step} has no part `{name}`",
            hint=f"it has {', '.join(self.parts)}",
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """Show it in a notebook: pictures as they are, all else as text."""
        shown: dict[str, object] = {"text/plain": repr(self)}
        if self.media_type == "image/svg+xml":
            shown[self.media_type] = self.data().decode("utf-8")
        elif self.media_type in ("image/png", "image/jpeg", "image/gif"):
            from base64 import b64encode

            shown[self.media_type] = b64encode(self.data()).decode("ascii")
        return shown
