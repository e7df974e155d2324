"""A value as people type it on a command line."""

from __future__ import annotations


def value_of(text: str) -> object:
    """Return a number, true or false where the text is one, else the text.

    >>> value_of("3"), value_of("1e-3"), value_of("true"), value_of("adam")
    (3, 0.001, True, 'adam')
    """
    if text in ("true", "false"):
        return text == "true"
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text
