"""What a sweep writes down: that it was made or extended, that a run began, what came of it.

Always true: when one of these returns, another process on this machine sees the entry; it is on the disk within a second.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.file import Plan, plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.sweep.trials import Attempt
    from gnomon.runs.sweep.views import Sweep
    from gnomon.session import Session

_FIXED = ("command", "metric", "goal", "at", "sampler", "sampler_seed", "space", "pruning", "pick")


def make(session: Session, plan: Plan) -> str:
    """Write down a new sweep and return its id."""
    sweep = secrets.token_hex(entries.SWEEP_ID_BYTES)
    body: dict[str, object] = {"name": plan.name, "file": without_secrets(plan.table)}
    session.append(entries.MADE, entries.sweep_subject(sweep), body, strict=True)
    return sweep


def extend(session: Session, sweep: Sweep, plan: Plan) -> None:
    """Write down what a file asks beyond the sweep that it goes on with. Raises BadArgumentError for another one."""
    check_extends(sweep, plan)
    file = without_secrets(plan.table)
    if file != sweep.plan.table:
        body: dict[str, object] = {"name": plan.name, "file": file}
        session.append(entries.MADE, entries.sweep_subject(sweep.id), body, over=sweep.heads, strict=True)


def check_extends(sweep: Sweep, plan: Plan) -> None:
    """Raise BadArgumentError, which names the key, where a file is not that of a sweep with more seeds or trials at most."""
    file = without_secrets(plan.table)
    known = sweep.plan
    for key in _FIXED:
        ours, theirs = getattr(plan_of(file, plan.name), key), getattr(known, key)
        if ours != theirs:
            what, before, now = _difference(key, theirs, ours)
            raise BadArgumentError(
                f"`{what}` differs from the sweep `{known.name}` ({sweep.id[:8]}): it was {before}, now it is {now}",
                hint="put it back to go on with that sweep, or begin another one: `gnomon sweep --new`",
            )
    missing = [seed for seed in known.seeds if seed not in plan.seeds]
    if missing or (plan.trials < known.trials):
        what = (
            f"seeds: {', '.join(map(str, missing))} left out"
            if missing
            else f"trials: {plan.trials} after {known.trials}"
        )
        raise BadArgumentError(
            f"the sweep `{known.name}` ({sweep.id[:8]}) was begun with more ({what})",
            hint="more seeds and trials extend a sweep, fewer are another one: `gnomon sweep --new`",
        )


def _difference(key: str, before: Any, now: Any) -> tuple[str, str, str]:
    """Return the key of the file that differs, and both values, short."""
    if key != "space":
        return key, _shown(before), _shown(now)
    was, is_ = {one.name: one for one in before}, {one.name: one for one in now}
    for name in {**was, **is_}:
        if was.get(name) != is_.get(name):
            return f"params.{name}", _shown(was.get(name)), _shown(is_.get(name))
    return "params", "in another order", "in this one"


def _shown(value: Any) -> str:
    from gnomon.text import clean

    if value is None:
        return "not there"
    text = " ".join(map(str, value)) if type(value) is tuple else str(value)
    return f"`{clean(text)[:200]}`"


def without_secrets(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a file as the record may hold it."""
    from gnomon.runs.capture.capture import scrubber_here

    clean = scrubber_here().value("sweep", dict(table), "sweep")
    return clean if isinstance(clean, dict) else dict(table)


def begin(session: Session, sweep: str, one: Attempt) -> str:
    """Write down that a run of a sweep begins; return the hash, which its end goes over."""
    found = session.append(entries.BEGUN, entries.trial_subject(one.run), _said(sweep, one), strict=True)
    return str(found)


def end(session: Session, sweep: str, one: Attempt) -> None:
    """Write down what came of a run of a sweep."""
    body = _said(sweep, one)
    body["status"], body["began_us"] = one.status, one.began_us
    for key in ("value", "step", "why", "duration_s"):
        if (value := getattr(one, key)) is not None:
            body[key] = round(value, 3) if key == "duration_s" else value
    if one.why is not None:
        from gnomon.runs.capture.capture import scrubber_here

        body["why"] = scrubber_here().text(one.why, "error")
    session.append(entries.ENDED, entries.trial_subject(one.run), body, over=one.heads, strict=True)


def _said(sweep: str, one: Attempt) -> dict[str, object]:
    body: dict[str, object] = {"sweep": sweep, "number": one.number, "params": dict(one.params)}
    if one.seed is not None:
        body["seed"] = one.seed
    return body
