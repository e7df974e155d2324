"""The errors that a caller may catch.

    GnomonError
    ├── UsageError             GN1xx  the call or the command is wrong
    │   ├── BadArgumentError   GN101
    │   ├── BadExpressionError GN102
    │   ├── UnknownSubjectError GN103
    │   ├── AmbiguousIdError   GN104
    │   ├── MissingFileError   GN105
    │   ├── MissingExtraError  GN106
    │   ├── NoRecordError      GN107
    │   ├── RunEndedError      GN108
    │   ├── UnsupportedPlatformError GN109
    │   ├── CommandNotFoundError GN110
    │   ├── OtherRecordError   GN111
    │   ├── UnknownRemoteError GN112
    │   ├── ContractFailedError GN113
    │   ├── BadQueryError      GN120
    │   └── QueryStoppedError  GN121
    ├── RecordError            GN2xx  what is on disk is not as it must be
    │   ├── UnknownFormatError GN201
    │   ├── DamagedEntryError  GN202
    │   ├── DamagedObjectError GN203
    │   ├── DamagedFileError   GN204
    │   ├── MissingObjectError GN205
    │   │   └── ErasedObjectError GN207
    │   ├── KeyFileError       GN206
    │   └── IncompleteRecordError GN208
    └── StorageError           GN3xx  the disk or the system refused
        ├── NotStoredError     GN301  only raised with strict=True
        └── RemoteError        GN302  a remote refused, or cannot be reached

`str(error)` always ends with the hint, so nobody can forget to print it. Each code has a page in docs/errors/.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not needed for more
if TYPE_CHECKING:
    from typing import Any


class GnomonError(Exception):
    """Base of all errors of Gnomon: a message, a stable `code`, and a `hint` at the next step."""

    code = "GN000"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.message} ({self.code})"
        return f"{text}\nhint: {self.hint}" if self.hint else text


class UsageError(GnomonError):
    """The call or the command is wrong; nothing was written."""

    code = "GN100"


class BadArgumentError(UsageError, ValueError):
    """An argument has a value that its rule does not allow."""

    code = "GN101"


class BadExpressionError(UsageError, ValueError):
    """A filter such as `--where` cannot be read."""

    code = "GN102"


class UnknownSubjectError(UsageError, LookupError):
    """No run (or other subject) has this id."""

    code = "GN103"


class AmbiguousIdError(UsageError, LookupError):
    """Several subjects begin with this short id."""

    code = "GN104"


class MissingFileError(UsageError, FileNotFoundError):
    """A path that should be kept or read does not exist."""

    code = "GN105"


class MissingExtraError(UsageError, ImportError):
    """An optional library is needed for this."""

    code = "GN106"


class NoRecordError(UsageError):
    """There is no record (`.gnomon/`) here or in a folder above."""

    code = "GN107"


class RunEndedError(UsageError, RuntimeError):
    """The run has ended in this process; nothing more can be written to it."""

    code = "GN108"


class UnsupportedPlatformError(UsageError):
    """This operating system lacks something that the record needs."""

    code = "GN109"


class CommandNotFoundError(UsageError):
    """There is no such command to run, or it may not be executed; nothing was run or recorded."""

    code = "GN110"

    def __init__(self, message: str, *, exit_code: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code  # as a shell: 127 not found, 126 not executable


class OtherRecordError(UsageError):
    """A remote holds another record than this replica."""

    code = "GN111"


class UnknownRemoteError(UsageError, LookupError):
    """No remote has this name, or a URL is of a kind that is not known."""

    code = "GN112"


class ContractFailedError(UsageError):
    """Data breaks its contract; it was not added."""

    code = "GN113"

    def __init__(self, path: str, contract: str, what: str, *, verdict: Any) -> None:
        super().__init__(
            f"`{path}` breaks the contract `{contract}`: {what}",
            hint="mend the data or the contract; `--allow-failing` (`allow_failing=True`) adds it and records the verdict",
        )
        self.path, self.contract = path, contract
        self.verdict = (
            verdict  # a `gnomon.data.contract.verdict.Verdict`: each expectation, how many rows break it
        )


class BadQueryError(UsageError, ValueError):
    """A query in SQL cannot be read, names what is not there, or would do more than ask."""

    code = "GN120"


class QueryStoppedError(UsageError, TimeoutError):
    """A query took more time or more memory than it may."""

    code = "GN121"


class RecordError(GnomonError):
    """What is on disk is not as the format says."""

    code = "GN200"


class UnknownFormatError(RecordError):
    """The record was written by a newer Gnomon."""

    code = "GN201"


class DamagedEntryError(RecordError):
    """A line of a log does not match its own hashes."""

    code = "GN202"


class DamagedObjectError(RecordError):
    """The bytes of an object do not match its name."""

    code = "GN203"


class DamagedFileError(RecordError):
    """A sealed file does not match its name, or cannot be read."""

    code = "GN204"


class MissingObjectError(RecordError, LookupError):
    """An object that an entry names is not in this replica."""

    code = "GN205"


class ErasedObjectError(MissingObjectError):
    """The bytes were erased, on purpose."""

    code = "GN207"


class KeyFileError(RecordError):
    """The device key in the user's configuration folder cannot be used."""

    code = "GN206"


class IncompleteRecordError(RecordError):
    """A part of the record that says what may be deleted cannot be read, so nothing was deleted."""

    code = "GN208"


class StorageError(GnomonError):
    """The disk or the operating system refused."""

    code = "GN300"


class NotStoredError(StorageError):
    """A value or a file could not be stored, and the run is `strict`."""

    code = "GN301"


class RemoteError(StorageError):
    """A remote refused, or cannot be reached."""

    code = "GN302"
