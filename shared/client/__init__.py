"""The service from Python: `Client`, `AsyncClient`, and the errors they raise."""

from shared.batches import BatchView
from shared.client.asynchronous import AsyncClient, AsyncListening, AsyncLive
from shared.client.call import File
from shared.client.faults import ServiceUnreachable
from shared.client.frames import Frame
from shared.client.live import LiveMessage
from shared.client.sync import Client, Listening, Live
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.states import JobState
from shared.webhooks.webhook import Webhook

__all__ = [
    "AsyncClient",
    "AsyncListening",
    "AsyncLive",
    "BatchView",
    "Client",
    "File",
    "Frame",
    "JobState",
    "JobView",
    "Listening",
    "Live",
    "LiveMessage",
    "ServiceUnreachable",
    "SpeechError",
    "Webhook",
]
