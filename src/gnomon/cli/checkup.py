"""The checks of `gnomon doctor`. Each is small, changes nothing, and never raises.

A check answers with True (fine), False (wrong: the advice says what to do) or None (worth knowing, or nobody can tell).
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gnomon import text, upkeep
from gnomon.env import MAPPABLE, REAL
from gnomon.errors import GnomonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env
    from gnomon.record.home import Home

LITTLE_SPACE = 1_000_000_000
STALE_AFTER_S = 3600
MOST_REFERENCES = 5
OPTIONAL = {
    "numpy": "series as arrays",
    "pandas": "tables of runs as DataFrames",
    "polars": "the same for Polars",
}


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    ok: bool | None
    text: str
    advice: str = ""


def all_checks(place: str | None, env: Env = REAL) -> list[Check]:
    """Return all checks: those of the machine, then those of the record, where there is one."""
    checks = [*_guarded("system", system, env), *_guarded("libraries", libraries, env)]
    home = None
    try:
        home = find(place, env)
    except GnomonError as error:
        checks.append(Check("record", False, error.message, error.hint or ""))
    else:
        if home is None:
            advice = "it is made by the first run, or by `gnomon init`"
            checks.append(Check("record", None, f"none in {os.getcwd()} or above", advice))
    checks += _guarded("key", lambda env: key(env, home), env)
    checks += _guarded("cache", lambda env: cache(env, home), env)
    if home is not None:
        for name, look in (
            ("record", record),
            ("disk", disk),
            ("index", index),
            ("files", files),
            ("plug-ins", plugins),
            ("references", references),
        ):
            checks += _guarded(name, lambda _, look=look: look(home), env)  # type: ignore[misc]
    return checks


def _guarded(name: str, look: Callable[[Env], Iterator[Check]], env: Env) -> list[Check]:
    """Return what a look finds; one that fails is itself a finding, and the others go on."""
    found: list[Check] = []
    try:
        for check in look(env):
            found.append(check)
    except GnomonError as error:
        found.append(Check(name, False, error.message, error.hint or ""))
    except Exception as error:  # noqa: BLE001  whatever is odd here is what the doctor is for
        found.append(Check(name, False, f"this check failed: {type(error).__name__}: {error}"))
    return found


def find(place: str | None, env: Env) -> Home | None:
    """Return the record that is meant, None where there is none. Raises where it cannot be read."""
    from gnomon.errors import NoRecordError
    from gnomon.record.home import open_home, record_path

    try:
        return open_home(record_path(place, env), env)
    except NoRecordError:
        if place is not None or env.getenv("GNOMON_DIR"):
            raise
        return None


# --- the machine


def system(env: Env) -> Iterator[Check]:  # noqa: ARG001
    """Gnomon, Python, the platform, SQLite."""
    import sqlite3

    from gnomon import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    if sys.platform == "win32":
        advice = "run it under WSL 2: `wsl --install`, then install Gnomon there"
        yield Check("platform", False, "Windows lacks what the record needs", advice)
    else:
        yield Check("platform", True, f"Gnomon {__version__}, Python {version}, {sys.platform}")
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
        yield Check("sqlite", True, f"{sqlite3.sqlite_version}, with full-text search")
    except sqlite3.OperationalError:
        advice = "use a Python that is built with SQLite's FTS5"
        yield Check("sqlite", False, f"{sqlite3.sqlite_version} has no full-text search", advice)
    finally:
        database.close()


def libraries(env: Env) -> Iterator[Check]:  # noqa: ARG001
    """The libraries that Gnomon needs, and those that some people need."""
    from importlib.util import find_spec

    needed = ("msgspec", "blake3", "nacl", "arro3.core", "arro3.io", "duckdb")
    zstd = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    missing = [name for name in (*needed, zstd) if not _is_found(find_spec, name)]
    if missing:
        yield Check(
            "libraries", False, f"missing: {', '.join(missing)}", "install Gnomon again: `pip install gnomon`"
        )
    else:
        yield Check("libraries", True, "all that Gnomon needs")
    absent = [f"{name} ({use})" for name, use in OPTIONAL.items() if not _is_found(find_spec, name)]
    if absent:
        yield Check("optional", None, f"not installed: {', '.join(absent)}")


def _is_found(find_spec: Callable[[str], object], name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:  # the package above it is missing
        return False


# --- key and cache


def key(env: Env, home: Home | None) -> Iterator[Check]:
    """The device key: there, private, and outside the record."""
    folder = env.config_folder()
    if home is not None and _is_inside(folder, home.path):
        advice = "set GNOMON_CONFIG_DIR to a folder outside: whoever gets a copy of the record gets the key"
        yield Check("key", False, f"`{folder}` is inside the record", advice)
    found = [
        (name, state)
        for name, state in env.list_folder(os.path.join(folder, "keys"))
        if name.endswith(".key")
    ]
    if not found:
        yield Check("key", None, f"none yet in `{folder}`; the first run makes it")
    for name, state in found:
        path = os.path.join(folder, "keys", name)
        if state.st_mode & 0o077:
            advice = f"chmod 600 {path}"
            yield Check(
                "key", False, f"`{path}` can be read by others (mode {state.st_mode & 0o777:o})", advice
            )
        elif not os.access(path, os.R_OK):
            yield Check("key", False, f"`{path}` cannot be read", "give it to this user: see `ls -l`")
        elif b"gnomon device key v1" not in env.read_file(path)[:64]:
            advice = "move the file away: Gnomon makes a new key, and old entries stay valid"
            yield Check("key", False, f"`{path}` is no device key", advice)
        else:
            yield Check("key", True, f"`{path}`, readable by you only")


def cache(env: Env, home: Home | None) -> Iterator[Check]:
    """The cache folder: on a local disk, outside the record; and indexes of records that are gone."""
    from gnomon.record.index_place import NETWORK_DISKS, stale_places

    folder = env.cache_folder()
    kind = env.filesystem(_nearest(folder))
    if home is not None and _is_inside(folder, home.path):
        advice = "set GNOMON_CACHE_DIR to a folder outside: the index is not to be shared"
        yield Check("cache", False, f"`{folder}` is inside the record", advice)
    elif kind in NETWORK_DISKS:
        advice = "set GNOMON_CACHE_DIR to a folder on a local disk"
        yield Check(
            "cache", False, f"`{folder}` is on a network disk ({kind}); a temporary folder is used", advice
        )
    elif not os.access(_nearest(folder), os.W_OK):
        advice = "set GNOMON_CACHE_DIR to a folder that you can write"
        yield Check(
            "cache", False, f"`{folder}` cannot be written; every command reads the whole record", advice
        )
    else:
        yield Check("cache", True, f"`{folder}`" + (f" on {kind}" if kind else ""))
    stale = stale_places(env)
    if stale:
        first = f"`{stale[0][0]}` (of `{stale[0][1]}`)"
        advice = "they may be deleted"
        yield Check(
            "cache",
            None,
            f"{text.count(len(stale), 'index', 'indexes')} of records that are gone: {first}",
            advice,
        )


# --- the record


def record(home: Home) -> Iterator[Check]:
    """The record itself: where it is, its own check, whether it can be written, and that Git leaves it alone."""
    yield Check("record", True, f"`{home.name}` at {home.path}")
    if not home.is_intact:
        advice = f"if its name and id are right, `gnomon init --name {home.name}` writes it again"
        yield Check(
            "record", False, "record.toml does not match its own check: damaged, or edited by hand", advice
        )
    if not os.access(home.path, os.W_OK):
        yield Check("record", None, "it cannot be written by you: questions work, runs are not stored")
    if not os.path.isfile(os.path.join(home.path, ".gitignore")):
        advice = f"echo '*' > {home.path}/.gitignore"
        yield Check("record", None, "it has no .gitignore: Git may take it for source", advice)
    explicit = home.env.getenv("GNOMON_DIR")
    if explicit:
        yield Check("record", None, f"GNOMON_DIR is set: `{explicit}`")


def disk(home: Home) -> Iterator[Check]:
    """The file system of the record: its kind, its locks, its space."""
    from gnomon.record.index_place import NETWORK_DISKS

    env = home.env
    kind = env.filesystem(home.path)
    if kind in MAPPABLE:
        yield Check("disk", True, f"{kind}: points are stored through a memory map")
    elif kind in NETWORK_DISKS:
        yield Check("disk", None, f"{kind}, a network disk: points are stored with a system call each")
    else:
        yield Check(
            "disk",
            True,
            f"{kind or 'of a kind that the system does not tell'}: points are stored with a system call each",
        )
    yield from _locks(home)
    space = os.statvfs(home.path)
    free = space.f_bavail * space.f_frsize
    if free < LITTLE_SPACE:
        advice = "make room: what the disk does not take is lost, and counted"
        yield Check("space", False, f"{text.size(free)} are free", advice)
    else:
        yield Check("space", True, f"{text.size(free)} are free")


def _locks(home: Home) -> Iterator[Check]:
    """Try a lock on record.toml, which nobody locks."""
    env = home.env
    try:
        fd = env.open_write(os.path.join(home.path, "record.toml"))
    except OSError:
        return
    try:
        env.try_lock(fd)
        yield Check("locks", True, "they work")
    except OSError as error:
        text_ = f"they do not work here ({error.strerror}): dead processes cannot be told from live ones"
        yield Check("locks", None, text_, "nothing is lost by it; files of dead processes are kept for ever")
    finally:
        env.close(fd)


def index(home: Home) -> Iterator[Check]:
    """The index: whether SQLite finds it sound."""
    import sqlite3

    from gnomon.record.index_place import place_for

    place = place_for(home, home.env)
    if place is None:
        yield Check("index", None, "there is no place for one: every command reads the whole record")
        return
    if place.notice:
        yield Check("index", None, place.notice)
    if not os.path.exists(place.path):
        yield Check("index", None, "not made yet; the next question makes it")
        return
    database = sqlite3.connect(f"file:{_quoted(place.path)}?mode=ro", uri=True)
    try:
        (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    finally:
        database.close()
    size = text.size(os.path.getsize(place.path))
    if answer == "ok":
        yield Check("index", True, f"{size} at {place.folder}")
    else:
        advice = f"rm -r {place.folder}: it is made again from the record"
        yield Check("index", False, f"damaged: {answer}", advice)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(os.path.abspath(path))


def files(home: Home) -> Iterator[Check]:
    """Files that wait for somebody: unfinished ones, and WALs by whether their process lives."""
    stale = list(_stale_temporaries(home))
    if stale:
        advice = "the next command of the device that made them deletes them"
        first = f"unfinished {text.count(len(stale), 'file')}, more than an hour old, the first: {stale[0]}"
        yield Check("files", None, first, advice)
    lives = {"running": 0, "interrupted": 0, "unknown": 0}
    for path, _ in home.wal_files():
        lives[_life_of(home, path)] += 1
    failure = upkeep.last_failure(home)
    if failure is not None:
        reason = failure.strip().rpartition("\n")[2]
        yield Check(
            "upkeep",
            False,
            f"joining small files failed: {reason}",
            "look at the disk; it is tried again by itself",
        )
    if lives["running"]:
        yield Check(
            "live", True, f"{text.count(lives['running'], 'process is', 'processes are')} logging now"
        )
    if lives["interrupted"]:
        yield Check(
            "live",
            None,
            f"{text.count(lives['interrupted'], 'WAL')} of processes that ended; sealed in passing",
        )
    if lives["unknown"]:
        what = f"{text.count(lives['unknown'], 'WAL')} of other machines, containers or boots"
        yield Check("live", None, f"{what}: kept until their own device seals them")
    parts = {
        "log": home.log_files(),
        "WAL": home.wal_files(),
        "segment": home.segment_files(),
        "pack": home.pack_files(),
    }
    counted = [text.count(len(found), noun) for noun, found in parts.items()]
    yield Check("files", True, ", ".join(counted))


def _stale_temporaries(home: Home) -> Iterator[str]:
    oldest = time.time() - STALE_AFTER_S
    for part in ("log", "points", "objects"):
        for writer in home.writers(part):
            for name, state in home.env.list_folder(home.folder(part, writer)):
                if (name.startswith(".") or name.endswith(".tmp")) and state.st_mtime < oldest:
                    yield f"{part}/{writer}/{name}"


def _life_of(home: Home, path: str) -> str:
    """Return 'running', 'interrupted' or 'unknown' of the process behind a WAL."""
    from gnomon.points.layout import FIXED_SIZE, unpack_fixed

    env = home.env
    try:
        fd = env.open_write(os.path.join(home.path, path))
    except OSError:
        return "unknown"
    try:
        if not env.is_lock_free(fd):
            return "running"
        fixed = unpack_fixed(env.read(fd, FIXED_SIZE))
        boot = env.boot_id()
        return "interrupted" if fixed is not None and any(boot) and fixed["boot_id"] == boot else "unknown"
    except OSError:
        return "unknown"
    finally:
        env.close(fd)


def plugins(home: Home) -> Iterator[Check]:  # noqa: ARG001
    """Plug-in packages, and those that cannot be loaded."""
    from gnomon.record import kinds

    added = kinds.plugin_commands()
    for problem in kinds.problems():
        yield Check("plug-ins", False, str(problem), problem.advice)
    if added:
        yield Check("plug-ins", True, f"commands: {', '.join(added)}")


def references(home: Home) -> Iterator[Check]:
    """References in what people wrote that mean nothing any more."""
    from gnomon.runs.views import Record
    from gnomon.team.dead_links import dead_links

    with Record(home) as opened:
        found = dead_links(opened)
    if not found.looked_at:
        return
    looked_at = text.count(found.looked_at, "writing")
    if found.left_out:
        looked_at += f"; {found.left_out:,} older ones were left out"
    if not found.found:
        yield Check("references", True, f"all mean something, in {looked_at}")
        return
    shown = ", ".join(f"{one.reference} in {one.where} ({one.why})" for one in found.found[:MOST_REFERENCES])
    more = f" and {len(found.found) - MOST_REFERENCES:,} more" if len(found.found) > MOST_REFERENCES else ""
    advice = "another replica may have what is missing: `gnomon sync`; else `gnomon say` there what is meant"
    yield Check("references", None, f"mean nothing here: {shown}{more}; in {looked_at}", advice)


def _is_inside(path: str, folder: str) -> bool:
    real, outer = os.path.realpath(path), os.path.realpath(folder)
    return real == outer or real.startswith(outer + os.sep)


def _nearest(path: str) -> str:
    """Return the path, or the nearest folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path
