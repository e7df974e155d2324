"""All that is needed to make a run again, or a mixture of two, looked at before anything starts: a plan, and then the process.

Always true: `plan` starts nothing of the run's own; what it cannot rebuild stands in `gaps`. `start` gives each repeat a folder
of its own, so that two at a time do not meet.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gnomon.env import REAL
from gnomon.errors import BadArgumentError
from gnomon.ids import RUN_ID_BYTES
from gnomon.runs.capture.environment import environment_facts
from gnomon.runs.compare.facts import is_of_job
from gnomon.runs.given import VARIABLE, Given
from gnomon.runs.notebook.words import CELLS
from gnomon.runs.rebuild import cache, code, data, environment, notebook, paths, swap
from gnomon.runs.rebuild.command import is_piped
from gnomon.runs.rebuild.gaps import WITHHELD, Gap
from gnomon.runs.rebuild.recipe import Processes, script_log
from gnomon.runs.rebuild.swap import by_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.rebuild.swap import Mix
    from gnomon.runs.views import Record

_NOT_PASSED = ("GNOMON_RUN_ID", "GNOMON_CLAIMS", "GNOMON_LAUNCHER", VARIABLE)
# Variables that say where things lie on one machine, or which of its devices are meant.
_OF_MACHINE = frozenset({"VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
                         "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"})  # fmt: skip
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: a mix, the rebuilt code (`root`), the Python, the data to put in place, the gaps."""

    mix: Mix
    root: str
    python: environment.Ready
    placed: tuple[data.Placed, ...]
    extra: tuple[tuple[str, str], ...]  # paths that are taken from here: (where it goes, where it lies)
    gaps: tuple[Gap, ...]
    is_proven: bool  # the code is known to be the same
    source: str = ""  # of the script
    here: str = ""  # where the code lies that people work on

    @property
    def recipe(self) -> Recipe:
        """The recipe that is to be run."""
        return self.mix.recipe

    @property
    def blocked(self) -> list[Gap]:
        """The gaps for which it cannot be run."""
        return [gap for gap in self.gaps if gap.blocks]


class Coded(NamedTuple):
    """A mix with its code rebuilt, and its words as the options of that code's script (`source`) want them."""

    mix: Mix
    built: code.Built
    source: str


def coded(record: Record, mix: Mix, known: dict[object, code.Built] | None = None) -> Coded:
    """Rebuild the code of a mix: what is needed to say what it is, before environment and data are there.

    `known` keeps what was rebuilt, for whoever asks for many mixes of a few codes.
    """
    recipe = mix.recipe
    key = (recipe.code.key, recipe.script, recipe.folder)
    found = known.get(key) if known is not None else None
    built = found if found is not None else code.rebuild_code(record, recipe)
    if not built.is_proven and built.root and recipe.code.fingerprint:
        again = code.rebuild_code(record, recipe, fresh=True)  # somebody may have been in it
        built = again if again.root else built
    if known is not None:
        known[key] = built
    source = recipe.notebook.source
    if built.root and recipe.script and not recipe.is_notebook:
        source = _source(paths.script_outside(recipe) or os.path.join(built.root, recipe.script))
    return Coded(by_command(mix, source), built, source)


def plan(
    record: Record,
    mix: Mix,
    *,
    how: str = environment.AUTO,
    take: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
    known: dict[object, code.Built] | None = None,
) -> Plan:
    """Rebuild what can be rebuilt, and say what cannot. `take` are paths of the project that are taken from here; `known`: see
    `coded`.
    """
    if how not in environment.WAYS:
        raise BadArgumentError(f"`env` must be one of {', '.join(environment.WAYS)}; got {how!r}")
    gaps = [*_command_gaps(mix.recipe)]
    here = _home(record, mix.recipe)
    mix = replace(mix, recipe=paths.with_script_outside(mix.recipe, here))
    gaps += paths.outside_gaps(mix.recipe)
    mix, built, source = coded(record, mix, known)
    gaps += built.gaps
    recipe = mix.recipe
    gaps += paths.module_gaps(recipe, source)
    gaps += [
        Gap(
            "command",
            f"nothing is called `{name}`: no word of the command, and no option of the script",
            None,
        )
        for name in mix.params
        if recipe.is_from_command and built.root
    ]
    ready = environment.Ready("", "")
    found = data.Data((), ())
    extra: list[tuple[str, str]] = []
    if built.root:
        below = _project_below(record, here)
        gaps += [gap for gap in paths.gaps_of(recipe.words, paths.Place(here, built.root, recipe.folder), recipe.script)
                 if not any(f"`{path}`" in gap.why for path in take)]  # fmt: skip
        extra = [_taken(record, path, below) for path in take]
        ready = environment.prepare(record.home.env, recipe.environment, how, code=built.root, say=say)
        found = data.look(record, recipe.uses, built.root, below)
        gaps += [*ready.gaps, *_without_taken(found.gaps, extra)]
        cache.tidy(record.home.env)  # after what is needed now was used
    return Plan(
        mix,
        built.root,
        ready,
        found.placed,
        tuple(extra),
        tuple(dict.fromkeys(gaps)),
        built.is_proven,
        source,
        here,
    )


def _source(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:  # the script is no file of the project
        return ""


def _command_gaps(recipe: Recipe) -> list[Gap]:
    secret = [name for name, value in recipe.given.items() if isinstance(value, str) and WITHHELD in value]
    gaps = [
        Gap("command", f"`{name}` was given from outside and held a secret that was not recorded")
        for name in secret
    ]
    if recipe.is_notebook:
        return [*gaps, *notebook.gaps_of(recipe.notebook)]
    if not recipe.is_recorded:
        return [
            Gap(
                "command",
                "how it was started was not recorded",
                "capture was off, or it came from another tracker",
            )
        ]
    if recipe.words_left_out:
        gaps.append(
            Gap("command", f"its command had {recipe.words_left_out:,} more words than were recorded", None)
        )
    if any(WITHHELD in word for word in recipe.words):
        gaps.append(Gap("command", "its command holds a secret that was not recorded",
                        "pass secrets by the environment or a file; run this one by hand"))  # fmt: skip
    is_prompt = len(recipe.words) == 1 and recipe.words[0].startswith(("python", "ipython", "R", "julia"))
    if is_prompt or is_piped(recipe.words):
        gaps.append(
            Gap(
                "command",
                f"it was typed at a prompt, or piped into `{recipe.words[0]}`",
                "put it into a script",
            )
        )
    return gaps


def _home(record: Record, recipe: Recipe) -> str:
    """Return where the code lies here: the repository that has its commit, else the project."""
    found = code.repository_here(record, recipe.code) if recipe.code.commit else None
    return (
        os.path.dirname(os.path.realpath(record.path))
        if found is None or isinstance(found, str)
        else found.root
    )


def _project_below(record: Record, here: str) -> str:
    """Return where the project's folder lies within the code's."""
    below = os.path.relpath(os.path.dirname(os.path.realpath(record.path)), here)
    return "." if below.startswith(os.pardir) else below


def _taken(record: Record, path: str, below: str) -> tuple[str, str]:
    """Return where a path of the project goes in the rebuilt code, and where it lies."""
    project = os.path.dirname(os.path.realpath(record.path))
    real = os.path.realpath(os.path.join(os.getcwd(), path))
    if not os.path.exists(real):
        raise BadArgumentError(
            f"`--with {path}`: there is no such file or folder", hint="name one of the project's folder"
        )
    inside = os.path.relpath(real, project)
    if inside.startswith(os.pardir):
        raise BadArgumentError(
            f"`--with {path}` lies outside of the project `{project}`",
            hint="only paths below it have a place in its code",
        )
    return os.path.normpath(os.path.join(below, inside)), real


def _without_taken(gaps: Sequence[Gap], extra: Sequence[tuple[str, str]]) -> list[Gap]:
    """Return the gaps that are left when some paths are taken from here, and one for each of those."""
    left = [gap for gap in gaps if gap.part != "data" or not any(f"`{at}" in gap.why for at, _ in extra)]
    return [
        *left,
        *[
            Gap("data", f"`{at}` is taken from here, not from the record", None, blocks=False)
            for at, _ in extra
        ],
    ]


def with_seed(plan: Plan, seed: int) -> Plan:
    """Return a plan with another seed; nothing else has to be rebuilt."""
    return replace(plan, mix=by_command(swap.with_seed(plan.mix, seed), plan.source))


# ---------------------------------------------------------------- the process


class Started:
    """A repeat that runs: its run's id, its process, its folder."""

    def __init__(self, plan: Plan, run: str, process: subprocess.Popen[bytes], folder: str) -> None:
        self.plan = plan
        self.run = run
        self.process = process
        self.folder = folder
        self.began_s = time.monotonic()

    @property
    def took_s(self) -> float:
        """The seconds since it began."""
        return time.monotonic() - self.began_s

    def end(self, *, keep: bool = False) -> int:
        """Wait for the end; return the exit code. The folder goes, unless it is to be kept."""
        status = self.process.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return status

    def end_within(self, timeout_s: float | None, *, keep: bool = False) -> int | None:
        """As `end`; where it takes longer than so many seconds, have it end, and return None."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.stop(keep=keep)
            return None
        return self.end(keep=keep)

    def stop(self, *, keep: bool = False) -> None:
        """Have it end: as Ctrl-C does, and for good when it does not listen."""
        for number, patience in ((signal.SIGINT, GRACE_S), (signal.SIGTERM, GRACE_S), (signal.SIGKILL, None)):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def start(
    record: Record,
    plan: Plan,
    made_for: str,
    *,
    of: str,
    quiet: bool = False,
    name: str | None = None,
    also: Mapping[str, object] | None = None,
) -> Started:
    """Start a repeat as `gnomon run` starts a command, in a folder of its own, and return at once.

    `made_for` is 'replication' or 'why', `of` the run that is repeated; `also` is said of the repeat, too. What it prints goes
    where ours goes, unless `quiet`. Raises what putting the data in place raises.
    """
    recipe = plan.recipe
    folder = tempfile.mkdtemp(prefix=f"gnomon-{of[:8]}-")
    try:
        root = code.copy_of(plan.root, folder)
        data.place(record, plan.placed, root)
        _take_along(plan.extra, root)
        if recipe.is_notebook:
            with open(os.path.join(folder, CELLS), "w", encoding="utf-8") as file:
                file.write(notebook.driver(recipe.notebook.cells))
        run = REAL.random_bytes(RUN_ID_BYTES).hex()
        repeats = {"run": of, "for": made_for, "swapped": dict(plan.mix.swapped), **(also or {})}
        given = Given(plan.mix.params, plan.mix.seed, plan.mix.data, repeats=repeats, nth=recipe.nth)
        environ = environ_of(plan, root, os.environ)
        environ |= {"GNOMON_RUN_ID": run, "GNOMON_DIR": record.path, VARIABLE: given.to_text()}
        words = [sys.executable, "-m", "gnomon", "run", "--quiet"]
        words += _told_again(plan.mix, name)
        process = subprocess.Popen(
            [*words, "--", *command_of(plan, root)], cwd=os.path.join(root, recipe.folder), env=environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None, start_new_session=True,
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Started(plan, run, process, folder)


def _told_again(mix: Mix, name: str | None) -> list[str]:
    """Return the options of `gnomon run` that the run was started with."""
    recipe = mix.recipe
    words = ["--name", name] if name is not None and recipe.nth == 0 else []
    for pattern in recipe.pick:
        words += ["--pick", pattern]
    for one in recipe.told:
        if one == "seed" and isinstance(recipe.seed, int):
            words += ["--seed", str(recipe.seed)]
        elif one == "group" and recipe.group is not None:
            words += ["--group", recipe.group]
        elif one.startswith("params.") and one[len("params.") :] in recipe.params:
            name_ = one[len("params.") :]
            value = mix.wanted.get(name_, recipe.params[name_])
            text = str(value).lower() if isinstance(value, bool) else str(value)
            words += ["--param", f"{one[len('params.') :]}={text}"]
    return words


def command_of(plan: Plan, root: str) -> list[str]:
    """Return the command as it is started here: the Python of its environment, the script where it lies now."""
    recipe = plan.recipe
    if recipe.is_notebook:
        return [plan.python.python, os.path.join(os.path.dirname(root), CELLS)]
    words = list(recipe.words)
    folder = os.path.join(root, recipe.folder)
    if words[0].startswith(("python", "pypy")):
        words[0] = plan.python.python
    elif not os.path.dirname(words[0]):
        words[0] = _program(words[0], recipe, root, folder, plan.python.folder)
    place = paths.Place(plan.here, root, recipe.folder)
    return [words[0], *[paths.moved(word, place) for word in words[1:]]]


def _program(word: str, recipe: Recipe, root: str, folder: str, programs: str) -> str:
    """Return where a program lies, whose folder was not recorded: beside the code, in the environment, or on the path."""
    own = os.path.join(programs, word)
    if os.access(own, os.X_OK):
        return own
    for place in (os.path.join(folder, word), os.path.join(root, recipe.script or word)):
        if os.path.basename(place) == word and os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    return shutil.which(word) or word


def environ_of(plan: Plan, root: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a repeat: ours, those that change a training as they were recorded."""
    recipe = plan.recipe
    kept = {name: value for name, value in environ.items() if name not in _NOT_PASSED}
    if recipe.variables:
        for name in environment_facts(environ, _NoSecrets()):
            if name not in recipe.variables and name not in _OF_MACHINE and not is_of_job(name):
                kept.pop(name, None)  # it changes a training and was not set then
    kept |= {name: value for name, value in recipe.variables.items() if _is_to_be_set(name, value)}
    if plan.python.folder:
        kept["PATH"] = f"{plan.python.folder}{os.pathsep}{kept.get('PATH', os.defpath)}"
        if plan.python.python != sys.executable:
            kept["VIRTUAL_ENV"] = os.path.dirname(plan.python.folder)
    places = (
        [place for place in (root, os.path.join(root, "src")) if os.path.isdir(place)]
        if _has_own(recipe)
        else []
    )
    path = [
        *places,
        *[
            part
            for part in recipe.variables.get("PYTHONPATH", "").split(os.pathsep)
            if part and part[0] not in "/~"
        ],
    ]
    if path:
        kept["PYTHONPATH"] = os.pathsep.join(path)
    else:
        kept.pop("PYTHONPATH", None)
    if _is_gnomon_elsewhere():
        kept["PYTHONPATH"] = os.pathsep.join(
            [*path, *([environ["PYTHONPATH"]] if "PYTHONPATH" in environ else [])]
        )
    return kept


def _is_to_be_set(name: str, value: str) -> bool:
    """Whether a recorded variable says something that holds on any machine, and all of it was recorded."""
    return name not in _OF_MACHINE and WITHHELD not in value and "/" not in value and "…" not in value


def _has_own(recipe: Recipe) -> bool:
    """Whether packages of the run came from a folder: the rebuilt code is looked at before what is installed."""
    return any(name not in environment.OWN for name in recipe.environment.editable)


def _is_gnomon_elsewhere() -> bool:
    """Whether Gnomon is found by PYTHONPATH alone: then the repeat needs that, too."""
    import gnomon

    place = os.path.dirname(os.path.dirname(os.path.realpath(gnomon.__file__)))
    return place in [
        os.path.realpath(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part
    ]


class _NoSecrets:
    """Stands for a scrubber where only names are asked for."""

    def value(self, name: str, value: object, where: str, /) -> object:  # noqa: ARG002  the shape of the real one
        return value


def _take_along(extra: Sequence[tuple[str, str]], root: str) -> None:
    for at, here in extra:
        target = os.path.join(root, at)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(here):
            shutil.copytree(
                here,
                target,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns(".gnomon", ".git"),
            )
        else:
            shutil.copy2(here, target)


def repeat_of(record: Record, started: Started) -> str | None:
    """Return the run that stands for the one that was repeated: the launcher's, or the nth that its script made."""
    nth = started.plan.recipe.nth
    record.replica.update(record.progress)
    if nth == 0:
        return started.run if started.run in record.replica.index.ids("run") else None
    log = script_log(record.run(started.run))
    made = Processes(record).runs_of(log) if log is not None else []
    return made[nth] if nth < len(made) else None
