from typing import Any

import pytest

from shared.errors import InvalidRequest
from shared.languages import CODES
from shared.requests.custom_voice import CustomVoice
from shared.speakers import SPEAKERS


def request(**fields: Any) -> CustomVoice:
    return CustomVoice.parse({"text": "Hello.", **fields})


def refusal(**fields: Any) -> tuple[str, str | None]:
    """Code and field of the error."""
    with pytest.raises(InvalidRequest) as error:
        request(**fields)
    return error.value.code, error.value.param


def test_a_text_is_enough():
    assert (request().speaker, request().language, request().format) == ("ryan", "auto", "wav")


def test_a_text_is_needed():
    with pytest.raises(InvalidRequest) as error:
        CustomVoice.parse({})
    assert error.value.param == "text"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "nothing_to_say"),
        ("   ", "nothing_to_say"),
        ("\n\t\r\n", "nothing_to_say"),
        ("\u00a0\u2003\u3000", "nothing_to_say"),
        ("\x00\x01\x07\x1b", "nothing_to_say"),
        ("\u200b\u200d\ufeff", "nothing_to_say"),
        ("🙂🎉", "nothing_to_say"),
        ("...!?—", "nothing_to_say"),
        ("<|im_start|><|im_end|>", "nothing_to_say"),
        ("<tts_pad>", "nothing_to_say"),
        ("[pause:2]", "nothing_to_say"),
        ("<speak><break time='1s'/></speak> (sad)", "nothing_to_say"),
        ("a[pause:60]" * 31, "invalid_request"),
        ("a" * 20_001, "text_too_long"),
        (" " * 20_001, "text_too_long"),
        (5, "invalid_request"),
        (None, "invalid_request"),
        (True, "invalid_request"),
        (["Hello."], "invalid_request"),
        ({"text": "Hello."}, "invalid_request"),
        (b"Hello.", "invalid_request"),
        ("\ud800", "invalid_request"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_text_that_cannot_be_spoken_is_refused(text: Any, code: str):
    assert refusal(text=text) == (code, "text")


@pytest.mark.parametrize(
    "text", ["a", "7", "灯", "ん", "🙂 a", "a" * 20_000, "<b>bold</b>", "[pause:2] a"]
)
def test_a_text_with_a_letter_or_a_digit_is_taken(text: str):
    assert request(text=text).text == text


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_speakers_are_known_in_any_case(speaker: str):
    assert request(speaker=speaker.upper()).speaker == speaker
    assert request(speaker=SPEAKERS[speaker].name).speaker == speaker


@pytest.mark.parametrize("speaker", ["nobody", "", "../ryan", "ryan;", "ry an"])
def test_an_unknown_speaker_is_refused(speaker: str):
    assert refusal(speaker=speaker) == ("unknown_speaker", "speaker")


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_languages_are_known_by_name_and_code_in_any_case(name: str, code: str):
    for written in (name, name.upper(), code, code.upper(), f"{code}-XX"):
        assert request(language=written).language == name


def test_the_language_may_be_left_to_the_model():
    assert request(language="AUTO").language == "auto"


@pytest.mark.parametrize("language", ["klingon", "", "xx", "engl", "nl"])
def test_an_unknown_language_is_refused(language: str):
    assert refusal(language=language) == ("unknown_language", "language")


@pytest.mark.parametrize("field", ["speaker", "language"])
@pytest.mark.parametrize("value", [5, None, ["ryan"], "x" * 50_000], ids=lambda v: repr(v)[:12])
def test_a_name_of_the_wrong_kind_is_refused(field: str, value: Any):
    assert refusal(**{field: value}) == ("invalid_request", field)


def test_an_instruction_has_a_limit():
    assert request(instruct="a" * 1_000).instruct
    assert refusal(instruct="a" * 1_001) == ("invalid_request", "instruct")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", "0.9"),
        ("top_k", -1),
        ("top_k", 2_049),
        ("top_k", 1.5),
        ("top_p", 0),
        ("top_p", 1.01),
        ("repetition_penalty", 0.9),
        ("repetition_penalty", 2.1),
        ("do_sample", 1),
        ("do_sample", "yes"),
        ("subtalker_dosample", 0),
        ("subtalker_temperature", 0),
        ("subtalker_top_k", -1),
        ("subtalker_top_p", 1.01),
    ],
    ids=repr,
)
def test_sampling_has_limits(field: str, value: Any):
    assert refusal(**{field: value}) == ("invalid_request", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 2),
        ("top_k", 0),
        ("top_p", 1),
        ("repetition_penalty", 1),
        ("do_sample", False),
    ],
)
def test_the_limits_themselves_are_taken(field: str, value: Any):
    assert getattr(request(**{field: value}), field) == value


def test_the_sampling_parameters_go_to_the_engine_together():
    assert request(temperature=0.5, subtalker_top_k=7).sampling.model_dump() == {
        **request().sampling.model_dump(),
        "temperature": 0.5,
        "subtalker_top_k": 7,
    }


def test_a_longer_text_takes_longer():
    assert request(text="Hello. " * 20).estimated_seconds() > request().estimated_seconds()


def test_mark_up_takes_no_time_but_for_its_pauses():
    plain = request(text="Hello there, sailor.").estimated_seconds()
    marked = request(text="[voice:Vivian]Hello there,[pause:10] [speed:1.5]sailor.[pause:2]")
    assert marked.estimated_seconds() == pytest.approx(plain + 12)


def test_the_language_is_guessed_from_the_words_alone():
    assert request(text="[emotion:happy][voice:Uncle Fu]你好。").spoken_language == "chinese"


def test_a_lexicon_gives_words_and_spellings():
    assert request(lexicon={"Qwen": "Chwen"}).lexicon == {"Qwen": "Chwen"}
    assert refusal(lexicon={"Qwen": ""}) == ("invalid_request", "lexicon.Qwen")
    assert refusal(lexicon={str(n): "a" for n in range(1_001)}) == ("invalid_request", "lexicon")


def test_a_lexicon_is_not_kept_where_texts_are_not():
    kept = request(lexicon={"Qwen": "Chwen"}).model_dump(mode="json")
    assert CustomVoice.redact(kept)["lexicon"] == {}
