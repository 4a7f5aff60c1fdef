"""Batches and webhooks through the client."""

import pytest

from shared.client import Client
from shared.errors import UnknownBatch, UnknownSpeaker, WebhooksOff
from shared.states import JobState
from tests.stack import Stack


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


def test_a_batch_is_sent_and_its_jobs_awaited(client: Client):
    items = [{"id": "a", "request": {"text": "Hi."}}, {"request": {"text": "Ho."}}]
    sent = client.submit_batch(items, {"seed": 7}, idempotency_key="client-batch")
    jobs = [client.wait(item.job or "") for item in sent.items]
    assert [(job.seed, job.label) for job in jobs] == [(7, "a"), (7, None)]
    shown = client.batch(sent.batch)
    assert shown.left == 0
    assert {item.state for item in shown.items} == {JobState.SUCCEEDED}
    assert {job.id for job in client.jobs(batch=sent.batch).items} == {job.id for job in jobs}
    again = client.submit_batch(items, {"seed": 7}, idempotency_key="client-batch")
    assert again.batch == sent.batch


def test_errors_arrive_as_what_they_were(client: Client):
    with pytest.raises(UnknownSpeaker, match="Item 0"):
        client.submit_batch([{"request": {"text": "Hi.", "speaker": "nobody"}}])
    with pytest.raises(UnknownBatch):
        client.batch("none")
    with pytest.raises(WebhooksOff):
        client.submit("custom_voice", {"text": "Hi."}, webhook="https://hooks.example/")
    with pytest.raises(WebhooksOff):
        client.submit_batch([{"request": {"text": "Hi."}}], webhook="https://hooks.example/")
