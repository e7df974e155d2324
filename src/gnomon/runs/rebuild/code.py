"""The code of a run in a folder of its own: the commit, then what was not committed, then the files that Git did not know.

The commit comes from the repository here, as a clone that shares its objects: nothing is written to that repository, and the
clone has a `.git`, so that a script that asks Git gets the right answer. Each repeat gets a fresh copy, because what one run
leaves behind (checkpoints, caches) must not be found by the next.

Always true: `rebuild_code` says whether the fingerprint of what it built is the one that was recorded. Where it is, the code is
the same, byte for byte, as far as it was looked at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import GnomonError
from gnomon.runs import checked
from gnomon.runs.capture.capture import scrubber_here
from gnomon.runs.capture.code import code_state
from gnomon.runs.capture.code_files import BY_THE_RUN
from gnomon.runs.capture.code_git import find_command, find_root
from gnomon.runs.compare.patch import PatchError, applied, parts_of
from gnomon.runs.compare.repository import Repository, find_repository
from gnomon.runs.rebuild import cache
from gnomon.runs.rebuild.gaps import WITHHELD, Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.rebuild.recipe import Code, Recipe
    from gnomon.runs.views import Record

FILES = "files/"
_WITHHELD = WITHHELD.encode()
_NO_GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
MOST_NAMED = 5
_NO_CODE = (
    "not source code by its name",
    "written by the run",
)  # data and outputs: what is read of them is asked elsewhere


class Built(NamedTuple):
    """Code that was rebuilt: where it lies (`root`), what could not be, and whether it is known to be the same."""

    root: str
    gaps: tuple[Gap, ...]
    is_proven: bool


def rebuild_code(record: Record, recipe: Recipe, *, fresh: bool = False) -> Built:
    """Rebuild the code of a run in the cache, or find it there. Gaps that block say why `root` is empty."""
    code = recipe.code
    if code.other is not None:
        return _mixed(record, recipe, code.other, fresh=fresh)
    if not code.facts:
        return Built(
            "", (Gap("code", "nothing of it was recorded", "capture was off; run it again by hand"),), False
        )
    root, gaps = _in_cache(record, code, lambda root: _fill(record, recipe, root), fresh=fresh)
    if not root:
        return Built("", tuple(gaps), False)
    gaps = [*gaps, *not_kept(code, root)]
    folder = os.path.normpath(os.path.join(root, recipe.folder))
    if folder.startswith(os.path.join(root, "")):
        os.makedirs(
            folder, exist_ok=True
        )  # one that git ignores is no part of the code, and still where it ran
    is_proven = proves(recipe, root)
    if not is_proven and code.fingerprint and not gaps:
        gaps.append(Gap("code", _why_unproven(code), None, blocks=False))
    return Built(root, tuple(dict.fromkeys(gaps)), is_proven)


def _in_cache(
    record: Record, code: Code, fill: Callable[[str], list[Gap]], *, fresh: bool
) -> tuple[str, list[Gap]]:
    """Return the folder of rebuilt code, filled now unless it is there, and the gaps; no folder where one of them blocks."""
    place = cache.place(record.home.env, cache.CODE, code.key)
    root = os.path.join(place, code.name)
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    if os.path.isdir(root):
        cache.used(place)
        return root, []
    os.makedirs(place, exist_ok=True)
    part = tempfile.mkdtemp(prefix="part-", dir=place)
    try:
        gaps = fill(os.path.join(part, code.name))
        if any(gap.blocks for gap in gaps):
            return "", gaps
        try:
            os.rename(os.path.join(part, code.name), root)
        except OSError:  # another process was faster, with the same bytes
            if not os.path.isdir(root):
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return root, gaps


def _mixed(record: Record, recipe: Recipe, other: Code, *, fresh: bool) -> Built:
    """Rebuild both codes, and put together a folder of the first with some files of the other."""
    code = recipe.code
    own = replace(code, taken=(), other=None)
    both = [rebuild_code(record, replace(recipe, code=one), fresh=fresh) for one in (own, other)]
    gaps = [gap for built in both for gap in built.gaps]
    if not all(built.root for built in both):
        return Built("", tuple(dict.fromkeys(gaps)), False)

    def fill(root: str) -> list[Gap]:
        copy_of(both[0].root, os.path.dirname(root))  # both folders are called as the code is
        return [gap for path in code.taken for gap in _take_over(root, both[1].root, path)]

    root, more = _in_cache(record, code, fill, fresh=fresh)
    return Built(
        root, tuple(dict.fromkeys([*gaps, *more])), bool(root) and all(one.is_proven for one in both)
    )


def _take_over(root: str, source: str, path: str) -> list[Gap]:
    """Give a folder a file as another folder has it, or has it not."""
    target, theirs = os.path.join(root, path), os.path.join(source, path)
    if not _is_inside(root, target):
        return [Gap("code", f"`{path}` leads out of the project", None)]
    if os.path.lexists(target):
        os.unlink(target)
    if os.path.lexists(theirs):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(theirs, target, follow_symlinks=False)
    return []


def _why_unproven(code: Code) -> str:
    """Return why it cannot be shown that rebuilt code is what ran."""
    others = [one for one in _unkept(code) if one.get("why_not") != BY_THE_RUN]
    if not others:
        return "what was rebuilt has another fingerprint than what ran"
    more = f" and {len(others) - 1:,} more files" if len(others) > 1 else ""
    return f"that it is the same cannot be shown: `{others[0].get('path')}`{more} lay beside it, of which nothing was kept"


def _unkept(code: Code) -> list[dict[str, Any]]:
    """Return the files that were there, uncommitted, and of which nothing was kept."""
    return [one for one in checked.objects(code.facts.get("untracked")) if one.get("digest") is None]


def proves(recipe: Recipe, root: str) -> bool:
    """Return whether capture finds in a folder the fingerprint that was recorded."""
    wanted = recipe.code.fingerprint
    folder = os.path.normpath(os.path.join(root, recipe.folder))
    if wanted is None or not os.path.isdir(folder):
        return False
    script = os.path.join(root, recipe.script) if recipe.script else None
    state = code_state(folder, scrubber=scrubber_here(), script=script, argv=recipe.words)
    return state.facts.get("fingerprint") == wanted


def _fill(record: Record, recipe: Recipe, root: str) -> list[Gap]:
    code = recipe.code
    gaps: list[Gap] = []
    if code.commit is not None:
        why = _clone(record, code, root)
        if why is not None:
            return [why]
        gaps += _submodules(record, code, root)
    else:
        os.makedirs(root)
    if code.run is None:
        return gaps
    try:
        kept = record.run(code.run).captured.code_files()
    except GnomonError as error:
        return [
            Gap(
                "code",
                f"what was not committed is not here ({error.message})",
                error.hint or "`gnomon sync` may bring it",
            )
        ]
    if (patch := kept.get("diff")) is not None:
        gaps += _apply(root, patch, bool(code.commit))
    for path, content in kept.items():
        if path.startswith(FILES) and not path.startswith(f"{FILES}outside/"):
            _write(root, path[len(FILES) :], content)
            if _WITHHELD in content:
                gaps.append(_secret(path[len(FILES) :]))
    return gaps


def _clone(record: Record, code: Code, root: str) -> Gap | None:
    """Put the commit into `root`; return why it cannot be."""
    found = repository_here(record, code)
    if isinstance(found, str):
        remote = checked.text(code.facts.get("remote"))
        fetch = (
            f"`git fetch` from {remote}, then again"
            if remote
            else "fetch it into the repository here, then again"
        )
        return Gap("code", f"the commit {str(code.commit)[:12]} cannot be had: {found}", fetch)
    return clone(found.root, str(code.commit), root, remote=checked.text(code.facts.get("remote")))


def repository_here(record: Record, code: Code) -> Repository | str:
    """Return the repository here that has the commit, or in a sentence why there is none."""
    places = [os.path.dirname(os.path.realpath(record.path)), os.getcwd()]
    return find_repository(places, [code.commit], scrubber_here())


def commit_here(record: Record, short: str) -> str | None:
    """Return the whole id of a commit of the repository here; None where it has none that begins so."""
    root = next(
        (
            found
            for place in (os.path.dirname(os.path.realpath(record.path)), os.getcwd())
            if (found := find_root(os.path.realpath(place)))
        ),
        None,
    )
    command = find_command()
    if root is None or command is None:
        return None
    done = subprocess.run(
        [command, "-C", root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{short}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def clone(source: str, commit: str, root: str, *, remote: str | None = None) -> Gap | None:
    """Make a clone that shares the objects of `source`, at a commit; return why that fails."""
    for words in (
        ["clone", "--quiet", "--shared", "--no-checkout", "--template=", source, root],
        ["-C", root, "checkout", "--quiet", "--detach", commit],
        ["-C", root, "remote", "set-url", "origin", remote or source],
        # A copy of it has the same sizes and times, and other inodes: git need not read every file again.
        ["-C", root, "config", "core.checkStat", "minimal"],
        ["-C", root, "config", "core.trustctime", "false"],
    ):
        why = _git(words)
        if why is not None:
            return Gap("code", f"git cannot bring the commit {commit[:12]} back: {why}", None)
    return None


def _git(words: Sequence[str]) -> str | None:
    command = find_command()
    if command is None:
        return "git is not installed here"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [command, "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *words],
        env={**environment, **_NO_GIT}, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1][:300] if said else f"it ended with status {done.returncode}"


def _submodules(record: Record, code: Code, root: str) -> list[Gap]:
    """Clone the submodules that are checked out in the repository here, at the commits that were recorded."""
    listed = checked.objects(code.facts.get("submodules"))
    if not listed:
        return []
    here = repository_here(record, code)
    gaps = []
    for one in listed:
        path, commit = checked.text(one.get("path")), checked.text(one.get("commit"))
        if path is None or path.startswith(("/", "..")) or commit is None:
            gaps.append(
                Gap(
                    "code",
                    f"the repository `{path}` inside was not looked at when it ran",
                    None,
                    blocks=False,
                )
            )
            continue
        target = os.path.join(root, path)
        if os.path.isdir(target) and not os.listdir(target):
            os.rmdir(target)
        why = clone(os.path.join(here.root, path), commit, target) if isinstance(here, Repository) else None
        if why is not None:
            gaps.append(
                Gap("code", f"the repository `{path}` inside: {why.why}", "check it out here, then again")
            )
        elif "dirty" in str(one.get("state")):
            continue  # its changes are part of the diff
    return gaps


def _apply(root: str, patch: bytes, has_commit: bool) -> list[Gap]:
    """Apply the diff that was recorded: with git where it takes it, else file by file."""
    gaps = [_secret(path) for path, part in parts_of(patch).items() if _WITHHELD in part.raw]
    if not gaps and has_commit and _applied_by_git(root, patch):
        return []
    for path, part in parts_of(patch).items():
        target = os.path.join(root, path)
        if not _is_inside(root, target):
            gaps.append(Gap("code", f"`{path}` leads out of the project", None))
            continue
        try:
            base = _read(target)
            after = applied(base, part)
        except PatchError as error:
            gaps.append(Gap("code", f"the change of `{path}` cannot be made again: {error}", None))
            continue
        if after is None:
            os.unlink(target)
        else:
            _write(root, path, after)
    return gaps


def _applied_by_git(root: str, patch: bytes) -> bool:
    command = find_command()
    if command is None:
        return False
    done = subprocess.run(
        [command, "-C", root, "apply", "--binary", "--whitespace=nowarn", "-"], input=patch, capture_output=True, check=False,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")}, **_NO_GIT},
    )  # fmt: skip
    return done.returncode == 0


def _secret(path: str) -> Gap:
    return Gap("code", f"a secret was withheld in `{path}`: a mark stands in its place", None, blocks=False)


def not_kept(code: Code, root: str) -> list[Gap]:
    """Return the files that were there, uncommitted, and of which nothing was kept: what the run may have needed."""
    left = [
        one for one in _unkept(code)
        if one.get("why_not") not in _NO_CODE
        and not os.path.lexists(os.path.join(root, str(one.get("path"))))
    ]  # fmt: skip
    if not left:
        return []
    shown = ", ".join(f"`{one.get('path')}` ({one.get('why_not')})" for one in left[:MOST_NAMED])
    more = f" and {len(left) - MOST_NAMED:,} more" if len(left) > MOST_NAMED else ""
    return [
        Gap(
            "code", f"of files that no commit holds these were not kept: {shown}{more}",
            "`--with PATH` takes one from here; commit it, or add it as data", blocks=False,
        )
    ]  # fmt: skip


def copy_of(root: str, target: str) -> str:
    """Copy rebuilt code to a place of its own and return its root there."""
    place = os.path.join(target, os.path.basename(root))
    if _copied_by_system(root, place):
        return place
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(root, place, symlinks=True)
    return place


def _copied_by_system(root: str, place: str) -> bool:
    """Copy by `cp`, which is several times quicker for thousands of files, and shares blocks where the disk can."""
    if not sys.platform.startswith("linux") or (command := shutil.which("cp")) is None:
        return False
    done = subprocess.run(
        [command, "-a", "--reflink=auto", root, place],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _write(root: str, path: str, content: bytes) -> None:
    target = os.path.join(root, path)
    if not _is_inside(root, target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    mode = os.stat(target).st_mode & 0o777 if os.path.exists(target) else None
    with open(target, "wb") as file:
        file.write(content)
    if mode is not None:
        os.chmod(target, mode)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _is_inside(root: str, target: str) -> bool:
    real = os.path.realpath(target)
    return real.startswith(os.path.realpath(root) + os.sep) and f"{os.sep}.git{os.sep}" not in real
