"""What is new about runs: those that failed and those that finished, of one group as one line; one pass over a few columns."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from gnomon import text
from gnomon.runs.news import quoted
from gnomon.runs.state import OPEN
from gnomon.team.catchup.news import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.catchup.position import Position
    from gnomon.team.people.views import People

_COLUMNS = ("", "name", "group", "status", "created", "ended", "writer", "removed", "touched")
_NUMBERED = re.compile(r"[-_. #/]*[0-9]+\Z")
FAILED = frozenset({"failed", "interrupted", "stopped"})


@dataclass
class Together:
    """Runs of one group, or of one name but for the number at its end, that ended in one way."""

    name: str
    is_failed: bool
    is_mine: bool
    ids: list[str] = field(default_factory=list)
    writers: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    newest: float = 0.0
    group: str | None = None
    one: str = ""  # the name of the run, where it is only one


class RunNews(NamedTuple):
    """What is new of runs: lines of those that failed and finished, how many began, and how many were written about.

    `seen` is the time of the latest entry of each writer about a run.
    """

    failed: list[Together]
    finished: list[Together]
    began: int
    touched: int
    seen: dict[str, float]


def run_news(record: Record, position: Position, mine: frozenset[str]) -> RunNews:
    """Return what is new of runs; what the reader's own devices (`mine`) noted is not news, how their runs ended is."""
    index = record.replica.index
    if "run" not in index.types():
        return RunNews([], [], 0, 0, {})
    table = index.columns("run", _COLUMNS)
    record.tell_liveness(table, [str(run) for run in table[""]])
    lines: dict[tuple[str, bool, bool], Together] = {}
    seen: dict[str, float] = {}
    began = touched = 0
    for run, name, group, status, created, ended, writer, is_removed, about in zip(
        *(table[key] for key in _COLUMNS), strict=True
    ):
        whose = str(writer or "")
        at = _seconds(ended) or _seconds(created)
        if at > seen.get(whose, 0.0):
            seen[whose] = at
        if about and _note(about, position, mine, seen):
            touched += 1
        if is_removed or not position.is_new(whose, at):
            continue
        if status in (OPEN, "running", "unknown"):
            began += 1
            continue
        line = _line(lines, name, group, str(run), status in FAILED, whose in mine)
        line.ids.append(str(run))
        line.writers.add(whose)
        line.statuses[str(status)] += 1
        line.newest = max(line.newest, at)
    ordered = sorted(lines.values(), key=lambda one: (not one.is_mine, -one.newest, one.name))
    return RunNews(
        [one for one in ordered if one.is_failed],
        [one for one in ordered if not one.is_failed],
        began,
        touched,
        seen,
    )


def _note(about: object, position: Position, mine: frozenset[str], seen: dict[str, float]) -> bool:
    """Return whether somebody else wrote about a run lately: notes, tags, names; take note of the times."""
    changes = about if isinstance(about, list) else []
    is_new = False
    for writer, time_us in zip(changes[::2], changes[1::2], strict=False):
        at = _seconds(time_us)
        seen[writer] = max(at, seen.get(writer, 0.0))
        is_new = is_new or (writer not in mine and position.is_new(writer, at))
    return is_new


def stem(name: object) -> str:
    """Return a name without the number at its end; empty for no name."""
    return (_NUMBERED.sub("", str(name)) or str(name)) if name else ""


def _line(
    lines: dict[tuple[str, bool, bool], Together],
    name: object,
    group: object,
    run: str,
    is_failed: bool,
    is_mine: bool,
) -> Together:
    called = str(group) if group else stem(name) or run
    key = (called, is_failed, is_mine)
    line = lines.get(key)
    if line is None:
        shown = called if called != run else run[:8]
        line = lines[key] = Together(shown, is_failed, is_mine, group=str(group) if group else None)
        line.one = str(name) if name else run[:8]
    return line


def items(lines: Sequence[Together], record: Record, people: People) -> list[Item]:
    """Return lines as items."""
    from gnomon.team.writing.views import who

    return [
        Item(
            _what(one), _title(one, record), _names(who(people, writer or None) for writer in one.writers), one.newest,
            href=_href(one),
        )
        for one in lines
    ]  # fmt: skip


def _names(found: Iterable[str]) -> str:
    names = sorted(set(found))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _what(line: Together) -> str:
    return f"run:{line.ids[0][:8]}" if len(line.ids) == 1 else text.count(len(line.ids), "run")


def _title(line: Together, record: Record) -> str:
    """Return the name, how they ended, and of failed ones why the first did."""
    told = ", ".join(
        f"{count} {status}" if len(line.ids) > 1 else status for status, count in line.statuses.most_common()
    )
    why = ""
    if line.is_failed:
        from gnomon.runs.failures import reason
        from gnomon.runs.run_view import RunView

        error, said = reason(RunView(record, line.ids[-1]))
        why = f": {text.cut(': '.join(filter(None, (error, said))), 100)}" if error or said else ""
    return f"{line.one if len(line.ids) == 1 else line.name} {told}{why}"


def _href(line: Together) -> str:
    if len(line.ids) == 1:
        return f"/run/{line.ids[0]}"
    if line.group is not None:
        return "/runs?" + urlencode({"where": f"group = {quoted(line.group)}"})
    return "/runs?" + urlencode({"where": f"name ~ {quoted(line.name + '*')}"})


def _seconds(value: object) -> float:
    return value / 1e6 if isinstance(value, (int, float)) else 0.0
