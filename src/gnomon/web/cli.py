"""`gnomon ui`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, MissingExtraError

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal

CODE = "/enter#code="


def ui(parser: Parser) -> Run:
    """Show the record in a browser: runs, curves, comparisons, data, lineage; and change it there.

    Serves pages on this machine only, until Ctrl-C. The address that it prints holds a code that lets one browser in, once;
    the next code is printed when it was used. Any number of processes may log, sync and show pages at the same time.
    """
    parser.option(
        "--port",
        metavar="N",
        type=int,
        help="the port on 127.0.0.1 (default: 7420, or the next that is free)",
    )
    parser.option("--no-open", action="store_true", help="print the address only; open no browser")
    parser.example("gnomon ui", "open the pages in the browser")
    parser.example(
        "gnomon ui --port 7420 --no-open", "on another machine, behind `ssh -L 7420:127.0.0.1:7420 HOST`"
    )
    parser.note("Needs `pip install 'gnomon[ui]'`. How-to: docs/how-to/look-in-the-browser.md.")
    return _ui


def _ui(arguments: Namespace, terminal: Terminal) -> int:
    from importlib.util import find_spec

    lacking = [name for name in ("jinja2", "starlette", "uvicorn") if find_spec(name) is None]
    if lacking:
        raise MissingExtraError(
            f"the pages need {', '.join(lacking)}",
            hint="pip install 'gnomon[ui]'; in an environment of its own it shows this record just as well",
        )
    if arguments.port is not None and not 1 <= arguments.port <= 65_535:
        raise BadArgumentError(f"`--port` must be a whole number from 1 to 65,535; got {arguments.port}")
    from gnomon.env import REAL
    from gnomon.runs.views import open
    from gnomon.web.browser import is_far, open_browser
    from gnomon.web.serve import serve
    from gnomon.web.sockets import bind

    with open(getattr(arguments, "record", None)) as record:
        path, name = record.path, record.name
    sockets = bind(arguments.port)

    def started(address: str, code: str) -> None:
        terminal.write(f"{address}{CODE}{code}")
        terminal.say(f"the pages of `{terminal.clean(name)}`; Ctrl-C ends them")
        if is_far(REAL):
            port = address.rpartition(":")[2]
            terminal.say(
                f"from your own machine: `ssh -L {port}:127.0.0.1:{port} THIS_MACHINE`, then open the address"
            )
        elif not arguments.no_open and not open_browser(REAL, f"{address}{CODE}{code}"):
            terminal.say("no browser was found: open the address in one")
        terminal.flush()

    def again(code: str) -> None:
        terminal.say(f"a browser has entered; the code for another one: {code}")

    serve(path, sockets, started, again)
    return 0
