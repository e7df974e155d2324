"""Runs with a notebook, as a kernel would have written them."""

from __future__ import annotations

import time

import gnomon
from gnomon.ids import process_subject
from gnomon.runs import entries
from gnomon.session import close_all, session_for


def printed(text):
    return {"kind": "stream", "name": "out", "text": text}


def keep_notebook(path, cells, *, name="n.ipynb", ids=None, **params):
    """Record a run of a notebook; `cells` are (id, source, outputs), `ids` those that its file holds. Return the run's id."""
    close_all()  # the next one is a process of its own
    with gnomon.run(name, dir=path, params=params) as run:
        session = session_for(str(path))
        session.ready()
        subject = process_subject(session.log_id)
        facts = {"notebook": {"name": name, "cells": [one[0] for one in cells] if ids is None else ids}}
        session.append(entries.CAPTURED, subject, {"parts": facts})
        for nth, (cell, source, outputs) in enumerate(cells, start=1):
            body = {
                "nth": nth, "execution_count": nth, "cell": cell, "source": source, "status": "ok",
                "started_us": int(time.time() * 1e6), "duration_s": 0.1, "outputs": outputs,
            }  # fmt: skip
            session.append(entries.CELL, subject, body)
    close_all()
    return run.id
