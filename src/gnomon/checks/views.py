"""What a person asks about checks: those of a run or of data, one of them, the one before it.

Always true: the latest of one name about one subject is the one that stands; nothing is chosen by clock alone where two are
of one microsecond (the larger id is taken).
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.result import CheckResult, read, sentence
from gnomon.errors import AmbiguousIdError, DamagedObjectError, MissingObjectError, UnknownSubjectError
from gnomon.ids import is_hex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

TYPE = "check"
_COLUMNS = (
    "",
    "name",
    "check",
    "verdict",
    "about",
    "created",
    "rows",
    "failed",
    "unknown",
    "total",
    "author",
    "writer",
)
_FEWEST_DIGITS = 4
MOST_RESULT = 64 << 20  # bytes of a result that is read


class Check(NamedTuple):
    """A check that was written down, as lists show it. `about` are subjects, the first is what it is of."""

    record: Record
    id: str
    name: str
    kind: str
    verdict: str
    about: tuple[str, ...]
    created: float  # seconds since 1970 UTC
    rows: int
    failed: int
    unknown: int
    total: int
    author: str | None
    writer: str | None

    @property
    def label(self) -> str:
        return f"check:{self.id[:8]}"

    @property
    def state(self) -> dict[str, Any]:
        """All that the entry says."""
        state = self.record.replica.index.state(TYPE, self.id)
        return state if isinstance(state, dict) else {}

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings that the entry names, what failed first; `result` has all."""
        return list(self.state.get("findings", ()))

    @property
    def since(self) -> str | None:
        """The id of the check that it was compared with, if it was."""
        return self.state.get("since")

    @property
    def sentence(self) -> str:
        """The whole in words, as `CheckResult.sentence`."""
        return sentence(self.verdict, self.total, self.failed, self.unknown, self.rows)

    @property
    def result(self) -> CheckResult:
        """The whole result. Raises MissingObjectError, DamagedObjectError."""
        digest = self.state.get("result")
        if digest is None:
            raise MissingObjectError(f"`{self.label}` names no result")
        data = self.record.replica.objects().read(digest, MOST_RESULT)
        try:
            found = read(json.loads(data))
        except ValueError:
            found = None
        if found is None:
            raise MissingObjectError(
                f"the result of `{self.label}` is none that this version of Gnomon can read",
                hint="a later version wrote it: `pip install --upgrade gnomon`",
            )
        return found

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        from gnomon.runs.table import iso_time

        return {
            "id": self.id, "name": self.name, "check": self.kind, "verdict": self.verdict, "about": list(self.about),
            "created": iso_time(self.created), "rows": self.rows, "failed": self.failed, "cannot_tell": self.unknown,
            "findings": self.total, "author": self.author, "since": self.since,
        }  # fmt: skip


def checks(
    record: Record,
    about: str | None = None,
    *,
    name: str | None = None,
    kind: str | None = None,
    latest: bool = False,
) -> list[Check]:
    """Return the checks, the newest first: about a subject (`run:<id>`, `data:<id>`), of a name, of a kind.

    `latest` leaves out those that a later check of the same name about the same subject stands for.
    """
    record.follow()
    index = record.replica.index
    if TYPE not in index.types():
        return []
    table = index.columns(TYPE, _COLUMNS)
    found = [
        _check(record, row)
        for row in zip(*(table[key] for key in _COLUMNS), strict=True)
        if row[1] is not None
        and (about is None or about in (row[4] or ()))
        and (name is None or row[1] == name)
        and (kind is None or row[2] == kind)
    ]
    found.sort(key=lambda one: (one.created, one.id), reverse=True)
    return standing(found) if latest else found


def _check(record: Record, row: tuple[Any, ...]) -> Check:
    id_, name, kind, verdict, about, created, rows, failed, unknown, total, author, writer = row
    return Check(
        record, str(id_), str(name), str(kind), str(verdict), tuple(about or ()), (created or 0) / 1e6, rows or 0, failed or 0,
        unknown or 0, total or 0, author, writer,
    )  # fmt: skip


def standing(found: Sequence[Check]) -> list[Check]:
    """Return, of checks with the newest first, those that stand: the first of each name and subject."""
    first: dict[tuple[str, str], Check] = {}
    for one in found:
        first.setdefault((one.name, one.about[0] if one.about else ""), one)
    return list(first.values())


def check_called(record: Record, word: str) -> Check:
    """Return the check whose id begins so (`check:` before it is allowed), or the newest that is called so.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    every = checks(record)
    short = word.strip().removeprefix("check:")
    if len(short) >= _FEWEST_DIGITS and is_hex(short):
        found = [one for one in every if one.id.startswith(short)]
        if len(found) > 1:
            ids = ", ".join(f"`{one.id[:12]}`" for one in found[:4])
            raise AmbiguousIdError(
                f"{len(found)} checks begin with `{short}`: {ids}", hint="write more of it"
            )
        if found:
            return found[0]
    named = next((one for one in every if one.name == word.strip()), None)
    if named is not None:
        return named
    near = get_close_matches(word, list(dict.fromkeys(one.name for one in every)), n=3)
    meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}? " if near else ""
    raise UnknownSubjectError(f"there is no check `{word}`", hint=f"{meant}`gnomon checks` lists them")


def before(record: Record, name: str, *, than: Check | None = None) -> Check | None:
    """Return the newest check of a name, or the newest that is older than another; None where there is none."""
    for one in checks(record, name=name):
        if than is None or (one.created, one.id) < (than.created, than.id):
            return one
    return None


def version_before(record: Record, name: str, subject: str) -> Check | None:
    """Return the newest check of a name about an earlier version of a subject; None where there is none.

    That is the subject itself, a run of the same group or, without a group, of the same name; of data another version of the
    data set. Two models that only share a record are no versions of each other.
    """
    kind, _, id_ = subject.partition(":")
    found = checks(record, name=name)
    alike = _alike(record.replica.index, kind, id_)
    return next(
        (one for one in found if one.about and (one.about[0] == subject or alike(one.about[0]))), None
    )


def _alike(index: Index, kind: str, id_: str) -> Callable[[str], bool]:
    """Return what says whether a subject is another version of this one."""
    columns = {"run": ("group", "name"), "data": ("name",)}.get(kind, ())
    if not columns:
        return lambda _: False
    table = index.columns(kind, ["", *columns])
    rows = {f"{kind}:{row[0]}": row[1:] for row in zip(*table.values(), strict=True)}
    own = rows.get(f"{kind}:{id_}", ())
    place = next((nth for nth, value in enumerate(own) if value is not None), None)
    if place is None:
        return lambda _: False
    return lambda other: other in rows and rows[other][place] == own[place]


def result_of(one: Check | None) -> CheckResult | None:
    """Return the result of a check where it is here and whole; None where not: what is compared with it is then left out."""
    if one is None:
        return None
    try:
        return one.result
    except (MissingObjectError, DamagedObjectError):
        return None


def label_of(record: Record, subject: str) -> str:
    """Return what people call a subject that a check is about: `run 1f2e trees-8`, `credit@v3`."""
    from gnomon.lineage.describing import describe

    kind, _, id_ = subject.partition(":")
    said = describe(record.replica.index, [subject])[subject]
    if kind == "run":
        return f"run {id_[:8]}" + (f" {said.label}" if said.label and said.label != id_[:8] else "")
    return said.label or subject
