"""Webhooks: what a request asks for, checked before it is admitted; how many are on their way."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from pydantic import ValidationError

from api.deps import Context, Here
from shared.connection import answered
from shared.errors import WebhooksOff
from shared.requests.declared import explain
from shared.views import WebhookLoad
from shared.webhooks import addresses
from shared.webhooks.addresses import Reach
from shared.webhooks.outbox import Outbox
from shared.webhooks.webhook import LONGEST_URL, Webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


async def asked_for(
    here: Here,
    webhook_url: Annotated[
        str | None,
        Header(
            max_length=LONGEST_URL,
            description="An address that is told of the end, by a signed POST.",
        ),
    ] = None,
    webhook_events: Annotated[
        str | None,
        Header(
            max_length=200,
            description="Of which ends: `job.succeeded,job.failed,job.cancelled`, or some of them.",
        ),
    ] = None,
) -> Webhook | None:
    """The webhook that the headers of a request name. Raises what `checked` raises."""
    if not webhook_url:
        return None
    named = [word.strip() for word in (webhook_events or "").split(",") if word.strip()]
    return await checked(here, {"url": webhook_url} | ({"events": named} if named else {}))


Asked = Annotated[Webhook | None, Depends(asked_for)]
"""The webhook of a request, if it has one."""


async def checked(here: Context, asked: Any) -> Webhook:
    """A webhook that can be delivered as far as can be told now.

    Its host is looked at again before each delivery. Raises InvalidRequest, WebhooksOff or
    WebhookRefused.
    """
    try:
        webhook = Webhook.model_validate(asked)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise explain({**fault, "loc": ("webhook", *fault["loc"])}) from error
    if not here.settings.webhook_secret.get_secret_value():
        raise WebhooksOff("Webhooks are not sent here: there is no secret.", param="webhook")
    reach = Reach.of(here.settings)
    url = addresses.target(webhook.url, reach)
    await addresses.find(url, reach)
    return webhook.model_copy(update={"url": str(url)})


@router.get("")
def webhook_load(here: Here) -> WebhookLoad:
    """How many webhooks are on their way, and how many were given up."""
    with answered():
        counts = Outbox(here.redis, here.settings).counts()
    enabled = bool(here.settings.webhook_secret.get_secret_value())
    return WebhookLoad(enabled=enabled, **asdict(counts))
