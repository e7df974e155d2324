"""The text that an editor opens for a new decision: the headings of MADR 4, filled in as far as the record knows.

Always true: each line of evidence says what the record has today; what cannot be compared is left out, never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.compare import direction
from gnomon.team.decisions import claims, parts
from gnomon.team.decisions.claims import Claim
from gnomon.team.decisions.measuring import measure
from gnomon.team.references import Reference, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record
    from gnomon.team.decisions.views import Decision

MOST_METRICS = 3
_METRICS = "metrics."


def references(texts: Sequence[str]) -> list[Reference]:
    """Return what `--about` names. Raises BadArgumentError."""
    found = []
    for text in texts:
        reference = parse(text)
        if reference is None:
            raise BadArgumentError(
                f"`{text}` is no reference",
                hint="it looks like `run:ab12`, `group:depth-6`, `data:credit@v3`, `question:3`",
            )
        found.append(reference)
    return found


def draft(
    record: Record,
    title: str,
    about: Sequence[Reference] = (),
    *,
    evidence: Sequence[str] = (),
    reopen_if: Sequence[str] = (),
    supersedes: Sequence[Decision] = (),
) -> str:
    """Return the text to begin with. Raises UnknownSubjectError, AmbiguousIdError, BadArgumentError."""
    from gnomon.team.cards import cards

    told = cards(record, about)
    context = [f"- {one}: {told[one].title}{_facts(told[one].facts)}" for one in about]
    context += [f"- It supersedes {old.label}: {old.title}" for old in supersedes]
    seen = measure(record, [*map(claims.claim, evidence), *claims_about(record, about)])
    options = [f"- {one.name}" for one in about if one.kind in ("group", "run")] or ["-", "-"]
    before = supersedes[0].parts if supersedes else None
    return "\n".join(
        [
            f"# {title}".rstrip(), "",
            f"## {parts.CONTEXT}", "", *(context or ([before.context] if before else [""])), "",
            f"## {parts.OPTIONS}", "", *(options if about or before is None else [before.options]), "",
            f"## {parts.CHOICE}", "", 'Chosen option: "", because', "",
            f"### {parts.CONSEQUENCES}", "", "- Good, because", "- Bad, because", "",
            f"## {parts.EVIDENCE}", "", *([f"- {one.reference} = {one.was}" for one in seen] or ["-"]), "",
            f"## {parts.REOPEN}", "", *([f"- {one}" for one in reopen_if] or ["-"]), "",
        ]
    )  # fmt: skip


def _facts(facts: Sequence[str]) -> str:
    return f" ({', '.join(facts)})" if facts else ""


def claims_about(record: Record, about: Sequence[Reference]) -> list[Claim]:
    """Return the evidence that suggests itself: metrics of runs, groups against the best of them, data, decisions."""
    found: list[Claim] = []
    groups = [one.whole for one in about if one.kind == "group"]
    for one in about:
        if one.kind == "run" and one.part is None:
            found += [claims.claim_of(one._replace(part=key)) for key in _metrics_of(record, one)]  # type: ignore[misc]
        elif one.kind != "group":
            own = claims.claim_of(one)
            found += [own] if own is not None else []
    return [*found, *_of_groups(record, groups)]


def _metrics_of(record: Record, run: Reference) -> list[str]:
    """Return the metrics of a run that say which way is better, the first few by name; without such, of any."""
    whole = record.run(run.name).id
    keys = [key for key in record.column_keys() if key.startswith(_METRICS)]
    cells = record.table_of([whole], ["id", *keys]).to_pylist()[0]
    return _that_judge([key for key in keys if cells.get(key) is not None])[:MOST_METRICS]


def _that_judge(keys: Sequence[str]) -> list[str]:
    judging = [key for key in keys if direction.guess(key.removeprefix(_METRICS)) is not None]
    return judging or list(keys)


def _of_groups(record: Record, groups: Sequence[Reference]) -> list[Claim]:
    """Return the best group against each other one, by the first metric that all have and that says what is better."""
    if len(groups) < 2:
        return []
    for key in _that_judge([key for key in record.column_keys() if key.startswith(_METRICS)]):
        way = direction.guess(key.removeprefix(_METRICS))
        try:
            means = measure(record, [Claim(claims.MEAN, (one._replace(part=key),), key) for one in groups])
        except UnknownSubjectError:
            continue  # a group has no value of it
        if way is None or len(means) < len(groups):
            continue
        sign = 1 if way == "higher" else -1
        best = max(range(len(groups)), key=lambda place: sign * (means[place].sides[0].mean or 0.0))
        order = ">" if sign > 0 else "<"
        asked = [
            Claim(claims.COMPARISON, (groups[best], one), key, order) for one in groups if one != groups[best]
        ]
        return [one for one in asked if _can_be_measured(record, one)]
    return []


def _can_be_measured(record: Record, one: Claim) -> bool:
    try:
        measure(record, [one])
    except BadArgumentError:  # one seed says nothing about its own noise
        return False
    return True
