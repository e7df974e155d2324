"""What is around every part of a run's page: its whole id in the address, the head, the tabs.

Always true: the address of a part holds the whole id; a shorter one, a name or `@1` is led there, with what stands behind `?`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from gnomon.page import Redirect, Shown
from gnomon.runs import checked
from gnomon.runs.display.shorten import short, words
from gnomon.runs.made_for import repeat_of, trial_of
from gnomon.runs.news import quoted
from gnomon.runs.related import known_tags, related

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.page import Ask
    from gnomon.runs.forecast.eta import Eta
    from gnomon.runs.run_view import RunView

TABS = (
    ("", "Overview"), ("charts", "Charts"), ("console", "Console"), ("code", "Code"), ("files", "Files"), ("media", "Media"),
    ("system", "System"), ("notebook", "Notebook"), ("checks", "Checks"), ("lineage", "Lineage"),
)  # fmt: skip
MOST_CHILDREN = 12
MOST_SAID = 6


def opened(ask: Ask, tab: str = "") -> RunView | Redirect:
    """Return the run of an address, or where it stands by its whole id. Raises UnknownSubjectError, AmbiguousIdError."""
    run = ask.record.run(ask.path["run"])
    if run.id == ask.path["run"]:
        return run
    pairs = ask.query.pairs()
    return Redirect(address(run.id, tab) + (f"?{urlencode(pairs)}" if pairs else ""))


def address(run: str, *parts: str) -> str:
    """Return the path of a part of a run's page."""
    return "/".join(["/run", run, *(quote(part, safe="") for part in parts if part)])


def shown(ask: Ask, run: RunView, tab: str, template: str, values: Mapping[str, object]) -> Shown:
    """Return a part of the page with its head."""
    title = words(run.name, 80) if run.name else run.id[:8]
    name = dict(TABS)[tab]
    around = {"run": run.id, "tab": tab, "head": head_of(ask, run)}
    if not ask.part:
        around["known_tags"] = known_tags(ask.record)
    return Shown(template, title if not tab else f"{title}: {name.lower()}", {**around, **values})


class Grown(NamedTuple):
    """What came since a page was loaded: it had `had` of something that is called `noun`, and there are `new` more."""

    had: int
    new: int
    noun: str


def grown(ask: Ask, total: int, noun: str) -> Grown:
    """Return how many more there are than the page that asks had; where the whole page is asked for, none."""
    had = ask.query.whole("had", total) if ask.part == "more" else total
    return Grown(had, max(0, total - had), noun)


def head_of(ask: Ask, run: RunView) -> dict[str, object]:
    """Return what the head shows."""
    others = related(ask.record, run.id)
    has_notebook = run.notebook is not None
    status = run.status
    return {
        "name": run.name, "status": status, "is_live": status in ("running", "unknown"), "group": run.group,
        "group_where": f"group = {quoted(run.group)}" if run.group else "", "seed": checked.shallow(run.seed),
        "author": run.author, "created": run.created, "ended": run.ended, "duration": run.duration_s,
        "running_s": max(0.0, ask.now - run.created) if status == "running" and ask.now else None,
        "eta": _eta(ask, run) if status == "running" and ask.now else None,
        "tags": run.tags, "is_removed": run.is_removed,
        "conflicts": _conflicts(run), "names": _names(run), "others": others, "trial": trial_of(run), "repeats": repeat_of(run),
        "children": others.children[:MOST_CHILDREN], "more_children": len(others.children) - MOST_CHILDREN,
        "tabs": [
            (name, title, address(run.id, name)) for name, title in TABS if name != "notebook" or has_notebook
        ],
    }  # fmt: skip


def _eta(ask: Ask, run: RunView) -> Eta | None:
    """Return when a run that goes on will end; None where nobody can tell."""
    from gnomon.runs.forecast.eta import eta

    found = eta(ask.record, run.id, ask.now)
    return found if found.low is not None else None


def _conflicts(run: RunView) -> list[tuple[str, list[str]]]:
    """Return what was said apart and what nothing here settles: (field, values)."""
    return [
        (words(field), [short(checked.shallow(value), 80) for value in values[:MOST_SAID]])
        for field, values in list(run.conflicts.items())[:MOST_SAID]
        if field != "name"
    ]


def _names(run: RunView) -> list[str]:
    """Return the names that people gave apart."""
    return [str(name) for name in run.conflicts.get("name", ())][:MOST_SAID]


def matching(names: Iterable[str], wanted: str) -> list[str]:
    """Return the names that a filter means: a pattern where it holds `*` or `?`, else a part of the name, whatever its case.

    >>> matching(["loss", "train/loss", "auc"], "Loss"), matching(["loss", "train/loss"], "train/*")
    (['loss', 'train/loss'], ['train/loss'])
    """
    if not wanted:
        return list(names)
    if "*" in wanted or "?" in wanted:
        return [name for name in names if fnmatchcase(name, wanted)]
    part = wanted.casefold()
    return [name for name in names if part in name.casefold()]


def by_prefix(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names by what stands before their last `/`, with it; those without come first.

    >>> by_prefix(["b/x", "a", "b/y"])
    {'': ['a'], 'b/': ['b/x', 'b/y']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        prefix, slash, _ = name.rpartition("/")
        found.setdefault(prefix + slash, []).append(name)
    return {prefix: found[prefix] for prefix in sorted(found)}
