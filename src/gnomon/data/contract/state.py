"""The verdicts about a version, folded: of each contract, by its name, all that stand. Never raises, whatever a body holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data.contract.verdict import FAIL, MOST_KEPT, PASS, UNKNOWN, WARN
from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.fold import LiveEntry

MOST_CHECKS = 50
_MAX_TEXT = 300


def checks_of(said: Sequence[LiveEntry]) -> list[dict[str, Any]]:
    """Return the verdicts, the latest first; the same contract checked apart, with one verdict, is one."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for entry in fold.in_order(said)[::-1]:
        verdict, name = entry.body.get("verdict"), entry.body.get("contract_name")
        if verdict not in (PASS, FAIL, UNKNOWN) or not isinstance(name, str):
            continue
        digest = entry.body.get("contract")
        key = (name, digest if isinstance(digest, str) else None, verdict)
        if key in found:
            found[key]["heads"].append(entry.hash)
            continue
        found[key] = {
            "contract_name": str(checked.cell(name, _MAX_TEXT)), "contract": digest if is_hex(digest, 64) else None,
            "is_code": entry.body.get("is_code") is True, "verdict": verdict, "rows": checked.whole(entry.body.get("rows")) or 0,
            "expectations": checked.whole(entry.body.get("expectations")) or 0,
            "failed": checked.whole(entry.body.get("failed")) or 0, "outcomes": _outcomes(entry.body.get("outcomes")),
            "notes": [str(checked.cell(one, _MAX_TEXT)) for one in checked.texts(entry.body.get("notes"))][:20],
            "time_us": entry.time_us, "author": entry.author, "writer": entry.writer, "heads": [entry.hash],
        }  # fmt: skip
    return list(found.values())[:MOST_CHECKS]


def _outcomes(value: object) -> list[dict[str, Any]]:
    return [
        {
            "what": str(checked.cell(one.get("what"), _MAX_TEXT)),
            "column": str(checked.cell(one["column"], _MAX_TEXT)) if isinstance(one.get("column"), str) else None,
            "outcome": one["outcome"], "failing": checked.whole(one.get("failing")) or 0,
            "rows": [str(checked.cell(row, 100)) for row in checked.texts(one.get("rows"))][:10],
            "note": str(checked.cell(one.get("note") or "", _MAX_TEXT)),
        }
        for one in checked.objects(value)[:MOST_KEPT]
        if one.get("outcome") in (PASS, FAIL, WARN, UNKNOWN)
    ]  # fmt: skip
