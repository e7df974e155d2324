"""A remote that is a bucket: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage; through obstore.

A put is whole or not there, and no request is needed twice: what failed half-way leaves nothing under a name. Credentials
are found as the clouds' own tools find them (environment, files of `aws` and `gcloud`, roles of machines).

Always true: memory is bounded, however large a file is; no message and no `repr` holds a key, a signature or a query.
Not promised: that `once` is atomic; some servers overwrite. `gnomon remote test` tries it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gnomon.errors import BadArgumentError, MissingExtraError, RemoteError
from gnomon.sync.store import PIECE, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.env import Env
    from gnomon.sync.aws_profile import Keys

PART = 8 << 20  # bytes of a part of a large upload
_PARTS_AT_ONCE = 2  # of each file; eight files go at once
_MOST_PARTS = 9_000  # S3 takes 10,000
RETRIES = 5
RETRY_S = 60
IDLE_S = 60  # nothing came for so long: given up
REQUEST_S = 3600  # a large part on a slow line

_STATUS = re.compile(r"status code: (\d{3})(?: ([A-Za-z -]+))?")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist|InvalidBucketName")
_NO_CREATE = re.compile(r"status code: (?:400|405|501)|NotImplemented|not supported")
_BEHIND = re.compile(
    r"status code: 416|range starting at \d+, but object was only"
)  # a part that begins behind the end
_TRUE = ("1", "true", "yes", "on")


class BucketStore:
    """A bucket, or a path in one. See `sync.store.Store` for the calls."""

    at_once = 8
    takes_objects = True

    def __init__(self, url: str, env: Env) -> None:
        self.url = url
        self._bucket, self._keys = _open(url, env)

    def __repr__(self) -> str:
        return f"BucketStore({self.url!r})"

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield what is below a folder; a thousand names a request."""
        with self._asking(prefix):
            for page in self._bucket.list(prefix.rstrip("/") or None):
                for one in page:
                    yield Found(one["path"], one["size"])

    def read(self, path: str, first: int = 0, size: int | None = None) -> bytes:
        """Return (part of) a file."""
        parts: list[bytes] = []
        left = size
        with self._asking(path):
            for piece in self._stream(path, first):
                parts.append(piece if left is None else piece[:left])
                if left is not None and (left := left - len(parts[-1])) <= 0:
                    break
        return b"".join(parts)

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes."""
        with self._asking(path):
            yield from self._stream(path, 0)

    def _stream(self, path: str, first: int) -> Iterator[bytes]:
        from obstore.exceptions import BaseError

        try:
            options = {"range": {"offset": first}} if first else None
            yield from self._bucket.get(path, options=options).stream(min_chunk_size=PIECE)
        except BaseError as error:
            if not first or not _BEHIND.search(str(error)):
                raise

    def write(self, path: str, source: bytes | str, *, once: bool = False) -> bool:
        """Put a file: a large one in parts, which appear together."""
        size = len(source) if isinstance(source, bytes) else os.stat(source).st_size
        if not once and not isinstance(source, bytes) and size > PART:
            part = max(PART, -(-size // _MOST_PARTS))
            with open(source, "rb") as file, self._asking(path, is_write=True):
                self._bucket.put(path, file, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
            return True
        if not isinstance(source, bytes):
            with open(source, "rb") as file:
                source = file.read()
        with self._asking(path, is_write=True):
            if once:
                return self._create(path, source)
            self._bucket.put(path, source, use_multipart=False)
            return True

    def _create(self, path: str, source: bytes) -> bool:
        """Put a file where there is none: by a create-only put, or, where the server has no such thing, after a look."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            self._bucket.put(path, source, mode="create")
        except (AlreadyExistsError, PreconditionError):
            return False
        except BaseError as error:
            if not _NO_CREATE.search(_said(error)):
                raise
        else:
            return True
        try:
            self._bucket.head(path)
        except FileNotFoundError:
            self._bucket.put(path, source, use_multipart=False)
            return True
        return False

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files, eight at once; those that are gone already are no error."""
        with ThreadPoolExecutor(self.at_once) as pool:
            for _ in pool.map(self._delete, list(paths)):
                pass

    def _delete(self, path: str) -> None:
        with self._asking(path, is_write=True):
            try:
                self._bucket.delete(path)
            except FileNotFoundError as error:
                if _NO_BUCKET.search(str(error)):
                    raise

    def modified_s(self, path: str) -> float:
        """Return when the server says that a file was written, in seconds since 1970."""
        with self._asking(path):
            return float(self._bucket.head(path)["last_modified"].timestamp())

    def keeps_versions(self, path: str) -> bool | None:
        """Write a file and see whether the server names a version of it; None where that tells nothing."""
        if not self.url.startswith("s3://"):
            return None
        with self._asking(path, is_write=True):
            version = self._bucket.put(path, b"1", use_multipart=False)["version"]
        return version not in (None, "", "null")

    def finish(self) -> None:
        """Do nothing: every put is there already."""

    def close(self) -> None:
        """Do nothing: connections end with the store."""

    @contextlib.contextmanager
    def _asking(self, path: str, *, is_write: bool = False) -> Iterator[None]:
        """Turn what obstore raises into our own errors; a file that is missing stays FileNotFoundError when reading."""
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            if is_write or _NO_BUCKET.search(str(error)):
                raise _no_bucket(self.url) from None
            raise FileNotFoundError(path) from None
        except BaseError as error:
            if self._keys is not None and self._keys.error is not None:
                raise self._keys.error from None
            # `from None`: its text may hold a signed address.
            raise _refused(self.url, path, error, is_write=is_write) from None


# ---------------------------------------------------------------- opening


def _open(url: str, env: Env) -> tuple[Any, Keys | None]:
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise MissingExtraError(
            f"obstore is needed for a remote such as {url}",
            hint="install it: `pip install 'gnomon[bucket]'`",
        ) from error
    from gnomon.sync.aws_profile import endpoint, profile_settings

    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise BadArgumentError(
            f"`{parts.scheme}://…` is not the address of a bucket: it must be {parts.scheme}://BUCKET or {parts.scheme}://BUCKET/PATH",
            hint="keys do not belong into it: they come from the environment or the cloud's own configuration",
        )
    settings: dict[str, Any] = {}
    keys, place = None, None
    if parts.scheme == "s3":
        found, keys = profile_settings(env)
        settings.update(found)
        place = found.get("endpoint") or endpoint(env)
        settings["disable_bulk_delete"] = True  # some servers lack it, and single deletes cost nothing
    elif parts.scheme == "gs":
        place = env.getenv("GOOGLE_BASE_URL")
    else:
        place = env.getenv("AZURE_STORAGE_ENDPOINT") or env.getenv("AZURE_ENDPOINT")
        _check_azure(url, env)
    options: Any = {
        "allow_http": _may_be_plain(url, place, env),
        "timeout": timedelta(seconds=REQUEST_S),
        "read_timeout": timedelta(seconds=IDLE_S),
    }
    retries: Any = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_S)}
    if keys is not None:
        settings["credential_provider"] = keys
    try:
        return from_url(_escaped(url), client_options=options, retry_config=retries, **settings), keys
    except Exception as error:  # noqa: BLE001 - ValueError, BaseError or OSError, by what is wrong
        raise RemoteError(
            f"`{url}` cannot be opened: {_said(error)[:200]}",
            hint="how each cloud finds its credentials: docs/how-to/sync.md",
        ) from None


def _escaped(url: str) -> str:
    from urllib.parse import quote

    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(rest, safe='/-_.~')}"


def _check_azure(url: str, env: Env) -> None:
    if not any(env.getenv(name) for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_USE_EMULATOR")):
        raise RemoteError(
            f"`{url}` names a container; which storage account it is in is not said",
            hint="set `AZURE_STORAGE_ACCOUNT_NAME`, and for the key `AZURE_STORAGE_ACCOUNT_KEY` or `AZURE_USE_AZURE_CLI=true`",
        )


def _may_be_plain(url: str, place: str | None, env: Env) -> bool:
    """Return whether plain HTTP is allowed: to this machine, or where it was asked for."""
    if env.getenv("AZURE_STORAGE_USE_EMULATOR"):
        return True
    if place is None or not place.lower().startswith("http://"):
        return False
    if _is_loopback(urlsplit(place).hostname or ""):
        return True
    if (env.getenv("AWS_ALLOW_HTTP") or env.getenv("GNOMON_ALLOW_HTTP") or "").lower() in _TRUE:
        return True
    raise RemoteError(
        f"`{url}` would be reached by plain HTTP ({urlsplit(place).hostname}), which anyone on the way can read and change",
        hint="use an https:// endpoint, or allow it: `GNOMON_ALLOW_HTTP=1`",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- what came back


def _said(error: Exception) -> str:
    """Return the message of an error of obstore without its debug part, and without the queries of addresses."""
    return re.sub(r"\?[^\s>]*", "", str(error).partition("\n\nDebug source:")[0]).strip()


def _no_bucket(url: str) -> RemoteError:
    parts = urlsplit(url)
    kind = "container" if parts.scheme == "az" else "bucket"
    return RemoteError(
        f"`{url}`: there is no {kind} `{parts.hostname}` there",
        hint=f"make it with the cloud's own tools, or look at the name, the region and the endpoint; Gnomon makes no {kind}s",
    )


def _refused(url: str, path: str, error: Exception, *, is_write: bool) -> RemoteError:
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    full, text = str(error), _said(error)
    if _NO_BUCKET.search(full):
        return _no_bucket(url)
    status, code = _STATUS.search(text), _CODE.search(full)
    answer = (
        " ".join(status.group(1, 2)).strip()
        if status and status.group(2)
        else (status.group(1) if status else "")
    )
    back = ", ".join(part for part in (answer, code.group(1) if code else "") if part)
    what = "write" if is_write else "read"
    place = f"`{url}`: {what} `{path}`" if path else f"`{url}`"
    if "169.254.169.254" in full or "metadata.google.internal" in full or "169.254.170.2" in full:
        return RemoteError(
            f"{place}: no credentials were found",
            hint="sign in with the cloud's own tool, or set its variables (`AWS_PROFILE`, `GOOGLE_APPLICATION_CREDENTIALS`, …)",
        )
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or answer[:3] in ("401", "403"):
        return RemoteError(
            f"{place}: access denied ({back or 'no reason given'})",
            hint="these credentials must be allowed to list, get, put and delete there; is it the right profile?",
        )
    if "redirect without LOCATION" in text or (code and code.group(1) == "AuthorizationHeaderMalformed"):
        return RemoteError(
            f"{place}: the bucket is in another region",
            hint="set `AWS_REGION` to the bucket's own",
        )
    if answer[:3] in ("429", "503") or (code and code.group(1) in ("SlowDown", "ServerBusy")):
        return RemoteError(
            f"{place}: the server is busy ({back})", hint="sync again later; what was sent stays"
        )
    if back:
        return RemoteError(f"{place}: the server answered {back}", hint="sync again; what was sent stays")
    return RemoteError(
        f"{place}: {_unreached(full)}",
        hint="is the network there, and the endpoint right? Then sync again; what was sent stays",
    )


def _unreached(full: str) -> str:
    for sign, meaning in (
        ("dns error", "the name of the server is not known"),
        ("BadScheme", "plain HTTP is not allowed"),
        ("TimedOut", "no answer in time"),
        ("timed out", "no answer in time"),
        ("kind: Timeout", "no answer in time"),
        ("Connection refused", "nothing listens there"),
        ("ConnectionRefused", "nothing listens there"),
        ("certificate", "its certificate is not trusted"),
        ("tcp connect error", "it cannot be reached"),
        ("kind: Connect", "it cannot be reached"),
    ):
        if sign in full:
            return meaning
    return (
        re.sub(r"\s+", " ", full.partition("\n\nDebug source:")[0].rpartition(" - ")[2])[:120]
        or "it cannot be reached"
    )
