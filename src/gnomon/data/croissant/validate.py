"""What `mlcroissant`, the reference implementation, says of a description."""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Validated(NamedTuple):
    """Errors make a description unusable; warnings name what is wanted and is not there."""

    errors: list[str]
    warnings: list[str]


def validated(description: dict[str, Any]) -> Validated:
    """Return what `mlcroissant` finds. Nothing is fetched. Raises MissingExtraError where it is not installed."""
    try:
        import mlcroissant
    except ImportError:
        raise MissingExtraError(
            "validating Croissant needs the library `mlcroissant`", hint="`pip install 'gnomon[croissant]'`"
        ) from None
    with tempfile.TemporaryDirectory(prefix="gnomon-croissant-") as folder, _quietly():
        path = Path(folder) / "croissant.json"
        path.write_text(json.dumps(description))
        try:
            found = mlcroissant.Dataset(str(path)).metadata
        except mlcroissant.ValidationError as error:
            return Validated(_lines(str(error)), [])
    issues = found.ctx.issues
    return Validated(sorted(issues.errors), sorted(issues.warnings))


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what it logs, and what its libraries warn of, from the terminal: issues are returned."""
    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _lines(text: str) -> list[str]:
    return [
        line.strip().removeprefix("-").strip() for line in text.splitlines() if line.strip().startswith("-")
    ] or [text.strip()]
