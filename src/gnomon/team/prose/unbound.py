"""Which numbers of a text carry no binding. They are listed, never guessed.

What is no number here, by its form alone: dates, times, years behind a preposition or in brackets, versions, ordinals, numerals
of lists and headings, what a noun numbers (`Figure 3`, `step 300`, `seed 7`), issues (`#12`), citations (`[3]`), and words with
digits in them (`resnet50`, `GPT-4`, `4f1d77ab`). A count before a noun (`3 runs`) is a number. A word (`three`) is none.

Always true: time is in proportion to the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.prose.written import NUMBER, spread_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|Januar|Februar|März|Mai|Juni|Juli|Oktober|"
    "Dezember|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|"
    "junio|julio|agosto|septiembre|octubre|noviembre|diciembre|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Okt|Nov|Dec|Dez"
)
_WITH_PARTS = (
    "fig(?:ure)?s?|table|tab|section|sec|sect|chapter|ch|eq|equation|appendix|version|release|python|cuda|cudnn|pytorch|torch|numpy|"
    "pandas|polars|ubuntu|debian|linux|macos|windows|sklearn|scikit-learn|java|gcc|abbildung|abb|tabelle|abschnitt|kapitel|tableau"
)
_NUMBERED = (
    "page|pp?|lines?|steps?|epochs?|seeds?|layers?|rank|fold|gpus?|node|phase|part|day|week|sprint|round|item|question|decision|"
    "issue|pr|mr|pull request|task|option|case|experiment|run|group|column|row|stage|level|bug|ticket|milestone|iso|rfc|schritt|"
    "seite|zeile|étape|no|nr|nº|№"
)
_COUNTED = "steps?|epochs?|rows?|runs?|samples?|images?|seeds?|tokens?|points?|people|users?|files?|hours?|records?|examples?"
_BULLET = re.compile(r"[ \t>]{0,40}[-+*]")
_BLANK = re.compile(r"[^\n\r]")
_YEAR = r"(?:19|20)\d\d"
_SP = "[ \u00a0]"
_BEFORE_YEARS = "in|since|until|till|before|by|during|of|from|year|early|mid|late|to|after|summer|spring|autumn|winter|fall"
_OF_DAY = r"am|pm|AM|PM|a\.m\.|p\.m\.|o'clock|Uhr"
_LIST_OF = rf"(?:{_SP}?(?:[-–,]|and|to|or|und|bis){_SP}?\d{{1,9}}){{0,6}}"
_DOTTED = r"\d{1,9}(?:\.\d{1,9}){0,4}"
_NOT_NUMBERS = (
    # numerals of lists and headings: `1. `, `- 2) `, `## 2.1 `, `(3)`
    r"^[ \t>]*(?:[-*+][ \t]+)?\d{1,9}[.)](?=[ \t])",
    r"^#{1,6}[ \t]+§?[ \t]*\d{1,4}(?:\.\d{1,4}){0,6}[.):]?(?=[ \t])",
    r"\(\d{1,2}\)(?!\w)",
    # dates
    r"\b\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])",
    r"\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d)?(?![\w.])",
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.|er)?{_SP}(?:of )?(?:{_MONTHS})\b\.?(?:,?{_SP}{_YEAR}\b)?",
    rf"\b(?:{_MONTHS})\.?{_SP}\d{{1,2}}(?:st|nd|rd|th)?(?:[-–]\d{{1,2}})?(?:,?{_SP}{_YEAR})?(?![\w]|[.,]\d|{_SP}?%)",
    rf"\b(?:{_MONTHS}){_SP}{_YEAR}\b",
    # years
    rf"\b{_YEAR}s\b|\bQ[1-4][ /-]{_YEAR}\b|\b{_YEAR}[-–/](?:{_YEAR}|\d\d)(?![\w.,]\d|\w)",
    (
        rf"(?i:\b(?:(?:{_BEFORE_YEARS})\b|et al\.,?)|©)(?:{_SP}|\()"
        rf"{_YEAR}[a-c]?(?![\w]|[.,]\d|{_SP}?%|{_SP}(?i:{_COUNTED})\b)"
    ),
    rf"(?<=\(){_YEAR}[a-c]?(?=\))",
    # times of day
    rf"\b\d{{1,2}}:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?:{_SP}?(?:{_OF_DAY}|UTC|Z)\b)?(?![\d:])",
    rf"\b\d{{1,2}}{_SP}?(?:{_OF_DAY})(?!\w)|\b(?:UTC|GMT)[+−-]\d{{1,2}}(?::\d\d)?",
    # versions, ordinals
    r"\b\d{1,9}(?:\.\d{1,9}){2,6}[\w.+-]{0,40}",
    r"\b\d{1,9}(?:st|nd|rd|th)\b",
    # what a noun before it numbers: `Figure 2.1`, `steps 3 to 7`
    (
        rf"(?:(?i:\b(?:{_WITH_PARTS}))\.?{_SP}v?{_DOTTED}|(?i:\b(?:{_NUMBERED}))\.?{_SP}\d{{1,9}}){_LIST_OF}"
        rf"(?![\w]|[.,]\d|{_SP}?[%×])"
    ),
    # issues, citations, footnotes
    rf"[#§]{_SP}?{_DOTTED}(?!\w)",
    r"\[\^?\d{1,4}(?: ?[,–-] ?\d{1,4}){0,9}\](?![\[(])",
    # ids, and words with digits in them
    r"\b(?=\d{0,64}[a-f])[\da-f]{7,64}\b",
    r"[^\W\d]\w*+(?:[-.][^\W_]\w*+)*+",
)
_ANY = re.compile(
    rf"(?:{'|'.join(_NOT_NUMBERS)})|(?P<is_number>{NUMBER.pattern})|\d\w*+(?:[-.,]\w++)*+", re.MULTILINE
)


class Unbound(NamedTuple):
    """A number that carries no binding, at `text[start:end]`."""

    start: int
    end: int


def unbound_in(text: str, taken: Iterable[tuple[int, int]]) -> Iterator[Unbound]:
    """Yield the numbers of a text outside the ranges that are taken (bound, or no prose), in order."""
    masked = _masked(text, taken)
    at = 0
    while match := _ANY.search(masked, at):
        at = max(match.end(), at + 1)
        if match["is_number"] is not None:
            start = match.start("sign") if match["sign"] else match.start("number")
            if match["sign"] and _is_bullet(masked, start):
                start = match.start("number")
            end = spread_behind(masked, match.end("is_number"))
            yield Unbound(start, end)
            at = end


def _masked(text: str, taken: Iterable[tuple[int, int]]) -> str:
    """Return the text with what is taken made blank, each character in its place; line ends stay."""
    parts, at = [], 0
    for begin, end in sorted(taken):
        start = max(begin, at)
        if end > start:
            parts += [text[at:start], _BLANK.sub("\0", text[start:end])]
            at = end
    return "".join([*parts, text[at:]])


def _is_bullet(text: str, at: int) -> bool:
    """Return whether the sign at a place is the mark of a list's item: `- 2 runs` is not minus two."""
    line = text.rfind("\n", 0, at) + 1
    return _BULLET.fullmatch(text, line, at + 1) is not None and text[at + 1 : at + 2] in (" ", "\t")
