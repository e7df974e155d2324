"""The part of `gnomon show` that says how a run was run: command, code, versions, machine, how it ended, what was withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs.notebook import views as notebook_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.capture.views import Captured
    from gnomon.runs.face import Terminal
    from gnomon.runs.run_view import RunView

SHOWN_WITHHELD = 10
SHOWN_FILES = 5


def facts(run: RunView, terminal: Terminal) -> dict[str, str]:
    """Return what was captured of a run, a short clean line for each thing."""
    captured = run.captured
    found = {
        "command": captured.part("command").get("text"),
        "code": _code(captured.part("code")),
        "files": _files(captured.part("code"), terminal),
        "python": _python(captured.part("python"), terminal),
        "machine": _machine(captured.part("machine"), terminal),
        "ended": _end(captured.exit, terminal),
        "console": _console(run, terminal),
        "unfinished": ", ".join(captured.pending)
        and f"{', '.join(captured.pending)}: the process ended before",
    }
    return {key: terminal.clean(text) for key, text in found.items() if text}


def notes(captured: Captured, terminal: Terminal) -> list[str]:
    """Return what a person should know of the capture: sentences."""
    return [terminal.clean(note) for note in captured.part("code").get("notes") or ()]


def withheld(captured: Captured, terminal: Terminal) -> list[str]:
    """Return a line for each thing that looked like a secret and was not recorded."""
    lines = []
    for one in captured.withheld[:SHOWN_WITHHELD]:
        name = f" `{terminal.clean(one.name)}`" if one.name else ""
        often = f", {one.times} times" if one.times > 1 else ""
        lines.append(f"{terminal.clean(one.kind)} in {terminal.clean(one.where)}{name}{often}")
    more = len(captured.withheld) - SHOWN_WITHHELD
    return [*lines, f"and {more} more (`--json` lists all)"] if more > 0 else lines


def as_json(run: RunView) -> dict[str, object]:
    """Return all that was captured, for a program."""
    captured = run.captured
    return {
        "command": captured.part("command"),
        "code": captured.part("code"),
        "code_object": captured.code_object,
        "python": captured.part("python"),
        "machine": captured.part("machine"),
        "environment": captured.part("environment"),
        "exit": captured.exit,
        "pending": captured.pending,
        "withheld": [one._asdict() for one in captured.withheld],
        "notebook": notebook_view.as_json(run.notebook),
    }


def _code(code: Mapping[str, Any]) -> str:
    if not code:
        return ""
    branch = f" on {code['branch']}" if code.get("branch") else ""
    if code.get("commit"):
        where = code["commit"][:12] + branch
    else:
        where = f"no commit yet{branch}" if branch else "no Git"
    remote = f" of {code['remote']}" if code.get("remote") else ""
    fingerprint = code.get("fingerprint")
    state = f"; state {fingerprint[:8]}" if fingerprint else "; not all was looked at"
    return f"{where}{remote}{state}"


def _files(code: Mapping[str, Any], terminal: Terminal) -> str:
    """Return which files were not as the commit has them."""
    parts = []
    if changed := code.get("changed_count"):
        names = _some(code.get("changed") or [])
        parts.append(f"{terminal.count(changed, 'file')} changed{names}")
    if untracked := code.get("untracked_count"):
        kept = code.get("kept_count") or 0
        what = "untracked" if code.get("kind") == "git" else "looked at"
        names = _some([str(file.get("path")) for file in code.get("untracked") or ()])
        parts.append(f"{terminal.count(untracked, 'file')} {what}{names}, {kept} kept")
    return "; ".join(parts)


def _some(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN_FILES])
    return f" ({shown}{', …' if len(names) > SHOWN_FILES else ''})"


def _python(python: Mapping[str, Any], terminal: Terminal) -> str:
    if not python:
        return ""
    packages = python.get("packages")
    count = f", {terminal.count(len(packages), 'package')}" if packages is not None else ""
    return f"{python.get('version') or 'of no known version'}{count}"


def _machine(machine: Mapping[str, Any], terminal: Terminal) -> str:
    parts = []
    if cpu := machine.get("cpu"):
        parts.append(cpu)
    if cpus := machine.get("cpus"):
        parts.append(terminal.count(cpus, "CPU"))
    if memory := machine.get("memory_bytes"):
        parts.append(terminal.size(memory))
    parts += [str(gpu.get("name")) for gpu in (machine.get("gpus") or ())[:4]]
    return ", ".join(parts)


def _end(exit_: Mapping[str, Any], terminal: Terminal) -> str:
    parts = []
    if (code := exit_.get("code")) is not None:
        parts.append(f"exit code {code}" + (f" ({exit_['signal']})" if exit_.get("signal") else ""))
    if cpu := exit_.get("cpu_s"):
        parts.append(f"{terminal.duration(cpu)} of processor time")
    if memory := exit_.get("peak_memory_bytes"):
        parts.append(f"{terminal.size(memory)} of memory at most")
    return ", ".join(parts)


def _console(run: RunView, terminal: Terminal) -> str:
    pieces = list(run.console())
    lines = sum(piece.text.count("\n") for piece in pieces)
    skipped = sum(piece.skipped_bytes for piece in pieces)
    gap = f" ({terminal.size(skipped)} between them left out)" if skipped else ""
    return f"{terminal.count(lines, 'line')}{gap}; `gnomon console {run.id[:8]}`" if lines else ""
