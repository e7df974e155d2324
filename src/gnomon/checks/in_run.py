"""A check in a training: `run.check(…)`. Nothing here stops the training because a disk is full; a wrong call raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks import actions
from gnomon.checks.result import CheckResult
from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.ids import run_subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.run import Run
    from gnomon.session import Session


def check_in_run(
    run: Run,
    session: Session,
    what: str | CheckResult,
    tables: Sequence[object],
    options: Mapping[str, object],
) -> CheckResult:
    """Make a check, or take a result, and write it down about a run that is open in this process."""
    since = None
    if isinstance(what, CheckResult):
        if tables or options:
            raise BadArgumentError(
                "`check()` was given a result, and tables or options beside it",
                hint='either `run.check(result)` or `run.check("fairness", table, …)`',
            )
        result = what
    elif isinstance(what, str):
        result, since = _made(run, session, what, tables, options)
    else:
        raise BadArgumentError(
            f"`what` of `check()` must be the name of a check or a CheckResult; got {type(what).__name__}"
        )
    try:
        actions.write_in(session, result, [run_subject(run.id)], since=since)
    except NotStoredError as error:
        if run.strict:
            raise
        session.warn_once(
            ("check", result.name), f"the check `{result.name}` is not written down: {error.message}"
        )
    return result


def _made(
    run: Run, session: Session, kind: str, tables: Sequence[object], options: Mapping[str, object]
) -> tuple[CheckResult, str | None]:
    from gnomon.runs.views import open

    if not session.ready():  # what was checked before cannot be looked up; the check itself can be made
        return actions.function_of(kind)(*tables, **options), None
    with open(session.path, env=session.env) as record:
        return actions.make(record, kind, tables, options, run_subject(run.id))
