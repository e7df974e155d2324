"""`gnomon eta`: when runs will end. No logic of forecasts is here; see `runs.forecast.eta`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UnknownSubjectError, UsageError
from gnomon.runs.cli import open_record, shown_digits

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.forecast.eta import Eta
    from gnomon.runs.views import Record

MOST = 200
_TIMES = frozenset({"low", "middle", "high", "heard", "made", "before"})


def eta(parser: Parser) -> Run:
    """Say when runs will end.

    Without runs, all that run now on this device, and how many went on elsewhere when they were last heard of. A range holds the
    end in about four of five cases; "cannot tell" says why. It rests on what the run says of its length, on its pace, and on
    earlier runs that are like it, and speaks of a run that nothing breaks off.
    """
    parser.option(
        "runs", metavar="RUN", nargs="*", complete="run", help="ids, beginnings of ids, names or `@1`"
    )
    parser.option(
        "--before", metavar="WHEN",
        help="also the chance that it ends before a time (`2026-11-27 08:00`, `18:30`), within a span (`8h`), or before "
        "a member begins to work next",
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print a JSON list")
    parser.example("gnomon eta", "all that run now")
    parser.example("gnomon eta @1 --before 18:30", "the newest run: will it be done by half past six?")
    parser.example("gnomon eta --before bea", "before Bea's next morning, in her zone")
    parser.note(
        "In JSON times are ISO 8601 in UTC, `ends_before` is a chance from 0 to 1, and `null` where nobody can tell."
    )
    return _eta


def _eta(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.forecast.eta import etas

    record = open_record(arguments, terminal)
    now = record.home.env.time_ns() / 1e9
    before = _moment(record, arguments.before, now) if arguments.before is not None else None
    ids = _asked(record, arguments.runs, terminal)
    found = etas(record, ids, now)
    if arguments.json:
        terminal.json_list(_as_json(one, before) for one in found)
        return 0
    others = "" if arguments.runs else _elsewhere(record, now, terminal)
    if not found:
        terminal.say(f"no run goes on {'on this device' if others else 'now'}")
    else:
        _write(record, found, before, terminal)
    if others:
        terminal.say(
            f"{others}; `gnomon eta RUN` says what can be told of one, `gnomon sync` brings what they did since"
        )
    return 0


def _elsewhere(record: Record, now: float, terminal: Terminal) -> str:
    from gnomon.runs.elsewhere import elsewhere, sentence

    return terminal.clean(sentence(elsewhere(record, now), terminal.timestamp))


def _asked(record: Record, words: list[str], terminal: Terminal) -> list[str]:
    if words:
        return list(dict.fromkeys(record.run(word).id for word in words))
    table = record.runs("status = running", columns=["id"], limit=MOST)
    if table.total > len(table):
        terminal.say(f"the newest {len(table):,} of {terminal.count(table.total, 'run')} that go on")
    return table.ids


def _write(record: Record, found: list[Eta], before: float | None, terminal: Terminal) -> None:
    from gnomon.runs.forecast import words

    digits = shown_digits(record, [one.run for one in found])
    rows = [
        {
            "run": one.run[:digits],
            "name": one.name,
            "progress": words.progress(one),
            "ends (80 %)": words.ends(one),
            "before": words.chance(one.ends_before(before)) if before is not None else None,
        }
        for one in found
    ]
    columns = [key for key in rows[0] if key != "before" or before is not None]
    terminal.table(
        columns,
        rows,
        styles={"run": lambda _: "bold"},
        importance=["run", "ends (80 %)", "before", "progress", "name"],
    )
    if before is not None:
        terminal.say(f"before: {terminal.timestamp(before)}")
    for one in found:
        name = f"{one.run[:digits]}: " if len(found) > 1 else ""
        terminal.say(terminal.style(f"{name}{terminal.clean(one.basis)}", "dim", talk=True))


def _as_json(one: Eta, before: float | None) -> dict[str, object]:
    from gnomon.text import utc

    plain = one.to_dict()
    if before is not None:
        plain |= {"before": before, "ends_before": one.ends_before(before)}
    return {key: utc(value) if key in _TIMES else value for key, value in plain.items()}


def _moment(record: Record, text: str, now: float) -> float:
    """Return the moment that a person means by a time, a span from now, or a member's name."""
    from gnomon.runs.where_times import seconds_of, span_of_time
    from gnomon.text import clean

    words = text.strip()
    seconds = seconds_of(words)
    if seconds is not None and seconds > 0:
        return now + seconds
    of_day = _next_time_of_day(words, now)
    if of_day is not None:
        return of_day
    span = span_of_time(words, int(now * 1e6))
    if span is not None:
        return span[0] / 1e6
    try:
        return _next_morning(record, words, now)
    except UnknownSubjectError as error:
        raise UsageError(
            f"`--before` needs a time, a span or a member; got `{clean(words)}`",
            hint="`2026-11-27 08:00`, `18:30`, `8h`, or the name of a member",
        ) from error


def _next_time_of_day(words: str, now: float) -> float | None:
    """Return when it is `18:30` next on the clock of this machine; None where the text is no time of day."""
    import re
    from datetime import datetime, timedelta

    match = re.fullmatch(r"(\d{1,2}):(\d\d)", words)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    here = datetime.fromtimestamp(now)  # noqa: DTZ006 - the clock on the reader's wall
    wanted = here.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    return (wanted if wanted > here else wanted + timedelta(days=1)).timestamp()


def _next_morning(record: Record, name: str, now: float) -> float:
    from gnomon.team.people.clock import next_morning
    from gnomon.team.whom import person_meant

    person = person_meant(record, name)
    morning = next_morning(person, now)
    if morning is None:
        raise UsageError(
            f"`--before {person.name}`: it is not known when {person.name} works next",
            hint="give a time instead",
        )
    return morning
