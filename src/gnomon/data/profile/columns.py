"""The figures of all columns of a table, in three passes.

1. Counts, ranges, lengths, and what the texts of a CSV could be: gives the type of each column, decided by all of its values.
2. Moments. Floats are added up as whole numbers of a fixed unit, so that neither order nor threads change a bit of the sum.
3. Cells of the distribution, registers of the sketch of distinct values, and the counts of values where these are few.

Each pass reads the data once (a table of very many columns is first copied, and read in groups of columns).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gnomon.data.profile import cells, distinct, privacy
from gnomon.data.profile.profile import MAX_COLUMNS, MAX_NAME, Column, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.data.profile.engine import Engine
    from gnomon.data.profile.source import Source

MISSING_WORDS = ("NA", "N/A", "n/a", "na", "null", "NULL", "Null", "None", "none", "?", "#N/A", "<NA>")
WIDE = 100  # columns; beyond, sketches are coarser
GROUP = 24  # columns that are read in one pass
FEWER = 6  # columns in one pass where there are more: DuckDB plans a few questions of few columns sooner than one of many
FEW = 2_000  # values, by DuckDB's estimate; those of up to `privacy.MOST_DISTINCT` are then used
_NUMBERS = ("integer", "float")
_TIMES = ("date", "timestamp")
_EXACT = 1 << 53


class Draft:
    """What is known of one column so far."""

    def __init__(self, place: int, name: str, stored: str, *, is_text: bool) -> None:
        self.place = place
        self.name = name
        self.stored = "" if is_text else stored
        self.is_text = is_text
        self.type = "text" if is_text else type_of(stored)
        self.fields: dict[str, Any] = {}
        self.about = 0  # different values, roughly
        self.low: float | None = None
        self.high: float | None = None

    @property
    def cell(self) -> str:
        return f"c{self.place}"

    @property
    def number(self) -> str:
        """The value as a finite DOUBLE, or NULL, as SQL over the columns of `_prepared`."""
        if self.is_text:
            source = f"n{self.place}" if self.type in _NUMBERS else f"epoch(t{self.place})"
        elif self.type == "date":
            source = f"epoch({self.cell}::TIMESTAMP)"
        elif self.type == "timestamp":
            source = f"epoch({self.cell}::TIMESTAMPTZ)"
        else:
            source = f"{self.cell}::DOUBLE"
        return f"CASE WHEN isfinite({source}) THEN {source} END"

    @property
    def has_number(self) -> bool:
        return self.low is not None and self.high is not None

    @property
    def is_whole(self) -> bool:
        return self.type in ("integer", "date")

    @property
    def is_huge(self) -> bool:
        """True where a float cannot hold the whole numbers."""
        return (
            self.type == "integer"
            and self.has_number
            and max(abs(self.low or 0), abs(self.high or 0)) >= _EXACT
        )

    @property
    def text(self) -> str:
        """The value as a text, or NULL, as SQL."""
        if self.type == "bool":
            return f"lower({self.cell}::VARCHAR)"
        return f"{self.cell}::VARCHAR" if self.type != "integer" else f"{self.cell}::HUGEINT::VARCHAR"


def type_of(stored: str) -> str:
    """Return our word for a type of DuckDB."""
    base = stored.split("(")[0].upper()
    if stored.endswith("]") or base in ("STRUCT", "MAP", "UNION", "JSON", "VARIANT"):
        return "nested"
    if base.endswith(("INT", "INTEGER")):
        return "integer"
    return {
        "FLOAT": "float", "DOUBLE": "float", "DECIMAL": "float", "BOOLEAN": "bool", "VARCHAR": "text", "UUID": "text",
        "ENUM": "text", "DATE": "date", "BLOB": "binary", "TIME": "time", "TIME WITH TIME ZONE": "time",
    }.get(base, "timestamp" if base.startswith("TIMESTAMP") else "other")  # fmt: skip


def columns_of(
    engine: Engine, source: Source, *, keep_values: bool, progress: Callable[[float], None]
) -> tuple[int, list[Column]]:
    """Return the number of rows, and the columns."""
    drafts = [
        Draft(place, name, stored, is_text=source.is_text)
        for place, (name, stored) in enumerate(
            zip(source.names[:MAX_COLUMNS], source.types[:MAX_COLUMNS], strict=True)
        )
    ]
    relation = source.relation
    if len(drafts) > GROUP and source.format not in ("parquet", "arrow"):
        engine.rows(f"CREATE TEMP TABLE held AS SELECT * FROM {relation}")
        places = ", ".join(f"c{place}" for place in range(len(source.names)))
        relation = f"held AS t({places})"
    size = GROUP if len(drafts) <= GROUP else FEWER
    groups = [drafts[at : at + size] for at in range(0, len(drafts), size)] or [[]]
    is_wide = len(source.names) > WIDE
    rows = 0
    for number, group in enumerate(groups):
        rows = _first_pass(engine, relation, group)
        progress((3 * number + 1) / (3 * len(groups)))
        _second_pass(engine, relation, group)
        progress((3 * number + 2) / (3 * len(groups)))
        _third_pass(engine, relation, group, is_wide=is_wide)
        progress((number + 1) / len(groups))
    return rows, [_column(draft, rows, keep_values=keep_values) for draft in drafts]


# --- first pass


def _prepared(relation: str, drafts: Sequence[Draft]) -> str:
    """Return a relation where w, n and t are a text cell without the words for missing, as a number, and as a time."""
    texts = [draft for draft in drafts if draft.is_text]
    if not texts:
        return relation
    words = ", ".join(f"'{word}'" for word in ("", *MISSING_WORDS))
    first, second = [], []
    for draft in texts:
        c, w = draft.cell, f"w{draft.place}"
        first.append(f"CASE WHEN strlen({c}) > 4 OR {c} NOT IN ({words}) THEN {c} END AS {w}")
        # Texts that begin with a letter are no numbers: told by one comparison, before any cast.
        special = f"lower({w}) IN ('nan', 'inf', 'infinity')"
        second.append(f"CASE WHEN {w} < ':' OR {special} THEN TRY_CAST({w} AS DOUBLE) END AS n{draft.place}")
        is_time = (
            f"{w} >= '0' AND {w} < ':' AND length({w}) BETWEEN 10 AND 40 AND {w}[5] = '-' AND {w}[8] = '-'"
        )
        second.append(f"CASE WHEN {is_time} THEN TRY_CAST({w} AS TIMESTAMPTZ) END AS t{draft.place}")
    cells_ = ", ".join(draft.cell for draft in drafts)
    return f"(SELECT *, {', '.join(second)} FROM (SELECT {cells_}, {', '.join(first)} FROM {relation}))"


def _first_pass(engine: Engine, relation: str, drafts: Sequence[Draft]) -> int:
    wanted: list[str] = ["count(*)"]
    spans: list[dict[str, int]] = []
    for draft in drafts:
        asked = _of_text(draft) if draft.is_text else _of_typed(draft)
        spans.append({name: len(wanted) + at for at, name in enumerate(asked)})
        wanted.extend(asked.values())
    found = engine.rows(f"SELECT {', '.join(wanted)} FROM {_prepared(relation, drafts)}")[0]
    rows = int(found[0])
    figures_of = [{name: found[at] for name, at in span.items()} for span in spans]
    for draft, figures in zip(drafts, figures_of, strict=True):
        draft.about = int(figures["about"] or 0)
    _odd_numbers(engine, relation, drafts, figures_of)
    _bools(engine, relation, drafts, figures_of)
    for draft, figures in zip(drafts, figures_of, strict=True):
        (_decide if draft.is_text else _take)(draft, figures, rows)
    _exact_ranges(engine, relation, drafts)
    return rows


def _of_text(draft: Draft) -> dict[str, str]:
    c, w, n, t = draft.cell, f"w{draft.place}", f"n{draft.place}", f"t{draft.place}"
    # 007, +49… and 1_000 are codes, though a cast would make numbers of them. Compared by their first characters: cheap.
    coded = f"({w} >= '00' AND {w} < '0:') OR ({w} >= '-00' AND {w} < '-0:') OR ({w} >= '+' AND {w} < ',') OR contains({w}, '_')"
    point = f"contains({w}, '.') OR contains({w}, 'e') OR contains({w}, 'E')"
    return {
        "count": f"count({c})",
        "words": f"count({w})",
        "empty": f"count(*) FILTER ({c} = '')",
        "numbers": f"count({n})",
        "codes": f"count(*) FILTER ({n} IS NOT NULL AND ({coded}))",
        "points": f"count(*) FILTER ({n} IS NOT NULL AND ({point}))",
        "low": f"min({n})",
        "high": f"max({n})",
        "times": f"count({t})",
        "first": f"min({t})::VARCHAR",
        "last": f"max({t})::VARCHAR",
        "start": f"epoch(min({t}))",
        "end": f"epoch(max({t}))",
        "shortest": f"min(length({c}))",
        "longest": f"max(length({c}))",
        "characters": f"sum(length({c}))",
        "about": f"approx_count_distinct({c})",
    }


_ODD = {"nan": "isnan({})", "above": "{} = 'inf'::DOUBLE", "below": "{} = '-inf'::DOUBLE"}


def _odd_numbers(engine: Engine, relation: str, drafts: Sequence[Draft], found: list[dict[str, Any]]) -> None:
    """Count NaN and infinities, and find the finite range, of the columns that have any; most have none."""
    for draft, figures in zip(drafts, found, strict=True):
        if draft.is_text:
            figures.update(dict.fromkeys(_ODD, 0))
    odd = [
        (f"n{draft.place}", figures)
        for draft, figures in zip(drafts, found, strict=True)
        if draft.is_text
        and figures["low"] is not None
        and not (math.isfinite(figures["low"]) and math.isfinite(figures["high"]))
    ]
    if not odd:
        return
    asked = [
        sql
        for n, _ in odd
        for sql in (
            *(f"count(*) FILTER ({test.format(n)})" for test in _ODD.values()),
            *(f"{end}({n}) FILTER (isfinite({n}))" for end in ("min", "max")),
        )
    ]
    answer = iter(engine.rows(f"SELECT {', '.join(asked)} FROM {_prepared(relation, drafts)}")[0])
    for _, figures in odd:
        figures.update({name: next(answer) for name in (*_ODD, "low", "high")})


def _bools(engine: Engine, relation: str, drafts: Sequence[Draft], found: list[dict[str, Any]]) -> None:
    """Count `true` and `false`, however capitalised, in the columns that may hold nothing else."""
    for figures in found:
        figures["bools"] = 0
    likely = [
        (f"w{draft.place}", figures)
        for draft, figures in zip(drafts, found, strict=True)
        if draft.is_text
        and figures["words"]
        and not figures["numbers"]
        and figures["longest"] <= 5
        and draft.about <= 40
    ]
    if not likely:
        return
    asked = [f"count(*) FILTER (lower({w}) IN ('true', 'false'))" for w, _ in likely]
    answer = engine.rows(f"SELECT {', '.join(asked)} FROM {_prepared(relation, drafts)}")[0]
    for (_, figures), many in zip(likely, answer, strict=True):
        figures["bools"] = many


def _decide(draft: Draft, found: dict[str, Any], rows: int) -> None:
    """Give a column of texts its type: the narrowest that every value has, words for missing aside."""
    held, count = found["words"], found["count"]
    plain = found["numbers"] - found["codes"]
    if not count or (not held and not found["empty"]):
        draft.type = "empty"
    elif not held:
        draft.type = "text"
    elif found["bools"] == held:
        draft.type = "bool"
    elif plain == held:
        draft.type = "float" if found["points"] or any(found[name] for name in _ODD) else "integer"
    elif found["times"] == held:
        draft.type = "date" if found["longest"] == 10 else "timestamp"
    else:
        draft.type = "text"
    fields = draft.fields
    if draft.type == "text":
        fields.update(
            count=count, missing=rows - count, empty=found["empty"], shortest=found["shortest"], longest=found["longest"],
            characters=int(found["characters"] or 0),
        )  # fmt: skip
        for mostly, many in (
            ("float" if found["points"] else "integer", plain),
            ("timestamp", found["times"]),
        ):
            if held and many >= 0.9 * held and not found["codes"]:
                fields.update(mostly=mostly, others=held - many)
        return
    odd = {name: found[name] for name in ("nan", "above", "below")} if draft.type == "float" else {}
    fields.update(odd, count=held - sum(odd.values()), missing=rows - held, missing_words=count - held)
    if draft.type in _NUMBERS:
        draft.low, draft.high = found["low"], found["high"]
        fields.update(min=_number(draft, draft.low), max=_number(draft, draft.high))
    elif draft.type in _TIMES:
        draft.low, draft.high = found["start"], found["end"]
        fields.update(min=_time(draft, found["first"]), max=_time(draft, found["last"]))


def _of_typed(draft: Draft) -> dict[str, str]:
    c = draft.cell
    asked = {"count": f"count({c})", "about": f"approx_count_distinct({c})"}
    if draft.type == "float" and not draft.stored.startswith("DECIMAL"):
        asked |= {
            "nan": f"count(*) FILTER (isnan({c}))",
            "above": f"count(*) FILTER ({c} = 'inf'::DOUBLE)",
            "below": f"count(*) FILTER ({c} = '-inf'::DOUBLE)",
            "low": f"min({c}::DOUBLE) FILTER (isfinite({c}))",
            "high": f"max({c}::DOUBLE) FILTER (isfinite({c}))",
        }
    elif draft.type in _NUMBERS:
        asked |= {"low": f"min({c})::DOUBLE", "high": f"max({c})::DOUBLE"}
    elif draft.type in _TIMES:
        moment = f"{c}::{'TIMESTAMP' if draft.type == 'date' else 'TIMESTAMPTZ'}"
        finite = f"FILTER (isfinite({c}))"
        asked |= {
            "above": f"count(*) FILTER ({c}::VARCHAR = 'infinity')",
            "below": f"count(*) FILTER ({c}::VARCHAR = '-infinity')",
            "first": f"(min({moment}) {finite})::VARCHAR",
            "last": f"(max({moment}) {finite})::VARCHAR",
            "low": f"epoch(min({moment}) {finite})",
            "high": f"epoch(max({moment}) {finite})",
        }
    elif draft.type in ("text", "binary", "nested"):
        length = {"text": f"length({c}::VARCHAR)", "binary": f"octet_length({c})", "nested": "NULL"}[
            draft.type
        ]
        if draft.stored.endswith("]"):
            length = f"len({c})"
        asked |= {
            "shortest": f"min({length})",
            "longest": f"max({length})",
            "characters": f"sum({length})",
            "empty": f"count(*) FILTER ({length} = 0)",
        }
    return asked


def _take(draft: Draft, found: dict[str, Any], rows: int) -> None:
    fields = draft.fields
    odd = {name: found.get(name) or 0 for name in ("nan", "above", "below")}
    fields.update(odd, count=found["count"] - sum(odd.values()), missing=rows - found["count"])
    if not found["count"]:
        draft.type = "empty" if draft.type == "other" else draft.type
    for name in ("shortest", "longest", "empty"):
        if found.get(name) is not None:
            fields[name] = found[name]
    if found.get("characters") is not None:
        fields["characters"] = int(found["characters"])
    if found.get("low") is not None:
        draft.low, draft.high = float(found["low"]), float(found["high"])
        if draft.type in _NUMBERS:
            fields.update(min=_number(draft, draft.low), max=_number(draft, draft.high))
        else:
            fields.update(min=_time(draft, found["first"]), max=_time(draft, found["last"]))


def _exact_ranges(engine: Engine, relation: str, drafts: Sequence[Draft]) -> None:
    """Read the ends of whole numbers again that a float rounds."""
    huge = [draft for draft in drafts if draft.is_huge]
    if not huge:
        return
    asked = [
        f"{end}(TRY_CAST({'w' + str(draft.place) if draft.is_text else draft.cell} AS HUGEINT))::VARCHAR"
        for draft in huge
        for end in ("min", "max")
    ]
    found = engine.rows(f"SELECT {', '.join(asked)} FROM {_prepared(relation, drafts)}")[0]
    for draft, low, high in zip(huge, found[::2], found[1::2], strict=True):
        if low is not None and high is not None:
            draft.fields.update(min=_jsonable(int(low)), max=_jsonable(int(high)))


def _jsonable(value: int) -> int | str:
    return value if -(1 << 63) <= value < 1 << 64 else str(value)  # what readers of JSON take


def _number(draft: Draft, value: float | None) -> int | float | str | None:
    if value is None or draft.type != "integer":
        return value
    return _jsonable(int(value))


def _time(draft: Draft, text: str | None) -> str | None:
    """Return a time of DuckDB as ISO 8601."""
    if text is None:
        return None
    if draft.type == "date":
        return text.split(" ")[0] if not text.endswith("(BC)") else text
    return text.removesuffix("+00").replace(" ", "T", 1) + "Z"


# --- second pass


def _second_pass(engine: Engine, relation: str, drafts: Sequence[Draft]) -> None:
    wanted, units = [], []
    for draft in drafts:
        if draft.type not in _NUMBERS or not draft.has_number:
            continue
        low, high = draft.low or 0.0, draft.high or 0.0
        span = high - low
        if not math.isfinite(span):
            continue
        exponent = min(max(math.frexp(span)[1], -900), 1000)  # every distance / 2**exponent is at most 1
        scaled = f"(({draft.number}) - {low!r}::DOUBLE) * {math.ldexp(1.0, -exponent)!r}::DOUBLE"
        wanted.append(f"sum(({scaled} * {1 << 61}::DOUBLE)::BIGINT)")
        wanted.append(f"sum((({scaled}) * ({scaled}) * {1 << 61}::DOUBLE)::BIGINT)")
        units.append((draft, exponent))
    if not wanted:
        return
    found = engine.rows(f"SELECT {', '.join(wanted)} FROM {_prepared(relation, drafts)}")[0]
    for (draft, exponent), first, second in zip(units, found[::2], found[1::2], strict=True):
        _moments(draft, exponent, int(first), int(second))


def _moments(draft: Draft, exponent: int, first: int, second: int) -> None:
    """Turn sums of whole numbers into sum, mean and squares, exactly until the last step."""
    count = draft.fields["count"]
    unit = Fraction(2) ** exponent
    distances = Fraction(first, 1 << 61) * unit
    total = Fraction(draft.low or 0.0) * count + distances
    squares = max(Fraction(second, 1 << 61) * unit * unit - distances * distances / count, Fraction(0))
    if draft.low == draft.high:
        squares = Fraction(0)
    fields = draft.fields
    whole = draft.type == "integer" and not draft.is_huge and total.denominator == 1
    fields["sum"] = int(total) if whole and abs(total) < 1 << 63 else _float(total)
    fields["mean"], fields["squares"] = _float(total / count), _float(squares)


def _float(value: Fraction) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


# --- third pass


def _third_pass(engine: Engine, relation: str, drafts: Sequence[Draft], *, is_wide: bool) -> None:
    precision = distinct.PRECISION_WIDE if is_wide else distinct.PRECISION
    limit = cells.LIMIT_WIDE if is_wide else cells.LIMIT
    inner, keys = [], []  # SQL of columns, and what each is for
    for draft in drafts:
        if draft.type in ("empty", "nested", "other") or not draft.fields["count"]:
            continue
        if draft.has_number:
            inner.append(f"{draft.number} AS x{draft.place}")
        if draft.has_number and not draft.is_huge:
            keys.append((draft, "sketch", f"x{draft.place}"))
        elif draft.about > FEW:
            keys.append((draft, "sketch", draft.text if draft.type != "binary" else f"md5({draft.cell})"))
        if draft.has_number:
            keys.append((draft, "cells", f"x{draft.place}"))
        if draft.about <= FEW:
            keys.append(
                (draft, "values", f"x{draft.place}" if draft.has_number and not draft.is_huge else draft.text)
            )
    if not keys:
        return
    columns = [*inner, *dict.fromkeys(draft.cell for draft in drafts)]
    base = f"(SELECT {', '.join(columns)} FROM {_prepared(relation, drafts)})"
    _grouped(engine, base, [key for key in keys if key[1] == "sketch"], precision=precision, limit=limit)
    _grouped(engine, base, [key for key in keys if key[1] == "cells"], precision=precision, limit=limit)
    _values(engine, base, [key for key in keys if key[1] == "values"], precision=precision)


def _grouped(
    engine: Engine, base: str, keys: Sequence[tuple[Draft, str, str]], *, precision: int, limit: int
) -> None:
    """Count by one key at a time, all in one reading of the data."""
    if not keys:
        return
    hashes, made = [], []
    for at, (draft, use, sql) in enumerate(keys):
        if use == "sketch":
            is_number = draft.has_number and not draft.is_huge
            draft.fields["hashed"] = "number" if is_number else "text"
            hashes.append(
                f"{distinct.number_hash_sql(sql) if is_number else distinct.text_hash_sql(sql)} AS h{at}"
            )
            made.append(f"{distinct.register_sql(f'h{at}', precision)}::BIGINT AS k{at}")
        else:
            grid = cells.grid_of(draft.low or 0.0, draft.high or 0.0, is_whole=draft.is_whole, limit=limit)
            draft.fields["cells"] = grid
            hashes.append(f"{sql} AS h{at}")
            made.append(f"{grid.sql(f'h{at}')}::BIGINT AS k{at}")
    names = [f"k{at}" for at in range(len(keys))]
    sets = ", ".join(f"({name})" for name in names)
    which = "CASE " + " ".join(f"WHEN {name} IS NOT NULL THEN {at}" for at, name in enumerate(names)) + " END"
    found = engine.rows(
        f"SELECT {which}, coalesce({', '.join(names)}), count(*) FROM"
        f" (SELECT {', '.join(made)} FROM (SELECT {', '.join(hashes)} FROM {base}))"
        f" GROUP BY GROUPING SETS ({sets})"
    )
    counts: list[dict[int, int]] = [{} for _ in keys]
    for at, key, count in found:
        if at is not None:
            counts[at][key] = count
    for (draft, use, _), by_key in zip(keys, counts, strict=True):
        if use == "sketch":
            draft.fields["sketch"] = distinct.sketch_of_registers(by_key, precision)
        else:
            draft.fields["cells"] = cells.cells_of(
                draft.fields["cells"],
                by_key,
                low=draft.low or 0.0,
                high=draft.high or 0.0,
                is_whole=draft.is_whole,
                limit=limit,
            )


def _values(engine: Engine, base: str, keys: Sequence[tuple[Draft, str, str]], *, precision: int) -> None:
    """Count values, of columns that have few."""
    if not keys:
        return
    made = [
        f"({sql})::VARCHAR AS k{at}" if not sql.startswith("x") else f"{sql} AS k{at}"
        for at, (_, _, sql) in enumerate(keys)
    ]
    names = [f"k{at}" for at in range(len(keys))]
    sets = ", ".join(f"({name})" for name in names)
    numbers = [name for name, (_, _, sql) in zip(names, keys, strict=True) if sql.startswith("x")]
    texts = [name for name in names if name not in numbers]
    which = "CASE " + " ".join(f"WHEN {name} IS NOT NULL THEN {at}" for at, name in enumerate(names)) + " END"
    found = engine.rows(
        f"SELECT {which}, coalesce({', '.join([*numbers, 'NULL::DOUBLE'])}), coalesce({', '.join([*texts, 'NULL::VARCHAR'])}),"
        f" count(*) FROM (SELECT {', '.join(made)} FROM {base}) GROUP BY GROUPING SETS ({sets})"
    )
    counts: list[dict[Any, int]] = [{} for _ in keys]
    for at, number, text, count in found:
        if at is not None:
            counts[at][number if number is not None else text] = count
    for (draft, _, _), by_value in zip(keys, counts, strict=True):
        draft.fields["values"] = by_value
        if not draft.fields.get("sketch"):
            draft.fields["hashed"] = "text"
            draft.fields["sketch"] = distinct.sketch_of(map(distinct.text_hash, by_value), precision)


# --- what is kept


def _column(draft: Draft, rows: int, *, keep_values: bool) -> Column:
    fields = dict(draft.fields)
    values: dict[Any, int] | None = fields.pop("values", None)
    fields["name"] = draft.name if len(draft.name) <= MAX_NAME else draft.name[: MAX_NAME - 1] + "…"
    fields["type"], fields["stored"] = draft.type, draft.stored[:MAX_NAME]
    sketch = fields.get("sketch", "")
    if sketch:
        about = distinct.estimate(sketch)
        is_exact = values is not None and len(values) <= privacy.MOST_DISTINCT
        fields["distinct"] = len(values) if is_exact and values is not None else min(about, fields["count"])
        fields["distinct_is_exact"] = is_exact
        if not is_exact:
            values = None
    elif not fields.get("count") and draft.type not in ("nested", "other"):
        fields["distinct"] = 0
    if draft.type in (*_NUMBERS, *_TIMES):
        _keep_numbers(draft, fields, values)
    elif draft.type == "bool":
        fields["top"] = _most({value == "true": count for value, count in (values or {}).items()})
        fields["top_is_complete"] = True
    elif draft.type == "text" and sketch:
        fields["top"], fields["withheld"] = privacy.kept_texts(
            draft.name, values.items() if values is not None else None, distinct=fields["distinct"], rows=rows
        )
        fields["top_is_complete"] = values is not None and len(fields["top"]) == len(values)
    if not keep_values:
        for name in (
            "sketch",
            "hashed",
            "min",
            "max",
            "sum",
            "mean",
            "squares",
            "cells",
            "top",
            "top_is_complete",
        ):
            fields.pop(name, None)
        fields["withheld"] = "no values are kept, as asked"
    return Column(**fields)


def _keep_numbers(draft: Draft, fields: dict[str, Any], values: dict[Any, int] | None) -> None:
    if privacy.is_number_withheld(draft.name):
        for name in ("min", "max", "sum", "mean", "squares", "cells", "sketch", "hashed"):
            fields.pop(name, None)
        fields["withheld"] = "its name suggests identifiers"
        return
    if values is None or draft.type in _TIMES or draft.is_huge:
        return
    whole = draft.type == "integer"
    fields["top"] = _most({int(value) if whole else value: count for value, count in values.items()})
    fields["top_is_complete"] = len(fields["top"]) == len(values)


def _most(counts: dict[Any, int]) -> tuple[Value, ...]:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(most) > privacy.MOST_KEPT:  # a value that occurs once is not common
        most = [item for item in most if item[1] > 1]
    return tuple(Value(value, count) for value, count in most[: privacy.MOST_KEPT])
