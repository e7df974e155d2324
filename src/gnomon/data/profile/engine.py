"""DuckDB for data that nobody vouches for: two threads, bounded memory, temporary files in a folder of ours, no extensions.

Always true: after the `with`, the folder is gone; SQL holds only names of our making and quoted literals.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Any

from gnomon.data.profile.kinds import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = "384MB"
_OFF = dict.fromkeys(
    (
        "autoinstall_known_extensions",
        "autoload_known_extensions",
        "allow_community_extensions",
        "python_enable_replacements",
    ),
    False,
)


@contextmanager
def engine() -> Iterator[Engine]:
    """Give an engine whose temporary files go into a folder that is removed at the end."""
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory(prefix="gnomon-profile-") as folder:
        connection = duckdb.connect(
            ":memory:",
            config={
                **_OFF,
                "threads": 2,
                "memory_limit": MEMORY,
                "temp_directory": folder,
                "preserve_insertion_order": False,
            },
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            yield Engine(connection, Path(folder))
        except RuntimeError as error:
            # DuckDB takes Ctrl-C for itself and gives this in its place.
            if str(error) == "Query interrupted":
                raise KeyboardInterrupt from error
            raise
        finally:
            connection.close()


class Engine:
    """A connection, and where odd file names are given plain ones."""

    def __init__(self, connection: Any, folder: Path) -> None:
        self.connection = connection
        self._folder = folder
        self._links = self._named = 0
        self._plain: dict[Path, Path] = {}

    def serial(self) -> int:
        """Return a number that no name in this engine has yet."""
        self._named += 1
        return self._named

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of an answer, which is small."""
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def path(self, path: Path) -> str:
        """Return a path that DuckDB takes literally: no wildcard, no name that is not UTF-8, no scheme."""
        text = str(path.absolute())
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            if not any(char in text for char in "*?[]{}\\\n\0"):
                return text
        self._links += 1
        link = (
            self._folder / f"link-{self._links}{''.join(path.suffixes[-2:]) if path.name.isascii() else ''}"
        )
        if any(char in link.name for char in "*?[]{}\\\n"):
            link = self._folder / f"link-{self._links}"
        link.symlink_to(path.absolute())
        return str(link)

    def plain(self, path: Path) -> Path:
        """Return a copy of a packed file without its packing, in the folder that is removed at the end."""
        if path not in self._plain:
            copy = self._folder / f"plain-{len(self._plain)}"
            with unpacked(path) as file, copy.open("xb") as out:
                copyfileobj(file, out, 1 << 20)
            self._plain[path] = copy
        return self._plain[path]


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
