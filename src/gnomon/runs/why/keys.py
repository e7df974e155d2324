"""What names a mixture and a seed: equal for runs that were made of the same, however they came to be.

So a mixture that was run before, by a `why` that was interrupted or as an ordinary run, is not run again.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.rebuild import command
from gnomon.runs.rebuild.environment import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.rebuild.recipe import Recipe


def key_of(recipe: Recipe, params: Mapping[str, object] | None = None) -> str | None:
    """Return the key of a recipe without its seed; `params` are those that are given to the script, as it was unless said.

    None where its code is not wholly known: then nothing can be said to be the same.
    """
    code = recipe.code.fingerprint
    if code is None:
        return None
    start = command.start_of(recipe.words, recipe.script)
    options = command.options_of(recipe.words, start)
    packages = {name: version for name, version in recipe.environment.packages.items() if name not in OWN}
    made_of = [
        code,
        [os.path.basename(word) for word in command.rest_of(recipe.words, start)[1:]],
        sorted((key, _plain(one.value)) for key, one in options.items() if not is_seed_like(key)),
        sorted((recipe.given if params is None else params).items()),
        sorted((use.name, use.object) for use in recipe.uses),
        [recipe.environment.python, sorted(packages.items())],
        sorted(
            (name, value)
            for name, value in recipe.variables.items()
            if not name.startswith(("GNOMON_", "VIRTUAL_ENV"))
        ),
        recipe.nth,
        *([[cell.source for cell in recipe.notebook.cells]] if recipe.is_notebook else []),
    ]
    return blake3(json.dumps(made_of, default=str).encode()).hexdigest()[:32]


def _plain(text: str | None) -> object:
    if text is None:
        return True
    try:
        return float(text)
    except ValueError:
        return text
