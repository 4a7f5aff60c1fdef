"""What a body asks of us: a task and its fields, how sound is to leave, what to warn of."""

import base64
import binascii
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, BinaryIO

from api.deps import Context
from api.openai.request import SpeechBody
from shared import status
from shared.audio.shaping import Shaping
from shared.connection import answered
from shared.dialects import models, voices, words
from shared.dialects.models import Wanted
from shared.errors import InvalidRequest, NothingToSay, SpeechError, TextTooLong
from shared.requests import contract

_THEIRS: dict[str, str] = {
    "text": "input",
    "speaker": "voice",
    "reference": "ref_audio",
    "transcript": "ref_text",
    "instruct": "instructions",
    "description": "instructions",
    "words": "word_timestamps",
}
"""What a client calls the fields of our contracts."""
_DATA_URL = re.compile(r"data:[\w.+/-]*(?:;[\w.+=-]*)*;base64,", re.ASCII)
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_MOST_NAMED = 5
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Order:
    """A body that makes sense."""

    task: str
    body: SpeechBody
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    """Those of the task."""
    warnings: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of it is to come at once."""
        return not self.body.stream and not self.events

    @property
    def events(self) -> bool:
        """Whether it is to come as server-sent events."""
        return self.body.stream_format == "sse"

    def shaping(self) -> Shaping:
        """How its sound is changed and encoded."""
        body = self.body
        return Shaping(
            body.response_format,
            body.speed,
            body.sample_rate,
            body.volume_multiplier,
            whole=self.whole,
        )


def place(here: Context, body: SpeechBody) -> Order:
    """Look up what a body names; a recording in it is looked at only after this.

    Raises InvalidRequest, ModelNotFound or UnknownVoice.
    """
    _require_length(here, body.input)
    model = models.choose(here.settings.models_dir, body.model)
    if body.stream_format == "sse" and not model.events:
        raise InvalidRequest(
            f"{body.model} cannot be sent as server-sent events.",
            param="stream_format",
            hint="Use `gpt-4o-mini-tts` or `qwen3-tts`.",
        )
    order = _spoken(here, body, model)
    _require_kind(order, model)
    if body.word_timestamps:
        _require_words(here)
    order = _sized(_worded(_told(order)), model)
    order = replace(order, fields={**order.fields, **_common(body, model)})
    if body.ref_audio is not None:
        with in_their_words():
            here.resolution.check(contract(order.task), order.fields, ["reference"])
    return order


def reference(body: SpeechBody) -> Mapping[str, BinaryIO]:
    """The recording that came in the body, if one did. Raises InvalidRequest."""
    if body.ref_audio is None:
        return {}
    found = _DATA_URL.match(body.ref_audio)
    sent = body.ref_audio[found.end() :] if found else body.ref_audio
    if _ADDRESS.match(sent):
        raise InvalidRequest(
            "`ref_audio` is no base64; addresses are not fetched.",
            param="ref_audio",
            hint="Send the recording itself in base64, or keep it as a voice: POST /v1/voices.",
        )
    try:
        data = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("`ref_audio` is no base64.", param="ref_audio") from error
    return {"reference": BytesIO(data)}


@contextmanager
def in_their_words() -> Generator[None]:
    """Refusals of our contracts name the field as the client does."""
    try:
        yield
    except SpeechError as error:
        ours, dot, rest = (error.param or "").partition(".")
        if theirs := _THEIRS.get(ours):
            error.message = error.message.replace(f"{ours}:", f"{theirs}:", 1)
            error.param = f"{theirs}{dot}{rest}"
        raise


# --- who speaks ------------------------------------------------------------------------------


def _spoken(here: Context, body: SpeechBody, model: Wanted) -> Order:
    """The task, and the fields that say who speaks and how."""
    task = body.task or ("voice_design" if model.kind == "voice_design" else None)
    if task == "voice_design":
        return _designed(body)
    if body.ref_audio is not None:
        return _directed(_cloned(body), model)
    if body.ref_text is not None:
        raise InvalidRequest("`ref_text` says what a `ref_audio` says.", param="ref_text")
    if body.voice is None:
        raise InvalidRequest(
            "`voice` is missing.", param="voice", hint="GET /v1/audio/voices lists the voices."
        )
    chosen = voices.choose(here.library, body.voice)
    order = _directed(Order(chosen.task, body, dict(chosen.fields)), model)
    if body.x_vector_only_mode and chosen.task == "voice_clone":
        return replace(order, fields={**order.fields, "mode": "speaker_only"})
    return order


def _designed(body: SpeechBody) -> Order:
    if body.ref_audio is not None:
        raise InvalidRequest("A voice is designed or cloned, not both.", param="ref_audio")
    if not body.instructions:
        raise InvalidRequest(
            "`voice_design` needs `instructions`: the voice in words.", param="instructions"
        )
    order = Order("voice_design", body, {"description": body.instructions})
    return _warned(order, "The voice is that of `instructions`.") if body.voice else order


def _cloned(body: SpeechBody) -> Order:
    fields: dict[str, Any] = {"transcript": body.ref_text} if body.ref_text else {}
    if body.x_vector_only_mode:
        fields["mode"] = "speaker_only"
    order = Order("voice_clone", body, fields)
    return _warned(order, "The voice is that of `ref_audio`.") if body.voice else order


def _directed(order: Order, model: Wanted) -> Order:
    """With the instructions, where the model follows any: each checkpoint says whether it does."""
    if not order.body.instructions:
        return order
    if not model.directed:
        return _warned(order, f"{order.body.model} follows no `instructions`: they were ignored.")
    return replace(order, fields={**order.fields, "instruct": order.body.instructions})


def _require_kind(order: Order, model: Wanted) -> None:
    """What was asked for by name must be what speaks. Raises InvalidRequest."""
    asked, checkpoint = order.body.task, contract(order.task).checkpoint
    if asked and asked != order.task:
        raise InvalidRequest(
            f"This voice speaks by {order.task}, not by {asked}.",
            param="task",
            hint="Leave `task` out, or name a voice that fits it.",
        )
    if model.kind and model.kind != checkpoint:
        raise InvalidRequest(
            f"{order.body.model} cannot do {order.task}, which this voice takes.",
            param="model",
            hint="Name a model such as `qwen3-tts`, which leaves the checkpoint to the service.",
        )


# --- the rest --------------------------------------------------------------------------------


def _require_length(here: Context, text: str) -> None:
    most = here.settings.openai_max_input
    if not text:
        raise NothingToSay("`input` is empty.", param="input")
    if len(text) > most:
        raise TextTooLong(
            f"`input` has {len(text):,} characters; {most:,} are the most.",
            param="input",
            hint="Split it, raise OPENAI_MAX_INPUT, or send it as a job: POST /v1/jobs/narration.",
        )


def _require_words(here: Context) -> None:
    """Raises InvalidRequest where nobody can time words."""
    with answered():
        words.require(status.workers(here.redis))


def _common(body: SpeechBody, model: Wanted) -> dict[str, Any]:
    """What every task has. Raises InvalidRequest where the model's name says another language."""
    if body.language and model.language and body.language != model.language:
        raise InvalidRequest(
            f"`language` is {body.language}, and {body.model} is {model.language}.",
            param="language",
        )
    given = {
        "text": body.input,
        "language": body.language or model.language,
        "emotion": body.emotion,
        "normalise": body.normalise,
        "seed": body.seed,
        "words": body.word_timestamps or None,
        **body.model_dump(include=set(body.OWN & body.model_fields_set)),
    }
    return {name: value for name, value in given.items() if value is not None}


def _sized(order: Order, model: Wanted) -> Order:
    size = {"size": model.size} if model.size else {}
    return replace(order, fields={**order.fields, **size})


def _told(order: Order) -> Order:
    """With a warning of the fields that mean nothing here."""
    unknown = order.body.unknown
    if not unknown:
        return order
    named = [f"`{name[:_LONGEST_NAME]}`" for name in unknown[:_MOST_NAMED]]
    more = len(unknown) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    return _warned(order, f"Unknown fields were ignored: {listed}.")


def _worded(order: Order) -> Order:
    """With a warning where the times of words come too late for the answer."""
    if not order.body.word_timestamps or order.whole:
        return order
    return _warned(order, "Words are timed at the end: with `stream: false`, or in the job.")


def _warned(order: Order, warning: str) -> Order:
    return replace(order, warnings=(*order.warnings, warning))
