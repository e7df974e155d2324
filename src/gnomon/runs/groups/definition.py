"""Which runs are one configuration with different seeds: a seed group.

A group is what has the same label (`group=`) and the same parameters, those that are seeds left aside: `seed=`, and
parameters called `random_state` or something that ends in `seed`. Runs without a label that ran different scripts, or a
script and a notebook, are different groups. A run that has neither label nor parameters goes by its name and its command,
both without the seed. One label over several configurations is several groups.

Always true: each run that is not hidden is in exactly one group; a group's name is the same under every filter. Only
finished runs count as `runs`; what else there is (running, failed, hidden, repeats of others, …) is counted in `apart`. What
is read is columns of the index, never one state a run.
Not promised: that a name stays when other runs arrive. It says what tells the group from the others that there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.runs.groups.configuration import configurations
from gnomon.runs.groups.naming import named
from gnomon.runs.groups.spread import count_of
from gnomon.runs.repeats import MADE_AGAIN, REPEAT
from gnomon.runs.state import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.groups.spread import SeedCount
    from gnomon.runs.views import Record

COUNTED = "finished"
HIDDEN = "hidden"
OTHER_CODE = "other code"


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """Runs of one configuration. `seeds` stand in the order of `runs`, oldest first; `apart` counts what does not count."""

    name: str
    label: str | None
    params: Mapping[str, object] = field(
        repr=False
    )  # dotted names, without seeds; texts over 200 characters are cut
    runs: tuple[str, ...] = field(repr=False)
    seeds: tuple[object, ...]
    apart: Mapping[str, int]  # status (or 'hidden', 'repeat', 'other code') -> runs
    names: tuple[str, ...] = field(default=(), repr=False)  # what its runs are called, without their seeds
    places: tuple[int, ...] = field(default=(), repr=False)  # of `runs` in the index, for columns

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def count(self) -> SeedCount:
        """How many seeds its runs are: `str` of it is `5 seeds, 6 runs (seed 0 twice)`."""
        return count_of(self.seeds)

    def _repr_html_(self) -> str:
        from gnomon.runs.display.groups import group_html

        return group_html(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            "name": self.name, "group": self.label, "params": dict(self.params), "n": self.count.seeds,
            "runs": list(self.runs), "seeds": list(self.seeds), "apart": dict(self.apart),
        }  # fmt: skip


def seed_groups(record: Record, where: str | None = None, *, same_code: bool = False) -> list[SeedGroup]:
    """Return the seed groups of a record, of the runs that match `where`; that of the newest run first.

    `same_code` leaves out, in each group, the runs that ran other code than most of it (see `groups.code`).
    Raises BadExpressionError.
    """
    record.replica.update(record.progress)
    ids = record.replica.index.ids("run")
    table = record._cells(["status", "created", "removed", "name"], ids, None)
    statuses, created, hidden = table["status"], table["created"], table["removed"]
    wanted = frozenset(matching) if (matching := record._places(where)) is not None else None
    found, seeds = configurations(record, ids, table["name"])
    bases = [
        one.label if isinstance(one.label, str) else one.names[0] if len(one.names) == 1 else ""
        for one in found
    ]
    firsts = [ids[one.places[0]] for one in found]
    ages = [value if isinstance(value, int) else 0 for value in created]
    groups = []
    for one, name in zip(found, named(bases, [one.params for one in found], firsts), strict=True):
        places = sorted(
            [
                place
                for place in one.places
                if (wanted is None or place in wanted) and hidden[place] != WITHHELD
            ],
            key=ages.__getitem__,
        )
        apart = Counter(
            apart_as(hidden[place], statuses[place])
            for place in places
            if hidden[place] or statuses[place] != COUNTED
        )
        if len(places) == apart[HIDDEN] + apart[REPEAT]:
            continue
        counted = [place for place in places if statuses[place] == COUNTED and not hidden[place]]
        label = one.label if isinstance(one.label, str) else None
        group = SeedGroup(
            name, label, one.params, tuple([ids[place] for place in counted]), tuple([seeds[place] for place in counted]),
            dict(apart), one.names, tuple(counted),
        )  # fmt: skip
        groups.append((ages[places[-1]], group))
    groups.sort(key=lambda pair: -pair[0])
    if same_code:
        from gnomon.runs.groups.code import with_same_code

        return with_same_code(record, [group for _, group in groups])
    return [group for _, group in groups]


def apart_as(hidden: object, status: object) -> str:
    """Return why a run of a configuration is no seed of it."""
    if hidden in MADE_AGAIN:
        return REPEAT
    return HIDDEN if hidden else str(status)


def find_group(groups: Sequence[SeedGroup], text: str) -> SeedGroup:
    """Return the group that a text means: by its name, or by its label where one group has it.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    found = [one for one in groups if one.name == text] or [one for one in groups if one.label == text]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"`{one.name}`" for one in found[:5]) + (", …" if len(found) > 5 else "")
        raise AmbiguousIdError(
            f"`{text}` is the label of {len(found)} groups of seeds: {shown}", hint="name one of them"
        )
    from difflib import get_close_matches

    near = get_close_matches(text, [one.name for one in groups[:10_000]], n=3)
    meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}? " if near else ""
    raise UnknownSubjectError(
        f"there is no group of seeds `{text}`", hint=f"{meant}`gnomon runs --groups` lists them"
    )
