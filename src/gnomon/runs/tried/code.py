"""Which code runs ran, as far as it was recorded: the fingerprint of the code, else its commit; and what of it they loaded.

Always true: two codes are the same only where both have one fingerprint. Where one was not recorded, nobody can tell. In a
repository that people work in, fingerprints are seldom equal: where nothing changed but Python that the earlier run did not
import, or texts about the project, that is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.record.index_query import stored
from gnomon.runs.tried.processes import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gnomon.record.index import Index

HERE = "here"
FEWEST_DIGITS = 4
SAME, ALIKE, OTHER = (
    "same",
    "alike",
    "other",
)  # `alike`: only Python that it did not import changed, or texts about the project
MOST_MARKS = 100  # states of loaded files that are compared with the files in a folder, the newest
_FEW = 64  # processes: to look for them in the bytes of a column takes less than to make its cells
_KEYS = ("code.fingerprint", "code.commit", "code.tree", "code.rest", "code.loaded")
_CALLED_BY = _KEYS[:2]
_LOADED = "code.loaded"


class Code(NamedTuple):
    """A state of the code. What was not recorded is None.

    `tree` is of what all files hold, committed or not, `rest` of what neither Python nor texts about the project hold
    (`capture.code_tree`). `loaded`: the marks of loaded files (`capture.loaded`) which this code has: its own, or all that a
    folder has.
    """

    fingerprint: str | None = None
    commit: str | None = None
    tree: str | None = None
    rest: str | None = None
    loaded: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether anything was recorded."""
        return self.fingerprint is not None or self.commit is not None

    @property
    def short(self) -> str:
        """The beginning of what names it."""
        return (self.fingerprint or self.commit or "")[:8]


def compared(earlier: Code, asked: Code) -> str | None:
    """Return how the code of an earlier run compares: SAME, ALIKE, OTHER; None where nobody can tell.

    >>> asked, loaded = Code("a1", "c1", "t", "r", frozenset({"m"})), frozenset({"m"})
    >>> earlier = Code("a1", "c2"), Code("b2", "c2", "t"), Code("b2", "c1"), Code("b2", "c2", "u", "r", loaded), Code(None, "c1")
    >>> [compared(code, asked) for code in earlier]
    ['same', 'same', 'other', 'alike', None]
    """
    if earlier.fingerprint is not None and earlier.fingerprint == asked.fingerprint:
        return SAME
    if earlier.tree is not None and earlier.tree == asked.tree:
        return SAME
    if earlier.rest is not None and earlier.rest == asked.rest and earlier.loaded & asked.loaded:
        return ALIKE
    if earlier.fingerprint is not None and asked.fingerprint is not None:
        return OTHER
    if earlier.commit is not None and asked.commit is not None and earlier.commit != asked.commit:
        return OTHER
    return None


def codes_of(index: Index, places: Sequence[int]) -> list[Code]:
    """Return the code of the runs at these places, in their order: that of the first process that recorded it.

    What was loaded is said by another process where a launcher knows the code, and of several ranks by the first.
    """
    found = []
    for facts in facts_of(index, places, _KEYS):
        own = [
            Code(_text(mark), _text(commit), _text(tree), _text(rest))
            for mark, commit, tree, rest, _ in facts
        ]
        marked = next((one for one in own if one.fingerprint is not None), None)
        code = marked or next((one for one in own if one.is_known), Code())
        loaded = next((mark for *_, mark in facts if isinstance(mark, str)), None)
        found.append(code if loaded is None else code._replace(loaded=frozenset({loaded})))
    return found


def with_loaded(
    index: Index,
    code: Code,
    folder: str,
    pause: Callable[[], None] = lambda: None,
    imported: Collection[str] = (),
) -> Code:
    """Return a code with the marks of loaded files that the project around a folder has unchanged.

    Of the newest `MOST_MARKS` states of loaded files that the record has; each file is read once. `imported`: what is known to
    be loaded now; a mark without one of these is that of another program.
    """
    from gnomon.runs.capture.code import project_root
    from gnomon.runs.capture.loaded import FilesHere

    root = project_root(folder)
    if root is None:
        return code
    at: dict[str, int] = {}
    for place, mark in enumerate(index.columns("process", [_LOADED])[_LOADED]):
        if isinstance(mark, str):
            at.pop(mark, None)
            at[mark] = place
    newest = list(at.items())[-MOST_MARKS:]
    logs = index.columns("process", [""], [place for _, place in newest])[""]
    here = FilesHere(root)
    alike = set()
    for (mark, _), log in zip(newest, logs, strict=True):
        pause()
        state = index.state("process", str(log))
        assert isinstance(state, dict)  # `fold_process` made it  # noqa: S101
        files = state["parts"].get("loaded", {}).get("files", ())
        if not files or not {path for path, _ in files}.issuperset(imported):
            continue
        if not here.changed(files):
            alike.add(mark)
    return code._replace(loaded=frozenset(alike))


def places_with(index: Index, code: Code) -> list[int]:
    """Return the places of the runs of which a process has this fingerprint or these files, or may be alike; ascending."""
    table = index.columns("process", ["code.fingerprint", "code.tree", _LOADED])
    at = [
        place
        for place, (mark, tree, loaded) in enumerate(
            zip(table["code.fingerprint"], table["code.tree"], table[_LOADED], strict=True)
        )
        if (mark is not None and mark == code.fingerprint)
        or (tree is not None and tree == code.tree)
        or loaded in code.loaded
    ]
    if not at:
        return []
    logs = frozenset(map(str, index.columns("process", [""], at)[""]))
    column = index.ask(lambda database: stored(database, "run", ["processes"]))["processes"]
    cells = column.cells_near([*logs]) if len(logs) <= _FEW else enumerate(column.cells())
    return [place for place, own in cells if isinstance(own, list) and not logs.isdisjoint(own)]


def code_called(index: Index, word: str) -> Code:
    """Return the code that a word means: `here`, or the beginning of a fingerprint or a commit that runs ran.

    Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
    """
    if word == HERE:
        return with_loaded(index, code_here(), os.getcwd())
    digits = word.lower()
    if len(digits) < FEWEST_DIGITS or not digits.isalnum():
        raise BadArgumentError(
            f"`--code` must be `{HERE}` or at least {FEWEST_DIGITS} digits of a fingerprint or a commit; got `{word}`",
            hint="`gnomon show RUN` shows the code of a run",
        )
    for nth, key in enumerate(_CALLED_BY):
        known = index.columns("process", [key])[key]
        found = sorted({str(one) for one in known if isinstance(one, str) and one.startswith(digits)})
        if len(found) > 1:
            shown = ", ".join(f"`{one[:12]}`" for one in found[:5]) + (", …" if len(found) > 5 else "")
            raise AmbiguousIdError(
                f"{len(found)} states of the code begin with `{word}`: {shown}", hint="type more of it"
            )
        if found:
            return Code(found[0]) if nth == 0 else Code(None, found[0])
    raise UnknownSubjectError(
        f"no run ran code whose fingerprint or commit begins with `{word}`",
        hint=f"`gnomon show RUN` shows the code of a run, `--code {HERE}` means that of this folder",
    )


def code_here() -> Code:
    """Return the state of the code in and around the working folder. Raises BadArgumentError where it cannot be known."""
    from gnomon.runs.capture.capture import scrubber_here
    from gnomon.runs.capture.code import code_state

    facts = code_state(os.getcwd(), scrubber=scrubber_here()).facts
    found = code_of_facts(facts)
    if found.fingerprint is None:
        notes = facts.get("notes")
        why = f" ({notes[0]})" if isinstance(notes, list) and notes else ""
        raise BadArgumentError(
            f"the code in this folder could not all be looked at{why}, so `--code {HERE}` cannot be compared",
            hint="leave `--code` out to ask about runs of any code",
        )
    return found


def code_of_facts(facts: Mapping[str, object]) -> Code:
    """Return the state of the code of which capture says this."""
    mark, commit, tree, rest = [_text(facts.get(name)) for name in ("fingerprint", "commit", "tree", "rest")]
    return Code(mark, commit, tree, rest)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
