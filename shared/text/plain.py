"""A text without its mark-up: the words that are left, and what the mark-up said."""

from dataclasses import dataclass

from shared.errors import InvalidRequest, NothingToSay
from shared.text import markers, markup
from shared.text.clean import has_speech, laid_bare, made_safe
from shared.text.markers import Mood
from shared.text.marks import Marks
from shared.text.remarks import Remarks
from shared.text.tracked import Tracked

LONGEST_SILENCE = 1_800.0
"""Seconds that all pauses in the text of a request may last together."""


@dataclass(frozen=True)
class Plain:
    """What is left of a text; places are those of its source."""

    text: Tracked
    marks: Marks
    moods: list[Mood]
    """Of markers, laid over the manners of `marks`."""
    remarks: list[str]
    """What was left out, and mark-up that nobody understands: one sentence each."""

    @classmethod
    def of(cls, source: str, line: int | None = 1) -> "Plain":
        """Nothing in mark-up is refused: what makes no sense is remarked on.

        `line` is the line of the document that the source begins in, for the remarks; with None
        they name no lines.
        """
        remarks = Remarks(source, line)
        unmarked = markup.take_out(laid_bare(Tracked.of(source), remarks), remarks)
        text, moods = markers.take_out(unmarked.text)
        safe = made_safe(text, remarks).stripped()
        return cls(safe, unmarked.marks, moods, remarks.sentences())

    @property
    def words(self) -> str:
        """What is left."""
        return self.text.text

    @property
    def silence(self) -> float:
        """Seconds of all pauses that the mark-up asks for."""
        return sum(seconds for _, seconds in self.marks.pauses)


def speakable(text: str) -> str:
    """`text` itself, mark-up and all.

    Raises NothingToSay where no letter or digit is left without it, and InvalidRequest for more
    silence than LONGEST_SILENCE.
    """
    plain = Plain.of(text)
    if not has_speech(plain.words):
        raise NothingToSay("The text holds nothing that can be spoken.", param="text")
    if plain.silence > LONGEST_SILENCE:
        raise InvalidRequest(
            f"The pauses in the text last {plain.silence:,.0f} seconds together; "
            f"{LONGEST_SILENCE:,.0f} are the most.",
            param="text",
            hint="Make them shorter, or send the text in parts.",
        )
    return text
