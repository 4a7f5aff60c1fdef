"""The nine preset speakers of the CustomVoice checkpoints."""

import re
from dataclasses import dataclass

from shared.errors import UnknownSpeaker


@dataclass(frozen=True)
class Speaker:
    """A preset voice; the description is that of the model's authors, shortened."""

    id: str
    name: str
    language: str
    """The language the voice is at home in; it speaks the others too."""
    description: str


SPEAKERS: dict[str, Speaker] = {
    speaker.id: speaker
    for speaker in (
        Speaker("vivian", "Vivian", "chinese", "Bright, slightly edgy young female voice."),
        Speaker("serena", "Serena", "chinese", "Warm, gentle young female voice."),
        Speaker("uncle_fu", "Uncle Fu", "chinese", "Seasoned male voice, low and mellow."),
        Speaker("dylan", "Dylan", "chinese", "Youthful Beijing male voice, clear and natural."),
        Speaker("eric", "Eric", "chinese", "Lively Chengdu male voice, slightly husky."),
        Speaker("ryan", "Ryan", "english", "Dynamic male voice with strong rhythmic drive."),
        Speaker("aiden", "Aiden", "english", "Sunny American male voice, clear midrange."),
        Speaker("ono_anna", "Ono Anna", "japanese", "Playful female voice, light and nimble."),
        Speaker("sohee", "Sohee", "korean", "Warm female voice with rich emotion."),
    )
}


def canonical(speaker: str) -> str:
    """`Uncle Fu`, `uncle-fu` and `UNCLE_FU` are all `uncle_fu`. Raises UnknownSpeaker."""
    wanted = "_".join(re.split(r"[\s_-]+", speaker.strip().lower()))
    if wanted in SPEAKERS:
        return wanted
    raise UnknownSpeaker(
        f"There is no speaker {speaker!r}. Known are: {', '.join(SPEAKERS)}.", param="speaker"
    )
