"""What was captured of a run, in words: for `gnomon show`, and for its page.

Always true: each fact is one short text, as it was written; whoever shows it escapes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.capture.views import Withheld
    from gnomon.runs.run_view import Process, RunView

SYSTEM = "system/"
SHOWN_FILES = 5


def facts(run: RunView) -> dict[str, str]:
    """Return how a run was run: command, code, files, python, machine, how it ended, what was not finished."""
    captured = run.captured
    found = {
        "command": captured.part("command").get("text"),
        "code": code(captured.part("code")),
        "files": _files(captured.part("code")),
        "imported": _loaded(captured.part("loaded")),
        "python": _python(captured.part("python")),
        "machine": _machine(captured.part("machine")),
        "ended": _end(captured.exit),
        "unfinished": ", ".join(captured.pending)
        and f"{', '.join(captured.pending)}: the process ended before",
    }
    return {key: str(fact) for key, fact in found.items() if fact}


def withheld(one: Withheld) -> str:
    """Return what was not recorded, since it looked like a secret."""
    name = f" `{one.name}`" if one.name else ""
    often = f", {one.times} times" if one.times > 1 else ""
    return f"{one.kind} in {one.where}{name}{often}"


def losses(process: Process) -> list[str]:
    """Return what a process lost or may have lost, in words; empty if nothing."""
    found = []
    if process.lost_rows or process.lost_values:
        found.append(
            f"{process.lost_rows:,} calls ({process.lost_values:,} values) lost, since the disk took no more"
        )
    if process.missing is None:
        found.append(
            "how many calls are missing at its end cannot be told: the machine went down, or a file is damaged"
        )
    elif process.missing:
        calls = "call" if process.missing == 1 else "calls"
        found.append(f"at most {process.missing:,} {calls} may be missing at its end")
    if process.unusable_values:
        found.append(f"{process.unusable_values:,} values were no numbers and were not stored")
    return found


def resource(name: str) -> Callable[[object], str]:
    """Return what writes values of a series `system/…` with their unit.

    >>> resource("system/cpu_percent")(12.4), resource("system/disk_free_bytes")(2e9)
    ('12 %', '2.0 GB')
    """
    if name.endswith("_bytes_per_s"):
        return lambda value: f"{text.size(value)}/s"
    if name.endswith("_bytes"):
        return text.size
    unit = {"percent": " %", "celsius": " °C", "watts": " W"}.get(name.rpartition("_")[2], "")
    return lambda value: f"{value:.0f}{unit}" if isinstance(value, (int, float)) else ""


def code(found: Mapping[str, Any]) -> str:
    """Return the commit, its branch and its repository."""
    if not found:
        return ""
    branch = f" on {found['branch']}" if found.get("branch") else ""
    if found.get("commit"):
        where = found["commit"][:12] + branch
    else:
        where = f"no commit yet{branch}" if branch else "no Git"
    remote = f" of {found['remote']}" if found.get("remote") else ""
    fingerprint = found.get("fingerprint")
    state = f"; state {fingerprint[:8]}" if fingerprint else "; not all was looked at"
    return f"{where}{remote}{state}"


def _files(found: Mapping[str, Any]) -> str:
    """Return which files were not as the commit has them."""
    parts = []
    if changed := found.get("changed_count"):
        names = _some(found.get("changed") or [])
        parts.append(f"{text.count(changed, 'file')} changed{names}")
    if untracked := found.get("untracked_count"):
        kept = found.get("kept_count") or 0
        what = "untracked" if found.get("kind") == "git" else "looked at"
        files = found.get("untracked") or ()
        names = _some([str(file.get("path")) for file in files if file.get("mark") is None])
        more = "more than " if found.get("is_cut") else ""
        parts.append(f"{more}{text.count(untracked, 'file')} {what}{names}, {kept:,} kept")
    if unkept := found.get("unkept_sources"):
        why = [
            f"{file.get('path')}: {file.get('why_not')}"
            for file in found.get("untracked") or ()
            if file.get("mark") is not None
        ]
        parts.append(f"{text.count(unkept, 'source file')} not kept{_some(why)}")
    return "; ".join(parts)


def _loaded(found: Mapping[str, Any]) -> str:
    """Return which files of the project the process loaded."""
    names = [str(path) for path, _ in found.get("files", ())] + list(found.get("unknown", ()))
    if not names:
        return ""
    left_out = found.get("left_out") or 0
    return f"{text.count(len(names) + left_out, 'Python file')} of the project{_some(names)}"


def _some(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN_FILES])
    return f" ({shown}{', …' if len(names) > SHOWN_FILES else ''})"


def _python(python: Mapping[str, Any]) -> str:
    if not python:
        return ""
    packages = python.get("packages")
    count = f", {text.count(len(packages), 'package')}" if packages is not None else ""
    return f"{python.get('version') or 'of no known version'}{count}"


def _machine(machine: Mapping[str, Any]) -> str:
    parts = []
    if cpu := machine.get("cpu"):
        parts.append(cpu)
    if cpus := machine.get("cpus"):
        parts.append(text.count(cpus, "CPU"))
    if memory := machine.get("memory_bytes"):
        parts.append(text.size(memory))
    parts += [str(gpu.get("name")) for gpu in (machine.get("gpus") or ())[:4]]
    return ", ".join(parts)


def _end(exit_: Mapping[str, Any]) -> str:
    parts = []
    if (number := exit_.get("code")) is not None:
        parts.append(f"exit code {number}" + (f" ({exit_['signal']})" if exit_.get("signal") else ""))
    if cpu := exit_.get("cpu_s"):
        parts.append(f"{text.duration(cpu)} of processor time")
    if memory := exit_.get("peak_memory_bytes"):
        parts.append(f"{text.size(memory)} of memory at most")
    return ", ".join(parts)
