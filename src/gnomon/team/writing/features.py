"""The features of all kinds of writing, by kind: what `gnomon.features` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs import checked
from gnomon.team.writing import kinds
from gnomon.team.writing.state import feature_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_CELL = 200


def _page_cells(fields: Mapping[str, object]) -> Mapping[str, object]:
    return {key: checked.cell(checked.text(fields.get(key)), _MAX_CELL) for key in ("name", "form")}


def _review_cells(fields: Mapping[str, object]) -> Mapping[str, object]:
    return {key: checked.cell(checked.text(fields.get(key)), _MAX_CELL) for key in ("of", "subject")}


DECISION = feature_of(kinds.DECISION)
QUESTION = feature_of(kinds.QUESTION)
HANDOFF = feature_of(kinds.HANDOFF)
UPDATE = feature_of(kinds.UPDATE)
REVIEW = feature_of(kinds.REVIEW, cells=_review_cells)
PAGE = feature_of(kinds.PAGE, cells=_page_cells)
PROBLEM = feature_of(kinds.PROBLEM)
