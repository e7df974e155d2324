"""The shipped SQL: views over the plain files of a record that drop duplicates, and what was replaced, hidden or left behind.

An entry is counted once by its hash, the copy with its body; of the rows of one WAL and run that file counts which has the
most of them; an entry that another one of its subject names in `over` does not count. So a bundle may lie beside its parts, a
copy of a live WAL beside its seal, and a clone beside both.

Always true: one text for all engines, but for what `dialects` says. Not checked, since SQL has neither BLAKE3 nor Ed25519:
hashes and certificates; `gnomon verify` does. Rows of live WALs (a folder that is being written to) are in no Parquet file yet.
What is given and what not: docs/how-to/read-without-gnomon.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.runs.sql.shipped.dialects import Dialect

LINE = '^[{]"entry":"([0-9a-f]{64})","head":([{][^{}]*[}])(?:,"salt":"[0-9a-f]{32}","body":([{].*[}]))?[}]$'
NO_END = 2**63 - 1
_PATTERN = frozenset("*?[]{}\\")


def statements(sql: Dialect, root: str) -> list[str]:
    """Return the statements that make tables and views of the record at `root`: a folder or URL in which `record.toml` lies.

    Entries are read when they run, into tables; points are views over the Parquet files.
    """
    made: list[str] = []
    for name, query in (
        ("gnomon_entries", _entries(sql, root)),
        ("gnomon_live", _LIVE.format(each=sql.one_each("over"))),
        ("gnomon_run_choices", _choices(sql)),
        ("gnomon_processes", _processes(sql)),
        ("gnomon_runs", _runs(sql)),
        ("gnomon_params", _params(sql)),
        ("gnomon_left_behind", _left_behind(sql)),
    ):
        made += sql.table(name, query.strip())
    for name, query in (("gnomon_points", _points(sql, root)), ("gnomon_metrics", _metrics(sql))):
        made += sql.view(name, query.strip())
    return made


def place_of(url: str) -> str:
    """Return the folder or URL of a remote as an engine reads it. Raises BadArgumentError where no engine can."""
    import os
    from urllib.parse import urlsplit

    from gnomon.errors import BadArgumentError

    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme not in ("", "file", "s3", "gs", "az") or url.startswith("git+"):
        raise BadArgumentError(
            f"no engine reads `{url}`: its files are not plain ones there",
            hint="`gnomon clone URL FOLDER` makes a folder of it; `--remote FOLDER/.gnomon` is then the record",
        )
    if scheme in ("s3", "gs", "az"):
        found = url.rstrip("/")
    else:
        found = os.path.abspath(os.path.expanduser(url.removeprefix("file://")))
    if not _PATTERN.isdisjoint(found) or any(ord(one) < 32 for one in found):
        raise BadArgumentError(
            f"engines take the path `{found}` for a pattern: it has one of `{' '.join(sorted(_PATTERN))}`",
            hint="rename the folder, or copy the record to another one",
        )
    return found


def _whole(sql: Dialect, text: str) -> str:
    return sql.as_type(text, sql.long)


def _entries(sql: Dialect, root: str) -> str:
    def head(key: str) -> str:
        return sql.field("head", key)

    return f"""
WITH lines AS ({sql.lines(root)}),
parts AS (
  SELECT {sql.group("line", LINE, 1)} AS hash, {sql.group("line", LINE, 2)} AS head,
    {sql.group("line", LINE, 3)} AS body FROM lines
),
once AS (
  SELECT hash, min(head) AS head, max(CASE WHEN body <> '' THEN body END) AS body FROM parts WHERE hash <> '' GROUP BY hash
),
fields AS (
  SELECT hash, {head("kind")} AS kind, {head("subject")} AS subject, {head("author")} AS author, {head("writer")} AS writer,
    {head("log")} AS log, {_whole(sql, head("seq"))} AS seq, {_whole(sql, head("time_us"))} AS time_us,
    {sql.hashes(sql.group("head", '"over":.(["0-9a-f,]*)', 1))} AS over, body
  FROM once
)
SELECT * FROM fields WHERE log IN (SELECT log FROM fields WHERE kind = 'log.opened' AND seq = 0 AND body IS NOT NULL)
"""


_LIVE = """
SELECT * FROM gnomon_entries WHERE concat(subject, ' ', hash) NOT IN (
  SELECT concat(subject, ' ', covered) FROM (SELECT subject, {each} AS covered FROM gnomon_entries) AS covers
)
"""


def _choices(sql: Dialect) -> str:
    """What was said of each run when it was made, and the last choice since: a row for each run and field."""

    def said(field: str) -> str:
        launcher = f"CASE WHEN {sql.field('body', 'launcher')} = 'true' THEN 0 ELSE 1 END"
        first = "0" if field == "label" else launcher
        return (
            f"SELECT run, '{field}' AS field, {sql.field('body', field)} AS said_value, {first} AS place, "
            f"coalesce({_whole(sql, sql.field('body', 'rank'))}, 0) AS rank, time_us, hash FROM live WHERE kind = 'run.created'"
        )

    fields = "\n  UNION ALL ".join(map(said, ("name", "label", "group", "seed", "parent")))
    chosen = "\nUNION ALL ".join(
        f"SELECT run, '{kind}' AS field, {sql.at_greatest('said_value', 'time_us', 'hash')} AS value FROM"
        f" (SELECT run, time_us, hash, {sql.field('body', field)} AS said_value FROM live WHERE kind = 'run.{kind}') AS c"
        f" WHERE said_value IS NOT NULL GROUP BY run"
        for kind, field in (("renamed", "name"), ("removed", "removed"))
    )
    return f"""
WITH live AS (SELECT substr(subject, 5) AS run, kind, time_us, hash, body FROM gnomon_live WHERE subject LIKE 'run:%'),
said AS (
  {fields}
)
SELECT run, field, {sql.at_least("said_value", "place", "rank", "time_us", "hash")} AS value
FROM said WHERE said_value IS NOT NULL GROUP BY run, field
UNION ALL {chosen}
"""


def _processes(sql: Dialect) -> str:
    """A row for each process (log) of a run: its rank, and how it ended; `open` where it has not."""

    def flag(name: str) -> str:
        return f"max(CASE WHEN {sql.field('body', name)} = 'true' THEN 1 ELSE 0 END) AS {name}"

    rank = f"coalesce({_whole(sql, sql.field('body', 'rank'))}, 0)"
    return f"""
WITH live AS (SELECT substr(subject, 5) AS run, kind, log, seq, time_us, hash, body FROM gnomon_live WHERE subject LIKE 'run:%'),
starts AS (
  SELECT run, log, max(seq) AS last_seq, {sql.at_least("time_us", "seq", "hash")} AS started_us,
    {sql.at_greatest(rank, "seq", "hash")} AS rank, {flag("launcher")}, {flag("forked")}
  FROM live WHERE kind IN ('run.created', 'run.joined') GROUP BY run, log
),
ends AS (
  SELECT run, log, max(seq) AS last_seq, {sql.at_greatest("time_us", "seq", "hash")} AS ended_us,
    {sql.at_greatest(f"coalesce({sql.field('body', 'status')}, 'finished')", "seq", "hash")} AS said
  FROM live WHERE kind = 'run.ended' GROUP BY run, log
),
both_ends AS (
  SELECT run, log, last_seq AS start_seq, -1 AS end_seq, started_us AS at_us, rank AS of_rank,
    launcher AS is_launcher, forked AS is_forked, '' AS said, 1 AS has_start FROM starts
  UNION ALL SELECT run, log, -1, last_seq, ended_us, 0, 0, 0, said, 0 FROM ends
)
SELECT run, log, CASE WHEN max(end_seq) <= max(start_seq) THEN 'open' WHEN max(said) IN ('failed', 'stopped') THEN max(said)
    ELSE 'finished' END AS status,
  CASE WHEN max(has_start) = 1 THEN max(CASE WHEN has_start = 1 THEN at_us END) ELSE max(at_us) END AS started_us,
  max(of_rank) AS rank, max(is_launcher) AS launcher, max(is_forked) AS forked
FROM both_ends GROUP BY run, log
"""


def _runs(sql: Dialect) -> str:
    q = sql.quote

    def choice(field: str) -> str:
        return f"max(CASE WHEN field = '{field}' THEN value END)"

    return f"""
WITH own AS (
  SELECT run, log, status, rank, launcher, started_us FROM gnomon_processes
  WHERE forked = 0 OR run NOT IN (SELECT run FROM gnomon_processes WHERE forked = 0)
),
of_rank AS (SELECT run, rank, {sql.at_greatest("status", "launcher", "started_us", "log")} AS of_all FROM own GROUP BY run, rank),
ended AS (
  SELECT run, min(CASE of_all WHEN 'open' THEN 0 WHEN 'failed' THEN 1 WHEN 'stopped' THEN 2 ELSE 3 END) AS place
  FROM of_rank GROUP BY run
),
said AS (
  SELECT run, coalesce({choice("renamed")}, {choice("name")}, {choice("label")}) AS name, {choice("group")} AS in_group,
    {choice("seed")} AS seed, {choice("parent")} AS parent FROM gnomon_run_choices GROUP BY run
),
made AS (
  SELECT substr(subject, 5) AS run, min(time_us) AS created_us FROM gnomon_live WHERE subject LIKE 'run:%' GROUP BY subject
  HAVING max(CASE WHEN body IS NOT NULL THEN 1 ELSE 0 END) = 1
)
SELECT made.run AS id, said.name AS name,
  CASE ended.place WHEN 0 THEN 'open' WHEN 1 THEN 'failed' WHEN 2 THEN 'stopped' ELSE 'finished' END AS status,
  said.in_group AS {q}group{q}, {_whole(sql, "said.seed")} AS seed, said.parent AS parent,
  {sql.moment("made.created_us")} AS created
FROM made LEFT JOIN said ON said.run = made.run LEFT JOIN ended ON ended.run = made.run
WHERE made.run NOT IN (SELECT run FROM gnomon_run_choices WHERE field = 'removed' AND value = 'true')
"""


def _params(sql: Dialect) -> str:
    begun = sql.pairs("params", "run, place, rank, time_us, hash", "created")
    later = sql.pairs("params", "run, log, seq", "later")
    return f"""
WITH live AS (SELECT substr(subject, 5) AS run, kind, log, seq, time_us, hash, body FROM gnomon_live WHERE subject LIKE 'run:%'),
created AS (
  SELECT run, 1 AS place, coalesce({_whole(sql, sql.field("body", "rank"))}, 0) AS rank, time_us, hash,
    {sql.inner("body", "params")} AS params FROM live WHERE kind = 'run.created'
),
later AS (SELECT run, log, seq, {sql.inner("body", "params")} AS params FROM live WHERE kind = 'run.params'),
begun AS ({begun}),
added AS ({later}),
said AS (
  SELECT run, name, {sql.at_least("coalesce(value, 'null')", "rank", "time_us", "hash")} AS said_value, 1 AS place
  FROM begun GROUP BY run, name
  UNION ALL
  SELECT run, name, {sql.at_greatest("coalesce(value, 'null')", "log", "seq")} AS said_value, 0 AS place
  FROM added GROUP BY run, name
),
counts AS (SELECT run, name, {sql.at_least("said_value", "place")} AS value FROM said GROUP BY run, name)
SELECT run, name, value, {sql.as_type("value", sql.floating)} AS number FROM counts WHERE run IN (SELECT id FROM gnomon_runs)
"""


def _left_behind(sql: Dialect) -> str:
    """The rows that a continuation of a run left behind: run, WAL, the first of them, the first that counts again."""

    def place(json: str) -> str:
        return f"{sql.field(json, 'wal')} AS wal, {_whole(sql, sql.field(json, 'row'))} + 1 AS cut_at"

    return f"""
WITH continued AS (
  SELECT substr(subject, 5) AS run, {sql.inner("body", "continues")} AS continues FROM gnomon_live
  WHERE subject LIKE 'run:%' AND kind IN ('run.created', 'run.joined')
),
until AS (SELECT run, continues, {sql.inner("continues", "until")} AS until_place FROM continued WHERE continues IS NOT NULL),
leaves AS (SELECT run, {sql.one_each(sql.items(sql.inner("continues", "leaves")))} AS place
  FROM continued WHERE continues IS NOT NULL),
cuts AS (
  SELECT run, {place("continues")}, {sql.field("until_place", "wal")} AS until_wal,
    {_whole(sql, sql.field("until_place", "row"))} AS until_row FROM until
  UNION ALL SELECT run, {place("place")}, NULL AS until_wal, NULL AS until_row FROM leaves
)
SELECT run, wal, max(cut_at) AS first_row, {NO_END} AS after_row FROM cuts
WHERE wal IS NOT NULL AND cut_at IS NOT NULL AND until_row IS NULL GROUP BY run, wal
UNION ALL
SELECT run, wal, cut_at AS first_row, CASE WHEN until_wal = wal THEN until_row ELSE {NO_END} END AS after_row FROM cuts
WHERE wal IS NOT NULL AND cut_at IS NOT NULL AND until_row IS NOT NULL
"""


def _points(sql: Dialect, root: str) -> str:
    q = sql.quote
    row = f"{q}row{q}"
    columns = ("run", "series", "rank", "step", "time", "value", "exact", "wal", row)
    named = ", ".join(f"p.{name} AS {name}" for name in columns)
    key = f"concat(p.run, ' ', p.wal, ' ', CAST(p.{row} AS {'String' if sql.name == 'clickhouse' else 'VARCHAR(20)'}))"
    return f"""
WITH all_points AS ({sql.segments(root)}),
held AS (SELECT wal, run, file, max({row}) AS last_row FROM all_points GROUP BY wal, run, file),
best AS (SELECT wal, run, {sql.at_greatest("file", "last_row", "file")} AS best_file FROM held GROUP BY wal, run),
shown AS (
  SELECT wal, run, best_file,
    CASE WHEN concat(run, ' ', wal) IN (SELECT concat(run, ' ', wal) FROM gnomon_left_behind) THEN 1 ELSE 0 END AS is_cut
  FROM best WHERE run NOT IN (
    SELECT substr(subject, 5) FROM gnomon_live
    WHERE subject LIKE 'run:%' AND substr(subject, 5) NOT IN (SELECT id FROM gnomon_runs)
  )
),
dropped AS (
  SELECT {key} AS point FROM all_points AS p JOIN gnomon_left_behind AS l ON l.run = p.run AND l.wal = p.wal
  WHERE p.{row} >= l.first_row AND p.{row} < l.after_row
)
SELECT {named} FROM all_points AS p JOIN shown AS s ON s.wal = p.wal AND s.run = p.run AND s.best_file = p.file WHERE s.is_cut = 0
UNION ALL
SELECT {named} FROM all_points AS p JOIN shown AS s ON s.wal = p.wal AND s.run = p.run AND s.best_file = p.file
WHERE s.is_cut = 1 AND {key} NOT IN (SELECT point FROM dropped)
"""


def _metrics(sql: Dialect) -> str:
    q = sql.quote
    order = ("started", "wal", f"{q}row{q}")
    number = f"CASE WHEN {sql.is_nan('value')} THEN NULL ELSE value END"
    return f"""
WITH started AS (SELECT wal AS of_wal, min(time) AS started FROM gnomon_points GROUP BY wal),
lowest AS (SELECT run AS of_run, series AS of_series, min(rank) AS lowest FROM gnomon_points GROUP BY run, series),
counted AS (
  SELECT p.run AS run, p.series AS series, p.step AS step, p.value AS value,
    p.wal AS wal, p.{q}row{q} AS {q}row{q}, s.started AS started
  FROM gnomon_points AS p JOIN started AS s ON s.of_wal = p.wal
  JOIN lowest AS l ON l.of_run = p.run AND l.of_series = p.series AND l.lowest = p.rank
)
SELECT run, series AS name, {sql.at_greatest("value", *order)} AS {q}last{q},
  min({number}) AS {q}min{q}, max({number}) AS {q}max{q},
  count(*) AS {q}count{q}, {sql.at_least("step", *order)} AS first_step, {sql.at_greatest("step", *order)} AS last_step
FROM counted GROUP BY run, series
"""
