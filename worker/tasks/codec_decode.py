"""The performer of `codec_decode`: codes are heard."""

from collections.abc import Generator

from shared.requests.codec_decode import CodecDecode
from worker import codec
from worker.performing import Audio, Piece, Remark, Studio, performs


@performs(CodecDecode)
def codec_decode(request: CodecDecode, studio: Studio) -> Generator[Piece]:
    """Speak what the codes sound like. Raises InvalidRequest for codes of another codec."""
    model = studio.codec_model()
    tokens, remarks = codec.opened(studio, request.codes, model)
    yield from map(Remark, remarks)
    yield from map(Audio, codec.heard(studio, model, tokens.codes))
