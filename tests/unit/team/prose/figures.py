"""How well the check finds planted faults: counts over worlds of texts, and the page that states them.

`python -m tests.unit.team.prose.figures` writes the figures of the held-out seeds into docs/explanation/prose-check.md.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import gnomon
from gnomon import session
from gnomon.team.prose.check import FAILING, check
from tests.unit.team.prose import planted

PAGE = Path(__file__).parents[4] / "docs/explanation/prose-check.md"
BEGIN, END = "<!-- figures: made by `python -m tests.unit.team.prose.figures` -->", "<!-- end of figures -->"


@dataclass
class Tally:
    """What was counted. `by_kind` and `missed` count planted numbers by what was done to them."""

    texts: int = 0
    bound: int = 0
    faults: int = 0
    flagged: int = 0
    hits: int = 0
    named: int = 0  # faults with the verdict that they must get
    loose: int = 0
    listed: int = 0
    listed_right: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.hits / self.flagged

    @property
    def recall(self) -> float:
        return self.hits / self.faults


def count(tally: Tally, world: planted.World, texts: int, seed: int) -> None:
    """Check texts of a world, in whose folder this works."""
    draw = random.Random(f"texts/{seed}")
    record = gnomon.open()
    for _ in range(texts):
        text, numbers = planted.text_of(world, draw)
        tally.texts += 1
        found = check(record, text, written_at=world.written_at).findings
        _count(tally, text, numbers, found)


def _count(tally: Tally, text: str, numbers: list[planted.Planted], found: tuple) -> None:
    for one in numbers:
        inside = [finding for finding in found if one.start <= finding.start < one.end]
        failing = [finding.verdict for finding in inside if finding.verdict in FAILING]
        loose = [finding for finding in inside if finding.verdict == "not bound"]
        tally.listed += len(loose)
        if one.verdict is None:
            tally.loose += 1
            tally.listed_right += bool(loose)
        if one.verdict == "" or one.verdict is None:
            if bool(loose) != (one.verdict is None):
                tally.mistakes.append(f"loose: {text[max(0, one.start - 20) : one.end + 10]!r}")
            continue
        tally.bound += 1
        tally.flagged += bool(failing)
        verdict = failing[0] if failing else "ok" if inside else "nothing"
        tally.verdicts[one.verdict, verdict] += 1
        if one.verdict != planted.OK:
            tally.faults += 1
            tally.by_kind[one.kind] += 1
            tally.hits += bool(failing)
            tally.found[one.kind] += bool(failing)
            tally.named += verdict == one.verdict
        if verdict != one.verdict:
            said = "; ".join(f"{finding.written!r} {finding.value} {finding.why}" for finding in inside)
            tally.mistakes.append(
                f"{one.verdict} ({one.kind}) -> {verdict}: {text[one.start : one.end]!r}: {said}"
            )


def measured(seeds: tuple[int, ...], texts: int = planted.TEXTS) -> Tally:
    """Count over the worlds of these seeds, each in a folder of its own; the caller's folder is left as it was."""
    tally = Tally()
    before = os.getcwd()
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="gnomon-prose-") as folder:
            os.chdir(folder)
            try:
                count(tally, planted.build(seed), texts, seed)
            finally:
                os.chdir(before)
                session.close_all()
    return tally


def page(tally: Tally) -> str:
    """Return the figures as Markdown, between their marks."""
    rows = "\n".join(
        f"| {kind} | {tally.by_kind[kind]:,} | {tally.found[kind]:,} |" for kind in sorted(tally.by_kind)
    )
    return f"""{BEGIN}

{tally.texts:,} texts with {tally.bound:,} bound numbers, of which {tally.faults:,} are faults. {tally.flagged:,} were flagged.

| figure | value |
|---|---|
| precision: of the numbers that were flagged, those that are faults | {100 * tally.precision:.1f} % |
| recall: of the faults, those that were flagged | {100 * tally.recall:.1f} % |
| of the faults, those that got the right verdict | {100 * tally.named / tally.faults:.1f} % |
| of {tally.loose:,} numbers without a binding, those that were listed | {100 * tally.listed_right / tally.loose:.1f} % |
| of {tally.listed:,} that were listed, those that carry no binding | {100 * tally.listed_right / tally.listed:.1f} % |

| fault | planted | flagged |
|---|---|---|
{rows}

{END}"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gnomon-prose-") as folder:
        own = {"XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder, "GNOMON_CAPTURE": "off"}
        os.environ.update(own)
        _write()


def _write() -> None:
    seeds = planted.DEVELOPMENT if "--development" in sys.argv else planted.HELD_OUT
    tally = measured(seeds)
    text = page(tally)
    if "--development" in sys.argv:
        print(text, *tally.mistakes, sep="\n")
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + text + after, encoding="utf-8")


if __name__ == "__main__":
    main()
