"""The checks that go along with an export: those about the runs that were chosen; of the whole record, all.

`checks.json` says what each is; `checks/<id>.json` is its whole result. The entries go along as those of the runs do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.checks.entries import check_subject
from gnomon.checks.views import checks
from gnomon.ids import run_subject
from gnomon.runs.archive.listed_part import ListedPart
from gnomon.runs.archive.parts import Cited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.checks.views import Check
    from gnomon.runs.archive.parts import Request


def part_of(request: Request) -> ListedPart | None:
    """Return the checks that go along; None where there are none."""
    subjects = {run_subject(run) for run in request.runs}
    found = [one for one in checks(request.record) if request.is_all or subjects.intersection(one.about)]
    return _Checks.of(found) if found else None


class _Checks(ListedPart):
    """A list whose entries name objects: the whole results."""

    @classmethod
    def of(cls, found: list[Check]) -> _Checks:
        return cls(
            "checks.json", [check_subject(one.id) for one in found],
            [{**one.to_dict(), "told": one.findings, "result": one.state.get("result")} for one in found],
            f"with them: {text.count(len(found), 'check')}", "checks: what was found, and the verdict",
        )  # fmt: skip

    def cited(self) -> Iterator[tuple[str, Cited]]:
        for row, subject in zip(self.rows, self.subjects, strict=True):
            if row["result"] is not None:
                yield subject.replace(":", " "), Cited(str(row["result"]), False, "its result")
