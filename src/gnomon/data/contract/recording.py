"""Check a version, or data before it becomes one; write the verdict down; find the contract that lies beside the data.

Always true: an entry `data.checked` is about bytes that were the same before the check and after it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import entries
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.data.contract.verdict import Verdict
    from gnomon.data.scan import Scan
    from gnomon.data.views import DataVersion
    from gnomon.env import Env
    from gnomon.session import Session

SUFFIXES = (".toml", ".json", ".yaml", ".yml")


class Checked(NamedTuple):
    """What came of a check, and by which contract."""

    verdict: Verdict
    contract: str  # as the person named it, or its file
    data: bytes  # of the file
    is_code: bool


def beside(env: Env, path: str, name: str | None = None) -> str | None:
    """Return the contract that lies beside data: `NAME.contract.toml` (or .json, .yaml), by the data set or the file's name."""
    from gnomon.data.names import name_of_file
    from gnomon.data.pointer import pointer_of

    folder = os.path.dirname(os.path.abspath(path))
    pointer = pointer_of(env, path)
    called = [
        name,
        pointer.name if pointer is not None else None,
        name_of_file(os.path.basename(os.path.abspath(path))),
    ]
    for one in dict.fromkeys(filter(None, called)):
        for suffix in SUFFIXES:
            file = os.path.join(folder, f"{one}.contract{suffix}")
            if os.path.isfile(file):
                return os.path.relpath(file) if file.startswith(os.getcwd() + os.sep) else file
    return None


def check_at(path: str, contract: str) -> Checked:
    """Return what comes of a contract (a file, or `FILE.py:NAME`, which is run) for the data at a path.

    Raises MissingFileError, BadArgumentError, MissingExtraError, DamagedFileError.
    """
    from gnomon.data.contract import code, count, terms

    if code.is_code(contract):
        data, schema = code.load(contract)
        return Checked(code.check(path, schema), contract, data, True)
    data, said = terms.read(contract)
    return Checked(count.check(path, said), contract, data, False)


def check_by(path: str, data: bytes, name: str) -> Checked:
    """Return what comes of a contract whose bytes come from a record: whatever its name says, it is never run."""
    from gnomon.data.contract import count, terms

    return Checked(count.check(path, terms.parse(data, name)), name, data, False)


def require_same(before: Scan, after: Scan) -> None:
    """Raise where data changed while it was checked."""
    if before.files != after.files:
        raise BadArgumentError(
            f"`{before.root}` changed while it was checked",
            hint="the same command again, once nobody writes there",
        )


def write(session: Session, version: DataVersion, checked: Checked) -> DataVersion:
    """Write the verdict about a version, with the contract as an object; return the version anew.

    What the same contract (by its name) said before of this version is replaced.
    """
    from gnomon.data.actions import write_entry
    from gnomon.data.views import DataVersion as View

    with session.objects() as store:
        contract = store.put_bytes(checked.data)
    name = os.path.basename(checked.contract)
    said = (contract, checked.verdict.verdict, len(checked.verdict.outcomes), len(checked.verdict.failed))
    if any(
        (one["contract"], one["verdict"], one["expectations"], one["failed"]) == said
        for one in version.checks
    ):
        return version  # it is written down already
    body = {
        "contract": contract,
        "contract_name": name,
        "is_code": checked.is_code,
        **checked.verdict.to_body(),
    }
    before = [head for one in version.checks if one["contract_name"] == name for head in one["heads"]]
    write_entry(session, entries.CHECKED, version.id, body, before)
    version.record.replica.update()
    return View(version.record, version.id, version.label)
