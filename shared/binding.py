"""Who may reach what listens here: the rules that the API and the dashboard share."""

from collections.abc import Collection, Mapping
from typing import Literal
from urllib.parse import urlsplit

from shared.access.credentials import Credentials
from shared.errors import ConfigurationError, ForbiddenHost
from shared.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Addresses that only this machine reaches, and names of it that no other site can carry."""


def check_bind(settings: Settings, setting: Literal["host", "gradio_host"]) -> None:
    """Raises ConfigurationError for an address beyond loopback that nothing protects, or for a key
    ring that cannot be read."""
    host: str = getattr(settings, setting)
    keyed = Credentials(settings).any
    if keyed or not exposed(settings, host):
        return
    raise ConfigurationError(
        f"{setting.upper()} is {host}, which others can reach, but there are no API keys.",
        hint="Make one with `qtts keys create`, or set API_KEYS; or say --insecure "
        "(INSECURE_BIND=1) if something else keeps others out.",
    )


def exposed(settings: Settings, host: str) -> bool:
    """Whether others reach `host` without anything that keeps them out but keys."""
    return host not in LOOPBACK and not settings.insecure_bind


def check_names(
    settings: Settings, host: str, headers: Mapping[str, str], pages: Collection[str] = ()
) -> None:
    """Keep pages of other sites out of what is bound to loopback, or where the names are set.

    `pages` are origins that may come all the same. Raises ForbiddenHost.
    """
    allowed = {name.lower() for name in settings.allowed_hosts}
    anyone = host not in LOOPBACK and "allowed_hosts" not in settings.model_fields_set
    if "*" in allowed or anyone:
        return
    asked = name_of(f"//{headers.get('host', '')}")
    if asked not in allowed and asked.strip("[]") not in LOOPBACK:
        raise ForbiddenHost(f"This service does not answer to the name {asked!r}.")
    origin = headers.get("origin")
    if origin and origin not in pages and name_of(origin) not in allowed:
        raise ForbiddenHost(f"Pages from {origin!r} may not use this service.")


def name_of(address: str) -> str:
    """The host name in an address, as `ALLOWED_HOSTS` spells it; empty for what is none."""
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name
