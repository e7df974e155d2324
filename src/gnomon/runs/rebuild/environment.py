"""The environment of a run: the one here where it is the same, else one that is made of the versions that were recorded.

It is made by uv where that is here, else by venv and pip, with `--no-deps`: every version is known, so nothing is to be solved.
It lies in the cache and is named by its Python and its versions, so the second run with it costs nothing.

Always true: an environment is used only if it was finished; two that make the same one at a time wait for each other. Gnomon
itself is the one that is running: what it does is not part of an experiment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.runs.capture.other_python import facts_of
from gnomon.runs.capture.packages import distributions
from gnomon.runs.rebuild import cache
from gnomon.runs.rebuild.gaps import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.runs.rebuild.recipe import Environment

AUTO, HERE, RECORDED, LOCK = "auto", "here", "recorded", "lock"
WAYS = (AUTO, HERE, RECORDED, LOCK)
OWN = frozenset({"gnomon"})
TOOLS = frozenset(
    {"pip", "setuptools", "wheel", "uv"}
)  # they build environments, and no training asks for their versions
_DONE = "gnomon-complete"
MOST_NAMED = 5
MOST_SAID = 500  # characters of what a tool says
MOST_LINES = 6
_REASONS = (
    "No matching distribution",
    "ResolutionImpossible",
    "because",
    "Because",
    "conflict",
)  # in what pip and uv say
_ERRORS = ("ERROR", "error", "×")
_ASIDE = ("ERROR: Ignored the following", "[notice]", "WARNING:", "hint:")
_VERSIONS = re.compile(r"\(from versions: [^)]*\)")


class Ready(NamedTuple):
    """An environment to run in: its `python` ("" where there is none), how it came, what is not as it was."""

    python: str
    how: str
    gaps: tuple[Gap, ...] = ()

    @property
    def folder(self) -> str:
        """Where its programs lie."""
        return os.path.dirname(self.python)


class Differs(NamedTuple):
    """How installed packages differ from those that were recorded: name -> (then, here), and those that are only here."""

    changed: dict[str, tuple[str, str | None]]
    more: tuple[str, ...]
    python: tuple[str, str] | None  # versions that differ

    def __bool__(self) -> bool:
        return bool(self.changed or self.more or self.python)


def difference(recorded: Environment, version: str, installed: Mapping[str, str]) -> Differs:
    """Return how an interpreter differs from what was recorded."""
    changed = {
        name: (was, installed.get(name))
        for name, was in recorded.packages.items()
        if name not in OWN | TOOLS and installed.get(name) != was
    }
    more = tuple(sorted(set(installed) - set(recorded.packages) - OWN - TOOLS)) if recorded.packages else ()
    python = (recorded.python, version) if recorded.python and recorded.python != version else None
    return Differs(changed, more, python)


def prepare(
    env: Env,
    recorded: Environment,
    how: str = AUTO,
    *,
    code: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Ready:
    """Return an environment for a run; `code` is the rebuilt folder, whose lock file `how='lock'` takes."""
    if how == LOCK:
        return _from_lock(env, recorded, code or "", say)
    here = _best_here(recorded)
    if how == HERE or (how == AUTO and _is_the_same(here[1])) or not recorded.packages:
        return Ready(here[0], "the Python here", (*_as_gaps(here[1]), *_editable(recorded)))
    python = find_python(recorded.python)
    if python is None:
        return Ready("", "", (_no_python(recorded),))
    wanted = [
        f"{name}=={version}"
        for name, version in sorted(recorded.packages.items())
        if name not in OWN | TOOLS and name not in recorded.editable
    ]
    key = blake3("\n".join([_minor(recorded.python) or "", *wanted]).encode()).hexdigest()[:32]
    made, gap = _made(env, key, python, ["--no-deps"], wanted, say)
    if gap is not None:
        return Ready("", "", (gap,))
    if OWN & set(recorded.packages):
        _link_gnomon(made)
    own = _version_of(made)
    version = Differs(
        {}, (), (recorded.python, own) if recorded.python and own and recorded.python != own else None
    )
    return Ready(
        made, f"made of {len(wanted):,} recorded versions", (*_as_gaps(version), *_editable(recorded))
    )


def _is_the_same(found: Differs) -> bool:
    return not found.changed and found.python is None


def _best_here(recorded: Environment) -> tuple[str, Differs]:
    """Return the Python here that is nearest to what was recorded: ours, else the one that `python` names."""
    own = difference(recorded, sys.version.split()[0], {one.name: one.version for one in distributions()})
    if _is_the_same(own):
        return sys.executable, own
    other = next((path for name in ("python", "python3") if (path := shutil.which(name))), None)
    if other is None or os.path.realpath(os.path.dirname(other)) == os.path.realpath(
        os.path.dirname(sys.executable)
    ):
        return sys.executable, own
    facts = facts_of(other, os.environ)
    packages = facts.get("packages")
    found = difference(recorded, str(facts.get("version")), packages if isinstance(packages, dict) else {})
    return (other, found) if len(found.changed) < len(own.changed) else (sys.executable, own)


def _as_gaps(found: Differs) -> tuple[Gap, ...]:
    """Return in words what is installed here and differs; none of it blocks."""
    gaps = []
    if found.python:
        gaps.append(
            Gap("environment", f"Python {found.python[1]} instead of {found.python[0]}", None, blocks=False)
        )
    if found.changed:
        shown = ", ".join(
            f"{name} {here or 'missing'} instead of {then}"
            for name, (then, here) in [*sorted(found.changed.items())][:MOST_NAMED]
        )
        more = f" and {len(found.changed) - MOST_NAMED:,} more" if len(found.changed) > MOST_NAMED else ""
        gaps.append(
            Gap("environment", f"{shown}{more}", "`--env recorded` installs what was recorded", blocks=False)
        )
    if found.more:
        gaps.append(
            Gap("environment", f"{len(found.more):,} more packages are installed here ({', '.join(found.more[:MOST_NAMED])}"
                f"{', …' if len(found.more) > MOST_NAMED else ''})", None, blocks=False)
        )  # fmt: skip
    return tuple(gaps)


def _editable(recorded: Environment) -> tuple[Gap, ...]:
    others = [name for name in recorded.editable if name not in OWN]
    if not others:
        return ()
    why = f"{', '.join(others[:MOST_NAMED])} came from a folder, whose version does not say what ran; the rebuilt code goes first"
    return (Gap("environment", why, None, blocks=False),)


def find_python(version: str | None) -> str | None:
    """Return an interpreter of the same minor version (3.11 of 3.11.7); ours where none was recorded."""
    minor = _minor(version)
    if minor is None or minor == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return getattr(sys, "_base_executable", None) or sys.executable
    found = shutil.which(f"python{minor}")
    if found is None and (uv := shutil.which("uv")):
        done = subprocess.run([uv, "python", "find", minor], capture_output=True, text=True, check=False)
        found = done.stdout.strip() if done.returncode == 0 else None
    return found or None


def _minor(version: str | None) -> str | None:
    parts = (version or "").split(".")
    return ".".join(parts[:2]) if len(parts) >= 2 and all(part.isdigit() for part in parts[:2]) else None


def _no_python(recorded: Environment) -> Gap:
    minor = _minor(recorded.python)
    return Gap(
        "environment", f"it ran on Python {recorded.python}, and there is no `python{minor}` here",
        f"install it (`uv python install {minor}`), or take the one here: `--env here`",
    )  # fmt: skip


def _made(
    env: Env, key: str, python: str, options: Sequence[str], wanted: Sequence[str], say: Callable[[str], None]
) -> tuple[str, Gap | None]:
    """Return the Python of an environment of some packages, made now unless it is in the cache; or why it cannot be made."""
    folder, made = _place(env, key)
    what = (
        f"making an environment from {os.path.basename(wanted[1])}"
        if wanted[:1] == ["-r"]
        else f"making an environment of {len(wanted):,} packages"
    )
    gap = _in_cache(
        folder,
        _steps(python, folder, made, options, wanted),
        what,
        say,
        "`--env here` takes what is installed here",
    )
    return ("", gap) if gap is not None else (made, None)


def _place(env: Env, key: str) -> tuple[str, str]:
    """Return the folder of an environment, and its Python."""
    folder = cache.place(env, cache.ENVIRONMENTS, key)
    return folder, os.path.join(folder, "bin", "python")


def _in_cache(
    folder: str, steps: Sequence[Sequence[str]], what: str, say: Callable[[str], None], instead: str
) -> Gap | None:
    """Make an environment by some commands, unless it was finished before; return why it cannot be made."""
    done = os.path.join(folder, _DONE)
    if os.path.exists(done):
        cache.used(folder)
        return None
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with _alone(f"{folder}.lock"):
        if os.path.exists(done):
            return None
        shutil.rmtree(folder, ignore_errors=True)  # an earlier one was interrupted
        say(f"{what}; it is kept for the next time")
        for words in steps:
            why = _told(words)
            if why is not None:
                shutil.rmtree(folder, ignore_errors=True)
                tool = "pip" if "-m" in words else os.path.basename(words[0])
                return Gap(
                    "environment", f"{tool} cannot make it: {why}", f"{instead}, and says how it differs"
                )
        with open(done, "w", encoding="utf-8") as file:
            file.write(f"{what}\n")
    return None


def _steps(
    python: str, folder: str, made: str, options: Sequence[str], wanted: Sequence[str]
) -> list[list[str]]:
    if uv := shutil.which("uv"):
        steps = [[uv, "venv", "--quiet", "--python", python, folder]]
        install = [uv, "pip", "install", "--quiet", "--python", made, *options, *wanted]
    else:
        options = ["--quiet", "--disable-pip-version-check", *options]
        if _has_pip_for_others():  # no pip of its own: to put one there takes as long as all the rest
            steps = [[python, "-m", "venv", "--without-pip", folder]]
            install = [sys.executable, "-m", "pip", "--python", made, "install", *options, *wanted]
        else:
            steps = [[python, "-m", "venv", folder]]
            install = [made, "-m", "pip", "install", *options, *wanted]
    return [*steps, install] if wanted else steps


def _has_pip_for_others() -> bool:
    """Return whether the pip here can install into another environment, as it can from 22.3 on."""
    version = next((one.version for one in distributions() if one.name == "pip"), "")
    parts = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return parts >= [22, 3]


def _told(words: Sequence[str]) -> str | None:
    """Run a tool; return what it said where it failed."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            env={name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")},
        )  # fmt: skip
    except OSError as error:
        return str(error.strerror)
    if done.returncode == 0:
        return None
    return telling(done.stderr.decode("utf-8", "replace")) or f"exit code {done.returncode}"


def telling(said: str) -> str:
    """Return what pip or uv says of why it failed, without the lists of hundreds of versions that they print beside it.

    >>> telling("ERROR: Could not find x==9 (from versions: 1.0, 1.1)\\nERROR: No matching distribution found for x==9")
    'No matching distribution found for x==9'
    """
    lines = [_VERSIONS.sub("", line.strip()) for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(_ASIDE)]
    first = next((at for at, line in enumerate(lines) if any(word in line for word in _REASONS)), None)
    if first is not None:
        reasons = lines[first : first + MOST_LINES]
    else:
        errors = [line for line in lines if line.startswith(_ERRORS)]
        reasons = errors[-2:] if errors else lines[-2:]
    bare = [line.removeprefix("ERROR:").removeprefix("error:").lstrip(" ×╰─▶│├") for line in reasons]
    return " ".join(dict.fromkeys(bare))[:MOST_SAID].strip()


class _alone:
    """A lock of one file, for as long as the block lasts; it goes with the process."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        import fcntl

        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _link_gnomon(python: str) -> None:
    """Let an environment import the Gnomon that is running."""
    import gnomon

    source = os.path.dirname(os.path.realpath(gnomon.__file__))
    lib = os.path.join(os.path.dirname(os.path.dirname(python)), "lib")
    for name in os.listdir(lib):
        target = os.path.join(lib, name, "site-packages", "gnomon")
        if os.path.isdir(os.path.dirname(target)):
            if os.path.islink(target) and os.readlink(target) != source:
                os.unlink(target)
            if not os.path.lexists(target):
                os.symlink(source, target)


def _version_of(python: str) -> str | None:
    done = subprocess.run(
        [python, "-c", "import sys; print(sys.version.split()[0])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


# ---------------------------------------------------------------- a lock file


def _from_lock(env: Env, recorded: Environment, code: str, say: Callable[[str], None]) -> Ready:
    """Return an environment made from the lock file of the rebuilt code."""
    lock = next(
        (
            path
            for name in ("uv.lock", "requirements.lock", "requirements.txt")
            if os.path.exists(path := os.path.join(code, name))
        ),
        None,
    )
    if lock is None:
        gap = Gap("environment", "the code has no uv.lock, requirements.lock or requirements.txt at its root",
                  "`--env recorded` takes the versions that were recorded")  # fmt: skip
        return Ready("", "", (gap,))
    python = find_python(recorded.python)
    if python is None:
        return Ready("", "", (_no_python(recorded),))
    with open(lock, "rb") as file:
        content = file.read()
    name = os.path.basename(lock)
    key = blake3(b"lock\n" + (_minor(recorded.python) or "").encode() + content).hexdigest()[:32]
    if name == "uv.lock":
        made, gap_ = _synced(env, key, python, code, say)
    else:
        made, gap_ = _made(env, key, python, [], ["-r", lock], say)
    if gap_ is not None:
        mend = f"mend `{name}` and run it anew, or take `--env recorded` (the versions that ran), or `--env here`"
        return Ready("", "", (gap_._replace(why=f"`{name}`: {gap_.why}", next=mend),))
    _link_gnomon(made)
    return Ready(made, f"made from {name}")


def _synced(env: Env, key: str, python: str, code: str, say: Callable[[str], None]) -> tuple[str, Gap | None]:
    uv = shutil.which("uv")
    if uv is None:
        return "", Gap("environment", "uv is not here", "install uv, or take `--env recorded`")
    folder, made = _place(env, key)
    export = f"{folder}.txt"
    steps = [
        [
            uv,
            "export",
            "--quiet",
            "--frozen",
            "--no-emit-project",
            "--project",
            code,
            "--output-file",
            export,
        ],
        [uv, "venv", "--quiet", "--python", python, folder],
        [uv, "pip", "install", "--quiet", "--python", made, "-r", export],
    ]
    gap = _in_cache(
        folder,
        steps,
        "making an environment from uv.lock",
        say,
        "`--env recorded` takes the recorded versions",
    )
    return ("", gap) if gap is not None else (made, None)
