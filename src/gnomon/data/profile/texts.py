"""Plain text: bytes, lines, words, the longest line, a guess at the encoding. Read in pieces, so a line may have any length."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gnomon.data.profile.kinds import encoding_of, unpacked, unpacking_errors
from gnomon.data.profile.profile import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PIECE = 1 << 20


def texts_of(paths: Iterable[Path]) -> tuple[Texts, list[str]]:
    """Return the counts of these files together, and what could not be read."""
    files = size = lines = words = longest = 0
    encodings: Counter[str] = Counter()
    notes = []
    for path in paths:
        files += 1
        encoding, is_inside, here, last, read = "", False, 0, b"", 0
        try:
            with unpacked(path) as file:
                while piece := file.read(_PIECE):
                    encoding = encoding or encoding_of(piece) or "binary"
                    read += len(piece)
                    lines += piece.count(b"\n")
                    words += len(piece.split()) - (is_inside and not piece[:1].isspace())
                    is_inside = not piece[-1:].isspace()
                    first, *others = piece.split(b"\n")
                    here += len(first)
                    longest = max(longest, here)
                    if others:
                        longest = max(longest, *map(len, others))
                        here = len(others[-1])
                    last = piece[-1:]
        except unpacking_errors() as error:
            notes.append(f"{path.name}: read up to byte {read:,} only: {error}"[:200])
        size += read
        lines += last not in (b"", b"\n")
        encodings[encoding or "empty"] += 1
    found = dict(sorted(encodings.items(), key=lambda item: (-item[1], item[0]))[:8])
    return Texts(
        files=files, bytes=size, lines=lines, words=words, longest_line=longest, encodings=found
    ), notes
