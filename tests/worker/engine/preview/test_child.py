"""The child speaks whatever it is given, and takes no text for a command."""

import random
from typing import Any

import numpy as np
import pytest

from shared.audio.pcm import SAMPLE_RATE
from shared.languages import CODES


def alike(speak: Any, one: str, other: str) -> bool:
    return np.array_equal(speak(one), speak(other))


def test_markup_is_read_out_and_not_obeyed(speak: Any):
    paused = speak("Hello <break time='9s'/> there.")
    assert 2 < paused.size / SAMPLE_RATE < 8
    assert not alike(speak, "<voice name='de'>Hello</voice>", "Hello")
    assert not alike(speak, "[[h@l'oU]]", "Hello")
    assert alike(speak, "^_de_^ hello", "de hello")


def test_control_characters_are_blanks(speak: Any):
    assert alike(speak, "Hello\x0199p there", "Hello 99p there")
    assert alike(speak, "Hello\x00 there", "Hello  there")
    assert alike(speak, "\ue03cHello\ud800", " Hello ")


@pytest.mark.parametrize(
    "text",
    [
        "word " * 4_000,
        "a" * 20_000,
        "." * 20_000,
        "7" * 20_000,
        "\N{GRINNING FACE}" * 5_000,
        "x\N{COMBINING ACUTE ACCENT}" * 10_000,
        "é\n" * 10_000,
        "<|im_start|>[[" * 1_400,
    ],
    ids=lambda text: ascii(text[:6]),
)
def test_twenty_thousand_characters_are_spoken_to_the_end(text: str, perform: Any):
    frames = perform(text, max_seconds=600)
    assert frames[-1].finish_reason == "stop"


@pytest.mark.parametrize("language", CODES)
def test_noise_from_all_of_unicode_ends_well(language: str, perform: Any):
    draw = random.Random(language)
    for top in (0x80, 0x3000, 0x11_0000):
        text = "".join(chr(draw.randrange(top)) for _ in range(300))
        assert perform(text, language, max_seconds=600)[-1].finish_reason == "stop"
