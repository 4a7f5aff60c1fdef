from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from shared.audio import pcm
from shared.dialects import elevenlabs
from shared.dialects.elevenlabs import Alignment, Conversion, Leaving, Message, OutputFormat, Piece
from shared.errors import InvalidRequest, UnknownLanguage, UnknownVoice
from shared.stores.recipe import Segment, Word
from tests.shared.audio.hearing import hear

_PHASE = np.linspace(0, 880 * np.pi, pcm.SAMPLE_RATE, endpoint=False)
SECOND = pcm.encode((np.sin(_PHASE) / 2).astype(np.float32))


def left(output: OutputFormat, speed: float = 1.0) -> bytes:
    leaving = Leaving(output, speed)
    return leaving.feed(SECOND[:1001]) + leaving.feed(SECOND[1001:]) + leaving.finish()


# --- output formats ---


@pytest.mark.parametrize(
    ("output", "size"), [("pcm_24000", 48_000), ("pcm_16000", 32_000), ("ulaw_8000", 8_000)]
)
def test_raw_sound_has_the_rate_that_its_name_says(output, size):
    assert len(left(output)) == pytest.approx(size, abs=size // 50)


@pytest.mark.parametrize("output", ["mp3_44100_128", "mp3_22050_32", "wav_16000"])
def test_files_have_the_rate_that_their_name_says(output):
    heard = hear(left(output))
    assert heard.rate == int(output.split("_")[1])
    assert len(heard.samples) / heard.rate == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("output", get_args(OutputFormat))
def test_every_format_has_a_media_type(output):
    assert elevenlabs.media_type(output).startswith("audio/")


def test_speed_shortens_the_sound():
    assert len(left("pcm_24000", 1.2)) == pytest.approx(40_000, rel=0.05)


# --- what a client says ---


def test_of_the_voice_settings_only_the_speed_counts():
    message = Message.model_validate(
        {"text": " ", "voice_settings": {"stability": 0.1, "speed": 1.1}, "xi_api_key": "k"}
    )
    assert message.speed == 1.1
    assert Message(text=" ").speed == 1


@pytest.mark.parametrize(
    ("sent", "ends"),
    [({"text": ""}, True), ({"text": "", "flush": True}, False), ({"text": " "}, False)],
)
def test_an_empty_text_ends_the_input_unless_it_flushes(sent, ends):
    assert Message.model_validate(sent).ends is ends


def test_a_request_becomes_ours():
    asked = Conversion.model_validate(
        {
            "text": "Guten Tag.",
            "model_id": "eleven_v3",
            "language_code": "de",
            "seed": 5,
            "apply_text_normalization": "on",
        }
    )
    assert asked.fields() == {
        "text": "Guten Tag.",
        "language": "german",
        "seed": 5,
        "normalise": True,
    }


def test_what_would_change_the_words_is_refused():
    with pytest.raises(InvalidRequest, match="dictionaries"):
        Conversion.model_validate({"text": "Hi.", "pronunciation_dictionary_locators": [{}]})
    with pytest.raises(UnknownLanguage):
        Conversion(text="Hi.", language_code="tlh").fields()
    with pytest.raises(ValidationError):
        Message.model_validate({"text": "Hi.", "voice_settings": {"speed": 9}})


# --- when each character is heard ---


def test_characters_share_the_time_of_their_piece_and_blanks_fill_the_rest():
    pieces = [Piece("ab", 0.0, 1.0), Piece("c", 1.5, 2.0)]
    alignment = Alignment.of([*elevenlabs.spread(pieces, 2.25)])
    assert alignment.chars == ["a", "b", " ", "c", " "]
    assert alignment.charStartTimesMs == [0, 500, 1000, 1500, 2000]
    assert alignment.charDurationsMs == [500, 500, 500, 500, 250]


def test_a_script_without_blanks_gets_none():
    words = [Word(start=0, end=1, text="你好，"), Word(start=1, end=2, text="世界。")]
    segments = [
        Segment(start=0, end=2, text="你好，世界。", words=words),
        Segment(start=2.5, end=3, text="好。"),
    ]
    heard = elevenlabs.spread(elevenlabs.pieces(segments), 3)
    assert "".join(character for character, _, _ in heard) == "你好，世界。 好。 "


def test_texts_that_are_not_kept_have_no_pieces():
    words = [Word(start=0, end=1, text="")]
    assert elevenlabs.pieces([Segment(start=0, end=1, text="", words=words)]) == []


def test_pieces_count_from_where_the_sentence_begins_at_the_listeners_pace():
    (piece,) = elevenlabs.pieces([Segment(start=4, end=5, text="Hi.")], origin=3, speed=2)
    assert (piece.start, piece.end) == (0.5, 1)


def test_a_fault_has_elevenlabs_words_where_it_has_some():
    fault = elevenlabs.Fault.of(UnknownVoice("There is no voice 'x'."), 1008)
    assert fault.model_dump() == {
        "message": "There is no voice 'x'. GET /v1/voices lists the voices.",
        "error": "voice_id_does_not_exist",
        "code": 1008,
    }
