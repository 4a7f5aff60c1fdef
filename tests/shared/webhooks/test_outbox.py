"""The outbox: the step that ends a job puts in; one claims, and another if that one dies."""

from typing import Any

import pytest
import redis

from shared import keys
from shared.connection import Connection
from shared.errors import EngineFailed
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.requests.custom_voice import CustomVoice
from shared.settings import Settings, load
from shared.states import JobState
from shared.submission import Batch, Submission
from shared.webhooks.message import Message
from shared.webhooks.outbox import Claim, Counts, Outbox
from shared.webhooks.webhook import Webhook, WebhookView


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def settings() -> Settings:
    return load(webhook_retries=[0, 1_000], job_keep_seconds=60)


@pytest.fixture
def queue(connection: Connection, settings: Settings) -> JobQueue:
    return JobQueue(connection, settings)


@pytest.fixture
def box(connection: Connection, settings: Settings) -> Outbox:
    return Outbox(connection, settings)


def hooked(host: str = "hooks.example", *events: Any) -> Webhook:
    return Webhook(url=f"https://{host}/x", **({"events": [*events]} if events else {}))


def submission(webhook: Webhook | None = None) -> Submission:
    return Submission(CustomVoice.parse({"text": "Hi."}), "me", "batch", 1.0, webhook=webhook)


def ended(queue: JobQueue, webhook: Webhook | None = None) -> JobRecord:
    record, _ = queue.submit(submission(webhook))
    return queue.cancel(record.id)


def told(queue: JobQueue, job: JobRecord) -> WebhookView:
    view = queue.look(job.id).webhook
    assert view
    return view


def test_the_end_of_a_job_puts_it_in(queue: JobQueue, box: Outbox):
    record, _ = queue.submit(submission(hooked()))
    assert box.claim(8) == []
    assert told(queue, record).state == "waiting"
    queue.cancel(record.id)
    assert box.claim(8) == [Claim(keys.job(record.id), 1)]


def test_an_end_that_nobody_asked_for_is_not_told(queue: JobQueue, box: Outbox):
    job = ended(queue, hooked("hooks.example", "job.failed"))
    ended(queue)
    assert box.counts() == Counts(0, 0)
    assert told(queue, job).state == "skipped"


def test_a_job_shows_the_events_of_jobs_and_a_batch_that_of_batches(queue: JobQueue):
    batch, _ = queue.submit_all(Batch("me", [submission(hooked())], webhook=hooked()))
    of_batch = queue.describe_batch(batch).webhook
    assert of_batch
    assert of_batch.events == ["batch.finished"]
    assert told(queue, queue.get(batch.jobs[0])).events == [
        "job.succeeded",
        "job.failed",
        "job.cancelled",
    ]


def test_what_is_claimed_is_nobody_elses_until_its_holder_must_be_dead(
    queue: JobQueue, box: Outbox, connection: Connection
):
    ended(queue, hooked())
    [first] = box.claim(8)
    assert box.claim(8) == []
    connection.zadd(keys.WEBHOOKS, {first.record: 0})  # the minute is over
    [second] = box.claim(8)
    assert second == Claim(first.record, 2)
    box.give_up(first, "Too late.")
    assert box.counts() == Counts(1, 0), "who lost the claim decides nothing"


def test_a_delivered_message_is_gone(queue: JobQueue, box: Outbox, connection: Connection):
    job = ended(queue, hooked())
    box.delivered(box.claim(8)[0])
    assert box.counts() == Counts(0, 0)
    view = told(queue, job)
    assert (view.state, view.attempts, view.last_error) == ("delivered", 1, None)
    assert 0 < connection.ttl(keys.job(job.id)) <= 60


def test_a_failed_one_returns_until_it_is_given_up(
    queue: JobQueue, box: Outbox, connection: Connection
):
    job = ended(queue, hooked())
    for attempt in (1, 2, 3):
        connection.zadd(keys.WEBHOOKS, {keys.job(job.id): 0}, xx=True)
        [claim] = box.claim(8)
        box.failed(claim, f"Error {attempt}.")
    view = told(queue, job)
    assert (view.state, view.attempts, view.last_error) == ("failed", 3, "Error 3.")
    assert box.counts() == Counts(0, 1)


def test_a_record_outlives_its_last_attempt(
    queue: JobQueue, box: Outbox, connection: Connection, settings: Settings
):
    job = ended(queue, hooked())
    assert connection.ttl(keys.job(job.id)) > sum(settings.webhook_retries)
    connection.delete(keys.job(job.id))
    assert box.claim(8) == []
    assert box.counts().pending == 0


def test_a_busy_host_does_not_stand_in_anothers_way(queue: JobQueue, box: Outbox):
    for _ in range(10):
        ended(queue, hooked("slow.example"))
    other = ended(queue, hooked("quick.example"))
    claimed = [claim.record for claim in box.claim(8)]
    assert len(claimed) == 3
    assert keys.job(other.id) in claimed
    assert box.claim(8, busy=["slow.example"] * 2) == []


def test_what_is_sent_is_the_same_in_every_attempt_and_holds_no_address(
    queue: JobQueue, box: Outbox
):
    job = ended(queue, hooked())
    [claim] = box.claim(8)
    first = Message.of_job(queue.get(job.id))
    box.failed(claim, "No.")
    box.claim(8)
    assert Message.of_job(queue.get(job.id)) == first
    assert first.id == job.id
    assert '"type":"job.cancelled"' in first.body
    assert "hooks.example" not in first.body


def test_texts_that_are_not_kept_are_not_sent(connection: Connection):
    queue = JobQueue(connection, load(store_text=False))
    record, _ = queue.submit(
        Submission(CustomVoice.parse({"text": "Hush."}), "me", "batch", 1, webhook=hooked())
    )
    assert "Hush" not in Message.of_job(queue.cancel(record.id)).body


def test_a_batch_is_told_of_once_when_its_last_job_has_ended(queue: JobQueue, box: Outbox):
    finished = hooked("hooks.example", "batch.finished")
    items = [submission(finished) for _ in range(3)]
    batch, _ = queue.submit_all(Batch("me", items, webhook=finished))
    for number, job_id in enumerate(batch.jobs):
        assert box.claim(8) == []
        running = queue.get(job_id)
        if number == 1:
            queue.transition(running, JobState.RUNNING, worker="w")
            queue.fail(running, EngineFailed("It broke."), attempt=1)
        else:
            queue.cancel(job_id)
    assert box.claim(8) == [Claim(keys.batch(batch.id), 1)]
    record = queue.batch(batch.id)
    message = Message.of_batch(record, queue.describe_batch(record))
    assert '"type":"batch.finished"' in message.body
    assert [item.state for item in queue.describe_batch(record).items] == [
        JobState.CANCELLED,
        JobState.FAILED,
        JobState.CANCELLED,
    ]
