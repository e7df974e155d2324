"""Values that a run is given from outside: parameters, a seed, data. What `gnomon reproduce`, `why` and `sweep` change.

`GNOMON_GIVEN` holds them as JSON: `{"params": {"lr": 0.2}, "seed": 8, "data": {"credit": "credit@v4"}}`. `gnomon.run()` puts
parameters and seed over what the script said, and a script that reads `run.params["lr"]` and `run.seed` uses them.

Always true: a given value that the script never reads does not stay in the record as if it had been used. The end of the run
takes it back and says so (`unread`). A run that goes on, failed or was stopped counts as what it was to be: a script that died
before it read a value was given it all the same.
Not promised: that what was read was also used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.env import Env

VARIABLE = "GNOMON_GIVEN"
SEED = "seed"
_KEYS = frozenset({"params", SEED, "data", "repeats", "trial", "nth"})


class Given:
    """What is given: `params` by dotted name, `seed`, `data` (asked for -> given), and what the run is made for."""

    __slots__ = ("data", "nth", "params", "repeats", "seed", "trial")

    def __init__(
        self,
        params: Mapping[str, object] | None = None,
        seed: int | None = None,
        data: Mapping[str, str] | None = None,
        repeats: Mapping[str, object] | None = None,
        trial: Mapping[str, object] | None = None,
        nth: int = 0,
    ) -> None:
        self.params = dict(params or {})
        self.seed = seed
        self.data = dict(data or {})
        self.repeats = dict(repeats or {})  # of a repeat: run, for, swapped
        self.trial = dict(trial or {})  # of a sweep: sweep, number
        self.nth = nth  # which run of the process it is for, from 0: a script may make several

    def __bool__(self) -> bool:
        return bool(self.params or self.seed is not None or self.data or self.repeats or self.trial)

    def to_text(self) -> str:
        """Return the value of the variable."""
        import json

        plain = {
            "params": self.params,
            "seed": self.seed,
            "data": self.data,
            "repeats": self.repeats,
            "trial": self.trial,
        }
        if self.nth:
            plain["nth"] = self.nth
        return json.dumps({key: value for key, value in plain.items() if value not in (None, {})})

    def says(self) -> dict[str, object]:
        """Return what a run that is made with these says of itself in its first entry."""
        given = {"params": self.params, "seed": self.seed, "data": self.data}
        given = {key: value for key, value in given.items() if value not in (None, {})}
        said = (("repeats", self.repeats), ("trial", self.trial), ("given", given))
        return {key: value for key, value in said if value}

    def version_for(self, what: object, name: str | None) -> object:
        """Return the data that a run is given where it asks for some, by what it is called in the run."""
        if not self.data or not isinstance(what, str):
            return what
        return self.data.get(name or what.partition("@")[0], what)


NOTHING = Given()


def given_from(env: Env) -> Given:
    """Return what the environment gives. Raises BadArgumentError where it is not what this module writes."""
    text = env.getenv(VARIABLE)
    if not text:
        return NOTHING
    import json  # only what is made again pays for it

    try:
        found = json.loads(text)
    except ValueError as error:
        raise _bad(f"it is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise _bad(f"it is no object but {type(found).__name__}")
    if unknown := sorted(set(found) - _KEYS):
        raise _bad(f"it has an unknown key {unknown[0]!r}")
    seed = found.get(SEED)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise _bad(f"`seed` must be a whole number; got {seed!r}")
    for key in ("params", "data", "repeats", "trial"):
        if not isinstance(found.get(key, {}), dict):
            raise _bad(f"`{key}` must be an object; got {found[key]!r}")
    nth = found.get("nth", 0)
    if not isinstance(nth, int) or nth < 0:
        raise _bad(f"`nth` must be a whole number from 0; got {nth!r}")
    return Given(found.get("params"), seed, found.get("data"), found.get("repeats"), found.get("trial"), nth)


_outside: Given | None = None  # what this process was given
_runs_made = 0


def given_to_next(env: Env) -> Given:
    """Return what the next run of this process is given from outside. Each value is for one run; processes below get none."""
    global _outside, _runs_made
    if _outside is None or VARIABLE in os.environ:
        _outside, _runs_made = given_from(env), 0
        os.environ.pop(VARIABLE, None)
    nth, _runs_made = _runs_made, _runs_made + 1
    if nth == _outside.nth or not _outside:
        return _outside
    return Given(repeats=_outside.repeats, trial=_outside.trial)  # another run of a script that makes several


def _bad(why: str) -> BadArgumentError:
    return BadArgumentError(
        f"`{VARIABLE}` cannot be read: {why}",
        hint='it holds JSON such as {"params": {"lr": 0.2}, "seed": 8}; unset it if you did not set it',
    )


def placed(params: Mapping[str, object], over: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Return parameters with values put over them by dotted name, and the names that the parameters do not have.

    >>> placed({"model": {"lr": 0.1}, "a.b": 1}, {"model.lr": 0.2, "a.b": 2, "depth": 3})
    ({'model': {'lr': 0.2}, 'a.b': 2, 'depth': 3}, ['depth'])
    """
    found = _copy(params)
    new = []
    for name, value in over.items():
        at = _place(found, name)
        if at is None:
            new.append(name)
            found[name] = value
        else:
            at[0][at[1]] = value
    return found, new


def _copy(params: Mapping[str, object]) -> dict[str, object]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in params.items()}


def _place(params: dict[str, object], name: str) -> tuple[dict[str, object], str] | None:
    """Return the dict and the key in it where a dotted name stands."""
    if name in params:
        return params, name
    head, dot, rest = name.partition(".")
    while dot:
        inner = params.get(head)
        if isinstance(inner, dict) and (found := _place(inner, rest)) is not None:
            return found
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


class Reading:
    """What a run was said by its script, what it is given, and which of that was read."""

    def __init__(
        self, said: Mapping[str, object], given: Given, tell: Callable[[dict[str, object]], None]
    ) -> None:
        """`tell` is called with a body of `run.params` when a given value is read for the first time."""
        self._recorded = _copy(said)
        self._shown, _ = placed(said, given.params)
        self._left = dict(given.params)
        self._seed_left = given.seed
        self._tell = tell

    @property
    def params(self) -> Params:
        """What `run.params` shows."""
        return Params(self._shown, self._read)

    @property
    def unread(self) -> list[str]:
        """The given values that nobody has read."""
        return [*sorted(self._left), *([SEED] if self._seed_left is not None else [])]

    def add(self, params: Mapping[str, object]) -> None:
        """Take parameters that the script sets later: they are its own, whatever was given."""
        for name in params:
            self._left = {one: value for one, value in self._left.items() if one.partition(".")[0] != name}
        self._shown.update(_copy(params))
        self._recorded.update(_copy(params))

    def read_seed(self) -> None:
        """Say that the seed was read."""
        if self._seed_left is not None:
            seed, self._seed_left = self._seed_left, None
            self._tell({SEED: seed})

    def _read(self, name: str) -> None:
        if name not in self._left:
            return
        value = self._left.pop(name)
        self._recorded, _ = placed(self._recorded, {name: value})
        top = (
            name
            if name in self._recorded
            else next(key for key in self._recorded if name.startswith(f"{key}."))
        )
        self._tell({"params": {top: self._recorded[top]}})


class Params(Mapping[str, object]):
    """The parameters of a run, read like a dict: `run.params["lr"]`. Given values stand in the place of the script's own.

    It notes which of the given ones were read. Nested parameters are read as `params["model"]["lr"]`; reading a whole dict
    (`dict(run.params)`, `**run.params`) reads all of it.
    """

    def __init__(self, params: dict[str, object], note: Callable[[str], None], prefix: str = "") -> None:
        self._params = params
        self._note = note
        self._prefix = prefix

    def __getitem__(self, key: str) -> object:
        value = self._params[key]
        name = f"{self._prefix}{key}"
        if isinstance(value, dict):
            return Params(value, self._note, f"{name}.")
        self._note(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        return repr(self._params)

    def to_dict(self) -> dict[str, object]:
        """Return the parameters as plain nested dicts, such as `dataclass(**…)` wants; all of them count as read."""
        return {key: value.to_dict() if isinstance(value, Params) else value for key, value in self.items()}
