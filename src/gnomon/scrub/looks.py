"""What a value looks like: made by a machine, an ordinary word, a path, or a stand-in for a secret.

Always true: nothing here takes longer than a few times the length of the value, and no answer depends on what was
asked before.
Not promised: that a made-up password looks like one. Only the name beside it can tell; see `scrub.names`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LOWER, _UPPER, _DIGIT, _OTHER = range(4)
_MIN_MADE = 16
_MAX_SEEN = 256
_MAX_DRAWN = 64
_STAND_INS = frozenset(
    "none null nil true false yes no on off undefined unset empty disabled enabled redacted hidden masked removed "
    "withheld".split()
)
_HEX_LENGTHS = frozenset({32, 40, 56, 64, 96, 128})
_HEX = frozenset("0123456789abcdefABCDEF")
_MIN_TELLING, _MAX_TELLING = 8, 4096
_SIGNS_OF_PASSWORDS = frozenset("!@#$%^&*+=?~;")
_URL_SIGN = "://"


@lru_cache(maxsize=1)
def _runs() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9]{16,}+")


@lru_cache(maxsize=1)
def _top_folder() -> re.Pattern[str]:
    # `/tmp/…`, `/Users/…`: what stands below may look drawn, as names of temporary folders do. A key hardly begins so.
    return re.compile(r"/[A-Z]?[a-z]{3,}/[^/]")


def is_made(value: str) -> bool:
    """Return whether `value` looks drawn by chance: 16 or more letters and digits in a row, well mixed."""
    return len(value) >= _MIN_MADE and any(_is_mixed(run) for run in _runs().findall(value, 0, _MAX_SEEN))


def _is_mixed(run: str) -> bool:
    kinds = list(map(_kind_of, run))
    digits = kinds.count(_DIGIT)
    turns = sum(kind != last for last, kind in zip(kinds, kinds[1:], strict=False))
    return 2 <= digits <= len(run) - 2 and turns >= 4 and turns * 5 >= len(run)


def is_drawn(value: str) -> bool:
    """Return whether the letters and digits of `value`, signs aside, look drawn by chance. Less strict than `is_made`.

    For values that something else speaks for already: how they begin, or a name that is sure.
    """
    kinds = [kind for kind in map(_kind_of, value[:_MAX_DRAWN]) if kind != _OTHER]
    if len(kinds) < _MIN_MADE:
        return False
    turns = sum(kind != last for last, kind in zip(kinds, kinds[1:], strict=False))
    return turns * 20 >= len(kinds) * (5 if _DIGIT in kinds else 9)


def _kind_of(character: str) -> int:
    if "a" <= character <= "z":
        return _LOWER
    if "0" <= character <= "9":
        return _DIGIT
    return _UPPER if "A" <= character <= "Z" else _OTHER


def is_digest(value: str) -> bool:
    """Return whether `value` has the form of a hash (hex of a usual length) or of a UUID."""
    if len(value) == 36 and value[8] == value[13] == value[18] == value[23] == "-":
        value = value.replace("-", "")
    return len(value) in _HEX_LENGTHS and _HEX.issuperset(value)


def is_stand_in(value: str) -> bool:
    """Return whether `value` stands for a secret without being one: `None`, `***`, `${TOKEN}`, `<your key>`, `[withheld: …]`."""
    value = value.strip()
    if not value or value.lower() in _STAND_INS:
        return True
    first, last = value[0], value[-1]
    if len(value) >= 3 and len(set(value)) == 1 and first in "*xX.-_#•":
        return True
    if first == "$":
        return value.strip("${}()").replace("_", "a").isalnum() and not is_made(value)
    if (first, last) in (("<", ">"), ("{", "}"), ("%", "%")) or value.startswith(("%(", "[withheld:")):
        return not is_made(value)
    folded = value.lower().replace("_", "-")
    return folded.startswith(
        ("your-", "insert-", "replace-", "<your", "changeme-", "env:", "op://")
    ) and not is_made(value)


def is_path(value: str) -> bool:
    """Return whether `value` reads as a path of a file."""
    if not value.startswith(("/", "~/", "./", "../")) or value[-1] == "=":
        return False
    return _top_folder().match(value) is not None or not is_drawn(value)


def is_number(value: str) -> bool:
    """Return whether `value` reads as a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def is_ordinary(value: str) -> bool:
    """Return whether `value` may appear in any text by chance: a short word, a number, a path, a stand-in."""
    if len(value) < 8 or is_stand_in(value) or is_path(value):
        return True
    if value.isalpha():  # a word; letters drawn by chance are of both cases
        return len(value) < 12 and (value.islower() or value.isupper() or value.istitle())
    return not any(character.isalpha() for character in value) and len(value) < 12


def is_telling(value: str, *, by_people: bool) -> bool:
    """Return whether `value` is hardly met by chance, so that it may be withheld wherever it stands.

    Stricter than what may be withheld beside a name. Of what people make up, letters with a digit among them or a sign do;
    of what machines make, letters and digits must be mixed.

    >>> [is_telling(one, by_people=True) for one in ("changeme123", "correct-horse-9", "default", "/usr/lib", "cls_token")]
    [True, True, False, False, False]
    >>> [is_telling(one, by_people=False) for one in ("tok_a81b22c9", "llama-3-8b-chat", "bert-base-uncased", "20480000")]
    [True, False, False, False]
    """
    if not _MIN_TELLING <= len(value) <= _MAX_TELLING or is_ordinary(value) or is_number(value):
        return False
    if _URL_SIGN in value or (is_path(value) and not is_made(value)):
        return False
    if "." in value and all(map(str.isidentifier, value.split("."))):
        return False  # a program's `ed25519.Ed25519PrivateKey`
    if is_made(value) or is_digest(value):
        return True
    if "/" in value and value[-1] != "=" and not is_drawn(value):
        return False  # `data/train2.csv`
    if any(_is_knotted(run, by_people=by_people) for run in _words().findall(value)):
        return True
    if not by_people:
        many_digits = len(value) >= 10 and sum(map(str.isdigit, value)) >= 4 and any(map(str.isalpha, value))
        return many_digits or (is_drawn(value) and not _words_and_numbers().fullmatch(value))
    if any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
        return not value.isidentifier() and ("-" in value or not _SIGNS_OF_PASSWORDS.isdisjoint(value))
    if value.isalpha():
        return len(value) >= 12
    return any(map(str.isalpha, value)) and not _SIGNS_OF_PASSWORDS.isdisjoint(value) and " " not in value


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9]{5,}+")


@lru_cache(maxsize=1)
def _words_and_numbers() -> re.Pattern[str]:
    return re.compile(r"(?:(?:[A-Z]?[a-z]+|[A-Z]+|v?[0-9]+[a-z]?)(?:[_.\-/:]|\Z))+")


def _is_knotted(run: str, *, by_people: bool) -> bool:
    digits = sum(map(str.isdigit, run))
    if by_people:
        return 0 < digits < len(run)
    return len(run) >= 6 and 2 <= digits < len(run)


def is_name_of_variable(value: str) -> bool:
    """Return whether `value` reads as the name of an environment variable: `OPENAI_API_KEY`."""
    return (
        "_" in value
        and value.isascii()
        and value.isidentifier()
        and value.isupper()
        and not is_made(value)
        and all(part.isalpha() or part.isdigit() for part in value.split("_") if len(part) > 3)
    )
