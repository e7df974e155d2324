"""The kinds of entry about a version of data (subject `data:<id>`, 20 random hex digits).

| kind | body | folded as |
|---|---|---|
| `data.added` | name, number, parents, object, is_tree, size, files, file_name, message, notes, reference, … | the version |
| `data.tagged` | tags | an observed-remove set: an entry that covers it takes its tags back |
| `data.described` | field, value | for each field of `DESCRIBED` a register |
| `data.profiled` | object, size, rows, columns, keeps_values, column_names, or note | its profile; of several the latest |
| `data.erased` | reason, tombstone, objects, bytes, stays | its bytes were taken out; of several the earliest |
| `data.checked` | contract, contract_name, is_code, verdict, rows, outcomes, … | what came of a contract; of each the latest |

`…` are the facts that `DESCRIBED` lists. `object` is the file, or the tree of the folder; a URL has none. `parents` are the ids
of the versions that had no successor. `reference` holds place (a path or URL), kind, and what is known of the state there:
mtime_ns, etag, modified, version. Why a version and not a data set is the subject: docs/internals/data.md.
"""

from __future__ import annotations

ADDED = "data.added"
TAGGED = "data.tagged"
DESCRIBED_AS = "data.described"
PROFILED = "data.profiled"
CHECKED = "data.checked"
ERASED = "data.erased"

DESCRIBED = ("licence", "origin", "sensitivity", "legal_basis", "retention")
VERSION_ID_BYTES = 10


def data_subject(version: str) -> str:
    """Return the subject that entries about a version of data name."""
    return f"data:{version}"
