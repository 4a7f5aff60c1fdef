"""The preset speakers, as a plan knows them."""

from shared.plans.directory import Directory, Known
from shared.speakers import SPEAKERS

PRESETS = Directory(
    {
        speaker.id: Known(speaker.id, speaker.name, "preset", speaker.language)
        for speaker in SPEAKERS.values()
    }
)
