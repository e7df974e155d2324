"""What `gnomon verify` and `gnomon doctor` say about a file: one shape for logs, bundles, WALs, segments and packs."""

from __future__ import annotations

import msgspec

DAMAGE = "damage"
NOTICE = "notice"
UNKNOWN = "unknown"


class Problem(msgspec.Struct, frozen=True):
    """One finding.

    `file` is the path that was checked; `where` the place in it (`byte 1066`, `line 3`, `run 4f1d…`), '' for the whole
    file; `what` is wrong; `advice` is the next step. `severity` is 'damage' where bytes are not what was written,
    'unknown' where they are of a version or format that this Gnomon does not read, so that nobody can tell, and
    'notice' for what an ordinary crash leaves behind, which nobody has to act on.
    """

    file: str
    where: str
    what: str
    advice: str
    severity: str = DAMAGE

    def __str__(self) -> str:
        place = f"{self.file}, {self.where}" if self.where else self.file
        return f"{place}: {self.what}"
