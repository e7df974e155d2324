"""A recipe with one factor changed: another code, other data, another value of a parameter, of the seed, of a variable.

A factor is named `code`, `environment`, `data.NAME`, `params.NAME` (or `NAME`), `option.NAME`, `seed`, `env.NAME`.

Always true: what cannot be changed is an error that says why, before anything starts. A parameter that no word of the command
gives is handed to the script as `run.params[NAME]`; whether the script reads it is known when it has run, and then said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gnomon.data.use import REFERENCE, RESTORED
from gnomon.errors import BadArgumentError
from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.rebuild import command
from gnomon.runs.rebuild.data import spec_of
from gnomon.runs.spoken import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.data.views import DataVersion
    from gnomon.runs.rebuild.recipe import Recipe

CODE, ENVIRONMENT, SEED, PYTHON = "code", "environment", "seed", "python"
SEED_OPTIONS = ("seed", "random-state", "random_state")
CELLS = "cells"
BY_NAME = (
    RESTORED,
    REFERENCE,
)  # how data were had that a run asked for by name: what it asks for can be another version
DATA, PARAMS, OPTION, VARIABLE = "data.", "params.", "option.", "env."


@dataclass(frozen=True, slots=True)
class Mix:
    """A recipe with some of it changed: what is to be run. `swapped` says in words what comes from where."""

    recipe: Recipe
    swapped: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, object] = field(
        default_factory=dict
    )  # parameters that were changed: what the run must say it used
    params: Mapping[str, object] = field(
        default_factory=dict
    )  # those of them that are to be given to the script
    seed: int | None = None  # to be given to the script
    data: Mapping[str, str] = field(
        default_factory=dict
    )  # to be given to the script: its name in the run -> version

    def having(self, factor: str, said: str, **changes: object) -> Mix:
        """Return the mix with a factor swapped."""
        return replace(self, swapped={**self.swapped, factor: said}, **changes)  # type: ignore[arg-type]


def as_it_was(recipe: Recipe) -> Mix:
    """Return the mix of which nothing is changed: what the run was given from outside, it is given again.

    So is each version of data that it asked for by name, whatever is the newest by now, and whatever other code would ask for.
    """
    seed = recipe.seed if recipe.is_seed_given and isinstance(recipe.seed, int) else None
    return Mix(recipe, params=recipe.given, seed=seed, data={**_versions(recipe), **recipe.given_data})


def _versions(recipe: Recipe) -> dict[str, str]:
    """Return the version of each data that a run asked for by name, by what it is called in the run.

    Where it is called the same twice (`use("d@v1")` and `use("d@v2")`) the script has to say which, as it did.
    """
    found: dict[str, set[str]] = {}
    for use in recipe.uses:
        if use.how in BY_NAME and use.version is not None:
            found.setdefault(use.name, set()).add(spec_of(use))
    return {name: next(iter(specs)) for name, specs in found.items() if len(specs) == 1}


def with_params(mix: Mix, name: str, value: object) -> Mix:
    """Return a mix with another value of a parameter: in the command where a word gives it, else given to the script."""
    recipe = mix.recipe
    if is_seed_like(name):
        return with_seed(mix, value)
    if name not in recipe.params and recipe.is_from_command:
        # An option that the command did not use: whether the script has it is seen when its code is rebuilt.
        wanted = {**mix.wanted, name: value}
        return mix.having(
            PARAMS + name, f"not given → {value!r}", wanted=wanted, params={**mix.params, name: value}
        )
    if name not in recipe.params:
        raise unknown(f"the run has no parameter `{name}`", name, recipe.params)
    option = command.option_for(
        command.options_of(recipe.words, command.start_of(recipe.words, recipe.script)),
        name,
        recipe.params[name],
    )
    said, wanted = f"{recipe.params[name]!r} → {value!r}", {**mix.wanted, name: value}
    if option is not None:
        words = command.with_value(recipe.words, option, value)
        return mix.having(PARAMS + name, said, wanted=wanted, recipe=replace(recipe, words=words))
    return mix.having(PARAMS + name, said, wanted=wanted, params={**mix.params, name: value})


def by_command(mix: Mix, script: str) -> Mix:
    """Return a mix whose parameters go by the command where the script has an option of that name, which its command did not use.

    `script` is its source. So a default of `argparse` can be changed: `--lr` stands in the source, and `lr` is a parameter.
    """
    recipe, left = mix.recipe, dict(mix.params)
    words = recipe.words
    for name, value in mix.params.items():
        last = name.rpartition(".")[2]
        spelling = next(
            (
                f"--{one}"
                for one in dict.fromkeys((last, last.replace("_", "-")))
                if command.has_option(script, one)
            ),
            None,
        )
        if spelling is None:
            continue
        if isinstance(value, bool):
            if not value:
                continue  # a flag that was not there cannot be taken away
            words = (*words, spelling)
        else:
            words = (*words, spelling, str(value))
        del left[name]
    seed = mix.seed
    spelling = next((f"--{one}" for one in SEED_OPTIONS if command.has_option(script, one)), None)
    if seed is not None and spelling is not None:
        words, seed = (*words, spelling, str(seed)), None
    return replace(mix, params=left, seed=seed, recipe=replace(recipe, words=words))


def takes_seed(recipe: Recipe, script: str) -> bool:
    """Return whether a run can be given another seed: by a word of its command, an option of its script, or `run.seed`."""
    options = command.options_of(recipe.words, command.start_of(recipe.words, recipe.script))
    found = command.seed_option(options)
    if found is not None and (recipe.seed is None or command.says(found, recipe.seed)):
        return True
    return any(command.has_option(script, one) for one in SEED_OPTIONS) or ".seed" in script.replace(
        "random.seed", ""
    ).replace("manual_seed", "")


def may_read(script: str, name: str) -> bool:
    """Return whether a script reads a parameter somewhere, be it not always: `run.params["lr"]`, `params.get("lr")`.

    >>> may_read('if sgd: x += run.params["mom"]', "mom"), may_read('run(params={"mom": 0.9})', "mom")
    (True, False)
    """
    last = re.escape(name.rpartition(".")[2])
    return re.search(rf"""\[\s*(["']){last}\1\s*\]|\.get\(\s*(["']){last}\2""", script) is not None


def with_seed(mix: Mix, value: object) -> Mix:
    """Return a mix with another seed: in the command where a word gives it, else given to the script as `run.seed`."""
    recipe = mix.recipe
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadArgumentError(f"a seed must be a whole number; got {value!r}")
    option = command.seed_option(
        command.options_of(recipe.words, command.start_of(recipe.words, recipe.script))
    )
    said = f"{recipe.seed!r} → {value}"
    if option is not None and (recipe.seed is None or command.says(option, recipe.seed)):
        words = command.with_value(recipe.words, option, value)
        return mix.having(SEED, said, recipe=replace(recipe, words=words, seed=value))
    return mix.having(SEED, said, seed=value, recipe=replace(recipe, seed=value))


def with_option(mix: Mix, factor: str, key: str, other: Recipe) -> Mix:
    """Return a mix with an option of the command as another recipe has it."""
    recipe = mix.recipe
    theirs = command.options_of(other.words, command.start_of(other.words, other.script)).get(key)
    words = command.with_option(recipe.words, command.start_of(recipe.words, recipe.script), key, theirs)
    if factor.startswith(PARAMS) and theirs is not None and theirs.value is not None:
        mix = replace(mix, wanted={**mix.wanted, factor[len(PARAMS) :]: value_of(theirs.value)})
    said = " ".join(theirs.words) if theirs is not None else f"without `{key}`"
    return mix.having(factor, said, recipe=replace(recipe, words=words))


def with_command(mix: Mix, other: Recipe) -> Mix:
    """Return a mix with the whole command of another run."""
    recipe = replace(mix.recipe, words=other.words, script=other.script, folder=other.folder)
    return mix.having("command", " ".join(other.words), recipe=recipe)


def with_code(mix: Mix, other: Recipe, said: str) -> Mix:
    """Return a mix with the code of another run."""
    recipe = replace(mix.recipe, code=other.code)
    return mix.having(CODE, said, recipe=recipe)


def with_code_file(mix: Mix, other: Recipe, path: str, every: frozenset[str]) -> Mix:
    """Return a mix with one file of the code of another run; `every` file that differs, and it is that code."""
    code = mix.recipe.code
    taken = tuple(sorted({*code.taken, path}))
    mixed = other.code if every <= {*taken} else replace(code, taken=taken, other=other.code)
    return mix.having(f"{CODE}/{path}", f"of {other.run[:8]}", recipe=replace(mix.recipe, code=mixed))


def with_package(mix: Mix, other: Recipe, name: str, every: frozenset[str]) -> Mix:
    """Return a mix with the version of one package, or of `python`, that another run had; as above for `every`."""
    environment, theirs = mix.recipe.environment, other.environment
    factor = f"{ENVIRONMENT}/{name}"
    if every <= {factor, *mix.swapped}:
        return mix.having(factor, f"of {other.run[:8]}", recipe=replace(mix.recipe, environment=theirs))
    if name == PYTHON:
        changed = replace(environment, python=theirs.python)
    else:
        packages = {one: version for one, version in environment.packages.items() if one != name}
        if name in theirs.packages:
            packages[name] = theirs.packages[name]
        changed = replace(environment, packages=packages)
    return mix.having(factor, f"of {other.run[:8]}", recipe=replace(mix.recipe, environment=changed))


def with_cells(mix: Mix, other: Recipe) -> Mix:
    """Return a mix with the cells of another notebook."""
    return mix.having(CELLS, f"of {other.run[:8]}", recipe=replace(mix.recipe, notebook=other.notebook))


def with_environment(mix: Mix, other: Recipe, said: str) -> Mix:
    """Return a mix with the packages, and the Python, of another run."""
    return mix.having(ENVIRONMENT, said, recipe=replace(mix.recipe, environment=other.environment))


def with_variable(mix: Mix, name: str, value: str | None) -> Mix:
    """Return a mix with another value of a variable of the environment; None takes it away."""
    variables = {key: one for key, one in mix.recipe.variables.items() if key != name}
    if value is not None:
        variables[name] = value
    said = " → ".join(
        "not set" if one is None else repr(one) for one in (mix.recipe.variables.get(name), value)
    )
    return mix.having(VARIABLE + name, said, recipe=replace(mix.recipe, variables=variables))


def with_data(mix: Mix, name: str, version: DataVersion) -> Mix:
    """Return a mix that uses another version of data: `run.use` gives it where it was asked for by name, a path gets it."""
    found = [use for use in mix.recipe.uses if name in (use.name, (use.label or "").partition("@")[0])]
    if not found:
        raise unknown(f"the run used no data called `{name}`", name, [use.name for use in mix.recipe.uses])
    given, uses = dict(mix.data), list(mix.recipe.uses)
    for use in found:
        new = use._replace(
            label=version.label,
            version=version.id,
            object=version.object,
            size=version.size,
            files=version.file_count,
        )
        if use.how in BY_NAME:
            given[use.name] = f"{version.name}@{version.id}"
        uses[uses.index(use)] = new
    said = f"{found[0].label or found[0].name} → {version.label}"
    return mix.having(DATA + name, said, data=given, recipe=replace(mix.recipe, uses=tuple(uses)))


def unknown(what: str, name: str, names: Iterable[str]) -> BadArgumentError:
    """Return the error for a name that a run does not have, with those that it has."""
    from difflib import get_close_matches

    known = sorted(names)
    near = get_close_matches(name, known, n=3)
    if near:
        hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    elif known:
        hint = f"it has {', '.join(f'`{one}`' for one in known[:8])}{', …' if len(known) > 8 else ''}"
    else:
        hint = "`gnomon show RUN` says what it has"
    return BadArgumentError(what, hint=hint)
