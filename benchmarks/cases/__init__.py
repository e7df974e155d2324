"""The cases, in the order in which they run."""

from benchmarks.bench import Case
from benchmarks.cases import (
    ask,
    ask_peers,
    cold,
    data,
    index,
    kill,
    log,
    objects,
    pages,
    parquet,
    reproduce,
    runs,
    scale,
    series,
    size,
    sweep,
    sync,
    team,
    tried,
    verify,
)

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        log.ONE,
        log.TWENTY,
        cold.CASE,
        kill.CASE,
        runs.CASE,
        scale.CASE,
        ask.CASE,
        ask_peers.CASE,
        tried.CASE,
        sweep.CASE,
        reproduce.CASE,
        series.CASE,
        index.CASE,
        verify.CASE,
        objects.CASE,
        data.CASE,
        parquet.CASE,
        sync.CASE,
        pages.CASE,
        team.CASE,
        size.CASE,
    )
}
