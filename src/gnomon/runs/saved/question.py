"""What a table of runs asks: filter, order, columns, pins, by groups, hidden ones. Pages, saved views and the command share it.

Always true: of one question there is one text (`query`), whatever the order of an address; what is not among `KEYS` is left
out, so an address that somebody else made asks for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYS = ("where", "sort", "columns", "pin", "by", "removed")
GROUPS = "group"
_LONGEST = 16_384
_MOST = 500


class Question(NamedTuple):
    """What is asked. `sort` are as `--sort` takes them, `columns` keys in their order, `pin` those that stay at the left.

    `by` is `group` for groups of seeds; `removed` asks for hidden runs. Empty is the default of each.
    """

    where: str = ""
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    by: str = ""
    removed: bool = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The values of an address, in one order; what is at its default is not among them."""
        found = [("where", self.where)] if self.where else []
        found += [("sort", one) for one in self.sort]
        found += [
            (key, ",".join(value)) for key, value in (("columns", self.columns), ("pin", self.pin)) if value
        ]
        found += [("by", self.by)] if self.by else []
        return [*found, ("removed", "1")] if self.removed else found

    @property
    def query(self) -> str:
        """What stands behind `?`; empty where nothing is asked."""
        return urlencode(self.pairs)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in self._asdict().items()
        }


def asked(pairs: Iterable[tuple[str, str]]) -> Question:
    """Return what the values of an address ask.

    >>> asked([("sort", "metrics.auc"), ("columns", "name, seed"), ("where", " seed = 1 "), ("x", "y")]).query
    'where=seed+%3D+1&sort=metrics.auc&columns=name%2Cseed'
    """
    pairs = list(pairs)

    def last(name: str) -> str:
        return next((value.strip() for key, value in reversed(pairs) if key == name), "")

    def listed(name: str) -> tuple[str, ...]:
        parts = [part.strip() for key, value in pairs if key == name for part in value.split(",")]
        return tuple(dict.fromkeys(filter(None, parts)))[:_MOST]

    return Question(
        last("where"),
        tuple(dict.fromkeys(value.strip() for key, value in pairs if key == "sort" and value.strip()))[
            :_MOST
        ],
        listed("columns"),
        listed("pin"),
        GROUPS if last("by") in (GROUPS, "groups") else "",
        last("removed").lower() not in ("", "0", "no", "false", "off"),
    )


def read(query: str) -> Question:
    """Return what a text behind `?` asks; nothing, where it is too long or no such text."""
    if len(query) > _LONGEST:
        return Question()
    try:
        return asked(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST))
    except ValueError:
        return Question()
