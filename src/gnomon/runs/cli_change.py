"""The commands that change what people say about a run, and the one that takes kept files out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UnknownSubjectError, UsageError
from gnomon.runs.called import FEWEST_DIGITS
from gnomon.runs.cli import open_record, shown_digits
from gnomon.runs.kept_files import kept_as

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.run_view import RunView
    from gnomon.runs.values.rich_value import RichValue
    from gnomon.runs.views import Record


def note(parser: Parser) -> Run:
    """Write a note about a run, in Markdown, or put another text in the place of one.

    Without a text your editor opens (VISUAL, then EDITOR); with `-` the text is read from standard input.
    """
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
    parser.option("text", metavar="TEXT", nargs="?", help="the note; `-` reads it from standard input")
    parser.option(
        "--edit",
        metavar="HASH",
        action="append",
        default=[],
        help="replace the note with this hash (`gnomon show RUN --json`); repeatable, where two people edited it apart",
    )
    parser.example('gnomon note 4f1d "Plateaus after 3 epochs; next: smaller depth."', "a line")
    parser.example("gnomon note 4f1d", "in your editor")
    parser.example("gnomon note 4f1d - < findings.md", "from a file")
    parser.example("gnomon note 4f1d --edit 9c2e", "change a note in your editor")
    return _note


def _note(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text

    record = open_record(arguments, terminal)
    run = _to_change(record, arguments.run)
    before = _text_to_edit(record, run, arguments.edit) if arguments.edit else ""
    draft = Draft(record, f"note-{run.id}")
    about = f"a note in Markdown about run {_called(run, terminal)}"
    text = asked_text("gnomon note", arguments.text, draft, about=about, before=before)
    if arguments.edit:
        record.edit_note(run.id, arguments.edit, text)
    else:
        record.add_note(run.id, text)
    draft.done()
    terminal.say(f"{'edited a note of' if arguments.edit else 'noted on'} run {_called(run, terminal)}")
    return 0


def _text_to_edit(record: Record, run: RunView, hashes: list[str]) -> str:
    """Return what the editor begins with: the note, or the texts of it that were written apart, one after the other."""
    from gnomon.runs.actions import notes_to_edit

    return "\n\n".join(one["text"] or "" for one in notes_to_edit(record, run.id, hashes))


def tag(parser: Parser) -> Run:
    """Add tags to a run, or take them away. Prints the tags that it then has, one a line.

    A tag that a teammate adds at the same time, elsewhere, stays.
    """
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
    parser.option("tags", metavar="TAG", nargs="*", help="tags to add")
    parser.option(
        "--remove",
        metavar="TAG",
        nargs="+",
        action="extend",
        default=[],
        complete="tag",
        help="tags to take away",
    )
    parser.example("gnomon tag 4f1d candidate paper", "add two")
    parser.example("gnomon tag 4f1d --remove candidate", "take one away")
    return _tag


def _tag(arguments: Namespace, terminal: Terminal) -> int:
    both = sorted(set(arguments.tags) & set(arguments.remove))
    if both:
        raise UsageError(f"tag `{both[0]}` cannot be added and taken away at once")
    record = open_record(arguments, terminal)
    run = _to_change(record, arguments.run)
    if arguments.tags or arguments.remove:
        record.tag(run.id, arguments.tags, arguments.remove)
        run = record.run(run.id)
    for text in run.tags:
        terminal.write(terminal.clean(text))
    if not run.tags:
        terminal.say(f"run {_called(run, terminal)} has no tags")
    return 0


def rename(parser: Parser) -> Run:
    """Give a run another name. Where two people gave it different names, this settles it."""
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
    parser.option("name", metavar="NAME", help="the new name")
    parser.example("gnomon rename 4f1d baseline-2", "the id stays")
    return _rename


def _rename(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    run = _to_change(record, arguments.run)
    record.rename(run.id, arguments.name)
    before = f", before `{terminal.clean(run.name)}`" if run.name else ""
    terminal.say(f"run {run.id[:8]} is now called `{terminal.clean(arguments.name)}`{before}")
    return 0


def rm(parser: Parser) -> Run:
    """Hide runs from lists. Nothing is deleted: `gnomon restore` brings them back.

    The bytes stay in the record, and so in every copy of it.
    """
    parser.option("runs", metavar="RUN", nargs="+", complete="run", help="ids, or the beginnings of them")
    parser.example("gnomon rm 4f1d 99ab", "hide two")
    parser.example("gnomon runs --removed", "what is hidden")
    return _rm


def _rm(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    found = _resolved(record, arguments.runs)
    for run in found:
        record.remove(run.id)
        terminal.say(f"hidden: run {_called(run, terminal)}")
    ids = " ".join(run.id[: shown_digits(record, [run.id])] for run in found)
    terminal.say(
        f"nothing was deleted; `gnomon restore {ids}` brings {'it' if len(found) == 1 else 'them'} back"
    )
    return 0


def restore(parser: Parser) -> Run:
    """Bring hidden runs back. See `gnomon runs --removed`."""
    parser.option(
        "runs", metavar="RUN", nargs="+", complete="hidden-run", help="ids, or the beginnings of them"
    )
    parser.example("gnomon restore 4f1d", "show it in lists again")
    return _restore


def _restore(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    for run in _resolved(record, arguments.runs):
        record.restore(run.id)
        terminal.say(f"back: run {_called(run, terminal)}")
    return 0


def _resolved(record: Record, short_ids: Iterable[str]) -> list[RunView]:
    """Return the runs that are meant, each once; all are looked up before anything is written."""
    found = {run.id: run for run in (_to_change(record, word) for word in short_ids)}
    return list(found.values())


def _to_change(record: Record, word: str) -> RunView:
    """Return the run to change; `1` may be the beginning of one id by chance and is no way to name what is written to."""
    run = record.run(word)
    if len(word) < FEWEST_DIGITS and run.name != word and not word.startswith("@"):
        shown = f"{run.id[:8]} ({run.name})" if run.name else run.id[:8]
        raise BadArgumentError(
            f"`{word}` is too short to change a run by; one id begins so, that of run {shown}",
            hint=f"write {FEWEST_DIGITS} digits of the id or more, the name, or `@1` for the newest run",
        )
    return run


def _called(run: RunView, terminal: Terminal) -> str:
    return f"{run.id[:8]} ({terminal.clean(run.name)})" if run.name else run.id[:8]


# --- kept files


def get(parser: Parser) -> Run:
    """Write a kept file or folder of a run, or an image, table or figure, to the disk, and print where it is.

    `FOLDER/FILE` is one file of a kept folder. Of a logged value that has several forms, such as a figure, the ending of
    `--to` chooses; otherwise it is the one that is shown. All bytes are checked against their hash first. What
    is at the target stays, unless `--overwrite` is given.
    """
    parser.option(
        "run",
        metavar="RUN",
        complete="run",
        help="the run's id, the beginning of it, or its name; `@1` is the newest",
    )
    parser.option(
        "name", metavar="NAME", complete="kept", help="what it is called in the run: see `gnomon show RUN`"
    )
    parser.option("--to", metavar="PATH", required=True, complete="files", help="the file or folder to write")
    parser.option(
        "--step", metavar="N", type=int, help="of a logged value, that of this step (default: the last)"
    )
    parser.option("--part", metavar="PART", help="of a logged value, this part (default: as `--to` ends)")
    parser.option("--overwrite", action="store_true", help="replace files that are there")
    parser.example("gnomon get 4f1d model.skops --to best.skops", "where nothing is yet")
    parser.example("gnomon get 4f1d samples --step 3 --to samples.png", "an image that was logged")
    parser.example("gnomon get 4f1d src/train.py --to train.py", "one file of the kept folder `src`")
    return _get


def _get(arguments: Namespace, terminal: Terminal) -> int:
    record = open_record(arguments, terminal)
    run = record.run(arguments.run)
    try:
        said = _written(record, run, arguments, terminal)
    except BadArgumentError as error:
        hint = error.hint and error.hint.replace("`overwrite=True`", "`--overwrite`")
        raise BadArgumentError(error.message, hint=hint) from error
    terminal.say(f"wrote {said}")
    terminal.write(terminal.clean(arguments.to))
    return 0


def _written(record: Record, run: RunView, arguments: Namespace, terminal: Terminal) -> str:
    """Write out what is meant, and return what it was."""
    value = _value_called(run, arguments)
    if value is not None:
        part = arguments.part or _part_for(value, arguments.to)
        value.save(arguments.to, part, overwrite=arguments.overwrite)
        of_several = f", its part {part}" if len(value.parts) > 1 else ""
        return f"{value.kind} `{terminal.clean(value.series)}` of step {value.step}{of_several}"
    kept = kept_as(run, arguments.name)
    objects = record.replica.objects()
    files = objects.restore(kept.object, arguments.to, overwrite=arguments.overwrite, is_tree=kept.is_tree)
    return f"{terminal.count(files, 'file')}, {terminal.size(kept.size)}"


def _value_called(run: RunView, arguments: Namespace) -> RichValue | None:
    """Return the logged value that is meant; None where a kept file has that name, or nothing has."""
    if any(one.name == arguments.name for one in run.kept) and arguments.step is None:
        return None
    found = run.values(arguments.name)
    if not found:
        return None
    at_step = [value for value in found if arguments.step is None or value.step == arguments.step]
    if not at_step:
        steps = ", ".join(str(value.step) for value in found[:10])
        raise UnknownSubjectError(
            f"run {run.id[:8]} logged no `{arguments.name}` at step {arguments.step}",
            hint=f"it did at {steps}",
        )
    return at_step[-1]


# Endings that promise a format: a file of another one under such a name would be a trap.
_FORMATS = frozenset(
    ".png .jpg .jpeg .webp .gif .bmp .tif .tiff .svg .pdf .html .wav .mp3 .flac .ogg .mp4 .webm .avi .csv .tsv .json .jsonl "
    ".xlsx .parquet .feather .npy .npz .ply .obj .txt .md".split()
)
_SAME_ENDINGS = {
    ending: frozenset(alike) for alike in ((".jpg", ".jpeg"), (".txt", ".md"), (".apng", ".png"), (".htm", ".html"))
    for ending in alike
}  # fmt: skip


def _part_for(value: RichValue, target: str) -> str:
    """Return the part that the ending of the file to write asks for, else the one that is shown."""
    from os.path import splitext

    ending = splitext(target)[1].lower()
    names = list(value.parts)
    endings = [splitext(name)[1] for name in names]
    if ending in _FORMATS and not _SAME_ENDINGS.get(ending, {ending}).intersection(endings):
        raise BadArgumentError(
            f"`--to {target}` ends in `{ending}`, but `{value.series}` was kept as {' and '.join(endings)}",
            hint=f"write `--to {splitext(target)[0]}{endings[0]}`, and convert that; "
            f'in Python, `run.values("{value.series}")[-1].read()` gives the {value.kind}',
        )
    return next((name for name in names if ending and splitext(name)[1] == ending), names[0])
