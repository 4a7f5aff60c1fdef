"""Narrations are assembled from takes, and what comes out is read by others."""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
import soundfile

from shared.assembly.assembling import Assembled, Materials, Sound, assemble
from shared.audio import flac, pcm, seams
from shared.audio.formats import COMMENT
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.plans.plan import Chapter, Line, Plan
from shared.requests.narration import Narration
from shared.requests.role import Role

PAUSES = {1: 0.6, 2: 0.25, 3: 2.0, 4: 0.1, 5: 0.0}


@pytest.fixture
def takes(tmp_path: Path) -> list[Samples]:
    """Five lines of different lengths with silence around them, as an engine makes them."""
    random = np.random.default_rng(5)
    made: list[Samples] = []
    for number in range(1, 6):
        times = np.arange(round((0.6 + 0.1 * number) * SAMPLE_RATE)) / SAMPLE_RATE
        wave = sum(np.sin(2 * np.pi * 110 * k * times) / k for k in range(1, 20))
        sound = 0.05 * wave * (1.2 + np.sin(2 * np.pi * 4 * times))
        sound += random.normal(0, 0.003, len(times))
        made.append(np.concatenate((pcm.silence(0.2), sound, pcm.silence(0.3))).astype(np.float32))
    return made


def plan(**fields: Any) -> Plan:
    lines = [
        Line(
            number=number,
            text=f"Line {number}.",
            said=f"Line {number}.",
            role=Role(voice="ryan", speed=1.25 if number == 2 else 1.0),
            language="english",
            seed=1,
            seconds=1.0,
            pause_after=pause,
            chapter=1 if number < 4 else 2,
        )
        for number, pause in PAUSES.items()
    ]
    chapters = [Chapter(number=1, title="Der Lärm"), Chapter(number=2, title="二")]
    shape: dict[str, Any] = {"title": "Lighthouse", "author": "N. N.", "chapters": chapters}
    return Plan(task="narration", language="english", lines=lines, **{**shape, **fields})


def picture() -> bytes:
    """A PNG of 2 by 2 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(2 * (b"\0" + 2 * b"\xff\0\0"))
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def made(
    folder: Path,
    takes: list[Samples],
    *,
    leave_out: tuple[int, ...] = (),
    book: Plan | None = None,
    cover: bytes | None = None,
    **fields: Any,
) -> Assembled:
    book = book or plan()
    target = folder / "made"
    target.mkdir()
    sounds: dict[int, Sound] = {}
    for line, samples in zip(book.lines, takes, strict=True):
        if line.number not in leave_out:
            path = folder / f"line-{line.number}.flac"
            path.write_bytes(flac.dumps(samples))
            sounds[line.number] = Sound(path, line.text, line.role.speed)
    request = Narration.parse({"text": "…", **fields})
    return assemble(Materials(request, book, sounds, target, "run", cover))


def heard(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    return cast(Samples, samples)


def named(assembled: Assembled) -> dict[str, Path]:
    return {path.name: path for path in assembled.files}


def test_lines_stand_one_after_the_other_with_their_pauses(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, loudness="off")
    dressed = [
        seams.dress(flac.loads(flac.dumps(take)), 1.25 if number == 2 else 1.0)
        for number, take in enumerate(takes, 1)
    ]
    expected: list[Samples] = []
    for line, pause in zip(dressed, PAUSES.values(), strict=True):
        expected += [line, pcm.silence(pause)]
    whole = np.concatenate(expected)
    audio = heard(named(assembled)["audio.wav"])
    assert np.array_equal(audio, pcm.decode(pcm.encode(whole)))
    assert (assembled.samples, assembled.sample_rate) == (len(whole), SAMPLE_RATE)
    for placed, line in zip(assembled.placed, dressed, strict=True):
        start, end = round(placed.start * SAMPLE_RATE), round(placed.end * SAMPLE_RATE)
        assert np.array_equal(audio[start:end], pcm.decode(pcm.encode(line)))


@pytest.mark.parametrize("loudness", ["audiobook", "podcast"])
def test_no_step_at_a_seam_is_larger_than_inside_the_lines(
    loudness: str, tmp_path: Path, takes: list[Samples]
):
    assembled = made(tmp_path, takes, loudness=loudness, pauses={"comma": 0.0})
    steps = np.abs(np.diff(heard(named(assembled)["audio.wav"])))
    inside, around = 0.0, 0.0
    for placed in assembled.placed:
        start, end = round(placed.start * SAMPLE_RATE), round(placed.end * SAMPLE_RATE)
        inside = max(inside, steps[start + 240 : end - 240].max())
        around = max(around, *(steps[max(0, at - 240) : at + 240].max() for at in (start, end)))
    assert around <= inside


def test_a_line_that_failed_is_absent(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, leave_out=(2,), loudness="off")
    assert [it.number for it in assembled.placed] == [1, 3, 4, 5]
    gap = assembled.placed[1].start - assembled.placed[0].end
    assert gap == pytest.approx(PAUSES[1], abs=1e-4)


def test_the_opening_silence_goes_before(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, book=plan(opening=1.5), loudness="off")
    assert assembled.placed[0].start == 1.5


def test_chapters_are_cut_from_the_whole(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, loudness="podcast")
    files = named(assembled)
    audio = heard(files["audio.wav"])
    ends = [(0, 2), (3, 4)]
    for name, (first, last) in zip(("chapter-001.wav", "chapter-002.wav"), ends, strict=True):
        start = round(assembled.placed[first].start * SAMPLE_RATE)
        end = round(assembled.placed[last].end * SAMPLE_RATE)
        assert np.array_equal(heard(files[name]), audio[start:end])


def test_an_audiobook_is_as_acx_wants_it(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, format="mp3", loudness="audiobook", cover=picture())
    for name in ("audio.mp3", "chapter-001.mp3", "chapter-002.mp3"):
        path = named(assembled)[name]
        samples, rate = soundfile.read(path, dtype="float32")
        with av.open(str(path)) as container:
            rates = {packet.size * 8 * rate // 1152 for packet in container.demux(audio=0)} - {0}
            assert container.metadata["comment"] == COMMENT
            assert [it.disposition.name for it in container.streams.video] == ["attached_pic"]
        assert rate == 44_100
        assert all(abs(it - 192_000) < 1_500 for it in rates)
        assert 10 * math.log10(float(np.square(samples).mean())) == pytest.approx(-20, abs=3)
        assert np.abs(samples).max() <= 10 ** (-3 / 20)
        for tone in (samples[2_500:20_000], samples[-60_000:-8_000]):
            assert -80 < 10 * math.log10(float(np.square(tone).mean())) < -60
    assert assembled.placed[0].start == 0.75
    assert not assembled.warnings


def atoms(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of an MP4 file, as ISO 14496-12 has them."""
    while len(data) >= 8:
        size, kind = struct.unpack(">I4s", data[:8])
        yield kind, data[8:size]
        data = data[size:]


def atom(data: bytes, *path: bytes) -> bytes:
    for kind in path:
        data = next(body for name, body in atoms(data) if name == kind)
        if kind == b"meta":
            data = data[4:]
    return data


def nero_chapters(data: bytes) -> list[tuple[float, str]]:
    """Begin and title of each chapter, from the atom that players of audiobooks read."""
    body = atom(data, b"moov", b"udta", b"chpl")
    count, place = body[8], 9
    found: list[tuple[float, str]] = []
    for _ in range(count):
        ticks, length = struct.unpack(">QB", body[place : place + 9])
        found.append((ticks / 10_000_000, body[place + 9 : place + 9 + length].decode()))
        place += 9 + length
    return found


def test_an_m4b_has_chapters_cover_and_tags(tmp_path: Path, takes: list[Samples]):
    fields: dict[str, Any] = {"book_title": "The Light", "author": "Ann", "deliver": "whole"}
    assembled = made(tmp_path, takes, format="m4b", cover=picture(), **fields)
    assert assembled.audio == "audio.m4b"
    data = named(assembled)["audio.m4b"].read_bytes()
    second = assembled.placed[3].start
    assert nero_chapters(data) == [(0.0, "Der Lärm"), (pytest.approx(second, abs=1e-3), "二")]
    tags = dict(atoms(atom(data, b"moov", b"udta", b"meta", b"ilst")))
    assert tags[b"covr"].endswith(picture())
    assert tags[b"\xa9nam"].endswith(b"The Light")
    assert tags[b"\xa9ART"].endswith(b"Ann")
    assert tags[b"\xa9cmt"].endswith(COMMENT.encode())
    assert atom(data, b"ftyp").startswith(b"M4B ")
    with av.open(io.BytesIO(data), "r") as container:
        length = (container.duration or 0) / 1_000_000
        assert [it["metadata"]["title"] for it in container.chapters()] == ["Der Lärm", "二"]
    assert length == pytest.approx(assembled.samples / SAMPLE_RATE, abs=0.1)


@pytest.mark.parametrize("format", ["flac", "opus", "aac", "pcm"])
def test_every_format_is_made(format: str, tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, format=format, loudness="off", cover=picture())
    assert assembled.audio == f"audio.{format}"
    path = named(assembled)[assembled.audio]
    if format == "pcm":
        assert path.stat().st_size == 2 * assembled.samples
        return
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert {**container.metadata, **stream.metadata}["comment"] == COMMENT
        samples = sum(frame.samples for frame in container.decode(stream))
    assert samples / stream.rate == pytest.approx(assembled.samples / SAMPLE_RATE, abs=0.1)


@pytest.mark.parametrize(
    ("deliver", "chapters"), [("whole", []), ("chapters", [1, 2]), ("both", [1, 2])]
)
def test_the_files_are_those_that_are_wanted(
    deliver: str, chapters: list[int], tmp_path: Path, takes: list[Samples]
):
    assembled = made(tmp_path, takes, deliver=deliver, loudness="off")
    names = [f"chapter-{number:03}.wav" for number in chapters]
    expected = {"audio.wav", *names, "audio.srt", "audio.vtt", "timings.json"}
    assert set(named(assembled)) == expected
    assert {path.name for path in (tmp_path / "made").iterdir()} == expected


def test_a_text_without_chapters_has_no_chapter_files(tmp_path: Path, takes: list[Samples]):
    book = plan()
    lines = [line.model_copy(update={"chapter": 0}) for line in book.lines]
    book = book.model_copy(update={"lines": lines, "chapters": []})
    assembled = made(tmp_path, takes, book=book, loudness="off")
    assert not any(name.startswith("chapter") for name in named(assembled))


def test_a_cover_that_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, takes: list[Samples]
):
    assembled = made(tmp_path, takes, format="m4b", cover=b"GIF89a")
    assert assembled.warnings == [
        "The cover was left out. The picture is neither a JPEG nor a PNG."
    ]


@pytest.mark.parametrize("format", ["m4b", "mp3", "flac", "opus"])
def test_equal_takes_make_equal_files(format: str, tmp_path: Path, takes: list[Samples]):
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    one, two = (made(folder, takes, format=format, cover=picture()) for folder in folders)
    for name, path in named(one).items():
        assert path.read_bytes() == named(two)[name].read_bytes(), name


def test_no_line_at_all_makes_a_silent_recording(tmp_path: Path, takes: list[Samples]):
    assembled = made(tmp_path, takes, leave_out=(1, 2, 3, 4, 5), format="m4b")
    assert assembled.placed == []
    assert "silent" in assembled.warnings[0]


def test_work_that_is_to_stop_stops_and_leaves_nothing(tmp_path: Path, takes: list[Samples]):
    path = tmp_path / "line.flac"
    path.write_bytes(flac.dumps(takes[0]))

    def stop() -> None:
        raise InterruptedError

    folder = tmp_path / "made"
    folder.mkdir()
    request = Narration.parse({"text": "…"})
    with pytest.raises(InterruptedError):
        assemble(Materials(request, plan(), {1: Sound(path, "…")}, folder, "run", watch=stop))
    assert list(folder.iterdir()) == []


def test_progress_only_grows_and_ends_at_one(tmp_path: Path, takes: list[Samples]):
    path = tmp_path / "line.flac"
    path.write_bytes(flac.dumps(takes[0]))
    (tmp_path / "made").mkdir()
    told: list[float] = []
    request = Narration.parse({"text": "…"})
    sounds = {1: Sound(path, "…")}
    assemble(Materials(request, plan(), sounds, tmp_path / "made", "run", tell=told.append))
    assert told == sorted(told)
    assert told[-1] == 1
