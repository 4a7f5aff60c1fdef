"""Where webhooks may go: the address that a name leads to is checked, and is the one connected to.

A name that leads elsewhere a moment later leads nowhere: nobody asks for it twice.
"""

import asyncio
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self

import httpx

from shared.errors import WebhookRefused
from shared.settings import Settings
from shared.webhooks.webhook import LONGEST_URL

Address = IPv4Address | IPv6Address

_PRIVATE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ),
    )
)
"""Of this machine, its network and its provider's: WEBHOOK_ALLOW_PRIVATE opens these."""
_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "fd00:ec2::/32",
            "fd20:ce::254/128",
        ),
    )
)
"""What IANA's registries of special addresses list, tunnels that hide an IPv4 address, and where
clouds keep the credentials of a machine."""
_UNICAST = ip_network("2000::/3")
"""All that IANA has given out of IPv6. Mapped, translated (NAT64), link-local and multicast
addresses lie outside."""
_RESOLVING = 5.0
"""Seconds that finding a name may take."""
_RESOLVERS = ThreadPoolExecutor(4, "resolver")
"""Threads of their own: a resolver cannot be stopped, and nobody else may have to wait for one."""
_WEB_PORTS = (80, 443)
_FREE_PORTS = range(1024, 65_536)
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
"""A name, or an address of either kind."""
_MOST_ADDRESSES = 3
"""Of a name, those that are tried."""


@dataclass(frozen=True)
class Reach:
    """How far webhooks reach."""

    private: bool = False
    hosts: frozenset[str] = frozenset()
    """The only ones that are told, wherever they are; empty: all."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        hosts = (host.strip("[]").lower().rstrip(".") for host in settings.webhook_allowed_hosts)
        return cls(settings.webhook_allow_private, frozenset(hosts))

    def holds(self, host: str) -> bool:
        """Whether webhooks may go to a host of this name."""
        return not self.hosts or host in self.hosts

    def allows(self, host: str, address: Address) -> bool:
        """Whether they may go there, if the host has this address."""
        if any(address in network for network in _NEVER):
            return False
        if any(address in network for network in _PRIVATE):
            return self.private or host in self.hosts
        return isinstance(address, IPv4Address) or address in _UNICAST


def target(url: str, reach: Reach) -> httpx.URL:
    """The address of a webhook, as far as it can be judged by its letters.

    Raises WebhookRefused.
    """
    try:
        parsed = httpx.URL(url)
        host = name(parsed)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _refused("It is no address of the web.") from error
    if len(str(parsed)) > LONGEST_URL:  # with every letter escaped that has to be
        raise _refused(f"It has more than {LONGEST_URL} characters.")
    if parsed.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise _refused("It must begin with http:// or https://, and name a host.")
    if parsed.userinfo:
        raise _refused("It may hold no user name and no password.")
    if parsed.port is not None and not _is_open(parsed.port):
        raise _refused(f"Port {parsed.port} is none of the web: 80, 443, or above 1023.")
    if not reach.holds(host):
        raise _refused("The service does not tell this host.", "Add it to WEBHOOK_ALLOWED_HOSTS.")
    return parsed


async def find(url: httpx.URL, reach: Reach) -> list[Address]:
    """The addresses of a webhook's host that may be connected to, the best first.

    Raises WebhookRefused where there is none.
    """
    host = name(url)
    allowed = [address for address in await _look_up(host) if reach.allows(host, address)]
    if not allowed:
        raise _refused(
            "Its host has no public address.",
            "Add the host to WEBHOOK_ALLOWED_HOSTS, or set WEBHOOK_ALLOW_PRIVATE=1.",
        )
    return allowed[:_MOST_ADDRESSES]


async def _look_up(host: str) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVING):
            found = await loop.run_in_executor(_RESOLVERS, _addresses, host)
    except (OSError, UnicodeError) as error:  # a time-out is an OSError too
        raise _refused("Its host cannot be found.") from error
    return list(dict.fromkeys(found))


def _addresses(host: str) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(str(where[0])) for *_, where in found]


def name(url: httpx.URL) -> str:
    """The host as resolvers and certificates have it: small letters, without the dot at its end."""
    return url.raw_host.decode("ascii").lower().rstrip(".")


def _is_open(port: int) -> bool:
    return port in _WEB_PORTS or port in _FREE_PORTS


def _refused(why: str, hint: str | None = None) -> WebhookRefused:
    return WebhookRefused(f"The webhook's address is refused. {why}", param="webhook", hint=hint)
