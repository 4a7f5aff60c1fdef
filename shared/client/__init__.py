"""The service from Python: `Client`, `AsyncClient`, and the errors they raise."""

from shared.client.asynchronous import AsyncClient, AsyncListening
from shared.client.faults import ServiceUnreachable
from shared.client.sync import Client, Listening

__all__ = ["AsyncClient", "AsyncListening", "Client", "Listening", "ServiceUnreachable"]
