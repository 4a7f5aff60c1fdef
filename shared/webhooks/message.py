"""What a receiver is told: type, time and data, as the Standard Webhooks specification has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from shared.batches import BatchRecord, BatchView
from shared.jobs import JobRecord, JobView, moment, view
from shared.webhooks.webhook import FINISHED, event_of


class _Body(BaseModel):
    type: str
    timestamp: datetime
    data: JobView | BatchView


@dataclass(frozen=True)
class Message:
    """One event on its way; what has ended does not change, so each attempt says the same."""

    id: str
    """By this a receiver knows what it was told before."""
    url: str
    host: str
    body: str

    @classmethod
    def of_job(cls, record: JobRecord) -> Self:
        """Of a job that has ended."""
        data = view(record).model_copy(update={"webhook": None})
        at = moment(record.finished_at or record.created_at)
        body = _Body(type=event_of(record.state), timestamp=at, data=data)
        return cls(record.id, record.webhook_url, record.webhook_host, body.model_dump_json())

    @classmethod
    def of_batch(cls, record: BatchRecord, described: BatchView) -> Self:
        """Of a batch whose jobs have all ended."""
        data = described.model_copy(update={"webhook": None})
        at = moment(record.finished_at or record.created_at)
        body = _Body(type=FINISHED, timestamp=at, data=data)
        return cls(record.id, record.webhook_url, record.webhook_host, body.model_dump_json())
