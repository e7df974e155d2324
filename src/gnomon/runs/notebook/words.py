"""Which commands are notebooks: a kernel of Jupyter, or the recorded cells of one, run again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KERNEL = "ipykernel_launcher"
CELLS = "gnomon_cells.py"  # the program that `gnomon reproduce` makes of recorded cells
MOST_WORDS = 8  # where these stand: `python -X dev -W ignore -m ipykernel_launcher`


def is_notebook(words: Sequence[str]) -> bool:
    """Return whether a command is a notebook.

    >>> is_notebook(["python", "-m", "ipykernel_launcher", "-f", "k.json"]), is_notebook(["python", "train.py"])
    (True, False)
    """
    return any(word == KERNEL or os.path.basename(word) == CELLS for word in words[:MOST_WORDS])


def without_file(words: Sequence[str]) -> list[str]:
    """Return the command of a notebook without the file of its connection, or where its cells were put: both are made up.

    >>> without_file(["/usr/bin/python", "-m", "ipykernel_launcher", "-f", "/tmp/k.json"])
    ['/usr/bin/python', '-m', 'ipykernel_launcher']
    """
    found: list[str] = []
    for word in words:
        if word == KERNEL or os.path.basename(word) == CELLS:
            return [*found, os.path.basename(word)]
        found.append(word)
    return found
