"""What a meeting with a remote did, and what a verification found, in words: for the command line and the pages alike.

Always true: what is said was done; a name that a stranger wrote stands in it as it is, so whoever shows it cleans it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.text import count, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.syncing import Synced
    from gnomon.verification import Verification

_KINDS = (
    ("run.noted", "note", "notes"),
    ("run.tagged", "change of tags", "changes of tags"),
    ("run.renamed", "change of a name", "changes of names"),
    ("run.removed", "run hidden or brought back", "runs hidden or brought back"),
    ("data.erased", "erasure of data", "erasures of data"),
    ("data.added", "data version", "data versions"),
)

WHOLE = "the record is whole"
FEWEST_TIMED_BYTES = 1_000_000
ONE_OF = {
    "logs": "log",
    "WALs": "WAL",
    "segments": "segment",
    "salvages": "salvage file",
    "packs": "pack",
    "heads": "head",
}


def summed(done: Synced) -> str:
    """Return one line: what came and what went."""
    pulled, pushed = done.pulled, done.pushed
    came = f"received {count(len(pulled.files), 'file')}, {size(pulled.bytes)}" if pulled.files else ""
    went = f"sent {count(len(pushed.files), 'file')}, {size(pushed.bytes)}" if pushed.files else ""
    said = "; ".join(part for part in (came, went) if part) or "nothing new on either side"
    return f"{done.remote}: {said}"


def planned(done: Synced) -> str:
    """Return one line of what would come and go: of a dry run."""
    wanted, plan = done.pulled.wanted, done.planned
    return (
        f"would receive {count(len(wanted), 'file')}, {size(sum(wanted.values()))};"
        f" would send {count(len(plan.sources), 'file')}, {size(plan.bytes)}"
    )


def kinds_told(kinds: Mapping[str, int], runs: int | None = None, called: str = "") -> str:
    """Return how many entries of each kind came: `2 runs, 1 note`; `called` says which runs.

    >>> kinds_told({"run.created": 2, "run.noted": 1, "run.ended": 2})
    '2 runs, 1 note, 2 other entries'
    """
    created = kinds.get("run.created", 0)
    runs = created if runs is None else runs
    parts = [f"{count(runs, 'run')}: {called}" if called else count(runs, "run")] if runs else []
    parts += [count(kinds[kind], one, many) for kind, one, many in _KINDS if kinds.get(kind)]
    others = sum(kinds.values()) - created - sum(kinds.get(kind, 0) for kind, _, _ in _KINDS)
    if others > 0:
        parts.append(count(others, "other entry", "other entries"))
    return ", ".join(parts)


def warnings_of(done: Synced) -> list[str]:
    """Return what a person should know of this meeting."""
    lines = list(done.pulled.refused)
    if done.is_clone_found:
        lines.append(
            "another device writes under this one's key (a cloned home or machine): both histories are kept; give one of"
            " them a key of its own by moving its key file away"
        )
    lines += [
        f"the remote shows less of writer {writer[:8]} than it did (head {now or 'none'}, before {before}): its list is old,"
        " or it was set back; what is here stays"
        for writer, before, now in done.went_back
    ]
    if done.pulled.waiting:
        some = ", ".join(sorted(set(done.pulled.missing))[:2])
        number = len(set(done.pulled.missing))
        lines.append(
            f"{number:,} {'file that a head lists is' if number == 1 else 'files that heads list are'} not at the remote, or"
            f" damaged there ({some}); whoever has {'it' if number == 1 else 'them'} sends {'it' if number == 1 else 'them'} with"
            " `gnomon sync --check`"
        )
    lines += [f"`{path}` is damaged here and was not sent: `gnomon repair`" for path in done.planned.damaged]
    packs = [path for path in (*done.planned.files, *_listed_packs(done)) if path.startswith("objects/")]
    if not done.takes_objects and packs:
        lines.append(
            "kept files and versions of data do not go through Git, only who did what and the curves: add a folder or a bucket"
            " for the bytes, `gnomon remote add --help`"
        )
    if done.withheld:
        lines.append(
            f"others have seen more than this remote shows of {', '.join(one[:8] for one in done.withheld[:5])}:"
            " it has not arrived, or is withheld"
        )
    if done.pulled.strangers:
        lines.append(
            f"{done.pulled.strangers} files in `heads/` of the remote are no heads; they were left alone"
        )
    return lines


def _listed_packs(done: Synced) -> list[str]:
    return [path for head in done.pulled.heads for path in head.files]


def as_json(done: Synced, *, is_dry: bool) -> dict[str, object]:
    """Return what a sync did, as plain values."""
    return {
        "remote": done.remote,
        "url": done.url,
        "dry_run": is_dry,
        "received": {
            "files": len(done.pulled.wanted if is_dry else done.pulled.files),
            "bytes": sum(done.pulled.wanted.values()) if is_dry else done.pulled.bytes,
            "heads": len(done.pulled.heads),
        },
        "sent": {
            "files": len(done.planned.sources if is_dry else done.pushed.files),
            "bytes": done.planned.bytes if is_dry else done.pushed.bytes,
            "heads": (done.pushed.head is not None) + len(done.pushed.forwarded),
        },
        "arrived": [
            {"writer": writer, "entries": what.entries, "kinds": dict(sorted(what.kinds.items()))}
            for writer, what in done.arrived.items()
        ],
        "notes": warnings_of(done),
    }


# ---------------------------------------------------------------- verifying


def checked_lines(checking: Verification) -> list[str]:
    """Return what was checked, a line for each part: `12 logs, 3.1 MB, 400 entries (210 MB/s)`."""
    lines = []
    for part, number in checking.files.items():
        if number:
            speed = checking.speed(part) if checking.bytes[part] >= FEWEST_TIMED_BYTES else None
            entries = f", {count(checking.entries, 'entry', 'entries')}" if part == "logs" else ""
            at = f" ({speed:,.0f} MB/s)" if speed is not None else ""
            lines.append(f"{count(number, ONE_OF[part])}, {size(checking.bytes[part])}{entries}{at}")
    if checking.bodies_absent:
        bodies = count(checking.bodies_absent, "entry has", "entries have")
        lines.append(f"{bodies} no body here: erased, or withheld")
    return lines


def verdict(checking: Verification) -> tuple[str, str]:
    """Return what is wrong, empty where the record is whole, and how many notices there are, empty for none."""
    wrong = []
    if checking.damaged:
        wrong.append(count(checking.damaged, "thing is", "things are") + " damaged")
    if checking.unknown:
        newer = count(checking.unknown, "thing is", "things are")
        wrong.append(f"{newer} of a format that this Gnomon cannot check")
    return "; ".join(wrong), count(checking.notices, "notice") if checking.notices else ""
