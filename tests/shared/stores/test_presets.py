import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.errors import (
    Conflict,
    InvalidRequest,
    RecordDamaged,
    StoreUnavailable,
    UnknownField,
    UnknownPreset,
    UnknownTask,
)
from shared.stores.presets import Preset, PresetStore


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    return PresetStore(tmp_path / "_presets")


def preset(name: str = "Bedtime story", task: str = "custom_voice", **request: Any) -> Preset:
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Preset(name=name, task=task, request=request, created=created)


def test_a_new_store_is_empty(store: PresetStore):
    assert store.all().items == []


def test_a_preset_comes_back_as_it_was_saved(store: PresetStore):
    saved = store.save(preset(speaker="vivian", seed=7, instruct="soft, 轻声"))
    assert saved == preset(speaker="vivian", seed=7, instruct="soft, 轻声")
    assert store.get("Bedtime story") == saved


def test_a_preset_is_found_by_its_name_in_any_case(store: PresetStore):
    saved = store.save(preset())
    assert store.get("bedtime STORY") == saved


def test_presets_are_listed_by_the_alphabet(store: PresetStore):
    for name in ("b", "C", "a", "夜"):
        store.save(preset(name))
    assert [found.name for found in store.all().items] == ["a", "b", "C", "夜"]


def test_a_taken_name_is_refused_and_the_first_stays(store: PresetStore):
    store.save(preset(seed=1))
    with pytest.raises(Conflict):
        store.save(preset("bedtime story", seed=2))
    assert store.get("Bedtime story").request == {"seed": 1}


def test_a_preset_is_replaced_where_that_is_asked(store: PresetStore):
    store.save(preset(seed=1))
    store.save(preset(seed=2), replace=True)
    assert [found.request for found in store.all().items] == [{"seed": 2}]


@pytest.mark.parametrize(
    ("one", "other"), [("朗读 A", "新闻 A"), ("C++", "C#"), ("C++", "C"), ("Tale!", "tale?")]
)
def test_names_that_share_their_letters_are_two_presets(store: PresetStore, one: str, other: str):
    store.save(preset(one, seed=1))
    with pytest.raises(UnknownPreset):
        store.get(other)
    with pytest.raises(UnknownPreset):
        store.delete(other)
    store.save(preset(other, seed=2))
    store.save(preset(other, seed=3), replace=True)
    assert [store.get(name).request["seed"] for name in (one, other)] == [1, 3]
    store.delete(one)
    assert store.get(other).request == {"seed": 3}


def test_a_name_in_any_alphabet_is_one_in_any_case(store: PresetStore):
    store.save(preset("ЁЖИК"))
    assert store.get("ёжик").name == "ЁЖИК"


def test_a_file_that_somebody_copied_counts_by_the_name_in_it(store: PresetStore, tmp_path: Path):
    store.save(preset(seed=1))
    kept = tmp_path / "_presets" / "bedtime_story.yaml"
    kept.with_name("mine.yaml").write_text(kept.read_text().replace("Bedtime", "Morning"))
    assert store.get("morning story").request == {"seed": 1}


def test_of_many_who_save_one_name_at_once_one_succeeds(tmp_path: Path):
    together = threading.Barrier(6)

    def save(number: int) -> bool:
        store = PresetStore(tmp_path)
        together.wait()
        try:
            store.save(preset(seed=number))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(save, range(6))) == 1


def test_a_deleted_preset_is_gone(store: PresetStore):
    store.save(preset())
    store.delete("Bedtime story")
    assert store.all().items == []
    with pytest.raises(UnknownPreset):
        store.delete("Bedtime story")


def test_an_unknown_preset_is_unknown(store: PresetStore):
    with pytest.raises(UnknownPreset):
        store.get("nobody")


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "", "  ", "..", "a\0", "a\nb"])
def test_no_name_leaves_the_folder(store: PresetStore, tmp_path: Path, name: str):
    for use in (store.get, store.delete, lambda name: store.save(preset(name))):
        with pytest.raises(InvalidRequest):
            use(name)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("task", "request_", "param"),
    [
        ("custom_voice", {"speaker": "nobody"}, "speaker"),
        ("custom_voice", {"seed": "7"}, "seed"),
        ("custom_voice", {"text": ""}, "text"),
        ("custom_voice", {"emotion": "hungry"}, "emotion"),
        ("custom_voice", {"preset": "other"}, "preset"),
        ("voice_clone", {"reference": "0" * 64}, "reference"),
        ("codec_decode", {"codes": "0" * 64}, "codes"),
        ("design_then_clone", {"lock_as": "Sailor"}, "lock_as"),
    ],
)
def test_what_could_never_work_is_not_saved(
    store: PresetStore, task: str, request_: dict[str, Any], param: str
):
    with pytest.raises(InvalidRequest) as error:
        store.save(preset(task=task, **request_))
    assert error.value.param == param
    assert store.all().items == []


def test_a_field_that_the_task_lacks_is_not_saved(store: PresetStore):
    with pytest.raises(UnknownField) as error:
        store.save(preset(voice="sailor"))
    assert error.value.param == "voice"


def test_a_task_that_is_not_there_is_not_saved(store: PresetStore):
    with pytest.raises(UnknownTask):
        store.save(preset(task="sing"))


def test_a_damaged_preset_is_called_damaged(store: PresetStore, tmp_path: Path):
    store.save(preset())
    (tmp_path / "_presets" / "bedtime_story.yaml").write_text("!!python/object:os.system {}")
    with pytest.raises(RecordDamaged, match=r"bedtime_story\.yaml"):
        store.get("Bedtime story")


def test_a_damaged_preset_is_named_and_leaves_the_others_alone(store: PresetStore, tmp_path: Path):
    store.save(preset())
    good = store.save(preset("Good"))
    (tmp_path / "_presets" / "bedtime_story.yaml").write_text("!!bool x")
    assert (store.all().items, store.all().damaged) == ([good], ["bedtime_story.yaml"])
    assert store.get("good") == good
    with pytest.raises(Conflict):
        store.save(preset())
    store.delete("Bedtime story")
    assert store.all().damaged == []


def test_a_broken_medium_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreUnavailable):
        PresetStore(tmp_path / "file").save(preset())
