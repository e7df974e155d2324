"""`gnomon lineage X`: what something came from, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.lineage.graph import Graph, Node
    from gnomon.runs.face import Parser, Run, Terminal

FORMATS = ("tree", "mermaid", "html", "json", "dot")
MOST_NODES = 200  # in a drawing, unless --all
WHAT_HELP = (
    "a run, a version such as `credit@v3`, a file, a digest, or a tag; `run:NAME` and `data:NAME` say which"
)
_STYLES = {"run": "green", "data": "blue", "file": "cyan", "source": "magenta", "person": "magenta"}


def lineage(parser: Parser) -> Run:
    """Show what something came from, and what came of it: sources and people, data, runs, files, to the end.

    Links that nobody declared are found too: a file that one run kept and another one read, or that was added as data, is one
    by its bytes (`by content`). What the record does not know is no link: `gnomon reach` says how much that may be.
    """
    parser.option("what", metavar="X", complete="lineage", help=WHAT_HELP)
    parser.option("--up", action="store_true", help="only what it came from")
    parser.option("--down", action="store_true", help="only what came of it")
    parser.option("--depth", metavar="N", type=int, help="so many steps, and no further")
    parser.option(
        "--format", metavar="FORMAT", choices=FORMATS,
        help="tree (the default), mermaid, html (one page that asks nothing of a network), json, dot",
    )  # fmt: skip
    parser.option(
        "--out",
        "-o",
        metavar="FILE",
        complete="files",
        help="write to a file; .html, .mmd, .dot and .json choose the format",
    )
    parser.option("--all", action="store_true", help="leave nothing out, however much it is")
    parser.example("gnomon lineage credit@v3", "where data came from, and what came of it")
    parser.example("gnomon lineage model.skops --up", "a file: found by its bytes")
    parser.example("gnomon lineage @1 --format html -o lineage.html", "the newest run, as a page")
    return _lineage


def _lineage(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.lineage.views import lineage as ask

    form = _format(arguments)
    record = open_record(arguments, terminal)
    graph = ask(record, arguments.what, up=arguments.up, down=arguments.down, depth=arguments.depth)
    if form == "tree":
        write_tree(graph, terminal, with_all=arguments.all)
        return 0
    shown = graph if arguments.all or form == "json" else graph.first(MOST_NODES)
    if arguments.out is not None:
        with open(arguments.out, "w", encoding="utf-8", newline="\n") as file:
            _write(shown, form, terminal.onto(file), left_out=len(graph) - len(shown))
        terminal.say(f"written: {terminal.clean(arguments.out)}")
    else:
        _write(shown, form, terminal, left_out=len(graph) - len(shown))
    if len(shown) < len(graph):
        terminal.say(f"{len(shown):,} of {len(graph):,} nodes, those nearest to it; `--all` shows all")
    return 0


def _format(arguments: Namespace) -> str:
    if arguments.format is not None:
        return str(arguments.format)
    if arguments.out is None:
        return "tree"
    ending = arguments.out.rpartition(".")[2].lower()
    found = {
        "html": "html",
        "htm": "html",
        "mmd": "mermaid",
        "mermaid": "mermaid",
        "dot": "dot",
        "gv": "dot",
        "json": "json",
    }
    if ending not in found:
        raise UsageError(
            f"`{arguments.out}` does not say which format it is to be",
            hint="name it `.html`, `.mmd`, `.dot` or `.json`, or give `--format`",
        )
    return found[ending]


def _write(graph: Graph, form: str, terminal: Terminal, *, left_out: int) -> None:
    if form == "json":
        terminal.json(graph.to_dict())
        return
    from gnomon.lineage.drawn import dot, mermaid
    from gnomon.lineage.page import page

    text = (
        page(graph, left_out=left_out)
        if form == "html"
        else mermaid(graph)
        if form == "mermaid"
        else dot(graph)
    )
    for line in text.rstrip("\n").split("\n"):
        terminal.write(line)


# ---------------------------------------------------------------- the tree


def write_tree(graph: Graph, terminal: Terminal, *, with_all: bool) -> None:
    """Write both directions, each under its word."""
    from gnomon.lineage.tree import MOST_LINES, tree

    roots = graph.nodes(graph.roots)
    for node in roots if with_all else roots[:20]:
        terminal.write(shown(node, terminal, is_root=True))
    if len(roots) > 20 and not with_all:
        terminal.write(f"… and {len(roots) - 20:,} more")
    for direction in graph.walks:
        found = tree(graph, direction, most=None if with_all else MOST_LINES, is_unicode=terminal.is_unicode)
        title = "came from" if direction == "up" else "led to"
        if not found.lines:
            nothing = "nothing that the record knows of"
            terminal.write(f"{terminal.style(title, 'bold')}  {terminal.style(nothing, 'dim')}")
            continue
        terminal.write(terminal.style(title, "bold"))
        for line in found.lines:
            if line.node is None:
                terminal.write(f"{line.branches}{terminal.style(f'… {line.more:,} more', 'dim')}")
                continue
            how = f"{line.how} (by content)" if line.by_content and line.how != "same bytes" else line.how
            above = terminal.style(" (above)", "dim") if line.is_above else ""
            terminal.write(f"{line.branches}{how} {shown(line.node, terminal)}{above}")
        if found.left_out > 0:
            terminal.write(terminal.style(f"… {found.left_out:,} more in all, `--all` shows them", "dim"))
    if graph.is_cut:
        terminal.say(f"the walk ended after {len(graph):,} nodes; there are more")


def shown(node: Node, terminal: Terminal, *, is_root: bool = False) -> str:
    """Return a node on one line: what it is, what it is called, and a note."""
    label = terminal.clean(node.label)
    label = terminal.style(label, "bold") if is_root else label
    kind = terminal.style(node.kind, _STYLES.get(node.kind, "cyan"))
    note = (
        terminal.style(f"  {terminal.clean(node.note)}", "dim" if node.is_known else "yellow")
        if node.note
        else ""
    )
    return f"{kind} {label}{note}"
