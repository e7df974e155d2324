"""How many different values: a HyperLogLog whose hashes are the same on every machine and in every version.

Numbers are hashed by their 64 bits as a float (so 1 and 1.0 are one value), mixed by a small Feistel network that is written
here twice: in Python, which defines it, and as SQL. Texts are hashed by MD5 of their UTF-8, of which DuckDB has a fast one;
nothing here needs it to be secure. DuckDB's own `hash` may change with its version and is not used.

A sketch is a text: with `2**12` registers (or `2**9` in wide tables) one base64 digit each; while few are set, three digits
for each that is. It keeps no value, and no hash of one. Standard error: 1.04 / sqrt(registers), 1.6 % (4.6 %).
"""

from __future__ import annotations

import hashlib
import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PRECISION = 12
PRECISION_WIDE = 9
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_NUMBER = {digit: place for place, digit in enumerate(_DIGITS)}
_ROUNDS = (
    (0x9E3779B1, 0x85EBCA6B),
    (0xC2B2AE35, 0x27D4EB2F),
    (0x165667B1, 0xD35A2D97),
    (0xFD7046C5, 0xB55A4F09),
)
_MASK = 0xFFFFFFFF


# --- hashes


def number_hash(value: float) -> int:
    """Return 64 bits for a number."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value + 0.0))[0]  # adding zero: -0.0 is 0.0
    left, right = bits >> 32, bits & _MASK
    for first, second in _ROUNDS:
        mixed = ((right * first) >> 16) & _MASK
        left, right = right, left ^ (((mixed * second) >> 15) & _MASK)
    return left << 32 | right


def number_hash_sql(x: str) -> str:
    """Return the same for a DOUBLE, as SQL."""
    bits = f"({x} + 0.0::DOUBLE)::BIT::UBIGINT"
    left, right = f"({bits} >> 32)", f"({bits} & {_MASK}::UBIGINT)"
    for first, second in _ROUNDS:
        mixed = f"((({right} * {first}::UBIGINT) >> 16) & {_MASK}::UBIGINT)"
        left, right = right, f"xor({left}, (({mixed} * {second}::UBIGINT) >> 15) & {_MASK}::UBIGINT)"
    return f"(({left} << 32) | {right})"


def text_hash(text: str) -> int:
    """Return 64 bits for a text."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:], "little")


def text_hash_sql(text: str) -> str:
    """Return the same for a VARCHAR, as SQL."""
    return f"md5_number_lower({text})"


def register_sql(hash_: str, precision: int) -> str:
    """Return register * 64 + rank of a hash, as SQL."""
    rest = f"(({hash_} >> {precision}) | {1 << (64 - precision)}::UBIGINT)"
    rank = f"bit_count(xor({rest}, {rest} - 1::UBIGINT))"
    return f"(({hash_} & {(1 << precision) - 1}::UBIGINT) * 64 + {rank}::UBIGINT)::INTEGER"


# --- sketches


def sketch_of(hashes: Iterable[int], precision: int = PRECISION) -> str:
    """Return the sketch of hashes."""
    registers = bytearray(1 << precision)
    for value in hashes:
        at, rest = value & ((1 << precision) - 1), (value >> precision) | 1 << (64 - precision)
        registers[at] = max(registers[at], (rest & -rest).bit_length())
    return written(registers)


def sketch_of_registers(keys: Iterable[int], precision: int) -> str:
    """Return the sketch of what `register_sql` gave."""
    registers = bytearray(1 << precision)
    for key in keys:
        at, rank = key >> 6, key & 63
        registers[at] = max(registers[at], rank)
    return written(registers)


def written(registers: bytes | bytearray) -> str:
    """Return registers as text: the precision, then all of them, or those that are set."""
    precision = len(registers).bit_length() - 1
    held = [(place, rank) for place, rank in enumerate(registers) if rank]
    if len(held) * 3 >= len(registers):
        return f"{precision:02d}=" + "".join(_DIGITS[rank] for rank in registers)
    return f"{precision:02d}." + "".join(
        _DIGITS[place >> 6] + _DIGITS[place & 63] + _DIGITS[rank] for place, rank in held
    )


def registers_of(sketch: str) -> bytearray:
    """Return the registers of a sketch that `is_sketch`."""
    precision, digits = int(sketch[:2]), sketch[3:]
    if sketch[2] == "=":
        return bytearray(_NUMBER[digit] for digit in digits)
    registers = bytearray(1 << precision)
    for at in range(0, len(digits), 3):
        registers[_NUMBER[digits[at]] << 6 | _NUMBER[digits[at + 1]]] = _NUMBER[digits[at + 2]]
    return registers


def is_sketch(text: str) -> bool:
    """Tell whether a text is a sketch, or none at all."""
    if not text:
        return True
    if text[:2] not in ("09", "12") or not _NUMBER.keys() >= set(text[3:]):
        return False
    registers = 1 << int(text[:2])
    if text[2:3] == "=":
        return len(text) == 3 + registers
    digits = text[3:]
    return (
        text[2:3] == "."
        and len(digits) % 3 == 0
        and len(digits) <= registers
        and all(
            _NUMBER[digits[at]] << 6 | _NUMBER[digits[at + 1]] < registers for at in range(0, len(digits), 3)
        )
    )


def merged_sketch(a: str, b: str) -> str:
    """Return the sketch of the values of both: exactly that of all values together."""
    if not a or not b:
        return a or b
    precision = min(int(a[:2]), int(b[:2]))
    pairs = zip(_folded(registers_of(a), precision), _folded(registers_of(b), precision), strict=True)
    return written(bytes(max(pair) for pair in pairs))


def _folded(registers: bytearray, precision: int) -> bytearray:
    """Return registers at a lower precision, as if they had been made so."""
    extra = len(registers).bit_length() - 1 - precision
    if not extra:
        return registers
    folded = bytearray(1 << precision)
    for place, rank in enumerate(registers):
        if rank:
            at, above = place & ((1 << precision) - 1), place >> precision
            folded[at] = max(folded[at], (above & -above).bit_length() if above else extra + rank)
    return folded


def estimate(sketch: str) -> int:
    """Return about how many different values went into a sketch (Ertl 2017, "New cardinality estimation algorithms", alg. 6)."""
    if not sketch:
        return 0
    registers = registers_of(sketch)
    size, precision = len(registers), len(registers).bit_length() - 1
    most = 64 - precision + 1
    held = [0] * (most + 1)
    for rank in registers:
        held[min(rank, most)] += 1
    z = size * _tau(1 - held[most] / size)
    for rank in range(most - 1, 0, -1):
        z = 0.5 * (z + held[rank])
    z += size * _sigma(held[0] / size)
    if not z or math.isinf(z):
        return 0
    return round(size * size / (2 * math.log(2) * z))


def error(sketch: str) -> float:
    """Return the standard error of an estimate, as a share of it."""
    return 1.04 / math.sqrt(1 << int(sketch[:2])) if sketch else 0.0


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
