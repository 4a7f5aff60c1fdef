"""The OpenAPI document, and what the service answers to requests drawn from it."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create
from shared.requests import CONTRACTS
from shared.settings import Settings

DOCUMENT = create(Settings(redis_url="unix:///nonexistent/redis.sock")).openapi()
METHODS = ("get", "post", "patch", "delete", "put")
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
]

CHECKS: tuple[Any, ...] = (
    not_a_server_error,
    status_code_conformance,
    response_schema_conformance,
)
schema = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=" ".join)
def test_every_route_tells_its_faults_by_the_one_body(method, path):
    answers = DOCUMENT["paths"][path][method]["responses"]
    for status in ("4XX", "5XX"):
        told = answers[status]["content"]["application/json"]["schema"]
        assert told == {"$ref": "#/components/schemas/ErrorBody"}
    assert "422" not in answers


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=" ".join)
def test_every_route_says_what_it_does(method, path):
    operation = DOCUMENT["paths"][path][method]
    assert operation.get("summary")
    assert operation.get("description")


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_has_a_route_with_its_example(name):
    body = DOCUMENT["paths"][f"/v1/jobs/{name}"]["post"]["requestBody"]
    (example,) = body["content"]["application/json"]["examples"].values()
    assert example["value"] == CONTRACTS[name].example


def test_the_document_is_served_with_pages_for_people(http):
    assert http.get("/openapi.json").json()["paths"].keys() == DOCUMENT["paths"].keys()
    assert http.get("/docs").status_code == 200


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_requests_drawn_from_the_document_meet_no_fault(case: Case, stack):
    case.call_and_validate(
        base_url=stack.url,
        checks=list(CHECKS),
    )
