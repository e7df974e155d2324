"""What differs between two runs, as factors that can be swapped one by one; and what cannot be, and why.

`code` (taken apart: `code/FILE`), `environment` (Python and packages; taken apart: `environment/NAME`), `data.NAME`,
`params.NAME`, `option.NAME` (a word of the command that is no parameter), `env.NAME`. A parameter that one of the two codes does
not know belongs to the code: `code+params.NAME` is one factor.

Always true: each factor swaps what it says and nothing else; what differs and is no factor is named with the reason.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.compare.code import MOST_FILES
from gnomon.runs.compare.facts import is_same
from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.rebuild import command, swap
from gnomon.runs.rebuild.command import Option
from gnomon.runs.rebuild.data import spec_of
from gnomon.runs.rebuild.environment import OWN, TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gnomon.runs.compare.code import FileDiff
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.rebuild.recipe import Recipe
    from gnomon.runs.rebuild.swap import Mix
    from gnomon.runs.run_view import Use
    from gnomon.runs.views import Record

_MACHINE_VARIABLES = frozenset({"VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES"})
WHOLE = "command"
UNLIKELY = "imported by neither run, or texts for people"
OTHERS = f"{swap.CODE}/(others)"  # what differs beside the files that were imported
APART = (swap.CODE, swap.ENVIRONMENT)  # factors that may be taken apart


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that differs and can be swapped: `said` is both sides in words, `apply` takes it over from B into a mix of A.

    `several`: of how many files, or packages, it is made.
    """

    name: str
    said: str
    apply: Callable[[Mix], Mix]
    several: int = 1


@dataclass(frozen=True, slots=True)
class Factors:
    """All that differs: what can be swapped, what cannot (name -> why), and notes."""

    found: tuple[Factor, ...]
    fixed: Mapping[str, str]
    notes: tuple[str, ...]


def factors_of(
    record: Record, a: Recipe, b: Recipe, compared: Comparison, source: str, apart: Collection[str] = ()
) -> Factors:
    """Return what differs between two runs. `source` is the script of A, which says what it can be given.

    `apart`: of `code` each file is a factor, of `environment` each package. Raises BadArgumentError where such a one does not
    differ, or cannot be taken apart.
    """
    for one in apart:
        if one not in APART:
            raise BadArgumentError(
                f"`--apart` must be {' or '.join(f'`{name}`' for name in APART)}; got `{one}`"
            )
    look = _Look(record, a, b, compared, source, frozenset(apart))
    look.code()
    look.command()
    look.params()
    look.data()
    look.environment()
    look.machine()
    for one in apart:
        if not any(factor.name.partition("/")[0] == one for factor in look.found):
            raise BadArgumentError(
                f"`--apart {one}`: the {one} of {a.run[:8]} and {b.run[:8]} is no factor",
                hint="`--plan` says what differs",
            )
    return Factors(tuple(look.found), look.fixed, tuple(look.notes))


class _Look:
    def __init__(
        self,
        record: Record,
        a: Recipe,
        b: Recipe,
        compared: Comparison,
        source: str,
        apart: frozenset[str] = frozenset(),
    ) -> None:
        self.record, self.a, self.b, self.compared, self.source = record, a, b, compared, source
        self.apart = apart
        self.found: list[Factor] = []
        self.fixed: dict[str, str] = {}
        self.notes: list[str] = []
        self.explained: set[str] = set()  # parameters that a factor changes already

    def add(self, name: str, said: str, apply: Callable[[Mix], Mix], several: int = 1) -> None:
        self.found.append(Factor(name, said, apply, several))

    @property
    def code_at(self) -> int | None:
        """Where the factor stands that is the code, or of its files the script; None where there is none."""
        places = [
            at
            for at, one in enumerate(self.found)
            if re.split("[/+]", one.name)[0] in (swap.CODE, swap.CELLS)
        ]
        script = f"{swap.CODE}/{self.a.script}"
        return next(
            (at for at in places if self.found[at].name.partition("+")[0] == script), next(iter(places), None)
        )

    @property
    def has_code(self) -> bool:
        return self.code_at is not None

    def code(self) -> None:
        a, b, compared = self.a, self.b, self.compared
        if not a.code.facts or not b.code.facts:
            self.fixed[swap.CODE] = "it was not recorded of both"
            return
        if "code" not in compared.differs_in:
            return
        differ = [file for diff in compared.code_diffs for file in diff.files]
        if a.is_notebook and b.is_notebook:
            differ = [
                file for file in differ if not file.path.endswith(".ipynb")
            ]  # what ran of it are its cells
            if not differ:
                return
        if differ and all(file.is_made for file in differ):
            return
        differ = [file for file in differ if not file.is_made]
        files = [file.path for file in differ if file.may_matter]
        others = [file.path for file in differ if not file.may_matter]
        if swap.CODE in self.apart:
            self.files(differ)
            return
        said = "; ".join(filter(None, [_some(files), f"{_some(others)} ({UNLIKELY})" if others else ""]))
        said = said or f"{(a.code.commit or '?')[:12]} → {(b.code.commit or '?')[:12]}"
        if others and not files:
            self.notes.append(
                f"of the code only {UNLIKELY}: `--without {swap.CODE}` leaves it out, if you know that it does nothing"
            )
        self.add(
            swap.CODE, said, lambda mix: swap.with_code(mix, b, f"of {b.run[:8]}"), len(files) + bool(others)
        )

    def files(self, differ: Sequence[FileDiff]) -> None:
        """Make each file that differs a factor; those that are unlikely to matter are one."""
        if len(differ) >= MOST_FILES or not all(diff.is_whole for diff in self.compared.code_diffs):
            raise BadArgumentError(
                f"`--apart {swap.CODE}`: not all files that differ are known",
                hint="`gnomon compare --code` says why; without `--apart` the code is one factor",
            )
        every = frozenset(file.path for file in differ)
        others = [file.path for file in differ if not file.may_matter]
        if others:
            b = self.b

            def apply(mix: Mix) -> Mix:
                for path in others:
                    mix = swap.with_code_file(mix, b, path, every)
                return mix

            self.add(OTHERS, f"{_some(others)} ({UNLIKELY})", apply, len(others))
        for file in differ:
            if not file.may_matter:
                continue
            lines = f"+{file.added} -{file.removed}" if file.added is not None else file.what
            self.add(f"{swap.CODE}/{file.path}", lines, _code_file(self.b, file.path, every))

    def command(self) -> None:
        a, b = self.a, self.b
        if a.is_notebook and b.is_notebook:
            self.cells()
            return
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

    def cells(self) -> None:
        """Make the cells of two notebooks one factor."""
        own, theirs = [[cell.source for cell in one.notebook.cells] for one in (self.a, self.b)]
        if own != theirs:
            changed = sum(one not in own for one in theirs)
            said = (
                f"{changed:,} of {len(theirs):,} cells are others"
                if changed
                else "other cells, or another order"
            )
            self.add(swap.CELLS, said, lambda mix: swap.with_cells(mix, self.b))

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
        if param is None and (one is None or other is None) and self._is_default(key):
            return
        name = f"{swap.PARAMS}{param}" if param is not None else f"{swap.OPTION}{key}"
        if param is not None:
            self.explained.add(param)
        said = f"{_words(one)} → {_words(other)}"
        b = self.b
        if self.has_code and (one is None or other is None) and not self._knows(key):
            self._bundle(name, said, lambda mix: swap.with_option(mix, name, key, b))
            return
        self.add(name, said, lambda mix: swap.with_option(mix, name, key, b))

    def _is_default(self, key: str) -> bool:
        """Whether an option that one command lacks is a parameter of both runs, with the same value."""
        return any(
            command.key_of(name) == key and name in self.b.params and is_same(value, self.b.params[name])
            for name, value in self.a.params.items()
        )

    def _knows(self, key: str) -> bool:
        """Whether the script of A has an option, as far as its text says."""
        return any(command.has_option(self.source, one) for one in (key, key.replace("_", "-")))

    def _bundle(self, name: str, said: str, apply: Callable[[Mix], Mix]) -> None:
        """Make something part of the code: the other code does not know it."""
        at = self.code_at
        assert at is not None  # who calls has looked  # noqa: S101
        code = self.found[at]
        self.found[at] = Factor(
            f"{code.name}+{name}", f"{code.said}; {said}", lambda mix: apply(code.apply(mix)), code.several
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
            if name.startswith("package.") and name.removeprefix("package.") not in OWN | TOOLS
        }
        python = differ.get("python")
        if swap.ENVIRONMENT in self.apart:
            changed = {**({swap.PYTHON: python} if python else {}), **dict(sorted(packages.items()))}
            every = frozenset(f"{swap.ENVIRONMENT}/{name}" for name in changed)
            for name, (one, other) in changed.items():
                said = f"{one or 'none'} → {other or 'none'}"
                self.add(f"{swap.ENVIRONMENT}/{name}", said, _package(b, name, every))
        elif packages or python:
            shown = [f"Python {python[0]} → {python[1]}"] if python else []
            shown += [
                f"{name} {one or 'none'} → {other or 'none'}"
                for name, (one, other) in sorted(packages.items())
            ]
            said = ", ".join(shown[:4]) + (f" and {len(shown) - 4:,} more" if len(shown) > 4 else "")
            self.add(
                swap.ENVIRONMENT, said, lambda mix: swap.with_environment(mix, b, f"of {b.run[:8]}"), len(shown)
            )  # fmt: skip
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


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def without(factors: Factors, names: Sequence[str]) -> Factors:
    """Return factors without some of them. Raises BadArgumentError for a name that is no factor."""
    known = {one.name: one for one in factors.found}
    left: dict[str, str] = {}
    for name in names:
        one = known.get(name) or known.get(f"{swap.PARAMS}{name}")
        if one is None:
            raise _no_factor(factors, f"--without {name}", name, known)
        left[one.name] = f"{one.said}: left out, as asked"
    found = tuple([one for one in factors.found if one.name not in left])
    return Factors(found, {**factors.fixed, **left}, factors.notes)


def _no_factor(factors: Factors, option: str, name: str, known: Mapping[str, Factor]) -> BadArgumentError:
    """Return the error for a name that is no factor: it may well differ, and be nothing that can be swapped."""
    fixed = {
        one: why
        for one, why in factors.fixed.items()
        if name in (one, one.partition(".")[0], one.partition(".")[2])
    }
    if not fixed:
        return swap.unknown(f"`{option}`: nothing that differs is called `{name}`", name, known)
    said = "; ".join(f"`{one}` differs, and cannot be swapped: {why}" for one, why in fixed.items())
    return BadArgumentError(
        f"`{option}`: {said}",
        hint="it is the same in all mixtures, and no part of the answer: leave it out of the option",
    )


def _code_file(other: Recipe, path: str, every: frozenset[str]) -> Callable[[Mix], Mix]:
    return lambda mix: swap.with_code_file(mix, other, path, every)


def _package(other: Recipe, name: str, every: frozenset[str]) -> Callable[[Mix], Mix]:
    return lambda mix: swap.with_package(mix, other, name, every)


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
                raise _no_factor(factors, f"--together {group}", name, known)
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
