"""What codec tasks and clones of codes have in common: opening codes, and hearing them."""

from collections.abc import Iterator

from shared.audio.codes import CODEC, FRAME_SAMPLES, Codes, Tokens, loads
from shared.audio.pcm import Samples
from shared.errors import InvalidRequest
from worker.engine.protocol import Model
from worker.performing import Studio

UNHEARD = (
    "The codes are those of Qwen3-TTS, which does not speak here: what is heard is a stand-in, "
    "not their sound."
)


def opened(studio: Studio, upload: str, model: Model) -> tuple[Tokens, tuple[str, ...]]:
    """The codes of an upload, and what the listener should know of their sound.

    Raises InvalidRequest for codes that the model cannot read.
    """
    data = studio.uploads.read("codes", upload)
    tokens = loads(data, studio.settings.max_audio_seconds)
    if tokens.codec == model.codec:
        return tokens, ()
    if model.codec == CODEC:
        raise InvalidRequest(
            f"The codes are of the codec {tokens.codec!r}, and {model.checkpoint!r} reads those of "
            f"{model.codec!r}.",
            param="codes",
            hint="Encode the sound again with a checkpoint of Qwen3-TTS.",
        )
    return tokens, (UNHEARD,)


def heard(studio: Studio, model: Model, codes: Codes) -> Iterator[Samples]:
    """The sound of codes as it is made, and how far it is."""
    made = 0
    for samples in model.decode(codes, studio.pulse.watch):
        made += len(samples)
        studio.progress(made / (len(codes) * FRAME_SAMPLES))
        yield samples
