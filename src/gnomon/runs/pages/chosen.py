"""Which runs a comparison is about, by its address: `run=` for each, or `where=` for all that match; the newest unless given."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.called import run_called

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.page import Ask

NEWEST = 10
MOST_NAMED = 500
PARTS = (
    ("curves", "Curves", "/compare"),
    ("differences", "Differences", "/compare/differences"),
    ("groups", "Seed groups", "/compare/groups"),
    ("parallel", "Parallel coordinates", "/compare/parallel"),
    ("scatter", "Scatter", "/compare/scatter"),
    ("importance", "Importance", "/compare/importance"),
    ("media", "Media", "/compare/media"),
)
"""The parts of the comparison: name, title, path."""


class Chosen(NamedTuple):
    """The runs: whole ids in the order of the address, or newest first; `total` counts also those beyond the limit.

    `query` is what says so in an address, for the links of the page.
    """

    ids: list[str]
    total: int
    query: Mapping[str, object]
    is_default: bool


def chosen(ask: Ask, most: int) -> Chosen:
    """Return at most so many runs. Raises UnknownSubjectError, AmbiguousIdError, BadExpressionError, BadArgumentError."""
    named, where = ask.query.listed("run"), ask.query.text("where")
    if len(named) > MOST_NAMED:
        raise BadArgumentError(
            f"an address may name at most {MOST_NAMED} runs; got {len(named):,}", hint="use `where=`"
        )
    if named:
        ask.record.replica.update()
        ids = list(dict.fromkeys(run_called(ask.record, one) for one in named))
        return Chosen(ids[:most], len(ids), {"run": ids}, is_default=False)
    limit = most if where else min(most, NEWEST)
    table = ask.record.runs(where or None, columns=["id"], sort=ask.query.all("sort") or None, limit=limit)
    query = {"where": where, "sort": ask.query.all("sort")} if where else {}
    return Chosen(list(table.ids), table.total, query, is_default=not where)
