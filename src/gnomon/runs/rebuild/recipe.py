"""What a run was made from, read out of the record: code, command, data, environment, seed, parameters.

Always true: nothing is looked up outside of the record, and nothing is started. What the record does not say is None or empty,
never guessed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from gnomon.runs import checked
from gnomon.runs.compare.facts import is_of_job, params_of
from gnomon.runs.notebook.words import is_notebook
from gnomon.runs.rebuild.command import script_in, told_by
from gnomon.runs.rebuild.notebook import NO_CELLS, Cells, cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.run_view import RunView, Use
    from gnomon.runs.views import Record


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a run: where it stood, and what was kept of it beside the commit."""

    run: str | None  # None: a commit alone
    facts: Mapping[str, Any] = field(repr=False)
    kept: str | None = None  # the object that holds what was kept; None where it is small or there is none
    taken: tuple[
        str, ...
    ] = ()  # files that are those of `other`, sorted; each may be lacking there, and then it is here
    other: Code | None = None

    @property
    def commit(self) -> str | None:
        """The commit; None where there was none."""
        return checked.text(self.facts.get("commit"))

    @property
    def fingerprint(self) -> str | None:
        """What is equal for equal code; None where not all of the code was looked at."""
        own = checked.text(self.facts.get("fingerprint"))
        if self.other is None or own is None:
            return own
        other = self.other.fingerprint
        return None if other is None else _mark("mixed", own, other, *self.taken)

    @property
    def name(self) -> str:
        """The name of the folder that the code lies in."""
        name = os.path.basename(checked.text(self.facts.get("root_name")) or "")
        return name if name not in ("", ".", "..", "~") else "code"

    @property
    def key(self) -> str:
        """What names a rebuilt copy of it: the fingerprint, else the run."""
        if self.other is not None:
            return _mark(replace(self, other=None, taken=()).key, self.other.key, *self.taken)[:40]
        return (self.fingerprint or self.run or f"commit-{self.commit}")[:40]


def _mark(*parts: str) -> str:
    return blake3("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Environment:
    """What was installed: `packages` by normalised name, those that came from no index (`editable`), the Python's version."""

    python: str | None
    packages: Mapping[str, str] = field(repr=False)
    editable: tuple[str, ...] = ()
    is_of_command: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that is known of how a run was made."""

    run: str
    title: str
    name: str | None
    group: str | None
    status: str
    seed: object
    params: Mapping[str, object]  # by dotted name, without seeds
    code: Code
    words: tuple[str, ...]  # the command; its first word without a folder
    script: str | None  # below the code's folder
    folder: str  # the working folder, below the code's folder
    nth: int  # which run of its process it was, from 0
    uses: tuple[Use, ...]
    environment: Environment
    variables: Mapping[str, str] = field(repr=False)
    machine: Mapping[str, Any] = field(repr=False)
    notes: tuple[str, ...]
    duration_s: float | None
    is_notebook: bool
    words_left_out: int
    author: str | None
    writers: tuple[str, ...]
    pick: tuple[str, ...] = ()  # metrics that its launcher read from what it printed
    is_from_command: bool = False  # its parameters are what its command says: the script said none
    given: Mapping[str, object] = field(
        default_factory=dict
    )  # parameters that it was given from outside, and read
    given_data: Mapping[str, str] = field(default_factory=dict)  # data: its name in the run -> version
    is_seed_given: bool = False
    told: tuple[str, ...] = ()  # which of seed, group and parameters were given to its launcher
    notebook: Cells = field(default=NO_CELLS)  # the cells that it is made of, where it ran in a notebook
    outside: tuple[tuple[str, str], ...] | None = (
        None  # files that it imported from outside of the project: (path, digest or ""); None: not recorded
    )

    @property
    def is_recorded(self) -> bool:
        """Whether it is known at all how this run was started."""
        return bool(self.words)


def recipe_of(run: RunView, processes: Processes | None = None) -> Recipe:
    """Return what a run was made from. Who asks for many gives `processes`, which are read once then."""
    captured = run.captured
    command, code, python = captured.part("command"), captured.part("code"), captured.part("python")
    words = tuple(checked.texts(command.get("argv")))
    params, _ = params_of(run.params)
    told, told_seed = told_by(words)
    script = checked.text(code.get("script")) or _below(
        script_in(words), checked.text(code.get("cwd")) or "."
    )
    is_of_notebook = bool(captured.part("notebook")) or is_notebook(words)
    if is_of_notebook:
        words = ("python", "notebook")  # how a kernel was started says nothing
    return Recipe(
        run=run.id,
        title=run.name or run.id[:8],
        name=run.name,
        group=run.group,
        status=run.status,
        seed=run.seed if run.seed is not None else told_seed,
        params=params or told,
        code=Code(run.id, code, captured.code_object),
        words=words,
        script=script or checked.text(command.get("script")),
        folder=checked.text(code.get("cwd")) or ".",
        nth=nth_of(run, processes or Processes(run.record)),
        uses=tuple(run.uses),
        environment=Environment(
            checked.text(python.get("version")),
            {str(name): str(version) for name, version in checked.fields(python.get("packages")).items()},
            tuple(checked.texts(python.get("editable"))),
            python.get("is_of_command") is True,
        ),
        variables={
            name: value
            for name, value in captured.part("environment").items()
            if isinstance(value, str) and not is_of_job(name)
        },
        machine=captured.part("machine"),
        notes=tuple(checked.texts(code.get("notes"))),
        duration_s=run.duration_s,
        is_notebook=is_of_notebook,
        words_left_out=checked.whole(command.get("words_left_out")) or 0,
        author=run.author,
        writers=tuple(dict.fromkeys(process.writer for process in run.processes)),
        pick=tuple(run.launched.get("pick", ())),
        is_from_command=params in ({}, told),
        given=run.given.get("params", {}),
        given_data=run.given.get("data", {}),
        is_seed_given="seed" in run.given,
        told=tuple(run.launched.get("told", ())),
        notebook=cells_of(run) if is_of_notebook else NO_CELLS,
        outside=_outside(captured.part("loaded")),
    )


def _outside(loaded: Mapping[str, Any]) -> tuple[tuple[str, str], ...] | None:
    found = loaded.get("outside")
    return None if found is None else tuple((str(path), str(digest)) for path, digest in found)


def _below(script: str | None, folder: str) -> str | None:
    """Return where a script that a command names lies below the code's folder; None where that is not known."""
    if script is None or script.startswith(("/", "~")):
        return None
    path = os.path.normpath(os.path.join(folder, script))
    return None if path.startswith(os.pardir) else path


def nth_of(run: RunView, processes: Processes) -> int:
    """Return which run of its process this one is, from 0: a script may make several."""
    log = script_log(run)
    return processes.runs_of(log).index(run.id) if log is not None else 0


def script_log(run: RunView) -> str | None:
    """Return the log of the process that made the run; None where only a launcher knows of it."""
    return next((one.log for one in run.processes if not one.is_launcher and one.rank == 0), None)


class Processes:
    """Which runs each process made, read from one column."""

    def __init__(self, record: Record) -> None:
        self._index = index = record.replica.index
        self._of_log: dict[str, list[str]] = {}
        logs_of = index.columns("run", ["processes"])["processes"]
        for run, logs in zip(index.ids("run"), logs_of, strict=True):
            for log in logs if isinstance(logs, list) else ():
                self._of_log.setdefault(log, []).append(run)

    def runs_of(self, log: str) -> list[str]:
        """Return the runs that a process made, in order."""
        found = self._of_log.get(log, [])
        if len(found) < 2:
            return found
        places = []
        for run in found:
            state = self._index.state("run", run)
            process = state["processes"][log] if isinstance(state, dict) else {}
            places.append((process.get("first_seq", process.get("seq", 0)), run))
        return [run for _, run in sorted(places)]
