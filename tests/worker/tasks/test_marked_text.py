"""What mark-up in a text does: pauses, voices, moods and speeds, in every task that reads one."""

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from shared.audio import clip
from shared.audio.pcm import SAMPLE_RATE
from shared.emotions import EMOTIONS
from shared.stores.voice_record import Voice, VoiceClip
from tests.worker.engine.speech import recording
from tests.worker.rehearsal import Heard, Rehearsal
from worker.engine.protocol import Frames, Utterance, Watch
from worker.takes import STRANGERS
from worker.tasks import custom_voice, design_then_clone, voice_clone

SAD = EMOTIONS["sad"].instruct["english"]
DESCRIPTION = "An old sailor, hoarse and slow."


class Stage:
    """A rehearsal whose engine tells what it was asked to say."""

    def __init__(self, room: Rehearsal, patch: pytest.MonkeyPatch) -> None:
        self.room = room
        self.said: list[Utterance] = []
        model = room.cache.get("base")
        speak = model.generate

        def listen(utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
            self.said.extend(utterances)
            return speak(utterances, watch)

        patch.setattr(model, "generate", listen)

    def perform(self, task: str, text: str, **more: Any) -> Heard:
        self.said.clear()
        return self.room.perform(task, {"text": text, "language": "english", **more})

    def told(self, what: str) -> list[Any]:
        return [getattr(utterance, what) for utterance in self.said]


@pytest.fixture
def stage(preview: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(preview, monkeypatch)


def silent(heard: Heard, seconds: float) -> bool:
    """Whether the sound begins with so much silence, and no more."""
    length = round(seconds * SAMPLE_RATE)
    return not heard.sound[:length].any() and bool(heard.sound[length : length + 4_800].any())


def test_pauses_are_silence_of_their_length(stage: Stage) -> None:
    plain = stage.perform("custom_voice", "One.\n\nTwo.")
    paused = stage.perform("custom_voice", "[pause:1.5]One.[pause:2]\n\nTwo.[pause:1]")
    assert paused.lines == plain.lines == ["One.", "Two."]
    assert silent(paused, 1.5)
    longer = 1.5 + (2 - 0.6) + 1
    assert len(paused.sound) - len(plain.sound) == round(longer * SAMPLE_RATE)


def test_a_preset_speaker_takes_over_where_the_text_says_so(stage: Stage) -> None:
    text = "One. [voice:Uncle Fu]Two.[/voice] [voice:Bob]Three.[/voice] [voice:Bob]Four."
    heard = stage.perform("custom_voice", text, speaker="serena")
    assert stage.told("speaker") == ["serena", "uncle_fu", "serena", "serena"]
    assert heard.remarks == [f"{custom_voice.STRANGERS} Bob."]


def test_what_is_not_known_is_told_and_never_read_aloud(stage: Stage) -> None:
    heard = stage.perform("custom_voice", "[laugh]One [foo:bar]two.")
    assert stage.told("text") == heard.lines == ["One two."]
    assert any("[laugh] (line 1), [foo:bar] (line 1)" in remark for remark in heard.remarks)


def test_a_speed_changes_the_length_of_its_passage_alone(stage: Stage) -> None:
    plain = stage.perform("custom_voice", "One.\n\nTwo.")
    fast = stage.perform("custom_voice", "One.\n\n[speed:2]Two.")
    first = len(stage.perform("custom_voice", "One.").sound) + round(0.6 * SAMPLE_RATE)
    assert np.array_equal(fast.sound[:first], plain.sound[:first])
    assert len(fast.sound) - first == round((len(plain.sound) - first) / 2)


def test_a_mood_a_direction_and_a_language_reach_who_follows_them(stage: Stage) -> None:
    text = "One.\n\n(sad) Two.\n\n[emotion:out of breath]Three.[/emotion] [lang:de]Vier."
    stage.perform("custom_voice", text, emotion="happy", instruct="slowly")
    happy, german = (EMOTIONS["happy"].instruct[it].rstrip(".") for it in ("english", "german"))
    assert stage.told("instruct") == [
        f"{happy}. slowly",
        f"{SAD.rstrip('.')}. slowly",
        f"{happy}. slowly; out of breath",
        f"{german}. slowly",
    ]
    assert stage.told("language") == ["english", "english", "english", "german"]


def test_every_take_of_a_described_voice_has_the_moods_of_the_text(stage: Stage) -> None:
    heard = stage.perform(
        "voice_design",
        "[pause:1][voice:Vivian]One. (sad) Two.",
        description=DESCRIPTION,
        candidates=2,
    )
    assert stage.told("instruct") == [None, SAD] * 2
    assert f"{STRANGERS} Vivian." in heard.remarks
    assert [candidate.text for candidate in heard.candidates] == ["One. Two."] * 2
    assert silent(heard, 1.0)


def test_a_voice_that_is_designed_first_has_one_mood(stage: Stage) -> None:
    heard = stage.perform(
        "design_then_clone",
        "[voice:Vivian]One. (sad) Two.[pause:1]",
        description=DESCRIPTION,
        sample_text="This is how I sound [pause:2] when I read to you in the evening.",
    )
    assert stage.told("text") == [
        "This is how I sound when I read to you in the evening.",
        "One.",
        "Two.",
    ]
    assert stage.told("instruct") == [None] * 3
    assert {f"{STRANGERS} Vivian.", design_then_clone.ONE_MOOD} <= set(heard.remarks)
    assert not heard.sound[-SAMPLE_RATE:].any()


# --- clones -----------------------------------------------------------------------------------


def kept(room: Rehearsal, name: str, seed: int, *moods: str) -> str:
    """A voice of the library, with a recording for each mood beside its own."""
    clips = [VoiceClip(), *(VoiceClip(file=f"emotion-{it}.wav", emotion=it) for it in moods)]
    voice = Voice.model_validate(
        {"name": name, "kind": "cloned", "created": datetime.now(UTC), "clips": clips}
    )
    sounds = {
        one.file: clip.dumps(recording(seed=seed + number)) for number, one in enumerate(clips)
    }
    return room.library.create(voice, sounds)


def test_a_text_may_call_in_other_voices_of_the_library_and_their_moods(stage: Stage) -> None:
    anna, ben = kept(stage.room, "Anna", 1, "sad"), kept(stage.room, "Ben", 5)
    text = (
        "One. (sad) Two.\n\n[voice:BEN]Three.[/voice] [voice:Ryan]Four.[/voice] "
        "[voice:Nobody]Five.[/voice] [emotion:happy]Six."
    )
    heard = stage.perform("voice_clone", text, voice=anna)
    digests = [prompt.digest for prompt in stage.told("prompt")]
    own, sad, other, *rest = digests
    assert len({own, sad, other}) == 3
    assert rest == [own] * 3
    assert heard.voice.id == anna
    assert f"{voice_clone.STRANGERS} Ryan, Nobody." in heard.remarks
    assert sum("no recording in the mood 'happy'" in remark for remark in heard.remarks) == 1
    stage.perform("voice_clone", "Three.", voice=ben)
    assert [prompt.digest for prompt in stage.told("prompt")] == [other]


def test_a_recording_that_was_sent_has_one_mood(stage: Stage) -> None:
    sent = stage.room.send(recording())
    heard = stage.perform(
        "voice_clone", "One. (sad) Two.\n\n[emotion:hoarse]Three.", reference=sent
    )
    assert voice_clone.ONE_MOOD in heard.remarks
    assert len({prompt.digest for prompt in stage.told("prompt")}) == 1
    assert stage.told("instruct") == [None, None, "hoarse"]
