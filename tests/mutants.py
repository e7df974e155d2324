# ruff: noqa: E501 - the table of mutants
"""Is every check noticed when it is gone? `make mutants`: each is taken out of a copy, and tests that should notice are run there.

A mutant is (file, the text that is right, the text without the check, the tests). It is killed where a test fails, and survives where all
pass. What survives is named: it is a check that no test holds. Slow; `--only WORD` takes those whose file or text has the word, `--json FILE` keeps the result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[1]
SYNC, RECORD, POINTS, OBJECTS = (
    "src/gnomon/sync",
    "src/gnomon/record",
    "src/gnomon/points",
    "src/gnomon/objects",
)
BITS = ("tests/promises/test_p04_every_bit.py",)
LIES = ("tests/promises/test_p16_lying_remote.py",)
DURABLE = ("tests/unit/record/test_files.py",)
HEADS = ("tests/unit/sync/test_heads.py",)
P17 = "tests/promises/test_p17_attacking_remote.py"
STORIES = ("tests/promises/test_p24_simulation.py::test_all_meet_in_the_end",)
MOST_S = 900


class Mutant(NamedTuple):
    """One check taken out."""

    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


MUTANTS = (
    # --- sync: what comes is held against its name, what is written is on the disk before it is named
    Mutant(f"{SYNC}/receive.py", "checked.size != size or not checked.is_true", "checked.size != size", LIES),
    Mutant(f"{SYNC}/receive.py", "checked.size != size or not checked.is_true", "not checked.is_true", (*LIES, "tests/promises/test_p17_attacking_remote.py::test_sizes_that_lie")),
    Mutant(f"{SYNC}/receive.py", "env.sync_data(fd)", "pass", DURABLE),
    Mutant(f"{SYNC}/receive.py", "env.sync_folder(folder)", "pass", DURABLE),
    Mutant(f"{SYNC}/receive.py", "if checked.size > size:", "if False:", ("tests/promises/test_p17_attacking_remote.py::test_endless_file",)),
    Mutant(f"{SYNC}/names.py", "return checked.is_true", "return True", ("tests/unit/sync/test_repair.py", "tests/unit/sync/test_sync.py")),
    Mutant(f"{SYNC}/names.py", "return self._hasher.digest(16).hex() == self._file.check", "return True", LIES),
    Mutant(f"{SYNC}/names.py", 'int.from_bytes(self._end, "little") == self._crc', "True", ("tests/unit/sync/test_sync.py", "tests/unit/sync/test_transports.py")),
    Mutant(f"{SYNC}/published.py", "env.sync_data(fd)", "pass", STORIES),
    Mutant(f"{SYNC}/published.py", "env.sync_folder(folder)", "pass", STORIES),
    Mutant(f"{SYNC}/folder.py", "self._env.sync_data(fd)", "pass", ("tests/unit/sync/test_transports.py", "tests/unit/sync/test_interrupted.py")),
    Mutant(f"{SYNC}/folder.py", "self._env.sync_folder(folder)", "pass", ("tests/unit/sync/test_transports.py", "tests/unit/sync/test_interrupted.py")),
    Mutant(f"{SYNC}/heads.py", 'derive_id("head", data) != name.hash', "False", (*LIES, *HEADS)),
    Mutant(f"{SYNC}/heads.py", "if not was_checked and not _is_signed(name.writer, public, signature, raw):", "if False:", (*LIES, *HEADS)),
    Mutant(f"{SYNC}/heads.py", "writer_id(public) == writer and ", "", (*LIES, *HEADS)),
    Mutant(f"{SYNC}/heads.py", "if body.record != record:", "if False:", HEADS),
    Mutant(f"{SYNC}/heads.py", "if wrong:", "if False:", ("tests/promises/test_p17_attacking_remote.py::test_paths_in_a_head",)),
    Mutant(f"{SYNC}/heads.py", "_encode(body) != raw\n        or paths", "paths", HEADS),
    Mutant(f"{SYNC}/heads.py", "or said != name", "", (*HEADS, *LIES)),
    Mutant(f"{SYNC}/pull.py", "if head.name in found.names and lacking.isdisjoint(head.files):", "if True:", (*LIES, "tests/unit/sync/test_sync.py")),
    Mutant(f"{SYNC}/push.py", "if not is_sound(path, sources[path]):", "if False:", ("tests/unit/sync/test_repair.py",)),
    Mutant(f"{SYNC}/let_go.py", 'if held and has_true_name(home.env, other, "bundle"):', "if held:", ("tests/unit/sync/test_sync.py",)),
    Mutant(f"{SYNC}/let_go.py", 'if held and has_true_name(home.env, other, "pack"):', "if held:", ("tests/unit/sync/test_sync.py",)),
    Mutant(f"{SYNC}/state.py", "env.sync_data(fd)", "pass", STORIES),
    # --- limits: what comes may not exhaust, write elsewhere or show what it likes
    Mutant(f"{SYNC}/heads.py", "UnicodeDecodeError, RecursionError)", "UnicodeDecodeError)", (f"{P17}::test_json_bombs",)),
    Mutant(f"{SYNC}/heads.py", "if not all(map(_HASH, body.over)) or not all(map(_is_name, body.seen)):", "if False:", (f"{P17}::test_words_in_a_head",)),
    Mutant(f"{SYNC}/heads.py", "files.update(of_owner)", "files.update({path: max(size, files.get(path, 0)) for path, size in of_owner.items()})", (f"{P17}::test_sizes_of_the_files_of_others",)),
    Mutant(f"{SYNC}/pull.py", "+ taken + sizes[name] > _MOST_TOGETHER:", "+ taken < 0:", (f"{P17}::test_huge_heads",)),
    Mutant(f"{SYNC}/pull.py", "if not_there[file.writer] >= _MOST_MISSING:", "if False:", (f"{P17}::test_huge_heads",)),
    Mutant(f"{SYNC}/store.py", "if count >= MOST_NAMES:", "if False:", (f"{P17}::test_endless_listing",)),
    Mutant(f"{SYNC}/folder.py", "if os.path.islink(path):", "if False:", (f"{P17}::test_linked_folder_at_the_remote",)),
    Mutant(f"{SYNC}/folder.py", "if not stat_module.S_ISREG(self._env.stat(full).st_mode):", "if False:", (f"{P17}::test_links_and_pipes", f"{P17}::test_a_pipe_as_record_file")),
    Mutant(f"{SYNC}/ssh.py", "_COUNT(told) is None or (0 <= most < int(told))", "False", (f"{P17}::test_ssh_that_lies",)),
    Mutant(f"{SYNC}/ssh.py", "if len(found) > MOST_NAMES:", "if False:", (f"{P17}::test_ssh_that_lies",)),
    Mutant(f"{SYNC}/ssh.py", "monotonic() - heard_s > self.silent_s:", "monotonic() < 0:", (f"{P17}::test_ssh_that_lies",)),
    Mutant("src/gnomon/env.py", "if not stat_module.S_ISDIR(self.stat(path).st_mode):", "if False:", (f"{P17}::test_linked_folder_in_the_replica",)),
    # --- record
    Mutant(f"{RECORD}/files.py", "env.sync_data(fd)", "pass", DURABLE),
    Mutant(f"{RECORD}/files.py", "env.sync_folder(folder)", "pass", DURABLE),
    Mutant(f"{RECORD}/files.py", "if not _holds(env, fd, use, name):", "if False:", DURABLE),
    Mutant(f"{RECORD}/lines.py", "if name_raw != name.encode():", "if False:", (*BITS, "tests/unit/record")),
    Mutant(f"{RECORD}/lines.py", "committed != entry.commitment or ", "", (*BITS, "tests/unit/record")),
    Mutant(f"{RECORD}/bundle.py", "(entry.seq, entry.prev, entry.writer) != (before.seq + 1, before.hash, before.writer)", "False", ("tests/unit/record",)),
    Mutant(f"{RECORD}/bundle.py", "if certified_key(entry) is None:", "if False:", ("tests/unit/record",)),
    Mutant(f"{RECORD}/log.py", "self._env.sync_folder(self._folder)", "pass", ("tests/faults", "tests/unit/record")),
    # --- points
    Mutant(f"{POINTS}/decode.py", 'if crc != int.from_bytes(data[end - 4 : end], "little"):', "if False:", (*BITS, "tests/unit/points/test_reader.py")),
    Mutant(f"{POINTS}/decode.py", 'if crc != int.from_bytes(self.data[end - 4 : end], "little"):', "if False:", (*BITS, "tests/unit/points/test_reader.py")),
    Mutant(f"{POINTS}/segment.py", "if name_of(data) != os.path.basename(path):", "if False:", (*BITS, "tests/unit/points")),
    Mutant(f"{POINTS}/segment.py", "if limit < 0:", "if False:", ("tests/unit/points/test_seal.py", "tests/unit/points/test_verify.py")),
    # --- objects
    Mutant(f"{OBJECTS}/pack.py", "    if found != stored.object:\n        raise damaged_object(stored, path, f\"its bytes have the BLAKE3 {found[:12]}\")\n\n\ndef unpack_at_once", "\n\ndef unpack_at_once", ("tests/unit/objects", *BITS)),
    Mutant(f"{OBJECTS}/pack.py", " and blake3(data).hexdigest() == stored.object:", ":", ("tests/unit/objects", *BITS)),
    Mutant(f"{OBJECTS}/pack.py", 'if derive("chunks", lines) != listing[:LIST_HEAD]:', "if False:", ("tests/unit/objects", *BITS)),
    Mutant(f"{OBJECTS}/pack.py", "if size > stored.size:", "if False:", ("tests/unit/objects",)),
    Mutant(f"{OBJECTS}/tombstones.py", 'match is None or derive_id("tombstone", data) != name', "match is None", ("tests/unit/objects/test_erase.py", "tests/unit/sync/test_erased.py")),
    Mutant(f"{OBJECTS}/tombstones.py", 'if not is_signed(bytes.fromhex(public.decode()), match[7].decode(), LABEL, derive("tombstone", said)):', "if False:", ("tests/unit/objects/test_erase.py", "tests/unit/sync/test_erased.py")),
)  # fmt: skip


def run(mutant: Mutant, tree: Path, red: list[str]) -> tuple[str, str, float]:
    """Return ('killed', 'survived' or 'gone': its text is not there any more), what noticed, and the processor time in seconds.

    `red`: tests that fail without any mutant; they prove nothing, are left out, and are added here as they are found.
    """
    path = tree / mutant.file
    sound = path.read_text(encoding="utf-8")
    if mutant.right not in sound:
        return "gone", "", 0.0
    began = os.times()
    while True:
        path.write_text(sound.replace(mutant.right, mutant.wrong, 1), encoding="utf-8")
        code, noticed = _pytest(tree, mutant.tests, red)
        path.write_text(sound, encoding="utf-8")
        if code != 1 or _pytest(tree, (noticed,), [])[0] == 0:
            break
        red.append(noticed)
    spent = os.times()
    took = spent.children_user + spent.children_system - began.children_user - began.children_system
    return {0: "survived", 1: "killed", -1: "killed"}.get(code, f"pytest said {code}"), noticed, took


def _pytest(tree: Path, tests: Iterable[str], red: Iterable[str]) -> tuple[int, str]:
    """Return pytest's exit code (-1: no end) and the test that failed first."""
    left_out = [word for one in red for word in ("--deselect", one)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no", *left_out, *tests],
            cwd=tree, env={**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, encoding="utf-8", timeout=MOST_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"no end after {MOST_S} s"
    failed = next((line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
    return done.returncode, failed.partition(" ")[2].split(" - ")[0]


def main() -> int:
    """Run the mutants that were asked for; the exit code is 1 where one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    results: list[dict[str, object]] = []
    red: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gnomon-mutants-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for name in ("src", "tests", "docs", "pyproject.toml", "README.md"):
            source = ROOT / name
            shutil.copytree(source, tree / name) if source.is_dir() else shutil.copy(source, tree / name)
        for mutant in MUTANTS:
            if asked.only not in f"{mutant.file} {mutant.right}":
                continue
            verdict, noticed, spent = run(mutant, tree, red)
            first = mutant.right.strip().splitlines()[0]
            print(f"{verdict:9} {spent:5.0f} s  {mutant.file}: {first[:90]}  {noticed}", flush=True)
            results.append({"file": mutant.file, "text": first, "verdict": verdict, "noticed": noticed})
            if asked.json:
                asked.json.write_text(
                    json.dumps({"date": time.strftime("%Y-%m-%d"), "mutants": results}, indent=1)
                )
    killed = sum(one["verdict"] == "killed" for one in results)
    print(f"{killed} of {len(results)} killed")
    for one in red:
        print(f"left out, since it fails without a mutant: {one}")
    return 0 if killed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
