"""A form that did not work: its page is shown again, with what was typed and what is wrong with it, in words.

Always true: nothing that somebody typed is lost because a rule did not allow it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.page import Values

if TYPE_CHECKING:
    from gnomon.errors import GnomonError


@dataclass(frozen=True)
class Tried:
    """What was sent, by which form (`act`), and why it did not work. Without an error it is a page that is seen anew."""

    act: str = ""
    form: Values = field(default_factory=Values)
    error: GnomonError | None = None

    def has(self, act: str, **values: str) -> bool:
        """Return whether this form was sent, with these values."""
        return self.error is not None and self.act == act and all(
            self.form.text(name) == value for name, value in values.items()
        )  # fmt: skip

    def text(self, act: str, name: str, default: object = "") -> str:
        """Return what was typed into a field of a form, else what it shows to begin with."""
        if not self.has(act):
            return str(default)
        return "\n".join(self.form.all(name)[-1:]).replace("\r\n", "\n")

    @property
    def status(self) -> int:
        """The HTTP status of the page: 400 where the form is wrong, 503 where the disk or the system refused."""
        if self.error is None:
            return 200
        return 400 if isinstance(self.error, UsageError) else 503


NOTHING = Tried()
