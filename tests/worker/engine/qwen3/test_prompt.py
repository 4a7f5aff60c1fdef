"""A prompt in integers: what stands where, how long it is, and what is no prompt."""

import numpy as np
import pytest

from shared.errors import CheckpointDamaged, InvalidRequest
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.prompt import NONE, Spoken, build, language_id
from worker.engine.random_checkpoint.geometry import CODEC_IDS, GEOMETRIES, config

ROLE = (1, 2, 3)
TEXT = (10, 11, 12, 13)
PAD, BOS, EOS = 308, 309, 310
CODEC_PAD, CODEC_BOS = CODEC_IDS["codec_pad_id"], CODEC_IDS["codec_bos_id"]


@pytest.fixture(scope="module")
def dimensions() -> Dimensions:
    return Dimensions.read(config(GEOMETRIES["tiny"], "custom_voice", "1b7"))


def spoken(frames: int, words: int = 5) -> Spoken:
    codes = np.arange(frames * 16, dtype=np.uint16).reshape(frames, 16) % 2048
    return Spoken(tuple(range(20, 20 + words)), codes)


def test_whole_text_stands_before_the_first_frame(dimensions: Dimensions):
    prompt = build(dimensions, ROLE, TEXT, language="english", speaker="ryan", instruct=(7, 8))
    tags = (PAD,) * 5 + (BOS,)
    assert prompt.text == (7, 8, *ROLE, *tags, *TEXT, EOS, PAD)
    assert prompt.codes[:, 0].tolist() == [
        *[NONE] * 5,
        *(2154, 2156, 2050, 2157, 3061, CODEC_PAD),
        *[CODEC_PAD] * 5,
        CODEC_BOS,
    ]
    assert (prompt.codes[:, 1:] == NONE).all()
    assert prompt.trailing == (PAD,)
    assert prompt.x_vector_at is None


def test_streamed_text_goes_beside_the_frames(dimensions: Dimensions):
    prompt = build(dimensions, ROLE, TEXT, language="english", speaker="ryan", streaming_text=True)
    assert prompt.text[-1] == TEXT[0]
    assert prompt.codes[-1, 0] == CODEC_BOS
    assert prompt.trailing == (*TEXT[1:], EOS, PAD)


@pytest.mark.parametrize(
    ("language", "speaker", "length"),
    [("english", "ryan", 10), ("auto", "ryan", 9), ("english", None, 9), ("auto", None, 8)],
)
def test_streamed_text_leaves_the_prefill_as_short_whatever_its_length(
    dimensions: Dimensions, language: str, speaker: str | None, length: int
):
    for text in (TEXT, TEXT * 50):
        prompt = build(
            dimensions, ROLE, text, language=language, speaker=speaker, streaming_text=True
        )
        assert prompt.length == len(prompt.codes) == length


def test_the_x_vector_has_a_place_of_its_own(dimensions: Dimensions):
    prompt = build(dimensions, ROLE, TEXT, language="english", x_vector=True)
    assert prompt.x_vector_at == 7
    assert prompt.text[7] == PAD
    assert (prompt.codes[7] == NONE).all()
    assert prompt.codes[8, 0] == CODEC_PAD


@pytest.mark.parametrize("frames", [1, 9, 10, 40])
@pytest.mark.parametrize("streaming", [False, True])
def test_reference_frames_stand_last_and_whole(
    dimensions: Dimensions, frames: int, streaming: bool
):
    before = spoken(frames)
    prompt = build(
        dimensions, ROLE, TEXT, language="english", spoken=before, streaming_text=streaming
    )
    assert np.array_equal(prompt.codes[-frames:], before.codes)
    assert prompt.codes[-frames - 1, 0] == CODEC_BOS
    words = 0 if streaming else 10
    assert prompt.length == 9 + words + 1 + frames
    assert prompt.x_vector_at == 7


@pytest.mark.parametrize(
    ("frames", "trailing"),
    [(3, (24, *TEXT, EOS, PAD)), (8, (EOS, PAD)), (9, (PAD,)), (30, (PAD,))],
)
def test_words_that_the_reference_leaves_over_go_beside_the_frames(
    dimensions: Dimensions, frames: int, trailing: tuple[int, ...]
):
    prompt = build(dimensions, ROLE, TEXT, spoken=spoken(frames), streaming_text=True)
    assert prompt.trailing == trailing


@pytest.mark.parametrize(
    ("language", "speaker", "named"),
    [
        ("chinese", "eric", "sichuan_dialect"),
        ("auto", "dylan", "beijing_dialect"),
        ("english", "eric", "english"),
        ("chinese", "ryan", "chinese"),
        ("chinese", None, "chinese"),
        ("auto", "ryan", None),
        ("auto", None, None),
    ],
)
def test_a_dialect_replaces_chinese_alone(
    dimensions: Dimensions, language: str, speaker: str | None, named: str | None
):
    wanted = None if named is None else dimensions.languages[named]
    assert language_id(dimensions, language, speaker) == wanted


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros((4, 15), dtype=np.int64),
        np.zeros((0, 16), dtype=np.int64),
        np.zeros(16, dtype=np.int64),
        np.full((4, 16), 2048),
        np.full((4, 16), NONE),
    ],
    ids=["15 codebooks", "no frames", "flat", "too large", "negative"],
)
def test_codes_that_are_none_are_refused(dimensions: Dimensions, codes: np.ndarray):
    with pytest.raises(InvalidRequest):
        build(dimensions, ROLE, TEXT, spoken=Spoken((20,), codes))


@pytest.mark.parametrize("streaming", [False, True])
def test_a_token_that_the_text_table_lacks_is_refused(dimensions: Dimensions, streaming: bool):
    with pytest.raises(CheckpointDamaged, match="token 320"):
        build(dimensions, ROLE, (10, 320), streaming_text=streaming)
