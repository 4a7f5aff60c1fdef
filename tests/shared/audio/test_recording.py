import io

import numpy as np
import pytest

from shared.audio.clip import decode
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.recording import frames, transcode
from shared.errors import RecordDamaged
from shared.requests.declared import Format
from tests.shared.audio.sending import encoded, tone

STEREO = np.stack([tone(2.0), np.zeros(2 * SAMPLE_RATE, np.float32)])


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "opus", "aac"])
@pytest.mark.parametrize(("container", "codec"), [("flac", "flac"), ("mp3", "libmp3lame")])
def test_any_format_becomes_any_other_as_long_as_it_was(container: str, codec: str, format: Format):
    source = io.BytesIO(encoded(container, codec, tone(2.0)[None]))
    heard = decode(io.BytesIO(b"".join(transcode(source, format))), 10)
    assert heard.seconds == pytest.approx(2.0, abs=0.12)
    assert heard.samples.std() == pytest.approx(
        tone(2.0).std(), rel=0.15
    )  # with what AAC puts before it


def test_two_channels_stay_two_and_apart():
    source = io.BytesIO(encoded("wav", "pcm_s16le", STEREO))
    made = io.BytesIO(b"".join(transcode(source, "flac")))
    sound = np.concatenate([frame.to_ndarray() for frame in frames(made, "fltp")], axis=1)
    assert sound.shape == (2, 2 * SAMPLE_RATE)
    assert np.abs(sound[0]).max() > 0.1
    assert np.abs(sound[1]).max() == 0


def test_raw_samples_are_mono_at_the_rate_that_all_are():
    source = io.BytesIO(encoded("wav", "pcm_s16le", STEREO.repeat(2, axis=1), 48_000))
    assert len(b"".join(transcode(source, "pcm"))) == pytest.approx(2 * 2 * SAMPLE_RATE, abs=200)


def test_what_is_no_recording_is_told():
    with pytest.raises(RecordDamaged):
        list(transcode(io.BytesIO(b"no sound"), "mp3"))
