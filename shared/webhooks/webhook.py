"""A webhook: who is told of which ends, and what became of telling them."""

from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from shared.states import JobState

Event = Literal["job.succeeded", "job.failed", "job.cancelled", "batch.finished"]
EVENTS: tuple[Event, ...] = get_args(Event)
Delivery = Literal["waiting", "pending", "delivered", "failed", "skipped"]
LONGEST_URL = 2_048
FINISHED: Event = "batch.finished"


class Webhook(BaseModel):
    """Where to tell of the ends of jobs."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    url: str = Field(min_length=1, max_length=LONGEST_URL)
    """An http or https address, which gets a signed POST for each event."""
    events: list[Event] = Field(default=[*EVENTS], min_length=1, max_length=len(EVENTS))
    """What to tell of; all of these unless said here."""


class WebhookView(BaseModel):
    """What became of telling somebody."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str
    """Where it goes. The rest of the address may be a secret."""
    events: list[Event]
    state: Delivery
    """`waiting` for the event, `pending` until it is taken, `delivered`, `failed` for good, or
    `skipped`: nobody wanted to hear of this end."""
    attempts: int
    last_error: str | None
    """Why the last attempt failed."""


class Hooked(BaseModel):
    """The part of a record in Redis that its webhook has; the scripts know these fields."""

    webhook_url: str = ""
    webhook_host: str = ""
    webhook_events: str = ""
    """Each with a comma behind it."""
    webhook_state: str = ""
    webhook_attempts: int = 0
    webhook_error: str = ""

    def webhook(self, ended: bool) -> WebhookView | None:
        """What clients see of it; None where nobody is told."""
        if not self.webhook_url:
            return None
        return WebhookView.model_validate(
            {
                "host": self.webhook_host,
                "events": self.webhook_events.split(",")[:-1],
                "state": self.webhook_state or ("skipped" if ended else "waiting"),
                "attempts": self.webhook_attempts,
                "last_error": self.webhook_error or None,
            }
        )


def event_of(state: JobState) -> str:
    """What the end of a job is called."""
    return f"job.{state.value}"


def fields(webhook: Webhook | None, kind: Literal["job", "batch"]) -> dict[str, Any]:
    """Those of `Hooked` for a new record; none where nobody is to be told of its kind's events."""
    asked = dict.fromkeys(webhook.events) if webhook else ()
    events = [event for event in asked if event.startswith(f"{kind}.")]
    if webhook is None or not events:
        return {}
    return {
        "webhook_url": webhook.url,
        "webhook_host": urlsplit(webhook.url).netloc,
        "webhook_events": "".join(f"{event}," for event in events),
    }
