"""Read a description in Croissant, and check files against it.

It comes from strangers. Always true: nothing that it names is opened, run or fetched by reading it; a place of a file that leaves
the folder of the data is refused; `check` reads files only, and `fetch`, which has to be asked for, writes into that folder only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.croissant.vocabulary import licence_name
from gnomon.data.references import is_url
from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError, UnknownFormatError
from gnomon.objects.tree import path_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BYTES = 64 << 20
MAX_FILES = 100_000
_LONGEST = 2000
_PREFIXES = ("sc:", "schema:", "cr:", "ml:", "dct:", "rai:", "prov:", "https://schema.org/", "http://schema.org/",
             "http://mlcommons.org/croissant/RAI/", "http://mlcommons.org/croissant/", "http://purl.org/dc/terms/")  # fmt: skip
_VERSION = re.compile(r"https?://(?:www\.)?mlcommons\.org/croissant/([0-9]+)\.([0-9]+)/?\Z")


class DescribedFile(NamedTuple):
    """A file that a description names: where it lies in the folder of the data, and what is said of its bytes."""

    id: str
    path: str
    url: str | None  # where it is to be had, if not beside the description
    sha256: str | None
    md5: str | None
    size: int | None


class Described(NamedTuple):
    """What a description says of a data set; None for what it does not say."""

    name: str | None
    description: str | None
    licence: str | None
    origin: str | None
    sensitivity: str | None
    legal_basis: str | None
    retention: str | None
    citation: str | None
    version: str | None
    files: tuple[DescribedFile, ...]
    record_sets: tuple[tuple[str, int], ...]  # name, and how many fields
    notes: tuple[str, ...]
    data: bytes  # of the description itself

    @property
    def facts(self) -> dict[str, str]:
        """What a version says of itself, by its words."""
        found = {
            "licence": self.licence, "origin": self.origin, "sensitivity": self.sensitivity, "legal_basis": self.legal_basis,
            "retention": self.retention,
        }  # fmt: skip
        return {key: text for key, text in found.items() if text}


def read(path: str) -> Described:
    """Return what a description says. Raises MissingFileError, DamagedFileError, UnknownFormatError."""
    try:
        size = os.stat(path).st_size
        if size > MAX_BYTES:
            raise DamagedFileError(
                f"`{path}` has {size:,} bytes; a description in Croissant has {MAX_BYTES:,} at most"
            )
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise MissingFileError(f"there is no description `{path}`") from None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(
            f"`{path}` is no Croissant: it cannot be read as JSON ({str(error)[:100]})"
        ) from None
    if not isinstance(found, dict):
        raise DamagedFileError(f"`{path}` is no Croissant: it holds no object")
    notes: list[str] = []
    said = _plain_keys(found)
    _require_version(said, path, notes)
    files = tuple(_files(said, path, notes))
    usage = _texts(_first(said.get("usageInfo"), "name"))
    basis = next((text.partition(":")[2].strip() for text in usage if text.startswith("legal basis:")), None)
    retention = _text(said.get("dataReleaseMaintenancePlan"))
    return Described(
        _text(said.get("name")), _text(said.get("description")), _licence(said.get("license")), _origin(said),
        "; ".join(_texts(said.get("personalSensitiveInformation")))[:_LONGEST] or None, basis,
        retention.removeprefix("kept until ") if retention else None, _text(said.get("citeAs")), _text(said.get("version")),
        files, tuple(_record_sets(said)), tuple(notes), data,
    )  # fmt: skip


def _require_version(said: dict[str, Any], path: str, notes: list[str]) -> None:
    claims = _texts(said.get("conformsTo"))
    versions = [hit for claim in claims if (hit := _VERSION.match(claim))]
    if not versions:
        shown = (
            f"; its `conformsTo` is {', '.join(claims)[:100]}"
            if claims
            else ", which it would say in `conformsTo`"
        )
        raise DamagedFileError(f"`{path}` does not say that it is Croissant{shown}")
    newest = max((int(hit[1]), int(hit[2])) for hit in versions)
    if newest[0] > 1:
        raise UnknownFormatError(
            f"`{path}` is Croissant {newest[0]}.{newest[1]}; this Gnomon reads up to 1.1",
            hint="`pip install --upgrade gnomon`",
        )
    if newest > (1, 1):
        notes.append(f"it is Croissant {newest[0]}.{newest[1]}; read as 1.1, which Gnomon knows")


# ---------------------------------------------------------------- values


def _plain_keys(said: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in said.items():
        prefix = next((one for one in _PREFIXES if key.startswith(one)), "")
        plain.setdefault(key[len(prefix) :], value)
    return plain


def _texts(value: Any) -> list[str]:
    """Return the texts that a value of JSON-LD holds, which may be a list, or have a language."""
    if isinstance(value, str):
        return [value[:_LONGEST]] if value.strip() else []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        return [text for one in value[:1000] for text in _texts(one)]
    if isinstance(value, dict):
        for key in ("@value", "en", "@id", "name", "url", "label", "prov:label", "sc:name"):
            if key in value:
                return _texts(value[key])
        return _texts(next((one for one in value.values() if isinstance(one, str)), None))
    return []


def _text(value: Any) -> str | None:
    return next(iter(_texts(value)), None)


def _first(value: Any, key: str) -> Any:
    """Return one field of each object of a list, or of the one that there is."""
    every = value if isinstance(value, list) else [value]
    return [_plain_keys(one).get(key) for one in every if isinstance(one, dict)]


def _licence(value: Any) -> str | None:
    if isinstance(value, dict):
        value = _plain_keys(value).get("url") or value
    found = [licence_name(text) for text in _texts(value)]
    return ", ".join(found)[:_LONGEST] or None


def _origin(said: dict[str, Any]) -> str | None:
    """Return where a data set is from: what it was derived from, else the page that presents it."""
    derived = _text(said.get("wasDerivedFrom"))
    url = _text(said.get("url"))
    return derived or (url if url and not url.startswith("urn:gnomon:") else None)


def _record_sets(said: dict[str, Any]) -> Iterator[tuple[str, int]]:
    sets = said.get("recordSet")
    for one in (sets if isinstance(sets, list) else [sets])[:1000]:
        if isinstance(one, dict):
            plain = _plain_keys(one)
            fields = plain.get("field")
            yield (
                _text(plain.get("name")) or _text(plain.get("@id")) or "?",
                len(fields) if isinstance(fields, list) else 1,
            )


# ---------------------------------------------------------------- files


def _files(said: dict[str, Any], path: str, notes: list[str]) -> Iterator[DescribedFile]:
    given = said.get("distribution")
    every = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, dict)]
    if len(every) > MAX_FILES:
        raise DamagedFileError(f"`{path}` names {len(every):,} files; {MAX_FILES:,} are allowed")
    inside = 0
    for one in map(_plain_keys, every):
        kind = _text(one.get("@type")) or ""
        if kind.rpartition(":")[2].rpartition("/")[2] != "FileObject":
            continue
        if one.get("containedIn"):
            inside += 1
        elif (_text(one.get("encodingFormat")) or "").startswith("git"):
            notes.append(
                f"its files come from the repository {(_text(one.get('contentUrl')) or '?')[:200]}, which is not looked at"
            )
        else:
            yield _file(one, path, notes)
    if inside:
        notes.append(f"{inside:,} of its files lie in an archive: what is checked is the archive")


def _file(one: dict[str, Any], path: str, notes: list[str]) -> DescribedFile:
    from urllib.parse import unquote

    place = _text(one.get("contentUrl")) or ""
    called = _text(one.get("@id")) or _text(one.get("name")) or place
    remote = place if is_url(place) and not place.startswith("file:") else None
    local = place if remote is None else _local_name(one, place)
    local = (local if remote is None else unquote(local)).removeprefix("./")
    fault = (path_fault(local) or path_fault(unquote(local))) if local else "it has no name"
    if fault or place.startswith("file:"):
        raise DamagedFileError(
            f"`{path}` names a file {ascii(place or called)[:120]}, which is refused: {fault or 'it is a place of one machine'}",
            hint="a description names files by URLs, or by paths below its own folder",
        )
    sums = {}
    for key, length in (("sha256", 64), ("md5", 32)):
        said = _text(one.get(key))
        sums[key] = _checksum(said, length) if said else None
        if said and sums[key] is None:
            notes.append(f"the {key} of `{called[:100]}` is none that could be checked: {ascii(said)[:80]}")
    return DescribedFile(
        called[:_LONGEST], local, remote, sums["sha256"], sums["md5"], _size(_text(one.get("contentSize")))
    )


def _checksum(said: str, length: int) -> str | None:
    """Return a checksum in hex, which some write in base64; None for what is none."""
    from base64 import b64decode

    if re.fullmatch(f"[0-9a-fA-F]{{{length}}}", said):
        return said.lower()
    try:
        data = b64decode(said, validate=True)
    except ValueError:
        return None
    return data.hex() if len(data) * 2 == length else None


def _local_name(one: dict[str, Any], url: str) -> str:
    """Return what a file that lies elsewhere is called here: its id or name where that is a path, else the end of its URL."""
    last = url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    for text in (_text(one.get("@id")), _text(one.get("name"))):
        if text and not is_url(text) and path_fault(text) is None and text.rpartition("/")[2] == last:
            return text
    return last


def _size(said: str | None) -> int | None:
    hit = re.fullmatch(r"\s*([0-9]{1,15})\s*(?:B|bytes?)?\s*", said or "", re.IGNORECASE)
    return int(hit[1]) if hit else None


# ---------------------------------------------------------------- checking and fetching


class Met(NamedTuple):
    """Files that are as described, those that are here without a checksum, and those that are not here."""

    checked: list[str]
    unpinned: list[str]
    missing: list[DescribedFile]


def check(described: Described, folder: str, progress: Callable[[int, int], None] | None = None) -> Met:
    """Read the files below a folder and compare them with what is said of them. Raises DamagedFileError for one that differs."""
    met = Met([], [], [])
    total = sum(file.size or 0 for file in described.files)
    done = 0
    for given in described.files:
        file = _as_written(given, folder)
        place = os.path.join(folder, file.path)
        if not os.path.isfile(place) or not _is_below(place, folder):
            met.missing.append(file)
            continue
        size = _require_bytes(place, file)
        done += size
        (met.checked if file.sha256 or file.md5 else met.unpinned).append(file.path)
        if progress is not None:
            progress(done, max(total, done))
    return met


def _as_written(file: DescribedFile, folder: str) -> DescribedFile:
    """Return a file by its path where that is there, else by the path that its URL means: `%20` for a blank."""
    from urllib.parse import unquote

    other = unquote(file.path)
    if other != file.path and not os.path.lexists(os.path.join(folder, file.path)):
        return file._replace(path=other)
    return file


def _is_below(place: str, folder: str) -> bool:
    root = os.path.realpath(folder)
    return os.path.realpath(place).startswith(root.rstrip("/") + "/")


def _require_bytes(place: str, file: DescribedFile) -> int:
    sums = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    said = {key: value for key, value in (("sha256", file.sha256), ("md5", file.md5)) if value}
    size = 0
    with open(place, "rb") as source:
        while piece := source.read(1 << 20):
            size += len(piece)
            for key in said:
                sums[key].update(piece)
    for key, value in said.items():
        found = sums[key].hexdigest()
        if found != value:
            raise DamagedFileError(
                f"`{place}` is not the file that is described: its {key} should be {value[:16]}…, it is {found[:16]}…",
                hint="get the file again, or the description that belongs to it",
            )
    if file.size is not None and size != file.size:
        raise DamagedFileError(
            f"`{place}` is not the file that is described: it should have {file.size:,} bytes, it has {size:,}"
        )
    return size


def fetch(
    missing: list[DescribedFile], folder: str, progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Download files into a folder, checked before they get their names; return their paths.

    Raises MissingFileError for one that is to be had nowhere, DamagedFileError for other bytes, StorageError.
    """
    from gnomon.data import remote

    written = []
    for file in missing:
        if file.url is None:
            raise MissingFileError(
                f"`{file.path}`, which the description names, is not in `{folder}`, and it does not say where to get it"
            )
        place = os.path.join(folder, file.path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not _is_below(place, folder):
            raise BadArgumentError(f"`{place}` leads out of `{folder}`", hint="remove the link in it")
        part = f"{place}.part"
        try:
            with remote.stream(file.url) as (seen, pieces), open(part, "wb") as out:
                done = 0
                for piece in pieces:
                    out.write(piece)
                    done += len(piece)
                    if progress is not None:
                        progress(done, max(seen.size or file.size or done, done))
            _require_bytes(part, file)
            os.replace(part, place)
        finally:
            if os.path.lexists(part):
                os.unlink(part)
        written.append(place)
    return written
