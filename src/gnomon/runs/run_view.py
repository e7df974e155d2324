"""One run, as it stands in the record: `gnomon.open().run(id)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from gnomon.runs.state import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.points.query import Cut
    from gnomon.points.series import Series
    from gnomon.points.series_points import Within
    from gnomon.points.stats import SeriesStat
    from gnomon.runs.capture.views import Captured, Printed, Withheld
    from gnomon.runs.notebook.views import Cell, Notebook
    from gnomon.runs.plot.picture import Plot
    from gnomon.runs.values.rich_value import RichValue
    from gnomon.runs.views import Record


class Note(NamedTuple):
    """A note: Markdown, when and by whom. `text` is None where it was erased.

    Of one that was edited, `time_s`, `author` and `hash` are those of the last edit, `since_s` is when it was first written.
    `of` names the note through all its edits: two with the same were edited apart.
    """

    text: str | None
    time_s: float
    author: str | None
    hash: str
    of: str = ""
    since_s: float = 0.0

    @property
    def is_edited(self) -> bool:
        """Whether it reads otherwise than it was first written."""
        return self.of not in ("", self.hash)

    def _repr_html_(self) -> str:
        from gnomon.runs.display.run import note_html

        return note_html(self)


class Kept(NamedTuple):
    """A file or folder that was kept with the run."""

    name: str
    object: str
    size: int
    files: int
    is_tree: bool


class Use(NamedTuple):
    """Data that the run used: a version (`label` is `credit@v3`), or what lay at a path and is known by its digest.

    `how` is 'restored', 'working copy', 'reference' or 'not versioned'; `note` says what is not as it should be. `at` is where a
    path lay, below the project.
    """

    name: str
    label: str | None
    version: str | None
    object: str | None
    size: int
    files: int
    how: str
    note: str | None
    at: str | None = None


class Process(NamedTuple):
    """A process that logged to the run, and what is known of its losses.

    `lost_rows` and `lost_values` the disk refused; `unusable_values` were no numbers; `missing` is the upper bound of calls
    that a crash or damage may have taken, None where nobody can tell.
    """

    rank: int
    log: str
    writer: str
    status: str
    error: str | None
    lost_rows: int
    lost_values: int
    unusable_values: int
    missing: int | None
    is_launcher: bool = False


class RunView:
    """A run of a record. Everything is read when it is asked for; `id` is its whole id."""

    def __init__(self, record: Record, id: str) -> None:
        self.record = record
        self.id = id
        state = record.replica.index.state("run", id)
        self._state: dict[str, Any] = state if isinstance(state, dict) else {}

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<RunView {self.id[:8]} {words(self.name, 80)} {self.status}>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.run import run_html

        return run_html(self)

    @property
    def name(self) -> str | None:
        """The name, else that of its script; where people gave different ones, the latest (see `conflicts`)."""
        name = self._state.get("name")
        if name is None:
            name = self._state.get("label")
        return str(name) if name is not None else None

    @property
    def status(self) -> str:
        """'running', 'finished', 'failed', 'stopped', 'interrupted', or 'unknown' where nobody here can tell."""
        status = str(self._state.get("status"))
        if status != OPEN:
            return status
        from gnomon.runs.views import live_status

        return live_status(self.record.replica, self._state)

    @property
    def group(self) -> str | None:
        """The group: runs that differ in their seed only."""
        group = self._state.get("group")
        return str(group) if group is not None else None

    @property
    def seed(self) -> object:
        """The seed."""
        return self._state.get("seed")

    @property
    def author(self) -> str | None:
        """The member who made it; None before the record has members."""
        author = self._state.get("author")
        return str(author) if author is not None else None

    @property
    def tags(self) -> list[str]:
        """The tags, sorted."""
        return sorted(self._dict("tags"))

    @property
    def params(self) -> dict[str, object]:
        """The parameters, nested as they were given."""
        return self._dict("params")

    @property
    def conflicts(self) -> dict[str, list[object]]:
        """What people or processes said apart, by field: all values that stand."""
        return self._dict("conflicts")

    @property
    def is_removed(self) -> bool:
        """Whether the run is hidden from lists."""
        return bool(self._state.get("removed"))

    @property
    def is_withheld(self) -> bool:
        """Whether nothing that was said of the run is here, only that entries about it exist."""
        return "is_withheld" in self._state

    @property
    def created(self) -> float:
        """When it was made, seconds since 1970 UTC."""
        return self._number("created_us") / 1e6

    @property
    def ended(self) -> float | None:
        """When its last process ended, seconds since 1970 UTC; None while one is open."""
        ends = [one.get("ended_us") for one in self._dict("processes").values()]
        times = [end for end in ends if isinstance(end, int)]
        return max(times) / 1e6 if times and self._state.get("status") != OPEN else None

    @property
    def duration_s(self) -> float | None:
        """How long it took; None while a process is open."""
        return self.ended - self.created if self.ended is not None else None

    @property
    def parent(self) -> str | None:
        """The id of the run that this one belongs to."""
        parent = self._state.get("parent")
        return str(parent) if parent is not None else None

    @property
    def children(self) -> list[str]:
        """The ids of the runs that belong to this one."""
        table = self.record.runs(columns=["id", "parent"], sort="created:asc")
        return [str(row["id"]) for row in table.to_pylist() if row["parent"] == self.id]

    @property
    def notes(self) -> list[Note]:
        """The notes, that one first which was first written."""
        return [
            Note(
                one["text"], one["time_us"] / 1e6, one["author"], one["hash"], one["of"], one["since_us"] / 1e6,
            )
            for one in self._list("notes")
        ]  # fmt: skip

    @property
    def kept(self) -> list[Kept]:
        """The kept files, oldest first."""
        return [
            Kept(
                str(one["name"]),
                str(one["object"]),
                int(one.get("size") or 0),
                int(one.get("files") or 1),
                bool(one.get("is_tree")),
            )
            for one in self._list("kept")
        ]

    @property
    def uses(self) -> list[Use]:
        """The data that it used, in order of first use."""
        return [
            Use(
                one["name"], f"{one['dataset']}@v{one['number']}" if one["dataset"] and one["number"] else None,
                one["version"], one["object"], one["size"], one["files"], one["how"], one["note"],
                one.get("at"),
            )
            for one in self._list("uses")
        ]  # fmt: skip

    @property
    def repeats(self) -> dict[str, Any]:
        """What it repeats, where it was made from another run's recipe: `run`, `for` ('replication' or 'why'), `swapped`."""
        return dict(self._dict("repeats"))

    @property
    def trial(self) -> dict[str, Any]:
        """Which trial of which sweep it is: `sweep`, `number`; empty where it is none."""
        return dict(self._dict("trial"))

    @property
    def replications(self) -> list[dict[str, Any]]:
        """Who made it again and what came of it, oldest first: `verdict`, `by` (the repeat), `swapped`, `gaps`, `metrics`, …"""
        return [dict(one) for one in self._list("replicated")]

    @property
    def explanations(self) -> list[dict[str, Any]]:
        """Why it differs from others, as `gnomon why` answered: `a`, `b`, `metric`, `verdict`, `shares`, …; oldest first."""
        return [dict(one) for one in self._list("explained")]

    @property
    def unread(self) -> list[str]:
        """The values that it was given from outside and never read: they had no effect."""
        return sorted(
            {
                name
                for one in self._dict("processes").values()
                for name in one.get("unread", ())
                if isinstance(name, str)
            }
        )

    @property
    def given(self) -> dict[str, Any]:
        """What it was given from outside and used: `params` by dotted name, `seed`, `data` (its name in the run -> version)."""
        from gnomon.runs import checked
        from gnomon.runs.compare.facts import flat

        said = [
            one["given"]
            for one in self._dict("processes").values()
            if isinstance(one.get("given"), dict)
            and not one.get("launcher")  # which passes it on, and reads none
        ]
        if not said:
            return {}
        unread = (
            set(self.unread) if self.status == "finished" else set[str]()
        )  # else it never came to reading them
        flat_ = flat(self.params)
        names = [
            name for name in checked.fields(said[0].get("params")) if name in flat_ and name not in unread
        ]
        data = {
            name: one for name, one in checked.fields(said[0].get("data")).items() if isinstance(one, str)
        }
        found = {
            "params": {name: flat_[name] for name in names},
            "seed": self.seed if "seed" in said[0] and "seed" not in unread else None,
            "data": data,
        }
        return {key: one for key, one in found.items() if one not in (None, {})}

    @property
    def launched(self) -> dict[str, list[str]]:
        """What `gnomon run` was asked for: `pick` (metrics) and `told` (which of seed, group, parameters it was given)."""
        launchers = [one for one in self._dict("processes").values() if one.get("launcher")]
        found: dict[str, Any] = launchers[0] if launchers else {}
        return {
            key: [word for word in found.get(key, ()) if isinstance(word, str)] for key in ("pick", "told")
        }

    @property
    def watched(self) -> list[dict[str, Any]]:
        """What was heard of the files that its processes opened, where that was asked for: wrote, not_heard, left_out, …"""
        return [dict(one) for one in self._dict("watched").values()]

    @property
    def processes(self) -> list[Process]:
        """The processes that logged to it, by rank and start."""
        from gnomon.runs.liveness import liveness

        missing = self.record.replica.missing_by_log(self.id)
        found = []
        for one in sorted(self._dict("processes").values(), key=lambda one: (one["rank"], one["started_us"])):
            status = one["status"]
            if status == OPEN:
                status = liveness(self.record.replica.home, one["writer"], one["log"])
            get = one.get
            found.append(
                Process(
                    get("rank", 0), get("log"), get("writer"), status, get("error"), get("lost_rows", 0),
                    get("lost_values", 0), get("unusable_values", 0), missing.get(get("log"), 0), bool(get("launcher")),
                )
            )  # fmt: skip
        return found

    # --- rich values

    def values(self, series: str | None = None, *, step: int | None = None) -> list[RichValue]:
        """Return the images, tables, figures and other rich values, by series and step; of one series or step if given."""
        from gnomon.errors import UnknownSubjectError as UnknownError
        from gnomon.runs.values.rich_value import RichValue

        try:
            state = self.record.replica.index.state("values", self.id)
        except UnknownError:  # none was logged
            return []
        return [
            RichValue(self.record.replica, stored)
            for stored in (state["values"] if isinstance(state, dict) else ())
            if (series is None or stored["series"] == series) and (step is None or stored["step"] == step)
        ]

    # --- how it was run

    @property
    def captured(self) -> Captured:
        """What was captured of how it was run: facts, console, what was withheld."""
        from gnomon.runs.capture.views import Captured
        from gnomon.runs.state import processes_of

        return Captured(self.record.replica, processes_of(self._state) if self._state else [])

    @property
    def command(self) -> str | None:
        """The command line, as one would type it."""
        text = self.captured.part("command").get("text")
        return str(text) if text is not None else None

    @property
    def code(self) -> dict[str, object]:
        """The state of the code: `commit`, `branch`, `remote`, `is_dirty`, `changed`, `untracked`, `fingerprint`, …"""
        return self.captured.part("code")

    @property
    def python(self) -> dict[str, object]:
        """Python and its `packages`, by name."""
        return self.captured.part("python")

    @property
    def machine(self) -> dict[str, object]:
        """The machine: `cpu`, `cpus`, `memory_bytes`, `gpus`, `system`."""
        return self.captured.part("machine")

    @property
    def withheld(self) -> list[Withheld]:
        """What looked like a secret and was not recorded: (kind, where, name, count)."""
        return self.captured.withheld

    @property
    def traceback(self) -> str | None:
        """The traceback of what ended it, secrets left out; None where nothing did."""
        for process in self._dict("processes").values():
            if isinstance(process.get("traceback"), str):
                return str(process["traceback"])
        return None

    def console(self) -> Iterator[Printed]:
        """Yield what it printed, oldest first: pieces with `.stream`, `.text`, `.time_s`, `.skipped_bytes`."""
        ended = self.ended
        until_us = int(ended * 1e6) if ended is not None else None
        return self.captured.console(int(self._number("created_us")), until_us)

    # --- the notebook

    @property
    def notebook(self) -> Notebook | None:
        """The notebook that made it: `name`, `cells`, `order`; None for a run that was made elsewhere."""
        from gnomon.runs.notebook.views import notebook_of
        from gnomon.runs.state import processes_of

        known = self._dict("processes")
        for log in processes_of(self._state) if self._state else []:
            until_us = known[log].get("ended_us")
            found = notebook_of(
                self.record.replica,
                log,
                since_us=int(known[log].get("started_us") or 0),
                until_us=until_us if isinstance(until_us, int) else None,
            )
            if found is not None:
                return found
        return None

    @property
    def cells(self) -> list[Cell]:
        """The notebook's cells up to the end of the run, in the order in which they were run; see `runs.notebook.views`."""
        notebook = self.notebook
        return notebook.cells if notebook is not None else []

    # --- numbers

    @property
    def stats(self) -> dict[tuple[str, int], SeriesStat]:
        """Statistics by (series, rank): `count first_step last_step last_time last min max nan`."""
        from gnomon.runs.display.series import teach
        from gnomon.runs.resume import cuts

        teach()
        found = self.record.replica.point_stats(self.id, cuts=cuts(self._state))
        return {
            (series, rank): stat
            for (rank, series), stat in sorted(found.items(), key=lambda item: (item[0][1], item[0][0]))
        }

    @property
    def metrics(self) -> dict[str, object]:
        """The last value of each series (of its lowest rank)."""
        last: dict[str, object] = {}
        for (series, _), stat in self.stats.items():
            last.setdefault(series, stat.last)
        return last

    @property
    def series_names(self) -> list[str]:
        """The names of its series, sorted."""
        return sorted({series for series, _ in self.stats})

    def series(
        self, name: str, rank: int | None = 0, x: str | None = None, *, buckets: int | None = None
    ) -> Series:
        """Return one series: `.step`, `.time`, `.value` as NumPy arrays, and `len()`.

        `rank=None` gives all ranks, with `.rank`. `x` names any other series of the run as x-axis (`.x`), joined row by row.
        `buckets` thins it out for drawing, however long it is: of each of so many parts the first, lowest, highest and last
        point; `.total` is how many points there are.
        Where the run was resumed from an earlier step, what its earlier process logged after that does not count.
        Raises UnknownSubjectError for a series that the run does not have, BadArgumentError for less than one bucket.
        """
        from gnomon.runs.resume import cuts

        if name not in self.series_names:
            _raise_unknown_series(self, name)
        if buckets is not None:
            _check_buckets(buckets)
            return self.record.replica.thinned(self.id, name, buckets, rank=rank, x=x, cuts=cuts(self._state))
        return self.record.replica.series(self.id, name, rank, x, cuts=cuts(self._state))

    def outline(self, name: str, rank: int, buckets: int) -> Series:
        """Return one series as `series(buckets=…)` does, from its outline where it has one, however coarse that is."""
        from gnomon.points.outline import PIECE
        from gnomon.runs.resume import cuts

        return self.record.replica.thinned(
            self.id, name, buckets, rank=rank, cuts=cuts(self._state), fewest=PIECE
        )

    def part(self, name: str, rank: int, within: Within) -> Series:
        """Return a part of one series: what is outside of it is not read, as far as its files allow."""
        return self.record.replica.series(self.id, name, rank, cuts=self.cuts, within=within)

    @property
    def cuts(self) -> list[Cut]:
        """Where it was continued from an earlier row: what its points do not count after."""
        from gnomon.runs.resume import cuts

        return cuts(self._state)

    def plot(self, *metrics: str, **options: Any) -> Plot:
        """Return a picture of its curves; options are those of `Record.plot`."""
        return self.record.plot(self, metrics or None, **options)

    def _dict(self, key: str) -> dict[str, Any]:
        value = self._state.get(key)
        return value if isinstance(value, dict) else {}

    def _list(self, key: str) -> list[dict[str, Any]]:
        value = self._state.get(key)
        return value if isinstance(value, list) else []

    def _number(self, key: str) -> float:
        value = self._state.get(key)
        return value if isinstance(value, (int, float)) else 0.0


def _check_buckets(buckets: object) -> None:
    from gnomon.errors import BadArgumentError

    if isinstance(buckets, bool) or not isinstance(buckets, int) or buckets < 1:
        raise BadArgumentError(f"`buckets` of `series()` must be a whole number from 1; got {buckets!r}")


def _raise_unknown_series(run: RunView, name: str) -> NoReturn:
    from difflib import get_close_matches

    from gnomon.errors import UnknownSubjectError

    names = run.series_names
    close = get_close_matches(name, names, n=3) or names[:5]
    raise UnknownSubjectError(
        f"run {run.id[:8]} has no series `{name}`",
        hint=f"it has {', '.join(f'`{one}`' for one in close)}" if close else "nothing was logged to it yet",
    )
