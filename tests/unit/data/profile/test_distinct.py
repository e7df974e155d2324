"""Counting different values: the same everywhere, within the stated error, and parts make the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.data.profile.distinct import (
    PRECISION,
    PRECISION_WIDE,
    error,
    estimate,
    is_sketch,
    merged_sketch,
    number_hash,
    number_hash_sql,
    register_sql,
    sketch_of,
    sketch_of_registers,
    text_hash,
    text_hash_sql,
)

values = st.lists(st.integers(0, 2**64 - 1), max_size=3000)


def test_hashes_do_not_change():
    """Stored sketches must stay readable: if this fails, add a version of the profile."""
    assert [number_hash(value) for value in (0.0, 1.0, -2.5)] == [
        0,
        16144057401335845727,
        5124841909063915826,
    ]
    assert text_hash("hé") == 12102053903074148591


def test_sql_gives_the_same_hashes():
    import duckdb

    numbers = [0.0, -0.0, 1.0, 0.1, -3.25, 1e300, 5e-324, 2.0**53]
    sql = f"SELECT {number_hash_sql('x')} FROM (SELECT unnest(?::DOUBLE[]) AS x)"
    assert [row[0] for row in duckdb.execute(sql, [numbers]).fetchall()] == list(map(number_hash, numbers))
    texts = ["", "a", "hé", "x" * 500]
    sql = f"SELECT {text_hash_sql('x')} FROM (SELECT unnest(?::VARCHAR[]) AS x)"
    assert [row[0] for row in duckdb.execute(sql, [texts]).fetchall()] == list(map(text_hash, texts))


def test_sql_gives_the_same_registers():
    import duckdb

    for precision in (PRECISION, PRECISION_WIDE):
        hashes = [number_hash(float(value)) for value in range(2000)] + [0, 2**64 - 1, 1 << 63]
        sql = f"SELECT DISTINCT {register_sql('h', precision)} FROM (SELECT unnest(?::UBIGINT[]) AS h)"
        keys = [row[0] for row in duckdb.execute(sql, [hashes]).fetchall()]
        assert sketch_of_registers(keys, precision) == sketch_of(hashes, precision)


@given(values, values)
def test_the_sketch_of_two_parts_is_exactly_that_of_the_whole(a, b):
    assert merged_sketch(sketch_of(a), sketch_of(b)) == sketch_of(a + b)
    mixed = merged_sketch(sketch_of(a, PRECISION_WIDE), sketch_of(b))
    assert mixed == sketch_of(a + b, PRECISION_WIDE)


@pytest.mark.parametrize("precision", [PRECISION, PRECISION_WIDE])
@pytest.mark.parametrize("scale", [1.0, 0.1, 1e6, 2.0**-20])
@pytest.mark.parametrize("many", [10, 1_000, 30_000])
def test_estimates_are_within_four_standard_errors(precision, scale, many):
    sketch = sketch_of((number_hash(value * scale) for value in range(many)), precision)
    assert is_sketch(sketch)
    assert abs(estimate(sketch) / many - 1) < 4 * error(sketch)


def test_nothing_is_estimated_as_nothing():
    assert estimate(sketch_of([])) == 0 == estimate("")


@pytest.mark.parametrize("text", ["x", "13=" + "A" * 8192, "12=AA", "12.A", "12.€€€", "09.___", "12:AAA"])
def test_what_is_no_sketch_is_told(text):
    assert not is_sketch(text)
