import numpy as np
import pytest
import torch

from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import CheckpointDamaged, UnreadableAudio
from tests.worker.engine.qwen3.codec.conftest import Codec, Made
from tests.worker.engine.qwen3.hearing import StopHere, Stopping
from tests.worker.engine.speech import carry_on
from worker.engine import package
from worker.engine.qwen3.codec.encoder import Encoder


def rustle(seconds: float) -> Samples:
    noise = np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE))
    return (0.1 * noise).astype(np.float32)


def listening(codec: Codec, **options: int) -> Encoder:
    return Encoder(codec.path, "tiny", codec.config, "cpu", **options)


@pytest.mark.parametrize("seconds", [0.01, 0.8, 3.21])
def test_codes_are_those_of_the_package(codec: Codec, seconds: float):
    sound = rustle(seconds)
    tokenizer = package.tokenizer.Qwen3TTSTokenizer.from_pretrained(str(codec.folder))
    expected = tokenizer.encode(sound, sr=SAMPLE_RATE).audio_codes[0]
    codes = listening(codec).encode(sound)
    assert codes.shape[0] == int(np.ceil(sound.size / 1920))
    assert torch.equal(codes, expected)


def test_long_sound_is_encoded_piece_by_piece_with_exact_joints(codec: Codec):
    """Codes stand for the nearest entry, so equal but for ties: their input is compared."""
    sound = torch.from_numpy(rustle(30.05))[None, None]
    cut, at_once = listening(codec, piece=50), listening(codec)
    with torch.inference_mode():
        steps = [
            encoder._transform(encoder._convolve(sound, carry_on), carry_on)
            for encoder in (cut, at_once)
        ]
    assert steps[0].shape == steps[1].shape
    assert torch.allclose(steps[0], steps[1], rtol=1e-4, atol=1e-4 * steps[1].std().item())
    agreement = (cut.encode(sound[0, 0].numpy()) == at_once.encode(sound[0, 0].numpy())).float()
    assert agreement.mean() > 0.99


def test_a_watch_is_asked_before_each_piece_and_can_stop_it(codec: Codec):
    watch = Stopping()
    listening(codec, piece=25).encode(rustle(3.0), watch)
    assert watch.calls > 6
    with pytest.raises(StopHere):
        listening(codec, piece=25).encode(rustle(3.0), Stopping(2))


def test_codes_of_a_sound_can_be_decoded(codec: Codec, decoder: Made):
    codes = listening(codec).encode(rustle(1.0))
    assert codes.shape == (13, 16)
    ours = decoder(torch.float32)
    sound = ours.decode(codes.T[None], ours.state(1))
    assert sound.shape == (1, 13 * 1920)
    assert sound.isfinite().all()


def test_no_sound_is_refused(codec: Codec):
    with pytest.raises(UnreadableAudio, match="no sound"):
        listening(codec).encode(rustle(0))


def test_a_checkpoint_without_an_encoder_is_damaged(codec: Codec, tmp_path: object):
    config = codec.config
    config["encoder_config"]["num_filters"] *= 2
    with pytest.raises(CheckpointDamaged, match="shape"):
        Encoder(codec.path, "tiny", config, "cpu").encode(rustle(0.1))
