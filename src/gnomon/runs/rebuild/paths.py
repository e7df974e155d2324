"""Paths in a command: those below the project are meant below the rebuilt code, and files that are not there are named.

An absolute path says where the project lay on one machine. Left as it is, a repeat would run the script of today, and write over
what lies in the working copy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gnomon.runs.rebuild.command import SCRIPTS
from gnomon.runs.rebuild.gaps import Gap

MOST_NAMED = 5


class Place(NamedTuple):
    """Where the code lies: `here` as a person works on it, `root` rebuilt, `folder` the working folder below both."""

    here: str
    root: str
    folder: str


def moved(word: str, place: Place) -> str:
    """Return a word of a command as it is meant in the rebuilt code; `--out=/path` too."""
    head, path = _path_in(word)
    if not path:
        return word
    below = _below(path, place)
    return f"{head}{os.path.join(place.root, below)}" if below is not None else word


def gaps_of(words: Sequence[str], place: Place, script: str | None) -> list[Gap]:
    """Return what the paths of a command say of things that the rebuilt code does not have."""
    outside: list[str] = []
    missing: list[str] = []
    gaps = []
    for at, word in enumerate(words[1:], 1):
        _, path = _path_in(word)
        if path:
            if _below(path, place) is not None:
                continue
            if at < 6 and word.endswith(SCRIPTS) and script is None:
                why = f"its script `{word}` lies outside of the project: what it was is not known"
                gaps.append(Gap("command", why, "run it from its own project"))
            else:
                outside.append(path)
            continue
        named = word.partition("=")[2] or word
        if named.startswith("-") or not os.path.exists(os.path.join(place.here, place.folder, named)):
            continue
        if not os.path.exists(os.path.join(place.root, place.folder, named)):
            missing.append(named)
    if outside:
        gaps.append(
            Gap(
                "command",
                f"{_some(outside)} outside of the project: read and written as it is now",
                None,
                blocks=False,
            )
        )
    if missing:
        why = f"{_some(missing)} here, and neither a commit nor the record has it"
        gaps.append(Gap("command", why, f"`--with {missing[0]}` takes it from here", blocks=False))
    return gaps


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:MOST_NAMED])
    more = f" and {len(paths) - MOST_NAMED:,} more" if len(paths) > MOST_NAMED else ""
    return f"{shown}{more} {'lies' if len(paths) == 1 else 'lie'}"


def _path_in(word: str) -> tuple[str, str]:
    """Return (what stands before it, the absolute path) of a word; ("", "") where it holds none."""
    head, equals, value = word.partition("=")
    for before, path in (("", word), (f"{head}{equals}", value)):
        if path.startswith(("/", "~/")) and len(path) > 1:
            return before, os.path.expanduser(path)
    return "", ""


def _below(path: str, place: Place) -> str | None:
    """Return a path relative to the code's folder: where it lies below it here, or where the rebuilt code ends as it does."""
    here = os.path.realpath(place.here)
    real = os.path.realpath(path)
    if real == here or real.startswith(f"{here}{os.sep}"):
        return os.path.relpath(real, here)
    parts = [part for part in path.split(os.sep) if part]
    fewest = 1 if path.endswith(SCRIPTS) else 2
    for count in range(len(parts), fewest - 1, -1):
        if os.path.lexists(os.path.join(place.root, *parts[-count:])):
            return os.path.join(*parts[-count:])
    return None
