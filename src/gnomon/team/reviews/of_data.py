"""The parts of a version of data: its files and columns, or with another version, what differs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.profile import difference
from gnomon.data.profile.lines import moved_words
from gnomon.data.profiling import profile_or_note
from gnomon.data.views import version
from gnomon.errors import GnomonError, UnknownSubjectError
from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME, Line, Part, part_of
from gnomon.text import any_value, count, size

if TYPE_CHECKING:
    from gnomon.data.profile import Profile
    from gnomon.data.profile.profile import Column
    from gnomon.data.views import DataVersion
    from gnomon.runs.views import Record


def data_parts(record: Record, id: str, before: str | None) -> tuple[list[Part], list[str]]:
    """Return the parts of a version, and notes. Raises UnknownSubjectError."""
    after = _version(record, id)
    if before is None:
        profile, note = profile_or_note(after)
        parts = [_described(after), *_files_of(after), *(_tables_of(profile) if profile is not None else [])]
        return parts, [f"of what is in {after.label}, {note}"] if note else []
    old = _version(record, before)
    profiles = [profile_or_note(one)[0] for one in (old, after)]
    without = [one.label for one, found in zip((old, after), profiles, strict=True) if found is None]
    notes = [f"columns are not compared: {' and '.join(without)} without a profile"] if without else []
    parts = [_changed_files(old, after)]
    if profiles[0] is not None and profiles[1] is not None:
        parts += _moved(profiles[0], profiles[1])
    return parts, notes


def _version(record: Record, id: str) -> DataVersion:
    state = record.replica.index.state("data", id)
    name = state.get("name") if isinstance(state, dict) else None
    if not isinstance(name, str):
        raise UnknownSubjectError(f"no version of data has the id `{id[:20]}`")
    return version(record, f"{name}@{id}")


def _described(one: DataVersion) -> Part:
    facts = {
        "message": one.message, "size": size(one.size) if one.object is not None else None, "files": one.file_count,
        "tags": ", ".join(one.tags) or None, "lies at": (one.reference or {}).get("place"), **one.described,
    }  # fmt: skip
    lines = [
        Line(f"{name}: {any_value(value)}", "", f"data.{name}")
        for name, value in facts.items()
        if value is not None
    ]
    return part_of("data", "facts", one.label, lines)


def _files_of(one: DataVersion) -> list[Part]:
    try:
        files = one.files()
    except GnomonError as error:
        return [part_of("files", "files", error.message, [])]
    lines = [Line(f"{file.path}  {size(file.size)}", "", f"file:{file.path}") for file in files]
    return [part_of("files", "files", count(len(lines), "file"), lines)]


def _tables_of(profile: Profile) -> list[Part]:
    return [
        part_of(
            f"columns:{table.name}" if table.name else "columns",
            "facts",
            f"{table.name or 'columns'}: {count(table.rows, 'row')}, {count(len(table.columns), 'column')}",
            [Line(_column(one), "", f"column:{one.name}") for one in table.columns],
        )
        for table in profile.tables
    ]


def _column(one: Column) -> str:
    missing = f", {one.missing:,} missing" if one.missing else ""
    distinct = f", {one.distinct:,} distinct" if one.distinct is not None else ""
    ends = f", {any_value(one.min)} to {any_value(one.max)}" if one.min is not None else ""
    return f"{one.name}  {one.type}{missing}{distinct}{ends}"


def _changed_files(old: DataVersion, new: DataVersion) -> Part:
    try:
        found = old.diff(new)
    except GnomonError as error:
        return part_of("files", "files", error.message, [])
    lines = [Line(f"+ {one.path}  {size(one.size)}", "add", f"file:{one.path}") for one in found.added]
    lines += [Line(f"- {one.path}  {size(one.size)}", "del", f"file:{one.path}") for one in found.removed]
    lines += [
        Line(f"  {one.path}  {size(one.before)} → {size(one.after)}", "", f"file:{one.path}")
        for one in found.changed
    ]
    lines += [Line(f"  {was} → {now}  {size(held)}", "", f"file:{now}") for was, now, held in found.moved]
    title = f"files from {old.label} to {new.label}: {found.sentence}"
    return part_of("files", "files", title, lines, what=SAME if found.is_none else CHANGED)


def _moved(old: Profile, new: Profile) -> list[Part]:
    found = difference(old, new)
    parts = []
    for table in found.tables:
        lines = [Line(f"+ {name}", "add", f"column:{name}") for name in table.added]
        lines += [Line(f"- {name}", "del", f"column:{name}") for name in table.removed]
        lines += [
            Line(f"  {one.name}: {'; '.join(moved_words(one))}", "", f"column:{one.name}")
            for one in table.moved
        ]
        title = f"{table.name or 'columns'}: {table.old_rows:,} → {count(table.new_rows, 'row')}"
        anchor = f"columns:{table.name}" if table.name else "columns"
        is_same = not lines and table.old_rows == table.new_rows
        parts.append(part_of(anchor, "facts", title, lines, what=SAME if is_same else CHANGED))
    for what, names in ((ADDED, found.added_tables), (REMOVED, found.removed_tables)):
        parts += [part_of(f"columns:{name}", "facts", f"{name}: {what}", [], what=what) for name in names]
    return parts
