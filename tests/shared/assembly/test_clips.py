"""Short files of speech."""

import io
import time

import av
import numpy as np
import pytest
import soundfile

from shared.assembly import clips
from shared.audio import ogg, pcm
from shared.audio.formats import COMMENT
from tests.shared.assembly.materials import tone


@pytest.mark.parametrize(("bits", "step"), [(16, 2**-15), (24, 2**-23)])
def test_a_wav_file_is_the_sound_and_says_what_it_is(bits: clips.Bits, step: float):
    sound = 1.2 * tone(0.1, 1.0)
    with soundfile.SoundFile(io.BytesIO(clips.encoded(sound, 48_000, "wav", bits))) as file:
        read = file.read(dtype="float64")
        assert (file.samplerate, file.subtype, file.comment) == (48_000, f"PCM_{bits}", COMMENT)
    assert np.abs(read - sound.clip(-1, 1)).max() <= step


def test_the_samples_are_those_of_every_other_file():
    sound = tone(0.1)
    read, _ = soundfile.read(io.BytesIO(clips.encoded(sound, 24_000)), dtype="int16")
    assert read.tobytes() == pcm.encode(sound)


def test_equal_sounds_make_equal_vorbis_files_which_others_play():
    sound = tone(3.0)
    first = clips.encoded(sound, 44_100, "ogg")
    time.sleep(0.002)
    assert clips.encoded(sound, 44_100, "ogg") == first
    with av.open(io.BytesIO(first), "r") as container:
        count = sum(frame.samples for frame in container.decode(audio=0))
        tags = container.streams.audio[0].metadata | container.metadata
    assert abs(count - len(sound)) < 256
    assert COMMENT in {value for key, value in tags.items() if key.lower() == "comment"}


def test_the_checksum_is_that_of_ogg():
    """As libsndfile, which knows nothing of ours, has written it."""
    sink = io.BytesIO()
    soundfile.write(sink, tone(0.2), 24_000, format="OGG", subtype="VORBIS")
    page = sink.getvalue()[:58]
    written = int.from_bytes(page[22:26], "little")
    assert ogg.checksum(page[:22] + bytes(4) + page[26:]) == written
