"""How a stretch of text is to be spoken, as far as the text itself says so."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """How mark-up wants a passage spoken; None is as everywhere else."""

    voice: str | None = None
    """A name, as it was written: nobody has looked whether there is such a voice."""
    emotion: str | None = None
    """Canonical (`shared.emotions`)."""
    instruct: str | None = None
    """A direction in words, such as a mood that is not known: `[emotion:out of breath]`."""
    speed: float | None = None
    """A share of the natural pace."""
    language: str | None = None
    """Canonical (`shared.languages`)."""


PLAIN = Manner()
