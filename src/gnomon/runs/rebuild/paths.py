"""Paths in a command: those below the project are meant below the rebuilt code, and files that are not there are named.

An absolute path says where the project lay on one machine. Left as it is, a repeat would run the script of today, and write over
what lies in the working copy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.runs import checked
from gnomon.runs.capture.capture import scrubber_here
from gnomon.runs.capture.code_files import scrubbed
from gnomon.runs.capture.loaded import digest_of
from gnomon.runs.rebuild.command import SCRIPTS
from gnomon.runs.rebuild.gaps import Gap

if TYPE_CHECKING:
    from gnomon.runs.rebuild.recipe import Recipe

MOST_NAMED = 5
OUTSIDE = "outside/"  # begins the path, in the record, of a script that lies outside of the project
_FROM_ITS_OWN = "run it from its own project"


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
            if script is not None and script.startswith(OUTSIDE) and path == _named(words, script):
                continue  # `outside_gaps` says it
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


def with_script_outside(recipe: Recipe, here: str) -> Recipe:
    """Return a recipe that names a script outside of the project by its whole path: a repeat runs in another folder."""
    script, words = recipe.script or "", recipe.words
    if not script.startswith(OUTSIDE):
        return recipe
    name = os.path.basename(script)
    at = next((at for at, word in enumerate(words[1:6], 1) if os.path.basename(word) == name), None)
    if at is None:
        return recipe
    place = os.path.normpath(os.path.join(here, recipe.folder, os.path.expanduser(words[at])))
    return replace(recipe, words=(*words[:at], place, *words[at + 1 :]))


def script_outside(recipe: Recipe) -> str | None:
    """Return where a script lies that is outside of the project; None where it is not, or where it lies is not known."""
    return _named(recipe.words, recipe.script) if (recipe.script or "").startswith(OUTSIDE) else None


def _named(words: Sequence[str], script: str | None) -> str | None:
    name = os.path.basename(script or "")
    return next(
        (word for word in words[1:6] if word.startswith("/") and os.path.basename(word) == name), None
    )


def outside_gaps(recipe: Recipe) -> list[Gap]:
    """Return why a script outside of the project cannot be run from where it lies: only its own bytes are what ran."""
    place = script_outside(recipe)
    if place is None:
        return []
    kept = checked.objects(recipe.code.facts.get("untracked"))
    digest = next((one.get("digest") for one in kept if one.get("path") == recipe.script), None)
    what = f"its script `{place}` lies outside of the project, and"
    if digest is None:
        return [Gap("command", f"{what} what it was is not known: no digest was recorded", _FROM_ITS_OWN)]
    if not os.path.isfile(place):
        return [Gap("command", f"{what} nothing lies there now", _FROM_ITS_OWN)]
    with open(place, "rb") as file:
        content = file.read()
    if blake3(scrubbed(content, "code", scrubber_here())).hexdigest() != digest:
        return [
            Gap(
                "command", f"{what} other bytes lie there now", f"`gnomon show {recipe.run[:8]}` has what ran"
            )
        ]
    return []


def module_gaps(recipe: Recipe, source: str) -> list[Gap]:
    """Return what of its modules from outside of the project is not known to be as it was. `source` is its script."""
    if recipe.outside is None:
        if script_outside(recipe) is None and "sys.path" not in source:
            return []
        why = "modules from outside of the project are as they are here now; which ones it imported is not recorded"
        return [Gap("code", why, None, blocks=False)]
    now = {path: digest_of(os.path.expanduser(path)) for path, _ in recipe.outside}
    changed = [path for path, digest in recipe.outside if digest and now[path] != digest]
    unknown = [path for path, digest in recipe.outside if not digest]
    gaps = []
    if changed:
        is_are = "is another one" if len(changed) == 1 else "are others"
        why = f"{_named_all(changed)}, imported from outside of the project, {is_are} here than ran"
        gaps.append(
            Gap("code", why, "the record has not what ran of it: bring it back where it lay", blocks=False)
        )
    if unknown:
        is_are = "is as it is" if len(unknown) == 1 else "are as they are"
        why = f"{_named_all(unknown)}, imported from outside of the project, {is_are} here now"
        gaps.append(Gap("code", why, None, blocks=False))
    return gaps


def _some(paths: Sequence[str]) -> str:
    return f"{_named_all(paths)} {'lies' if len(paths) == 1 else 'lie'}"


def _named_all(paths: Sequence[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:MOST_NAMED])
    return shown + (f" and {len(paths) - MOST_NAMED:,} more" if len(paths) > MOST_NAMED else "")


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
