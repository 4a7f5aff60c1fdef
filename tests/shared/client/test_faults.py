"""Answers that are errors, as exceptions."""

import httpx

from shared.client.faults import UnknownFault, from_http
from shared.errors import QueueFull


def test_an_error_is_the_exception_that_it_was():
    error = QueueFull("200 jobs wait.", param="text", hint="Wait.", retry_after=3)
    answer = httpx.Response(error.status, json=error.body(), headers={"Retry-After": "3"})
    found = from_http(answer)
    assert isinstance(found, QueueFull)
    assert (found.body(), found.retry_after) == (error.body(), 3)


def test_one_of_a_newer_service_keeps_its_code_and_status():
    told = {"message": "No.", "type": "server_error", "param": None, "code": "new", "hint": None}
    found = from_http(httpx.Response(418, json={"error": told}))
    assert isinstance(found, UnknownFault)
    assert (found.message, found.code, found.status) == ("No.", "new", 418)


def test_one_of_a_proxy_says_when_to_come_back():
    found = from_http(httpx.Response(503, text="<html>", headers={"Retry-After": "5"}))
    assert isinstance(found, UnknownFault)
    assert (found.code, found.status, found.retry_after) == ("unknown_fault", 503, 5)
