"""`/record`: where the record meets others, whether it is whole, and how much is in it.

Always true: a remote is met only after a person pressed a button here, and only one that this replica knows by name: no address
comes from the page. Passwords in addresses are not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from gnomon.page import Redirect, Shown
from gnomon.record.index_place import place_for
from gnomon.sync.state import StateFile
from gnomon.telling import kinds_told
from gnomon.web import record_jobs as jobs
from gnomon.web.record_figures import figures

if TYPE_CHECKING:
    from gnomon.page import Ask
    from gnomon.sync.state import Arrival, Remote
    from gnomon.web.record_figures import Figures

MOST_ARRIVALS = 10
MOST_PROBLEMS = 50
MOST_DEVICES = 50
HERE = "/record"


class Met(NamedTuple):
    """A remote as the page shows it. `met` is when it was last met (0: not known), `came` what its newest arrival brought."""

    name: str
    url: str
    met: float
    came: Arrival | None
    changed_files: int
    changed_bytes: int


def record_page(ask: Ask) -> Shown:
    """Show the state of this replica."""
    record, part = ask.record, ask.part
    values: dict[str, object] = {"told": kinds_told, "job": None}
    if part in ("", "sync"):
        state = StateFile(record.home, place_for(record.home, record.home.env)).load()
        found = figures(record.home)
        values |= {
            "remotes": [
                _met(name, one, state.arrivals, found) for name, one in sorted(state.remotes.items())
            ],
            "arrivals": state.arrivals[: -MOST_ARRIVALS - 1 : -1],
            "fetched": state.parts,
            "sync": jobs.last(record.path, jobs.SYNC),
        }
    if part in ("", "verify"):
        values["verify"] = jobs.last(record.path, jobs.VERIFY)
    if part in ("", "sizes"):
        values |= _sizes(ask)
    if part in ("", "notices"):
        record.replica.update(record.progress)
        problems = record.replica.index.problems()
        values |= {
            "notice": record.replica.index.notice,
            "problems": problems[:MOST_PROBLEMS],
            "more_problems": max(0, len(problems) - MOST_PROBLEMS),
        }
    return Shown("web/record.html", "Record", values)


def start_sync(ask: Ask) -> Redirect:
    """Meet a remote, by the name that this replica has for it. Raises UnknownRemoteError, BadArgumentError."""
    name = ask.form.text("remote")
    how = ask.form.text("how")
    path = ask.record.path
    jobs.start(path, jobs.Job(jobs.SYNC, name, how), jobs.sync_with(path, name, how))
    return Redirect(HERE)


def start_verify(ask: Ask) -> Redirect:
    """Check every file. Raises BadArgumentError while a verification runs."""
    how = ask.form.text("how")
    jobs.start(ask.record.path, jobs.Job(jobs.VERIFY, "", how), jobs.verify(ask.record.path, how))
    return Redirect(HERE)


def stop(ask: Ask) -> Redirect:
    """Ask for the end of a job."""
    jobs.stop(ask.record.path, ask.form.text("kind"))
    return Redirect(HERE)


def _met(name: str, remote: Remote, arrivals: list[Arrival], found: Figures) -> Met:
    came = next((one for one in reversed(arrivals) if one.remote == name), None)
    met = remote.met_us / 1e6
    return Met(name, shown_url(remote.url), met, came, *found.changed_since(met))


def shown_url(url: str) -> str:
    """Return an address without a password.

    >>> shown_url("ssh://me:secret@host/path"), shown_url("/mnt/share")
    ('ssh://me:…@host/path', '/mnt/share')
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return url.partition("://")[0] + "://…"
    if password is None:
        return url
    who, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who.partition(':')[0]}:…@{host}"))


def _sizes(ask: Ask) -> dict[str, object]:
    record = ask.record
    found = figures(record.home)
    table = record.runs(columns=["id"], limit=0)
    hidden = record.runs(columns=["id"], limit=0, removed=True)
    index = record.replica.index
    return {
        "figures": found,
        "devices": found.devices[:MOST_DEVICES],
        "more_devices": max(0, len(found.devices) - MOST_DEVICES),
        "counts": [
            ("runs", f"{table.total:,}" + (f", and {hidden.total:,} hidden" if hidden.total else "")),
            ("versions of data", f"{len(index.columns('data', ['name'])['name']):,}"),
            ("processes", f"{len(index.columns('process', [''])['']):,}"),
            ("series", f"{sum(key.startswith('metrics.') for key in index.keys('run')):,} different names"),
            ("id", record.home.record_id),
            ("folder", record.path),
        ],
    }
