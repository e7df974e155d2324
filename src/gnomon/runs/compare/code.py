"""The code of two runs as one diff: from what capture kept of each, and from git where the commits are here.

What a run ran is its commit, the diff that was not committed, and the files that git did not know. Each file that may differ is
rebuilt in memory for both runs and compared. Where the commits are not here, what was recorded is compared instead, and
`notes` say so: the change of one run alone is exact then too, as it stands on the same commit.

Always true: nothing is written; what is shown has passed the scrubber; time, files and bytes are bounded, and what was left
out is said. Not promised: files that capture did not keep (data, large or binary files) are compared by their size only.
"""

from __future__ import annotations

import difflib
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import RecordError
from gnomon.runs import checked
from gnomon.runs.capture.code_files import scrubbed
from gnomon.runs.compare.patch import Part, PatchError, applied, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gnomon.runs.capture.views import Captured
    from gnomon.runs.compare.repository import Repository
    from gnomon.scrub.scrubber import Scrubber

MOST_FILES = 2_000
MOST_LINES = 20_000  # of one file: a longer one takes difflib too long
MOST_DIFF_BYTES = 4_000_000
SECONDS = 20.0
FOR_PEOPLE = (".md", ".rst", ".ics", ".log", ".html", ".svg", ".pdf")  # texts that no training reads
_LOADED = (".py", ".pyw")  # files of which capture knows whether they were loaded
_FILES = "files/"
_MOST_NAMED = 5
BOTH = "both runs"
UNNAMED = "(files that are not listed)"
_CHANGED = {"unknown": "differs"}


class Code(NamedTuple):
    """What was kept of the code of a run."""

    title: str
    facts: Mapping[str, Any]
    parts: Mapping[str, Part]  # of the uncommitted diff, by path
    files: Mapping[str, bytes]  # that git did not know, by path
    notes: tuple[str, ...] = ()
    loaded: frozenset[str] | None = (
        None  # the Python files that its processes loaded; None where that is not known
    )
    digests: Mapping[str, str] = MappingProxyType(
        {}
    )  # of the Python files that a process loaded, as far as known

    @property
    def commit(self) -> str | None:
        """The commit; None where there was none, or no git."""
        return checked.text(self.facts.get("commit"))

    @property
    def is_whole(self) -> bool:
        """Whether all files were looked at that no commit holds."""
        return checked.text(self.facts.get("fingerprint")) is not None

    @property
    def unkept(self) -> dict[str, Mapping[str, Any]]:
        """What is listed of source that was not kept, by path."""
        listed = checked.objects(self.facts.get("untracked"))
        return {str(one.get("path")): one for one in listed if checked.text(one.get("mark")) is not None}

    @property
    def is_recorded(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.facts)


class FileDiff(NamedTuple):
    """A file that differs. `added` and `removed` are lines, None where they cannot be counted; `is_exact` is False where
    only what was recorded could be compared, not the file. `is_loaded`: whether one of the two runs loaded it; None where that
    is not known, as of a file that is no Python."""

    path: str
    what: str  # 'changed', 'added', 'removed', 'binary', 'large', 'unknown'
    added: int | None
    removed: int | None
    diff: str
    is_exact: bool = True
    is_loaded: bool | None = None

    @property
    def may_matter(self) -> bool:
        """Whether the difference is likely to have played a part: it is no text for people, nor Python that neither run imported.

        A program may read such a text, or run such a file by other means than an import: it is no proof.
        """
        return self.is_loaded is not False and not self.is_made and not self.path.lower().endswith(FOR_PEOPLE)

    @property
    def is_made(self) -> bool:
        """Whether Python made the file for itself."""
        return "__pycache__" in self.path.split("/")


class CodeDiff(NamedTuple):
    """How the code of one run differs from that of the first. `is_known`: whether anything is recorded of both; `is_whole`:
    whether all that the commits hold was compared too."""

    files: tuple[FileDiff, ...]
    notes: tuple[str, ...]
    is_known: bool = True
    is_whole: bool = True

    @property
    def added(self) -> int:
        """How many lines were added."""
        return sum(file.added or 0 for file in self.files)

    @property
    def removed(self) -> int:
        """How many lines were removed."""
        return sum(file.removed or 0 for file in self.files)

    @property
    def text(self) -> str:
        """The unified diff of all files."""
        return "".join(file.diff for file in self.files)

    def to_dict(self, *, with_text: bool = True) -> dict[str, object]:
        """Return plain values."""
        files = [
            {
                "path": one.path,
                "what": one.what,
                "added": one.added,
                "removed": one.removed,
                "is_exact": one.is_exact,
                "is_loaded": one.is_loaded,
            }
            for one in self.files
        ]
        found: dict[str, object] = {
            "is_known": self.is_known, "is_whole": self.is_whole, "files": files,
            "added": self.added, "removed": self.removed, "notes": list(self.notes),
        }  # fmt: skip
        return {**found, "diff": self.text} if with_text else found


def code_of(title: str, captured: Captured) -> Code:
    """Return what was kept of the code of a run; what this replica lacks becomes a note."""
    facts, loaded = captured.part("code"), captured.loaded()
    digests = {str(path): str(digest) for path, digest in captured.part("loaded").get("files", ())}
    try:
        kept = captured.code_files()
    except RecordError as error:
        note = f"of {title} the uncommitted diff and files cannot be read: {error.message}"
        return Code(title, facts, {}, {}, (note,), loaded, digests)
    files = {path[len(_FILES) :]: data for path, data in kept.items() if path.startswith(_FILES)}
    notes = [
        f"of {title}: {note}"
        for note in checked.texts(facts.get("notes"))
        if any(word in note for word in ("ends early", "left out", "no time", "looked at"))
    ]
    return Code(title, facts, parts_of(kept.get("diff", b"")), files, tuple(notes), loaded, digests)


def diff_of(
    first: Code,
    other: Code,
    find: Callable[[list[object]], Repository | str],
    scrubber: Scrubber,
    clock: Callable[[], float] = time.monotonic,
) -> CodeDiff:
    """Return how the code of `other` differs from that of `first`; `find` gives the repository that has these commits."""
    if not first.is_recorded or not other.is_recorded:
        without = " and ".join(one.title for one in (first, other) if not one.is_recorded)
        return CodeDiff((), (f"the code of {without} was not recorded",), is_known=False, is_whole=False)
    return _Comparison(first, other, scrubber, clock).result(find)


class _UnknownError(Exception):
    """What a run had in a file cannot be told."""


class _Comparison:
    """One comparison and what it found so far."""

    def __init__(self, first: Code, other: Code, scrubber: Scrubber, clock: Callable[[], float]) -> None:
        self.first, self.other, self.scrubber = first, other, scrubber
        self.clock, self.end = clock, clock() + SECONDS
        self.repository: Repository | None = None
        self.notes = [*first.notes, *other.notes]
        self.files: list[FileDiff] = []
        self.written = 0
        self.rough: dict[str, list[str]] = {}  # by who changed them: their titles
        self.is_whole = True

    def result(self, find: Callable[[list[object]], Repository | str]) -> CodeDiff:
        paths = self._paths()
        is_same_commit = self.first.commit == self.other.commit
        names: dict[str, bytes] = {}
        if not is_same_commit or self._needs_commit(paths):
            names = self._open(find, is_same_commit)
        self._read({**{path: path.encode("utf-8") for path in paths}, **names})
        unseen = self._unseen(paths) if is_same_commit else {}
        wanted = sorted({*paths, *names} - unseen.keys())
        if len(wanted) > MOST_FILES:
            self.notes.append(
                f"{len(wanted):,} files may differ; the first {MOST_FILES:,} of them were compared"
            )
        for path in wanted[:MOST_FILES]:
            self._compare(path)
        self._compare_unkept()
        for title in dict.fromkeys(unseen.values()):
            missed = [path for path, whose in unseen.items() if whose == title]
            self.notes.append(
                f"of {title} not all files were looked at, so these were not compared: {_some(sorted(missed))}"
            )
        for who, paths in self.rough.items():
            shown = (
                "how the two recorded changes differ"
                if who == BOTH
                else "that change, not what the other one had"
            )
            them = "it" if len(paths) == 1 else "them"
            self.notes.append(
                f"{_some(paths)}: {who} changed {them}, on a commit that is not here; shown is {shown}"
            )
        self.notes += self._unkept()
        if self.repository is not None and self.repository.is_cut:
            self.notes.append("git could not tell all in time; files may be missing here")
        files = tuple([file._replace(is_loaded=self._is_loaded(file.path)) for file in self.files])
        return CodeDiff(files, tuple(dict.fromkeys(self.notes)), is_whole=self.is_whole)

    def _is_loaded(self, path: str) -> bool | None:
        first, other = self.first.loaded, self.other.loaded
        if not path.lower().endswith(_LOADED) or first is None or other is None:
            return None
        return path in first or path in other

    # --- what was not kept

    def _unseen(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the files that one run had in no commit, and that were perhaps not met when the other looked, which did not
        look at all: each with the title of that.
        """
        found = {}
        for code, other in ((self.first, self.other), (self.other, self.first)):
            if not code.is_whole:
                seen = {*code.files, *code.parts, *code.unkept}
                # Where git was not asked, even what the commit holds may have been another thing.
                theirs = {*other.files, *(other.parts if "is_dirty" not in code.facts else ())}
                found.update({path: code.title for path in paths if path in theirs and path not in seen})
        return found

    def _compare_unkept(self) -> None:
        """Take the source files of which only a digest, or size and time, is known, and the changes that were too large."""
        known = {file.path for file in self.files}
        mine, theirs = self.first.unkept, self.other.unkept
        for path in sorted({*mine, *theirs} - known):
            one, two = mine.get(path), theirs.get(path)
            if one is not None and two is not None:
                if one.get("mark") != two.get("mark"):
                    self._take_unkept(path, "changed", f"it was not kept ({two.get('why_not')})")
            elif self._has_all_listed() and path not in self.first.files and path not in self.other.files:
                self._take_unkept(path, "removed" if two is None else "added", "it was not kept")
        known = {file.path for file in self.files}
        for path in sorted(self.first.digests.keys() & self.other.digests.keys() - known):
            if self.first.digests[path] != self.other.digests[path]:
                self._take_unkept(path, "changed", "both runs imported it, and its text was not kept")
        marks = [checked.text(code.facts.get("fingerprint")) for code in (self.first, self.other)]
        if None in marks or marks[0] == marks[1] or self.first.commit != self.other.commit:
            return
        known = {file.path for file in self.files}
        for path in dict.fromkeys(
            path for code in (self.first, self.other) for path in checked.texts(code.facts.get("changed"))
        ):
            if not {path} & (known | self.first.parts.keys() | self.other.parts.keys()):
                self._take_unkept(path, "unknown", "its change was not kept, and may be another one")
        sources = [checked.text(code.facts.get("unkept_mark")) for code in (self.first, self.other)]
        if sources[0] != sources[1] and not any(
            file.path in mine or file.path in theirs for file in self.files
        ):
            counts = [
                checked.whole(code.facts.get("unkept_sources")) or 0 for code in (self.first, self.other)
            ]
            self._take_unkept(
                UNNAMED,
                "unknown",
                f"of {max(counts):,} source files that were not kept some differ, and only the first are listed",
            )

    def _has_all_listed(self) -> bool:
        """Return whether all source that was not kept is listed of both runs."""
        return all(
            code.is_whole and (checked.whole(code.facts.get("unkept_sources")) or 0) == len(code.unkept)
            for code in (self.first, self.other)
        )

    def _take_unkept(self, path: str, what: str, why: str) -> None:
        self.files.append(
            FileDiff(path, what, None, None, f"File {path} {_CHANGED.get(what, what)}: {why}\n", False)
        )

    # --- what there is to compare

    def _paths(self) -> list[str]:
        """Return the files that may differ whatever the commits hold."""
        first, other = self.first, self.other
        is_same_commit = first.commit == other.commit
        found = []
        for path in {**first.parts, **other.parts, **first.files, **other.files}:
            mine, theirs = first.parts.get(path), other.parts.get(path)
            same_part = (mine.raw if mine else None) == (theirs.raw if theirs else None)
            same_file = first.files.get(path) == other.files.get(path)
            if not (same_file and same_part and (is_same_commit or path in first.files)):
                found.append(path)
        return found

    def _needs_commit(self, paths: Iterable[str]) -> bool:
        """Return whether two runs on one commit changed one file differently: only the commit tells what it was."""
        return any(path in self.first.parts or path in self.other.parts for path in paths)

    def _open(
        self, find: Callable[[list[object]], Repository | str], is_same_commit: bool
    ) -> dict[str, bytes]:
        commits = [one.commit for one in (self.first, self.other) if one.commit is not None]
        if not commits:
            return {}
        found = find([*commits])
        repository = None if isinstance(found, str) else found
        missing = [
            one
            for one in (self.first, self.other)
            if one.commit and not (repository and repository.has(one.commit))
        ]
        if missing and not is_same_commit:
            why = (
                found
                if isinstance(found, str)
                else f"the repository here lacks the commit of {missing[0].title}"
            )
            self.notes.append(f"{why}: what is committed could not be compared, only what was not")
            self.is_whole = False
        self.repository = repository
        if repository is None or missing or is_same_commit or len(commits) < 2:
            return {}
        return repository.changed(commits[0], commits[1])

    def _read(self, names: Mapping[str, bytes]) -> None:
        if self.repository is None:
            return
        for code in (self.first, self.other):
            if code.commit is not None and self.repository.has(code.commit):
                wanted = [(path, name) for path, name in sorted(names.items()) if path not in code.files]
                self.repository.read(code.commit, wanted[:MOST_FILES])

    # --- one file

    def _compare(self, path: str) -> None:
        try:
            before, after = self._content(self.first, path), self._content(self.other, path)
        except (_UnknownError, PatchError):
            self._compare_roughly(path)
            return
        if before != after:
            self._add(path, before, after)

    def _content(self, code: Code, path: str) -> bytes | None:
        """Return what a run had in a file; None where it had no such file. Raises _UnknownError, PatchError."""
        if path in code.files:
            return code.files[path]
        part = code.parts.get(path)
        if part is not None and (part.is_new or part.is_deleted):
            return self._clean(applied(None, part))
        base = self._committed(code, path)
        return base if part is None else self._clean(applied(base, part))

    def _committed(self, code: Code, path: str) -> bytes | None:
        if code.commit is None:
            return None
        other = self.other if code is self.first else self.first
        if self.repository is not None and self.repository.has(code.commit):
            try:
                if path in code.parts:
                    return self.repository.raw(code.commit, path)
                return self.repository.content(code.commit, path)
            except KeyError:
                raise _UnknownError from None
        if other.commit == code.commit and path in other.files and path not in other.parts:
            return None  # git did not know it there, so this commit does not hold it
        raise _UnknownError

    def _clean(self, content: bytes | None) -> bytes | None:
        if content is None or b"\0" in content or len(content) > 2_000_000:
            return content
        return scrubbed(content, "", self.scrubber)

    def _add(self, path: str, before: bytes | None, after: bytes | None) -> None:
        what = "added" if before is None else "removed" if after is None else "changed"
        if b"\0" in (before or b"") or b"\0" in (after or b""):
            self.files.append(FileDiff(path, "binary", None, None, f"Binary file {path} {what}\n"))
            return
        old, new = _lines(before), _lines(after)
        if max(len(old), len(new)) > MOST_LINES or self.clock() > self.end or self.written > MOST_DIFF_BYTES:
            self.files.append(
                FileDiff(path, "large", None, None, f"File {path} {what}: the diff is too large to show\n")
            )
            return
        self._take(path, what, old, new)

    def _take(
        self, path: str, what: str, old: list[str], new: list[str], by: str = "", *, is_exact: bool = True
    ) -> None:
        before = "/dev/null" if what == "added" else _on_one_line(f"a/{path}\t{self.first.title}{by}")
        after = "/dev/null" if what == "removed" else _on_one_line(f"b/{path}\t{self.other.title}{by}")
        self._take_lines(path, what, unified(old, new, before, after), is_exact=is_exact)

    def _take_lines(self, path: str, what: str, lines: list[str], *, is_exact: bool = True) -> None:
        added = sum(line.startswith("+") for line in lines[2:])
        removed = sum(line.startswith("-") for line in lines[2:])
        text = "".join(lines)
        self.written += len(text)
        self.files.append(FileDiff(path, what, added, removed, text, is_exact))

    def _compare_roughly(self, path: str) -> None:
        """Compare what was recorded of a file that cannot be rebuilt."""
        mine, theirs = self.first.parts.get(path), self.other.parts.get(path)
        if (mine.raw if mine else b"") == (theirs.raw if theirs else b"") and path not in {
            **self.first.files,
            **self.other.files,
        }:
            return  # the same change, of commits that are not here
        is_same_commit = self.first.commit == self.other.commit
        only = mine or theirs
        if is_same_commit and only is not None and (mine is None or theirs is None) and only.is_readable:
            self._take_part(path, only, is_turned=theirs is None)
            return
        texts = [
            _lines(one.hunks if one and one.is_readable else code.files.get(path))
            for one, code in ((mine, self.first), (theirs, self.other))
        ]
        if any(one is not None and not one.is_readable for one in (mine, theirs)):
            self.files.append(
                FileDiff(path, "binary", None, None, f"File {path} differs: its change is not text\n", False)
            )
            return
        has = [
            one is not None or path in code.files for one, code in ((mine, self.first), (theirs, self.other))
        ]
        who = BOTH if all(has) else self.first.title if has[0] else self.other.title
        self.rough.setdefault(who, []).append(path)
        self._take(path, "unknown", texts[0], texts[1], ", as recorded", is_exact=False)

    def _take_part(self, path: str, part: Part, *, is_turned: bool) -> None:
        """Take the recorded change of one run as the difference: the other has the file as the commit has it."""
        body = _lines(part.hunks)
        if is_turned:
            body = _turned(body)
        names = (f"--- a/{path}\t{self.first.title}", f"+++ b/{path}\t{self.other.title}")
        head = [_on_one_line(name) + "\n" for name in names]
        self._take_lines(path, "changed", head + body)

    # --- data beside the code

    def _unkept(self) -> list[str]:
        """Return what is to be said of files that no commit holds and that were not kept."""
        sizes = [
            {
                str(one.get("path")): one.get("size")
                for one in checked.objects(code.facts.get("untracked"))
                if one.get("digest") is None and one.get("mark") is None
            }
            for code in (self.first, self.other)
        ]
        differ = sorted(
            path
            for path in {**sizes[0], **sizes[1]}
            if sizes[0].get(path) != sizes[1].get(path)
            and path not in self.first.files
            and path not in self.other.files
        )
        if not differ:
            return []
        return [f"not kept, and of another size or only in one run: {_some(differ)}"]


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode("utf-8", "replace")
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _on_one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")


def unified(old: list[str], new: list[str], from_: str, to: str) -> list[str]:
    """Return the lines of a unified diff, each with its line feed; what both begin and end with is not searched."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    # Some lines on either side stay, so that the diff has its context.
    skip = max(0, start - 3)
    keep = max(0, end - 3)
    found = list(
        difflib.unified_diff(
            old[skip : len(old) - keep], new[skip : len(new) - keep], "a", "b", n=3, lineterm="\n"
        )
    )
    lines = [f"--- {from_}\n", f"+++ {to}\n"]
    for line in found[2:]:
        shown = _shifted(line, skip) if line.startswith("@@ ") else line
        lines.append(shown if shown.endswith("\n") else f"{shown}\n\\ No newline at end of file\n")
    return lines


def _shifted(head: str, by: int) -> str:
    """Return the head of a hunk whose lines are counted from further above."""
    words = head.split(" ")
    for place in (1, 2):
        sign, (first, comma, count) = words[place][0], words[place][1:].partition(",")
        words[place] = f"{sign}{int(first) + by}{comma}{count}"
    return " ".join(words)


def _turned(lines: list[str]) -> list[str]:
    """Return the hunks of a diff the other way round."""
    found: list[str] = []
    removed: list[str] = []
    added: list[str] = []
    last = found
    for line in [*lines, ""]:
        if line.startswith("+"):
            removed.append("-" + line[1:])
            last = removed
        elif line.startswith("-"):
            added.append("+" + line[1:])
            last = added
        elif line.startswith("\\"):  # of the line before it, wherever that went
            last.append(line)
        else:
            found += [*removed, *added]
            removed, added, last = [], [], found
            words = line.split(" ")
            if words[0] == "@@":
                words[1], words[2] = "-" + words[2][1:], "+" + words[1][1:]
            found.append(" ".join(words))
    return found


def _some(paths: list[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:_MOST_NAMED])
    return shown + (f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else "")
