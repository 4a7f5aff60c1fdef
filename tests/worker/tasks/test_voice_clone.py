"""A voice that was sent or kept reads; on random weights only the plumbing can be heard."""

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import pytest

from shared.audio.codes import FRAME_RATE, STAND_IN, Tokens
from shared.audio.pcm import Samples
from shared.errors import UnknownUpload, UnsuitableReference
from shared.stores.uploads import content_id
from tests.worker.engine.qwen3.hearing import Exhaustion, Operators
from tests.worker.engine.speech import carry_on, recording
from tests.worker.rehearsal import Rehearsal
from worker.casting import WORDLESS
from worker.engine.protocol import Frames, Prompt, Utterance, Watch
from worker.likeness import UNHEARD, UNLIKE, UNMEASURED
from worker.tasks.voice_clone import ONE_MOOD

WORDS = "The old lamp is lit again."
REQUEST = {"text": "Hi there.", "language": "english"}
SEED = 4
"""With which a later take is more alike than the first."""
EARLY = 4
"""With which the second is."""

pytestmark = pytest.mark.slow


def test_what_was_sent_stays_with_the_result(tiny: Rehearsal) -> None:
    sent = tiny.send(recording())
    heard = tiny.perform("voice_clone", REQUEST | {"reference": sent, "transcript": WORDS})
    assert heard.voice.kind == "reference"
    assert heard.voice.mode == "in_context"
    assert content_id(heard.files["reference.wav"]) == sent
    assert heard.lines == ["Hi there."]


def test_codes_that_were_sent_stay_too(tiny: Rehearsal) -> None:
    model = tiny.cache.get("base")
    sent = tiny.send_tokens(Tokens(model.encode(recording(), carry_on), model.codec))
    heard = tiny.perform("voice_clone", REQUEST | {"codes": sent, "transcript": WORDS})
    assert heard.voice.kind == "codes"
    assert content_id(heard.files["codes.npz"]) == sent


def test_without_a_transcript_only_the_sound_of_the_voice_is_taken(tiny: Rehearsal) -> None:
    sent = tiny.send(recording())
    auto = tiny.perform("voice_clone", REQUEST | {"reference": sent})
    wanted = tiny.perform(
        "voice_clone",
        REQUEST | {"reference": sent, "mode": "speaker_only", "transcript": WORDS},
    )
    assert auto.voice == wanted.voice
    assert auto.voice.mode == "speaker_only"
    assert WORDLESS in auto.remarks
    assert WORDLESS not in wanted.remarks
    assert np.array_equal(auto.sound, wanted.sound)


def test_every_piece_says_how_alike_it_is(tiny: Rehearsal) -> None:
    request = REQUEST | {"text": "Hi.\n\nYou.", "reference": tiny.send(recording())}
    heard = tiny.perform("voice_clone", request)
    assert heard.lines == ["Hi.", "You."]
    assert len(heard.similarities) == 2
    assert all(-1 <= similarity <= 1 for similarity in heard.similarities)


def test_nothing_is_measured_when_the_service_is_told_not_to(tiny: Rehearsal) -> None:
    tiny.settings = tiny.settings.model_copy(update={"measure_voices": False})
    heard = tiny.perform("voice_clone", REQUEST | {"reference": tiny.send(recording())})
    assert heard.similarities == []


def test_unlike_takes_are_made_again_and_the_most_alike_is_kept(tiny: Rehearsal) -> None:
    request = REQUEST | {"reference": tiny.send(recording()), "min_similarity": 1.0}
    (best,) = (heard := tiny.perform("voice_clone", request, SEED)).similarities
    tiny.settings = tiny.settings.model_copy(update={"max_attempts_per_sentence": 1})
    (first,) = tiny.perform("voice_clone", request, SEED).similarities
    assert first < best
    assert UNLIKE in heard.remarks


def takes_of(
    room: Rehearsal, request: dict[str, Any], patch: pytest.MonkeyPatch
) -> tuple[list[int], list[float]]:
    """The seeds with which a sentence was spoken, take after take, and how alike each take is."""
    model = room.cache.get("base")
    speak, compare = model.generate, model.likeness
    seeds, alike = list[int](), list[float]()

    def listen(utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
        seeds.extend(one.seed for one in utterances)
        return speak(utterances, watch)

    def note(prompt: Prompt, samples: Samples) -> float | None:
        alike.append(compare(prompt, samples) or 0.0)
        return alike[-1]

    with patch.context() as patched:
        patched.setattr(model, "generate", listen)
        patched.setattr(model, "likeness", note)
        room.perform("voice_clone", request, EARLY)
    return seeds, alike


def test_a_later_take_that_is_alike_enough_ends_the_search(
    tiny: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = REQUEST | {"reference": tiny.send(recording()), "min_similarity": 1.0}
    every, alike = takes_of(tiny, request, monkeypatch)
    assert len(set(every)) == len(every) == 3
    enough = request | {"min_similarity": (alike[0] + alike[1]) / 2}
    assert takes_of(tiny, enough, monkeypatch) == (every[:2], alike[:2])


def test_speech_that_cannot_be_measured_is_speech_all_the_same(tiny: Rehearsal) -> None:
    """Memory runs out where the clone is heard; whoever speaks next does not wait for it."""
    sent = tiny.send(recording())
    plain = tiny.perform("voice_clone", REQUEST | {"reference": sent})
    with Operators(Exhaustion(1, of="stft")):
        heard = tiny.perform("voice_clone", REQUEST | {"reference": sent})
    assert (heard.similarities, heard.remarks[-1]) == ([], UNHEARD)
    assert np.array_equal(heard.sound, plain.sound)
    with Operators(Exhaustion(1, of="stft")):
        request = REQUEST | {"reference": sent, "min_similarity": 0.5}
        insisted = tiny.perform("voice_clone", request)
    assert insisted.remarks.count(UNMEASURED) == 1
    assert UNHEARD not in insisted.remarks


@pytest.mark.parametrize("seconds", [2.9, 600])
def test_codes_of_another_length_than_a_reference_are_not_decoded(
    preview: Rehearsal, seconds: float
) -> None:
    codes = np.full((round(seconds * FRAME_RATE), 16), 7, np.uint16)
    sent = preview.send_tokens(Tokens(codes, STAND_IN))
    with pytest.raises(UnsuitableReference) as caught:
        preview.perform("voice_clone", REQUEST | {"codes": sent})
    assert caught.value.param == "codes"


def test_what_is_spoken_more_than_once_tells_no_pace(preview: Rehearsal) -> None:
    request = REQUEST | {"reference": preview.send(recording())}
    typical: list[bool] = []
    for more in ({}, {"min_similarity": 0.5}):
        studio = preview.studio("0b0b0b0b-0000-4000-8000-000000000000")
        list(preview.playing("voice_clone", request | more, studio))
        typical.append(studio.typical)
    assert typical == [True, False]


def test_a_take_that_is_alike_enough_is_kept_at_once(tiny: Rehearsal) -> None:
    request = REQUEST | {"reference": tiny.send(recording())}
    plain = tiny.perform("voice_clone", request, SEED)
    insisted = tiny.perform("voice_clone", request | {"min_similarity": 0.5}, SEED)
    assert insisted.similarities == pytest.approx(plain.similarities, abs=1e-5)
    assert UNLIKE not in insisted.remarks


def test_what_cannot_be_heard_is_said_once(preview: Rehearsal) -> None:
    request = REQUEST | {"reference": preview.send(recording()), "min_similarity": 0.5}
    heard = preview.perform("voice_clone", request)
    assert UNMEASURED in heard.remarks
    assert heard.similarities == []


def test_an_instruct_is_ignored_and_says_so(tiny: Rehearsal) -> None:
    request = REQUEST | {"reference": tiny.send(recording())}
    plain = tiny.perform("voice_clone", request)
    told = tiny.perform("voice_clone", request | {"instruct": "whisper"})
    assert np.array_equal(plain.sound, told.sound)
    assert any("instruct was ignored" in remark for remark in told.remarks)


def test_a_recording_has_one_mood(preview: Rehearsal) -> None:
    request = REQUEST | {"reference": preview.send(recording()), "emotion": "sad"}
    assert ONE_MOOD in preview.perform("voice_clone", request).remarks


def test_a_file_that_is_gone_is_one_clear_error(preview: Rehearsal) -> None:
    with pytest.raises(UnknownUpload):
        preview.perform("voice_clone", REQUEST | {"reference": "0" * 64})
