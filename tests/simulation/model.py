"""What must be true at the end, as plain dictionaries: what was acknowledged, what was erased."""

from __future__ import annotations

import json


class Model:
    """Everything that a device was told is stored."""

    def __init__(self):
        self.notes = {}  # text of a note -> run
        self.rows = {}  # run -> how many rows were acknowledged
        self.objects = {}  # id -> bytes
        self.subjects = {}  # data subject -> object id
        self.erased = set()  # object ids
        self.doubtful = set()  # objects whose erasure was begun: a crash decides

    def noted(self, run, text):
        self.notes[text] = run

    def logged(self, run, rows):
        self.rows[run] = max(rows, self.rows.get(run, 0))

    def kept(self, subject, name, data):
        self.subjects[subject] = name
        self.objects[name] = data

    def begin_to_erase(self, subject):
        self.doubtful.add(self.subjects[subject])

    def erase(self, subject):
        self.erased.add(self.subjects[subject])

    def faults(self, replica):
        """Return what a replica (open, up to date) lacks or should not have."""
        found = []
        text = replica.index.export().decode()
        found += [f"note {note!r} is lost" for note in self.notes if json.dumps(note) not in text]
        for run, rows in self.rows.items():
            there = len(replica.series(run, "loss"))
            if there < rows:
                found.append(f"run {run[:4]} has {there} rows, not {rows}")
        store = replica.objects()
        for name, data in self.objects.items():
            if name in self.doubtful - self.erased:
                continue
            if name in self.erased:
                if any(name in pack.objects for pack in store.packs()):
                    found.append(f"erased object {name[:8]} is there")
            elif not store.contains(name) or store.read(name) != data:
                found.append(f"object {name[:8]} is lost")
        return found
