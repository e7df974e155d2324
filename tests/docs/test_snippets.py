"""What the README, the tutorial and the how-tos show is run, as a reader would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.snippets import Block, blocks, commands, matches

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs/tutorial").glob("*.md")),
    *sorted((ROOT / "docs/how-to").glob("*.md")),
]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_runs(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in blocks(page):
        reader.follow(block, where=f"{page.relative_to(ROOT)}, line {block.line}")


class Reader:
    """Someone who follows a page from top to bottom, in an empty folder of a machine new to Gnomon."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "reader"
        self.folder.mkdir()
        home = tmp_path / "home"
        home.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GNOMON_", "XDG_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self.environment = {**kept, "HOME": str(home), "PATH": path, "PYTHONWARNINGS": "error"}
        self.so_far = ""

    def follow(self, block: Block, *, where: str) -> None:
        if block.mark == "not run":
            return
        if block.language in ("python", "toml") and block.mark == "file":
            (self.folder / block.argument).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            self.so_far = self.so_far + block.text if block.mark == "continues" else block.text
            script = self.folder.parent / "snippet.py"  # a file: multiprocessing must be able to import it
            script.write_text(self.so_far, encoding="utf-8")
            self.run([sys.executable, str(script)], where)
        elif block.language == "console":
            for command, expected in commands(block.text):
                found = self.run(["bash", "-c", command], f"{where}: {command}")
                assert matches(expected, found), f"{where}: `{command}` printed\n{found}"

    def run(self, command: list[str], where: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{where}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


def test_a_page_is_read_as_it_says(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "text\n\n<!-- file: a.py -->\n```python\nx = 1\n```\n<!-- not run: no such machine -->\n\n"
        "```console\n$ ls\n```\n\n<!-- not run: far above -->\ntext\n```text\nfree\n```\n"
    )
    assert blocks(page) == [
        Block("python", "x = 1\n", 5, "file", "a.py"),
        Block("console", "$ ls\n", 10, "not run", "no such machine"),
        Block("text", "free\n", 16),
    ]


def test_output_is_compared_word_by_word() -> None:
    assert commands("$ a\none\ntwo\n$ b\n") == [("a", "one\ntwo\n"), ("b", "")]
    assert matches("4f… baseline  0.5", "4f1d\nbaseline 0.5\n")
    assert matches("", "anything")
    assert not matches("4f… baseline 0.5", "4f1d baseline 0.6")


def test_a_snippet_that_fails_is_noticed(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    with pytest.raises(AssertionError, match=r"page, line 3: exit 1(?s:.*)KeyError"):
        reader.follow(Block("python", "{}['no']\n", 3), where="page, line 3")
    with pytest.raises(AssertionError, match=r"`echo yes` printed\s+yes"):
        reader.follow(Block("console", "$ echo yes\nno\n", 3), where="page")
