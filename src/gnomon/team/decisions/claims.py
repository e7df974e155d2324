"""What a decision rests on, as people write it.

| evidence | written as |
|---|---|
| a value of a run | `run:ab12#metrics.auc` |
| a run itself | `run:ab12` |
| the mean of a group of seeds | `group:depth-6#metrics.auc` |
| one group above (`>`) or below (`<`) another | `group:depth-6 > group:depth-4 on metrics.auc` |
| a version of data | `data:credit@v3`, `data:credit@gold` |
| an earlier decision | `decision:3` |

Columns are those of `--where`; `metrics.` may be left out. A line of a text may go on behind ` = `, with what was seen.

Always true: nothing is guessed. A line under the heading `Evidence` is a claim, or its references are; elsewhere in a
text only numbers that are bound to the record count (`[0.914](run:ab12#metrics.auc)`, `{{ metrics.auc of run:ab12 }}`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.team.prose.asked import terms_of
from gnomon.team.prose.markup import marked
from gnomon.team.references import Reference, parse, references_in

RUN, VALUE, MEAN, COMPARISON, DATA, DECISION = "run", "value", "mean", "comparison", "data", "decision"
MOST = 100  # pieces of evidence of one decision
_COMPARED = re.compile(
    r"(?P<left>.{1,400}?)\s+(?P<order>[<>])\s+(?P<right>.{1,400}?)\s+on\s+(?P<what>.{1,300})"
)
_ITEM = re.compile(r"\s{0,3}[-*+]\s+(.*)")
_SEEN = " = "
_HOW = "`run:ab12#metrics.auc`, `group:a > group:b on metrics.auc`, `data:credit@v3`, `decision:3`"


class Claim(NamedTuple):
    """One piece of evidence before it was looked up. `order` is `>` or `<` where two groups are compared."""

    kind: str
    references: tuple[Reference, ...]
    what: str | None = None
    order: str | None = None

    def __str__(self) -> str:
        if self.kind == COMPARISON:
            left, right = self.references
            return f"{left} {self.order} {right} on {self.what}"
        return str(self.references[0])


def claim(text: str) -> Claim:
    """Return what a line of evidence claims. Raises BadArgumentError.

    >>> str(claim("group:a > group:b on metrics.auc")), claim("run:ab12#metrics.auc").what
    ('group:a > group:b on metrics.auc', 'metrics.auc')
    """
    found = _claim(" ".join(text.split()))
    if found is None:
        raise BadArgumentError(f"`{text}` is no evidence", hint=f"it looks like {_HOW}")
    return found


def _claim(text: str) -> Claim | None:
    compared = _COMPARED.fullmatch(text)
    if compared is not None:
        left, right = _group(compared["left"]), _group(compared["right"])
        if left is None or right is None:
            return None
        return Claim(COMPARISON, (left, right), compared["what"].strip("`'\" "), compared["order"])
    found = parse(text)
    return None if found is None else claim_of(found)


def _group(text: str) -> Reference | None:
    """Return the group that one side of a comparison names; its name may hold spaces without being quoted."""
    found = parse(text)
    if found is None and text.startswith("group:") and len(text) > len("group:"):
        found = Reference("group", text.removeprefix("group:").strip('"'))
    return found if found is not None and found.kind == "group" and found.part is None else None


def claim_of(reference: Reference) -> Claim | None:
    """Return what a reference on its own claims; None where it is no evidence."""
    if reference.kind == "run":
        return Claim(RUN if reference.part is None else VALUE, (reference,), reference.part)
    if reference.kind == "group" and reference.part is not None:
        return Claim(MEAN, (reference,), reference.part)
    if reference.kind in (DATA, DECISION):
        return Claim(reference.kind, (reference.whole,))
    return None


# ---------------------------------------------------------------- in a text


def claims_in(text: str, section: str) -> list[Claim]:
    """Return the claims of a text, each once: those of its `section` on evidence, then numbers bound anywhere in it."""
    return list(
        dict.fromkeys(
            [*(one for line in section.splitlines() for one in _claims_of_line(line)), *_bound(text)]
        )
    )


def _claims_of_line(line: str) -> list[Claim]:
    item = _ITEM.fullmatch(line)
    bare = (item[1] if item else line).strip().partition(_SEEN)[0].strip()
    whole = _claim(bare.strip("`"))
    if whole is not None:
        return [whole]
    return [*_named(line), *_bound(line)]


def _named(line: str) -> list[Claim]:
    """Return the claims that references of a line make, those of bound numbers left out."""
    bound = marked(line).bound
    found = [
        claim_of(one.reference)
        for one in references_in(line)
        if not any(binding.start <= one.start < binding.end for binding in bound)
    ]
    return [one for one in found if one is not None]


def _bound(text: str) -> list[Claim]:
    """Return the claims of numbers that are bound to the record; one at another place than the last names its run."""
    found = []
    for binding in marked(text).bound:
        for term in terms_of(binding.asked) if binding.asked is not None else ():
            is_last = term.place.kind == "last"
            found.append(
                claim_of(term.of._replace(part=term.what if is_last and term.of.kind != DATA else None))
            )
    return [one for one in found if one is not None]
