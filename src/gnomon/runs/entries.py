"""The kinds of entry about a run (subject `run:<id>`), and their bodies.

| kind | body | folded as |
|---|---|---|
| `run.created` | name, params, seed, group, parent, rank, world_size | the run itself; several processes may each write one |
| `run.joined` | rank, world_size, continues, step | another process of the run; `continues` cites the row it goes on from |
| `run.ended` | status, error, lost_rows, lost_values, unusable_values, last_step | keyed by process (log) |
| `run.params` | params | added to the parameters; keyed by name |
| `run.renamed` | name | a register |
| `run.tagged` | tags | an observed-remove set: an entry that covers it takes its tags back |
| `run.noted` | text (Markdown), of | a note; `over` replaces an earlier one |
| `run.kept` | name, object, size, files, is_tree | a file or folder of the run |
| `run.removed` | removed | a register: true hides the run from lists, false brings it back |
"""

from __future__ import annotations

CREATED = "run.created"
JOINED = "run.joined"
ENDED = "run.ended"
PARAMS = "run.params"
RENAMED = "run.renamed"
TAGGED = "run.tagged"
NOTED = "run.noted"
KEPT = "run.kept"
REMOVED = "run.removed"

KINDS = frozenset({CREATED, JOINED, ENDED, PARAMS, RENAMED, TAGGED, NOTED, KEPT, REMOVED})
STATUSES = ("finished", "failed", "stopped")
