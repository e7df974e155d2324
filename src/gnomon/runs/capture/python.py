"""The interpreter that a run ran in: its version, how it was started, and what is installed in it.

Always true: no path and no address is kept; nothing is imported that a fresh interpreter lacks; nothing raises.
Packages: `capture.packages`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gnomon.runs.capture.packages import direct, distributions, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

_SYSTEM_PLACES = ("/usr", "/bin", "/System", "/Library", "/opt/homebrew", "/nix/store")


def python_facts() -> dict[str, object]:
    """Return version, implementation, build, kind, flags, packages, and which of those are editable or loaded now.

    `packages` names normalised names (PEP 503) and versions, sorted. `editable` names those that came from a folder, a
    repository or a URL: their version alone does not say what ran. `imported` is not complete; see `capture.packages`.
    """
    installed = distributions()
    questions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("version", lambda: sys.version.split()[0]),
        ("implementation", lambda: sys.implementation.name),
        ("build", _build),
        ("executable_kind", _executable_kind),
        ("flags", _flags),
        ("packages", lambda: {distribution.name: distribution.version for distribution in installed}),
        ("editable", lambda: direct(installed)),
        ("imported", lambda: loaded(installed)),
    )
    facts: dict[str, object] = {}
    for name, ask in questions:
        try:
            answer = ask()
        except Exception:  # noqa: BLE001, S112 - an odd interpreter must not stop a training; the fact is missing then
            continue
        if answer:
            facts[name] = answer
    return facts


def _build() -> str:
    text = " ".join(sys.version.split()[1:])
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return text[:200]
    return f"{text[:200]} without GIL"


def _executable_kind() -> str:
    if getattr(sys, "frozen", False):
        return "frozen"
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    if sys.prefix != sys.base_prefix:
        return "venv"
    if sys.prefix.startswith(_SYSTEM_PLACES):
        return "system"
    return "own"  # pyenv, uv, a build from source


def _flags() -> list[str]:
    """Return the options of the interpreter that are not the usual ones, as on its command line; no values of `-X`."""
    flags = sys.flags
    options = [
        ("-" + "O" * flags.optimize, flags.optimize > 0),
        ("-I", flags.isolated),
        ("-E", flags.ignore_environment and not flags.isolated),
        ("-s", flags.no_user_site and not flags.isolated),
        ("-S", flags.no_site),
        ("-P", flags.safe_path and not flags.isolated),
        ("-d", flags.debug),
        ("-bb" if flags.bytes_warning > 1 else "-b", flags.bytes_warning),
        ("PYTHONHASHSEED=0", not flags.hash_randomization),
    ]
    given = sorted(name for name in sys._xoptions if name.replace("_", "").isalnum())
    if flags.dev_mode and "dev" not in given:
        given.append("dev")
    return [option for option, is_set in options if is_set] + [f"-X {name}" for name in given]
