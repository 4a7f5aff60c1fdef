"""Sound becomes codes, and codes become sound."""

from dataclasses import replace

import pytest

from shared.audio import codes
from shared.audio.codes import CODEC, STAND_IN, Tokens
from shared.errors import InvalidRequest
from tests.worker.engine.speech import FRAME, carry_on, recording
from tests.worker.rehearsal import Rehearsal
from worker.codec import UNHEARD
from worker.pulse import Cancelled, Pulse


@pytest.mark.parametrize("room", ["preview", pytest.param("tiny", marks=pytest.mark.slow)])
def test_what_is_encoded_sounds_as_it_does_when_decoded(
    room: str, request: pytest.FixtureRequest
) -> None:
    rehearsal: Rehearsal = request.getfixturevalue(room)
    sound = recording(1.0)
    encoded = rehearsal.perform("codec_encode", {"audio": rehearsal.send(sound, "audio")})
    tokens = codes.loads(encoded.files["codes.npz"], 60)
    decoded = rehearsal.perform("codec_decode", {"codes": rehearsal.send_tokens(tokens)})
    assert (encoded.sound == decoded.sound).all()
    assert len(encoded.sound) == -(-len(sound) // FRAME) * FRAME
    assert encoded.lines == decoded.lines == []
    assert rehearsal.progress[-1] == 1.0


def test_both_files_hold_the_same_codes(preview: Rehearsal) -> None:
    files = preview.perform("codec_encode", {"audio": preview.send(recording(1.0), "audio")}).files
    packed, plain = (codes.loads(files[f"codes.{form}"], 60) for form in ("npz", "json"))
    assert (packed.codes == plain.codes).all()
    assert packed.codec == plain.codec == STAND_IN


def test_a_stand_in_for_the_sound_of_codes_says_so(preview: Rehearsal) -> None:
    tokens = Tokens(preview.cache.get("base").encode(recording(1.0), carry_on), CODEC)
    heard = preview.perform("codec_decode", {"codes": preview.send_tokens(tokens)})
    assert heard.remarks == [UNHEARD]


@pytest.mark.slow
def test_codes_of_the_stand_in_are_refused(preview: Rehearsal, tiny: Rehearsal) -> None:
    tokens = Tokens(preview.cache.get("base").encode(recording(1.0), carry_on), STAND_IN)
    with pytest.raises(InvalidRequest, match="preview"):
        tiny.perform("codec_decode", {"codes": tiny.send_tokens(tokens)})


class Patience(Pulse):
    """Notes whether the watchdog would wait longer than for a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_for: list[bool] = []

    def watch(self) -> None:
        self.waited_for.append(not self.overdue(-1.0))
        super().watch()


def test_encoding_is_waited_for(preview: Rehearsal) -> None:
    """An engine may hear everything in one go, and no frame tells that it goes on."""
    pulse = Patience()
    studio = replace(preview.studio("0b0b0b0b-0000-4000-8000-000000000000"), pulse=pulse)
    with pulse.armed():
        playing = preview.playing(
            "codec_encode", {"audio": preview.send(recording(1.0), "audio")}, studio
        )
        next(playing)
    assert pulse.waited_for
    assert all(pulse.waited_for)


@pytest.mark.parametrize("task", ["codec_encode", "codec_decode"])
def test_a_job_that_nobody_wants_any_more_is_left(preview: Rehearsal, task: str) -> None:
    tokens = Tokens(preview.cache.get("base").encode(recording(1.0), carry_on), STAND_IN)
    files = {"codec_encode": ("audio", preview.send(recording(1.0), "audio"))}
    field, sent = files.get(task, ("codes", preview.send_tokens(tokens)))
    studio = preview.studio("0b0b0b0b-0000-4000-8000-000000000000")
    studio.pulse.cancel()
    with pytest.raises(Cancelled):
        list(preview.playing(task, {field: sent}, studio))
