"""One run: what it is called, how it ended, its parameters, its metrics with small curves, notes and kept files.

Always true: at most `CURVES` series are read, and each is read thinned, however long it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.runs import checked
from gnomon.runs.display import look, tables
from gnomon.runs.display.markdown import rendered
from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import more, short, words
from gnomon.runs.display.sparkline import sparkline
from gnomon.runs.flat import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.points.stats import SeriesStat
    from gnomon.runs.display.markup import Child
    from gnomon.runs.run import Run
    from gnomon.runs.run_view import Kept, Note, RunView

SYSTEM = "system/"
CURVES, BUCKETS = 12, 60
PARAMS, METRICS, NOTES, KEPT, TAGS = 30, 30, 5, 10, 20


def run_html(run: RunView) -> str:
    """Return a run that is read from a record."""
    return look.framed(_head(run), _params(run), _metrics(run), _notes(run.notes), _kept(run.kept), _how(run))


def live_html(run: Run) -> str:
    """Return a run that this process makes: as the record has it, or its name alone before the first row."""
    if run._points.last_step >= 0:
        from gnomon.errors import GnomonError
        from gnomon.runs.views import open as open_record

        try:
            with open_record(run.path) as record:
                return run_html(record.run(run.id))
        except (
            GnomonError,
            OSError,
        ):  # a record that cannot be read, as where the disk took nothing: then its name alone
            pass
    return look.framed(
        _title(run.name, run.id, "ended" if run.is_ended else "running"),
        look.facts(
            run.group and f"group {words(run.group)}",
            None if run.seed is None else f"seed {short(run.seed)}",
            "nothing is logged yet" if run._points.last_step < 0 else f"step {run._points.last_step:,}",
        ),
    )


def note_html(note: Note) -> str:
    """Return a note."""
    return look.framed(_note(note))


def _title(name: str | None, id: str, status: str) -> Html:
    called = tag("b", words(name)) if name else tag("span", "(no name)", class_="dim")
    return tag(
        "div",
        called,
        " ",
        tag("span", words(id[:8]), class_="id dim"),
        " ",
        look.status(status),
        class_="head",
    )


def _head(run: RunView) -> list[Child]:
    tags = run.tags
    shown = [tag("span", words(one, 60), class_="pill") for one in tags[:TAGS]]
    hidden = more(len(tags) - TAGS, "tag")
    duration = run.duration_s
    return [
        _title(run.name, run.id, run.status),
        look.facts(
            run.group and f"group {words(run.group)}",
            None if run.seed is None else f"seed {short(checked.shallow(run.seed))}",
            run.author and f"by {words(run.author)}",
            text.timestamp(run.created),
            None if duration is None else f"took {text.duration(duration)}",
        ),
        tag("div", shown, hidden) if shown else None,
        look.warning("hidden from lists; `gnomon restore` brings it back") if run.is_removed else None,
        [look.warning(one) for one in _conflicts(run)],
    ]  # fmt: skip


def _conflicts(run: RunView) -> Iterator[str]:
    for name, said in list(run.conflicts.items())[:4]:
        values = " and ".join(short(checked.shallow(one)) for one in said[:4])
        yield f"two said different things: {words(name)} is {values}"


def _params(run: RunView) -> Html | None:
    found = list(flat(run.params))
    if not found:
        return None
    return look.section(
        f"{text.count(len(found), 'parameter')}", tables.pairs(found[:PARAMS]),
        tables.below(more(len(found) - PARAMS, "parameter")),
        is_open=len(found) <= PARAMS,
    )  # fmt: skip


def _metrics(run: RunView) -> Html | None:
    stats = {key: stat for key, stat in run.stats.items() if not key[0].startswith(SYSTEM)}
    if not stats:
        return None
    with_rank = {rank for _, rank in stats} != {0}
    columns = ["series", *(["rank"] if with_rank else []), "", "last", "min", "max", "points"]
    rows = []
    for place, ((name, rank), stat) in enumerate(list(stats.items())[:METRICS]):
        curve = _curve(run, name, rank, stat) if place < CURVES else Html("")
        points = f"{stat.count:,}" + (f", {stat.nan:,} NaN" if stat.nan else "")
        figures: list[object] = [stat.last, stat.min, stat.max, points]
        rows.append([words(name, 80), *([rank] if with_rank else []), curve, *figures])
    return look.section(
        f"{text.count(len(stats), 'metric')}", tables.table(columns, rows, numbers=["points"]),
        tables.below(more(len(stats) - METRICS, "metric")),
    )  # fmt: skip


def _curve(run: RunView, name: str, rank: int, stat: SeriesStat) -> Html:
    if stat.count < 2:
        return Html("")
    series = run.series(name, rank=rank, buckets=BUCKETS)
    return sparkline(series.steps(), series.values())


def _notes(notes: Sequence[Note]) -> Html | None:
    if not notes:
        return None
    earlier = len(notes) - NOTES
    said = f"{text.count(earlier, 'earlier note')}: `run.notes` has all" if earlier > 0 else ""
    return look.section(text.count(len(notes), "note"), tables.below(said), map(_note, notes[-NOTES:]))


def _note(note: Note) -> Html:
    by = f", {words(note.author)}" if note.author else ""
    body = rendered(note.text) if note.text is not None else tag("p", "(erased)", class_="dim")
    return tag("div", tag("div", text.timestamp(note.time_s), by, class_="dim"), body, class_="note")


def _kept(kept: Sequence[Kept]) -> Html | None:
    if not kept:
        return None
    rows = [
        [words(one.name), text.size(one.size), text.count(one.files, "file") if one.is_tree else "", one.object[:12]]
        for one in kept[:KEPT]
    ]  # fmt: skip
    with_files = any(one.is_tree for one in kept[:KEPT])
    columns = ["name", "size", "files", "object"] if with_files else ["name", "size", "object"]
    shown = rows if with_files else [[*row[:2], row[3]] for row in rows]
    return look.section(
        text.count(len(kept), "kept file"), tables.table(columns, shown, numbers=["size"]),
        tables.below(more(len(kept) - KEPT, "file")),
    )  # fmt: skip


def _how(run: RunView) -> Html | None:
    """Return how it was run, closed at first."""
    captured = run.captured
    code, python, machine = (captured.part(name) for name in ("code", "python", "machine"))
    commit = code.get("commit")
    found: dict[str, object] = {
        "command": captured.part("command").get("text"),
        "commit": commit
        and f"{str(commit)[:12]}{', with uncommitted changes' if code.get('is_dirty') else ''}",
        "python": python.get("version"),
        "machine": machine.get("cpu"),
        "ended": _ended(captured.exit),
    }
    listed = [(name, short(value)) for name, value in found.items() if value]
    rows: list[Child] = [tables.pairs(listed)]
    if run.traceback:
        lines = text.clean_lines(run.traceback[-4_000:])[-12:]
        rows.append(tag("pre", [[line, Html("\n")] for line in lines]))
    return look.section("how it was run", *rows, is_open=bool(run.traceback)) if any(rows) else None


def _ended(ended: dict[str, Any]) -> str:
    code, signal = ended.get("code"), ended.get("signal")
    parts = [f"exit code {code}" + (f" ({signal})" if signal else "")] if code is not None else []
    if memory := ended.get("peak_memory_bytes"):
        parts.append(f"{text.size(memory)} of memory at most")
    return ", ".join(parts)
