"""An answer that was written down, as the two runs show it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def heading(one: Mapping[str, Any], run: str) -> str:
    """Return what was asked and the answer, from the side of one of the two runs."""
    other = one["b"] if one["a"] == run else one["a"]
    way = "to" if one["a"] == run else "from"
    mean, low, high = [*one["difference"], None, None, None][:3]
    moved = f"{signed(mean)}" if mean is not None else "unknown"
    between = f", {text.number(low)} to {text.number(high)}" if low is not None and high is not None else ""
    told = f"{one['metric']} {way} run {str(other)[:8]}: {moved}{between} over {one['seeds']} seeds"
    if any(share["is_cause"] for share in one["shares"]):
        return told
    return f"{told}; {one['verdict']}" + (f": {one['why']}" if one["why"] else "")


def share_lines(one: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield a line for each factor, and whether it is a cause."""
    for share in one["shares"]:
        between = ""
        if share["low"] is not None and share["high"] is not None:
            between = f" ({text.number(share['low'])} to {text.number(share['high'])})"
        noise = "" if share["is_cause"] else "  not told from noise"
        said = f"  {share['said']}" if share["said"] else ""
        yield f"{share['name']} {signed(share['share'])}{between}{said}{noise}", share["is_cause"]


def drawn(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the factors with their intervals as pictures, for a page."""
    from gnomon.runs.display.sparkline import Whiskers

    shares = [share for share in one["shares"] if share["share"] is not None]
    scale = Whiskers(
        [(share["low"], share["share"], share["high"]) for share in shares] + [(None, 0.0, None)]
    )
    return [
        {
            **share,
            "drawn": scale.drawn(share["low"], share["share"], share["high"]),
            "shown": signed(share["share"]),
        }
        for share in shares
    ]


def signed(number: float | None) -> str:
    """Return a number with its sign."""
    if number is None:
        return "?"
    return f"+{text.number(number)}" if number > 0 else text.number(number)
