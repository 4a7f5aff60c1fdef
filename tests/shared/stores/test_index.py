import logging
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownOutput
from shared.jobs import EngineInfo
from shared.stores.folder import FolderOutputs
from shared.stores.index import OutputIndex
from shared.stores.listing import Query
from shared.stores.outputs import LABELS, METADATA, Labels, Marks
from tests.shared.stores.runs import MADE, make, new_id

STOCK = EngineInfo(
    name="stock",
    version="1",
    device="cpu",
    precision="fp32",
    preview=False,
    checkpoint="tiny",
    revision="",
)


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


@pytest.fixture
def index(store: FolderOutputs) -> OutputIndex:
    return OutputIndex(store)


def found(index: OutputIndex, **query: object) -> list[str]:
    return [item.id for item in index.search(Query.model_validate(query)).items]


# --- what is there ---


def test_an_empty_store_gives_an_empty_page(index: OutputIndex):
    page = index.search(Query())
    assert (page.items, page.total, page.next_cursor) == ([], 0, None)


def test_an_output_tells_what_was_made(store: FolderOutputs, index: OutputIndex):
    run = make(store, seconds=0.5, text="The lamp turned.", warnings=["A preview."])
    shown = index.get(run)
    assert (shown.id, shown.task, shown.text) == (run, "custom_voice", "The lamp turned.")
    assert (shown.voice, shown.language, shown.seed) == ("ryan", "english", 7)
    assert (shown.engine.name, shown.preview) == ("preview", True)
    assert (shown.duration_seconds, shown.real_time_factor) == (0.5, 0.5)
    assert shown.created_at == datetime.fromtimestamp(MADE, UTC)
    assert shown.warnings == ["A preview."]
    assert shown.bytes == sum(store.files(run).values())
    assert shown.links["audio"] == f"/v1/outputs/{run}/files/audio.wav"


def test_a_long_text_is_shown_by_its_beginning(store: FolderOutputs, index: OutputIndex):
    shown = index.get(make(store, text="word \n" * 1_000))
    assert len(shown.text) <= 200
    assert shown.text.startswith("word word word")
    assert shown.text.endswith("…")


def test_a_run_that_is_finished_later_appears(store: FolderOutputs, index: OutputIndex):
    first = make(store)
    assert found(index) == [first]
    second = make(store, created_at=MADE + 10)
    assert found(index) == [second, first]


def test_a_run_that_is_thrown_away_disappears_and_comes_back(
    store: FolderOutputs, index: OutputIndex
):
    run = make(store)
    assert found(index) == [run]
    store.trash(run)
    assert found(index) == []
    with pytest.raises(UnknownOutput):
        index.get(run)
    index.restore(run)
    assert found(index) == [run]


def test_a_growing_run_is_not_there(store: FolderOutputs, index: OutputIndex):
    store.begin(run := new_id(), 1).append(METADATA, b"{}")
    assert found(index) == []
    with pytest.raises(UnknownOutput):
        index.get(run)


def test_labels_that_another_process_wrote_are_seen(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    assert not index.get(run).starred
    FolderOutputs(store._root).label(run, Labels(starred=True))
    assert index.get(run).starred


def test_a_recipe_is_found_by_id(store: FolderOutputs, index: OutputIndex):
    run = make(store, attempts=2)
    assert index.recipe(run).attempts == 2
    with pytest.raises(UnknownOutput):
        index.recipe(new_id())


# --- damage ---


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"id": 1}', b"\xff"])
def test_a_damaged_run_is_left_out_and_logged_once(
    store: FolderOutputs,
    index: OutputIndex,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: bytes,
):
    good, bad = make(store), make(store)
    (tmp_path / bad / METADATA).write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert found(index) == [good]
        assert found(index) == [good]
    assert [record.message.count(bad) > 0 for record in caplog.records] == [True]
    with pytest.raises(RecordDamaged):
        index.get(bad)


def test_a_run_with_damaged_labels_is_left_out(
    store: FolderOutputs, index: OutputIndex, tmp_path: Path
):
    run = make(store)
    (tmp_path / run / LABELS).write_text('{"starred": "perhaps"}')
    assert found(index) == []
    with pytest.raises(RecordDamaged):
        index.get(run)


def test_a_repaired_run_comes_back(store: FolderOutputs, index: OutputIndex, tmp_path: Path):
    run = make(store)
    (tmp_path / run / LABELS).write_text("{")
    assert found(index) == []
    store.label(run, Labels())
    assert found(index) == [run]


def test_the_metadata_of_another_run_is_not_believed(
    store: FolderOutputs, index: OutputIndex, tmp_path: Path
):
    run = make(store)
    (tmp_path / run).rename(tmp_path / (copy := new_id()))
    assert found(index) == []
    with pytest.raises(RecordDamaged):
        index.recipe(copy)


# --- search ---


def test_every_word_must_occur_somewhere_in_any_case(store: FolderOutputs, index: OutputIndex):
    run = make(store, text="Die STRASSE am Hafen")
    make(store, text="The harbour")
    index.mark(run, Marks(tags=("Chapter-1",), title="Lighthouse"))
    assert found(index, q="hafen strasse") == [run]
    assert found(index, q="HAFEN chapter-1 lighthouse ryan custom_voice") == [run]
    assert found(index, q="hafen harbour") == []


def test_a_word_beyond_the_excerpt_is_found(store: FolderOutputs, index: OutputIndex):
    run = make(store, text="word " * 1_000 + "needle")
    assert found(index, q="needle") == [run]


def test_a_filter_keeps_what_fits(store: FolderOutputs, index: OutputIndex):
    plain = make(store)
    other = make(store, task="narration", engine=STOCK, request={"speaker": "sohee"})
    index.mark(other, Marks(starred=True, tags=("npc", "Harbour")))
    for query in (
        {"task": "narration"},
        {"voice": "sohee"},
        {"engine": "stock"},
        {"starred": True},
        {"tag": ["NPC", "harbour"]},
    ):
        assert found(index, **query) == [other]
    assert found(index, starred=False) == [plain]
    assert found(index, tag=["npc", "absent"]) == []
    assert found(index, task="narration", voice="ryan") == []


def test_since_is_inclusive_and_until_is_not(store: FolderOutputs, index: OutputIndex):
    early, late = make(store, created_at=MADE), make(store, created_at=MADE + 60)
    minute = datetime.fromtimestamp(MADE + 60, UTC)
    assert found(index, since=minute) == [late]
    assert found(index, until=minute) == [early]


def test_a_date_without_a_zone_is_utc(store: FolderOutputs, index: OutputIndex):
    make(store, created_at=MADE)
    naive = datetime.fromtimestamp(MADE, UTC).replace(tzinfo=None)
    assert len(found(index, since=naive)) == 1


@pytest.mark.parametrize(
    ("sort", "ranks"),
    [
        ("-created_at", [2, 1, 0]),
        ("created_at", [0, 1, 2]),
        ("-duration_seconds", [1, 2, 0]),
        ("duration_seconds", [0, 2, 1]),
        ("-bytes", [1, 2, 0]),
    ],
)
def test_a_sort_sorts(store: FolderOutputs, index: OutputIndex, sort: str, ranks: list[int]):
    made = [
        make(store, created_at=MADE + at, seconds=seconds)
        for at, seconds in enumerate([0.1, 0.9, 0.5])
    ]
    assert found(index, sort=sort) == [made[rank] for rank in ranks]


# --- pages ---


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "duration_seconds"])
def test_pages_together_hold_everything_once(store: FolderOutputs, index: OutputIndex, sort: str):
    made = {make(store) for _ in range(7)}
    cursor, seen = None, []
    while True:
        page = index.search(Query.model_validate({"sort": sort, "limit": 3, "cursor": cursor}))
        assert page.total == 7
        seen += [item.id for item in page.items]
        if not (cursor := page.next_cursor):
            break
    assert len(seen) == 7
    assert set(seen) == made


def test_a_newer_output_does_not_shift_the_next_page(store: FolderOutputs, index: OutputIndex):
    made = [make(store, created_at=MADE + at) for at in range(4)]
    first = index.search(Query(limit=2))
    make(store, created_at=MADE + 100)
    assert found(index, limit=2, cursor=first.next_cursor) == [made[1], made[0]]


def test_a_cursor_outlives_the_output_it_points_to(store: FolderOutputs, index: OutputIndex):
    made = [make(store, created_at=MADE + at) for at in range(4)]
    first = index.search(Query(limit=2))
    store.trash(made[2])
    assert found(index, cursor=first.next_cursor) == [made[1], made[0]]


@pytest.mark.parametrize("cursor", ["x", "%%%", "bnVsbA", "W10", "é", "=" * 30])
def test_a_foreign_cursor_is_refused(index: OutputIndex, cursor: str):
    with pytest.raises(InvalidRequest) as refusal:
        index.search(Query(cursor=cursor))
    assert refusal.value.param == "cursor"


def test_a_cursor_of_another_order_is_refused(store: FolderOutputs, index: OutputIndex):
    for _ in range(2):
        make(store)
    cursor = index.search(Query(limit=1)).next_cursor
    with pytest.raises(InvalidRequest, match="sort=-created_at"):
        index.search(Query(sort="bytes", cursor=cursor))


# --- marks ---


def test_marks_left_out_stay(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    index.mark(run, Marks(starred=True, title="Kept"))
    shown = index.mark(run, Marks(tags=("new",)))
    assert (shown.starred, shown.title, shown.tags) == (True, "Kept", ("new",))


def test_tags_are_cleaned_and_named_once():
    marks = Marks(tags=("  two \n words ", "NPC", "npc", "b\0ell"))
    assert marks.tags == ("two words", "NPC", "b ell")


@pytest.mark.parametrize(
    "marks",
    [
        {"tags": [""]},
        {"tags": ["\n"]},
        {"tags": ["x" * 41]},
        {"tags": [str(number) for number in range(33)]},
        {"title": "x" * 201},
        {"colour": "red"},
    ],
)
def test_marks_out_of_bounds_are_refused(marks: dict[str, object]):
    with pytest.raises(ValueError, match="validation error"):
        Marks.model_validate(marks)


def test_marks_set_at_once_by_many_threads_are_all_kept(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    changes = [Marks(starred=True), Marks(title="Kept"), Marks(tags=("kept",))]
    threads = [Thread(target=index.mark, args=(run, change)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = index.get(run)
    assert (shown.starred, shown.title, shown.tags) == (True, "Kept", ("kept",))


def test_what_is_in_the_trash_cannot_be_marked(store: FolderOutputs, index: OutputIndex):
    store.trash(run := make(store))
    with pytest.raises(UnknownOutput):
        index.mark(run, Marks(starred=True))


def test_what_is_not_in_the_trash_cannot_be_restored(store: FolderOutputs, index: OutputIndex):
    run = make(store)
    with pytest.raises(Conflict):
        index.restore(run)
    with pytest.raises(UnknownOutput):
        index.restore(new_id())


def test_usage_counts_outputs_and_trash(store: FolderOutputs, index: OutputIndex):
    kept, thrown = make(store), make(store, seconds=1)
    size = {run: sum(store.files(run).values()) for run in (kept, thrown)}
    store.trash(thrown)
    usage = index.usage()
    assert (usage.outputs, usage.bytes) == (1, size[kept])
    assert (usage.trash, usage.trash_bytes) == (1, size[thrown])
    assert usage.free_bytes > 0


@pytest.mark.parametrize(
    ("request_", "voice"),
    [
        ({"voice": {"voice": "ryan"}}, "ryan"),
        ({"narrator": {"voice": "serena", "speed": 1.0}}, "serena"),
        ({"narrator": {"description": "An old sailor."}}, None),
        ({"voice": {"voice": ["of", "another", "version"]}}, None),
    ],
)
def test_the_voice_of_a_pipeline_stands_in_its_role(
    store: FolderOutputs, index: OutputIndex, request_: dict[str, Any], voice: str | None
):
    run = make(store, request={"speaker": None, **request_})
    assert index.get(run).voice == voice
