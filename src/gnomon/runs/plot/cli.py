"""`gnomon plot`: curves in the terminal, or as a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.plot.picture import Plot

LINES_AROUND = 6  # heading, caption, prompt
FEWEST_LINES, MOST_LINES = 10, 24
SMALLEST_WIDTH, SMALLEST_HEIGHT = 20, 5


def plot(parser: Parser) -> Run:
    """Draw curves of runs: in the terminal, or as SVG, HTML or PNG.

    Runs and metrics may stand in any order: a word that is the name of a metric is one, every other word is a run, by its id, the
    beginning of it, its name, or its group. `*` in a metric stands for anything. Without a run, the newest are drawn; without a
    metric, the first few. Each metric gets its own axes.

    All points count: of each small stretch the first, lowest, highest and last is drawn, so that no spike is lost.
    """
    parser.option(
        "words", metavar="RUN… METRIC", nargs="*", complete="run-or-metric", help="runs and metrics"
    )
    parser.option(
        "--metric",
        metavar="NAME",
        action="append",
        complete="metric",
        help="a metric; then all other words are runs (repeatable)",
    )
    parser.option(
        "--where", metavar="EXPRESSION", help='runs for which this holds, such as "params.lr < 0.01"'
    )
    parser.option("--last", metavar="N", type=int, help="only the newest N of the runs")
    parser.option(
        "--x",
        metavar="AXIS",
        default="step",
        help="step (default), time, relative (since the start), or any series",
    )
    parser.option(
        "--smooth", metavar="HOW",
        help="0.9: each point counts so much of the next; 200: half for each 200 on the x-axis; 5min: of time. Raw stays, paler",
    )  # fmt: skip
    parser.option(
        "--groups",
        action="store_true",
        help="groups of seeds, as mean and 95 %% interval of the mean".replace("%%", "%"),
    )
    parser.option(
        "--same-code", action="store_true",
        help="with --groups: leave out runs that ran other code than most of their group",
    )  # fmt: skip
    parser.option("--log", action="store_true", help="logarithmic y-axis")
    parser.option("--log-x", action="store_true", help="logarithmic x-axis")
    parser.option("--together", action="store_true", help="all metrics in one pair of axes")
    parser.option(
        "--color-by",
        metavar="WHAT",
        help="one colour for all runs of one group, seed, status, name, or value of a parameter",
    )
    parser.option(
        "--rank", metavar="N", type=int, help="of many processes, the one of this rank (default: the lowest)"
    )
    parser.option(
        "--out",
        metavar="FILE",
        action="append",
        complete="files",
        help="write .svg, .html or .png instead (repeatable)",
    )
    parser.option("--overwrite", action="store_true", help="with --out: replace FILE where it is there")
    parser.option("--title", metavar="TEXT", help="instead of the names of the metrics")
    parser.option("--width", metavar="N", type=int, help="in columns of the terminal; with --out in pixels")
    parser.option(
        "--height", metavar="N", type=int, help="in lines for each pair of axes; with --out in pixels"
    )
    parser.option("--csv", action="store_true", help="print the drawn points as CSV")
    parser.option("--json", action="store_true", help="print the drawn points as JSON")
    parser.example("gnomon plot loss", "the newest runs that have it")
    parser.example("gnomon plot 4f1d 81c0 loss --smooth 0.9", "two runs, smoothed")
    parser.example(
        "gnomon plot --groups --where \"group = 'depth-6'\" loss --out loss.svg", "seeds as mean and interval"
    )
    parser.example("gnomon plot --last 15 loss --color-by lr", "one colour for each value of a parameter")
    parser.example(
        "gnomon plot 4f1d loss --x tokens --log --out loss.html", "over another series, as a page to zoom in"
    )
    parser.note(
        "A word that is both a metric and the beginning of an id is the metric; write more of the id, or the metric with "
        "--metric. PNG needs `pip install 'gnomon[plot]'`."
    )
    return _plot


def _plot(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.csv and arguments.json:
        raise UsageError("`--json` and `--csv` exclude each other")
    if arguments.out and (arguments.csv or arguments.json):
        raise UsageError("`--out` writes a picture; `--json` and `--csv` print its points: give one of them")
    if arguments.same_code and not arguments.groups:
        raise UsageError("`--same-code` is for `--groups`, which is not given")
    if arguments.overwrite and not arguments.out:
        raise UsageError("`--overwrite` is for `--out FILE`, which is not given")
    made = _made(arguments, terminal)
    for note in made.notes:
        terminal.say(terminal.clean(note))
    if arguments.csv:
        has_means = any(line.lows for panel in made.panels for line in panel.lines)
        terminal.csv(
            ["line", "metric", "what", "x", "value", *(["low", "high", "runs"] if has_means else [])],
            made.rows(),
        )
    elif arguments.json:
        terminal.json(made.to_dict())
    elif arguments.out:
        for path in arguments.out:
            made.save(path)
            terminal.say(f"wrote {_sizes(made)}")
            terminal.write(terminal.clean(path))
    else:
        _draw(made, arguments, terminal)
    return 0


def _made(arguments: Namespace, terminal: Terminal) -> Plot:
    from gnomon.runs.plot.picture import format_of, plot
    from gnomon.runs.plot.words import runs_of, split

    for path in arguments.out or ():
        format_of(path)
        if not arguments.overwrite and os.path.lexists(path):
            raise BadArgumentError(f"`{path}` is there already", hint="`--overwrite` replaces it")
    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    record.progress = terminal.progress("reading")
    runs, metrics = arguments.words, arguments.metric or []
    if not arguments.metric:
        runs, metrics, notes = split(record, arguments.words)
        for note in notes:
            terminal.say(terminal.clean(note))
    runs = runs_of(record, runs, also_metrics=not arguments.metric)
    return plot(
        record, runs or None, metrics or None, x=arguments.x, smooth=arguments.smooth, log=arguments.log, log_x=arguments.log_x,
        groups=arguments.groups, same_code=arguments.same_code, where=arguments.where, last=arguments.last,
        together=arguments.together, color_by=arguments.color_by, rank=arguments.rank, title=arguments.title,
        width=arguments.width if arguments.out else None, height=arguments.height if arguments.out else None,
    )  # fmt: skip


def _sizes(made: Plot) -> str:
    lines = sum(len(panel.lines) for panel in made.panels)
    return f"{lines:,} {'line' if lines == 1 else 'lines'} in {len(made.panels)} {'panel' if len(made.panels) == 1 else 'panels'}"


def _draw(made: Plot, arguments: Namespace, terminal: Terminal) -> None:
    """Draw in the terminal, one pair of axes below the other."""
    for name, smallest in (("width", SMALLEST_WIDTH), ("height", SMALLEST_HEIGHT)):
        given = getattr(arguments, name)
        if given is not None and not smallest <= given <= 1000:
            raise UsageError(
                f"`--{name}` of a drawing in the terminal must be from {smallest} to 1,000; got {given}"
            )
    from gnomon.runs.plot.few import few

    made = few(made)
    x_scale = made.x_scale()
    height = arguments.height or max(FEWEST_LINES, min(MOST_LINES, terminal.height - LINES_AROUND))
    if arguments.height is None and len(made.panels) > 1:
        height = FEWEST_LINES
    every = [line for panel in made.panels for line in panel.lines]
    for number, panel in enumerate(made.panels):
        if number:
            terminal.write()
        title = made.title if len(made.panels) == 1 else panel.title
        terminal.write(terminal.style(terminal.clean(title), "bold"))
        y_scale = made.y_scale(panel)
        if x_scale is None or y_scale is None:
            terminal.write("nothing to draw")
            continue
        terminal.curves(
            panel.lines,
            x_scale,
            y_scale,
            x_name=made.x_label(x_scale),
            width=arguments.width,
            height=height,
            among=every,
        )
    if any(len(panel.lines) > 1 or panel.lines[0].counts for panel in made.panels):
        if len(made.panels) > 1:
            terminal.write()
        terminal.legend(made.panels, made.keys, width=arguments.width)
    if made.caption:
        terminal.write()
        for line in _wrapped(made.caption, min(arguments.width or terminal.width or 80, 100)):
            terminal.write(terminal.style(terminal.clean(line), "dim"))


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
