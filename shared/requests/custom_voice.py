"""The contract of `custom_voice`: one of the nine preset speakers reads a text."""

from typing import Any, ClassVar

from shared.requests.declared import CheckpointKind, Instruct, Kind, SpeakerName
from shared.requests.spoken import Spoken


class CustomVoice(Spoken):
    """Let a preset speaker read a text."""

    name: ClassVar[str] = "custom_voice"
    title: ClassVar[str] = "Speak"
    summary: ClassVar[str] = "A preset speaker reads a text, in the manner you describe."
    kind: ClassVar[Kind] = "task"
    checkpoint: ClassVar[CheckpointKind | None] = "custom_voice"
    example: ClassVar[dict[str, Any]] = {
        "text": "The lamp turned. Ten seconds; ten seconds; ten.",
        "speaker": "ryan",
        "language": "english",
        "instruct": "calm, like a bedtime story",
        "seed": 7,
    }

    speaker: SpeakerName = "ryan"
    """Who reads."""
    instruct: Instruct | None = None
    """How it is read, in words; the 0.6B checkpoint ignores it and says so."""
