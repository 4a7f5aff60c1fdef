import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from shared.assembly.track import Track
from shared.audio.pcm import Samples
from shared.errors import StoreUnavailable

ROOT = Path(__file__).parents[3]


def ramp(start: int, end: int) -> Samples:
    return np.arange(start, end, dtype=np.float32)


def whole(track: Track) -> Samples:
    return np.concatenate(list(track.blocks()))


def test_a_track_is_what_was_appended(tmp_path: Path):
    with Track(tmp_path / "track", rate=1_000) as track:
        assert track.append(ramp(0, 100_000)) == 0
        track.silence(0.0305)
        assert track.append(ramp(5, 9)) == 100_030
        expected = np.concatenate((ramp(0, 100_000), np.zeros(30, np.float32), ramp(5, 9)))
        assert np.array_equal(whole(track), expected)
        assert (len(track), track.seconds) == (100_034, 100.034)


def test_sound_is_mixed_into_what_is_there_and_beyond(tmp_path: Path):
    with Track(tmp_path / "track") as track:
        track.append(np.ones(4, np.float32))
        track.mix(2, np.ones(4, np.float32), gain=0.5)
        track.mix(8, np.ones(1, np.float32))
        assert whole(track).tolist() == [1, 1, 1.5, 1.5, 0.5, 0.5, 0, 0, 1]


def test_sums_may_pass_full_scale(tmp_path: Path):
    with Track(tmp_path / "track") as track:
        for _ in range(3):
            track.mix(0, np.ones(2, np.float32))
        assert whole(track).tolist() == [3, 3]


def test_mono_sound_fills_both_channels(tmp_path: Path):
    with Track(tmp_path / "track", channels=2) as track:
        track.append(ramp(1, 3))
        track.mix(1, np.array([[1, 0], [0, 1]], np.float32))
        assert whole(track).tolist() == [[1, 1], [3, 2], [0, 1]]


def test_a_part_is_read_and_replaced(tmp_path: Path):
    with Track(tmp_path / "track") as track:
        track.append(ramp(0, 10))
        track.write(3, ramp(50, 53))
        assert track.read(2, 5).tolist() == [2, 50, 51, 52, 6]
        assert track.read(8, 100).tolist() == [8, 9]
        assert np.concatenate(list(track.between(4, 7))).tolist() == [51, 52, 6]


def test_the_file_is_gone_afterwards(tmp_path: Path):
    with Track(tmp_path / "track") as track:
        track.append(ramp(0, 10))
        assert (tmp_path / "track").exists()
    assert list(tmp_path.iterdir()) == []


def test_ten_hours_take_no_memory(tmp_path: Path):
    """Of silence, which takes no room on the disk either."""
    process = psutil.Process()
    with Track(tmp_path / "track") as track:
        before = process.memory_info().rss
        track.silence(36_000)
        track.mix(35_999 * 24_000, ramp(0, 48_000))
        assert sum(len(block) for block in track.between(0, 24_000 * 600)) == 24_000 * 600
        assert process.memory_info().rss - before < 20_000_000
        assert len(track) == 36_001 * 24_000


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_full_disk_is_said(tmp_path: Path):
    program = (
        "import resource, signal, sys; import numpy as np; from pathlib import Path\n"
        "from shared.assembly.track import Track; from shared.errors import StoreUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    with Track(Path(sys.argv[1])) as track: track.append(np.ones(50_000, np.float32))\n"
        "except StoreUnavailable as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "track")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert os.strerror(errno.EFBIG) in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(StoreUnavailable, match="could not be put together"):
        Track(tmp_path / "nowhere" / "track")
