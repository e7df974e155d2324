"""A transport whose k-th request fails, in one of four ways."""

from __future__ import annotations

from gnomon.errors import RemoteError

WAYS = ["before", "after", "half", "dead"]


class FaultyStore:
    """Wraps a store. Of its requests the `fail_at`-th (from 1) fails:

    'before': nothing was done; 'after': it was done, and no answer came; 'half': half of it was done or came;
    'dead': it was done, no answer came, and neither does one to any later request (the process might as well have died).
    """

    def __init__(self, store, fail_at, way):
        self.inner = store
        self.url, self.at_once, self.takes_objects = store.url, 1, store.takes_objects
        self.fail_at, self.way = fail_at, way
        self.requests = []
        self.fired = None

    def _request(self, what):
        """Return whether this one fails after its effect, or half-way. Raises RemoteError where it fails before."""
        self.requests.append(what)
        if self.fired is not None and self.way == "dead":
            raise RemoteError("a test has cut the line")
        if len(self.requests) != self.fail_at:
            return False
        self.fired = what
        if self.way == "before":
            raise RemoteError(f"a test lets {what} fail")
        return True

    def _fail(self):
        raise RemoteError(f"a test lets {self.fired} fail")

    def list(self, prefix):
        fails = self._request(f"list {prefix}")
        found = list(self.inner.list(prefix))
        yield from found[: len(found) // 2] if fails else found
        if fails:
            self._fail()

    def read(self, path, first=0, size=None):
        fails = self._request(f"read {path}")
        data = self.inner.read(path, first, size)
        if fails:
            self._fail()
        return data

    def pieces(self, path):
        fails = self._request(f"pieces {path}")
        data = b"".join(self.inner.pieces(path))
        if fails:
            yield data[: len(data) // 2]
            if self.way == "half":
                return  # and it looks like the end
            self._fail()
        yield data

    def write(self, path, source, *, once=False):
        fails = self._request(f"write {path}")
        if fails and self.way == "half":
            self._fail()  # transports let no half of a file be seen: each has a test of its own
        was_written = self.inner.write(path, source, once=once)
        if fails:
            self._fail()
        return was_written

    def delete(self, paths):
        fails = self._request("delete")
        paths = list(paths)
        self.inner.delete(paths[: len(paths) // 2] if fails and self.way == "half" else paths)
        if fails:
            self._fail()

    def finish(self):
        fails = self._request("finish")
        self.inner.finish()
        if fails:
            self._fail()

    def close(self):
        self.inner.close()
