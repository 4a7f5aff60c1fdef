"""The tasks of voices with the engine that is the package itself."""

import numpy as np
import pytest

from shared.audio import codes
from tests.worker.engine.speech import recording
from tests.worker.rehearsal import Rehearsal

REQUEST = {"text": "Hi there.", "language": "english"}

pytestmark = pytest.mark.slow


def test_every_task_of_voices_speaks(stock: Rehearsal) -> None:
    designed = stock.perform(
        "voice_design", REQUEST | {"description": "A sailor.", "candidates": 2}
    )
    assert set(designed.files) == {"candidate-1.wav", "candidate-2.wav"}
    assert designed.engines == ["voice_design"]
    cloned = stock.perform("voice_clone", REQUEST | {"reference": stock.send(recording())})
    assert len(cloned.sound)
    assert cloned.voice.mode == "speaker_only"
    encoded = stock.perform("codec_encode", {"audio": stock.send(recording(1.0), "audio")})
    tokens = codes.loads(encoded.files["codes.npz"], 60)
    decoded = stock.perform("codec_decode", {"codes": stock.send_tokens(tokens)})
    assert np.array_equal(encoded.sound, decoded.sound)
    assert decoded.engines == ["base"]
