"""Where webhooks may go, by the letters of the address and by what the name leads to."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from shared.errors import WebhookRefused
from shared.settings import load
from shared.webhooks.addresses import Reach, find, target

ANYWHERE = Reach()
HOME = Reach(private=True)
TRUSTED = Reach(hosts=frozenset({"n8n", "10.0.0.9"}))

PUBLIC = ["8.8.8.8", "1.1.1.1", "100.128.0.1", "2606:4700:4700::1111"]
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.9", "127.0.0.1", "100.64.0.1", "::1", "fd00::1"]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "198.18.0.1",
    "100.100.100.200",
    "::",
    "fe80::1",
    "ff02::1",
    "fec0::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:1::1",
    "2001:db8::1",
    "fd00:ec2::23",
    "168.63.129.16",
    "fe80::1%eth0",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_told(address: str):
    assert ANYWHERE.allows("x", ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_told_where_somebody_said_so(address: str):
    assert not ANYWHERE.allows("n8n", ip_address(address))
    assert HOME.allows("n8n", ip_address(address))
    assert TRUSTED.allows("n8n", ip_address(address))


@pytest.mark.parametrize("address", NEVER)
def test_what_is_no_receiver_is_never_told(address: str):
    for reach in (ANYWHERE, HOME, TRUSTED):
        assert not reach.allows("n8n", ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/a?b=c",
        "http://hooks.example:8080/",
        "https://[2606:4700:4700::1111]/x",
        "https://bücher.example/",
    ],
)
def test_an_address_of_the_web_passes(url: str):
    assert target(url, ANYWHERE)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example/a",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "http:///nobody",
        "http://user:word@hooks.example/",
        "http://user@hooks.example/",
        "http://hooks.example:22/",
        "http://hooks.example:25/",
        "http://hooks.example:99999/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://hooks.example%00.inside/",
        "http://hooks.example\\@10.0.0.1/",
        "http://１２７.0.0.1/",
        "http://0177.0.0.1/",
        "http://hooks.example/" + "ö" * 1_000,
        "http://a b/",
        "http://hooks.example/\r\nHost: other",
        "http://" + "a" * 3_000,
    ],
)
def test_any_other_is_refused(url: str):
    with pytest.raises(WebhookRefused):
        target(url, ANYWHERE)


def test_with_a_list_only_its_hosts_are_told():
    assert target("http://N8N.:5678/webhook/x", TRUSTED)
    reach = Reach.of(load(webhook_allowed_hosts="n8n, [fd00::9]"))
    assert target("http://[fd00::9]:5678/", reach)
    with pytest.raises(WebhookRefused, match="does not tell this host"):
        target("https://hooks.example/", TRUSTED)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0177.1",
        "2130706433",
        "0x7f000001",
        "127。0。0。1",
        "localhost.",
        "[::1]",
        "[::ffff:7f00:1]",
    ],
)
def test_every_spelling_of_this_machine_is_recognised(host: str):
    with pytest.raises(WebhookRefused, match=r"public address|cannot be found"):
        asyncio.run(find(target(f"http://{host}:8080/", ANYWHERE), ANYWHERE))


def test_a_host_that_is_nowhere_is_refused():
    with pytest.raises(WebhookRefused, match="cannot be found"):
        asyncio.run(find(target("http://nowhere.invalid/", ANYWHERE), ANYWHERE))


def test_of_several_addresses_those_that_may_be_told_are_left(monkeypatch: pytest.MonkeyPatch):
    """The resolver is the network's, not ours: it says what an attacker's would."""

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (where, 0)) for where in ("10.0.0.1", "8.8.8.8", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    found = asyncio.run(find(target("http://hooks.example/", ANYWHERE), ANYWHERE))
    assert found == [ip_address("8.8.8.8")]
