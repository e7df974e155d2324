"""What is in a data file or folder: types, ranges, missing, distinct values, distributions; and what moved between versions.

    profile_of("credit.csv")             a `Profile`: JSON-like, versioned, bounded in size whatever the data
    merged(a, b)                         the profile of both parts together
    difference(old, new)                 columns, types, rows, missing, distributions: from two profiles alone
    rows_difference(old_path, new_path)  added, removed and changed rows: reads both files
    lines(profile), lines(difference)    all of these as lines for a terminal

Always true: the same rows give the same profile, byte for byte, in whatever order they stand; reading takes bounded memory;
texts that look like people or identifiers are not kept. What is kept, and how far the sketches err:
docs/explanation/data-profiles.md.
"""

from __future__ import annotations

from gnomon.data.profile.build import profile_of
from gnomon.data.profile.difference import Difference, difference
from gnomon.data.profile.lines import lines
from gnomon.data.profile.merge import merged
from gnomon.data.profile.profile import Profile
from gnomon.data.profile.rows import RowsDifference, rows_difference

__all__ = [
    "Difference",
    "Profile",
    "RowsDifference",
    "difference",
    "lines",
    "merged",
    "profile_of",
    "rows_difference",
]
