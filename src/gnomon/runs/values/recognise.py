"""Which values are rich, and how each is encoded.

Always true: `is_rich` imports nothing; `encoded` raises BadArgumentError, and nothing else, for a value that cannot be
kept, however strange it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.values.foreign import PILLOW, TABLE, library_of
from gnomon.runs.values.kinds import Figure, Image, Rich, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gnomon.runs.values.encoded import Encoded

_PLAIN = frozenset({bool, int, float, str, bytes, list, tuple, dict, type(None)})


def is_rich(value: object) -> bool:
    """Return whether a value is one of Gnomon's kinds, a PIL image, a Matplotlib or Plotly figure, or a data frame."""
    if type(value) in _PLAIN:
        return False
    return isinstance(value, Rich) or library_of(value) is not None


def encoded(value: object) -> Encoded:
    """Return a rich value in open formats.

    Raises
    ------
    BadArgumentError
        The value is not rich, or breaks a rule of its kind; the message names the rule.
    """
    rich = _as_kind(value)
    try:
        home = import_module(f"gnomon.runs.values.{rich.kind}")
        encode: Callable[[Any], Encoded] = home.encode
        return encode(rich)
    except BadArgumentError:
        raise
    except Exception as error:
        # Arrays, tables and figures run code of other libraries, which may raise anything: training goes on.
        raise _not_encoded(rich, error) from error
    except BaseException as error:
        # A panic of a Rust library is a BaseException of a class that cannot be imported.
        if type(error).__name__ == "PanicException":
            raise _not_encoded(rich, error) from error
        raise


def _as_kind(value: object) -> Rich:
    if isinstance(value, Rich):
        return value
    library = library_of(value)
    if library is None:
        raise BadArgumentError(
            f"a {type(value).__name__} is no rich value",
            hint="wrap it, for example `gnomon.Image(array)`",
        )
    if library == TABLE:
        return Table(value)
    return Image(value) if library == PILLOW else Figure(value)


def _not_encoded(rich: Rich, error: BaseException) -> BadArgumentError:
    from gnomon.runs.values.wording import text_of

    return BadArgumentError(
        f"a `{type(rich).__name__}` could not be encoded: {type(error).__name__}: {text_of(error, 300)}",
        hint="the library that holds the value raised this; try `numpy.asarray(value)` or a copy of it",
    )
