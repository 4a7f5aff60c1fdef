from typing import Any

import pytest

from shared.errors import (
    InvalidRequest,
    NothingToSay,
    SpeechError,
    TextTooLong,
    UnknownField,
    UnknownFormat,
)
from shared.requests import CONTRACTS
from shared.requests.declared import FORMATS, MAX_SEED, REDACTED, Declared, explain

CASES = pytest.mark.parametrize("declared", CONTRACTS.values(), ids=list(CONTRACTS))


def refusal(declared: type[Declared], **changes: Any) -> InvalidRequest:
    """What the contract says to its example with these changes."""
    with pytest.raises(InvalidRequest) as error:
        declared.parse({**declared.stand_in(), **changes})
    return error.value


@CASES
def test_an_unknown_field_is_named_with_those_there_are(declared):
    error = refusal(declared, nonsense=3)
    assert type(error) is UnknownField
    assert error.param == "nonsense"
    assert "seed" in error.message


@CASES
@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 10**30, "7", 7.5, True])
def test_a_seed_is_a_whole_number_of_32_bits(declared, seed):
    error = refusal(declared, seed=seed)
    assert (error.code, error.param) == ("invalid_request", "seed")


@CASES
@pytest.mark.parametrize("seed", [0, 7, MAX_SEED, None])
def test_every_seed_of_32_bits_is_taken(declared, seed):
    assert declared.parse({**declared.stand_in(), "seed": seed}).seed == seed


@CASES
@pytest.mark.parametrize("format", ["midi", "WAV", "", 5, None])
def test_an_unknown_format_is_refused(declared, format):
    error = refusal(declared, format=format)
    assert type(error) is UnknownFormat
    assert error.param == "format"


@CASES
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_taken(declared, format):
    assert declared.parse({**declared.stand_in(), "format": format}).format == format


@CASES
@pytest.mark.parametrize("body", [None, [], "text", 5, b"{}"])
def test_a_body_is_an_object(declared, body):
    with pytest.raises(InvalidRequest) as error:
        declared.parse(body)
    assert error.value.param is None


@CASES
def test_a_redacted_request_keeps_all_but_its_texts(declared):
    request = declared.parse(declared.stand_in()).model_dump(mode="json")
    redacted = declared.redact(request)
    assert redacted.keys() == request.keys()
    changed = {name for name in request if redacted[name] != request[name]}
    assert changed == {name for name in declared.texts() if request[name]}
    assert all(redacted[name] in (REDACTED, {}) for name in changed)


@CASES
def test_every_field_can_be_checked_by_itself(declared):
    declared.check_part(declared.parse(declared.stand_in()).model_dump(mode="json"))


def fault(kind: str, *place: str | int) -> dict[str, Any]:
    return {"type": kind, "loc": place, "msg": "Wrong", "input": None}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("string_too_long", TextTooLong),
        ("string_too_short", NothingToSay),
        ("extra_forbidden", UnknownField),
        ("int_parsing", InvalidRequest),
    ],
)
def test_a_fault_becomes_an_error_of_its_kind(kind: str, expected: type[SpeechError]):
    assert type(explain(fault(kind, "text"))) is expected


def test_an_empty_text_is_said_to_be_empty():
    assert explain(fault("string_too_short", "text")).message == "The text is empty."


def test_only_texts_are_too_long_or_empty():
    assert type(explain(fault("string_too_long", "instruct"))) is InvalidRequest


def test_the_place_of_a_fault_is_written_with_dots():
    assert explain(fault("string_too_long", "lines", 3, "text")).param == "lines.3.text"


def test_a_name_that_cannot_be_encoded_can_be_answered():
    error = explain(fault("extra_forbidden", "\ud800" * 1_000))
    assert len(str(error.body()).encode()) < 1_000


def test_texts_in_optional_fields_are_redacted_too():
    private = {"transcript": "words", "instruct": "slowly"}
    assert CONTRACTS["voice_clone"].redact(private) == dict.fromkeys(private, REDACTED)


def test_fields_for_files_are_told_with_what_each_file_is_checked_as():
    assert CONTRACTS["voice_clone"].uploads() == {"reference": "reference", "codes": "codes"}
    assert CONTRACTS["codec_encode"].uploads() == {"audio": "audio"}
    assert CONTRACTS["custom_voice"].uploads() == {}
