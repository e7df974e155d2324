"""Which rows one version adds, removes and changes, compared with another: restores both, reads them, keeps nothing.

Always true: more than `MOST_BYTES` are refused before a byte is restored. The work on rows: `data.profile.rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.restoring import file_of, lent
from gnomon.errors import BadArgumentError, DamagedFileError, GnomonError
from gnomon.text import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile import RowsDifference
    from gnomon.data.views import DataVersion

MOST_BYTES = 2_000_000_000  # both versions together


def row_changes(
    before: DataVersion,
    after: DataVersion,
    *,
    key: str | Sequence[str] | None = None,
    file: str | None = None,
) -> RowsDifference:
    """Return the difference of rows. Raises BadArgumentError (too large, no table, no such key or file), DamagedFileError."""
    from gnomon.data.profile import rows_difference

    total = sum(_bytes(version, file) for version in (before, after))
    if total > MOST_BYTES:
        raise BadArgumentError(
            f"`{before.label}` and `{after.label}` have {size(total)} together; rows are compared up to {size(MOST_BYTES)}",
            hint="compare one file of a folder with `--file PATH`; the difference of the profiles is for any size",
        )
    with lent(before, file) as old, lent(after, file) as new:
        try:
            return rows_difference(old, new, key=key)
        except (BadArgumentError, DamagedFileError) as error:
            raise _named(error, {old: _name(before, file), new: _name(after, file)}, before, file) from error


def _bytes(version: DataVersion, file: str | None) -> int:
    return version.size if file is None else file_of(version, file).size


def _name(version: DataVersion, file: str | None) -> str:
    return version.label if file is None else f"{version.label}: {file}"


def _named(error: GnomonError, names: dict[str, str], before: DataVersion, file: str | None) -> GnomonError:
    """Return the error with the versions in place of the copies that were read."""
    message = error.message
    for path, name in names.items():
        message = message.replace(path, name)
    hint = error.hint
    if before.is_tree and file is None and "holds" in message:
        hint = "name one file of the folder with `--file PATH`"
    return type(error)(message, hint=hint)
