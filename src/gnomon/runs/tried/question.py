"""The question as a person or a script puts it: parameters or a run, code by its beginning, data by its version.

Words that somebody types are checked against what the record has (`params_of_words`): a misspelt name would be answered with
"not tried". What a script gives is taken as it is, since a new parameter is no mistake.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UnknownSubjectError, UsageError
from gnomon.runs.called import run_called
from gnomon.runs.groups.configuration import PARAM, is_seed_like
from gnomon.runs.packed import Words
from gnomon.runs.tried import found
from gnomon.runs.tried.asked import UsedData, asked_of, asked_of_run
from gnomon.runs.tried.code import code_called
from gnomon.runs.tried.command import plain
from gnomon.text import any_value, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record

_MOST_NAMED = 8


def tried(
    record: Record,
    params: Mapping[str, object] | None = None,
    *,
    run: str | None = None,
    whole: bool = False,
    code: str | None = None,
    data: str | Sequence[str] = (),
    metric: str | None = None,
    limit: int = found.LIMIT,
) -> found.Tried:
    """Return what was tried; see `Record.tried`."""
    if (params is None) == (run is None):
        raise BadArgumentError(
            "`tried()` needs either `params` or `run`; got " + ("both" if run is not None else "neither"),
            hint='for instance `record.tried({"lr": 0.1})` or `record.tried(run="3fa91c2e")`',
        )
    record.follow()
    if run is not None:
        asked = asked_of_run(record, run_called(record, run))
    else:
        asked = asked_of(params or {}, whole=whole)
        if not asked.params and not whole:
            seeds = (
                f"; {' and '.join(f'`{name}`' for name in asked.seeds)} is a seed, which does not count"
                if asked.seeds
                else ""
            )
            raise BadArgumentError(
                f"`tried()` needs at least one parameter{seeds}",
                hint="`whole=True` asks for runs that have no parameters at all" if not seeds else None,
            )
    if code is not None:
        asked = replace(asked, code=code_called(record.replica.index, code))
    versions = [record.data(one) for one in ([data] if isinstance(data, str) else data)]
    if versions:
        asked = replace(
            asked,
            data=tuple(
                [UsedData(one.label, frozenset(filter(None, (one.object, one.id)))) for one in versions]
            ),
        )
    return found.tried(record, asked, metric=metric, limit=limit)


def has_runs(record: Record) -> bool:
    """Return whether there is any run that is not hidden, of what was taken in so far."""
    hidden = record._kept.columns(record.replica.index, ["removed"])["removed"]
    return not all(hidden.words if isinstance(hidden, Words) else hidden)


def params_of_words(record: Record, texts: Iterable[str]) -> dict[str, object]:
    """Return the parameters that somebody typed, `lr=0.1`, each as the kind of value that the record has of it.

    Raises UsageError for what is no `NAME=VALUE`, UnknownSubjectError for a name that no run has, BadArgumentError for a
    value of another kind.
    """
    record.follow()
    names = [key[len(PARAM) :] for key in record.replica.index.keys("run") if key.startswith(PARAM)]
    params: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().removeprefix(PARAM)
        if not equals or not name:
            raise UsageError(
                f"a parameter must be NAME=VALUE; got `{clean(text)}`",
                hint=f"for instance `gnomon tried {_example(name, names)}`",
            )
        if name in params:
            raise UsageError(
                f"`{clean(name)}` is given twice; got `{any_value(params[name])}` and `{clean(value)}`"
            )
        if name not in names and not is_seed_like(name):
            raise _unknown(name, names)
        params[name] = _typed(record, name, value) if name in names else plain(value)
    return params


def _example(name: str, names: Sequence[str]) -> str:
    return f"{clean(name)}=0.1" if name in names else f"{clean(names[0])}=…" if names else "lr=0.1"


def _unknown(name: str, names: Sequence[str]) -> UnknownSubjectError:
    from difflib import get_close_matches

    if not names:
        return UnknownSubjectError(
            f"no run has a parameter `{clean(name)}`: none of them has any",
            hint="`gnomon tried --run RUN` compares runs by their commands, too",
        )
    inner = [one for one in names if one.rpartition(".")[2] == name]
    near = inner or get_close_matches(name, names, n=3)
    meant = f"did you mean {' or '.join(f'`{clean(one)}`' for one in near[:3])}?" if near else ""
    listed = ", ".join(f"`{clean(one)}`" for one in names[:_MOST_NAMED]) + (
        ", …" if len(names) > _MOST_NAMED else ""
    )
    return UnknownSubjectError(
        f"no run has a parameter `{clean(name)}`, so nothing was tried with it",
        hint=meant or f"there is {listed}",
    )


def _typed(record: Record, name: str, text: str) -> object:
    """Return a typed value as the kind that the record has of a parameter. Raises BadArgumentError where it has another."""
    value = plain(text)
    column = record._kept.columns(record.replica.index, [PARAM + name])[PARAM + name]
    if isinstance(column, array) and _kind(value) == "a number":  # most often; an array holds nothing else
        return value
    cells = column.words if isinstance(column, Words) else column
    known = {cell for cell in cells if cell is not None and cell == cell}
    kinds = {_kind(cell) for cell in known}
    if _kind(value) in kinds or not kinds or value in known:
        return value
    if "a text" in kinds:
        return text
    raise BadArgumentError(
        f"`{clean(name)}` is {' or '.join(sorted(kinds))} in all runs that have it{_range(known)}; got `{clean(text)}`, "
        f"which is {_kind(value)}",
        hint=f"for instance `gnomon tried {clean(name)}={any_value(min(known, key=repr))}`",
    )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, (int, float)) else "a text"


def _range(known: Iterable[object]) -> str:
    numbers = [one for one in known if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if not numbers:
        return ""
    low, high = any_value(min(numbers)), any_value(max(numbers))
    return f" ({low})" if low == high else f" ({low} to {high})"
