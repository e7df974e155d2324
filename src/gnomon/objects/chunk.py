"""Cut bytes where their content says so, so that an edit changes the chunks around it and no others.

The rule is part of the format and never changes: equal bytes give equal cuts on every machine, with or
without the compiled cutter. `pyfastcdc` is used where it is there and still gives the frozen cuts
(12 GB against 70 MB a second of processor time); it is asked once a process, and replaced by the
plain loop below if it answers otherwise.

Always true: a cut depends on the bytes since the cut before it, and on nothing else.
Format: docs/internals/record-format.md, "Objects"; reasons: docs/internals/objects.md.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Callable


class Rule(NamedTuple):
    """How a file is cut: no chunk ends in its first `least` bytes, each byte then ends it with 1 / `odds`."""

    least: int
    most: int
    mask: int  # as many bits as make the odds


FINE = Rule(48 << 10, 256 << 10, 0x0000D90313530000)  # 1 in 2^14: 64 KiB on average
MIDDLE = Rule(192 << 10, 1 << 20, 0x0000D90303537000)  # 1 in 2^16: 256 KiB
COARSE = Rule(768 << 10, 4 << 20, 0x0000D90707537000)  # 1 in 2^18: 1 MiB

# One number for each value of a byte: the first 8 bytes of the MD5 of 64 such bytes, big-endian.
GEAR = [
    int.from_bytes(hashlib.md5(bytes([value]) * 64, usedforsecurity=False).digest()[:8], "big")
    for value in range(256)
]

# The cuts of the first 2^19 bytes of BLAKE3's output for no input, by `FINE`.
_PROOF_SIZE = 1 << 19
PROOF = (59111, 119348, 173959, 225805, 307314, 356639, 406447, 480825, 524288)

_cutter: Callable[[bytes, int, Rule], list[int]] | None = None


def rule_for(size: int) -> Rule:
    """Return how a file of this size is cut: coarser where chunks would be too many to know by heart."""
    if size <= 16 << 30:
        return FINE
    return MIDDLE if size <= 256 << 30 else COARSE


def cut_ends(data: bytes, start: int, is_end: bool, rule: Rule) -> list[int]:
    """Return where chunks end in `data`, from `start`, which is where one begins.

    Unless `is_end`, the bytes of the file go on after `data`: then only ends are returned that they cannot
    change, and what follows the last one must be given again, with more.
    """
    global _cutter
    if _cutter is None:
        _cutter = _compiled_cutter() or plain_ends
    ends = _cutter(data, start, rule)
    if not is_end:
        while ends and (ends[-2] if len(ends) > 1 else start) + rule.most > len(data):
            ends.pop()
    return ends


def plain_ends(data: bytes, start: int, rule: Rule) -> list[int]:
    """Return where chunks end, as if `data` were all: the rule itself, in Python."""
    ends = []
    while start < len(data):
        start += _first_end(data[start : start + rule.most], rule)
        ends.append(start)
    return ends


def _first_end(data: bytes, rule: Rule) -> int:
    gear, mask, rolling = GEAR, rule.mask, 0
    # 48 bits are looked at, so the bits above them may fall off whenever that is convenient.
    for place in range(rule.least, len(data) // 2 * 2):
        rolling = ((rolling << 1) + gear[data[place]]) & 0xFFFFFFFFFFFFFFFF
        if not rolling & mask:
            return place
    return len(data)


def proof_bytes() -> bytes:
    """Return the bytes whose cuts are frozen."""
    return blake3(b"").digest(length=_PROOF_SIZE)


def _compiled_cutter() -> Callable[[bytes, int, Rule], list[int]] | None:
    """Return the compiled cutter; None where it is not installed or not the one that the format means."""
    try:
        from pyfastcdc.cy import FastCDC
    except ImportError:  # no wheel for this machine
        return None
    cutters = {
        rule: FastCDC(rule.least, min_size=rule.least, max_size=rule.most, normalized_chunking=2, seed=0)
        for rule in (FINE, MIDDLE, COARSE)
    }

    def compiled_ends(data: bytes, start: int, rule: Rule) -> list[int]:
        cutter = cutters.get(rule)
        if cutter is None:
            return plain_ends(data, start, rule)
        return [start + one.offset + one.length for one in cutter.cut_buf(memoryview(data)[start:])]

    return compiled_ends if tuple(compiled_ends(proof_bytes(), 0, FINE)) == PROOF else None
