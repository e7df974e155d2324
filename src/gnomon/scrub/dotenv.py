"""The secrets in the `.env` files of a folder: programs load them as variables, and may print them.

Always true: only variables whose names say that they are secret are returned; nothing is written, and trouble with a file
is taken as its absence. At most `MAX_BYTES` of a file and `_MAX_FILES` files are read.
Not promised: values over several lines, and files elsewhere, as those that a program looks for in the folders above.
"""

from __future__ import annotations

import os
from itertools import islice

from gnomon.scrub.files import secret_file
from gnomon.scrub.names import kind_of_variable, said

MAX_BYTES = 64 << 10
_MAX_FILES = 16
_MAX_LISTED = 10_000  # of a folder full of data no more names are looked at


def secrets_of_folder(folder: str) -> list[tuple[str, str]]:
    """Return (name, value) of the variables of the files `.env*` in `folder` whose names say that they are secret."""
    return [
        (name, value)
        for path in _files(folder)
        for name, value in _variables(path)
        if said(name) is not None or kind_of_variable(name) is not None
    ]


def _files(folder: str) -> list[str]:
    try:
        with os.scandir(folder or ".") as listed:
            names = [
                one.path
                for one in islice(listed, _MAX_LISTED)
                if one.name.startswith(".env") and secret_file(one.name) == "env-file" and one.is_file()
            ]
    except OSError:
        return []
    return sorted(names)[:_MAX_FILES]


def _variables(path: str) -> list[tuple[str, str]]:
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        name = name.strip()
        if sign and name.isidentifier():
            found.append((name, _unquoted(value.strip())))
    return found


def _unquoted(value: str) -> str:
    quote = value[:1]
    if quote in ("'", '"') and value.find(quote, 1) > 0:
        return value[1 : value.find(quote, 1)]
    return value.partition(" #")[0].rstrip()
