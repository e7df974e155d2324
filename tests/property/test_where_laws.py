"""Any filter chooses what a plain evaluator, row by row, would; any order is what a plain sort gives."""

from __future__ import annotations

import functools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.errors import BadExpressionError
from gnomon.runs.where import parse, parse_sort, sort_indices

NOW = 1_795_000_000_000_000
BIG = 2**53

texts = st.one_of(
    st.sampled_from(["", "a", "ab", "abc", "b", "A", "1", "true", "it's", 'q"', "back\\slash", "ä*%_?"]),
    st.text(max_size=4),
)
numbers = st.one_of(
    st.sampled_from(
        [0, 1, -1, 2, 0.0, -0.0, 0.5, 1.0, BIG, BIG + 1, float(BIG), 10**30, 1e30, math.inf, -math.inf]
    ),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
)
bools = st.booleans()
missing_or = functools.partial(st.one_of, st.none())
# What a column of each name may hold.
COLUMNS = {
    "name": missing_or(texts),
    "tags": st.lists(texts, max_size=3),
    "rank": missing_or(st.integers(0, 3)),
    "duration": missing_or(st.floats(0, 1e6), st.just(math.nan)),
    "metrics.auc.last": missing_or(numbers, st.just(math.nan)),
    "metrics.auc.max": missing_or(numbers, st.just(math.nan)),
    "params.x": missing_or(
        numbers, texts, bools, st.just(math.nan), st.lists(st.one_of(texts, numbers, bools), max_size=2)
    ),
    "params.a b/c": missing_or(numbers, texts, bools),
}
WRITTEN = {
    "metrics.auc.last": ["metrics.auc", "metrics.auc.last", 'metrics."auc"', "metrics['auc'].last"],
    "params.a b/c": ["params.'a b/c'", 'params["a b/c"]'],
}
TEXTS, NUMBERS, ANY = (
    ["name"],
    ["rank", "duration", "metrics.auc.last", "metrics.auc.max"],
    ["params.x", "params.a b/c"],
)
OPERATORS = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


# ---------------------------------------------------------------- the plain evaluator


def kind(value):
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "list"


def compares(operator, a, b):
    return kind(a) is not None and kind(a) == kind(b) != "list" and OPERATORS[operator](a, b)


def globs(text, pattern, many, one):
    """Return whether a text fits, by the definition."""
    if not pattern:
        return not text
    if pattern[0] == many:
        return any(globs(text[i:], pattern[1:], many, one) for i in range(len(text) + 1))
    return (
        bool(text)
        and (pattern[0] == one or pattern[0] == text[0])
        and globs(text[1:], pattern[1:], many, one)
    )


def is_empty(value):
    return value is None or value == []


# ---------------------------------------------------------------- filters: (text, what it means for a row)


def quoted(text):
    quote = '"' if "'" in text else "'"
    return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else repr(value)


@st.composite
def comparisons(draw):
    column = draw(st.sampled_from(list(COLUMNS)))
    field = draw(st.sampled_from(WRITTEN.get(column, [column])))
    shape = draw(
        st.sampled_from(
            ["value", "turned", "columns", "in", "contains", "glob", "missing", "nan", "bare", "chain"]
        )
    )
    values = texts if column in TEXTS else numbers if column in NUMBERS else st.one_of(texts, numbers, bools)
    operator = draw(st.sampled_from(list(OPERATORS)))
    if column == "tags" and shape not in ("in", "contains", "glob", "missing"):
        shape = "contains"
    if shape in ("value", "turned"):
        value = draw(values)
        if isinstance(value, bool):
            operator = draw(st.sampled_from(["=", "!="]))
        if shape == "value":
            return f"{field} {operator} {literal(value)}", lambda row: compares(operator, row[column], value)
        return f"{literal(value)} {operator} {field}", lambda row: compares(operator, value, row[column])
    if shape == "chain" and column in NUMBERS:
        low, high = draw(numbers), draw(numbers)
        return (
            f"{literal(low)} < {field} {operator} {literal(high)}",
            lambda row: compares("<", low, row[column]) and compares(operator, row[column], high),
        )
    if shape == "columns":
        others = (
            TEXTS + ANY if column in TEXTS else NUMBERS + ANY if column in NUMBERS else TEXTS + NUMBERS + ANY
        )
        other = draw(st.sampled_from(others))
        written = draw(st.sampled_from(WRITTEN.get(other, [other])))
        return f"{field} {operator} {written}", lambda row: compares(operator, row[column], row[other])
    if shape == "in":
        listed = draw(st.lists(texts if column == "tags" else values, max_size=3))
        negated = draw(bools)
        text = f"{field} {'not ' if negated else ''}in ({', '.join(map(literal, listed))})"

        def is_in(row):
            value = row[column]
            if column == "tags":
                return (
                    not is_empty(value) and not set(value) & set(listed)
                    if negated
                    else bool(set(value) & set(listed))
                )
            if not listed:
                return negated and not is_empty(value)
            if negated:
                return kind(value) in map(kind, listed) and not any(
                    compares("=", value, one) for one in listed
                )
            return any(compares("=", value, one) for one in listed)

        return text, is_in
    if shape in ("contains", "glob") and column not in NUMBERS:
        negated = draw(bools)
        if shape == "contains":
            value = draw(st.one_of(texts, numbers, bools) if column in ANY else texts)
            turned = draw(bools)
            word = "not " if negated else ""
            text = (
                f"{literal(value)} {word}in {field}" if turned else f"{field} {word}contains {literal(value)}"
            )

            def has(one):
                if isinstance(one, str):
                    return value in one if isinstance(value, str) else None
                return any(compares("=", part, value) for part in one) if isinstance(one, list) else None

            return text, lambda row: has(row[column]) is (not negated)
        pattern = draw(st.text(alphabet="ab*?%_'", max_size=4))
        word, many, one_sign = draw(st.sampled_from([("~", "*", "?"), ("like", "%", "_")]))

        def fits(one):
            if isinstance(one, str):
                return globs(one, pattern, many, one_sign)
            if isinstance(one, list):
                return any(isinstance(part, str) and globs(part, pattern, many, one_sign) for part in one)
            return None

        return (
            f"{field} {'not ' if negated else ''}{word} {quoted(pattern)}",
            lambda row: fits(row[column]) is (not negated),
        )
    negated = draw(bools)
    word = "not " if negated else ""
    if shape == "nan" and column in NUMBERS + ANY:
        return (
            f"{field} is {word}nan",
            lambda row: kind(row[column]) == "number" if negated else row[column] != row[column],
        )
    if shape == "bare" and column in ANY:
        return field, lambda row: row[column] is True
    name = draw(st.sampled_from(["missing", "null", "None"]))
    return f"{field} is {word}{name}", lambda row: is_empty(row[column]) is not negated


def join(word, many):
    test = all if word == "and" else any
    text = f" {word} ".join(f"({text})" for text, _ in many)
    return text, lambda row: test(means(row) for _, means in many)


filters = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.builds(lambda one: (f"not ({one[0]})", lambda row: not one[1](row)), inner),
        st.builds(join, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)
tables = st.lists(st.fixed_dictionaries(COLUMNS), max_size=8)


@pytest.mark.slow
@settings(max_examples=examples(400), deadline=None)
@given(filters, tables)
def test_a_filter_chooses_what_a_plain_evaluator_does(pair, rows):
    text, means = pair
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    found = parse(text, now_us=NOW)
    assert found.compile(columns) == [place for place, row in enumerate(rows) if means(row)]
    needed = {name: column for name, column in columns.items() if name in found.fields}
    assert found.compile(needed, len(rows)) == found.compile(columns)


@pytest.mark.slow
@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(comparisons(), comparisons(), comparisons(), tables)
def test_and_binds_tighter_than_or_and_not_tightest(one, two, three, rows):
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    text = f"not {one[0]} and {two[0]} or {three[0]}"
    found = [place for place, row in enumerate(rows) if (not one[1](row) and two[1](row)) or three[1](row)]
    assert parse(text).compile(columns) == found


@pytest.mark.slow
@settings(max_examples=3 * settings.default.max_examples, deadline=None)
@given(
    st.lists(
        st.sampled_from(["name", "rank", "duration", "metrics.auc.last", "params.x"]), min_size=1, max_size=3
    ),
    st.lists(st.sampled_from(["", ":asc", ":desc"]), min_size=3, max_size=3),
    tables,
    st.one_of(st.none(), st.integers(0, 9)),
)
def test_an_order_is_what_a_plain_sort_gives(fields, directions, rows, limit):
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    spec = ",".join(field + direction for field, direction in zip(fields, directions, strict=False))

    def before(a, b):
        for column, is_descending in parse_sort(spec):
            x, y = rows[a][column], rows[b][column]
            ranks = [
                {"number": 0, "text": 1, "bool": 2, "list": 3}.get(kind(v), 4 if v is not None else 5)
                for v in (x, y)
            ]
            if ranks[0] != ranks[1]:
                sign = -1 if is_descending and max(ranks) < 4 else 1
                return sign * (ranks[0] - ranks[1])
            if ranks[0] < 3 and x != y:
                return (-1 if x < y else 1) * (-1 if is_descending else 1)
        return 0

    expected = sorted(range(len(rows)), key=functools.cmp_to_key(before))[:limit]
    assert sort_indices(columns, spec, range(len(rows)), limit) == expected


@settings(max_examples=examples(50), deadline=None)
@given(
    st.lists(st.sampled_from([None, math.nan, 1, 2, 2.0, 3, "a", "b", True]), min_size=30, max_size=60),
    st.integers(0, 20),
    bools,
)
def test_the_quick_way_to_the_first_rows_is_the_same_order(values, limit, is_descending):
    columns = {"params.x": values, "name": [str(i % 3) for i in range(len(values))]}
    spec = f"params.x:{'desc' if is_descending else 'asc'},name"
    assert (
        sort_indices(columns, spec, range(len(values)), limit)
        == sort_indices(columns, spec, range(len(values)))[:limit]
    )


words = st.sampled_from(
    "( ) [ ] , . : + - = == != < <= > >= <> ~ !~ ' \" \\ and or not in contains like is null nan missing true "
    "name tags created duration rank params params.x metrics metrics.auc params['a'] 1 -1.5 1e3 90s -7d ago 'a' '-7d' "
    "'2026-11-20' 2026-11-20 'x y' inf #".split(" ")
)


@pytest.mark.slow
@settings(max_examples=6 * settings.default.max_examples, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(words, max_size=12).map(" ".join),
        st.lists(words, max_size=8).map("".join),
    )
)
def test_any_text_is_a_filter_or_a_clear_error(text):
    row = {"created": [1], "name": ["a"], "tags": [["a"]], "params.x": [1]}
    for read in (
        lambda: parse(text, now_us=NOW).compile(row, 1) in ([], [0]),
        lambda: bool(parse_sort(text)),
    ):
        try:
            is_fine = read()
        except BadExpressionError as error:
            is_fine = "^" in str(error)
        assert is_fine
