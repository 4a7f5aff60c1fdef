"""The codec decodes as shipped where there is room, and in short pieces on small cards."""

import numpy as np
import torch

from tests.worker.engine.conftest import Tiny
from worker.engine import manifest, package
from worker.engine.precision import Card, choose
from worker.engine.stock.loading import load, piece_frames

CPU = torch.device("cpu")
SMALL = Card("NVIDIA GeForce GTX 1660 Ti", (7, 5), 6 * 2**30)
LARGE = Card("NVIDIA H200", (9, 0), 140 * 2**30)


def test_a_small_card_decodes_in_short_pieces():
    assert piece_frames(SMALL) < piece_frames(LARGE) == piece_frames(None) == 300


def test_speech_of_one_piece_is_decoded_as_the_package_does(tiny: Tiny):
    found = manifest.read("tiny", tiny())
    ours = load(found, CPU, choose("fp32", None, "1b7"), None, lambda _: None)
    theirs = package.tokenizer.Qwen3TTSTokenizer.from_pretrained(str(found.codec))
    codes = [{"audio_codes": torch.randint(2048, (280, 16))}]
    assert np.array_equal(
        ours.model.speech_tokenizer.decode(codes)[0][0], theirs.decode(codes)[0][0]
    )


def test_a_longer_one_is_joined_without_a_gap(tiny: Tiny):
    found = manifest.read("tiny", tiny())
    tts = load(found, CPU, choose("fp32", None, "1b7"), SMALL, lambda _: None)
    codes = [{"audio_codes": torch.randint(2048, (330, 16))}]
    (audio,), _ = tts.model.speech_tokenizer.decode(codes)
    assert audio.shape == (330 * 1920,)
