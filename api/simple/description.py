"""What the OpenAPI document says of `/tts`."""

from typing import Any

from api import bodies
from shared.audio.formats import FORMATS
from shared.dialects.simple import REFERENCES, Speech

LONGEST_ADDRESSED = 2_000
"""Characters of a text in an address, each of which may take 12 there: servers and proxies drop
addresses of more than 8 to 64 KiB without a word."""

_FIELDS = Speech.model_json_schema()
_RECORDING = {
    "type": "string",
    "format": "binary",
    "description": "A recording of the voice, 3 to 60 seconds; 10 to 20 are best.",
}
_WORDS_OF_FORM = {
    **_FIELDS,
    "properties": {name: it for name, it in _FIELDS["properties"].items() if name != REFERENCES[0]},
}
_FORM = {
    **_FIELDS,
    "properties": _FIELDS["properties"] | dict.fromkeys(REFERENCES, _RECORDING),
}
ASKED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _FIELDS},
            bodies.FORM: {"schema": _FORM},
            bodies.URLENCODED: {"schema": _WORDS_OF_FORM},
        },
    }
}
_NOT_IN_ADDRESS = {"reference", "transcript", "lexicon"}
"""Fields that no address has: a recording, what it says, and what is no word."""
PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": name in _FIELDS["required"],
            "schema": field | ({"maxLength": LONGEST_ADDRESSED} if name == "text" else {}),
            "description": field.get("description", ""),
        }
        for name, field in sorted(
            _FIELDS["properties"].items(), key=lambda it: it[0] not in _FIELDS["required"]
        )
        if name not in _NOT_IN_ADDRESS
    ]
}
_METRICS = {
    "X-Job-Id": "The job; GET /v1/jobs/{id} has all of it.",
    "X-Seed": "With it, the same engine says the same again.",
    "X-TTS-Engine": "What spoke.",
    "X-TTS-Preview": "`true` where it is not Qwen3-TTS.",
    "X-Queue-Ms": "Until the job began.",
    "X-TTS-Warnings": "JSON list of remarks; absent where there are none.",
    "X-First-Audio-Ms": "From then to the first sound.",
    "X-Generation-Ms": "What making it took, but for loading a checkpoint.",
    "X-Real-Time-Factor": "Generation time per second of audio; under 1 is faster than real time.",
    "X-Audio-Seconds": "Length of what is sent.",
    "X-TTS-Cache": "`codes` and `prompts`: `hit`, `miss` or `partial`; `none` asked, `unknown`.",
}
SPOKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound. With `stream`, headers from X-First-Audio-Ms on are left out.",
        "content": {entry.media_type.split(";")[0]: {} for entry in FORMATS.values()},
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in _METRICS.items()
        },
    }
}
