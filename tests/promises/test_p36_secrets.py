"""P36: secrets never reach the disk. Planted ones, of many kinds, over every way in: none in the bytes of the record.

Each way gets secrets of its own (another seed), so that one which slips through tells where. The record is searched raw, in
every object unpacked, in every JSON string decoded, and so are the index and the configuration folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.env import REAL
from gnomon.objects.store import ObjectStore
from tests.unit.scrub.planted import planted

pytestmark = pytest.mark.slow

WAYS = (
    "stdout",
    "stderr",
    "params",
    "traceback",
    "diff",
    "untracked",
    "argument",
    "environment",
    "config",
    "rich",
)
SCRIPT = """
import json, os, sys, time
import gnomon
texts = json.load(open(os.environ["PLANT"]))
for text in texts["stdout"]:
    print(text, flush=True)
    sys.stdout.flush()
for text in texts["stderr"]:
    sys.stderr.write(text[: len(text) // 2]); sys.stderr.flush()
    sys.stderr.write(text[len(text) // 2 :] + "\\n")
with gnomon.run(params={f"note{n}": text for n, text in enumerate(texts["params"])}) as run:
    run.set_params({"config": {"nested": [{"deep": text} for text in texts["config"]]}})
    run.log(loss=0.5)
    for n, text in enumerate(texts["rich"]):
        print(f"{n}:", text)
    raise RuntimeError("\\n".join(texts["traceback"]))
"""


def texts_of(way: str) -> list[tuple[str, str, str]]:
    return planted(WAYS.index(way) + 100)


@pytest.fixture
def world(project, tmp_path, monkeypatch):
    """A repository with secrets in its remote, its uncommitted changes, its untracked files and its environment."""
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    monkeypatch.setenv("HOME", str(tmp_path))

    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.test", *words],
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    (project / "settings.py").write_text("x = 1\n")
    (project / "train.py").write_text(SCRIPT)
    git("add", "-A")
    git("commit", "-qm", "first")
    git("remote", "add", "origin", "https://me:" + "remote-Passw0rd-" + "99@git.example.test/team/x.git")
    (project / "settings.py").write_text(
        "x = 1\n" + "\n".join(text for _, _, text in texts_of("diff")) + "\n"
    )
    (project / "notes.md").write_text("\n".join(text for _, _, text in texts_of("untracked")) + "\n")
    (project / ".env").write_text("ANYTHING=" + "in-a-dotenv-File-" + "77\n")
    plant = tmp_path / "plant.json"
    plant.write_text(json.dumps({way: [text for _, _, text in texts_of(way)] for way in WAYS}))
    monkeypatch.setenv("PLANT", str(plant))
    for number, (_, _, text) in enumerate(texts_of("environment")):
        if "\0" not in text:
            monkeypatch.setenv(f"HF_PLANTED_{number}", text)
    monkeypatch.setenv("MY_DB_PASSWORD", "env-Secret-" + "value-42")
    return project


def secrets() -> dict[str, tuple[str, str]]:
    """Return every planted secret: secret -> (kind, way)."""
    found = {secret: (kind, way) for way in WAYS for kind, secret, _ in texts_of(way)}
    found["remote-Passw0rd-" + "99"] = ("password", "git remote")
    found["in-a-dotenv-File-" + "77"] = ("password", ".env")
    found["env-Secret-" + "value-42"] = ("password", "a variable by its name")
    return found


def everything_on_disk(project: Path) -> list[bytes]:
    """Return all bytes that Gnomon wrote: raw, unpacked, and with JSON escapes undone."""
    folders = [project / ".gnomon", Path(os.environ["XDG_CACHE_HOME"]), Path(os.environ["XDG_CONFIG_HOME"])]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = [path.read_bytes() for path in files]
    for path in files:
        if path.suffix == ".jsonl":
            found += [strings(json.loads(line)) for line in path.read_bytes().splitlines()]
    store = ObjectStore(REAL, str(project / ".gnomon/objects"))
    for pack in store.packs():
        found += [store.read(name) for name in pack.objects]
    return found


def strings(value: object) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(map(strings, [*value.keys(), *value.values()]))
    if isinstance(value, list):
        return b"\n".join(map(strings, value))
    return str(value).encode("utf-8", "surrogatepass")


def slipped_through(project: Path) -> list[tuple[str, str]]:
    blobs = everything_on_disk(project)
    assert sum(map(len, blobs)) > 50_000  # there is something to search
    return sorted(who for secret, who in secrets().items() if any(secret.encode() in blob for blob in blobs))


@pytest.mark.parametrize("around", ["gnomon.run", "gnomon run --"])
def test_nothing_planted_is_on_the_disk(world, around):
    words = [text for _, _, text in texts_of("argument") if "\0" not in text]
    command = [sys.executable, "train.py", *words]
    if around == "gnomon run --":
        command = [sys.executable, "-m", "gnomon", "run", "--", *command]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1 and b"RuntimeError" in done.stderr, done.stderr[-2000:]
    assert len(secrets()) > 600
    subprocess.run(
        [sys.executable, "-m", "gnomon", "runs"], check=True, capture_output=True
    )  # makes the index
    slipped = slipped_through(world)
    assert not slipped, slipped
    shown = subprocess.run(
        [sys.executable, "-m", "gnomon", "runs", "--json"], capture_output=True, check=True
    ).stdout
    run = json.loads(shown)[0]["id"]
    captured = json.loads(
        subprocess.run(
            [sys.executable, "-m", "gnomon", "show", run, "--json"], capture_output=True, check=True
        ).stdout
    )["captured"]
    places = {one["where"].split()[0] for one in captured["withheld"]}
    assert {"command", "params", "console", "code", "environment", "traceback"} <= places
    assert not captured["pending"]


# What one way in names comes back by another, where nothing names it.
TOLD_ONCE = """
import os, sys
import gnomon
from secrets_of_test import IN_PARAMS, LATER
with gnomon.run(params={"db_password": IN_PARAMS, "creds": {"prod": IN_PARAMS[::-1]}}) as run:
    os.environ["MY_SVC_TOKEN"] = LATER
    print("trying", sys.argv[2], IN_PARAMS, IN_PARAMS[::-1], LATER)
    print(open(".env").read().strip().partition("=")[2], file=sys.stderr)
    run.set_params({"note": "with " + LATER, "list": [IN_PARAMS]})
    raise RuntimeError(f"refused: {LATER}, {IN_PARAMS}, {sys.argv[2]}")
"""
IN_ARGUMENT, IN_DOTENV = "argument-Plum" + "-4471x", "dotenv-Tango" + "-9962k"
IN_PARAMS, LATER = "params-Fig8" + "-Kx51Qz77Lp", "later-Oak2" + "-Zt83Rw19Vm"


@pytest.mark.parametrize("around", ["gnomon.run", "gnomon run --"])
def test_what_is_named_once_is_nowhere_on_the_disk(project, tmp_path, monkeypatch, around):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    monkeypatch.setenv("HOME", str(tmp_path))
    # A module elsewhere, so that the values themselves stand in no file of the project.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secrets_of_test.py").write_text(f"IN_PARAMS, LATER = {IN_PARAMS!r}, {LATER!r}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    (project / "train.py").write_text(TOLD_ONCE + f"# not {IN_ARGUMENT} nor {IN_DOTENV}\n")
    (project / ".env").write_text(f"DB_PASSWORD={IN_DOTENV}\n")
    command = [sys.executable, "train.py", "--password", IN_ARGUMENT]
    if around == "gnomon run --":
        command = [sys.executable, "-m", "gnomon", "run", "--", *command]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1 and b"refused" in done.stderr, done.stderr[-2000:]
    blobs = everything_on_disk(project)
    known = [IN_ARGUMENT, IN_DOTENV]
    if around == "gnomon.run":  # the launcher hears what its command prints, and not what it names in itself
        known += [IN_PARAMS, IN_PARAMS[::-1], LATER]
    assert [secret for secret in known if any(secret.encode() in blob for blob in blobs)] == []
    assert any(b"trying [withheld: password] " in blob for blob in blobs)
