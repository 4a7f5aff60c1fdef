import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from shared.audio import file, pcm
from shared.audio.encode import encoder
from shared.audio.file import Facts
from shared.audio.formats import COMMENT, FORMATS
from shared.errors import StoreUnavailable, UnreadableAudio
from shared.requests.declared import Format
from tests.shared.audio.hearing import hear, likeness

CONTAINERS = [name for name, spec in FORMATS.items() if spec.container]
LOSSY: list[Format] = ["mp3", "opus", "aac"]


def written(folder: Path, format: Format, data: bytes, title: str | None = None) -> Path:
    target = folder / f"audio{FORMATS[format].extension}"
    file.write(io.BytesIO(data), target, format, title=title)
    return target


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_lossless_files_hold_the_very_samples(format: Format, tmp_path: Path, voice: bytes):
    target = written(tmp_path, format, voice)
    assert pcm.encode(hear(target.read_bytes()).samples) == voice
    assert soundfile.read(target, dtype="int16")[0].tobytes() == voice


def test_wav_files_have_exact_sizes(tmp_path: Path, voice: bytes):
    data = written(tmp_path, "wav", voice).read_bytes()
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    chunk = data.index(b"data")
    assert int.from_bytes(data[chunk + 4 : chunk + 8], "little") == len(voice)
    assert data[chunk + 8 :] == voice


def test_flac_files_carry_length_and_checksum(tmp_path: Path, voice: bytes):
    data = written(tmp_path, "flac", voice).read_bytes()
    assert soundfile.info(io.BytesIO(data)).frames == len(voice) // 2
    assert data[26:42] != bytes(16)


@pytest.mark.parametrize("format", LOSSY)
def test_lossy_files_sound_like_what_was_said(format: Format, tmp_path: Path, voice: bytes):
    assert likeness(hear(written(tmp_path, format, voice).read_bytes()), voice) > 0.98


def test_mp3_files_play_exactly_as_long_as_was_said(tmp_path: Path, voice: bytes):
    data = written(tmp_path, "mp3", voice).read_bytes()
    assert b"Info" in data or b"Xing" in data
    assert hear(data).samples.size == len(voice) // 2


def test_pcm_files_are_the_samples(tmp_path: Path, voice: bytes):
    assert written(tmp_path, "pcm", voice).read_bytes() == voice


@pytest.mark.parametrize("format", CONTAINERS)
def test_every_file_has_title_and_says_that_it_is_ai_generated(
    format: Format, tmp_path: Path, voice: bytes
):
    tags = hear(written(tmp_path, format, voice, "Die Hüterin 灯台").read_bytes()).tags
    assert tags["title"] == "Die Hüterin 灯台"
    assert tags["comment"] == COMMENT


@pytest.mark.parametrize("format", FORMATS)
def test_equal_audio_makes_equal_files(format: Format, tmp_path: Path, voice: bytes):
    first = written(tmp_path, format, voice, "One").read_bytes()
    assert written(tmp_path, format, voice, "One").read_bytes() == first


@pytest.mark.parametrize("format", FORMATS)
def test_a_path_is_read_like_an_open_file(format: Format, tmp_path: Path, voice: bytes):
    master = tmp_path / "master"
    master.write_bytes(voice)
    target = tmp_path / "from-path"
    file.write(master, target, format)
    assert target.read_bytes() == written(tmp_path, format, voice).read_bytes()


@pytest.mark.parametrize("format", CONTAINERS)
def test_the_duration_of_a_file_is_that_of_the_audio(format: Format, tmp_path: Path, voice: bytes):
    facts = file.probe(written(tmp_path, format, voice))
    assert facts.duration == pytest.approx(3.0, abs=0.1 if format == "aac" else 1e-6)
    assert facts.rate == (48_000 if format == "opus" else pcm.SAMPLE_RATE)
    assert facts.channels == 1


@pytest.mark.parametrize("format", CONTAINERS)
def test_a_saved_stream_can_be_probed(format: Format, tmp_path: Path, voice: bytes):
    encoding = encoder(format)
    saved = tmp_path / "saved"
    saved.write_bytes(encoding.feed(voice) + encoding.finish())
    assert file.probe(saved).duration == pytest.approx(3.0, abs=0.1)


def test_a_stereo_recording_is_probed(tmp_path: Path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.zeros((44_100, 2), np.float32), 44_100)
    assert file.probe(path) == Facts(1.0, 44_100, 2)


@pytest.mark.parametrize("content", [b"", b"not audio at all", b"RIFF\xff\xff\xff\xffWAVE"])
def test_what_is_no_audio_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(UnreadableAudio):
        file.probe(path)


def test_a_file_that_cannot_be_made_is_said_to_be_so(tmp_path: Path, voice: bytes):
    with pytest.raises(StoreUnavailable, match=r"audio\.wav could not be written"):
        written(tmp_path / "missing", "wav", voice)


FULL_DISK = """
import io, resource, signal, sys
from pathlib import Path
from shared.audio import file
from shared.errors import StoreUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
for format in sys.argv[2].split(","):
    try:
        file.write(io.BytesIO(b"\\0\\1\\7\\3" * 2_000_000), Path(sys.argv[1]) / format, format)
    except StoreUnavailable as error:
        print(format, error.message)
"""


def test_a_full_disk_is_reported_and_leaves_nothing_behind(tmp_path: Path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path), ",".join(FORMATS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.splitlines() == [
        f"{name} {name} could not be written: File too large." for name in FORMATS
    ]
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_failed_write_leaves_the_old_file(format: Format, tmp_path: Path, voice: bytes):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 60_000:
                raise OSError(5, os.strerror(5))
            return super().read(size)

    target = tmp_path / "audio"
    target.write_bytes(b"old")
    with pytest.raises(StoreUnavailable):
        file.write(Broken(voice), target, format)
    assert [path.name for path in tmp_path.iterdir()] == ["audio"]
    assert target.read_bytes() == b"old"


class Hours(io.BytesIO):
    """As many zeros as asked for, without a disk; notes the memory in use while it is read."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size
        self.memory: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.memory.append(psutil.Process().memory_info().rss)
        block = min(size or 0, self.left)
        self.left -= block
        return bytes(block)


def test_an_hour_is_written_in_little_memory(tmp_path: Path):
    target = tmp_path / "hour.flac"
    hour = Hours(3600 * 48_000)
    file.write(hour, target, "flac")
    assert file.probe(target).duration == 3600
    assert max(hour.memory) - hour.memory[0] < 20_000_000
