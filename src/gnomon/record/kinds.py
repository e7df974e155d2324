"""What features add to the record: kinds of entry, a fold, columns, texts to search, commands.

The kernel knows no feature. A feature that comes with Gnomon is declared by name and imported when its subject type is
first needed; a plug-in package names its `Feature` under the entry point group `gnomon.features`. That group is read
only when a subject type or a command is unknown, because reading it is slow.

Always true: an entry whose subject type has no feature is kept, carried and never guessed at; its subject has a list
of live entries and no state. A plug-in that cannot be loaded costs a note in `problems()`, never the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.record.problems import NOTICE, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

GROUP = "gnomon.features"
KERNEL_TYPES = frozenset({"log", "wal"})
"""Subject types of the kernel itself: they have entries and no feature."""


FROM, MAKES, IS = 0, 1, 2
"""The ways of a link: the subject comes from its target, makes it, or is the same bytes."""


class Link(NamedTuple):
    """What a subject says of something else: another subject (`data:<id>`), bytes (`object:<digest>`), a name (`source:…`).

    `how` is a word for people and programs, such as `used`; `way` is one of FROM, MAKES, IS.
    """

    target: str
    how: str
    way: int = FROM


class Feature:
    """What one feature adds.

    `kinds`: each kind of entry that it writes, with one line on what it says. `fold(live)`: the state, from the live
    entries by (time, hash): a pure function that gives JSON-like values and does not raise. `cells(id, state, stats)`:
    the row of this subject in tables, plain scalars by column name; `stats` is what index extensions know of the subject.
    `texts(state)`: (field, text) pairs for full-text search. `commands`: command name to "module:function".
    `links(state)`: what it comes from and what it makes, which the index finds from both ends. `about(id, state)`: what a
    list of such links shows of it: label, note, author, writer, time_us, people; see docs/internals/lineage.md.
    `cites`: kinds whose entries name objects without keeping them: what only they name may be deleted.
    `export`: "module:function" that says what of its subjects goes along with exported runs: see `runs.archive.parts`.
    `pages`: a module whose `PAGES` are shown by `gnomon ui`, see `gnomon.page`.
    `version`: raised with every change of fold, cells or texts, so that an older index is folded again.
    """

    __slots__ = (
        "about",
        "cells",
        "cites",
        "commands",
        "export",
        "fold",
        "kinds",
        "links",
        "pages",
        "subject",
        "texts",
        "version",
    )

    def __init__(
        self,
        subject: str,
        *,
        fold: Callable[[Sequence[LiveEntry]], object],
        kinds: Mapping[str, str],
        cells: Callable[[str, object, object], Mapping[str, object]] | None = None,
        texts: Callable[[object], Iterable[tuple[str, str]]] | None = None,
        links: Callable[[object], Iterable[Link]] | None = None,
        about: Callable[[str, object], Mapping[str, object]] | None = None,
        commands: Mapping[str, str] | None = None,
        cites: Iterable[str] = (),
        export: str | None = None,
        pages: str | None = None,
        version: int = 1,
    ) -> None:
        self.subject = subject
        self.kinds = dict(kinds)
        self.fold = fold
        self.cells = cells or _no_cells
        self.texts = texts or _no_texts
        self.links = links
        self.about = about
        self.commands = dict(commands or {})
        self.cites = frozenset(cites)
        self.export = export
        self.pages = pages
        self.version = version

    def __repr__(self) -> str:
        return f"Feature({self.subject!r}, version={self.version})"


class _Declared:
    __slots__ = ("target", "version")

    def __init__(self, target: str, version: int) -> None:
        self.target = target
        self.version = version


_features: dict[str, Feature] = {}
_declared: dict[str, _Declared] = {}
_plugins_scanned = False
_plugin_commands: dict[str, str] = {}
_problems: list[Problem] = []


def register(feature: Feature) -> Feature:
    """Make a feature known; doing it again with the same object changes nothing. Raises BadArgumentError for a second one."""
    known = _features.get(feature.subject)
    if known is not None and known is not feature:
        raise BadArgumentError(f"subject type `{feature.subject}` has a feature already: {known!r}")
    _features[feature.subject] = feature
    return feature


def declare(subject: str, target: str, *, version: int = 1) -> None:
    """Say where the feature of a subject type is ("module:attribute"), to be imported when it is needed."""
    _declared[subject] = _Declared(target, version)


def find(subject: str) -> Feature | None:
    """Return the feature of a subject type, importing it, or searching the plug-ins, where it is not known yet."""
    feature = _features.get(subject)
    if feature is not None or subject in KERNEL_TYPES:
        return feature
    declared = _declared.get(subject)
    if declared is not None:
        return _import_declared(subject, declared)
    _scan_plugins()
    return _features.get(subject)


def known_version(subject: str) -> int | None:
    """Return the version of a type's fold without importing anything; None where only a scan of plug-ins can tell."""
    if subject in _declared:
        return _declared[subject].version
    if subject in _features:
        return _features[subject].version
    return 0 if subject in KERNEL_TYPES or _plugins_scanned else None


def find_command(name: str) -> str | None:
    """Return "module:function" of a command that a plug-in adds."""
    for feature in _features.values():
        if name in feature.commands:
            return feature.commands[name]
    _scan_plugins()
    return _plugin_commands.get(name)


def plugin_commands() -> dict[str, str]:
    """Return all commands that plug-ins add, as name to "module:function"."""
    _scan_plugins()
    return dict(sorted(_plugin_commands.items()))


def plugin_pages() -> list[str]:
    """Return the modules in which plug-ins list pages, sorted."""
    _scan_plugins()
    return sorted({feature.pages for feature in _features.values() if feature.pages})


def problems() -> list[Problem]:
    """Return what went wrong while plug-ins were loaded."""
    return list(_problems)


def _import_declared(subject: str, declared: _Declared) -> Feature:
    feature = _load(declared.target)
    if not isinstance(feature, Feature) or feature.subject != subject or feature.version != declared.version:
        raise BadArgumentError(
            f"`{declared.target}` is not version {declared.version} of the feature of `{subject}`: {feature!r}"
        )
    return register(feature)


def _load(target: str) -> object:
    from importlib import import_module

    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _scan_plugins() -> None:
    """Load every plug-in once in the life of the process."""
    global _plugins_scanned
    if _plugins_scanned:
        return
    _plugins_scanned = True
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            feature = point.load()
            if not isinstance(feature, Feature):
                raise BadArgumentError(f"it is a {type(feature).__name__}, not a `Feature`")
            if feature.subject in _declared or feature.subject in KERNEL_TYPES:
                raise BadArgumentError(f"subject type `{feature.subject}` is Gnomon's own")
            register(feature)
        except Exception as error:  # noqa: BLE001  a stranger's package may raise anything; it is told in problems()
            what = f"plug-in `{point.name}` ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
            _problems.append(
                Problem("", "", what, "update or remove the package; its entries are kept", NOTICE)
            )
        else:
            _plugin_commands.update(feature.commands)


def _no_cells(subject_id: str, state: object, stats: object) -> dict[str, object]:  # noqa: ARG001
    return {}


def _no_texts(state: object) -> tuple[tuple[str, str], ...]:  # noqa: ARG001
    return ()
