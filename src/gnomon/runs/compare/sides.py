"""What is compared: runs by their id, and groups of seeds by their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

FEWEST = 2
MOST = 20


class Side(NamedTuple):
    """A run, or a group of seeds: then `view` is its newest run, which speaks for all where facts are compared."""

    title: str
    view: RunView
    ids: tuple[str, ...]
    places: tuple[int, ...]  # in the index
    seeds: tuple[object, ...]
    group: SeedGroup | None = None

    @property
    def name(self) -> str | None:
        """What people call it."""
        return self.group.name if self.group is not None else self.view.name


def sides(record: Record, names: Sequence[str]) -> list[Side]:
    """Return what is to be compared. Raises UsageError, UnknownSubjectError, AmbiguousIdError, BadArgumentError."""
    if len(names) < FEWEST:
        raise UsageError(
            f"`compare` needs two runs or more; got {len(names)}",
            hint="`gnomon compare RUN RUN`, or `gnomon compare --groups METRIC` for groups of seeds",
        )
    if len(names) > MOST:
        raise BadArgumentError(
            f"`compare` takes at most {MOST} runs side by side; got {len(names)}",
            hint="`gnomon runs` lists more, and `gnomon compare --groups METRIC` compares groups of seeds",
        )
    found = _Finder(record)
    chosen = [found.side(name) for name in names]
    whole = [one.group.name if one.group is not None else one.view.id for one in chosen]
    for name in whole:
        if whole.count(name) > 1:
            raise BadArgumentError(f"`{name}` was given twice to `compare`", hint="give each run once")
    return [one._replace(title=_short(one.title, whole)) if one.group is None else one for one in chosen]


def _short(id_: str, others: Sequence[str]) -> str:
    """Return as much of an id as tells it from the others here; at least 8 digits."""
    from gnomon.ids import SHOWN_LENGTH

    digits = SHOWN_LENGTH
    while digits < len(id_) and sum(other[:digits] == id_[:digits] for other in others) > 1:
        digits += 1
    return id_[:digits]


class _Finder:
    """Finds runs and groups; groups are looked for only where a text is no run's id."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._groups: list[SeedGroup] | None = None
        self._places: dict[str, int] = {}

    def side(self, text: str) -> Side:
        try:
            view = self._record.run(text)
        except (
            UnknownSubjectError,
            AmbiguousIdError,
        ) as error:  # several runs with one name may be a group of seeds
            return self._group(text, error)
        if not self._places:
            self._places = {run: place for place, run in enumerate(self._record.replica.index.ids("run"))}
        return Side(view.id, view, (view.id,), (self._places[view.id],), (view.seed,))

    def _group(self, text: str, error: UnknownSubjectError | AmbiguousIdError) -> Side:
        from gnomon.runs.groups.definition import find_group, seed_groups

        if self._groups is None:
            self._groups = seed_groups(self._record)
        try:
            group = find_group(self._groups, text)
        except UnknownSubjectError:
            if isinstance(error, AmbiguousIdError):
                raise error from None
            if text.startswith("@"):
                raise error from None
            raise UnknownSubjectError(
                f"no run has this name or an id that begins with `{text}`, and no group of seeds is called so",
                hint=error.hint,
            ) from None
        if not group.runs:
            raise UnknownSubjectError(
                f"the group of seeds `{group.name}` has no finished run yet",
                hint="give its runs by their ids",
            )
        return Side(
            group.name, self._record.run(group.runs[-1]), group.runs, group.places, group.seeds, group
        )
