"""A record for tests of lineage: runs and versions by a word each, with the links that they say."""

from __future__ import annotations

from hashlib import blake2b

from gnomon.session import session_for

_HOLDS: dict[str, str] = {}  # which bytes a version has, where they are not called as it is


def run_id(name: str) -> str:
    return blake2b(name.encode(), digest_size=10).hexdigest()


def digest(name: str) -> str:
    return blake2b(name.encode(), digest_size=32).hexdigest()


def run(
    name: str,
    *,
    uses=(),
    reads=(),
    keeps=(),
    parent=None,
    watched=None,
    wrote=(),
    note=None,
    author=None,
    unpinned=False,
):
    """Write a run: `uses` are versions, `reads` and `keeps` bytes; `watched` is what was not heard, None if nobody listened."""
    session = session_for()
    session.ready()
    session.author = author
    subject = f"run:{run_id(name)}"
    body = {"name": name} | ({"parent": run_id(parent)} if parent else {})
    session.append("run.created", subject, body)
    for version in uses:
        body = {
            "name": version,
            "dataset": version,
            "number": 1,
            "version": run_id(version),
            "object": digest(_HOLDS.get(version, version)),
        }
        session.append("run.used", subject, {**body, "how": "restored"})
    for one in reads:
        session.append("run.used", subject, {"name": one, "object": digest(one), "how": "not versioned"})
    if unpinned:
        session.append(
            "run.used", subject, {"name": "stream", "how": "reference", "note": "bytes not pinned"}
        )
    for one in keeps:
        session.append("run.kept", subject, {"name": one, "object": digest(one), "size": 3, "files": 1})
    if watched is not None:
        wrote = [[one, digest(one), 3, None] for one in wrote]
        session.append(
            "run.watched", subject, {"wrote": wrote, "not_heard": list(watched), "is_of_command": True}
        )
    if note:
        session.append("run.noted", subject, {"text": note})
    session.append("run.ended", subject, {"status": "finished"})
    session.author = None
    return subject


def data(name: str, *, number=1, parents=(), origin=None, holds=None, author=None, **more):
    """Write a version of data, called by its name; `holds` names its bytes."""
    session = session_for()
    session.ready()
    session.author = author
    _HOLDS[name] = holds or name
    body = {
        "name": more.pop("called", name),
        "number": number,
        "object": digest(holds or name),
        "size": 5,
        "files": 1,
    }
    body |= {"parents": [run_id(one) for one in parents]} | ({"origin": origin} if origin else {}) | more
    session.append("data.added", f"data:{run_id(name)}", body)
    session.author = None
    return f"data:{run_id(name)}"
