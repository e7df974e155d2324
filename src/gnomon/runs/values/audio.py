"""Sounds: 16-bit PCM WAV of arrays; the bytes of WAV, MP3, FLAC and OGG as they are.

Part: `audio.<format>`. `meta`: rate_hz, channels, samples, seconds (where the header says so), caption.
"""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.wording import captioned, number_of, refused, shown

if TYPE_CHECKING:
    from gnomon.runs.values.kinds import Audio

MAX_BYTES = 48 << 20
MAX_CHANNELS = 32
MAX_RATE_HZ = 768_000
# What the standard library raises for a WAV that is cut, broken, or not PCM.
BAD_WAV = (wave.Error, EOFError, ValueError, RuntimeError)


def encode(value: Audio) -> Encoded:
    """Return a sound in open formats. Raises BadArgumentError."""
    from gnomon.runs.values.files import FLAC, MP3, OGG, WAV, given_file

    file = given_file(value.data, "Audio", (WAV, MP3, FLAC, OGG), MAX_BYTES)
    if file is not None:
        content, found = file
        meta = _wav_meta(content) if found is WAV else _flac_meta(content) if found is FLAC else {}
        part = Part(f"audio.{found.suffix}", found.media_type, content)
        return Encoded("audio", captioned(meta, value.caption), (part,), ())
    rate_hz = _rate(value.rate_hz)
    samples, notes = _samples(value.data)
    most = MAX_BYTES // (2 * samples.shape[1])
    if len(samples) > most:
        notes.append(f"cut to the first {most / rate_hz:.0f} of {len(samples) / rate_hz:.0f} seconds")
        samples = samples[:most]
    data = write_wav(samples.astype("<i2", copy=False).tobytes(), rate_hz, samples.shape[1])
    meta = _described(rate_hz, samples.shape[1], len(samples))
    part = Part("audio.wav", "audio/wav", data)
    return Encoded("audio", captioned(meta, value.caption), (part,), tuple(notes))


def write_wav(data: bytes, rate_hz: int, channels: int) -> bytes:
    """Return a WAV of little-endian 16-bit samples, the channels of one moment side by side."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(data)
    return file.getvalue()


def _rate(rate_hz: Any) -> int:
    number = number_of(rate_hz)
    if not 0 < number <= MAX_RATE_HZ or number != int(number):
        rule = f"a whole number of samples a second, from 1 to {MAX_RATE_HZ:,}"
        hint = "for example `gnomon.Audio(array, rate_hz=16000)`"
        raise refused("rate_hz", "Audio", rule, shown(rate_hz), hint=hint)
    return int(number)


def _samples(value: Any) -> tuple[Any, list[str]]:
    """Return int16 samples (n, channels) and notes."""
    from gnomon.runs.values.arrays import as_array, within

    array = as_array(value, "data", "Audio")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not 0 < array.shape[1] <= MAX_CHANNELS:
        raise refused(
            "data",
            "Audio",
            f"of shape (samples,) or (samples, channels), with at most {MAX_CHANNELS} channels",
            shown(value),
            hint="it may be turned round: `array.T`" if array.ndim == 2 else None,
        )
    if array.dtype == "int16":
        return array, []
    if array.dtype.kind != "f":
        raise refused("data", "Audio", "floats from -1 to 1, or int16", f"an array of {array.dtype}")
    values, notes = within(array, -1.0, 1.0)
    return (values * values.dtype.type(32767)).round().astype("int16"), notes


# ---------------------------------------------------------------- headers of files


def _described(rate_hz: int, channels: int, samples: int) -> dict[str, object]:
    seconds = round(samples / rate_hz, 6) if rate_hz else 0.0
    return {"rate_hz": rate_hz, "channels": channels, "samples": samples, "seconds": seconds}


def _wav_meta(data: bytes) -> dict[str, object]:
    try:
        with wave.open(io.BytesIO(data), "rb") as reader:
            return _described(reader.getframerate(), reader.getnchannels(), reader.getnframes())
    except BAD_WAV:  # it is kept all the same, only less is known of it
        return {}


def _flac_meta(data: bytes) -> dict[str, object]:
    """Return what STREAMINFO says, the first block of every FLAC: after 10 bytes, rate:20, channels:3, bits:5, samples:36."""
    if len(data) < 26 or data[4] & 0x7F:
        return {}
    bits = int.from_bytes(data[18:26], "big")
    return _described(bits >> 44, (bits >> 41 & 7) + 1, bits & (1 << 36) - 1)
