"""The contract that every backend for voices keeps."""

import errno
import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.errors import Conflict, RecordDamaged, StoreUnavailable, UnknownFile, UnknownVoice
from shared.stores.voices import RECORD, FolderVoices, Voice, VoiceStore

SAILOR = Voice(
    name="Old Sailor: “Grüß Gott”",
    kind="designed",
    language="german",
    description="Hoarse.\nSlow.",
    tags=("npc", "低い"),
    created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    settings={"temperature": 0.8, "top_k": 20},
)
HOSTILE_IDS = [
    "../x",
    "/etc/passwd",
    "",
    ".",
    "..",
    ".making",
    "old sailor",
    "Old",
    "sailor\n",
    "sailor\0",
    "-sailor",
    "a/b",
    "ä",
    "a" * 65,
]
HOSTILE_NAMES = ["../x.wav", "/x.wav", "", ".x.wav", "x.wav\0", "x.wav\n", "a/x.wav", "x", RECORD]


@dataclass(frozen=True)
class Backend:
    """One way to keep voices."""

    at: Callable[[Path], VoiceStore]
    broken: Callable[[Path], VoiceStore]


def _folder_in_a_file(path: Path) -> VoiceStore:
    path.write_text("not a folder")
    return FolderVoices(path)


BACKENDS = {
    "folder": Backend(at=FolderVoices, broken=_folder_in_a_file),
}


@pytest.fixture(params=list(BACKENDS.values()), ids=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> VoiceStore:
    return backend.at(tmp_path / "voices")


def test_a_new_library_is_empty(store: VoiceStore):
    assert store.ids() == []


def test_a_voice_comes_back_as_it_was_created(store: VoiceStore):
    store.create("old_sailor", SAILOR, {})
    assert store.get("old_sailor") == SAILOR


def test_voices_are_listed_by_the_alphabet(store: VoiceStore):
    for voice_id in ("c", "a-1", "b_2"):
        store.create(voice_id, SAILOR, {})
    assert store.ids() == ["a-1", "b_2", "c"]


def test_a_taken_id_is_refused_and_the_voice_stays(store: VoiceStore):
    store.create("sailor", SAILOR, {"clip.wav": b"first"})
    with pytest.raises(Conflict):
        store.create("sailor", SAILOR, {"clip.wav": b"second"})
    assert store.read("sailor", "clip.wav") == b"first"


def test_a_voice_names_its_files_without_its_record(store: VoiceStore):
    store.create("sailor", SAILOR, {"clip.wav": b"1234", "prompt.safetensors": b"12"})
    assert store.files("sailor") == {"clip.wav": 4, "prompt.safetensors": 2}


def test_a_file_is_added_and_replaced(store: VoiceStore):
    store.create("sailor", SAILOR, {})
    store.write("sailor", "clip.wav", b"first")
    store.write("sailor", "clip.wav", b"second")
    assert store.read("sailor", "clip.wav") == b"second"
    assert store.files("sailor") == {"clip.wav": 6}


def test_a_record_is_replaced_and_the_files_stay(store: VoiceStore):
    store.create("sailor", SAILOR, {"clip.wav": b"1"})
    changed = SAILOR.model_copy(update={"name": "Captain"})
    store.save("sailor", changed)
    assert store.get("sailor") == changed
    assert store.files("sailor") == {"clip.wav": 1}


def test_a_record_is_replaced_with_files_that_come_and_go(store: VoiceStore):
    store.create("sailor", SAILOR, {"old.wav": b"1", "kept.wav": b"2"})
    changed = SAILOR.model_copy(update={"name": "Captain"})
    store.save("sailor", changed, {"new.wav": b"345"}, ["old.wav", "never.wav"])
    assert store.get("sailor") == changed
    assert store.files("sailor") == {"kept.wav": 1, "new.wav": 3}


def test_where_there_is_no_room_all_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = FolderVoices(tmp_path)
    store.create("sailor", SAILOR, {"kept.wav": b"1", "old.wav": b"2"})
    before = {path.name: path.read_bytes() for path in (tmp_path / "sailor").iterdir()}
    written = itertools.count(1)

    def fill_up(handle: int) -> None:
        if next(written) == 3:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(StoreUnavailable, match="no space"):
        store.save(
            "sailor",
            SAILOR.model_copy(update={"name": "Captain"}),
            {"kept.wav": b"new", "more.wav": b"new"},
            ["old.wav"],
        )
    assert {path.name: path.read_bytes() for path in (tmp_path / "sailor").iterdir()} == before


def test_whoever_holds_the_lock_may_take_it_again(store: VoiceStore):
    with store.lock(), store.lock():
        store.create("sailor", SAILOR, {})
    assert store.ids() == ["sailor"]


def test_a_file_is_removed(store: VoiceStore):
    store.create("sailor", SAILOR, {"clip.wav": b"1", "other.wav": b"2"})
    store.remove("sailor", "clip.wav")
    assert store.files("sailor") == {"other.wav": 1}
    with pytest.raises(UnknownFile):
        store.remove("sailor", "clip.wav")


def test_who_changes_voices_keeps_the_others_waiting(store: VoiceStore, backend: Backend, tmp_path):
    other = backend.at(tmp_path / "voices")
    order: list[str] = []

    def wait() -> None:
        with other.lock():
            order.append("second")

    with store.lock():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_deleted_voice_is_gone_and_its_id_free(store: VoiceStore):
    store.create("sailor", SAILOR, {"clip.wav": b"1"})
    store.delete("sailor")
    assert store.ids() == []
    with pytest.raises(UnknownVoice):
        store.get("sailor")
    store.create("sailor", SAILOR, {})
    assert store.files("sailor") == {}


def test_an_unknown_voice_is_unknown_to_everything(store: VoiceStore):
    for use in (store.get, store.files, store.delete):
        with pytest.raises(UnknownVoice):
            use("nobody")
    with pytest.raises(UnknownVoice):
        store.save("nobody", SAILOR)
    with pytest.raises(UnknownVoice):
        store.remove("nobody", "clip.wav")
    with pytest.raises(UnknownVoice):
        store.read("nobody", "clip.wav")
    with pytest.raises(UnknownVoice):
        store.write("nobody", "clip.wav", b"")


def test_an_unknown_file_cannot_be_read(store: VoiceStore):
    store.create("sailor", SAILOR, {})
    with pytest.raises(UnknownFile):
        store.read("sailor", "clip.wav")


@pytest.mark.parametrize("voice_id", HOSTILE_IDS)
def test_what_is_no_slug_is_an_unknown_voice(store: VoiceStore, voice_id: str):
    for use in (
        lambda: store.create(voice_id, SAILOR, {}),
        lambda: store.get(voice_id),
        lambda: store.files(voice_id),
        lambda: store.read(voice_id, "clip.wav"),
        lambda: store.write(voice_id, "clip.wav", b""),
        lambda: store.save(voice_id, SAILOR),
        lambda: store.remove(voice_id, "clip.wav"),
        lambda: store.delete(voice_id),
    ):
        with pytest.raises(UnknownVoice):
            use()
    assert store.ids() == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_what_is_no_name_is_an_unknown_file(store: VoiceStore, name: str):
    store.create("sailor", SAILOR, {})
    with pytest.raises(UnknownFile):
        store.read("sailor", name)
    with pytest.raises(UnknownFile):
        store.write("sailor", name, b"x")
    with pytest.raises(UnknownFile):
        store.remove("sailor", name)


def test_a_voice_that_cannot_be_completed_is_not_there(store: VoiceStore):
    with pytest.raises(UnknownFile):
        store.create("sailor", SAILOR, {"clip.wav": b"1", "../escape": b"2"})
    assert store.ids() == []
    store.create("sailor", SAILOR, {})


def test_a_broken_medium_says_so(backend: Backend, tmp_path: Path):
    store = backend.broken(tmp_path / "broken")
    with pytest.raises(StoreUnavailable):
        store.create("sailor", SAILOR, {})
    with pytest.raises(StoreUnavailable):
        store.ids()
    with pytest.raises(StoreUnavailable), store.lock():
        pass


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "- a list",
        "name: x",
        "!!python/object:os.system {}",
        "a: &a [x]\nb: *a",
        "[" * 2_000,
        "created: 2026-13-41",
        "name: x\nkind: cloned\ncreated: 2026-01-01T00:00:00Z\nlanguage: klingon",
        "!!bool x",
        "name: !!int ''",
        "created: !!timestamp x",
        "settings: {seed: !!float x}",
        "? [a]\n: b",
        'name: "\\ud800"',
        *map(
            "name: x\nkind: cloned\ncreated: 2026-01-01T00:00:00Z\nclips: {}".format,
            (
                "[{emotion: hungry}]",
                "[{file: a.wav}, {file: b.wav}]",
                "[{}, {emotion: happy}]",
                "[{file: sample.wav}]",
            ),
        ),
    ],
)
def test_a_damaged_record_is_called_damaged(tmp_path: Path, record: str):
    store = FolderVoices(tmp_path)
    store.create("sailor", SAILOR, {})
    (tmp_path / "sailor" / RECORD).write_text(record)
    with pytest.raises(RecordDamaged, match=r"sailor/voice\.yaml"):
        store.get("sailor")


def test_what_somebody_writes_by_hand_counts_at_once(tmp_path: Path):
    store = FolderVoices(tmp_path)
    store.create("sailor", SAILOR, {})
    assert store.get("sailor") == SAILOR
    record = tmp_path / "sailor" / RECORD
    record.write_text(record.read_text().replace("Hoarse", "Smooth"))
    assert store.get("sailor").description == "Smooth.\nSlow."


def test_a_record_of_no_time_zone_is_taken_for_utc(tmp_path: Path):
    store = FolderVoices(tmp_path)
    (tmp_path / "sailor").mkdir()
    (tmp_path / "sailor" / RECORD).write_text("name: X\nkind: cloned\ncreated: 2026-01-02 03:04:05")
    assert store.get("sailor").created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_what_a_crash_left_half_made_goes_when_it_is_old(tmp_path: Path):
    store = FolderVoices(tmp_path)
    for name in ("old", "young"):
        (tmp_path / ".making" / name).mkdir(parents=True)
    os.utime(tmp_path / ".making" / "old", (1, 1))
    store.create("sailor", SAILOR, {})
    assert [path.name for path in (tmp_path / ".making").iterdir()] == ["young"]


def test_strangers_in_the_folder_are_no_voices(tmp_path: Path):
    store = FolderVoices(tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "Not A Slug").mkdir()
    (tmp_path / "Not A Slug" / RECORD).touch()
    assert store.ids() == []
