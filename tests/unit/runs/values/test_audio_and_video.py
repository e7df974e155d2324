"""Sounds and videos."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gnomon.errors import BadArgumentError, DamagedObjectError
from gnomon.runs.values import audio as audio_module
from gnomon.runs.values import video as video_module
from gnomon.runs.values.kinds import Audio, Video
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded
from tests.unit.runs.values.back import there_and_back

RNG = np.random.default_rng(7)
FLAC = b"fLaC\x00\x00\x00\x22" + bytes(10) + (16000 << 44 | 1 << 41 | 15 << 36 | 48000).to_bytes(8, "big")


@given(arrays.arrays(np.int16, st.tuples(st.integers(0, 30), st.integers(1, 4))), st.integers(1, 200_000))
def test_samples_come_back(samples, rate_hz):
    result, sound = there_and_back(Audio(samples, rate_hz=rate_hz))
    found, rate = sound.to_numpy()
    assert rate == rate_hz
    assert (found == samples).all() and found.shape == samples.shape
    assert result.meta["samples"] == len(samples)


@given(arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1, 1)))
def test_floats_come_back_within_half_a_step(samples):
    found, _ = there_and_back(Audio(samples, rate_hz=8000))[1].to_numpy()
    assert (abs(found[:, 0] / 32767 - samples) <= 0.5 / 32767 + 1e-12).all()


def test_the_header_is_that_of_pcm():
    result = encoded(
        Audio(np.array([[0.0, 1.0], [-1.0, 2.0], [np.nan, 0.5]], np.float32), rate_hz=np.int64(8000))
    )
    data = result.parts[0].data
    assert data[:4] + data[8:16] == b"RIFFWAVEfmt "
    assert struct.unpack_from("<HHIIHH", data, 20) == (1, 2, 8000, 32000, 4, 16)
    assert struct.unpack_from("<6h", data, 44) == (0, 32767, -32767, 32767, 0, 16384)
    assert result.meta == {"rate_hz": 8000, "channels": 2, "samples": 3, "seconds": 0.000375}
    assert result.notes == ("NaN, shown as 0: 1 value", "values from -1 to 2 were clipped to -1 to 1")


@pytest.mark.parametrize(
    ("samples", "rate_hz", "said"),
    [
        (
            np.zeros(3),
            None,
            r"`rate_hz` of `Audio` must be a whole number .*; got None \(GN101\)\nhint: for example",
        ),
        (np.zeros(3), 0, "got 0"),
        (np.zeros(3), 44100.5, "got 44100.5"),
        (np.zeros(3), True, "got True"),
        (np.zeros(3), "fast", "got 'fast'"),
        (np.zeros((2, 16000)), 16000, r"at most 32 channels; got ndarray of shape \(2, 16000\).*\n.*array.T"),
        (np.zeros((1, 2, 3)), 16000, "must be of shape"),
        (np.zeros(3, np.int32), 16000, "floats from -1 to 1, or int16; got an array of int32"),
        (b"\x89PNG\r\n\x1a\n", None, "must be a WAV, MP3, FLAC or OGG; got bytes, .*(PNG)"),
    ],
)
def test_what_is_no_sound_is_refused(samples, rate_hz, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Audio(samples, rate_hz=rate_hz))


def test_a_long_sound_is_cut(monkeypatch):
    monkeypatch.setattr(audio_module, "MAX_BYTES", 8000)
    result, sound = there_and_back(Audio(np.arange(5000, dtype=np.int16).reshape(-1, 1), rate_hz=1000))
    assert sound.to_numpy()[0].ravel().tolist() == list(range(4000))
    assert result.notes == ("cut to the first 4 of 5 seconds",)


@pytest.mark.parametrize(
    ("data", "name", "meta"),
    [
        (FLAC, "flac", {"rate_hz": 16000, "channels": 2, "samples": 48000, "seconds": 3.0}),
        (b"ID3" + bytes(9), "mp3", {}),
        (b"\xff\xfb\x90\x00", "mp3", {}),
        (b"OggS" + bytes(9), "ogg", {}),
        (b"RIFF\0\0\0\0WAVE", "wav", {}),
    ],
    ids=["flac", "mp3 with tags", "mp3", "ogg", "a wav of nothing"],
)
def test_sound_files_are_kept_as_they_are(data, name, meta):
    result, sound = there_and_back(Audio(data, caption="a"))
    assert (result.parts[0].name, result.parts[0].data) == (f"audio.{name}", data)
    assert result.meta == {**meta, "caption": "a"}
    assert sound.caption == "a"
    with pytest.raises((BadArgumentError, DamagedObjectError)):
        sound.to_numpy()


def test_a_wav_file_says_what_it_is():
    made = encoded(Audio(np.zeros(800), rate_hz=8000))
    assert encoded(Audio(made.parts[0].data)) == made


@given(st.binary(max_size=80), st.integers(0, 60))
def test_broken_wav_files_are_refused(noise, cut):
    whole = encoded(Audio(np.zeros(10), rate_hz=8000)).parts[0].data
    for data in (noise, whole[:cut] + noise):
        sound = read_value("audio", {}, {"audio.wav": data})
        try:
            sound.to_numpy()
        except (DamagedObjectError, BadArgumentError):
            pass


def test_a_wav_that_declares_more_than_it_holds_gives_what_is_there():
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(b"\1\0\2\0")
    data = bytearray(file.getvalue())
    data[40:44] = b"\xff\xff\xff\x7f"
    assert read_value("audio", {}, {"audio.wav": bytes(data)}).to_numpy()[0].ravel().tolist() == [1, 2]


# ---------------------------------------------------------------- videos


@given(arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3, st.sampled_from([1, 3, 4]))))
def test_frames_come_back(frames):
    result, video = there_and_back(Video(frames))
    assert (video.to_numpy() == frames).all() and video.to_numpy().shape == frames.shape
    assert result.meta["seconds"] == round(len(frames) / 10, 6)
    assert result.parts[0].media_type == "image/apng"


def test_grey_frames_and_floats():
    frames = np.array([[[0.0, 1.0]], [[0.5, 7.0]]])
    result, video = there_and_back(Video(frames, fps=2))
    assert video.to_numpy()[..., 0].tolist() == [[[0, 255]], [[128, 255]]]
    assert result.notes == ("values from 0 to 7 were clipped to 0 to 1",)


def test_frames_are_dropped_evenly_and_the_video_takes_as_long():
    frames = np.arange(450, dtype=np.uint16).reshape(450, 1, 1) % 256
    result, video = there_and_back(Video(frames, fps=30))
    kept = video.to_numpy().ravel()
    assert len(kept) == 300
    assert kept[:4].tolist() == [0, 1, 3, 4]
    assert result.meta == {"width": 1, "height": 1, "frames": 300, "fps": 20.0, "seconds": 15.0}
    assert result.notes == ("300 of 450 frames are kept, evenly spread; it takes as long as before",)
    assert b"fcTL" + bytes(3) + b"\0" in result.parts[0].data
    assert b"\0\1\0\x14\0\0" in result.parts[0].data  # 1/20 s a frame


def test_frames_that_are_large_are_scaled_down_and_fewer(monkeypatch):
    monkeypatch.setattr(video_module, "MAX_PIXELS", 3000)
    result, video = there_and_back(Video(np.full((9, 2, 2048), 7, np.uint8)))
    assert video.to_numpy().shape == (2, 1, 1024, 1)
    assert result.notes[0] == "scaled down by 2 to 1024 x 1"


@pytest.mark.parametrize(
    ("frames", "fps", "said"),
    [
        (np.zeros((2, 3, 4, 5)), None, r"must be of shape \(frames, H, W\)"),
        (np.zeros((0, 3, 4, 3)), None, "not empty"),
        (np.zeros((2, 2)), None, "must be of shape"),
        (np.zeros((2, 2, 2)), 0, "`fps` of `Video` must be a number of frames a second"),
        (np.zeros((2, 2, 2)), "x", "got 'x'"),
        (np.full((2, 2, 2), 300), 1, "whole numbers from 300 to 300"),
        (b"\x89PNG\r\n\x1a\n", None, "must be a MP4, WEBM or GIF"),
    ],
)
def test_what_is_no_video_is_refused(frames, fps, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Video(frames, fps=fps))


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b"\0\0\0\x18ftypmp42" + bytes(9), "video.mp4", "video/mp4"),
        (b"\x1a\x45\xdf\xa3" + bytes(9), "video.webm", "video/webm"),
        (b"GIF89a\x02\0\x03\0" + bytes(9), "video.gif", "image/gif"),
    ],
)
def test_video_files_are_kept_as_they_are(data, name, media_type):
    result, video = there_and_back(Video(data))
    assert result.parts == ((name, media_type, data),)
    with pytest.raises(BadArgumentError, match="another library does"):
        video.to_numpy()


def test_a_broken_video_is_refused_on_reading():
    data = encoded(Video(np.zeros((3, 4, 4)))).parts[0].data
    for bad in (b"", data[:-20], data[:60]):
        with pytest.raises(DamagedObjectError):
            read_value("video", {}, {"video.png": bad}).to_numpy()
