"""The process that looks up what was tried, where it cannot be had or is not wanted any more."""

from __future__ import annotations

import threading
import time

import pytest

from gnomon.runs.tried import elsewhere


def stand_in(tmp_path, monkeypatch, script):
    """Have a shell script stand in for Python."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(path))


def test_what_went_wrong_there_is_said_to_whoever_asked(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "echo 'no module named gnomon' >&2; exit 3")
    with pytest.raises(ChildProcessError, match="it ended with 3: no module named gnomon"):
        elsewhere.ask({}, threading.Event())


def test_where_no_process_can_be_started_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        elsewhere.ask({}, threading.Event())


def test_it_is_ended_with_whoever_asked(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "sleep 60")
    stop, began = threading.Event(), time.monotonic()
    threading.Timer(0.3, stop.set).start()
    assert elsewhere.ask({}, stop) is None
    assert time.monotonic() - began < 30
