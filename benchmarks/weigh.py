"""The installed size of a package and of everything that it requires, without extras."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement  # every environment made here has pip


def closure(name: str) -> dict[str, int]:
    """Return the size in bytes, with compiled files, of each package that an install of `name` brings."""
    sizes: dict[str, int] = {}
    todo, seen = [(name, frozenset[str]())], set()
    while todo:
        name, extras = todo.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extras) in seen:
            continue
        seen.add((key, extras))
        try:
            found = distribution(name)
        except PackageNotFoundError:  # a requirement of another platform
            continue
        sizes[key] = _bytes(found)
        todo += _requirements(found, extras)
    return sizes


def _requirements(found: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in found.requires or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield need.name, frozenset(need.extras)


def _bytes(found: Distribution) -> int:
    paths = [Path(str(found.locate_file(file))) for file in found.files or ()]
    return sum(path.lstat().st_size for path in paths if path.exists())
