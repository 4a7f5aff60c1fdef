"""Takes become files, and leave memory."""

import numpy as np

from shared.audio import clip
from shared.requests.voice_design import VoiceDesign
from tests.worker.rehearsal import Rehearsal
from worker.performing import Audio
from worker.takes import takes

REQUEST = VoiceDesign.parse({"text": "Hi.", "description": "A sailor.", "candidates": 2})


def test_a_take_that_is_finished_is_a_file_and_takes_no_memory(preview: Rehearsal) -> None:
    studio = preview.studio("0b0b0b0b-0000-4000-8000-000000000000")
    take, _ = takes(REQUEST, 7)
    sound = [np.full(2_400, value, np.float32) for value in (0.25, 0.5)]
    list(take.hear(map(Audio, sound)))
    taken = take.finish(REQUEST, studio, "Hi.")
    assert taken.candidate.duration_seconds == 0.2
    assert taken.path.read_bytes() == clip.dumps(np.concatenate(sound))
    assert take.parts == []
