"""`record.checks`: the checks of a record, from Python.

record = gnomon.open()
record.checks.make("fairness", "credit@v3", target="default", prediction="predicted", groups=["sex"])
for check in record.checks.about("run:9c2e"):
    print(check.name, check.verdict)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.checks import actions, views
from gnomon.checks.result import CheckResult
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.checks.comparing import Comparison
    from gnomon.checks.views import Check
    from gnomon.runs.views import Record


class Checks:
    """The checks of a record. Get it as `record.checks`."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __repr__(self) -> str:
        return f"<Checks of {self._record.path}>"

    def make(self, kind: str, *tables: object, about: str | None = None, **options: Any) -> Check:
        """Make a check and write it down: `performance`, `fairness`, `drift`, `robustness` or `leakage`.

        `tables` and `options` are those of the function in `gnomon.checks`; a text is a path, or a version of data.
        `about` is a run or a version (`run:9c2e`, `data:credit@v3`); versions among the tables need not be named.
        """
        subjects = [self.subject(about)] if about is not None else []
        result, since = actions.make(self._record, kind, tables, options, next(iter(subjects), None))
        return self.called(actions.write(self._record, result, subjects, since=since))

    def write(self, result: CheckResult, *, about: str) -> Check:
        """Write a result down as about a run or a version of data."""
        if not isinstance(result, CheckResult):
            raise BadArgumentError(
                f"`result` of `write()` must be a CheckResult; got {type(result).__name__}"
            )
        return self.called(actions.write(self._record, result, [self.subject(about)]))

    def all(self, *, name: str | None = None, kind: str | None = None, latest: bool = False) -> list[Check]:
        """Return the checks, the newest first; with `latest` only the one of each name and subject that stands."""
        return views.checks(self._record, name=name, kind=kind, latest=latest)

    def about(self, what: str, *, latest: bool = True) -> list[Check]:
        """Return the checks about a run or a version of data: `run:9c2e`, `data:credit@v3`."""
        return views.checks(self._record, self.subject(what), latest=latest)

    def called(self, word: str) -> Check:
        """Return a check by its id, the beginning of it, or its name (the newest).

        Raises UnknownSubjectError, AmbiguousIdError.
        """
        return views.check_called(self._record, word)

    def compare(self, before: str, after: str) -> Comparison:
        """Set two checks of one kind beside each other: what changed, and how sure that is."""
        from gnomon.checks.comparing import compare

        return compare(self.called(before).result, self.called(after).result)

    def subject(self, what: str) -> str:
        """Return the subject that a text means: `run:9c2e` or a run's id or name; `data:credit@v3` or `credit@v3`."""
        kind, colon, rest = what.partition(":")
        if colon and kind == "data":
            return f"data:{self._record.data(rest).id}"
        if not colon and "@" in what and not what.startswith("@"):
            return f"data:{self._record.data(what).id}"
        return f"run:{self._record.run(rest if colon and kind == 'run' else what).id}"
