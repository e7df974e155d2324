# Loaded by every Python that a watched command starts, since PYTHONPATH names this folder. It starts to listen, takes the folder
# off the path again, and then does what the environment's own `sitecustomize` does, if there is one. It must run in any Python 3.
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))


def _load(name: str) -> Any:
    # The import system's own frozen parts: they are loaded already, `importlib.util` would cost ten milliseconds.
    from _frozen_importlib import ModuleSpec, module_from_spec
    from _frozen_importlib_external import SourceFileLoader

    path = os.path.join(os.path.dirname(_HERE), name + ".py")
    loader = SourceFileLoader("_gnomon_" + name, path)
    spec = ModuleSpec("_gnomon_" + name, loader, origin=path)
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    loader.exec_module(module)
    return module


def _listen() -> None:
    folder = os.environ.get("GNOMON_WATCH")
    if folder and os.path.isdir(folder):
        _load("listener").listen(folder, _load("readers"))


def _go_on() -> None:
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    sys.path[:] = [one for one in sys.path if not one or os.path.abspath(one) != _HERE]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    _listen()
except Exception as error:  # noqa: BLE001  a training must not die of being listened to; it is said
    sys.stderr.write(f"gnomon: files cannot be watched here: {type(error).__name__}: {error}\n")
_go_on()
