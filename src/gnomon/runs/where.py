r"""The language of `--where` and `--sort`: which runs, and in what order.

    gnomon runs --where "params.lr < 0.01 and metrics.auc > 0.9" --sort metrics.auc
    gnomon.open().runs(where="'smoke' not in tags and created > '-7d'")

**Fields**

| field | holds |
|---|---|
| `id` `name` `group` `author` `parent` `sweep` | text; `sweep` is the id of the sweep that it is a run of |
| `status` | `running`, `finished`, `failed`, `stopped`, `interrupted` or `unknown` |
| `seed` | what was given as seed, usually a whole number |
| `rank` | whole number |
| `tags` | several texts |
| `created` `ended` | a time |
| `duration` (or `duration_s`, as in JSON and SQL) | seconds; while a run is live, until now |
| `params.KEY` | whatever the parameter is: number, text, true or false |
| `metrics.SERIES` | a number: the last value of the series. `.min` `.max` `.last` `.count` (points) and `.step` (of the last point) may follow |
| `data.NAME` | text: the version of data that the run used, such as `v3`; several as `v2, v3`; the beginning of the digest where no version has the bytes |
| `inputs` | text: how much is known of what it used: `watched`, `watched in part`, `declared`, `not pinned`, `not here`; nothing where it recorded no inputs |
| `command` `script` `python` | text: the command line, the script's name, the version of Python |
| `exit_code` `cpu_s` `peak_memory_bytes` | a number: how the process or the command under `gnomon run --` ended, and what it took |
| `code.KEY` | `commit`, `branch`, `fingerprint` (text), `dirty` (truth) |
| `machine.KEY` | `system`, `cpu` (text), `cpus`, `memory_bytes` (a number) |
| `package.NAME` `env.NAME` | text: the version of a package, a variable of the environment |

A key or series is written as it is while it has only letters, digits and `_ - / .`; anything else goes in quotes:
`params.'learning rate'`, `params["learning rate"]`, `metrics."val auc".max`. Quotes also take a name literally that
ends like one of the figures: `metrics."auc.max"` is the last value of the series `auc.max`.

**Values**

| value | examples |
|---|---|
| number | `3`, `-0.5`, `1e-3`, `inf`, `-inf`; whole numbers of any size are compared exactly |
| text | `'adam'` or `"adam"`; a backslash before a quote or a backslash takes it literally; a status needs no quotes: `status = failed` |
| truth | `true`, `false`; `params.amp` alone is short for `params.amp = true` |
| time | `'2026-11-20'`, `'2026-11'`, `'2026-11-20 14:30'`, `'2026-11-20T14:30:05Z'`, `'today'`, `'yesterday'`, `'now'`, `'-7d'`, `'12h ago'` |
| duration | `90s`, `5m`, `2h`, `1h30m`, `1.5d`, `2w`, `250ms`; a plain number is in seconds |

A time without zone is in the time zone of this machine. A date or a minute stands for all of it: `created = '2026-11-20'`
is true on the whole day, `created > '2026-11-20'` from the next day on, `created <= '2026-11-20'` up to its end. Units
are `ms`, `s`, `m` or `min`, `h`, `d`, `w`; in quotes also `3 days ago`. Times and durations in digits need no quotes.

**Operators**, the tightest first; words may be in any case

| operator | true where |
|---|---|
| `=` `==`, `!=` `<>`, `<` `<=` `>` `>=` | both are of one kind and compare so; `0.001 < params.lr < 0.1` is short for both with `and` |
| `in (A, B)`, `in [A, B]`, `not in (…)` | equal to one; of the same kind as one, and equal to none |
| `contains`, `not contains`; `'x' in FIELD`, `'x' not in FIELD` | a text contains the text; `tags` (or a list) has the value |
| `~`, `!~` | all of a text fits the pattern, `*` for any text and `?` for any one character: `name ~ 'base*'`; for `tags`: one of them |
| `like`, `not like` | the same with `%` and `_`, as in SQL |
| `is missing`, `is not missing`; also `null`, `none` | there is no value (no tag), there is one; `= null` and `!= null` mean the same |
| `is true`, `is false`, `is not true`, `is not false` | it is; anything else, missing too |
| `is nan`, `is not nan` | the number is NaN, is a number that is not |
| `not` | the rest is false |
| `and` | |
| `or` | |

Parentheses group. Texts are compared character by character: upper and lower case differ.

**What is missing.** A comparison is true only between two values of the same kind (numbers, texts, truths). With a value
that is missing, NaN, or of another kind it is false, whatever the operator: `metrics.auc != 0.9` and
`params.opt not in ('adam')` are false for a run without that metric or parameter. `not` turns the answer round, so
`not metrics.auc = 0.9` is true for that run. Nothing else is in between: every filter is true or false for every run.

**Order.** `--sort FIELD`, several separated by commas, the first counts most. Metrics, `created` and `ended` come largest
(latest) first, all others smallest first; `:asc` and `:desc` after the field, or `+` and `-` before it, say otherwise:
`--sort metrics.loss:asc`. Numbers stand before texts; runs without a value, or with NaN, stand last in either direction.

Always true: a filter is read by the parser below and nothing else; no part of it is executed, joined to a path or
sent to a database. Text of any length and depth ends in a filter or in BadExpressionError, in time linear in it.
"""  # noqa: E501 - tables

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.where_rows import choose, columns_of, in_order
from gnomon.runs.where_text import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.where_rows import Part


class Filter(NamedTuple):
    """A filter that was read: ask it which rows of some columns it chooses."""

    text: str
    part: Part

    @property
    def fields(self) -> frozenset[str]:
        """The columns that it reads: `name`, `params.lr`, `metrics.auc.last` (the figure always written out)."""
        return columns_of(self.part)

    def compile(self, columns: Mapping[str, Sequence[object]], count: int | None = None) -> list[int]:
        """Return the numbers of the rows that it chooses, ascending.

        `columns` holds a list for each of `fields`, with one value for each row and None where it is missing; a field
        that is not there is missing for all `count` rows (the length of the columns unless given). Times are whole
        microseconds since 1970 UTC, durations are seconds, tags are a list, tuple or set of texts.
        """
        if count is None:
            count = max(map(len, columns.values()), default=0)
        return choose(self.part, columns, range(count))


def parse(text: str, *, now_us: int | None = None) -> Filter:
    """Return the filter that a text says; raises BadExpressionError, which shows the place.

    `now_us` is what `'-7d'`, `'today'` and the like count from: microseconds since 1970 UTC, the clock unless given.
    """
    reader = Reader(text, now_us)
    part = reader.either(0)
    if reader.token.kind != "end":
        raise reader.error("expected `and`, `or` or the end")
    return Filter(text, part)


def sort_indices(
    columns: Mapping[str, Sequence[object]],
    specs: str | Sequence[str],
    indices: Iterable[int],
    limit: int | None = None,
) -> list[int]:
    """Return row numbers in the order that `--sort` asks for, the first `limit`; equal rows keep their order."""
    return in_order(columns, parse_sort(specs), indices, limit)


def parse_sort(specs: str | Sequence[str]) -> list[tuple[str, bool]]:
    """Return (column, whether largest first) for each field of `--sort`, such as `metrics.auc:asc,name`."""
    keys: list[tuple[str, bool]] = []
    for text in [specs] if isinstance(specs, str) else specs:
        reader = Reader(text, None)
        while True:
            keys.append(reader.sort_key())
            if reader.token.kind == "end":
                break
            reader.expect(",", "expected `,`, `:asc`, `:desc` or the end")
    return keys


def split_metric(column: str) -> tuple[str, str]:
    """Return (series, figure) of a column such as `metrics.auc.last`."""
    series, _, figure = column.removeprefix("metrics.").rpartition(".")
    return series, figure
