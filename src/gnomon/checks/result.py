"""What a check gives: findings with their limits, tables of figures, pictures, and the verdict that follows from the findings.

Always true: plain values only (texts, numbers, None; NaN and infinities become None), so a result is the same after it was
written down and read back; the verdict is never set, it follows from the findings. No row of the data is in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

PASS, FAIL, UNKNOWN = "pass", "fail", "cannot tell"
OUTCOMES = (PASS, FAIL, UNKNOWN)
ORDER = {FAIL: 0, UNKNOWN: 1, PASS: 2}
"""What a reader wants to see first."""

Cell = str | int | float | bool | None


class Finding(NamedTuple):
    """One thing that is demanded, and whether it holds.

    `key` is the same for the same demand in every version (`gap.selection_rate.sex`), `what` says it in words. `value` is the
    figure that decides, `low` to `high` its interval, `limit` the demand in words ("at most 0.1"). `note` says what a reader
    needs beside it: why it cannot be told, and how many rows would probably settle it.
    """

    key: str
    what: str
    outcome: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: str = ""
    note: str = ""


class Figures(NamedTuple):
    """A table of figures. Columns that end in `_low` and `_high` are the interval of the column before them."""

    name: str  # stable, such as `groups`
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def column(self, name: str) -> list[Cell]:
        """Return the cells of a column. Raises KeyError."""
        if name not in self.columns:
            raise KeyError(name)
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def to_dicts(self) -> list[dict[str, Cell]]:
        """Return one dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Series(NamedTuple):
    """One line, or one set of marks, of a picture. `x` are numbers, or labels of places."""

    label: str
    x: tuple[str | float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


class Chart(NamedTuple):
    """A picture as numbers. `form` is `intervals` (a mark and its interval for each label), `lines` or `bars`.

    `limit` is drawn as a line, `is_diagonal` adds the line y = x, as calibration has it.
    """

    key: str
    title: str
    form: str
    series: tuple[Series, ...]
    x_name: str = ""
    y_name: str = ""
    limit: float | None = None
    is_diagonal: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of a check. Show it in a notebook, `print` it, or write it down with `run.check(result)`.

    `check` is the kind (`fairness`), `name` what it is called over versions (`fairness of income by sex`); results of one name
    are compared with each other. `settings` say how it was asked, `evidence` what it looked at, one dict for each table or
    model: role, rows, columns, and where known path, digest (BLAKE3) and version. `level` is the chance, at most, that one or
    more findings of the result are `fail` where nothing is wrong.
    """

    check: str
    name: str
    rows: int
    findings: tuple[Finding, ...]
    figures: tuple[Figures, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Mapping[str, Any], ...] = ()
    level: float = 0.05

    def __post_init__(self) -> None:
        set_ = object.__setattr__  # frozen: values are made plain once, here
        set_(self, "findings", tuple(_finding(one) for one in self.findings))
        set_(self, "figures", tuple(one._replace(rows=_rows(one)) for one in self.figures))
        set_(
            self, "charts", tuple(one._replace(series=tuple(map(_series, one.series))) for one in self.charts)
        )
        set_(self, "settings", {key: plain(value) for key, value in self.settings.items()})
        set_(
            self,
            "evidence",
            tuple({key: plain(value) for key, value in one.items()} for one in self.evidence),
        )

    @property
    def verdict(self) -> str:
        """'fail' where a finding fails, else 'cannot tell' where one cannot be told or there is none, else 'pass'."""
        found = {one.outcome for one in self.findings}
        return FAIL if FAIL in found else UNKNOWN if UNKNOWN in found or not found else PASS

    @property
    def failed(self) -> list[Finding]:
        return [one for one in self.findings if one.outcome == FAIL]

    @property
    def told(self) -> list[Finding]:
        """The findings, what failed first."""
        return sorted(self.findings, key=lambda one: ORDER[one.outcome])

    @property
    def sentence(self) -> str:
        """The whole in words.

        >>> CheckResult("drift", "drift", 500, (Finding("a", "age moved", FAIL), Finding("b", "sex", PASS))).sentence
        'fail: 1 of 2 findings failed, over 500 rows'
        """
        unknown = sum(one.outcome == UNKNOWN for one in self.findings)
        return sentence(self.verdict, len(self.findings), len(self.failed), unknown, self.rows)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.sentence}"]
        lines += [
            f"  {one.outcome}: {one.what}" + (f" ({one.note})" if one.note else "") for one in self.told[:20]
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from gnomon.checks.drawn import html

        return html(self)

    def finding(self, key: str) -> Finding:
        """Return the finding with this key. Raises KeyError, which names the keys there are."""
        found = next((one for one in self.findings if one.key == key), None)
        if found is None:
            raise KeyError(f"{key}; there are: {', '.join(one.key for one in self.findings)}")
        return found

    def table(self, name: str) -> Figures:
        """Return the table of figures of this name. Raises KeyError, which names those there are."""
        found = next((one for one in self.figures if one.name == name), None)
        if found is None:
            raise KeyError(f"{name}; there are: {', '.join(one.name for one in self.figures)}")
        return found

    def with_evidence(self, *evidence: Mapping[str, Any]) -> CheckResult:
        """Return the same with more said of what it looked at."""
        return replace(self, evidence=(*self.evidence, *evidence))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return {
            "check": self.check, "name": self.name, "verdict": self.verdict, "rows": self.rows, "level": self.level,
            "findings": [one._asdict() for one in self.findings],
            "figures": [{**_dict(one), "rows": [list(row) for row in one.rows]} for one in self.figures],
            "charts": [{**_dict(one), "series": [_dict(part) for part in one.series]} for one in self.charts],
            "notes": list(self.notes), "settings": dict(self.settings), "evidence": [dict(one) for one in self.evidence],
        }  # fmt: skip


def sentence(verdict: str, total: int, failed: int, unknown: int, rows: int) -> str:
    """Return a verdict with what it comes from: of so many findings so many failed, and so many cannot be told."""
    if not total:
        return f"{verdict}: nothing could be checked, over {rows:,} rows"
    held = total - failed - unknown
    said = f"{failed:,} of {total:,} findings failed" if failed else f"{held:,} of {total:,} findings hold"
    unsaid = f", {unknown:,} cannot be told" if unknown else ""
    return f"{verdict}: {said}{unsaid}, over {rows:,} rows"


def read(value: object) -> CheckResult | None:
    """Return a result from what `to_dict` gave, wherever it lay since; None for what is none. Never raises."""
    try:
        assert isinstance(value, dict)  # noqa: S101  caught below
        findings = [Finding(**one) for one in value["findings"]]
        if any(one.outcome not in OUTCOMES or not isinstance(one.what, str) for one in findings):
            return None
        figures = [
            Figures(
                one["name"],
                one["title"],
                tuple(one["columns"]),
                tuple(map(tuple, one["rows"])),
                one.get("note", ""),
            )
            for one in value["figures"]
        ]
        if any(len(row) != len(one.columns) for one in figures for row in one.rows):
            return None
        charts = [
            Chart(**{**one, "series": tuple(map(_read_series, one["series"]))}) for one in value["charts"]
        ]
        return CheckResult(
            str(value["check"]), str(value["name"]), int(value["rows"]), tuple(findings), tuple(figures), tuple(charts),
            tuple(map(str, value["notes"])), dict(value["settings"]), tuple(map(dict, value["evidence"])), float(value["level"]),
        )  # fmt: skip
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError):
        return None  # a file of somebody else's, or of a later version


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NumPy's numbers as Python's, and None for what is not finite.

    >>> plain({"a": (1, float("nan"))}), plain([True, "x"])
    ({'a': [1, None]}, [True, 'x'])
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return [plain(one) for one in value] if hasattr(value, "tolist") else str(value)


def _finding(one: Finding) -> Finding:
    return one._replace(value=plain(one.value), low=plain(one.low), high=plain(one.high))


def _rows(one: Figures) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(plain(cell) for cell in row) for row in one.rows)


def _series(one: Series) -> Series:
    return Series(one.label, *(tuple(plain(value) for value in part) for part in one[1:]))


def _dict(one: Figures | Chart | Series) -> dict[str, object]:
    return {key: list(part) if isinstance(part, tuple) else part for key, part in one._asdict().items()}


def _read_series(one: Mapping[str, Any]) -> Series:
    return Series(one["label"], *(tuple(one[key]) for key in ("x", "y", "low", "high")))


def named(kind: str, of: Sequence[str]) -> str:
    """Return the name of a check that was given none.

    >>> named("fairness", ["income", "by sex and race"])
    'fairness of income by sex and race'
    """
    return f"{kind} of {' '.join(of)}" if of else kind
