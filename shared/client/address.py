"""Where the service is, and who asks."""

import os
from typing import Any
from urllib.parse import urlencode

LOCAL = "http://127.0.0.1:8000"
"""Where `make run` puts the API."""


def from_environment() -> tuple[str, str]:
    """Address and key as `API_URL` and `API_KEY` say, the variables that `qtts` reads too."""
    return os.environ.get("API_URL") or LOCAL, os.environ.get("API_KEY", "")


def headers(api_key: str) -> dict[str, str]:
    """The headers that every request carries."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def socket_address(url: str, path: str, query: dict[str, Any] | None) -> str:
    """The WebSocket address of a path of the service at `url`."""
    scheme, _, rest = url.partition("://")
    tail = f"?{urlencode(query)}" if query else ""
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}{path}{tail}"
