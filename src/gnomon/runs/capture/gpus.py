"""Which GPUs this machine has, from the files of their drivers.

Always true: no process is started and no library of a vendor is loaded; nothing raises; what the driver does not say is
left out. NVIDIA's driver writes no size of memory into a file, so that is known of AMD's only; serial numbers and
unique ids are never read into the result.
Not seen: GPUs under WSL (no such files there) and Apple's, which are a part of the processor that `cpu` names.
"""

from __future__ import annotations

from gnomon.runs.capture.small_files import fields_of, first_line, is_there, names_in, number_in, text_of

_NVIDIA = "proc/driver/nvidia"
_CARDS = "sys/class/drm"
_NODES = "sys/class/kfd/kfd/topology/nodes"
_AMD_VENDOR = "0x1002"


def gpu_facts(root: str = "/") -> list[dict[str, object]]:
    """Return name, size of memory and driver of each GPU, in the order of their addresses."""
    return _nvidia(root) + (_amd_cards(root) or _amd_nodes(root))


def has_nvidia_driver(root: str = "/") -> bool:
    """Return whether a driver of NVIDIA is loaded (under WSL too)."""
    return (
        is_there(root, f"{_NVIDIA}/version") or is_there(root, "dev/nvidiactl") or is_there(root, "dev/dxg")
    )


def _nvidia(root: str) -> list[dict[str, object]]:
    driver = _nvidia_driver(root)
    found: list[dict[str, object]] = []
    for address in names_in(root, f"{_NVIDIA}/gpus"):
        about = fields_of(text_of(root, f"{_NVIDIA}/gpus/{address}/information"), ":")
        name = about.get("Model")
        if name:
            found.append({"name": name, **({"driver": driver} if driver else {})})
    return found


def _nvidia_driver(root: str) -> str:
    """Return the version in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue ...`."""
    for word in first_line(root, f"{_NVIDIA}/version").split():
        if "." in word and word.replace(".", "").isdecimal():
            return word
    return ""


def _amd_cards(root: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for card in names_in(root, _CARDS):
        device = f"{_CARDS}/{card}/device"
        if "-" in card or not card.startswith("card") or first_line(root, f"{device}/vendor") != _AMD_VENDOR:
            continue
        code = first_line(root, f"{device}/device")
        name = first_line(root, f"{device}/product_name") or f"AMD GPU {code}".strip()
        found.append(_amd(root, name, number_in(root, f"{device}/mem_info_vram_total")))
    return found


def _amd_nodes(root: str) -> list[dict[str, object]]:
    """Return the GPUs among the nodes of AMD's compute driver (a container may see these only)."""
    found: list[dict[str, object]] = []
    for node in names_in(root, _NODES):
        about = fields_of(text_of(root, f"{_NODES}/{node}/properties"), " ")
        if about.get("simd_count", "0") == "0":
            continue  # a processor
        banks = f"{_NODES}/{node}/mem_banks"
        sizes = [
            fields_of(text_of(root, f"{banks}/{bank}/properties"), " ").get("size_in_bytes", "")
            for bank in names_in(root, banks)
        ]
        memory = sum(int(size) for size in sizes if size.isdecimal())
        found.append(_amd(root, first_line(root, f"{_NODES}/{node}/name") or "AMD GPU", memory))
    return found


def _amd(root: str, name: str, memory_bytes: int | None) -> dict[str, object]:
    facts: dict[str, object] = {"name": name}
    if memory_bytes:
        facts["memory_bytes"] = memory_bytes
    driver = first_line(root, "sys/module/amdgpu/version")
    if driver:
        facts["driver"] = driver
    return facts
