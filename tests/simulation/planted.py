"""Bugs, planted one at a time: each must be found by the stories, or the stories are worth nothing."""

from __future__ import annotations

import contextlib
import inspect
import re
import textwrap
from unittest import mock

from gnomon import syncing
from gnomon.record import bundle, log
from gnomon.sync import erased, let_go, names, pull, push, receive

# What is planted: (module, function, the code that is right, the code that is wrong).
BUGS = {
    "files are taken without holding them against their names": (
        receive, "receive", "checked.size != size or not checked.is_true", "False",
    ),
    "a file gets its name before its bytes are on the disk (a missing fsync)": (
        receive, "receive", "env.sync_data(fd)", "pass",
    ),
    "a head is sent before its files": (push, "push", "_send(store, wanted, done, told)", "EARLY"),
    "tombstones are not passed on": (erased, "exchange", "store.write(path, data)", "pass"),
    "an old copy may bring back what was erased": (erased, "apply", "finish(home)", "pass"),
    "packs are not published": (
        push, "plan", "for file, size in sealed_files(home):",
        "for file, size in (one for one in sealed_files(home) if one[0].part != 'objects'):",
    ),
    "a number of an entry is used twice (a reused id)": (log, "LogWriter._write", "self._seq += 1", "pass"),
    "a bundle leaves out a log": (bundle, "_join", "for log in sorted(logs))", "for log in sorted(logs)[:3])"),
}  # fmt: skip
# These forty stories did not find: the stories are too tame for them yet.
ESCAPED = {
    "damaged files are sent": (names, "is_true", "return checked.is_true", "return True"),
    "a head replaces those of a twin without holding their files": (
        push, "_next_head", "and wanted.files.keys() >= head.files.keys()", "",
    ),
    "a file that the disk lost is deleted at the remote, too": (push, "_tidy", "path in went and", ""),
    "parts go without proof that anything covers them": (
        let_go, "let_go", "_is_covered(home, part,", "True or _is_covered(home, part,",
    ),
}  # fmt: skip


@contextlib.contextmanager
def planted(bug):
    """Run a block with one of `BUGS` in the program."""
    module, name, old, new = {**BUGS, **ESCAPED}[bug]
    owner, _, name = name.rpartition(".")
    home = getattr(module, owner) if owner else module
    source = textwrap.dedent(inspect.getsource(getattr(home, name)))
    flat = re.sub(r"\s+", " ", old)
    pattern = re.compile(r"\s*".join(re.escape(part) for part in re.split(r"\s+", flat)))
    if new == "EARLY":
        changed = source.replace(old, "").replace(
            "    store.finish()\n", f"    {old}\n    store.finish()\n", 1
        )
    else:
        changed = pattern.sub(new.replace("\\", "\\\\"), source, count=1)
    if changed == source:
        raise AssertionError(f"the code that the bug {bug!r} changes has changed; plant it again")
    found = dict(module.__dict__)
    exec(compile("from __future__ import annotations\n" + changed, f"<{name} with a bug>", "exec"), found)
    sound, function = getattr(home, name), found[name]
    with contextlib.ExitStack() as stack:
        for place in (home, syncing, pull, push, erased, let_go):
            if getattr(place, name, None) is sound:
                stack.enter_context(mock.patch.object(place, name, function))
        yield
