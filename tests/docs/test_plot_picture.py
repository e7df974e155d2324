"""The picture in docs/how-to/plot.md is what its command makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.docs.snippets import blocks
from tests.docs.test_snippets import Reader

PAGE = Path(__file__).parents[2] / "docs/how-to/plot.md"


@pytest.mark.slow
def test_the_picture_is_what_its_command_makes(tmp_path):
    """If it changed on purpose: follow the page, and copy plot.svg beside it."""
    reader = Reader(tmp_path)
    script = next(block for block in blocks(PAGE) if block.argument == "train.py")
    reader.follow(script, where="train.py")
    reader.run([sys.executable, "train.py"], "train.py")
    reader.run(["gnomon", "plot", "--groups", "loss", "--out", "plot.svg"], "plot")
    made, kept = ((path / "plot.svg").read_text(encoding="utf-8") for path in (reader.folder, PAGE.parent))
    assert [element.tag for element in ElementTree.fromstring(made).iter()] == [
        element.tag for element in ElementTree.fromstring(kept).iter()
    ]
    numbers = [list(map(float, re.findall(r"-?\d+(?:\.\d+)?", text))) for text in (made, kept)]
    assert numbers[0] == pytest.approx(
        numbers[1], abs=0.2
    )  # the last digit of `exp` differs between machines
    assert re.sub(r"[\d.]+", "", made) == re.sub(r"[\d.]+", "", kept)
