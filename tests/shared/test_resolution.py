"""What was sent becomes a request: presets, voices, files and names looked up."""

import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.errors import (
    Conflict,
    InvalidRequest,
    QueueFull,
    RecordDamaged,
    TranscriptMismatch,
    UnknownEmotion,
    UnknownField,
    UnknownPreset,
    UnknownSpeaker,
    UnknownUpload,
    UnknownVoice,
)
from shared.receiving import Received, examine
from shared.requests import CONTRACTS
from shared.requests.custom_voice import CustomVoice
from shared.requests.declared import UploadKind
from shared.requests.script import Script
from shared.requests.voice_clone import VoiceClone
from shared.resolution import Resolution, Resolved
from shared.settings import ROOT, Settings
from shared.stores.presets import Preset, PresetStore
from shared.stores.uploads import FolderUploads
from shared.stores.voice_record import Voice
from shared.stores.voices import RECORD, FolderVoices
from shared.voices.library import Library

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEXT = "The lamp turned."
EXAMPLES = ROOT / "docs" / "examples"
TRANSCRIPT = VoiceClone.example["transcript"]
UNKNOWN = "0" * 64


class Place:
    """A resolution, and what it looks things up in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.library = Library(FolderVoices(root / "voices"))
        self.presets = PresetStore(root / "voices" / "_presets")
        self.uploads = FolderUploads(root / "uploads")
        self.resolution = Resolution(self.library, self.presets, self.uploads)

    def resolve(
        self, task: str, files: dict[str, Received] | None = None, /, **body: Any
    ) -> Resolved:
        return self.resolution.resolve(CONTRACTS[task], body, files or {})

    def speak(self, **body: Any) -> CustomVoice:
        request = self.resolve("custom_voice", **{"text": TEXT, **body}).request
        assert isinstance(request, CustomVoice)
        return request

    def clone(self, **body: Any) -> VoiceClone:
        request = self.resolve("voice_clone", **{"text": TEXT, **body}).request
        assert isinstance(request, VoiceClone)
        return request

    def voice(self, name: str = "Old Sailor", **settings: Any) -> str:
        voice = Voice(name=name, kind="cloned", created=NOW, settings=settings)
        return self.library.create(voice, {})

    def preset(self, task: str = "custom_voice", **request: Any) -> None:
        self.presets.save(Preset(name="Story", task=task, request=request, created=NOW))

    def kept(self) -> list[str]:
        return [path.name for path in (self.root / "uploads").glob("*/*")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def received(kind: UploadKind) -> Received:
    name = "codes.json" if kind == "codes" else "reference.flac"
    return examine(kind, io.BytesIO((EXAMPLES / name).read_bytes()), Settings())


# --- the body alone ---


def test_a_request_that_names_nothing_is_as_it_was_sent(place: Place):
    sent = {"text": TEXT, "speaker": "vivian", "seed": 3}
    resolved = place.resolution.resolve(CustomVoice, sent)
    assert resolved.request == CustomVoice.parse(sent)
    assert resolved.estimate == resolved.request.estimated_seconds()
    assert resolved.warnings == ()


@pytest.mark.parametrize("body", [None, [], "text", 5, [[]]])
def test_a_body_is_an_object(place: Place, body: Any):
    with pytest.raises(InvalidRequest) as error:
        place.resolution.resolve(CustomVoice, body)
    assert error.value.param is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"speaker": 5}, "speaker"),
        ({"preset": 5}, "preset"),
        ({"preset": ""}, "preset"),
        ({"preset": "x" * 10_000}, "preset"),
        ({"seed": -1}, "seed"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_field_that_does_not_fit_is_named(place: Place, body: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as error:
        place.speak(**body)
    assert error.value.param == param
    assert len(error.value.message) < 500


def test_unknown_words_are_refused(place: Place):
    with pytest.raises(UnknownField):
        place.speak(loudness=3)
    with pytest.raises(UnknownSpeaker):
        place.speak(speaker="nobody")
    with pytest.raises(UnknownEmotion):
        place.speak(emotion="hungry")


# --- presets ---


def test_a_preset_fills_what_the_body_does_not_say(place: Place):
    place.preset(speaker="serena", seed=7, temperature=0.5)
    request = place.speak(preset="story", temperature=1.0)
    assert (request.speaker, request.seed, request.temperature) == ("serena", 7, 1.0)
    assert request.preset == "story"


def test_null_in_the_body_is_something_said(place: Place):
    place.preset(seed=7)
    assert place.speak(preset="Story", seed=None).seed is None


def test_what_a_preset_gives_too_much_is_told_and_null_undoes_it(place: Place):
    place.voice()
    place.preset(task="voice_clone", voice="old_sailor", temperature=0.5)
    sent = {"preset": "Story", "reference": received("reference").keep(place.uploads).id}
    with pytest.raises(InvalidRequest, match="voice and reference") as error:
        place.clone(**sent)
    assert "'Story' gives `voice`" in (error.value.next_step or "")
    assert '`"voice": null`' in (error.value.next_step or "")
    request = place.clone(**sent, voice=None)
    assert (request.voice, request.temperature) == (None, 0.5)


def test_a_fault_of_the_body_is_not_laid_to_the_preset(place: Place):
    place.preset(seed=7)
    with pytest.raises(InvalidRequest) as error:
        place.speak(preset="Story", seed=-1)
    assert "preset" not in (error.value.next_step or "")


def test_an_unknown_preset_is_unknown(place: Place):
    with pytest.raises(UnknownPreset) as error:
        place.speak(preset="nobody")
    assert error.value.param == "preset"


def test_a_preset_of_another_task_is_taken_where_every_field_is_known(place: Place):
    place.preset(task="voice_clone", seed=7, instruct="calm")
    assert place.speak(preset="Story").seed == 7


def test_a_preset_whose_fields_the_task_lacks_is_refused(place: Place):
    place.preset(task="voice_clone", voice="old_sailor", seed=7)
    with pytest.raises(InvalidRequest, match=r"voice_clone.*custom_voice.*'voice'") as error:
        place.speak(preset="Story")
    assert error.value.param == "preset"


def test_the_fields_of_a_preset_are_checked_with_those_of_the_body(place: Place):
    place.preset(task="design_then_clone", choose=3)
    with pytest.raises(InvalidRequest) as error:
        place.resolve("design_then_clone", text=TEXT, description="A warm alto.", preset="Story")
    assert error.value.param == "choose"


# --- voices ---


@pytest.mark.parametrize("word", ["old_sailor", "Old Sailor", "OLD sailor"])
def test_a_voice_is_named_by_id_or_name(place: Place, word: str):
    place.voice()
    assert place.clone(voice=word).voice == "old_sailor"


def test_an_unknown_voice_is_unknown(place: Place):
    with pytest.raises(UnknownVoice) as error:
        place.clone(voice="nobody")
    assert error.value.param == "voice"


def test_the_settings_of_a_voice_are_weaker_than_the_preset_s_and_the_body_s(place: Place):
    place.voice(temperature=0.1, top_k=1, seed=1)
    place.preset(task="voice_clone", voice="Old Sailor", temperature=0.2, top_k=2)
    request = place.clone(preset="Story", temperature=0.3)
    assert (request.temperature, request.top_k, request.seed) == (0.3, 2, 1)
    assert request.voice == "old_sailor"


def test_the_settings_of_a_preset_speaker_hold_for_its_speech(place: Place):
    record = place.root / "voices" / "vivian" / RECORD
    record.parent.mkdir(parents=True)
    vivian = place.library.get("vivian").model_copy(update={"settings": {"temperature": 0.4}})
    record.write_text(yaml.safe_dump(vivian.model_dump(mode="json")))
    assert place.speak(speaker="Vivian").temperature == 0.4
    assert place.speak(speaker="ryan").temperature != 0.4


def test_settings_that_a_task_does_not_know_do_not_reach_it(place: Place):
    place.voice(mode="speaker_only")
    assert place.clone(voice="old_sailor").mode == "speaker_only"
    store = place.library.store
    vivian = place.library.get("vivian").model_copy(update={"settings": {"mode": "speaker_only"}})
    store.create("vivian", vivian, {})
    assert place.speak(speaker="vivian").speaker == "vivian"


def test_settings_that_somebody_spoilt_are_laid_to_the_voice(place: Place):
    place.voice(temperature="hot")
    with pytest.raises(RecordDamaged, match=r"'old_sailor'.*temperature"):
        place.clone(voice="old_sailor")


def test_a_preset_speaker_cannot_be_cloned(place: Place):
    with pytest.raises(InvalidRequest) as error:
        place.clone(voice="Vivian")
    assert error.value.param == "voice"
    assert "custom_voice" in (error.value.next_step or "")
    assert "'vivian'" in (error.value.next_step or "")


def test_a_voice_and_a_recording_are_one_too_many(place: Place):
    place.voice()
    with pytest.raises(InvalidRequest, match="voice and reference"):
        place.clone(voice="old_sailor", reference=received("reference").keep(place.uploads).id)


@pytest.mark.parametrize("name", ["Old Sailor", "old sailor", "vivian"])
def test_a_voice_is_not_locked_under_a_taken_name(place: Place, name: str):
    place.voice()
    with pytest.raises(Conflict) as error:
        place.resolve("design_then_clone", text=TEXT, description="A warm alto.", lock_as=name)
    assert error.value.param == "lock_as"


@pytest.mark.parametrize(
    ("field", "word"), [("lock_as", "../x"), ("sample_text", "?!"), ("text", "?!")]
)
def test_what_a_type_refuses_is_laid_to_its_field(place: Place, field: str, word: str):
    body = {"text": TEXT, "description": "A warm alto.", field: word}
    with pytest.raises(InvalidRequest) as error:
        place.resolve("design_then_clone", **body)
    assert error.value.param == field


# --- files ---


def test_an_upload_is_named_by_its_id(place: Place):
    upload = received("reference").keep(place.uploads)
    assert place.clone(reference=upload.id, transcript=TRANSCRIPT).reference == upload.id


@pytest.mark.parametrize("field", ["reference", "codes"])
def test_an_unknown_upload_is_named_by_its_field(place: Place, field: str):
    with pytest.raises(UnknownUpload) as error:
        place.clone(**{field: UNKNOWN})
    assert error.value.param == field


def test_an_upload_of_another_kind_does_not_do(place: Place):
    upload = received("audio").keep(place.uploads)
    with pytest.raises(UnknownUpload):
        place.clone(reference=upload.id)


@pytest.mark.parametrize("word", ["../x", "x", 5, UNKNOWN + "\n"])
def test_what_is_no_id_is_refused(place: Place, word: Any):
    with pytest.raises(InvalidRequest) as error:
        place.clone(reference=word)
    assert error.value.param == "reference"


def test_warnings_about_a_file_go_with_the_request(place: Place):
    file = received("reference")
    spoilt = Received(file.kind, file.data, file.facts.model_copy(update={"warnings": ["Quiet."]}))
    upload = spoilt.keep(place.uploads)
    resolved = place.resolve("voice_clone", text=TEXT, reference=upload.id)
    assert resolved.warnings == ("Quiet.",)


def test_a_transcript_that_nobody_can_say_in_that_time_is_refused(place: Place):
    upload = received("reference").keep(place.uploads)
    with pytest.raises(TranscriptMismatch):
        place.clone(reference=upload.id, transcript=TRANSCRIPT * 12)


@pytest.mark.parametrize(
    ("task", "field", "kind"),
    [("codec_encode", "audio", "audio"), ("codec_decode", "codes", "codes")],
)
def test_the_codec_s_sound_is_as_long_as_what_it_is_given(
    place: Place, task: str, field: str, kind: UploadKind
):
    upload = received(kind).keep(place.uploads)
    assert place.resolve(task, **{field: upload.id}).estimate == upload.seconds


def test_an_upload_that_is_named_is_young_again(place: Place):
    upload = received("audio").keep(place.uploads)
    for path in (place.root / "uploads" / "audio").iterdir():
        os.utime(path, (1, 1))
    with place.resolution.keeping(place.resolve("codec_encode", audio=upload.id).request):
        pass
    assert place.uploads.purge(before=2, keep=()) == 0


# --- files that come with the request ---


def test_a_file_that_comes_along_is_kept_and_named(place: Place):
    file = received("reference")
    files = {"reference": file}
    resolved = place.resolve("voice_clone", files, text=TEXT, transcript=TRANSCRIPT)
    assert resolved.request.model_dump()["reference"] == file.id
    assert place.kept() == []
    with place.resolution.keeping(resolved.request, files):
        pass
    assert place.uploads.read("reference", file.id) == file.data


REFUSALS: dict[str, Callable[[Place], Any]] = {
    "contract": lambda place: {"text": ""},
    "preset": lambda place: {"preset": "nobody"},
    "transcript": lambda place: {"transcript": TRANSCRIPT * 12},
    "two-sources": lambda place: {"voice": place.voice()},
    "other-id": lambda place: {"reference": UNKNOWN},
}


@pytest.mark.parametrize("wrong", REFUSALS.values(), ids=list(REFUSALS))
def test_nothing_is_kept_of_a_request_that_is_refused(place: Place, wrong: Callable[[Place], Any]):
    with pytest.raises((InvalidRequest, UnknownPreset)):
        place.resolve(
            "voice_clone", {"reference": received("reference")}, **{"text": TEXT, **wrong(place)}
        )
    assert place.kept() == []


def refused(place: Place, file: Received, meanwhile: Callable[[], Any] = lambda: None) -> None:
    """Let a request that a file came with be refused when the file has been kept."""
    request = place.resolve("codec_encode", {"audio": file}).request

    def submit() -> None:
        with place.resolution.keeping(request, {"audio": file}):
            assert place.uploads.holds("audio", file.id)
            meanwhile()
            raise QueueFull("Many jobs wait.")

    with pytest.raises(QueueFull):
        submit()


def test_a_file_goes_with_the_request_that_the_queue_refuses(place: Place):
    refused(place, received("audio"))
    assert place.kept() == []


def test_a_file_that_was_there_before_stays(place: Place):
    file = received("audio")
    upload = file.keep(place.uploads)
    refused(place, file)
    assert place.uploads.holds("audio", upload.id)


def test_a_file_that_somebody_else_sends_meanwhile_stays(place: Place):
    file = received("audio")
    refused(place, file, lambda: file.keep(place.uploads))
    assert place.uploads.read("audio", file.id) == file.data


UNMET: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "contract": ({"text": ""}, InvalidRequest),
    "field": ({"textt": "x"}, UnknownField),
    "preset": ({"preset": "nobody"}, UnknownPreset),
    "voice": ({"voice": "nobody"}, UnknownVoice),
    "other-file": ({"codes": UNKNOWN}, InvalidRequest),
}


@pytest.mark.parametrize(("wrong", "error"), UNMET.values(), ids=list(UNMET))
def test_what_can_be_refused_without_its_file_is(
    place: Place, wrong: dict[str, Any], error: type[Exception]
):
    with pytest.raises(error):
        place.resolution.check(
            CONTRACTS["voice_clone"], {"text": TEXT, **wrong}, coming=["reference"]
        )


def test_a_file_that_comes_may_stand_for_what_is_missing(place: Place):
    place.resolution.check(CONTRACTS["voice_clone"], {"text": TEXT}, coming=["reference"])
    with pytest.raises(InvalidRequest, match="No voice"):
        place.resolution.check(CONTRACTS["voice_clone"], {"text": TEXT}, coming=[])


# --- sizes ---


@pytest.mark.parametrize("task", ["voice_design", "design_then_clone"])
def test_a_size_that_was_never_released_is_told(place: Place, task: str):
    body = {"text": TEXT, "description": "A warm alto."}
    (warning,) = place.resolve(task, **body, size="0.6B").warnings
    assert "1.7B-VoiceDesign" in warning
    assert "0.6B" in warning
    assert place.resolve(task, **body, size="1.7B").warnings == ()
    assert place.resolve(task, **body).warnings == ()


# --- once more ---


def test_a_request_that_was_admitted_is_admitted_again(place: Place):
    place.voice(temperature=0.1)
    first = place.resolve("voice_clone", text=TEXT, voice="Old Sailor")
    assert place.resolution.admit(first.request) == first


def test_what_has_gone_meanwhile_is_missed(place: Place):
    voice_id = place.voice()
    by_voice = place.resolve("voice_clone", text=TEXT, voice=voice_id).request
    by_file = place.resolve("codec_encode", {"audio": received("audio")}).request
    place.library.delete(voice_id)
    place.uploads.purge(before=2**40, keep=())
    with pytest.raises(UnknownVoice):
        place.resolution.admit(by_voice)
    with pytest.raises(UnknownUpload):
        place.resolution.admit(by_file)


# --- pipelines ---


def test_the_roles_of_a_pipeline_carry_ids(place: Place):
    place.voice()
    cast = {"ANNA": "OLD sailor", "BEN": {"voice": "Ryan"}, "CAROL": {"instruct": "calm"}}
    request = place.resolve("script", text=TEXT, cast=cast, narrator="Uncle_Fu").request
    assert isinstance(request, Script)
    assert {where: role.voice for where, role in request.roles().items()} == {
        "cast.ANNA": "old_sailor",
        "cast.BEN": "ryan",
        "cast.CAROL": None,
        "narrator": "uncle_fu",
    }


def test_a_role_with_an_unknown_voice_is_named(place: Place):
    with pytest.raises(UnknownVoice) as error:
        place.resolve("script", text=TEXT, cast={"ANNA": "nobody"})
    assert error.value.param == "cast.ANNA"


def test_a_voice_that_is_gone_when_the_job_is_taken_in_is_named(place: Place):
    place.voice()
    request = place.resolve("script", text=TEXT, cast={"ANNA": "Old Sailor"}).request
    place.library.delete("old_sailor")
    with pytest.raises(UnknownVoice) as error:
        place.resolution.admit(request)
    assert error.value.param == "cast.ANNA"


def test_the_casts_of_preset_and_body_are_put_together(place: Place):
    place.preset(task="script", cast={"ANNA": "serena", "BEN": "ryan"}, narrator="eric")
    request = place.resolve("script", text=TEXT, preset="Story", cast={"Anna": "vivian"}).request
    assert isinstance(request, Script)
    assert {where: role.voice for where, role in request.roles().items()} == {
        "cast.BEN": "ryan",
        "cast.Anna": "vivian",
        "narrator": "eric",
    }


@pytest.mark.parametrize("field", ["source", "plan"])
def test_a_preset_keeps_no_document(place: Place, field: str):
    with pytest.raises(InvalidRequest) as error:
        place.preset(task="script", **{field: UNKNOWN})
    assert error.value.param == field


def plan(voice: str = "ryan") -> Received:
    line = {"number": 1, "text": TEXT, "said": TEXT, "language": "english", "seed": 1}
    lines = [{**line, "role": {"voice": voice}, "seconds": 5}]
    made = {"task": "script", "language": "english", "lines": lines, "warnings": ["Odd."]}
    return examine("plan", io.BytesIO(json.dumps(made).encode()), Settings())


def test_a_plan_says_how_long_it_takes_and_what_is_odd(place: Place):
    resolved = place.resolve("script", {"plan": plan()})
    assert (resolved.estimate, resolved.warnings) == (5.0, ("Odd.",))


def test_a_plan_is_for_one_pipeline(place: Place):
    with pytest.raises(InvalidRequest, match="'script', not of narration") as error:
        place.resolve("narration", {"plan": plan()})
    assert error.value.param == "plan"


@pytest.mark.parametrize("kept", [True, False])
def test_the_line_whose_voice_is_unknown_is_named(place: Place, kept: bool):
    sent = plan("nobody")
    if kept:
        sent.keep(place.uploads)
    files = {} if kept else {"plan": sent}
    with pytest.raises(UnknownVoice, match=r"lines\.0\.role\.voice: .*'nobody'"):
        place.resolve("script", files, plan=sent.id)


def test_what_has_a_plan_needs_its_document_no_more(place: Place):
    upload = plan().keep(place.uploads)
    request = place.resolve("script", plan=upload.id, source=UNKNOWN).request
    assert isinstance(request, Script)
    assert (request.plan, request.source) == (upload.id, None)
