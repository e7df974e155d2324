"""The state of a run: the fold of its entries, its row in tables, its words for search.

Always true: the fold is pure and gives the same state for every order of arrival; it never raises, whatever a body
holds; where two people (or two processes) said different things, both are in `conflicts`.
Not here: whether a process is alive, and what its points say. Those are facts about files and `now`; see `runs.views`.
Entries: `runs.entries`.
"""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.body import encode_body
from gnomon.record.kinds import Feature
from gnomon.runs import checked, entries
from gnomon.runs.links import BY_WATCHING, about, inputs_of, links
from gnomon.runs.repeats import explained, kept_apart, replicated, take_given, take_made_for, take_options
from gnomon.runs.resume import cuts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.points.stats import SeriesStat
    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 13
_BY_PEOPLE = (entries.NOTED, entries.TAGGED, entries.RENAMED, entries.REMOVED)
OPEN = "open"
WITHHELD = "withheld"  # in the column `removed`: nobody hid this run, but nothing that was said of it is here
_MAX_CELL_TEXT = 200
_MAX_NAME = 4096
_by_place = attrgetter("log_raw", "seq", "digest")
_by_time = attrgetter("time_us")
_by_when = attrgetter("time_us", "hash")
_by_first_time = itemgetter("since_us")
_PLAIN_CELLS = ("name", "group", "seed", "author", "parent")
_TEXT_FIELDS = ("name", "label", "group")
_CREATED_FIELDS = ("name", "seed", "group", "parent")
_TELLING = ("failed", "stopped", OPEN)  # statuses of a process that are those of its run
_PROCESS_KINDS = frozenset({entries.CREATED, entries.JOINED, entries.ENDED})
# What a process may say of its start and its end, and of which type that is.
_STARTED_FIELDS: dict[str, type] = {
    "world_size": int, "continues": dict, "step": int, "forked": bool, "launcher": bool,
    "pick": list, "told": list, "given": dict,
}  # fmt: skip
_ENDED_FIELDS: dict[str, type] = {
    "error": str, "traceback": str, "lost_rows": int, "lost_values": int, "unusable_values": int, "last_step": int,
    "unread": list,
}  # fmt: skip


def fold_run(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a run as plain JSON-like values."""
    of_kind = fold.by_kind(live)
    conflicts: dict[str, list[object]] = {}
    created = of_kind.get(entries.CREATED, [])
    if len(created) > 1:
        created = sorted(created, key=_by_rank)
    if len(created) == 1:  # most often
        bodies = [created[0].body]
        first = bodies[0]
    else:
        bodies, first = [entry.body for entry in created], {}
    get = first.get
    params = get("params")
    state: dict[str, object] = {
        "name": get("name"),
        "label": get("label"),
        "seed": get("seed"),
        "group": get("group"),
        "parent": get("parent"),
        "author": created[0].author if created else None,
        "created_us": min(map(_by_time, live)) if live else 0,
        "name_heads": [],
        "tags": {},
        "notes": [],
        "kept": [],
        "uses": [],
        "uses_not_here": 0,
        "wrote": [],
        "watched": {},
        "removed": False,
        "removed_heads": [],
        "conflicts": conflicts,
        "params": dict(params) if isinstance(params, dict) else {},
    }
    if len(bodies) > 1:
        state["label"] = next((body["label"] for body in bodies if "label" in body), None)
        # What was said to a launcher (`gnomon run --name x -- …`) goes before what its script says.
        launchers = [body for body in bodies if body.get("launcher")]
        for field in _CREATED_FIELDS:
            said = [body for body in launchers if field in body] or bodies
            state[field] = _agreed_of(field, said, conflicts)
        state["params"] = _params(bodies)
    take_made_for(state, bodies)
    if not _PROCESS_KINDS.issuperset(of_kind):
        _fold_choices(state, of_kind, conflicts)
    for field in _TEXT_FIELDS:
        if (value := state[field]) is not None and value.__class__ is not str:
            state[field] = str(checked.cell(value, _MAX_CELL_TEXT))
    if (parent := state["parent"]) is not None and not (isinstance(parent, str) and parent.isprintable()):
        state["parent"] = None
    for body in bodies:
        if body.get("options") is not None:
            take_options(state, checked.fields(body["options"]))
            break
    starts = [*created, *of_kind[entries.JOINED]] if entries.JOINED in of_kind else created
    processes = _processes(starts, of_kind.get(entries.ENDED, ()))
    state["processes"], state["status"] = processes, _status(processes)
    take_given(state, [entry.body for entry in of_kind.get(entries.PARAMS, ())])
    if not any(bodies) and not any(entry.has_body for entry in live):
        state["is_withheld"] = True  # only heads are here: an export of other runs, or all was erased
    return state


def _fold_choices(
    state: dict[str, object], of_kind: Mapping[str, list[LiveEntry]], conflicts: dict[str, list[object]]
) -> None:
    """Put into the state what was said of a run besides how its processes began and ended."""
    state["notes"] = sorted(map(_note, of_kind.get(entries.NOTED, ())), key=_by_first_time)
    state["kept"] = _kept(of_kind.get(entries.KEPT, ()))
    used = of_kind.get(entries.USED, ())
    state["uses"], state["uses_not_here"] = _uses(used), sum(not entry.has_body for entry in used)
    if entries.WATCHED in of_kind:
        state["watched"] = watched = _watched(of_kind[entries.WATCHED])
        state["wrote"] = [one for process in watched.values() for one in process["wrote"]]
    if entries.RENAMED in of_kind:
        names = fold.register(of_kind[entries.RENAMED], entries.RENAMED, "name")
        state["name"], state["name_heads"] = names.value, list(names.hashes)
        if not names.is_settled:
            conflicts["name"] = list(names.values)
    if entries.PARAMS in of_kind:
        _add_params(state["params"], of_kind[entries.PARAMS], conflicts)  # type: ignore[arg-type]
        given = [entry.body["seed"] for entry in of_kind[entries.PARAMS] if "seed" in entry.body]
        if given:  # a sweep or a repeat gave another one, and the script read it
            state["seed"] = _agreed("seed", given, conflicts)
    if entries.REPLICATED in of_kind:
        state["replicated"] = [
            replicated(entry) for entry in sorted(of_kind[entries.REPLICATED], key=_by_when)
        ]
    if entries.TAGGED in of_kind:
        tags = fold.observed(of_kind[entries.TAGGED], entries.TAGGED, "tags")
        state["tags"] = {tag: list(hashes) for tag, hashes in tags.items()}
    if entries.REMOVED in of_kind:
        removed = fold.register(of_kind[entries.REMOVED], entries.REMOVED, "removed")
        state["removed"], state["removed_heads"] = bool(removed.value), list(removed.hashes)
    if entries.EXPLAINED in of_kind:
        state["explained"] = [explained(entry) for entry in sorted(of_kind[entries.EXPLAINED], key=_by_when)]
    if (touched := _touched(of_kind)) is not None:
        state["touched"] = touched


def _touched(of_kind: Mapping[str, list[LiveEntry]]) -> dict[str, int] | None:
    """Return when each writer noted, tagged, renamed or hid the run last; None where nobody did."""
    latest: dict[str, int] = {}
    for kind in _BY_PEOPLE:
        for entry in of_kind.get(kind, ()):
            latest[entry.writer] = max(entry.time_us, latest.get(entry.writer, 0))
    return dict(sorted(latest.items())) or None


def _by_rank(entry: LiveEntry) -> tuple[int, int, str]:
    return (checked.whole(entry.body.get("rank")) or 0, entry.time_us, entry.hash)


def _agreed_of(field: str, bodies: Sequence[dict[str, object]], conflicts: dict[str, list[object]]) -> object:
    values = [body[field] for body in bodies if field in body]
    return _agreed(field, values, conflicts) if values else None


def _agreed(field: str, values: Sequence[object], conflicts: dict[str, list[object]]) -> object:
    """Return the first value; where others differ, all of them are a conflict."""
    distinct = {encode_body({"": value}): value for value in values}
    if len(distinct) > 1:
        conflicts[field] = list(distinct.values())
    return values[0]


def _params(bodies: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the parameters that processes began with; for equal names those of the lowest rank."""
    params: dict[str, object] = {}
    for body in reversed(bodies):
        part = body.get("params")
        if isinstance(part, dict):
            params.update(part)
    return params


def _add_params(
    params: dict[str, object], later: Sequence[LiveEntry], conflicts: dict[str, list[object]]
) -> None:
    """Add the parameters of later calls to those that there are.

    In one process the later call counts. Where two processes set one name differently, that is a conflict.
    """
    by_process: dict[str, dict[str, object]] = {}
    for entry in sorted(later, key=attrgetter("seq")):
        part = entry.body.get("params")
        if isinstance(part, dict):
            by_process.setdefault(entry.log, {}).update(part)
    for log in sorted(by_process):
        for key, value in by_process[log].items():
            others = [known[key] for other, known in by_process.items() if other != log and key in known]
            params[key] = _agreed(f"params.{key}", [value, *others], conflicts) if others else value


def _note(entry: LiveEntry) -> dict[str, object]:
    body = entry.body
    of, since_us = body.get("of"), checked.whole(body.get("since_us"))
    return {
        "text": checked.text(body.get("text")),
        "time_us": entry.time_us,
        "since_us": since_us if since_us is not None else entry.time_us,
        "of": of if is_hex(of, 64) else entry.hash,
        "author": entry.author,
        "hash": entry.hash,
        "writer": entry.writer,
    }


def _kept(found: Iterable[LiveEntry]) -> list[dict[str, object]]:
    kept = []
    for entry in found:
        body = entry.body
        if isinstance(body.get("object"), str):
            kept.append(
                {
                    "name": str(checked.cell(body.get("name"), _MAX_NAME)),
                    "object": body["object"],
                    "size": checked.whole(body.get("size")) or 0,
                    "files": checked.whole(body.get("files")) or 1,
                    "is_tree": body.get("is_tree") is True,
                    "time_us": entry.time_us,
                    "hash": entry.hash,
                }
            )
    return kept


def _uses(found: Iterable[LiveEntry]) -> list[dict[str, object]]:
    """Return the data that a run used, each once, however many processes used it; by the time of the first."""
    uses: dict[tuple[object, ...], dict[str, object]] = {}
    for entry in found:
        body = entry.body
        version, digest, dataset = body.get("version"), body.get("object"), checked.text(body.get("dataset"))
        used: dict[str, object] = {
            "name": str(checked.cell(body.get("name"), _MAX_CELL_TEXT)),
            "dataset": checked.cell(dataset, _MAX_CELL_TEXT) if dataset else None,
            "number": checked.whole(body.get("number")),
            "version": version if is_hex(version, 20) else None,
            "object": digest if is_hex(digest, 64) else None,
            "is_tree": body.get("is_tree") is True,
            "size": checked.whole(body.get("size")) or 0,
            "files": checked.whole(body.get("files")) or 0,
            "how": str(checked.cell(body.get("how"), _MAX_CELL_TEXT)),
            "note": str(checked.cell(body["note"], _MAX_CELL_TEXT)) if "note" in body else None,
            "at": checked.text(body.get("at")),
            "time_us": entry.time_us,
        }
        if entry.has_body:
            uses.setdefault((used["name"], used["version"], used["object"]), used)
    return list(uses.values())


def _watched(found: Iterable[LiveEntry]) -> dict[str, dict[str, Any]]:
    """Return what was heard of the files that each process opened, by log."""
    watched: dict[str, dict[str, Any]] = {}
    for log, entry in fold.latest_by_process(found, entries.WATCHED).items():
        body = entry.body
        watched[log] = {
            "writer": entry.writer,
            "wrote": [
                {
                    "name": str(checked.cell(name, _MAX_NAME)),
                    "object": digest if is_hex(digest, 64) else None,
                    "size": checked.whole(size) or 0,
                    "note": str(checked.cell(note, _MAX_CELL_TEXT)) if isinstance(note, str) else None,
                }
                for name, digest, size, note in checked.rows(body.get("wrote"), 4)
            ],
            "not_heard": [
                str(checked.cell(one, _MAX_CELL_TEXT)) for one in checked.texts(body.get("not_heard"))
            ]
            if entry.has_body
            else ["what was heard is not here"],
            "left_out": {
                why: count
                for why, count in checked.fields(body.get("left_out")).items()
                if checked.whole(count) is not None
            },
            "heard": checked.whole(body.get("heard")) or 0,
            "hashed_bytes": checked.whole(body.get("hashed_bytes")) or 0,
            "hash_s": checked.finite(body.get("hash_s")) or 0.0,
            "is_of_command": body.get("is_of_command") is True,
        }
    return watched


def label_of_use(used: Mapping[str, Any]) -> str:
    """Return how a use is called in a cell: `v3`, or the beginning of the digest where no version has these bytes."""
    if used["version"] is not None and used["number"]:
        same = used["dataset"] in (None, used["name"])
        return f"v{used['number']}" if same else f"{used['dataset']}@v{used['number']}"
    return str(used["object"] or "?")[:12]


def _processes(starts: Sequence[LiveEntry], ends: Sequence[LiveEntry]) -> dict[str, dict[str, object]]:
    """Return what each process (log) said of itself, by log id."""
    found: dict[str, dict[str, object]] = {}
    for entry in sorted(starts, key=_by_place) if len(starts) > 1 else starts:
        body, log = entry.body, entry.log_raw.hex()
        rank = body.get("rank")
        if rank.__class__ is not int or not 0 <= rank < checked.LIMIT:
            rank = 0
        known = found.get(log)
        if known is None:
            known = found[log] = {
                "log": log, "writer": entry.writer_raw.hex(), "started_us": entry.time_us, "rank": rank,
                "seq": entry.seq, "status": OPEN, "ended_us": None,
            }  # fmt: skip
        else:
            known.setdefault("first_seq", known["seq"])
            known.update(rank=rank, seq=entry.seq, status=OPEN, ended_us=None)
        _take(known, body, _STARTED_FIELDS)
        if "continues" in body and isinstance(body["continues"], dict):
            known["continued"] = [*checked.items(known.get("continued")), body["continues"]]
    latest = (
        fold.latest_by_process(ends, entries.ENDED) if len(ends) != 1 else {ends[0].log_raw.hex(): ends[0]}
    )
    for log, entry in latest.items():
        body = entry.body
        known = found.get(log)
        if known is None:
            known = found[log] = {
                "log": log, "writer": entry.writer, "started_us": entry.time_us, "rank": 0, "seq": -1
            }  # fmt: skip
        if entry.seq > known["seq"]:  # type: ignore[operator]
            status = body.get("status")
            known["status"] = status if status in entries.STATUSES else "finished"
            known["ended_us"], known["ended_seq"] = entry.time_us, entry.seq
        _take(known, body, _ENDED_FIELDS)
    return found


def _take(known: dict[str, object], body: Mapping[str, object], fields: Mapping[str, type]) -> None:
    """Take over those fields of a body that are of the type that they must be of."""
    for field in body:
        if field in fields and body[field].__class__ is fields[field]:
            known[field] = body[field]


def _status(processes: Mapping[str, Mapping[str, object]]) -> str:
    """Return the run's status: that of the latest process of each rank; open if one is, failed before stopped.

    A launcher speaks for its rank: it knows how the command ended. Forked helpers (data loaders that log) end without
    a word and do not count, unless there is nobody else.
    """
    if len(processes) == 1:
        (process,) = processes.values()
        return str(process["status"])
    own = [process for process in processes.values() if not process.get("forked")] or list(processes.values())
    latest: dict[object, Mapping[str, object]] = {}
    for process in sorted(own, key=_by_authority):
        latest[process.get("rank")] = process
    statuses = {process["status"] for process in latest.values()}
    return next((status for status in (OPEN, "failed", "stopped") if status in statuses), "finished")


def _by_authority(process: Mapping[str, object]) -> tuple[bool, int, str]:
    return bool(process.get("launcher")), process["started_us"], process["log"]  # type: ignore[return-value]


def cells(run: str, state: object, stats: object) -> dict[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a run: scalars by column (`name`, `params.lr`, `metrics.loss`, …).

    Times are microseconds since 1970 UTC, `duration` is in seconds. `metrics.<series>` is the last value of the lowest rank;
    `stats.<series>` holds [count, first step, last step, min, max].
    """
    assert isinstance(state, dict)  # `fold_run` made it  # noqa: S101
    created_us = state["created_us"]
    row: dict[str, object] = {
        "status": state["status"],
        "created": created_us,
        "tags": list(state["tags"]),
    }
    if state["name"] is None and state["label"] is not None:
        row["name"] = checked.cell(state["label"], _MAX_CELL_TEXT)
    if state["processes"]:
        row["processes"] = logs = [*processes_of(state)]
        row["writer"] = state["processes"][logs[0]]["writer"]
        if len(state["processes"]) > 1:
            row["ending"] = by_ending(state["processes"])
    for field in _PLAIN_CELLS:
        if (value := state[field]) is not None:
            is_short = value.__class__ is str and len(value) <= _MAX_CELL_TEXT
            row[field] = value if is_short else checked.cell(value, _MAX_CELL_TEXT)
    if "repeats" in state:
        row["repeats"] = state["repeats"]["run"]
    if "trial" in state:
        row["sweep"] = state["trial"]["sweep"]
    if (ended_us := _ended(state)) is not None:
        row["ended"] = ended_us
        row["duration"] = (ended_us - created_us) / 1e6
    if "touched" in state:
        row["touched"] = [part for change in state["touched"].items() for part in change]
    if state["removed"] or "is_withheld" in state:
        row["removed"] = True if "is_withheld" not in state else WITHHELD
    elif (apart := kept_apart(state)) is not None:
        row["removed"] = apart
    _flatten("params", state["params"], row, checked.DEEPEST)
    if state["uses"]:
        row["uses"] = [used["version"] for used in state["uses"] if used["version"]]
        by_name: dict[str, list[str]] = {}
        digests: dict[str, set[str]] = {}
        for used in state["uses"]:
            if used["version"] is None and used["how"] == BY_WATCHING:
                continue  # a file that it happened to read is no column of the table of runs
            label = label_of_use(used)
            by_name.setdefault(f"data.{used['name']}", []).append(label)
            # A label may be given to two versions apart; equal bytes are equal data, and others are not.
            digests.setdefault(f"digest.{used['name']}", set()).add(
                used["object"] or used["version"] or label
            )
        row.update({key: ", ".join(dict.fromkeys(called)) for key, called in by_name.items()})
        row.update({key: ", ".join(sorted(found)) for key, found in digests.items()})
    if state["uses"] or state["watched"] or state["uses_not_here"]:
        row["inputs"] = inputs_of(state)
    figures = stats.get("points") if isinstance(stats, dict) else None
    if figures and any("continued" in process for process in state["processes"].values()):
        figures = figures.that_count(cuts(state))
    for series, stat in _lowest_ranks(figures) if figures else ():
        row[f"metrics.{series}"] = checked.cell(stat.last, _MAX_CELL_TEXT)
        row[f"stats.{series}"] = [
            stat.count,
            stat.first_step,
            stat.last_step,
            checked.cell(stat.min, _MAX_CELL_TEXT),
            checked.cell(stat.max, _MAX_CELL_TEXT),
        ]
    return row


def processes_of(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the processes of a run said of themselves, by log; the one first that can best say how it was run."""
    processes: dict[str, dict[str, Any]] = state["processes"]
    if len(processes) == 1:
        return processes
    return {log: processes[log] for log in sorted(processes, key=lambda log: _by_telling(processes[log]))}


def by_ending(processes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the processes of a run, that one first that can best say how it ended.

    A launcher can, else the latest of each rank, and of those one that failed. So the first agrees with the run's status.
    """
    latest = {
        process["rank"]: log
        for log, process in sorted(processes.items(), key=lambda one: _by_authority(one[1]))
    }

    def by_say(log: str) -> tuple[bool, bool, bool, int, int, str]:
        process = processes[log]
        is_latest = latest[process["rank"]] == log
        status = process["status"]
        place = _TELLING.index(status) if status in _TELLING else len(_TELLING)
        return (
            not process.get("launcher"),
            bool(process.get("forked")),
            not is_latest,
            place,
            process["rank"],
            log,
        )

    return sorted(processes, key=by_say)


def _by_telling(process: Mapping[str, object]) -> tuple[bool, bool, int, int, str]:
    rank, started_us, log = process["rank"], process["started_us"], process["log"]
    return not process.get("launcher"), bool(process.get("forked")), rank, started_us, log  # type: ignore[return-value]


def _ended(state: Mapping[str, Any]) -> int | None:
    """Return when the last process of a run ended; None while one is open."""
    if state["status"] == OPEN:
        return None
    last: int | None = None
    for process in state["processes"].values():
        end = process.get("ended_us")
        if end.__class__ is int and (last is None or end > last):
            last = end
    return last


def _lowest_ranks(found: Mapping[tuple[int, str], SeriesStat]) -> Iterable[tuple[str, SeriesStat]]:
    """Return, of {(rank, series): figures}, those of the lowest rank of each series, in order of series."""
    lowest = {series: (rank, series) for rank, series in sorted(found, reverse=True)}
    return [(series, found[lowest[series]]) for series in sorted(lowest)]


def _flatten(prefix: str, value: object, row: dict[str, object], deepest: int) -> None:
    if isinstance(value, dict) and value and deepest > 0:
        for key, item in value.items():
            if item.__class__ is float:  # most of them
                row[f"{prefix}.{key}"] = item
            else:
                _flatten(f"{prefix}.{key}", item, row, deepest - 1)
    elif value is not None:
        row[prefix] = checked.marked_cell(value, _MAX_CELL_TEXT)  # two configurations that differ stay two


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a run by: name, group, tags, notes, parameters that are text."""
    assert isinstance(state, dict)  # noqa: S101
    for field in ("name", "group"):
        if isinstance(state[field], str):
            yield field, state[field]
    if state["tags"]:
        yield "tags", " ".join(state["tags"])
    for note in state["notes"]:
        if note["text"]:
            yield "note", note["text"]
    words = [f"{key} {value}" for key, value in state["params"].items() if isinstance(value, str)]
    if words:
        yield "params", " ".join(words)


FEATURE = Feature(
    "run",
    kinds={
        entries.CREATED: "a run was made",
        entries.JOINED: "a process joined or continued the run",
        entries.ENDED: "a process ended its part of the run",
        entries.PARAMS: "parameters were added",
        entries.RENAMED: "the run was renamed",
        entries.TAGGED: "tags were added or taken back",
        entries.NOTED: "a note was written",
        entries.KEPT: "a file was kept",
        entries.USED: "data was used",
        entries.WATCHED: "which files its processes opened was listened to",
        entries.REPLICATED: "the run was made again, and what came of it",
        entries.EXPLAINED: "why it differs from another one",
        entries.REMOVED: "the run was hidden or brought back",
    },
    fold=fold_run,
    cells=cells,
    texts=texts,
    links=links,
    about=about,
    cites=[entries.USED, entries.WATCHED],
    version=FOLD_VERSION,
)
