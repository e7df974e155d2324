"""The pages that a tracker serves on one's own machine: how its users start them, and when a page is ready to be used.

Always true: a tracker is started by its own command with its defaults, but for the port and for where its runs are. "Ready"
is said in JavaScript, of what a person sees; in it `N` is the number of charts that are to be there, and `all(selector)` finds
what is in shadow trees too.
"""

from dataclasses import KW_ONLY, dataclass, field


@dataclass(frozen=True)
class Visit:
    """A page: its path, and an expression that is true once it can be used."""

    path: str
    ready: str
    _: KW_ONLY
    most: int = 1_000
    """How many charts it draws at once at most."""
    scrolls: bool = True
    """Whether one scrolls to see all of them."""
    first_ready: str = ""
    """… of its first screen, where charts come only as one scrolls."""


@dataclass(frozen=True)
class Site:
    """The pages of one tracker. `{bin}`, `{store}` and `{port}` in its texts are replaced."""

    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)
    first: str = "/"
    """The page that is asked for until the server answers."""
    table: Visit | None = None
    """The table of runs."""
    long: Visit | None = None
    """One chart: a metric of ten runs."""
    many: Visit | None = None
    """A chart of each metric of all runs."""
    missing: dict[str, str] = field(default_factory=dict)
    """Why there is no `table`, `long` or `many`."""
