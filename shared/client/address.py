"""Where the service is, and who asks."""

from typing import Any
from urllib.parse import urlencode


def headers(api_key: str) -> dict[str, str]:
    """The headers that every request carries."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def socket_address(url: str, path: str, query: dict[str, Any] | None) -> str:
    """The WebSocket address of a path of the service at `url`."""
    scheme, _, rest = url.partition("://")
    tail = f"?{urlencode(query)}" if query else ""
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}{path}{tail}"
