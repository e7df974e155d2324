"""What a person does with checks: make one by name, over tables and versions of data, and write down what came of it.

Always true: when `write` returns, the result and the entry are on the disk; the entry is written last. A check that raises
writes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from gnomon import checks as all_checks
from gnomon.checks import entries
from gnomon.checks.result import CheckResult
from gnomon.errors import BadArgumentError, GnomonError, MissingFileError, NotStoredError, UnknownSubjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.data.views import DataVersion
    from gnomon.runs.views import Record
    from gnomon.session import Session

COMPARED = frozenset({"fairness"})
"""The checks that look at what the same check gave before."""


class Lent(os.PathLike[str]):
    """A path where the bytes of a version lie, and what the evidence of a check says of it."""

    def __init__(self, path: str, version: DataVersion) -> None:
        self._path = path
        self.evidence = {"version": version.label, "data": version.id, "path": version.file_name}

    def __fspath__(self) -> str:
        return self._path


def function_of(kind: str) -> Callable[..., CheckResult]:
    """Return the check of this name. Raises BadArgumentError."""
    if kind not in all_checks.KINDS:
        raise BadArgumentError(
            f"there is no check `{kind}`",
            hint=f"there are: {', '.join(f'`{one}`' for one in all_checks.KINDS)}",
        )
    found: Callable[..., CheckResult] = getattr(all_checks, kind)
    return found


def make(
    record: Record, kind: str, given: Sequence[object], options: Mapping[str, Any], about: str | None = None
) -> tuple[CheckResult, str | None]:
    """Return what a check gives, and the id of the earlier one that it was compared with.

    A text among `given` is a path, or where there is none, a version of data. `about` is the subject whose earlier versions
    count; the first version among the tables unless given. `since` may be a check of the record. Raises what the check raises,
    and UnknownSubjectError, MissingObjectError for versions.
    """
    from gnomon.checks.views import Check, result_of, version_before

    function = function_of(kind)
    earlier = None
    if isinstance(options.get("since"), Check):
        earlier = options["since"]
        options = {**options, "since": earlier.result}
    with lent(record, given) as tables:
        versions = [f"data:{one.evidence['data']}" for one in tables if isinstance(one, Lent)]
        subject = about or next(iter(versions), None)
        if kind in COMPARED and "since" not in options and subject is not None:
            earlier = version_before(record, _name_of(function, options), subject)
            options = {**options, "since": result_of(earlier)}
        result = function(*tables, **options)
    return result, earlier.id if earlier is not None else None


def _name_of(function: Callable[..., CheckResult], options: Mapping[str, Any]) -> str:
    """Return what a check of fairness will be called. Raises BadArgumentError, TypeError where it is asked wrongly."""
    from inspect import signature

    from gnomon.checks.kinds.fairness.asked import asked_of

    bound = signature(function).bind("", **options)
    bound.apply_defaults()
    return asked_of(**{key: value for key, value in bound.arguments.items() if key != "table"}).name


@contextmanager
def lent(record: Record, given: Sequence[object]) -> Iterator[list[object]]:
    """Give tables in which versions of data stand as paths where their bytes lie, for as long as the block lasts."""
    from gnomon.data import restoring

    with ExitStack() as stack:
        found: list[object] = []
        for one in given:
            if not isinstance(one, str) or os.path.lexists(one):
                found.append(one)
                continue
            version = _version(record, one)
            found.append(Lent(stack.enter_context(restoring.lent(version)), version))
        yield found


def _version(record: Record, word: str) -> DataVersion:
    try:
        return record.data(word)
    except (UnknownSubjectError, BadArgumentError) as error:
        if "@" in word:
            raise
        raise MissingFileError(
            f"there is neither a file `{word}` nor a data set of that name", hint=error.hint
        ) from error


# ---------------------------------------------------------------- writing down


def write(record: Record, result: CheckResult, about: Sequence[str] = (), *, since: str | None = None) -> str:
    """Write a result down as about these subjects (`run:<id>`, `data:<id>`), and about the versions in its evidence.

    Returns the id of the check. Raises BadArgumentError where it would be about nothing, NotStoredError.
    """
    from gnomon.session import session_for

    id_ = write_in(session_for(record.path), result, about, since=since)
    record.replica.update()
    return id_


def write_in(session: Session, result: CheckResult, about: Sequence[str], *, since: str | None = None) -> str:
    """Do the same in a session, such as that of a run."""
    subjects = list(
        dict.fromkeys([*about, *(f"data:{one['data']}" for one in result.evidence if one.get("data"))])
    )
    if not subjects:
        raise BadArgumentError(
            "a check that is written down is about something, and nothing says what",
            hint="name a run or a version of data (`--of RUN`, `about=`), or check a version: `credit@v3`",
        )
    whole = json.dumps(
        result.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    try:
        with session.objects() as store:
            digest = str(store.put_bytes(whole.encode()))
    except OSError as error:
        if isinstance(error, GnomonError):
            raise
        raise NotStoredError(
            f"the result could not be stored in `{session.path}`: {error.strerror or error}"
        ) from error
    id_ = secrets.token_hex(entries.CHECK_ID_BYTES)
    session.append(
        entries.MADE, entries.check_subject(id_), body_of(result, subjects, digest, since), strict=True
    )
    if not session.sync():
        raise NotStoredError(f"the check could not be brought to the disk of `{session.path}`")
    return id_


def body_of(result: CheckResult, about: Sequence[str], digest: str, since: str | None) -> dict[str, object]:
    """Return what an entry says of a result: bounded, what failed first."""
    findings = [
        {key: value for key, value in one._asdict().items() if value not in (None, "")}
        for one in result.told[: entries.MOST_FINDINGS]
    ]
    body: dict[str, object] = {
        "check": result.check, "name": result.name, "verdict": result.verdict, "about": list(about), "rows": result.rows,
        "level": result.level, "findings": findings, "failed": len(result.failed),
        "unknown": sum(one.outcome == "cannot tell" for one in result.findings), "total": len(result.findings),
        "result": digest, "evidence": [dict(one) for one in result.evidence],
    }  # fmt: skip
    return {**body, "since": since} if since is not None else body
