"""The contract that every backend for outputs keeps."""

from threading import Thread

import pytest

from shared.errors import Conflict, RecordDamaged, StoreUnavailable, UnknownFile, UnknownOutput
from shared.stores.outputs import LABELS, MASTER, METADATA, Labels, OutputStore
from tests.shared.stores.backends import files_limited_to
from tests.shared.stores.runs import make, new_id, wav

RUN = "0199c2a0-0000-7000-8000-000000000001"
HOSTILE_RUNS = [
    "../x",
    "/etc/passwd",
    "",
    ".",
    "..",
    ".growing",
    f"{RUN}\n",
    f"{RUN}\0",
    f"../{RUN}",
    f"{RUN}/..",
    RUN.upper(),
    f"{{{RUN}}}",
    RUN.replace("-", ""),
    f"urn:uuid:{RUN}",
    "a" * 5_000,
]
HOSTILE_NAMES = [
    "../audio.wav",
    "/etc/passwd",
    "",
    ".",
    "..",
    ".audio.wav",
    "audio.wav\n",
    "audio.wav\0",
    "a/b.wav",
    "a\\b.wav",
    "Audio.wav",
    "audio",
    "ä.wav",
    f"{'a' * 300}.wav",
]


def runs(store: OutputStore) -> list[str]:
    return [entry.run for entry in store.entries()]


def changed(store: OutputStore) -> dict[str, float]:
    return {entry.run: entry.changed for entry in store.entries()}


def test_a_new_store_is_empty(store: OutputStore):
    assert runs(store) == []
    assert store.growing() == []
    assert list(store.trashed()) == []


# --- finished ---


def test_a_finished_run_is_listed_and_no_longer_grows(store: OutputStore):
    run = make(store)
    assert runs(store) == [run]
    assert store.growing() == []
    assert store.finished(run)


def test_finishing_once_more_replaces_the_files_and_keeps_the_labels(store: OutputStore):
    run = make(store)
    store.label(run, Labels(starred=True))
    growing = store.begin(run, 2)
    growing.append(METADATA, b'{"second": true}')
    growing.finish()
    assert store.metadata(run) == {"second": True}
    assert set(store.files(run)) == {METADATA, LABELS}
    assert store.labels(run).starred


def test_a_finished_run_names_its_files_and_sizes(store: OutputStore):
    run = make(store, seconds=0.1)
    assert store.files(run) == {
        "audio.wav": len(wav(0.1)),
        METADATA: store.size(run, METADATA),
    }


def test_metadata_comes_back_as_it_was_written(store: OutputStore):
    run = make(store, text="Grüße, 世界")
    assert store.metadata(run)["request"]["text"] == "Grüße, 世界"


def test_the_raw_master_is_dropped_when_the_run_is_finished(store: OutputStore):
    growing = store.begin(RUN, 1)
    growing.append(MASTER, b"abc")
    growing.append(METADATA, b"{}")
    growing.finish()
    assert set(store.files(RUN)) == {METADATA}


def test_an_empty_file_is_a_file(store: OutputStore):
    growing = store.begin(RUN, 1)
    growing.append("empty.txt", b"")
    growing.append(METADATA, b"{}")
    growing.finish()
    assert store.read(RUN, "empty.txt", 0, 10) == b""
    assert "empty.txt" in store.files(RUN)


@pytest.mark.parametrize("metadata", [b"", b'{"id": "', b"\xff\xfe"])
def test_damaged_metadata_is_called_damaged(store: OutputStore, metadata: bytes):
    growing = store.begin(RUN, 1)
    growing.append(METADATA, metadata)
    growing.finish()
    with pytest.raises(RecordDamaged):
        store.metadata(RUN)


def test_an_unknown_run_is_unknown_to_every_reader(store: OutputStore):
    for ask in (store.files, store.metadata, store.labels, store.trash, store.restore, store.purge):
        with pytest.raises(UnknownOutput):
            ask(RUN)
    with pytest.raises(UnknownOutput):
        store.label(RUN, Labels())
    assert not store.finished(RUN)


def test_an_unknown_file_has_no_size_and_cannot_be_read(store: OutputStore):
    run = make(store)
    assert store.size(run, "other.wav") == 0
    with pytest.raises(UnknownFile):
        store.read(run, "other.wav", 0, 1)


# --- labels ---


def test_a_run_begins_without_labels(store: OutputStore):
    assert store.labels(make(store)) == Labels()


def test_labels_come_back_as_they_were_given(store: OutputStore):
    run = make(store)
    labels = Labels(starred=True, tags=("Ærø", "harbour"), title="灯台", restored_at=3.5)
    store.label(run, labels)
    assert store.labels(run) == labels


def test_every_change_of_labels_shows_in_the_entry(store: OutputStore):
    run = make(store)
    seen = {changed(store)[run]}
    for number in range(5):
        store.label(run, Labels(title=str(number)))
        seen.add(changed(store)[run])
    assert len(seen) == 6


def test_a_change_of_one_run_does_not_show_in_another(store: OutputStore):
    first, second = make(store), make(store)
    before = changed(store)[second]
    store.label(first, Labels(starred=True))
    assert changed(store)[second] == before


def test_labels_written_at_once_are_never_seen_half(store: OutputStore):
    run = make(store)
    titles = {letter * 200 for letter in "ab"}

    def write() -> None:
        for _ in range(20):
            for title in titles:
                store.label(run, Labels(title=title))

    writer = Thread(target=write)
    writer.start()
    while writer.is_alive():
        assert store.labels(run).title in titles | {""}
    writer.join()


# --- trash ---


def test_a_trashed_run_is_out_of_sight(store: OutputStore):
    run = make(store)
    store.trash(run)
    assert runs(store) == []
    assert not store.finished(run)
    with pytest.raises(UnknownFile):
        store.read(run, "audio.wav", 0, 1)


def test_the_trash_knows_size_and_star(store: OutputStore):
    run = make(store)
    store.label(run, Labels(starred=True))
    size = sum(store.files(run).values())
    store.trash(run)
    (item,) = store.trashed()
    assert (item.run, item.bytes, item.starred) == (run, size, True)


def test_a_restored_run_is_as_it_was(store: OutputStore):
    run = make(store)
    store.label(run, Labels(title="kept"))
    files, metadata = store.files(run), store.metadata(run)
    store.trash(run)
    store.restore(run)
    assert store.files(run) == files
    assert store.metadata(run) == metadata
    assert store.labels(run).title == "kept"
    assert list(store.trashed()) == []


def test_only_what_is_in_the_trash_can_be_restored(store: OutputStore):
    run = make(store)
    with pytest.raises(Conflict):
        store.restore(run)
    assert store.finished(run)


def test_a_purged_run_cannot_be_restored(store: OutputStore):
    run = make(store)
    store.trash(run)
    store.purge(run)
    assert list(store.trashed()) == []
    with pytest.raises(UnknownOutput):
        store.restore(run)


def test_purging_leaves_a_finished_run_alone(store: OutputStore):
    run = make(store)
    with pytest.raises(UnknownOutput):
        store.purge(run)
    assert store.finished(run)


def test_a_run_made_again_can_be_thrown_away_again(store: OutputStore):
    run = make(store)
    store.trash(run)
    growing = store.begin(run, 2)
    growing.append(METADATA, b'{"second": true}')
    growing.finish()
    store.trash(run)
    store.restore(run)
    assert store.metadata(run) == {"second": True}


# --- hostile names ---


@pytest.mark.parametrize("run", HOSTILE_RUNS)
def test_what_is_no_id_is_an_unknown_output(store: OutputStore, run: str):
    make(store)
    for use in (
        store.discard,
        store.finished,
        store.files,
        store.metadata,
        store.labels,
        store.trash,
        store.restore,
        store.purge,
        lambda run: store.begin(run, 1),
        lambda run: store.size(run, MASTER),
        lambda run: store.read(run, MASTER, 0, 1),
        lambda run: store.label(run, Labels()),
    ):
        with pytest.raises(UnknownOutput):
            use(run)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_what_is_no_name_is_an_unknown_file(store: OutputStore, name: str):
    growing = store.begin(RUN, 1)
    for use in (
        lambda: growing.append(name, b"x"),
        lambda: growing.truncate(name, 0),
        lambda: growing.read(name, 0, 1),
        lambda: store.read(RUN, name, 0, 1),
    ):
        with pytest.raises(UnknownFile):
            use()
    assert growing.size(name) == store.size(RUN, name) == 0


# --- a medium that refuses ---


def test_a_store_that_works_passes_its_check(store: OutputStore):
    store.check()
    assert store.free() > 0


def test_a_broken_medium_says_so_whatever_is_asked(broken: OutputStore):
    for use in (
        broken.check,
        broken.growing,
        lambda: broken.begin(RUN, 1),
        lambda: broken.read(RUN, MASTER, 0, 1),
        lambda: list(broken.entries()),
        lambda: list(broken.trashed()),
    ):
        with pytest.raises(StoreUnavailable):
            use()


def test_labels_that_do_not_fit_leave_the_old_ones(store: OutputStore):
    run = make(store)
    store.label(run, Labels(title="old"))
    files = store.files(run)
    with files_limited_to(10), pytest.raises(StoreUnavailable):
        store.label(run, Labels(title="new"))
    assert store.labels(run).title == "old"
    assert store.files(run) == files


def test_ids_of_new_runs_are_ids(store: OutputStore):
    store.begin(new_id(), 1)
    assert len(store.growing()) == 1
