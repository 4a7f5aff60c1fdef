"""The performer of `codec_encode`: the codes are files of the result, and are heard."""

from collections.abc import Generator

from shared.audio import clip
from shared.audio.codes import Tokens, dump_json, dump_npz
from shared.requests.codec_encode import CodecEncode
from worker import codec
from worker.performing import Artifact, Audio, Piece, Studio, performs
from worker.pulse import LOADING


@performs(CodecEncode)
def codec_encode(request: CodecEncode, studio: Studio) -> Generator[Piece]:
    """Write the sound as codes, then speak what the codes sound like."""
    samples = clip.loads(studio.uploads.read("audio", request.audio))
    model = studio.codec_model()
    # The half of the codec that listens may have to be read first, and one engine hears it all in
    # one go: no frame tells that work goes on.
    with studio.pulse.patient(LOADING):
        tokens = Tokens(model.encode(samples, studio.pulse.watch), model.codec)
    yield Artifact("codes", studio.keep("codes.npz", dump_npz(tokens)))
    yield Artifact("codes", studio.keep("codes.json", dump_json(tokens)))
    yield from map(Audio, codec.heard(studio, model, tokens.codes))
