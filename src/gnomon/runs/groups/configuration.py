"""The configuration of each run, its seed left aside, and which runs have the same one.

Always true: only columns of the index are read. 1 and 1.0 and true are one value, and so are two NaN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gnomon.runs.groups.naming import without_seed
from gnomon.runs.notebook.words import is_notebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

PARAM, DATA, DIGEST = "params.", "data.", "digest."
SCRIPT, NOTEBOOK = "script", "notebook"  # what tells equal parameters of two programs apart
BATCH = 64  # columns that are read at a time: a record may have thousands
_SEEDS = frozenset({"random_state", "randomstate", "rng_state", "rng"})
SEED_WORDS = re.compile(
    r"(?:^|(?<=\s))(?:--?)?[\w./+-]{0,100}(?:seed|random[_-]?state)(?:=|\s+)['\"]?-?\d+['\"]?(?=\s|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Configuration:
    """What some runs have in common, and where they stand in the index (`places`, oldest arrival first)."""

    label: object
    params: dict[
        str, object
    ]  # without `params.` and without seeds; `data:NAME` is the version of data that was used
    places: list[int]
    names: tuple[str, ...] = ()  # what these runs are called, without their seeds


def is_seed_like(key: str) -> bool:
    """Return whether a parameter (`model.random_state`) is a seed by its name.

    >>> [is_seed_like(key) for key in ("seed", "data.Random-State", "torchSeed", "n_seeds", "lr")]
    [True, True, True, False, False]
    """
    last = key.rpartition(".")[2].lower().replace("-", "_")
    return last.endswith("seed") or last in _SEEDS


def name_of(column: str) -> str:
    """Return what a column is called among the parameters of a configuration.

    >>> name_of("params.lr"), name_of("data.credit"), column_of("lr"), column_of("data:credit")
    ('lr', 'data:credit', 'params.lr', 'data.credit')
    """
    return column[len(PARAM) :] if column.startswith(PARAM) else f"data:{column.partition('.')[2]}"


def column_of(name: str) -> str:
    """Return the column of a name that `name_of` gave."""
    return f"{DATA}{name[len(DATA) :]}" if is_data(name) else f"{PARAM}{name}"


def is_data(name: str) -> bool:
    """Return whether a name among the parameters is that of data."""
    return name.startswith("data:")


def digest_of(column: str) -> str:
    """Return the column that tells the bytes of data apart, whatever its versions are called.

    >>> digest_of("data.credit")
    'digest.credit'
    """
    return DIGEST + column[len(DATA) :]


def label_of(column: str) -> str:
    """Return the column that says how the data of a column of digests is called."""
    return DATA + column[len(DIGEST) :]


def configurations(
    record: Record, ids: Sequence[str], names: Sequence[object]
) -> tuple[list[Configuration], list[object]]:
    """Return the configurations of a record, and the seed of each run; `names` are the runs' names."""
    index = record.replica.index
    keys = [key for key in index.keys("run") if key.startswith(PARAM)]
    seed_like = [key for key in keys if is_seed_like(key[len(PARAM) :])]
    seeds = _seeds(index, seed_like, len(ids))
    bare_names = [
        without_seed(name, seed) if isinstance(name, str) else ""
        for name, seed in zip(names, seeds, strict=True)
    ]
    found = []
    data = [key for key in index.keys("run") if key.startswith(DATA)]
    told = _told_apart(index, [*sorted(set(keys).difference(seed_like)), *map(digest_of, data)], len(ids))
    labelled = _with_labels(index, told, data)
    may_be_apart = any(one.label is None and len(one.places) > 1 for one in labelled)
    scripts = record._cells(["script"], ids, None)["script"] if may_be_apart else []
    for one in labelled:
        if one.label is None and all(map(is_data, one.params)):
            found += _by_name_and_command(record, one.places, ids, bare_names)
        elif one.label is None and len(one.places) > 1:
            found += _by_script(record, one, ids, scripts)
        else:
            found.append(one)
    for one in found:
        one.names = tuple(dict.fromkeys([bare_names[place] for place in one.places]))
    return found, seeds


def _told_apart(index: Index, keys: Sequence[str], count: int) -> list[Configuration]:
    """Return runs by label and parameters, some columns at a time."""
    codes: Iterable[int] = [0] * count
    found: list[dict[str, object]] = [{}]
    columns = ["group", *keys]
    for start in range(0, len(columns), BATCH):
        batch = columns[start : start + BATCH]
        cells = index.columns("run", batch)
        known: dict[tuple[int, tuple[object, ...]], int] = {}
        rows = zip(*(cells[key] for key in batch), strict=True)
        codes = [known.setdefault(pair, len(known)) for pair in zip(codes, rows, strict=True)]
        found = [
            {
                **found[code],
                **{key: value for key, value in zip(batch, row, strict=True) if value is not None},
            }
            for code, row in known
        ]
    places: list[list[int]] = [[] for _ in found]
    for place, code in enumerate(codes):
        places[code].append(place)
    return _without_twins(
        [
            Configuration(
                cells.pop("group", None), {name_of(key): value for key, value in cells.items()}, members
            )
            for cells, members in zip(found, places, strict=True)
            if members
        ]
    )


def _with_labels(index: Index, found: list[Configuration], data: Sequence[str]) -> list[Configuration]:
    """Put the labels of data in the place of its digests; where one label means several, a short digest stands behind it."""
    for column in data:
        using = [one for one in found if name_of(column) in one.params]
        cells = index.columns("run", [column], [one.places[0] for one in using])[column]
        for one, label in zip(
            using, with_digests(cells, [one.params[name_of(column)] for one in using]), strict=True
        ):
            one.params[name_of(column)] = label
    return found


def with_digests(labels: Sequence[object], digests: Sequence[object]) -> list[object]:
    """Return labels of data, each with a short digest behind it where the same label stands for other bytes too.

    >>> with_digests(["v3", "v3", "v1"], ["ab12cd3400", "ef56ab7800", "ab12cd3400"])
    ['v3 (ab12cd34)', 'v3 (ef56ab78)', 'v1']
    """
    bytes_of: dict[object, set[object]] = {}
    for label, digest in zip(labels, digests, strict=True):
        bytes_of.setdefault(label, set()).add(digest)
    return [
        f"{label} ({', '.join(one[:8] for one in str(digest).split(', '))})"
        if len(bytes_of[label]) > 1
        else label
        for label, digest in zip(labels, digests, strict=True)
    ]


def _without_twins(found: list[Configuration]) -> list[Configuration]:
    """Join what is equal although its cells are not: NaN is not itself."""
    first: dict[object, Configuration] = {}
    kept = []
    for one in found:
        odd = [key for key, value in one.params.items() if value != value]
        if odd:
            same = {key: value for key, value in one.params.items() if key not in odd}
            twin = first.setdefault((one.label, *odd, *same.items()), one)
            if twin is not one:
                twin.places = sorted([*twin.places, *one.places])
                continue
        kept.append(one)
    return kept


def _seeds(index: Index, seed_like: Sequence[str], count: int) -> list[object]:
    """Return the seed of each run: `seed=`, else the first parameter that is one."""
    found: list[object] = [None] * count
    for key in ["seed", *sorted(seed_like)][:BATCH]:
        column = index.columns("run", [key])[key]
        found = [one if one is not None else other for one, other in zip(found, column, strict=True)]
    return found


def _by_script(
    record: Record, one: Configuration, ids: Sequence[str], scripts: Sequence[object]
) -> list[Configuration]:
    """Return runs of equal parameters apart by the program that they ran: two programs are no two seeds.

    A run of which no program is recorded goes with the only one that there is, else it stands apart.
    """
    known = {scripts[place] for place in one.places}
    if len(known) == 1:
        return [one]
    without = [place for place in one.places if scripts[place] is None]
    commands = record._cells(["command"], [ids[place] for place in without], without)["command"]
    notebooks = {place for place, command in zip(without, commands, strict=True) if _is_notebook(command)}
    by_script: dict[object, list[int]] = {}
    for place in one.places:
        by_script.setdefault(NOTEBOOK if place in notebooks else scripts[place], []).append(place)
    if len(by_script) - (None in by_script) < 2:
        return [one]
    return [
        replace(one, params={**one.params, **({SCRIPT: script} if script is not None else {})}, places=places)
        for script, places in by_script.items()
    ]


def _is_notebook(command: object) -> bool:
    return isinstance(command, str) and is_notebook(command.split())


def _by_name_and_command(
    record: Record, places: Sequence[int], ids: Sequence[str], names: Sequence[str]
) -> list[Configuration]:
    """Return runs that have neither label nor parameters by what else says what they are; a run without a name is alone."""
    commands = record._cells(["command"], [ids[place] for place in places], places)["command"]
    bare: dict[object, str] = {}
    by_call: dict[tuple[str, str], list[int]] = {}
    for place, command in zip(places, commands, strict=True):
        if command not in bare:
            bare[command] = " ".join(SEED_WORDS.sub("", command).split()) if isinstance(command, str) else ""
        call = (names[place], bare[command]) if names[place] else ("", ids[place])
        by_call.setdefault(call, []).append(place)
    several = len({name for name, _ in by_call}) < len(by_call)
    return [
        Configuration(None, {"command": command} if several and name and command else {}, members)
        for (name, command), members in by_call.items()
    ]
