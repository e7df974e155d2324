"""Progress goes forward, and reaches the end."""

from __future__ import annotations

from gnomon.data import actions, reading


def test_progress_of_an_add_never_goes_back(project, monkeypatch):
    monkeypatch.setattr(reading, "BATCH_FILES", 3)
    monkeypatch.setattr(reading, "LARGE", 1_000)
    folder = project / "many"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}").write_bytes(b"x" * (number * 150 + 1))
    shown: list[tuple[int, int]] = []
    actions.add("many", progress=lambda done, total: shown.append((done, total)))
    done = [one for one, _ in shown]
    assert done == sorted(done)
    assert shown[-1] == (done[-1], done[-1])
    assert len(shown) == 10
