"""What was read and spoken, counted while it is put in order."""

import numpy as np

from shared.text.passages import Passage
from shared.text.sentences import Boundary
from worker.engine.protocol import Frames
from worker.performing import Ended
from worker.speaking import Progress, in_order, read


def test_the_end_of_an_utterance_counts_its_tokens_and_frames_without_the_pause():
    batch = (
        Frames(0, np.zeros(1_920, np.float32)),
        Frames(0, np.zeros(100, np.float32), "stop", tokens=4),
    )
    passage = Passage("One.", "One.", 0, 4, 0.5, Boundary.PARAGRAPH)
    rows = in_order(frames for frames in batch)
    pieces = list(read(rows, [passage], Progress([0.5], lambda _: None), language="english"))
    assert [piece for piece in pieces if isinstance(piece, Ended)] == [Ended("stop", 4, 2)]
