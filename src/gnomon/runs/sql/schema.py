"""The tables that SQL sees: their columns, types and meaning. docs/reference/sql.md is made from this (tests/docs/sql_page.py).

Always true: what is here stays: tables and columns are added, never taken away, renamed or given another type
(tests/golden/test_sql_schema.py). A column marked `by_name` is not in `select *`: it is there when a query names it.
"""

from __future__ import annotations

from typing import NamedTuple

TEXT, WHOLE, NUMBER, TRUTH, TEXTS = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR[]"
TIME, JSON, FIELDS = "TIMESTAMP WITH TIME ZONE", "JSON", "STRUCT"


class Column(NamedTuple):
    """One column. A STRUCT has a field for each name that the record has (`params.lr`)."""

    name: str
    type: str
    meaning: str
    by_name: bool = False


class Table(NamedTuple):
    """One table."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Return a column by its name; case makes no difference."""
        return next((column for column in self.columns if column.name == name.lower()), None)


_RUN = Column("run", TEXT, "id of the run")
_LOG = Column("log", TEXT, "id of the log that the process writes: its name")
_LAST_OF = "of the lowest rank that logged it"

_TABLES = (
    Table(
        "runs",
        "one row a run",
        (
            Column("id", TEXT, "its id"),
            Column("name", TEXT, "its name, else that of its script"),
            Column("status", TEXT, "running, finished, failed, stopped, interrupted or unknown"),
            Column("group", TEXT, 'its group; the word belongs to SQL, so write `"group"` or `runs.group`'),
            Column("seed", WHOLE, "its seed"),
            Column("tags", TEXTS, "its tags"),
            Column("author", TEXT, "the member who made it; NULL before the record has members"),
            Column("created", TIME, "when it was made"),
            Column("ended", TIME, "when its last process ended; NULL while one is open"),
            Column("duration_s", NUMBER, "how long it took, in seconds"),
            Column("parent", TEXT, "id of the run that it belongs to"),
            Column("command", TEXT, "the command line"),
            Column("script", TEXT, "the script"),
            Column("code", "STRUCT(commit VARCHAR, branch VARCHAR, dirty BOOLEAN, fingerprint VARCHAR)", "the state of the code"),
            Column("python", TEXT, "the version of Python"),
            Column("machine", "STRUCT(system VARCHAR, cpu VARCHAR, cpus BIGINT, memory_bytes BIGINT)", "the machine"),
            Column("exit_code", WHOLE, "the exit code of its command"),
            Column("cpu_s", NUMBER, "processor time of its command, in seconds"),
            Column("peak_memory_bytes", WHOLE, "the most memory that its command had"),
            Column("removed", TRUTH, "whether it is hidden; hidden runs are there with `--with-removed` only"),
            Column("params", FIELDS, "its parameters: `params.lr`, `params.model.depth`; whole: all of them"),
            Column("metrics", FIELDS, f"the last value of each series, {_LAST_OF}: `metrics.loss`; whole: without `system/…`"),
            Column("metrics_min", FIELDS, "the smallest value of each series", by_name=True),
            Column("metrics_max", FIELDS, "the largest value of each series", by_name=True),
            Column("metrics_count", FIELDS, "how many values each series has", by_name=True),
            Column("metrics_step", FIELDS, "the step of the last value of each series", by_name=True),
            Column("package", FIELDS, "the version of each Python package: `package.numpy`", by_name=True),
            Column("env", FIELDS, "the environment variables that were recorded: `env.CUDA_VISIBLE_DEVICES`", by_name=True),
            Column("seed_group", TEXT, "name of its seed group in `groups`; NULL where it is in none", by_name=True),
        ),
    ),
    Table(
        "params",
        "one row a parameter of a run",
        (
            _RUN,
            Column("name", TEXT, "its name, with dots where it was nested: `model.depth`"),
            Column("value", TEXT, "its value as text; lists as JSON; cut after 200 characters"),
            Column("number", NUMBER, "its value where it is a number, else NULL"),
        ),
    ),
    Table(
        "metrics",
        f"one row a series of a run: figures without the points, {_LAST_OF}",
        (
            _RUN,
            Column("name", TEXT, "name of the series"),
            Column("last", NUMBER, "the last value"),
            Column("min", NUMBER, "the smallest value; NULL where all are NaN"),
            Column("max", NUMBER, "the largest value; NULL where all are NaN"),
            Column("count", WHOLE, "how many values there are"),
            Column("first_step", WHOLE, "the step of the first value"),
            Column("last_step", WHOLE, "the step of the last value"),
        ),
    ),
    Table(
        "points",
        "one row a logged value; what a resumed run left behind is not in it",
        (
            _RUN,
            Column("series", TEXT, "name of the series"),
            Column("rank", "INTEGER", "rank of the process, else 0"),
            Column("step", WHOLE, "the step"),
            Column("time", TIME, "when it was logged"),
            Column("value", NUMBER, "the value; of an `exact` number the nearest float"),
            Column("exact", TEXT, "digits of a whole number that a float cannot hold, else NULL"),
            Column("wal", TEXT, "id of the file that it was logged to; with `row` it joins the series of one call"),
            Column("row", WHOLE, "number of the call in that file"),
        ),
    ),
    Table(
        "groups",
        "one row a seed group: finished runs of one configuration with different seeds",
        (
            Column("name", TEXT, "its name"),
            Column("group", TEXT, "the `group=` of its runs, where they have one"),
            Column("n", WHOLE, "how many seeds it has; runs that repeat a seed count once"),
            Column("seeds", "BIGINT[]", "their seeds, oldest run first"),
            Column("runs", TEXTS, "their ids, in the same order"),
            Column("apart", WHOLE, "how many of its runs do not count: running, failed, hidden, …"),
            Column("params", FIELDS, "the parameters that its runs share, without seeds"),
            Column(
                "mean",
                FIELDS,
                "the mean over its seeds of the last values of each series: `mean.loss`; NaN where one of them is not finite",
            ),
            Column("spread", FIELDS, "their standard deviation (n - 1); NULL for a single seed"),
        ),
    ),
    Table(
        "notes",
        "one row a note of a run",
        (
            _RUN,
            Column("text", TEXT, "the note, Markdown; NULL where it was erased"),
            Column("time", TIME, "when it was written"),
            Column("author", TEXT, "the member who wrote it"),
            Column("hash", TEXT, "hash of its entry"),
        ),
    ),
    Table(
        "files",
        "one row a file or folder that a run kept",
        (
            _RUN,
            Column("name", TEXT, "its name"),
            Column("object", TEXT, "the object that holds it (BLAKE3)"),
            Column("size", WHOLE, "bytes"),
            Column("files", WHOLE, "how many files a folder has; 1 for a file"),
            Column("is_tree", TRUTH, "whether it is a folder"),
            Column("time", TIME, "when it was kept"),
        ),
    ),
    Table(
        "data",
        "one row a version of data",
        (
            Column("id", TEXT, "its id"),
            Column("name", TEXT, "the data set that it is a version of"),
            Column("number", WHOLE, "its number: 3 of `v3`"),
            Column("label", TEXT, "how it is called: `credit@v3`, or by its id where two have that number"),
            Column("is_newest", TRUTH, "whether no version comes after it; two may be, which were added apart"),
            Column("created", TIME, "when it was added"),
            Column("author", TEXT, "the member who added it"),
            Column("object", TEXT, "the object that it is (BLAKE3); NULL for a reference whose bytes nobody has read"),
            Column("is_tree", TRUTH, "whether it is a folder"),
            Column("size", WHOLE, "bytes of all its files together"),
            Column("files", WHOLE, "how many files it has"),
            Column("file_name", TEXT, "what its file or folder is called"),
            Column("rows", WHOLE, "rows of its tables, as its profile says; NULL without one"),
            Column("columns", WHOLE, "columns of its tables, as its profile says"),
            Column("column_names", TEXTS, "their names, at most 2,000; none where the profile is older than this column"),
            Column("message", TEXT, "what was said of it when it was added"),
            Column("licence", TEXT, "its licence"),
            Column("origin", TEXT, "where it comes from"),
            Column("sensitivity", TEXT, "how sensitive it is"),
            Column("legal_basis", TEXT, "why it may be used"),
            Column("retention", TEXT, "how long it may be kept"),
            Column("tags", TEXTS, "its tags"),
            Column("notes", TEXTS, "what was noticed when it was added: left out, changed while it was read"),
            Column("parents", TEXTS, "ids of the versions before it"),
            Column("reference", TEXT, "the path or URL of bytes that the record does not hold; NULL where it holds them"),
            Column("is_pinned", TRUTH, "whether its bytes are known by their digest, so that others would be noticed"),
            Column("profile", TEXT, "the object that is its profile"),
            Column("erased", TIME, "when its bytes were erased; NULL where they were not"),
        ),
    ),
    Table(
        "used",
        "one row a file, folder or version of data that a run used",
        (
            _RUN,
            Column("name", TEXT, "what the run calls it; the name of its data set unless the run said otherwise"),
            Column("dataset", TEXT, "its data set; NULL where no version had these bytes"),
            Column("number", WHOLE, "the number of the version: 3 of `v3`"),
            Column("version", TEXT, "id of the version: `data.id`; NULL where no version had these bytes"),
            Column("object", TEXT, "the object that these bytes are (BLAKE3)"),
            Column("is_tree", TRUTH, "whether it is a folder"),
            Column("size", WHOLE, "bytes"),
            Column("files", WHOLE, "how many files"),
            Column("how", TEXT, "restored, working copy, reference or not versioned"),
            Column("note", TEXT, "what is to be known about it, such as bytes that are not kept"),
            Column("time", TIME, "when it was first used"),
        ),
    ),
    Table(
        "checks",
        "one row a check of a run, of data or of a model",
        (
            Column("id", TEXT, "its id"),
            Column("check", TEXT, "performance, fairness, drift, robustness or leakage; write `\"check\"` or `checks.check`"),
            Column("name", TEXT, "what it is called; checks of one name are versions of one another"),
            Column("verdict", TEXT, "pass, fail or cannot tell"),
            Column("run", TEXT, "id of the run that it is about; NULL where it is about none"),
            Column("data", TEXT, "id of the version of data that it is about, or that it was made on: `data.id`"),
            Column("is_latest", TRUTH, "whether no later one of the same name is about the same"),
            Column("rows", WHOLE, "how many rows were looked at"),
            Column("failed", WHOLE, "how many findings failed"),
            Column("cannot_tell", WHOLE, "how many cannot be told"),
            Column("findings", WHOLE, "how many findings there are"),
            Column("author", TEXT, "the member who made it"),
            Column("created", TIME, "when it was made"),
            Column("result", TEXT, "the object that holds the whole result, as JSON (BLAKE3)"),
        ),
    ),
    Table(
        "findings",
        "one row a finding of a check; of a check with very many, those that its entry names, what failed first",
        (
            Column("check_id", TEXT, "id of the check: `checks.id`"),
            Column("key", TEXT, "the same for the same demand in every version"),
            Column("what", TEXT, "the demand in words"),
            Column("outcome", TEXT, "pass, fail or cannot tell"),
            Column("value", NUMBER, "the figure that decides"),
            Column("low", NUMBER, "the lower end of its interval"),
            Column("high", NUMBER, "the upper end of its interval"),
            Column("limit_said", TEXT, "the limit in words"),
            Column("note", TEXT, "what is to be known beside it"),
        ),
    ),
    Table(
        "sweeps",
        "one row a sweep over parameters",
        (
            Column("id", TEXT, "its id; the runs of it are those with `trials.sweep`"),
            Column("name", TEXT, "its name"),
            Column("state", TEXT, "running, finished, stopped, or unknown where nobody here can tell"),
            Column("metric", TEXT, "the metric that it is about; NULL where this Gnomon cannot read its file"),
            Column("goal", TEXT, "maximize or minimize"),
            Column("sampler", TEXT, "grid, random or optuna"),
            Column("trials", WHOLE, "how many configurations it is to try"),
            Column("seeds", "BIGINT[]", "the seeds of each; none where each has one run without a seed"),
            Column("runs", WHOLE, "how many runs all of it is"),
            Column("done", WHOLE, "how many of them need not be made any more: they ended, or their trial was pruned"),
            Column("best", WHOLE, "number of the trial with the best mean; whether it is better than others, `sentence` says"),
            Column("sentence", TEXT, "which trial has the best mean, and whether the noise between seeds could explain it"),
            Column("command", TEXTS, "the words of its command"),
            Column("author", TEXT, "the member who made it"),
            Column("created", TIME, "when it was made"),
            Column("file", JSON, "what its file says: `file.params`"),
        ),
    ),
    Table(
        "trials",
        "one row a run of a sweep; the runs of one trial differ in their seed",
        (
            Column("sweep", TEXT, "id of the sweep: `sweeps.id`"),
            Column("number", WHOLE, "number of the trial: its configuration"),
            _RUN,
            Column("seed", WHOLE, "the seed"),
            Column("state", TEXT, "open, finished, failed, pruned, timed out or stopped"),
            Column("value", NUMBER, "the value of the metric that counts; of a pruned run its last"),
            Column("step", WHOLE, "the step of that value"),
            Column("reason", TEXT, "why it failed, was pruned or was stopped"),
            Column("duration_s", NUMBER, "how long it took, in seconds"),
            Column("began", TIME, "when it began"),
            Column("params", JSON, "its configuration, by dotted name: `trials.params.lr`"),
        ),
    ),
    Table(
        "replications",
        "one row a time that a run was made again (`gnomon reproduce`)",
        (
            Column("run", TEXT, "id of the run that was made again"),
            Column("repeat", TEXT, "id of the run that was made from its recipe; NULL where it never began"),
            Column("verdict", TEXT, "identical, within the spread of its seeds, differs, cannot run, …"),
            Column("why", TEXT, "why it could not run"),
            Column("swapped", JSON, "what was changed: `{\"params.lr\": \"0.1 → 0.2\"}`; empty where nothing was"),
            Column("gaps", TEXTS, "what was not as it was"),
            Column("author", TEXT, "the member who made it again"),
            Column("writer", TEXT, "the device that made it again"),
            Column("time", TIME, "when that was written down"),
        ),
    ),
    Table(
        "explanations",
        "one row a factor of an answer to why two runs differ (`gnomon why`); one without a factor where none was tried",
        (
            Column("a", TEXT, "id of the one run"),
            Column("b", TEXT, "id of the other run"),
            Column("metric", TEXT, "the metric"),
            Column("difference", NUMBER, "the metric of b less that of a, over the seeds"),
            Column("verdict", TEXT, "causes, no cause above noise, or cannot tell"),
            Column("factor", TEXT, "the part that was swapped: `params.lr`, `code`, `data.credit`, …"),
            Column("said", TEXT, "what it is in a and in b, in words"),
            Column("share", NUMBER, "what it did to the metric; all shares of an answer sum to the difference"),
            Column("low", NUMBER, "the lower end of its interval"),
            Column("high", NUMBER, "the upper end of its interval"),
            Column("p", NUMBER, "the chance of such a share by noise alone, corrected for all factors"),
            Column("is_cause", TRUTH, "whether the noise between seeds cannot explain it"),
            Column("seeds", WHOLE, "how many seeds it rests on"),
            Column("author", TEXT, "the member who asked"),
            Column("time", TIME, "when it was answered"),
        ),
    ),
    Table(
        "processes",
        "one row a process of a run, and how it was run",
        (
            _RUN,
            _LOG,
            Column("command", TEXT, "the command line"),
            Column("script", TEXT, "the script"),
            Column("commit", TEXT, "the commit of the code"),
            Column("branch", TEXT, "the branch"),
            Column("dirty", TRUTH, "whether something was not committed"),
            Column("python", TEXT, "the version of Python"),
            Column("system", TEXT, "the operating system"),
            Column("cpu", TEXT, "the processor"),
            Column("cpus", WHOLE, "how many processors"),
            Column("memory_bytes", WHOLE, "memory of the machine"),
            Column("exit_code", WHOLE, "the exit code of a command"),
            Column("cpu_s", NUMBER, "processor time of a command, in seconds"),
            Column("peak_memory_bytes", WHOLE, "the most memory that a command had"),
        ),
    ),
    Table(
        "packages",
        "one row a Python package of a process of a run",
        (
            _RUN,
            _LOG,
            Column("name", TEXT, "name of the package"),
            Column("version", TEXT, "its version"),
        ),
    ),
    Table(
        "entries",
        "one row an entry: all that was written down but the points, what was replaced later included",
        (
            Column("hash", TEXT, "its hash: its name"),
            Column("kind", TEXT, "what kind of fact: `run.created`, `run.noted`, …"),
            Column("subject", TEXT, "what it is about: `run:<id>`, `process:<log>`, …"),
            Column("author", TEXT, "the member it speaks for"),
            Column("writer", TEXT, "the device that wrote it"),
            _LOG,
            Column("seq", WHOLE, "its number in that log"),
            Column("time", TIME, "the clock of the writer; it may have been wrong"),
            Column("over", TEXTS, "hashes of the entries that it replaces"),
            Column("size", WHOLE, "bytes of its body"),
            Column("body", JSON, "what it says, as it was written: `body.name`; NULL where it was erased"),
        ),
    ),
)  # fmt: skip
TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
FAMILIES = frozenset(
    column.name for table in _TABLES for column in table.columns if column.type.startswith(FIELDS)
)
