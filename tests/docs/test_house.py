"""The documentation hangs together, and no file says on which machine it was written."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import gnomon
from gnomon import errors
from tests.docs.where_page import page as where_page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

# Hosts of package indexes and folders of one machine have no place in the project: it must build anywhere.
# Written in halves, so that this file may be looked at too.
FOREIGN = [
    "pypi" + ".org",
    "files.python" + "hosted",
    "registry.npm" + "js",
    "deb.debian" + ".org",
    "crates" + ".io",
    "proxy.golang" + ".org",
    "--index" + "-url=",
    "/work" + "/",
    "/ro" + "ot/",
    "../sha" + "red",
    ".libra" + "ry/",
]
BINARY = {".xz", ".png", ".parquet", ".pack", ".wal", ".skops", ".ico", ".woff2"}
SLUG = re.compile(r"[^\w\- ]")


def tracked() -> list[Path]:
    """Return the files that are in Git, or would be if they were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a Git repository")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def prose() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


@pytest.mark.slow
def test_no_file_names_an_index_or_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {foreign}"
        for path in tracked()
        if path.suffix not in BINARY
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        for foreign in FOREIGN
        if foreign in line
    ]
    assert found == []


def links(page: Path) -> list[str]:
    """Return the targets of a page's links; code is not looked at."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(page: Path) -> set[str]:
    """Return the names that headings of a page get."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ +(.*?)\s*$", text, flags=re.MULTILINE)
    return {SLUG.sub("", title.replace("`", "").lower()).replace(" ", "-") for title in titles}


@pytest.mark.slow
def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in prose():
        for link in links(page):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


@pytest.mark.parametrize("kind", ["tutorial", "how-to", "reference", "explanation", "internals"])
def test_every_page_is_in_the_index(kind: str) -> None:
    listed = {link.partition("#")[0] for link in links(DOCS / "index.md")}
    pages = {page.relative_to(DOCS).as_posix() for page in (DOCS / kind).glob("*.md")}
    assert pages - listed == set()
    assert pages, f"docs/{kind} is empty"


def test_the_glossary_is_sorted_and_has_the_words_of_the_record() -> None:
    words = re.findall(
        r"^\*\*(.+?)\*\*$", (DOCS / "glossary.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert words == sorted(words, key=str.casefold)
    needed = (
        "record replica writer log member author entry subject fold state index point series segment object"
    )
    assert {*needed.split(), "tree", "remote", "sync", "check", "gate"} <= set(words)


def test_every_public_name_is_in_the_reference() -> None:
    text = (DOCS / "reference/python-api.md").read_text(encoding="utf-8")
    assert list(gnomon.__all__) == sorted(gnomon.__all__)
    missing = [name for name in gnomon.__all__ if not name.startswith("__") and f"gnomon.{name}" not in text]
    assert missing == []


def test_the_page_of_filters_is_that_of_the_code() -> None:
    assert (DOCS / "reference/where.md").read_text(encoding="utf-8") == where_page(), "run `make docs`"


def test_every_error_code_has_a_page() -> None:
    classes = [found for found in vars(errors).values() if isinstance(found, type)]
    families = {"GN000", "GN100", "GN200", "GN300"}
    leaves = [
        found for found in classes if issubclass(found, errors.GnomonError) and found.code not in families
    ]
    assert len({found.code for found in leaves}) == len(leaves)
    missing = [found.code for found in leaves if not (DOCS / "errors" / f"{found.code}.md").exists()]
    assert missing == []


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == gnomon.__version__


def test_notes_for_the_next_release_are_named_by_issue() -> None:
    names = [path.name for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]
    assert [name for name in names if not re.fullmatch(r"\d+-[a-z0-9-]+\.md", name)] == []


def test_the_lock_files_pin_every_dependency_with_a_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+.*\\$", text, flags=re.MULTILINE)
        unindented = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert len(pinned) == len(unindented), f"{lock.name}: a line is not `name==version` with hashes"
        assert {"msgspec", "blake3", "pynacl", "arro3-core", "arro3-io", "duckdb"} <= set(pinned)


def test_the_figures_of_the_readme_are_those_of_the_pages_that_are_made_from_results():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    wrong = re.search(r"simulated: in ([0-9.]+) of 100 comparisons; ([0-9]+) are stated", readme)
    figures = (DOCS / "reference/comparison-figures.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \*\*all\*\* \| [\d,]+ \| {re.escape(wrong[1])} \|", figures, re.MULTILINE)
    assert f"The level is {wrong[2]} %." in figures
    packages = re.search(
        r"\| installed packages \| ≤ 25 \| (\d+) \|", (DOCS / "reference/performance.md").read_text("utf-8")
    )
    assert {"12": "Twelve", "13": "Thirteen", "14": "Fourteen"}[packages[1]] in readme
