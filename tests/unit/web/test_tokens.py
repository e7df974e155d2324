"""The pages draw lines in the colours of `gnomon plot`: what a person learns in one place holds in the other."""

from __future__ import annotations

import re
from pathlib import Path

import gnomon.web
from gnomon.runs.plot.look import DARK, LIGHT

TOKENS = (Path(gnomon.web.__file__).parent / "static/tokens.css").read_text(encoding="utf-8")


def colours(name: str) -> list[tuple[str, str]]:
    """Return the (light, dark) colours of the tokens `--name-0`, `--name-1`, …"""
    found = re.findall(rf"--{name}-(\d+): light-dark\((#\w+), (#\w+)\);", TOKENS)
    assert [int(number) for number, _, _ in found] == list(range(len(found)))
    return [(light, dark) for _, light, dark in found]


def test_lines_have_the_colours_of_a_plot():
    assert colours("line") == list(zip(LIGHT.lines, DARK.lines, strict=True))
    assert colours("order") == list(zip(LIGHT.order, DARK.order, strict=True))
