"""Whether the evidence of decisions still stands: asked of the record now, for many decisions together.

| verdict | when |
|---|---|
| *changed* | a run was hidden or has another value now; data was erased, failed a contract, or its tag moved |
| | a decision below was superseded or rejected; later runs contradict it; a condition that reopens it holds |
| *weakened* | a comparison can no longer be told from noise, or a later run differs where nobody knows the noise |
| *cannot tell* | what it rests on is not in this replica |
| *intact* | none of these: runs of other data, code or groups, notes, tags, names and seeds that agree change nothing |

Always true: a verdict is a function of the decision and the record; nothing is stored. What did not move is not
judged again: columns are compared with the values that the evidence holds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gnomon.errors import GnomonError
from gnomon.runs import entries as run_entries
from gnomon.team.decisions import claims, contradiction
from gnomon.team.decisions.contradiction import CHANGED, INTACT, UNKNOWN, Sides, Values
from gnomon.team.decisions.evidence import comparison_words, evidence_of, shown, side_words, written
from gnomon.team.decisions.grounds import By, Ground, Standing
from gnomon.team.decisions.later import later_runs
from gnomon.team.decisions.measuring import failing
from gnomon.team.decisions.reopen import Lookup, conditions_of, held
from gnomon.team.decisions.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.evidence import Evidence, Side
    from gnomon.team.writing.views import Writing

MOST_BY = 10
_WITHOUT = "some of its runs have no value in this replica"


def standing(record: Record, decision: Writing, now: float | None = None) -> Standing:
    """Return how the evidence of a decision stands at `now`, seconds since 1970 UTC."""
    return standings(record, [decision], now)[0]


def standings(record: Record, decisions: Sequence[Writing], now: float | None = None) -> list[Standing]:
    """Return how the evidence of each of these decisions stands; the runs are looked through once for all."""
    if not decisions:
        return []
    record.replica.update(record.progress)
    seen = Seen(record)
    moment = time.time() if now is None else now
    every = [evidence_of(one.fields) for one in decisions]
    flat = [one for evidence in every for one in evidence]
    judged = iter(_Judging(seen, flat).grounds(_superseded_by(decisions, every)))
    conditions = [conditions_of(one.fields) for one in decisions]
    lookup = Lookup(seen, [one for own in conditions for one in own])
    found = []
    for evidence, own in zip(every, conditions, strict=True):
        grounds = [next(judged) for _ in evidence]
        for condition in own:
            one = held(condition, lookup, moment)
            by = tuple([By(subject, one.since) for subject in one.by])
            why = f"the condition holds: {one.now}" if one.verdict == CHANGED else one.now
            grounds.append(Ground(condition.text, one.verdict, "not so", one.now, why, one.since, by, True))
        found.append(Standing(tuple(grounds)))
    return found


def _superseded_by(decisions: Sequence[Writing], every: Sequence[Sequence[Evidence]]) -> list[frozenset[str]]:
    """Return, for each piece of evidence, the decisions that its decision supersedes: that those moved is no news."""
    from gnomon.runs import checked

    found = []
    for decision, evidence in zip(decisions, every, strict=True):
        replaced = frozenset(checked.texts(decision.fields.get("supersedes")))
        found += [replaced] * len(evidence)
    return found


class _Judging:
    """Many pieces of evidence, judged together: the runs that came since are looked for once."""

    def __init__(self, seen: Seen, evidence: Sequence[Evidence]) -> None:
        self._seen = seen
        self._evidence = evidence
        sets = list(dict.fromkeys(side.runs for one in evidence for side in one.sides if side.runs))
        self._later = dict(zip(sets, later_runs(seen, sets), strict=True)) if sets else {}

    def grounds(self, replaced: Sequence[frozenset[str]]) -> list[Ground]:
        """Return what became of each; `replaced` are, for each, the ids of decisions whose end is no news."""
        return [self._ground(one, own) for one, own in zip(self._evidence, replaced, strict=True)]

    def _ground(self, one: Evidence, replaced: frozenset[str]) -> Ground:
        if one.kind == claims.DECISION:
            return self._decision(one, replaced)
        if one.kind == claims.DATA:
            return self._tag(one) or self._bytes(one) or _ground(one, INTACT, str(one.value))
        found = self._absent(one) or self._hidden(one) or self._bytes(one)
        if found is not None:
            return found
        if one.kind == claims.RUN:
            return _ground(one, INTACT, "is there")
        if one.kind == claims.VALUE:
            return self._value(one)
        return self._mean(one) if one.kind == claims.MEAN else self._comparison(one)

    # --- what it rests on

    def _absent(self, one: Evidence) -> Ground | None:
        missing = [run for runs in one.runs for run in self._seen.absent(runs)]
        if not missing:
            return None
        return _ground(one, UNKNOWN, "not here", f"{_runs(missing)} not in this replica, or withheld")

    def _hidden(self, one: Evidence) -> Ground | None:
        hidden = [run for runs in one.runs for run in self._seen.hidden_of(runs)]
        if not hidden:
            return None
        by = [self._entry(f"run:{run}", run_entries.REMOVED) for run in hidden[:MOST_BY]]
        return _ground(one, CHANGED, "hidden", f"{_runs(hidden)} hidden", by)

    def _bytes(self, one: Evidence) -> Ground | None:
        """Return what became of the data behind it: erased, or a contract failed that it did not fail that day."""
        for version, failed_then, was_erased in one.data:
            state = self._seen.data(version)
            if state is None:
                continue
            label = f"{state['name']}@v{state['number']}" if state["name"] else version[:8]
            erased = state["erased"]
            if erased is not None and not was_erased:
                by = By(f"data:{version}", erased["time_us"] / 1e6, erased["writer"])
                return _ground(one, CHANGED, "erased", f"the bytes of {label} were erased", [by])
            new = {name: check for name, check in failing(state).items() if name not in failed_then}
            if new:
                name, check = min(new.items())
                when, head = check["time_us"] / 1e6, check["heads"][0]  # type: ignore[operator, index]
                by = By(f"data:{version}", when, str(check["writer"]), head)
                return _ground(one, CHANGED, "fails", f"{label} fails the contract `{name}`", [by])
        return None

    def _tag(self, one: Evidence) -> Ground | None:
        """Return that the name of a version means another one now, where it was named by a tag."""
        from gnomon.data import names

        name = one.reference.removeprefix("data:")
        version = one.subjects[0].partition(":")[2]
        state = self._seen.data(version)
        if state is None:
            return _ground(one, UNKNOWN, "not here", f"{name} is not in this replica")
        try:
            spec = names.parse(name)
            if spec.tag is None or (spec.tag in state["tags"] and self._only(spec, version)):
                return None
        except GnomonError:  # the reference was written by another version of Gnomon, or by hand
            return None
        entries = self._seen.index.live("data", version)
        newest = max((entry.time_us for entry in entries if entry.kind == "data.tagged"), default=None)
        when = newest / 1e6 if newest is not None else None
        return _ground(
            one, CHANGED, "another version", f"the tag `{spec.tag}` moved", [By(f"data:{version}", when)]
        )

    def _only(self, spec: Any, version: str) -> bool:
        """Whether a tag of a data set is that of this version alone."""
        from gnomon.data.views import rows

        tagged = {row.id for row in rows(self._seen.index, spec.name) if spec.tag in row.tags}
        return tagged == {version}

    def _decision(self, one: Evidence, replaced: frozenset[str]) -> Ground:
        other = one.subjects[0].partition(":")[2]
        try:
            state: Any = self._seen.index.state("decision", other)
        except GnomonError:
            return _ground(one, UNKNOWN, "not here", "it is not in this replica")
        now = str(state["state"])
        if now == one.value or now not in ("superseded", "rejected") or other in replaced:
            return _ground(one, INTACT, now)
        last = state["states"][-1]
        by = By(one.subjects[0], last["time_us"] / 1e6, last["writer"])
        return _ground(one, CHANGED, now, f"it was {now}", [by])

    # --- what it says

    def _value(self, one: Evidence) -> Ground:
        run = one.runs[0][0]
        assert one.what is not None  # `evidence_of` says so  # noqa: S101
        value = self._seen.value(run, one.what)
        if value is None:
            return _ground(one, UNKNOWN, "nothing", f"the run has no `{one.what}` in this replica")
        if not _is_same(value, one.value):
            by = self._since_then(run, one.time)
            return _ground(one, CHANGED, shown(value), f"the run has {shown(value)} now", [by])
        side = one.sides[0] if one.sides else None
        if side is None or not isinstance(value, (int, float)):
            return _ground(one, INTACT, shown(value))
        return self._against(one, side, float(value), 1, shown(value))

    def _mean(self, one: Evidence) -> Ground:
        side = one.sides[0]
        if self._is_as_it_was(side, one.what):
            return self._against(one, side, side.mean or 0.0, side.n, side_words(side))
        moved, lost = self._moved(one)
        again = contradiction.side_of(side.group, side.runs, self._now(side, one.what))
        if lost or side.mean is None or again.mean is None:
            return _ground(one, UNKNOWN, "nothing", _WITHOUT)
        if not _is_same(again.mean, side.mean):
            by = [self._since_then(run, one.time) for run in moved[:MOST_BY]]
            return _ground(
                one, CHANGED, side_words(again), f"its runs have another mean now: {again.mean:.6g}", by
            )
        return self._against(one, side, side.mean, side.n, side_words(side))

    def _against(self, one: Evidence, side: Side, claimed: float, weight: int, text: str) -> Ground:
        later = self._later.get(side.runs, [])
        if not later:
            return _ground(one, INTACT, text)
        then = self._now(side, one.what)
        since = self._values(later, one.what)
        found = contradiction.against(claimed, weight, then.of_seeds, since.of_seeds)
        if found.verdict == INTACT:
            return _ground(one, INTACT, text)
        return _ground(one, found.verdict, text, found.why, self._made(later, since))

    def _comparison(self, one: Evidence) -> Ground:
        lefts, rights = (self._later.get(side.runs, []) for side in one.sides)
        if not lefts and not rights and all(self._is_as_it_was(side, one.what) for side in one.sides):
            return _ground(one, INTACT, one.was)
        moved, lost = self._moved(one)
        if lost:
            return _ground(one, UNKNOWN, "nothing", _WITHOUT)
        then = [self._now(side, one.what) for side in one.sides]
        later = [self._values(runs, one.what) for runs in (lefts, rights)]
        was = contradiction.Lead(one.verdict or UNKNOWN, one.difference, one.low, one.high)
        found, now = contradiction.contested(was, one.order or ">", Sides(*then, *later))
        words = comparison_words(now.difference, now.low, now.high, now.verdict) if now else "cannot tell"
        if found.verdict == INTACT:
            return _ground(one, INTACT, words)
        by = [*self._made(lefts, later[0]), *self._made(rights, later[1])]
        by += [self._since_then(run, one.time) for run in moved[:MOST_BY]]
        return _ground(one, found.verdict, words, f"{found.why}: {words}", by)

    # --- values, and who made them

    def _is_as_it_was(self, side: Side, what: str | None) -> bool:
        """Whether the runs of that day have the values that they had; where one is NaN, nobody says so."""
        assert what is not None  # `evidence_of` says so  # noqa: S101
        return side.values == self._seen.written(side.runs, what)

    def _moved(self, one: Evidence) -> tuple[list[str], list[str]]:
        """Return the runs that have another value now, and those that had one and have none in this replica."""
        moved: list[str] = []
        lost: list[str] = []
        for side in one.sides:
            now = self._seen.numbers(side.runs, one.what or "")
            for run, value, was in zip(side.runs, now, side.values.split(" "), strict=False):
                if written([value]) != was:
                    (moved if value is not None else lost).append(run)
        return moved, lost

    def _now(self, side: Side, what: str | None) -> Values:
        """Return the values that the runs of that day have now."""
        return self._values(side.runs, what)

    def _values(self, runs: Sequence[str], what: str | None) -> Values:
        absent = frozenset(self._seen.absent(tuple(runs)))
        here = tuple([run for run in runs if run not in absent])
        assert what is not None  # `evidence_of` says so  # noqa: S101
        return Values(tuple(self._seen.numbers(here, what)), tuple(self._seen.seeds(here)) if here else ())

    def _made(self, runs: Sequence[str], of: Values) -> list[By]:
        """Return the runs that have a value, the earliest first, each with when it ended."""
        found = []
        for run, value in zip(runs, of.values, strict=True):
            if value is not None:
                ended = self._seen.stored("ended")[self._seen.place[run]]
                found.append(By(f"run:{run}", ended / 1e6 if isinstance(ended, int) else None))
        return sorted(found, key=lambda one: (one.time is None, one.time or 0.0, one.subject))[:MOST_BY]

    def _entry(self, subject: str, kind: str) -> By:
        """Return the latest entry of a kind about a subject."""
        of, _, digits = subject.partition(":")
        found = [entry for entry in self._seen.index.live(of, digits) if entry.kind == kind]
        if not found:
            return By(subject, None)
        last = max(found, key=lambda entry: (entry.time_us, entry.hash))
        return By(subject, last.time_us / 1e6, last.writer, last.hash)

    def _since_then(self, run: str, time: float) -> By:
        """Return the first entry with which a run went on after a time; the run alone where none says so."""
        kinds = (run_entries.JOINED, run_entries.ENDED)
        found = [
            entry
            for entry in self._seen.index.live("run", run)
            if entry.kind in kinds and entry.time_us / 1e6 > time
        ]
        if not found:
            return By(f"run:{run}", None)
        first = min(found, key=lambda entry: (entry.time_us, entry.hash))
        return By(f"run:{run}", first.time_us / 1e6, first.writer, first.hash)


def _ground(one: Evidence, verdict: str, now: str, why: str = "", by: Iterable[By] = ()) -> Ground:
    found = tuple(by)
    since = min((who.time for who in found if who.time is not None), default=None)
    return Ground(one.reference, verdict, one.was, now, why, since, found)


def _is_same(a: object, b: object) -> bool:
    return a == b or (a != a and b != b)


def _runs(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return f"run {ids[0][:8]} is"
    return f"{len(ids):,} of its runs are"
