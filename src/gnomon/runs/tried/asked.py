"""What is asked: a configuration, with the code and the data where they are known.

Always true: seeds are no part of it. A value is what a table's cell would hold of it, so that it can be compared with those
that are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.record.body import decode_body, encode_body
from gnomon.record.index_query import place_of
from gnomon.runs import checked
from gnomon.runs.flat import flat
from gnomon.runs.groups.configuration import DATA, digest_of, is_seed_like
from gnomon.runs.tried.code import Code, codes_of
from gnomon.runs.tried.command import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.views import Record

LONGEST = 200  # of a text in a cell of the table of runs


class UsedData(NamedTuple):
    """Data: what it is called, and the ids (of its bytes, of its version) that a run which used it may have recorded."""

    label: str
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A configuration in question. What is empty or None was not said, so it is not compared.

    `whole`: `params` are all that there are, so what a run has beyond them differs. Otherwise only what they name counts.
    """

    params: Mapping[str, object]
    whole: bool = False
    code: Code = field(default=Code())
    data: tuple[UsedData, ...] = ()
    command: Mapping[str, object] | None = None  # what its command sets, where that is all that is known
    run: str | None = None  # whose configuration it is: it is no earlier run itself
    before_us: int | None = None  # only runs that were made before
    only_same_code: bool = False
    seeds: tuple[str, ...] = ()  # names that were given and do not count


def asked_of(params: Mapping[str, object], *, whole: bool = False) -> Asked:
    """Return the question that parameters are, nested ones by dotted names. Raises BadArgumentError."""
    if not hasattr(params, "keys") or not hasattr(params, "__getitem__"):
        raise BadArgumentError(
            f"`params` of `tried()` must be a dict of names and values; got {type(params).__qualname__}",
            hint='for instance `record.tried({"lr": 0.1})`',
        )
    given = {str(key): params[key] for key in params.keys()}  # noqa: SIM118  a Mapping-like may iterate otherwise
    plain = decode_body(encode_body(given))  # as it would come back from the record
    cells = {name: checked.marked_cell(value, LONGEST) for name, value in flat(plain) if value is not None}
    seeds = tuple([name for name in cells if is_seed_like(name)])
    return Asked(
        {name: value for name, value in cells.items() if name not in seeds}, whole=whole, seeds=seeds
    )


def asked_of_run(record: Record, run: str) -> Asked:
    """Return the question that a recorded run is (a whole id): whether what it tried was tried before it."""
    view = record.run_of(run)
    index = record.replica.index
    place = index.ask(lambda database: place_of(database, f"run:{run}"))
    assert place is not None  # `run_of` found it  # noqa: S101
    own = asked_of(view.params, whole=True)
    (code,) = codes_of(index, [place])
    command = None if own.params else view.command
    return Asked(
        own.params, whole=True, code=code, data=_data_of(record, place), run=run, before_us=round(view.created * 1e6),
        command=settings(command[:LONGEST_COMMAND]) if command else None, seeds=own.seeds,
    )  # fmt: skip


LONGEST_COMMAND = 500  # of a command in the table of processes


def data_label(name: str, version: object) -> str:
    """Return what data is called: `credit@v3`.

    >>> data_label("credit", "v3"), data_label("train", "credit@v3")
    ('credit@v3', 'credit@v3')
    """
    return str(version) if "@" in str(version) else f"{name}@{version}"


def _data_of(record: Record, place: int) -> tuple[UsedData, ...]:
    index = record.replica.index
    keys = [key for key in index.keys("run") if key.startswith(DATA)]
    cells = index.columns("run", [*keys, *map(digest_of, keys)], [place])
    return tuple(
        [
            UsedData(
                data_label(key[len(DATA) :], cells[key][0]),
                frozenset(str(cells[digest_of(key)][0]).split(", ")),
            )
            for key in keys
            if cells[key][0] is not None
        ]
    )
