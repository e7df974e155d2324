"""Keep secrets out of what Gnomon captures by itself, before the first write.

The record only grows and is copied to others: what gets in cannot be taken back. So every text that nobody chose to log
(command lines, environment, URLs, configuration, console and notebook output, tracebacks, diffs, source files) goes
through a `Scrubber` on its way in.

Always true: what is recognised as a secret is nowhere in what is returned, a mark `[withheld: KIND]` stands there instead,
and everything else comes back byte for byte. What was withheld for its name's sake is withheld from then on wherever it
stands, if it is telling (`scrub.literals`). Each line is judged by itself and by what came before, private keys of several
lines apart, so a text may come in pieces of whole lines. Safe to call from several threads.
Not promised: a secret that has no known form, no name beside it and no variable in the environment (a password on a line
of its own); one that is spread over lines, is encoded in a way not named here, or is drawn in a picture.
How the kinds are told: `scrub.rules` by form, `scrub.assigned` by name, `scrub.contexts` by what stands around,
`scrub.urls`, `scrub.blocks` and `scrub.literals`. For users: docs/explanation/secrets.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from gnomon.scrub import arguments
from gnomon.scrub.assigned import find_assigned, is_secret_text, is_secret_value
from gnomon.scrub.blocks import KIND as BLOCK
from gnomon.scrub.blocks import Blocks, find_in_words
from gnomon.scrub.contexts import find_in_context
from gnomon.scrub.literals import Literals, usable_home, without_home
from gnomon.scrub.names import Said, is_beside_secrets, said, said_of_items
from gnomon.scrub.pairs import find_paired
from gnomon.scrub.rules import find_forms
from gnomon.scrub.spans import Span, mark, merged, without
from gnomon.scrub.urls import cleaned, find_userinfo

_MAX_DEPTH = 64
_PLAIN = (bool, int, float, complex, type(None))


class Withheld(NamedTuple):
    """Something that was left out: what kind of secret, where it was met, and what named it."""

    kind: str
    where: str
    name: str
    count: int = 1  # type: ignore[assignment]  # tuples have a method of this name, which nobody asks of this one


class Scrubber:
    """Takes secrets out of texts and values. The secrets that it knows stay in memory; what it tells are kinds and names.

    `environ` holds the variables of the process: where a name says that its value is a secret, the value is withheld
    wherever it appears, also of variables that are set later. `home` is the user's home folder, written as `~` from then on.
    """

    def __init__(self, *, environ: Mapping[str, str] | None = None, home: str | None = None) -> None:
        self._literals = Literals(environ or {})
        self._home = usable_home(home)
        self._counts: dict[tuple[str, str, str], int] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<Scrubber: {sum(one.count for one in self.withheld)} withheld>"

    # --- what comes in

    def text(self, text: str, where: str) -> str:
        """Return `text` without its secrets."""
        blocks = Blocks()
        return self.lines(text, where, blocks)

    def lines(self, text: str, where: str, blocks: Blocks) -> str:
        """Return whole lines without their secrets; `blocks` carries from call to call whether a private key has begun."""
        self._literals.look_again()
        before = blocks.taken
        text = blocks.pass_lines(text)
        for _ in range(blocks.taken - before):
            self.withhold(BLOCK, where)
        spans = self._find(text, learns=True)
        if spans:
            text = without(text, spans)
            self._note(spans, where)
        return without_home(text, self._home) if self._home else text

    def argv(self, words: Sequence[str], where: str = "command") -> list[str]:
        """Return the words of a command without their secrets, as many words as came in.

        `--password x`, `--password=x` and `NAME=x` are known by name. `-p x` is withheld for programs that are known to
        take a password there and behind `-u`; elsewhere it is a port or a path, and stays.
        """
        kept, taken = arguments.without_named([Blocks().pass_lines(word) for word in words])
        for kind, name, value in taken:
            self.withhold(kind, where, name)
            self._learn(value, kind, name)
        for _ in range(
            sum(mark(BLOCK) in new and mark(BLOCK) not in old for old, new in zip(words, kept, strict=True))
        ):
            self.withhold(BLOCK, where)
        kept = [self.text(word, where) for word in kept]  # each alone, whatever stands around it
        joined = " ".join(kept)  # one secret may be spread over words: `Authorization: Bearer …`
        spans = merged([*find_in_words(joined), *self._find(joined, learns=True)])
        if spans:
            kept = arguments.without_spans(kept, spans)
            self._note(spans, where)
        return kept

    def value(self, name: str, value: object, where: str) -> object:
        """Return `value`, known as `name`, without its secrets; the same object where it has none.

        Dicts, lists and tuples are walked. Numbers, bools and None are never touched. Any other object is judged by its
        `str()`, which is what the record would keep, and becomes that text if a secret is in it.
        """
        return self._value(name, value, where, "", None, 0)

    def url(self, url: str, where: str) -> str:
        """Return `url` without user, password and secret query parameters; `git@host:path` stays as it is."""
        self._find(url, learns=True)
        kept, taken = cleaned(url)
        for kind, name in taken:
            self.withhold(kind, where, name)
        return self.text(kept, where)

    # --- what is known

    def know_words(self, words: Sequence[str]) -> None:
        """Remember what the words of a command name as secret, without keeping or noting anything."""
        for kind, name, value in arguments.without_named(words)[1]:
            self._learn(value, kind, name)

    def know_variables(self, variables: Iterable[tuple[str, str]]) -> None:
        """Withhold from now on the values of those variables whose names say that they are secret, wherever they appear."""
        with self._lock:
            self._literals.learn_variables(variables)

    def know_all_of(self, other: Scrubber) -> None:
        """Withhold from now on what `other` does, as after a fork."""
        self._literals.learn_all_of(other._literals)

    # --- what was left out

    def withhold(self, kind: str, where: str, name: str = "") -> None:
        """Note something that a caller left out."""
        key = (kind, where, name)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1

    @property
    def withheld(self) -> list[Withheld]:
        """What was left out so far, in order, equal things as one with their count."""
        with self._lock:
            counts = dict(self._counts)
        return [Withheld(*key, count) for key, count in sorted(counts.items())]

    # --- inside

    def find(self, text: str) -> list[Span]:
        """Return where the secrets of `text` are: in order, none overlapping."""
        return self._find(text, learns=False)

    def _find(self, text: str, *, learns: bool) -> list[Span]:
        if "\x1b" not in text:
            return self._find_plain(text, learns=learns)
        from gnomon.scrub.colours import Plain

        plain = Plain(text)
        return [
            Span(
                plain.place(span.start),
                plain.place(span.end - 1) + 1,
                span.kind,
                span.name,
                plain.place(span.since),
            )
            for span in self._find_plain(plain.text, learns=learns)
        ]

    def _find_plain(self, text: str, *, learns: bool) -> list[Span]:
        # Most texts say the same words again and again: what a word must hold is asked of each word once.
        words = set(text.split())
        vocabulary = "\n".join(words)
        found = self._literals.find(text, vocabulary)
        if not vocabulary.isascii():  # what rules look for is ASCII, and is found faster without the rest
            vocabulary = vocabulary.encode("ascii", "ignore").decode("ascii")
        found += find_forms(text, vocabulary)
        named = find_userinfo(text) if "://" in vocabulary else []
        vocabulary = vocabulary.lower()
        lowered = text.lower()
        if len(lowered) != len(text):  # "İ" is the one letter that gets longer
            lowered = text.replace("İ", "i").lower()
        named += find_assigned(text, lowered, vocabulary)
        named += find_in_context(text, lowered, vocabulary)
        named += find_paired(text, lowered, vocabulary, is_secret_text)
        if named:
            found += named
            if learns:
                with self._lock:
                    found += self._literals.learn_from(text, named)
        return merged(found) if found else found

    def _learn(self, value: str, kind: str, name: str) -> None:
        with self._lock:
            self._literals.learn(value, kind, name)

    def _note(self, spans: list[Span], where: str) -> None:
        for span in spans:
            self.withhold(span.kind, where, span.name)

    def _value(
        self, name: str, value: object, where: str, above: str, told: Said | None, depth: int
    ) -> object:
        if isinstance(value, _PLAIN):
            return value
        about = _of_both(above, name)
        if told is not None and (about is None or not about.is_sure):
            about = told
        if isinstance(value, str):
            if about is not None and is_secret_value(value, about):
                self.withhold(about.kind, where, name)
                self._learn(value, about.kind, name)
                return mark(about.kind)
            return self.text(value, where)
        if depth < _MAX_DEPTH and isinstance(value, dict):
            return self._dict(name, value, where, about, depth)
        if depth < _MAX_DEPTH and isinstance(value, (list, tuple)):
            about = said_of_items(name) or about if name else about
            words = self._words_of(value, where)
            items = [self._value(name, item, where, above, about, depth + 1) for item in words]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return _rebuilt(value, items)
        return self._other(name, value, where, about)

    def _words_of(self, value: Sequence[object], where: str) -> Sequence[object]:
        """Return a list or tuple without what an option in it gives away: `["--password", "…"]`."""
        if not any(isinstance(one, str) and one[:1] == "-" for one in value):
            return value
        words = [one if isinstance(one, str) else "" for one in value]
        kept, taken = arguments.without_named(words)
        for kind, name, secret in taken:
            self.withhold(kind, where, name)
            self._learn(secret, kind, name)
        return (
            [new if isinstance(old, str) else old for new, old in zip(kept, value, strict=True)]
            if taken
            else value
        )

    def _dict(
        self, name: str, value: dict[object, object], where: str, about: Said | None, depth: int
    ) -> object:
        changed, kept = False, {}
        label = value.get("name") if "value" in value else None
        items_told = (said_of_items(name) if name else None) or about
        for key, item in value.items():
            key_text = key if isinstance(key, str) else ""
            told = items_told
            if told is not None and not told.is_sure and (not told.holds_many or is_beside_secrets(key_text)):
                told = None
            if key == "value" and isinstance(label, str):  # {"name": "DB_PASSWORD", "value": "…"}
                key_text = label
            new = self._value(key_text, item, where, name, told, depth + 1)
            new_key = self.text(key, where) if isinstance(key, str) and len(key) >= 16 else key
            changed = changed or new is not item or new_key is not key
            kept[new_key] = new
        return kept if changed else value

    def _other(self, name: str, value: object, where: str, about: Said | None) -> object:
        if hasattr(value, "dtype"):  # arrays and tensors: numbers, and costly to write out
            return value
        if about is not None and about.is_sure:
            self.withhold(about.kind, where, name)
            return mark(about.kind)
        try:
            text = value.decode("latin-1") if isinstance(value, (bytes, bytearray)) else str(value)
        except Exception:  # noqa: BLE001  a stranger's __str__ may raise anything; then nothing of it can be kept either
            return value
        kept = self.text(text, where)
        return value if kept == text else kept


def _of_both(above: str, name: str) -> Said | None:
    """Return what a name says, also with the name above it: `huggingface: {token: …}`."""
    about = said(name) if name else None
    if above and name and (about is None or not about.is_sure):
        return said(f"{above}.{name}") or about
    return about


def _rebuilt(value: Sequence[object], items: list[object]) -> object:
    if isinstance(value, list):
        return items
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
