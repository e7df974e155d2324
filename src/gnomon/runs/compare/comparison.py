"""Two or more runs compared: what differs of what is recorded, then their metrics. What `gnomon.open().compare(…)` returns.

Always true: what was not recorded of a run is said in `unrecorded`, and never counts as equal or as different. That runs differ
in their seed only is said where nothing else that is recorded tells them apart.
Not promised: data that a run read without saying so. What it used is what `run.use` recorded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.compare import facts
from gnomon.runs.compare.at import parse_at
from gnomon.runs.compare.code import code_of, diff_of
from gnomon.runs.compare.facts import Differences, differences
from gnomon.runs.compare.metrics import metric_rows, step_notes_of
from gnomon.runs.compare.sides import sides
from gnomon.runs.groups.spread import PARTLY, Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.code import Code, CodeDiff
    from gnomon.runs.compare.metrics import MetricRow
    from gnomon.runs.compare.repository import Repository
    from gnomon.runs.compare.sides import Side
    from gnomon.runs.views import Record

_CODE = (
    "kind",
    "commit",
    "branch",
    "is_dirty",
    "changed_count",
    "untracked_count",
    "kept_count",
    "is_cut",
    "fingerprint",
    "root_name",
    "script",
)
_ENVIRONMENT = {"python": "", "package": "package.", "machine": "machine.", "env": "env."}
_MOST_NAMED = 4


class Compared(NamedTuple):
    """A run in a comparison, or a group of seeds: then `id` is that of its newest run, which speaks for it."""

    title: str
    id: str
    name: str | None
    status: str
    group: str | None
    seed: object  # of a group: the list of its seeds
    runs: int
    created: float
    ids: tuple[str, ...] = ()  # of all its runs

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        from gnomon.runs.table import iso_time

        plain = {name: value for name, value in self._asdict().items() if name != "ids"}
        return {**plain, "created": iso_time(self.created)}


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """How some runs differ. Lists of values stand in the order of `runs`; `code_diffs` are to the first run, of each other."""

    runs: tuple[Compared, ...]
    params: Differences
    seeds: Differences  # `seed`, and parameters that are seeds by their name
    code: tuple[dict[str, object], ...]
    code_diffs: tuple[CodeDiff, ...]
    environment: Differences  # python, package.NAME, machine.NAME, env.NAME
    command: Differences  # command, and cells of notebooks
    data: Differences  # data that `run.use` recorded, by name: the versions
    kept: Differences  # kept files by name: their digests
    metrics: tuple[MetricRow, ...]
    at: str
    unrecorded: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())
    job: tuple[str, ...] = field(default=())  # variables that differ and only name a job
    differs_in: tuple[str, ...] = field(
        default=()
    )  # 'params', 'code', 'environment', 'command', 'data', 'seed'

    @property
    def is_same(self) -> bool:
        """Whether nothing that is recorded tells the runs apart."""
        return not self.differs_in

    @property
    def is_pair_of_seeds(self) -> bool:
        """Whether the runs differ in their seed only."""
        return self.differs_in == ("seed",)

    @property
    def sentence(self) -> str:
        """What differs, in a sentence."""
        from gnomon.runs.compare.sentence import sentence_of

        return sentence_of(self)

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return (
            f"<Comparison of {words(', '.join(one.title for one in self.runs))}: {words(self.sentence, 500)}>"
        )

    def _repr_html_(self) -> str:
        from gnomon.runs.display.comparison import comparison_html

        return comparison_html(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon compare --json` prints them."""
        return {
            "runs": [one.to_dict() for one in self.runs],
            "sentence": self.sentence,
            "differs_in": list(self.differs_in),
            "is_same": self.is_same,
            "is_pair_of_seeds": self.is_pair_of_seeds,
            "params": self.params.to_dict(),
            "seeds": self.seeds.to_dict(),
            "code": [dict(one) for one in self.code],
            "code_diffs": [one.to_dict() for one in self.code_diffs],
            "environment": self.environment.to_dict(),
            "command": self.command.to_dict(),
            "data": {"versions": self.data.to_dict(), "kept": self.kept.to_dict()},
            "at": self.at,
            "metrics": [one.to_dict() for one in self.metrics],
            "unrecorded": list(self.unrecorded),
            "notes": list(self.notes),
        }


def compare(
    record: Record,
    names: Sequence[str],
    *,
    at: str = "last",
    better: str | None = None,
    metrics: Sequence[str] = (),
) -> Comparison:
    """Compare runs, given by id, or groups of seeds, given by name.

    `metrics` are names or patterns (`val/*`); all but those of the system, unless given. Raises UsageError, BadArgumentError,
    UnknownSubjectError, AmbiguousIdError.
    """
    point = parse_at(at)
    if better not in (None, "higher", "lower"):
        raise BadArgumentError(f"`better` must be 'higher' or 'lower'; got {better!r}")
    chosen = sides(record, names)
    rows = metric_rows(record, chosen, point, better, [metrics] if isinstance(metrics, str) else metrics)  # type: ignore[arg-type]
    captured = [one.view.captured for one in chosen]
    params, seeds = zip(*[facts.params_of(one.view.params) for one in chosen], strict=True)
    code = [code_of(one.title, kept) for one, kept in zip(chosen, captured, strict=True)]
    diffs = code_diffs(record, code)
    surroundings = [facts.environment_of(one) for one in captured]
    uses = [one.view.uses for one in chosen]
    data = differences(facts.data_of(uses)) if all(uses) else Differences({}, 0)
    unrecorded = _unrecorded(chosen, surroundings, code)
    environment, job = _environment(surroundings)
    # What one run of a group was called with and kept is its own, and no difference between two groups.
    is_grouped = any(one.group is not None for one in chosen)
    commands = [facts.command_of(one) for one in captured]
    if is_grouped:
        commands = [facts.without_seeds(one) for one in commands]
    cells = facts.cells_of([one.view for one in chosen])
    kept = [{} if is_grouped else {one.name: one.object for one in side.view.kept} for side in chosen]
    found_params = differences(params)
    found_seeds = differences([_seeds(one, more) for one, more in zip(chosen, seeds, strict=True)])
    differs = {
        "params": bool(found_params),
        "code": any(one.files for one in diffs) or _commits_differ_unseen(code, diffs),
        "environment": bool(environment),
        "command": len({facts.without_seeds(one) for one in commands if one is not None}) > 1
        or len({one for one in cells if one is not None}) > 1,
        "data": bool(data),
        "seed": bool(found_seeds),
    }
    return Comparison(
        runs=tuple(map(_compared, chosen)),
        params=found_params,
        seeds=found_seeds,
        code=tuple(
            {"title": one.title, **{key: one.facts[key] for key in _CODE if key in one.facts}} for one in code
        ),
        code_diffs=tuple(diffs),
        environment=environment,
        command=differences(
            [
                {name: fact for name, fact in (("command", one), ("cells", its)) if fact is not None}
                for one, its in zip(commands, cells, strict=True)
            ]
        ),
        data=data,
        kept=differences(kept),
        metrics=tuple(rows),
        at=str(point),
        unrecorded=unrecorded,
        notes=(*_notes(record, chosen, rows), *step_notes_of(rows, [one.title for one in chosen], point)),
        job=job,
        differs_in=tuple(part for part, is_other in differs.items() if is_other),
    )


def _compared(side: Side) -> Compared:
    view, group = side.view, side.group
    seed: object = view.seed if group is None else list(group.seeds)
    status = view.status if group is None else "finished"
    return Compared(
        side.title, view.id, side.name, status, view.group, seed, len(side.ids), view.created, side.ids
    )


def _seeds(side: Side, more: dict[str, object]) -> dict[str, object]:
    """Return the seed, and the parameters that are seeds and do not just repeat it."""
    if side.group is not None:
        return {"seed": sorted(set(map(str, side.seeds)))}
    seed = side.view.seed
    found = {} if seed is None else {"seed": seed}
    return {**found, **{name: value for name, value in more.items() if seed is None or value != seed}}


def code_diffs(record: Record, code: Sequence[Code]) -> list[CodeDiff]:
    """Return how the code of each run but the first differs from that of the first."""
    from gnomon.scrub.scrubber import Scrubber

    scrubber = Scrubber(environ=os.environ, home=os.path.expanduser("~"))
    places = [os.path.dirname(record.path), os.getcwd()]
    commits = list(dict.fromkeys(one.commit for one in code if one.commit))
    opened: list[Repository | str] = []

    def find(_: list[object]) -> Repository | str:
        if not opened:
            from gnomon.runs.compare.repository import find_repository

            opened.append(find_repository(places, commits, scrubber))
        return opened[0]

    return [diff_of(code[0], other, find, scrubber) for other in code[1:]]


def _commits_differ_unseen(code: Sequence[Code], diffs: Sequence[CodeDiff]) -> bool:
    """Return whether runs ran on different commits that are not here: that their code is equal cannot be said then."""
    return any(
        not diff.files and other.commit != code[0].commit and not diff.is_whole
        for other, diff in zip(code[1:], diffs, strict=True)
        if diff.is_known
    )


def _environment(surroundings: Sequence[dict[str, dict[str, object]]]) -> tuple[Differences, tuple[str, ...]]:
    """Return what differs of what was recorded of all runs, and the variables that differ and only name a job."""
    differ: dict[str, list[object]] = {}
    same: dict[str, object] = {}
    job: list[str] = []
    for part, prefix in _ENVIRONMENT.items():
        known = [one[part] for one in surroundings if part in one]
        if len(known) < len(surroundings) and (part != "env" or not known):
            continue  # a run without variables has none; one without packages was not looked at
        found = differences([one.get(part, {}) for one in surroundings])
        same.update({prefix + name: value for name, value in found.same.items()})
        for name, values in found.differ.items():
            if part == "env" and facts.is_of_job(name):
                job.append(name)
            else:
                differ[prefix + name] = values
    return Differences(differ, len(same), same), tuple(job)


def _unrecorded(
    chosen: Sequence[Side], surroundings: Sequence[dict[str, dict[str, object]]], code: Sequence[Code]
) -> tuple[str, ...]:
    """Return what was not recorded, and of which runs: sentences."""
    missing: dict[str, list[str]] = {}
    has_data = any(side.view.uses for side in chosen)  # where no run said what it used, nobody asked it to
    for side, around, one in zip(chosen, surroundings, code, strict=True):
        absent = [
            what
            for part, what in (("python", "Python"), ("package", "packages"), ("machine", "machine"))
            if part not in around
        ]
        absent += ["code"] if not one.is_recorded else []
        absent += ["data"] if has_data and not side.view.uses else []
        if absent:
            missing.setdefault(", ".join(absent), []).append(side.title)
    everyone = [one.title for one in chosen]
    return tuple(
        f"{what} of {'all' if titles == everyone else ' and '.join(titles)}"
        for what, titles in missing.items()
    )


def _notes(record: Record, chosen: Sequence[Side], rows: Sequence[MetricRow]) -> list[str]:
    from gnomon.runs.groups.code import code_notes
    from gnomon.runs.groups.contest import name_notes

    groups = [one.group for one in chosen if one.group is not None]
    notes = []
    if groups:
        notes.append("of a group of seeds, its newest run speaks for code, environment, command and data")
        notes += [
            *code_notes(record, groups, "`gnomon compare --groups METRIC --same-code`"),
            *name_notes(groups),
        ]
    if any(isinstance(value, Spread) and value.failed for row in rows for value in row.values):
        notes.append(PARTLY)
    for one in chosen:
        apart = one.group.apart if one.group is not None else {}
        if apart:
            counts = ", ".join(f"{count:,} {status}" for status, count in apart.items())
            notes.append(f"runs of {one.title} that do not count: {counts}")
        if one.view.conflicts and one.group is None:
            notes.append(
                f"of {one.title} two said different things ({', '.join(one.view.conflicts)}); see `gnomon show`"
            )
    return notes
