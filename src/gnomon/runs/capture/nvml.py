"""How busy the NVIDIA GPUs are, through `pynvml` (package nvidia-ml-py) where it is installed.

Always true: nothing is imported where no driver of NVIDIA is loaded; a failure to load is told once, as text; a figure
that a GPU does not give (three times in a row) is not asked for again; nothing raises.
Only GPUs that this process may use count: those that CUDA_VISIBLE_DEVICES names, as far as its numbers are those of the
driver (all GPUs of one model, or CUDA_DEVICE_ORDER=PCI_BUS_ID); else all. `<n>` is the number that nvidia-smi shows.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs.capture.gpus import has_nvidia_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTE_MISSING = "an NVIDIA GPU is here but nvidia-ml-py is not: pip install gnomon[gpu]"
_MAX_FAILURES = 3


class _Gpu(NamedTuple):
    number: int
    handle: Any
    name: str
    uuid: str


class Gpus:
    """The GPUs of this process, open for questions."""

    def __init__(self, pynvml: Any, environ: Mapping[str, str]) -> None:
        """Find the GPUs. NVML's own errors come through; `open_gpus` catches them."""
        self._pynvml = pynvml
        pynvml.nvmlInit()
        found = [_gpu(pynvml, number) for number in range(pynvml.nvmlDeviceGetCount())]
        self._gpus = _visible(found, environ)
        self._failures: dict[tuple[int, str], int] = {}

    def sample(self) -> dict[str, float]:
        """Return the figures of each GPU, those that it gives."""
        row: dict[str, float] = {}
        for gpu in self._gpus:
            for name, ask in self._questions(gpu.handle):
                failures = self._failures.get((gpu.number, name), 0)
                if failures >= _MAX_FAILURES:
                    continue
                try:
                    row[f"system/gpu/{gpu.number}/{name}"] = float(ask())
                except Exception:  # noqa: BLE001 - NVML's error type is not ours to import; counted, then left
                    self._failures[gpu.number, name] = failures + 1
                else:
                    self._failures.pop((gpu.number, name), None)
        return row

    def close(self) -> None:
        """Give the driver's library back; it counts its users."""
        try:
            self._pynvml.nvmlShutdown()
        except Exception:  # noqa: BLE001, S110 - at the end there is nobody left who could act on it
            pass

    def _questions(self, handle: Any) -> tuple[tuple[str, Callable[[], float]], ...]:
        nvml = self._pynvml
        return (
            ("utilization_percent", lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            ("memory_bytes", lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used),
            (
                "temperature_celsius",
                lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
            ),
            ("power_watts", lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000.0),
        )


def open_gpus(environ: Mapping[str, str], root: str = "/") -> tuple[Gpus | None, str]:
    """Return the GPUs and an empty note, or None and the reason (empty where there is simply no such GPU)."""
    if not has_nvidia_driver(root):
        return None, ""
    try:
        pynvml = importlib.import_module("pynvml")
    except ImportError:
        return None, NOTE_MISSING
    except Exception as error:  # noqa: BLE001 - a broken package must not stop the sampler; the note says so
        return None, f"nvidia-ml-py cannot be loaded: {type(error).__name__}"
    try:
        return Gpus(pynvml, environ), ""
    except Exception as error:  # noqa: BLE001 - as above: the driver and the library may not fit together
        return None, f"the driver of the NVIDIA GPU does not answer: {type(error).__name__}: {error}"


def _gpu(pynvml: Any, number: int) -> _Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(number)
    return _Gpu(
        number, handle, _text(pynvml.nvmlDeviceGetName(handle)), _text(pynvml.nvmlDeviceGetUUID(handle))
    )


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _visible(gpus: list[_Gpu], environ: Mapping[str, str]) -> list[_Gpu]:
    asked = environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None:
        return gpus
    is_same_order = len({gpu.name for gpu in gpus}) <= 1 or environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    found: list[_Gpu] = []
    for word in (word.strip() for word in asked.split(",")):
        if word.isdecimal():
            if not is_same_order:
                return gpus
            matching = [gpu for gpu in gpus if gpu.number == int(word)]
        elif word.startswith("GPU-"):
            matching = [gpu for gpu in gpus if gpu.uuid.startswith(word)]
        elif word.startswith("MIG-"):
            return gpus  # a part of a GPU: which one it belongs to is not in its name
        else:
            matching = []
        if not matching:
            break  # CUDA ignores a word that names none, and all words after it
        found += [gpu for gpu in matching if gpu not in found]
    return found
