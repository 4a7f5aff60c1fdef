from pathlib import Path

import pytest

from shared.speakers import SPEAKERS
from shared.stores.voice_record import REFERENCE, SAMPLE, Sample, VoiceClip
from shared.stores.voices import RECORD
from shared.voices.library import Library
from shared.voices.naming import prompt_name
from shared.voices.view import VoiceQuery, search, view
from tests.shared.voices.people import SOUND, WORDS, add, voice


def found(library: Library, **query: object) -> list[str]:
    page = search(library, VoiceQuery.model_validate(query))
    return [item.id for item in page.items if item.kind != "preset"]


def test_a_voice_is_shown_with_all_that_matters(library: Library):
    voice_id = add(library, "Sailor", tags=("npc",), settings={"seed": 7})
    library.store.write(voice_id, prompt_name("0.6B-Base"), b"x")
    library.store.write(voice_id, prompt_name("1.7B-Base", "happy"), b"x")
    library.store.write(voice_id, prompt_name("My Own"), b"x")
    shown = view(library, voice_id)
    assert (shown.id, shown.name, shown.kind) == ("sailor", "Sailor", "cloned")
    assert (shown.tags, shown.settings, shown.consent) == (["npc"], {"seed": 7}, "She agreed.")
    assert shown.transcript == WORDS
    assert shown.prompts == ["0.6B-Base", "my-own"]
    assert shown.has_sample
    assert shown.sample is None
    assert shown.warnings == []
    assert shown.links["export"] == "/v1/voices/sailor/export"


def test_a_recording_is_shown_with_its_length(library: Library):
    library.record(add(library, "Sailor"), "happy", SOUND, None)
    plain, happy = view(library, "sailor").clips
    assert (plain.file, plain.emotion, plain.seconds, plain.transcript) == (
        REFERENCE,
        "",
        4.0,
        WORDS,
    )
    assert (happy.emotion, happy.seconds, happy.transcript) == ("happy", 4.0, "")


def test_what_to_know_of_a_voice_is_said_whenever_it_is_shown(library: Library):
    add(library, "Wordless", transcript="", consent="")
    wordless, consent = view(library, "wordless", ["Once."]).warnings[1:]
    assert "speaker_only" in wordless
    assert "agrees" in consent
    add(library, "Blend", kind="mixed", transcript="")
    (mixed,) = view(library, "blend").warnings
    assert "experimental" in mixed


def test_a_sample_says_who_spoke(library: Library):
    assert not view(library, "ryan").has_sample
    library.hear("ryan", SOUND, Sample(engine="preview", preview=True))
    shown = view(library, "ryan")
    assert shown.has_sample
    assert shown.sample == Sample(engine="preview", preview=True)
    assert SAMPLE in library.files("ryan")


def test_voices_come_by_name_and_presets_last(library: Library):
    for name in ("beth", "Adam", "Zoë"):
        add(library, name)
    page = search(library, VoiceQuery())
    assert [item.id for item in page.items[:3]] == ["adam", "beth", "zoe"]
    assert {item.id for item in page.items[3:]} == SPEAKERS.keys()
    assert page.total == 3 + len(SPEAKERS)


def test_everything_that_is_asked_must_hold(library: Library):
    add(library, "Sailor", tags=("npc", "Sea"), language="german", source="A film.")
    add(library, "Captain", tags=("sea",), language="german", description="Loud, of the old sort")
    assert found(library, tag=["SEA"]) == ["captain", "sailor"]
    assert found(library, tag=["sea", "npc"]) == ["sailor"]
    assert found(library, q="OLD loud") == ["captain"]
    assert found(library, q="film") == ["sailor"]
    assert found(library, q="film loud") == []
    assert found(library, language="de") == ["captain", "sailor"]
    assert found(library, language="en", tag=["sea"]) == []
    assert found(library, kind="cloned", q="sail") == ["sailor"]
    assert found(library, kind="preset") == []


def test_a_limit_shortens_the_page_and_the_total_stays(library: Library):
    add(library, "Sailor")
    page = search(library, VoiceQuery(limit=2))
    assert len(page.items) == 2
    assert page.total == 1 + len(SPEAKERS)


@pytest.mark.parametrize("harm", ["record", "recording", "transcript"])
def test_a_damaged_voice_is_listed_as_that(library: Library, tmp_path: Path, harm: str):
    add(library, "Good")
    folder = tmp_path / "voices" / add(library, "Bad")
    match harm:
        case "record":
            (folder / RECORD).write_text("kind: [cloned")
        case "recording":
            (folder / REFERENCE).unlink()
        case _:
            (folder / VoiceClip().transcript).write_bytes(b"\xff\xfe\xff")
    page = search(library, VoiceQuery(kind=None, q=""))
    assert page.damaged == ["bad"]
    assert "good" in [item.id for item in page.items]
    assert "bad" not in [item.id for item in page.items]


def test_a_voice_without_recordings_is_shown(library: Library):
    library.create(voice("Prompted", clips=()), {prompt_name("0.6B-Base"): b"x"})
    shown = view(library, "prompted")
    assert (shown.clips, shown.has_sample, shown.warnings) == ([], False, [])
