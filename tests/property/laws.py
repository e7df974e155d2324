"""What the merge laws of all features share: a record in a folder of its own, and the ways in which files may arrive."""

from __future__ import annotations

import shutil
import tempfile

from gnomon.record.index import Index
from tests.unit.record.made_record import MadeRecord, bundle


def in_folder(test):
    """Run a test of a record in a new folder, and return what it gives."""
    folder = tempfile.mkdtemp(prefix="gnomon-laws-")
    try:
        return test(MadeRecord(folder))
    finally:
        shutil.rmtree(folder)


def different_answers(logs, random, answer=Index.export):
    """Return the different answers (of an index) that these logs give: one by one in two orders, and beside a bundle of them.

    A bundle holds logs of one writer; where there are several writers, all arrive one by one.
    """
    files = [(f"log/{'0' * 32}/{number:02d}.jsonl", log.data) for number, log in enumerate(logs)]

    def arriving(record, some, first=None):
        index = Index(record.home)
        for path, data in ([first] if first is not None else []) + some:
            record.put(path, data)
            index.update()
        return answer(index)

    def one_by_one(record):
        return arriving(record, random.sample(files, len(files)))

    def bundled(record):
        if len({log.writer for log in logs}) > 1:
            return one_by_one(record)
        some = random.sample(files, random.randint(0, len(files)))
        return arriving(record, some, first=bundle(*logs, writer=3))

    return {in_folder(one_by_one), in_folder(one_by_one), in_folder(bundled)}
