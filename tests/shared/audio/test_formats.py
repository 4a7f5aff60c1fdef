from typing import get_args

import av
import pytest

from shared.audio.formats import FORMATS
from shared.requests.declared import Format


def test_every_format_of_the_contracts_is_here_and_no_other():
    assert list(FORMATS) == list(get_args(Format))


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("pcm", "audio/pcm;rate=24000;channels=1"),
    ],
)
def test_clients_are_told_the_registered_media_type(format: Format, media_type: str):
    assert FORMATS[format].media_type == media_type


def test_extensions_are_those_of_the_formats():
    assert {spec.extension for spec in FORMATS.values()} == {f".{name}" for name in FORMATS}


def test_this_installation_can_encode_all_of_them():
    for spec in FORMATS.values():
        assert spec.container is None or av.ContainerFormat(spec.container, "w").is_output
        assert not spec.codec or av.Codec(spec.codec, "w").is_encoder
