"""The contract that every backend for uploads keeps."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from shared.errors import RecordDamaged, StoreUnavailable, UnknownUpload
from shared.requests.declared import UploadKind
from shared.stores import disk
from shared.stores.uploads import FolderUploads, UploadFacts, UploadStore, content_id

FACTS = UploadFacts(seconds=5.5, rate=44_100, channels=2, codec="mp3", warnings=["It is quiet."])
SOUND = b"RIFF and so on"
UNKNOWN = "0" * 64
HOSTILE_IDS = ["", "..", "../x", "/etc/passwd", "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "\n"]


@dataclass(frozen=True)
class Backend:
    """One way to keep uploads."""

    at: Callable[[Path], UploadStore]
    broken: Callable[[Path], UploadStore]


def _folder_in_a_file(path: Path) -> UploadStore:
    path.write_text("not a folder")
    return FolderUploads(path)


BACKENDS = {
    "folder": Backend(at=FolderUploads, broken=_folder_in_a_file),
}


@pytest.fixture(params=list(BACKENDS.values()), ids=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> UploadStore:
    return backend.at(tmp_path / "uploads")


def long_after() -> float:
    """A time before which everything was sent."""
    return time.time() + 3_600


def test_what_was_kept_before_there_were_documents_is_readable(tmp_path: Path):
    store = FolderUploads(tmp_path)
    upload = store.put("reference", SOUND, FACTS)
    path = tmp_path / "reference" / f"{upload.id}.json"
    record = json.loads(path.read_text())
    for name in ("name", "media", "task", "voices", "expires_at"):
        del record[name]
    path.write_text(json.dumps(record))
    assert store.get("reference", upload.id) == upload


@pytest.mark.parametrize("kind", get_args(UploadKind))
def test_every_kind_of_file_has_its_place(store: UploadStore, kind: UploadKind):
    upload = store.put(kind, SOUND, FACTS)
    assert store.read(kind, upload.id) == SOUND
    assert store.get(kind, upload.id) == upload
    assert store.purge(long_after(), keep=()) == 1
    assert not store.holds(kind, upload.id)


def test_an_upload_is_named_by_its_content(store: UploadStore):
    upload = store.put("reference", SOUND, FACTS)
    assert upload.id == hashlib.sha256(SOUND).hexdigest()
    assert (upload.kind, upload.bytes) == ("reference", len(SOUND))


def test_an_upload_comes_back_as_it_was_put(store: UploadStore):
    upload = store.put("reference", SOUND, FACTS)
    assert store.get("reference", upload.id) == upload
    assert store.read("reference", upload.id) == SOUND
    assert upload.warnings == FACTS.warnings


def test_an_upload_is_of_one_kind(store: UploadStore):
    upload = store.put("audio", SOUND, FACTS)
    with pytest.raises(UnknownUpload):
        store.get("reference", upload.id)
    with pytest.raises(UnknownUpload):
        store.read("codes", upload.id)


def test_an_unknown_upload_is_unknown_to_everything(store: UploadStore):
    for use in (store.get, store.read, store.touch):
        with pytest.raises(UnknownUpload):
            use("reference", UNKNOWN)


@pytest.mark.parametrize("upload_id", HOSTILE_IDS)
def test_what_is_no_sha256_is_an_unknown_upload(store: UploadStore, upload_id: str):
    for use in (store.get, store.read, store.touch, store.holds, store.discard):
        with pytest.raises(UnknownUpload):
            use("reference", upload_id)


def test_what_is_old_is_purged(store: UploadStore):
    upload = store.put("codes", SOUND, FACTS)
    assert store.purge(long_after(), keep=()) == 1
    with pytest.raises(UnknownUpload):
        store.get("codes", upload.id)
    with pytest.raises(UnknownUpload):
        store.read("codes", upload.id)


def test_what_is_young_stays(store: UploadStore):
    upload = store.put("codes", SOUND, FACTS)
    assert store.purge(time.time() - 3_600, keep=()) == 0
    assert store.read("codes", upload.id) == SOUND


def test_what_is_wanted_stays_however_old(store: UploadStore):
    kept, gone = store.put("audio", SOUND, FACTS), store.put("audio", b"other", FACTS)
    assert store.purge(long_after(), keep={kept.id}) == 1
    assert store.read("audio", kept.id) == SOUND
    with pytest.raises(UnknownUpload):
        store.get("audio", gone.id)


def test_a_new_library_of_uploads_has_nothing_to_purge(store: UploadStore):
    assert store.purge(long_after(), keep=()) == 0


@pytest.mark.parametrize("again", ["put", "touch"])
def test_what_is_used_again_is_young_again(tmp_path: Path, again: str):
    store = FolderUploads(tmp_path)
    upload = store.put("audio", SOUND, FACTS)
    for path in (tmp_path / "audio").iterdir():
        os.utime(path, (1, 1))
    if again == "put":
        store.put("audio", SOUND, FACTS)
    else:
        store.touch("audio", upload.id)
    assert store.purge(before=2, keep=()) == 0
    assert store.read("audio", upload.id) == SOUND


def test_what_is_touched_while_the_old_are_purged_stays(tmp_path: Path):
    store = FolderUploads(tmp_path)
    upload = store.put("audio", SOUND, FACTS)
    for path in (tmp_path / "audio").iterdir():
        os.utime(path, (1, 1))
    with disk.alone(disk.lock(tmp_path)):
        purging = threading.Thread(target=store.purge, args=(2, ()))
        purging.start()
        purging.join(0.1)
        os.utime(tmp_path / "audio" / f"{upload.id}.json")
    purging.join()
    assert store.read("audio", upload.id) == SOUND


def test_where_there_are_too_many_the_oldest_go_but_those_that_are_wanted(tmp_path: Path):
    store = FolderUploads(tmp_path)
    ids = [store.put("audio", bytes([number]) * 5_000, FACTS).id for number in range(5)]
    for age, upload_id in enumerate(ids):
        os.utime(tmp_path / "audio" / f"{upload_id}.json", (age, age))
    assert store.purge(0, {ids[0]}, most=18_000) == 2
    assert [store.holds("audio", upload_id) for upload_id in ids] == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_what_a_refused_request_brought_can_be_taken_back(store: UploadStore):
    known = store.put("audio", b"known", FACTS).id
    brought = content_id(SOUND)
    assert (store.holds("audio", known), store.holds("audio", brought)) == (True, False)
    store.put("audio", SOUND, FACTS)
    store.discard("audio", brought)
    store.discard("audio", brought)
    assert (store.holds("audio", known), store.holds("audio", brought)) == (True, False)
    with pytest.raises(UnknownUpload):
        store.read("audio", brought)


def test_what_a_crash_left_behind_goes_with_the_old(tmp_path: Path):
    store = FolderUploads(tmp_path)
    store.put("audio", SOUND, FACTS)
    (tmp_path / "audio" / f".{UNKNOWN}.wav.half").touch()
    (tmp_path / "audio" / f"{UNKNOWN}.wav").touch()
    assert store.purge(long_after(), keep=()) == 1
    assert list((tmp_path / "audio").iterdir()) == []


def test_a_broken_medium_says_so(backend: Backend, tmp_path: Path):
    store = backend.broken(tmp_path / "broken")
    with pytest.raises(StoreUnavailable):
        store.put("audio", SOUND, FACTS)
    with pytest.raises(StoreUnavailable):
        store.get("audio", UNKNOWN)
    with pytest.raises(StoreUnavailable):
        store.purge(long_after(), keep=())


def test_damaged_facts_are_called_damaged(tmp_path: Path):
    store = FolderUploads(tmp_path)
    upload = store.put("audio", SOUND, FACTS)
    (tmp_path / "audio" / f"{upload.id}.json").write_text("{")
    with pytest.raises(RecordDamaged, match=upload.id):
        store.get("audio", upload.id)
