"""What a person does with a writing: open, revise, address, move, comment, mark.

Always true: when one of these returns, the entry is on the disk. Each choice goes over what was seen, so it settles what people
did apart, and nothing that was not seen is lost.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, NotStoredError, UnknownSubjectError
from gnomon.session import session_for
from gnomon.team.writing import entries, views
from gnomon.team.writing.apart import has_marks
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.state import MAX_HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.writing.views import Said, Writing


def open_writing(
    record: Record,
    type: str,
    title: str,
    text: str,
    *,
    to: Sequence[str] = (),
    due: float | None = None,
    fields: Mapping[str, object] | None = None,
) -> Writing:
    """Write something new; it gets the next number. `to` are ids of members, `due` is seconds since 1970 UTC.

    Raises BadArgumentError for an empty title, or what is too long.
    """
    kind = KINDS[type]
    title, text = checked_title(kind.type, title), checked_text(text)
    unknown = set(fields or ()) - set(kind.fields)
    if unknown:
        raise BadArgumentError(
            f"a {type} has no field `{min(unknown)}`; it has {', '.join(kind.fields) or 'none'}"
        )
    record.replica.update(record.progress)
    new = secrets.token_hex(entries.ID_BYTES)
    body: dict[str, object] = {
        "number": views.next_number(views.rows(record, type)),
        "title": title,
        "text": text,
        **_addressed(to, due),
        **(fields or {}),
    }
    _write(record, type, new, entries.OPENED, body)
    return views.writing_called(record, type, new)


def revise(writing: Writing, *, title: str | None = None, text: str | None = None) -> Writing:
    """Put another title or text in the place of all that stand in `writing`; one that came meanwhile stands beside it.

    Raises BadArgumentError for a kind that is not revised, and for a text with marks that `apart.merged` made.
    """
    kind = writing.kind
    if not kind.can_be_revised:
        raise BadArgumentError(
            f"a {kind.noun} is not changed once it is written, so that later readers see what was decided",
            hint=f"write a new one that supersedes `{writing.label}`",
        )
    title = checked_title(kind.type, writing.title if title is None else title)
    text = checked_text(writing.text if text is None else text)
    if (title, text) == (writing.title, writing.text) and not writing.other_texts:
        return writing
    if writing.other_texts and has_marks(text):
        raise BadArgumentError(
            f"the text of `{writing.label}` still has the lines `<<<<<<<` and `>>>>>>>` around what differs",
            hint="keep what is meant of each, and take these lines out",
        )
    _write_to(writing, entries.REVISED, {"title": title, "text": text}, over=writing.raw["text_heads"])
    return refreshed(writing)


def address(writing: Writing, to: Sequence[str], due: float | None = None) -> Writing:
    """Say anew who must act, and until when."""
    _write_to(writing, entries.ADDRESSED, _addressed(to, due), over=writing.raw["to_heads"])
    return refreshed(writing)


def move(writing: Writing, state: str, why: str = "") -> Writing:
    """Say what became of it. Doing it again changes nothing. Raises BadArgumentError for a state that its kind has not."""
    kind = writing.kind
    if state not in kind.states:
        raise BadArgumentError(f"a {kind.noun} cannot be `{state}`; it is one of {', '.join(kind.states)}")
    standing = writing.moves
    if len(standing) <= 1 and writing.state == state and not why:
        return writing
    before = [
        {key: one[key] for key in ("state", "why", "writer", "time_us")}
        for one in (*writing.raw["history"], *writing.raw["states"])
    ]
    body: dict[str, object] = {"state": state, "why": checked_text(why)}
    if before:
        body["before"] = before[-MAX_HISTORY:]
    _write_to(writing, entries.MOVED, body, over=writing.raw["state_heads"])
    return refreshed(writing)


def say(writing: Writing, text: str, *, part: str | None = None, reply_to: str | None = None) -> Said:
    """Say something about it; `part` is the part that is meant, `reply_to` the comment that is answered (or its beginning).

    Not checked: that there is such a part. `reviews.placed.checked_part` does, where a person types one.
    """
    if not text.strip():
        raise BadArgumentError("a comment needs some text; this one is empty", hint="nothing was written")
    if part is not None and len(part) > entries.MAX_TITLE:
        raise BadArgumentError(f"a part has at most {entries.MAX_TITLE} characters; got {len(part):,}")
    body: dict[str, object] = {"id": secrets.token_hex(entries.ID_BYTES), "text": checked_text(text)}
    if part:
        body["part"] = " ".join(part.split())
    if reply_to is not None:
        body["reply_to"] = comment_called(writing, reply_to).id
    _write_to(writing, entries.SAID, body)
    return comment_called(refreshed(writing), str(body["id"]))


def say_otherwise(writing: Writing, comment: str, text: str) -> Writing:
    """Put another text in the place of a comment; an empty one takes it back."""
    known = comment_called(writing, comment)
    if known.others and has_marks(text):
        raise BadArgumentError(
            "the comment still has the lines `<<<<<<<` and `>>>>>>>` around what differs",
            hint="keep what is meant of each, and take these lines out",
        )
    body: dict[str, object] = {
        "id": known.id, "text": checked_text(text) if text.strip() else "", "since_us": round(known.time * 1e6),
    }  # fmt: skip
    if known.part is not None:
        body["part"] = known.part
    if known.reply_to is not None:
        body["reply_to"] = known.reply_to
    _write_to(writing, entries.SAID, body, over=known.heads)
    return refreshed(writing)


def mark(writing: Writing, what: str, value: Mapping[str, object], *, over: Iterable[str] = ()) -> Writing:
    """Put a mark beside it, such as a verdict, in the place of those that it goes over."""
    _write_to(writing, entries.MARKED, {"what": what, "value": dict(value)}, over=over)
    return refreshed(writing)


def comment_called(writing: Writing, word: str) -> Said:
    """Return the comment whose id begins so. Raises UnknownSubjectError."""
    found = [one for one in writing.comments if word and one.id.startswith(word)]
    if len(found) != 1:
        how = f"{len(found)} comments" if found else "no comment"
        raise UnknownSubjectError(
            f"`{writing.label}` has {how} whose id begins with `{word[:20]}`",
            hint=f"`gnomon read {writing.label}` shows them",
        )
    return found[0]


# ---------------------------------------------------------------- what may be written


def checked_title(type: str, title: str) -> str:
    """Return a title on one line. Raises BadArgumentError for an empty or a long one."""
    title = " ".join(title.split())
    if not title:
        raise BadArgumentError(f"a {type} needs a title; this one is empty", hint="nothing was written")
    if len(title) > entries.MAX_TITLE:
        raise BadArgumentError(
            f"a title has at most {entries.MAX_TITLE} characters; got {len(title):,}",
            hint="the rest belongs into the text",
        )
    return title


def checked_text(text: str) -> str:
    """Return a text without space at its end. Raises BadArgumentError for one that is too long."""
    text = text.rstrip()
    if len(text) > entries.MAX_TEXT:
        raise BadArgumentError(
            f"a text has at most {entries.MAX_TEXT:,} characters; got {len(text):,}",
            hint="keep a long one as a file of a run, or as data, and refer to it",
        )
    return text


def _addressed(to: Sequence[str], due: float | None) -> dict[str, object]:
    if len(to) > entries.MAX_TO:
        raise BadArgumentError(f"at most {entries.MAX_TO} members can be asked at once; got {len(to)}")
    body: dict[str, object] = {"to": list(dict.fromkeys(to))}
    if due is not None:
        body["due"] = round(due * 1e6)
    return body


def refreshed(writing: Writing) -> Writing:
    """Return a writing as it is now."""
    writing.record.replica.update()
    return type(writing)(writing.record, writing.kind, writing.id, writing.label)


def _write_to(writing: Writing, act: str, body: dict[str, Any], over: Iterable[str] = ()) -> None:
    _write(writing.record, writing.kind.type, writing.id, act, body, over)


def _write(
    record: Record, type: str, id: str, act: str, body: dict[str, Any], over: Iterable[str] = ()
) -> None:
    kind = f"{type}.{act}"
    session = session_for(record.path, env=record.home.env)
    session.append(kind, entries.subject(type, id), body, over=over, strict=True)
    if not session.sync():
        raise NotStoredError(f"the entry `{kind}` could not be brought to the disk of `{record.path}`")
