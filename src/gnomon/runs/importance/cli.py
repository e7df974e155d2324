"""`gnomon importance`: which parameters matter for a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.importance.found import Importance

_STYLES = {"matters": "green", "cannot tell": "yellow"}
_COLUMNS = ("parameter", "share", "90 % interval", "verdict", "direction", "p", "n")


def importance(parser: Parser) -> Run:
    """Say which parameters matter for a metric, within the runs that there are.

    Of each parameter: the share of the ranks of the metric that its values explain, whatever the shape, with an interval, and
    whether chance alone could do as much, corrected for all parameters. Runs that differ in their seed only count as one
    configuration, which is what `n` counts. What varies together is named, since its shares cannot be told apart. It is
    association, not cause.
    """
    parser.option(
        "metric", metavar="METRIC", complete="metric", help="such as `auc`, `metrics.loss.min`, `duration`"
    )
    parser.option("--where", metavar="EXPRESSION", help="only runs for which this holds")
    parser.option(
        "--level", metavar="P", type=float, default=0.05,
        help="the chance, at most, that one or more parameters are wrongly said to matter (default: 0.05)",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon importance auc", "which parameters matter?")
    parser.example("gnomon importance loss.min --where \"params.optimizer = 'adam'\"", "among some runs only")
    return _importance


def _importance(arguments: Namespace, terminal: Terminal) -> int:
    if not 0 < arguments.level < 1:
        raise UsageError(f"`--level` must be a number between 0 and 1; got {arguments.level}")
    record = open_record(arguments, terminal)
    record.progress = terminal.progress("reading")
    found = record.importance(arguments.metric, where=arguments.where, level=arguments.level)
    if arguments.json:
        terminal.json(found.to_dict())
        return 0
    if found.weights:
        _write_table(found, terminal)
        terminal.write()
    _wrapped(found.sentence, terminal)
    for pair in found.pairs:
        _wrapped(
            f"`{pair.first}` and `{pair.second}` vary together ({pair.strength:.2f}): their shares cannot be told apart",
            terminal, "yellow",
        )  # fmt: skip
    for name, why in found.unexamined:
        _wrapped(f"not weighed: `{name}`, {why}", terminal, "dim")
    for note in found.notes:
        _wrapped(f"note: {note}", terminal, "yellow")
    return 0


def _write_table(found: Importance, terminal: Terminal) -> None:
    from gnomon.runs.importance.words import chance

    rows: list[dict[str, object]] = [
        {
            "parameter": terminal.clean(one.name), "share": f"{one.share:.2f}",
            "90 % interval": f"[{one.low:.2f}, {one.high:.2f}]", "verdict": one.verdict,
            "direction": one.direction, "p": chance(one.corrected), "n": one.n,
        }
        for one in found.weights
    ]  # fmt: skip
    columns = [key for key in _COLUMNS if key != "direction" or any(row[key] for row in rows)]
    terminal.table(
        columns, rows,
        styles={"verdict": lambda verdict: _STYLES.get(str(verdict), "dim")},
        importance=["parameter", "verdict", "90 % interval", "share"],
    )  # fmt: skip


def _wrapped(text: str, terminal: Terminal, style: str = "") -> None:
    """Write a text, on a terminal in lines that end between words."""
    from textwrap import wrap

    text = terminal.clean(text)
    width = terminal.width
    lines = [text] if width is None else wrap(text, width, break_long_words=False, break_on_hyphens=False)
    for line in lines or [""]:
        terminal.write(terminal.style(line, style) if style else line)
