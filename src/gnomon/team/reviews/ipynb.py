"""A notebook's file (`.ipynb`, nbformat 4) as cells to show: what it says, as data that somebody else wrote.

Always true: nothing in it is run, and no more of it is held than is shown: what has no place here (metadata, widgets, scripts) is
passed over while it is read. Of pictures the bytes are kept, `MOST_PICTURES_BYTES` of a notebook; of HTML and scripts only that
they are there, and how long. What cannot be read gives no cell, and a sentence that says why.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.team.reviews.aligned import Cell, Output
from gnomon.team.reviews.notebooks import (
    LONGEST_OUTPUT,
    MOST_CELLS,
    MOST_OUTPUTS,
    NOT_SHOWN,
    Named,
    shown_text,
)
from gnomon.text import clean, count, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 24 << 20
LONGEST_SOURCE = 400_000  # characters of one cell
MOST_PICTURE_BYTES, MOST_PICTURES_BYTES = 2 << 20, 8 << 20
_MULTILINE = str | list[str]
_TEXTS = ("plain", "markdown", "latex")
_PICTURES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
_NAMED = {
    "html": "text/html", "script": "application/javascript", "json": "application/json", "pdf": "application/pdf",
    "widget": "application/vnd.jupyter.widget-view+json",
}  # fmt: skip
_NOTHING = msgspec.Raw()
_KINDS = {"stream": "stream", "execute_result": "result", "error": "error"}
_TITLES = {"markdown": "Markdown", "raw": "raw text"}


class Opened(NamedTuple):
    """The cells of a file in order, what is to be said of it, and its pictures by digest."""

    cells: tuple[Named, ...]
    notes: tuple[str, ...]
    pictures: dict[str, bytes]


class _Forms(msgspec.Struct):
    plain: _MULTILINE | None = msgspec.field(default=None, name="text/plain")
    markdown: _MULTILINE | None = msgspec.field(default=None, name="text/markdown")
    latex: _MULTILINE | None = msgspec.field(default=None, name="text/latex")
    png: _MULTILINE | None = msgspec.field(default=None, name="image/png")
    jpeg: _MULTILINE | None = msgspec.field(default=None, name="image/jpeg")
    gif: _MULTILINE | None = msgspec.field(default=None, name="image/gif")
    webp: _MULTILINE | None = msgspec.field(default=None, name="image/webp")
    svg: _MULTILINE | None = msgspec.field(default=None, name="image/svg+xml")
    html: msgspec.Raw = msgspec.field(default=_NOTHING, name="text/html")
    script: msgspec.Raw = msgspec.field(default=_NOTHING, name="application/javascript")
    json: msgspec.Raw = msgspec.field(default=_NOTHING, name="application/json")
    pdf: msgspec.Raw = msgspec.field(default=_NOTHING, name="application/pdf")
    widget: msgspec.Raw = msgspec.field(default=_NOTHING, name="application/vnd.jupyter.widget-view+json")


class _Output(msgspec.Struct):
    output_type: str
    name: str = ""
    text: _MULTILINE = ""
    data: _Forms | None = None
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


class _Cell(msgspec.Struct):
    cell_type: str
    source: _MULTILINE = ""
    outputs: list[_Output] = []
    execution_count: int | None = None
    id: str = ""


class _File(msgspec.Struct):
    cells: list[_Cell]


class _Version(msgspec.Struct):
    nbformat: int


def opened(name: str, data: bytes) -> Opened:
    """Return the cells of a notebook's file; the anchors of the fourth one end with `name:4`."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        version = msgspec.json.decode(data, type=_Version).nbformat
        if version != 4:
            return _unread(name, _other_version(version))
        cells = msgspec.json.decode(data, type=_File).cells
    except msgspec.ValidationError as error:
        return _unread(name, f"is no notebook as nbformat 4 says: {clean(str(error))[:200]}")
    except (msgspec.DecodeError, RecursionError) as error:
        return _unread(name, f"is no JSON that can be read: {clean(str(error))[:200]}")
    pictures: dict[str, bytes] = {}
    found = tuple(
        _named(name, place, cell, pictures) for place, cell in enumerate(cells[:MOST_CELLS], start=1)
    )
    return Opened(found, tuple(_notes(name, cells)), pictures)


def _unread(name: str, why: str) -> Opened:
    return Opened((), (f"notebook {name} {why}",), {})


def _other_version(version: int) -> str:
    if version < 4:
        now = "`jupyter nbconvert --to notebook --inplace FILE` makes it one of today; then keep it again"
        return f"is of nbformat {version}: {now}"
    return f"is of nbformat {version}, which is newer than this Gnomon knows"


def _notes(name: str, cells: Sequence[_Cell]) -> Iterator[str]:
    counts = [one.execution_count for one in cells if one.cell_type == "code" and _text(one.source).strip()]
    known = [one for one in counts if one is not None]
    order = "from top to bottom" if known == sorted(known) else "in another order than they stand in"
    unrun = len(counts) - len(known)
    run = f"run {order}" if known else "none of them run"
    also = f", {unrun} not run" if unrun and known else ""
    yield f"notebook {name}, as it was kept: {count(len(cells), 'cell')}, {run}{also}"
    if len(cells) > MOST_CELLS:
        yield f"{count(len(cells) - MOST_CELLS, 'more cell')} of {name} not shown"


def _named(name: str, place: int, cell: _Cell, pictures: dict[str, bytes]) -> Named:
    facts = [_TITLES[cell.cell_type]] if cell.cell_type in _TITLES else []
    if cell.cell_type == "code":
        facts.append(f"In [{cell.execution_count}]" if cell.execution_count is not None else "not run")
    source = _text(cell.source)
    if len(source) > LONGEST_SOURCE:
        facts.append(f"{len(source) - LONGEST_SOURCE:,} characters left out")
    more = len(cell.outputs) - MOST_OUTPUTS
    facts += [count(more, "more output")] if more > 0 else []
    outputs = tuple(_output(one, pictures) for one in cell.outputs[:MOST_OUTPUTS])
    kind = cell.cell_type if cell.cell_type in ("code", "markdown") else "raw"
    shown = Cell(cell.id[:64], source[:LONGEST_SOURCE], outputs, kind)
    return Named(f"{name}:{place}", f"{name}, cell {place}", tuple(facts), shown)


def _output(given: _Output, pictures: dict[str, bytes]) -> Output:
    forms: list[tuple[str, str]] = []
    text = _text(given.text)
    if given.output_type == "error":
        text = "\n".join(given.traceback) or f"{given.ename}: {given.evalue}"
    elif given.data is not None:
        data = given.data
        texts = (getattr(data, form) for form in _TEXTS)
        text = next((_text(one) for one in texts if one is not None), "")
        for form, media in _PICTURES.items():
            if (one := getattr(data, form)) is not None:
                forms.append((media, _picture(media, _text(one), pictures)))
        for form, media in _NAMED.items():
            if len(one := getattr(data, form)):
                forms.append((media, hashlib.sha256(one).hexdigest()))
    stream = ("err" if given.name == "stderr" else "out") if given.output_type == "stream" else ""
    kind = _KINDS.get(given.output_type, "display")
    cut = max(0, len(text) - LONGEST_OUTPUT)
    return Output(kind, stream, shown_text(text), tuple(sorted(forms)), (), cut)


def _picture(media: str, text: str, pictures: dict[str, bytes]) -> str:
    """Keep a picture, and return what names it: its digest, or why it is not shown."""
    if len(text) > 2 * MOST_PICTURE_BYTES:
        return f"{NOT_SHOWN}: {size(len(text))}"
    try:
        found = (
            text.encode()
            if media == "image/svg+xml"
            else base64.b64decode("".join(text.split()), validate=True)
        )
    except (binascii.Error, ValueError):
        return f"{NOT_SHOWN}: no base64"
    if len(found) > MOST_PICTURE_BYTES or sum(map(len, pictures.values())) + len(found) > MOST_PICTURES_BYTES:
        return f"{NOT_SHOWN}: {size(len(found))}"
    digest = hashlib.sha256(found).hexdigest()
    pictures[digest] = found
    return digest


def _text(given: _MULTILINE) -> str:
    return given if isinstance(given, str) else "".join(given)
