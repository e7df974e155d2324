"""Files that are stored as chunks leave with an export and arrive whole."""

from __future__ import annotations

import random

import pytest

import gnomon
from gnomon.objects.store import ObjectStore
from gnomon.session import close_all


@pytest.mark.slow
def test_a_large_file_and_small_ones_that_share_a_frame_come_back(project, tmp_path):
    noise = random.Random(1).randbytes(3 << 20)
    folder = project / "data"
    folder.mkdir()
    (folder / "large.bin").write_bytes(noise)
    for i in range(40):
        (folder / f"{i}.txt").write_text(f"small {i} " * 20)
    with gnomon.run("first") as run:
        run.keep(folder)
    close_all()
    with gnomon.run("second") as other:  # its version of the file shares all chunks but a few
        (folder / "large.bin").write_bytes(noise[: 1 << 20] + b"more" + noise[1 << 20 :])
        run_two = other.id
        other.keep(folder / "large.bin")
    close_all()
    here = gnomon.open()
    assert here.export(tmp_path / "out", runs=run_two).problems == []
    there = gnomon.open(tmp_path / "out" / "record")
    assert list(there.verify(deep=True)) == []
    kept = (folder / "large.bin").read_bytes()
    store: ObjectStore = there.replica.objects()
    (name,) = [one for one in store.objects() if store.size(one) == len(kept)]
    assert store.read(name) == kept
    first_chunks = set(here.replica.objects().objects())
    assert set(store.objects()) < first_chunks

    (project / "empty").mkdir()
    with gnomon.run("there", dir=project / "empty"):
        pass
    close_all()
    target = gnomon.open(project / "empty")
    target.import_(tmp_path / "out")
    assert target.replica.objects().read(name) == kept
    here.export(tmp_path / "both")
    got = target.import_(tmp_path / "both")
    assert got.objects < len(here.replica.objects().objects())
    assert list(target.verify(deep=True)) == []
    assert set(target.replica.objects().objects()) >= set(here.replica.objects().objects())
