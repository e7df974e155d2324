"""A record of a team for the case `team`: what one member wrote while the other was away, and a page of many references.

Written with a device of its own into the same replica, entry by entry as the commands write them, but brought to the disk once.
"""

import random
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

RUNS = 200
"""Runs, all of which one page refers to."""
FOR_READER = 200
"""Questions that wait for the reader."""
SHARES = {"question": 0.5, "update": 0.3, "problem": 0.15, "decision": 0.01, "page": 0.04}
COMMON = "loss data seed depth rate batch split better".split()
"""Words that nearly every text holds."""
WORDS = [
    f"{first}{last}"
    for first in "bo da fi ge hu ka lo mi nu pe ra so te vu wa zi".split()
    for last in ("bal con dim fer gon hil jan kel lum mor nir pos qua rit sul tan ver wik xon zep".split())
]
"""Words of which a text holds some, the first ones oftener than the last ones."""
RARE = "quokka"


def make(store: Path, writings: int) -> dict:
    """Make the record; return how much it holds. The reader is the device of this process."""
    import gnomon
    from gnomon.env import Env
    from gnomon.session import Session, close_all
    from gnomon.team.people import actions as people

    class Away(Env):
        """The world as the other member's device sees it."""

        def config_folder(self) -> str:
            return str(store / "other-device")

    begin = perf_counter()
    runs = []
    for number in range(RUNS):
        with gnomon.run(f"run-{number:03}", params={"depth": number}, dir=store) as run:
            run.log(auc=number / RUNS)
        runs.append(run.id)
    record = gnomon.open(store)
    reader = people.become(record, "Ana").person
    people.works(record, reader, zone="Europe/Berlin")
    writer = people.add(record, "Bea")
    close_all()
    session = Session(record.path, Away())
    session.append("member.claimed", f"member:{writer.id}", {})
    for kind, body in _writings(writings, reader.id, writer.id):
        session.append(f"{kind}.opened", f"{kind}:{secrets.token_hex(10)}", body)
    body = {
        "number": writings + 1,
        "title": "All runs",
        "name": "all-runs",
        "form": "page",
        "text": _references(runs),
    }
    session.append("page.opened", f"page:{secrets.token_hex(10)}", body)
    if not session.sync():
        sys.exit("the writings could not be brought to the disk")
    session.close()
    return {"writings": writings + 1, "write_s": perf_counter() - begin}


def _references(runs: list[str]) -> str:
    return "\n".join(f"- run:{run[:10]} is one of them" for run in runs)


def _writings(count: int, reader: str, writer: str) -> Iterator[tuple[str, dict]]:
    """Yield (kind, body) of each writing, the kinds mixed as `SHARES` says."""
    chance = random.Random(7)
    weights = [1 / (10 + rank) for rank in range(len(WORDS))]
    numbers = dict.fromkeys(SHARES, 0)
    for kind in chance.choices(list(SHARES), SHARES.values(), k=count):
        numbers[kind] += 1
        number = numbers[kind]
        body: dict = {
            "number": number,
            "title": f"{kind.capitalize()} {number} about {chance.choice(COMMON)}",
        }
        body["text"] = " ".join(chance.choices(COMMON, k=12) + chance.choices(WORDS, weights, k=28)) + (
            f" {RARE}" if number % 1_000 == 0 else ""
        )
        if kind == "question":
            body["to"] = [reader if number <= FOR_READER else writer]
        elif kind == "update":
            body["day"] = f"2026-{1 + number % 12:02}-{1 + number % 28:02}"
        elif kind == "page":
            body |= {"name": f"page-{number}", "form": "page"}
        yield kind, body
