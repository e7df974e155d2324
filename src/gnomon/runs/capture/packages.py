"""Which distributions (numpy, torch, ...) this interpreter can import, and which of them are loaded.

The names of the folders `numpy-2.4.6.dist-info` say it; `importlib.metadata` takes ten times as long to import as this
takes to run. A METADATA file is read only where the name of its folder does not say enough.

Always true: the first of a name on `sys.path` counts, as for `import`; names are normalised (PEP 503), so that two
machines compare; no address that something was installed from is kept (it may hold a password); nothing raises.
Not promised: that every loaded distribution is found. One whose modules bear other names is known from a short table or
from its `top_level.txt`, which newer builds leave out. Packages inside zip files are not seen.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

_SUFFIXES = (".dist-info", ".egg-info")
_MAX_TOP_LEVEL_FILES = 300
# Modules whose distribution bears another name: the common ones of training code.
_MODULES = {
    "antlr4-python3-runtime": "antlr4", "attrs": "attr", "beautifulsoup4": "bs4", "biopython": "Bio",
    "faiss-cpu": "faiss", "faiss-gpu": "faiss", "gitpython": "git", "hydra-core": "hydra", "nvidia-ml-py": "pynvml",
    "opencv-contrib-python": "cv2", "opencv-python": "cv2", "opencv-python-headless": "cv2", "pillow": "PIL",
    "polars-runtime-32": "_polars_runtime_32", "protobuf": "google.protobuf", "pyjwt": "jwt", "python-dateutil": "dateutil",
    "pytorch-lightning": "pytorch_lightning", "pyyaml": "yaml", "scikit-image": "skimage", "scikit-learn": "sklearn",
    "setuptools": "setuptools", "tensorflow-cpu": "tensorflow", "tensorflow-gpu": "tensorflow",
}  # fmt: skip


class Distribution:
    """One installed distribution."""

    __slots__ = ("folder", "name", "version")

    def __init__(self, name: str, version: str, folder: str) -> None:
        self.name = name
        self.version = version
        self.folder = folder


def normalised(name: str) -> str:
    """Return a name in lower case, with one `-` for each run of `-`, `_` and `.` (PEP 503).

    >>> normalised("Backports.Zstd_x")
    'backports-zstd-x'
    """
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(word for word in words if word)


def distributions(path: Iterable[str] | None = None) -> list[Distribution]:
    """Return what is installed on `sys.path` (or `path`), by normalised name."""
    found: dict[str, Distribution] = {}
    for folder in dict.fromkeys(sys.path if path is None else path):
        for entry in _entries(folder or os.curdir):
            distribution = _distribution(entry)
            if distribution is not None:
                found.setdefault(distribution.name, distribution)
    return [found[name] for name in sorted(found)]


def direct(installed: Iterable[Distribution]) -> list[str]:
    """Return the names of those installed from a folder for editing, a repository or a URL (PEP 610), no index.

    Conda leaves the folder of its own build servers in the same file: that is an ordinary package.
    """
    return [distribution.name for distribution in installed if _is_direct(distribution.folder)]


def loaded(installed: Iterable[Distribution], modules: Container[str] | None = None) -> list[str]:
    """Return the names of those that have a module in `sys.modules` (or `modules`)."""
    present: Container[str] = sys.modules if modules is None else modules
    found: list[str] = []
    unclear: list[Distribution] = []
    for distribution in installed:
        name = distribution.name
        guesses = (
            _MODULES.get(name, ""),
            name.replace("-", "_"),
            name.replace("-", "."),
            name.replace("-", ""),
        )
        if any(guess in present for guess in guesses if guess):
            found.append(name)
        else:
            unclear.append(distribution)
    if modules is None and not _has_others(unclear, found):
        unclear.clear()
    for distribution in unclear[:_MAX_TOP_LEVEL_FILES]:
        listed = _text(os.path.join(distribution.folder, "top_level.txt")).split()
        if any(module in present for module in listed if not module.startswith("_")):
            found.append(distribution.name)
    return sorted(found)


def _has_others(unclear: Iterable[Distribution], found: Collection[str]) -> bool:
    """Whether a module was loaded from where distributions are, and none of those that were found accounts for it."""
    places = tuple({os.path.dirname(distribution.folder) + os.sep for distribution in unclear})
    known = {name.replace("-", "_") for name in found} | {_MODULES.get(name) for name in found}
    return any(
        _is_from(module, places)
        for name, module in list(sys.modules.items())
        if "." not in name and name[:1] != "_" and name not in sys.stdlib_module_names and name not in known
    )


def _is_from(module: object, places: tuple[str, ...]) -> bool:
    """Whether a module's file, or a folder of a package without one, is in one of the places."""
    path = getattr(module, "__file__", None)
    paths = [path] if path is not None else list(getattr(module, "__path__", ()))
    return any(isinstance(one, str) and one.startswith(places) for one in paths)


def _entries(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.name.endswith(_SUFFIXES)]
    except (OSError, ValueError):  # missing, a zip file, a place of an import hook
        return []


def _distribution(folder: str) -> Distribution | None:
    stem = os.path.basename(folder)
    if stem.startswith("~"):  # what pip leaves of a package that it could not remove
        return None
    stem, suffix = stem[: -len(_SUFFIXES[0])], stem[-len(_SUFFIXES[0]) :]
    name, _, version = stem.partition("-")
    is_plain = suffix == ".dist-info" and name and version and not any(mark in version for mark in "-_")
    if not is_plain:
        name, version = _from_metadata(folder)
        if not name:
            return None
    return Distribution(normalised(name), version, folder)


def _from_metadata(folder: str) -> tuple[str, str]:
    text = ""
    for path in (os.path.join(folder, "METADATA"), os.path.join(folder, "PKG-INFO"), folder):
        text = text or _text(path)
    name = version = ""
    for line in text.splitlines():
        if not line:
            break  # the description follows
        if line.startswith("Name:"):
            name = name or line[5:].strip()
        elif line.startswith("Version:"):
            version = version or line[8:].strip()
    return name, version


def _is_direct(folder: str) -> bool:
    path = os.path.join(folder, "direct_url.json")
    if not os.access(path, os.R_OK):
        parent = os.path.dirname(
            folder
        )  # `setup.py develop` puts the folder of the sources on the path instead
        return folder.endswith(".egg-info") and os.path.exists(os.path.join(parent, "setup.py"))
    text = "".join(_text(path).split())
    if '"editable":true' in text or '"vcs_info"' in text:
        return True
    return '"url":"file:' not in text or not any(
        mark in text for mark in ("feedstock_root", "/croot/", "/conda-bld/")
    )


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(16_384)
    except (OSError, ValueError):
        return ""
