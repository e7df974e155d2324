"""Gnomon: the local-first workbench of remote AI and machine-learning teams.

    import gnomon

    with gnomon.run("baseline", params={"lr": 1e-3}, seed=7) as run:
        run.log({"loss": 0.3}, step=0)

Importing this starts no thread, opens no file and loads nothing heavy: each name below is loaded on first use.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gnomon import checks
    from gnomon.data.actions import add_data
    from gnomon.errors import GnomonError
    from gnomon.runs.run import Run, log, run
    from gnomon.runs.values.kinds import Audio, Figure, Histogram, Image, Points3D, Table, Text, Video
    from gnomon.runs.views import open

__version__ = "0.1.0"
__all__ = [
    "Audio",
    "Figure",
    "GnomonError",
    "Histogram",
    "Image",
    "Points3D",
    "Run",
    "Table",
    "Text",
    "Video",
    "__version__",
    "add_data",
    "checks",
    "log",
    "open",
    "run",
]

_VALUES = "gnomon.runs.values.kinds"
_HOMES = {
    "Audio": _VALUES,
    "Figure": _VALUES,
    "GnomonError": "gnomon.errors",
    "Histogram": _VALUES,
    "Image": _VALUES,
    "Points3D": _VALUES,
    "Run": "gnomon.runs.run",
    "Table": _VALUES,
    "Text": _VALUES,
    "Video": _VALUES,
    "add_data": "gnomon.data.actions",
    "checks": "gnomon.checks",
    "load_ipython_extension": "gnomon.interop.notebook",  # what `%load_ext gnomon` looks for
    "log": "gnomon.runs.run",
    "open": "gnomon.runs.views",
    "run": "gnomon.runs.run",
    "unload_ipython_extension": "gnomon.interop.notebook",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gnomon' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(home)
    value = module if name == "checks" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
