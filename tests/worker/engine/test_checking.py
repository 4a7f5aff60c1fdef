"""What is refused before anything is computed, and what is merely remarked upon."""

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import (
    CheckpointUnfit,
    NothingToSay,
    TextTooLong,
    UnknownLanguage,
    UnknownSpeaker,
)
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.speech import utterance
from worker.engine import checking
from worker.engine.manifest import Manifest, read


@pytest.fixture
def custom_voice(tiny: Tiny) -> Manifest:
    return read("tiny", tiny())


def test_what_the_checkpoint_can_say_passes(custom_voice: Manifest):
    checking.check(custom_voice, utterance())


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"description": "An old sailor."}, CheckpointUnfit),
        ({"prompt": object()}, CheckpointUnfit),
        ({"language": "latin"}, UnknownLanguage),
        ({"language": "sichuan_dialect"}, UnknownLanguage),
        ({"speaker": None}, UnknownSpeaker),
        ({"speaker": "bob"}, UnknownSpeaker),
    ],
)
def test_what_it_cannot_is_refused(
    custom_voice: Manifest, fields: dict[str, Any], error: type[Exception]
):
    with pytest.raises(error):
        checking.check(custom_voice, replace(utterance(), **fields))


def test_a_clone_needs_no_speaker(tiny: Tiny):
    checking.check(read("tiny", tiny("base")), utterance(speaker=None, prompt=object()))


def test_empty_text_is_refused():
    with pytest.raises(NothingToSay):
        checking.require_words("")


def test_a_prompt_that_just_fits_passes_and_a_longer_one_is_refused():
    checking.require_room(64, room=64)
    with pytest.raises(TextTooLong, match="65 positions"):
        checking.require_room(65, room=64)


def test_description_and_instruct_are_given_together():
    wanted = utterance(description="An old sailor.", instruct="Whisper.")
    assert checking.directions(wanted) == "An old sailor. Whisper."


@pytest.mark.parametrize(
    ("kind", "label", "followed"),
    [
        ("custom_voice", "1b7", True),
        ("custom_voice", "0b6", False),
        ("voice_design", "1b7", True),
        ("base", "1b7", False),
    ],
)
def test_an_instruct_that_the_checkpoint_ignores_is_remarked_upon(
    tiny: Tiny, kind: str, label: str, followed: bool
):
    manifest = read("tiny", tiny(kind, label=label))
    assert checking.follows_directions(manifest) is followed
    assert bool(checking.remarks(manifest, utterance(instruct="Whisper."))) is not followed
    assert checking.remarks(manifest, utterance()) == ()
