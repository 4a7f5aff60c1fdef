"""The body of `POST /v1/audio/speech`: OpenAI's seven fields, and those that its peers add."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from shared import languages
from shared.audio.codes import FRAME_RATE
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.shaping import HIGHEST_RATE, LOUDEST, LOWEST_RATE
from shared.audio.tempo import FASTEST, SLOWEST
from shared.errors import InvalidRequest
from shared.requests.declared import MAX_SEED, Format
from shared.requests.sampling import Sampling

ALSO_CALLED: dict[str, str] = {
    "speaker": "voice",
    "instruct": "instructions",
    "instruction": "instructions",
    "lang_code": "language",
    "task_type": "task",
    "normalize": "normalise",
}
"""Other words of peers for a field. One request may use several, as long as they agree."""
_OPTIONS = "normalization_options"
"""Kokoro's object of switches, of which `normalize` is the main one and on unless it is named."""
_REFERENCES = "references"
"""Fish's list of recordings, each with its text."""
_LONGEST_LANGUAGE = 40
_TASKS: dict[str, str] = {
    "customvoice": "custom_voice",
    "voiceclone": "voice_clone",
    "base": "voice_clone",
    "voicedesign": "voice_design",
}
"""Ours and vLLM-Omni's, folded."""
_LETTERS: dict[str, str] = {
    "a": "english",
    "b": "english",
    "e": "spanish",
    "f": "french",
    "i": "italian",
    "j": "japanese",
    "p": "portuguese",
    "z": "chinese",
}
"""The letters by which Kokoro's clients name the languages that both speak."""
_OUTSIDE_WORD = re.compile(r"[^a-z]")


def _language(word: str) -> str:
    """Raises UnknownLanguage."""
    return _LETTERS.get(word.strip().lower()) or languages.canonical(word)


def _voice(value: Any) -> Any:
    """OpenAI's custom voices are objects with an id."""
    match value:
        case {"id": word}:
            return word
        case _:
            return value


def _task(word: Any) -> Any:
    folded = _OUTSIDE_WORD.sub("", word.lower()) if isinstance(word, str) else ""
    return _TASKS.get(folded, word)


class SpeechBody(Sampling):
    """What is to be said, by whom and how; an unknown field is told of in `X-TTS-Warnings`.

    null is as if the field were not there. A word is taken for what it says: `"7"` is a number, as
    SillyTavern sends it.
    """

    model_config = ConfigDict(extra="allow", strict=False, title="Speech")

    OWN: ClassVar[frozenset[str]] = frozenset(Sampling.model_fields)
    """The fields that go into the request of the job as they are."""

    input: str
    """The text: 1 to 4096 characters, unless `OPENAI_MAX_INPUT` says otherwise."""
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """`tts-1`, `tts-1-hd`, `gpt-4o-mini-tts`, `qwen3-tts`, a language behind any of them
    (`tts-1-es`), or a checkpoint of `GET /v1/models`."""
    voice: (
        Annotated[
            str,
            BeforeValidator(_voice, json_schema_input_type=str | dict[Literal["id"], str]),
            Field(min_length=1, max_length=200),
        ]
        | None
    ) = None
    """One of `GET /v1/audio/voices`, by id or name, or `{"id": …}`. Also `speaker`."""
    instructions: str | None = None
    """How it is said; of a voice that is designed, the voice itself. Also `instruct`."""
    response_format: Format = "mp3"
    """`pcm` is s16le, 24 kHz, mono."""
    speed: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] = 1.0
    """The pitch stays."""
    stream_format: Literal["audio", "sse"] = "audio"
    """Bytes of sound, or server-sent events that carry them in base64."""

    stream: bool = True
    """false: the whole file at once, with its length; `stream_format` `sse` goes before it."""
    language: (
        Annotated[str, Field(max_length=_LONGEST_LANGUAGE), AfterValidator(_language)] | None
    ) = None
    """A name, an ISO code or `auto`. Also `lang_code`."""
    task: (
        Annotated[
            Literal["custom_voice", "voice_clone", "voice_design"],
            BeforeValidator(_task),
        ]
        | None
    ) = None
    """Needed for `voice_design` alone. Also `task_type`: `CustomVoice`, `Base`, `VoiceDesign`."""
    emotion: str | None = None
    """A mood from `GET /v1/emotions`."""
    normalise: bool | None = None
    """Write out numbers, dates, units and addresses as they are read. Also `normalize`, alone or in
    `normalization_options`."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    """Equal seeds make equal audio on one engine."""
    max_new_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Frames of 80 ms after which the sound ends, wherever it is."""
    sample_rate: Annotated[int, Field(ge=LOWEST_RATE, le=HIGHEST_RATE)] = SAMPLE_RATE
    """Hz."""
    volume_multiplier: Annotated[float, Field(gt=0, le=LOUDEST)] = 1.0
    """Above 1, peaks are bent rather than cut."""
    ref_audio: str | None = None
    """A recording to clone, in base64 or as a `data:` URL; other URLs are not fetched. Also
    `references`: a list of one, `[{"audio_path": …, "text": …}]`."""
    ref_text: str | None = None
    """Every word of `ref_audio`."""
    x_vector_only_mode: bool = False
    """Clone the sound of the voice alone, without its manner."""
    word_timestamps: bool = False
    """Say in `X-Word-Timestamps` when each word is heard; with `stream: false`."""

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, body: Any) -> Any:
        """Each field once, under its first name. Raises InvalidRequest where two disagree."""
        if not isinstance(body, dict):
            return body
        sent = cast(dict[str, Any], body)
        given = {name: value for name, value in sent.items() if value is not None}
        for other, name, value in [*_also(given), *_options(given), *_references(given)]:
            if not _agree(name, given.setdefault(name, value), value):
                raise InvalidRequest(f"`{name}` and `{other}` do not agree.", param=other)
        return given

    @property
    def unknown(self) -> list[str]:
        """The fields that mean nothing here."""
        return sorted(self.model_extra or {})

    @property
    def most_samples(self) -> int | None:
        """Samples of speech after which it ends, before it is made faster or slower."""
        return self.max_new_tokens and round(self.max_new_tokens / FRAME_RATE * SAMPLE_RATE)


Said = tuple[str, str, Any]
"""What was said in the words of a peer: its word, ours, and the value."""


def _also(given: dict[str, Any]) -> Iterator[Said]:
    """What goes by another name."""
    for other, name in ALSO_CALLED.items():
        if other in given:
            yield other, name, given.pop(other)


def _options(given: dict[str, Any]) -> Iterator[Said]:
    """Kokoro's switches: the main one; the others are left for the warning of what is unknown."""
    options = given.get(_OPTIONS)
    if not isinstance(options, dict):
        return
    del given[_OPTIONS]
    switches = {"normalize": True, **cast(dict[str, Any], options)}
    yield _OPTIONS, "normalise", switches.pop("normalize")
    for name in switches:
        given[f"{_OPTIONS}.{name}"] = None


def _references(given: dict[str, Any]) -> Iterator[Said]:
    """A list of one recording. Raises InvalidRequest."""
    match given.pop(_REFERENCES, []):
        case []:
            return
        case [{"audio_path": recording, **more}]:
            yield _REFERENCES, "ref_audio", recording
            if more.get("text") is not None:
                yield _REFERENCES, "ref_text", more["text"]
        case _:
            raise InvalidRequest(
                "`references` is a list of one recording.",
                param=_REFERENCES,
                hint='Send `[{"audio_path": …, "text": …}]`, the recording in base64.',
            )


def _agree(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same."""
    return _meant(name, one) == _meant(name, other)


def _meant(name: str, value: Any) -> Any:
    match name, value:
        case "voice", _:
            return _voice(value)
        case "language", str():
            return _language(value[:_LONGEST_LANGUAGE])  # else the refusal would be as long
        case "task", _:
            return _task(value)
        case _:
            return value
