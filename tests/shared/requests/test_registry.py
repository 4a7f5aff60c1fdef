import pytest

from shared.errors import UnknownTask
from shared.requests import CONTRACTS, contract
from shared.requests.declared import Declared

CASES = pytest.mark.parametrize("declared", CONTRACTS.values(), ids=list(CONTRACTS))


def test_the_first_contract_is_declared():
    assert "custom_voice" in CONTRACTS


@CASES
def test_a_contract_says_what_it_is(declared: type[Declared]):
    for attribute in ("name", "title", "summary"):
        assert getattr(declared, attribute).strip()
    assert declared.kind in ("task", "pipeline")
    assert contract(declared.name) is declared


@CASES
def test_every_field_says_what_it_means(declared: type[Declared]):
    silent = [name for name, field in declared.model_fields.items() if not field.description]
    assert silent == []


@CASES
def test_the_schema_describes_every_field(declared: type[Declared]):
    properties = declared.model_json_schema()["properties"]
    assert properties.keys() == declared.model_fields.keys()
    assert all(field.get("description") for field in properties.values())


@CASES
def test_the_example_is_a_request(declared: type[Declared]):
    request = declared.parse(declared.stand_in())
    assert declared.on_codec_alone or request.estimated_seconds() > 0


@CASES
def test_a_request_survives_its_record(declared: type[Declared]):
    request = declared.parse(declared.stand_in())
    assert declared.parse(request.model_dump(mode="json")) == request


def test_an_unknown_task_is_answered_with_those_there_are():
    with pytest.raises(UnknownTask, match="custom_voice"):
        contract("sing")
