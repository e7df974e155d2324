"""What `gnomon --help` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.commands import GROUPS
from gnomon.cli.parser import entry, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMN = 14
ABOUT = "Gnomon keeps what your team ran, on which data, and why: one record, in the folder `.gnomon/`."
GLOBAL_OPTIONS = (
    ("-C, --record PATH", "the record, or its project (otherwise found from here upward, or GNOMON_DIR)"),
    ("-h, --help", "show this help, or that of a command"),
    ("--version", "show the versions of Gnomon and Python"),
)
EXAMPLES = (
    ("gnomon runs --sort metrics.auc", "the runs, largest AUC first"),
    ('gnomon runs --where "params.lr < 0.01 and metrics.auc > 0.9"', "only some of them"),
    ("gnomon show 4f1d", "one run; the first digits of its id will do"),
    ("gnomon runs --json", "the same for a program"),
    ("gnomon verify", "is every byte as it was written?"),
)


def overview(paint: Callable[[str], str] = str) -> str:
    """Return the help of `gnomon` itself."""
    lines = [f"{paint('usage:')} gnomon [--record PATH] COMMAND …", "", ABOUT]
    for title, group in GROUPS.items():
        lines += ["", paint(f"{title}:")]
        for name, listed in group.items():
            lines += entry(name, listed.help, COLUMN)
    added = _plugins()
    if added:
        lines += ["", paint("Plug-ins:")]
        for name, target in added.items():
            lines += entry(name, f"from {target.partition(':')[0]}", COLUMN)
    lines += ["", paint("options:")]
    for name, text in GLOBAL_OPTIONS:
        lines += entry(name, text, 22)
    lines += ["", paint("examples:")]
    longest = max(len(command) for command, _ in EXAMPLES)
    lines += [f"  {command:<{longest}}  # {what}" for command, what in EXAMPLES]
    lines += ["", *wrapped("`gnomon COMMAND --help` says more about one command.", 100)]
    return "\n".join(lines)


def _plugins() -> dict[str, str]:
    from gnomon.record.kinds import plugin_commands

    return plugin_commands()
