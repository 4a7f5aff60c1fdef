import pytest

from shared.errors import InvalidRequest, UnknownField
from shared.requests import CONTRACTS
from shared.requests.spoken import Spoken
from shared.voices.settings import VoiceSettings, checked


def test_settings_are_what_the_contracts_take():
    given = {"seed": 7, "temperature": 1, "language": "en", "instruct": "calm", "size": "0.6B"}
    assert checked(given) == {**given, "temperature": 1.0, "language": "english"}


def test_what_is_left_out_is_not_filled_in():
    assert checked({}) == {}


@pytest.mark.parametrize("field", ["text", "voice", "speaker", "reference", "preset", "lock_as"])
def test_what_belongs_to_one_request_is_no_setting(field: str):
    with pytest.raises(UnknownField) as caught:
        checked({field: "x"})
    assert caught.value.param == f"settings.{field}"


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 9), ("seed", -1), ("seed", "7"), ("size", "7B"), ("mode", "loud")],
)
def test_a_wrong_setting_is_named(field: str, value: object):
    with pytest.raises(InvalidRequest) as caught:
        checked({field: value})
    assert caught.value.param == f"settings.{field}"


def test_every_setting_is_a_field_of_a_contract_that_speaks():
    spoken = [contract for contract in CONTRACTS.values() if issubclass(contract, Spoken)]
    known = {field for contract in spoken for field in contract.model_fields}
    assert VoiceSettings.model_fields.keys() <= known
