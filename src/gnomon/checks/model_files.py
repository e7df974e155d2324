"""Models from files, without running what the file says: skops with a reviewed list of types, ONNX as a graph of numbers.

Always true: no pickle and no joblib file is ever opened, whatever its name; a type that nobody reviewed is named in the error
and nothing is loaded; what is loaded has the bytes whose digest the evidence gives.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.checks.model_types import unreviewed
from gnomon.errors import BadArgumentError, DamagedFileError, MissingExtraError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

SKOPS, ONNX = ".skops", ".onnx"
_PICKLES = {".pkl", ".pickle", ".joblib", ".jbl", ".sav", ".dill", ".cloudpickle", ".p"}
_TORCH = {".pt", ".pth", ".ckpt", ".bin"}
_LIST = re.compile(r"\[[^\[\]]*\]")
_UNPACKED = 1 << 30  # bytes; a file may unpack to more only where it is not packed a hundredfold
_HOW_TO_SAVE = "save it with `skops.io.dump(model, 'model.skops')`, or load it yourself and give the model"


def loaded(
    path: Path, trusted: Sequence[str | type], argument: str
) -> tuple[Any, dict[str, object], list[str]]:
    """Return a model, what the evidence says of its file, and what was warned of while it was read.

    Raises MissingFileError, BadArgumentError (a kind of file or a type that is not loaded), DamagedFileError, MissingExtraError.
    """
    if path.is_dir():
        raise BadArgumentError(f"`{argument}`: `{path}` is a folder", hint="name the file of the model in it")
    if not path.exists():
        raise MissingFileError(f"`{argument}`: there is no file `{path}`")
    data = path.read_bytes()
    _require_readable(path, data, argument)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        if path.suffix.lower() == ONNX:
            model = _of_onnx(path, data, argument)
        else:
            model = _of_skops(path, data, _names_of(trusted), argument)
    from blake3 import blake3

    evidence = {"path": path.name, "digest": blake3(data).hexdigest(), "size": len(data)}
    return model, evidence, said(heard)


def said(heard: Sequence[warnings.WarningMessage]) -> list[str]:
    """Return warnings as texts of one line, each text once. What is said to programmers is left out, and so are lists in
    brackets: scikit-learn lists values of the data in them.
    """
    found: dict[str, None] = {}
    for one in heard:
        if issubclass(one.category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
            continue
        words = _LIST.sub("[…]", " ".join(str(one.message).split()))
        found[f"{one.category.__name__}: {text.cut(text.clean(words), 200)}"] = None
    return list(found)


def _require_readable(path: Path, data: bytes, argument: str) -> None:
    kind = path.suffix.lower()
    if kind in _PICKLES or _is_pickle(data):
        name = "" if kind in _PICKLES else f", whatever the name `{kind}` says"
        raise BadArgumentError(
            f"`{argument}`: `{path}` is a pickle{name}, and loading a pickle runs whatever code is in it, so Gnomon never does",
            hint=_HOW_TO_SAVE,
        )
    if kind not in (SKOPS, ONNX):
        known = "a file of PyTorch" if kind in _TORCH else "of no kind that is loaded"
        raise BadArgumentError(
            f"`{argument}`: `{path}` is {known}; models are read from `.skops` and `.onnx`",
            hint=_HOW_TO_SAVE,
        )


def _is_pickle(data: bytes) -> bool:
    """Return whether the bytes begin as a pickle does, or as joblib's packed ones (zlib, gzip, bz2, xz, lzma, lz4)."""
    if len(data) > 1 and data[0] == 0x80 and data[1] <= 5:
        return True
    packed = (
        b"x\x01",
        b"x\x9c",
        b"x\xda",
        b"x^",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"]\x00\x00",
        b"\x04\x22M\x18",
        b"ZF",
    )
    return data.startswith(packed)


def _names_of(trusted: Sequence[str | type]) -> list[str]:
    if isinstance(trusted, str) or not all(isinstance(one, (str, type)) for one in trusted):
        raise BadArgumentError(
            f"`trusted` must be a list of full names of types; got {trusted!r}",
            hint='for instance `trusted=["mypackage.steps.Rounded"]`',
        )
    return [one if isinstance(one, str) else f"{one.__module__}.{one.__qualname__}" for one in trusted]


# ---------------------------------------------------------------- skops


def _of_skops(path: Path, data: bytes, trusted: Sequence[str], argument: str) -> Any:
    try:
        import skops.io
    except ImportError:
        raise MissingExtraError(
            "models from `.skops` files need the library `skops`", hint="`pip install 'gnomon[trust]'`"
        ) from None
    _require_archive(path, data)
    try:
        asked = skops.io.get_untrusted_types(data=data)
    except Exception as error:
        raise _damaged(path, error) from error
    unknown = unreviewed({*asked} - {*trusted})
    if unknown:
        named = ", ".join(f"`{one}`" for one in unknown[:8]) + (", …" if len(unknown) > 8 else "")
        raise BadArgumentError(
            f"`{argument}`: `{path}` holds types that are not on the list of those that are safe to load: {named}",
            hint=f"where you know them and the file's origin: `trusted={unknown}`",
        )
    try:
        model = skops.io.loads(data, trusted=asked)
    except ImportError as error:
        raise MissingExtraError(
            f"`{argument}`: the model in `{path}` needs the library `{error.name}`",
            hint=f"`pip install {error.name}`",
        ) from error
    except Exception as error:
        raise _damaged(path, error) from error
    from gnomon.checks.model_trees import require_sound

    require_sound(model, str(path))
    return model


def _require_archive(path: Path, data: bytes) -> None:
    """A `.skops` file is an archive with `schema.json`, that does not unpack to more than a machine holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names, size = archive.namelist(), sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _damaged(path, error) from error
    if "schema.json" not in names:
        raise DamagedFileError(f"`{path}` is an archive, but none that skops wrote", hint=_HOW_TO_SAVE)
    if size > max(_UNPACKED, 100 * len(data)):
        raise DamagedFileError(
            f"`{path}` says that it unpacks to {size:,} bytes, from {len(data):,}",
            hint="no model is packed so tightly; get the file again from where the model was trained",
        )


def _damaged(path: Path, error: Exception) -> DamagedFileError:
    first = str(error).strip().partition("\n")[0]
    return DamagedFileError(
        f"`{path}` cannot be read as a skops file: {type(error).__name__}{': ' + first if first else ''}",
        hint="the file is damaged, or was written by another version of skops",
    )


# ---------------------------------------------------------------- ONNX


def _of_onnx(path: Path, data: bytes, argument: str) -> Any:
    try:
        onnxruntime = import_module("onnxruntime")
    except ImportError:
        raise MissingExtraError(
            f"`{argument}`: models from `.onnx` files need the library `onnxruntime`",
            hint="`pip install onnxruntime`",
        ) from None
    try:
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise DamagedFileError(f"`{path}` cannot be read as an ONNX model: {first}") from error
    return OnnxModel(session)


class OnnxModel:
    """A model in ONNX, with `predict` and, where it gives chances, `predict_proba`.

    One input of shape (n, columns) takes a table of numbers in its order; inputs of shape (n, 1) take a column each, by name.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = session.get_inputs()
        if len(self._inputs) > 1:
            self.feature_names_in_ = [one.name for one in self._inputs]
        width = len(self._inputs) if len(self._inputs) > 1 else self._inputs[0].shape[-1]
        if isinstance(width, int):  # else it takes any number
            self.n_features_in_ = width
        self.names = [one.name for one in session.get_outputs()]

    def predict(self, table: Any) -> Any:
        """Return a label, or a number, a row."""
        return self._session.run([self.names[0]], self._fed(table))[0]

    def predict_proba(self, table: Any) -> Any:
        """Return a chance a class for each row, in the order of the classes. Raises AttributeError where it gives none."""
        import numpy as np

        if len(self.names) < 2:
            raise AttributeError("the model gives no chances")
        found = self._session.run([self.names[1]], self._fed(table))[0]
        return np.array([list(one.values()) for one in found]) if isinstance(found, list) else found

    def _fed(self, table: Any) -> dict[str, Any]:
        import numpy as np

        def column(values: Any, kind: str) -> Any:
            if kind == "tensor(string)":
                return np.asarray(values, dtype=object)
            name = kind[7:-1]  # of "tensor(float)"
            return np.asarray(values).astype({"float": "float32", "double": "float64"}.get(name, name))

        if len(self._inputs) == 1:
            one = self._inputs[0]
            return {one.name: column(table, one.type)}
        return {one.name: column(table[one.name], one.type).reshape(-1, 1) for one in self._inputs}
