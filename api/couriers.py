"""Delivering webhooks, in every API process: what one claims and does not deliver, another does."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import httpx
import redis
from anyio import CapacityLimiter, to_thread
from pydantic import ValidationError

from api.deps import Context
from api.stopping import stop
from shared import keys
from shared.errors import SpeechError, UnknownBatch, UnknownJob, WebhookRefused
from shared.version import __version__
from shared.webhooks import addresses, signing
from shared.webhooks.addresses import Address, Reach
from shared.webhooks.message import Message
from shared.webhooks.outbox import Claim, Outbox

log = logging.getLogger(__name__)

_MOST = 8
"""Messages on their way at once."""
_LOOK = 1.0
"""Seconds between two looks for what is due."""
_PATIENCE = 10.0
"""Seconds that a receiver has, for its name, the connection and the answer together."""
_CONNECTING = 3.0
"""Of them, those for connecting to one of its addresses."""
_GONE = 410


@dataclass(frozen=True)
class _Parcel:
    """A claimed message."""

    claim: Claim
    message: Message


class _NotTaken(Exception):
    """The receiver has not taken the message; said to whoever looks at the job."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Couriers:
    """A task that claims what is due, and one for each message on its way."""

    def __init__(self, context: Context) -> None:
        self._queue = context.queue
        self._secret = context.settings.webhook_secret
        self._reach = Reach.of(context.settings)
        self._outbox = Outbox(context.redis, context.settings)
        self._under_way: dict[asyncio.Task[None], str] = {}
        """Each with its host."""
        self._threads = CapacityLimiter(2)
        """Its own: when requests keep all threads busy, receivers are told all the same."""
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if there is a secret to sign with."""
        if self._secret.get_secret_value():
            self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Drop what is under way: somebody claims it again, as if this process had died."""
        if self._running:
            await stop(self._running, *self._under_way)

    async def _run(self) -> None:
        # A connection carries one message: the next one for the same address may be for another
        # name, and whoever answers has to prove that it may answer for it.
        limits = httpx.Limits(max_keepalive_connections=0)
        timeout = httpx.Timeout(_PATIENCE, connect=_CONNECTING)
        trusted = httpx.create_ssl_context()  # SSL_CERT_FILE may name an authority of one's own
        # Not from the environment: a proxy would look the name up itself.
        async with httpx.AsyncClient(
            verify=trusted, limits=limits, timeout=timeout, trust_env=False
        ) as client:
            while True:
                try:
                    for parcel in await self._claimed():
                        self._send_off(client, parcel)
                except (redis.RedisError, SpeechError) as error:
                    log.warning("Webhooks have to wait: %s", error)
                except Exception:  # one that cannot be told must not end all telling
                    log.exception("Claiming webhooks met a fault.")
                await self._pause()

    def _send_off(self, client: httpx.AsyncClient, parcel: _Parcel) -> None:
        task = asyncio.create_task(self._deliver(client, parcel))
        self._under_way[task] = parcel.message.host
        task.add_done_callback(self._under_way.pop)

    async def _pause(self) -> None:
        """Until there may be something to do, or room to do it."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(_LOOK)

    # --- claiming ---

    async def _claimed(self) -> list[_Parcel]:
        busy = list(self._under_way.values())
        if len(busy) == _MOST:
            return []
        claim = partial(self._claim, _MOST - len(busy), busy)
        return await to_thread.run_sync(claim, limiter=self._threads)

    def _claim(self, most: int, busy: list[str]) -> list[_Parcel]:
        claims = self._outbox.claim(most, busy)
        return [_Parcel(claim, told) for claim in claims if (told := self._message(claim))]

    def _message(self, claim: Claim) -> Message | None:
        """What is to be told; None, and it is given up, where the record cannot be read."""
        try:
            if claim.record.startswith(_BATCH):
                batch = self._queue.batch(claim.record.removeprefix(_BATCH))
                return Message.of_batch(batch, self._queue.describe_batch(batch))
            return Message.of_job(self._queue.get(claim.record.removeprefix(_JOB)))
        except (UnknownJob, UnknownBatch, ValidationError):
            log.exception("The record of a webhook cannot be read.")
            self._outbox.give_up(claim, "The record of the job cannot be read.")
            return None

    # --- delivering ---

    async def _deliver(self, client: httpx.AsyncClient, parcel: _Parcel) -> None:
        """Tell the receiver, and note what came of it."""
        claim, message = parcel.claim, parcel.message
        try:
            await self._tell(client, message)
        except _NotTaken as refusal:
            log.warning("Webhook %s, attempt %d: %s", message.id, claim.attempt, refusal)
            note = self._outbox.give_up if refusal.final else self._outbox.failed
            await self._note(partial(note, claim, str(refusal)))
        else:
            log.info("Webhook %s was delivered in attempt %d.", message.id, claim.attempt)
            await self._note(partial(self._outbox.delivered, claim))

    async def _note(self, noting: Callable[[], None]) -> None:
        try:
            await to_thread.run_sync(noting, limiter=self._threads)
        except redis.RedisError as error:
            # Claimed for a minute yet; then the receiver is told again.
            log.warning("What came of a webhook cannot be noted: %s", error)

    async def _tell(self, client: httpx.AsyncClient, message: Message) -> None:
        """Raises _NotTaken."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._tell_in_time(client, message)
        except TimeoutError as error:
            raise _NotTaken(f"No answer came within {_PATIENCE:.0f} seconds.") from error
        except WebhookRefused as error:
            raise _NotTaken(error.message) from error
        except httpx.HTTPError as error:
            raise _NotTaken(f"{type(error).__name__}: {error}".rstrip(": ")) from error

    async def _tell_in_time(self, client: httpx.AsyncClient, message: Message) -> None:
        url = addresses.target(message.url, self._reach)
        found = await addresses.find(url, self._reach)
        *spare, last = found
        for address in spare:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                _judge(await self._post(client, url, address, message))
                return
        _judge(await self._post(client, url, last, message))

    async def _post(
        self, client: httpx.AsyncClient, url: httpx.URL, address: Address, message: Message
    ) -> int:
        """The status that this address answers with; of its body nothing is read."""
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": f"qwen3-tts-platform/{__version__}",
            **signing.headers(self._secret, message.id, message.body),
        }
        async with client.stream(
            "POST",
            url.copy_with(host=str(address)),
            content=message.body.encode(),
            headers=headers,
            # The certificate is that of the name, though the connection goes to the address.
            extensions={"sni_hostname": addresses.name(url)},
        ) as response:
            return response.status_code


_JOB, _BATCH = keys.job(""), keys.batch("")


def _judge(status: int) -> None:
    """Raises _NotTaken for any answer that is no success."""
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise _NotTaken(f"The receiver answered {status}; nobody follows it elsewhere.")
    raise _NotTaken(f"The receiver answered {status}.", final=status == _GONE)
