"""HTTP as a download needs it: redirects that stay safe, faults that are worth another try."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TypeVar

import httpx

from shared.errors import DownloadFailed, DownloadStopped

_MAX_REDIRECTS = 5
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 30.0
"""Seconds."""
_ADVICE = "set HUB_URL to a mirror, HUB=modelscope, or copy the folder by hand (docs/operating.md)"
Result = TypeVar("Result")


class Interrupted(Exception):
    """The other side failed in a way that may pass; the text continues "<host> ..."."""


@dataclass(frozen=True)
class Patience:
    """How long to go on trying."""

    stop: Callable[[], bool]
    first_wait: float = 1.0
    """Seconds before the second try; doubled for each further one."""
    tries: int = 5
    """Tries in a row that may bring nothing new."""

    def at_most(self, tries: int) -> "Patience":
        """The same, giving up sooner."""
        return replace(self, tries=tries)

    def check(self) -> None:
        """Raises DownloadStopped once somebody asked for it."""
        if self.stop():
            raise DownloadStopped("The download was stopped; the next one continues it.")

    def wait(self, fruitless: int) -> None:
        """Pause after the n-th try in vain, watching for the stop."""
        until = time.monotonic() + min(self.first_wait * 2**fruitless, _LONGEST_WAIT)
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.1))


def client() -> httpx.Client:
    """A client for one pull; proxies come from the environment."""
    return httpx.Client(
        follow_redirects=False,
        timeout=httpx.Timeout(30.0, connect=5.0),
        # A compressed body could not be resumed by byte ranges.
        headers={"Accept-Encoding": "identity", "User-Agent": "qwen3-tts-platform"},
    )


@contextmanager
def get(client: httpx.Client, url: str, headers: dict[str, str]) -> Generator[httpx.Response]:
    """The streamed answer to a GET, behind at most five redirects, each of them safe.

    Raises Interrupted for faults that may pass and DownloadFailed for those that will not.
    """
    start = httpx.URL(url)
    request = client.build_request("GET", start, headers=headers)
    try:
        for _ in range(_MAX_REDIRECTS + 1):
            response = client.send(request, stream=True)
            try:
                if response.next_request is None:
                    _refuse_failures(response)
                    yield response
                    return
                request = _safe(response.next_request, start)
            finally:
                response.close()
    except httpx.RequestError as fault:
        raise Interrupted(_describe(fault)) from fault
    raise DownloadFailed(f"{start.host} redirected more than {_MAX_REDIRECTS} times.")


def persist(
    action: Callable[[], Result], host: str, patience: Patience, gained: Callable[[], int]
) -> Result:
    """Repeat `action` while it is interrupted, as long as `gained` grows or patience lasts.

    Raises DownloadFailed when it ends.
    """
    best, fruitless = gained(), 0
    while True:
        patience.check()
        try:
            return action()
        except Interrupted as fault:
            fruitless = 0 if gained() > best else fruitless + 1
            best = max(best, gained())
            if fruitless >= patience.tries:
                raise DownloadFailed(f"{host} {fault}; {_ADVICE}.") from fault
            patience.wait(max(fruitless - 1, 0))


def _safe(request: httpx.Request, start: httpx.URL) -> httpx.Request:
    """Redirects lead to https, or stay at the address that the operator chose."""
    target = request.url
    stays = (target.scheme, target.host, target.port) == (start.scheme, start.host, start.port)
    if target.scheme != "https" and not stays:
        raise DownloadFailed(
            f"{start.host} redirected to {target.scheme}://{target.host}: refused."
        )
    return request


def _refuse_failures(response: httpx.Response) -> None:
    status = response.status_code
    if status in _TRANSIENT:
        raise Interrupted(f"answered {status}")
    # 416 tells a resumed transfer to begin anew.
    if status >= 300 and status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        url = response.request.url
        raise DownloadFailed(f"{url.host} answered {status} for {url.path}; {_ADVICE}.")


def _describe(fault: httpx.RequestError) -> str:
    unmet = isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout)
    event = "could not be reached" if unmet else "broke off"
    return f"{event} ({str(fault).rstrip('.') or type(fault).__name__})"
