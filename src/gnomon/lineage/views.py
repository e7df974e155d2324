"""What a person asks: what this came from, what came of it, and (see `reach`) whom that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.lineage import naming
from gnomon.lineage.describing import describe
from gnomon.lineage.graph import Graph
from gnomon.lineage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record


def lineage(
    record: Record, what: str, *, up: bool = False, down: bool = False, depth: int | None = None
) -> Graph:
    """Return what `what` came from (`up`), what came of it (`down`), or both, where neither is asked for alone.

    `what` is a run, a version (`credit@v3`), a digest, a path, or a tag. `depth` is how many steps to go, to the end unless
    given.
    Raises UnknownSubjectError, AmbiguousIdError, BadArgumentError.
    """
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise BadArgumentError(f"`depth` of `lineage()` must be a whole number from 0; got {depth!r}")
    return of_keys(record, naming.resolve(record, what), up=up, down=down, depth=depth)


def of_keys(
    record: Record, roots: Sequence[str], *, up: bool = False, down: bool = False, depth: int | None = None
) -> Graph:
    """Return the lineage of nodes that are known by their keys."""
    index = record.replica.index
    directions = [name for name, is_asked in (("up", up), ("down", down)) if is_asked] or ["up", "down"]
    walks = {name: walk(index, roots, is_up=name == "up", depth=depth) for name in directions}
    return Graph(
        roots,
        {name: one.edges for name, one in walks.items()},
        [key for one in walks.values() for key in one.keys],
        lambda keys: describe(index, keys),
        is_cut=any(one.is_cut for one in walks.values()),
    )
