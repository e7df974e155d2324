"""`/check/{check}`: one check: the verdict, the findings with their intervals, pictures, every table, how it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.checks.drawn import chart, figure, shown_columns
from gnomon.checks.pages.rows import about, row
from gnomon.checks.views import check_called, checks
from gnomon.errors import GnomonError
from gnomon.page import Redirect, Shown
from gnomon.runs.display.markup import Html
from gnomon.runs.display.sparkline import Whiskers

if TYPE_CHECKING:
    from gnomon.checks.result import Cell, CheckResult, Figures
    from gnomon.checks.views import Check
    from gnomon.page import Answer, Ask
    from gnomon.runs.views import Record

FINDINGS, TABLE_ROWS, CHARTS, VERSIONS = 200, 200, 24, 12


def one(ask: Ask) -> Answer:
    """Show a check. Raises UnknownSubjectError, AmbiguousIdError."""
    found = check_called(ask.record, ask.path["check"])
    if found.id != ask.path["check"]:
        return Redirect(f"/check/{found.id}")
    values: dict[str, Any] = {
        **row(ask.record, found), "error": "", "notes": (), "findings": [], "more_findings": 0, "charts": [], "tables": [],
        "settings": [], "evidence": [], "level": None, "since": found.since, "others": _others(ask.record, found),
    }  # fmt: skip
    try:
        values |= _of_result(found.result)
    except GnomonError as error:
        values |= {"error": error.message, "findings": findings_of(found.findings)}
    values["evidence"] = [_evidence(ask.record, each) for each in found.state.get("evidence", ())]
    return Shown("checks/one.html", found.name, values)


def _of_result(result: CheckResult) -> dict[str, Any]:
    return {
        "findings": findings_of([each._asdict() for each in result.told[:FINDINGS]]),
        "more_findings": max(0, len(result.findings) - FINDINGS), "notes": result.notes, "level": result.level,
        "charts": [(each.title, markup) for each in result.charts[:CHARTS] if (markup := chart(each))],
        "tables": [_table(each) for each in result.figures],
        "settings": [(key, _said(value)) for key, value in result.settings.items()],
    }  # fmt: skip


def findings_of(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return findings with their figures in words, and their intervals drawn on one scale."""
    has_interval = [each for each in findings if each["low"] is not None]  # a count would squeeze the rates
    scale = Whiskers([(each["low"], each["value"], each["high"]) for each in has_interval])
    return [
        {
            **each, "figure": figure(each["value"], each["low"], each["high"]),
            "drawn": scale.drawn(each["low"], each["value"], each["high"]) if each in has_interval else Html(""),
        }
        for each in findings
    ]  # fmt: skip


def _table(found: Figures) -> dict[str, Any]:
    columns = shown_columns(found)
    rows = found.to_dicts()
    numeric = {key for key in columns if _is_numeric([each[key] for each in rows])}
    cells = [
        [
            (figure(each[key], each.get(f"{key}_low"), each.get(f"{key}_high")), key in numeric)
            for key in columns
        ]
        for each in rows[:TABLE_ROWS]
    ]
    return {
        "title": found.title, "note": found.note, "heads": [(key.replace("_", " "), key in numeric) for key in columns],
        "rows": cells, "more": max(0, len(rows) - TABLE_ROWS),
    }  # fmt: skip


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return "" if value is None else str(value)


def _is_numeric(cells: list[Cell]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and not any(isinstance(cell, (str, bool)) for cell in known)


def _others(record: Record, found: Check) -> list[dict[str, Any]]:
    """Return the other checks of the same name, the newest first."""
    return [row(record, each) for each in checks(record, name=found.name) if each.id != found.id][:VERSIONS]


def _evidence(record: Record, each: dict[str, Any]) -> dict[str, Any]:
    """Return what the check looked at, in words, and the page of a version."""
    subject = f"data:{each['data']}" if each.get("data") else None
    own = str(each.get("version") or each.get("path") or "a table")
    label, path = about(record, [subject])[0] if subject else (own, "")
    return {
        "role": str(each.get("role") or ""), "label": label, "path": path, "digest": str(each.get("digest") or ""),
        "facts": [f"{key} {each[key]}" for key in ("columns", "rows", "format") if each.get(key) is not None],
    }  # fmt: skip
