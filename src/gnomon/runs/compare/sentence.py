"""What differs between runs, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.runs.compare.comparison import Comparison

_MOST_NAMED = 4
_ENDINGS = {
    "failed": "failed",
    "interrupted": "was interrupted",
    "stopped": "was stopped",
    "running": "is still running",
}


def sentence_of(found: Comparison) -> str:
    """Return the sentence for a comparison."""
    after = f" (not recorded: {'; '.join(found.unrecorded)})" if found.unrecorded else ""
    after += "".join(f"; {one.title} {_ended(one.status)}" for one in found.runs if one.status != "finished")
    if found.is_same:
        return f"nothing that is recorded differs{after}"
    if found.is_pair_of_seeds:
        count = len(found.runs)
        what = "a pair of seeds" if count == 2 else f"{count} seeds of one configuration"
        values = ", ".join(map(_plain, next(iter(found.seeds.differ.values()))))
        return f"{what}: nothing that is recorded differs but the seed ({values}){after}"
    parts = [_PARTS[part](found) for part in found.differs_in]
    return f"they differ in {_and(parts)}{after}"


def _ended(status: str) -> str:
    return _ENDINGS.get(status, f"is {status}")


def _params(found: Comparison) -> str:
    return _counted(found.params.differ, "parameter")


def _code(found: Comparison) -> str:
    files = list(dict.fromkeys(file.path for diff in found.code_diffs for file in diff.files))
    return f"code ({_names(files)})" if files else "the commit"


def _environment(found: Comparison) -> str:
    return _counted(found.environment.differ, "fact of the environment", "facts of the environment")


_PARTS: dict[str, Callable[[Comparison], str]] = {
    "params": _params,
    "code": _code,
    "environment": _environment,
    "command": lambda found: (
        "the command" if "command" in found.command.differ else "the cells of the notebook"
    ),
    "data": lambda found: f"data ({_names(list(found.data.differ))})",
    "seed": lambda _: "the seed",
}


def _counted(names: Iterable[str], one: str, many: str | None = None) -> str:
    names = list(names)
    return f"{len(names)} {one if len(names) == 1 else many or one + 's'} ({_names(names)})"


def _names(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _plain(seed: object) -> str:
    if isinstance(seed, list):
        return f"{len(seed)} seeds"
    return "none" if seed is None else str(seed)
