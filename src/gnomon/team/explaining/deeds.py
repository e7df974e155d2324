"""What people did with a thing: made it, reviewed it, decided on it, took it over, wrote about it, answered about it.

Each deed is by a device, names the writing in which it is, and has a time. Hiding, tagging and renaming explain
nothing, and are left out; so is asking: who asks what a thing is does not thereby know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs import checked
from gnomon.team.decisions.evidence import evidence_of
from gnomon.team.explaining.thing import ITS_DATA_SET, THIS, Naming
from gnomon.team.reviews.views import VERDICT
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gnomon.runs.views import Record
    from gnomon.team.explaining.thing import Thing

_MOVED = {
    "decision": ("accepted", "rejected"), "question": ("answered",), "handoff": ("accepted",), "problem": ("solved",)
}  # fmt: skip
"""The moves of a writing that somebody makes who can explain it; to close or archive one needs no knowledge of it."""
_WHAT = {THIS: "it", ITS_DATA_SET: "its data set"}


class Deed(NamedTuple):
    """What a device did: in words, in which writing (None: with the thing itself), and when (seconds UTC)."""

    writer: str
    how: str
    reference: str | None
    time: float


class _Other(NamedTuple):
    """A writing that may be about the thing: its kind, what it is called, its state."""

    kind: str
    label: str
    state: Mapping[str, Any]

    @property
    def texts(self) -> list[str]:
        """Its title and text, and of a question what waits for the answer."""
        shown = self.state["revisions"][-1] if self.state["revisions"] else self.state
        return [str(shown["title"]), str(shown["text"]), *checked.texts(self.state["fields"].get("blocks"))]


def deeds(record: Record, thing: Thing) -> Iterator[Deed]:
    """Yield what people did with a thing, in no order."""
    state = record.replica.index.state(thing.kind, thing.id)
    assert isinstance(state, dict)  # the fold of its kind made it  # noqa: S101
    if thing.kind == "run":
        yield from _of_run(state)
    elif thing.kind == "data":
        yield from _by(state["writer"], "added it", None, state["created_us"])
    else:
        yield from _of_writing(thing.kind, state)
    yield from _in_others(record, thing)


def _by(writer: str | None, how: str, reference: str | None, time_us: int) -> Iterator[Deed]:
    if writer is not None:
        yield Deed(writer, how, reference, time_us / 1e6)


def _of_run(state: Mapping[str, Any]) -> Iterator[Deed]:
    for process in state["processes"].values():
        yield from _by(process["writer"], "ran it", None, process["started_us"])
    for note in state["notes"]:
        if note["text"]:
            yield from _by(note["writer"], "wrote a note on it", None, note["time_us"])


def _of_writing(kind: str, state: Mapping[str, Any]) -> Iterator[Deed]:
    """Yield what people did with a writing that is itself the thing."""
    asker = state["writer"] if kind == "question" else None
    if asker is None:
        yield from _by(state["writer"], "wrote it", None, state["created_us"])
    for one in state["revisions"]:
        yield from _by(one["writer"], "changed its text", None, one["time_us"])
    yield from _moved(kind, state, "{state} it", None)
    for one in state["comments"]:
        if one["writer"] != asker:
            yield from _by(one["writer"], "said something about it", None, one["time_us"])
    for one in state["marks"]:
        if one["what"] == VERDICT:
            yield from _by(one["writer"], "gave a verdict", None, one["time_us"])


def _moved(kind: str, state: Mapping[str, Any], how: str, label: str | None) -> Iterator[Deed]:
    for one in state["states"]:
        if one["state"] in _MOVED.get(kind, ()):
            yield from _by(one["writer"], how.format(state=one["state"]), label, one["time_us"])


# ---------------------------------------------------------------- in what else people wrote


def _in_others(record: Record, thing: Thing) -> Iterator[Deed]:
    """Yield what people did with a thing in writings about it, or that name it."""
    naming = Naming(record, thing)
    others = [one for kind in KINDS for one in _others(record, kind, but=thing.subject)]
    for one in others:
        for text in (*one.texts, *(comment["text"] for comment in one.state["comments"])):
            naming.add(text)
    for one in others:
        yield from _in_other(one, thing, naming)


def _others(record: Record, kind: str, *, but: str) -> Iterator[_Other]:
    labels = {row.id: row.label for row in rows(record, kind) if row.subject != but}
    if labels:
        for id_, state in record.replica.index.states(kind):
            if id_ in labels:
                assert isinstance(state, dict)  # the fold of its kind made it  # noqa: S101
                yield _Other(kind, labels[id_], state)


def _in_other(other: _Other, thing: Thing, naming: Naming) -> Iterator[Deed]:
    is_about = _is_about(other, thing)
    named = THIS if is_about else naming.how(other.texts)
    if named is not None:
        yield from _of_kind(other, _WHAT[named], is_about=is_about)
    if named is not None and (other.kind == "question" or (is_about and other.kind == "review")):
        return  # its comments are about the thing, whatever they name
    for one in other.state["comments"]:
        how = naming.how([one["text"]])
        if how is not None:
            yield from _by(one["writer"], f"said something about {_WHAT[how]}", other.label, one["time_us"])


def _of_kind(other: _Other, what: str, *, is_about: bool) -> Iterator[Deed]:
    """Yield what people did with the thing in a writing that is about it (`is_about`) or names it in its text."""
    kind, state, label = other.kind, other.state, other.label
    writer, created = state["writer"], state["created_us"]
    if kind == "question":
        yield from _moved(kind, state, f"answered a question about {what}", label)
        for one in state["comments"]:
            if one["writer"] != writer:
                yield from _by(one["writer"], f"answered a question about {what}", label, one["time_us"])
    elif kind == "review" and is_about:
        for one in state["marks"]:
            if one["what"] == VERDICT:
                yield from _by(one["writer"], f"reviewed {what}", label, one["time_us"])
        for one in state["comments"]:
            yield from _by(one["writer"], f"said something about {what}", label, one["time_us"])
    elif kind == "decision" and is_about:
        yield from _by(writer, f"decided on {what}", label, created)
        yield from _moved(kind, state, f"decided on {what}", label)
    elif kind == "handoff" and is_about:
        yield from _by(writer, f"handed {what} off", label, created)
        yield from _moved(kind, state, f"accepted a hand-off of {what}", label)
    else:
        yield from _by(writer, f"wrote about {what}", label, created)
        for one in state["revisions"]:
            yield from _by(one["writer"], f"wrote about {what}", label, one["time_us"])
        if kind == "problem":
            yield from _moved(kind, state, f"solved a problem with {what}", label)


def _is_about(other: _Other, thing: Thing) -> bool:
    """Return whether the fields of a writing name a thing: a review is of it, a decision rests on it, …"""
    fields, subject = other.state["fields"], thing.subject
    if other.kind == "review":
        return subject in (fields.get("subject"), fields.get("against_subject"))
    if other.kind == "decision":
        return any(subject in one.subjects for one in evidence_of(fields))
    if other.kind == "handoff":
        items = fields.get("items")
        return isinstance(items, list) and subject in items
    return other.kind == "problem" and fields.get("run") == subject
