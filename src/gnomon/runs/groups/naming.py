"""What a group of seeds is called: its label, or the name of its runs without the seed, and what tells it from its like.

Always true: no two groups of a record get the same name. `depth-6 lr=0.1` where the label `depth-6` stands over several
configurations; `lr=0.1` where runs have parameters only.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALL_SHOWN = 3  # so many parameters that differ are all said; of more, those that are needed
MOST_SHOWN = 6
_MISSING = object()
_LONGEST = 24
_SEPARATORS = "-_=:. /"


def without_seed(name: str, seed: object) -> str:
    """Return a name without the seed at its end; as it is where it does not end in one.

    >>> [without_seed("trees-8-3", 3), without_seed("mlp-64", None), without_seed("mlp_seed7", None), without_seed("3", 3)]
    ['trees-8', 'mlp-64', 'mlp', '3']
    """
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    if not digits:
        return name
    bare = stem.rstrip(_SEPARATORS)
    if bare[-4:].lower() == "seed":
        bare = bare[:-4]
    elif seed is None or str(seed) not in (digits, digits.lstrip("0") or "0"):
        return name
    elif bare[-1:] in ("s", "S") and bare[-2:-1] in _SEPARATORS:
        bare = bare[:-1]
    return bare.rstrip(_SEPARATORS) or name


def named(bases: Sequence[str], params: Sequence[Mapping[str, object]], ids: Sequence[str]) -> list[str]:
    """Return a name for each group of its base (may be empty), its parameters and the id of its first run."""
    siblings: dict[str, list[int]] = {}
    for number, base in enumerate(bases):
        siblings.setdefault(base, []).append(number)
    names = list(bases)
    for base, numbers in siblings.items():
        if base and len(numbers) == 1:
            continue
        for number, differing in zip(numbers, _telling([params[one] for one in numbers]), strict=True):
            names[number] = f"{base} {differing}".strip() or "(no name)"
    often = Counter(names)
    return [name if often[name] == 1 else f"{name} ({run[:8]})" for name, run in zip(names, ids, strict=True)]


def _telling(params: Sequence[Mapping[str, object]]) -> list[str]:
    """Return, for each of some parameters, those that tell them apart: `lr=0.1 depth=6`."""
    keys = _keys_that_tell(params)
    return [" ".join(f"{key}={_shown(one.get(key))}" for key in keys) for one in params]


def _keys_that_tell(params: Sequence[Mapping[str, object]]) -> list[str]:
    values: dict[str, set[object]] = {}
    counts: Counter[str] = Counter()
    for one in params:
        counts.update(one.keys())
        for key, value in one.items():
            values.setdefault(key, set()).add(value)
    kinds = {key: len(found) + (counts[key] < len(params)) for key, found in values.items()}
    differing = [key for key in values if kinds[key] > 1]
    if len(params) == 1:
        return list(values)[:ALL_SHOWN]
    if len(differing) <= ALL_SHOWN:
        return differing
    chosen: list[str] = []
    classes: Sequence[int] = [0] * len(params)
    found = 1
    for key in sorted(differing, key=lambda key: -kinds[key]):
        known: dict[tuple[int, object], int] = {}
        finer = [
            known.setdefault((number, one.get(key, _MISSING)), len(known))
            for number, one in zip(classes, params, strict=True)
        ]
        if len(known) > found:
            chosen.append(key)
            classes, found = finer, len(known)
        if found == len(params) or len(chosen) == MOST_SHOWN:
            break
    return [key for key in differing if key in chosen]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
