"""Libraries that open files where Python does not hear it: what of them is wrapped, and which are only named.

A module is wrapped when it is imported, never before, so nothing is loaded that the program does not load. A wrapper notes the
path that it is given, and calls what it stands for with all that it got. Globs and folders are noted as the files that they mean.

Always true: a wrapper changes neither arguments nor results, and what goes wrong while it notes is left to the call itself.
Standard library only: see `watch`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MOST_OF_A_FOLDER = 5_000
# Of a module: names (`Class.method` too) that read or write the path at this place, or under one of these keywords.
_PATHS = ("source", "path", "where", "file", "filename", "filepath", "name", "path_or_paths", "path_or_table", "file_glob",
          "csv_file", "uri", "f", "root_path", "base_dir", "dest", "target", "paths", "database")  # fmt: skip
_TABLES_OF_DUCKDB = ("read_csv", "read_parquet", "read_json", "from_csv_auto", "from_parquet")
_QUERIES_OF_DUCKDB = ("sql", "query", "execute", "from_query", "executemany")
_READ_BY_POLARS = (
    "read_csv", "scan_csv", "read_parquet", "scan_parquet", "read_ipc", "scan_ipc", "read_ipc_stream", "read_ndjson",
    "scan_ndjson", "read_json", "read_excel", "read_avro", "read_csv_batched", "read_lines", "scan_lines",
)  # fmt: skip
_WRITTEN_BY_POLARS = (
    *(f"DataFrame.write_{kind}" for kind in ("csv", "parquet", "ipc", "ndjson", "json", "excel", "avro")),
    *(f"LazyFrame.sink_{kind}" for kind in ("csv", "parquet", "ipc", "ndjson")),
)


def _of_connection(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"DuckDBPyConnection.{name}" for name in names)


READS: dict[str, dict[str, int]] = {
    "polars": dict.fromkeys(_READ_BY_POLARS, 0),
    "duckdb": {
        **dict.fromkeys(_TABLES_OF_DUCKDB, 0),
        **dict.fromkeys(_of_connection(_TABLES_OF_DUCKDB), 1),
    },
    "pyarrow": {"memory_map": 0, "input_stream": 0},
    "pyarrow.parquet": {
        **dict.fromkeys(("read_table", "read_pandas", "read_schema", "read_metadata"), 0),
        **dict.fromkeys(("ParquetFile.__init__", "ParquetDataset.__init__"), 1),
    },
    "pyarrow.csv": {"read_csv": 0, "open_csv": 0},
    "pyarrow.json": {"read_json": 0},
    "pyarrow.feather": {"read_table": 0, "read_feather": 0},
    "pyarrow.orc": {"read_table": 0, "ORCFile.__init__": 1},
    "pyarrow.dataset": {"dataset": 0},
    "safetensors": {"safe_open": 0},
    "safetensors.torch": {"load_file": 0, "load_model": 1},
    "safetensors.numpy": {"load_file": 0},
    "safetensors.flax": {"load_file": 0},
}
WRITES: dict[str, dict[str, int]] = {
    "polars": dict.fromkeys(_WRITTEN_BY_POLARS, 1),
    "pyarrow": {"output_stream": 0},
    "pyarrow.parquet": {"write_table": 1, "ParquetWriter.__init__": 1},
    "pyarrow.csv": {"write_csv": 1},
    "pyarrow.feather": {"write_feather": 1},
    "pyarrow.orc": {"write_table": 1},
    "safetensors.torch": {"save_file": 1, "save_model": 1},
    "safetensors.numpy": {"save_file": 1},
    "safetensors.flax": {"save_file": 1},
    "torch": {"save": 1},
}
SQL: dict[str, dict[str, int]] = {
    "duckdb": {
        **dict.fromkeys(_QUERIES_OF_DUCKDB, 0),
        **dict.fromkeys(_of_connection(_QUERIES_OF_DUCKDB), 1),
    },
}
# Files that are read and, unless a mode says otherwise, written: a database is, a container is not.
DATABASES: dict[str, dict[str, int]] = {"duckdb": {"connect": 0}, "sqlite3": {"connect": 0}}
CONTAINERS: dict[str, dict[str, int]] = {"h5py": {"File.__init__": 1}, "pyarrow": {"OSFile": 0}}
_TABLES = (
    ("read", READS),
    ("wrote", WRITES),
    ("sql", SQL),
    ("database", DATABASES),
    ("container", CONTAINERS),
)
DEAF = {
    "cv2": "OpenCV", "xgboost": "XGBoost", "lightgbm": "LightGBM",
    "catboost": "CatBoost", "tensorflow": "TensorFlow", "netCDF4": "netCDF4", "rasterio": "rasterio",
    "pyogrio": "pyogrio", "fiona": "Fiona", "osgeo": "GDAL", "decord": "decord", "av": "PyAV", "soundfile": "soundfile",
    "torchaudio": "torchaudio", "torchcodec": "torchcodec", "pyspark": "Spark", "ray": "Ray", "tables": "PyTables",
    "tensorstore": "TensorStore", "SimpleITK": "SimpleITK", "itk": "ITK", "faiss": "Faiss", "vaex": "Vaex", "chdb": "chDB",
    "datafusion": "DataFusion", "deltalake": "delta-rs", "lance": "Lance", "pysam": "pysam", "daft": "Daft",
}  # fmt: skip
_LITERAL, _COPY_TO = r"'((?:[^']|'')*)'", r"(?i)\bTO\s+'((?:[^']|'')*)'"
_MARK = "__gnomon_watched__"


def listen(listener: Any) -> None:
    """Wrap what is imported already, and have the rest wrapped when it is imported."""
    wanted = frozenset(name for _, table in _TABLES for name in table) | {"subprocess"}
    for name in (*wanted, *DEAF):
        module = sys.modules.get(name)
        if module is not None:
            if getattr(getattr(module, "__spec__", None), "_initializing", False):
                __import__(
                    name
                )  # another thread is at it (Gnomon's look at the code loads `subprocess`): wait for it
            _loaded(listener, name, module)
    sys.meta_path.insert(0, _Finder(listener, wanted | frozenset(DEAF)))


class _Finder:
    """Stands before the other finders, and has a module that is wanted wrapped once it is there."""

    def __init__(self, listener: Any, wanted: frozenset[str]) -> None:
        self._listener = listener
        self._wanted = wanted
        self._asking: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return what the other finders find."""
        if name not in self._wanted or name in self._asking or not self._listener.is_on:
            return None
        self._asking.add(name)
        try:
            spec = _found(name, path, target, self)
        finally:
            self._asking.discard(name)
        loader = getattr(spec, "loader", None)
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return spec

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _loaded(self._listener, name, module)

        try:
            loader.exec_module = exec_module  # type: ignore[union-attr]
        except AttributeError:
            self._listener.note("deaf", f"{name}: it cannot be wrapped")
        return spec


def _found(name: str, path: Any, target: Any, without: _Finder) -> Any:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if finder is not without and find is not None:
            spec = find(name, path, target)
            if spec is not None:
                return spec
    return None


def _loaded(listener: Any, name: str, module: ModuleType) -> None:
    if name == "subprocess":
        listener.start_processes(module)
    if name in DEAF:
        listener.note("deaf", f"what {DEAF[name]} opens itself")
        return
    for kind, table in _TABLES:
        for attribute, place in table.get(name, {}).items():
            _wrap(listener, module, attribute, place, kind)


def _wrap(listener: Any, module: ModuleType, attribute: str, place: int, kind: str) -> None:
    """Put a wrapper in the place of a function, method or class, where this version of the library has it."""
    owner: Any = module
    *before, last = attribute.split(".")
    for part in before:
        owner = getattr(owner, part, None)
    found = getattr(owner, last, None)
    if found is None or getattr(found, _MARK, False):
        return

    def note(args: tuple[Any, ...], named: dict[str, Any]) -> None:
        if listener.is_on:
            try:
                for what, path in _heard(args, named, place, kind):
                    listener.note(what, path)
            except Exception:  # noqa: BLE001  an odd argument is the library's own to refuse; that it was not heard is said
                listener.note("deaf", f"an argument of {module.__name__}.{attribute} could not be understood")

    try:
        setattr(owner, last, _instead_of(found, note))
    except (AttributeError, TypeError):  # a class that cannot be changed, or extended
        listener.note("deaf", f"{module.__name__}.{attribute} cannot be listened to")


def _instead_of(found: Any, note: Any) -> Any:
    """Return what notes the arguments and does what `found` does; of a class a class, so that instances stay what they were."""
    if (
        isinstance(found, type) and getattr(found, "__init__", None) is object.__init__
    ):  # of C: `__cinit__` takes the arguments

        def begin(_: object, *args: Any, **named: Any) -> None:
            note(args, named)

        about = {"__init__": begin, "__module__": found.__module__, "__doc__": found.__doc__, _MARK: True}
        return type(found.__name__, (found,), about)

    def wrapper(*args: Any, **named: Any) -> Any:
        note(args, named)
        return found(*args, **named)

    for about_it in ("__name__", "__qualname__", "__doc__", "__module__"):
        if isinstance(getattr(found, about_it, None), str):
            setattr(wrapper, about_it, getattr(found, about_it))
    wrapper.__wrapped__ = found  # type: ignore[attr-defined]  # what `inspect.signature` follows
    setattr(wrapper, _MARK, True)
    return wrapper


def _heard(args: tuple[Any, ...], named: dict[str, Any], place: int, kind: str) -> list[tuple[str, str]]:
    """Return what a call does to which files: ("read", path) and ("wrote", path)."""
    value = args[place] if len(args) > place else next((named[key] for key in _PATHS if key in named), None)
    if kind == "sql":
        return _in_sql(value) if isinstance(value, str) else []
    found = []
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, (str, bytes, os.PathLike)) and not os.fsdecode(one).startswith(":"):  # :memory:
            text = os.fsdecode(one)
            mode = _mode(args, named, place, kind)
            if "r" in mode:
                found += [("read", path) for path in _meant(text)]
            if "w" in mode:
                found.append(("wrote", text))
    return found


def _mode(args: tuple[Any, ...], named: dict[str, Any], place: int, kind: str) -> str:
    """Return `r`, `w` or both: what a call does to a file, as its kind and the argument `mode` or `read_only` say."""
    if kind in ("read", "wrote"):
        return kind[0]
    said = args[place + 1] if len(args) > place + 1 else named.get("mode", named.get("read_only"))
    if said is True or (said is None and kind == "container"):
        return "r"
    if not isinstance(said, str):
        return "rw"
    return "rw" if "+" in said or "a" in said else "w" if "w" in said or "x" in said else "r"


def _meant(text: str) -> list[str]:
    """Return the files that a path, a folder or a glob means; none for a URL and for text that is no path."""
    if "://" in text[:20] or "\n" in text or len(text) > 4096:
        return []
    if os.path.isfile(text):
        return [text]
    if os.path.isdir(text):
        found = [os.path.join(place, name) for place, _, names in os.walk(text) for name in names]
        return sorted(found)[:MOST_OF_A_FOLDER]
    if any(char in text for char in "*?["):
        from glob import glob

        return sorted(glob(text, recursive=True))[:MOST_OF_A_FOLDER]
    return []


def _in_sql(query: str) -> list[tuple[str, str]]:
    """Return the files that are named in a query, and whether it reads or writes them."""
    import re

    written = {text.replace("''", "'") for text in re.findall(_COPY_TO, query)}
    found = [("wrote", text) for text in sorted(written)]
    for literal in re.findall(_LITERAL, query):
        text = literal.replace("''", "'")
        if text and text not in written:
            found += [("read", path) for path in _meant(text)]
    return found
