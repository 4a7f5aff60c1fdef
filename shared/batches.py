"""A batch: jobs that were admitted together, and how many of them have ended."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, Json

from shared.jobs import moment
from shared.states import JobState
from shared.webhooks.webhook import Hooked, WebhookView

_UNSAID = "It cannot be met; what was said of it is not kept."
STATE_OF = "job:"
"""Before the id of a job that has ended: the field that holds how."""


class Item(BaseModel):
    """An item of a batch as it was answered; it has a job or an error."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    index: int
    """Its place among the items that were sent, from 0."""
    id: str | None = None
    """What whoever sent it calls it."""
    job: str | None = None
    error: dict[str, Any] | None = None
    """Why there is no job."""
    state: JobState | None = None
    """How the job ended; null until then."""

    def without_words(self) -> Self:
        """As it is kept where texts are not: what is said of a mistake may quote it."""
        if self.error is None:
            return self
        return self.model_copy(update={"error": {**self.error, "message": _UNSAID}})


class BatchRecord(Hooked):
    """The hash `tts:batch:{id}`."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: str
    client: str
    created_at: float
    items: Json[list[Item]]
    """As if there had been room for all of them."""
    admitted: int = 0
    """How many of the jobs there was room for."""
    refused: str = ""
    """Why there was none for the rest."""
    left: int = 0
    """How many jobs have not ended."""
    finished_at: float | None = None
    ended: dict[str, JobState] = Field(default_factory=dict[str, JobState])

    @classmethod
    def decode(cls, fields: dict[bytes, bytes]) -> Self:
        """From the fields of the hash, as Redis returns them."""
        named = {name.decode(): value.decode() for name, value in fields.items()}
        ended = {
            name.removeprefix(STATE_OF): state
            for name, state in named.items()
            if name.startswith(STATE_OF)
        }
        return cls.model_validate(named | {"ended": ended})

    @property
    def jobs(self) -> list[str]:
        """The ids of its jobs, in the order of the items."""
        return [item.job for item in self.items if item.job][: self.admitted]


class BatchView(BaseModel):
    """A batch as clients see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    batch: str
    created_at: datetime
    finished_at: datetime | None = None
    """When the last of its jobs ended."""
    left: int
    """Jobs that have not ended."""
    items: list[Item]
    webhook: WebhookView | None = None


def view(record: BatchRecord, no_room: dict[str, Any]) -> BatchView:
    """What clients see of `record`; `no_room` is the error of what was not admitted."""
    admitted = set(record.jobs)
    return BatchView(
        batch=record.id,
        created_at=moment(record.created_at),
        finished_at=moment(record.finished_at) if record.finished_at else None,
        left=record.left,
        items=[
            item.model_copy(update={"state": record.ended.get(item.job or "")})
            if item.job is None or item.job in admitted
            else item.model_copy(update={"job": None, "error": no_room})
            for item in record.items
        ],
        webhook=record.webhook(ended=record.finished_at is not None),
    )
