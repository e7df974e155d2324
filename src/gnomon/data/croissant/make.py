"""Describe a version in Croissant.

Croissant wants SHA-256, we name bytes by BLAKE3: each file is read once, checked on the way, and hashed.
Always true: it says only what was recorded, or what the caller gives; what Croissant wants and nobody said is in `missing`.
Not promised: a record set for every table. `notes` says which tables cannot be described, and why.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.croissant.vocabulary import (
    CONFORMS_TO,
    CONTEXT,
    DATA_TYPES,
    RAI_CONFORMS_TO,
    format_of,
    licence_url,
)
from gnomon.data.references import is_url
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.data.profile import Profile
    from gnomon.data.profile.profile import Table
    from gnomon.data.views import DataVersion

MOST_FILES = 100_000
_FORMATS_OF = {
    "csv": ("text/csv", "text/tab-separated-values"), "parquet": ("application/x-parquet",),
    "jsonl": ("application/jsonlines",), "json": ("application/json",),
}  # fmt: skip
_NOT_IN_IDS = re.compile(r"[^\w./-]+", re.ASCII)


class Made(NamedTuple):
    """A description, what Croissant wants that nobody said, and which tables it leaves out."""

    description: dict[str, Any]
    missing: list[str]
    notes: list[str]


def make(
    version: DataVersion,
    *,
    creator: str | None = None,
    url: str | None = None,
    cite: str | None = None,
    base_url: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Made:
    """Return the description of a version. Reads all of its bytes.

    `creator`, `url` and `cite` say what the record does not hold. `base_url` stands before the paths of files: where they will be
    published; without it paths are relative, to the folder of the description.
    Raises MissingObjectError, DamagedObjectError, BadArgumentError.
    """
    if version.file_count > MOST_FILES:
        raise BadArgumentError(
            f"`{version.label}` has {version.file_count:,} files; {MOST_FILES:,} can be described one by one",
            hint="pack them into fewer, larger files",
        )
    files = list(_files(version, base_url, progress))
    said = version.described
    notes: list[str] = []
    profile = version.profile
    sets, records = _records(version, profile, files, notes)
    if profile is None:
        notes.append(
            f"no record sets: {version.label} has no profile; `gnomon data profile {version.label}` makes it"
        )
    has_rai = bool(said.get("sensitivity") or said.get("retention"))
    origin = said.get("origin")
    created = datetime.fromtimestamp(version.created, UTC)
    description: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CONFORMS_TO, RAI_CONFORMS_TO] if has_rai else CONFORMS_TO,
        "name": version.name,
        "description": version.message or f"{version.label}, a version of data kept by Gnomon",
        "license": licence_url(said["licence"]) if "licence" in said else None,
        "url": url or (origin if origin and is_url(origin) else None) or f"urn:gnomon:data:{version.id}",
        "creator": {"@type": "sc:Person", "name": creator or version.author}
        if creator or version.author
        else None,
        "datePublished": created.strftime("%Y-%m-%d"),
        "dateCreated": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": f"{version.number}.0.0",
        "citeAs": cite,
        "usageInfo": {"@type": "sc:CreativeWork", "name": f"legal basis: {said['legal_basis']}"}
        if "legal_basis" in said
        else None,
        "rai:personalSensitiveInformation": said.get("sensitivity"),
        "rai:dataReleaseMaintenancePlan": f"kept until {said['retention']}" if "retention" in said else None,
        "prov:wasDerivedFrom": _origin(origin) if origin else None,
        "distribution": [*files, *sets],
        "recordSet": records or None,
    }
    wanted = {"license": "--licence` of `gnomon data add", "creator": "--creator"}
    missing = [
        f"`{key}`: say it with `{option}`" for key, option in wanted.items() if description[key] is None
    ]
    if not origin and url is None:
        missing.append(
            "`url`: where the data set is presented; say it with `--url`, or `--origin` of `gnomon data add`"
        )
    return Made({key: value for key, value in description.items() if value is not None}, missing, notes)


def _origin(origin: str) -> dict[str, str]:
    return {"@id": origin} if is_url(origin) else {"@type": "prov:Entity", "prov:label": origin}


# ---------------------------------------------------------------- files


def _files(
    version: DataVersion, base_url: str, progress: Callable[[int, int], None] | None
) -> Iterator[dict[str, Any]]:
    reference = version.reference
    if reference is not None and reference["kind"] == "url":
        yield _file_object(version.file_name, str(reference["place"]), version.size or None, None)
        return
    base = f"{base_url.rstrip('/')}/" if base_url else ""
    done = 0
    for file in version.files():
        digest = hashlib.sha256()
        for piece in _pieces(version, file.path, file.object):
            digest.update(piece)
            done += len(piece)
            if progress is not None:
                progress(done, version.size)
        # `mlcroissant` takes a relative one for a path, and not for a URL.
        place = base + _quoted(file.path) if base else file.path
        yield _file_object(file.path, place, file.size, digest.hexdigest())


def _pieces(version: DataVersion, path: str, object_id: str) -> Iterator[bytes]:
    """Yield the bytes of a file, checked: those of the record, or those that lie where a reference says."""
    if version.reference is None:
        yield from version.record.replica.objects().stream(object_id)
        return
    import os

    from blake3 import blake3

    from gnomon.data.references import path_at

    place = path_at(str(version.reference["place"]))
    place = os.path.join(place, path) if version.is_tree else place
    hasher = blake3()
    with open(place, "rb") as source:
        while piece := source.read(1 << 20):
            hasher.update(piece)
            yield piece
    if hasher.hexdigest() != object_id:
        raise BadArgumentError(
            f"`{place}` has other bytes than `{version.label}`, which refers to it",
            hint="add it again as a new version",
        )


def _file_object(path: str, place: str, size: int | None, sha256: str | None) -> dict[str, Any]:
    made = {
        "@type": "cr:FileObject", "@id": _quoted(path), "name": path.rpartition("/")[2], "contentUrl": place,
        "contentSize": f"{size} B" if size is not None else None, "encodingFormat": format_of(path), "sha256": sha256,
    }  # fmt: skip
    return {key: value for key, value in made.items() if value is not None}


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/~()!*',;=@&+$")


# ---------------------------------------------------------------- record sets


class _Ids:
    """Names that may stand in an `@id`, no two of them the same."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def of(self, text: str) -> str:
        near = _NOT_IN_IDS.sub("-", text).strip("-") or "unnamed"
        found, number = near, 1
        while found in self._taken:
            number += 1
            found = f"{near}-{number}"
        self._taken.add(found)
        return found


def _records(
    version: DataVersion, profile: Profile | None, files: list[dict[str, Any]], notes: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the sets of files that record sets need, and the record sets."""
    if profile is None:
        return [], []
    ids = _Ids({str(file["@id"]) for file in files})
    sets: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    for table in profile.tables:
        members = _members(table, files)
        why = _why_not(table, members)
        if why:
            notes.append(f"no record set for {table.name or version.file_name}: {why}")
            continue
        source, made = _source(table, members, ids)
        sets += made
        record = _record_set(table, table.name or version.name, source, ids, notes)
        if record["field"]:
            records.append(record)
    images = [file for file in files if file["encodingFormat"] in ("image/png", "image/jpeg")]
    if images and profile.images is not None:
        made, record = _images(images, ids)
        sets += made
        records.append(record)
    return sets, records


def _members(table: Table, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the files that a table of a profile is made of."""
    fitting = [file for file in files if file["encodingFormat"] in _FORMATS_OF.get(table.format, ())]
    if table.files == 1:
        named = [file for file in fitting if file["@id"] == _quoted(table.name)]
        return named or fitting[:1] if len(fitting) == 1 or named else []
    prefix = f"{_quoted(table.name)}/" if table.name not in ("", ".") else ""
    inside = [file for file in fitting if str(file["@id"]).startswith(prefix)]
    return inside if len(inside) == table.files else []


def _why_not(table: Table, members: list[dict[str, Any]]) -> str | None:
    if table.format in ("arrow", "json"):
        return f"Croissant reads no table from {table.format.capitalize()} files"
    if not members:
        return "which files it is made of cannot be told from their names"
    if table.format == "csv":
        expected = "tab" if members[0]["encodingFormat"] == "text/tab-separated-values" else "comma"
        if table.dialect.get("delimiter") != expected:
            return f"Croissant cannot say that its delimiter is a {table.dialect.get('delimiter')}"
        if table.dialect.get("header") != "yes":
            return "it has no line with the names of its columns"
        if table.dialect.get("encoding") not in ("utf-8", None):
            return f"it is written in {table.dialect.get('encoding')}"
    return None


def _source(
    table: Table, members: list[dict[str, Any]], ids: _Ids
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if len(members) == 1:
        return {"fileObject": {"@id": members[0]["@id"]}}, []
    made = _file_set(f"{table.name or table.format}-files", members, ids)
    return {"fileSet": {"@id": made["@id"]}}, [made]


def _file_set(name: str, members: list[dict[str, Any]], ids: _Ids) -> dict[str, Any]:
    """Return a set of files: by a pattern for each folder and ending, which holds these files and, by the profile, no others."""
    from urllib.parse import unquote

    patterns = dict.fromkeys(_pattern(unquote(str(file["@id"]))) for file in members)
    return {
        "@type": "cr:FileSet", "@id": ids.of(name), "name": name,
        "encodingFormat": members[0]["encodingFormat"], "includes": list(patterns) if len(patterns) > 1 else next(iter(patterns)),
    }  # fmt: skip


def _pattern(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}*{name[name.rfind('.') :]}"


def _record_set(
    table: Table, name: str, source: dict[str, Any], ids: _Ids, notes: list[str]
) -> dict[str, Any]:
    own = ids.of(f"{name}-rows" if name.endswith((".csv", ".parquet", ".jsonl")) else f"{name}-records")
    fields = []
    for column in table.columns:
        kind = DATA_TYPES.get(column.type)
        if kind is None:
            notes.append(
                f"no field for column `{column.name}` of {name}: Croissant has no type for {column.type} values"
            )
            continue
        fields.append(
            {
                "@type": "cr:Field", "@id": ids.of(f"{own}/{column.name}"), "name": column.name, "dataType": kind,
                "source": {**source, "extract": {"column": column.name}},
            }
        )  # fmt: skip
    if table.more_columns:
        notes.append(f"{table.more_columns:,} more columns of {name} are not described")
    return {
        "@type": "cr:RecordSet",
        "@id": own,
        "name": name,
        "description": f"{table.rows:,} rows",
        "field": fields,
    }


def _images(images: list[dict[str, Any]], ids: _Ids) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    by_format: dict[str, list[dict[str, Any]]] = {}
    for file in images:
        by_format.setdefault(file["encodingFormat"], []).append(file)
    kind, members = max(by_format.items(), key=lambda item: len(item[1]))
    if len(images) == 1:
        source: dict[str, Any] = {"fileObject": {"@id": images[0]["@id"]}}
        made: list[dict[str, Any]] = []
    else:
        one = _file_set(f"{kind.rpartition('/')[2]}-images", members, ids)
        source, made = {"fileSet": {"@id": one["@id"]}}, [one]
    own = ids.of("images")
    return made, {
        "@type": "cr:RecordSet", "@id": own, "name": "images", "description": f"{len(members):,} pictures",
        "field": [
            {"@type": "cr:Field", "@id": ids.of(f"{own}/content"), "name": "content", "dataType": "sc:ImageObject",
             "source": {**source, "extract": {"fileProperty": "content"}}},
            {"@type": "cr:Field", "@id": ids.of(f"{own}/file"), "name": "file", "dataType": "sc:Text",
             "source": {**source, "extract": {"fileProperty": "fullpath"}}},
        ],
    }  # fmt: skip
