import pytest

from shared import languages, speakers
from shared.errors import UnknownSpeaker


@pytest.mark.parametrize("spelling", ["Uncle Fu", "uncle-fu", "UNCLE_FU", " uncle  fu "])
def test_a_speaker_has_many_spellings(spelling: str):
    assert speakers.canonical(spelling) == "uncle_fu"


def test_nine_speakers_are_known_by_id_and_name():
    assert len(speakers.SPEAKERS) == 9
    for id, speaker in speakers.SPEAKERS.items():
        assert speakers.canonical(id) == speakers.canonical(speaker.name) == speaker.id == id


def test_every_speaker_is_at_home_in_a_known_language():
    assert {speaker.language for speaker in speakers.SPEAKERS.values()} <= set(languages.CODES)


@pytest.mark.parametrize("unknown", ["", "alloy", "../ryan", "ryan\x00"])
def test_an_unknown_speaker_is_refused_with_the_choices(unknown: str):
    with pytest.raises(UnknownSpeaker, match="vivian, serena") as refusal:
        speakers.canonical(unknown)
    assert refusal.value.param == "speaker"
