"""Who may see the pages: one-time codes, sessions, and the token that a form of ours holds.

Always true: a code counts once; secrets are compared in constant time and only their hashes are kept; nothing of this outlives
the process. Signed addresses of objects end, and say for themselves what they open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time

CODES = 20  # that wait at a time
SESSIONS = 200
LINK_S = 12 * 3600.0


class Sessions:
    """The codes and sessions of one start of the pages."""

    def __init__(self) -> None:
        self.instance = secrets.token_hex(4)
        self._secret = secrets.token_bytes(32)
        self._codes: list[bytes] = []
        self._sessions: list[bytes] = []
        self._lock = threading.Lock()

    @property
    def cookie(self) -> str:
        """The name of the cookie: of this start, because cookies do not tell ports apart."""
        return f"gnomon-{self.instance}"

    def new_code(self) -> str:
        """Return a code that lets one browser in, once."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes = [*self._codes[-CODES + 1 :], _hash(code)]
        return code

    def enter(self, code: str) -> str | None:
        """Return a new session for a code, which is used up; None for a code that is wrong or was used."""
        hashed = _hash(code)
        with self._lock:
            known = [one for one in self._codes if hmac.compare_digest(one, hashed)]
            if not known:
                return None
            self._codes.remove(known[0])
            session = secrets.token_urlsafe(32)
            self._sessions = [*self._sessions[-SESSIONS + 1 :], _hash(session)]
        return session

    def leave(self, session: str) -> None:
        """End a session."""
        hashed = _hash(session)
        with self._lock:
            self._sessions = [one for one in self._sessions if not hmac.compare_digest(one, hashed)]

    def is_open(self, session: str) -> bool:
        """Return whether a session was given out and has not ended."""
        hashed = _hash(session)
        with self._lock:
            return any(hmac.compare_digest(one, hashed) for one in self._sessions)

    def token(self, session: str) -> str:
        """Return what a form of ours holds in this session, and no other page can know."""
        return hmac.new(self._secret, b"token:" + _encoded(session), hashlib.sha256).hexdigest()

    def is_token(self, session: str, token: str) -> bool:
        """Return whether a form of ours sent this."""
        return hmac.compare_digest(_encoded(self.token(session)), _encoded(token))

    def sign(self, what: dict[str, object], *, now: float | None = None) -> str:
        """Return a text for an address that says `what`, and until when."""
        ends = (time.time() if now is None else now) + LINK_S
        # To the hour, so that the same picture has the same address for a while and the browser keeps it.
        body = json.dumps({**what, "ends": ends - ends % 3600}, sort_keys=True, separators=(",", ":"))
        signature = hmac.new(self._secret, b"link:" + body.encode(), hashlib.sha256).digest()
        return f"{_text(body.encode())}.{_text(signature)}"

    def read(self, signed: str, *, now: float | None = None) -> dict[str, object] | None:
        """Return what a signed text says; None where it is not ours or has ended."""
        body, _, signature = signed.partition(".")
        try:
            said, sign = _bytes(body), _bytes(signature)
        except ValueError:
            return None
        right = hmac.new(self._secret, b"link:" + said, hashlib.sha256).digest()
        if not hmac.compare_digest(right, sign):
            return None
        what = json.loads(said)
        is_over = float(what["ends"]) < (time.time() if now is None else now)
        return None if is_over or not isinstance(what, dict) else what


def _encoded(text: str) -> bytes:
    """Return bytes to compare: `compare_digest` raises for text that is not ASCII."""
    return text.encode("utf-8", "surrogatepass")


def _hash(text: str) -> bytes:
    return hashlib.sha256(_encoded(text)).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Return what a text stands for; raises ValueError for one that we would have written otherwise."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError
    return data
