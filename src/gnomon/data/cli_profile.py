"""`gnomon data profile`, and the profile as `data add`, `data show` and `data diff` show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.data.actions import Added
    from gnomon.data.profile import Difference, Profile, RowsDifference
    from gnomon.data.profiling import Facts
    from gnomon.data.views import DataVersion
    from gnomon.runs.face import Parser, Run, Terminal

MOST_COLUMNS = 60
NO_PROFILE = 3
NO_VALUES_HELP = "keep no value, range or distribution in the profile, only types and counts"


def profile(parser: Parser) -> Run:
    """Show what is in a version: rows, columns, types, missing values, distributions. Makes the profile where there is none.

    `gnomon data add` makes it by itself for small data. For large data it takes minutes, once; progress is shown. Interrupted, it
    starts anew the next time. A profile holds common values and ranges, but no text that looks like a person or an identifier.
    """
    from gnomon.data.cli_look import VERSION_HELP

    parser.option("version", metavar="VERSION", complete="version", help=VERSION_HELP)
    parser.option("--again", action="store_true", help="make it anew; this one counts from now on")
    parser.option("--no-values", action="store_true", help=NO_VALUES_HELP)
    parser.option(
        "--all",
        action="store_true",
        help=f"list all columns, in full width, not only the first {MOST_COLUMNS}",
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon data profile credit", "the newest version")
    parser.example("gnomon data profile credit@v2 --again --no-values", "without values from now on")
    parser.note("Exit code 3: no profile could be made, or it is damaged. It says why.")
    return _profile


def _profile(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.data import profiling
    from gnomon.session import session_for

    record = open_record(arguments, terminal)
    version = record.data(arguments.version)
    note = None
    if arguments.again or not profiling.is_here(version):
        progress = terminal.progress("profiling")
        version, note = profiling.make(
            session_for(record.path), version, keep_values=not arguments.no_values, progress=progress
        )
        progress.end()
    elif arguments.no_values:
        say_of_values(version, terminal)
    if note is not None:
        terminal.say(f"no profile of {version.label} was made: {terminal.clean(note)}")
        return NO_PROFILE
    found = version.profile
    assert found is not None  # it was there, or was made just now  # noqa: S101
    if arguments.json:
        terminal.json(found.to_json())
    else:
        write(found, terminal, with_all=arguments.all)
    return 0


def write(
    found: Profile | Difference | RowsDifference, terminal: Terminal, *, with_all: bool = False
) -> None:
    """Write a profile or a difference."""
    from gnomon.data.profile import Profile, lines

    # A table is cut to the terminal; sentences are not.
    width = terminal.width if isinstance(found, Profile) and not with_all else None
    for line in lines(found, limit=1 << 30 if with_all else MOST_COLUMNS, is_unicode=terminal.is_unicode):
        terminal.write(terminal.cut(f"  {line}", width) if line else "")


# ---------------------------------------------------------------- in other commands


def make_of_added(arguments: Namespace, done: Added, terminal: Terminal) -> DataVersion:
    """Make the profile of what was added, as the options of `data add` say, and tell; return the version anew."""
    was = done.version
    if arguments.no_values:
        say_of_values(was, terminal)
    if arguments.profile is False and not was.state["profile"]:
        return was
    from gnomon.data import actions, profiling

    progress = terminal.progress("profiling (Ctrl-C leaves it out; the version is kept)")
    try:
        version, note = actions.profile_added(
            done, arguments.path, arguments.profile, keep_values=not arguments.no_values, progress=progress
        )
    except KeyboardInterrupt:
        terminal.say(f"{was.label} is kept, without a profile; `gnomon data profile {was.label}` makes it")
        raise
    finally:
        progress.end()
    facts = profiling.facts_of(version)
    if note is not None:
        text = f"no profile: {terminal.clean(note)}; `gnomon data profile {version.label}` tries again"
        terminal.say(terminal.style(text, "yellow", talk=True))
    elif facts is not None and profiling.facts_of(was) is None:
        shown = "made" if facts.rows is None else _amount(facts, terminal)
        terminal.say(f"profile: {shown}; `gnomon data show {version.label}` shows it")
    elif facts is None and arguments.profile is None and not _is_elsewhere(version):
        terminal.say(
            f"no profile yet: more than {terminal.size(profiling.SMALL_BYTES)} or {profiling.SMALL_FILES:,} files; "
            f"`gnomon data profile {version.label}` makes it, or add with `--profile`"
        )
    return version


def _is_elsewhere(version: DataVersion) -> bool:
    """Return whether the bytes of a version are not at hand: they are not known, or lie at a URL."""
    return version.object is None or (version.reference is not None and version.reference["kind"] == "url")


def _amount(facts: Facts, terminal: Terminal) -> str:
    return f"{terminal.count(facts.rows or 0, 'row')}, {terminal.count(facts.columns or 0, 'column')}"


def say_of_values(version: DataVersion, terminal: Terminal) -> None:
    """Say that a profile with values is there already, where one without is asked for."""
    from gnomon.data.profiling import facts_of

    facts = facts_of(version)
    if facts is not None and facts.keeps_values:
        text = (
            f"{version.label} has a profile with values already; `gnomon data profile {version.label} --again "
            "--no-values` makes one without, which counts from then on"
        )
        terminal.say(terminal.style(text, "yellow", talk=True))


def write_of_version(version: DataVersion, terminal: Terminal, *, with_all: bool = False) -> None:
    """Write the profile of a version under a heading, or how to have one."""
    from gnomon.data.profiling import profile_or_note

    found, note = profile_or_note(version)
    terminal.write()
    terminal.write(terminal.style("profile", "bold"))
    if found is not None:
        write(found, terminal, with_all=with_all)
    elif _is_elsewhere(version):
        terminal.write("  none: the bytes are not here")
    elif version.erased is not None:
        terminal.write(f"  none: {note}")
    else:
        said = f": {terminal.clean(note)}" if note else " yet"
        terminal.write(f"  none{said}; `gnomon data profile {version.label}` makes it")


def profiles_moved(before: DataVersion, after: DataVersion, terminal: Terminal) -> Difference | None:
    """Return what moved between the profiles of two versions; None, and why, where one has none."""
    from gnomon.data.profile import difference
    from gnomon.data.profiling import profile_or_note

    old, new = profile_or_note(before)[0], profile_or_note(after)[0]
    if old is not None and new is not None:
        return difference(old, new)
    without = " and ".join(one.label for one, found in ((before, old), (after, new)) if found is None)
    terminal.say(f"what moved is not known: no profile of {without}; `gnomon data profile VERSION` makes one")
    return None
