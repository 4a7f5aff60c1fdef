import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import pytest

from shared import emotions
from shared.audio import clip
from shared.errors import (
    AudioTooLong,
    Conflict,
    InvalidRequest,
    RecordDamaged,
    TranscriptMismatch,
    UnreadableAudio,
    UnreadableVoice,
    UnsuitableReference,
)
from shared.stores.voice_record import (
    MOST_CLIPS,
    REFERENCE,
    SAMPLE,
    Sample,
    VoiceClip,
    dumps,
)
from shared.stores.voices import RECORD, FolderVoices
from shared.voices import archive
from shared.voices.archive import MOST_ENTRIES, is_prompt_of_the_package, pack
from shared.voices.library import Library
from shared.voices.making import Made
from shared.voices.naming import prompt_name
from tests.shared.audio.sending import encoded, tone
from tests.shared.forging import elsewhere
from tests.shared.voices.people import SOUND, WORDS, add, voice

PROMPT = prompt_name("0.6B-Base")
TENSORS = struct.pack("<Q", 2) + b"{}"
"""A safetensors file without tensors."""
GOOD = {RECORD: dumps(voice("Sailor")), REFERENCE: SOUND, "reference.txt": WORDS.encode()}


def zipped(files: dict[str, bytes], folder: str = "sailor") -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(f"{folder}/{name}" if folder else name, data)
    return target


def unpack(source: BinaryIO, name: str | None = None) -> Made:
    return archive.unpack(source, name).open()


def with_entry(change: Callable[[zipfile.ZipInfo], None], name: str = "sailor/x.wav") -> io.BytesIO:
    """A good zip with one more entry, made otherwise than others."""
    target = zipped(GOOD)
    entry = zipfile.ZipInfo(name)
    change(entry)
    with zipfile.ZipFile(target, "a") as packed:
        packed.writestr(entry, b"x")
    return target


@pytest.fixture
def sailor(library: Library) -> str:
    """A voice with every kind of file."""
    voice_id = add(library, "Old Sailor", tags=("npc",), settings={"seed": 7}, language="german")
    library.record(voice_id, "happy", clip.dumps(tone(5)), "Hurray.")
    library.hear(voice_id, clip.dumps(tone(1)), Sample(engine="preview", preview=True))
    library.store.write(voice_id, PROMPT, TENSORS)
    return voice_id


# --- out, and in again ---


def test_what_goes_out_comes_in_as_it_was(library: Library, sailor: str, tmp_path: Path):
    made = unpack(io.BytesIO(pack(library, sailor)))
    other = Library(FolderVoices(tmp_path / "other"))
    assert other.create(made.record, made.files) == sailor
    assert other.get(sailor) == library.get(sailor)
    assert other.files(sailor) == library.files(sailor)
    for name in library.files(sailor):
        assert other.store.read(sailor, name) == library.store.read(sailor, name)
    assert pack(other, sailor) == pack(library, sailor)


def test_a_voice_goes_out_without_what_somebody_put_beside_it(library: Library, sailor: str):
    library.store.write(sailor, "notes.txt", b"mine")
    with zipfile.ZipFile(io.BytesIO(pack(library, sailor))) as packed:
        assert set(packed.namelist()) == {
            f"{sailor}/{name}"
            for name in (
                RECORD,
                REFERENCE,
                "reference.txt",
                "emotion-happy.wav",
                "emotion-happy.txt",
                SAMPLE,
                PROMPT,
            )
        }


def test_the_fullest_voice_comes_in_again(library: Library):
    moods = [*emotions.EMOTIONS][: MOST_CLIPS - 1]
    clips = tuple(VoiceClip(file=f"emotion-{mood}.wav", emotion=mood) for mood in moods)
    full = voice("Sailor", clips=(VoiceClip(), *clips))
    files = {SAMPLE: SOUND}
    for one in full.clips:
        prompts = [prompt_name(name, one.emotion) for name in ("0.6B-Base", "1.7B-Base", "Mine")]
        files |= {
            one.file: SOUND,
            one.transcript: WORDS.encode(),
            **dict.fromkeys(prompts, TENSORS),
        }
    packed = io.BytesIO(pack(library, library.create(full, files)))
    parcel = archive.unpack(packed)
    assert parcel.files == files
    assert len(zipfile.ZipFile(packed).namelist()) > 64


def test_a_voice_that_could_not_come_in_again_does_not_go_out(
    library: Library, sailor: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(archive, "LARGEST", 1_000)
    with pytest.raises(Conflict) as caught:
        pack(library, sailor)
    assert caught.value.next_step


def test_prompts_that_can_be_made_anew_stay_where_there_is_no_room(library: Library, sailor: str):
    files = library.files(sailor)
    room = sum(size for name, size in files.items() if name != PROMPT)
    for most, names in ((room, files.keys() - {PROMPT}), (room + len(TENSORS), files.keys())):
        assert archive.unpack(io.BytesIO(pack(library, sailor, most))).files.keys() == names
    mute = library.create(voice("Prompted", clips=()), {PROMPT: TENSORS})
    assert archive.unpack(io.BytesIO(pack(library, mute, 0))).files.keys() == {PROMPT}


def test_a_voice_without_its_recording_does_not_go_out(library: Library, sailor: str):
    library.store.remove(sailor, REFERENCE)
    with pytest.raises(RecordDamaged, match=r"reference\.wav"):
        pack(library, sailor)


def test_a_voice_that_could_never_speak_is_refused():
    mute = dumps(voice("Sailor", clips=()))
    with pytest.raises(UnreadableVoice, match="never speak"):
        unpack(zipped({RECORD: mute}))
    with pytest.raises(UnreadableVoice, match="never speak"):
        unpack(zipped({RECORD: mute, SAMPLE: SOUND}))
    assert unpack(zipped({RECORD: mute, PROMPT: TENSORS})).files == {PROMPT: TENSORS}


def test_recordings_that_deny_each_other_are_refused():
    for clips in (
        (VoiceClip(), VoiceClip(file="other.wav")),
        (VoiceClip(), VoiceClip(emotion="happy")),
        (VoiceClip(file=SAMPLE),),
    ):
        record = dumps(voice("Sailor").model_copy(update={"clips": clips}))
        with pytest.raises(UnreadableVoice, match=r"voice\.yaml"):
            unpack(zipped(GOOD | {RECORD: record, "other.wav": SOUND, SAMPLE: SOUND}))


def test_a_time_of_no_zone_is_taken_for_utc():
    record = GOOD[RECORD].replace(b"00:00:00Z", b"00:00:00")
    assert record != GOOD[RECORD]
    assert unpack(bad(RECORD, record)).record.created == voice("Sailor").created


def test_a_folder_that_a_person_zipped_comes_in(library: Library, sailor: str):
    with zipfile.ZipFile(io.BytesIO(pack(library, sailor))) as packed:
        files = {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}
    assert unpack(zipped({"": b"", **files})).record == library.get(sailor)


def test_a_name_that_is_given_goes_before_the_voice_s_own():
    assert unpack(zipped(GOOD), "Captain").record.name == "Captain"


def test_a_recording_in_another_form_is_brought_to_ours():
    made = unpack(
        zipped(GOOD | {REFERENCE: encoded("flac", "flac", tone(4, 48_000)[None], 48_000)})
    )
    assert len(clip.loads(made.files[REFERENCE])) == 4 * 24_000


def test_what_is_to_be_said_of_a_recording_is_said():
    made = unpack(zipped(GOOD | {REFERENCE: clip.dumps(tone(25)), "reference.txt": b"Too few."}))
    assert any("hurry" in warning for warning in made.warnings)
    assert any("words missing" in warning for warning in made.warnings)


# --- zips that are none, or more than one ---


@pytest.mark.parametrize(
    "name",
    [
        "../evil.wav",
        "sailor/../evil.wav",
        "/etc/passwd",
        "sailor//evil.wav",
        "sailor\\evil.wav",
        "C:\\evil.wav",
        "sailor/deep/evil.wav",
        "evil.wav",
        "sailor/.hidden.wav",
        "sailor/EVIL.wav",
        "Sailor/evil.wav",
        "captain/evil.wav",
        "x" * 3_000,
    ],
)
def test_a_path_outside_the_folder_is_refused_and_named(name: str):
    with pytest.raises(UnreadableVoice) as caught:
        unpack(with_entry(lambda entry: None, name))
    assert repr(name)[1:-1][:100] in caught.value.message
    assert len(caught.value.message) < 400


def test_a_name_that_ends_early_is_refused():
    data = zipped(GOOD | {"x-y.wav": b"x"}).getvalue().replace(b"x-y.wav", b"x\0y.wav")
    with pytest.raises(UnreadableVoice, match=r"x\\x00y\.wav"):
        unpack(io.BytesIO(data))


def _link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = 0o120777 << 16


def _unusual(entry: zipfile.ZipInfo) -> None:
    entry.compress_type = zipfile.ZIP_BZIP2


@pytest.mark.parametrize(
    ("change", "reason"), [(_link, "a link"), (_unusual, "unusual"), (lambda entry: None, "x.wav")]
)
def test_an_entry_that_no_voice_has_is_refused_and_named(
    change: Callable[[zipfile.ZipInfo], None], reason: str
):
    with pytest.raises(UnreadableVoice, match=reason) as caught:
        unpack(with_entry(change))
    assert "x.wav" in caught.value.message


def test_an_encrypted_entry_is_refused():
    data = bytearray(zipped(GOOD).getvalue())
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    with pytest.raises(UnreadableVoice, match="encrypted"):
        unpack(io.BytesIO(bytes(data)))


def test_an_entry_that_is_there_twice_is_refused():
    target = zipped(GOOD)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(target, "a") as packed,
    ):
        packed.writestr(f"sailor/{RECORD}", dumps(voice("Evil")))
    with pytest.raises(UnreadableVoice, match="twice"):
        unpack(target)


def test_too_many_entries_are_refused():
    many = {f"x-{number}.wav": b"" for number in range(MOST_ENTRIES)}
    with pytest.raises(UnreadableVoice, match="entries"):
        unpack(zipped(GOOD | many))


def test_an_index_of_more_entries_than_are_told_is_not_read():
    data = bytearray(zipped({f"x-{number}.wav": b"" for number in range(2_000)}).getvalue())
    end = data.rindex(b"PK\5\6")
    data[end + 8 : end + 12] = struct.pack("<2H", 1, 1)
    with pytest.raises(UnreadableVoice, match="entries"):
        unpack(io.BytesIO(bytes(data)))


def test_a_zip_that_says_elsewhere_where_its_index_is_is_not_read():
    forged = elsewhere(zipped(GOOD).getvalue())
    with zipfile.ZipFile(forged) as packed:
        assert len(packed.namelist()) == len(GOOD)
    with pytest.raises(UnreadableVoice, match="entries"):
        unpack(forged)


def test_more_than_a_voice_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "LARGEST", 1 << 20)
    with pytest.raises(UnreadableVoice, match="1 MB"):
        unpack(zipped(GOOD | {SAMPLE: bytes(2 << 20)}))


def test_an_entry_that_holds_more_than_it_says_is_refused():
    data = bytearray(zipped(GOOD | {SAMPLE: bytes(4 << 20)}).getvalue())
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.rindex(mark)
        data[at + offset : at + offset + 4] = struct.pack("<L", 100)
    with pytest.raises(UnreadableVoice, match=r"sample\.wav"):
        unpack(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("cut", [0, 10, 100, 5_000])
def test_what_is_no_zip_or_half_of_one_is_refused(cut: int):
    with pytest.raises(UnreadableVoice, match="no zip"):
        unpack(io.BytesIO(zipped(GOOD).getvalue()[:cut]))


def test_a_damaged_entry_is_named():
    data = bytearray(zipped(GOOD).getvalue())
    at = data.index(REFERENCE.encode()) + 200
    data[at : at + 50] = bytes(50)
    with pytest.raises(UnreadableVoice, match=r"reference\.wav.*damaged"):
        unpack(io.BytesIO(bytes(data)))


def test_no_cut_and_no_flipped_byte_is_more_than_refused():
    whole = zipped({RECORD: dumps(voice("Sailor", clips=())), PROMPT: TENSORS}).getvalue()
    with TemporaryFile() as file:
        for at in range(len(whole)):
            flipped = bytearray(whole)
            flipped[at] ^= 0xFF
            for data in (whole[:at], bytes(flipped)):
                file.seek(0)
                file.truncate()
                file.write(data)
                for source in (io.BytesIO(data), file):
                    with suppress(InvalidRequest):
                        unpack(source)


# --- files that are not what they say ---


def bad(name: str, data: bytes) -> io.BytesIO:
    return zipped(GOOD | {name: data})


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"name: Sailor",
        b"!!python/object/apply:os.system [ls]",
        b"a: &a [x]\nb: *a",
        b"name: " + b"x" * (64 << 10),
        b"\xff\xfe\x00",
        b"[" * 2_000,
        dumps(voice("Sailor")) + b"more: 1\n",
        dumps(voice("Sailor")).replace(b"reference.wav", b"../../evil.wav"),
        dumps(voice("Sailor")).replace(b"2026-03-01", b"2026-13-41"),
        dumps(voice("Sailor")).replace(b"auto", b"klingon"),
    ],
)
def test_a_record_that_tells_of_no_voice_is_refused(record: bytes):
    with pytest.raises(UnreadableVoice, match=r"voice\.yaml"):
        unpack(bad(RECORD, record))


def test_a_zip_without_a_record_or_without_a_recording_is_refused():
    for name in (RECORD, REFERENCE):
        rest = {other: data for other, data in GOOD.items() if other != name}
        with pytest.raises(UnreadableVoice, match=name):
            unpack(zipped(rest))


def test_a_name_or_a_setting_that_no_voice_may_have_is_refused():
    for record in (voice("../x"), voice("X", settings={"text": "x"})):
        with pytest.raises(InvalidRequest):
            unpack(bad(RECORD, dumps(record)))


def test_a_preset_speaker_is_not_brought_in(library: Library):
    with pytest.raises(Conflict):
        archive.unpack(io.BytesIO(pack(library, "ryan")))


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        (REFERENCE, b"this is text", UnreadableAudio),
        (REFERENCE, clip.dumps(tone(2)), UnsuitableReference),
        (REFERENCE, clip.dumps(tone(61)), AudioTooLong),
        (SAMPLE, b"this is text", UnreadableAudio),
        ("reference.txt", WORDS.encode() * 40, TranscriptMismatch),
        ("reference.txt", b"\xff\xfe", UnreadableVoice),
        ("reference.txt", b"...", InvalidRequest),
        (PROMPT, b"\x80\x04 a pickle", UnreadableVoice),
        ("prompt.pt", b"x", UnreadableVoice),
        ("notes.txt", b"x", UnreadableVoice),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    name: str, data: bytes, error: type[InvalidRequest]
):
    with pytest.raises(error):
        unpack(bad(name, data))


def test_a_prompt_of_the_package_is_told_from_a_zip_of_ours():
    assert is_prompt_of_the_package(zipped({"data.pkl": b"x", "version": b"3"}, "prompt"))
    assert not is_prompt_of_the_package(zipped(GOOD))
    assert not is_prompt_of_the_package(io.BytesIO(b"\x80\x02 a bare pickle"))
