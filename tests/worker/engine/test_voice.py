"""Voice prompts: made once, kept as a file, and understood by the checkpoint that made them."""

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from shared.audio.codes import Codes
from shared.audio.pcm import Samples
from shared.errors import CheckpointUnfit, InvalidRequest, NothingToSay, RecordDamaged
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.qwen3.test_speaker import encoder as speaker_encoder
from tests.worker.engine.speech import FRAME, carry_on, recording
from worker.engine import voice
from worker.engine.reference import Reference
from worker.engine.stock import StockModel
from worker.engine.voice import VoicePrompt

WORDS = "The old lamp is lit again."
Make = Callable[..., VoicePrompt]


class Listening:
    """The package's encoder, as the codec's."""

    def __init__(self, model: StockModel) -> None:
        self._model = model

    def encode(self, samples: Samples) -> Tensor:
        return torch.from_numpy(self._model.encode(samples, carry_on).astype(np.int64))


@pytest.fixture
def make(tiny: Tiny, loaded: Loaded) -> Make:
    """Makes a prompt of a tiny Base checkpoint from a transcript and a recording."""

    def made(
        transcript: str | None = WORDS,
        samples: Samples | None = None,
        codes: Codes | None = None,
    ) -> VoicePrompt:
        return voice.make(
            Reference(recording() if samples is None else samples, transcript, codes),
            Listening(loaded("base")),
            speaker_encoder(tiny("base")),
            checkpoint="tiny",
            revision="r1",
        )

    return made


def warmed(prompt: VoicePrompt) -> VoicePrompt:
    """With a state of rows of one buffer, as the codec has them."""
    buffer = torch.arange(12.0).view(2, 6)
    state = {"history": buffer[0], "keys": buffer[1], "frames": torch.tensor(44)}
    return dataclasses.replace(prompt, warmed=state)


def test_without_a_transcript_only_the_sound_is_taken(make: Make, tiny: Tiny):
    prompt = make(None)
    assert prompt.mode == "speaker_only"
    assert torch.equal(prompt.x_vector, speaker_encoder(tiny("base")).embed(recording()))
    assert (prompt.codes, prompt.transcript) == (None, None)


def test_in_context_the_reference_ends_in_half_a_second_of_silence(make: Make, loaded: Loaded):
    prompt = make()
    silent = np.concatenate([recording(), np.zeros(12_000, np.float32)])
    assert prompt.mode == "in_context"
    assert prompt.codes is not None
    assert np.array_equal(prompt.codes.numpy(), loaded("base").encode(silent, carry_on))
    assert prompt.codes.shape == (44, 16)
    assert prompt.transcript == WORDS


def coded(frames: int) -> Codes:
    return np.random.default_rng(0).integers(2048, size=(frames, 16), dtype=np.uint16)


def test_codes_that_came_first_are_the_context_and_are_followed_by_the_rest(make: Make):
    known = coded(38)
    samples = recording(38 * FRAME / 24_000)
    prompt, heard = make(WORDS, samples, known), make(WORDS, samples)
    assert prompt.codes is not None
    assert heard.codes is not None
    assert np.array_equal(prompt.codes[:38].numpy(), known)
    assert torch.equal(prompt.codes[38:], heard.codes[38:])
    assert len(prompt.codes) == 38 + 7
    assert torch.equal(prompt.x_vector, heard.x_vector)


@pytest.mark.parametrize(
    "codes",
    [coded(37), coded(39), coded(38)[:, :15], np.full((38, 16), 2048, np.uint16)],
    ids=["too few", "too many", "15 codebooks", "out of range"],
)
def test_codes_of_another_recording_are_refused(make: Make, codes: Codes):
    with pytest.raises(InvalidRequest) as caught:
        make(WORDS, recording(), codes)
    assert caught.value.param == "codes"


def test_a_voice_alone_is_what_is_made_without_a_transcript(make: Make):
    alone = warmed(make()).alone()
    assert (alone.mode, alone.warmed) == ("speaker_only", None)
    assert alone.digest == make(None).digest


def test_the_silence_is_no_part_of_the_voice(make: Make):
    assert torch.equal(make().x_vector, make(None).x_vector)


def test_an_empty_transcript_is_refused(make: Make):
    with pytest.raises(NothingToSay):
        make(" ")


def test_the_digest_tells_prompts_apart(make: Make):
    prompt = make()
    changes: list[dict[str, Any]] = [
        {"checkpoint": "other"},
        {"revision": "r2"},
        {"transcript": "Other words."},
        {"x_vector": prompt.x_vector + 1},
        {"codes": prompt.codes.flip(0) if prompt.codes is not None else None},
        {"codes": None, "transcript": None},
    ]
    digests = {dataclasses.replace(prompt, **change).digest for change in changes}
    assert len({*digests, prompt.digest}) == 7
    assert prompt.digest == make().digest


def test_warming_changes_no_digest(make: Make):
    assert warmed(make()).digest == make().digest


def test_it_knows_how_much_memory_it_holds(make: Make):
    assert make(None).nbytes == 64 * 4
    assert make().nbytes == 64 * 4 + 44 * 16 * 8
    assert warmed(make()).nbytes == make().nbytes + 12 * 4 + 8


@pytest.mark.parametrize("transcript", [None, WORDS, "«Ünï» 漢字 \"'\n"])
def test_a_file_gives_back_what_was_saved(make: Make, transcript: str | None):
    prompt = make(transcript)
    again = VoicePrompt.loads(prompt.dumps())
    assert (again.mode, again.transcript) == (prompt.mode, transcript)
    assert again.digest == prompt.digest
    assert torch.equal(again.x_vector, prompt.x_vector)
    if prompt.codes is not None and again.codes is not None:
        assert torch.equal(again.codes, prompt.codes)


def test_a_file_keeps_the_warmed_state(make: Make):
    prompt = warmed(make())
    state = VoicePrompt.loads(prompt.dumps()).warmed
    assert state is not None
    assert prompt.warmed is not None
    assert state.keys() == prompt.warmed.keys()
    assert all(torch.equal(state[name], prompt.warmed[name]) for name in state)


@pytest.mark.parametrize("place", [4, 40, -1, -3_000, -6_000])
def test_a_changed_byte_is_damage(make: Make, place: int):
    data = bytearray(warmed(make()).dumps())
    data[place] ^= 1
    with pytest.raises(RecordDamaged, match="old sailor"):
        VoicePrompt.loads(bytes(data), "old sailor")


@pytest.mark.parametrize("length", [0, 7, 100, -1])
def test_a_file_cut_short_is_damage(make: Make, length: int):
    with pytest.raises(RecordDamaged):
        VoicePrompt.loads(make().dumps()[:length])


def test_another_safetensors_file_is_refused():
    vector = {"x_vector": torch.zeros(64)}
    with pytest.raises(RecordDamaged, match=r"model\.safetensors.*'pt'"):
        VoicePrompt.loads(save(vector, {"format": "pt"}), "model.safetensors")
    with pytest.raises(RecordDamaged):
        VoicePrompt.loads(save(vector))


def test_a_pickle_is_refused(make: Make):
    file = io.BytesIO()
    torch.save({"x_vector": make().x_vector}, file)
    with pytest.raises(RecordDamaged):
        VoicePrompt.loads(file.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        {"codes": torch.full((4, 16), 2048)},
        {"codes": torch.full((4, 16), -1)},
        {"codes": torch.zeros(4, 15, dtype=torch.int64)},
        {"codes": torch.zeros(0, 16, dtype=torch.int64)},
        {"codes": torch.zeros(4, 16)},
        {"codes": None},
        {"transcript": None},
        {"transcript": ""},
        {"x_vector": torch.full((64,), torch.nan)},
        {"x_vector": torch.zeros(1, 64)},
        {"x_vector": torch.zeros(64, dtype=torch.bfloat16)},
    ],
)
def test_no_prompt_holds_what_would_break_a_gpu(make: Make, change: dict[str, Any]):
    with pytest.raises(ValueError, match=r"code|vector"):
        dataclasses.replace(make(), **change)


def test_the_checkpoint_that_made_it_understands_it(make: Make):
    make().require("tiny", "r1", 64)


@pytest.mark.parametrize(
    "other", [("large", "r1", 64), ("tiny", "r2", 64), ("tiny", "r1", 2048), ("large", "r1", 2048)]
)
def test_another_checkpoint_does_not(make: Make, other: tuple[str, str, int]):
    with pytest.raises(CheckpointUnfit, match=r"'tiny' at 'r1' \(64") as caught:
        make().require(*other)
    assert "from its reference again" in str(caught.value.next_step)


def of(*numbers: float) -> VoicePrompt:
    return VoicePrompt("tiny", "r1", torch.tensor(numbers, dtype=torch.float32))


def test_a_mix_lies_between_its_voices_and_is_as_long_as_they_are():
    mixed = voice.mix([of(3, 0), of(0, 1)], [1, 1])
    assert torch.allclose(mixed.x_vector, 2 * torch.tensor([3.0, 1.0]) / 10**0.5)
    assert (mixed.checkpoint, mixed.revision, mixed.mode) == ("tiny", "r1", "speaker_only")


def test_weights_count_by_their_share():
    voices = [of(3, 0), of(0, 1), of(1, 1)]
    assert voice.mix(voices, [2, 4, 0]).digest == voice.mix(voices[:2], [0.5, 1]).digest
    assert voice.mix(voices, [0, 7, 0]).digest == of(0, 1).digest


def test_a_mix_of_a_voice_with_itself_is_that_voice(make: Make):
    mixed = voice.mix([make(), make(None)], [0.3, 0.7])
    assert torch.allclose(mixed.x_vector, make().x_vector)


@pytest.mark.parametrize("weights", [[], [1], [1, 1, 1], [1, -1], [0, 0], [1, float("nan")]])
def test_weights_that_mean_nothing_are_refused(weights: list[float]):
    with pytest.raises(InvalidRequest) as caught:
        voice.mix([of(3, 0), of(0, 1)], weights)
    assert caught.value.param == "mix"


def test_voices_that_cancel_each_other_out_are_refused():
    with pytest.raises(InvalidRequest, match="Nothing is left"):
        voice.mix([of(1, 2), of(-1, -2)], [1, 1])


@pytest.mark.parametrize(
    ("other", "cosine"), [([2.0, 0.0], 1.0), ([0.0, 5.0], 0.0), ([-1.0, 0.0], -1.0)]
)
def test_likeness_is_a_cosine(other: list[float], cosine: float):
    assert voice.likeness(torch.tensor([3.0, 0.0]), torch.tensor(other)) == cosine


def test_likeness_never_leaves_its_bounds():
    vectors = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    assert all(voice.likeness(vector, vector * 0.1) <= 1 for vector in vectors)
