"""Queries to begin with, that any record can answer. A test asks each of them."""

from __future__ import annotations

EXAMPLES = {
    "newest runs": """\
select id, name, status, created, duration_s
from runs
order by created desc
limit 50""",
    "best of each metric": """\
select name, count(*) as runs, avg(last) as mean, min(last) as lowest, max(last) as highest
from metrics
where name not like 'system/%'
group by name
order by runs desc, name""",
    "seed groups": """\
select name, n, apart, runs
from groups
order by n desc, name""",
    "what failed, by day": """\
select cast(created as date) as day, count(*) as runs,
       count(*) filter (status = 'failed') as failed
from runs
group by day
order by day desc""",
    "notes": """\
select time, run, text, author
from notes
order by time desc""",
    "longest series": """\
select run, name, "count", first_step, last_step, last
from metrics
order by "count" desc
limit 50""",
    "one metric over all steps": """\
with chosen as (
  select name from metrics
  where name not like 'system/%'
  group by name
  order by count(*) desc, name
  limit 1
)
select series, step, avg(value) as mean, count(*) as runs
from points
where series in (select name from chosen)
group by series, step
order by step""",
    "who used which data": """\
select run, dataset, number, how
from used
where dataset is not null
order by dataset, number""",
    "what each device wrote": """\
select writer, kind, count(*) as entries, max(time) as latest
from entries
group by writer, kind
order by entries desc""",
}
"""Title to query."""
