"""ElevenLabs' text to speech: output formats, settings, and the messages of both sides.

Names and fields are those of ElevenLabs' reference (HTTP API, and the AsyncAPI document of
`stream-input`) and of its Python package.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared import languages
from shared.audio import g711
from shared.audio.formats import FORMATS
from shared.audio.shaping import Shaping
from shared.errors import InvalidRequest, SpeechError
from shared.requests.declared import MAX_SEED, REDACTED, Format
from shared.stores.recipe import Segment, Word
from shared.text.torn import torn
from shared.views import View
from shared.voices.view import VoiceView

OutputFormat = Literal[
    "mp3_44100_128",
    "mp3_22050_32",
    "mp3_24000_48",
    "mp3_44100_32",
    "mp3_44100_64",
    "mp3_44100_96",
    "mp3_44100_192",
    "opus_48000_32",
    "opus_48000_64",
    "opus_48000_96",
    "opus_48000_128",
    "opus_48000_192",
    "pcm_8000",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_32000",
    "pcm_44100",
    "pcm_48000",
    "wav_8000",
    "wav_16000",
    "wav_22050",
    "wav_24000",
    "wav_32000",
    "wav_44100",
    "wav_48000",
    "ulaw_8000",
    "alaw_8000",
]
"""Codec, Hz, kbit/s. The bit rate is not followed: it is always that of our own format."""
OUTPUT_FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
DEFAULT: OutputFormat = "mp3_44100_128"
LONGEST_TEXT = 20_000
"""Characters of a message or request."""
LONGEST_INACTIVITY = 180
"""Seconds."""
_CONTAINERS: dict[str, Format] = {"mp3": "mp3", "opus": "opus", "wav": "wav"}
_LAWS: dict[str, g711.Law] = {law: law for law in get_args(g711.Law)}
_TELEPHONE = "audio/basic"
_ERRORS = {
    "input_timeout": "input_timeout_exceeded",
    "invalid_request": "invalid_input_message",
    "too_many_contexts": "max_active_conversations",
    "unknown_voice": "voice_id_does_not_exist",
}
"""Our codes, as ElevenLabs' where it has a word of its own."""


class Leaving:
    """Sound on its way to a listener who named an output format."""

    def __init__(self, output: OutputFormat, speed: float = 1.0) -> None:
        """`speed` 0.25 to 4, at equal pitch."""
        codec, rate, *_ = output.split("_")
        self.speed = speed
        self._shaping = Shaping(_CONTAINERS.get(codec, "pcm"), speed=speed, sample_rate=int(rate))
        law = _LAWS.get(codec)
        self._law = g711.Companding(law) if law else None

    def feed(self, data: bytes) -> bytes:
        """What can be sent after these further bytes of s16le at 24 kHz, cut anywhere."""
        return self._companded(self._shaping.feed(data))

    def finish(self) -> bytes:
        """The rest."""
        return self._companded(self._shaping.finish())

    def _companded(self, data: bytes) -> bytes:
        return self._law.feed(data) if self._law else data


def media_type(output: OutputFormat) -> str:
    """Of a response in this format."""
    codec, rate, *_ = output.split("_")
    if codec in _LAWS:
        return _TELEPHONE if codec == "ulaw" else "audio/x-alaw-basic"
    if codec == "pcm":
        return f"audio/pcm;rate={rate};channels=1"
    return FORMATS[_CONTAINERS[codec]].media_type


# --- what a client says ---------------------------------------------------------------------


class VoiceSettings(BaseModel):
    """How a voice speaks. Of it only the pace is followed: the models have no such controls as
    `stability`, `similarity_boost`, `style` and `use_speaker_boost`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    speed: float | None = Field(default=None, ge=0.25, le=4)


class GenerationConfig(BaseModel):
    """When speech begins; checked, and not followed: a sentence is spoken as soon as it ends."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    chunk_length_schedule: list[float] | None = Field(default=None, max_length=50)


class _Spoken(BaseModel):
    """What requests and first messages have in common."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str = Field(max_length=LONGEST_TEXT)
    voice_settings: VoiceSettings | None = None
    pronunciation_dictionary_locators: list[Any] | None = Field(
        default=None, json_schema_extra={"maxItems": 0}
    )

    @field_validator("pronunciation_dictionary_locators")
    @classmethod
    def _none_here(cls, locators: list[Any] | None) -> None:
        if locators:
            raise InvalidRequest(
                "There are no pronunciation dictionaries here.",
                param="pronunciation_dictionary_locators",
                hint="Put the words into `configs/lexicon/`, or use `lexicon` of POST /v1/jobs.",
            )

    @property
    def speed(self) -> float:
        """1 is the pace of the voice."""
        return (self.voice_settings and self.voice_settings.speed) or 1.0


class Conversion(_Spoken):
    """The body of `POST /v1/text-to-speech/{voice_id}`; fields that are not known are ignored."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "The lamp turned, and the sea was quiet."}]}
    )

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    language_code: str | None = Field(default=None, max_length=40)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    apply_text_normalization: Literal["auto", "on", "off"] | None = None

    def fields(self) -> dict[str, Any]:
        """What our request says beside the voice."""
        return {
            "text": self.text,
            **manner(self.language_code, self.seed, self.apply_text_normalization),
        }


class ShortConversion(Conversion):
    """The same where the sound is one piece of the answer."""

    text: str = Field(min_length=1, max_length=5_000)


class Opening(BaseModel):
    """The query of `stream-input`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    output_format: OutputFormat = DEFAULT
    language_code: str | None = Field(default=None, max_length=40)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    inactivity_timeout: float = Field(default=20, gt=0, le=LONGEST_INACTIVITY)
    sync_alignment: bool = False
    apply_text_normalization: Literal["auto", "on", "off"] | None = None

    def fields(self) -> dict[str, Any]:
        """What our requests say beside voice and text."""
        asked = manner(self.language_code, self.seed, self.apply_text_normalization)
        return {**asked, "words": self.sync_alignment}


class Message(_Spoken):
    """What a client sends on `stream-input`."""

    text: Annotated[str, torn(LONGEST_TEXT)]
    flush: bool = False
    generation_config: GenerationConfig | None = None

    @property
    def ends(self) -> bool:
        """No more text comes."""
        return not self.text and not self.flush


def manner(
    language_code: str | None, seed: int | None, normalization: str | None
) -> dict[str, Any]:
    """Fields of our requests; `auto` leaves numbers to the model. Raises UnknownLanguage."""
    try:
        language = languages.canonical(language_code or languages.AUTO)
    except SpeechError as error:
        error.param = "language_code"
        raise
    return {"language": language, "seed": seed, "normalise": normalization == "on"}


# --- when each character is heard ---------------------------------------------------------------


class Piece(NamedTuple):
    """Words, and when they are heard; seconds."""

    text: str
    start: float
    end: float
    gap: str = " "
    """What stands between them and the next."""


class Character(NamedTuple):
    """A character, and when it is heard; seconds."""

    character: str
    start: float
    end: float


def pieces(segments: Iterable[Segment], origin: float = 0, speed: float = 1) -> list[Piece]:
    """The words of segments, or the segments whose words nobody has timed.

    They count from `origin` in the sound as it was made, and are as the listener hears them. None
    where texts are not kept.
    """
    return [
        piece._replace(
            start=max(0, piece.start - origin) / speed, end=max(0, piece.end - origin) / speed
        )
        for segment in segments
        if segment.text != REDACTED
        for piece in _timed(segment)
    ]


def _timed(segment: Segment) -> Iterator[Piece]:
    """Not every script has blanks between words, so the text says what stands there."""
    words = segment.words or [Word(start=segment.start, end=segment.end, text=segment.text)]
    rest = segment.text
    for word, following in zip_longest(words, words[1:]):
        rest = rest.partition(word.text)[2]
        gap, found, _ = rest.partition(following.text) if following else ("", "", "")
        yield Piece(word.text, word.start, word.end, gap if found else " ")


def spread(pieces: Sequence[Piece], seconds: float) -> Iterator[Character]:
    """The characters of pieces, each as long as its neighbours; gaps fill the time between.

    The last gap reaches to the end of the sound, so that whoever adds up alignments gets the
    length of what was heard.
    """
    for piece, following in zip_longest(pieces, pieces[1:]):
        yield from _evenly(piece.text, piece.start, piece.end)
        until = following.start if following else seconds
        yield from _evenly(piece.gap, piece.end, max(piece.end, until))


def _evenly(text: str, start: float, end: float) -> Iterator[Character]:
    for place, character in enumerate(text):
        since, until = (start + (end - start) * part / len(text) for part in (place, place + 1))
        yield Character(character, since, until)


class Alignment(BaseModel):
    """As `stream-input` tells it, from the start of the sound that it comes with."""

    chars: list[str]
    charStartTimesMs: list[int]
    charDurationsMs: list[int]

    @classmethod
    def of(cls, characters: Sequence[Character]) -> Self:
        """In whole milliseconds, without gaps from rounding."""
        starts = [round(character.start * 1000) for character in characters]
        ends = [round(character.end * 1000) for character in characters]
        return cls(
            chars=[character.character for character in characters],
            charStartTimesMs=starts,
            charDurationsMs=[end - start for start, end in zip(starts, ends, strict=True)],
        )


class Timed(View):
    """As `with-timestamps` tells it; seconds."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]

    @classmethod
    def of(cls, characters: Sequence[Character]) -> Self:
        """To the millisecond."""
        return cls(
            characters=[character.character for character in characters],
            character_start_times_seconds=[round(one.start, 3) for one in characters],
            character_end_times_seconds=[round(one.end, 3) for one in characters],
        )


# --- what the server says -------------------------------------------------------------------


class Sounding(BaseModel):
    """Sound, base64; both alignments are of the text as it was spoken."""

    audio: str | None
    isFinal: bool | None = None
    normalizedAlignment: Alignment | None = None
    alignment: Alignment | None = None


FINAL = Sounding(audio=None, isFinal=True)
"""Everything has been said; the socket closes."""


class Fault(BaseModel):
    """What went wrong, before the socket closes."""

    message: str
    error: str
    code: int
    """With which the socket closes."""

    @classmethod
    def of(cls, error: SpeechError, code: int) -> Self:
        """An error of ours."""
        said = " ".join(filter(None, (error.message, error.next_step)))
        return cls(message=said, error=_ERRORS.get(error.code, error.code), code=code)


class WithTimestamps(View):
    """The answer of `with-timestamps`, and each line of `stream/with-timestamps`."""

    audio_base64: str
    alignment: Timed | None = None
    """When each character is heard, spread over the words or sentences whose times are known."""
    normalized_alignment: Timed | None = None
    """The same."""


class VoiceFound(View):
    """A voice as ElevenLabs' clients read it."""

    voice_id: str
    name: str
    category: str
    """`premade` or `cloned`."""
    description: str
    labels: dict[str, str]
    preview_url: str | None


class VoicesFound(View):
    """A page of voices."""

    voices: list[VoiceFound]
    has_more: bool
    total_count: int
    next_page_token: str | None


def found(voice: VoiceView, base: str) -> VoiceFound:
    """A voice of the library; `base` is the root of the addresses."""
    return VoiceFound(
        voice_id=voice.id,
        name=voice.name,
        category="premade" if voice.kind == "preset" else "cloned",
        description=voice.description,
        labels={"language": voice.language},
        preview_url=base.rstrip("/") + voice.links["sample"] if voice.has_sample else None,
    )
