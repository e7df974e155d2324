"""The kinds of entry about a writing (subject `decision:<id>`, `question:<id>`, …; 20 random hex digits).

| kind | body | folded as |
|---|---|---|
| `T.opened` | number, title, text, to, due, fields | the first, by (time, hash): what it was when it was written |
| `T.revised` | title, text | a register of both together |
| `T.addressed` | to, due | a register of both together: who must act, and until when |
| `T.moved` | state, why, before | a register: what became of it; `before` says what it goes over: state, why, writer, time_us |
| `T.said` | id, text, part, reply_to, since_us | comments: each a register by its id; an empty text takes it back |
| `T.marked` | what, value | what stands beside each other, such as the verdicts of several reviewers |

`T` is the subject's type. `to` are ids of members, `due` is a whole number of microseconds since 1970 UTC. `part` is a text that
says which part of the subject a comment is about, such as `cell:4` or `line:12`.
"""

from __future__ import annotations

ID_BYTES = 10
MAX_TITLE = 200
MAX_TEXT = 200_000
MAX_TO = 100
OPENED, REVISED, ADDRESSED, MOVED, SAID, MARKED = (
    "opened",
    "revised",
    "addressed",
    "moved",
    "said",
    "marked",
)
WHAT = {
    OPENED: "it was written",
    REVISED: "its title or text was changed",
    ADDRESSED: "it was said who must act, and until when",
    MOVED: "it was accepted, answered, closed or so",
    SAID: "somebody said something about it, or changed what they had said",
    MARKED: "somebody gave a verdict, or another mark of their own",
}


def kinds_of(type: str) -> dict[str, str]:
    """Return each kind of entry of a type of writing, with what it says."""
    return {f"{type}.{act}": what for act, what in WHAT.items()}


def subject(type: str, id: str) -> str:
    """Return the subject that entries about a writing name."""
    return f"{type}:{id}"
