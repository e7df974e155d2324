"""What a server says of the bytes at a URL, and the bytes themselves: `http(s)://` by the standard library, buckets by obstore.

    look(url)            size, etag and time of change, without the bytes
    stream(url)          the bytes, with what the server says of them
    differs(was, now)    what it says otherwise than when the version was added

Always true: nothing is written but what the caller writes; a redirect leads to `http(s)` only; no message shows what stands
before the `@` of a URL or in a signed query. Credentials are those that the user's environment holds for the bucket.
Not promised: that equal etags mean equal bytes. That is the server's word; only a digest that was read is ours.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, MissingExtraError, MissingFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

TIMEOUT_S = 20
PIECE = 1 << 20
BUCKETS = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
WEB = ("http", "https")


class Seen(NamedTuple):
    """What a server says of the bytes at a URL; None for what it does not say."""

    size: int | None
    etag: str | None
    modified: str | None  # in the server's words
    version: str | None = None  # of a bucket that keeps several

    @property
    def is_telling(self) -> bool:
        """Whether another state would be noticed."""
        return bool(self.etag or self.modified or self.version)


def scheme_of(url: str) -> str:
    """Return what stands before `://`, in lower case."""
    return url.partition("://")[0].lower()


def look(url: str) -> Seen:
    """Ask what lies at a URL. Raises MissingFileError, StorageError (no answer), MissingExtraError, BadArgumentError."""
    if scheme_of(url) in WEB:
        with _web(url, "HEAD") as answer:
            return _seen(answer)
    with _bucket(url) as (store, key):
        import obstore

        return _of_meta(obstore.head(store, key))


@contextmanager
def stream(url: str) -> Iterator[tuple[Seen, Iterator[bytes]]]:
    """Give what a server says of the bytes at a URL, and these in pieces. Raises as `look`, and where they are cut off."""
    if scheme_of(url) in WEB:
        with _web(url, "GET") as answer:
            seen = _seen(answer)
            yield seen, _counted(iter(lambda: answer.read(PIECE), b""), seen.size, url)
        return
    with _bucket(url) as (store, key):
        import obstore

        found = obstore.get(store, key)
        seen = _of_meta(found.meta)
        yield seen, _counted((bytes(piece) for piece in found.stream(min_chunk_size=PIECE)), seen.size, url)


def _counted(pieces: Iterator[bytes], size: int | None, url: str) -> Iterator[bytes]:
    """Pass pieces on. A server that breaks off early says nothing with `http`; the size tells."""
    done = 0
    for piece in pieces:
        done += len(piece)
        yield piece
    if size is not None and done != size:
        raise StorageError(
            f"`{shown(url)}` was cut off: {done:,} of {size:,} bytes came", hint="the same command again"
        )


def differs(was: dict[str, Any], size: int, now: Seen) -> list[str]:
    """Return what a server says otherwise than what was written down; empty where it says the same."""
    said = []
    if was.get("version") and now.version and was["version"] != now.version:
        said.append(f"version was {was['version']}, is {now.version}")
    if was.get("etag") and now.etag:
        if was["etag"] != now.etag:
            said.append(f"etag was {was['etag']}, is {now.etag}")
    elif was.get("modified") and now.modified and was["modified"] != now.modified:
        said.append(f"last changed was {was['modified']}, is {now.modified}")
    if size and now.size is not None and size != now.size:
        said.append(f"size was {size:,}, is {now.size:,}")
    return said


def shown(url: str) -> str:
    """Return a URL as messages show it: without secrets."""
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.scrub.urls import cleaned

    return Scrubber(environ={}, home="").text(cleaned(url)[0], "url")


# ---------------------------------------------------------------- the web


@contextmanager
def _web(url: str, method: str) -> Iterator[HTTPResponse]:
    import http.client
    import ssl
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    if not parts.hostname:
        raise BadArgumentError(f"`{shown(url)}` names no host", hint="for instance `https://host/credit.csv`")
    headers = {"User-Agent": "gnomon", "Accept-Encoding": "identity"}
    if "@" in parts.netloc:
        headers["Authorization"] = _basic(parts.username or "", parts.password or "")
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    request = urllib.request.Request(plain, method=method, headers=headers)  # noqa: S310 - http(s) only: `_opener`
    try:
        answer = _opener().open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            if method == "HEAD" and error.code in (
                400,
                403,
                405,
                501,
            ):  # a URL signed for GET, or a server without HEAD
                with _web(url, "GET") as found:
                    yield found
                return
            if error.code in (404, 410):
                raise MissingFileError(
                    f"there is nothing at `{shown(url)}`: the server says {error.code}"
                ) from None
            raise StorageError(
                f"`{shown(url)}` was not given: the server says {error.code} {shown(str(error.reason))}",
                hint=_hint(error.code),
            ) from None
    except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise StorageError(
            f"`{shown(url)}` cannot be reached: {shown(str(reason))}", hint="is there a network?"
        ) from None
    with answer:
        try:
            yield answer
        except (TimeoutError, http.client.HTTPException, ConnectionError) as error:
            raise StorageError(f"`{shown(url)}` broke off: {error}", hint="the same command again") from None


def _opener() -> Any:
    """Return an opener that knows http and https, and follows redirects to nothing else."""
    import urllib.request as web

    class Redirects(web.HTTPRedirectHandler):
        def redirect_request(self, request: Any, *rest: Any) -> Any:
            to = rest[-1]
            if scheme_of(to) not in WEB:
                raise StorageError(
                    f"the server leads from `{shown(request.full_url)}` to `{shown(to)}`, which is no web page"
                )
            made = super().redirect_request(request, *rest)
            if made is not None and _host(to) != _host(request.full_url):
                made.headers.pop("Authorization", None)
                made.unredirected_hdrs.pop("Authorization", None)
            if made is not None and request.get_method() == "HEAD":
                made.method = "HEAD"
            return made

    opener = web.OpenerDirector()
    for handler in (
        web.ProxyHandler, web.HTTPHandler, web.HTTPSHandler, Redirects, web.HTTPErrorProcessor, web.HTTPDefaultErrorHandler,
    ):  # fmt: skip
        opener.add_handler(handler())
    return opener


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).netloc.rpartition("@")[2]


def _basic(user: str, password: str) -> str:
    from base64 import b64encode
    from urllib.parse import unquote

    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()


def _hint(code: int) -> str | None:
    if code in (401, 403):
        return "give a URL that may be read; what it holds of secrets is not written down"
    return None


def _seen(answer: HTTPResponse) -> Seen:
    length = answer.headers.get("Content-Length")
    return Seen(
        int(length) if length is not None and length.isdecimal() else None,
        answer.headers.get("ETag"), answer.headers.get("Last-Modified"), answer.headers.get("x-amz-version-id"),
    )  # fmt: skip


# ---------------------------------------------------------------- buckets


@contextmanager
def _bucket(url: str) -> Iterator[tuple[Any, str]]:
    """Give the store of a bucket, and the key in it."""
    scheme = scheme_of(url)
    if scheme not in BUCKETS:
        known = ", ".join(f"`{one}://`" for one in (*WEB, *BUCKETS[:1], *BUCKETS[2:4]))
        raise BadArgumentError(
            f"`{shown(url)}`: nothing is known of `{scheme}://`",
            hint=f"what can be asked are {known}; with `--no-look` any URL is written down, unseen",
        )
    try:
        import obstore
        from obstore.store import from_url
    except ImportError:
        raise MissingExtraError(
            "reading buckets needs the library `obstore`",
            hint="`pip install 'gnomon[bucket]'`; or `--no-look` writes the reference down unseen",
        ) from None
    base, key = _split(url)
    try:
        yield from_url(base, **_settings(scheme)), key
    except FileNotFoundError:
        raise MissingFileError(f"there is nothing at `{shown(url)}`: the bucket has no such object") from None
    except (obstore.exceptions.BaseError, PermissionError, ValueError) as error:
        first = str(error).split("\n", 1)[0]
        raise StorageError(
            f"`{shown(url)}` cannot be read: {shown(first)[:300]}",
            hint="credentials and endpoint come from the environment, such as `AWS_ACCESS_KEY_ID` and `AWS_ENDPOINT_URL`",
        ) from None


def _settings(scheme: str) -> dict[str, Any]:
    import os
    from datetime import timedelta

    client: dict[str, Any] = {"timeout": f"{TIMEOUT_S}s", "connect_timeout": "5s"}
    endpoint = (
        os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL")
        or os.environ.get("AWS_ENDPOINT")
    )
    if scheme in ("s3", "s3a") and endpoint and endpoint.startswith("http://"):
        client["allow_http"] = True  # the user named it
    return {
        "client_options": client,
        "retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=TIMEOUT_S)},
    }


def _split(url: str) -> tuple[str, str]:
    """Return the URL of the bucket, and the key. Raises BadArgumentError."""
    from urllib.parse import unquote

    scheme, _, rest = url.partition("://")
    parts = rest.partition("?")[0].split("/")
    key = unquote("/".join(parts[1:]))
    if not key or key.endswith("/"):
        raise BadArgumentError(
            f"`{shown(url)}` names a bucket or a folder in it; what can be asked is one object",
            hint="name an object, or give `--no-look` to write the reference down unseen",
        )
    return f"{scheme}://{parts[0]}", key


def _of_meta(meta: Any) -> Seen:
    modified = meta["last_modified"]
    return Seen(
        int(meta["size"]), meta.get("e_tag"), modified.isoformat() if modified else None, meta.get("version")
    )
