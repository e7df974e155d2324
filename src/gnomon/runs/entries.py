"""The kinds of entry about a run (subject `run:<id>`), its rich values (`values:<id>`) and a process (`process:<log>`).

| kind | body | folded as |
|---|---|---|
| `run.created` | name, label, params, seed, group, parent, rank, world_size, … | the run; processes may each write one |
| `run.joined` | rank, world_size, continues, step | another process of the run; `continues` cites the row it goes on from |
| `run.ended` | status, error, traceback, lost_rows, lost_values, unusable_values, last_step, … | keyed by process (log) |
| `run.params` | params, seed | added to the parameters; keyed by name |
| `run.renamed` | name | a register |
| `run.tagged` | tags | an observed-remove set: an entry that covers it takes its tags back |
| `run.noted` | text (Markdown), of, since_us | a note; `over` replaces an earlier one |
| `run.kept` | name, object, size, files, is_tree | a file or folder of the run |
| `run.used` | name, dataset, number, version, object, size, files, is_tree, how, note, at | data that it used |
| `run.watched` | wrote, not_heard, left_out, heard, is_of_command, hashed_bytes, … | keyed by process |
| `run.replicated` | by, verdict, swapped, gaps, metrics, notes, … | somebody made it again; keyed by entry |
| `run.explained` | a, b, metric, verdict, shares, … | why two runs differ, on both; a later answer covers an earlier one |
| `run.removed` | removed | a register: true hides the run from lists, false brings it back |
| `process.captured` | parts, pending, withheld, objects, files | what a process was; of each part the later counts |
| `process.console` | pieces, skipped_bytes, is_tail, is_last | what it printed; a tail replaces the one before |
| `process.cell` | nth, cell, source, status, started_us, outputs, … | a notebook's cell, at its start and then over that |
| `process.exited` | code, signal, duration_s, cpu_s, peak_memory_bytes, loaded | how it ended, what of the project it loaded |
| `values.logged` | values: series, step, rank, kind, meta, parts, notes | `parts` are [name, media type, object, size] |

`run.created` also has launcher, options (of the command), pick, told, repeats, trial, given; `run.ended` also unread.
`pick` and `told` say what a launcher was asked to pick, and which of seed, group and parameters were given to it.
`repeats` ({run, for, swapped}) says that a run was made from another one's recipe, `trial` ({sweep, number}) that a sweep
made it; `given` ({params: {name: value}, seed, data: {name: version}}) says what came from outside, `unread` which of it
nobody read. `at` is where data lay, below the project. More in docs/internals/reproduce.md.

Of a note that was edited, `of` is the hash of its first entry and `since_us` when that was written.

`objects` names a tree of captured files for each part; a few small ones stand in `files` themselves. `label` is what a
run without a name is called: the script's name. A `launcher` is the process that runs a command
(`gnomon run -- …`): its end is the run's end. A process is named by the log that it writes.

`wrote` of `run.watched` are [name, object, size, note]; `not_heard` says where files may have been opened unheard, `left_out`
counts files by why they do not count; it has hash_s, too.

A cell also has execution_count (of `In [n]`), duration_s, error, source_size, outputs_left_out; `cell` is its id. An output has
a kind (stream, display, result, error) and name, text, plain, markdown, latex, sizes, traceback, skipped_bytes; objects
([media type, object, size]), left_out ([media type, size]). The part `notebook` of a process holds name, cells (ids of the file,
from top to bottom), left_out.
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
USED = "run.used"
WATCHED = "run.watched"
REPLICATED = "run.replicated"
EXPLAINED = "run.explained"

CAPTURED = "process.captured"
CONSOLE = "process.console"
CELL = "process.cell"
EXITED = "process.exited"
LOGGED = "values.logged"

KINDS = frozenset(
    {CREATED, JOINED, ENDED, PARAMS, RENAMED, TAGGED, NOTED, KEPT, REMOVED, USED, WATCHED, REPLICATED}
)
STATUSES = ("finished", "failed", "stopped")
IDENTICAL, ROUNDING, WITHIN, DIFFERS, CANNOT_RUN, CANNOT_TELL = (
    "identical", "identical up to rounding", "within the spread of its seeds", "differs", "cannot run", "cannot tell"
)  # fmt: skip
VERDICTS = (IDENTICAL, ROUNDING, WITHIN, DIFFERS, CANNOT_RUN, CANNOT_TELL)
CELL_STATUSES = ("running", "ok", "error")
