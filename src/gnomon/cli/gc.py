"""`gnomon gc`: give the disk back what no entry names any more."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of
from gnomon.errors import BadArgumentError, StorageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal
    from gnomon.objects.collect import Done, Loss, Plan
    from gnomon.record.home import Home

DEFAULT_AGE = "90d"
SAFE_DAYS = 90
MOST_SHOWN = 20
DAY_S = 86_400


def gc(parser: Parser) -> Run:
    """Delete stored bytes that no entry names: what interrupted adds left, and what was erased.

    Only packs of this device, and only here: other copies of the record keep what they have. Runs that are hidden keep
    their files. May be interrupted at any moment. Where a process is adding to the record, its packs wait for the next time.
    """
    parser.option("--dry-run", action="store_true", help="only say what would go, and why")
    parser.option(
        "--older-than", metavar="AGE", default=DEFAULT_AGE,
        help="only packs written so long ago, such as `30d` or `12h` (default: 90d)",
    )  # fmt: skip
    parser.option(
        "--although-incomplete", action="store_true",
        help="go on where entries, trees or packs cannot be read; objects that only these name are lost",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon gc --dry-run", "what would be deleted, and how much that is")
    parser.example(
        "gnomon gc --older-than 7d", "also what was written lately, where all copies have met since"
    )
    parser.note(
        "An entry that names an object may still be on its way from a copy of the record that was offline; therefore the age."
    )
    return _gc


def _gc(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.objects.collect import Garbage
    from gnomon.record.keys import load_device_key
    from gnomon.runs.views import open
    from gnomon.sync.dissolved import noting

    older_than_ns = _age_ns(arguments.older_than)
    record = open(record_of(arguments))
    terminal.at_end(record.replica.close)
    home = record.replica.home
    with _alone(home):
        progress = terminal.progress("looking for what is named")
        writer = load_device_key(home.env).writer
        found = Garbage(
            home, writer, older_than_ns=older_than_ns,
            although_incomplete=arguments.although_incomplete, progress=progress,
        )  # fmt: skip
        progress.end()
        done = None
        if not arguments.dry_run:
            progress = terminal.progress("deleting")
            with noting(home, writer):  # a sync would take what is not here any more for lost
                done = found.delete(progress)
            progress.end()
    if arguments.json:
        terminal.json(_as_json(found.plan, done))
    else:
        _show(found.plan, done, arguments.older_than, terminal)
    return 1 if done is not None and (done.failed or done.left) else 0


def _age_ns(text: str) -> int:
    from gnomon.runs.where_times import seconds_of

    seconds = seconds_of(text)
    if seconds is None or seconds < 0:
        raise BadArgumentError(
            f"`--older-than` must be a time such as `90d`, `12h` or `0d`; got `{text}`",
            hint="d is for days, h for hours, w for weeks",
        )
    return int(seconds * 1e9)


def _alone(home: Home) -> AbstractContextManager[None]:
    """Keep upkeep away meanwhile: what it joins would have to be looked at again."""
    import contextlib

    from gnomon.record.index_place import place_for
    from gnomon.upkeep import LOCK_FILE

    @contextlib.contextmanager
    def held() -> Iterator[None]:
        place = place_for(home, home.env)
        if place is None:
            yield
            return
        for _ in range(50):
            with home.env.held_lock(os.path.join(place.folder, LOCK_FILE)) as is_ours:
                if is_ours:
                    yield
                    return
            time.sleep(0.1)
        raise StorageError(
            f"files of `{home.path}` are being joined in the background, or another `gnomon gc` is at work",
            hint="give the command again when that is done; it takes seconds as a rule",
        )

    return held()


def _show(found: Plan, done: Done | None, age: str, terminal: Terminal) -> None:
    erased = {loss.pack.path for loss in found.erased}
    if done is None:
        shown = found.going
        freed = sum(loss.freed for loss in shown)
        said = f"would free {terminal.size(freed)} in {terminal.count(len(shown), 'pack')}"
    else:
        freed, shown = done.freed, done.gone
        said = f"freed {terminal.size(freed)} in {terminal.count(len(shown), 'pack')}"
    rows = [
        {
            "pack": loss.pack.name[:8],
            "written": loss.written_ns / 1e9,
            "objects": len(loss.going),
            "frees": terminal.size(loss.freed),
            "why": _why(loss, erased),
        }
        for loss in shown[:MOST_SHOWN]
    ]
    if rows:
        columns = ["pack", "written", "objects", "frees", "why"]
        terminal.table(columns, rows, {"written": terminal.timestamp}, importance=columns)
        if len(shown) > MOST_SHOWN:
            terminal.write(f"and {len(shown) - MOST_SHOWN:,} more packs; `--json` lists all")
    if not shown:
        said = (
            "nothing was deleted" if done is not None and (done.left or done.failed) else "nothing to delete"
        )
    terminal.write(terminal.style(said, "bold"))
    for losses_of, why in (
        (found.young, f"written less than {age} ago"),
        (found.slight, "of which it is a small part"),
    ):
        if losses_of:
            amount = terminal.size(sum(loss.freed for loss in losses_of))
            packs = terminal.count(len(losses_of), "pack")
            terminal.say(f"{amount} that no entry names stay, in {packs} {why}")
    if found.others:
        terminal.say(
            f"{terminal.size(found.others)} that no entry names stay in packs of other devices; only these may delete them"
        )
    if done is not None:
        _show_left(done, terminal)


def _why(loss: Loss, erased: set[str]) -> str:
    if loss.pack.path in erased:
        return "it was erased"
    return "no entry names what it holds" if loss.is_whole else "no entry names this part of it"


def _show_left(done: Done, terminal: Terminal) -> None:
    if done.left:
        ids = [str(one.process) for one in done.holders if one.process is not None]
        who = f"process {', '.join(ids)}" if ids else "a process elsewhere, perhaps,"
        amount = terminal.size(sum(loss.freed for loss in done.left))
        what = f"{who} is writing and may need them" if done.holders else "another process is deleting"
        text = f"{amount} wait: {what}; give the command again later"
        terminal.say(terminal.style(text, "yellow", talk=True))
    for loss, why in done.failed:
        text = f"pack {loss.pack.name[:8]} was left as it is: {terminal.clean(why)}"
        terminal.say(terminal.style(text, "yellow", talk=True))


def _as_json(found: Plan, done: Done | None) -> dict[str, object]:
    losses = found.going
    gone = {loss.pack.path for loss in done.gone} if done is not None else set()
    return {
        "is_dry_run": done is None,
        "freed_bytes": done.freed if done is not None else 0,
        "would_free_bytes": sum(loss.freed for loss in losses),
        "packs": [
            {
                "pack": loss.pack.name, "size": loss.size, "frees": loss.freed, "is_whole": loss.is_whole,
                "is_gone": loss.pack.path in gone, "objects": [stored.object for stored in loss.going],
            }
            for loss in losses
        ],
        "too_young_bytes": sum(loss.freed for loss in found.young),
        "too_slight_bytes": sum(loss.freed for loss in found.slight),
        "of_other_devices_bytes": found.others,
        "waiting_for": [one.process for one in done.holders] if done is not None else [],
        "failed": [{"pack": loss.pack.name, "why": why} for loss, why in done.failed] if done is not None else [],
    }  # fmt: skip
