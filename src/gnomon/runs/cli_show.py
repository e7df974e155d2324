"""`gnomon show`: everything about one run, for a person or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs import checked, cli_captured, cli_notebook
from gnomon.runs.capture.wording import SYSTEM, losses, resource
from gnomon.runs.cli import open_record
from gnomon.runs.flat import flat
from gnomon.runs.notebook import views as notebook_view

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.points.series import Series
    from gnomon.points.stats import SeriesStat
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.run_view import RunView
    from gnomon.runs.values.rich_value import RichValue
    from gnomon.runs.views import Record

MOST_STEPS_READ = 1_000_000  # of a series whose first and last step do not say from where to where it goes
MOST_WROTE = 10
MOST_AGAIN = 10
INDENT = "  "
CURVE_BUCKETS = 500  # more than a terminal has dots beside each other
CURVE_HEIGHT = 12
STATUS_STYLES = {
    "finished": "green",
    "failed": "red",
    "stopped": "yellow",
    "interrupted": "yellow",
    "running": "cyan",
}


def show(parser: Parser) -> Run:
    """Show everything about one run.

    Data, parameters, metrics with their range, tags, notes, kept files, and the processes that logged to it, with what they
    lost or may have lost. Ends with a drawn curve: of a loss, else of the first series that has more than one point, or of
    those that `--metric` names. A notebook says whether its cells were run once each, from top to bottom.
    """
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
    parser.option(
        "--metric", metavar="NAME", action="append", complete="series", help="draw this series (repeatable)"
    )
    parser.option(
        "--x", metavar="SERIES", complete="series", help="draw over this series instead of the step"
    )
    parser.option("--rank", metavar="N", type=int, default=0, help="draw what this rank logged (default: 0)")
    parser.option("--log", action="store_true", help="draw on a logarithmic scale")
    parser.option(
        "--json", action="store_true", help="print JSON; with --metric also the points of these series"
    )
    parser.option(
        "--cells",
        action="store_true",
        help="show only the cells of its notebook, with what they printed and showed",
    )
    parser.example("gnomon show @1", "the newest run: everything, and the first curve")
    parser.example("gnomon show 4f1d --metric loss --metric auc", "two curves of the run whose id begins so")
    parser.example("gnomon show 4f1d --metric reward --x tokens", "over another series of the run")
    parser.example("gnomon show 4f1d --cells", "the notebook that made it, up to its end")
    parser.note(
        "`--cells` also takes the id of a notebook's process, as `gnomon.open().notebooks()` lists them."
    )
    return _show


def _show(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.updates.asking import ask

    if arguments.x and not arguments.metric:
        raise UsageError("`--x` needs `--metric`", hint=f"for instance `--metric loss --x {arguments.x}`")
    record = open_record(arguments, terminal)
    if arguments.cells:
        return _cells(record, arguments, terminal)
    run = record.run(arguments.run)
    if arguments.json:
        terminal.json(checked.shallow(_as_json(run, arguments), 2 * checked.DEEPEST))
        return 0
    # Wrong names are found before the first line is written.
    curves = [
        (name, run.series(name, rank=arguments.rank, x=arguments.x, buckets=CURVE_BUCKETS))
        for name in _metrics(run, arguments)
    ]
    _header(record, run, terminal)
    _how(run, terminal)
    _notebook(run, terminal)
    _uses(run, terminal)
    _watched(run, terminal)
    _params(run, terminal)
    _numbers(run, terminal)
    _seeds(record, run, terminal)
    _made_again(run, terminal)
    _explained(run, terminal)
    _values(run, terminal)
    _resources(run, terminal)
    _notes(run, terminal)
    _kept(run, terminal)
    _processes(run, terminal)
    for name, series in curves:
        _curve(name, series, arguments, terminal)
    ask(record.replica, terminal)
    return 0


def _metrics(run: RunView, arguments: Namespace) -> list[str]:
    if arguments.metric:
        return list(dict.fromkeys(arguments.metric))
    drawable = [
        name
        for (name, rank), stat in run.stats.items()
        if rank == arguments.rank and stat.count > 1 and not name.startswith(SYSTEM)
    ]
    return sorted(drawable, key=lambda name: "loss" not in name)[:1]


def _header(record: Record, run: RunView, terminal: Terminal) -> None:
    status = run.status
    name = terminal.clean(run.name) if run.name else "(no name)"
    style = STATUS_STYLES.get(status, "bold")
    terminal.write(f"run {terminal.style(run.id, 'bold')}  {name}  {terminal.style(status, style)}")
    facts = {
        "group": run.group and terminal.clean(run.group),
        "seed": None if run.seed is None else terminal.full_value(checked.shallow(run.seed)),
        "tags": ", ".join(map(terminal.clean, run.tags)),
        "author": run.author and terminal.clean(run.author),
        "created": terminal.timestamp(run.created, with_seconds=True),
        "took": terminal.duration(run.duration_s) if run.duration_s is not None else None,
        "ends": _ends(record, run, terminal) if status in ("running", "unknown") else None,
        "part of": run.parent and _related(record, [run.parent], terminal),
        "parts": _related(record, run.children, terminal),
        "repeats": run.repeats
        and _related(record, [str(run.repeats["run"])], terminal) + _swapped(run, terminal),
        "hidden": "yes; `gnomon restore` brings it back to the lists" if run.is_removed else None,
    }
    _pairs({key: fact for key, fact in facts.items() if fact}, terminal)
    for field, values in run.conflicts.items():
        said = " and ".join(
            f"`{terminal.cut(terminal.full_value(checked.shallow(value)), 60)}`" for value in values
        )
        cure = "; `gnomon rename` settles it" if field == "name" else ""
        text = f"two said different things: {terminal.clean(field)} is {said}{cure}"
        terminal.write(INDENT + terminal.style(text, "yellow"))


def _swapped(run: RunView, terminal: Terminal) -> str:
    """Return what was changed in a repeat, in words."""
    swapped = checked.fields(run.repeats.get("swapped"))
    said = ", ".join(terminal.clean(f"{key} {value}") for key, value in swapped.items())
    return f" with {said}" if said else ""


def _made_again(run: RunView, terminal: Terminal) -> None:
    """Write who made the run again, and what came of it."""
    from gnomon.runs.reproduce.views import made_again

    found = made_again(run)
    if not found:
        return
    _heading("made again (`gnomon reproduce`)", terminal)
    for one in found[:MOST_AGAIN]:
        who = f"{terminal.clean(one.who)}, " if one.who else ""
        by = f", run {one.by[:8]}" if one.by else ""
        facts = f"{who}{one.where}, {terminal.timestamp(one.time_s)}{by}"
        said = terminal.style(terminal.clean(one.said), "green" if one.is_good else "yellow")
        terminal.write(f"{INDENT}{said}  {terminal.style(facts, 'dim')}")
        for line in one.moved[:MOST_AGAIN]:
            terminal.write(INDENT + INDENT + terminal.clean(line))
    if len(found) > MOST_AGAIN:
        terminal.write(f"{INDENT}and {len(found) - MOST_AGAIN:,} earlier ones")


def _explained(run: RunView, terminal: Terminal) -> None:
    """Write why the run differs from others, as `gnomon why` found."""
    found = run.explanations
    if not found:
        return
    from gnomon.runs.why.told_later import heading, share_lines

    _heading("why it differs (`gnomon why`)", terminal)
    for one in found[-MOST_AGAIN:]:
        terminal.write(INDENT + terminal.style(terminal.clean(heading(one, run.id)), "bold"))
        for line, is_cause in share_lines(one):
            terminal.write(
                f"{INDENT}{INDENT}{terminal.style(terminal.clean(line), 'green' if is_cause else 'dim')}"
            )


def _ends(record: Record, run: RunView, terminal: Terminal) -> str | None:
    """Return when a run that goes on will end, and what that rests on; None where nobody can tell."""
    from gnomon.runs.forecast.eta import eta
    from gnomon.runs.forecast.words import ends

    found = eta(record, run.id, record.home.env.time_ns() / 1e9)
    if found.low is None:
        return None
    return f"{ends(found)} in 4 of 5 cases ({terminal.clean(found.basis)})"


def _how(run: RunView, terminal: Terminal) -> None:
    captured = run.captured
    found = cli_captured.facts(run, terminal)
    if found:
        _heading("how it was run", terminal)
        _pairs(found, terminal)
    for note in cli_captured.notes(captured, terminal):
        terminal.write(INDENT + terminal.style(note, "yellow"))
    lines = cli_captured.withheld(captured, terminal)
    if lines:
        _heading("withheld (it looked like a secret and was not recorded)", terminal)
        for line in lines:
            terminal.write(INDENT + line)
    if run.traceback:
        _heading("traceback", terminal)
        for line in terminal.clean_lines(run.traceback.rstrip("\n")):
            terminal.write(f"{INDENT}{line}".rstrip())


def _notebook(run: RunView, terminal: Terminal) -> None:
    notebook = run.notebook
    if notebook is not None:
        _heading("notebook", terminal)
        _pairs(cli_notebook.facts(notebook, terminal), terminal)


def _cells(record: Record, arguments: Namespace, terminal: Terminal) -> int:
    notebook = record.notebook(arguments.run)
    if arguments.json:
        cells = [notebook_view.cell_as_json(cell) for cell in notebook.cells]
        terminal.json({**(notebook_view.as_json(notebook) or {}), "cells": cells})
        return 0
    _pairs(cli_notebook.facts(notebook, terminal), terminal)
    cli_notebook.write_cells(notebook, terminal)
    return 0


def _related(record: Record, ids: list[str], terminal: Terminal) -> str:
    """Return the ids of other runs, those that are here with their names."""
    from gnomon.errors import AmbiguousIdError, UnknownSubjectError

    found = []
    for run in ids[:10]:
        try:
            name = record.run(run).name
        except (UnknownSubjectError, AmbiguousIdError):  # a parent that this replica has not heard of
            name = None
        found.append(
            f"{terminal.clean(run[:8])} ({terminal.clean(name)})" if name else terminal.clean(run[:8])
        )
    more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
    return ", ".join(found) + more


def _heading(title: str, terminal: Terminal) -> None:
    terminal.write()
    terminal.write(terminal.style(title, "bold"))


def _pairs(pairs: dict[str, str], terminal: Terminal) -> None:
    """Write names and texts in two columns; to a person, a line each."""
    shown = {terminal.clean(key): text for key, text in pairs.items()}
    longest = min(max(map(len, shown), default=0), 40)
    room = terminal.width - longest - 4 if terminal.width is not None else None
    for key, text in shown.items():
        terminal.write(f"{INDENT}{key:<{longest}}  {terminal.cut(text, room)}")


def _params(run: RunView, terminal: Terminal) -> None:
    found = dict(flat(checked.shallow(run.params)))
    if found:
        _heading("params", terminal)
        _pairs({key: terminal.full_value(value) for key, value in found.items()}, terminal)


def _numbers(run: RunView, terminal: Terminal) -> None:
    stats = {key: stat for key, stat in run.stats.items() if not key[0].startswith(SYSTEM)}
    if not stats:
        return
    ranks = {rank for _, rank in stats}
    rows = [
        {
            "series": terminal.clean(name),
            "rank": rank,
            "last": stat.last,
            "min": stat.min,
            "max": stat.max,
            "points": stat.count,
            "steps": _steps(run, name, rank, stat),
            "NaN": stat.nan or None,
        }
        for (name, rank), stat in stats.items()
    ]
    columns = ["series", "rank", "last", "min", "max", "points", "steps", "NaN"]
    if ranks == {0}:
        columns.remove("rank")
    if not any(row["NaN"] for row in rows):
        columns.remove("NaN")
    _heading("metrics", terminal)
    terminal.table(columns, rows, indent=INDENT)


def _steps(run: RunView, name: str, rank: int, stat: SeriesStat) -> str:
    """Return from which step to which a series goes; they need not have been logged in order."""
    if stat.count < 2:
        return str(stat.first_step)
    first, last = stat.first_step, stat.last_step
    if (
        last - first < stat.count - 1 and stat.count <= MOST_STEPS_READ
    ):  # some were logged again, or late: only the points can tell
        steps = run.series(name, rank=rank).steps()
        first, last = min(steps), max(steps)
    return f"{first} to {last}"


def _seeds(record: Record, run: RunView, terminal: Terminal) -> None:
    """Write where the run lies among the seeds of its configuration."""
    from gnomon.runs.groups.code import code_notes
    from gnomon.runs.groups.siblings import siblings, standings

    group = siblings(record, run.id)
    if group is None:
        return
    count = terminal.clean(str(group.count))
    _heading(f"seeds (finished runs of this configuration: {count}; `gnomon runs --groups`)", terminal)
    rows = [
        {
            "series": terminal.clean(one.metric),
            "mean ± spread": str(one.spread),
            "this run": one.value,
            "from the lowest": f"{one.place} of {max(one.spread.n, one.place)}"
            if one.place is not None
            else "",
        }
        for one in standings(record, group, run.id)
    ]
    if rows:
        terminal.table(["series", "mean ± spread", "this run", "from the lowest"], rows, indent=INDENT)
    if group.apart:
        apart = ", ".join(f"{count:,} {status}" for status, count in group.apart.items())
        terminal.write(INDENT + terminal.style(f"not counted: {apart}", "dim"))
    for note in code_notes(record, [group], "`gnomon compare --groups METRIC --same-code`"):
        terminal.write(INDENT + terminal.style(f"note: {terminal.clean(note)}", "yellow"))


def _seeds_as_json(run: RunView) -> dict[str, object] | None:
    from gnomon.runs.groups.siblings import siblings, standings

    group = siblings(run.record, run.id)
    if group is None:
        return None
    metrics = {one.metric: one.to_dict() for one in standings(run.record, group, run.id)}
    return {
        "runs": list(group.runs),
        "seeds": list(group.seeds),
        "apart": dict(group.apart),
        "metrics": metrics,
    }


def _resources(run: RunView, terminal: Terminal) -> None:
    """Write the system metrics, with their units."""
    rows = []
    for (name, rank), stat in run.stats.items():
        if name.startswith(SYSTEM):
            shown = resource(name)
            row = {"resource": terminal.clean(name.removeprefix(SYSTEM)), "rank": rank}
            rows.append({**row, "last": shown(stat.last), "min": shown(stat.min), "max": shown(stat.max)})
    if rows:
        _heading("resources (series `system/…`)", terminal)
        ranks = {row["rank"] for row in rows}
        terminal.table(
            ["resource", *(["rank"] if ranks != {0} else []), "last", "min", "max"], rows, indent=INDENT
        )


def _values(run: RunView, terminal: Terminal) -> None:
    by_series: dict[tuple[str, str], list[RichValue]] = {}
    for value in run.values():
        by_series.setdefault((value.series, value.kind), []).append(value)
    if not by_series:
        return
    _heading(f"values (`gnomon get {run.id[:8]} NAME --to PATH` writes one out)", terminal)
    rows = [
        {
            "name": series,
            "kind": kind,
            "count": len(found),
            "steps": f"{found[0].step} to {found[-1].step}" if len(found) > 1 else str(found[0].step),
            "size": terminal.size(sum(sum(value.parts.values()) for value in found)),
            "last": ", ".join(
                f"{key} {terminal.value(item)}" for key, item in found[-1].meta.items() if item is not None
            ),
        }
        for (series, kind), found in by_series.items()
    ]
    terminal.table(["name", "kind", "count", "steps", "size", "last"], rows, indent=INDENT)


def _notes(run: RunView, terminal: Terminal) -> None:
    if run.notes:
        _heading("notes", terminal)
    for note in run.notes:
        by = f", {terminal.clean(note.author)}" if note.author else ""
        terminal.write(INDENT + terminal.style(terminal.timestamp(note.time_s) + by, "dim"))
        for line in terminal.clean_lines(note.text) if note.text is not None else ["(erased)"]:
            terminal.write(f"{INDENT}{INDENT}{line}".rstrip())


def _uses(run: RunView, terminal: Terminal) -> None:
    """Write the data that a run used."""
    if not run.uses:
        return
    _heading("data", terminal)
    rows = [
        {
            "name": one.name,
            "version": one.label or (f"{one.object[:12]} (no version)" if one.object else "not pinned"),
            "files": one.files or None,
            "size": terminal.size(one.size) if one.files else None,
            "note": one.note if one.label or not one.object else None,
        }
        for one in run.uses
    ]
    columns = [key for key in ("name", "version", "files", "size", "note") if any(row[key] for row in rows)]
    terminal.table(columns, rows, indent=INDENT, importance=columns)
    if any(one.version is None and one.object for one in run.uses):
        text = "bytes that no version has cannot be brought back; `gnomon data add PATH` keeps them"
        terminal.write(INDENT + terminal.style(text, "yellow"))


def _watched(run: RunView, terminal: Terminal) -> None:
    """Write which files a run wrote, and what was not heard while it was watched."""
    for one in run.watched:
        _heading("files, by watching", terminal)
        for file in one["wrote"][:MOST_WROTE]:
            note = file["note"] or (file["object"] or "")[:12]
            facts = f"{terminal.size(file['size'])}, {terminal.clean(note)}"
            terminal.write(f"{INDENT}wrote {terminal.clean(file['name'])}  {terminal.style(facts, 'dim')}")
        if len(one["wrote"]) > MOST_WROTE:
            terminal.write(f"{INDENT}and {len(one['wrote']) - MOST_WROTE:,} more; `--json` lists them")
        for text in one["not_heard"]:
            terminal.write(INDENT + terminal.style(f"not heard: {terminal.clean(text)}", "yellow"))
        for why, count in one["left_out"].items():
            terminal.write(INDENT + terminal.style(f"left out: {count:,} {terminal.clean(why)}", "dim"))
        cost = f"hashed {terminal.size(one['hashed_bytes'])} in {terminal.duration(one['hash_s'])}, after it had ended"
        terminal.write(INDENT + terminal.style(cost, "dim"))


def _kept(run: RunView, terminal: Terminal) -> None:
    if not run.kept:
        return
    rows = [
        {
            "name": one.name,
            "size": terminal.size(one.size),
            "files": terminal.count(one.files, "file") if one.is_tree else "",
            "object": one.object[:12],
        }
        for one in run.kept
    ]
    columns = ["name", "size", "files", "object"]
    if not any(one.is_tree for one in run.kept):
        columns.remove("files")
    _heading(f"kept (`gnomon get {run.id[:8]} NAME --to PATH` writes it out)", terminal)
    terminal.table(columns, rows, indent=INDENT)


def _processes(run: RunView, terminal: Terminal) -> None:
    processes = run.processes
    if not processes:
        return
    _heading("processes", terminal)
    for process in processes:
        lost = losses(process)
        error = f" ({terminal.clean(process.error)})" if process.error else ""
        what = "  launcher" if process.is_launcher else ""
        who = f"rank {process.rank}{what}  {process.status}{error}"
        style = "yellow" if lost else "dim"
        terminal.write(f"{INDENT}{who}: {terminal.style('; '.join(lost) or 'nothing lost', style)}")


def _curve(name: str, series: Series, arguments: Namespace, terminal: Terminal) -> None:
    xs, ys = _points(series, arguments.x)
    over = f" over {terminal.clean(arguments.x)}" if arguments.x else ""
    rank = f", rank {arguments.rank}" if arguments.rank else ""
    _heading(f"{terminal.clean(name)}{over} ({terminal.count(series.total, 'point')}{rank})", terminal)
    terminal.curve(xs, ys, x_name=arguments.x or "step", height=CURVE_HEIGHT, is_log=arguments.log)


def _points(series: object, x: str | None) -> tuple[list[float], list[float]]:
    xs = series.x_values() if x else series.steps()  # type: ignore[attr-defined]
    return xs, series.values()  # type: ignore[attr-defined]


def _as_json(run: RunView, arguments: Namespace) -> dict[str, object]:
    from gnomon.runs.table import iso_time

    found: dict[str, object] = {
        "id": run.id, "name": run.name, "status": run.status, "group": run.group, "seed": run.seed, "tags": run.tags,
        "author": run.author, "created": iso_time(run.created), "ended": iso_time(run.ended),
        "duration_s": run.duration_s, "parent": run.parent, "children": run.children, "hidden": run.is_removed,
        "params": run.params, "metrics": run.metrics,
        "series": [_stat_as_json(name, rank, stat) for (name, rank), stat in run.stats.items()],
        "notes": [
            {"text": note.text, "time": iso_time(note.time_s), "author": note.author, "entry": note.hash}
            for note in run.notes
        ],
        "values": [
            {
                "series": value.series, "kind": value.kind, "step": value.step, "rank": value.rank,
                "time": iso_time(value.time_s), "meta": value.meta, "parts": value.parts, "notes": value.notes,
            }
            for value in run.values()
        ],
        "repeats": run.repeats, "trial": run.trial, "unread": run.unread,
        "replications": run.replications, "explanations": run.explanations,
        "uses": [one._asdict() for one in run.uses],
        "watched": run.watched,
        "kept": [one._asdict() for one in run.kept],
        "processes": [one._asdict() for one in run.processes],
        "seeds": _seeds_as_json(run), "conflicts": run.conflicts, "captured": cli_captured.as_json(run),
        "traceback": run.traceback,
    }  # fmt: skip
    if arguments.metric:
        found["points"] = {
            name: _points_as_json(run.series(name, rank=arguments.rank, x=arguments.x), arguments.x)
            for name in arguments.metric
        }
    return found


def _stat_as_json(name: str, rank: int, stat: object) -> dict[str, object]:
    return {
        "name": name,
        "rank": rank,
        "points": stat.count,  # type: ignore[attr-defined]
        "nan": stat.nan,  # type: ignore[attr-defined]
        "first_step": stat.first_step,  # type: ignore[attr-defined]
        "last_step": stat.last_step,  # type: ignore[attr-defined]
        "last": stat.last,  # type: ignore[attr-defined]
        "min": stat.min,  # type: ignore[attr-defined]
        "max": stat.max,  # type: ignore[attr-defined]
    }


def _points_as_json(series: object, x: str | None) -> dict[str, list[float]]:
    xs, values = _points(series, x)
    points = {"step": list(series.steps()), "value": list(values)}  # type: ignore[attr-defined]
    return {**points, "x": list(xs)} if x else points
