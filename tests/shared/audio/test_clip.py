import io
import struct
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest

from shared.audio import clip, pcm
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import AudioTooLong, RecordDamaged, UnreadableAudio
from tests.shared.audio.hearing import likeness_of
from tests.shared.audio.sending import encoded, silent_hours, tone, with_cover, with_film

FORMATS = {
    "wav": ("wav", "pcm_s16le", "pcm_s16le", 16),
    "wav, 24 bits": ("wav", "pcm_s24le", "pcm_s24le", 24),
    "wav, float": ("wav", "pcm_f32le", "pcm_f32le", 32),
    "wav, 8 bits": ("wav", "pcm_u8", "pcm_u8", 8),
    "wav, telephone": ("wav", "pcm_alaw", "pcm_alaw", 8),
    "w64": ("w64", "pcm_s16le", "pcm_s16le", 16),
    "caf": ("caf", "pcm_s16be", "pcm_s16be", 16),
    "aiff": ("aiff", "pcm_s16be", "pcm_s16be", 16),
    "flac": ("flac", "flac", "flac", None),
    "mp3": ("mp3", "libmp3lame", "mp3", None),
    "opus": ("ogg", "libopus", "opus", None),
    "aac": ("adts", "aac", "aac", None),
    "m4a": ("ipod", "aac", "aac", None),
    "m4a, lossless": ("ipod", "alac", "alac", None),
    "webm": ("webm", "libopus", "opus", None),
}
STOPS_EARLY = ["wav", "flac", "mp3", "opus", "aac", "webm"]
"""Formats of which the beginning can be played."""


def decode(data: bytes, longest: float = 60.0) -> clip.Clip:
    return clip.decode(io.BytesIO(data), longest)


def refusal(data: bytes, longest: float = 60.0) -> UnreadableAudio:
    with pytest.raises(UnreadableAudio) as caught:
        decode(data, longest)
    assert caught.value.param == "audio"
    return caught.value


def sent(name: str, seconds: float = 1.0, rate: int = 48_000, channels: int = 1) -> bytes:
    container, codec, *_ = FORMATS[name]
    return encoded(container, codec, np.stack([tone(seconds, rate)] * channels), rate)


# --- what is taken ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_ordinary_files_are_heard_as_they_sound(name: str, channels: int):
    heard = decode(sent(name, channels=channels))
    *_, codec, bits = FORMATS[name]
    assert (heard.rate, heard.channels, heard.codec, heard.bits) == (48_000, channels, codec, bits)
    assert not heard.differs
    assert heard.seconds == pytest.approx(1.0, abs=0.06)
    assert likeness_of(heard.samples, tone(1.0)) > 0.98


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000])
def test_every_rate_is_brought_to_24_khz(rate: int):
    heard = decode(sent("flac", rate=rate))
    assert heard.rate == rate
    assert np.abs(heard.samples - tone(1.0))[100:-100].max() < 1e-3


def test_samples_of_24_khz_stay_the_very_same():
    data = pcm.encode(tone(1.0))
    assert pcm.encode(decode(encoded("wav", "pcm_s16le", tone(1.0)[None])).samples) == data


def test_two_channels_that_differ_are_mixed_and_it_is_said():
    left, right = tone(1.0), np.zeros(SAMPLE_RATE, np.float32)
    heard = decode(encoded("wav", "pcm_f32le", np.stack([left, right])))
    assert heard.differs
    assert np.allclose(heard.samples, left / 2, atol=1e-6)


def test_what_exceeds_full_scale_is_cut_to_it():
    heard = decode(encoded("wav", "pcm_f32le", np.full((1, SAMPLE_RATE), 1e30, np.float32)))
    assert heard.samples.max() == 1.0


@pytest.mark.parametrize("name", STOPS_EARLY)
def test_a_recording_that_was_cut_off_is_heard_as_far_as_it_goes(name: str):
    data = sent(name, seconds=4.0)
    assert 1.0 < decode(data[: len(data) // 2 + 3]).seconds < 3.0


def test_the_cover_of_a_record_is_no_film():
    assert decode(with_cover(sent("mp3"))).codec == "mp3"


def test_tags_in_another_encoding_are_not_minded():
    data = b"ID3\x03\x00\x00\x00\x00\x00\x0fTIT2\x00\x00\x00\x05\x00\x00\x03\xff\xfe\xfd\xfc"
    assert decode(data + sent("mp3")).codec == "mp3"


def test_a_file_without_a_name_is_read_from_its_beginning():
    with tempfile.TemporaryFile() as file:
        file.write(sent("wav"))
        assert clip.decode(file, 60).seconds == pytest.approx(1.0)


def test_what_a_codec_adds_at_the_end_is_not_held_against_the_sender():
    assert decode(sent("m4a", seconds=2.0), longest=2.0).seconds == 2.0


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"Dear reader,\nthis is a letter.\n" * 99, b"RIFF\xff\xff\xff\xffWAVE", bytes(9_999)],
    ids=["empty", "text", "header alone", "zeros"],
)
def test_what_is_no_sound_is_refused(content: bytes):
    assert "no sound" in refusal(content).message


def test_a_header_without_a_sample_is_refused():
    assert "no sound" in refusal(encoded("wav", "pcm_s16le", tone(1.0)[None])[:44]).message


def test_a_film_is_refused():
    assert "film" in refusal(with_film(tone(0.5))).message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("codec", ["pcm_f32le", "pcm_f64le"])
def test_samples_that_are_no_numbers_are_refused(codec: str, value: float):
    samples = tone(1.0)
    samples[20_000] = value
    assert "not numbers" in refusal(encoded("wav", codec, samples[None])).message


@pytest.mark.parametrize("name", ["flac", "opus", "mp3", "m4a", "aac"])
def test_damage_in_the_middle_is_refused(name: str):
    data = bytearray(sent(name, seconds=4.0))
    middle = len(data) // 2
    data[middle : middle + 3_000] = np.random.default_rng(1).bytes(3_000)
    assert refusal(bytes(data)).code == "unreadable_audio"


def test_more_than_two_channels_are_refused():
    data = bytearray(sent("wav"))
    data[22:24] = struct.pack("<H", 6)
    data[32:34] = struct.pack("<H", 12)
    assert "6 channels" in refusal(bytes(data)).message


@pytest.mark.parametrize("rate", [11, 2_000_000_000])
def test_a_rate_that_no_recorder_has_is_refused(rate: int):
    data = bytearray(sent("wav"))
    data[24:28] = struct.pack("<I", rate)
    assert "sample rate" in refusal(bytes(data), longest=1e9).message


def test_a_codec_that_is_not_taken_is_refused():
    assert "codec" in refusal(encoded("mov", "ac3", tone(1.0, 48_000)[None], 48_000)).message


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile voice.wav\n",
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nvoice.wav\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT4S" profiles="urn:mpeg:dash:profile:full:2011"><Period>'
        '<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1000"><BaseURL>'
        "voice.wav</BaseURL></Representation></AdaptationSet></Period></MPD>",
    ],
    ids=["concat", "hls", "sdp", "dash"],
)
def test_a_playlist_opens_no_other_file(
    playlist: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "voice.wav").write_bytes(sent("wav"))
    monkeypatch.chdir(tmp_path)
    assert "no sound" in refusal(playlist.encode()).message


def test_left_alone_ffmpeg_would_have_opened_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the test above rests on."""
    (tmp_path / "voice.wav").write_bytes(sent("wav"))
    monkeypatch.chdir(tmp_path)
    with av.open(io.BytesIO(b"ffconcat version 1.0\nfile voice.wav\n"), "r") as playlist:
        assert next(playlist.decode(audio=0)).samples


# --- what lasts too long ---------------------------------------------------------------------


class Watched(io.BytesIO):
    """A file that knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize(
    ("container", "codec", "rate"), [("flac", "flac", 4_000), ("adts", "aac", 8_000)]
)
def test_ten_silent_hours_are_read_only_as_far_as_is_taken(container: str, codec: str, rate: int):
    file = Watched(silent_hours(container, codec, 10, rate))
    with pytest.raises(AudioTooLong, match="60 seconds") as caught:
        clip.decode(file, 60, "reference")
    assert caught.value.param == "reference"
    assert file.taken < 0.1 * len(file.getvalue())


def flac_that_claims(seconds: int, lasting: float) -> bytes:
    """Its header holds the number of samples in the last 36 bits of 8 bytes."""
    data = bytearray(encoded("flac", "flac", tone(lasting)[None]))
    (packed,) = struct.unpack_from(">Q", data, 18)
    struct.pack_into(">Q", data, 18, packed >> 36 << 36 | seconds * SAMPLE_RATE)
    return bytes(data)


def test_a_header_that_claims_less_does_not_get_more_in():
    with pytest.raises(AudioTooLong):
        decode(flac_that_claims(1, lasting=4.0), longest=3)


def test_a_header_that_claims_more_is_not_believed():
    assert decode(flac_that_claims(36_000, lasting=2.0), longest=3).seconds == 2.0


def test_the_longest_itself_is_taken():
    assert decode(sent("flac", seconds=3.0, rate=44_100), longest=3.0).seconds == 3.0


# --- the form in which it is kept ------------------------------------------------------------


def test_the_canonical_form_comes_back():
    samples = pcm.decode(pcm.encode(tone(1.0)))
    assert np.array_equal(clip.loads(clip.dumps(samples)), samples)


def test_any_player_reads_the_canonical_form():
    heard = decode(clip.dumps(tone(1.0)))
    assert (heard.codec, heard.rate, heard.channels) == ("pcm_s16le", SAMPLE_RATE, 1)
    assert pcm.encode(heard.samples) == pcm.encode(tone(1.0))


def test_the_canonical_form_has_only_what_the_samples_say():
    data = clip.dumps(tone(1.0))
    assert len(data) == 44 + 2 * SAMPLE_RATE
    assert data == clip.dumps(tone(1.0))


@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:-1], lambda data: data[:20], lambda data: data + b"\0\0", lambda _: b""],
    ids=["half a sample", "half a header", "longer", "empty"],
)
def test_what_was_not_written_so_is_damaged(harm):
    with pytest.raises(RecordDamaged):
        clip.loads(harm(clip.dumps(tone(0.1))))


def test_a_wav_of_another_rate_is_not_canonical():
    with pytest.raises(RecordDamaged):
        clip.loads(encoded("wav", "pcm_s16le", tone(0.1)[None], 48_000))
