"""What the tests of rich values share: there and back again."""

from __future__ import annotations

from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded


def parts_of(result):
    return {part.name: part.data for part in result.parts}


def there_and_back(value):
    """Return (what was encoded, what is read of it); encoding twice gives the same."""
    result = encoded(value)
    assert encoded(value) == result
    return result, read_value(result.kind, result.meta, parts_of(result))
