"""What a cell prints and shows: bounded, scrubbed, in its order, as it stood last."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from gnomon.interop import notebook_outputs as module
from gnomon.interop.notebook_media import MAX_TEXT, cut_text
from gnomon.interop.notebook_outputs import CellOutputs, within
from gnomon.scrub.scrubber import Scrubber
from tests.unit.scrub.planted import planted

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*more: bytes, pixel: bytes = b"\0\xff") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(more)
        + chunk(b"IDAT", zlib.compress(pixel))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def outputs():
    return CellOutputs()


def rendered(outputs):
    return outputs.rendered(Scrubber())


def test_the_order_of_prints_and_displays(outputs):
    outputs.printed("out", "one\ntw")
    outputs.shown("display", {"text/plain": "a"})
    outputs.printed("out", "o\n")
    outputs.printed("err", "oh\n")
    outputs.shown("result", {"text/plain": "b"})
    assert rendered(outputs) == [
        {"kind": "stream", "name": "out", "text": "one\ntw\n"},
        {"kind": "display", "plain": "a"},
        {"kind": "stream", "name": "out", "text": "o\n"},
        {"kind": "stream", "name": "err", "text": "oh\n"},
        {"kind": "result", "plain": "b"},
    ]
    assert rendered(outputs) == rendered(outputs), "to look changes nothing"


@pytest.mark.slow
def test_a_bar_is_kept_as_it_stood_last_and_takes_no_room(outputs):
    for percent in range(100_001):
        outputs.printed("err", f"\r{percent / 1000:.1f}% of it")
    outputs.printed("err", "\n")
    assert rendered(outputs) == [{"kind": "stream", "name": "err", "text": "100.0% of it\n"}]


@pytest.mark.slow
def test_ten_megabytes_are_bounded_and_counted(outputs):
    text = "".join(f"line {number:07}\n" for number in range(800_000))
    outputs.printed("out", text)
    head, tail = rendered(outputs)
    assert head["text"].startswith("line 0000000\n") and tail["text"].endswith("line 0799999\n")
    assert len(head["text"]) + len(tail["text"]) < module.HEAD_CHARACTERS + module.TAIL_CHARACTERS
    lost = len(text) - len(head["text"]) - len(tail["text"]) - tail["skipped_bytes"]
    assert 0 <= lost < 100, "but for the halves of the lines at the gap all is counted"


def test_displays_in_the_gap_are_kept(outputs):
    for number in range(60):
        outputs.printed("out", "x" * 10_000 + "\n")
        outputs.shown("display", {"text/plain": str(number)})
    assert [one["plain"] for one in rendered(outputs) if one["kind"] == "display"] == list(
        map(str, range(60))
    )


def test_many_displays_are_counted(outputs):
    for number in range(module.MAX_SHOWN + 7):
        outputs.shown("display", {"text/plain": str(number)})
    outputs.failed("ValueError", "the traceback")
    assert outputs.left_out == 7
    assert rendered(outputs)[-1]["kind"] == "error"


@pytest.mark.slow
def test_alternating_streams_are_bounded(outputs):
    for _ in range(20_000):
        outputs.printed("out", "a\n")
        outputs.printed("err", "b\n")
    held = sum(len(line) for line in (outputs._head, outputs._tail))
    assert held < 2 * (module.HEAD_CHARACTERS // module.PIECE_COST + 10)


def test_clear_and_update(outputs):
    outputs.printed("out", "gone\n")
    outputs.clear(wait=False)
    outputs.printed("out", "stays until the next\n")
    outputs.clear(wait=True)
    assert rendered(outputs)[0]["text"] == "stays until the next\n"
    outputs.shown("display", {"text/plain": "first"}, "id")
    outputs.printed("out", "between\n")
    outputs.updated({"text/plain": "second"}, "id")
    assert [one.get("plain", one.get("text")) for one in rendered(outputs)] == ["second", "between\n"]
    outputs.updated({"text/plain": "of another cell"}, "other")
    assert rendered(outputs)[-1]["plain"] == "of another cell"


# --- forms


def test_a_picture_is_stored_without_the_texts_in_it(outputs):
    secret = b"Comment\0" + TOKEN.encode()
    outputs.shown(
        "display",
        {"text/plain": "<Figure>", "image/png": png(chunk(b"tEXt", secret), chunk(b"xxXt", secret))},
    )
    outputs.shown("display", {"image/png": base64.b64encode(png()).decode()})
    first, second = rendered(outputs)
    assert first["objects"] == second["objects"] == [("image/png", png())]


def test_a_photograph_loses_its_comments(outputs):
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    kept = b"\xff\xd8" + segment(0xE0, b"JFIF\0")
    scan = segment(0xDA, b"\1") + b"pixels\xff\xd9"
    outputs.shown(
        "display", {"image/jpeg": kept + segment(0xFE, b"hello") + segment(0xE1, b"Exif\0place") + scan}
    )
    assert rendered(outputs)[0]["objects"] == [("image/jpeg", kept + scan)]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", png()[:-5], "not base64!", "é"])
def test_what_is_no_picture_is_left_out(outputs, data):
    outputs.shown("display", {"text/plain": "x", "image/png": data, "image/jpeg": data})
    (shown,) = rendered(outputs)
    assert "objects" not in shown and [form for form, _ in shown["left_out"]] == ["image/png", "image/jpeg"]


@pytest.mark.parametrize(
    ("bundle", "is_kept"),
    [
        ({"text/html": "<b>x</b>"}, True),
        ({"text/html": "<b>x</b>", "text/plain": "<IPython.core.display.HTML object>"}, True),
        ({"text/html": "<b>x</b>", "text/plain": "<foo.Bar at 0x7f12ab>"}, True),
        ({"text/html": "<table>", "text/plain": "   a\n0  1"}, False),
        ({"text/html": "<b>", "text/plain": "<a.B object>", "image/png": png()}, False),
        ({"text/html": "<b>", "text/plain": "<a.B object>", "text/latex": "$x$"}, False),
    ],
)
def test_html_is_kept_where_nothing_else_says_it(outputs, bundle, is_kept):
    outputs.shown("display", bundle)
    (shown,) = rendered(outputs)
    assert (("text/html", bundle["text/html"].encode()) in shown.get("objects", [])) is is_kept
    assert (["text/html", len(bundle["text/html"])] in shown.get("left_out", [])) is not is_kept


def test_large_forms_are_left_out_and_named(outputs):
    outputs.shown(
        "display", {"text/plain": "x" * 100_000, "image/png": b"x" * (12 << 20), "application/json": "{}"}
    )
    (shown,) = rendered(outputs)
    assert len(shown["plain"]) == MAX_TEXT and shown["sizes"] == {"plain": 100_000}
    assert shown["left_out"] == [["image/png", 12 << 20], ["application/json", 2]]


def test_odd_bundles_do_no_harm(outputs):
    outputs.shown(
        "display",
        {1: "x", "text/plain": None, "text/html": 3, "image/png": {}, "image/svg+xml": ["<svg", ">"]},
    )
    (shown,) = rendered(outputs)
    assert shown["objects"] == [("image/svg+xml", b"<svg>")]


# --- secrets


def texts(value):
    if isinstance(value, (list, tuple, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)
    elif isinstance(value, (str, bytes)):
        yield value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize("way", ["out", "plain", "html", "svg", "markdown", "error"])
def test_nothing_planted_comes_out(outputs, way):
    secrets = planted(40)
    for _, _, text in secrets:
        if way == "out":
            outputs.printed("out", text + "\n")
        elif way == "error":
            outputs.failed("E", f"\x1b[31m{text}\x1b[39m")
        else:
            form = {
                "plain": "text/plain",
                "html": "text/html",
                "svg": "image/svg+xml",
                "markdown": "text/markdown",
            }[way]
            outputs.shown("display", {form: text})
    found = "\n".join(texts(rendered(outputs)))
    assert len(found) > 5_000
    assert [kind for kind, secret, _ in secrets if secret in found] == []


@pytest.mark.parametrize("shift", range(0, 41, 5))
def test_a_secret_at_the_edge_of_what_is_kept_is_not_kept_by_half(outputs, shift):
    text = "x" * (MAX_TEXT - shift) + f" {TOKEN} " + "y" * 50_000
    assert TOKEN[:12] not in cut_text(text, MAX_TEXT, Scrubber(), "t")
    text = "x" * shift + f" {TOKEN}" * 2000  # what is withheld makes room for what was cut
    assert TOKEN[:4] not in cut_text(text, MAX_TEXT, Scrubber(), "t")
    head = 12 * module.PIECE_CHARACTERS  # as many pieces as fit
    outputs.printed(
        "out", ("x" * 15 + "\n") * (head // 16 - 3) + "x" * (48 - shift) + TOKEN + "\n" + "z\n" * 500_000
    )
    assert outputs._head[-1].pieces[-1][-1:] != "\n" or shift == 0, "the cut is inside the secret"
    assert TOKEN[:4] not in "\n".join(texts(rendered(outputs)))


def test_what_a_cell_may_hold_is_bounded():
    outputs = [{"kind": "display", "plain": "x" * 100}, {"kind": "error", "traceback": "y" * 10}]
    kept, size, left_out = within(outputs, 50)
    assert (kept, left_out) == ([outputs[1]], 1) and size < 50
