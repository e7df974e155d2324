"""The kinds of entry about a member (subject `member:<id>`, 20 random hex digits).

| kind | body | folded as |
|---|---|---|
| `member.named` | name | a register |
| `member.works` | zone, hours, days, from (a date, or null: since ever) | a schedule: for each `from` a register |
| `member.away` | uid, first, last (dates, both included), why, source | an observed-remove set by `uid` |
| `member.back` | nothing | takes out what it goes over: days off, or a part of the schedule |
| `member.claimed` | nothing | whoever writes on this device speaks for the member, until it claims another |
| `member.asked` | asked (true or false) | a register: whether they may be named as somebody who can explain a thing |

`zone` is a name of the IANA time zone database; `hours` and `days` are written as `people.hours` writes them. `source` says from
which calendar a day off came: a mark that is made from the name of the file, so that what vanished from it can be found.
Anybody may write any of these about anybody: until there are members with keys the record shows through which writer it came.
Only `member.asked` counts from the member's own devices alone, and where what they said stands apart, no counts.
"""

from __future__ import annotations

NAMED = "member.named"
WORKS = "member.works"
AWAY = "member.away"
BACK = "member.back"
CLAIMED = "member.claimed"
ASKED = "member.asked"
TYPE = "member"
MEMBER_ID_BYTES = 10


def member_subject(member: str) -> str:
    """Return the subject that entries about a member name."""
    return f"{TYPE}:{member}"
