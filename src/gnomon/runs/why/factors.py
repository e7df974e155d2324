"""What differs between two runs, as factors that can be swapped one by one; and what cannot be, and why.

`code`, `environment` (Python and packages), `data.NAME`, `params.NAME`, `option.NAME` (a word of the command that is no
parameter), `env.NAME`. A parameter that one of the two codes does not know belongs to the code: `code+params.NAME` is one factor.

Always true: each factor swaps what it says and nothing else; what differs and is no factor is named with the reason.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.groups.code import FOR_PEOPLE
from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.rebuild import command, swap
from gnomon.runs.rebuild.command import Option
from gnomon.runs.rebuild.data import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.rebuild.swap import Mix
    from gnomon.runs.run_view import Use
    from gnomon.runs.views import Record

_MACHINE_VARIABLES = frozenset({"VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES"})
WHOLE = "command"


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that differs and can be swapped: `said` is both sides in words, `apply` takes it over from B into a mix of A."""

    name: str
    said: str
    apply: Callable[[Mix], Mix]


@dataclass(frozen=True, slots=True)
class Factors:
    """All that differs: what can be swapped, what cannot (name -> why), and notes."""

    found: tuple[Factor, ...]
    fixed: Mapping[str, str]
    notes: tuple[str, ...]


def factors_of(record: Record, a: Recipe, b: Recipe, compared: Comparison, source: str) -> Factors:
    """Return what differs between two runs. `source` is the script of A, which says what it can be given."""
    look = _Look(record, a, b, compared, source)
    look.code()
    look.command()
    look.params()
    look.data()
    look.environment()
    look.machine()
    return Factors(tuple(look.found), look.fixed, tuple(look.notes))


class _Look:
    def __init__(self, record: Record, a: Recipe, b: Recipe, compared: Comparison, source: str) -> None:
        self.record, self.a, self.b, self.compared, self.source = record, a, b, compared, source
        self.found: list[Factor] = []
        self.fixed: dict[str, str] = {}
        self.notes: list[str] = []
        self.explained: set[str] = set()  # parameters that a factor changes already

    def add(self, name: str, said: str, apply: Callable[[Mix], Mix]) -> None:
        self.found.append(Factor(name, said, apply))

    @property
    def has_code(self) -> bool:
        return any(one.name == swap.CODE for one in self.found)

    def code(self) -> None:
        a, b, compared = self.a, self.b, self.compared
        if not a.code.facts or not b.code.facts:
            self.fixed[swap.CODE] = "it was not recorded of both"
            return
        if "code" not in compared.differs_in:
            return
        files = [file.path for diff in compared.code_diffs for file in diff.files]
        if files and all(file.lower().endswith(FOR_PEOPLE) for file in files):
            self.notes.append(f"of the code only texts for people differ ({files[0]}, …): they are no factor")
            return
        shown = ", ".join(files[:3]) + (f" and {len(files) - 3:,} more" if len(files) > 3 else "")
        said = shown or f"{(a.code.commit or '?')[:12]} → {(b.code.commit or '?')[:12]}"
        self.add(swap.CODE, said, lambda mix: swap.with_code(mix, b, f"of {b.run[:8]}"))

    def command(self) -> None:
        a, b = self.a, self.b
        at, bt = command.start_of(a.words, a.script), command.start_of(b.words, b.script)
        rest_a, rest_b = command.rest_of(a.words, at)[1:], command.rest_of(b.words, bt)[1:]
        if [os.path.basename(word) for word in rest_a] != [os.path.basename(word) for word in rest_b]:
            said = f"{' '.join(a.words)} → {' '.join(b.words)}"
            self.add(WHOLE, said, lambda mix: swap.with_command(mix, b))
            self.explained.update({*self.compared.params.differ})
            return
        own, theirs = command.options_of(a.words, at), command.options_of(b.words, bt)
        for key in dict.fromkeys((*own, *theirs)):
            one, other = own.get(key), theirs.get(key)
            if is_seed_like(key) or (one is not None and other is not None and _same_value(one, other)):
                continue
            self._option(key, one, other)

    def _option(self, key: str, one: Option | None, other: Option | None) -> None:
        last = key.rpartition(".")[2]
        param = next(
            (
                name
                for name in self.compared.params.differ
                if name not in self.explained
                and (command.key_of(name) == key or command.key_of(name.rpartition(".")[2]) == last)
            ),
            None,
        )
        name = f"{swap.PARAMS}{param}" if param is not None else f"{swap.OPTION}{key}"
        if param is not None:
            self.explained.add(param)
        said = f"{_words(one)} → {_words(other)}"
        b = self.b
        if self.has_code and (one is None or other is None) and not self._knows(key):
            self._bundle(name, said, lambda mix: swap.with_option(mix, name, key, b))
            return
        self.add(name, said, lambda mix: swap.with_option(mix, name, key, b))

    def _knows(self, key: str) -> bool:
        """Whether the script of A has an option, as far as its text says."""
        return any(command.has_option(self.source, one) for one in (key, key.replace("_", "-")))

    def _bundle(self, name: str, said: str, apply: Callable[[Mix], Mix]) -> None:
        """Make something part of the code: the other code does not know it."""
        at = next(place for place, one in enumerate(self.found) if one.name.partition("+")[0] == swap.CODE)
        code = self.found[at]
        self.found[at] = Factor(
            f"{code.name}+{name}", f"{code.said}; {said}", lambda mix: apply(code.apply(mix))
        )
        self.notes.append(f"`{name}` goes with the code: only one of the two codes knows it")

    def params(self) -> None:
        b = self.b
        if any(one.name == WHOLE for one in self.found):
            return
        for name, (one, other) in self.compared.params.differ.items():
            if name in self.explained:
                continue
            said = f"{one!r} → {other!r}"
            can_read = ".params" in self.source
            has_option = any(
                command.has_option(self.source, last)
                for last in (name.rpartition(".")[2], name.rpartition(".")[2].replace("_", "-"))
            )
            if one is None or other is None:
                if not self.has_code:
                    self.fixed[swap.PARAMS + name] = (
                        "only one of the two runs has it, and their code is the same"
                    )
            elif can_read or has_option:
                self.add(swap.PARAMS + name, said, _param(name, b.params.get(name, other)))
            elif self.has_code:
                self.notes.append(
                    f"`{name}` ({said}) is counted with the code: no word of the command gives it"
                )
            else:
                self.fixed[swap.PARAMS + name] = (
                    "no word of the command gives it, and the script does not read `run.params`"
                )

    def data(self) -> None:
        a, b = self.a, self.b
        theirs = {use.name: use for use in b.uses}
        for use in a.uses:
            other = theirs.get(use.name)
            if other is None:
                self.fixed[swap.DATA + use.name] = "only the first run used it"
            elif use.object != other.object or use.version != other.version:
                self._one_data(use.name, use.label or (use.object or "?")[:12], other)
        for name in theirs.keys() - {use.name for use in a.uses}:
            self.fixed[swap.DATA + name] = "only the second run used it"

    def _one_data(self, name: str, said: str, other: Use) -> None:
        label = other.label or (other.object or "?")[:12]
        if other.version is None:
            self.fixed[swap.DATA + name] = f"no version of data has the bytes of {label}"
            return
        version = self.record.data(spec_of(other))
        self.add(swap.DATA + name, f"{said} → {label}", lambda mix: swap.with_data(mix, name, version))

    def environment(self) -> None:
        b, differ = self.b, self.compared.environment.differ
        packages = {
            name.removeprefix("package."): values
            for name, values in differ.items()
            if name.startswith("package.")
        }
        python = differ.get("python")
        if packages or python:
            shown = [f"Python {python[0]} → {python[1]}"] if python else []
            shown += [
                f"{name} {one or 'none'} → {other or 'none'}"
                for name, (one, other) in sorted(packages.items())
            ]
            said = ", ".join(shown[:4]) + (f" and {len(shown) - 4:,} more" if len(shown) > 4 else "")
            self.add(swap.ENVIRONMENT, said, lambda mix: swap.with_environment(mix, b, f"of {b.run[:8]}"))
        for name in sorted({*self.a.variables, *b.variables}):
            one, other = self.a.variables.get(name), b.variables.get(name)
            if one == other or name in _MACHINE_VARIABLES or name.startswith("PYTHONPATH"):
                continue
            self.add(swap.VARIABLE + name, f"{one!r} → {other!r}", _variable(name, other))

    def machine(self) -> None:
        for name, (one, other) in self.compared.environment.differ.items():
            if name.startswith("machine."):
                self.fixed[f"hardware.{name.removeprefix('machine.')}"] = (
                    f"{one} → {other}: this machine is what it is"
                )


def _param(name: str, value: object) -> Callable[[Mix], Mix]:
    return lambda mix: swap.with_params(mix, name, value)


def _variable(name: str, value: str | None) -> Callable[[Mix], Mix]:
    return lambda mix: swap.with_variable(mix, name, value)


def _same_value(one: Option, other: Option) -> bool:
    if one.value is None or other.value is None:
        return one.value == other.value
    try:
        return float(one.value) == float(other.value)
    except ValueError:
        return one.value == other.value


def _words(option: Option | None) -> str:
    return " ".join(option.words) if option is not None else "not given"


def together(factors: Factors, groups: Sequence[str]) -> Factors:
    """Return factors with some of them made one: each of `groups` is names with commas between, such as `code,params.lr`.

    Raises BadArgumentError for a name that is no factor.
    """
    found = list(factors.found)
    for group in groups:
        names = [name.strip() for name in group.split(",") if name.strip()]
        known = {one.name: one for one in found}
        chosen = []
        for name in names:
            one = known.get(name) or known.get(f"{swap.PARAMS}{name}")
            if one is None:
                raise swap.unknown(
                    f"`--together {group}`: nothing that differs is called `{name}`", name, known
                )
            chosen.append(one)
        if len(chosen) < 2:
            raise BadArgumentError(f"`--together {group}` needs two factors or more, with commas between")
        found = [one for one in found if one not in chosen]
        found.append(_joined(chosen))
    return Factors(tuple(found), factors.fixed, factors.notes)


def _joined(chosen: Sequence[Factor]) -> Factor:
    def apply(mix: Mix) -> Mix:
        for one in chosen:
            mix = one.apply(mix)
        return mix

    return Factor("+".join(one.name for one in chosen), "; ".join(one.said for one in chosen), apply)
