"""STRUCT columns made of only the names that a query mentions: `params.lr`, `params.model.depth`, `metrics."loss/train"`.

A name with dots can be written with or without quotes. The tree of fields follows what the query wrote, so that
both `params.model.depth` and `params."model.depth"` are there for the one who asks so.

Not promised: every name. Where names differ in case only, a STRUCT holds one of them, the one that is written exactly so if
there is one; where a name is both a value and a group, the group. The table `params` has all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.sql.statement import Path

MAX_NAME = 1000


class Tree:
    """Fields by name; a leaf holds a key of the index."""

    def __init__(self) -> None:
        self._fields: dict[str, Tree | str] = {}
        self._spelt: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def add(self, path: Sequence[str], key: str) -> None:
        """Put a key at a path; a group goes before a value of the same name."""
        name = self._spelt.setdefault(path[0].lower(), path[0])
        known = self._fields.get(name)
        if len(path) == 1:
            if known is None:
                self._fields[name] = key
            return
        if not isinstance(known, Tree):
            known = self._fields[name] = Tree()
        known.add(path[1:], key)

    def leaves(self) -> list[str]:
        """Return all keys."""
        found = []
        for field in self._fields.values():
            found += field.leaves() if isinstance(field, Tree) else [field]
        return found

    def sql(self, prefix: str, *, of: str = "") -> str:
        """Return a STRUCT in SQL; a key is in the column `prefix` + key, of the table `of`."""
        parts = [
            f"{quoted(name)}: {field.sql(prefix, of=of) if isinstance(field, Tree) else of + identifier(prefix + field)}"
            for name, field in self._fields.items()
        ]
        return "{" + ", ".join(parts) + "}"


def tree_of(paths: Iterable[Path], keys: Iterable[str]) -> Tree:
    """Return the fields that these paths name, of the names (`model.depth`) that there are; () names all."""
    usable = [key for key in keys if key and "\0" not in key and len(key) <= MAX_NAME]
    tree = Tree()
    for path in sorted(paths, key=lambda path: (len(path) == 0, path)):
        if not path:
            for key in usable:
                tree.add(_parts(key), key)
            continue
        name = ".".join(path)
        exact = [key for key in usable if key == name]
        alike = exact or [key for key in usable if key.lower() == name.lower()][:1]
        for key in alike:
            tree.add(path, key)
        inside = name.lower() + "."
        for key in usable:
            if key.lower().startswith(inside):
                tree.add([*path, *_parts(key[len(inside) :])], key)
    return tree


def _parts(key: str) -> list[str]:
    """Return the parts of a name with dots; the name itself where a part would be empty."""
    parts = key.split(".")
    return parts if all(parts) else [key]


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
