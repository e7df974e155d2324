"""How a filter is written: read its text, from left to right and one word ahead, into the parts of `where_rows`.

Each method of `Reader` reads one level of operators, as a recursive descent does; what is wrong is said at its place.
The language itself is described in `gnomon.runs.where`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadExpressionError
from gnomon.runs.where_rows import (
    And,
    Compare,
    CompareColumns,
    Contains,
    IsMissing,
    IsNan,
    Matches,
    Not,
    OneOf,
    Or,
    pattern_of,
)
from gnomon.runs.where_times import seconds_of, span_of_time

if TYPE_CHECKING:
    from gnomon.runs.where_rows import Part

    Value = int | float | str | bool

TEXT, NUMBER, TIME, DURATION, SEVERAL, ANY = (
    "text",
    "a number",
    "a time",
    "a duration",
    "several texts",
    "any value",
)
FIELDS = {
    "id": TEXT,
    "name": TEXT,
    "status": TEXT,
    "group": TEXT,
    "seed": ANY,
    "tags": SEVERAL,
    "author": TEXT,
    "created": TIME,
    "ended": TIME,
    "duration": DURATION,
    "parent": TEXT,
    "sweep": TEXT,
    "repeats": TEXT,
    "rank": NUMBER,
    "command": TEXT,
    "script": TEXT,
    "python": TEXT,
    "exit_code": NUMBER,
    "peak_memory_bytes": NUMBER,
    "cpu_s": NUMBER,
}
GROUPS = ("params", "metrics", "data", "code", "machine", "package", "env")  # a key follows: `params.lr`
SAME = {"duration_s": "duration"}  # what JSON and SQL call a field, where filters call it otherwise
STATUSES = ("running", "finished", "failed", "stopped", "interrupted", "unknown")
FIGURES = ("last", "min", "max", "count", "step")
LARGEST_FIRST = frozenset({"created", "ended"})
# What people type who know another tracker.
ALIASES = {
    "attributes": "status",
    "config": "params",
    "end_time": "ended",
    "experiment": "group",
    "finished": "ended",
    "metric": "metrics",
    "param": "params",
    "parameters": "params",
    "run_id": "id",
    "run_name": "name",
    "runtime": "duration",
    "start_time": "created",
    "started": "created",
    "state": "status",
    "summary": "metrics",
    "tag": "tags",
    "user": "author",
}
_EXAMPLES = {
    "params": "lr",
    "metrics": "auc",
    "data": "credit",
    "code": "commit",
    "machine": "cpu",
    "package": "numpy",
    "env": "CUDA_VISIBLE_DEVICES",
}
MAX_DEPTH = 100
MAX_LENGTH = 4_000_000
SHOWN_WIDTH = 72

_TOKEN = re.compile(
    r"""
    (?P<text>'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")
  | (?P<time>\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?)?(?![\w.]))
  | (?P<duration>[+-]?(?:\d++(?:\.\d++)?+(?:ms|min|[smhdw]))++(?!\w))
  | (?P<number>[+-]?(?:(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?+|(?i:inf)\b)(?![\w.]))
  | (?P<word>[^\W\d]\w*+)
  | (?P<sign><=|>=|==|!=|<>|!~|[=<>~()\[\],.:+-])
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*+")
_KEY = re.compile(r"[\w/-]++(?:\.[\w/-]++)*+")
_KEYWORDS = frozenset("and or not in contains like is null missing none nan true false".split())
_ORDERINGS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MISSING = frozenset({"null", "missing", "none"})


class _Token(NamedTuple):
    kind: str  # text, time, duration, number, word, sign; a keyword or sign is its own kind; end
    text: str
    start: int
    end: int


class _Field(NamedTuple):
    column: str
    holds: str
    start: int
    end: int


class _Literal(NamedTuple):
    kind: str  # number, text, bool, time, duration, missing
    value: Value | None
    start: int
    end: int


class Reader:
    """Reads one expression from left to right, one token ahead."""

    def __init__(self, text: str, now_us: int | None) -> None:
        if len(text) > MAX_LENGTH:
            raise BadExpressionError(
                f"the filter is {len(text):,} characters long; at most {MAX_LENGTH:,} are read",
                hint="choose runs by a tag or a group rather than one by one",
            )
        self.text = text
        self._now_us = now_us
        self.token = self._token_at(0)

    # --- tokens

    def _token_at(self, place: int) -> _Token:
        start = _end_of(_SPACE, self.text, place)
        if start == len(self.text):
            return _Token("end", "", start, start)
        match = _TOKEN.match(self.text, start)
        if match is None:
            raise self._odd_character(start)
        kind, text = match.lastgroup or "", match.group()
        if kind == "sign":
            kind = text
        elif kind == "word" and text.lower() in _KEYWORDS:
            kind = text.lower()
        return _Token(kind, text, start, match.end())

    def _odd_character(self, start: int) -> BadExpressionError:
        character = self.text[start]
        if character in "'\"":
            return self.error("this text has no closing quote", start, start + 1)
        if character.isdigit():
            end = _end_of(_KEY, self.text, start)
            hint = "a duration is written `90s`, `5m`, `2h`; a time `'2026-11-20 14:30'`"
            return self.error("this is not a number", start, end, hint)
        if character in "&|!":
            return self.error("unexpected character", start, start + 1, "write `and`, `or`, `not`")
        return self.error(
            "unexpected character", start, start + 1, "put a name or text with such characters in quotes"
        )

    def advance(self) -> _Token:
        token = self.token
        self.token = self._token_at(token.end)
        return token

    def expect(self, kind: str, what: str) -> _Token:
        if self.token.kind != kind:
            raise self.error(what)
        return self.advance()

    def take(self, *kinds: str) -> bool:
        if self.token.kind in kinds:
            self.advance()
            return True
        return False

    def error(
        self, what: str, start: int | None = None, end: int | None = None, hint: str | None = None
    ) -> BadExpressionError:
        """Return the error that shows the place: the token that comes next, unless another is given."""
        if start is None or end is None:
            start, end = self.token.start, self.token.end
        return BadExpressionError(f"this cannot be read:\n{_shown(self.text, start, end)} {what}", hint=hint)

    # --- expressions: each function reads one level of operators

    def either(self, depth: int) -> Part:
        parts = [self._all(depth)]
        while self.take("or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, depth: int) -> Part:
        parts = [self._negation(depth)]
        while self.take("and"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self, depth: int) -> Part:
        if depth > MAX_DEPTH:
            raise self.error(f"this is nested more than {MAX_DEPTH} deep")
        if self.take("not"):
            return Not(self._negation(depth + 1))
        if self.take("("):
            part = self.either(depth + 1)
            self.expect(")", "expected `)`, `and` or `or`")
            return part
        return self._comparison()

    def _comparison(self) -> Part:
        left = self._operand()
        token = self.token
        if token.kind in _ORDERINGS:
            return self._chain(left)
        is_negated = self.take("not")
        kind = self.token.kind
        if kind == "in":
            self.advance()
            return self._in(left, is_negated)
        if isinstance(left, _Literal):
            raise self.error("expected a comparison, such as `=` or `in`")
        if kind == "contains":
            self.advance()
            return self._contains(left, self._literal(), is_negated)
        if kind in ("~", "like", "!~") and not (is_negated and kind == "!~"):
            self.advance()
            return self._matches(left, kind, is_negated or kind == "!~")
        if kind == "is" and not is_negated:
            self.advance()
            return self._is(left)
        if is_negated:
            raise self.error("expected `in`, `contains` or `like`")
        if left.holds == ANY and (kind in ("and", "or", ")", "end")):
            return Compare("=", left.column, True)
        raise self.error("expected a comparison, such as `=`, `<`, `in` or `is missing`")

    def _chain(self, left: _Field | _Literal) -> Part:
        """Read `left < right`, and `left < middle < right`, which is both with `and`."""
        parts: list[Part] = []
        while self.token.kind in _ORDERINGS:
            sign = self.advance()
            right = self._bare_status(left) or self._right_operand()
            parts.append(self._compare(_ORDERINGS[sign.kind], left, right, sign))
            left = right
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _compare(
        self, operator: str, left: _Field | _Literal, right: _Field | _Literal, sign: _Token
    ) -> Part:
        if isinstance(left, _Literal):
            if isinstance(right, _Literal):
                raise self.error("one side must be a field, such as `params.lr`", left.start, right.end)
            return self._compare_value(_TURNED[operator], right, left, sign)
        if isinstance(right, _Literal):
            return self._compare_value(operator, left, right, sign)
        if SEVERAL in (left.holds, right.holds):
            raise self.error("`tags` holds several texts", left.start, right.end, "ask `'smoke' in tags`")
        kinds = {left.holds, right.holds} - {ANY}
        if len(kinds) > 1 and kinds != {NUMBER, DURATION}:
            raise self.error(f"one side is {left.holds}, the other {right.holds}", left.start, right.end)
        return CompareColumns(operator, left.column, right.column)

    def _compare_value(self, operator: str, field: _Field, literal: _Literal, sign: _Token) -> Part:
        if literal.kind == "missing":
            if operator not in ("=", "!="):
                raise self.error("nothing is smaller or larger than a missing value", sign.start, literal.end)
            return IsMissing(field.column, operator == "!=")
        if field.holds == SEVERAL:
            hint = f"ask `'{literal.value}' in tags`" if literal.kind == "text" else "ask `'smoke' in tags`"
            raise self.error("`tags` holds several texts", field.start, literal.end, hint)
        if field.holds == TIME:
            return _compare_time(operator, field.column, self._time_span(literal))
        value = self._value_for(field, literal)
        if isinstance(value, bool) and operator not in ("=", "!="):
            raise self.error("true and false have no order", sign.start, literal.end)
        return Compare(operator, field.column, value)

    def _in(self, left: _Field | _Literal, is_negated: bool) -> Part:
        if isinstance(left, _Literal):
            if self.token.kind in ("(", "["):
                raise self.error("the left side must be a field, such as `params.lr`", left.start, left.end)
            field = self._operand()
            if isinstance(field, _Literal):
                raise self.error("expected a field, such as `tags`", field.start, field.end)
            return self._contains(field, left, is_negated)
        closing = {"(": ")", "[": "]"}.get(self.token.kind)
        if closing is None:
            raise self.error("expected a list of values, such as `(1, 2)`")
        self.advance()
        literals: list[_Literal] = []
        while not self.take(closing):
            if literals:
                self.expect(",", f"expected `,` or `{closing}`")
                if self.take(closing):
                    break
            literals.append(self._bare_status(left) or self._literal())
        return self._one_of(left, literals, is_negated)

    def _one_of(self, field: _Field, literals: list[_Literal], is_negated: bool) -> Part:
        if field.holds == SEVERAL:
            parts = tuple(self._contains(field, literal, False) for literal in literals)
            return And((IsMissing(field.column, True), Not(Or(parts)))) if is_negated else Or(parts)
        for literal in literals:
            if literal.kind == "missing":
                raise self.error(
                    "a list holds no missing values", literal.start, literal.end, "add `or … is missing`"
                )
        if field.holds == TIME:
            operator = "!=" if is_negated else "="
            times = tuple(_compare_time(operator, field.column, self._time_span(one)) for one in literals)
            return And((IsMissing(field.column, True), *times)) if is_negated else Or(times)
        if not literals and is_negated:
            return IsMissing(field.column, True)
        return OneOf(field.column, tuple(self._value_for(field, literal) for literal in literals), is_negated)

    def _contains(self, field: _Field, literal: _Literal, is_negated: bool) -> Part:
        if field.holds not in (TEXT, SEVERAL, ANY):
            raise self.error(
                f"this is {field.holds}; only texts and `tags` contain something", field.start, field.end
            )
        if literal.kind == "missing" or (field.holds != ANY and literal.kind != "text"):
            raise self.error("expected a text in quotes", literal.start, literal.end)
        return Contains(field.column, self._value_for(field, literal), is_negated)

    def _matches(self, field: _Field, operator: str, is_negated: bool) -> Part:
        if field.holds not in (TEXT, SEVERAL, ANY):
            raise self.error(
                f"this is {field.holds}; only texts and `tags` fit a pattern", field.start, field.end
            )
        literal = self._literal()
        if literal.kind != "text" or not isinstance(literal.value, str):
            raise self.error("expected a pattern in quotes, such as 'base*'", literal.start, literal.end)
        many, one = ("%", "_") if operator == "like" else ("*", "?")
        return Matches(field.column, pattern_of(literal.value, many, one), is_negated)

    def _is(self, field: _Field) -> Part:
        is_negated = self.take("not")
        if self.take(*_MISSING):
            return IsMissing(field.column, is_negated)
        if self.token.kind in ("true", "false"):
            truth = self._literal()
            part = Compare("=", field.column, self._value_for(field, truth))
            return Not(part) if is_negated else part
        if self.token.kind == "nan":
            if field.holds not in (NUMBER, DURATION, ANY):
                raise self.error(f"this is {field.holds}; only a number can be NaN", field.start, field.end)
            self.advance()
            return IsNan(field.column, is_negated)
        raise self.error("expected `missing`, `nan`, `true` or `false`, with or without `not` before it")

    # --- fields and values

    def _operand(self) -> _Field | _Literal:
        return self.field() if self.token.kind in ("word", "end") else self._literal()

    def _right_operand(self) -> _Field | _Literal:
        token = self.token
        if token.kind != "word":
            return self._literal()
        is_plain = SAME.get(token.text, token.text) not in FIELDS and self.text[
            token.end : token.end + 1
        ] not in (".", "[")
        if is_plain and token.text not in GROUPS:
            raise self._unquoted_text(token)
        return self.field()

    def _bare_status(self, field: _Field | _Literal) -> _Literal | None:
        """Return the status that follows without quotes, as in `status = failed`; None where none does."""
        token = self.token
        if not isinstance(field, _Field) or field.column != "status" or token.kind != "word":
            return None
        if token.text in FIELDS or self.text[token.end : token.end + 1] in (".", "["):
            return None
        if token.text.lower() not in STATUSES:
            raise self.error("there is no such status", hint=f"there are {', '.join(STATUSES)}")
        self.advance()
        return _Literal("text", token.text.lower(), token.start, token.end)

    def field(self) -> _Field:
        token = self.token
        if token.kind != "word":
            raise self.error("expected a field, such as `params.lr`, `metrics.auc` or `created`")
        if token.text in GROUPS:
            return self._keyed_field(token)
        name = SAME.get(token.text, token.text)
        if name not in FIELDS:
            raise self._unknown_field(token)
        after = self._token_at(token.end)
        if after.kind == "." and after.start == token.end:
            raise self.error(f"`{token.text}` has no parts", token.start, after.end)
        self.advance()
        return _Field(name, FIELDS[name], token.start, token.end)

    def _keyed_field(self, token: _Token) -> _Field:
        """Read what follows `params`, `metrics` or another group: a key as it is, or in quotes, or in brackets and quotes."""
        group, place = token.text, token.end
        opening = self.text[place : place + 1]
        if opening not in (".", "["):
            hint = f"write `{group}.KEY`, for instance `{group}.{_EXAMPLES[group]}`"
            raise self.error(f"expected a key after `{group}`", token.start, token.end, hint)
        match = _KEY.match(self.text, place + 1) if opening == "." else None
        if match:
            key, end = match.group(), match.end()
        else:
            inner = self._token_at(place + 1)
            if inner.kind != "text":
                raise self.error(
                    "expected a key; other characters than letters, digits and `_ - / .` need quotes",
                    place,
                    inner.end,
                )
            key, end = _unquoted(inner.text), inner.end
            if opening == "[":
                closing = self._token_at(end)
                if closing.kind != "]":
                    raise self.error("expected `]`", closing.start, closing.end)
                end = closing.end
        if group != "metrics":
            return self._end_field(_Field(f"{group}.{key}", ANY, token.start, end))
        figure = "last"
        if match:
            series, _, last = key.rpartition(".")
            if series and last in FIGURES:
                key, figure = series, last
        elif (after := _KEY.match(self.text, end + 1)) and self.text[end] == ".":
            figure, end = after.group(), after.end()
            if figure not in FIGURES:
                raise self.error(f"expected one of {', '.join(FIGURES)}", after.start(), after.end())
        return self._end_field(_Field(f"metrics.{key}.{figure}", NUMBER, token.start, end))

    def _end_field(self, field: _Field) -> _Field:
        after = self.text[field.end : field.end + 1]
        if after and after in ".[\"'":
            raise self.error(
                "a name with such characters needs quotes around all of it", field.end, field.end + 1
            )
        self.token = self._token_at(field.end)
        return field

    def _unknown_field(self, token: _Token) -> BadExpressionError:
        if self.text[token.end : token.end + 1] in ("/", "-"):  # `val/acc`, a name as series have them
            token = token._replace(end=_end_of(_KEY, self.text, token.start))
        name, groups = self.text[token.start : token.end], (*FIELDS, *GROUPS)
        meant = ALIASES.get(name.lower())
        if meant is None:
            import difflib

            near = difflib.get_close_matches(name[:SHOWN_WIDTH].lower(), groups, 1, 0.7)
            meant = near[0] if near else None
        hint = f"there are {', '.join(groups)}"
        if meant in GROUPS:
            dotted = self.text[token.end : token.end + 1] == "."
            end = _end_of(_KEY, self.text, token.end + 1) if dotted else token.end
            hint = f"did you mean `{meant}{self.text[token.end : end][:SHOWN_WIDTH] or '.KEY'}`?"
        elif meant:
            hint = f"did you mean `{meant}`?"
        elif len(name) <= SHOWN_WIDTH:
            hint = f"did you mean `params.{name}` or `metrics.{name}`? Without a dot {hint}"
        return self.error("there is no such field", token.start, token.end, hint)

    def _literal(self) -> _Literal:
        token = self.token
        kind = token.kind
        if kind in ("text", "number", "time", "duration"):
            self.advance()
            if kind == "duration" and self.token.kind == "word" and self.token.text.lower() == "ago":
                ago = self.advance()
                return _Literal("time", f"{token.text} ago", token.start, ago.end)
            value = self._number(token) if kind == "number" else token.text
            return _Literal(kind, _unquoted(token.text) if kind == "text" else value, token.start, token.end)
        if kind in ("true", "false"):
            self.advance()
            return _Literal("bool", kind == "true", token.start, token.end)
        if kind in _MISSING:
            self.advance()
            return _Literal("missing", None, token.start, token.end)
        if kind == "nan":
            raise self.error("nothing equals NaN", hint="write `is nan` or `is not nan`")
        if kind == "word":
            raise self._unquoted_text(token)
        raise self.error("expected a value, such as 0.01, 'text' or true")

    def _unquoted_text(self, token: _Token) -> BadExpressionError:
        example = f": '{token.text}'" if len(token.text) <= SHOWN_WIDTH else ""
        return self.error("this is neither a value nor a field", hint=f"put text in quotes{example}")

    def _number(self, token: _Token) -> int | float:
        try:
            return int(token.text)
        except ValueError:
            pass
        if token.text.lstrip("+-").isdigit():
            raise self.error("a whole number of so many digits is not read", token.start, token.end)
        return float(token.text)

    def _value_for(self, field: _Field, literal: _Literal) -> Value:
        """Return the value to compare a field with; raises where the field never holds such a value."""
        value = literal.value
        assert value is not None  # noqa: S101 - callers have dealt with missing values
        if field.holds == DURATION:
            if literal.kind == "number":
                return value
            if literal.kind in ("text", "duration"):
                seconds = seconds_of(str(value))
                if seconds is not None:
                    return seconds
            raise self.error("expected a duration, such as 90s, 5m or 2h", literal.start, literal.end)
        if literal.kind == "duration":
            raise self.error(
                "durations compare with `duration`, `created` and `ended` only",
                literal.start,
                literal.end,
                f"put text in quotes: '{value}'",
            )
        if field.holds == TEXT and literal.kind not in ("text", "time"):
            shown = self.text[literal.start : min(literal.end, literal.start + SHOWN_WIDTH)]
            raise self.error(
                f"`{field.column}` is text", literal.start, literal.end, f"put it in quotes: '{shown}'"
            )
        if field.holds == NUMBER and literal.kind != "number":
            raise self.error(f"`{_as_written(field.column)}` is a number", literal.start, literal.end)
        return value

    def _time_span(self, literal: _Literal) -> tuple[int, int]:
        """Return the first microsecond of a time, and the first after it."""
        if literal.kind in ("text", "time", "duration"):
            span = span_of_time(str(literal.value), self._now_us)
            if span:
                return span
        raise self.error(
            "expected a time, such as '2026-11-20', '2026-11-20 14:30', 'today' or '-7d'",
            literal.start,
            literal.end,
        )

    # --- order

    def sort_key(self) -> tuple[str, bool]:
        direction = self.advance().kind if self.token.kind in ("+", "-") else None
        field = self.field()
        if field.holds == SEVERAL:
            raise self.error("`tags` holds several texts, which have no order", field.start, field.end)
        is_descending = field.column.startswith("metrics.") or field.column in LARGEST_FIRST
        if direction:
            is_descending = direction == "-"
        if self.take(":"):
            if self.token.text.lower() not in ("asc", "desc"):
                raise self.error("expected `asc` or `desc`")
            is_descending = self.advance().text.lower() == "desc"
        return field.column, is_descending


# ---------------------------------------------------------------- texts


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return match.end() if match else place


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return re.sub(r"\\([\\'\"])", r"\1", inner) if "\\" in inner else inner


def _as_written(column: str) -> str:
    return column.removesuffix(".last") if column.startswith("metrics.") else column


def _compare_time(operator: str, column: str, span: tuple[int, int]) -> Part:
    """Compare whole microseconds with a time that stands for all from `start` to before `end`."""
    start, end = span
    if operator == "=":
        return And((Compare(">=", column, start), Compare("<", column, end)))
    if operator == "!=":
        return Or((Compare("<", column, start), Compare(">=", column, end)))
    at = end if operator in ("<=", ">") else start
    return Compare("<" if operator in ("<", "<=") else ">=", column, at)


def _shown(text: str, start: int, end: int) -> str:
    """Return the part of the text around a place on one line, and a line of carets under it."""
    first = max(0, min(start - SHOWN_WIDTH // 2, len(text) - SHOWN_WIDTH))
    last = min(len(text), first + SHOWN_WIDTH)
    part = "".join(character if character.isprintable() else " " for character in text[first:last])
    before = "…" if first else ""
    after = "…" if last < len(text) else ""
    caret = " " * (len(before) + start - first) + "^" * max(1, min(end, last) - start)
    return f"  {before}{part}{after}\n  {caret}"
