"""The kind of entry about a check (subject `check:<id>`, 20 random hex digits).

| kind | body | folded as |
|---|---|---|
| `check.made` | check, name, verdict, about, rows, level, findings, failed, unknown, total, result, evidence, since | the check |

`about` are subjects (`run:<id>`, `data:<id>`), the first is what the check is of. `findings` are at most `MOST_FINDINGS`, what
failed first; `failed`, `unknown` and `total` count all. `result` is the digest of an object: the whole result, as JSON
(`CheckResult.to_dict`). `since` is the id of the check that it was compared with. An entry is never replaced: a later check
of the same name about the same subject is the one that stands.
"""

from __future__ import annotations

MADE = "check.made"
CHECK_ID_BYTES = 10
MOST_FINDINGS = 40


def check_subject(check: str) -> str:
    """Return the subject that entries about a check name."""
    return f"check:{check}"
