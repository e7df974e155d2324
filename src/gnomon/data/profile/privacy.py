"""Which values of a column a profile may hold.

A profile travels further than the data. So of texts it keeps only what is common, short, and looks like nobody's: a value in
at least `FEWEST` rows of a column with at most `MOST_DISTINCT` different ones, which are at most half of its rows. A column
whose name or values look like people or identifiers keeps none, a text that the scrubber takes for a secret is left out.
This is a filter, no proof: names of people that occur often in a column called `x` pass. `profile_of(…, keep_values=False)`
keeps no value at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gnomon.data.profile.profile import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST = 5  # rows
MOST_DISTINCT = 1_000
MOST_KEPT = 32
LONGEST = 64  # characters

_NAMES = re.compile(
    r"(?:^|[^a-z])(?:e?mail|phone|mobile|tel|fax|ssn|nhs|nino|passport|licen[cs]e|iban|bic|account|card|cvv|pan|password|passwd|pwd|secret|token|"
    r"name|names|surname|firstname|lastname|fullname|forename|username|user|login|nick|street|address|addr|postcode|zip|zipcode|"
    r"birth|birthday|dob|ip|mac|imei|device|uuid|guid|patient|mrn|person|customer|client|employee|member|owner|author|gps|lat|lon|latitude|longitude)"
    r"(?:[^a-z]|$)"
)
_IDENTIFIERS = re.compile(
    r"(?:^|[^a-z])(?:ssn|nhs|nino|passport|iban|account|card|cvv|pan|phone|mobile|tel|fax|imei|mrn|password|pwd|secret|token)(?:[^a-z]|$)"
)
_LOOKS = re.compile(
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}"  # e-mail
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"  # UUID
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"  # IPv4
    r"|(?:\d[ ()/.-]{0,2}){7,}"  # phone, account, card
    r"|\b[0-9a-f]{16,}\b"
    r"|://",
    re.IGNORECASE,
)


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("_", " ").lower()


def is_number_withheld(name: str) -> bool:
    """Tell whether the numbers of a column are identifiers by its name, so that not even their range is kept."""
    return bool(_IDENTIFIERS.search(_words(name)))


def kept_texts(
    name: str, counts: Iterable[tuple[str, int]] | None, *, distinct: int, rows: int
) -> tuple[tuple[Value, ...], str]:
    """Return the values that may be kept, most common first, and why others are not; `counts` is None where they are too many."""
    if _NAMES.search(_words(name)):
        return (), "its name suggests people or identifiers"
    if counts is None or distinct > MOST_DISTINCT:
        return (), "too many different values"
    if distinct * 2 > rows:
        return (), "most values are different"
    common = sorted((-count, value) for value, count in counts if count >= FEWEST)
    if any(_LOOKS.search(value) for _, value in common):
        return (), "values look like people or identifiers"
    kept = tuple(
        Value(value, -count) for count, value in common if len(value) <= LONGEST and _is_clean(value)
    )
    left_out = "" if len(kept) == len(common) else "long texts and secrets left out"
    if len(common) < distinct:
        left_out = left_out or f"values in fewer than {FEWEST} rows left out"
    return kept[:MOST_KEPT], left_out


def _is_clean(value: str) -> bool:
    from gnomon.scrub.scrubber import Scrubber

    return Scrubber().text(value, "profile") == value
