"""A question about two runs and its answer in words, for the terminal and for pages."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING

from gnomon.runs.plot.whiskers import Whiskers
from gnomon.runs.rebuild.swap import CODE, SEED
from gnomon.runs.why.factors import APART, OTHERS
from gnomon.runs.why.mixtures import MOST_SEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.face import Terminal
    from gnomon.runs.why.actions import Asked
    from gnomon.runs.why.answer import Answer, Failure, Share

WIDTH = 32
_MADE_UP = re.compile(r"[^\s'\"(]*/gnomon-[0-9a-f]{8}-\w+/")  # the folder that a mixture is run in
_SHOWN_FIXED = 12


def question_lines(asked: Asked, terminal: Terminal) -> Iterator[tuple[str, str]]:
    """Yield what differs and what the answer costs: (line, style)."""
    clean, value = terminal.clean, terminal.value
    before, after = asked.values
    yield (
        f"{clean(asked.metric)}: {value(before)} in {asked.a.run[:8]}, {value(after)} in {asked.b.run[:8]}",
        "bold",
    )
    if asked.factors.found:
        yield "  what differs", ""
        width = max(len(name) for name in (*(one.name for one in asked.factors.found), SEED))
        for one in asked.factors.found:
            yield f"    {clean(one.name):<{width}}  {clean(one.said)}", ""
        if asked.seed_said is not None:
            yield f"    {SEED:<{width}}  {clean(asked.seed_said)}", ""
    else:
        yield f"  {nothing(asked)}", "yellow"
    if asked.factors.fixed:
        yield "  what differs and cannot be swapped", ""
        for name, why in list(asked.factors.fixed.items())[:_SHOWN_FIXED]:
            yield f"    {clean(name)}  {clean(why)}", "dim"
    for note in asked.notes:
        yield f"  {clean(note)}", "dim"
    for gap in asked.gaps:
        yield f"  cannot be had: {clean(str(gap))}", "red"
        if gap.next:
            yield f"    {gap.next}", "dim"
    if asked.question is not None:
        yield f"  {cost(asked, terminal)}", ""


def nothing(asked: Asked) -> str:
    """Return why there is nothing to swap."""
    if asked.comparison.is_pair_of_seeds:
        return "they differ in their seed only: what you see is the spread between seeds (`gnomon compare --groups`)"
    if asked.comparison.is_same:
        return "nothing that is recorded tells them apart"
    return "nothing that differs can be swapped"


def cost(asked: Asked, terminal: Terminal, parallel: int = 1) -> str:
    """Return what the answer costs, before anything starts."""
    assert asked.question is not None  # who calls has looked  # noqa: S101
    seeds = asked.looks[0].seeds
    named = ", ".join(map(str, seeds[:8])) + (", …" if len(seeds) > 8 else "")
    what = f"{'seeds' if asked.is_seeded else 'repeats'} {named}"
    if len(asked.looks) > 1:
        counts = ", ".join(str(len(look.seeds)) for look in asked.looks[1:-1])
        what += f", then {counts} and" * bool(counts) + ", then" * (not counts)
        what += f" {len(asked.question.seeds)} in all until a cause is told"
    kind = "all mixtures" if asked.question.is_exact else f"{2 * asked.question.pairs} orders of the factors"
    now, most = asked.missing, asked.at_most
    there = len(asked.mixtures.made)
    text = f"{what}; {kind}; {terminal.count(there, 'run')} of them exist"
    failed = sum(math.isnan(one.value) for one in asked.mixtures.made.values())
    if failed:
        text += f" ({failed:,} failed before: `--retry` runs them again)"
    if not most:
        return f"{text}: nothing is to be run"
    took = asked.duration_s
    about = f", about {terminal.duration(took * most / parallel)} in all" if took is not None else ""
    at_most = "at most " if len(asked.looks) > 1 else ""
    later = f", then {at_most}{most - now:,} if the two ends differ" if most > now else ""
    return f"{text}; {now:,} to make now{later}{about}"


def answer_lines(asked: Asked, answer: Answer, terminal: Terminal) -> Iterator[tuple[str, str]]:
    """Yield the shares, with a bar each, then what the answer is: (line, style)."""
    clean, value = terminal.clean, terminal.value
    if answer.shares:
        width = max(len(one.name) for one in answer.shares)
        scale = Whiskers([(one.low, one.share, one.high) for one in answer.shares] + [(0.0, 0.0, 0.0)], WIDTH)
        for one in answer.shares:
            drawn = scale.drawn(one.low, one.share, one.high, is_unicode=terminal.is_unicode)
            yield (
                f"  {clean(one.name):<{width}}  {share_words(one, terminal):<36}  {drawn}",
                "bold" if one.is_cause else "dim",
            )
        zero = scale.drawn(None, 0.0, None, is_unicode=False).replace("o", "0")
        yield f"  {'':<{width}}  {'':<36}  {zero}", "dim"
    for pair in answer.together:
        both, beyond = f"{clean(pair.first)} and {clean(pair.second)}", signed(pair.more, terminal)
        between = f"({value(pair.low)} to {value(pair.high)})"
        yield f"  {both} together: {beyond} beyond what each does alone {between}", ""
    for failure in _failed(asked, answer):
        yield f"  {clean(failure)}", "yellow"
    for note in answer.notes:
        yield f"  {clean(note)}", "dim"
    yield sentence(asked.metric, answer, terminal), "green" if answer.causes else "yellow"
    for line in next_steps(asked, answer):
        yield clean(line), "dim"
    rest = unexplained(asked, answer)
    if rest is not None:
        yield (
            (
                f"the two runs as they were recorded differ by {signed(asked.values[1] - asked.values[0], terminal)}; "
                f"{_what_makes_the_rest(asked)}"
            ),
            "dim",
        )


def _what_makes_the_rest(asked: Asked) -> str:
    """Return what the two runs as they were recorded differ by beside what was explained.

    Two seeds are chance, too, and whoever reads it has to know that these runs have not the same.
    """
    seeds = [f"their seeds ({asked.a.seed} and {asked.b.seed})"] if asked.seed_said is not None else []
    made = ["what cannot be swapped"] if asked.factors.fixed else []
    return f"{_and([*made, *seeds, 'chance in single runs'])} make{'' if made or seeds else 's'} the rest"


def next_steps(asked: Asked, answer: Answer) -> Iterator[str]:
    """Yield how to look closer: at a cause that is made of several things, or where none is told."""
    yield from _with_more(asked, answer)
    several = {one.name: one.several for one in asked.factors.found}
    for one in answer.causes:
        whole, count = one.name.partition("+")[0], several.get(one.name, 1)
        if whole in APART and count > 1:
            what = "file" if whole == CODE else "package"
            yield f"`--apart {whole}` tells which {what} it was; runs that were made are used again"


def _with_more(asked: Asked, answer: Answer) -> Iterator[str]:
    """Yield what may tell a cause where none is told."""
    question = asked.question
    if answer.causes or question is None:
        return
    if answer.failed and not answer.seeds and len(question.factors) > 1:
        together = _that_need_each_other(asked, answer)
        what = f": `--together '{','.join(together)}'`" if together else " by `--together`"
        yield f"what cannot run without each other is swapped as one{what}"
    if answer.more_seeds and len(asked.looks) == 1 and len(answer.seeds) > 1:
        up_to = len(question.seeds)
        while up_to < len(question.seeds) + answer.more_seeds:
            up_to *= 2
        if up_to <= MOST_SEEDS:
            yield f"`--up-to {up_to}` goes on with more seeds until a cause is told; what was run is used again"
    if not answer.shares and answer.difference.mean and len(question.factors) > 1 and len(answer.seeds) > 1:
        yield "two causes may cancel: `--everything` runs the mixtures all the same"


def _that_need_each_other(asked: Asked, answer: Answer) -> list[str]:
    """Return the pieces that the reason of a failure names beside those of its mixture; none where it names no other one."""
    question = asked.question
    assert question is not None  # who calls has looked  # noqa: S101
    for failure in answer.failed:
        why = _reason(asked, failure)
        named = {name for name in question.factors if re.search(rf"\b{re.escape(_bare(name))}\b", why)}
        named |= _in_traceback(asked, failure, question.factors)
        found = sorted({*failure.mixture, *named} - {OTHERS})
        if named - failure.mixture and 1 < len(found) < len(question.factors):
            return found
    return []


def _in_traceback(asked: Asked, failure: Failure, factors: Sequence[str]) -> set[str]:
    """Return the files among some pieces in which a failed run was when it failed."""
    made = asked.mixtures.made.get((failure.mixture, failure.seed))  # type: ignore[call-overload]
    if made is None or not made.run:
        return set()
    run = asked.record.run(made.run)
    traceback = run.traceback or "".join(piece.text for piece in run.console())
    return {
        name
        for name in factors
        if name.startswith(f"{CODE}/")
        and re.search(rf'File "[^"]*/{re.escape(name[len(CODE) + 1 :])}"', traceback)
    }


def _bare(factor: str) -> str:
    """Return what a piece is called in an error.

    >>> _bare("code/lib/model.py"), _bare("params.model.lr")
    ('model', 'lr')
    """
    if factor.startswith(f"{CODE}/"):
        return os.path.splitext(os.path.basename(factor))[0]
    return factor.rpartition(".")[2]


def _reason(asked: Asked, failure: Failure) -> str:
    one = asked.mixtures.made.get((failure.mixture, failure.seed))  # type: ignore[call-overload]
    why = (one.why if one is not None else None) or "it failed"
    return _MADE_UP.sub("", why)


def _failed(asked: Asked, answer: Answer) -> list[str]:
    """Return why runs failed, each reason once."""
    reasons: dict[str, int] = {}
    for failure in answer.failed:
        why = _reason(asked, failure)
        where = " + ".join(sorted(failure.mixture))
        text = (
            f"with {where} from {asked.b.run[:8]}: {why}" if where else f"{asked.a.run[:8]} as it was: {why}"
        )
        reasons[text] = reasons.get(text, 0) + 1
    return [f"{text} ({count} runs)" if count > 1 else text for text, count in reasons.items()]


def share_words(one: Share, terminal: Terminal) -> str:
    """Return a share with its interval."""
    if one.has_no_effect:
        return "no effect"
    text = signed(one.share, terminal)
    if one.low is not None and one.high is not None:
        text += f"  ({terminal.value(one.low)} to {terminal.value(one.high)})"
    return text if one.is_cause or one.p is None else f"{text}  noise?"


def signed(number: float | None, terminal: Terminal) -> str:
    """Return a number with its sign."""
    if number is None:
        return "?"
    text: str = terminal.value(number)
    return f"+{text}" if number > 0 else text


def sentence(metric: str, answer: Answer, terminal: Terminal) -> str:
    """Return the answer in a sentence."""
    clean = terminal.clean
    difference = answer.difference
    seeds = terminal.count(len(answer.seeds or difference.by_seed), "seed")
    whole = f"{signed(difference.mean, terminal)}" if difference.mean is not None else "unknown"
    if answer.causes:
        parts = [f"`{clean(one.name)}` {signed(one.share, terminal)}" for one in answer.causes]
        return f"of the difference of {whole} in `{clean(metric)}` over {seeds}: {_and(parts)}"
    more = (
        f"; {terminal.count(answer.more_seeds, 'more seed')} would probably tell" if answer.more_seeds else ""
    )
    why = f": {clean(answer.why)}" if answer.why else ""
    return f"{answer.verdict}{why} (difference {whole} over {seeds}{_interval(answer, terminal)}){more}"


def _interval(answer: Answer, terminal: Terminal) -> str:
    low, high = answer.difference.low, answer.difference.high
    return (
        f", {terminal.value(low)} to {terminal.value(high)}" if low is not None and high is not None else ""
    )


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def unexplained(asked: Asked, answer: Answer) -> float | None:
    """Return by how much the recorded difference is not the one that was explained; None where that is no matter."""
    mean = answer.difference.mean
    if mean is None:
        return None
    recorded = asked.values[1] - asked.values[0]
    size = max(abs(recorded), abs(mean))
    rest = recorded - mean
    return rest if size and abs(rest) > 0.25 * size else None
