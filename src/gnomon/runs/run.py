"""A run in the process that makes it: `gnomon.run(...)` and what can be done with the result.

Always true: nothing here stops a training because a disk, a file system or a value is odd; wrong calls raise at once.
Entries: `runs.entries`. The path of a number: `points.rows`.
"""

from __future__ import annotations

import builtins
import os
import sys
from typing import TYPE_CHECKING

from gnomon.env import REAL
from gnomon.errors import (
    BadArgumentError,
    GnomonError,
    NotStoredError,
    RecordError,
    RunEndedError,
    StorageError,
    UsageError,
)
from gnomon.ids import RUN_ID_BYTES, is_hex, run_subject
from gnomon.points.rows import HAS_GIL, Prepared, RunPoints
from gnomon.runs import current, entries
from gnomon.runs.capture.capture import (
    LAUNCHER_VARIABLE,
    begin_capture,
    capture_of,
    captures_anything,
    scrubber_here,
)
from gnomon.runs.given import NOTHING, Given, Params, Reading, given_to_next
from gnomon.runs.launch import Claims, Launch, claims_from, launch_from
from gnomon.runs.tried.at_start import expect
from gnomon.session import Session, session_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from gnomon.checks.result import CheckResult
    from gnomon.runs.capture.watch.watching import Watch
    from gnomon.runs.values.writing import ValueWriter


MAX_TRACEBACK = 16 << 10


class Run:
    """One run, open in this process. Make it with `gnomon.run(...)`; use it as a context manager.

    Attributes: `id` (20 hex digits), `name` (or None), `group`, `seed`, `params`, `rank`, `is_ended`.
    """

    def __init__(
        self, session: Session, *, id: str, name: str | None, group: str | None, seed: int | None, rank: int,
        world_size: int, strict: bool, next_step: int, params: Mapping[str, object] | None = None, given: Given = NOTHING,
    ) -> None:  # fmt: skip
        self.id = id
        self.name = name
        self.group = group
        self._seed = given.seed if given.seed is not None else seed
        self._given = given
        self._reading = Reading(params or {}, given, self._tell_read)
        self.rank = rank
        self.world_size = world_size
        self.strict = strict
        self.is_entered = False
        self._session = session
        self._process_id = session.process_id
        self._tag_entries: dict[str, str] = {}
        self._before = current.before_this()
        self._points = RunPoints(
            session, id, rank, next_step=next_step, strict=strict, on_new_wal=self._join_after_fork,
            prepare=_encoded, on_rich=self._take_rich,
        )  # fmt: skip
        self._values: ValueWriter | None = None
        self._watch: Watch | None = None
        # The method itself, without a frame of our own in between: this is the hot path.
        self.log = self._points.log if HAS_GIL else self._points.log_locked  # type: ignore[method-assign]
        session.points.append(self._points)
        session.at_close(self._end_at_exit)
        current.opened(self)

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<Run {self.id[:8]} {words(self.name, 80)}{' ended' if self.is_ended else ''}>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.run import live_html

        return live_html(self)

    @property
    def is_ended(self) -> bool:
        """Whether the run has ended in this process."""
        return self._points.is_ended

    @property
    def params(self) -> Params:
        """The parameters, to read like a dict: those of `gnomon.run(params=…)`, with what a sweep or a repeat gives instead."""
        return self._reading.params

    @property
    def seed(self) -> int | None:
        """The seed: that of `gnomon.run(seed=…)`, or what a sweep or a repeat gives instead."""
        self._reading.read_seed()
        return self._seed

    def _tell_read(self, body: dict[str, object]) -> None:
        """Write down that a given value is used."""
        if not self._points.is_ended:
            if "params" in body:
                body = {**body, "params": _scrubbed(body["params"])}  # type: ignore[arg-type]
            self._append(entries.PARAMS, body)

    @property
    def path(self) -> str:
        """The record (`.gnomon` folder) that this run is written to."""
        return self._session.path

    # --- numbers

    def log(
        self, metrics: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object
    ) -> None:
        """Log a row of numbers: `run.log({"loss": 0.3, "auc": 0.9}, step=10)` or `run.log(loss=0.3)`.

        When this returns, the numbers survive the death of the process. Without `step`, steps count up from the last one. Python,
        NumPy and torch scalars are taken; NaN and infinities are kept; whole numbers of any size are kept exactly. What is
        not a number is counted and said once (it raises NotStoredError in a `strict` run). Images, audio, video, tables,
        histograms, texts, 3-D points (`gnomon.Image`, …) and figures of Matplotlib and Plotly are kept too, as open formats.

        Raises BadArgumentError for a wrong call, RunEndedError after the run's end.
        """
        self._points.log(metrics, step=step, **named)  # replaced in __init__ by `_points.log`

    def _take_rich(self, series: str, prepared: Prepared, step: int) -> str | None:
        """Take an encoded image, table or figure; return why not."""
        from gnomon.runs.values.writing import ValueWriter

        if self._values is None or self._values.process_id != self._session.process_id:
            self._values = ValueWriter(self._session, self.id, self.rank)
            self._session.each_second(self._values.flush)
        return self._values.add(series, step, prepared.encoded)  # type: ignore[arg-type]

    # --- words and files

    def note(self, text: str) -> None:
        """Add a note in Markdown."""
        if not isinstance(text, str) or not text.strip():
            raise BadArgumentError(f"`text` of `note()` must be some text; got {text!r}")
        self._append(entries.NOTED, {"text": text})

    def tag(self, *tags: str) -> None:
        """Add tags."""
        for tag in _checked_tags(tags):
            if tag not in self._tag_entries:
                self._tag_entries[tag] = self._append(entries.TAGGED, {"tags": [tag]}) or ""

    def untag(self, *tags: str) -> None:
        """Take tags back that this process added (`gnomon tag RUN --remove TAG` takes back any)."""
        covered = [self._tag_entries.pop(tag, "") for tag in _checked_tags(tags)]
        if any(covered):
            self._append(entries.TAGGED, {"tags": []}, over=[entry for entry in covered if entry])

    def set_params(self, params: Mapping[str, object]) -> None:
        """Add or change parameters after the start, such as those that the training worked out itself."""
        checked = _checked_params(params)
        self._append(entries.PARAMS, {"params": _scrubbed(checked)})
        self._reading.add(checked)

    def keep(self, path: str | os.PathLike[str], name: str | None = None) -> str | None:
        """Keep a file or folder of this run: its bytes go into the record. Returns the object's id.

        `name` is what it is called in the run; the last part of the path unless given. None, and a warning, where the
        disk took no more. Raises MissingFileError where there is no such file.
        """
        self._require_open()
        text = os.fspath(path)
        if not self._session.ready() or self._session.home is None or self._session.log is None:
            self._not_kept(text, "the record cannot be written")
            return None
        try:
            kept = self._session.new_store().keep(text)
        except (OSError, RecordError, StorageError) as error:
            if isinstance(error, UsageError):  # a path that is not there is a wrong call
                raise
            self._not_kept(text, str(error))
            return None
        for note in kept.notes:
            self._session.warn_once(("keep", text, note), f"`{text}`: {note}")
        body: dict[str, object] = {
            "name": name or os.path.basename(os.path.normpath(text)),
            "object": kept.object,
            "size": kept.size,
            "files": kept.files,
            "is_tree": kept.is_tree,
        }
        self._append(entries.KEPT, body)
        return str(kept.object)

    def use(self, what: str | os.PathLike[str], *, name: str | None = None) -> Path:
        """Record that this run uses data, and return where it lies: a file or folder.

        `what` is a version (`"credit@v3"`, `"credit@gold"`, `"credit"` for the newest), which is restored once into the cache
        folder and is read-only there; or a path, which is recorded by the digest of its bytes, and by the version that has
        them, if any.
        `name` is what it is called in the run; that of the data set or file unless given.

        Raises MissingFileError, BadArgumentError, UnknownSubjectError, AmbiguousIdError, and MissingObjectError or
        DamagedObjectError where the bytes are not here or not whole.
        """
        from pathlib import Path

        from gnomon.data.use import use
        from gnomon.runs.views import open

        self._require_open()
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise BadArgumentError(f"`name` of `use()` must be some text; got {name!r}")
        if not self._session.ready():
            raise NotStoredError(
                f"the record `{self.path}` cannot be written, so what is used cannot be looked up"
            )
        with open(self.path, env=self._session.env) as record:
            used = use(record, self._given.version_for(what, name), name)  # type: ignore[arg-type]
        self._append(entries.USED, used.body)
        return Path(used.path)

    def check(self, what: str | CheckResult, *tables: object, **options: object) -> CheckResult:
        """Make a check and write it down as about this run; or write down a result that `gnomon.checks` gave.

        `what` is `performance`, `fairness`, `drift`, `robustness` or `leakage`; `tables` and `options` are those of the function
        of that name in `gnomon.checks`, where a text is a path, or a version of data (`"credit@v3"`). A wrong call raises; a
        disk that takes no more is a warning, as with `log`. Returns the result.

        Raises BadArgumentError, MissingFileError, MissingExtraError, UnknownSubjectError.
        """
        from gnomon.checks.in_run import check_in_run

        self._require_open()
        return check_in_run(self, self._session, what, tables, options)

    def _take_again(
        self, *, name: str | None, seed: int | None, group: str | None, params: Mapping[str, object] | None,
        tags: Iterable[str],
    ) -> None:  # fmt: skip
        """Take what a resumed run is given anew: parameters and tags are added, what it is called stays."""
        if params:
            self.set_params(params)
        self.tag(*_checked_tags(tags))
        given = {"name": (name, self.name), "seed": (seed, self._seed), "group": (group, self.group)}
        for field, (value, own) in given.items():
            if value is not None and value != own:
                self._session.warn_once(
                    ("resume", self.id, field),
                    f"run {self.id[:8]} keeps its {field} {own!r}; {value!r} is ignored on resume",
                )

    def _not_kept(self, path: str, why: str) -> None:
        if self.strict:
            raise NotStoredError(f"`{path}` could not be kept: {why}")
        self._session.warn_once(("keep", path), f"`{path}` could not be kept: {why}; training goes on")

    # --- the end

    def finish(
        self, status: str = "finished", *, error: str | None = None, traceback: str | None = None
    ) -> None:
        """End the run in this process: 'finished', 'failed' or 'stopped'. A second call does nothing.

        `error` names what went wrong, `traceback` is its text; `with gnomon.run(...)` gives both by itself.
        """
        if status not in entries.STATUSES:
            raise BadArgumentError(
                f"`status` of `finish()` must be one of {entries.STATUSES}; got {status!r}"
            )
        if self._watch is not None and not self._points.is_ended:
            self._end_watch()
        if self._values is not None and not self._points.is_ended:
            self._values.flush()  # before the lock: it stores objects, for which another thread may need the lock
        capture = capture_of(self._session)
        if capture is not None and not self._points.is_ended:
            capture.write_much()  # before the lock, too: the console has one of its own
        with self._session.lock:
            if self._points.is_ended:
                return
            if self._process_id != self._session.process_id and self._points.last_step < 0:
                self._points.end()  # a forked child that logged nothing has nothing to say
                return
            if capture is not None:
                capture.before_end(self._points)
            rows, values = self._session.losses()
            body: dict[str, object] = {
                "status": status,
                "error": scrubber_here().text(error, "error") if error else error,
                "last_step": self._points.last_step,
                "lost_rows": rows,
                "lost_values": values,
                "unusable_values": self._points.unusable,
            }
            if traceback:
                body["traceback"] = traceback
            if unread := self._reading.unread:
                body["unread"] = unread
            self._append(entries.ENDED, body)
            self._points.end()
            self._session.points.remove(self._points)
            self._session.no_longer_at_close(self._end_at_exit)
        current.ended(self, self._before)
        if rows:
            self._session.warn_once(
                "rows", f"run {self.id[:8]}: {rows} rows ({values} values) could not be stored"
            )

    def watch_files(self) -> None:
        """Record from now on which files this process reads and writes; `gnomon.run(watch_files=True)` does it from the start."""
        from gnomon.runs.capture.watch import watching

        self._require_open()
        if self._watch is not None or watching.is_heard_already():  # the launcher hears all of the command
            return
        try:
            self._watch = watching.watch_here()
        except OSError as error:
            self._session.warn_once("watch", f"files cannot be watched: {error}; training goes on")

    def _end_watch(self) -> None:
        """Write what was heard. A forked child leaves that to the process that began to listen."""
        watch, self._watch = self._watch, None
        if watch is None or self._process_id != self._session.process_id:
            return
        from gnomon.runs.capture.watch.hearsay import write

        try:
            write(self, self._session, watch, scrubber_here(), lambda: None)
        except (OSError, GnomonError) as error:
            self._session.warn_once("watch", f"what was read and written is not recorded: {error}")

    def __enter__(self) -> Run:
        self.is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
            return
        capture = capture_of(self._session)
        if capture is not None and isinstance(error, SystemExit):
            capture.see_exit(error)
        self.finish(_status_of(kind), error=kind.__qualname__, traceback=_traceback_text(error))

    def _end_at_exit(self) -> None:
        # In a notebook or a shell it may be an error of long ago.
        is_script = (
            self._session.is_ending and not hasattr(sys, "ps1") and not hasattr(builtins, "__IPYTHON__")
        )
        kind = getattr(sys, "last_type", None) if is_script else None
        if kind is None:
            self.finish()
        else:
            error = getattr(sys, "last_value", None)
            self.finish(_status_of(kind), error=kind.__qualname__, traceback=_traceback_text(error))

    def _join_after_fork(self) -> None:
        if self._process_id != self._session.process_id:
            self._process_id = self._session.process_id
            self._session.at_close(self._end_at_exit)
            self._append(entries.JOINED, {"rank": self.rank, "world_size": self.world_size, "forked": True})

    def _require_open(self) -> None:
        if self._points.is_ended:
            raise RunEndedError(
                f"run {self.id[:8]} has ended in this process",
                hint=f'continue it with `gnomon.run(resume="{self.id}")`, or add a note with `gnomon note {self.id[:8]}`',
            )

    def _append(self, kind: str, body: dict[str, object], over: Iterable[str] = ()) -> str | None:
        self._require_open()
        return self._session.append(kind, run_subject(self.id), body, over=over, strict=self.strict)


def run(
    name: str | None = None,
    *,
    params: Mapping[str, object] | None = None,
    seed: int | None = None,
    group: str | None = None,
    tags: Iterable[str] = (),
    id: str | None = None,
    resume: str | None = None,
    resume_step: int | None = None,
    rank: int | None = None,
    parent: str | Run | None = None,
    dir: str | os.PathLike[str] | None = None,
    strict: bool = False,
    watch_files: bool = False,
) -> Run:
    """Start a run, or join or continue one, and make it current here.

    Parameters
    ----------
    name : what people call it; not unique
    params : names and values of any JSON-like kind; nested dicts are fine
    seed, group : runs of one `group` differ in their `seed` only, and are shown together
    tags : words to find it by
    id : 20 hex digits that several processes share, to log to one run (also GNOMON_RUN_ID; see the how-to on
        distributed training). The first to come makes the run
    resume : the id (or its beginning) of a run to continue, from this or another process or device. `params` and
        `tags` are added to it; its name, seed and group stay. The entry cites
        the last row that this replica holds; with `resume_step`, the last one before that step, and what the earlier
        process logged after it no longer counts
    rank : of this process in distributed training; found from RANK, SLURM_PROCID, OMPI_COMM_WORLD_RANK or PMI_RANK
    parent : the run that this one belongs to; the run whose `with` block this is, unless given
    dir : the project (or `.gnomon` folder) to write to; found upward from the working directory, unless given
    strict : raise NotStoredError for values that are no numbers and rows that the disk refuses
    watch_files : record the files that this process reads and writes from now on as inputs and outputs, by digest; they are
        hashed when the run ends

    Raises BadArgumentError, and UnknownSubjectError or AmbiguousIdError for `resume`.
    """
    session = session_for(os.fspath(dir) if dir is not None else None)
    launch = launch_from(REAL, rank)
    if name is not None and not isinstance(name, str):
        raise BadArgumentError(f"`name` of `run()` must be text; got {name!r}")
    if resume is not None:
        if id is not None or parent is not None:
            raise BadArgumentError("`id` and `parent` of `run()` belong to a new run, not to `resume`")
        continued = _resume(session, resume, resume_step, launch, strict=strict)
        continued._take_again(name=name, seed=seed, group=group, params=params, tags=tags)
        if watch_files:
            continued.watch_files()
        return continued
    if resume_step:  # 0 without `resume` is the first start of a script that resumes later
        raise BadArgumentError(
            f"`resume_step` of `run()` needs `resume`; got {resume_step!r} alone",
            hint='write `gnomon.run(resume="<id>", resume_step=…)`',
        )
    claims = claims_from(REAL)
    shared = None
    if id is None and not session.has_joined:  # the first run of the process; those after it are others
        shared = _shared_run(launch, claims)
    run_id = id or shared or REAL.random_bytes(RUN_ID_BYTES).hex()
    if not is_hex(run_id, 2 * RUN_ID_BYTES):
        raise BadArgumentError(
            f"`id` of `run()` must be {2 * RUN_ID_BYTES} hex digits; got {run_id!r}",
            hint="make one with `gnomon new-id`",
        )
    own_params, checked_tags = _checked_params(params or {}), _checked_tags(tags)
    outer = current.innermost()
    session.has_joined = session.has_joined or run_id == launch.run_id
    from_outside = given_to_next(REAL)
    made = Run(
        session, id=run_id, name=name, group=group, seed=seed, rank=launch.rank, world_size=launch.world_size,
        strict=strict, next_step=0, params=own_params, given=from_outside,
    )  # fmt: skip
    parent_id = parent.id if isinstance(parent, Run) else parent or (outer.id if outer is not None else None)
    if parent_id is None and claims is not None and claims.run != run_id:
        parent_id = claims.run
    label = launch.script if name is None and captures_anything(REAL) else None
    if label is not None:
        label = scrubber_here().text(label, "command")
    given = {
        "name": name,
        "label": label,
        "params": _scrubbed(own_params),
        "seed": seed,
        "group": group,
        "parent": parent_id,
        **_without_secrets(from_outside.says()),
    }
    _part_from_last(session)
    made._append(entries.CREATED, created_body(launch, given))
    made.tag(*checked_tags)
    if not from_outside and made.rank == 0:
        expect(session, made.id, given["params"] or {}, seed=made._seed)  # type: ignore[arg-type]  # they are a dict
    begin_capture(session)
    if watch_files:
        made.watch_files()
    _greet(made)
    return made


def _shared_run(launch: Launch, claims: Claims | None) -> str | None:
    """Return the run that this process joins. Where it may, the processes that it starts do not do so by accident."""
    if claims is None or (launch.run_id is not None and launch.run_id != claims.run):
        return launch.run_id
    may_join = launch.run_id is not None and claims.claim(launch.rank)
    os.environ.pop("GNOMON_RUN_ID", None)
    if claims.is_gone:
        os.environ.pop(LAUNCHER_VARIABLE, None)  # nobody captures for us any more
    return launch.run_id if may_join else None


def _part_from_last(session: Session) -> None:
    """Have what this process printed so far written, since it does not belong to the run that begins now."""
    capture = capture_of(session)
    if capture is not None:
        capture.before_run()


def created_body(launch: Launch, given: Mapping[str, object]) -> dict[str, object]:
    """Return what is said of a new run: the place of its process, and of `given` what is there."""
    body: dict[str, object] = {"rank": launch.rank, "world_size": launch.world_size}
    body.update({key: value for key, value in given.items() if value not in (None, {})})
    return body


def _resume(session: Session, short_id: str, step: int | None, launch: Launch, *, strict: bool) -> Run:
    from gnomon.runs.resume import where_to_continue

    here = session.place()  # before the question, which sees all rows up to here
    point = where_to_continue(session.path, short_id, step, launch.rank)
    continued = Run(
        session, id=point.run, name=point.name, group=point.group, seed=point.seed, rank=launch.rank,
        world_size=launch.world_size, strict=strict, next_step=point.next_step,
    )  # fmt: skip
    _part_from_last(session)
    continued._append(
        entries.JOINED,
        {
            "rank": launch.rank,
            "world_size": launch.world_size,
            "continues": point.until(here),
            "step": point.next_step,
        },
    )
    begin_capture(session)
    _greet(continued)
    return continued


def log(metrics: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object) -> None:
    """Log a row to the run that is current in this thread or task; see `Run.log`."""
    current.current_run().log(metrics, step=step, **named)


_has_greeted = False


def _greet(run: Run) -> None:
    """Tell a person at a terminal, once in a process, which run this is and where it goes."""
    global _has_greeted
    stream = sys.stderr
    if _has_greeted or stream is None or REAL.getenv(LAUNCHER_VARIABLE) is not None:
        return
    _has_greeted = True
    try:
        if stream.isatty():
            place = run.path.replace(os.path.expanduser("~") + os.sep, "~/", 1)
            stream.write(f"gnomon: run {run.id[:8]} goes to {place}; `gnomon show {run.id[:8]}`\n")
    except (OSError, ValueError, AttributeError):  # a stream that is closed, or somebody's stand-in for one
        return


def _encoded(value: object) -> Prepared | None:
    """Return an image, a table or a figure in an open format; None for what is none of these."""
    from gnomon.runs.values.recognise import encoded, is_rich

    if not is_rich(value):
        return None
    try:
        return Prepared(encoded(value))
    except BadArgumentError as error:
        return Prepared(None, f"{error.message}; {error.hint}" if error.hint else error.message)


def _scrubbed(params: dict[str, object]) -> dict[str, object]:
    """Return parameters without secrets; what was withheld is listed on the run."""
    if not params:
        return params
    clean = scrubber_here().value("params", params, "params")
    return clean if isinstance(clean, dict) else params


def _without_secrets(says: dict[str, object]) -> dict[str, object]:
    """Return what a run says of what it was given, the parameters in it without secrets."""
    given = says.get("given")
    if not isinstance(given, dict) or "params" not in given:
        return says
    return {**says, "given": {**given, "params": _scrubbed(given["params"])}}


def _traceback_text(error: BaseException | None) -> str | None:
    """Return the end of a traceback as text, without secrets."""
    if error is None or isinstance(error, (KeyboardInterrupt, SystemExit)) or not captures_anything(REAL):
        return None
    from traceback import format_exception

    text = "".join(format_exception(error))
    if len(text) > MAX_TRACEBACK:
        text = "…" + text[-MAX_TRACEBACK:].partition("\n")[2]
    return scrubber_here().text(text, "traceback")


def _status_of(kind: type[BaseException]) -> str:
    return "stopped" if issubclass(kind, (KeyboardInterrupt, SystemExit)) else "failed"


def _checked_params(params: Mapping[str, object]) -> dict[str, object]:
    if not hasattr(params, "keys") or not hasattr(params, "__getitem__"):
        raise BadArgumentError(
            f"`params` must be a dict of names and values; got {type(params).__qualname__}",
            hint="for argparse use `params=vars(args)`, for a dataclass `dataclasses.asdict(config)`",
        )
    return {str(key): params[key] for key in params.keys()}  # noqa: SIM118  a Mapping-like may iterate otherwise


def _checked_tags(tags: Iterable[str]) -> list[str]:
    if isinstance(tags, str):
        raise BadArgumentError(
            f"`tags` must be a list of words; got the text {tags!r}", hint=f'write `tags=["{tags}"]`'
        )
    checked = list(tags)
    for tag in checked:
        if not isinstance(tag, str) or not tag.strip():
            raise BadArgumentError(f"a tag must be some text; got {tag!r}")
    return checked
