from pathlib import Path

import pytest

from shared.dialects import voices
from shared.dialects.voices import Chosen
from shared.errors import UnknownVoice
from shared.speakers import SPEAKERS
from shared.stores.voice_record import Voice
from shared.stores.voices import FolderVoices
from shared.voices.library import RELEASED, Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(FolderVoices(tmp_path))


def test_every_alias_is_a_speaker():
    assert set(voices.ALIASES.values()) <= set(SPEAKERS)


@pytest.mark.parametrize(
    ("word", "speaker"), [("Uncle Fu", "uncle_fu"), ("RYAN", "ryan"), (" Alloy ", "serena")]
)
def test_a_speaker_is_found_by_any_of_the_names(library: Library, word: str, speaker: str):
    assert voices.choose(library, word) == Chosen("custom_voice", {"speaker": speaker})


def test_a_voice_of_the_library_goes_before_an_alias(library: Library):
    library.create(Voice(name="Alloy", kind="cloned", created=RELEASED), {})
    assert voices.choose(library, " alloy") == Chosen("voice_clone", {"voice": "alloy"})


@pytest.mark.parametrize("word", ["", "nobody", "../../etc", "\0"])
def test_nobody_else_speaks(library: Library, word: str):
    with pytest.raises(UnknownVoice) as refused:
        voices.choose(library, word, param="speaker")
    assert refused.value.param == "speaker"
