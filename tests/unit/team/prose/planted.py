"""Texts with planted numbers: right ones, faults, and numbers that carry no binding, each with the verdict that it must get.

A world is a record whose values are known because this module logged them; a text is sentences of several languages and layouts
around numbers that are formatted here, by `decimal` alone. Nothing of the checker is used.

Seeds `DEVELOPMENT` are those on which the checker was built; `HELD_OUT` are looked at by the test and the page only.
"""

from __future__ import annotations

import random
import time
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

import gnomon
from gnomon.data.actions import tag

DEVELOPMENT = tuple(range(100, 103))
HELD_OUT = tuple(range(9_001, 9_006))
TEXTS = 60  # a world
OK, WRONG, STALE, ROUNDED, UNIT, LOST = "ok", "wrong", "stale", "rounded away", "unit changed", "not found"


class Planted(NamedTuple):
    """A number at `text[start:end]`, and the verdict that it must get; None for one that is not bound, '' for what is none."""

    start: int
    end: int
    verdict: str | None
    kind: str


class Thing(NamedTuple):
    """A number of the record: its link target, its value now and (where it moved) then, and which kind of unit it has."""

    target: str
    now: Decimal
    then: Decimal | None
    kind: str  # share, percent, seconds, milliseconds, bytes, count, plain, small
    spread: Decimal | None = None


class World(NamedTuple):
    """A record with known values. `things` by kind; `moved` are right at `written_at` and not now; `lost` lead nowhere."""

    written_at: float
    things: list[Thing]
    moved: list[Thing]
    pairs: list[tuple[Thing, Thing]]  # of one metric and two runs
    close: list[tuple[Thing, Thing]]  # that differ a little
    lost: list[str]


def number(value: object) -> Decimal:
    return Decimal(repr(value))


# ---------------------------------------------------------------- the record


def build(seed: int) -> World:
    """Make a record in the working folder."""
    draw = random.Random(f"prose/{seed}")
    things, moved, pairs, close, lost = [], [], [], [], []
    runs, values = [], []
    for at in range(8):
        auc, near = round(draw.uniform(0.55, 0.98), draw.choice([4, 6, 15])), draw.uniform(0.0002, 0.0004)
        found = {
            "val/auc": auc,
            "precision": round(min(auc + near, 0.999), 6),
            "loss": round(draw.uniform(0.02, 4.0), draw.choice([3, 5, 12])),
            "accuracy": round(
                draw.uniform(31, 98.9), draw.choice([2, 6])
            ),  # in percent, and its name does not say so
            "latency_ms": round(draw.uniform(1.2, 940), 4),
            "train_time_s": round(draw.uniform(65, 21_000), 3),
            "tokens": draw.randint(10_000, 90_000_000),
            "gap": round(draw.uniform(0.00002, 0.0004), 9),
            "specificity": round(draw.uniform(0.99955, 0.99994), 8),
        }
        params = {
            "lr": draw.choice([1e-3, 3e-4, 5e-5, 2.5e-4, 0.01, 0.15]), "layers": draw.randint(2, 48),
            "batch_size": draw.choice([32, 64, 96, 256, 512]), "dropout": draw.choice([0.1, 0.15, 0.25, 0.05]),
        }  # fmt: skip
        run = gnomon.run(f"net-{at}", seed=draw.randint(0, 9_999), params=params)
        run.log(
            {name: value * 0.7 if isinstance(value, float) else value for name, value in found.items()},
            step=0,
        )
        run.log(found, step=100)
        runs.append(run)
        values.append(found)
        name = draw.choice([f"net-{at}", run.id[:8], run.id])
        for what, kind in (
            ("val/auc", "share"), ("loss", "plain"), ("accuracy", "percent"), ("latency_ms", "milliseconds"),
            ("train_time_s", "seconds"), ("tokens", "count"), ("precision", "share"),
        ):  # fmt: skip
            things.append(Thing(f"run:{name}#metrics.{what}", number(found[what]), None, kind))
        for what, kind in (
            ("lr", "small"),
            ("layers", "whole"),
            ("batch_size", "whole"),
            ("dropout", "share"),
        ):
            things.append(Thing(f"run:{name}#params.{what}", number(params[what]), None, kind))
        things.append(Thing(f"run:{name}#metrics.gap", number(found["gap"]), None, "tiny"))
        things.append(Thing(f"run:{name}#metrics.specificity", number(found["specificity"]), None, "high"))
        first = number(found["val/auc"] * 0.7)
        things.append(Thing(f"run:{name}#metrics.val/auc@step=50", first, None, "share"))
        things.append(Thing(f"run:{name}#metrics.val/auc@first", first, None, "share"))
        lost += [
            f"run:nothing-{at}#metrics.val/auc",
            f"run:{name}#metrics.val/f7",
            f"run:{name}#params.gamma{at}",
        ]
    for a, b in zip(range(8), draw.sample(range(8), 8), strict=True):
        if a != b:
            for what, kind in (("val/auc", "share"), ("loss", "plain"), ("train_time_s", "seconds")):
                pairs.append(
                    tuple(
                        Thing(f"run:net-{i}#metrics.{what}", number(values[i][what]), None, kind)
                        for i in (a, b)
                    )
                )
    middle = round(draw.uniform(0.6, 0.95), 2)
    twin = [middle + draw.uniform(0.0015, 0.0049), middle - draw.uniform(0.0015, 0.0049)]
    for name, value in zip(("twin-a", "twin-b"), twin, strict=True):
        with gnomon.run(name) as run:
            run.log({"val/auc": round(value, 6)})
    close.append(
        tuple(
            Thing(f"run:twin-{i}#metrics.val/auc", number(round(value, 6)), None, "share")
            for i, value in zip("ab", twin, strict=True)
        )
    )
    _groups(draw, things)
    _data(draw, things)
    for run in runs:
        run.finish()
    written_at = _move_on(draw, moved)
    return World(written_at, things, moved, pairs, close, lost)


def _groups(draw: random.Random, things: list[Thing]) -> None:
    for name in ("depth-6", "wide"):
        center, noise, found = draw.uniform(0.6, 0.9), draw.uniform(0.002, 0.02), []
        for seed in range(5):
            found.append(round(center + draw.gauss(0, noise), 6))
            with gnomon.run(f"{name}-{seed}", group=name, seed=seed) as run:
                run.log({"val/auc": found[-1]})
        exact = [number(value) for value in found]
        mean = sum(exact) / len(exact)
        spread = (sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)).sqrt()
        things += [Thing(f"group:{name}#metrics.val/auc", mean, None, "share", spread)] * 3
        things.append(Thing(f"group:{name}#mean.metrics.val/auc", mean, None, "share"))
        things.append(Thing(f"group:{name}#spread.metrics.val/auc", spread, None, "plain"))


def _data(draw: random.Random, things: list[Thing]) -> None:
    for name in ("credit", "credit"):
        rows = draw.randint(1_100, 30_000)
        text = "age,income\n" + "".join(f"{at % 90},{at}\n" for at in range(rows))
        with open(f"{name}.csv", "w", encoding="utf-8") as file:
            file.write(text)
        version = gnomon.add_data(f"{name}.csv")
        which = f"data:{name}@v{version.number}"
        things.append(Thing(f"{which}#rows", Decimal(rows), None, "count"))
        things.append(Thing(f"{which}#size", Decimal(len(text.encode())), None, "bytes"))


def _move_on(draw: random.Random, moved: list[Thing]) -> float:
    """Have runs go on, a tag move, a name change and a group grow, after a moment, which is returned."""
    record = gnomon.open()
    first, second = record.data("credit@v1"), record.data("credit@v2")
    tag(record, first, ["gold"])
    long, before = [], []
    for at in range(4):
        run = gnomon.run(f"long-{at}")
        before.append({"recall": round(draw.uniform(0.2, 0.5), 6), "cost": round(draw.uniform(5, 9), 4)})
        run.log(before[-1], step=0)
        long.append(run)
    old = round(draw.uniform(0.2, 0.8), 6)
    with gnomon.run("first-name") as renamed:
        renamed.log({"recall": old})
    grown = [round(draw.uniform(0.30, 0.33), 6) for _ in range(3)]
    for seed, value in enumerate(grown):
        _seed_of_grown(seed, value)
    time.sleep(0.02)
    written_at = time.time()
    time.sleep(0.02)
    record = gnomon.open()
    tag(record, record.data("credit@v1"), [], ["gold"])
    tag(record, record.data("credit@v2"), ["gold"])
    record.rename(renamed.id, "last-name")
    for what, kind in (("rows", "count"), ("size", "bytes")):
        now, then = (_of_version(version, what) for version in (second, first))
        moved.append(Thing(f"data:credit@gold#{what}", now, then, kind))
    for at, run in enumerate(long):
        after = {"recall": round(draw.uniform(0.6, 0.9), 6), "cost": round(draw.uniform(1, 4), 4)}
        run.log(after, step=10)
        run.finish()
        for what, kind in (("recall", "share"), ("cost", "plain")):
            moved.append(
                Thing(f"run:long-{at}#metrics.{what}", number(after[what]), number(before[at][what]), kind)
            )
    moved.append(Thing("run:first-name#metrics.recall", Decimal(-1), number(old), "share"))
    grown += [round(draw.uniform(0.40, 0.45), 6) for _ in range(3)]
    for seed, value in enumerate(grown[3:], 3):
        _seed_of_grown(seed, value)
    now, then = (sum(map(number, some)) / len(some) for some in (grown, grown[:3]))
    moved.append(Thing("group:grown#mean.metrics.recall", now, then, "share"))
    return written_at


def _seed_of_grown(seed: int, value: float) -> None:
    with gnomon.run(f"grown-{seed}", group="grown", seed=seed) as run:
        run.log({"recall": value})


def _of_version(version: gnomon.DataVersion, what: str) -> Decimal:
    return Decimal(version.state["profile"]["rows"] if what == "rows" else version.size)


# ---------------------------------------------------------------- how numbers are written


class Form(NamedTuple):
    """A way to write a number: in which unit (value times `scale`), with how many places, and which signs stand around."""

    scale: Decimal
    places: int
    before: str = ""
    after: str = ""
    style: str = "en"


STYLES = ("en", "en", "en", "en", "de", "fr", "ch", "plain", "ar")
_ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")


def rounded(value: Decimal, places: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=rounding)


def digits(value: Decimal, style: str, *, minus: str = "-") -> str:
    """Return a rounded number with the separators of a language."""
    whole, _, fraction = f"{abs(value):f}".partition(".")
    separator = {"en": ",", "de": ".", "fr": "\u202f", "ch": "’", "plain": "", "ar": ""}[style]
    if len(whole) > 3 and separator:
        head = len(whole) % 3 or 3
        whole = separator.join([whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))])
    point = "," if style in ("de", "fr") else "."
    text = whole + (point + fraction if fraction else "")
    return (minus if value < 0 else "") + (text.translate(_ARABIC) if style == "ar" else text)


def written(value: Decimal, form: Form, draw: random.Random) -> str:
    number_ = rounded(value * form.scale, form.places, draw.choice([ROUND_HALF_EVEN, ROUND_HALF_UP]))
    minus = draw.choice(["-", "−"])
    return f"{form.before}{digits(number_, form.style, minus=minus)}{form.after}"


def form_for(thing: Thing, draw: random.Random, *, style: str | None = None) -> Form:
    """Return a way to write a number of this kind that people use."""
    style = style or draw.choice(STYLES)
    space = draw.choice([" ", "", "\u00a0"])
    kind, size = thing.kind, abs(thing.now if thing.now >= 0 or thing.then is None else thing.then)
    if kind == "share" and draw.random() < 0.4:
        sign = draw.choice(["%", "%", " percent"]) if style != "ar" else "٪"
        return Form(Decimal(100), draw.randint(1, 2), "", (space if sign[0] != " " else "") + sign, style)
    if kind == "share":
        return Form(Decimal(1), draw.randint(3, 5), draw.choice(["", "", "~"]), "", style)
    if kind == "percent":
        return Form(Decimal(1), draw.randint(1, 2), "", draw.choice([f"{space}%", "", " percent"]), style)
    if kind == "milliseconds":
        scale, unit, places = draw.choice([("1", "ms", 2), ("1", "ms", 1), ("0.001", "s", 5)])
        return Form(Decimal(scale), places, "", f" {unit}", style)
    if kind == "seconds":
        scale, unit, places = draw.choice(
            [
                (1, "s", 0),
                (1, "seconds", 1),
                (60, "min", 1),
                (60, "minutes", 2),
                (3600, "h", 2 + (size < 3600)),
            ]
        )
        return Form(1 / Decimal(scale), places, "", f" {unit}", style)
    if kind == "bytes":
        factor, unit, places = draw.choice(
            [(1, "B", 0), (1, "bytes", 0), (1000, "kB", 1), (1024, "KiB", 1), (10**6, "MB", 4)]
        )
        return Form(1 / Decimal(factor), places, "", f" {unit}", style)
    if kind == "count":
        choices = [(1, "", 0), (1, "", 0), (1000, "k", 2)] + (
            [(10**6, "M", 3), (10**6, " million", 3)] if size > 10**6 else []
        )
        factor, unit, places = draw.choice(choices)
        return Form(1 / Decimal(factor), places, "", unit, style)
    if kind in ("small", "tiny", "high"):
        return Form(Decimal(1), {"small": 6, "tiny": 6, "high": 5}[kind], "", "", "en")
    if kind == "whole":
        return Form(Decimal(1), 0, "", "", "en")
    return Form(Decimal(1), draw.randint(2, 4) if size >= 1 else draw.randint(4, 5), "", "", style)


def trimmed(text: str, draw: random.Random) -> str:
    """Return a small number as people write it: without zeros at its end, or with a power of ten."""
    value = Decimal(text)
    bare = f"{value.normalize():f}"
    if value and draw.random() < 0.4:
        power = value.adjusted()
        mantissa = f"{value.scaleb(-power).normalize():f}"
        raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return draw.choice([f"{mantissa}e{power}", f"{mantissa}×10{raised}", f"{mantissa} × 10^{power}"])
    return bare


def right(thing: Thing, value: Decimal, draw: random.Random) -> str:
    """Return a value written as somebody may who makes no mistake."""
    if thing.kind == "seconds" and draw.random() < 0.25:
        whole = int(rounded(value, 0))
        if whole >= 3600:
            return (
                f"{whole // 3600} h {rounded(Decimal(whole % 3600) / 60, 0)} min"
                if whole % 3600 < 3570
                else f"{whole} s"
            )
        return draw.choice([f"{whole // 60} min {whole % 60:02d} s", f"{whole // 60}:{whole % 60:02d}"])
    if thing.spread is not None and draw.random() < 0.7:
        style, places = draw.choice(STYLES), draw.randint(3, 4)
        pm = draw.choice([" ± ", "±", " +/- "])
        if draw.random() < 0.3:
            mean, spread = (digits(rounded(one * 100, 2), style) for one in (value, thing.spread))
            return f"{mean}{pm}{spread} %"
        return f"{digits(rounded(value, places), style)}{pm}{digits(rounded(thing.spread, places), style)}"
    form = form_for(thing, draw)
    text = written(value, form, draw)
    return trimmed(text, draw) if thing.kind == "small" else text


# ---------------------------------------------------------------- faults


def with_wrong_digit(thing: Thing, draw: random.Random) -> str | None:
    """Return a value with one digit changed, so that no rounding of it gives what is written; None where that failed."""
    form = form_for(thing, draw)
    exact = thing.now * form.scale
    shown = rounded(exact, form.places)
    plain = f"{abs(shown):f}"
    places = [at for at, char in enumerate(plain) if char.isdigit() and plain[: at + 1].strip("0.")] or [
        len(plain) - 1
    ]
    at = draw.choice(places)
    other = draw.choice([char for char in "123456789" if char != plain[at]])
    changed = Decimal(plain[:at] + other + plain[at + 1 :])
    if abs(changed - abs(exact)) <= Decimal(1).scaleb(-form.places) or _is_rounded_whole(changed, abs(exact)):
        return None
    text = f"{form.before}{digits(-changed if shown < 0 else changed, form.style)}{form.after}"
    return trimmed(text, draw) if thing.kind == "small" else text


def _cut_off(thing: Thing, draw: random.Random) -> str | None:
    """Return a value whose last digits were cut off where rounding gives another one."""
    places = draw.randint(2, 4)
    cut = thing.now.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
    return (
        f"{cut}{' ms' if thing.kind == 'milliseconds' else ''}"
        if cut not in _both_ways(thing.now, places)
        else None
    )


def _both_ways(value: Decimal, places: int) -> set[Decimal]:
    return {rounded(value, places, way) for way in (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN)}


def _is_rounded_whole(shown: Decimal, exact: Decimal) -> bool:
    """Return whether a whole number with zeros at its end is the exact one, rounded so."""
    if shown != shown.to_integral_value() or not shown:
        return False
    zeros = len(str(int(shown))) - len(str(int(shown)).rstrip("0"))
    return abs(shown - exact) <= Decimal(10) ** zeros / 2


def with_wrong_spread(thing: Thing, draw: random.Random) -> str:
    spread = thing.spread * draw.choice([Decimal("0.5"), Decimal("1.9"), Decimal("0.447")])
    return f"{rounded(thing.now, 4)} ± {rounded(spread, 4)}"


def with_other_unit(thing: Thing, draw: random.Random) -> str | None:
    """Return a value that is right but for the factor of a unit."""
    value = thing.now
    if thing.kind == "share":
        return draw.choice(
            [f"{rounded(value * 100, 1)}", f"{rounded(value, 3)} %", f"{rounded(value * 10_000, 0)} %"]
        )
    if thing.kind == "percent":
        return draw.choice([f"{rounded(value / 100, 4)}", f"{rounded(value / 100, 4)} %"])
    if thing.kind == "milliseconds":
        return draw.choice([f"{rounded(value, 2)} s", f"{rounded(value / 1000, 5)} ms"])
    if thing.kind == "seconds":
        return draw.choice(
            [
                f"{rounded(value, 1)} ms",
                f"{rounded(value, 0)} min",
                f"{rounded(value / 60, 2)} s",
                f"{rounded(value / 60, 2)} h",
            ]
        )
    if thing.kind == "bytes":
        return draw.choice(
            [
                f"{rounded(value / 1024, 1)} kB",
                f"{rounded(value / 1000, 1)} KiB",
                f"{rounded(value / 1000, 1)} MB",
            ]
        )
    if thing.kind == "count":
        return draw.choice([f"{rounded(value / 1000, 2)}M", f"{rounded(value / 1000, 2)}"])
    return None


def over_rounded(thing: Thing, draw: random.Random) -> str | None:
    """Return a right rounding that hides what matters."""
    if thing.kind == "tiny":
        return draw.choice(["0", "0.00", "0.000", "0.0", "0,00"])
    if thing.kind == "high":
        return draw.choice(["1", "1.00", "1.0", "1,00", "100 %", "100.0 %", "1.000"])
    return None


# ---------------------------------------------------------------- texts

SENTENCES = (
    "The new one reaches {n}, which is what we hoped for.", "We got {n}.", "It came to {n} in the end (see the run).",
    "- {n} for the first", "* after all: {n}", "> They wrote {n}; fine.", "| baseline | {n} | yes |",
    "Über die Läufe: {n}, also gut.",
    "Le résultat est de {n} ; c'est bien.", "El resultado fue {n}, como antes.", "النتيجة {n} كما توقعنا",
    "**{n}** is what counts.",
    "_So_ {n}!", "Is it {n}?", "1. {n} at first", "### Result: {n}", "A note[^1] says {n}.", "Compare: {n} — better.",
    "התוצאה היא {n}.",
    "結果は {n} でした。", "In 2024 it was worse; now {n}.", "On 2026-11-02 at 17:54 we saw {n} with Python 3.11.",
)  # fmt: skip
DISTRACTORS = (
    "Written on 2026-11-23 at 09:30.", "See Figure 3 and Table 2.", "We use Python 3.11 and v2.1.0.",
    "As in step 300 with seed 7.",
    "The 3rd attempt with resnet50 on A100.", "Since 2021 nothing changed (2023).", "Fixed in #412, see [3].",
    "Call at 5 pm UTC+2.",
    "`lr = 0.01` is in the code.", "https://example.org/a/0.914?x=12", "In the 1990s, on 5 May 2026.",
    "GPT-4 and top-5 are names.",
    "Commit 4f1d77ab0 broke it.", "```\n\nx = 0.25\n```", "<!-- 0.123 was before -->",
    "Siehe Abbildung 4, am 23.11.2026.", "run:net-1 and data:credit@v2",
)  # fmt: skip
LOOSE = (
    ("We made {} runs.", ["3", "12", "1,204"]), ("AUC of {} without a source.", ["0.87", "91 %", "0.5 ± 0.1"]),
    ("It took {} in all.", ["42 s", "3.5 h"]), ("| {} | rows |", ["5,000", "10k"]),
    ("Loss fell to {}.", ["-0.31", "1e-5", "0,25"]),
    ("[^1]: of {} people", ["250"]),
)  # fmt: skip


def text_of(world: World, draw: random.Random) -> tuple[str, list[Planted]]:
    """Return a text and what is planted in it."""
    parts: list[str] = []
    planted: list[Planted] = []
    at = 0

    def add(text: str) -> None:
        nonlocal at
        parts.append(text)
        at += len(text)

    end = draw.choice(["\n\n", "\n\n", "\n\n", "\r\n\r\n"])
    for _ in range(draw.randint(8, 14)):
        kind = draw.random()
        if kind < 0.14:
            sentence = draw.choice(DISTRACTORS)
            planted.append(Planted(at, at + len(sentence), "", "distractor"))
            add(sentence)
        elif kind < 0.26:
            sentence, choices = draw.choice(LOOSE)
            before, after = sentence.split("{}")
            add(before)
            loose = draw.choice(choices)
            planted.append(Planted(at, at + len(loose), None, "loose"))
            add(loose + after)
        else:
            numbers = _numbers(world, draw)
            if len(numbers) == 1:
                before, after = draw.choice(SENTENCES).split("{n}")
            else:
                before, after = draw.choice([("From ", "."), ("| ", " |"), ("We compare ", ", that is all.")])
            add(before)
            for place, (written_text, target, verdict, why) in enumerate(numbers):
                add(draw.choice([" to ", " against ", " | "]) if place else "")
                link = _link(written_text, target, draw)
                planted.append(Planted(at, at + len(link), verdict, why))
                add(link)
            add(after)
        add(end)
    return "".join(parts), planted


FAULTS = (
    "digit", "digit", "digit", "digit", "cut", "limit", "difference", "shown", "spread", "unit", "unit", "unit",
    "stale", "stale", "over", "swap", "same", "lost",
)  # fmt: skip


def _link(text: str, target: str, draw: random.Random) -> str:
    if not text:
        return f"{{{{ {target} }}}}"
    if target[0] == "<":
        return f"[{text}]({target})"
    number_, space, unit = text.rpartition(" ")
    if (
        space
        and number_
        and number_[-1].isdigit()
        and unit in ("%", "s", "ms", "min", "MB", "kB")
        and not set("±h:") & set(number_)
        and draw.random() < 0.2
    ):
        return f"[{number_}]({target}) {unit}"
    if "±" not in text and draw.random() < 0.1:
        return draw.choice(
            [f"[**{text}**]({target})", f"[an AUC of {text}](<{target}>)", f"[_{text}_]({target})"]
        )
    return f"[{text}]({target})"


def _numbers(world: World, draw: random.Random) -> list[tuple[str, str, str, str]]:
    """Return numbers that stand in one sentence: (what is written, target, verdict, kind)."""
    if draw.random() < 0.15:
        return [draw.choice([_limit, _difference, _shown_value, _points])(world, draw, is_right=True)]
    if draw.random() < 0.55:
        thing = draw.choice([one for one in world.things if one.kind not in ("tiny", "high")])
        return [(right(thing, thing.now, draw), thing.target, OK, thing.kind)]
    fault = draw.choice(FAULTS)
    found = None
    while not found:
        found = _fault(world, draw, fault)
    return found


def _limit(world: World, draw: random.Random, *, is_right: bool) -> tuple[str, str, str, str]:
    """Return a bound on a number: `< 0.5`, `≥ 12.3 ms`."""
    thing = draw.choice(
        [one for one in world.things if one.kind in ("share", "plain", "tiny", "milliseconds")]
    )
    above = thing.now * draw.choice([Decimal("1.1"), Decimal("1.7"), Decimal("3")])
    below = thing.now * draw.choice([Decimal("0.9"), Decimal("0.4")])
    sign = draw.choice(["<", "≤", ">", "≥"])
    limit = above if (sign in "<≤") == is_right else below
    unit = " ms" if thing.kind == "milliseconds" else ""
    return (
        f"{sign}{draw.choice(['', ' '])}{rounded(limit, 6)}{unit}",
        thing.target,
        OK if is_right else WRONG,
        "limit",
    )


def _difference(world: World, draw: random.Random, *, is_right: bool) -> tuple[str, str, str, str]:
    """Return a difference, or by how many times one is as large as the other."""
    one, other = draw.choice(world.pairs)
    asked = [
        f"{thing.target.partition('#')[2]} of {thing.target.partition('#')[0]}" for thing in (one, other)
    ]
    if draw.random() < 0.5:
        value, sign, after, places = one.now - other.now, "-", "", 3
    else:
        value, sign, after, places = one.now / other.now, "/", draw.choice(["×", "", "x"]), 2
    shown = rounded(value, places)
    if not is_right:
        shown = shown + draw.choice([-1, 1]) * draw.randint(2, 90) * Decimal(1).scaleb(-places)
    text = f"{'+' if shown > 0 and sign == '-' else ''}{digits(shown, 'plain', minus='−')}{after}"
    if is_right and (not shown or abs(shown - value) * 2 >= abs(value)):
        return _difference(world, draw, is_right=True)
    return text, f"<{asked[0]} {sign} {asked[1]}>", OK if is_right else WRONG, "difference"


def _points(world: World, draw: random.Random, *, is_right: bool) -> tuple[str, str, str, str]:
    """Return a difference of shares in percentage points."""
    one, other = draw.choice([pair for pair in world.pairs if pair[0].kind == "share"])
    asked = [
        f"{thing.target.partition('#')[2]} of {thing.target.partition('#')[0]}" for thing in (one, other)
    ]
    shown = rounded((one.now - other.now) * 100, 2) + (0 if is_right else Decimal("0.17"))
    return f"{shown} {draw.choice(['pp', 'percentage points'])}", f"<{asked[0]} - {asked[1]}>", OK, "points"


def _shown_value(world: World, draw: random.Random, *, is_right: bool) -> tuple[str, str, str, str]:
    """Return a value that is shown when the text is."""
    if not is_right:
        return "", f"metrics.val/auc of run:nothing-{draw.randint(0, 7)}", LOST, "shown"
    thing = draw.choice([one for one in world.things if "@" not in one.target.partition("#")[2]])
    reference, _, what = thing.target.partition("#")
    what = what.replace("mean.", "mean ").replace("spread.", "spread ")
    return "", f"{what} of {reference}{draw.choice(['', ' | .3f', '| ,.0f'])}", OK, "shown"


def _fault(world: World, draw: random.Random, fault: str) -> list[tuple[str, str, str, str]] | None:
    thing = draw.choice(world.things)
    text: str | None = None
    if fault == "digit":
        text = with_wrong_digit(thing, draw) if thing.kind not in ("tiny", "high") else None
        return [(text, thing.target, WRONG, "wrong digit")] if text else None
    if fault == "cut":
        text = _cut_off(thing, draw) if thing.kind in ("share", "plain", "milliseconds") else None
        return [(text, thing.target, WRONG, "cut off")] if text else None
    if fault in ("limit", "difference", "shown"):
        made = {"limit": _limit, "difference": _difference, "shown": _shown_value}[fault]
        return [made(world, draw, is_right=False)]
    if fault == "spread":
        return (
            [(with_wrong_spread(thing, draw), thing.target, WRONG, "wrong spread")] if thing.spread else None
        )
    if fault == "unit":
        text = with_other_unit(thing, draw)
        return [(text, thing.target, UNIT, f"unit of {thing.kind}")] if text else None
    if fault == "over":
        text = over_rounded(thing, draw)
        return [(text, thing.target, ROUNDED, "over-rounded")] if text else None
    if fault == "lost":
        return [(f"{draw.uniform(0.1, 0.9):.3f}", draw.choice(world.lost), LOST, "lost reference")]
    if fault == "stale":
        thing = draw.choice(world.moved)
        form = form_for(thing, draw)
        text = written(thing.then, form, draw)
        return [(text, thing.target, STALE, "stale")] if text != written(thing.now, form, draw) else None
    if fault == "same":
        (one, other) = draw.choice(world.close)
        text = f"{rounded(one.now, 2)}"
        return (
            [(text, one.target, ROUNDED, "same"), (text, other.target, ROUNDED, "same")]
            if text == f"{rounded(other.now, 2)}"
            else None
        )
    one, other = draw.choice(world.pairs)
    form = form_for(one, draw)
    texts = written(one.now, form, draw), written(other.now, form, draw)
    last = Decimal(1).scaleb(-form.places)
    if abs(one.now - other.now) * form.scale <= 2 * last:
        return None
    return [(texts[1], one.target, WRONG, "swapped"), (texts[0], other.target, WRONG, "swapped")]
