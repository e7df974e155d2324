"""The file of a sweep: `sweep.toml`, read and checked.

Always true: a `Plan` that comes out of here can be run; what is wrong names the file, the key, the value and the rule. The same
table gives the same plan, so the record keeps the table and needs no file.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.runs.sweep.command import placeholders
from gnomon.runs.sweep.space import Choice, Dimension, Range, grid_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT = "sweep.toml"
SAMPLERS = ("grid", "random", "optuna")
GOALS = ("maximize", "minimize")
AT = ("last", "best")
PRUNERS = ("median", "hyperband", "halving")
MAY_CHANGE = frozenset({"parallel", "timeout", "grace", "max_failures", "ray"})  # from one start to the next
_KEYS = frozenset(
    {"name", "command", "metric", "goal", "at", "sampler", "sampler_seed", "trials", "seeds", "pick", "params", "pruning"}
) | MAY_CHANGE  # fmt: skip
_RANGE_KEYS = frozenset({"from", "to", "scale", "kind", "points", "step"})
_PARAMS_HINT = (
    'values such as `lr = [0.1, 0.01]`, or a range: `lr = { from = 1e-4, to = 1e-1, scale = "log" }`'
)
_MOST = 100_000
_LONGEST_NAME = 200


class Pruning(NamedTuple):
    """When a run is behind: not before `after` values of it, and `trials` finished curves of the same seed."""

    kind: str
    after: int
    trials: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep that can be run. `table` is the file's, as the record keeps it."""

    name: str
    command: tuple[str, ...]
    metric: str
    goal: str
    space: tuple[Dimension, ...]
    table: Mapping[str, Any] = field(repr=False)
    at: str = "last"
    sampler: str = "grid"
    sampler_seed: int = 0
    trials: int = 1
    seeds: tuple[int, ...] = ()
    parallel: int = 1
    timeout_s: float | None = None
    grace_s: float = 10.0
    max_failures: int = 3
    pick: tuple[str, ...] = ()
    pruning: Pruning | None = None
    cpus: float = 1.0
    gpus: float = 0.0

    @property
    def better(self) -> str:
        """Which values are better: 'higher' or 'lower'."""
        return "higher" if self.goal == "maximize" else "lower"

    @property
    def seeds_or_none(self) -> tuple[int | None, ...]:
        """The seeds of each trial; one run without a seed where none are named."""
        return self.seeds or (None,)


def read_plan(path: str, changes: Mapping[str, object] | None = None) -> Plan:
    """Return the plan of a file, with `changes` (of the command line) over its keys.

    Raises MissingFileError, BadArgumentError.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        raise MissingFileError(
            f"there is no file `{path}`",
            hint="`gnomon sweep --help` shows what stands in one; `gnomon sweep --resume ID` goes on without it",
        ) from None
    except OSError as error:
        raise BadArgumentError(f"`{path}` cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadArgumentError(
            f"`{path}` is no TOML: {error}", hint='texts stand in quotes: `metric = "auc"`; https://toml.io'
        ) from None
    return plan_of({**table, **(changes or {})}, path)


def plan_of(table: Mapping[str, Any], where: str) -> Plan:
    """Return the plan of a table; `where` is what messages call it. Raises BadArgumentError."""
    return _Reader(table, where).plan()


class _Reader:
    """Takes a table apart, and says what is wrong."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = table
        self._where = where

    def plan(self) -> Plan:
        self._only_known(self._table, _KEYS, "")
        name = self._text("name", _stem(self._where))
        if len(name) > _LONGEST_NAME:
            self._bad("name", name[:20] + "…", f"have {_LONGEST_NAME} characters at most")
        sampler = self._one_of("sampler", SAMPLERS, "grid")
        space = tuple(self._space(self._table.get("params", {}), ""))
        if not space:
            self._bad(
                "params",
                self._table.get("params", {}),
                "name what to try",
                hint="[params] and `lr = [0.1, 0.01]` below it",
            )
        trials = self._trials(sampler, space)
        seeds = self._seeds()
        if trials * max(len(seeds), 1) > _MOST:
            self._bad(
                "trials", trials, f"give {_MOST:,} runs at most, with all seeds; these are {trials * max(len(seeds), 1):,}",
                hint="fewer `points` or values, or the sampler `random`",
            )  # fmt: skip
        ray = self._part("ray", {"cpus", "gpus"})
        return Plan(
            name, self._command(space), self._text("metric"), self._one_of("goal", GOALS), space, {**self._table, "name": name},
            at=self._one_of("at", AT, "last"), sampler=sampler, sampler_seed=self._whole("sampler_seed", 0, least=0),
            trials=trials, seeds=seeds, parallel=self._whole("parallel", 1), timeout_s=self._seconds("timeout", None),
            grace_s=self._seconds("grace", 10.0) or 10.0, max_failures=self._whole("max_failures", 3),
            pick=self._texts("pick"), pruning=self._pruning(), cpus=self._amount(ray, "cpus", 1.0),
            gpus=self._amount(ray, "gpus", 0.0),
        )  # fmt: skip

    # --- the keys, one by one

    def _command(self, space: Sequence[Dimension]) -> tuple[str, ...]:
        found = self._table.get("command")
        if isinstance(found, str):
            try:
                words = shlex.split(found)
            except ValueError as error:
                self._bad("command", found, f"be words as a shell reads them ({error})")
        elif isinstance(found, list) and all(isinstance(word, str) for word in found):
            words = list(found)
        else:
            words = []
        if not words or not words[0].strip():
            self._bad("command", found, "be a command", hint='command = "python train.py --lr {lr}"')
        names = [one.name for one in space]
        for word in words:
            try:
                used = placeholders(word)
            except ValueError as error:
                self._bad(
                    "command",
                    word,
                    f"have its braces in pairs ({error})",
                    hint="`{{` and `}}` are braces themselves",
                )
            for name in used:
                if name == "seed":
                    if "seed" not in names and not self._seeds():
                        self._bad(
                            "command",
                            word,
                            "name a parameter; `seed` needs the seeds",
                            hint="seeds = [1, 2, 3]",
                        )
                elif name not in names:
                    near = get_close_matches(name, [*names, "seed"], n=1)
                    meant = f"did you mean `{{{near[0]}}}`? " if near else ""
                    self._bad(
                        "command", word, f"name parameters only; there is no `{name}` in `[params]`",
                        hint=f"{meant}there are {', '.join(f'`{one}`' for one in [*names, 'seed'])}; `{{{{` is a brace",
                    )  # fmt: skip
        return tuple(words)

    def _trials(self, sampler: str, space: Sequence[Dimension]) -> int:
        if sampler == "grid":
            self._whole("trials", 1)  # not asked, and must be well-formed all the same
            return grid_size(space)
        if all(isinstance(one, Choice) and len(one.values) == 1 for one in space):
            self._bad(
                "params", ", ".join(one.name for one in space), "leave something to try: each has one value"
            )
        if "trials" not in self._table:
            self._bad(
                "trials",
                None,
                f"say how many configurations the sampler `{sampler}` tries",
                hint="trials = 20",
            )
        return self._whole("trials", 1)

    def _seeds(self) -> tuple[int, ...]:
        found = self._table.get("seeds", [])
        hint = "seeds = [1, 2, 3]"
        if isinstance(found, int) and not isinstance(found, bool):
            hint = f"seeds = [{found}] for that one; seeds = {[*range(1, min(max(found, 1), 10) + 1)]} for {found} of them"
        is_list = isinstance(found, list) and all(
            isinstance(one, int) and not isinstance(one, bool) for one in found
        )
        if not is_list or any(abs(one) >= 2**53 for one in found):
            self._bad("seeds", found, "be a list of whole numbers", hint=hint)
        if len(set(found)) < len(found):
            self._bad("seeds", found, "name each seed once")
        return tuple(found)

    def _pruning(self) -> Pruning | None:
        if "pruning" not in self._table:
            return None
        part = self._part("pruning", {"kind", "after", "trials"})
        kind = self._one_of("pruning.kind", PRUNERS, "median", part.get("kind"))
        return Pruning(
            kind, self._whole("pruning.after", 5, value=part.get("after")),
            self._whole("pruning.trials", 4, value=part.get("trials")),
        )  # fmt: skip

    # --- the parameters

    def _space(self, table: object, prefix: str) -> list[Dimension]:
        if not isinstance(table, dict):
            self._bad(
                f"params{'.' if prefix else ''}{prefix.rstrip('.')}", table, "be a table", hint="[params]"
            )
        found: list[Dimension] = []
        for key, value in table.items():
            name = f"{prefix}{key}"
            if not key or "{" in key or "}" in key:
                self._bad("params", key, "have names without braces")
            if isinstance(value, dict) and not ({"from", "to"} & set(value)):
                found += self._space(value, f"{name}.")
            elif isinstance(value, dict):
                found.append(self._range(name, value))
            else:
                found.append(self._choice(name, value))
        return found

    def _choice(self, name: str, value: object) -> Choice:
        values = value if isinstance(value, list) else [value]
        key = f"params.{name}"
        if not values:
            self._bad(key, value, "have one value or more")
        for one in values:
            is_plain = isinstance(one, (str, bool, int)) or (isinstance(one, float) and math.isfinite(one))
            if not is_plain or (isinstance(one, int) and abs(one) >= 2**53):
                self._bad(key, one, "be a number, a text, true or false")
        if len({(type(one), one) for one in values}) < len(values):
            self._bad(key, value, "name each value once")
        return Choice(name, tuple(values))

    def _range(self, name: str, value: Mapping[str, Any]) -> Range:
        key = f"params.{name}"
        self._only_known(value, _RANGE_KEYS, f"{key}.")
        low, high = self._bound(f"{key}.from", value.get("from")), self._bound(f"{key}.to", value.get("to"))
        if low >= high:
            self._bad(key, f"from {low} to {high}", "go from the smaller number to the larger one")
        is_log = self._one_of(f"{key}.scale", ("linear", "log"), "linear", value.get("scale")) == "log"
        if is_log and low <= 0:
            self._bad(f"{key}.from", low, "be above 0 where the scale is `log`")
        is_whole = self._one_of(f"{key}.kind", ("real", "whole"), "real", value.get("kind")) == "whole"
        if is_whole and not (float(low).is_integer() and float(high).is_integer()):
            self._bad(key, f"from {low} to {high}", "have whole ends where the kind is `whole`")
        if "step" in value and (not is_whole or is_log):
            self._bad(
                f"{key}.step",
                value["step"],
                'stand with `kind = "whole"` and a linear scale only',
                hint="`points` says how many a grid takes",
            )
        points = self._whole(f"{key}.points", 5, value=value["points"]) if "points" in value else None
        step = self._whole(f"{key}.step", 1, value=value.get("step"))
        if is_whole:
            low, high = int(low), int(high)
        return Range(name, low, high, is_log, is_whole, step, points)

    def _bound(self, key: str, found: object) -> float:
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not abs(found) < 2**53:
            self._bad(key, found, "be a number", hint="{ from = 1e-4, to = 1e-1 }")
        return found

    # --- values

    def _part(self, key: str, known: set[str]) -> Mapping[str, Any]:
        part = self._table.get(key, {})
        if not isinstance(part, dict):
            self._bad(key, part, "be a table", hint=f"[{key}]")
        self._only_known(part, known, f"{key}.")
        return part

    def _text(self, key: str, default: str | None = None) -> str:
        found = self._table.get(key, default)
        if not isinstance(found, str) or not found.strip():
            self._bad(key, found, "be some text", hint=f'{key} = "auc"' if key == "metric" else None)
        return found.strip()

    def _texts(self, key: str) -> tuple[str, ...]:
        found = self._table.get(key, [])
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found):
            self._bad(key, found, "be a list of names of metrics", hint=f'{key} = ["auc"]')
        return tuple(found)

    def _one_of(
        self, key: str, allowed: Sequence[str], default: str | None = None, value: object = None
    ) -> str:
        found = (self._table.get(key) if "." not in key else value) or default
        if found not in allowed:
            near = get_close_matches(str(found), allowed, n=1, cutoff=0.4)
            listed = ", ".join(f'"{one}"' for one in allowed)
            self._bad(
                key,
                found,
                f"be one of {listed}",
                hint=f'{key.rpartition(".")[2]} = "{near[0] if near else allowed[0]}"',
            )
        return str(found)

    def _whole(self, key: str, default: int, *, value: object = None, least: int = 1) -> int:
        found = self._table.get(key) if "." not in key else value
        found = default if found is None else found
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= 10_000_000:
            self._bad(key, found, f"be a whole number from {least}")
        return found

    def _amount(self, part: Mapping[str, Any], key: str, default: float) -> float:
        found = part.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found < 10_000:
            self._bad(f"ray.{key}", found, "be a number from 0")
        return float(found)

    def _seconds(self, key: str, default: float | None) -> float | None:
        from gnomon.runs.where_times import seconds_of

        found = self._table.get(key)
        if found is None:
            return default
        is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
        seconds = float(found) if is_number else seconds_of(found) if isinstance(found, str) else None
        if seconds is None or not 0 < seconds < 1e9:
            self._bad(
                key, found, "be a length of time above 0", hint=f'{key} = "10m", or a number of seconds'
            )
        return seconds

    # --- what is wrong

    def _only_known(self, table: Mapping[str, Any], known: frozenset[str] | set[str], prefix: str) -> None:
        for key in table:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                meant = f"did you mean `{prefix}{near[0]}`? " if near else ""
                raise BadArgumentError(
                    f"`{self._where}` has an unknown key `{prefix}{key}` (with the value {_shown(table[key])})",
                    hint=f"{meant}known are {', '.join(sorted(known))}",
                )

    def _bad(self, key: str, value: object, rule: str, *, hint: str | None = None) -> NoReturn:
        got = "it is not there" if value is None else f"got {_shown(value)}"
        if hint is None:
            hint = (
                _PARAMS_HINT
                if key.startswith("params")
                else "`gnomon sweep --help` shows what stands in a file"
            )
        raise BadArgumentError(f"`{key}` in `{self._where}` must {rule}; {got}", hint=hint)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def _stem(path: str) -> str:
    import os

    return os.path.splitext(os.path.basename(path))[0] or "sweep"
