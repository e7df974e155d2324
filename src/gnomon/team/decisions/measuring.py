"""Look up what a decision rests on, and write down what is true of it today.

Always true: what cannot be found is an error, and nothing is written; a run that is hidden is no evidence.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.data import names
from gnomon.data.contract.verdict import FAIL
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.groups.definition import SeedGroup, find_group, seed_groups
from gnomon.team.decisions import claims
from gnomon.team.decisions.contradiction import Values, lead, side_of
from gnomon.team.decisions.evidence import MOST_RUNS, Evidence, Side, comparison_words
from gnomon.team.decisions.seen import Seen
from gnomon.team.references import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.claims import Claim

_NO_FINISHED = "no finished run"
_DIGITS = 12  # of a run's id in a reference: they stay enough however many runs arrive


def measure(record: Record, asked: Iterable[Claim], now: float | None = None) -> list[Evidence]:
    """Return the evidence that these claims make today; `now` is seconds since 1970 UTC.

    Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
    """
    found = _Measuring(record, time.time() if now is None else now)
    every = list({one.reference: one for one in map(found.of, dict.fromkeys(asked))}.values())
    if len(every) > claims.MOST:
        raise BadArgumentError(
            f"a decision rests on at most {claims.MOST} pieces of evidence; got {len(every)}"
        )
    return every


class _Measuring:
    """One look at the record; groups of seeds are found when the first is asked for."""

    def __init__(self, record: Record, now: float) -> None:
        self.record = record
        self.seen = Seen(record)
        self.now = now
        self._groups: list[SeedGroup] | None = None

    def of(self, one: Claim) -> Evidence:
        if one.kind in (claims.RUN, claims.VALUE):
            return self._run(one)
        if one.kind == claims.MEAN:
            return self._mean(one)
        if one.kind == claims.COMPARISON:
            return self._comparison(one)
        return self._data(one) if one.kind == claims.DATA else self._decision(one)

    # --- runs

    def _run(self, one: Claim) -> Evidence:
        run = self.record.run(one.references[0].name).id
        if self.seen.hidden_of([run]):
            raise BadArgumentError(
                f"run `{run[:8]}` is hidden, so it is no evidence",
                hint="`gnomon restore` brings it back; nothing was written",
            )
        reference, subjects = Reference("run", run[:_DIGITS]), (f"run:{run}",)
        if one.what is None:
            return Evidence(
                one.kind, str(reference), subjects, None, None, self.now, data=self._behind([run])
            )
        what = self._column(one.what)
        value = self.seen.value(run, what)
        if value is None:
            raise UnknownSubjectError(
                f"run `{run[:8]}` has no `{what}`",
                hint=f"`gnomon show {run[:8]}` lists what it has; nothing was written",
            )
        sides = (self._seeds_of(run, what),) if isinstance(value, (int, float)) else ()
        named = str(reference._replace(part=what))
        return Evidence(one.kind, named, subjects, what, value, self.now, sides, data=self._behind([run]))

    def _seeds_of(self, run: str, what: str) -> Side:
        """Return the seeds of a run's configuration, the run among them."""
        from gnomon.runs.groups.siblings import siblings

        group = siblings(self.record, run)
        runs = group.runs if group is not None else ()
        return self._side(
            group.name if group is not None else "", runs if run in runs else (*runs, run), what
        )

    def _side(self, name: str, runs: tuple[str, ...], what: str) -> Side:
        runs = runs[-MOST_RUNS:]
        of = Values(tuple(self.seen.numbers(runs, what)), tuple(self.seen.seeds(runs)))
        return side_of(name, runs, of)

    def _mean(self, one: Claim) -> Evidence:
        assert one.what is not None  # `claims` says so  # noqa: S101
        what = self._column(one.what)
        side = self._group(one.references[0].name, what)
        named = str(Reference("group", side.group, what))
        return Evidence(one.kind, named, (), what, side.mean, self.now, (side,), data=self._behind(side.runs))

    def _comparison(self, one: Claim) -> Evidence:
        assert one.what is not None and one.order is not None  # `claims` says so  # noqa: S101
        what = self._column(one.what)
        left, right = (self._group(reference.name, what) for reference in one.references)
        if left.runs == right.runs:
            raise BadArgumentError(f"`{one}` compares a group with itself")
        found = lead(self._values(left, what), self._values(right, what), one.order)
        if found is None:
            few = left if left.n < 2 else right
            raise BadArgumentError(
                f"`{few.group}` has one seed with a value of `{what}`: one seed says nothing about its own noise",
                hint="at least 2 are needed; `run:…#…` names a value of one run",
            )
        if found.verdict == "worse":
            raise BadArgumentError(
                f"the record says the opposite of `{one}`: {comparison_words(*found[1:], found.verdict)}",
                hint="nothing was written",
            )
        named = claims.Claim(
            one.kind, (Reference("group", left.group), Reference("group", right.group)), what, one.order
        )
        return Evidence(
            one.kind, str(named), (), what, None, self.now, (left, right), one.order, found.verdict, found.difference,
            found.low, found.high, self._behind([*left.runs, *right.runs]),
        )  # fmt: skip

    def _values(self, side: Side, what: str) -> Values:
        return Values(tuple(self.seen.numbers(side.runs, what)), tuple(self.seen.seeds(side.runs)))

    def _group(self, name: str, what: str) -> Side:
        if self._groups is None:
            self._groups = seed_groups(self.record)
        group = find_group(self._groups, name)
        side = self._side(group.name, group.runs, what)
        if not side.n:
            raise UnknownSubjectError(
                f"{_NO_FINISHED} of `{group.name}` has a value of `{what}`",
                hint="`gnomon runs --groups` shows what there is; nothing was written",
            )
        return side

    def _column(self, what: str) -> str:
        """Return the column that a person means; `metrics.` may be left out."""
        for key in (what, f"metrics.{what}"):
            if not self.record._unknown([key]):
                return key
        from gnomon.runs.columns import near_columns

        near = near_columns(what, self.record.column_keys())
        raise UnknownSubjectError(
            f"no run has `{what}`",
            hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
            if near
            else "`gnomon runs` shows the columns",
        )

    # --- data and decisions

    def _behind(self, runs: Sequence[str]) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
        """Return the versions of data that runs used, as they are today."""
        uses = self.seen.cells(["uses"], runs)[0] if runs else []
        versions = dict.fromkeys(str(one) for cell in uses if isinstance(cell, list) for one in cell)
        return tuple([data_as_it_is(one, self.seen.data(one)) for one in versions])

    def _data(self, one: Claim) -> Evidence:
        name = one.references[0].name
        version = self.record.data(name)
        named = f"data:{name}" if names.parse(name).tag is not None else f"data:{version.label}"
        return Evidence(
            one.kind, named, (f"data:{version.id}",), None, version.label, self.now,
            data=(data_as_it_is(version.id, version.state),),
        )  # fmt: skip

    def _decision(self, one: Claim) -> Evidence:
        from gnomon.team.writing.views import writing_called

        other = writing_called(self.record, "decision", one.references[0].name)
        return Evidence(one.kind, other.label, (f"decision:{other.id}",), None, other.state, self.now)


def data_as_it_is(id: str, state: Mapping[str, object] | None) -> tuple[str, tuple[str, ...], bool]:
    """Return (id, the contracts that a version fails, whether its bytes were erased)."""
    if state is None:
        return id, (), False
    return id, tuple(failing(state)), state.get("erased") is not None


def failing(state: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return the contracts that a version of data fails, by name: of each its latest verdict counts."""
    checks = state.get("checks")
    latest: dict[str, dict[str, object]] = {}
    for check in checks if isinstance(checks, list) else ():
        latest.setdefault(str(check["contract_name"]), check)
    return {name: check for name, check in latest.items() if check["verdict"] == FAIL}
