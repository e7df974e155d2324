"""What a run's state says of repeats: that it is one, who made it again, why it differs from another; what a command says for it.

Always true: nothing here raises, whatever a body holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.ids import RUN_ID_BYTES, is_hex
from gnomon.runs import checked, entries
from gnomon.runs.given import placed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.record.fold import LiveEntry

# In the column `removed`, of runs that nobody hid and nobody brought into the lists:
MIXTURE = "mixture"  # `gnomon why` made it
REPEAT = "repeat"  # it only repeats another one, nothing changed
MADE_AGAIN = (MIXTURE, REPEAT)
MIXTURE_OF = "why"  # of what a mixture says that it was made for
_MADE_FOR = (("repeats", "run"), ("trial", "sweep"))  # of what a run is a part, and the id in it
_LONGEST = 200


def take_made_for(state: dict[str, object], bodies: Sequence[Mapping[str, object]]) -> None:
    """Take `repeats` and `trial`: what a run was made for, as the first of its processes that knows says it."""
    for field, key in _MADE_FOR:
        for body in bodies:
            if field in body:
                said = body[field]
                if isinstance(said, dict) and is_hex(said.get(key), 2 * RUN_ID_BYTES):
                    state[field] = said
                break


def take_options(state: dict[str, object], options: Mapping[str, object]) -> None:
    """Take what the options of the command say, of a run that says no parameter itself, and the seed where it says none."""
    own = {name: value for name, value in options.items() if name != "seed"}
    if not state["params"] and own:
        state["params"] = own
    if state["seed"] is None and checked.integer(options.get("seed")) is not None:
        state["seed"] = options["seed"]


def replicated(entry: LiveEntry) -> dict[str, object]:
    """Return what one entry says of a run that was made again."""
    body = entry.body
    by, verdict = body.get("by"), checked.text(body.get("verdict"))
    return {
        "by": by if is_hex(by, 2 * RUN_ID_BYTES) else None,
        "verdict": verdict if verdict in entries.VERDICTS else "unknown",
        "why": checked.text(body.get("why")),
        "swapped": {
            str(key): str(checked.cell(value, _LONGEST))
            for key, value in checked.fields(body.get("swapped")).items()
        },
        "gaps": checked.texts(body.get("gaps")),
        "differs": checked.texts(body.get("differs")),
        "metrics": [list(row) for row in checked.rows(body.get("metrics"), 7)],
        "time_us": entry.time_us,
        "author": entry.author,
        "writer": entry.writer,
        "hash": entry.hash,
    }


def explained(entry: LiveEntry) -> dict[str, object]:
    """Return what one entry says of why two runs differ."""
    body = entry.body
    a, b = body.get("a"), body.get("b")
    number, whole = checked.finite, checked.whole
    return {
        "a": a if is_hex(a, 2 * RUN_ID_BYTES) else None,
        "b": b if is_hex(b, 2 * RUN_ID_BYTES) else None,
        "metric": checked.text(body.get("metric")) or "?",
        "values": [number(one) for one in checked.items(body.get("values"))][:2],
        "verdict": checked.text(body.get("verdict")) or "cannot tell",
        "why": checked.text(body.get("why")),
        "level": number(body.get("level")),
        "difference": [number(one) for one in checked.items(body.get("difference"))][:3],
        "shares": [
            {
                "name": str(checked.cell(name, _LONGEST)), "said": str(checked.cell(said, _LONGEST)),
                "share": number(share), "low": number(low), "high": number(high), "p": number(p), "is_cause": is_cause is True,
            }
            for name, said, share, low, high, p, is_cause in checked.rows(body.get("shares"), 7)
        ],
        "together": [list(row) for row in checked.rows(body.get("together"), 5)],
        "fixed": {str(key): str(checked.cell(one, _LONGEST)) for key, one in checked.fields(body.get("fixed")).items()},
        "notes": checked.texts(body.get("notes")),
        "seeds": whole(body.get("seeds")) or 0,
        "runs": whole(body.get("runs")) or 0,
        "is_exact": body.get("is_exact") is not False,
        "time_us": entry.time_us,
        "author": entry.author,
        "writer": entry.writer,
        "hash": entry.hash,
    }  # fmt: skip


def kept_apart(state: Mapping[str, Any]) -> str | None:
    """Return why a run is in no list although nobody hid it; None where it is in them.

    Dozens of mixtures answer one question, and a mere repeat stands on the run that it repeats: so does one that was to be
    changed, and never read what it was given.
    """
    repeats = state.get("repeats")
    if repeats is None or state["removed_heads"]:
        return None
    if repeats.get("for") == MIXTURE_OF:
        return MIXTURE
    is_unchanged = state["status"] == "finished" and any(
        one.get("unread") for one in state["processes"].values()
    )
    return None if repeats.get("swapped") and not is_unchanged else REPEAT


def take_given(state: dict[str, Any], later: Sequence[Mapping[str, object]]) -> None:
    """Put what a run was given over what its script said, unless the run ended well: then what it read was recorded.

    `later` are the bodies of what was said of parameters afterwards; what stands there by itself, the script said or read.
    """
    if state["status"] == "finished":
        return
    said = {name for body in later for name in checked.fields(body.get("params"))}
    for process in state["processes"].values():
        given = checked.fields(process.get("given"))
        if process.get("launcher") or not given:
            continue
        params = {name: one for name, one in checked.fields(given.get("params")).items() if name not in said}
        state["params"], _ = placed(state["params"], params)
        if checked.integer(given.get("seed")) is not None and not any("seed" in body for body in later):
            state["seed"] = given["seed"]
