"""What `--on-changed FACTOR=VALUE` means: words of a person, turned into a mix.

data=v4  data.credit=credit@v4  code=RUN  code=COMMIT  environment=RUN  lr=0.2  params.lr=0.2  seed=8  env.OMP_NUM_THREADS=1
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.data import names
from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.rebuild import swap
from gnomon.runs.rebuild.recipe import Code, recipe_of
from gnomon.runs.spoken import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.data.views import DataVersion
    from gnomon.runs.rebuild.swap import Mix
    from gnomon.runs.views import Record

_VERSION = re.compile(r"v\d+|latest|[0-9a-f]{4,20}")
EXAMPLE = "for instance `data=v4`, `code=RUN`, `lr=0.2`, `seed=8`, `environment=RUN`"


def changed(record: Record, mix: Mix, words: Iterable[str]) -> Mix:
    """Return a mix with the factors swapped that the words name. Raises BadArgumentError, UnknownSubjectError."""
    for word in words:
        factor, equals, value = word.partition("=")
        if not equals or not factor.strip() or not value.strip():
            raise BadArgumentError(f"`--on-changed` must be FACTOR=VALUE; got `{word}`", hint=EXAMPLE)
        mix = _changed(record, mix, factor.strip(), value.strip())
    return mix


def _changed(record: Record, mix: Mix, factor: str, value: str) -> Mix:
    if factor == swap.CODE:
        return _code(record, mix, value)
    if factor == swap.ENVIRONMENT:
        other = record.run(value)
        return swap.with_environment(mix, recipe_of(other), f"of {other.id[:8]}")
    if factor == "data":
        return _only_data(record, mix, value)
    if factor.startswith(swap.DATA):
        name = factor[len(swap.DATA) :]
        return swap.with_data(mix, name, _version(record, mix, name, value))
    if factor.startswith(swap.VARIABLE):
        return swap.with_variable(mix, factor[len(swap.VARIABLE) :], value)
    if factor == swap.SEED:
        return swap.with_seed(mix, value_of(value))
    return swap.with_params(mix, factor.removeprefix(swap.PARAMS), value_of(value))


def _code(record: Record, mix: Mix, value: str) -> Mix:
    try:
        other = record.run(value)
    except UnknownSubjectError:
        facts = {**mix.recipe.code.facts, "commit": _whole(record, value), "is_dirty": False}
        for gone in ("fingerprint", "changed", "changed_count", "untracked", "submodules", "notes"):
            facts.pop(gone, None)
        code = Code(None, facts)
        recipe = replace(mix.recipe, code=code)
        return mix.having(swap.CODE, f"commit {value[:12]}", recipe=recipe)
    return swap.with_code(mix, recipe_of(other), f"of {other.id[:8]}")


def _whole(record: Record, commit: str) -> str:
    from gnomon.runs.rebuild.code import commit_here

    found = commit_here(record, commit)
    if found is None:
        raise BadArgumentError(
            f"`{commit}` is neither a run nor a commit of the repository here",
            hint="`git fetch` may bring it",
        )
    return found


def _only_data(record: Record, mix: Mix, value: str) -> Mix:
    uses = mix.recipe.uses
    if not uses:
        raise BadArgumentError(
            f"run {mix.recipe.run[:8]} used no data that is recorded, so none can be swapped",
            hint="`run.use(…)` in the script records what it uses",
        )
    found = list(dict.fromkeys(use.name for use in uses))
    if names.is_name(value.partition("@")[0]) and not _VERSION.fullmatch(value):
        version = record.data(value)
        same = [use.name for use in uses if version.name in (use.name, (use.label or "").partition("@")[0])]
        if same or len(found) == 1:
            return swap.with_data(mix, (same or found)[0], version)
    if len(found) > 1:
        raise BadArgumentError(
            f"run {mix.recipe.run[:8]} used {len(found)} data sets: {', '.join(f'`{one}`' for one in found)}",
            hint=f"say which: `--on-changed data.{found[0]}={value}`",
        )
    return swap.with_data(mix, found[0], _version(record, mix, found[0], value))


def _version(record: Record, mix: Mix, name: str, value: str) -> DataVersion:
    if "@" in value:
        return record.data(value)
    labels = [use.label for use in mix.recipe.uses if use.name == name and use.label]
    of_set = labels[0].partition("@")[0] if labels else name
    if _VERSION.fullmatch(value):
        return record.data(f"{of_set}@{value}")
    return record.data(value)
