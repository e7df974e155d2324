"""Short ids: as few digits as tell the runs that are shown from all others."""

from __future__ import annotations

import pytest

from gnomon.features import declare_features
from gnomon.record.index import Index
from gnomon.runs.short_ids import digits_to_show
from tests.unit.record.made_record import MadeLog, MadeRecord


@pytest.fixture
def index(tmp_path):
    record = MadeRecord(tmp_path / "record")
    declare_features()
    log = MadeLog(1)
    for run in ("11111111111122223333", "11111111111133334444", "1111111155", "9" * 20, "ab"):
        log.add("run.created", f"run:{run}", {})
    log.add("process.exited", "process:99999999999999999999aaaa", {})
    record.put_log(log)
    index = Index(record.home)
    index.update()
    return index


@pytest.mark.parametrize(
    ("shown", "digits"),
    [
        (["9" * 20], 8),
        (["11111111111122223333"], 13),
        (["11111111111133334444", "9" * 20], 13),
        (["1111111155"], 9),
        (["ab"], 8),
        ([], 8),
    ],
)
def test_as_many_digits_as_are_needed(index, shown, digits):
    assert digits_to_show(index, shown) == digits
