"""What DuckDB, Spark and ClickHouse call the same things; all that the shipped views need of each.

Always true: a path becomes a literal with its quotes doubled or escaped; nothing else that a person wrote is put into a text.
A function here takes and returns SQL texts. JSON functions give NULL for a field that is missing or null.
"""

from __future__ import annotations

from typing import Protocol


class Dialect(Protocol):
    """What one engine calls what the views need."""

    name: str
    quote: str  # around a name
    long: str  # type of a whole number
    floating: str  # type of a float

    def view(self, name: str, query: str) -> list[str]: ...
    def table(self, name: str, query: str) -> list[str]: ...
    def lines(self, root: str) -> str: ...
    def segments(self, root: str) -> str: ...
    def group(self, text: str, pattern: str, number: int) -> str: ...
    def field(self, json: str, key: str) -> str: ...
    def inner(self, json: str, key: str) -> str: ...
    def pairs(self, json: str, columns: str, source: str) -> str: ...
    def items(self, json: str) -> str: ...
    def hashes(self, text: str) -> str: ...
    def one_each(self, array: str) -> str: ...
    def at_greatest(self, value: str, *keys: str) -> str: ...
    def at_least(self, value: str, *keys: str) -> str: ...
    def is_nan(self, number: str) -> str: ...
    def as_type(self, text: str, type: str) -> str: ...
    def moment(self, microseconds: str) -> str: ...


class DuckDB:
    """DuckDB 1.4 or newer; of a bucket with the extension `httpfs`."""

    name, quote, long, floating = "duckdb", '"', "BIGINT", "DOUBLE"

    def view(self, name: str, query: str) -> list[str]:
        return [f"CREATE OR REPLACE VIEW {name} AS\n{query}"]

    def table(self, name: str, query: str) -> list[str]:
        return [f"CREATE OR REPLACE TABLE {name} AS\n{query}"]

    def lines(self, root: str) -> str:
        return (
            f"SELECT line FROM read_csv({_literal(root + '/log/*/*.jsonl')}, columns = {{'line': 'VARCHAR'}}, delim = chr(1),"
            " quote = '', escape = '', header = false, auto_detect = false, strict_mode = false, null_padding = true,"
            " max_line_size = 33554432, buffer_size = 67108864)"
        )

    def segments(self, root: str) -> str:
        # Statistics leave NaN out; unless told, DuckDB 2.0 takes `isnan(value)` to be false by them.
        files = _literal(root + "/points/*/*.parquet")
        return f"SELECT *, filename AS file FROM read_parquet({files}, filename = true, can_have_nan = true)"

    def group(self, text: str, pattern: str, number: int) -> str:
        return f"regexp_extract({text}, '{pattern}', {number})"

    def field(self, json: str, key: str) -> str:
        return f"CASE WHEN json_valid({json}) THEN json_extract_string({json}, '$.{key}') END"

    def inner(self, json: str, key: str) -> str:
        return f"CASE WHEN json_valid({json}) THEN json_extract({json}, '$.{key}')::VARCHAR END"

    def pairs(self, json: str, columns: str, source: str) -> str:
        return (
            f"SELECT {columns}, j.key AS name,"
            " CASE WHEN j.type = 'VARCHAR' THEN j.value ->> '$' ELSE j.value::VARCHAR END AS value"
            f" FROM {source}, json_each(CASE WHEN json_type({json}) = 'OBJECT' THEN {json} ELSE '{{}}' END) AS j"
        )

    def items(self, json: str) -> str:
        return f"json_extract({json}, '$[*]')::VARCHAR[]"

    def hashes(self, text: str) -> str:
        return f"regexp_extract_all({text}, '[0-9a-f]{{64}}')"

    def one_each(self, array: str) -> str:
        return f"unnest({array})"

    def at_greatest(self, value: str, *keys: str) -> str:
        return f"arg_max({value}, row({', '.join(keys)}))"

    def at_least(self, value: str, *keys: str) -> str:
        return f"arg_min({value}, row({', '.join(keys)}))"

    def is_nan(self, number: str) -> str:
        return f"isnan({number})"

    def as_type(self, text: str, type: str) -> str:
        return f"try_cast({text} AS {type})"

    def moment(self, microseconds: str) -> str:
        return f"make_timestamptz({microseconds})"


class Spark:
    """Spark 4; of a bucket with `hadoop-aws`."""

    name, quote, long, floating = "spark", "`", "BIGINT", "DOUBLE"

    def view(self, name: str, query: str) -> list[str]:
        return [f"CREATE OR REPLACE TEMPORARY VIEW {name} AS\n{query}"]

    def table(self, name: str, query: str) -> list[str]:
        return [*self.view(name, query), f"CACHE LAZY TABLE {name}"]

    def lines(self, root: str) -> str:
        return f"SELECT value AS line FROM text.{_ticked(root + '/log/*/*.jsonl')}"

    def segments(self, root: str) -> str:
        return f"SELECT *, _metadata.file_path AS file FROM parquet.{_ticked(root + '/points/*/*.parquet')}"

    def group(self, text: str, pattern: str, number: int) -> str:
        return f"regexp_extract({text}, '{pattern}', {number})"

    def field(self, json: str, key: str) -> str:
        return f"get_json_object({json}, '$.{key}')"

    inner = field

    def pairs(self, json: str, columns: str, source: str) -> str:
        return (
            f"SELECT {columns}, name, value FROM {source} LATERAL VIEW explode(from_json({json}, 'map<string,string>')) j"
            " AS name, value"
        )

    def items(self, json: str) -> str:
        return f"from_json({json}, 'array<string>')"

    def hashes(self, text: str) -> str:
        return f"regexp_extract_all({text}, '[0-9a-f]{{64}}', 0)"

    def one_each(self, array: str) -> str:
        return f"explode({array})"

    def at_greatest(self, value: str, *keys: str) -> str:
        return f"max_by({value}, struct({', '.join(keys)}))"

    def at_least(self, value: str, *keys: str) -> str:
        return f"min_by({value}, struct({', '.join(keys)}))"

    def is_nan(self, number: str) -> str:
        return f"isnan({number})"

    def as_type(self, text: str, type: str) -> str:
        return f"try_cast({text} AS {type})"

    def moment(self, microseconds: str) -> str:
        return f"timestamp_micros({microseconds})"


class ClickHouse:
    """ClickHouse 26, as a server, `clickhouse local` or chdb."""

    name, quote, long, floating = "clickhouse", "`", "Int64", "Float64"

    def view(self, name: str, query: str) -> list[str]:
        return [f"CREATE OR REPLACE VIEW {name} AS\n{query}"]

    def table(self, name: str, query: str) -> list[str]:
        return [f"CREATE OR REPLACE TABLE {name} ENGINE = Memory AS\n{query}"]

    def lines(self, root: str) -> str:
        return f"SELECT line FROM {_source(root + '/log/*/*.jsonl', 'LineAsString')}"

    def segments(self, root: str) -> str:
        return f"SELECT *, _path AS file FROM {_source(root + '/points/*/*.parquet', 'Parquet')}"

    def group(self, text: str, pattern: str, number: int) -> str:
        return f"extractGroups({text}, '{pattern}')[{number}]"

    def field(self, json: str, key: str) -> str:
        raw = self.inner(json, key)
        return f"if(startsWith({raw}, '\"'), JSONExtractString(assumeNotNull({json}), '{key}'), {raw})"

    def inner(self, json: str, key: str) -> str:
        return f"nullIf(nullIf(JSONExtractRaw(ifNull({json}, ''), '{key}'), ''), 'null')"

    def pairs(self, json: str, columns: str, source: str) -> str:
        raw = "pair.2"
        text = f"JSONExtractString(concat('{{\"v\":', {raw}, '}}'), 'v')"
        return (
            f"SELECT {columns}, pair.1 AS name, if(startsWith({raw}, '\"'), {text}, {raw}) AS value"
            f" FROM (SELECT *, arrayJoin(JSONExtractKeysAndValuesRaw(ifNull({json}, '{{}}'))) AS pair FROM {source})"
        )

    def items(self, json: str) -> str:
        return f"JSONExtractArrayRaw(ifNull({json}, '[]'))"

    def hashes(self, text: str) -> str:
        return f"extractAll({text}, '[0-9a-f]{{64}}')"

    def one_each(self, array: str) -> str:
        return f"arrayJoin({array})"

    def at_greatest(self, value: str, *keys: str) -> str:
        return f"argMax({value}, ({', '.join(keys)}))"

    def at_least(self, value: str, *keys: str) -> str:
        return f"argMin({value}, ({', '.join(keys)}))"

    def is_nan(self, number: str) -> str:
        return f"isNaN({number})"

    def as_type(self, text: str, type: str) -> str:
        return f"to{type}OrNull({text})"

    def moment(self, microseconds: str) -> str:
        return f"fromUnixTimestamp64Micro({microseconds}, 'UTC')"


DIALECTS: dict[str, Dialect] = {one.name: one for one in (DuckDB(), Spark(), ClickHouse())}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _ticked(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _source(path: str, format: str) -> str:
    quoted = "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"
    call = "s3" if path.startswith(("s3://", "gs://", "http://", "https://")) else "file"
    return f"{call}({quoted}, '{format}')"
