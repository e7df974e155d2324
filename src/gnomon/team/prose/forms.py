"""How a value is shown where a text has `{{ … | form }}`.

A form is how Python formats numbers (`.3f`, `.1%`, `,d`), with or without a unit behind it (`.1f min`).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.team.prose.agree import scales
from gnomon.team.prose.units import NONE, UNITS, unit_of
from gnomon.team.prose.values import NotThere

if TYPE_CHECKING:
    from gnomon.team.prose.values import Value

_FORM = re.compile(
    r"(?P<sign>\+?)(?P<comma>,?)(?:\.(?P<digits>\d{1,2}))?(?P<kind>[fFeEgGd%]?)(?:\s*(?P<unit>[^\W\d]+|%|×))?"
)


def shown(value: Value, form: str) -> str:
    """Return a value as a text shows it. Raises NotThere for a format that cannot be read.

    Without a format: lengths of time and sizes as everywhere in Gnomon, a group's mean with its spread, other numbers with six
    significant digits.
    """
    if value.number is None:
        if form:
            raise NotThere(f"`{form}` is a format of numbers, and this is a text: `{value.text}`")
        return value.text
    if not form:
        return _plain(value)
    found = _FORM.fullmatch(form)
    unit = unit_of(found["unit"] or "") if found else NONE
    if found is None or (found["unit"] and unit == NONE):
        raise NotThere(
            f"the format `{form}` cannot be read",
            "for instance `.3f`, `.1%`, `,d`, `+.2e`, `.1f min`, `.1f MB`",
        )
    return _formatted(value, found, unit)


def _plain(value: Value) -> str:
    assert value.number is not None  # `shown` looked  # noqa: S101
    if value.is_with_spread and value.spread is not None:
        from gnomon.runs.groups.spread import shown as with_spread

        return with_spread(value.number, value.spread)
    dimension = value.unit.dimension if value.unit is not None else ""
    if dimension == "bytes" and value.unit == UNITS["B"]:
        return text.size(value.number)
    if dimension == "time" and value.unit == UNITS["s"]:
        return text.duration(value.number)
    if dimension == "count" and isinstance(value.number, int):
        return f"{value.number:,}"
    return text.number(value.number)


def _formatted(value: Value, form: re.Match[str], unit: str) -> str:
    number: float = value.number or 0
    if not math.isfinite(number):
        return text.number(number)
    if unit != NONE:
        possible = scales(unit, value)
        if not possible:
            raise NotThere(f"it cannot be shown in {unit}")
        number = float(value.exact / possible[0])
    digits = f".{form['digits']}" if form["digits"] else ""
    kind = form["kind"] or ("" if not digits else "f")
    if kind == "d":
        number, digits = round(number), ""
    written = f"{number:{form['sign']}{form['comma']}{digits}{kind}}"
    return f"{written}{'' if unit in ('', '×') else ' '}{unit}"
