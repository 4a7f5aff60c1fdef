"""The performer of `codec_encode`: the codes are files of the result, and are heard."""

from collections.abc import Iterator

from shared.audio import clip
from shared.audio.codes import Tokens, dump_json, dump_npz
from shared.requests.codec_encode import CodecEncode
from worker import codec
from worker.performing import Artifact, Audio, Piece, Studio, performs


@performs(CodecEncode)
def codec_encode(request: CodecEncode, studio: Studio) -> Iterator[Piece]:
    """Write the sound as codes, then speak what the codes sound like."""
    samples = clip.loads(studio.uploads.read("audio", request.audio))
    model = studio.codec_model()
    tokens = Tokens(model.encode(samples, studio.pulse.watch), model.codec)
    yield Artifact("codes", studio.keep("codes.npz", dump_npz(tokens)))
    yield Artifact("codes", studio.keep("codes.json", dump_json(tokens)))
    yield from map(Audio, codec.heard(studio, model, tokens.codes))
