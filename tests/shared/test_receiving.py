"""Files that somebody sent: each bad one refused with one error, and nothing kept of it."""

import hashlib
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import numpy as np
import pytest

from shared.audio import clip, codes
from shared.errors import (
    AudioTooLong,
    BodyTooLarge,
    InvalidRequest,
    NothingToSay,
    UnreadableAudio,
    UnreadableCodes,
    UnreadableDocument,
    UnreadablePicture,
    UnsuitableReference,
)
from shared.plans import exchange
from shared.receiving import examine, receive
from shared.requests.declared import UploadKind
from shared.settings import ROOT, Settings
from shared.stores.uploads import FolderUploads
from tests.shared.assembly.materials import planned
from tests.shared.audio.sending import encoded, silent_hours, tone, with_film

SETTINGS = Settings(max_audio_seconds=20, max_upload_mb=1)


def picture(codec: str, layout: str) -> bytes:
    """A small picture, by FFmpeg."""
    coder = av.CodecContext.create(codec, "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt, coder.time_base = 64, 48, layout, Fraction(1)
    frame = av.VideoFrame(64, 48, layout)
    return b"".join(bytes(packet) for packet in (*coder.encode(frame), *coder.encode(None)))


REFERENCE = ROOT / "docs" / "examples" / "reference.flac"
PNG = picture("png", "rgb24")
JPEG = picture("mjpeg", "yuvj420p")
CODES = ROOT / "docs" / "examples" / "codes.json"


def sent(path: Path) -> io.BytesIO:
    return io.BytesIO(path.read_bytes())


def wav(seconds: float, rate: int = 24_000, codec: str = "pcm_s16le") -> bytes:
    return encoded("wav", codec, tone(seconds, rate)[None], rate)


def nan_wav() -> bytes:
    return encoded("wav", "pcm_f32le", np.full((1, 96_000), np.nan, np.float32))


@pytest.fixture
def store(tmp_path: Path) -> FolderUploads:
    return FolderUploads(tmp_path)


def test_a_recording_is_kept_in_canonical_form(store: FolderUploads):
    upload = receive("reference", sent(REFERENCE), SETTINGS, store)
    kept = store.read("reference", upload.id)
    samples = clip.loads(kept)
    assert clip.dumps(samples) == kept
    assert upload.id == hashlib.sha256(kept).hexdigest()
    assert (upload.codec, upload.channels) == ("flac", 1)
    assert upload.seconds == pytest.approx(len(samples) / 24_000)


def test_the_canonical_form_is_its_own(store: FolderUploads):
    first = receive("reference", sent(REFERENCE), SETTINGS, store)
    kept = io.BytesIO(store.read("reference", first.id))
    assert receive("reference", kept, SETTINGS, store).id == first.id


def test_codes_are_kept_as_npz_whatever_they_came_as(store: FolderUploads):
    upload = receive("codes", sent(CODES), SETTINGS, store)
    kept = store.read("codes", upload.id)
    assert receive("codes", io.BytesIO(kept), SETTINGS, store).id == upload.id
    assert upload.seconds == codes.loads(kept, 20).seconds
    assert upload.codec == codes.CODEC


def test_what_is_wrong_but_bearable_is_said(store: FolderUploads):
    upload = receive("reference", io.BytesIO(wav(25)), SETTINGS, store)
    assert upload.warnings
    assert store.get("reference", upload.id).warnings == upload.warnings


def test_any_sound_may_be_encoded_that_is_no_reference():
    short = io.BytesIO(wav(0.5, rate=8_000))
    assert examine("audio", short, SETTINGS).facts.seconds == pytest.approx(0.5, abs=0.01)


class Endless(io.RawIOBase):
    """A file of which more is read than can be asked for at once."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size < 1 << 20, "Somebody wants all of it."
        return b" " * size


def test_no_more_of_codes_is_read_than_there_can_be():
    with pytest.raises(AudioTooLong):
        examine("codes", cast("BinaryIO", Endless()), SETTINGS)


# --- documents, plans and covers ---

PICTURES = {"png": PNG, "jpeg": JPEG}


@pytest.mark.parametrize(
    ("name", "called", "media"),
    [
        ("lighthouse.md", "lighthouse.md", "markdown"),
        ("../../etc/passwd", "passwd", "text"),
        ("C:\\books\\film.srt", "film.srt", "srt"),
        ("\u202ecod\x00.txt", "cod.txt", "text"),
        ("x" * 500 + ".csv", "x" * 196 + ".csv", "csv"),
        ("", "", "text"),
    ],
    ids=["plain", "folders", "windows", "hidden", "long", "none"],
)
def test_a_document_is_kept_as_it_is(store: FolderUploads, name: str, called: str, media: str):
    data = b"\xef\xbb\xbfThe lamp turned.\r\n"
    upload = receive("document", io.BytesIO(data), SETTINGS, store, name=name)
    assert store.read("document", upload.id) == data
    assert (upload.name, upload.media) == (called, media)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_cover_is_a_jpeg_or_png(store: FolderUploads, kind: str):
    upload = receive("cover", io.BytesIO(PICTURES[kind]), SETTINGS, store)
    assert store.read("cover", upload.id) == PICTURES[kind]
    assert upload.media == kind


def test_of_many_warnings_of_a_plan_the_rest_are_counted(store: FolderUploads):
    _, made = planned("script", "ANNA: The first line.")
    given = made.model_copy(update={"warnings": [f"Line {n} is odd." for n in range(5_000)]})
    upload = receive("plan", io.BytesIO(exchange.dumps(given)), SETTINGS, store)
    kept = exchange.loads(store.read("plan", upload.id)).warnings
    assert (len(kept), kept[-1]) == (201, "… and 4,800 warnings more.")


REFUSED: list[tuple[UploadKind, Callable[[], bytes], type[Exception]]] = [
    ("reference", lambda: b"This is a text, not a sound.\n" * 100, UnreadableAudio),
    ("audio", lambda: b"", UnreadableAudio),
    ("audio", nan_wav, UnreadableAudio),
    ("reference", lambda: with_film(tone(4)), UnreadableAudio),
    ("reference", lambda: wav(1), UnsuitableReference),
    ("reference", lambda: wav(61), UnsuitableReference),
    ("reference", lambda: wav(100), UnsuitableReference),
    ("reference", lambda: silent_hours("wav", "pcm_alaw", 1, rate=8_000), UnsuitableReference),
    ("reference", lambda: wav(4, rate=8_000, codec="pcm_mulaw"), UnsuitableReference),
    ("audio", lambda: wav(21), AudioTooLong),
    ("codes", lambda: b"{}", UnreadableCodes),
    ("codes", lambda: REFERENCE.read_bytes()[:5_000], UnreadableCodes),
    ("document", lambda: b" \n", NothingToSay),
    ("document", REFERENCE.read_bytes, UnreadableDocument),
    ("document", lambda: b" " * ((1 << 20) + 1), BodyTooLarge),
    ("plan", lambda: b'{"task": "narration", "language": "english", "lines": []}', NothingToSay),
    ("plan", lambda: b"\xff{", InvalidRequest),
    ("cover", lambda: PNG[:-20], UnreadablePicture),
    ("cover", lambda: JPEG[:100], UnreadablePicture),
    ("cover", lambda: PNG[:16] + b"\xff\xff\xff\xff" + PNG[20:], UnreadablePicture),
    ("cover", lambda: PNG + b" " * (10 << 20), UnreadablePicture),
    ("cover", lambda: b"GIF89a", UnreadablePicture),
]
NAMES = [
    *("text", "nothing", "not-numbers", "film", "short", "long", "too-long", "hours", "telephone"),
    *("long-sound", "empty-codes", "sound-as-codes"),
    *("blank-document", "sound-as-document", "large-document", "empty-plan", "no-plan"),
    *("cut-png", "cut-jpeg", "wide-png", "large-png", "gif"),
]


@pytest.mark.parametrize(("kind", "content", "error"), REFUSED, ids=NAMES)
def test_a_bad_file_is_refused_and_nothing_is_kept(
    store: FolderUploads,
    tmp_path: Path,
    kind: UploadKind,
    content: Callable[[], bytes],
    error: type[Any],
):
    with pytest.raises(error) as refusal:
        receive(kind, io.BytesIO(content()), SETTINGS, store, param="reference")
    assert refusal.value.param == "reference"
    assert list(tmp_path.rglob("*")) == []
