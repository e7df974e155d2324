"""Rows of the test set that are in the training set too, and whether chance alone would make as many.

With few columns of few values, rows repeat by chance: most rows of a test set of five yes-or-no columns are in any training
set. Two figures tell chance from copies.

1. *Repeats within training* (Good 1953): if test rows come as training rows did, the share of them that training holds is the
   share of training rows that another training row equals. More than that is surely no chance of that kind.
2. *Near misses.* Where rows agree by chance in all columns, they agree by chance in all but one far more often than never:
   for a column in which two rows agree with the odds a : 1, about 1/a as often. Copies agree in all columns and have no near
   misses. That sees what the first cannot: rows that were copied *before* the tables were split, which repeat in training as
   well.

Always true: counts are exact (hashes of 64 bits); the near misses only say how the counts are read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.leakage.asked import is_index
from gnomon.checks.kinds.leakage.hashed import AT_ONCE, common, gather, hash_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.leakage.asked import Asked
    from gnomon.checks.kinds.leakage.hashed import Sides
    from gnomon.checks.rows import Rows
    from gnomon.data.profile.engine import Engine

TRIED = 20  # columns of which near misses are counted
OFTEN = 3  # times that a row comes on average in both tables, from which on rows may repeat by what they are
COPIED = 3.0  # times what near misses explain, from which on equal rows are copies
USUAL = 1.5  # times that, up to which they are chance
CHANCE, COPIES, UNCLEAR = "chance", "copies", "unclear"


class Within(NamedTuple):
    """One table: rows, different ones by their features, rows that no other row equals, and different whole rows."""

    rows: int
    distinct: int
    single: int
    distinct_rows: int

    @property
    def repeated(self) -> float:
        """The share of rows that another row of the table equals."""
        return 1 - self.single / self.rows if self.rows else 0.0


class Overlap(NamedTuple):
    """Test rows that training has: by features, with the same target, with another target only, in every column.

    `different` are the different ones among them; `by_chance` is about how many of those near misses explain, `by_chance_high`
    how many at most.
    """

    train: Within
    test: Within
    features: int
    same_target: int
    other_target: int
    every_column: int
    different: int
    by_chance: float | None = None
    by_chance_high: float | None = None
    keys: int | None = None
    keyed: int | None = None
    late: int | None = None
    timed: int | None = None
    early: int | None = None

    @property
    def share(self) -> float:
        """The share of test rows whose features are in training."""
        return self.features / self.test.rows if self.test.rows else 0.0

    @property
    def reading(self) -> str:
        """`copies`, `chance`, or `unclear`, by near misses.

        Rows that come often in both tables repeat by what they are, unless near misses say that they are copies. Columns that
        one column settles (a town, its region, its people) have no near misses either: then it is unclear.
        """
        comes_often = all(one.rows >= OFTEN * one.distinct for one in (self.train, self.test))
        if self.by_chance is None or self.by_chance_high is None:
            return CHANCE if comes_often else UNCLEAR
        if self.different > COPIED * self.by_chance_high:
            return UNCLEAR if comes_often else COPIES
        usual = USUAL * self.by_chance
        return CHANCE if comes_often or self.different <= usual + 3 * math.sqrt(usual) else UNCLEAR


def overlap_of(sides: Sides, features: Sequence[str], asked: Asked) -> Overlap:
    """Return what both tables have in common."""
    from gnomon.data.profile.engine import engine

    with engine() as opened:
        sql = [common(one, sides) for one in features]
        apart = {asked.target, *features}
        both = set(sides.train.names) & set(sides.test.names)
        others = [one for one in sides.train.names if one in both and one not in apart and not is_index(one)]
        chosen = {"f": hash_of(sql), "y": hash_of([common(asked.target, sides)])}
        chosen["o"] = hash_of([common(one, sides) for one in others])
        then = ", ".join(["f", "y", "hash(f, y, o) AS a", *(more := _more(sides, asked))])
        for name, rows in (("train", sides.train), ("test", sides.test)):
            gather(opened, f"{name}_rows", rows, chosen | more, then)
            opened.rows(f"CREATE TABLE {name}_f AS SELECT f, count(*) n FROM {name}_rows GROUP BY f")
        found = _counted(opened)
        # Of one column, all others always agree: near misses say nothing.
        if found.different and len(features) > 1:
            found = _near(opened, sides, sql, found)
        return _apart(opened, found, asked)


def _more(sides: Sides, asked: Asked) -> dict[str, str]:
    """Return the columns that the key and the time need."""
    from gnomon.checks.kinds.leakage.hashed import moment

    more = {}
    if asked.key:
        parts = [common(one, sides) for one in asked.key]
        missing = " OR ".join(f"({one}) IS NULL" for one in parts)
        more["k"] = f"CASE WHEN NOT ({missing}) THEN {hash_of(parts)} END"
    if asked.time is not None:
        more["t"] = moment(asked.time, sides)
    return more


def _within(opened: Engine, name: str) -> Within:
    rows, distinct, single = opened.rows(
        f"SELECT coalesce(sum(n), 0), count(*), coalesce(sum(n) FILTER (WHERE n = 1), 0) FROM {name}_f"
    )[0]
    whole = opened.rows(f"SELECT count(DISTINCT a) FROM {name}_rows")[0][0]
    return Within(int(rows), int(distinct), int(single), int(whole))


def _counted(opened: Engine) -> Overlap:
    features, same, every, different = opened.rows(
        "SELECT count(k.f), count(s.f), count(w.a), count(DISTINCT k.f) FROM test_rows r"
        " LEFT JOIN train_f k ON r.f = k.f"
        " LEFT JOIN (SELECT DISTINCT f, y FROM train_rows) s ON r.f = s.f AND r.y = s.y"
        " LEFT JOIN (SELECT DISTINCT a FROM train_rows) w ON r.a = w.a"
    )[0]
    return Overlap(
        _within(opened, "train"), _within(opened, "test"), features, same, features - same, every, different
    )


def _apart(opened: Engine, found: Overlap, asked: Asked) -> Overlap:
    """Add what the key and the time say."""
    if asked.key:
        keys, keyed = opened.rows(
            "SELECT count(k.k), count(r.k) FROM test_rows r LEFT JOIN (SELECT DISTINCT k FROM train_rows) k ON r.k = k.k"
        )[0]
        found = found._replace(keys=keys, keyed=keyed)
    if asked.time is not None:
        late, timed = opened.rows(
            "SELECT count(*) FILTER (WHERE t > (SELECT min(t) FROM test_rows)), count(t) FROM train_rows"
        )[0]
        early = opened.rows(
            "SELECT count(*) FILTER (WHERE t < (SELECT max(t) FROM train_rows)) FROM test_rows"
        )[0][0]
        has_test = opened.rows("SELECT count(t) FROM test_rows")[0][0]
        found = found._replace(late=late, timed=min(timed, has_test and timed), early=early)
    return found


# ---------------------------------------------------------------- near misses


def _near(opened: Engine, sides: Sides, sql: Sequence[str], found: Overlap) -> Overlap:
    """Add how many equal rows near misses explain: those of the column that explains most."""
    tried = _finest(sides.train, sql)
    chosen = {
        "r": hash_of([one for one in sql if one not in tried]),
        **{f"h{at}": hash_of([one]) for at, one in enumerate(tried)},
    }
    for name, rows in (("train", sides.train), ("test", sides.test)):
        gather(opened, f"{name}_near", rows, chosen, is_distinct=True)
    pairs = float(found.train.distinct) * found.test.distinct
    best, high = 0.0, 0.0
    for at in range(len(tried)):
        others = ", ".join(["r", *(f"h{other}" for other in range(len(tried)) if other != at)])
        misses = max(0.0, _common(opened, f"hash({others}, 0)") - found.different)
        agree = max(0.0, _common(opened, f"h{at}") - found.different)
        apart = max(1.0, pairs - found.different - agree)
        best = max(best, misses * agree / apart)
        high = max(high, (misses + 3 * math.sqrt(misses) + 3) * (agree + 3) / apart)
    return found._replace(by_chance=best, by_chance_high=high)


def _common(opened: Engine, sql: str) -> float:
    """Return how many pairs of different rows, one of each table, have one value of an expression."""
    total = opened.rows(
        f"SELECT sum(a.n * b.n) FROM (SELECT {sql} m, count(*)::DOUBLE n FROM train_near GROUP BY m) a"
        f" JOIN (SELECT {sql} m, count(*)::DOUBLE n FROM test_near GROUP BY m) b ON a.m = b.m"
    )[0][0]
    return float(total or 0.0)


def _finest(rows: Rows, sql: Sequence[str]) -> list[str]:
    """Return the columns with the most different values, as many as are tried."""
    import narwhals as nw

    if len(sql) <= TRIED:
        return list(sql)
    relation = nw.to_native(rows.frame)
    counts: list[int] = []
    for at in range(0, len(sql), AT_ONCE):
        asked = ", ".join(f"approx_count_distinct({one})" for one in sql[at : at + AT_ONCE])
        counts += relation.aggregate(asked).fetchall()[0]
    order = sorted(range(len(sql)), key=lambda at: (-counts[at], at))
    return [sql[at] for at in sorted(order[:TRIED])]
